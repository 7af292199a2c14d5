"""Mapping: which of a source's columns, or which expression over them, is which of ours.

`Mapping.select` writes it as SQL. It refuses nothing while it runs: a row that cannot be used says
why in `reject`, a cell that cannot be read is null and named in `unread`, so that every row and
every cell can be accounted for.
"""

from __future__ import annotations

from collections import abc
from types import MappingProxyType

from attrs import field, frozen, validators

from reltype.errors import ConfigError, UsageError, did_you_mean
from reltype.expressions import literal, quote
from reltype.expressions.words import table
from reltype.mapping.canonical import (
    CUSTOMERS,
    EARLIEST,
    ESSENTIAL,
    INTERACTIONS,
    LATEST,
    LEFT_OUT,
    PLACEHOLDERS,
    RANGES,
    REFUNDS,
    UNIX_ZERO,
    Refunds,
    Role,
    refund_reason,
)
from reltype.mapping.casts import Cells, blank, may_be_null_on_purpose
from reltype.mapping.kinds import KINDS, checked, kind_sql
from reltype.mapping.orders import apply_states, as_orders
from reltype.mapping.spellings import normalized
from reltype.mapping.states import state_sql
from reltype.mapping.totals import sum_sql


def _fixed(given: abc.Mapping[str, str]) -> abc.Mapping[str, str]:
    return MappingProxyType(dict(given))


@frozen
class Mapping:
    """How a source's columns become ours; what a person writes and edits.

    Attributes:
        role: A log (one row for each interaction) or a customer table (one row for each customer).
        columns: Our name → a column of the source, or an SQL expression over its columns.
        kinds: Their word, as in the file → our kind. Other words are looked up in the built-in
            vocabulary.
        where: An SQL condition; a row for which it is not true is left out, and counted.
        per_order: Canonical columns whose amount each line of an order repeats for the whole of it.
        refunds_apart: Money that went back stands in rows of its own, too: a state does not take it
            off once more.
        normalize: Ids that differ only in case, in how accents are composed or in what nobody sees
            are one.
        authors: The customer's column says who wrote: what is outbound, the company wrote.
    """

    role: Role = field(validator=validators.in_(("interactions", "customers")))
    columns: abc.Mapping[str, str] = field(converter=_fixed)
    kinds: abc.Mapping[str, str] = field(converter=_fixed, factory=dict)
    where: str | None = None
    per_order: frozenset[str] = frozenset()
    refunds_apart: bool = False
    normalize: bool = False
    authors: bool = False

    def __attrs_post_init__(self) -> None:
        for word, kind in self.kinds.items():
            checked(kind, f"[kinds] {word!r}")

    def canonical(self, features: abc.Collection[str] = ()) -> dict[str, str]:
        """The columns that `select` gives for this role, in order, with their SQL types.

        Raises:
            ConfigError: The mapping names something else than these.
        """
        if self.role == "interactions":
            known = dict(INTERACTIONS)
        else:
            known = dict(CUSTOMERS) | {
                name: "DOUBLE" for name in sorted(features) if name not in CUSTOMERS
            }
        for name in self.columns:
            if name not in known or name == "kind_as_written":
                hint = did_you_mean(name, known)
                raise ConfigError(f"[{self.role}] has no column {name!r} to map.{hint}")
        return known

    def select(
        self,
        relation: str,
        columns: abc.Collection[str] | abc.Mapping[str, str],
        *,
        refunds: Refunds = "net",
        features: abc.Collection[str] = (),
        keep: abc.Collection[str] = (),
        states: bool = True,
    ) -> str:
        """A SELECT of all canonical columns of the role, then `reject`, `unread` and *keep*.

        Columns that are not mapped are typed nulls. `reject` is null, or `column: reason` for a row
        that cannot be used; `unread` is null, or `column: 'cell'` (joined by `; `) for cells that
        held something else than they should. What the caller does not ask for costs nothing.

        Args:
            relation: What stands after FROM.
            columns: The relation's columns; a mapping tells their SQL types, else all are VARCHAR.
            refunds: `net`: refunds have a negative value, and a purchase of a negative value is a
                refund; `drop`, `raise`: refunds are rejected (the caller stops, for `raise`).
            features: Features that a customer table may also give by name, as DOUBLE.
            keep: Columns of the relation to pass through (file, line …).
            states: What an order's state makes of its kind and value is worked out; False where its
                lines must be put together before: see `orders`.

        Raises:
            ConfigError: An unknown canonical name, a column that is not there, or an expression
                that is refused.
        """
        if refunds not in REFUNDS:
            raise UsageError(
                f"refunds = {refunds!r}: use {', '.join(REFUNDS[:-1])} or {REFUNDS[-1]}."
            )
        wanted = self.canonical(features)
        source = Cells.of(columns, f"[{self.role}]")
        ranged = [name for name, type_ in wanted.items() if self._may_be_unread(name, type_)]
        inner = {name: self._value(name, type_, source) for name, type_ in wanted.items()}
        for name in [*ESSENTIAL[self.role], *ranged]:
            if name in self.columns:
                inner[f"raw {name}"] = source.written(self.columns[name], name)
        inner["blank row"] = _blank_row(inner["customer_id"], source)
        if self.where is not None:
            left_out = source.parsed(self.where, "where", "bool").sql()
            inner["left out"] = f"({left_out}) IS NOT TRUE"
        outer = {name: quote(name) for name in wanted}
        for name in ranged:
            outer[name] = f"CASE WHEN {_fits(name, wanted[name])} THEN {quote(name)} END"
        for name in (n for n in ranged if wanted[n] == "TIMESTAMP"):
            gone = _no_day(quote(name), self.columns[name])
            outer[name] = f"CASE WHEN {gone} IS NOT TRUE THEN {outer[name]} END"
        if self.role == "interactions" and "value" in self.columns:
            outer["kind"] = "CASE WHEN kind = 'purchase' AND value < 0 THEN 'refund' ELSE kind END"
            paid_back = "kind = 'refund' AND value > 0"
            kept = "WHEN isfinite(value) THEN value"
            outer["value"] = f"CASE WHEN {paid_back} AND isfinite(value) THEN -value {kept} END"
        outer["reject"] = self._reject(refunds)
        told = [name for name in ranged if not may_be_null_on_purpose(self.columns[name])]
        outer["unread"] = _unread({name: wanted[name] for name in told})
        passed = "".join(f", {quote(name)}" for name in keep)
        rows = f"SELECT {_named(inner)}{passed} FROM {relation}"
        made = f"SELECT {_named(outer)}{passed} FROM ({rows})"
        if self.role == "interactions" and states:
            return apply_states(made, self.columns, passed)
        return made

    @property
    def state_is_kind(self) -> bool:
        """Whether one column says what a row is and what became of it: then each is an order."""
        return "state" in self.columns and self.columns["state"] == self.columns.get("kind")

    def orders(self, select: str) -> str:
        """A row for each order of a log's *select*, whose states are not applied: see `orders.as_orders`."""
        return as_orders(select, self.columns, self.per_order)

    def _may_be_unread(self, name: str, type_: str) -> bool:
        """Whether a null in this column may be a cell that holds something else."""
        if name not in self.columns or name in ESSENTIAL[self.role]:
            return False
        return type_ != "VARCHAR" or name == "direction"

    def _value(self, name: str, type_: str, source: Cells) -> str:
        """SQL of one canonical column, before its range is checked."""
        text = self.columns.get("kind" if name == "kind_as_written" else name)
        if text is None:
            purchase = name == "kind" and self.role == "interactions"
            return "'purchase'" if purchase else f"CAST(NULL AS {type_})"
        if name in {"customer_id", "order_id"}:
            sql = source.identifier(text, name)
            return normalized(sql) if self.normalize and name == "customer_id" else sql
        if name == "kind" and self.state_is_kind:
            return "'purchase'"
        if name.startswith("kind") and text.strip() in KINDS and source.column(text) is None:
            text = literal(text.strip())
        sql = source.cast(text, type_, name)
        if name == "kind" and self.role == "interactions":
            return kind_sql(sql, self.kinds)
        read = {"direction": _direction, "state": self._state, "refunded_amount": _absolute}
        return read[name](sql) if name in read else sql

    def _state(self, cell: str) -> str:
        state = state_sql(cell)
        if not self.refunds_apart:
            return state
        return f"CASE WHEN {state} IN ('refunded', 'partly refunded') THEN 'paid' ELSE {state} END"

    def _reject(self, refunds: Refunds) -> str:
        """SQL of the reason why a row cannot be used, or null."""
        cases = []
        if self.where is not None:
            cases.append(f'"left out" THEN {literal("where: not " + self.where)}')
        for name in ESSENTIAL[self.role]:
            raw = quote(f"raw {name}")
            if name not in self.columns:
                cases.append(f"true THEN '{name}: not mapped'")
            elif name == "customer_id":
                cases.append(f"\"blank row\" = 0 THEN '{LEFT_OUT}: a blank row'")
                cases.append(f"\"blank row\" = 1 THEN '{LEFT_OUT}: a heading or a sum of a report'")
                cases.append(f"{name} IS NULL THEN '{name}: blank'")
            else:
                empty = f"{raw} IS NULL OR {blank(raw)}"
                why = (
                    f"CASE WHEN {empty} THEN '{name}: blank' WHEN {raw} LIKE '0000%' THEN "
                    f"'{name}: {_PLACEHOLDER}' ELSE '{name}: not a time' END"
                )
                if name == "timestamp":
                    cases.append(
                        f"{name} IS NULL AND {sum_sql('customer_id')} THEN "
                        f"'{LEFT_OUT}: a sum of a report'"
                    )
                cases.append(f"{name} IS NULL THEN {why}")
                cases.append(f"{_no_day(name, self.columns[name])} THEN '{name}: {_PLACEHOLDER}'")
                # 1/2/23 without its format reads as a day of the year 1.
                cases.append(f"{name} < TIMESTAMP '{EARLIEST}' THEN '{name}: before 1900'")
        if refunds != "net" and self.role == "interactions":
            reason = literal(f"kind: {refund_reason(refunds)}")
            cases.append(f"kind = 'refund' OR (kind = 'purchase' AND value < 0) THEN {reason}")
        if refunds == "raise" and self.role == "interactions":
            cases.append(f"state IN ('refunded', 'partly refunded') THEN {reason}")
        return f"CASE {' '.join('WHEN ' + case for case in cases)} END"


_PLACEHOLDER = "a placeholder for no day"


def _no_day(name: str, text: str) -> str:
    """SQL: whether a time is one that systems write for no time at all."""
    days = ", ".join(f"DATE '{day}'" for day in PLACEHOLDERS)
    early = f"({name} < TIMESTAMP '1900-01-03' AND CAST({name} AS DATE) IN ({days}))"
    late = f"{name} >= TIMESTAMP '9999-01-01'"
    if "unix_time(" not in text:
        return f"({early} OR {late})"
    low, high = UNIX_ZERO
    return f"({early} OR {late} OR {name} BETWEEN TIMESTAMP '{low}' AND TIMESTAMP '{high}')"


def _fits(name: str, type_: str) -> str:
    """SQL: whether a value is one that its column may have; null or false if not."""
    if name in RANGES:
        low, high = RANGES[name]
        return f"{quote(name)} BETWEEN {low} AND {high}"
    if type_ == "TIMESTAMP":
        return f"{quote(name)} BETWEEN TIMESTAMP '{EARLIEST}' AND TIMESTAMP '{LATEST}'"
    return f"isfinite({quote(name)})" if type_ == "DOUBLE" else f"{quote(name)} IS NOT NULL"


def _unread(types: abc.Mapping[str, str]) -> str:
    """SQL of the cells that hold something and gave nothing, or null."""
    if not types:
        return "CAST(NULL AS VARCHAR)"
    gone, told = [], []
    for name, type_ in types.items():
        raw, null = quote(f"raw {name}"), f"({_fits(name, type_)}) IS NOT TRUE"
        gone.append(f"({null} AND {raw} IS NOT NULL AND ({blank(raw)}) IS NOT TRUE)")
        cell = f"{literal(name + ': ')} || chr(39) || left({raw}, 60) || chr(39)"
        told.append(f"CASE WHEN {gone[-1]} THEN {cell} END")
    return f"CASE WHEN {' OR '.join(gone)} THEN concat_ws('; ', {', '.join(told)}) END"


def _named(columns: abc.Mapping[str, str]) -> str:
    return ", ".join(f"{sql} AS {quote(name)}" for name, sql in columns.items())


_LOOKED_THROUGH = 100
"""Columns beyond which a row is asked only whether it is blank."""


def _blank_row(customer: str, source: Cells) -> str:
    """SQL: 0 where a text file's row is blank, 1 where it is a heading or a sum of others, else null.

    Asked only without a customer.
    """
    if set(source.types.values()) != {"VARCHAR"}:
        return "CAST(NULL AS INTEGER)"
    cells = [f"nullif(trim({quote(name)}), '')" for name in source.types]
    first = f"coalesce({', '.join(cells)})"
    nothing = f"{first} IS NULL"
    if not 3 < len(cells) <= _LOOKED_THROUGH:
        return f"CASE WHEN {customer} IS NULL AND {nothing} THEN 0 END"
    few = " + ".join(f"CASE WHEN {cell} IS NULL THEN 0 ELSE 1 END" for cell in cells)
    summed = f"2 * ({few}) < {len(cells)} AND {sum_sql(first)}"
    heading = f"CASE WHEN {few} < 2 OR ({summed}) THEN 1 END"
    return f"CASE WHEN {customer} IS NULL THEN CASE WHEN {nothing} THEN 0 ELSE {heading} END END"


def _absolute(sql: str) -> str:
    """SQL of an amount without its sign: what went back is written either way."""
    return f"abs({sql})"


def _direction(sql: str) -> str:
    """SQL of `inbound`, `outbound` or null for what exports write for these."""
    listed = ", ".join(
        f"{literal(word)}: {literal(direction)}"
        for direction, words in table("directions").items()
        for word in words
    )
    return f"(MAP {{{listed}}})[lower(trim({sql}))]"


__all__ = ["CUSTOMERS", "INTERACTIONS", "REFUNDS", "Mapping", "Refunds", "Role"]

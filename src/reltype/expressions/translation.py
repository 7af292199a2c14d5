"""A checked tree → SQL that never raises over a value and never lets an infinity or NaN out.

Nothing of what was written is copied: each node that is understood is written anew. What the casts
and guards mean for the reader is stated in docs/expressions.md.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from attrs import evolve, field, frozen

from reltype.errors import did_you_mean
from reltype.expressions.functions import CHOOSING, Kind
from reltype.expressions.values import (
    LARGEST,
    MismatchError,
    Value,
    fill,
    may_raise,
    placeholder,
    text_literal,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlglot import exp

    from reltype.expressions.functions import Kind, Signature
    from reltype.expressions.grammar import ExpressionText

_T = TypeVar("_T")
_NUMBER = re.compile(r"(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?", re.ASCII)
_LONGEST = {
    "SECOND": 1e9,
    "MINUTE": 1e8,
    "HOUR": 1e7,
    "DAY": 365_250,
    "WEEK": 52_000,
    "MONTH": 12_000,
    "YEAR": 1_000,
}
"""The greatest interval that cannot leave the calendar of any database, by unit."""


@frozen
class Translation:
    """Translates one expression, and notes what it meets.

    Attributes:
        place: The text, for complaints.
        columns: Column → kind; None: any column, of unknown kind.
        plugins: A plugin's function, in lower case → its name as defined, and what it takes and
            gives; None where that is not known.
        aggregates: Whether aggregates may stand here.
        translators: Name of a node → what writes it anew.
        needs: Columns met.
        calls: Functions of plugins met.
        aggregated: Aggregates met.
        alone: Columns met outside of any aggregate.
        inside: The aggregate that is being read, if any.
    """

    place: ExpressionText
    columns: Mapping[str, Kind] | None
    plugins: Mapping[str, tuple[str, Signature | None]]
    aggregates: bool
    translators: Mapping[str, Callable[[Translation, exp.Expr], Value]]
    needs: set[str] = field(factory=set)
    calls: set[str] = field(factory=set)
    aggregated: list[str] = field(factory=list)
    alone: list[exp.Expr] = field(factory=list)
    inside: list[str] = field(factory=list)
    _wants: list[Kind] = field(factory=lambda: ["any"])

    def translate(self, tree: exp.Expr, gives: Kind = "any") -> Value:
        """SQL of the whole expression, of the kind that is wanted.

        Raises:
            ConfigError: It speaks of what is not there, or mixes what does not mix.
        """
        value = self.cast(tree, gives)
        if value.kind == "interval":
            raise self.place.error_at("an interval stands only beside + or − and a time", tree)
        if self.aggregated and self.alone:
            name = self.alone[0].name
            reason = f"{name!r} must stand inside {self.aggregated[0]}() or another aggregate"
            raise self.place.error_at(reason, self.alone[0])
        return self.attempt(tree, lambda: value.guarded(LARGEST))

    def value(self, node: exp.Expr, wants: Kind = "any") -> Value:
        """SQL of a node; what gives one of its arguments gives it as the kind that is wanted."""
        translator = self.translators.get(type(node).__name__)
        if translator is None:
            raise self.place.error_at("this cannot stand here", node)
        self._wants[:] = [wants]
        return translator(self, node)

    @property
    def wants(self) -> Kind:
        """The kind that is wanted of the node at hand; asked before its parts are translated."""
        return self._wants[0]

    def values(self, nodes: Sequence[exp.Expr], wants: Kind = "any") -> list[Value]:
        """SQL of nodes that are to be of one kind: that of those whose kind is known."""
        plain = {i: self.value(n, wants) for i, n in enumerate(nodes) if not _chooses(n)}
        known = {value.kind for value in plain.values()} - {"any", "null", "interval"}
        known = known if len(known) == 1 else known - {"text"}
        if wants == "any" and len(known) == 1:
            wants = next(iter(known))
        return [plain[i] if i in plain else self.value(n, wants) for i, n in enumerate(nodes)]

    def cast(self, node: exp.Expr, kind: Kind, *, guard: bool = True) -> Value:
        """SQL of a node as *kind*."""
        value = self.value(node, kind)
        return self.attempt(node, lambda: value.cast(kind, guard=guard))

    def attempt(self, node: exp.Expr, make: Callable[[], _T]) -> _T:
        """What *make* gives; where kinds do not match, a complaint about *node*."""
        try:
            return make()
        except MismatchError as error:
            raise self.place.error_at(str(error), node) from None

    def pair(self, node: exp.Expr, sign: str, values: Sequence[Value], at: int = 1) -> str:
        """SQL that compares the first of *values* with another; null where their types do not."""
        sides = (values[0], values[at])
        if not may_raise(sides, equality=sign not in {"<", "<=", ">", ">="}):
            return f"_0 {sign} _{at}"
        if self.aggregated and not self.inside:
            raise self.place.error_at("say what is compared: CAST one of the two", node)
        asked, other = (0, at) if sides[0].kind == "any" else (at, 0)
        # DuckDB takes a cast that stands in two TRYs out of both, but never out of a CASE.
        if "DISTINCT" in sign:
            null = f"_{other} IS {'NULL' if 'NOT' in sign else 'NOT NULL'}"
            return f"CASE WHEN _{asked} IS NULL THEN {null} ELSE TRY(_0 {sign} _{at}) END"
        return f"CASE WHEN _{asked} IS NOT NULL THEN TRY(_0 {sign} _{at}) END"

    def fill(self, node: exp.Expr, sql: str, *values: Value, **known: object) -> Value:
        """*sql* with *values* in it, in place of *node*, with what is *known* of it."""
        value = self.attempt(node, lambda: fill(sql, *values))
        return evolve(value, **known)  # type: ignore[arg-type]


def _chooses(node: exp.Expr) -> bool:
    node = node.unnest()
    name = type(node).__name__
    return name == "Case" or (name == "Anonymous" and node.name.lower() in CHOOSING)


def _column(t: Translation, node: exp.Expr) -> Value:
    name = _named(t, node)
    t.needs.add(name)
    if not t.inside:
        t.alone.append(node)
    kind = "any" if t.columns is None else t.columns[name]
    return Value(placeholder(name), kind, double=True)


def _named(t: Translation, node: exp.Expr) -> str:
    name: str = node.name
    if t.columns is None or name in t.columns:
        return name
    near = [column for column in t.columns if column.casefold() == name.casefold()]
    if len(near) == 1:
        return near[0]
    hint = did_you_mean(name, t.columns)
    raise t.place.error_at(f"no column is called {name!r}.{hint}", node)


def _literal(t: Translation, node: exp.Expr) -> Value:
    if node.is_string:
        return Value(text_literal(node.name), "text", written=True)
    if not _NUMBER.fullmatch(node.name):
        raise t.place.error_at("write a number as 12, 0.5 or 1e6", node)
    size = float(node.name)
    if size > LARGEST:
        raise t.place.error_at("this number is too large", node)
    double = "e" in node.name.lower()
    return Value(node.name, "number", double, bound=size, positive=True, written=True)


def _null(_t: Translation, _node: exp.Expr) -> Value:
    return Value("NULL", "null")


def _boolean(_t: Translation, node: exp.Expr) -> Value:
    return Value("TRUE" if node.this else "FALSE", "bool")


def _interval(t: Translation, node: exp.Expr) -> Value:
    from sqlglot import exp

    unit = node.args["unit"].name.upper().removesuffix("S") if node.args.get("unit") else ""
    number = node.this.name if isinstance(node.this, exp.Literal) else ""
    if unit not in _LONGEST or not number.isdecimal() or float(number) > _LONGEST[unit]:
        reason = "write an interval as INTERVAL 3 DAY, of at most a thousand years"
        raise t.place.error_at(reason, node)
    return Value(f"INTERVAL '{int(number)}' {unit}", "interval")


def _paren(t: Translation, node: exp.Expr) -> Value:
    return t.value(node.this, t.wants)


ATOMS = {
    "Column": _column,
    "Literal": _literal,
    "Null": _null,
    "Boolean": _boolean,
    "Interval": _interval,
    "Paren": _paren,
}
"""Translators of what has no operator and no call."""

"""Value: SQL of a part of an expression, what is known of it, and what it becomes where another kind is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from reltype.functions import FINITE, Kind

if TYPE_CHECKING:
    from sqlglot import exp

MAX_WEIGHT = 20_000
"""Nodes of the SQL; a guard writes its operand twice, so nesting multiplies."""

NAMES = {
    "number": "a number",
    "text": "a text",
    "time": "a time",
    "bool": "a condition",
    "interval": "an interval",
    "any": "a value",
}
_TYPES = {"number": "DOUBLE", "text": "VARCHAR", "time": "TIMESTAMP", "bool": "BOOLEAN"}
_HINTS = {
    ("bool", "number"): "write CASE WHEN … THEN 1 ELSE 0 END, or count_if(…)",
    ("number", "bool"): "compare it with something, as in `x > 0`",
    ("time", "number"): "use days(a, b) or epoch(x)",
    ("number", "time"): "use unix_time(x) or excel_time(x)",
    ("interval", "number"): "use days(a, b) for the time between two",
}


class MismatchError(Exception):
    """A value of one kind stands where another is wanted; its text says which, and what to write."""


@frozen
class Value:
    """SQL of a value.

    Attributes:
        node: The SQL.
        kind: Its kind; `null` for NULL itself, `any` where it is not known.
        double: A number that is a DOUBLE, so that sums and products of it do not overflow.
        finite: A number that is never infinite or NaN.
        weight: Nodes.
    """

    node: exp.Expression = field(eq=False)
    kind: Kind = "any"
    double: bool = False
    finite: bool = True
    weight: int = 1

    def guarded(self) -> Value:
        """The value, null where it would be infinite or NaN."""
        if self.finite:
            return self
        return evolve(fill(FINITE, self), kind=self.kind, double=self.double)

    def cast(self, kind: Kind, *, guard: bool = True) -> Value:
        """The value as *kind*, null where it is none; numbers become DOUBLE, finite if *guard*.

        Raises:
            MismatchError: It is known to be of a kind that does not become *kind*.
        """
        if kind == "any":
            return self.guarded()
        if self.kind == kind == "number":
            number = self if self.double else self._double()
            return number.guarded() if guard else number
        if self.kind in {kind, "null"}:
            return self
        if kind not in _TYPES or (self.kind not in {"any", "text"} and kind != "text"):
            hint = _HINTS.get((self.kind, kind))
            hint = f"; {hint}" if hint else ""
            raise MismatchError(f"{NAMES[kind]} is wanted here, not {NAMES[self.kind]}{hint}")
        if kind == "text":
            return evolve(fill("CAST(_0 AS VARCHAR)", self.guarded()), kind=kind)
        cast = fill(f"TRY_CAST(_0 AS {_TYPES[kind]})", self)
        cast = evolve(cast, kind=kind, double=True, finite=kind != "number")
        return cast.guarded() if guard else cast

    def _double(self) -> Value:
        from sqlglot import exp

        if isinstance(self.node, exp.Literal):
            text = self.node.name if "e" in self.node.name.lower() else f"{self.node.name}e0"
            return evolve(self, node=exp.Literal.number(text), double=True)
        return evolve(
            fill("CAST(_0 AS DOUBLE)", self), kind="number", double=True, finite=self.finite
        )

    def is_text_literal(self) -> bool:
        """Whether it is a text as written, to which a database gives the type that it needs."""
        return self.kind == "text" and type(self.node).__name__ == "Literal"


def compared(values: Sequence[Value]) -> list[Value]:
    """The values, so that they compare: a text beside a number, a time or a truth is read as one.

    Raises:
        MismatchError: They are of kinds that do not compare.
    """
    kinds = {value.kind for value in values} - {"null", "any"}
    if len(kinds) > 1:
        kinds -= {"text"}
    kind = _one(kinds, "do not compare")
    if kind == "number":
        return [v.guarded() if v.kind == kind else v.cast(kind) for v in values]
    if kind == "any" or (
        kind == "text" and all(v.kind != kind or v.is_text_literal() for v in values)
    ):
        return [value.guarded() for value in values]
    return [value.cast(kind) for value in values]


def alike(values: Sequence[Value]) -> tuple[list[Value], Value]:
    """The values, of which each may be the result; and what is known of that result.

    Raises:
        MismatchError: They are of different kinds.
    """
    kind = _one({value.kind for value in values} - {"null", "any"}, "are not results of one thing")
    cast = [v.guarded() if v.kind == kind else v.cast(kind) for v in values]
    known = [value for value in cast if value.kind != "null"]
    result = evolve(
        cast[0],
        kind=known[0].kind if known else "null",
        double=bool(known) and all(value.double for value in known),
        finite=True,
    )
    return cast, result


def _one(kinds: set[Kind], complaint: str) -> Kind:
    if len(kinds) > 1:
        raise MismatchError(f"{' and '.join(sorted(NAMES[kind] for kind in kinds))} {complaint}")
    return next(iter(kinds), "any")


@lru_cache(maxsize=4096)
def _template(sql: str) -> exp.Expression:
    import sqlglot

    return sqlglot.parse_one(sql, dialect="duckdb")


def fill(sql: str, *values: Value) -> Value:
    """DuckDB's SQL with *values* for its columns `_0`, `_1` …; of unknown kind.

    Raises:
        MismatchError: It would be too large.
    """
    from sqlglot import exp

    tree = _template(sql).copy()
    slots = [c for c in tree.find_all(exp.Column) if c.name[:1] == "_" and c.name[1:].isdigit()]
    used = [values[int(slot.name[1:])] for slot in slots]
    weight = sum(1 for _ in tree.walk()) + sum(value.weight for value in used)
    if weight > MAX_WEIGHT:
        raise MismatchError("this is nested too deeply to be written as SQL")
    for slot, value in zip(slots, used, strict=True):
        slot.replace(operand(value.node.copy()))
    return Value(tree, weight=weight)


def operand(node: exp.Expression) -> exp.Expression:
    """The node, in parentheses unless it stands for itself."""
    from sqlglot import exp

    own = (exp.Column, exp.Literal, exp.Null, exp.Boolean, exp.Func, exp.Paren, exp.Interval)
    if isinstance(node, own) and not isinstance(node, (exp.Connector, exp.Binary)):
        return node
    return exp.Paren(this=node)

"""Region: where in the space of its inputs a condition can change, so that all of it can be tried.

A condition that only compares columns with numbers written out is constant between its thresholds:
trying each threshold, a point between any two, one beyond each end, and null, tries everything.
"""

from __future__ import annotations

import re
from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING

from attrs import frozen

from reltype.expressions import literal, quote
from reltype.expressions.calls import FUNCTIONS
from reltype.expressions.functions import ALIASES, LEFT_OUT
from reltype.expressions.grammar import ExpressionText, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlglot import exp

    from reltype.definitions.catalogue import Catalogue
    from reltype.expressions import Expression

MOST = 200_000
"""Rows that a region may have; one that needs more is not tried."""

_COMPARISONS = {"LT", "LTE", "GT", "GTE", "EQ", "NEQ"}
_LOGIC = {"And", "Or", "Not", "Paren", "Boolean"}
_SPAN = re.compile(r"(-?\d+(?:\.\d+)?)\s*(?:…|\.\.)\s*(-?\d+(?:\.\d+)?)")
_INFINITE = float("inf")


@frozen
class Range:
    """The least and the greatest value that an input can have."""

    low: float = -_INFINITE
    high: float = _INFINITE

    def __str__(self) -> str:
        if self.high == _INFINITE:
            return f"at least {self.low:g}" if self.low > -_INFINITE else "any number"
        return f"{self.low:g}…{self.high:g}"


def ranges(catalogue: Catalogue) -> dict[str, Range]:
    """Input → its range: a reading's is 0…1; a feature's unit says it (`share`, `-1…1`)."""
    found: dict[str, Range] = dict.fromkeys(catalogue.dimensions, Range(0.0, 1.0))
    found |= {feature.name: _range(feature.unit) for feature in catalogue.features.values()}
    found |= {scale.name: _range(scale.unit) for scale in catalogue.scales.values()}
    return found


def _range(unit: str) -> Range:
    if span := _SPAN.search(unit):
        return Range(float(span[1]), float(span[2]))
    if unit == "share":
        return Range(0.0, 1.0)
    return Range(0.0) if unit in {"count", "days"} or unit.startswith("1/") else Range()


def thresholds(expression: Expression) -> dict[str, set[float]] | None:
    """Column → the numbers it is compared with; None if the condition does anything else."""
    names = {*FUNCTIONS, *ALIASES, *(name.lower() for name in expression.calls)}
    found: dict[str, set[float]] = {}
    try:
        for column, number in _compared(read(ExpressionText(expression.text), names, LEFT_OUT)):
            found.setdefault(column, set()).update(number)
    except NotImplementedError:
        return None
    return found


def _compared(node: exp.Expr) -> Iterator[tuple[str, tuple[float, ...]]]:
    kind = type(node).__name__
    if kind in _LOGIC:
        for child in node.iter_expressions():
            yield from _compared(child)
    elif kind in _COMPARISONS:
        sides = (node.this, node.expression)
        column = next((s for s in sides if _column(s)), None)
        if column is None:
            raise NotImplementedError
        other = sides[1] if column is sides[0] else sides[0]
        yield column.name, (_number(other),)
    elif kind == "Between" and _column(node.this):
        yield node.this.name, (_number(node.args["low"]), _number(node.args["high"]))
    elif kind == "In" and _column(node.this):
        yield node.this.name, tuple(_number(e) for e in node.expressions)
    elif kind == "Is" and _column(node.this) and type(node.expression).__name__ == "Null":
        yield node.this.name, ()
    else:
        raise NotImplementedError


def _column(node: exp.Expr) -> bool:
    return type(node).__name__ == "Column"


def _number(node: exp.Expr) -> float:
    kind = type(node).__name__
    if kind == "Neg":
        return -_number(node.this)
    if kind == "Paren":
        return _number(node.this)
    if kind != "Literal" or node.is_string:
        raise NotImplementedError
    return float(node.name)


def relation(bounds: Iterable[Mapping[str, set[float]]], known: Mapping[str, Range]) -> str | None:
    """SQL of all points to try, a column per input; None if they are too many.

    Args:
        bounds: Thresholds by column, of one condition each.
        known: The inputs' ranges.
    """
    merged: dict[str, set[float]] = {}
    for one in bounds:
        for column, numbers in one.items():
            merged.setdefault(column, set()).update(numbers)
    points = {c: _points(n, known.get(c, Range())) for c, n in merged.items()}
    if prod(map(len, points.values())) > MOST:
        return None
    tables = [
        f"(SELECT unnest([{', '.join(f'CAST({literal(p)} AS DOUBLE)' for p in listed)}])"
        f" AS {quote(column)})"
        for column, listed in points.items()
    ]
    return f"SELECT * FROM {', '.join(tables)}" if tables else "SELECT 1"


def _points(numbers: set[float], within: Range) -> list[float | None]:
    ends = [e for e in (within.low, within.high) if abs(e) < _INFINITE]
    edges = sorted({n for n in numbers if within.low <= n <= within.high} | set(ends)) or [0.0]
    between = [(a + b) / 2 for a, b in pairwise(edges)]
    beyond = [edges[0] - 1, edges[-1] + 1]
    inside = [p for p in (*edges, *between, *beyond) if within.low <= p <= within.high]
    return [*inside, None]

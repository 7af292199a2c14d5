"""Reach: whether a standard was ever reached, by everybody on an earlier day or by some segment now."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import asdict, frozen

from reltype.analyses.standards.days import step_back

if TYPE_CHECKING:
    from reltype.analyses.standards.measure import Measure, Measured
    from reltype.definitions.standards import Standard

LEAST = 30
"""Customers of a segment below whom nothing is made of its value."""
MOST_SEGMENTS = 20
"""Different texts of a column above which its values are names, and no segments."""


@frozen
class Best:
    """The best that was found.

    Attributes:
        of: A day, or `column = text`.
        value: What was measured there.
        customers: Of how many.
        reached: Whether the value keeps to the standard.
    """

    of: str
    value: float
    customers: int
    reached: bool


@frozen
class Reach:
    """Whether a standard is achievable at all.

    Attributes:
        day: The best of the days before; None where the log is too short.
        segment: The best of the segments with at least 30 customers; None where there is none.
        told: The same in a sentence.
    """

    day: Best | None
    segment: Best | None
    told: str

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "reached": any(b.reached for b in (self.day, self.segment) if b is not None),
            "best_day": None if self.day is None else asdict(self.day),
            "best_segment": None if self.segment is None else asdict(self.segment),
            "told": self.told,
        }


def reach(measure: Measure, one: Standard, day: dt.date) -> Reach:
    """The best earlier day, and the best segment on *day*; a segment's luck is not allowed for."""
    before = [d for d in sorted(measure.days) if d < day]
    by_day = [(f"{d}", measure.at(one, d)) for d in before]
    at = measure.days[day]
    by_segment = []
    for column, texts in at.segments.items():
        inside = at.members[one.name]
        values = sorted({t for t in texts[inside] if t})
        if not 2 <= len(values) <= MOST_SEGMENTS:
            continue
        for value in values:
            mine = texts == value
            if one.kind == "moves":
                mine = _then(measure, one, day, column, value)
            by_segment.append((f"{column} = {value}", measure.at(one, day, within=mine)))
    best_day, best_segment = _best(one, by_day), _best(one, by_segment)
    told = [
        f"{'reached' if best.reached else 'not reached, at best'} {how} {best.of} "
        f"({_shown(one, best.value)} of {best.customers:,})"
        for how, best in (("on", best_day), ("where", best_segment))
        if best is not None
    ]
    return Reach(best_day, best_segment, "; ".join(told) or "no earlier day or segment to go by")


def _then(measure: Measure, one: Standard, day: dt.date, column: str, value: str) -> Any:  # noqa: ANN401
    """Who was in a segment when the step began."""
    first = step_back(one, day)
    return measure.days[first].segments[column] == value if first in measure.days else None


def _shown(one: Standard, value: float) -> str:
    return f"{value:.1%}" if one.kind in ("share", "moves") else f"{value:.4g}"


def _best(one: Standard, found: list[tuple[str, Measured]]) -> Best | None:
    least, most = one.at_least, one.at_most
    best: tuple[float, Best] | None = None
    for of, measured in found:
        if measured.value is None or measured.customers < LEAST:
            continue
        value = measured.value
        below = 0.0 if least is None else least - value
        above = 0.0 if most is None else value - most
        off = max(below, above) if least is not None and most is not None else below + above
        reached = (least is None or value >= least) and (most is None or value <= most)
        if best is None or off < best[0] - 1e-12:
            best = off, Best(of, float(np.round(value, 6)), measured.customers, reached)
    return None if best is None else best[1]

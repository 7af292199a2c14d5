"""Performance: how well each attribute does, beside how much it matters; what to fix and what to keep.

Importance-performance analysis (Martilla & James 1977), with the importance that was measured and
with intervals on both axes: a quadrant is named only where nine in ten replicates agree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from reltype.analyses.drivers.intervals import interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

AGREE = 0.9
"""Share of the replicates that must fall into a quadrant for it to be named."""
FIX, KEEP, LEAVE, EXCESS = "fix", "keep", "leave", "wasted"
QUADRANTS = (FIX, KEEP, LEAVE, EXCESS)
CANNOT_TELL = "cannot tell"
ADVICE = {
    FIX: "matters, and does worse than the rest: effort here first",
    KEEP: "matters, and does well: hold it",
    LEAVE: "matters little, and does worse: let it be",
    EXCESS: "matters little, and does better than the rest: effort is wasted here",
    CANNOT_TELL: "its intervals cross a line",
}
_TOPS = (1.0, 5.0, 7.0, 10.0, 11.0, 100.0)


@frozen
class Performance:
    """How an attribute does.

    Attributes:
        mean: In its own unit.
        scale: Where its scale begins and ends.
        level: The mean as a share of the scale, 0…1, turned round where low answers are the good
            ones.
        low: Where the interval of `level` begins.
        high: Where it ends.
        quadrant: One of QUADRANTS, or `cannot tell`.
        sure: In what share of the replicates that is the quadrant (of the likeliest, where none is
            named).
    """

    mean: float
    scale: tuple[float, float]
    level: float
    low: float
    high: float
    quadrant: str
    sure: float


@frozen
class Cross:
    """Where the two lines stand: the mean share, and the mean level."""

    importance: float
    level: float


def scale_of(values: NDArray[np.float64]) -> tuple[float, float] | None:
    """The usual scale of answers that holds all values; None for amounts, ages, and yes or no."""
    low, high = float(values.min()), float(values.max())
    if len(np.unique(values[:1000])) < 3 and len(np.unique(values)) < 3:
        return None
    if low >= 0:
        top = next((top for top in _TOPS if high <= top), None)
        if top is None or (top == 100 and not (low <= 20 and high >= 90)):
            return None
        return (0.0 if low < 1 or top in {1.0, 100.0} else 1.0), top
    return (-1.0, 1.0) if low >= -1 and high <= 1 else None


def scales_of(columns: Sequence[NDArray[np.float64]]) -> list[tuple[float, float] | None]:
    """The scale of each column, in the light of the others.

    The commonest scale where a column may be of it and nobody chose its end; 0 to 100 where all lie
    within, as scores of wards or shops do, which hardly reach the ends.
    """
    single = [scale_of(column) for column in columns]
    scores = [column.min() >= 0 and 11 < column.max() <= 100 for column in columns]
    if sum(scores) > 1 and all(column.min() >= 0 and column.max() <= 100 for column in columns):
        single = [
            (0.0, 100.0) if score else scale for scale, score in zip(single, scores, strict=True)
        ]
    known = [scale for scale in single if scale is not None]
    common = max(sorted(set(known)), key=known.count, default=None)
    if common is None or known.count(common) < 2:
        return single
    return [
        common
        if scale is not None and common[0] <= scale[0] and scale[1] <= common[1] <= 2 * scale[1]
        else scale
        for scale in single
    ]


def may_be_answers(values: NDArray[np.float64]) -> bool:
    """Whether values may be answers or scores: more than two kinds, on −1…1 or within 0…100."""
    low, high = float(values.min()), float(values.max())
    return len(np.unique(values)) > 2 and low >= -1 and high <= (1 if low < 0 else 100)


def performances(
    shares: NDArray[np.float64],
    replicated: NDArray[np.float64],
    levels: NDArray[np.float64],
    replicated_levels: NDArray[np.float64],
) -> tuple[list[tuple[NDArray[np.float64], str, float]], Cross]:
    """For each attribute the interval of its level, its quadrant, and how sure that is.

    The lines stand at the mean share and the mean level, of each replicate anew.

    Args:
        shares: (k,).
        replicated: (k, copies).
        levels: (k,) 0…1.
        replicated_levels: (k, copies).
    """
    spread = interval(replicated_levels)
    matters = replicated > replicated.mean(axis=0)
    well = replicated_levels > replicated_levels.mean(axis=0)
    made = []
    for place in range(len(shares)):
        each = [
            (matters[place] & ~well[place]).mean(),
            (matters[place] & well[place]).mean(),
            (~matters[place] & ~well[place]).mean(),
            (~matters[place] & well[place]).mean(),
        ]
        best = int(np.argmax(each))
        named = QUADRANTS[best] if each[best] >= AGREE else CANNOT_TELL
        made.append((spread[place], named, float(each[best])))
    return made, Cross(float(shares.mean()), float(levels.mean()))

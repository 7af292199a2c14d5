"""Moves: whose relationship changed by more than the noise of its reading explains.

Two windows of a customer, one after the other, are read each for itself. How much better two
archetypes explain them than one is the evidence for a move (a generalised likelihood ratio). What
everybody does alike, such as a season, is taken off first. How large that gets where nothing moved
is seen in the same customers with the order of their periods shuffled, without the tenth with the
most evidence: only what exceeds nearly all of that is called a move.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen

if TYPE_CHECKING:
    from numpy.typing import NDArray

WINDOW = 2
"""Periods of a window."""

FALSE = 0.004
"""Share of the shuffled customers whose evidence at a day exceeds the threshold."""

ASIDE = 0.1
"""Share of customers who are left out of the shuffled ones, as they may have moved."""


@frozen(eq=False)
class Moves:
    """Who moved, and between what.

    Attributes:
        moved: (customers, days).
        before: (customers, days) the archetype that explains the window before best.
        after: (customers, days) the one that explains the window up to the day best.
        evidence: (customers, days) log-likelihood ratio; NaN where a window is empty.
        threshold: What it had to exceed; NaN where it could not be found.
    """

    moved: NDArray[np.bool_]
    before: NDArray[np.int64]
    after: NDArray[np.int64]
    evidence: NDArray[np.float64]
    threshold: float


def moves(
    said: NDArray[np.float64], shuffled: NDArray[np.float64], *, window: int = WINDOW
) -> Moves:
    """Compare each window with the one before it.

    Args:
        said: (customers, days, archetypes) log-likelihood of the window that ends on each day; NaN
            where nothing was seen in it, or it is not wholly seen.
        shuffled: The same with each customer's periods in another order.
        window: Periods of a window, which is how far apart two windows end.
    """
    evidence, before, after = _compared(said, window)
    chance, chance_before, chance_after = _compared(shuffled, window)
    differs = np.where(chance_before != chance_after, chance, 0.0)
    # Whoever moved looks so in any order of periods, and would hide the others: the customers with
    # the strongest evidence of their own are not asked what chance does.
    strongest = np.where(np.isfinite(evidence) & (before != after), evidence, 0.0).max(axis=1)
    still = strongest <= np.quantile(strongest, 1 - ASIDE) if len(said) else strongest > 0
    known = np.isfinite(chance) & still[:, None]
    threshold, over = np.nan, np.zeros(evidence.shape, bool)
    if known.sum() >= 1 / FALSE:
        threshold = float(np.quantile(differs[known], 1 - FALSE))
        over = np.isfinite(evidence) & (evidence > threshold) & (before != after)
    # Windows overlap: one change is seen from several days, and told on the first.
    moved: NDArray[np.bool_] = np.array(over, bool)
    for day in range(1, moved.shape[1]):
        recent = moved[:, max(day - window, 0) : day].any(axis=1)
        moved[:, day] &= ~recent
    return Moves(moved, before, after, evidence, threshold)


def _compared(
    said: Any,  # noqa: ANN401  numpy's shapes as types do not follow this
    window: int,
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    customers, days = len(said), said.shape[1]
    usual = np.zeros_like(said[0])
    seen = np.asarray(np.isfinite(said).all(axis=2), bool)
    for day in range(days):
        if seen[:, day].any():
            usual[day] = said[seen[:, day], day].mean(axis=0)
    own = said - usual
    evidence = np.full((customers, days), np.nan)
    before = np.zeros((customers, days), np.int64)
    after = np.zeros((customers, days), np.int64)
    for day in range(window, days):
        both = seen[:, day] & seen[:, day - window]
        first, then = own[both, day - window], own[both, day]
        if not len(first):
            continue
        apart = first.max(axis=1) + then.max(axis=1)
        evidence[both, day] = apart - (first + then).max(axis=1)
        before[both, day] = first.argmax(axis=1)
        after[both, day] = then.argmax(axis=1)
    return evidence, before, after

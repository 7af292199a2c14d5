"""Moves: whose relationship changed by more than the noise of its reading explains.

Each period of a customer is read for itself. The evidence for a move at a day weighs the periods of
the window that ends there against all before it, back to the last move: how much better two
archetypes explain them than one (a generalised likelihood ratio), and how far the two means lie
apart, measured by how much a customer's own periods differ (Hotelling's T²). What everybody does
alike, such as a season, is taken off first. How large that gets where nothing moved is seen in the
same customers with the order of their periods drawn anew, without the tenth with the most evidence:
only what exceeds nearly all of that is called a move.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen

if TYPE_CHECKING:
    from numpy.typing import NDArray

WINDOW = 2
"""Periods of a window."""

FALSE = 0.006
"""Share of the customers in a drawn order whose evidence at a day exceeds the threshold: customers
who do not move drift, too, and so those called at any day come to no more than 2 in 100."""

ASIDE = 0.1
"""Share of customers who are left out of the drawn ones, as they may have moved."""

DRAWS = 5
"""Orders that are drawn for each customer."""

APART = 1 / 6
"""What T² counts beside the likelihood ratio; ½ were periods normal, which they are not."""


@frozen(eq=False)
class Moves:
    """Who moved, and between what.

    Attributes:
        moved: (customers, days).
        before: (customers, days) the archetype that explains what lies before the window best.
        after: (customers, days) the one that explains the window up to the day best.
        evidence: (customers, days) in log-likelihood; NaN where a side is empty.
        threshold: What it had to exceed; NaN where it could not be found.
    """

    moved: NDArray[np.bool_]
    before: NDArray[np.int64]
    after: NDArray[np.int64]
    evidence: NDArray[np.float64]
    threshold: float


def moves(said: NDArray[np.float64], *, window: int = WINDOW) -> Moves:
    """Compare the window that ends on each day with what lies before it.

    Args:
        said: (customers, days, archetypes) log-likelihood of the period that ends on each day; NaN
            where nothing was seen in it, or it is not wholly seen.
        window: Periods of a window.
    """
    own, seen = _own(said)
    apart = _precision(own, seen)
    evidence, before, after = _compared(own, seen, apart, window)
    rng = np.random.default_rng(0)
    chance = [
        np.where(was != then, found, np.where(np.isnan(found), np.nan, 0.0))
        for found, was, then in (
            _compared(*_drawn(own, seen, rng), apart, window) for _ in range(DRAWS)
        )
    ]
    # Whoever moved looks so in any order of periods, and would hide the others: the customers with
    # the strongest evidence of their own are not asked what chance does.
    strongest = np.where(np.isfinite(evidence) & (before != after), evidence, 0.0).max(axis=1)
    still = strongest <= np.quantile(strongest, 1 - ASIDE) if len(said) else strongest > 0
    known = np.concatenate([one[still].ravel() for one in chance])
    known = known[np.isfinite(known)]
    threshold, moved = np.nan, np.zeros(evidence.shape, bool)
    if len(known) >= DRAWS / FALSE:
        threshold = float(np.quantile(known, 1 - FALSE))
        moved, evidence, before, after = _called(own, seen, apart, window, threshold)
    return Moves(moved, before, after, evidence, threshold)


def _own(said: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """What each period says beyond what it says of everybody; 0 where it was not seen."""
    seen = np.asarray(np.isfinite(said).all(axis=2), bool)
    known = np.where(seen[..., None], said, 0.0)
    usual = known.sum(axis=0) / np.maximum(seen.sum(axis=0), 1)[:, None]
    return np.where(seen[..., None], known - usual, 0.0), seen


def _precision(own: NDArray[np.float64], seen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(archetypes, archetypes) inverse of how a customer's own periods vary about their mean."""
    count = seen.sum(axis=1)
    contrast = own - own.mean(axis=2, keepdims=True)
    mean = contrast.sum(axis=1) / np.maximum(count, 1)[:, None]
    rest = (contrast - mean[:, None])[seen & (count >= 3)[:, None]]
    if len(rest) <= own.shape[2]:
        return np.zeros((own.shape[2], own.shape[2]))
    spread = rest.T @ rest / len(rest)
    return np.asarray(np.linalg.pinv(spread, rcond=1e-6, hermitian=True))


def _drawn(
    own: NDArray[np.float64], seen: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The same with the seen periods of each customer in another order."""
    customers, days = seen.shape
    rows = np.arange(customers)[:, None]
    # The seen places of a customer, first in their order, then in a drawn one.
    place = np.argsort(~seen, axis=1, kind="stable")
    key = np.where(seen, rng.random((customers, days)), 2.0)
    source = np.argsort(key, axis=1, kind="stable")
    made = np.empty_like(own)
    made[rows, place] = own[rows, source]
    return made, seen


def _compared(
    own: NDArray[np.float64],
    seen: NDArray[np.bool_],
    apart: NDArray[np.float64],
    window: int,
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    _, evidence, before, after = _called(own, seen, apart, window, np.inf)
    return evidence, before, after


def _called(
    own: Any,  # noqa: ANN401  numpy's shapes as types do not follow this
    seen: NDArray[np.bool_],
    apart: NDArray[np.float64],
    window: int,
    threshold: float,
) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Who is called a mover, day by day; what lies before a move no longer counts after it."""
    customers, days, archetypes = own.shape
    rows = np.arange(customers)
    total = np.zeros((customers, days + 1, archetypes))
    total[:, 1:] = np.cumsum(own, axis=1)
    count = np.zeros((customers, days + 1), np.int64)
    count[:, 1:] = np.cumsum(seen, axis=1)
    moved = np.zeros((customers, days), bool)
    evidence = np.full((customers, days), np.nan)
    before = np.zeros((customers, days), np.int64)
    after = np.zeros((customers, days), np.int64)
    begin = np.zeros(customers, np.int64)
    for day in range(window, days):
        cut = day + 1 - window
        first = total[:, cut] - total[rows, begin]
        then = total[:, day + 1] - total[:, cut]
        counts = count[:, cut] - count[rows, begin], count[:, day + 1] - count[:, cut]
        known = (counts[0] > 0) & (counts[1] > 0) & (cut > begin) & seen[:, day]
        ratio = first.max(axis=1) + then.max(axis=1) - (first + then).max(axis=1)
        sizes = [np.maximum(n, 1)[:, None] for n in counts]
        gap = then / sizes[1] - first / sizes[0]
        gap = gap - gap.mean(axis=1, keepdims=True)
        far = np.einsum("ni,ij,nj->n", gap, apart, gap) / (1 / sizes[0] + 1 / sizes[1])[:, 0]
        # One period before is too little to know how far apart is far.
        found = ratio + np.where(counts[0] > 1, APART * far, 0.0)
        evidence[known, day] = found[known]
        before[known, day] = first[known].argmax(axis=1)
        after[known, day] = then[known].argmax(axis=1)
        over = known & (found > threshold) & (before[:, day] != after[:, day])
        moved[over, day] = True
        begin[over] = cut
    return moved, evidence, before, after

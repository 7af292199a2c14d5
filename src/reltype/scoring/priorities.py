"""Priorities: what each customer would gain from each benefit."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from reltype.scoring.ranking import top

if TYPE_CHECKING:
    from numpy.typing import NDArray


def priorities(
    posterior: NDArray[np.float64],
    readings: NDArray[np.float64],
    evidence: NDArray[np.float64],
    *,
    suits: NDArray[np.float64],
    raises: NDArray[np.float64],
    targets: NDArray[np.float64],
    barred: NDArray[np.bool_],
    broken: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """How much each customer would gain from each benefit, and by which dimension most.

    Priority = Σ_a p_a · suits_ba · (¼ + Σ_k raises_bk · max(0, target_ak − d_k) · e_k). The
    quarter is what a benefit is worth to an archetype before any gap is known, so that ranks
    follow the archetype where little was seen. A benefit whose `when` holds comes first; one that
    the likeliest archetype is warned off comes last.

    Args:
        posterior: (n, archetypes), without the unclassified column.
        readings: (n, dimensions); NaN where not seen.
        evidence: (n, dimensions), 0…1.
        suits: (benefits, archetypes), 0…1.
        raises: (benefits, dimensions), 0…1.
        targets: (archetypes, dimensions), the readings aimed at.
        barred: (benefits, archetypes), True where a benefit must not be pushed.
        broken: (n, benefits), True where a benefit's `when` holds.

    Returns:
        (n, benefits) priorities, ≥ 0; and (n, benefits) indices of the dimension that adds most,
        −1 where none adds.
    """
    count, dimensions = readings.shape
    seen = np.where(np.isnan(readings), 0.0, evidence)
    known = np.nan_to_num(readings)
    gaps = [
        [
            np.maximum(0.0, targets[a, k] - known[:, k]) * (posterior[:, a] * seen[:, k])
            for k in range(dimensions)
        ]
        for a in range(posterior.shape[1])
    ]
    likeliest = posterior.argmax(axis=1)
    score = np.zeros((count, len(suits)), order="F")
    best = np.full(score.shape, -1, np.int64, order="F")
    part = np.empty(count)
    for b in range(len(suits)):
        fits = np.nonzero(suits[b])[0]
        adds = np.nonzero(raises[b])[0]
        for a in fits:
            score[:, b] += np.multiply(posterior[:, a], 0.25 * suits[b, a], out=part)
        gains = np.zeros((count, len(adds)), order="F")
        for i, k in enumerate(adds):
            for a in fits:
                gains[:, i] += np.multiply(gaps[a][k], suits[b, a] * raises[b, k], out=part)
            score[:, b] += gains[:, i]
        if len(adds):
            largest = reduce(np.maximum, gains.T)
            best[:, b] = np.where(largest > 0, adds[top(gains, 1)[:, 0]], -1)
        score[:, b] += broken[:, b]
        for a in np.nonzero(barred[b])[0]:
            score[:, b] *= likeliest != a
    return score, best

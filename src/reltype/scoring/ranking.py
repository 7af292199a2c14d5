"""Ranking: which columns of a row are the largest, for many rows at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def top(scores: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """(n, ≤ count) indices of the largest scores of each row, largest first.

    Ties go by position, and so do scores that differ by less than one part in 2⁴⁶ or so: the lowest
    bits of a score hold its index, so that a whole column is ranked by taking maxima. No score is
    NaN.
    """
    columns = scores.shape[1]
    count = min(count, columns)
    mask = (1 << max(columns - 1, 1).bit_length()) - 1
    best = np.full((count, len(scores)), np.iinfo(np.int64).min)
    for i in range(columns):
        key = (scores[:, i] + 0.0).view(np.int64)  # which makes 0 of −0
        key ^= (key >> 63) & np.iinfo(np.int64).max  # the order of doubles, negative ones too
        key &= ~mask
        key |= columns - 1 - i
        for place in best:
            lower = np.minimum(place, key)
            np.maximum(place, key, out=place)
            key = lower
    best &= mask
    np.subtract(columns - 1, best, out=best)
    return best.T

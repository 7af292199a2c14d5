"""Ranks: columns of any unit and shape on one scale, by where a value stands among customers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

if TYPE_CHECKING:
    from numpy.typing import NDArray

KNOTS = 200
"""Values that are kept of a column: half a percentile apart."""

RARE = 0.01
"""A share of nulls (or of values) up to this says nothing that could be learned."""


@frozen(eq=False)
class Ranks:
    """The normal scores of some columns: Φ⁻¹ of the mid-rank among customers, unit variance.

    Normal scores (van der Waerden 1952) need no unit and no guess of a shape, and mid-ranks give
    a frequent value, such as the zero of most counts, the middle of the room it takes. Values
    beyond those seen count as the last one seen; null is 0, the middle, and has a flag of its own
    where customers differ in it.

    Attributes:
        knots: Per column, values in ascending order; empty for a column that never varied.
        scores: Per column, their normal scores.
        nulls: (columns,) share of null, 0 where it is too rare or too frequent to tell by.
    """

    knots: tuple[NDArray[np.float64], ...]
    scores: tuple[NDArray[np.float64], ...]
    nulls: NDArray[np.float64]

    @classmethod
    def of(cls, sample: NDArray[np.float64]) -> Ranks:
        """The ranks of a (customers, columns) sample; NaN is null."""
        made = [_knots(column) for column in sample.T]
        nulls = np.isnan(sample).mean(axis=0) if len(sample) else np.zeros(sample.shape[1])
        telling = (nulls > RARE) & (nulls < 1 - RARE)
        return cls(
            tuple(knots for knots, _ in made),
            tuple(scores for _, scores in made),
            np.where(telling, nulls, 0.0),
        )

    @property
    def varied(self) -> NDArray[np.bool_]:
        """(columns,) whether the column can tell customers apart at all."""
        return np.array([len(knots) > 0 for knots in self.knots], bool)

    def transform(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, columns) normal scores; 0 for null and for columns that never varied."""
        made = np.zeros(values.shape)
        for j, (knots, scores) in enumerate(zip(self.knots, self.scores, strict=True)):
            if len(knots):
                made[:, j] = np.interp(values[:, j], knots, scores)
        return np.where(np.isnan(values), 0.0, made)

    def flags(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, columns) standardised null flags; 0 where the column's nulls tell nothing."""
        spread = np.sqrt(self.nulls * (1 - self.nulls))
        flag = (np.isnan(values) - self.nulls) / np.where(spread > 0, spread, 1.0)
        return np.where(spread > 0, flag, 0.0)


def _knots(column: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Up to `KNOTS` distinct values of a column, and the normal score of the mid-rank of each."""
    from scipy.special import ndtri

    values = np.sort(column[~np.isnan(column)])
    knots = np.unique(values)
    if len(knots) < 2:
        return np.empty(0), np.empty(0)
    if len(knots) > KNOTS:
        knots = np.unique(np.quantile(values, np.linspace(0, 1, KNOTS), method="nearest"))
        if len(knots) < 2:
            return np.empty(0), np.empty(0)
    below, upto = np.searchsorted(values, knots, "left"), np.searchsorted(values, knots, "right")
    share = (below + upto) / (2 * len(values))
    scores = ndtri(np.clip(share, 0.5 / len(values), 1 - 0.5 / len(values)))
    spread = np.interp(values, knots, scores).std()
    if spread < 1e-6:
        return np.empty(0), np.empty(0)
    return knots, scores / spread

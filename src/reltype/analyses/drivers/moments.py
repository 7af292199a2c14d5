"""Moments of a survey: answers and weights in, covariances out; of the sample and of its replicates.

A sample is kept as sums per unit (a respondent, or a random bundle of respondents where there are
many), so that a replicate is a weighted sum of units and never a second pass over the rows.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from attrs import define, evolve, field, frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BUNDLES = 2048
"""Above twice this many respondents, as many random bundles of them are drawn instead.

The variance that bundles give has a relative error of √(2/2048), 3 %.
"""
SEED = 20080501
"""Replicates, orders and noise are drawn from it: the same answers give the same figures."""
_ODD = np.uint64(0x9E3779B97F4A7C15)
CONSTANT = 1e-13
"""Variance, in units of the column's range, from which a column is no constant."""


@define(frozen=True, slots=False, eq=False)
class Sample:
    """Answers of respondents, each column between 0 and 1, in an order that rows do not change.

    Attributes:
        values: (n, m), the outcome last; NaN where there is no answer.
        weights: (n,), above 0.
        respondents: (n,) codes; rows of one code are drawn together.
        low: (m,) what 0 stands for in the columns' own units.
        span: (m,) what a step of 1 stands for.
    """

    values: NDArray[np.float64] = field(repr=False)
    weights: NDArray[np.float64] = field(repr=False)
    respondents: NDArray[np.int64] = field(repr=False)
    low: NDArray[np.float64] = field(repr=False)
    span: NDArray[np.float64] = field(repr=False)

    @classmethod
    def of(
        cls,
        values: NDArray[np.float64],
        weights: NDArray[np.float64] | None = None,
        respondents: NDArray[np.int64] | None = None,
    ) -> Sample:
        """The sample of all rows that have an outcome, an answer and a weight above 0.

        Args:
            values: (n, m) in any units, the outcome last.
            weights: (n,), ≥ 0; None: all 1.
            respondents: (n,) codes; None: each row is somebody.
        """
        count = len(values)
        weights = np.ones(count) if weights is None else weights
        respondents = np.arange(count) if respondents is None else respondents
        known = ~np.isnan(values)
        answered = np.where(known[:, -1], known[:, :-1].sum(axis=1), 0)
        kept = np.flatnonzero((answered > 0) & (weights > 0))
        values, weights, respondents = values[kept], weights[kept], respondents[kept]
        low, high = _bounds(values)
        span = np.where(high > low, high - low, 1.0)
        values = (values - low) / span
        order = np.argsort(_hashes(values, weights), kind="stable")
        codes = _as_met(respondents[order])
        weights = weights[order] / weights.mean() if len(weights) else weights
        return cls(values[order], weights, codes, low, span)

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def people(self) -> int:
        """How many respondents there are."""
        return len(np.unique(self.respondents))

    @property
    def size(self) -> float:
        """How many respondents of equal weight would tell as much: Kish's effective number.

        Rows of one respondent count as one, since nobody knows how far they repeat each other.
        """
        kish = float(self.weights.sum() ** 2 / (self.weights**2).sum())
        return kish * self.people / len(self)

    @cached_property
    def complete(self) -> NDArray[np.bool_]:
        """(n,) whether nothing is missing."""
        gaps = np.isnan(self.values).sum(axis=1)
        made: NDArray[np.bool_] = np.equal(gaps, 0)
        return made

    def rows(self, chosen: NDArray[np.bool_]) -> Sample:
        """Some of the rows."""
        return evolve(
            self,
            values=self.values[chosen],
            weights=self.weights[chosen],
            respondents=self.respondents[chosen],
        )

    @cached_property
    def units(self) -> NDArray[np.int64]:
        """(n,) which unit of resampling each row belongs to, from 0."""
        codes = np.unique(self.respondents, return_inverse=True)[1].astype(np.int64)
        count = int(codes.max()) + 1 if len(codes) else 0
        if count <= 2 * BUNDLES:
            return codes
        dealt = np.arange(count) % BUNDLES
        np.random.default_rng(SEED).shuffle(dealt)
        made: NDArray[np.int64] = dealt[codes]
        return made


@frozen(eq=False)
class Sums:
    """Weighted sums of products per unit, of columns that are complete.

    Attributes:
        products: (units, m + 1, m + 1), the first row and column those of a column of ones.
        centre: (m,) what was taken from each column first.
    """

    products: NDArray[np.float64]
    centre: NDArray[np.float64]

    @classmethod
    def of(cls, sample: Sample) -> Sums:
        """The sums of a sample without gaps."""
        centre = np.average(sample.values, axis=0, weights=sample.weights)
        units = sample.units
        order = np.argsort(units, kind="stable")
        starts = np.flatnonzero(np.diff(units[order], prepend=-1))
        root = np.sqrt(sample.weights[order])[:, None]
        columns = np.concatenate([root, root * (sample.values[order] - centre)], axis=1)
        return cls(unit_sums(columns, starts), centre)

    def covariances(self, counts: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """(m, m) of the sample; with (copies, units) *counts*, (m, m, copies) of replicates."""
        if counts is None:
            return covariance(self.products.sum(axis=0))
        return covariance(replicate_sums(self.products, counts))

    def means(self, counts: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """(m,) means; with (copies, units) *counts*, (m, copies)."""
        first = self.products[:, 0]
        sums = first.sum(axis=0) if counts is None else (counts @ first).T
        made: NDArray[np.float64] = (sums[1:] / sums[0]).T + self.centre
        return made.T


def covariance(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """(m, m, …) from (m + 1, m + 1, …) sums of products with a column of ones before them."""
    mean = sums[1:, 0] / sums[0, 0]
    made: NDArray[np.float64] = sums[1:, 1:] / sums[0, 0] - mean[:, None] * mean[None, :]
    return made


def correlation(covariances: NDArray[np.float64]) -> NDArray[np.float64]:
    """(m, m, …) correlations; 0 for a column that does not vary, which then explains nothing."""
    variance = np.moveaxis(np.diagonal(covariances), -1, 0)
    varies = variance > CONSTANT
    inverse = np.where(varies, 1.0 / np.sqrt(np.where(varies, variance, 1.0)), 0.0)
    made: NDArray[np.float64] = covariances * inverse[:, None] * inverse[None, :]
    place = np.arange(len(made))
    made[place, place] = 1.0
    return made


def draws(units: int, copies: int, seed: int = 0) -> NDArray[np.float64]:
    """(copies, units) how often each unit is drawn when as many are drawn as there are."""
    rng = np.random.default_rng([SEED, seed])
    drawn = rng.integers(units, size=(copies, units)) + units * np.arange(copies)[:, None]
    counts = np.bincount(drawn.ravel(), minlength=copies * units)
    return counts.reshape(copies, units).astype(np.float64)


def _bounds(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The least and the greatest of each column; 0 and 0 of one that is empty."""
    known = ~np.isnan(values)
    any_known = known.any(axis=0)
    low = np.where(any_known, np.where(known, values, np.inf).min(axis=0, initial=np.inf), 0.0)
    high = np.where(any_known, np.where(known, values, -np.inf).max(axis=0, initial=-np.inf), 0.0)
    return low, high


def _hashes(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.uint64]:
    """A number for each row, by which rows are sorted: sums and draws must not depend on their order."""
    hashes = np.zeros(len(values), np.uint64)
    for column in (*values.T, weights / weights.max(initial=0.0) if len(weights) else weights):
        # To a millionth of the range, so that other units give the same order.
        steps = np.where(np.isnan(column), 1 << 21, np.rint(column * (1 << 20)))
        hashes = (hashes ^ steps.astype(np.uint64)) * _ODD
        hashes ^= hashes >> np.uint64(29)
    return hashes


def _as_met(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """The codes anew, in the order in which they are met."""
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    made: NDArray[np.int64] = rank[inverse]
    return made


def replicate_sums(
    products: NDArray[np.float64], counts: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(m, m, copies) sums over the units, each as often as (copies, units) *counts* says."""
    flat = counts @ products.reshape(len(products), -1)
    return np.moveaxis(flat.reshape(len(counts), *products.shape[1:]), 0, -1)


def unit_sums(columns: NDArray[np.float64], starts: NDArray[np.intp]) -> NDArray[np.float64]:
    """(units, m, m) sums of products of rows that lie together, from each start to the next."""
    ends = [*starts[1:].tolist(), len(columns)]
    if len(starts) == len(columns):
        return columns[:, :, None] * columns[:, None, :]
    blocks: Sequence[NDArray[np.float64]] = [
        columns[start:end].T @ columns[start:end]
        for start, end in zip(starts.tolist(), ends, strict=True)
    ]
    return np.stack(blocks)

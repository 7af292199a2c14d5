"""Moments: sums over rows from which means, spreads and correlations within classes follow.

They add up: the moments of two chunks of rows are the sum of the chunks' moments. Throughout, K
is the number of classes and D of columns; NaN means "not seen" and enters no sum.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reltype.errors import UsageError

Floats: TypeAlias = NDArray[np.float64]


def first_seen(values: Floats) -> Floats:
    """The first value of each column (D,) of values (N, D); 0 where there is none.

    As an origin it keeps sums of squares exact far from 0, and makes the variance of a column that
    never varies exactly 0.
    """
    rows = (~np.isnan(values)).argmax(axis=0)
    return np.asarray(np.nan_to_num(values[rows, np.arange(values.shape[1])]))


def row_weights(given: ArrayLike | None, n: int) -> Floats:
    """The rows' weights (n,), ones if none are given.

    Raises:
        UsageError: They are not n finite numbers of at least 0, or all are 0.
    """
    if given is None:
        return np.ones(n)
    weight = np.asarray(given, dtype=np.float64)
    if weight.shape != (n,):
        raise UsageError(f"`sample_weight` has the shape {weight.shape}; it needs {(n,)}.")
    if not (np.isfinite(weight) & (weight >= 0)).all() or not weight.any():
        raise UsageError("Sample weights must be finite and not below zero, nor may all be zero.")
    return weight


def gram(values: Floats, index: NDArray[Any], weight: Floats, classes: int) -> Floats:
    """The moments (K, 2 D, 2 D) of rows (N, D) of the classes `index` (N,), 0…K-1.

    With z = [seen, value], Σ w z zᵀ holds the counts, sums and products of every pair of columns.

    Raises:
        UsageError: Values are so large that their squares overflow.
    """
    seen = ~np.isnan(values)
    z = np.hstack([seen, np.where(seen, values, 0.0)])
    members = [index == a for a in range(classes)]
    with np.errstate(over="ignore", invalid="ignore"):
        sums = np.stack([(z[rows].T * weight[rows]) @ z[rows] for rows in members])
    if not np.isfinite(sums).all():
        raise UsageError("Values in X are too large to be squared; rescale the columns.")
    return sums


def blocks(gram: Floats) -> tuple[Floats, Floats, Floats]:
    """Counts, sums and products (K, D, D) of pairs of columns, rows where both were seen.

    `sums[:, j, k]` is that of column k, where j was seen too; the diagonals are one column's own.
    """
    width = gram.shape[1] // 2
    return gram[:, :width, :width], gram[:, :width, width:], gram[:, width:, width:]


def spread_within(count: Floats, total: Floats, square: Floats) -> Floats:
    """Pooled variance of each column (D,) within classes, from sums (K, D).

    One row's worth of the overall variance is mixed in: it is 0 only where nothing varies.
    """
    within = np.where(count > 0, np.maximum(square - total**2 / count, 0), 0).sum(axis=0)
    count, total, square = count.sum(axis=0), total.sum(axis=0), square.sum(axis=0)
    overall = np.maximum(square / count - (total / count) ** 2, 0)
    return np.asarray((within + overall) / (count + 1))


def correlations(pairs: Floats, sums: Floats, products: Floats, independent: float = 0.0) -> Floats:
    """Correlations of columns (D, D) within classes, as far as they exceed chance, -1…1.

    Pairs, sums and products are a gram's blocks; `independent` adds so many rows in which no
    columns correlate: a prior's word.
    """
    crossed = np.where(pairs > 0, sums * sums.transpose(0, 2, 1) / pairs, 0)
    seen = pairs.sum(axis=0)
    covariance = (products - crossed).sum(axis=0) / seen
    variance = np.diagonal(covariance)
    squared = np.clip(covariance**2 / np.outer(variance, variance), 0, 1)
    # Between unrelated columns r² is 1 / freedom on average.
    freedom = seen - len(pairs)
    beyond_chance = np.where(freedom > 1, (freedom * squared - 1) / (freedom - 1), 0)
    size = np.sqrt(np.maximum(np.nan_to_num(beyond_chance), 0))
    return np.asarray(np.nan_to_num(np.sign(covariance) * size * seen / (seen + independent)))


def redundancy(within: Floats, means: Floats, share: Floats, rows: float) -> Floats:
    """How far columns repeat each other in telling classes apart (D, D), 0…1; 1 with itself.

    Columns repeat each other if they correlate within classes in the direction in which the
    classes differ: two independent witnesses would not. If they correlate against it, both
    together say more than the sum, and nothing needs damping. As long as the direction is in
    doubt (standard error of the classes' differences over their size), a correlation counts.

    Args:
        within: Correlations within classes (D, D).
        means: The classes' means in standard deviations (K, D), 0 at large and where unknown.
        share: The classes' shares (K,).
        rows: How many rows the means rest on.
    """
    between = (share[:, None] * means).T @ means
    size = np.sqrt(np.outer(np.diagonal(between), np.diagonal(between)))
    alike = np.where(size > 0, between / size, 0) * np.sign(within)
    doubt = np.where(size > 0, np.minimum(np.sqrt((len(means) - 1) / rows / size), 1), 1)
    repeated = np.abs(within) * np.maximum(doubt + (1 - doubt) * alike, 0)
    np.fill_diagonal(repeated, 1)
    return np.asarray(np.minimum(repeated, 1))

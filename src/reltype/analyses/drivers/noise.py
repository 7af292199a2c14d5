"""Noise: what a column that has nothing to do with anything would get, beside these attributes.

A share is a square, so noise gets some too: a driver below the line is not told from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reltype.analyses.drivers import subsets
from reltype.analyses.drivers.moments import SEED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LEVEL = 0.02
"""How often the greatest of as many columns of noise as there are attributes may pass the line."""
_COLUMNS = 8192
_ORDERS = 16
_CELLS = 1 << 23
_DEALS = 999


def noise_shares(
    left: NDArray[np.float64], players: Sequence[Sequence[int]], size: float, gone: int = 0
) -> NDArray[np.float64]:
    """(draws,) the shares that columns of normal noise would get if they stood beside the players.

    Args:
        left: (m, m) the covariance of what is left given the columns that stay in, the outcome
            last.
        players: For each its columns.
        size: The effective number of rows.
        gone: How many columns stay in.
    """
    rng = np.random.default_rng([SEED, 7])
    count, columns = len(players), len(left) - 1
    draws = max(1024, min(_COLUMNS, _CELLS // ((columns + 1) * _ORDERS)))
    lengths, axes = np.linalg.eigh(left)
    real = lengths > subsets.PIVOT
    root = axes[:, real] * np.sqrt(lengths[real])
    normal = rng.standard_normal((int(real.sum()), draws))
    beyond = max(1.0, size - 1 - gone - real.sum())
    # Noise falls into the space of the columns by chance; the rest of its length lies outside.
    crossed = root @ normal / np.sqrt(size)
    length = ((normal**2).sum(axis=0) + rng.chisquare(beyond, draws)) / size
    total = np.zeros(draws)
    for order in subsets.orders(count, _ORDERS, rng):
        sequence = [*(column for player in order for column in players[player]), columns]
        starts = {0, *np.cumsum([len(players[player]) for player in order]).tolist()}
        matrix, cross, rest = left[np.ix_(sequence, sequence)], crossed[sequence], length
        floors = subsets.PIVOT * np.diag(matrix)
        for step in range(columns + 1):
            if step in starts:
                total += cross[-1] ** 2 / np.maximum(rest, 1e-12 * length)
            if step == columns:
                break
            pivot = matrix[0, 0]
            if pivot > floors[step]:
                factor = matrix[1:, 0] / pivot
                rest = rest - cross[0] ** 2 / pivot
                cross = cross[1:] - factor[:, None] * cross[0]
                matrix = matrix[1:, 1:] - factor[:, None] * matrix[0, 1:]
            else:
                cross, matrix = cross[1:], matrix[1:, 1:]
    made: NDArray[np.float64] = total / (_ORDERS * (count + 1))
    return made


def line(drawn: NDArray[np.float64], players: int, columns: int = 1) -> float:
    """The share that the greatest of *players* groups of noise passes in one of fifty cases.

    Args:
        drawn: Shares of single columns of noise.
        players: How many there are.
        columns: How many columns a group has; what they get is what they get one by one, nearly.
    """
    rng = np.random.default_rng([SEED, 9])
    total = drawn.copy()
    for _ in range(columns - 1):
        total += rng.permutation(drawn)
    return float(np.quantile(total, (1 - LEVEL) ** (1 / max(1, players))))


def chance(r2: float, columns: int, size: float, gone: int = 0, always: float = 0.0) -> float:
    """The probability of so great an R² (F test) where no attribute has to do with the outcome."""
    from scipy.special import betaincc

    free = size - 1 - gone - columns
    if free <= 0 or always >= 1:
        return 1.0
    share = min(1.0, max(0.0, (r2 - always) / (1 - always)))
    return float(betaincc(columns / 2, free / 2, share))


def chance_by_shuffling(
    values: NDArray[np.float64], weights: NDArray[np.float64], always: Sequence[int] = ()
) -> float:
    """The same by dealing the outcomes anew, 999 times: right for any distribution.

    Args:
        values: (n, m), the outcome last; a missing answer counts as the column's mean.
        weights: (n,).
        always: Columns that stay in; the outcome is dealt anew after what they explain is taken out.
    """
    filled = np.where(np.isnan(values), np.nanmean(values, axis=0), values)
    root = np.sqrt(weights)[:, None]
    centred = (filled - np.average(filled, axis=0, weights=weights)) * root
    outcome = centred[:, -1]
    kept = centred[:, list(always)]
    rest = centred[:, [i for i in range(centred.shape[1] - 1) if i not in set(always)]]
    if kept.shape[1]:
        basis = _basis(kept)
        outcome = outcome - basis @ (basis.T @ outcome)
        rest = rest - basis @ (basis.T @ rest)
    basis = _basis(rest)
    residual = outcome / root[:, 0]
    found = ((basis.T @ outcome) ** 2).sum() / max((outcome**2).sum(), 1e-300)
    rng = np.random.default_rng([SEED, 8])
    dealt = np.stack([rng.permutation(residual) for _ in range(_DEALS)], axis=1) * root
    dealt -= root * (root * dealt).sum(axis=0) / (root**2).sum()
    lengths = np.maximum((dealt**2).sum(axis=0), 1e-300)
    drawn = ((basis.T @ dealt) ** 2).sum(axis=0) / lengths
    return float((1 + (drawn >= found * (1 - 1e-9)).sum()) / (1 + _DEALS))


def _basis(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, rank) orthonormal columns that span the same."""
    left, lengths, _ = np.linalg.svd(columns, full_matrices=False)
    made: NDArray[np.float64] = left[:, lengths > 1e-9 * max(lengths.max(initial=0.0), 1e-300)]
    return made

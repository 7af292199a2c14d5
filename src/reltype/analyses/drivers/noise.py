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

    from reltype.analyses.drivers.moments import Sample

LEVEL = 0.02
"""How often the greatest of as many columns of noise as there are attributes may pass the line."""
_COLUMNS = 8192
_DEALT = 2500
"""Rows up to which noise is dealt from the answers; beyond, sums are as good as normal."""
_BLOCK = 1024
_ORDERS = 16
_CELLS = 1 << 23
_DEALS = 999


def noise_shares(
    whole: NDArray[np.float64],
    players: Sequence[Sequence[int]],
    size: float,
    always: Sequence[int] = (),
    sample: Sample | None = None,
) -> NDArray[np.float64]:
    """(draws,) the shares that columns of noise would get if they stood beside the players.

    Noise is the attributes' own answers, dealt anew to other rows: it is as skewed as they are.
    Without a sample, or with a large one, where skew no longer tells, it is normal.

    Args:
        whole: (m, m) the correlation of all columns, the outcome last.
        players: For each its columns.
        size: The effective number of rows.
        always: Columns that stay in.
        sample: The rows, their columns in the order of *whole*.
    """
    rng = np.random.default_rng([SEED, 7])
    columns = sum(map(len, players))
    draws = max(1024, min(_COLUMNS, _CELLS // ((columns + 1) * _ORDERS)))
    if sample is None or len(sample) > _DEALT or columns < 1:
        crossed, length = _normal(whole, draws, size, rng)
    else:
        crossed, length = _dealt(sample, [c for p in players for c in p], draws, size, rng)
    total = np.zeros(draws)
    last = len(whole) - 1
    for order in subsets.orders(len(players), _ORDERS, rng):
        sequence = [*always, *(c for player in order for c in players[player]), last]
        lengths = [len(players[player]) for player in order]
        starts = {len(always), *(len(always) + np.cumsum(lengths)).tolist()}
        matrix, cross, rest = whole[np.ix_(sequence, sequence)], crossed[sequence], length
        floors = subsets.PIVOT * np.diag(matrix)
        for step in range(len(sequence)):
            if step in starts:
                total += cross[-1] ** 2 / np.maximum(rest, 1e-12 * length)
            if step == len(sequence) - 1:
                break
            pivot = matrix[0, 0]
            if pivot > floors[step]:
                factor = matrix[1:, 0] / pivot
                rest = rest - cross[0] ** 2 / pivot
                cross = cross[1:] - factor[:, None] * cross[0]
                matrix = matrix[1:, 1:] - factor[:, None] * matrix[0, 1:]
            else:
                cross, matrix = cross[1:], matrix[1:, 1:]
    made: NDArray[np.float64] = total / (_ORDERS * (len(players) + 1))
    return made


def _normal(
    whole: NDArray[np.float64], draws: int, size: float, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Normal columns' (m, draws) products with all columns, and (draws,) with themselves."""
    lengths, axes = np.linalg.eigh(whole)
    real = lengths > subsets.PIVOT
    root = axes[:, real] * np.sqrt(lengths[real])
    normal = rng.standard_normal((int(real.sum()), draws))
    # Noise falls into the space of the columns by chance; the rest of its length lies outside.
    beyond = max(1.0, size - 1 - float(real.sum()))
    crossed = root @ normal / np.sqrt(size)
    return crossed, ((normal**2).sum(axis=0) + rng.chisquare(beyond, draws)) / size


def _filled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Missing answers as their column's mean."""
    return np.where(np.isnan(values), np.nanmean(values, axis=0), values)


def _dealt(
    sample: Sample, columns: Sequence[int], draws: int, size: float, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The same of answers that were dealt anew."""
    filled = _filled(sample.values)
    share = sample.weights / sample.weights.sum()
    centred = filled - share @ filled
    spread = np.sqrt(share @ centred**2)
    vary = spread > 1e-12
    scaled = np.where(vary, centred / np.where(vary, spread, 1.0), 0.0)
    sources = [c for c in columns if vary[c]]
    if not sources:
        return np.zeros((centred.shape[1], draws)), np.ones(draws)
    crossed, length = np.empty((centred.shape[1], draws)), np.empty(draws)
    for begin in range(0, draws, _BLOCK):
        end = min(begin + _BLOCK, draws)
        chosen = [sources[i % len(sources)] for i in range(begin, end)]
        noise = rng.permuted(scaled[:, chosen], axis=0)
        noise -= share @ noise
        crossed[:, begin:end] = (scaled * share[:, None]).T @ noise
        length[begin:end] = share @ noise**2
    # Rows of one respondent, or a few heavy ones, tell less than as many rows: see `size`.
    kish = 1.0 / float((share**2).sum())
    return crossed * np.sqrt(max(1.0, kish / size)), np.maximum(length, 1e-300)


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
    filled = _filled(values)
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

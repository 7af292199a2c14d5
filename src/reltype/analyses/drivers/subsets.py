"""R² of every subset of attributes, and what an attribute adds to them on average.

All matrices are covariances whose last row and column are the outcome's. An attribute that is
determined by those before it adds nothing: it is passed over, so that copies do no harm.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import lgamma
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

EXACT = 23
"""Up to this many players all subsets are gone through: 2²³ are eight million."""

PIVOT = 1e-10
"""Share of its variance that an attribute must keep, given others, to add anything to them."""

_CACHED = 13
"""Levels of the tree whose last layer, 2¹³ numbers, stays near the processor (measured: from 2¹⁴ on ten times slower)."""
_CELLS = 1 << 22
"""How many numbers a block of sampled orders may hold."""


def swept(matrices: NDArray[np.float64], floor: NDArray[np.float64]) -> NDArray[np.float64]:
    """Covariances given the first attribute, without it.

    Args:
        matrices: (m, m, …), a covariance at each place of the last axes.
        floor: (…) the least variance that the first attribute must have left to be swept.

    Returns:
        (m − 1, m − 1, …).
    """
    pivot = matrices[0, 0]
    free = pivot > floor
    factor = matrices[1:, 0] * np.where(free, 1.0 / np.where(free, pivot, 1.0), 0.0)
    made: NDArray[np.float64] = matrices[1:, 1:] - factor[:, None] * matrices[0, 1:]
    return made


def given(matrix: NDArray[np.float64], always: Sequence[int]) -> NDArray[np.float64]:
    """A covariance (m, m, …) of what is left of all columns but *always*, given those."""
    rest = [i for i in range(len(matrix)) if i not in set(always)]
    order = [*always, *rest]
    made = matrix[np.ix_(order, order)]
    floors = PIVOT * np.moveaxis(np.diagonal(made), -1, 0)
    for column in range(len(always)):
        made = swept(made, floors[column])
    return made


def shapley(
    covariance: NDArray[np.float64], players: Sequence[Sequence[int]]
) -> NDArray[np.float64]:
    """What each player adds to the explained variance, on average over all orders: exactly.

    The Shapley value of R², known as LMG (Lindeman, Merenda & Gold 1980; Grömping 2007). A tree
    over the players holds the covariance given each subset: 2ᵖ steps, each of one small sweep.

    Args:
        covariance: (m, m) or (m, m, copies), the outcome last, with variances about 1.
        players: For each player the columns that enter together; every column but the outcome
            once.

    Returns:
        (players,) or (players, copies), ≥ 0, in units of the outcome's variance.
    """
    batched = covariance[..., None] if covariance.ndim == 2 else covariance
    order = [column for player in players for column in player]
    batched = batched[np.ix_([*order, -1], [*order, -1])]
    sizes = [len(player) for player in players]
    count, copies = len(players), batched.shape[2]
    leaf = max(4, _CACHED - int(np.log2(copies)))
    low = max(0, count - leaf)
    floors = PIVOT * np.moveaxis(np.diagonal(batched), -1, 0)
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    prefixes = _grown(batched[:, :, None, :], sizes[:low], floors)
    weight = _weights(count)
    gain = np.zeros((count, copies))
    every = np.zeros(copies)
    whole = batched[-1, -1]
    popcount = _popcount(count - low)
    for prefix in range(1 << low):
        # A copy whose memory is in order: the leaves stride over it thousands of times.
        root = np.ascontiguousarray(prefixes[:, :, prefix : prefix + 1])
        left = _grown(root, sizes[low:], floors[bounds[low] :])[-1, -1]
        explained = whole - left
        size = popcount + prefix.bit_count()
        every += weight[size] @ explained
        both = np.where(size > 0, weight[size - 1], 0.0) + weight[size]
        total = both[:, None] * explained
        for player in reversed(range(low, count)):
            half = len(total) // 2
            gain[player] += total[half:].sum(axis=0)
            total = total[:half] + total[half:]
        for player in range(low):
            if prefix >> player & 1:
                gain[player] += total[0]
    made: NDArray[np.float64] = np.maximum(gain - every, 0.0)
    return made[:, 0] if covariance.ndim == 2 else made


def _grown(
    matrices: NDArray[np.float64], sizes: Sequence[int], floors: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(m′, m′, 2ᵏ·s, copies): covariances given each subset of the next players."""
    column = 0
    for size in sizes:
        taken = matrices
        for step in range(size):
            taken = swept(taken, floors[column + step])
        matrices = np.concatenate([matrices[size:, size:], taken], axis=2)
        column += size
    return matrices


def _weights(count: int) -> NDArray[np.float64]:
    """(count + 1,) s!·(p − 1 − s)!/p!, the share of orders in which just these s come before; 0 for p."""
    sizes = np.arange(count)
    logs = [lgamma(s + 1) + lgamma(count - s) - lgamma(count + 1) for s in sizes]
    return np.append(np.exp(logs), 0.0)


def _popcount(bits: int) -> NDArray[np.int64]:
    counts = np.zeros(1, np.int64)
    for _ in range(bits):
        counts = np.concatenate([counts, counts + 1])
    return counts


def orders(players: int, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """(count, players) random orders; each second one is the first turned round."""
    drawn = rng.permuted(np.tile(np.arange(players), ((count + 1) // 2, 1)), axis=1)
    both = np.stack([drawn, drawn[:, ::-1]], axis=1).reshape(-1, players)
    return both[:count]


def additions(
    covariance: NDArray[np.float64],
    players: Sequence[Sequence[int]],
    chosen: NDArray[np.int64],
) -> NDArray[np.float64]:
    """What each player adds to the explained variance in each of the *chosen* orders.

    Args:
        covariance: (m, m, copies), the outcome last.
        players: For each player its columns.
        chosen: (orders, players).

    Returns:
        (players, orders, copies), ≥ 0; over players they sum to all that is explained.
    """
    copies, count = covariance.shape[2], len(chosen)
    made = np.zeros((len(players), count, copies))
    columns = sum(map(len, players))
    block = max(1, _CELLS // ((columns + 1) ** 2 * copies))
    for start in range(0, count, block):
        some = chosen[start : start + block]
        made[:, start : start + block] = _in_orders(covariance, players, some)
    return made


def _in_orders(
    covariance: NDArray[np.float64],
    players: Sequence[Sequence[int]],
    chosen: NDArray[np.int64],
) -> NDArray[np.float64]:
    last = len(covariance) - 1
    columns = np.array([[c for p in order for c in players[p]] for order in chosen])
    owners = np.array([[p for p in order for _ in players[p]] for order in chosen])
    with_outcome = np.concatenate([columns, np.full((len(chosen), 1), last)], axis=1).T
    matrices = covariance[with_outcome[:, None], with_outcome[None, :]]
    floors = PIVOT * np.moveaxis(np.diagonal(matrices), -1, 0)
    made = np.zeros((len(players), len(chosen), covariance.shape[2]))
    rows = np.arange(len(chosen))
    for step in range(columns.shape[1]):
        pivot = matrices[0, 0]
        free = pivot > floors[step]
        added = np.where(free, matrices[0, -1] ** 2 / np.where(free, pivot, 1.0), 0.0)
        made[owners[:, step], rows] += added
        matrices = swept(matrices, floors[step])
    return made


def explained(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """The variance of the outcome that all columns explain together: () or (copies,)."""
    matrices = covariance
    floors = PIVOT * np.moveaxis(np.diagonal(matrices), -1, 0)
    whole = matrices[-1, -1]
    for column in range(len(covariance) - 1):
        matrices = swept(matrices, floors[column])
    made: NDArray[np.float64] = whole - matrices[0, 0]
    return made

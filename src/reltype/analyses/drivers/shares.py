"""Shares: how much of R² each attribute stands for, by every measure that has a name.

All take correlations whose last row and column are the outcome's. An attribute, or a group that
enters as one, is a *player*: a list of columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from attrs import frozen

from reltype.analyses.drivers import subsets
from reltype.analyses.drivers.moments import SEED, correlation

if TYPE_CHECKING:
    from numpy.typing import NDArray

Players: TypeAlias = Sequence[Sequence[int]]

ORDERS = 4096
"""Orders that are drawn where there are too many players for all subsets."""
_FEW_ORDERS = 256
"""Orders by which replicates differ from the sample, where all subsets of all would take minutes."""
_SUBSETS = 1 << 23
"""Subsets times replicates that are gone through exactly."""
_ZERO = 1e-10
"""Share of the greatest eigenvalue below which a direction does not exist."""


@frozen(eq=False)
class Shares:
    """What each player stands for; where columns always stay in, of what they leave.

    Attributes:
        r2: R² of everything, 0…1.
        always: R² of the columns that always stay in.
        lmg: (players,) the mean gain over all orders; ≥ 0, with `always` they sum to `r2`.
        error: (players,) standard error of `lmg` where orders were drawn; else zeros.
        relative_weights: (players,) Johnson 2000; ≥ 0, the same sum.
        first: (players,) R² of the player alone, beside what always stays in.
        last: (players,) what R² loses without the player.
        pratt: (players,) β·r, which may be negative; the same sum.
        car: (players,) squared CAR scores (Zuber & Strimmer 2011); ≥ 0, the same sum.
    """

    r2: float
    always: float
    lmg: NDArray[np.float64]
    error: NDArray[np.float64]
    relative_weights: NDArray[np.float64]
    first: NDArray[np.float64]
    last: NDArray[np.float64]
    pratt: NDArray[np.float64]
    car: NDArray[np.float64]


def shares(covariance: NDArray[np.float64], players: Players, always: Sequence[int] = ()) -> Shares:
    """Every measure, of one covariance (m, m) with the outcome last.

    Args:
        covariance: Of rows that are the same for all columns: positive semidefinite.
        players: For each its columns.
        always: Columns that stay in whatever else is there.

    Example:
        >>> import numpy as np
        >>> of = shares(np.array([[1, 0.5, 0.6], [0.5, 1, 0.3], [0.6, 0.3, 1]]), [[0], [1]])
        >>> of.lmg.round(4).tolist(), round(of.r2, 4)
        ([0.315, 0.045], 0.36)
    """
    left, kept, columns = _left(correlation(covariance)[..., None], players, always)
    scale = float(kept[0])
    whole = correlation(left)[..., 0]
    lmg, error = _lmg(left, columns)
    weights, pratt, car = _by_direction(whole, scale, columns)
    everything = float(subsets.explained(left)[0])
    return Shares(
        r2=min(1.0, 1.0 - scale + everything),
        always=1.0 - scale,
        lmg=lmg[:, 0],
        error=error,
        relative_weights=weights,
        first=np.array([_alone(left, player) for player in columns]),
        last=np.array([max(0.0, everything - _without(left, player)) for player in columns]),
        pratt=pratt,
        car=car,
    )


def mean_shares(
    covariances: NDArray[np.float64], players: Players, always: Sequence[int]
) -> Shares:
    """The mean of every measure over (m, m, k) covariances, those of imputations."""
    each = [
        shares(covariances[..., number], players, always) for number in range(covariances.shape[2])
    ]
    if len(each) == 1:
        return each[0]
    return Shares(
        **{
            name: np.mean([getattr(one, name) for one in each], axis=0)[()]
            for name in Shares.__annotations__
        }
    )


def replicated(
    covariances: NDArray[np.float64],
    replicates: NDArray[np.float64],
    players: Players,
    always: Sequence[int],
    lmg: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(players, copies) the LMG shares of replicates.

    Where all subsets of all replicates are too many, a replicate's share is the sample's exact one
    plus what the two differ by over the same few orders.
    """
    left, _, columns = _left(correlation(replicates), players, always)
    copies = replicates.shape[2]
    if len(players) < subsets.EXACT and copies << len(players) <= _SUBSETS:
        block = 64
        return np.concatenate(
            [
                subsets.shapley(left[..., start : start + block], columns)
                for start in range(0, copies, block)
            ],
            axis=1,
        )
    chosen = subsets.orders(len(players), _FEW_ORDERS, np.random.default_rng([SEED, 5]))
    base, _, _ = _left(correlation(covariances), players, always)
    start = subsets.additions(base, columns, chosen).mean(axis=(1, 2))
    made: NDArray[np.float64] = np.maximum(
        lmg[:, None] + subsets.additions(left, columns, chosen).mean(axis=1) - start[:, None], 0.0
    )
    return made


def _left(
    correlations: NDArray[np.float64], players: Players, always: Sequence[int]
) -> tuple[NDArray[np.float64], NDArray[np.float64], Players]:
    """What is left given the columns that stay in; how much of the outcome; the players in it."""
    left = subsets.given(correlations, always)
    rest = [i for i in range(len(correlations)) if i not in set(always)]
    place = {column: number for number, column in enumerate(rest)}
    return left, left[-1, -1], [[place[column] for column in player] for player in players]


def _lmg(
    left: NDArray[np.float64], players: Players
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if len(players) <= subsets.EXACT:
        return subsets.shapley(left, players), np.zeros(len(players))
    chosen = subsets.orders(len(players), ORDERS, np.random.default_rng([SEED, 6]))
    added = subsets.additions(left, players, chosen)[..., 0]
    # An order and the same turned round are one draw: they are not independent.
    pairs = (added[:, 0::2] + added[:, 1::2]) / 2
    error = pairs.std(axis=1, ddof=1) / np.sqrt(pairs.shape[1])
    return _even(added.mean(axis=1), left[..., 0], players)[:, None], error


def _even(
    lmg: NDArray[np.float64], left: NDArray[np.float64], players: Players
) -> NDArray[np.float64]:
    """Shares in which exact copies have the same, as they have when all subsets are gone through."""
    whole = np.abs(correlation(left))
    made = lmg.copy()
    single = [number for number, player in enumerate(players) if len(player) == 1]
    for number in single:
        row = whole[players[number][0]]
        alike = [other for other in single if row[players[other][0]] > 1 - 1e-12]
        made[number] = lmg[alike].mean() if alike else lmg[number]
    return made


def _alone(left: NDArray[np.float64], player: Sequence[int]) -> float:
    return float(subsets.explained(left[np.ix_([*player, -1], [*player, -1])])[0])


def _without(left: NDArray[np.float64], player: Sequence[int]) -> float:
    kept = [i for i in range(len(left)) if i not in set(player)]
    return float(subsets.explained(left[np.ix_(kept, kept)])[0])


def _by_direction(
    whole: NDArray[np.float64], scale: float, players: Players
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Johnson's weights, Pratt's and CAR's, from the eigenvectors of the attributes' correlation."""
    related = whole[:-1, -1]
    lengths, axes = np.linalg.eigh(whole[:-1, :-1])
    real = lengths > _ZERO * max(lengths[-1], 0.0)
    root = np.sqrt(np.where(real, lengths, 0.0))
    inverse = np.where(real, 1.0 / np.where(real, root, 1.0), 0.0)
    onto = axes.T @ related
    car = axes @ (inverse * onto)  # R^(-1/2) r: also the weights on Johnson's orthogonal columns
    to_columns = (axes * root) @ axes.T  # R^(1/2): a column's loadings on them
    johnson = (to_columns**2) @ (car**2)
    slopes = axes @ (inverse**2 * onto)
    each = (johnson, slopes * related, car**2)
    weights, pratt, scores = (
        scale * np.array([values[list(player)].sum() for player in players]) for values in each
    )
    return weights, pratt, scores

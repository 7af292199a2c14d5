"""Matrices: how many go from one state to another in a step, as labelled, by posterior, corrected.

Labels err, and every error looks like a move and back. The corrected matrix is the one that, seen
through those errors, gives what was seen: a latent Markov model with known misclassification (Pfeffermann,
Skinner & Humphreys 1998 for two occasions), fitted by EM. It takes the errors of two days to be
independent; what is misread for a lasting reason stays misread, and then the truth lies between the
labelled and the corrected matrix.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ROUNDS = 2000
CLOSE = 1e-7
"""Change of a cell in one round of EM at which it ends: of 10,000 steps a thousandth."""
RESAMPLES = 400
WIDER = 1.06
"""By this factor intervals are wider than resampling alone says, which held the truth in 87 of 100
cases where 90 were meant (400 customers, 5 days: benchmarks/tracking.py)."""

FEW = 30
"""Steps that begin in a state, below which nothing is said of where it leads."""


@frozen(eq=False)
class Matrix:
    """Where customers go from each state in one step.

    Attributes:
        states: Their names; rows and columns.
        shares: (states, states) rows sum to 1; NaN where nobody begins there.
        low, high: Interval of each share, by resampling customers; NaN likewise.
        steps: (states,) how many steps begin there.
    """

    states: tuple[str, ...]
    shares: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    steps: NDArray[np.float64]

    def half_life(self, state: str) -> float | None:
        """Steps after which half of those in a state have left it; None where few began there."""
        i = self.states.index(state)
        stay = self.shares[i, i]
        if not (self.steps[i] >= FEW and 0 < stay < 1):
            return None
        return float(np.log(0.5) / np.log(stay))

    def next(self, state: str) -> str | None:
        """The state to which most of those go who leave; None where few began there."""
        i = self.states.index(state)
        if self.steps[i] < FEW:
            return None
        away = np.where(np.arange(len(self.states)) == i, -1.0, self.shares[i])
        return self.states[int(away.argmax())] if away.max() > 0 else None


def joint_of(path: NDArray[np.int64], states: int) -> NDArray[np.float64]:
    """(states, states) how often each state follows each, over all customers and steps.

    Args:
        path: (customers, days) state of each customer at each day.
        states: How many there are.
    """
    pairs = path[:, :-1] * states + path[:, 1:]
    counts = np.bincount(pairs.ravel(), minlength=states * states)
    return np.asarray(counts.reshape(states, states), float)


def expected(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """(states, states) expected steps where a customer is each state with a probability.

    Args:
        weights: (customers, days, states) probabilities; each sums to 1.
    """
    return np.asarray(np.einsum("nti,ntj->ij", weights[:, :-1], weights[:, 1:]), float)


def errors_of(
    weights: NDArray[np.float64], path: NDArray[np.int64], states: int
) -> NDArray[np.float64]:
    """(states, states) P(label | truth), as the posteriors themselves expect it.

    Args:
        weights: (customers, days, states) probabilities of the truth.
        path: (customers, days) labels.
        states: How many there are.
    """
    flat = weights.reshape(-1, weights.shape[-1])
    both = np.zeros((states, states))
    np.add.at(both, path.ravel(), flat)
    mass = both.sum(axis=0)
    told = both / np.where(mass > 0, mass, 1.0)
    return np.where(mass[:, None] > 0, told.T, np.eye(states))


def corrected(joint: NDArray[np.float64], errors: NDArray[np.float64]) -> NDArray[np.float64]:
    """(states, states) steps between true states that *errors* would show as *joint*.

    Args:
        joint: (labels, labels) steps as labelled.
        errors: (states, labels) P(label | truth); rows sum to 1.

    Example:
        >>> import numpy as np
        >>> truth = np.array([[.45, .05], [.02, .48]])
        >>> errors = np.array([[.9, .1], [.2, .8]])
        >>> np.round(corrected(errors.T @ truth @ errors, errors), 2)
        array([[0.45, 0.05],
               [0.02, 0.48]])
    """
    return np.asarray(corrected_all(joint[None], errors)[0])


def corrected_all(joints: NDArray[np.float64], errors: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, states, states) what `corrected` gives for each of *joints*, worked out at once."""
    total = joints.sum(axis=(1, 2), keepdims=True)
    seen = np.divide(joints, total, out=np.zeros_like(joints), where=total > 0)
    start = seen.sum(axis=2) @ errors.T
    found = start[:, :, None] * start[:, None, :] + 1e-12
    found += start[:, :, None] * np.eye(len(errors))
    found /= found.sum(axis=(1, 2), keepdims=True)
    open_ = np.flatnonzero(total[:, 0, 0] > 0)
    for _ in range(ROUNDS):
        if not len(open_):
            break
        now = found[open_]
        shown = errors.T @ now @ errors
        moved = now * (errors @ (seen[open_] / np.maximum(shown, 1e-300)) @ errors.T)
        change = np.abs(moved - now).max(axis=(1, 2))
        found[open_] = moved / moved.sum(axis=(1, 2), keepdims=True)
        open_ = open_[change >= CLOSE]
    return np.asarray(found * total)


def shares(joint: NDArray[np.float64]) -> NDArray[np.float64]:
    """(…, states, states) rows that sum to 1; NaN where nobody begins."""
    mass = joint.sum(axis=-1, keepdims=True)
    return np.asarray(np.divide(joint, mass, out=np.full_like(joint, np.nan), where=mass > 0))


def matrices(
    names: Sequence[str],
    path: NDArray[np.int64],
    weights: NDArray[np.float64],
    *,
    level: float = 0.9,
    resamples: int = RESAMPLES,
) -> dict[str, Matrix]:
    """The three matrices, each with intervals from resampling whole customers.

    Args:
        names: Of the states.
        path: (customers, days) state as labelled.
        weights: (customers, days, states) probabilities of each state.
        level: Of the intervals, 0…1.
        resamples: How often customers are drawn anew.
    """
    count = len(names)
    errors = errors_of(weights, path, count)
    whole = joint_of(path, count)
    found = {
        "labelled": whole,
        "posterior": expected(weights),
        "corrected": corrected(whole, errors),
    }
    rng = np.random.default_rng(0)
    _, first, often = np.unique(path, axis=0, return_index=True, return_counts=True)
    pairs = (path[first, :-1] * count + path[first, 1:]).ravel()
    steps = path.shape[1] - 1
    blocks = np.array_split(rng.permutation(len(path)), min(len(path), 200))
    by_block = np.array([expected(weights[block]) for block in blocks])
    drawn: dict[str, list[NDArray[np.float64]]] = {name: [] for name in ("labelled", "posterior")}
    for _ in range(resamples):
        times = rng.multinomial(len(path), often / often.sum())
        counts = np.bincount(pairs, np.repeat(times, steps), count * count)
        one = np.asarray(counts.reshape(count, count), float)
        drawn["labelled"].append(one)
        picked = rng.multinomial(len(blocks), np.full(len(blocks), 1 / len(blocks)))
        drawn["posterior"].append(np.asarray(np.tensordot(picked, by_block, 1)))
    again = {name: np.array(joints) for name, joints in drawn.items()}
    again["corrected"] = corrected_all(again["labelled"], errors)
    made = {}
    for name, joint in found.items():
        steps_from = joint.sum(axis=1)
        low, high = _interval(joint, shares(again[name]), level)
        made[name] = Matrix(tuple(names), shares(joint), low, high, steps_from)
    return made


def _interval(
    joint: NDArray[np.float64], drawn: NDArray[np.float64], level: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """An interval on the logit scale, whose width is that of the resampled shares.

    Shares near 0 or 1 are drawn in by half a step (Jeffreys), so that *nobody was seen to* is not
    *nobody does*; quantiles of the resamples alone held the truth too seldom.
    """
    from scipy.special import expit, logit
    from scipy.stats import norm

    mass = joint.sum(axis=1, keepdims=True)
    drawn_in = (joint + 0.5) / (mass + 1)
    chance = np.sqrt(drawn_in * (1 - drawn_in) / (mass + 1))
    rows = mass[:, 0] > 0
    spread = np.zeros_like(joint)
    spread[rows] = np.nanstd(drawn[:, rows], axis=0)
    error = np.where(joint * (mass - joint) > 0, spread, chance) / (drawn_in * (1 - drawn_in))
    z = WIDER * norm.ppf((1 + level) / 2)
    low, high = (expit(logit(drawn_in) + sign * z * error) for sign in (-1, 1))
    whole = shares(joint)
    hold = np.isnan(whole)
    low = np.where(hold, np.nan, np.minimum(low, whole))
    return low, np.where(hold, np.nan, np.maximum(high, whole))

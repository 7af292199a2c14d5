"""Stacking: what labels add to a score that is there already, by shrunken multinomial regression.

z_a = β s_a + b_a + Σ_j x_j W_ja, penalised towards β = 1, b = 0, W = 0: with no labels, or none
that help, the scores stay as they were. It is the ridge of Le Cessie & van Houwelingen (1992) with
the known score as an offset, as in clinical model updating (Steyerberg et al. 2004).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reltype.arrow import Floats, Ints

GRID = (0.02, 0.07, 0.2, 0.7, 2.0, 7.0, 20.0)
"""Candidates for the penalty on W, in labels' information per column; times the number of columns,
so that what all columns together may add does not grow with how many there are."""

EXPECTED, SPREAD = 0.7, 1.5
"""The penalty that is expected, as GRID gives it, and the standard deviation of its logarithm: with
it all columns together add ±1.2 to a log-odds. Chosen on simulated logs; some hundred labels
overrule it. Without it, cross-validation on 20 labels now and then took one too small, and lost."""

FOLDS = 5
MOST = 5000
"""Labels that cross-validation looks at; more would choose the same penalty, slower."""

SLOPE, INTERCEPT = 10.0, 4.0
"""How many labels' information the penalties on β − 1 and on b count as."""


@frozen(eq=False)
class Stack:
    """What was learned.

    Attributes:
        slope: β.
        intercept: (K,) b.
        weights: (columns, K) W.
        penalty: The penalty on W that cross-validation chose.
        loss: Its mean log-loss on held-out labels, in nats.
        before: That of the scores as they were, on the same labels.
        held_out: (labels, K) scores of each label by a fit that had not seen it.
        seen: (labels,) index of the labels that were held out in turn.
    """

    slope: float
    intercept: Floats
    weights: Floats
    penalty: float
    loss: float
    before: float
    held_out: Floats
    seen: Ints

    def apply(self, scores: Floats, columns: Floats) -> Floats:
        """(n, K) z of *scores* (n, K) and *columns* (n, columns)."""
        return np.asarray(self.slope * scores + self.intercept + columns @ self.weights)


def stack(scores: Floats, columns: Floats, labels: Ints) -> Stack:
    """The regression of *labels*, with the penalty that does best on held-out labels.

    Args:
        scores: (n, K) log-odds that are there already; −inf for a class that nobody is of.
        columns: (n, columns) of about unit variance.
        labels: (n,) indices of classes.
    """
    seen = _even(len(labels), MOST)
    s, x, y = scores[seen], columns[seen], labels[seen]
    fold = folds(y, FOLDS)
    grid = np.array(GRID) * max(columns.shape[1], 1)
    held = np.stack([_held_out(s, x, y, fold, penalty) for penalty in grid])
    losses = np.array([log_loss(z, y) for z in held])
    # Penalties that do about as well share the say, each by its held-out likelihood (Yao et al.
    # 2018, pseudo-BMA): with few labels the best one is best by chance.
    expected = -0.5 * np.square(np.log(np.array(GRID) / EXPECTED) / SPREAD)
    say = expected - losses * len(y)
    say = np.exp(say - say.max())
    say /= say.sum()
    penalty = float(np.exp(say @ np.log(grid)))
    slope, intercept, weights = regress(scores, columns, labels, penalty)
    return Stack(
        slope=slope,
        intercept=intercept,
        weights=weights,
        penalty=penalty,
        loss=float(say @ losses),
        before=log_loss(s, y),
        held_out=np.tensordot(say, held, 1),
        seen=seen,
    )


def regress(
    scores: Floats, columns: Floats, labels: Ints, penalty: float
) -> tuple[float, Floats, Floats]:
    """β, b (K,) and W (columns, K) at one penalty; the problem is convex and so has one answer."""
    from scipy.optimize import minimize

    n, classes = scores.shape
    width = columns.shape[1]
    hit = np.zeros((n, classes))
    hit[np.arange(n), labels] = 1.0

    def split(t: Floats) -> tuple[float, Floats, Floats]:
        return float(t[0]), t[1 : 1 + classes], t[1 + classes :].reshape(width, classes)

    def loss(t: Floats) -> tuple[float, Floats]:
        slope, intercept, weights = split(t)
        z = slope * scores + intercept + columns @ weights
        log_p = log_softmax(z)
        off = np.exp(log_p) - hit
        value = -log_p[np.arange(n), labels].sum() + 0.5 * (
            SLOPE * (slope - 1) ** 2
            + INTERCEPT * (intercept @ intercept)
            + penalty * (weights * weights).sum()
        )
        gradient = np.concatenate(
            [
                [(off * scores).sum() + SLOPE * (slope - 1)],
                off.sum(axis=0) + INTERCEPT * intercept,
                (columns.T @ off + penalty * weights).ravel(),
            ]
        )
        return float(value), gradient

    start = np.zeros(1 + classes + width * classes)
    start[0] = 1.0
    bounds = [(0.05, 5.0)] + [(None, None)] * (len(start) - 1)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return split(found.x)


def temperature(scores: Floats, labels: Ints) -> float:
    """τ by which held-out scores are divided so that they mean what they say (Guo et al. 2017).

    It is drawn towards 1 as if ten labels had said so.
    """
    from scipy.optimize import minimize_scalar

    def loss(log_tau: float) -> float:
        z = scores / np.exp(log_tau)
        return float(-log_softmax(z)[np.arange(len(labels)), labels].sum() + 10 * log_tau**2)

    return float(np.exp(minimize_scalar(loss, bounds=(-1.5, 1.5), method="bounded").x))


def folds(labels: Ints, count: int) -> Ints:
    """(n,) fold of each label, the classes spread evenly, always in the same way."""
    rng = np.random.default_rng(0)
    made = np.empty(len(labels), np.int64)
    turn = 0
    for label in np.unique(labels):
        mine = rng.permutation(np.nonzero(labels == label)[0])
        made[mine] = (np.arange(len(mine)) + turn) % count
        turn += len(mine)
    return made


def log_softmax(scores: Floats) -> Floats:
    """Scores less the log of the sum of their exponentials, by row."""
    top = scores.max(axis=1, keepdims=True)
    return np.asarray(scores - top - np.log(np.exp(scores - top).sum(axis=1, keepdims=True)))


def log_loss(scores: Floats, labels: Ints) -> float:
    """Mean −log p of the labels, in nats."""
    return float(-log_softmax(scores)[np.arange(len(labels)), labels].mean())


def _held_out(s: Floats, x: Floats, y: Ints, fold: Ints, penalty: float) -> Floats:
    made = s.copy()
    for f in np.unique(fold):
        out = fold == f
        if out.all():
            continue
        # A penalty counts per label: fewer of them in a fold must not be shrunk more.
        slope, intercept, weights = regress(s[~out], x[~out], y[~out], penalty * (~out).mean())
        made[out] = slope * s[out] + intercept + x[out] @ weights
    return made


def _even(count: int, most: int) -> NDArray[np.int64]:
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64))

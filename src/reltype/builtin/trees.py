"""Trees: a recipe for scikit-learn's gradient boosting, kept as plain tables of numbers."""

# ruff: noqa: N803 - a matrix is called X in scikit-learn

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reltype.arrow import Floats, Ints
    from reltype.definitions.recipes import State

ROUNDS = 40
DEPTH = 3
NODES = 2 ** (DEPTH + 1) - 1
TABLES = ("column", "left", "right", "nulls_left", "threshold", "value")


@frozen
class Trees:
    """Boosted trees: (trees, NODES) tables, one tree after the other by class.

    A leaf leads to itself, so every walk is `DEPTH` steps long. As tables they need neither the
    version of scikit-learn that grew them nor trust in whoever wrote them down: every index is
    looked at before it is followed.

    A state holds `base`, (C,) log-odds before any tree (C = 2 has one, for the second class), and
    of each node: `column`, which it asks; `threshold`, up to which a value goes left; the nodes to
    the `left` and `right`; `nulls_left`, 1 where null goes left; `value`, what a leaf adds.
    """

    name: str = "trees"

    def fit(self, X: Floats, y: Ints, columns: tuple[str, ...]) -> State:
        """The trees of y over signals and features; null has a branch. Readings repeat signals."""
        from sklearn.ensemble import HistGradientBoostingClassifier

        told = np.array([j for j in _varied(X) if not columns[j].startswith("d_")], np.int64)
        if not len(told):
            return _tables([], np.log(np.bincount(y) / len(y)), told)
        learner = HistGradientBoostingClassifier(
            max_iter=ROUNDS,
            learning_rate=0.1,
            max_depth=DEPTH,
            min_samples_leaf=int(np.clip(len(y) // 20, 3, 20)),
            l2_regularization=1.0,
            early_stopping=False,
            random_state=0,
        ).fit(X[:, told], y)
        grown = [tree.nodes for one in learner._predictors for tree in one]  # noqa: SLF001
        return _tables(grown, learner._baseline_prediction, told)  # noqa: SLF001

    def predict_proba(self, state: State, X: Floats) -> Floats:
        """(n, C). Raises ValueError where the state is no trees over X's columns."""
        _check(state, X.shape[1])
        outputs = len(state["base"])
        total = np.tile(state["base"], (len(X), 1))
        columns = np.ascontiguousarray(X.T)
        rows = np.arange(len(X))
        for t in range(len(state["value"])):
            column, threshold, left, right, nulls_left, value = (
                state[k][t] for k in ("column", "threshold", "left", "right", "nulls_left", "value")
            )
            at = np.zeros(len(X), np.int64)
            for _ in range(DEPTH):
                asked = columns[column[at], rows]
                lower = (asked <= threshold[at]) | (np.isnan(asked) & (nulls_left[at] == 1))
                at = np.where(lower, left[at], right[at])
            total[:, t % outputs] += value[at]
        if outputs == 1:
            total = np.hstack([np.zeros_like(total), total])
        odds = np.exp(total - total.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def _tables(grown: list[NDArray[Any]], base: Floats, told: Ints) -> State:
    """A state of scikit-learn's nodes, which know the columns *told* as 0, 1 and so on."""
    shape = (len(grown), NODES)
    own = np.tile(np.arange(NODES), (len(grown), 1))
    made: dict[str, NDArray[Any]] = {
        "base": np.asarray(base, np.float64).ravel(),
        "column": np.zeros(shape, np.int64),
        "threshold": np.zeros(shape),
        "left": own.copy(),
        "right": own.copy(),
        "nulls_left": np.zeros(shape, np.int64),
        "value": np.zeros(shape),
    }
    for t, nodes in enumerate(grown):
        inner = np.nonzero(nodes["is_leaf"] == 0)[0]
        made["value"][t, : len(nodes)] = nodes["value"]
        made["column"][t, inner] = told[nodes["feature_idx"][inner]]
        made["threshold"][t, inner] = nodes["num_threshold"][inner]
        made["left"][t, inner] = nodes["left"][inner]
        made["right"][t, inner] = nodes["right"][inner]
        made["nulls_left"][t, inner] = nodes["missing_go_to_left"][inner]
    return made


def _check(state: State, columns: int) -> None:
    """Raise ValueError unless every index of *state* is within its table, and its numbers are."""
    if set(state) != {"base", *TABLES}:
        raise ValueError(f"the trees hold {sorted(state)}")
    shape = (len(state["value"]), NODES)
    below = {"column": columns, "left": NODES, "right": NODES, "nulls_left": 2}
    for name in TABLES:
        table = state[name]
        if table.shape != shape or table.dtype != (np.int64 if name in below else np.float64):
            raise ValueError(f"the trees' {name} is {table.dtype} of shape {table.shape}")
        if name in below and ((table < 0) | (table >= below[name])).any():
            raise ValueError(f"the trees' {name} leads out of its table")
    base = state["base"]
    if (
        base.ndim != 1
        or not len(base)
        or base.dtype != np.float64
        or len(state["value"]) % len(base)
    ):
        raise ValueError("the trees' base is not one of theirs")
    # A threshold may be infinite: everything but null goes left.
    finite = np.isfinite(base).all() and np.isfinite(state["value"]).all()
    if not finite or np.isnan(state["threshold"]).any():
        raise ValueError("the trees hold what is no number")


def _varied(raw: Floats) -> Ints:
    """Indices of the columns that hold two values at least: scikit-learn's binning wants that."""
    with np.errstate(invalid="ignore"):
        low = np.where(np.isnan(raw), np.inf, raw).min(axis=0)
        high = np.where(np.isnan(raw), -np.inf, raw).max(axis=0)
    return np.nonzero(high > low)[0]

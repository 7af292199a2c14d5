"""A random forest for reltype: a recipe that `fit --labels` trains and stacks with the others."""

# ruff: noqa: N803 - a matrix is called X in scikit-learn

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen
from reltype.plugin import hookimpl

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from reltype.plugin import Recipe, State
    from sklearn.ensemble import RandomForestClassifier

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

reltype_api = 1

TREES = 200
DEPTH = 8
LEAF = 3
"""Customers in a leaf, at least: a leaf of one would be sure of what it saw once."""

LARGEST = 1e30
"""scikit-learn's trees compare in float32, and add X up; what is larger counts as so much."""

TABLES = ("column", "left", "right", "nulls_left", "threshold", "value")


@frozen
class Forest:
    """Breiman's random forest (2001), as scikit-learn grows it, kept as tables of numbers.

    All trees' nodes stand in one table, one below the other; `root` says where each tree begins.
    A node asks a `column`, sends values up to its `threshold`, and null where `nulls_left` is 1,
    to the node `left`, others to `right`; a leaf leads to itself. `value` holds the classes' shares
    among the examples that reached the node; the forest says the mean over its trees.
    """

    name: str = "forest"

    def fit(self, X: Floats, y: Ints, columns: tuple[str, ...]) -> State:  # noqa: ARG002
        """Grow it, with a fixed seed: the same examples give the same forest."""
        from sklearn.ensemble import RandomForestClassifier

        grown = RandomForestClassifier(
            TREES, max_depth=DEPTH, min_samples_leaf=LEAF, random_state=0, n_jobs=1
        ).fit(_narrow(X), y)
        return _tables(grown)

    def predict_proba(self, state: State, X: Floats) -> Floats:
        """(n, C). Raises ValueError where the state is no forest over X's columns."""
        _check(state, X.shape[1])
        columns = np.ascontiguousarray(_narrow(X).T)
        rows = np.arange(len(X))
        total = np.zeros((len(X), state["value"].shape[1]))
        for root in state["root"]:
            at = np.full(len(X), root)
            for _ in range(DEPTH):
                asked = columns[state["column"][at], rows]
                lower = asked <= state["threshold"][at]
                lower |= np.isnan(asked) & (state["nulls_left"][at] == 1)
                at = np.where(lower, state["left"][at], state["right"][at])
            total += state["value"][at]
        return total / len(state["root"])


@hookimpl
def reltype_classifiers() -> list[Recipe]:
    """Return the forest, which learns any typology."""
    return [Forest()]


def _narrow(X: Floats) -> NDArray[np.float32]:
    return np.clip(X, -LARGEST, LARGEST).astype(np.float32)


def _tables(grown: RandomForestClassifier) -> State:
    """The trees of scikit-learn, numbered through."""
    trees = [one.tree_ for one in grown.estimators_]
    root = np.cumsum([0, *(tree.node_count for tree in trees)])[:-1]

    def joined(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(tree, name) for tree in trees])

    own = np.arange(sum(tree.node_count for tree in trees))
    shift = np.repeat(root, [tree.node_count for tree in trees])
    left, right = joined("children_left"), joined("children_right")
    leaf = left < 0
    return {
        "root": root,
        "column": np.where(leaf, 0, joined("feature")),
        "threshold": np.where(leaf, 0.0, joined("threshold")),
        "left": np.where(leaf, own, left + shift),
        "right": np.where(leaf, own, right + shift),
        "nulls_left": np.where(leaf, 0, joined("missing_go_to_left")).astype(np.int64),
        "value": joined("value")[:, 0, :],
    }


def _check(state: State, columns: int) -> None:
    """Raise ValueError unless every index of *state* is within its table."""
    if set(state) != {"root", *TABLES}:
        raise ValueError(f"a forest does not hold {', '.join(sorted(state)) or 'nothing'}")
    nodes = len(state["value"])
    below = {"column": columns, "left": nodes, "right": nodes, "nulls_left": 2, "root": nodes}
    for name, end in below.items():
        table = state[name]
        if table.dtype != np.int64 or table.ndim != 1 or ((table < 0) | (table >= end)).any():
            raise ValueError(f"{name!r} leads out of the forest")
        if name != "root" and len(table) != nodes:
            raise ValueError(f"{name!r} is not as long as the others")
    if state["threshold"].shape != (nodes,) or state["value"].ndim != 2 or not len(state["root"]):
        raise ValueError("it is no forest")

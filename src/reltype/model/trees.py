"""Trees: scikit-learn's gradient boosting, kept as plain tables of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

if TYPE_CHECKING:
    from reltype.metrics import Floats, Ints

ROUNDS = 40
DEPTH = 3
NODES = 2 ** (DEPTH + 1) - 1
_FLOOR = 1e-3


@frozen(eq=False)
class Trees:
    """Boosted trees over some columns: (trees, NODES) tables, one tree after the other by class.

    A leaf leads to itself, so every walk is `DEPTH` steps long. As tables they need neither the
    version of scikit-learn that grew them nor trust in whoever wrote them down: an index that is
    out of place is an error of numpy's, not a wild read.

    Attributes:
        present: (C,) index of the archetype of each class that it tells apart.
        base: (C,) log-odds before any tree; C = 2 has one, for the second class.
        column: Which column a node asks.
        threshold: A value up to it goes left.
        left: Node to the left.
        right: Node to the right.
        nulls_left: 1 where null goes left.
        value: What a leaf adds.
    """

    present: Ints
    base: Floats
    column: Ints
    threshold: Floats
    left: Ints
    right: Ints
    nulls_left: Ints
    value: Floats

    @classmethod
    def grown(cls, raw: Floats, labels: Ints) -> Trees:
        """The trees of *labels* over the columns of *raw* (n, columns); null (NaN) has a branch."""
        from sklearn.ensemble import HistGradientBoostingClassifier

        told = _varied(raw)
        learner = HistGradientBoostingClassifier(
            max_iter=ROUNDS,
            learning_rate=0.1,
            max_depth=DEPTH,
            min_samples_leaf=int(np.clip(len(labels) // 20, 3, 20)),
            l2_regularization=1.0,
            early_stopping=False,
            random_state=0,
        ).fit(raw[:, told], labels)
        return cls._of(learner._predictors, learner._baseline_prediction, learner.classes_, told)  # noqa: SLF001

    @classmethod
    def _of(cls, rounds: list[list[object]], base: Floats, present: Ints, told: Ints) -> Trees:
        grown = [tree.nodes for one in rounds for tree in one]  # type: ignore[attr-defined]
        shape = (len(grown), NODES)
        own = np.tile(np.arange(NODES), (len(grown), 1))
        made = cls(
            present=np.asarray(present, np.int64),
            base=np.asarray(base, np.float64).ravel(),
            column=np.zeros(shape, np.int64),
            threshold=np.zeros(shape),
            left=own.copy(),
            right=own.copy(),
            nulls_left=np.zeros(shape, np.int64),
            value=np.zeros(shape),
        )
        for t, nodes in enumerate(grown):
            count = len(nodes)
            inner = np.nonzero(nodes["is_leaf"] == 0)[0]
            made.value[t, :count] = nodes["value"]
            made.column[t, inner] = told[nodes["feature_idx"][inner]]
            made.threshold[t, inner] = nodes["num_threshold"][inner]
            made.left[t, inner] = nodes["left"][inner]
            made.right[t, inner] = nodes["right"][inner]
            made.nulls_left[t, inner] = nodes["missing_go_to_left"][inner]
        return made

    def odds(self, raw: Floats, classes: int) -> Floats:
        """(n, classes) log-probabilities less their mean; 0 for classes that it does not know."""
        known = len(self.present)
        outputs = len(self.base)
        total = np.tile(self.base, (len(raw), 1))
        columns = np.ascontiguousarray(raw.T)
        rows = np.arange(len(raw))
        for t in range(len(self.value)):
            at = np.zeros(len(raw), np.int64)
            for _ in range(DEPTH):
                value = columns[self.column[t, at], rows]
                left = (value <= self.threshold[t, at]) | (
                    np.isnan(value) & (self.nulls_left[t, at] == 1)
                )
                at = np.where(left, self.left[t, at], self.right[t, at])
            total[:, t % outputs] += self.value[t, at]
        if outputs == 1:
            total = np.hstack([np.zeros_like(total), total])
        total -= total.max(axis=1, keepdims=True)
        likely = total - np.log(np.exp(total).sum(axis=1, keepdims=True))
        likely = np.maximum(likely, np.log(_FLOOR))
        made = np.zeros((len(raw), classes))
        made[:, self.present[:known]] = likely - likely.mean(axis=1, keepdims=True)
        return made


def _varied(raw: Floats) -> Ints:
    """Indices of the columns that hold two values at least: scikit-learn's binning wants that."""
    with np.errstate(invalid="ignore"):
        low = np.where(np.isnan(raw), np.inf, raw).min(axis=0)
        high = np.where(np.isnan(raw), -np.inf, raw).max(axis=0)
    return np.nonzero(high > low)[0]

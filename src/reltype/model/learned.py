"""Learned: the classifier that speaks for what people's labels taught."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen

from reltype.model.stacking import Stack, folds, stack
from reltype.model.trees import Trees

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reltype.classifiers import Batch
    from reltype.metrics import Floats, Ints
    from reltype.model.ranks import Ranks

TREES = 200
"""From so many labels on, trees join in: of fewer they know less than what they would amend."""

FEWEST = 5
"""Labels that two archetypes at least must have then, so that no fold is without either."""


@frozen(eq=False)
class Matter:
    """What there is to learn from: numbers of some customers, null as NaN.

    Attributes:
        signals: (n, signals).
        facts: (n, features).
        fired: (n, rules): 1 where the rule holds, else 0.
    """

    signals: Floats
    facts: Floats
    fired: Floats

    @classmethod
    def of(cls, batch: Batch, signals: int, features: Sequence[str]) -> Matter:
        """That of *batch*, whose plan has *features* as `also`."""
        return cls(
            _numbers(batch, [f"signal_{i}" for i in range(signals)]),
            _numbers(batch, features),
            np.nan_to_num(batch.fired),
        )

    @property
    def raw(self) -> Floats:
        """Signals and facts side by side, for trees."""
        return np.hstack([self.signals, self.facts])

    def __getitem__(self, rows: Ints) -> Matter:
        return Matter(self.signals[rows], self.facts[rows], self.fired[rows])


def _numbers(batch: Batch, names: Sequence[str]) -> Floats:
    import pyarrow as pa
    import pyarrow.compute as pc

    made = np.empty((len(batch), len(names)))
    for j, name in enumerate(names):
        column = batch.table.column(name)
        if pa.types.is_boolean(column.type):
            column = pc.cast(column, pa.int8())
        made[:, j] = pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    made[~np.isfinite(made)] = np.nan
    return made


@frozen(eq=False)
class Learned:
    """What labels add to each archetype's score, in log-odds before the pool's temperature.

    Attributes:
        signals: The signals that it reads, in order.
        dimensions: Of each, the dimension that it speaks of.
        features: The features that it reads besides.
        rules: The rules whose weights it amends.
        ranks: Of signals, then features.
        usual: (rules,) share of customers on whom each fires.
        weights: (columns, K) what a unit of each column adds.
        intercept: (K,) what it adds to everybody.
        trees: Trees over signals and features, or None.
    """

    signals: tuple[str, ...]
    dimensions: tuple[str, ...]
    features: tuple[str, ...]
    rules: tuple[str, ...]
    ranks: Ranks
    usual: Floats
    weights: Floats
    intercept: Floats
    trees: Trees | None = None
    name: str = "learned"

    @property
    def items(self) -> tuple[str, ...]:
        """The dimensions, then the rest by kind."""
        return (*dict.fromkeys(self.dimensions), "features", "rules", "trees", "base rates")

    def parts(self, batch: Batch) -> Floats:
        """(n, archetypes, items) what each says; a row depends on that row alone."""
        columns = self.columns(Matter.of(batch, len(self.signals), self.features))
        made = np.zeros((len(batch), len(self.intercept), len(self.items)))
        for column, item, weights in zip(columns.T, self._item_of, self.weights, strict=True):
            for a, weight in enumerate(weights):
                if weight:
                    made[:, a, item] += weight * column
        made[:, :, -1] = self.intercept
        return made

    def score(self, batch: Batch) -> Floats:
        """The sum of `parts`."""
        from reltype.classifiers import add_up

        return add_up(self.parts(batch))

    def columns(self, matter: Matter, says: Floats | None = None) -> Floats:
        """(n, columns) of about unit variance: what the weights are for.

        Args:
            matter: The customers.
            says: What the trees say (n, K); asked of them where None.
        """
        raw = matter.raw
        made = [self.ranks.transform(raw), self.ranks.flags(raw), matter.fired - self.usual]
        if self.trees is not None:
            made.append(self.trees.odds(raw, len(self.intercept)) if says is None else says)
        return np.hstack(made)

    @property
    def _item_of(self) -> Ints:
        """(columns,) which item each column counts for."""
        place = {name: i for i, name in enumerate(dict.fromkeys(self.dimensions))}
        rest = len(place)
        facts = [place[d] for d in self.dimensions] + [rest] * len(self.features)
        trees = len(self.intercept) * (self.trees is not None)
        return np.array([*facts, *facts, *[rest + 1] * len(self.rules), *[rest + 2] * trees])


def learn(blank: Learned, matter: Matter, scores: Floats, labels: Ints) -> tuple[Learned, Stack]:
    """What *labels* teach beyond *scores*; the learned weights are for scores divided by 1.

    Args:
        blank: The ranks and names; its weights are not used.
        matter: (n) labelled customers.
        scores: (n, K) what is said of them without labels; divided by the temperature.
        labels: (n,) indices of archetypes, of two at least. Archetypes that no label names are
            left as they are against the others.
    """
    # The libraries must be there before their threads can be limited.
    import scipy.optimize  # noqa: F401
    import sklearn.ensemble  # noqa: F401
    from threadpoolctl import threadpool_limits

    # One thread adds up in one order: the same bytes on every machine, and small matrices are
    # done before a second thread is awake.
    with threadpool_limits(limits=1):
        return _learn(blank, matter, scores, labels)


def _learn(blank: Learned, matter: Matter, scores: Floats, labels: Ints) -> tuple[Learned, Stack]:
    present = np.unique(labels)
    index = np.searchsorted(present, labels)
    says = None
    if len(labels) >= TREES and np.sort(np.bincount(labels))[-2] >= FEWEST:
        blank = evolve(blank, trees=Trees.grown(matter.raw, labels))
        says = _held_out_odds(matter, labels, scores.shape[1])
    made = stack(scores[:, present], blank.columns(matter, says), index)
    weights = np.zeros((made.weights.shape[0], scores.shape[1]))
    intercept = np.zeros(scores.shape[1])
    # Only differences between archetypes mean anything: what all of them get, none gets.
    weights[:, present] = made.weights - made.weights.mean(axis=1, keepdims=True)
    intercept[present] = made.intercept - made.intercept.mean()
    return evolve(blank, weights=weights, intercept=intercept), made


def _held_out_odds(matter: Matter, labels: Ints, classes: int) -> Floats:
    """What trees that had not seen a label say of it."""
    made = np.zeros((len(labels), classes))
    fold = folds(labels, 5)
    raw = matter.raw
    for f in range(5):
        out = fold == f
        made[out] = Trees.grown(raw[~out], labels[~out]).odds(raw[out], classes)
    return made

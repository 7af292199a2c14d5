"""Learned: the classifier that speaks for what people's labels taught."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, fields, frozen

from reltype.arrow import doubles
from reltype.learning.model.fitted_recipe import FittedRecipe
from reltype.learning.model.stacking import FOLDS, Stack, folds, stack
from reltype.scoring import columns as col
from reltype.scoring.classifiers import add_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reltype.arrow import Floats, Ints
    from reltype.learning.model.ranks import Ranks
    from reltype.plugins.guard import GuardedRecipe
    from reltype.scoring.classifiers import Batch
    from reltype.scoring.plan import Plan

MANY = 200
"""From so many labels on, recipes join in: of fewer they know less than what they would amend."""

FEWEST = 5
"""Labels that two archetypes at least must have then, so that no fold is without either."""


@frozen(eq=False)
class LearningData:
    """What there is to learn from: numbers of some customers, null as NaN.

    Attributes:
        signals: (n, signals).
        facts: (n, features).
        fired: (n, rules): 1 where the rule holds, else 0.
        readings: (n, dimensions).
    """

    signals: Floats
    facts: Floats
    fired: Floats
    readings: Floats

    @classmethod
    def of(cls, batch: Batch, dimensions: Sequence[str], features: Sequence[str]) -> LearningData:
        """That of *batch*, whose plan has *features* as `extra_features`, and signals of these *dimensions*."""
        return cls(
            _numbers(batch, [col.signal(i) for i in range(len(dimensions))]),
            _numbers(batch, features),
            np.nan_to_num(batch.fired),
            _numbers(batch, _readings(dimensions)),
        )

    @property
    def raw(self) -> Floats:
        """Signals and facts side by side, for ranks."""
        return np.hstack([self.signals, self.facts])

    @property
    def whole(self) -> Floats:
        """Signals, facts and readings side by side, for recipes."""
        return np.hstack([self.signals, self.facts, self.readings])

    def __getitem__(self, rows: Ints) -> LearningData:
        return LearningData(*(getattr(self, part)[rows] for part in PARTS))


PARTS = tuple(a.name for a in fields(LearningData))


def whole(plan: Plan, features: Sequence[str]) -> tuple[str, ...]:
    """What the columns of `LearningData.whole` are called, given a plan and the features that are read."""
    signals = ("s_" + s.name for s in plan.signals)
    return (*signals, *features, *_readings(s.dimension for s in plan.signals))


def _readings(dimensions: Iterable[str]) -> tuple[str, ...]:
    """The columns of the readings that signals of these dimensions make."""
    return tuple(dict.fromkeys(col.reading(d) for d in dimensions))


def _numbers(batch: Batch, names: Sequence[str]) -> Floats:
    made = np.empty((len(batch), len(names)))
    for j, name in enumerate(names):
        made[:, j] = doubles(batch.table.column(name))
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
        fitted_recipes: What recipes learned of signals, features and readings.
        homes: Of each feature the dimension whose signal reads it first, empty where none does:
            what is learned of it is told as that signal's fact.
    """

    signals: tuple[str, ...]
    dimensions: tuple[str, ...]
    features: tuple[str, ...]
    rules: tuple[str, ...]
    ranks: Ranks
    usual: Floats
    weights: Floats
    intercept: Floats
    fitted_recipes: tuple[FittedRecipe, ...] = ()
    homes: tuple[str, ...] = ()
    name: str = "learned"

    @property
    def items(self) -> tuple[str, ...]:
        """The dimensions, then the rest by kind."""
        names = (t.name for t in self.fitted_recipes)
        return (*dict.fromkeys(self.dimensions), "features", "rules", *names, "base rates")

    def parts(self, batch: Batch) -> Floats:
        """(n, archetypes, items) what each says; a row depends on that row alone."""
        columns = self.columns(LearningData.of(batch, self.dimensions, self.features))
        made = np.zeros((len(batch), len(self.intercept), len(self.items)))
        for column, item, weights in zip(columns.T, self._item_of, self.weights, strict=True):
            for a, weight in enumerate(weights):
                if weight:
                    made[:, a, item] += weight * column
        made[:, :, -1] = self.intercept
        return made

    def score(self, batch: Batch) -> Floats:
        """The sum of `parts`."""
        return add_up(self.parts(batch))

    def columns(self, data: LearningData, says: Sequence[Floats] | None = None) -> Floats:
        """(n, columns) of about unit variance: what the weights are for.

        Args:
            data: The customers.
            says: What each recipe says (n, K); asked of them where None.
        """
        raw = data.raw
        made = [self.ranks.transform(raw), self.ranks.flags(raw), data.fired - self.usual]
        if says is None:
            says = [t.odds(data.whole, len(self.intercept)) for t in self.fitted_recipes]
        return np.hstack([*made, *says])

    @property
    def width(self) -> int:
        """How many columns `LearningData.whole` has."""
        return len(self.signals) + len(self.features) + len(_readings(self.dimensions))

    def at_home(self, plan: Plan) -> Learned:
        """The same, with each feature told by the signal of *plan* that reads it."""
        home: dict[str, str] = {}
        for signal in plan.signals:
            for name in sorted(signal.expression(plan.catalogue.functions).needs):
                home.setdefault(name, signal.dimension)
        return evolve(self, homes=tuple(home.get(name, "") for name in self.features))

    def bound(self, recipes: Iterable[GuardedRecipe], versions: Mapping[str, str]) -> Learned:
        """The same, with the recipes that taught it; *versions* of the plugins when they did.

        Raises:
            ConfigError, PluginError, InputError: See `FittedRecipe.bound`.
        """
        there = list(recipes)
        bound = (
            r.bound(there, self.width, versions.get(r.plugin, "")) for r in self.fitted_recipes
        )
        return evolve(self, fitted_recipes=tuple(bound))

    @property
    def _item_of(self) -> Ints:
        """(columns,) which item each column counts for."""
        place = {name: i for i, name in enumerate(dict.fromkeys(self.dimensions))}
        rest = len(place)
        homes = self.homes or ("",) * len(self.features)
        facts = [place[d] for d in self.dimensions] + [place.get(h, rest) for h in homes]
        recipes = range(rest + 2, rest + 2 + len(self.fitted_recipes))
        says = np.repeat(recipes, len(self.intercept))
        return np.array([*facts, *facts, *[rest + 1] * len(self.rules), *says], np.int64)


def enough(labels: Ints) -> bool:
    """Whether there are labels enough for recipes."""
    return len(labels) >= MANY and bool(np.sort(np.bincount(labels))[-2] >= FEWEST)


def learn(
    blank: Learned,
    data: LearningData,
    scores: Floats,
    labels: Ints,
    recipes: Sequence[GuardedRecipe] = (),
    names: tuple[str, ...] = (),
) -> tuple[Learned, Stack]:
    """What *labels* teach beyond *scores*; the learned weights are for scores divided by 1.

    Args:
        blank: The ranks and names; its weights are not used.
        data: (n) labelled customers.
        scores: (n, K) what is said of them without labels; divided by the temperature.
        labels: (n,) indices of archetypes, of two at least. Archetypes that no label names are
            left as they are against the others.
        recipes: Who learns beside, where there are labels enough.
        names: What the columns of `LearningData.whole` are called, for them.

    Raises:
        PluginError: A recipe fails.
    """
    # The libraries must be there before their threads can be limited.
    import scipy.optimize  # noqa: F401
    import sklearn.ensemble  # noqa: F401
    from threadpoolctl import threadpool_limits

    # One thread adds up in one order: the same bytes on every machine, and small matrices are
    # done before a second thread is awake.
    with threadpool_limits(limits=1):
        return _learn(blank, data, scores, labels, recipes if enough(labels) else (), names)


def _learn(
    blank: Learned,
    data: LearningData,
    scores: Floats,
    labels: Ints,
    recipes: Sequence[GuardedRecipe],
    names: tuple[str, ...],
) -> tuple[Learned, Stack]:
    present = np.unique(labels)
    index = np.searchsorted(present, labels)
    given, classes = data.whole, scores.shape[1]
    fitted_recipes = tuple(FittedRecipe.by(recipe, given, labels, names) for recipe in recipes)
    says = [_held_out_odds(recipe, given, labels, names, classes) for recipe in recipes]
    blank = evolve(blank, fitted_recipes=fitted_recipes)
    made = stack(scores[:, present], blank.columns(data, says), index)
    weights = np.zeros((made.weights.shape[0], scores.shape[1]))
    intercept = np.zeros(scores.shape[1])
    # Only differences between archetypes mean anything: what all of them get, none gets.
    weights[:, present] = made.weights - made.weights.mean(axis=1, keepdims=True)
    intercept[present] = made.intercept - made.intercept.mean()
    return evolve(blank, weights=weights, intercept=intercept), made


def _held_out_odds(
    recipe: GuardedRecipe, given: Floats, labels: Ints, names: tuple[str, ...], classes: int
) -> Floats:
    """What the recipe, taught by others, says of each label."""
    made = np.zeros((len(labels), classes))
    fold = folds(labels, FOLDS)
    for f in range(FOLDS):
        out = fold == f
        fitted = FittedRecipe.by(recipe, given[~out], labels[~out], names)
        made[out] = fitted.odds(given[out], classes)
    return made

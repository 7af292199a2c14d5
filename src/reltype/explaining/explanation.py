"""Explanation: what a score is made of, what was missing, what nearly held, what would flip it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from reltype.definitions.rules import fill
from reltype.explaining.wording import level

if TYPE_CHECKING:
    from reltype.scoring.classifiers import Batch
    from reltype.scoring.plan import Plan
    from reltype.scoring.pool import Pooled


@frozen
class Contribution:
    """What one dimension, rule or classifier adds to an archetype's score.

    Attributes:
        source: `prior`, `prototype`, `rules`, or a classifier's name.
        item: The dimension or the rule; empty for a classifier as a whole.
        archetype: To whose score.
        amount: Log-odds against the hypothesis that none fits, divided by the temperature.
        text: In words.
    """

    source: str
    item: str
    archetype: str
    amount: float
    text: str


@frozen
class NearMiss:
    """A rule whose condition nearly held.

    Attributes:
        rule: Its name.
        clause: The one part of the condition that did not hold.
        value: What was seen.
        bound: What was needed.
        margin: Their distance, in the clause's unit.
        text: `affect 0.47, needs < 0.45`.
    """

    rule: str
    clause: str
    value: float
    bound: float
    margin: float
    text: str


@frozen
class Change:
    """One feature's step in a counterfactual; `before` is None where it was not seen."""

    feature: str
    before: float | None
    after: float


@frozen
class Counterfactual:
    """The smallest change of features that would flip the archetype.

    Attributes:
        changes: The features to change, at most two.
        archetype: What the customer would then be.
        distance: How far, as the share of customers that the changed features pass.
    """

    changes: tuple[Change, ...]
    archetype: str
    distance: float


@frozen
class Explanation:
    """Why one customer is what they are.

    Attributes:
        customer_id: As in the input.
        archetype: As in the result.
        scores: Archetype → score; each is the sum of its contributions.
        posterior: Archetype → softmax of the scores.
        contributions: All of them, by archetype, the largest first.
        missing: Input that was not seen → what it would have spoken of.
        near_misses: Rules that nearly fired.
        counterfactual: The smallest change that flips it; None where no change of one or two
            features can.
        features: Feature → value, as far as signals and rules read them.
    """

    customer_id: str
    archetype: str
    scores: Mapping[str, float]
    posterior: Mapping[str, float]
    contributions: tuple[Contribution, ...]
    missing: Mapping[str, str]
    near_misses: tuple[NearMiss, ...]
    counterfactual: Counterfactual | None
    features: Mapping[str, float | None]

    def of(self, archetype: str) -> tuple[Contribution, ...]:
        """The contributions to one archetype's score, the largest first."""
        return tuple(c for c in self.contributions if c.archetype == archetype)


def contributions(plan: Plan, batch: Batch, pooled: Pooled) -> tuple[Contribution, ...]:
    """Everything that was added to each score of the first row, nothing left out."""
    t = float(pooled.temperature[0])
    made = []
    parts = np.concatenate([said[0] for said in pooled.parts], axis=-1)
    for a, archetype in enumerate(plan.archetypes):
        name = archetype.name
        prior = float(pooled.prior[0, a])
        told = f"base rate {np.exp(prior):.3g}{_circumstances(plan, batch, name)}"
        mine = [Contribution("prior", "", name, prior / t, told)]
        for p, (source, item) in enumerate(pooled.labels):
            amount = float(parts[a, p]) / t
            if amount:
                text = _text(plan, batch, p, source, item)
                mine.append(Contribution(source, item, name, amount, text))
        made += sorted(mine, key=lambda c: -c.amount)
    none = float(pooled.scores[0, -1])
    made.append(Contribution("prior", "", "unclassified", none, _withheld(plan, pooled)))
    return tuple(made)


def _circumstances(plan: Plan, batch: Batch, archetype: str) -> str:
    """The base rates' names that hold for the first row and speak of *archetype*."""
    held = [
        rate.name
        for i, rate in enumerate(plan.typology.base_rates)
        if archetype in rate.rates and batch.holds(f"rate_{i}")[0] == 1
    ]
    return f" ({', '.join(held)})" if held else ""


def _text(plan: Plan, batch: Batch, part: int, source: str, item: str) -> str:
    if part < len(plan.dimensions):
        reading = float(batch.readings[0, part])
        return f"{item} {reading:.2f}: {level(plan.dimensions[part], reading)}"
    if source == "rules":
        rule = plan.catalogue.rules[item]
        values = {name: batch.column(name)[0].as_py() for name in rule.mentions}
        return fill(rule.because or rule.name, values)
    return f"{source} {item}".strip()


def _withheld(plan: Plan, pooled: Pooled) -> str:
    reason = int(pooled.withheld[0])
    if reason < 0:
        return f"base rate {plan.typology.unclassified_prior:g}"
    return f"set to win: {plan.typology.unclassified_when[reason].name}"

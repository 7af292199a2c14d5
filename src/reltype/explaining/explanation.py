"""Explanation: what a score is made of, what was missing, what nearly held, what would flip it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen

from reltype.definitions.archetypes import UNCLASSIFIED
from reltype.formats.html import paragraph, table
from reltype.scoring import columns as col

if TYPE_CHECKING:
    from reltype.explaining.alarms import Alarm
    from reltype.explaining.reasons import Reasons
    from reltype.scoring.classifiers import Batch
    from reltype.scoring.plan import Plan
    from reltype.scoring.pool import Pooled


@frozen
class Contribution:
    """What one signal, rule or classifier adds to an archetype's score.

    Attributes:
        source: `prior`, `prototype`, `rules`, or a classifier's name.
        item: The signal or the rule; empty for a classifier as a whole.
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
        text: As a fact: `2 renewals; at least 3 are asked for`.
    """

    rule: str
    clause: str
    value: float
    bound: float
    margin: float
    text: str


@frozen
class Change:
    """One feature's step in a counterfactual.

    Attributes:
        feature: Its name.
        before: What it is.
        after: What it would be.
        text: In words: `coming every 32 days instead of every 72 days`.
    """

    feature: str
    before: float
    after: float
    text: str


@frozen
class Counterfactual:
    """The smallest change of facts that would flip the archetype.

    Attributes:
        changes: The features to change, at most two.
        archetype: What the customer would then be.
        distance: How far, as the share of customers that the changed features pass.
        text: A sentence.
    """

    changes: tuple[Change, ...]
    archetype: str
    distance: float
    text: str


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
        alarms: What somebody should look at, with the facts behind it.
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
    alarms: tuple[Alarm, ...] = ()

    def of(self, archetype: str) -> tuple[Contribution, ...]:
        """The contributions to one archetype's score, the largest first."""
        return tuple(c for c in self.contributions if c.archetype == archetype)

    def _repr_html_(self) -> str:
        ranked = sorted(self.posterior, key=lambda a: -self.posterior[a])
        scores = [[a, f"{self.posterior[a]:.1%}", f"{self.scores[a]:+.2f}"] for a in ranked]
        parts = [table(["archetype", "posterior", "score"], scores, self.customer_id)]
        for name in [a for a in ranked if a != UNCLASSIFIED][:2]:
            rows = [[f"{one.amount:+.2f}", one.text] for one in self.of(name)]
            rows.append([f"{self.scores[name]:+.2f}", "in all"])
            parts.append(table(["adds", f"to the score of {name}"], rows))
        if self.missing:
            parts.append(table(["not seen", "would have told"], list(self.missing.items())))
        parts.append(paragraph(self.counterfactual.text if self.counterfactual else ""))
        return "".join(parts)


def contributions(
    plan: Plan, batch: Batch, pooled: Pooled, reasons: Reasons
) -> tuple[Contribution, ...]:
    """Everything that was added to each score of the first row, nothing left out.

    What the prototype says of a dimension is handed down to its signals; see `reasons`.
    """
    made = []
    for a, archetype in enumerate(plan.archetypes):
        name = archetype.name
        told = reasons.handed_down(batch, pooled, np.full(len(batch), a), None)
        prior = float(pooled.prior[0, a])
        base = f"base rate {np.exp(prior):.3g}{_circumstances(plan, batch, name)}"
        mine = [Contribution("prior", "", name, prior / float(pooled.temperature[0]), base)]
        for j, source in enumerate(told.sources):
            amount = float(told.amounts[0, j])
            if amount:
                label = pooled.labels[source.part]
                item = plan.signals[source.signal].name if source.signal >= 0 else label[1]
                text = reasons.first_text(batch, told, j)
                mine.append(Contribution(label[0], item, name, amount, text))
        made += sorted(_added_up(mine), key=lambda c: -c.amount)
    none = float(pooled.scores[0, -1])
    made.append(Contribution("prior", "", UNCLASSIFIED, none, _withheld(plan, pooled)))
    return tuple(made)


def _added_up(mine: list[Contribution]) -> list[Contribution]:
    """What tells the same fact, as one."""
    made: dict[tuple[str, str], Contribution] = {}
    for one in mine:
        key = (one.source, one.text)
        if key in made:
            both = f"{made[key].item}, {one.item}"
            made[key] = evolve(made[key], item=both, amount=made[key].amount + one.amount)
        else:
            made[key] = one
    return list(made.values())


def _circumstances(plan: Plan, batch: Batch, archetype: str) -> str:
    """The base rates' names that hold for the first row and speak of *archetype*."""
    held = [
        rate.name
        for i, rate in enumerate(plan.typology.base_rates)
        if archetype in rate.rates and batch.holds(col.rate(i))[0] == 1
    ]
    return f" ({', '.join(held)})" if held else ""


def _withheld(plan: Plan, pooled: Pooled) -> str:
    reason = int(pooled.withheld[0])
    if reason < 0:
        return f"base rate {plan.typology.unclassified_prior:g}"
    return f"set to win: {plan.typology.unclassified_when[reason].name}"

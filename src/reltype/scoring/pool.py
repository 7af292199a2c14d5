"""Pool: what all classifiers say, added up to one posterior; and who stays unclassified."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from reltype.errors import PluginError
from reltype.scoring import columns as col
from reltype.scoring.classifiers import (
    Batch,
    Classifier,
    Itemised,
    Prototype,
    Rules,
    add_up,
    blank,
    usable,
)
from reltype.scoring.ranking import top

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from reltype.scoring.plan import Plan

WITHHELD = 6.0
"""Log-odds that a reason not to classify adds to `unclassified`: it wins, and is still told."""


@frozen(eq=False)
class Pooled:
    """What was concluded of a batch.

    Attributes:
        labels: What each part of a score is called, as (classifier, item).
        parts: For each classifier (n, archetypes, items), before the temperature.
        scores: (n, archetypes + 1): prior + Σ parts, divided by the temperature; the last column
            is `unclassified`.
        posterior: (n, archetypes + 1), rows sum to 1.
        withheld: (n,) index of the first reason not to classify that holds, else −1.
        prior: (n, archetypes) logarithm of the base rates, under each customer's circumstances.
        temperature: (n,) by which prior and parts were divided.
        apart: (n,) d' of the two likeliest archetypes on what was seen of the customer.
        lacking: (n, archetypes) whether what an archetype needs was not seen.
    """

    labels: tuple[tuple[str, str], ...]
    parts: tuple[NDArray[np.float64], ...]
    scores: NDArray[np.float64]
    posterior: NDArray[np.float64]
    withheld: NDArray[np.int64]
    prior: NDArray[np.float64]
    temperature: NDArray[np.float64]
    apart: NDArray[np.float64]
    lacking: NDArray[np.bool_]


def pool(
    plan: Plan,
    classifiers: Sequence[Classifier],
    batch: Batch,
    withheld: NDArray[np.int64],
) -> Pooled:
    """The log-opinion pool of *classifiers*: s_a = (log π_a + Σ parts) / T, then softmax.

    T rises with the share of evidence that was seen (`warming`), for prototype and rules alone: what
    was learned from labels is calibrated on them, so its parts are multiplied by that rise.

    Args:
        plan: Gives priors and temperature.
        classifiers: Who speaks.
        batch: Of whom.
        withheld: (n,) index of the reason not to classify, −1 where there is none.

    Raises:
        PluginError: A classifier's score has a wrong shape or is not finite.
    """
    warm = 1 + plan.typology.warming * share_seen(plan, batch.evidence)
    labels: list[tuple[str, str]] = []
    parts = []
    total = blank(len(batch), len(plan.archetypes))
    for classifier in classifiers:
        if isinstance(classifier, Itemised):
            items = classifier.items
            said = _checked(classifier, classifier.parts(batch), plan, batch, len(items))
        else:
            items = ("",)
            said = _checked(classifier, classifier.score(batch), plan, batch)[..., None]
        if not isinstance(classifier, Prototype | Rules):
            said = said * warm[:, None, None]
        labels += [(classifier.name, item) for item in items]
        parts.append(said)
        for item in range(said.shape[-1]):
            total += said[..., item]
    scores = blank(len(batch), len(plan.archetypes) + 1)
    prior = base_rates(plan, batch)
    temperature = plan.typology.temperature * warm
    scores[:, :-1] = (prior + total) / temperature[:, None]
    scores[:, -1] = np.log(plan.typology.unclassified_prior) / temperature
    scores[:, -1] = np.where(withheld >= 0, scores.max(axis=1) + WITHHELD, scores[:, -1])
    return Pooled(
        labels=tuple(labels),
        parts=tuple(parts),
        scores=scores,
        posterior=softmax(scores),
        withheld=withheld,
        prior=prior,
        temperature=temperature,
        apart=_apart(plan, classifiers, parts, batch, scores, prior),
        lacking=_lacking(plan, batch),
    )


def base_rates(plan: Plan, batch: Batch) -> NDArray[np.float64]:
    """(n, archetypes) log base rates: each archetype's own, and those of what holds for whom."""
    made = blank(len(batch), len(plan.archetypes))
    made += np.log([a.prior for a in plan.archetypes])
    for i, rate in enumerate(plan.typology.base_rates):
        holds = batch.holds(col.rate(i)) == 1
        for a, archetype in enumerate(plan.archetypes):
            if archetype.name in rate.rates:
                made[:, a] += holds * np.log(rate.rates[archetype.name])
    return made


def share_seen(plan: Plan, evidence: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) share of the typology's evidence that was seen, 0…1: Σ_k w_k e_k / Σ_k w_k.

    Args:
        plan: Gives the weights.
        evidence: (n, dimensions).
    """
    weight = np.array([d.weight for d in plan.dimensions])
    return add_up(evidence * weight) / (weight.sum() or 1.0)


def distances(plan: Plan) -> NDArray[np.float64]:
    """(archetypes, archetypes, dimensions) squared d' of two prototypes, by weight.

    w_k (μ_ak − μ_bk)² / ((τ²_ak + τ²_bk) / 2) (Green & Swets 1966); 0 where one says nothing.
    """
    nan = float("nan")
    places = [[a.prototype.get(d.name) for d in plan.dimensions] for a in plan.archetypes]
    value = np.array([[p.value if p else nan for p in row] for row in places])
    spread = np.array([[p.tolerance**2 if p else nan for p in row] for row in places])
    weight = np.array([d.weight for d in plan.dimensions])
    apart = (value[:, None] - value) ** 2 / ((spread[:, None] + spread) / 2)
    return np.asarray(np.nan_to_num(weight * apart))


def _apart(
    plan: Plan,
    classifiers: Sequence[Classifier],
    parts: Sequence[NDArray[np.float64]],
    batch: Batch,
    scores: NDArray[np.float64],
    prior: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(n,) d' of the two likeliest archetypes: prototypes by evidence, others by what they said.

    A weight of evidence is a squared distance, as in `overlap`: what rules, learned classifiers
    and circumstances say for one more than for the other counts as it is.
    """
    if len(plan.archetypes) < 2:
        return np.full(len(batch), np.inf)
    first, second = top(scores[:, :-1], 2).T
    square = np.zeros(len(batch))
    table = distances(plan)
    rows = np.arange(len(batch))
    circumstance = prior - np.log([a.prior for a in plan.archetypes])
    square += np.abs(circumstance[rows, first] - circumstance[rows, second])
    for classifier, said in zip(classifiers, parts, strict=True):
        if isinstance(classifier, Prototype):
            square += add_up(table[first, second] * np.nan_to_num(batch.evidence))
        else:
            total = add_up(said)
            square += np.abs(total[rows, first] - total[rows, second])
    return np.sqrt(square)


def _lacking(plan: Plan, batch: Batch) -> NDArray[np.bool_]:
    made = np.zeros((len(batch), len(plan.archetypes)), bool)
    for i, archetype in enumerate(plan.archetypes):
        if archetype.needs:
            made[:, i] = batch.holds(col.needed(i)) != 1
    return made


def softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """exp(s) / Σ exp(s) over the last axis, without overflow."""
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(odds / add_up(odds)[:, None])


def _checked(
    classifier: Classifier, made: NDArray[np.float64], plan: Plan, batch: Batch, *items: int
) -> NDArray[np.float64]:
    try:
        return usable(made, (len(batch), len(plan.archetypes), *items))
    except ValueError as error:
        raise PluginError(
            f"{error}.", classifier.name, f"with classifier {classifier.name!r}"
        ) from error

"""Pool: what all classifiers say, added up to one posterior; and who stays unclassified."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from reltype.errors import PluginError
from reltype.scoring.classifiers import Batch, Classifier, Itemised, add_up, blank, usable

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
    """

    labels: tuple[tuple[str, str], ...]
    parts: tuple[NDArray[np.float64], ...]
    scores: NDArray[np.float64]
    posterior: NDArray[np.float64]
    withheld: NDArray[np.int64]


def pool(
    plan: Plan,
    classifiers: Sequence[Classifier],
    batch: Batch,
    withheld: NDArray[np.int64],
) -> Pooled:
    """The log-opinion pool of *classifiers*: s_a = (log π_a + Σ parts) / T, then softmax.

    Args:
        plan: Gives priors and temperature.
        classifiers: Who speaks.
        batch: Of whom.
        withheld: (n,) index of the reason not to classify, −1 where there is none.

    Raises:
        PluginError: A classifier's score has a wrong shape or is not finite.
    """
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
        labels += [(classifier.name, item) for item in items]
        parts.append(said)
        for item in range(said.shape[-1]):
            total += said[..., item]
    scores = blank(len(batch), len(plan.archetypes) + 1)
    prior = np.log([a.prior for a in plan.archetypes])
    scores[:, :-1] = (prior + total) / plan.typology.temperature
    scores[:, -1] = np.log(plan.typology.unclassified_prior) / plan.typology.temperature
    scores[:, -1] = np.where(withheld >= 0, scores.max(axis=1) + WITHHELD, scores[:, -1])
    return Pooled(tuple(labels), tuple(parts), scores, softmax(scores), withheld)


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

"""Fitting: what a population, and the labels of some of it, teach."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa
from attrs import define, evolve, field, frozen

from reltype.definitions.archetypes import UNCLASSIFIED
from reltype.errors import InputError
from reltype.learning.evaluation import left_out, unknown_customers
from reltype.learning.evaluation.labels import Labels
from reltype.learning.model import Model
from reltype.learning.model.learned import (
    FEWEST,
    MANY,
    PARTS,
    Learned,
    LearningData,
    enough,
    learn,
    whole,
)
from reltype.learning.model.modelfile import Record
from reltype.learning.model.ranks import Ranks
from reltype.learning.model.stacking import Stack, temperature
from reltype.plugins.plugin import BUILT_IN
from reltype.scoring.classifiers import Batch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from reltype.arrow import Floats, Ints
    from reltype.learning.evaluation.labels import Given
    from reltype.plugins.guard import GuardedRecipe
    from reltype.scoring.plan import Plan
    from reltype.scoring.run import Run

    Flags: TypeAlias = NDArray[np.bool_]

GAIN = 0.5
"""Least gain in log-likelihood on held-out labels, in nats, for which what was learned is used."""

SAMPLE = 20_000
"""Customers from whom ranks are taken: an error of some tenths of a percentile."""


def fit_run(run: Run, labels: Given = None) -> Model:
    """What the customers of *run* teach, and the labels of some of them."""
    model = Model.of(run)
    if labels is None:
        return evolve(model, data=_fingerprint(run.population.batches()))
    return _fit_with_labels(run, model, Labels.of(labels, run.plan.archetypes))


def _fingerprint(batches: Iterable[Batch]) -> dict[str, Any]:
    """How many customers there are, and SHA-256 of their ids and readings, in order."""
    fingerprint = Fingerprint()
    for batch in batches:
        fingerprint.add(batch)
    return fingerprint.record


@define
class Fingerprint:
    """The fingerprint of a population, taken batch by batch."""

    customers: int = 0
    _hash: Any = field(factory=sha256)

    def add(self, batch: Batch) -> None:
        """Take in the next batch."""
        ids = batch.table.column("customer_id").to_pylist()
        self.customers += len(ids)
        self._hash.update("\n".join(ids).encode())
        # One NaN has many bit patterns: null is written as a number that no reading is.
        self._hash.update(np.nan_to_num(batch.readings, nan=-1.0).tobytes())

    @property
    def record(self) -> dict[str, Any]:
        """`customers` and `fingerprint`."""
        return {"customers": self.customers, "fingerprint": self._hash.hexdigest()}


def learnable(plan: Plan) -> tuple[str, ...]:
    """Features that a learner may read: what signals, rules and flags read, but no calendar days.

    A day of the calendar tells the labelled customers apart and means nothing next month.
    """
    known = plan.catalogue.features
    return tuple(name for name in plan.inputs if known[name].unit != "day")


def asking(plan: Plan, features: tuple[str, ...]) -> Plan:
    """*plan*, with what a learner reads among what is answered."""
    if set(features) <= set(plan.extra_features):
        return plan
    return evolve(plan, extra_features=tuple(dict.fromkeys([*plan.extra_features, *features])))


@frozen(eq=False)
class Seen:
    """What was gathered of a population in one pass.

    Attributes:
        sample: Customers for the ranks, evenly spread over the ids.
        labelled: Those with a label, and enough to be told at all.
        classes: (labelled,) what each is labelled.
        scores: (labelled, K) what is said of them without labels, over the temperature.
        nobody: (labelled,) the score of *unclassified*.
        withheld: How many labelled customers too little is seen of.
        known: Ids of the labels that are in the data.
        fingerprint: The fingerprint of all.
    """

    sample: LearningData
    labelled: LearningData
    classes: Ints
    scores: Floats
    nobody: Floats
    withheld: int
    known: set[str]
    fingerprint: Fingerprint


def _fit_with_labels(run: Run, model: Model, labels: Labels) -> Model:
    plan = run.plan
    features = learnable(plan)
    run = run.asking(asking(plan, features))
    seen = _gathered(run, labels, features)
    if not seen.known:
        some = next(run.population.batches(), None)
        ids = some.table.column("customer_id").to_pylist() if some else []
        raise InputError(unknown_customers(labels, ids))
    model = evolve(model, data=seen.fingerprint.record)
    notes = [*labels.notes, *left_out(labels, seen.known, len(plan.archetypes))]
    if seen.withheld:
        notes.append(
            f"{labels.name}: of {seen.withheld} labelled customers too little is seen to classify "
            "them, whatever is learned; they were left out."
        )
    classes = seen.classes
    clear = classes < len(plan.archetypes)
    record = Record(labels=int(clear.sum()))
    present = np.unique(classes[clear])
    if len(present) < 2:
        notes.append(_one_class(labels, plan, present))
        return evolve(model, record=record, notes=(*model.notes, *notes))
    notes += _missing(labels, plan, present)
    here = np.nonzero(clear)[0]
    recipes = run.knowledge.recipes(plan.typology)
    if not enough(classes[here]):
        notes += _recipes_left_out(labels, recipes)
    learned, made = learn(
        _blank(plan, features, seen.sample),
        seen.labelled[here],
        seen.scores[here],
        classes[here],
        recipes,
        whole(plan, features),
    )
    record = _record(
        record, made, seen.scores[here][:, present], np.searchsorted(present, classes[here])
    )
    if (made.before - made.loss) * len(made.seen) < GAIN:
        notes.append(
            f"{labels.name}: {len(here)} labels did not clearly beat the model without labels on labels "
            f"held out (log-loss {made.loss:.3f} against {made.before:.3f}), so nothing was "
            "learned from them."
        )
        return evolve(model, record=record, notes=(*model.notes, *notes))
    return evolve(
        _finished(model, learned, made, seen, clear, present),
        record=evolve(record, used=True),
        notes=(*model.notes, *notes),
    )


def _gathered(run: Run, labels: Labels, features: tuple[str, ...]) -> Seen:
    """One pass over the customers: labelled ones in full, a sample of the others."""
    place = {customer: i for i, customer in enumerate(labels.customers)}
    dimensions = tuple(s.dimension for s in run.plan.signals)
    step = max(1, run.population.size // SAMPLE)
    sample, labelled, rows, pooled, known, withheld, position = [], [], [], [], set(), 0, 0
    fingerprint = Fingerprint()
    for batch in run.population.batches():
        fingerprint.add(batch)
        ids = batch.table.column("customer_id").to_pylist()
        row = np.array([place.get(c, -1) for c in ids], np.int64)
        known |= {ids[i] for i in np.nonzero(row >= 0)[0]}
        picked = np.nonzero((np.arange(position, position + len(ids)) % step) == 0)[0]
        position += len(ids)
        sample.append(LearningData.of(taken(batch, picked), dimensions, features))
        mine = taken(batch, np.nonzero(row >= 0)[0])
        if len(mine):
            said = run.score_batch(mine)
            enough = np.nonzero(said.withheld < 0)[0]
            withheld += len(mine) - len(enough)
            labelled.append(LearningData.of(mine, dimensions, features)[enough])
            rows.append(row[row >= 0][enough])
            pooled.append(said.scores[enough])
    scores = np.concatenate(pooled) if pooled else np.zeros((0, len(run.plan.archetypes) + 1))
    return Seen(
        sample=_joined(sample),
        labelled=_joined(labelled) if labelled else _joined(sample)[np.zeros(0, np.int64)],
        classes=labels.classes[np.concatenate(rows)] if rows else np.zeros(0, np.int64),
        scores=scores[:, :-1],
        nobody=scores[:, -1],
        withheld=withheld,
        known=known,
        fingerprint=fingerprint,
    )


def taken(batch: Batch, rows: Ints) -> Batch:
    """The batch of those rows alone, in the order of *rows*."""
    table = pa.table(batch.table) if isinstance(batch.table, pa.RecordBatch) else batch.table
    return Batch(
        table.take(rows).combine_chunks(),
        batch.readings[rows],
        batch.evidence[rows],
        batch.fired[rows],
    )


def _joined(pieces: list[LearningData]) -> LearningData:
    return LearningData(*(np.concatenate([getattr(m, part) for m in pieces]) for part in PARTS))


def _blank(plan: Plan, features: tuple[str, ...], sample: LearningData) -> Learned:
    return Learned(
        signals=tuple(s.name for s in plan.signals),
        dimensions=tuple(s.dimension for s in plan.signals),
        features=features,
        rules=tuple(r.name for r in plan.rules),
        ranks=Ranks.of(sample.raw),
        usual=sample.fired.mean(axis=0),
        weights=np.zeros((0, len(plan.archetypes))),
        intercept=np.zeros(len(plan.archetypes)),
    )


def _finished(
    model: Model, learned: Learned, made: Stack, seen: Seen, clear: Flags, present: Ints
) -> Model:
    """The regression as parts of a score that the pool divides by a new temperature.

    The pool gives (s + part) / T. We want (β s/T₀ + b + xW + c) / τ, so T = T₀ τ / β, and the part
    is (b + xW + c) T / τ.
    """
    here = np.nonzero(clear)[0][made.seen]
    index = np.searchsorted(present, seen.classes[here])
    tau = temperature(made.held_out, index)
    pooled = model.temperature * tau / made.slope
    unit = pooled / tau
    # c: how far labels bear out that an archetype fits at all.
    scores = made.slope / tau * seen.scores
    scores[np.ix_(here, present)] = made.held_out / tau
    nobody = seen.nobody * model.temperature / pooled
    log_odds = nobody - np.logaddexp.reduce(scores, axis=1)
    shift = _shift(log_odds, ~clear)
    return evolve(
        model,
        temperature=pooled,
        learned=evolve(
            learned,
            weights=learned.weights * unit,
            intercept=(learned.intercept + shift * tau) * unit,
        ),
    )


def _shift(log_odds: Floats, unclear: Flags) -> float:
    """The c, N(0, 1) beforehand, that makes σ(log_odds − c) fit who was labelled unclassified."""
    from scipy.optimize import minimize_scalar

    sign = np.where(unclear, 1.0, -1.0)

    def loss(c: float) -> float:
        return float(np.logaddexp(0.0, -sign * (log_odds - c)).sum() + 0.5 * c * c)

    return float(minimize_scalar(loss, bounds=(-4.0, 4.0), method="bounded").x)


def _record(record: Record, made: Stack, before: Floats, labels: Ints) -> Record:
    held = labels[made.seen]
    return evolve(
        record,
        loss=made.loss,
        loss_before=made.before,
        accuracy=float((made.held_out.argmax(axis=1) == held).mean()),
        accuracy_before=float((before[made.seen].argmax(axis=1) == held).mean()),
        penalty=made.penalty,
    )


def _recipes_left_out(labels: Labels, recipes: Iterable[GuardedRecipe]) -> list[str]:
    """That a plugin's recipes were not trained: whoever installed one waits for it."""
    names = [f"{r.name} (plugin {r.plugin})" for r in recipes if r.plugin != BUILT_IN]
    if not names:
        return []
    few = f"recipes do from {MANY} labels on, with {FEWEST} at least of each of two archetypes"
    return [f"{labels.name}: {', '.join(names)} did not learn: {few}."]


def _one_class(labels: Labels, plan: Plan, present: Ints) -> str:
    if len(present) == 0:
        return (
            f"{labels.name}: no label tells an archetype ({UNCLASSIFIED} alone teaches none); "
            "nothing was learned from them."
        )
    name = plan.archetypes[present[0]].name
    return (
        f"{labels.name}: every label is {name!r}. One class cannot be told from others, so nothing "
        "was learned from them; add labels of another archetype."
    )


def _missing(labels: Labels, plan: Plan, present: Ints) -> list[str]:
    names = [a.name for i, a in enumerate(plan.archetypes) if i not in present]
    if not names:
        return []
    listed = " or ".join(map(repr, names))
    return [f"{labels.name}: no label is {listed}; what was learned does not speak of it."]

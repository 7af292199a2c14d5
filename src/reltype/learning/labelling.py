"""Labelling: whose label would teach most, and the file that labels are kept in."""

from __future__ import annotations

import csv
import io
import os
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from attrs import define, field, frozen

from reltype.definitions.archetypes import UNCLASSIFIED
from reltype.errors import InputError, OutputError
from reltype.formats import destination
from reltype.learning.evaluation.labels import COLUMNS, Labels
from reltype.learning.fitting import asking, fit_run, learnable, taken
from reltype.learning.metrics import given_one
from reltype.learning.model.ranks import Ranks
from reltype.scoring.classifiers import Batch, Prototype, Rules
from reltype.scoring.plan import Plan
from reltype.scoring.pool import pool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reltype.arrow import Floats
    from reltype.learning.model import Model
    from reltype.scoring.classifiers import Classifier
    from reltype.scoring.run import Run

CANDIDATES = 5000
"""Customers among whom the next is looked for."""

LEARN_FROM = 8
"""From so many labels on, the model is fitted anew, after every `LEARN_EVERY` more."""

LEARN_EVERY = 4


@frozen(eq=False)
class Candidates:
    """Customers who might be asked about: a sample that does not depend on the order of rows.

    Attributes:
        batch: What is known of them.
        ids: Their ids.
        place: (n, dimensions) their readings as ranks, nulls in the middle.
        known: (n,) False for those of whom too little is seen to classify them at all.
    """

    batch: Batch
    ids: tuple[str, ...]
    place: Floats
    known: np.ndarray[tuple[int], np.dtype[np.bool_]]


@define(slots=False, eq=False)
class Labelling:
    """A round of questions.

    The next customer is the one with the highest product of how undecided the model is (entropy
    of the posterior), how unlike those already labelled the customer is (distance of ranked
    readings), and how many others are like them (an odd one out teaches little): information
    density (Settles & Craven 2008) with the diversity of k-centre (Sener & Savarese 2018).

    Attributes:
        run: The customers.
        labels: Customer → index of the archetype; their number for *unclassified*.
        skipped: Customers not to ask about in this round.
    """

    run: Run = field(repr=False)
    labels: dict[str, int] = field(factory=dict)
    skipped: set[str] = field(factory=set)
    _fitted: int = field(default=0, init=False)
    _posterior: Floats | None = field(default=None, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Ask for what a learner reads, besides what the run needs."""
        plan = self.run.plan
        self.run = self.run.asking(asking(plan, learnable(plan)))

    def next(self) -> str | None:
        """The customer whose label would teach most; None where all were asked."""
        people = self.candidates
        value = self._undecided * self._unlike * self._typical
        asked = np.array([c in self.labels or c in self.skipped for c in people.ids], bool)
        value = np.where(asked | ~people.known, -1.0, value)
        best = int(value.argmax())
        return people.ids[best] if value[best] >= 0 else None

    @cached_property
    def candidates(self) -> Candidates:
        """A sample of the customers, every k-th by id, with those labelled already."""
        step = max(1, self.run.population.size // CANDIDATES)
        position, found = 0, []
        for batch in self.run.population.batches():
            ids = batch.table.column("customer_id").to_pylist()
            picked = (np.arange(position, position + len(ids)) % step) == 0
            picked |= np.array([c in self.labels for c in ids], bool)
            found.append(taken(batch, np.nonzero(picked)[0]))
            position += len(ids)
        if not position:
            raise InputError("There are no customers to label.")
        batch = joined(found)
        ranked = Ranks.of(batch.readings).transform(batch.readings)
        withheld = batch.first("reason", len(self.run.plan.typology.unclassified_when))
        return Candidates(
            batch, tuple(batch.table.column("customer_id").to_pylist()), ranked, withheld < 0
        )

    @property
    def posterior(self) -> Floats:
        """(candidates, K) given that some archetype fits, by the newest model."""
        due = len(self.labels) >= LEARN_FROM and len(self.labels) >= self._fitted + LEARN_EVERY
        if self._posterior is None or due:
            model = self._learn() if due else None
            self._posterior = given_one(self._pooled(model))
            self._fitted = len(self.labels) if due else 0
        return self._posterior

    def _learn(self) -> Model:
        labels = Labels(tuple(self.labels), np.array(list(self.labels.values()), np.int64))
        return fit_run(self.run, labels)

    def _pooled(self, model: Model | None) -> Floats:
        run, batch = self.run, self.candidates.batch
        if model is None:
            return run.score_batch(batch).posterior
        catalogue = model.apply(run.plan.catalogue)
        plan = Plan(
            catalogue, catalogue.typology(model.typology), extra_features=run.plan.extra_features
        )
        classifiers: list[Classifier] = [
            Prototype.of(plan),
            Rules.of(plan, run.scales.overlap),
            *run.learned,
            *model.classifiers(plan, run.knowledge.recipes(plan.typology)),
        ]
        return pool(plan, classifiers, batch, np.full(len(batch), -1)).posterior

    @property
    def _undecided(self) -> Floats:
        p = np.maximum(self.posterior, 1e-12)
        return np.asarray(-(p * np.log(p)).sum(axis=1) / np.log(p.shape[1]))

    @property
    def _unlike(self) -> Floats:
        """(n,) distance to the nearest who was asked about, over its median; 1 at first."""
        people = self.candidates
        asked = [i for i, c in enumerate(people.ids) if c in self.labels or c in self.skipped]
        if not asked:
            return np.ones(len(people.ids))
        nearest = np.full(len(people.ids), np.inf)
        for i in asked:
            nearest = np.minimum(nearest, np.square(people.place - people.place[i]).sum(axis=1))
        distance = np.sqrt(nearest)
        return np.asarray(distance / max(float(np.median(distance)), 1e-12))

    @cached_property
    def _typical(self) -> Floats:
        """(n,) mean likeness to a few hundred others, 0…1: a kernel density."""
        place = self.candidates.place
        others = place[:: max(1, len(place) // 300)]
        square = np.square(place[:, None, :] - others[None, :, :]).sum(axis=2)
        return np.asarray(np.exp(-0.5 * square / max(float(np.median(square)), 1e-12)).mean(axis=1))


def joined(batches: list[Batch]) -> Batch:
    """One batch of all rows of *batches*, in their order."""
    table = pa.concat_tables([pa.table(b.table) for b in batches]).combine_chunks()
    parts = ("readings", "evidence", "fired")
    return Batch(table, *(np.concatenate([getattr(b, part) for b in batches]) for part in parts))


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep every other `label` from writing into this folder meanwhile."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    folder = os.open(path.absolute().parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


@frozen
class LabelFile:
    """Labels on disk: every answer is there before the next question.

    Attributes:
        path: A CSV file of `customer_id,archetype`; it need not be there yet.
        names: The archetypes, then `unclassified`.
    """

    path: Path
    names: tuple[str, ...]

    _known: dict[str, int] = field(factory=dict, init=False, repr=False, eq=False)

    def read(self, run: Run) -> dict[str, int]:
        """The labels that are there already: customer → index of the archetype."""
        if not self.path.exists() or self.path.stat().st_size == 0:
            return {}
        if len(self.path.read_text("utf-8-sig").split()) <= 1:
            return {}
        held = Labels.of(self.path, run.plan.archetypes)
        if held.extra:
            raise InputError(
                f"{self.path}: has columns besides customer_id and archetype, which would be lost. "
                "Name another file with -o."
            )
        found = dict(zip(held.customers, held.classes.tolist(), strict=True))
        self._known.update(found)
        return found

    def write(self, labels: dict[str, int]) -> None:
        """Write what changed in *labels* since the last time, whole or not at all.

        Somebody else may label into the same file at once: what they wrote meanwhile stays.

        Raises:
            OutputError: It cannot be written.
        """
        with _alone(self.path):
            held = self._held()
            for customer in self._known.keys() - labels.keys():
                held.pop(customer, None)
            for customer, i in labels.items():
                if self._known.get(customer) != i or customer not in held:
                    held[customer] = self.names[i]
            text = io.StringIO()
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(held.items())
            with destination(self.path) as stream:
                stream.write(text.getvalue().encode())
        self._known.clear()
        self._known.update(labels)

    def _held(self) -> dict[str, str]:
        """What stands on disk now: customer → archetype, as written."""
        try:
            text = self.path.read_text("utf-8-sig")
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be read again ({error.strerror}).") from error
        rows = csv.DictReader(io.StringIO(text))
        return {row[COLUMNS[0]]: row[COLUMNS[1]] for row in rows if set(COLUMNS) <= set(row)}

    def check(self) -> None:
        """Raise OutputError now, and not after the first answer, if it cannot be written."""
        folder = self.path.absolute().parent
        if self.path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
            raise OutputError(f"{self.path}: cannot be written. Name another file with -o.")


def choices(run: Run) -> tuple[str, ...]:
    """What a customer can be called: the archetypes, then `unclassified`."""
    return (*(a.name for a in run.plan.archetypes), UNCLASSIFIED)

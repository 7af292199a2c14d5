"""Result: what was concluded, in the columns that other programs read."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pyarrow as pa
from attrs import define, frozen

from reltype.arrow import numbers, texts
from reltype.definitions.archetypes import UNCLASSIFIED
from reltype.scoring import columns as col
from reltype.scoring.priorities import priorities
from reltype.scoring.ranking import top
from reltype.scoring.unclassified import LITTLE_KNOWN, NONE_FITS, between
from reltype.scoring.wording import Wording, listed, suits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from reltype.scoring.classifiers import Batch
    from reltype.scoring.plan import Plan
    from reltype.scoring.pool import Pooled

SUGGESTIONS = 3
WORDS = ("reasons", "against", "benefits")
"""Columns in words, which cost more to make than all others together."""


class Sentences(Protocol):
    """Tells reasons in words: `reltype.explaining.reasons.Reasons` does."""

    def columns(
        self,
        batch: Batch,
        pooled: Pooled,
        ranked: NDArray[np.int64],
        named: NDArray[np.int64],
    ) -> Iterable[pa.Array]:
        """The columns `reasons` and `against` of a batch."""

    def main_fact(self, batch: Batch, dimension: str) -> str:
        """What was seen of a dimension of the first customer, in words; empty where nothing was."""


@define(frozen=True, slots=False)
class Scored:
    """What is known of a batch when its rows of the result are made.

    Attributes:
        batch: The customers.
        pooled: What all classifiers together say of them.
        named: (n,) index of the archetype that is named; the number of archetypes for none.
        sentences: Tells reasons in words.
    """

    batch: Batch
    pooled: Pooled
    named: NDArray[np.int64]
    sentences: Sentences

    @cached_property
    def ranked(self) -> NDArray[np.int64]:
        """(n, 2) the two likeliest archetypes, the likelier first."""
        return top(self.pooled.posterior[:, :-1], 2)

    @cached_property
    def confidence(self) -> NDArray[np.float64]:
        """(n,) the posterior of what is named, 0…1."""
        return np.take_along_axis(self.pooled.posterior, self.named[:, None], 1)[:, 0]

    @cached_property
    def reasons(self) -> tuple[pa.Array, ...]:
        """The columns `reasons` and `against`."""
        return tuple(self.sentences.columns(self.batch, self.pooled, self.ranked, self.named))


@frozen(eq=False)
class Advice:
    """What the customers of a batch would gain from each benefit.

    Attributes:
        priority: (n, benefits), ≥ 0; 0 where it is not offered.
        dimension: (n, benefits) place of the dimension that adds most to it, −1 where none does.
        broken: (n, benefits) whether what it gives is broken now.
        likeliest: (n,) place of the likeliest archetype.
    """

    priority: NDArray[np.float64]
    dimension: NDArray[np.int64]
    broken: NDArray[np.bool_]
    likeliest: NDArray[np.int64]


@frozen
class ResultColumn:
    """A column of the result.

    Attributes:
        name: As other programs read it.
        type: Its Arrow type.
        make: Its values for a batch, one for each customer, in the batch's order.
    """

    name: str
    type: pa.DataType
    make: Callable[[Scored], pa.Array]


def _column_of(
    matrix: Callable[[Scored], NDArray[np.float64]], place: int
) -> Callable[[Scored], pa.Array]:
    """Makes the column at *place* of a matrix with a row for each customer."""
    return lambda scored: numbers(matrix(scored)[:, place])


@define(frozen=True, slots=False)
class Result:
    """Makes a result table of a plan's batches.

    Attributes:
        plan: The typology, its rules and benefits.
        min_confidence: The posterior below which a customer stays unclassified, 0…1.
        reasons: Makes the columns `reasons` and `against`.
        known: Share of the typology's evidence that was seen of customers here, 0…1.
        dimensions: Of how many dimensions enough of it was seen; None: not counted.
    """

    plan: Plan
    min_confidence: float
    reasons: Sentences
    known: float = 1.0
    dimensions: int | None = None

    @cached_property
    def columns(self) -> tuple[ResultColumn, ...]:
        """The result's columns, in order."""
        text, number = pa.string(), pa.float64()
        reasons = pa.list_(pa.struct([("text", text), ("contribution", number)]))
        offers = pa.list_(pa.struct([("name", text), ("priority", number), ("because", text)]))
        archetypes = [*(a.name for a in self.plan.archetypes), UNCLASSIFIED]
        names = texts(archetypes)
        dimensions = [d.name for d in self.plan.dimensions]
        return (
            ResultColumn("customer_id", text, lambda s: s.batch.table.column("customer_id")),
            ResultColumn("archetype", text, lambda s: names.take(numbers(s.named))),
            ResultColumn("confidence", number, lambda s: numbers(s.confidence)),
            *(
                ResultColumn(
                    col.posterior(name), number, _column_of(lambda s: s.pooled.posterior, i)
                )
                for i, name in enumerate(archetypes)
            ),
            *(
                ResultColumn(col.reading(name), number, _column_of(lambda s: s.batch.readings, k))
                for k, name in enumerate(dimensions)
            ),
            *(
                ResultColumn(col.evidence(name), number, _column_of(lambda s: s.batch.evidence, k))
                for k, name in enumerate(dimensions)
            ),
            ResultColumn("reasons", reasons, lambda s: s.reasons[0]),
            ResultColumn("against", reasons, lambda s: s.reasons[1]),
            ResultColumn("certainty", text, self._certainty),
            ResultColumn("benefits", offers, self._benefits),
            ResultColumn("status", text, self._status),
            ResultColumn("unclassified_because", text, self._because),
            ResultColumn("alarms", pa.list_(text), self._alarms),
        )

    @cached_property
    def schema(self) -> pa.Schema:
        """The result's columns, in order, with their types."""
        return pa.schema([(column.name, column.type) for column in self.columns])

    def batch(self, batch: Batch, pooled: Pooled, *, words: bool = True) -> pa.RecordBatch:
        """The result's rows for *batch*, in its order; without *words*, it lacks those columns."""
        return self.made(self.scored(batch, pooled), words=words)

    def made(self, scored: Scored, *, words: bool = True) -> pa.RecordBatch:
        """The rows for what is known of a batch; without *words*, they lack those columns."""
        kept = [column for column in self.columns if words or column.name not in WORDS]
        schema = pa.schema([(column.name, column.type) for column in kept])
        return pa.RecordBatch.from_arrays([column.make(scored) for column in kept], schema=schema)

    def scored(self, batch: Batch, pooled: Pooled) -> Scored:
        """What is known of *batch* when its rows are made."""
        return Scored(batch, pooled, self.named(pooled), self.reasons)

    def named(self, pooled: Pooled) -> NDArray[np.int64]:
        """(n,) index of the archetype that is named; the number of archetypes for none."""
        best = pooled.posterior.argmax(axis=1)
        silent = pooled.posterior.max(axis=1) < self.min_confidence
        silent |= (pooled.withheld >= 0) | self._too_little_known | ~self._told_apart(pooled)
        silent |= self._lacks(pooled)
        return np.where(silent, len(self.plan.archetypes), best)

    @property
    def _too_little_known(self) -> bool:
        typology = self.plan.typology
        few = self.dimensions is not None and self.dimensions < typology.least_dimensions
        return few or self.known < typology.least_known

    def _told_apart(self, pooled: Pooled) -> NDArray[np.bool_]:
        """(n,) whether what was seen can tell the two likeliest archetypes apart."""
        return np.asarray(pooled.apart >= self.plan.typology.tell_apart)

    def _lacks(self, pooled: Pooled) -> NDArray[np.bool_]:
        """(n,) whether what the likeliest archetype needs was not seen."""
        likeliest = pooled.posterior[:, :-1].argmax(axis=1)
        return np.asarray(pooled.lacking[np.arange(len(likeliest)), likeliest])

    def _certainty(self, scored: Scored) -> pa.Array:
        """The highest degree that each name's posterior reaches; null where nobody is named."""
        levels = sorted(self.plan.typology.certainty, key=lambda level: level.at_least)
        reached = np.searchsorted(
            [level.at_least for level in levels], scored.confidence, side="right"
        )
        reached = np.where(scored.named < len(self.plan.archetypes), reached, 0)
        return texts([None, *(level.name for level in levels)]).take(numbers(reached))

    @cached_property
    def _wording(self) -> Wording:
        return Wording(self.plan)

    def advice(self, scored: Scored) -> Advice:
        """What each customer would gain from each benefit; only gates for the unclassified."""
        batch, tables, broken = scored.batch, self._advice, self._broken(scored.batch)
        likeliest = scored.pooled.posterior[:, :-1]
        total = likeliest.sum(axis=1, keepdims=True)
        score, dimension = priorities(
            likeliest / np.where(total > 0, total, 1.0),
            batch.readings,
            batch.evidence,
            suits=tables["suits"],
            raises=tables["raises"],
            targets=tables["targets"],
            barred=tables["barred"] > 0,
            broken=broken,
        )
        gates = np.array([b.gate for b in self.plan.benefits], dtype=bool)
        score[:, ~gates] *= (scored.named < len(self.plan.archetypes))[:, None]
        return Advice(score, dimension, broken, likeliest.argmax(axis=1))

    def offered_because(
        self, advice: Advice, row: NDArray[np.int64], benefit: NDArray[np.int64]
    ) -> pa.Array:
        """Why a benefit is offered to the customer of a row, in words, for each pair."""
        code = self._wording.suggestion_code(
            benefit,
            advice.likeliest[row],
            advice.dimension[row, benefit],
            advice.broken[row, benefit],
        )
        return texts(self._wording.suggestions).take(numbers(code))

    def _benefits(self, scored: Scored) -> pa.Array:
        """Up to three benefits, the most promising first."""
        advice = self.advice(scored)
        best = top(advice.priority, SUGGESTIONS)
        priority = np.take_along_axis(advice.priority, best, 1)
        chosen = priority > 0
        row, _ = np.nonzero(chosen)
        benefit = best[chosen]
        names = texts(b.name for b in self.plan.benefits)
        return listed(
            chosen.sum(axis=1),
            [
                ("name", names.take(numbers(benefit))),
                ("priority", numbers(priority[chosen])),
                ("because", self.offered_because(advice, row, benefit)),
            ],
        )

    @cached_property
    def _advice(self) -> dict[str, NDArray[np.float64]]:
        """The benefits' tables, in the order of benefits, archetypes and dimensions."""
        archetypes, dimensions = self.plan.archetypes, self.plan.dimensions
        benefits = self.plan.benefits
        measured = self.plan.importance
        suit = [
            suits(b, a.name) * (1.0 if measured is None else measured.weight(b.name, a.name))
            for b in benefits
            for a in archetypes
        ]
        lift = [b.raises.get(d.name, 0.0) for b in benefits for d in dimensions]
        aims = [a.prototype.get(d.name) for a in archetypes for d in dimensions]
        warned = [a.name in b.not_for for b in benefits for a in archetypes]
        return {
            "suits": np.array(suit, float).reshape(len(benefits), len(archetypes)),
            "raises": np.array(lift, float).reshape(len(benefits), len(dimensions)),
            "targets": np.array([p.aim if p else 0.0 for p in aims]).reshape(
                len(archetypes), len(dimensions)
            ),
            "barred": np.array(warned, float).reshape(len(benefits), len(archetypes)),
        }

    def _broken(self, batch: Batch) -> NDArray[np.bool_]:
        made = np.zeros((len(batch), len(self.plan.benefits)), bool, order="F")
        for i, benefit in enumerate(self.plan.benefits):
            if benefit.when:
                made[:, i] = batch.holds(col.broken(i)) == 1
        return made

    def _status(self, scored: Scored) -> pa.Array:
        flags = self.plan.typology.status
        first = scored.batch.first("status", len(flags))
        return texts([*(f.name for f in flags), None]).take(
            numbers(np.where(first < 0, len(flags), first))
        )

    def _because(self, scored: Scored) -> pa.Array:
        """Why a customer is unclassified: a reason withheld, none fits, or between two.

        Of several reasons the first in this order is told: what a typology's flags say, too
        little known of anybody, that none fits, what the likeliest needs, and between whom.
        """
        pooled, named, ranked = scored.pooled, scored.named, scored.ranked
        flags = self.plan.typology.unclassified_when
        archetypes = self.plan.archetypes
        count = len(archetypes)
        reasons = [f.name for f in flags] + [NONE_FITS.text, None, LITTLE_KNOWN.text]
        reasons += [between(a.name, b.name).text for a in archetypes for b in archetypes]
        reasons += [a.otherwise for a in archetypes]
        both = np.sort(ranked, axis=1)  # one name for a pair, whoever leads
        pair = len(flags) + 3 + both[:, 0] * count + both[:, -1]
        lacks = len(flags) + 3 + count * count + ranked[:, 0]
        none_fits = pooled.posterior.argmax(axis=1) == count
        code = np.where(self._lacks(pooled), lacks, pair)
        code = np.where(none_fits, len(flags), code)
        code = np.where(self._too_little_known, len(flags) + 2, code)
        code = np.where(pooled.withheld >= 0, pooled.withheld, code)
        code = np.where(named < count, len(flags) + 1, code)
        return texts(reasons).take(numbers(code))

    def _alarms(self, scored: Scored) -> pa.Array:
        flags = self.plan.typology.alarms
        held = np.zeros((len(scored.batch), len(flags)), bool)
        for i in range(len(flags)):
            held[:, i] = scored.batch.holds(col.flag("alarm", i)) == 1
        offsets = np.zeros(len(held) + 1, np.int32)
        np.cumsum(held.sum(axis=1), out=offsets[1:])
        names = texts(f.name for f in flags)
        return pa.ListArray.from_arrays(numbers(offsets), names.take(numbers(np.nonzero(held)[1])))

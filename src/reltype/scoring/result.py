"""Result: what was concluded, in the columns that other programs read."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np
from attrs import define

from reltype.arrow import numbers, texts
from reltype.definitions.archetypes import UNCLASSIFIED
from reltype.scoring import columns as col
from reltype.scoring.priorities import priorities
from reltype.scoring.ranking import top
from reltype.scoring.wording import Wording, listed, suits

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa
    from numpy.typing import NDArray

    from reltype.scoring.classifiers import Batch
    from reltype.scoring.plan import Plan
    from reltype.scoring.pool import Pooled

TOO_LITTLE_KNOWN = "too little known of anybody"
"""Why nobody is named where the columns hold too little of what the typology asks."""
SUGGESTIONS = 3


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
class Result:
    """Makes a result table of a plan's batches.

    Attributes:
        plan: The typology, its rules and benefits.
        min_confidence: The posterior below which a customer stays unclassified, 0…1.
        reasons: Makes the columns `reasons` and `against`.
        known: Share of the typology's evidence that was seen of customers here, 0…1.
    """

    plan: Plan
    min_confidence: float
    reasons: Sentences
    known: float = 1.0

    @cached_property
    def schema(self) -> pa.Schema:
        """The result's columns, in order, with their types."""
        import pyarrow as pa

        text, number = pa.string(), pa.float64()
        reason = pa.struct([("text", text), ("contribution", number)])
        offer = pa.struct([("name", text), ("priority", number), ("because", text)])
        return pa.schema(
            [
                ("customer_id", text),
                ("archetype", text),
                ("confidence", number),
                *((col.posterior(a.name), number) for a in self.plan.archetypes),
                (col.posterior(UNCLASSIFIED), number),
                *((col.reading(d.name), number) for d in self.plan.dimensions),
                *((col.evidence(d.name), number) for d in self.plan.dimensions),
                ("reasons", pa.list_(reason)),
                ("against", pa.list_(reason)),
                ("certainty", text),
                ("benefits", pa.list_(offer)),
                ("status", text),
                ("unclassified_because", text),
                ("alarms", pa.list_(text)),
            ]
        )

    def batch(self, batch: Batch, pooled: Pooled) -> pa.RecordBatch:
        """The result's rows for *batch*, in its order."""
        import pyarrow as pa

        named = self.named(pooled)
        ranked = top(pooled.posterior[:, :-1], 2)
        names = texts([*(a.name for a in self.plan.archetypes), UNCLASSIFIED])
        confidence = np.take_along_axis(pooled.posterior, named[:, None], 1)[:, 0]
        columns = [
            batch.table.column("customer_id"),
            names.take(numbers(named)),
            numbers(confidence),
            *(numbers(p) for p in pooled.posterior.T),
            *(numbers(d) for d in batch.readings.T),
            *(numbers(e) for e in batch.evidence.T),
            *self.reasons.columns(batch, pooled, ranked, named),
            self._certainty(confidence, named),
            self._benefits(batch, pooled, named),
            self._status(batch),
            self._because(pooled, named, ranked),
            self._alarms(batch),
        ]
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)

    def named(self, pooled: Pooled) -> NDArray[np.int64]:
        """(n,) index of the archetype that is named; the number of archetypes for none."""
        best = pooled.posterior.argmax(axis=1)
        silent = pooled.posterior.max(axis=1) < self.min_confidence
        silent |= (pooled.withheld >= 0) | self._too_little_known | ~self._told_apart(pooled)
        silent |= self._lacks(pooled)
        return np.where(silent, len(self.plan.archetypes), best)

    @property
    def _too_little_known(self) -> bool:
        return self.known < self.plan.typology.least_known

    def _told_apart(self, pooled: Pooled) -> NDArray[np.bool_]:
        """(n,) whether what was seen can tell the two likeliest archetypes apart."""
        return np.asarray(pooled.apart >= self.plan.typology.tell_apart)

    def _lacks(self, pooled: Pooled) -> NDArray[np.bool_]:
        """(n,) whether what the likeliest archetype needs was not seen."""
        likeliest = pooled.posterior[:, :-1].argmax(axis=1)
        return np.asarray(pooled.lacking[np.arange(len(likeliest)), likeliest])

    def _certainty(self, confidence: NDArray[np.float64], named: NDArray[np.int64]) -> pa.Array:
        """The highest degree that each name's posterior reaches; null where nobody is named."""
        levels = sorted(self.plan.typology.certainty, key=lambda level: level.at_least)
        reached = np.searchsorted([level.at_least for level in levels], confidence, side="right")
        reached = np.where(named < len(self.plan.archetypes), reached, 0)
        return texts([None, *(level.name for level in levels)]).take(numbers(reached))

    @cached_property
    def _wording(self) -> Wording:
        return Wording(self.plan)

    def _benefits(self, batch: Batch, pooled: Pooled, named: NDArray[np.int64]) -> pa.Array:
        """Up to three benefits, the most promising first; only gates for the unclassified."""
        tables, broken = self._advice, self._broken(batch)
        likeliest = pooled.posterior[:, :-1]
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
        score[:, ~gates] *= (named < len(self.plan.archetypes))[:, None]
        best = top(score, SUGGESTIONS)
        priority = np.take_along_axis(score, best, 1)
        chosen = priority > 0
        row, _ = np.nonzero(chosen)
        benefit = best[chosen]
        code = self._wording.suggestion_code(
            benefit,
            likeliest.argmax(axis=1)[row],
            dimension[row, benefit],
            broken[row, benefit],
        )
        names = texts(b.name for b in self.plan.benefits)
        return listed(
            chosen.sum(axis=1),
            [
                ("name", names.take(numbers(benefit))),
                ("priority", numbers(priority[chosen])),
                ("because", texts(self._wording.suggestions).take(numbers(code))),
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

    def _status(self, batch: Batch) -> pa.Array:
        flags = self.plan.typology.status
        first = batch.first("status", len(flags))
        return texts([*(f.name for f in flags), None]).take(
            numbers(np.where(first < 0, len(flags), first))
        )

    def _because(
        self, pooled: Pooled, named: NDArray[np.int64], ranked: NDArray[np.int64]
    ) -> pa.Array:
        """Why a customer is unclassified: a reason withheld, none fits, or between two.

        Of several reasons the first in this order is told: what a typology's flags say, too
        little known of anybody, that none fits, what the likeliest needs, and between whom.
        """
        flags = self.plan.typology.unclassified_when
        archetypes = self.plan.archetypes
        count = len(archetypes)
        reasons = [f.name for f in flags] + ["fits none", None, TOO_LITTLE_KNOWN]
        reasons += [f"between {a.name} and {b.name}" for a in archetypes for b in archetypes]
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

    def _alarms(self, batch: Batch) -> pa.Array:
        import pyarrow as pa

        flags = self.plan.typology.alarms
        held = np.zeros((len(batch), len(flags)), bool)
        for i in range(len(flags)):
            held[:, i] = batch.holds(col.flag("alarm", i)) == 1
        offsets = np.zeros(len(batch) + 1, np.int32)
        np.cumsum(held.sum(axis=1), out=offsets[1:])
        names = texts(f.name for f in flags)
        return pa.ListArray.from_arrays(numbers(offsets), names.take(numbers(np.nonzero(held)[1])))

"""Reasons: what spoke for an archetype and what against it, handed down to facts and told as such.

A part of a score is what a rule, a learned classifier or a dimension's reading says for the
likeliest archetype more than for the next. What a dimension says is handed down to its signals:

    c_s = m_s (g(x_s) + r)        m_s = mass_s / Σ mass,  r = c − Σ m_s g(x_s)

where g is what the prototypes say of a reading (`Prototype.parts`, tabulated), x_s the signal and
mass_s its weight times how much it was seen: each signal says what it would say alone, and what
their mean says otherwise is shared by mass. So they add up to c, whatever else spoke of the
dimension (what labels taught is in c, and not in g).

Parts about one fact (the same first slot, such as `{gap_mean_days:every}`) are told once, and
added up. Everything is done for a batch at a time: arithmetic by columns, and each different
sentence is written once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import define, field, frozen

from reltype.arrow import doubles, numbers, texts
from reltype.definitions.phrases import PLAIN, Units, a, slots
from reltype.scoring import columns as col
from reltype.scoring.classifiers import Batch as Made
from reltype.scoring.classifiers import Prototype
from reltype.scoring.pool import WITHHELD
from reltype.scoring.ranking import top
from reltype.scoring.wording import listed, sentences

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reltype.arrow import Floats, Ints
    from reltype.definitions.dimensions import Sentence
    from reltype.scoring.classifiers import Batch
    from reltype.scoring.plan import Plan
    from reltype.scoring.pool import Pooled


FOR, AGAINST = 4, 2
"""How many reasons are told at most."""

SHARE = 0.1
"""A reason is told if it is no less than this share of all that spoke for the archetype."""

TRIFLE = 0.1
"""Nor is it told if it is below this many log-odds: who says so little says nothing."""

STEPS = 256
"""Into so many steps a signal is cut to look up what it says alone."""


WHOLE, UNSEEN = -1, -2
"""In place of a signal: a part as a whole; what is said of a dimension of which nothing was seen."""

CALLED = {
    "learned features": "what labels taught of other facts",
    "learned rules": "what labels taught of the rules",
    "learned base rates": "what labels taught of how common it is",
}
"""What parts without a fact are called in an explanation."""


@frozen(eq=False)
class Source:
    """One signal, rule or classifier that can say something of a customer.

    Attributes:
        part: Index of the part of the score that it belongs to.
        signal: Index of the signal; `WHOLE` for a part as a whole, `UNSEEN` for what is said of a
            dimension where none of its signals was seen.
        says: Its sentences; empty where it has none.
        fact: What it is about: sources with the same are told once.
    """

    part: int
    signal: int
    says: tuple[Sentence | str, ...]
    fact: str


@define(frozen=True, slots=False)
class Reasons:
    """Makes the columns `reasons` and `against` of a plan's batches.

    Attributes:
        plan: Whose signals and rules speak.
        constants: Scales and days by name: what is usual here.
        units: Currency and the scales of ratings.
    """

    plan: Plan
    constants: Mapping[str, float] = field(factory=dict)
    units: Units = PLAIN

    def columns(
        self, batch: Batch, pooled: Pooled, ranked: Ints, named: Ints
    ) -> tuple[pa.Array, pa.Array]:
        """What spoke for the likeliest archetype, and what for the next; a list per customer.

        Args:
            batch: Of whom.
            pooled: What all said.
            ranked: (n, ≤ 2) the likeliest archetypes.
            named: (n,) the archetype that is named; the number of archetypes for none.
        """
        first, second = ranked[:, 0], ranked[:, -1]
        told = self.handed_down(batch, pooled, first, second)
        withheld = pooled.withheld >= 0
        total = np.where(told.amounts > 0, told.amounts, 0.0).sum(axis=1)
        least = np.maximum(SHARE * total, TRIFLE)[:, None]
        least = np.where(withheld[:, None], np.inf, least)
        silent = named == len(self.plan.archetypes)
        mine = self._column(batch, told, least, FOR, np.where(silent, first, -1), withheld=pooled)
        alone = (first == second)[:, None]  # a typology of one: there is no other to speak for
        least = np.where(alone, np.inf, least)
        other = self._column(batch, told, least, AGAINST, second, sign=-1.0)
        return mine, other

    def handed_down(
        self, batch: Batch, pooled: Pooled, first: Ints, second: Ints | None
    ) -> HandedDown:
        """What each fact adds to *first* more than to *second*, in log-odds over the temperature.

        Args:
            batch: Of whom.
            pooled: What all said.
            first: (n,) an archetype.
            second: (n,) another; None: against the hypothesis that none fits.
        """
        signals = self._signals(batch)
        dimensions = len(self.plan.dimensions)
        over = self._over(pooled, first, second, dimensions)
        rows = len(batch)
        sources = self._sources(pooled.labels, tuple(signals))
        amounts = np.zeros((rows, len(sources)), order="F")
        said = self._alone(first, second)
        for k in range(dimensions):
            mine = [j for j, s in enumerate(sources) if s.signal >= 0 and s.part == k]
            mass = np.zeros(rows)
            spoken = np.zeros(rows)
            for j in mine:
                value, weight = signals[sources[j].signal]
                amounts[:, j] = weight
                mass += weight
                alone = said(k, value) * batch.evidence[:, k]
                spoken += weight * alone
                signals[sources[j].signal] = (alone, weight)
            share = np.divide(1.0, mass, out=np.zeros(rows), where=mass > 0)
            rest = over[:, k] - spoken * share
            for j in mine:
                amounts[:, j] *= (signals[sources[j].signal][0] + rest) * share
            for j, source in enumerate(sources):
                if source.signal == UNSEEN and source.part == k:
                    amounts[:, j] = np.where(mass > 0, 0.0, over[:, k])
        for j, source in enumerate(sources):
            if source.signal == WHOLE:
                amounts[:, j] = over[:, source.part]
        higher = self._higher(first, second)
        return HandedDown(sources, amounts / pooled.temperature[:, None], higher)

    def _higher(self, first: Ints, second: Ints | None) -> Floats | None:
        """(n, dimensions) above 0 where *first* stands higher than *second*, below 0 where lower."""
        if second is None:
            return None
        value = self._places
        return np.asarray(np.nan_to_num(np.sign(value[first] - value[second])))

    @cached_property
    def _places(self) -> Floats:
        """(archetypes, dimensions) where each prototype stands; NaN where it says nothing."""
        return Prototype.of(self.plan).value

    def _over(self, pooled: Pooled, first: Ints, second: Ints | None, dimensions: int) -> Floats:
        """(n, parts) what each part says for *first* more than for *second*.

        What a learned classifier says of a dimension is added to that dimension's own part.
        """
        made = parts_of(pooled.parts, first)
        if second is not None:
            made = np.where((first == second)[:, None], made, made - parts_of(pooled.parts, second))
        names = {d.name: k for k, d in enumerate(self.plan.dimensions)}
        made = np.asfortranarray(made)
        for p, (_, item) in enumerate(pooled.labels):
            if p >= dimensions and item in names:
                made[:, names[item]] += made[:, p]
                made[:, p] = 0.0
        return made

    def _signals(self, batch: Batch) -> dict[int, tuple[Floats, Floats]]:
        """Signal → its values, and its mass, 0 where it is null."""
        names = set(batch.table.schema.names)
        made = {}
        for i in range(len(self.plan.signals)):
            if col.mass(i) in names:
                weight = np.nan_to_num(doubles(batch.table.column(col.mass(i))))
                made[i] = (np.nan_to_num(doubles(batch.table.column(col.signal(i)))), weight)
        return made

    def _sources(
        self, labels: Sequence[tuple[str, str]], signals: tuple[int, ...]
    ) -> tuple[Source, ...]:
        names = [d.name for d in self.plan.dimensions]
        made = []
        for i in signals:
            signal = self.plan.signals[i]
            part = names.index(signal.dimension)
            made.append(Source(part, i, signal.says, signal.fact))
        spoken_for = {self.plan.signals[i].dimension for i in signals}
        for p, (classifier, item) in enumerate(labels):
            if item in spoken_for and classifier != "rules":
                fact = f"unseen {item}"  # what labels taught of nothing being seen is no fact
                if p >= len(names) and all(s.fact != fact for s in made):
                    made.append(Source(names.index(item), UNSEEN, (), fact))
                continue
            rule = self.plan.catalogue.rules.get(item) if classifier == "rules" else None
            because = (rule.because or rule.name) if rule else ""
            fact = next(iter(slots(because)), f"{classifier} {item}")
            made.append(Source(p, WHOLE, (because,) if because else (), fact))
        return tuple(made)

    @cached_property
    def _tables(self) -> tuple[Floats, ...]:
        """Of each dimension (archetypes, STEPS + 1): what a reading says, seen in full."""
        steps = np.linspace(0.0, 1.0, STEPS + 1)
        count = len(self.plan.dimensions)

        every = np.repeat(steps[:, None], count, 1)
        blank = pa.table({"customer_id": pa.nulls(len(steps), pa.string())})
        batch = Made(blank, every, np.ones_like(every), np.zeros((len(steps), 0)))
        parts = Prototype.of(self.plan).parts(batch)
        return tuple(np.ascontiguousarray(parts[:, :, k].T) for k in range(count))

    def _alone(self, first: Ints, second: Ints | None) -> _Alone:
        return _Alone(self._tables, first, second)

    def _column(
        self,
        batch: Batch,
        told: HandedDown,
        least: Floats,
        count: int,
        archetype: Ints,
        *,
        sign: float = 1.0,
        withheld: Pooled | None = None,
    ) -> pa.Array:
        """Up to *count* facts whose amount times *sign* is at least *least*, the largest first."""
        facts = told.facts
        amounts = sign * told.merged
        code = np.empty((len(batch), len(facts)), np.int64, order="F")
        for f, (_, members) in enumerate(facts):
            code[:, f] = self._said(batch, told, members, sign)
        amounts = np.where(code >= 0, amounts, -np.inf)
        best = top(amounts, count)
        amount = np.take_along_axis(amounts, best, 1)
        chosen = amount >= least
        row = np.nonzero(chosen)[0]
        which = np.take_along_axis(code, best, 1)[chosen]
        because = self._written(batch, told, row, which, archetype[row])
        counts, contribution = chosen.sum(axis=1), sign * amount[chosen]
        if withheld is not None:
            counts, because, contribution = self._withheld(
                batch, withheld, counts, because, contribution
            )
        return listed(counts, [("text", because), ("contribution", numbers(contribution))])

    def _said(self, batch: Batch, told: HandedDown, members: Sequence[int], sign: float) -> Ints:
        """(n,) number of the sentence that tells a fact, −1 for none.

        A rule's goes first, as a rule says what several signals tell together; then that of
        the signal that says most.
        """
        code = np.full(len(batch), -1, np.int64)
        most = np.zeros(len(batch))
        for j in members:
            source = told.sources[j]
            if not source.says:
                continue
            amount = sign * told.amounts[:, j]
            if source.signal < 0:
                place, amount = np.zeros(len(batch), np.int64), np.where(amount > 0, np.inf, 0.0)
            else:
                said = doubles(batch.table.column(col.says(source.signal)))
                place = np.where(np.isnan(said), -1, said).astype(np.int64)
                place = np.where(self._sounds_so(told, source, place, sign), place, -1)
            found = (place >= 0) & (amount > most)
            code[found] = told.offsets[j] + place[found]
            most[found] = amount[found]
        return code

    def _sounds_so(
        self, told: HandedDown, source: Source, place: Ints, sign: float
    ) -> NDArray[np.bool_]:
        """(n,) False where a sentence for one pole would be told for whoever stands at the other.

        *Came on 2 days in all* may be nearer to a partnership than to a friendship, and nobody
        would take it for that: it counts, and is not told.
        """
        if told.higher is None:
            return np.ones(len(place), bool)
        poles = {"low": -1.0, "high": 1.0, "usual": 0.0}
        pole = np.array([poles[s.pole] for s in source.says if not isinstance(s, str)])
        return np.asarray(pole[place] * told.higher[:, source.part] * sign >= 0)

    def _written(
        self, batch: Batch, told: HandedDown, row: Ints, which: Ints, archetype: Ints
    ) -> pa.Array:
        """The sentence *which* of each *row*, and what it speaks for, where that is told."""
        made: list[pa.Array] = []
        place = np.zeros(len(row), np.int64)
        offset = 0
        for number in np.unique(which):
            here = np.nonzero(which == number)[0]
            text = told.texts[number]
            made.append(sentences(text, batch.table, row[here], self.constants, self.units))
            place[here] = offset + np.arange(len(here))
            offset += len(here)
        if not made:
            return texts([])
        written = pa.concat_arrays(made).take(numbers(place))
        if not (archetype >= 0).any():
            return written
        suffixes = ["", *(f": speaks for {a(one.name)}" for one in self.plan.archetypes)]
        return pc.binary_join_element_wise(
            written, texts(suffixes).take(numbers(archetype + 1)), texts([""])[0]
        )

    def main_fact(self, batch: Batch, dimension: str) -> str:
        """Of the first row, the fact of the signal that weighs most in *dimension*; else empty."""
        signals = self._signals(batch)
        sources = self._sources((), tuple(signals))
        told = HandedDown(sources, np.zeros((len(batch), len(sources))))
        mine = [j for j, s in enumerate(sources) if self.plan.dimensions[s.part].name == dimension]
        for j in sorted(mine, key=lambda j: -signals[sources[j].signal][1][0]):
            if self._place(batch, sources[j]) >= 0:
                return self.first_text(batch, told, j)
        return ""

    def _place(self, batch: Batch, source: Source) -> int:
        """Which of its sentences a source says of the first row; −1 for none."""
        if not source.says or source.signal < 0:
            return len(source.says) - 1
        said = doubles(batch.table.column(col.says(source.signal)))[0]
        return -1 if np.isnan(said) else int(said)

    def first_text(self, batch: Batch, told: HandedDown, j: int) -> str:
        """What source *j* says of the first row, as a fact; else what it is called."""
        source = told.sources[j]
        place = self._place(batch, source)
        if place >= 0:
            text = told.texts[int(told.offsets[j]) + place]
            rows = np.zeros(1, np.int64)
            made = sentences(text, batch.table, rows, self.constants, self.units)
            return str(made[0].as_py())
        if source.signal >= 0:
            return f"{self.plan.signals[source.signal].name} (no fact to tell)"
        if source.signal == UNSEEN:
            return "what labels taught of those of whom this is not known"
        return CALLED.get(source.fact, source.fact.strip())

    def _withheld(
        self, batch: Batch, pooled: Pooled, counts: Ints, because: pa.Array, contribution: Floats
    ) -> tuple[Ints, pa.Array, Floats]:
        """With the sentence of the flag for those of whom a flag says why nobody is named."""
        flags = self.plan.typology.unclassified_when
        rows = np.nonzero(pooled.withheld >= 0)[0]
        if not len(rows):
            return counts, because, contribution
        made, at = [], []
        for i, flag in enumerate(flags):
            here = rows[pooled.withheld[rows] == i]
            if len(here) and flag.because:
                text = flag.because
                made.append(sentences(text, batch.table, here, self.constants, self.units))
                at.append(here)
        if not made:
            return counts, because, contribution
        told = np.concatenate(at)
        every = np.concatenate([np.repeat(np.arange(len(batch)), counts), told])
        order = np.argsort(every, kind="stable")
        counts = counts.copy()
        counts[told] += 1
        because = pa.concat_arrays([because, *made]).take(numbers(order))
        contribution = np.concatenate([contribution, np.full(len(told), WITHHELD)])[order]
        return counts, because, contribution


@frozen(eq=False)
class HandedDown:
    """What each source says of each customer.

    Attributes:
        sources: Signals, then rules and whatever else spoke.
        amounts: (n, sources) in log-odds; they add up to what all parts said.
        higher: (n, dimensions) above 0 where the archetype that they speak for stands higher than
            the other, below 0 where lower; None where there is no other.
    """

    sources: tuple[Source, ...]
    amounts: Floats
    higher: Floats | None = None

    @property
    def facts(self) -> list[tuple[str, list[int]]]:
        """What the sources are about, and which are about it."""
        made: dict[str, list[int]] = {}
        for j, source in enumerate(self.sources):
            made.setdefault(source.fact, []).append(j)
        return list(made.items())

    @property
    def merged(self) -> Floats:
        """(n, facts) the amounts, added up by fact."""
        facts = self.facts
        made = np.zeros((len(self.amounts), len(facts)), order="F")
        for f, (_, members) in enumerate(facts):
            for j in members:
                made[:, f] += self.amounts[:, j]
        return made

    @property
    def texts(self) -> list[str]:
        """All sentences, those of each source side by side."""
        return [t if isinstance(t, str) else t.text for s in self.sources for t in s.says]

    @property
    def offsets(self) -> Ints:
        """(sources,) where in `texts` those of a source begin."""
        return np.cumsum([0, *(len(s.says) for s in self.sources)])[:-1]


@frozen(eq=False)
class _Alone:
    """What a reading says for one archetype more than for another, seen in full, looked up."""

    tables: tuple[Floats, ...]
    first: Ints
    second: Ints | None

    def __call__(self, dimension: int, value: Floats) -> Floats:
        table = self.tables[dimension]
        at = np.rint(value * STEPS).astype(np.int64)
        width = table.shape[1]
        said: Floats = table.ravel().take(self.first * width + at)
        if self.second is not None:
            other = table.ravel().take(self.second * width + at)
            said = np.where(self.first == self.second, said, said - other)
        return said


def parts_of(parts: Sequence[Floats], archetype: Ints) -> Floats:
    """(n, parts): of what all classifiers said, that of each row's *archetype*."""
    customers = len(archetype)
    made = np.empty((sum(said.shape[-1] for said in parts), customers))
    place = iter(made)
    for said in parts:
        flat = np.ascontiguousarray(np.moveaxis(said, 0, -1)).reshape(said.size)
        at = archetype * (said.shape[-1] * customers) + np.arange(customers)
        for out in islice(place, said.shape[-1]):
            np.take(flat, at, out=out, mode="clip")  # numpy takes into `out` unbuffered only so
            at += customers
    return made.T

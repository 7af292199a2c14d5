"""Summary: what a run found, what it could not see, and what would help most."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import define, field, frozen

from reltype.arrow import doubles, numbers, text
from reltype.definitions.archetypes import UNCLASSIFIED
from reltype.definitions.phrases import a
from reltype.learning.evaluation.comparison import wilson
from reltype.reporting.attention import WATCHED_COLUMNS, Watched, first_benefit, order, worth_a_look
from reltype.reporting.warnings import warnings
from reltype.scoring import columns as col
from reltype.scoring.pool import distances
from reltype.scoring.reliability import trust

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reltype.definitions.dimensions import Signal
    from reltype.definitions.features import Feature
    from reltype.scoring.plan import Plan
    from reltype.scoring.run import Run

APART = 2.0
"""Two archetypes whose prototypes lie fewer standard deviations apart on what was seen overlap by
more than Φ(−1) ≈ 16 % each way: the columns cannot tell them apart."""


@frozen
class Pair:
    """Two archetypes that the given columns cannot tell apart; `distance` in standard deviations."""

    first: str
    second: str
    distance: float


@frozen
class Help:
    """A dimension that hardly anything speaks of, and the columns that would.

    Attributes:
        dimension: Its name.
        columns: Canonical columns or customer-table facts, any of which would help.
        gain: By how much it would move apart the pair that is least apart, in standard deviations.
        between: That pair.
        asked: Of columns that a typology asks for by words of its own, what they hold.
    """

    dimension: str
    columns: tuple[str, ...]
    gain: float
    between: tuple[str, str] = ("", "")
    asked: Mapping[str, str] = field(factory=dict)

    @property
    def text(self) -> str:
        """What to get, and what it would tell, for somebody who can get it."""
        asked = dict.fromkeys(GIVEN_AS.get(name, name) for name in self.columns)
        held = {**COLUMNS, **self.asked}
        told = " or ".join(f"{held.get(name, 'a column')} ({name})" for name in asked)
        first, second = self.between
        return f"{told}. It would tell {a(first)} from {a(second)}." if first else f"{told}."


@frozen
class Advice:
    """A benefit, and for how many it goes first.

    Attributes:
        benefit: Its name.
        owner: The role that owns it.
        customers: How many have it first.
        action: The first thing to do.
    """

    benefit: str
    owner: str
    customers: int
    action: str


COLUMNS = {
    "kind": "a log of what they do besides buying: visits, messages, complaints, reviews",
    "value": "what each purchase cost",
    "discount": "how much each purchase was reduced",
    "rating": "what they answered when asked how pleased they were",
    "sentiment": "how pleased their texts sound",
    "nps": "how likely they would recommend you, 0 to 10",
    "satisfaction": "how satisfied they say they are",
    "since": "the day on which each became a customer",
    "tenure_days": "how long each has been a customer",
    "contract_days": "how long each contract runs, 0 for none",
    "auto_renew": "whether it renews by itself",
    "share_of_wallet": "which part of such money they spend with you",
    "products": "how many of your products each has",
    "referrals": "how many others each brought along",
    "active": "who is still a customer",
    "ended": "when each left",
    "timestamp": "a log with the time of each purchase",
}
"""Column → what it holds, as one would ask a colleague for it."""

GIVEN_AS = {"left_day": "ended", "left_said": "ended", "since_day": "since"}
"""Feature of a customer table → the column that people give it by."""


@frozen
class Summary:
    """What a run found.

    Attributes:
        customers: How many.
        as_of: The day on which the relationships were read.
        archetypes: Archetype → share of customers, `unclassified` last.
        unclassified: Reason → share of customers.
        statuses: Status → share of customers.
        alarms: Alarm → customers.
        rows: `read`, `used`, `rejected`, `left_out`, `late`; and of those used, `unread`: with a cell that
            held something else than it should.
        signals: Signal → share of customers of whom it was seen.
        scales: Scale → value.
        alike: Pairs of archetypes that the columns cannot tell apart.
        helps: What would help most, the best first.
        warnings: Sentences about the input.
        reliability: Signal → how far it repeats itself between two halves of each customer's
            log, 0…1; signals of which that cannot be measured are left out.
        known: Share of the typology's evidence that was seen, 0…1.
        base_rates: Circumstance → share of customers under it, whose base rates it shifts.
        findings: Sentences to read before the shares: why nobody is named, or that a name is one
            column in disguise.
        certainty: Archetype → degree of certainty, the surest first → share of customers.
        intervals: Archetype → 95 % interval of its share, were these customers drawn at random from
            many (Wilson 1927). It says nothing of how sure the names are: `certainty` does.
        standing: Archetype → status → customers.
        alarm_means: Alarm → what it means, and what to do.
        first: Who is to be looked at first, at most `WATCHED`.
        advice: What to cultivate, what is first for most customers before the others.
        assumed: Scales that could not be measured here; their values are what the pack takes.
        noun: What one whose relationship was read is called.
        plural: What several are.
    """

    customers: int
    as_of: dt.date
    archetypes: Mapping[str, float]
    unclassified: Mapping[str, float]
    statuses: Mapping[str, float]
    alarms: Mapping[str, int]
    rows: Mapping[str, int]
    signals: Mapping[str, float]
    scales: Mapping[str, float]
    alike: tuple[Pair, ...] = ()
    helps: tuple[Help, ...] = ()
    warnings: tuple[str, ...] = ()
    reliability: Mapping[str, float] = field(factory=dict)
    known: float = 1.0
    base_rates: Mapping[str, float] = field(factory=dict)
    findings: tuple[str, ...] = ()
    certainty: Mapping[str, Mapping[str, float]] = field(factory=dict)
    intervals: Mapping[str, tuple[float, float]] = field(factory=dict)
    standing: Mapping[str, Mapping[str, int]] = field(factory=dict)
    alarm_means: Mapping[str, str] = field(factory=dict)
    first: tuple[Watched, ...] = ()
    advice: tuple[Advice, ...] = ()
    assumed: tuple[str, ...] = ()
    noun: str = "customer"
    plural: str = "customers"


STEPS = 100
DISGUISE, USUAL, FEW_STEPS = 0.9, 0.85, 12
"""A name is one column in disguise where a reading of a few steps gives nine names of ten, and no
name is nearly everybody's."""

SKEWED = 0.6
"""Share of the named from which on one archetype sets what is usual."""

COUNTED = ("archetype", "unclassified_because", "status")
"""Result columns whose values are counted."""


WATCHED = 8
"""Customers to look at first that a summary names."""


@define
class Tally:
    """Counts what a result holds, batch by batch, so that it need not be kept."""

    customers: int = 0
    counts: dict[str, Counter[str]] = field(factory=lambda: {name: Counter() for name in COUNTED})
    alarms: Counter[str] = field(factory=Counter)
    certainty: dict[str, Counter[str]] = field(factory=dict)
    standing: dict[str, Counter[str]] = field(factory=dict)
    benefits: Counter[str] = field(factory=Counter)
    first: pa.Table | None = None
    readings: dict[str, Counter[tuple[int, str]]] = field(factory=dict)

    def add(self, batch: pa.RecordBatch) -> None:
        """Count one batch of a result."""
        self.customers += batch.num_rows
        for name in COUNTED:
            self._count(self.counts[name], batch.column(name).drop_null())
        self._count(self.alarms, pc.list_flatten(batch.column("alarms")))
        advised = batch.filter(worth_a_look(batch))
        self._count(self.benefits, first_benefit(advised.column("benefits")).drop_null())
        self._cross(self.certainty, batch, "certainty")
        self._cross(self.standing, batch, "status")
        self._watch(advised)
        names = pc.dictionary_encode(batch.column("archetype"))
        kinds = names.dictionary.to_pylist()
        code = doubles(names.indices).astype(np.int64)
        for name in batch.schema.names:
            dimension = col.dimension_of(name)
            if dimension is not None:
                reading = doubles(batch.column(name))
                step = np.where(np.isnan(reading), -1, np.rint(reading * STEPS)).astype(np.int64)
                found, times = np.unique(step * len(kinds) + code, return_counts=True)
                told = self.readings.setdefault(dimension, Counter())
                for key, count in zip(found.tolist(), times.tolist(), strict=True):
                    told[key // len(kinds), kinds[key % len(kinds)]] += count

    def disguised(self) -> tuple[str, float] | None:
        """The dimension whose reading alone gives the name, and in which share of the named.

        None where no reading gives `DISGUISE` of them, or one name is nearly all there is.
        """
        best: tuple[str, float] | None = None
        for dimension, counted in self.readings.items():
            steps: dict[int, Counter[str]] = {}
            for (step, name), count in counted.items():
                if name != UNCLASSIFIED:
                    steps.setdefault(step, Counter())[name] += count
            total = sum(sum(c.values()) for c in steps.values())
            most = Counter[str]()
            for counter in steps.values():
                most.update(counter)
            if not total or max(most.values()) > USUAL * total or len(steps) > FEW_STEPS:
                continue
            share = sum(max(c.values()) for c in steps.values()) / total
            if share >= DISGUISE and (best is None or share > best[1]):
                best = dimension, share
        return best

    def shares(self, column: str) -> dict[str, float]:
        """Value → share of customers, the most frequent first; nulls are left out."""
        ranked = sorted(self.counts[column].items(), key=lambda item: (-item[1], item[0]))
        return {value: count / self.customers for value, count in ranked}

    @staticmethod
    def _cross(counters: dict[str, Counter[str]], batch: pa.RecordBatch, column: str) -> None:
        """Count *column* by archetype."""
        names = batch.column("archetype")
        for name in pc.unique(names).to_pylist():
            mine = batch.column(column).filter(pc.equal(names, text(name))).drop_null()
            Tally._count(counters.setdefault(name, Counter()), mine)

    def _watch(self, batch: pa.RecordBatch) -> None:
        """Keep who is to be looked at first."""
        kept = [] if self.first is None else [self.first]
        mine = pa.Table.from_batches([batch]).select(WATCHED_COLUMNS)
        both = pa.concat_tables([*kept, mine.take(numbers(order(mine)[:WATCHED]))])
        self.first = both.take(numbers(order(both)[:WATCHED]))

    @staticmethod
    def _count(counter: Counter[str], values: pa.Array) -> None:
        for counted in pc.value_counts(values).to_pylist():
            counter[counted["values"]] += counted["counts"]


def summarise(run: Run, tally: Tally) -> Summary:
    """The summary of *run*, whose result *tally* has counted."""
    plan, counts = run.plan, run.counts
    overview = run.population.overview
    seen = np.array([overview[col.mean_evidence(k)] for k in range(len(plan.dimensions))])
    shares = {a.name: 0.0 for a in plan.archetypes} | tally.shares("archetype")
    none = shares.pop(UNCLASSIFIED, 0.0)
    total = max(tally.customers, 1)
    return Summary(
        customers=tally.customers,
        as_of=run.scales.as_of,
        archetypes={**shares, UNCLASSIFIED: none},
        unclassified=tally.shares("unclassified_because"),
        statuses=tally.shares("status"),
        alarms=dict(sorted(tally.alarms.items())),
        rows={
            "read": counts.rows,
            "used": counts.used,
            "rejected": counts.rejected,
            "left_out": counts.left_out,
            "late": counts.late,
            "unread": counts.unread,
        },
        signals={s.name: overview[col.signals_seen(i)] / total for i, s in enumerate(plan.signals)},
        scales=dict(run.scales.values),
        alike=alike(plan, seen),
        helps=helps(plan, seen, unseen_columns(plan, overview, run.inputs.mapped)),
        warnings=tuple(w for w in warnings(run) if w not in run.inputs.scales_in_doubt),
        reliability=dict(run.scales.reliability),
        known=run.scales.known,
        base_rates={
            rate.name: overview[col.rates_held(i)] / total
            for i, rate in enumerate(plan.typology.base_rates)
            if overview[col.rates_held(i)]
        },
        findings=tuple(findings(plan, run, tally)),
        certainty={
            name: {
                level.name: counted[level.name] / total
                for level in sorted(plan.typology.certainty, key=lambda level: -level.at_least)
            }
            for name, counted in tally.certainty.items()
            if name != UNCLASSIFIED
        },
        intervals={
            name: wilson(tally.counts["archetype"][name], tally.customers)
            for name in [*shares, UNCLASSIFIED]
        },
        standing={name: dict(counted) for name, counted in sorted(tally.standing.items())},
        alarm_means={flag.name: _without_slots(flag.because) for flag in plan.typology.alarms},
        first=()
        if tally.first is None or plan.typology.groups_only
        else tuple(map(Watched.of, tally.first.to_pylist())),
        advice=tuple(_advice(plan, tally)),
        assumed=tuple(name for name in run.scales.values if name in run.scales.assumed),
        noun=plan.typology.noun,
        plural=plan.typology.plural,
    )


def _advice(plan: Plan, tally: Tally) -> Iterator[Advice]:
    known = {benefit.name: benefit for benefit in plan.benefits}
    for name, count in sorted(tally.benefits.items(), key=lambda item: (-item[1], item[0])):
        benefit = known[name]
        yield Advice(name, benefit.role, count, benefit.actions[0] if benefit.actions else "")


def _without_slots(sentence: str) -> str:
    """A sentence about a customer as one about all: without what would be filled in."""
    made = re.sub(r" ?\([^()]*\{[^()]*\)", "", sentence)
    return "" if "{" in made else made


def findings(plan: Plan, run: Run, tally: Tally) -> Iterator[str]:
    """What to know before the shares are read."""
    yield from run.inputs.scales_in_doubt
    measured = run.scales.reliability
    hardly = not any(trust(value) > 0.5 for value in measured.values())
    if measured and (hardly or run.scales.known == 0):
        yield (
            "Nothing here tells customers apart: cut into two halves, no reading of a customer "
            "repeats itself better than it would if the log were dealt to customers at random."
        )
    elif run.scales.known < plan.typology.least_known:
        yield (
            f"Too little is known of anybody: {run.scales.known:.0%} of what the typology asks was "
            f"seen, and nobody is named below {plan.typology.least_known:.0%}."
        )
    elif (
        run.scales.dimensions is not None and run.scales.dimensions < plan.typology.least_dimensions
    ):
        yield (
            "Too little is known of anybody: what was seen speaks of one thing only, and a name "
            f"needs {plan.typology.least_dimensions} of the {len(plan.dimensions)} dimensions."
        )
    shares = {a.name: tally.shares("archetype").get(a.name, 0.0) for a in plan.archetypes}
    named = sum(shares.values())
    most = max(shares, key=lambda name: shares[name], default="")
    if named and shares[most] > SKEWED * named and not run.population.norms:
        yield (
            f"The mix looks skewed: {shares[most] / named:.0%} of the named are a {most}, and what "
            "is usual here is what they do. Say in [norms] what a loyal customer does (reltype "
            "init --ask), or label 20 customers (reltype label)."
        )
    if (found := tally.disguised()) is not None:
        dimension, share = found
        columns = sorted(
            {
                column
                for i, signal in enumerate(plan.signals)
                if signal.dimension == dimension and run.population.overview[col.signals_seen(i)]
                for column in _sources(plan, signal)
                if column in run.inputs.mapped
            }
        )
        source = f", which is read from {' and '.join(columns)}" if columns else ""
        yield (
            f"The names are one column in disguise: {share:.0%} of them follow from "
            f"{dimension} alone{source}."
        )


def unseen_columns(
    plan: Plan, overview: Mapping[str, float], mapped: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """Dimension → canonical columns and given facts, not *mapped*, behind signals nobody has."""
    made: dict[str, dict[str, None]] = {}
    for i, signal in enumerate(plan.signals):
        if not overview[col.signals_seen(i)]:
            missing = [name for name in _sources(plan, signal) if name not in mapped]
            made.setdefault(signal.dimension, {}).update(dict.fromkeys(missing))
    return {dimension: tuple(columns) for dimension, columns in made.items()}


def _sources(plan: Plan, signal: Signal) -> list[str]:
    """What a signal is in the end computed from: columns of a log, facts of a customer table."""
    known = plan.catalogue.features
    queue, found, done = sorted(signal.expression(plan.catalogue.functions).needs), [], set()
    while queue:
        name = queue.pop(0)
        if name in done or name not in known:
            continue
        done.add(name)
        expression = known[name].expression(plan.catalogue.functions)
        if (plan.typology.name, name) in plan.catalogue.columns:
            found.append(name)
        elif expression is None:
            found.append("since" if name == "since_day" else name)  # as people write it
        elif expression.aggregate:
            needs = {"value" if need.endswith("_log") else need for need in expression.needs}
            found += sorted(needs - _ALWAYS)
        else:
            queue += sorted(expression.needs)
    return list(dict.fromkeys(found))


_ALWAYS = {
    "customer_id",
    "timestamp",
    "day",
    "weekday",
    "hour",
    "customer_initiated",
    "organic",
    "gap_days",
    "payment_gap_days",
}


def alike(plan: Plan, seen: NDArray[np.float64]) -> tuple[Pair, ...]:
    """The pairs of archetypes that are less than `APART` apart on what was seen, nearest first.

    d' = √(Σ_k seen_k w_k (μ_ak − μ_bk)² / ((τ²_ak + τ²_bk) / 2)): the distance at which an ideal
    observer would tell two normal densities apart (Green & Swets 1966).

    Args:
        plan: Gives the prototypes.
        seen: (dimensions,) mean evidence, 0…1.
    """
    squares = distances(plan)
    found = [
        Pair(a.name, b.name, float(np.sqrt((seen * squares[i, j]).sum())))
        for (i, a), (j, b) in combinations(enumerate(plan.archetypes), 2)
    ]
    return tuple(sorted((p for p in found if p.distance < APART), key=lambda p: p.distance))


def helps(
    plan: Plan, seen: NDArray[np.float64], columns: Mapping[str, tuple[str, ...]]
) -> tuple[Help, ...]:
    """Which dimensions, were they seen in full, would move the least separate pair apart most.

    Args:
        plan: Gives the prototypes.
        seen: (dimensions,) mean evidence.
        columns: Dimension → columns that would speak of it and are not given.
    """
    pairs = list(combinations(range(len(plan.archetypes)), 2))
    if not pairs:
        return ()
    square = distances(plan)
    squares = np.array([square[i, j] for i, j in pairs])
    worst = int((squares * seen).sum(axis=1).argmin())
    now = float((squares[worst] * seen).sum())
    asked = {
        columns.name: _asked_for(plan.catalogue.features[columns.name], columns.reads)
        for columns in plan.catalogue.columns_of(plan.typology.name)
        if columns.reads
    }
    made = []
    first, second = pairs[worst]
    between = (plan.archetypes[first].name, plan.archetypes[second].name)
    for k, dimension in enumerate(plan.dimensions):
        missing = columns.get(dimension.name, ())
        then = now + squares[worst, k] * (1 - seen[k])
        gain = float(np.sqrt(then) - np.sqrt(now))
        if missing and gain > 0.05:
            made.append(Help(dimension.name, missing, gain, between, asked))
    return tuple(sorted(made, key=lambda h: -h.gain))


def _asked_for(feature: Feature, reads: str) -> str:
    """A fact, as one would ask for it: the first sentence of its summary."""
    said = feature.summary.split(".")[0].split(":")[0]
    said = said[:1].lower() + said[1:]
    return f"answers on {said}" if reads == "agreement" else said

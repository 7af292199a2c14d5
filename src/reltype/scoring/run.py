"""Run: the way of the data from an opened population to result batches, and questions about it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from attrs import define, evolve, field

from reltype.errors import InputError
from reltype.scoring.classifiers import Batch, Classifier, Prototype, Rules
from reltype.scoring.pool import Pooled, pool
from reltype.scoring.result import Result

if TYPE_CHECKING:
    import datetime as dt

    import pyarrow as pa

    from reltype.explaining.explanation import Explanation
    from reltype.formats import Format
    from reltype.inputs import Inputs
    from reltype.plugins.knowledge import Knowledge
    from reltype.reporting.summary import Summary
    from reltype.scoring.plan import Plan
    from reltype.scoring.population import Counts, Population, Scales

S = TypeVar("S")
T = TypeVar("T")

WORKERS = 2
"""Threads that conclude batches beside the engine's own."""


@define(slots=False)
class Run:
    """One scoring: a population, who speaks of it, and when nobody is named.

    Attributes:
        population: The customers, in the engine.
        inputs: What was read.
        knowledge: What was known, and by whom: what scored a result is a field of the result.
        learned: Classifiers besides the prototype and the rules.
        min_confidence: The posterior below which a customer stays unclassified.
    """

    population: Population = field(repr=False)
    inputs: Inputs = field(repr=False)
    knowledge: Knowledge = field(repr=False)
    learned: Sequence[Classifier] = ()
    min_confidence: float | None = None

    def asking(self, plan: Plan) -> Run:
        """The same over the same customers, asked by another *plan*, which measures no other facts."""
        return self if plan is self.plan else evolve(self, population=self.population.asking(plan))

    @property
    def plan(self) -> Plan:
        """What was asked."""
        return self.population.plan

    @property
    def scales(self) -> Scales:
        """The as-of day and the scales that were used."""
        return self.population.scales

    @cached_property
    def warnings(self) -> list[str]:
        """Sentences about the input: what was assumed, and what in it bends the numbers."""
        from reltype.reporting.meetings import meetings
        from reltype.reporting.oddities import oddities

        met = meetings(self.population, self.inputs)
        changed = [f"{one.text}." for one in self.knowledge.catalogue.overrides]
        normed = [
            f"{name} is {value:.4g} by [norms], not what these customers show."
            for name, value in self.population.normed.items()
        ]
        found = oddities(self.population, self.inputs, self.counts)
        return [*met, *changed, *normed, *self.inputs.notes, *found]

    @property
    def formats(self) -> tuple[Format, ...]:
        """The ways out that are known."""
        return self.knowledge.formats()

    @cached_property
    def classifiers(self) -> tuple[Classifier, ...]:
        """Who speaks: the prototype, the rules, then whoever was added."""
        rules = Rules.of(self.plan, self.scales.overlap)
        return (Prototype.of(self.plan), rules, *self.learned)

    @cached_property
    def result(self) -> Result:
        """Makes the result's columns."""
        from reltype.explaining.reasons import Reasons

        wanted = self.min_confidence
        least = self.plan.typology.min_confidence if wanted is None else wanted
        reasons = Reasons(self.plan, self.scales.constants, self.inputs.units)
        return Result(self.plan, least, reasons, self.scales.known)

    def conclude(self, batch: Batch) -> Pooled:
        """What all classifiers together say of *batch*."""
        withheld = batch.first("reason", len(self.plan.typology.unclassified_when))
        return pool(self.plan, self.classifiers, batch, withheld)

    def write_rejects(self, path: str | None, *, beside: str | None = None) -> str | None:
        """Write the rows that were not used, each with file, line, column, reason and text.

        Args:
            path: Where to, CSV unless its ending says otherwise; None: `NAME.rejects.csv` beside
                *beside*, or nowhere without it.
            beside: Where the result was written.

        Returns:
            Where they are; None where there are none, or nowhere to put them.
        """
        import pyarrow as pa

        from reltype.formats import write
        from reltype.sources.rejects import COLUMNS

        late = self.counts.late if self.inputs.today is not None else 0
        found = self.counts.rejected + late
        if path is not None:
            found += self.counts.left_out
        if path is None:
            usual = _beside(beside)
            # A list from the last run must not pass for this one's.
            if usual is None or not (found or usual.exists()):
                return None
            path = str(usual)
        types = {"line": pa.int64()}
        schema = pa.schema([(name, types.get(name, pa.string())) for name in COLUMNS])
        endings = {ending for known in self.formats for ending in known.suffixes}
        chosen = None if Path(path).suffix.lower() in endings else "csv"
        write(schema, self.inputs.rejected() if found else (), path, chosen, self.formats)
        return path if found else None

    @cached_property
    def counts(self) -> Counts:
        """What became of the rows, those that could not even be cut into cells among them."""
        counted, torn = self.population.counts, self.inputs.torn()
        return evolve(counted, rows=counted.rows + torn, rejected=counted.rejected + torn)

    def explain(self, customer_id: str) -> Explanation:
        """Why the customer is what they are. Raises InputError if there is no such customer."""
        population = self.population
        with population.kept(population.one(customer_id), "chosen") as name:
            return self._explained(customer_id, f"SELECT * FROM {name}")

    def _explained(self, customer_id: str, one: str) -> Explanation:
        from reltype.explaining.counterfactual import counterfactual
        from reltype.explaining.explanation import Explanation, contributions
        from reltype.explaining.nearness import missing, near_misses

        plan, population = self.plan, self.population
        batch = next(population.judge(one), None)
        if batch is None:
            raise InputError(f"There is no customer {customer_id!r} in this input.")
        pooled = self.conclude(batch)
        named = int(self.result.named(pooled)[0])
        names = [*(a.name for a in plan.archetypes), "unclassified"]
        features = population.values(one, plan.inputs)
        return Explanation(
            customer_id=customer_id,
            archetype=names[named],
            scores=dict(zip(names, map(float, pooled.scores[0]), strict=True)),
            posterior=dict(zip(names, map(float, pooled.posterior[0]), strict=True)),
            contributions=contributions(plan, batch, pooled, self.result.reasons),
            missing=missing(plan, features),
            near_misses=near_misses(self, one, batch),
            counterfactual=counterfactual(self, one, named),
            features=features,
        )

    def summary(self, batches: Iterable[pa.RecordBatch]) -> Summary:
        """What the run found, given the batches of its result."""
        from reltype.reporting.summary import Tally, summarise

        tally = Tally()
        for batch in batches:
            tally.add(batch)
        return summarise(self, tally)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The result, batch by batch, sorted by customer."""
        yield from in_order(self.concluded, self.population.batches(), WORKERS)

    def batches_at(self, days: Sequence[dt.date]) -> Iterator[tuple[int, pa.RecordBatch]]:
        """The results up to each of *days*, by this run's scales: the day's place, and a batch.

        Each is what a run as of that day with the same scales gives. See `Population.judge_at`.
        """
        runs = []
        for day in days:
            run = evolve(self, population=evolve(self.population, as_of=day, frozen=self.scales))
            # Asked now: the engine answers nothing else while it streams.
            _ = run.classifiers, run.result
            runs.append(run)

        def concluded(found: tuple[int, Batch]) -> tuple[int, pa.RecordBatch]:
            place, batch = found
            return place, runs[place].concluded(batch)

        yield from in_order(concluded, self.population.judge_at(days), WORKERS)

    def concluded(self, batch: Batch) -> pa.RecordBatch:
        """The result of one batch."""
        return self.result.batch(batch, self.conclude(batch))


def in_order(function: Callable[[T], S], items: Iterable[T], workers: int) -> Iterator[S]:
    """*function* of each item, worked on by threads, in the order of the items.

    numpy and Arrow let go of the interpreter, so threads do work at once; no more than one item
    for each worker waits, so memory stays bounded.
    """
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[S]] = deque()
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _beside(output: str | None) -> Path | None:
    """Where rejects go beside a result; None beside standard output, or a device."""
    if output in (None, "-") or (Path(str(output)).exists() and not Path(str(output)).is_file()):
        return None
    return Path(str(output)).with_suffix(".rejects.csv")

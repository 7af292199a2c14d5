"""Run: the way of the data from an opened population to result batches, and questions about it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

import pyarrow as pa
from attrs import define, evolve, field

from reltype.formats import write
from reltype.scoring.classifiers import Batch, Classifier, Prototype, Rules
from reltype.scoring.pool import Pooled, pool
from reltype.scoring.result import Result
from reltype.sources.rejects import COLUMNS

if TYPE_CHECKING:
    from reltype.definitions.archetypes import Typology
    from reltype.definitions.catalogue import Catalogue
    from reltype.definitions.phrases import Units
    from reltype.formats import Format
    from reltype.inputs import Inputs
    from reltype.scoring.plan import Plan
    from reltype.scoring.population import Counts, History, Population, Scales
    from reltype.scoring.result import Sentences

S = TypeVar("S")
T = TypeVar("T")

WORKERS = 2
"""Threads that score batches beside the engine's own."""


class Known(Protocol):
    """What is known in a run, and by whom: `reltype.plugins.knowledge.Knowledge` is it."""

    @property
    def plugins(self) -> Any:  # noqa: ANN401  a room above
        """The plugins that were loaded; a `reltype.plugins.Plugins`."""

    @property
    def catalogue(self) -> Catalogue:
        """Every definition of the built-in pack, of plugins and of packs."""

    def formats(self) -> tuple[Format, ...]:
        """The formats that results are written in, built-in and plugins'."""

    def recipes(self, typology: Typology) -> list[Any]:
        """The recipes that `fit` trains."""

    def sections(self, relationships: object) -> list[Any]:
        """The sections of the report that plugins add."""


Reasoning: TypeAlias = "Callable[[Plan, Mapping[str, float], Units], Sentences]"
"""(plan, constants, units) → what tells reasons in words."""


@define(slots=False)
class Run:
    """One scoring: a population, who speaks of it, and when nobody is named.

    Attributes:
        population: The customers, in the engine.
        inputs: What was read.
        knowledge: What was known, and by whom: what scored a result is a field of the result.
        reasoning: Makes what tells reasons in words: `reltype.explaining.reasons.Reasons`.
        learned: Classifiers besides the prototype and the rules.
        min_confidence: The posterior below which a customer stays unclassified.
    """

    population: Population = field(repr=False)
    inputs: Inputs = field(repr=False)
    knowledge: Known = field(repr=False)
    reasoning: Reasoning = field(repr=False)
    learned: Sequence[Classifier] = ()
    min_confidence: float | None = None

    def asking(self, plan: Plan) -> Run:
        """The same over the same customers, asked by another *plan*, which measures no other facts."""
        return self if plan is self.plan else evolve(self, population=self.population.asking(plan))

    @property
    def plan(self) -> Plan:
        """What is asked of each customer; another plan is another run (`asking`)."""
        return self.population.plan

    @property
    def scales(self) -> Scales:
        """The as-of day and the scales that were used."""
        return self.population.scales

    @property
    def formats(self) -> tuple[Format, ...]:
        """The formats that results are written in, built-in and plugins'."""
        return self.knowledge.formats()

    @cached_property
    def classifiers(self) -> tuple[Classifier, ...]:
        """Who speaks: the prototype, the rules, then whoever was added."""
        rules = Rules.of(self.plan, self.scales.overlap)
        return (Prototype.of(self.plan), rules, *self.learned)

    @cached_property
    def result(self) -> Result:
        """Makes the result's columns."""
        wanted = self.min_confidence
        least = self.plan.typology.min_confidence if wanted is None else wanted
        reasons = self.reasoning(self.plan, self.scales.constants, self.inputs.units)
        return Result(self.plan, least, reasons, self.scales.known, self.scales.dimensions)

    def score_batch(self, batch: Batch) -> Pooled:
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
        counted, malformed = self.population.counts, self.inputs.malformed_rows()
        return evolve(counted, rows=counted.rows + malformed, rejected=counted.rejected + malformed)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The result, batch by batch, sorted by customer."""
        yield from in_order(self.result_batch, self.population.batches(), WORKERS)

    def batches_at(
        self, history: History, *, words: bool = True
    ) -> Iterator[tuple[int, pa.RecordBatch]]:
        """The results up to each day of *history*, by this run's scales: the day's place, a batch.

        Each is what a run as of that day with the same scales gives; without *words* it lacks
        reasons and benefits. See `History.judge`.
        """
        runs = []
        for day in history.days:
            run = evolve(self, population=evolve(self.population, as_of=day, frozen=self.scales))
            # Asked now: the engine answers nothing else while it streams.
            _ = run.classifiers, run.result
            runs.append(run)

        def scored(found: tuple[int, Batch]) -> tuple[int, pa.RecordBatch]:
            place, batch = found
            return place, runs[place].result_batch(batch, words=words)

        yield from in_order(scored, history.judge(), WORKERS)

    def result_batch(self, batch: Batch, *, words: bool = True) -> pa.RecordBatch:
        """The result of one batch; without *words* it lacks reasons and benefits."""
        return self.result.batch(batch, self.score_batch(batch), words=words)


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

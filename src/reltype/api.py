"""Pipeline: the way of the data, from whatever was given to relationships."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from reltype import plugins
from reltype.config import settings
from reltype.errors import InputError
from reltype.inputs import Inputs
from reltype.inputs.asks import asks
from reltype.learning.model import Model, load
from reltype.plugins.knowledge import Knowledge
from reltype.relationships import Relationships
from reltype.scoring.plan import Plan
from reltype.scoring.population import Population
from reltype.scoring.run import Run

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from reltype.config import Config, Settings
    from reltype.engines.functions import Registered


def classify(data: object, **options: Any) -> Relationships:  # noqa: ANN401
    """Read the relationship of every customer in *data*.

    Args:
        data: A path, a glob, a list of paths, `-`, a database's URL, a pandas, polars or pyarrow
            frame, a DuckDB relation, anything with `__arrow_c_stream__`, or a list of dicts.
        options: See `open_run`.

    Raises:
        InputError: The data cannot be read or understood.
        ConfigError: The config, a pack or an expression cannot be used.
        PluginError: A plugin failed.
        UsageError: An option makes no sense.
    """
    import pyarrow as pa

    run = open_run(data, **options)
    return Relationships(pa.Table.from_batches(run.batches(), run.result.schema), run)


@frozen(eq=False)
class Opened:
    """Inputs that were opened and understood; nobody is grouped yet.

    Attributes:
        connection: The engine's; locked.
        settings: What holds.
        knowledge: What is known, and by whom.
        plan: What is asked.
        inputs: What is read.
        functions: Plugins' functions that the connection knows.
        model: What was fitted before, to score with.
    """

    connection: DuckDBPyConnection = field(repr=False)
    settings: Settings
    knowledge: Knowledge = field(repr=False)
    plan: Plan = field(repr=False)
    inputs: Inputs
    functions: Registered = field(repr=False)
    model: Model | None = None

    def run(self) -> Run:
        """The run: every customer grouped, every row accounted for."""
        population = self.population()
        if self.settings.refunds == "raise":
            _no_refund(self.inputs)
        return self.over(population)

    def population(self) -> Population:
        """The customers, grouped, once every row of the inputs has been cut as it should be."""
        return _grouped(self)

    def over(self, population: Population) -> Run:
        """The run over a population that was grouped."""
        learned = self.knowledge.classifiers(self.plan.typology)
        confidence = self.settings.min_confidence
        if self.model is not None:
            recipes = self.knowledge.recipes(self.plan.typology)
            learned = [*learned, *self.model.classifiers(self.plan, recipes)]
            confidence = self.model.min_confidence if confidence is None else confidence
        return Run(population, self.inputs, self.knowledge, learned, confidence)

    def measuring(self) -> Opened:
        """The same, measuring every feature that is known, whoever asks for it or not."""
        return evolve(self, plan=self.plan.measuring_all)

    def each(self) -> Iterator[Opened]:
        """The same for each file alone."""
        for item in self.inputs.items:
            yield evolve(self, inputs=evolve(self.inputs, items=[item]))


def open_inputs(
    data: object = None,
    *,
    customers: object = None,
    map: Mapping[str, str] | None = None,  # noqa: A002
    table: str | None = None,
    encoding: str | None = None,
    config: str | Path | Config | None = None,
    model: str | Path | Model | None = None,
    **flags: Any,  # noqa: ANN401
) -> Opened:
    """Open what is to be read, and find out what each is: see `open_run` for the arguments."""
    path = None if isinstance(model, Model) else model
    chosen = settings(config, model=path, **flags)
    knowledge = Knowledge.of(plugins.load(without=chosen.no_plugin), chosen.rules)
    if not isinstance(model, Model):
        model = load(chosen.model) if chosen.model else None
    if model is None:
        plan = knowledge.plan(chosen.typology)
    else:
        knowledge = evolve(knowledge, catalogue=model.apply(knowledge.catalogue))
        plan = knowledge.plan(flags.get("typology") or model.typology)
        plan = evolve(plan, also=tuple(dict.fromkeys([*plan.also, *model.features])))
        model.check(plan, knowledge.plugins.loaded)
    engine = knowledge.engine(chosen.engine)
    connection = engine.connect(chosen.threads, chosen.memory_limit)
    inputs = Inputs.open(
        connection,
        asks(
            data,
            customers,
            chosen.config,
            columns=map,
            table=table,
            fitted=() if model is None else model.blocks,
            kinds={} if model is None else model.kinds,
        ),
        refunds=chosen.refunds,
        features=knowledge.catalogue.features,
        encoding=encoding,
    )
    inputs.today = _today() if chosen.as_of is None else None
    functions = knowledge.register(connection)
    engine.lock(connection, inputs.files)
    return Opened(connection, chosen, knowledge, plan, inputs, functions, model)


def open_run(
    data: object = None,
    *,
    customers: object = None,
    map: Mapping[str, str] | None = None,  # noqa: A002
    table: str | None = None,
    encoding: str | None = None,
    config: str | Path | Config | None = None,
    as_of: dt.date | str | None = None,
    typology: str | None = None,
    rules: Sequence[str | Path] = (),
    no_plugin: Sequence[str] = (),
    refunds: str | None = None,
    min_confidence: float | None = None,
    threads: int | None = None,
    memory_limit: str | None = None,
    model: str | Path | Model | None = None,
) -> Run:
    """A run over *data*, ready to score.

    What is not given here is taken from `RELTYPE_…` of the environment, then from the config, then
    from the defaults.

    Args:
        data: What `classify` takes; None: what the config names.
        customers: A customer table, which may also stand among *data*.
        map: Our name → their column, or an expression over their columns.
        table: Which table of a database, or sheet of a workbook.
        encoding: What text files are written in; seen from their bytes where None.
        config: A `reltype.toml` or `pyproject.toml`; None: `RELTYPE_CONFIG`, or the one in this
            folder, if any.
        as_of: The day on which relationships are read; later interactions are not used. None: the
            last day of the log that is not in the future.
        typology: Which archetypes to tell apart.
        rules: Packs with more knowledge.
        no_plugin: Plugins to leave out, besides those that the environment and the config name.
        refunds: `net`: they count against purchases; `drop`: they are left out; `raise`: the first
            one stops the run.
        min_confidence: The posterior below which nobody is named, 0…1.
        threads: How many threads the engine may use.
        memory_limit: What the engine may hold, such as `2GB`; it spills beyond.
        model: What `fit` gave, or the file that it was saved in: its scales hold, not these
            customers'.
    """
    return open_inputs(
        data,
        customers=customers,
        map=map,
        table=table,
        encoding=encoding,
        config=config,
        as_of=as_of,
        typology=typology,
        rules=rules,
        no_plugin=no_plugin,
        refunds=refunds,
        min_confidence=min_confidence,
        threads=threads,
        memory_limit=memory_limit,
        model=model,
    ).run()


def _today() -> dt.date:
    return dt.datetime.now().astimezone().date()


def _grouped(opened: Opened) -> Population:
    """The population, once every row of the inputs has been cut as it should be."""
    import duckdb

    inputs = opened.inputs

    def group() -> Population:
        return Population(
            opened.connection,
            opened.plan,
            logs=inputs.logs,
            tables=inputs.tables,
            absent=inputs.absent,
            given=inputs.given,
            as_of=opened.settings.as_of,
            until=inputs.today,
            functions=opened.functions,
            frozen=None if opened.model is None else opened.model.scales,
        )

    try:
        population = group()
        failed = False
    except duckdb.Error as error:
        failed = True
        if not inputs.settle(failed=True):
            raise InputError(f"The engine could not read the input: {error}") from error
        population = group()
    if not failed and inputs.settle():
        population = group()
    return population


def _no_refund(inputs: Inputs) -> None:
    """Raise InputError for the first row that gives money back."""
    for batch in inputs.rejected():
        for row in batch.to_pylist():
            if row["reason"].startswith("a refund"):
                raise InputError(
                    f"{row['file']}, line {row['line']}: money paid back, and --refunds raise: "
                    f"{row['text'][:200]}. --refunds net counts it against purchases."
                )

"""What reltype does, from whatever was given to relationships: `classify`, `fit`, `load`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from attrs import evolve, field, frozen

from reltype import plugins
from reltype.config import settings
from reltype.definitions.benefits import Cut
from reltype.definitions.importance import importance
from reltype.definitions.norms import Norms
from reltype.engines import EngineError, limits
from reltype.errors import InputError
from reltype.explaining.reasons import Reasons
from reltype.inputs import Inputs, of_the_file, read_errors, readable
from reltype.inputs.requests import input_requests
from reltype.learning.fitting import fit_run
from reltype.learning.model import Model
from reltype.learning.model import load as load_model
from reltype.mapping.canonical import refund_reason
from reltype.mapping.declared import Declared
from reltype.plugins.knowledge import Knowledge
from reltype.relationships import Relationships
from reltype.scoring.plan import Plan
from reltype.scoring.population import Population, grouped
from reltype.scoring.run import Run

if TYPE_CHECKING:
    from reltype.config import Config, Settings
    from reltype.engines import Engine
    from reltype.learning.evaluation.labels import Given
    from reltype.mapping.canonical import Refunds


@frozen(kw_only=True)
class RunOptions:
    """What is asked of a run besides the data.

    What is not given here is taken from `RELTYPE_…` of the environment, then from the config, then
    from the defaults.

    Attributes:
        customers: A customer table, which may also stand among the data.
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
        timezone: Where times in UTC, and Unix times, are told, such as `Europe/Berlin`: a time
            without a zone is taken for one of that place, one with an offset keeps its own day and
            hour. None: in UTC.
        id_from_row: A row of a file that names no customer is a customer, as in a survey.
        normalize_ids: Ids that differ only in letter case, in how accents are composed, or in what
            nobody sees, are one customer's.
        min_confidence: The posterior below which nobody is named, 0…1.
        threads: How many threads the engine may use.
        memory_limit: What the engine may hold, such as `2GB`; it spills beyond.
        timeout: Seconds that opening one input, or the pass over all, may take before it is
            stopped; 0: no limit; None: 600.
        model: What `fit` gave, or the file that it was saved in: its scales hold, not these
            customers'.
        drivers: What `drivers` gave, or the JSON that `reltype drivers -o` wrote: measured importance
            weighs the priority of benefits.
        role: Only benefits that these roles own: work-flow, service, consultation, advisory, audit,
            liaison.
        focus: Only benefits whose work is done with customers (`external`) or among ourselves
            (`internal`).
        horizon: Only benefits that pay then: short-term win, long-term win, new approach.
    """

    customers: object = None
    map: Mapping[str, str] | None = None
    table: str | None = None
    encoding: str | None = None
    config: str | Path | Config | None = None
    as_of: dt.date | str | None = None
    typology: str | None = None
    rules: Sequence[str | Path] = ()
    no_plugin: Sequence[str] = ()
    refunds: Refunds | None = None
    timezone: str | None = None
    id_from_row: bool | None = None
    normalize_ids: bool | None = None
    min_confidence: float | None = None
    threads: int | None = None
    memory_limit: str | None = None
    timeout: float | None = None
    model: str | Path | Model | None = None
    drivers: object = None
    role: str | Sequence[str] = ()
    focus: str | None = None
    horizon: str | Sequence[str] = ()


def classify(
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
    refunds: Refunds | None = None,
    timezone: str | None = None,
    id_from_row: bool | None = None,
    normalize_ids: bool | None = None,
    min_confidence: float | None = None,
    threads: int | None = None,
    memory_limit: str | None = None,
    timeout: float | None = None,
    model: str | Path | Model | None = None,
    drivers: object = None,
    role: str | Sequence[str] = (),
    focus: str | None = None,
    horizon: str | Sequence[str] = (),
) -> Relationships:
    """Read the relationship of every customer in *data*.

    Args:
        data: A path, a glob, a list of paths, `-`, a database's URL, a pandas, polars or pyarrow
            frame, a DuckDB relation, anything with `__arrow_c_stream__`, or a list of dicts. None:
            what the config names.
        customers: A customer table, which may also stand among *data*.
        map: Our name → their column, or an expression over their columns.
        table: Which table of a database, or sheet of a workbook.
        encoding: What text files are written in; seen from their bytes where None.
        config: A `reltype.toml` or `pyproject.toml`; None: `RELTYPE_CONFIG`, or the one in this
            folder, if any.
        as_of: The day on which relationships are read; later interactions are not used. None: the
            last day of the log that is not in the future.
        typology: Which archetypes to tell apart; None: `customer`.
        rules: Packs with more knowledge.
        no_plugin: Plugins to leave out, besides those that the environment and the config name.
        refunds: `net`: they count against purchases; `drop`: they are left out; `raise`: the first
            one stops the run. None: `net`.
        timezone: Where times in UTC, and Unix times, are told, such as `Europe/Berlin`: a time
            without a zone is taken for one of that place, one with an offset keeps its own day and
            hour. None: UTC.
        id_from_row: A row of a file that names no customer is a customer, as in a survey.
        normalize_ids: Ids that differ only in letter case, in how accents are composed, or in what
            nobody sees, are one customer's. None: they are several.
        min_confidence: The posterior below which nobody is named, 0…1; None: the typology's.
        threads: How many threads the engine may use; None: one for each processor.
        memory_limit: What the engine may hold, such as `2GB`; it spills beyond.
        timeout: Seconds that opening one input, or the pass over all, may take before it is
            stopped; 0: no limit; None: 600.
        model: What `fit` gave, or the file that it was saved in: its scales hold, not these
            customers'.
        drivers: What `drivers` gave, or the JSON that `reltype drivers -o` wrote: measured importance
            weighs the priority of benefits.
        role: Only benefits that these roles own: work-flow, service, consultation, advisory, audit,
            liaison; none: all.
        focus: Only benefits whose work is done with customers (`external`) or among ourselves
            (`internal`); None: both.
        horizon: Only benefits that pay then: short-term win, long-term win, new approach; none: all.

    Raises:
        InputError: The data cannot be read or understood.
        ConfigError: The config, a pack or an expression cannot be used.
        PluginError: A plugin failed.
        UsageError: An option makes no sense.

    Examples:
        >>> import reltype
        >>> steps = [
        ...     {"customer_id": "ann", "date": f"2024-{month:02d}-{day:02d}", "amount": 12.5}
        ...     for month in range(1, 13)
        ...     for day in (3, 17)
        ... ]
        >>> reltype.classify(steps)["ann"].status
        'active'
    """
    options = RunOptions(
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
        timezone=timezone,
        id_from_row=id_from_row,
        normalize_ids=normalize_ids,
        min_confidence=min_confidence,
        threads=threads,
        memory_limit=memory_limit,
        timeout=timeout,
        model=model,
        drivers=drivers,
        role=role,
        focus=focus,
        horizon=horizon,
    )
    run = open_run(data, options)
    return Relationships(pa.Table.from_batches(run.batches(), run.result.schema), run)


def fit(  # noqa: D417  the other arguments are those of classify
    data: object = None,
    *,
    labels: Given = None,
    customers: object = None,
    map: Mapping[str, str] | None = None,  # noqa: A002
    table: str | None = None,
    encoding: str | None = None,
    config: str | Path | Config | None = None,
    as_of: dt.date | str | None = None,
    typology: str | None = None,
    rules: Sequence[str | Path] = (),
    no_plugin: Sequence[str] = (),
    refunds: Refunds | None = None,
    timezone: str | None = None,
    id_from_row: bool | None = None,
    normalize_ids: bool | None = None,
    min_confidence: float | None = None,
    threads: int | None = None,
    memory_limit: str | None = None,
    timeout: float | None = None,
    model: str | Path | Model | None = None,
) -> Model:
    """What *data* teaches: the scales and which rules repeat each other; with *labels*, more.

    Args:
        data: As for `classify`, and so are all arguments but *labels*.
        labels: A file, frame or dict with `customer_id` and `archetype`, for some customers.

    Raises:
        InputError: The labels cannot be used, or speak of no customer in *data*; and what `classify` raises.
    """
    options = RunOptions(
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
        timezone=timezone,
        id_from_row=id_from_row,
        normalize_ids=normalize_ids,
        min_confidence=min_confidence,
        threads=threads,
        memory_limit=memory_limit,
        timeout=timeout,
        model=model,
    )
    return fit_run(open_run(data, options), labels)


def load(path: str | Path) -> Model:
    """The model that `Model.save` wrote. Nothing in the file is run, whoever wrote it.

    Raises:
        InputError: It cannot be read, is no model, is damaged, or holds what no model has.
        ConfigError: It was written by a newer reltype.
    """
    return load_model(path)


@frozen(eq=False)
class Opened:
    """Inputs that were opened and understood; nobody is grouped yet.

    Attributes:
        engine: What runs the queries; locked.
        settings: What holds in the run: flags before environment before config.
        knowledge: What is known, and by whom.
        plan: What is asked.
        inputs: What is read.
        model: What was fitted before, to score with.
    """

    engine: Engine = field(repr=False)
    settings: Settings
    knowledge: Knowledge = field(repr=False)
    plan: Plan = field(repr=False)
    inputs: Inputs
    model: Model | None = None

    def run(self) -> Run:
        """The run: every customer grouped, every row accounted for."""
        population = self.population()
        if self.settings.refunds == "raise":
            _no_refund(self.inputs)
        return self.run_on(population)

    def population(self) -> Population:
        """The customers, grouped, once every row of the inputs has been cut as it should be."""
        return _grouped(self)

    def run_on(self, population: Population) -> Run:
        """The run over a population that was grouped."""
        learned = self.knowledge.classifiers(self.plan.typology)
        confidence = self.settings.min_confidence
        if self.model is not None:
            recipes = self.knowledge.recipes(self.plan.typology)
            learned = [*learned, *self.model.classifiers(self.plan, recipes)]
            confidence = self.model.min_confidence if confidence is None else confidence
        return Run(population, self.inputs, self.knowledge, Reasons, learned, confidence)

    @property
    def norms(self) -> Norms:
        """What is usual here by somebody who knows: the config goes before the packs."""
        return Norms.of(self.knowledge.catalogue.norms, self.settings.config.norms)

    def measuring(self) -> Opened:
        """The same, measuring every feature that is known, whoever asks for it or not."""
        return evolve(self, plan=self.plan.measuring_all)

    def per_file(self) -> Iterator[Opened]:
        """An `Opened` of each file alone, as if it were the only one."""
        for item in self.inputs.items:
            yield evolve(self, inputs=evolve(self.inputs, items=[item]))


def open_inputs(data: object = None, options: RunOptions | None = None, **given: Any) -> Opened:  # noqa: ANN401
    """Open what is to be read, and find out what each is.

    Args:
        data: What `classify` takes; None: what the config names.
        options: What is asked.
        given: In place of *options*, some of them by name.
    """
    asked = RunOptions(**given) if options is None else options
    model = asked.model if isinstance(asked.model, Model) else None
    flags = {name: getattr(asked, name) for name in _FLAGS}
    measured = asked.drivers
    if isinstance(measured, str | Path):
        flags["drivers"], measured = measured, None
    chosen = settings(asked.config, model=None if model else asked.model, **flags)
    knowledge = Knowledge.of(plugins.load(without=chosen.no_plugin), chosen.rules)
    if model is None and chosen.model:
        model = load_model(chosen.model)
    if model is None:
        norms = Norms.of(knowledge.catalogue.norms, chosen.config.norms)
        catalogue = knowledge.catalogue.with_prior(chosen.typology, norms.mix)
        knowledge = evolve(knowledge, catalogue=catalogue)
        plan = knowledge.plan(chosen.typology)
    else:
        knowledge = evolve(knowledge, catalogue=model.apply(knowledge.catalogue))
        plan = knowledge.plan(asked.typology or model.typology)
        plan = evolve(
            plan, extra_features=tuple(dict.fromkeys([*plan.extra_features, *model.features]))
        )
        model.check(plan, knowledge.plugins.loaded)
    plan = evolve(
        plan,
        importance=importance(chosen.drivers if measured is None else measured),
        cut=Cut.of(asked.role, asked.focus, asked.horizon),
    )
    engine = knowledge.engine(chosen.engine, chosen.threads, chosen.memory_limit)
    requests = input_requests(
        data,
        asked.customers,
        chosen.config,
        columns=asked.map,
        table=asked.table,
        fitted=() if model is None else model.blocks,
        kinds={} if model is None else model.kinds,
    )
    engine.register(knowledge.functions, knowledge.plugins)
    # Before anything is looked at: a database or a file may hold what its maker wants to be run.
    engine.lock(readable(requests))
    inputs = Inputs.open(
        engine.reader,
        requests,
        refunds=chosen.refunds,
        timezone=chosen.timezone or "",
        id_from_row=chosen.id_from_row,
        normalize_ids=chosen.normalize_ids,
        features=knowledge.catalogue.features,
        declared=Declared.of(
            plan.catalogue.columns_of(plan.typology.name),
            plan.features,
            plan.typology.noun,
            plan.typology.plural,
        ),
        encoding=asked.encoding,
        timeout=chosen.timeout,
    )
    inputs.today = _today() if chosen.as_of is None else None
    return Opened(engine, chosen, knowledge, plan, inputs, model)


_FLAGS = (
    "as_of",
    "typology",
    "rules",
    "no_plugin",
    "refunds",
    "timezone",
    "id_from_row",
    "normalize_ids",
    "min_confidence",
    "threads",
    "memory_limit",
    "timeout",
)
"""Options that the environment and the config may also set."""


def open_run(data: object = None, options: RunOptions | None = None, **given: Any) -> Run:  # noqa: ANN401
    """A run over *data*, ready to score; the arguments are those of `open_inputs`."""
    return open_inputs(data, options, **given).run()


def _today() -> dt.date:
    return dt.datetime.now().astimezone().date()


def _grouped(opened: Opened) -> Population:
    """The population, once every row of the inputs has been cut as it should be."""
    inputs = opened.inputs

    def group() -> Population:
        return grouped(
            opened.engine,
            opened.plan,
            logs=inputs.logs,
            tables=inputs.tables,
            absent=inputs.absent,
            given=inputs.given,
            as_of=opened.settings.as_of,
            until=inputs.today,
            orders=inputs.orders,
            norms=opened.norms.numbers,
            frozen=None if opened.model is None else opened.model.scales,
            ratings=inputs.units.ratings,
        )

    names = ", ".join(item.source.name for item in inputs.items)
    with (
        limits.within(opened.engine.reader, opened.settings.timeout, f"reading {names}"),
        read_errors(names),
    ):
        try:
            population = group()
            failed = False
        except EngineError as error:
            if not of_the_file(error):
                raise
            limits.check()
            failed = True
            if not inputs.recheck_sources(failed=True):
                raise
            population = group()
        if not failed and inputs.recheck_sources():
            population = group()
        if inputs.recheck_guesses(population.first, population.facts):
            population = group()
        return population.without(
            inputs.no_customers(opened.engine.rows, population.facts, population.customers)
        )


def _no_refund(inputs: Inputs) -> None:
    """Raise InputError for the first row that gives money back."""
    for batch in inputs.rejected():
        for row in batch.to_pylist():
            if row["reason"] == refund_reason("raise"):
                raise InputError(
                    f"{row['file']}, line {row['line']}: money paid back, and --refunds raise: "
                    f"{row['text'][:200]}. --refunds net counts it against purchases."
                )

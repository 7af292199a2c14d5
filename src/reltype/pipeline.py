"""Pipeline: the way of the data, from whatever was given to relationships."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reltype import plugins
from reltype.errors import InputError, UsageError
from reltype.inputs import Ask, Inputs
from reltype.knowledge import Knowledge
from reltype.plan import Plan
from reltype.population import Population
from reltype.run import Run
from reltype.scoring import Relationships

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


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


def open_run(
    data: object,
    *,
    customers: object = None,
    as_of: dt.date | str | None = None,
    rules: Sequence[str | Path] = (),
    typology: str = "customer",
    map: Mapping[str, str] | None = None,  # noqa: A002
    refunds: str = "net",
    min_confidence: float | None = None,
    table: str | None = None,
    no_plugin: Sequence[str] = (),
    threads: int | None = None,
    memory_limit: str | None = None,
    config: object = None,
    model: object = None,
) -> Run:
    from reltype.engines import duckdb as engine

    knowledge = Knowledge.of(plugins.load(without=no_plugin), rules)
    plan = Plan(knowledge.catalogue, knowledge.catalogue.typology(typology or "customer"))
    connection = engine.connect(threads, memory_limit)
    several = isinstance(data, (list, tuple)) and data and not isinstance(data[0], dict)
    given = data if several else [data]
    asked = [Ask(thing, columns=map or {}, table=table) for thing in given]
    if customers is not None:
        asked.append(Ask(customers, role="customers"))
    inputs = Inputs.open(
        connection, asked, refunds=refunds or "net", features=knowledge.catalogue.features
    )
    functions = knowledge.register(connection)
    engine.lock(connection, inputs.files)
    population = _grouped(connection, plan, inputs, as_of, functions)
    learned = knowledge.classifiers(plan.typology)
    return Run(population, inputs, knowledge, learned, min_confidence)


def _grouped(connection, plan, inputs, as_of, functions) -> Population:
    """The population, once every row of the inputs has been cut as it should be."""
    import duckdb

    def group() -> Population:
        return Population(
            connection,
            plan,
            logs=inputs.logs,
            tables=inputs.tables,
            given=inputs.given,
            as_of=dt.date.fromisoformat(as_of) if isinstance(as_of, str) else as_of,
            functions=functions,
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

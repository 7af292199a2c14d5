"""Pipeline: the way of the data, from whatever was given to relationships."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reltype import plugins
from reltype.knowledge import Knowledge
from reltype.inputs import open_inputs
from reltype.plan import Plan
from reltype.population import Population
from reltype.run import Run
from reltype.scoring import Relationships

if TYPE_CHECKING:
    pass


def classify(data, *, customers=None, as_of=None, rules=(), typology="customer", min_confidence=None, catalogue=None):
    import pyarrow as pa

    run = open_run(data, customers=customers, as_of=as_of, rules=rules, typology=typology, min_confidence=min_confidence, catalogue=catalogue)
    return Relationships(pa.Table.from_batches(run.batches(), run.result.schema), run)


def open_run(data, *, customers=None, as_of=None, rules=(), typology="customer", min_confidence=None, threads=None, memory_limit=None, catalogue=None):
    from reltype.engines import duckdb as engine

    catalogue = catalogue or Knowledge.of(plugins.load(only=()), rules).catalogue
    plan = Plan(catalogue, catalogue.typology(typology))
    connection = engine.connect(threads, memory_limit)
    things = [data] + ([customers] if customers is not None else [])
    features = set(catalogue.features)
    inputs = open_inputs(connection, things, features)
    tables = [i for i in inputs if i.mapping.role == "customers"]
    given = {"since_day" if c == "since" else c for i in tables for c in i.mapping.columns} & features
    population = Population(
        connection,
        plan,
        logs=[i.select() for i in inputs if i.mapping.role == "interactions"],
        tables=[i.select(features=features) for i in tables],
        given=given,
        as_of=dt.date.fromisoformat(as_of) if isinstance(as_of, str) else as_of,
    )
    engine.lock(connection, [f for i in inputs for f in i.source.files])
    return Run(population, (), min_confidence)

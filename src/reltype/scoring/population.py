"""Population: the customers of one run in the engine; their scales, and batches of them."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define, evolve, field, frozen

from reltype.arrow import doubles
from reltype.engines.functions import Registered
from reltype.errors import InputError
from reltype.expressions import literal, quote
from reltype.scoring import query
from reltype.scoring.classifiers import Batch
from reltype.scoring.nulls import Nulls
from reltype.scoring.overlap import Overlap, overlap

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    import duckdb
    import pyarrow as pa

    from reltype.scoring.plan import Plan

EPOCH = dt.date(1970, 1, 1)
BATCH = 1 << 16
"""Customers per batch: large enough for numpy, small enough for the cache and the memory limit."""


@frozen
class Scales:
    """What was usual among all customers when they were measured; frozen in a model.

    Attributes:
        as_of: The day on which the relationships are read.
        log_start: The log's first day; who was there then may have been there before.
        values: Scale name → value.
        overlap: How far rules for one archetype fire on the same customers.
    """

    as_of: dt.date
    log_start: dt.date
    values: Mapping[str, float]
    overlap: Overlap = field(factory=dict)

    @property
    def constants(self) -> dict[str, float]:
        """The scales and the two days, by the names that expressions use."""
        return {**self.values, "as_of_day": _day(self.as_of), "log_start_day": _day(self.log_start)}


@frozen
class Counts:
    """What became of the rows of the logs and the customer tables.

    Attributes:
        rows: Rows read.
        used: Rows that count.
        rejected: Rows that cannot be used.
        late: Rows of a log after the as-of day.
        unread: Rows with a cell that held something else than it should, and counts as not seen.
        repeated: Customers who stand in several rows of a customer table.
    """

    rows: int = 0
    used: int = 0
    rejected: int = 0
    late: int = 0
    unread: int = 0
    repeated: int = 0


@define(slots=False)
class Population:
    """The customers of one run, grouped by the engine.

    Attributes:
        connection: The engine's connection; the facts live there as temporary tables.
        plan: What is asked.
        logs: SELECTs of canonical interactions.
        tables: SELECTs of canonical customer rows.
        absent: Columns that none of the logs gives.
        given: Features that the customer tables give.
        as_of: The as-of day; None: the last day of the log.
        until: Today: without an as-of day, what lies after it is not used.
        frozen: Scales from a model; None: taken from these customers.
        functions: Plugins' functions that the connection knows.
    """

    connection: duckdb.DuckDBPyConnection = field(repr=False)
    plan: Plan
    logs: Sequence[str] = ()
    tables: Sequence[str] = ()
    absent: Collection[str] = ()
    given: Collection[str] = ()
    as_of: dt.date | None = None
    until: dt.date | None = None
    frozen: Scales | None = None
    functions: Registered = field(factory=Registered, repr=False)
    _counted: tuple[Plan, dict[str, float]] | None = field(default=None, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        if self.logs:
            last = self.as_of or self.until
            until = f"DATE '{last}'" if last else None
            sql = query.facts(
                self.plan, self.logs, until=until, absent=self.absent, nulls=self.nulls
            )
            self._make("facts", sql)
        if self.tables:
            self._make("customers", query.customers(self.tables, self.given))

    def interactions(self, columns: Collection[str]) -> str:
        """SQL of the rows of all logs, with what aggregates may speak of: see the query's."""
        last = self.as_of or self.until
        until = f"DATE '{last}'" if last else None
        return query.interactions(self.logs, columns, until=until, absent=self.absent)

    @cached_property
    def nulls(self) -> Nulls:
        """What is null for everybody, since no input gives what it is made from."""
        return Nulls.of(self.plan, absent=self.absent, given=self.given, measured=bool(self.logs))

    @cached_property
    def counts(self) -> Counts:
        """What became of the rows."""
        counted = {"rows": 0, "rejected": 0, "late": 0, "unread": 0, "repeated": 0}
        if self.logs:
            found = self.first(
                "SELECT sum(log_rows) AS rows, sum(log_rejects) AS rejected, sum(log_late) AS late,"
                " sum(log_unread) AS unread FROM facts"
            )
            counted |= {name: int(value or 0) for name, value in found.items()}
        if self.tables:
            found = self.first(
                "SELECT sum(table_rows) AS rows, sum(table_unread) AS unread,"
                " sum(table_rows) FILTER (customer_id IS NULL) AS rejected,"
                " count_if(table_rows > 1 AND customer_id IS NOT NULL) AS repeated FROM customers"
            )
            counted |= {name: counted[name] + int(value or 0) for name, value in found.items()}
        used = counted["rows"] - counted["rejected"] - counted["late"]
        return Counts(used=used, **counted)

    @cached_property
    def size(self) -> int:
        """How many customers there are."""
        return int(self._row(f"SELECT count(*) FROM ({self._customers})")[0])

    @cached_property
    def scales(self) -> Scales:
        """The model's scales, or those of these customers, and how far rules overlap on them."""
        if self.frozen is not None:
            return self.usual
        return evolve(self.usual, overlap=self._overlap(self._judge_all(self.usual)))

    @cached_property
    def usual(self) -> Scales:
        """The scales without judging anybody: one look at each round of features; no overlap."""
        first, last = self._days()
        if self.frozen is not None:
            return Scales(
                self.as_of or last, self.frozen.log_start, self.frozen.values, self.frozen.overlap
            )
        days = Scales(self.as_of or last, first, {})
        constants = days.constants
        for scale in self.plan.scales:
            if self.plan.scale(scale).null_without(self.nulls.features):
                constants[scale.name] = scale.otherwise
        while ready := query.ready_scales(self.plan, constants):
            asked = ", ".join(e.sql() for e in ready.values())
            found = self._row(f"SELECT {asked} FROM ({self._features(constants)})")
            for name, value in zip(ready, found, strict=True):
                usable = value is not None and np.isfinite(float(value))
                otherwise = self.plan.catalogue.scales[name].otherwise
                constants[name] = _tidy(value) if usable else otherwise
        values = {s.name: constants[s.name] for s in self.plan.scales}
        return Scales(days.as_of, days.log_start, values)

    def features(self, where: str = "true") -> str:
        """SQL of the customers with their features, as far as the plan asks for them."""
        return f"SELECT * FROM ({self._features(self.usual.constants)}) WHERE {where}"

    def one(self, customer_id: str) -> str:
        """SQL of one customer's features. `evidence` is judged from it, as for all others."""
        return self.features(f"customer_id = {literal(customer_id)}")

    def chosen(self, customer_id: str) -> str:
        """The same, worked out once and kept, for many questions about this customer."""
        self._make("chosen", self.one(customer_id))
        return "SELECT * FROM chosen"

    def values(self, relation: str, names: Sequence[str]) -> dict[str, float | None]:
        """The features called *names* of the first row of *relation*."""
        asked = ", ".join(map(quote, names)) or "1"
        return dict(zip(names, self._row(f"SELECT {asked} FROM ({relation})"), strict=False))

    def batches(self, size: int = BATCH) -> Iterator[Batch]:
        """All customers in the order of their ids, *size* at a time."""
        self._judge_all(self.scales)
        yield from self._batches(query.answer(self.plan, "SELECT * FROM judged"), size)

    def judge(self, features: str, size: int = BATCH) -> Iterator[Batch]:
        """Batches of readings, evidence and conditions for any relation with the features."""
        yield from self._batches(query.answer(self.plan, self.judged(features)), size)

    def _batches(self, answers: str, size: int) -> Iterator[Batch]:
        with self.functions.told():
            reader = self.connection.cursor().sql(answers).to_arrow_reader(size)
        while True:
            with self.functions.told():
                table = next(reader, None)
            if table is None:
                return
            if table.num_rows:
                yield self._batch(table)

    def keep(self, name: str, table: pa.Table) -> str:
        """*table* as a table of the engine called *name*, in place of the last of that name."""
        self.connection.register("given", table)
        self._make(name, "SELECT * FROM given")
        self.connection.unregister("given")
        return name

    def judged(self, features: str) -> str:
        """SQL of readings, evidence and conditions beside *features*."""
        return query.evidence(self.plan, features, self.scales.constants, self.nulls)

    def first(self, sql: str) -> dict[str, Any]:
        """The first row of a query, by column."""
        with self.functions.told():
            found: dict[str, Any] = self.connection.sql(sql).to_arrow_table().to_pylist()[0]
        return found

    def _batch(self, table: pa.RecordBatch) -> Batch:
        def stacked(prefix: str) -> np.ndarray[Any, np.dtype[np.float64]]:
            columns = [f"{prefix}_{d.name}" for d in self.plan.dimensions]
            made = np.empty((table.num_rows, len(columns)), order="F")
            for i, name in enumerate(columns):
                made[:, i] = doubles(table.column(name))
            return made

        batch = Batch(table, stacked("d"), stacked("e"), np.empty((table.num_rows, 0)))
        fired = np.empty((table.num_rows, len(self.plan.rules)), order="F")
        for i in range(len(self.plan.rules)):
            fired[:, i] = batch.holds(f"rule_{i}")
        return Batch(table, batch.readings, batch.evidence, fired)

    @property
    def _customers(self) -> str:
        """Facts and customer table side by side; a customer may stand in either alone."""
        facts = "SELECT * FROM facts WHERE customer_id IS NOT NULL"
        table = "SELECT * FROM customers WHERE customer_id IS NOT NULL"
        if not self.tables:
            return facts
        if not self.logs:
            return table
        return f"""
            SELECT coalesce(f.customer_id, c.customer_id) AS customer_id,
              f.* EXCLUDE (customer_id), c.* EXCLUDE (customer_id)
            FROM ({facts}) f FULL JOIN ({table}) c ON f.customer_id = c.customer_id
            ORDER BY 1"""

    def _features(self, constants: Mapping[str, float]) -> str:
        return query.features(
            self.plan,
            self._customers,
            given=self.given,
            measured=bool(self.logs),
            constants=constants,
            nulls=self.nulls,
        )

    @property
    def overview(self) -> dict[str, float]:
        """Counts over these customers: see `query.overview`."""
        return self._judge_all(self.scales)

    def _judge_all(self, scales: Scales) -> dict[str, float]:
        """Judge everybody, once for each plan; kept for `batches`, and counted."""
        if self._counted is None or self._counted[0] is not self.plan:
            constants = scales.constants
            judged = query.evidence(self.plan, self._features(constants), constants, self.nulls)
            self._make("judged", query.answer(self.plan, judged, seen=True))
            row = self.first(query.overview(self.plan, "SELECT * FROM judged"))
            self._counted = (self.plan, {name: value or 0 for name, value in row.items()})
        return self._counted[1]

    def _overlap(self, counts: Mapping[str, float]) -> dict[str, dict[str, float]]:
        """How far rules for one archetype fire together on these customers."""
        rules = self.plan.rules
        fired = {
            (i, j): int(counts[f"c_{i}_{j}"])
            for i in range(len(rules))
            for j in range(i, len(rules))
            if f"c_{i}_{j}" in counts
        }
        return overlap([r.name for r in rules], [r.archetype for r in rules], fired)

    def _days(self) -> tuple[dt.date, dt.date]:
        """The first and the last day of the log.

        Without one, of `since` in the customer table; without that, the as-of day or the epoch.
        """
        first = last = None
        if self.logs:
            first, last = self._row(
                "SELECT min(log_first_day), max(log_last_day) FROM facts"
                " WHERE customer_id IS NOT NULL"
            )
        if first is None and self.logs and not self.tables:
            raise InputError(self._nothing())
        if first is None and "since_day" in self.given:
            first, last = self._row(
                "SELECT min(given_since_day), max(given_since_day) FROM customers"
            )
        if first is None or last is None:
            day = self.as_of or EPOCH
            return day, day
        return EPOCH + dt.timedelta(days=first), EPOCH + dt.timedelta(days=last)

    def _nothing(self) -> str:
        c = self.counts
        if c.rows == 0:
            return "The log has no rows: there is nobody to classify."
        return (
            f"None of the {c.rows} rows of the log can be used: {c.rejected} were rejected and "
            f"{c.late} lie after {self._last_day}. See --rejects, --map and --as-of."
        )

    @property
    def _last_day(self) -> str:
        return f"the as-of day {self.as_of}" if self.as_of else f"today ({self.until})"

    def _make(self, name: str, sql: str) -> None:
        with self.functions.told():
            self.connection.execute(f"CREATE OR REPLACE TABLE {name} AS {sql}")

    def _row(self, sql: str) -> tuple[Any, ...]:
        with self.functions.told():
            row: tuple[Any, ...] = self.connection.execute(sql).fetchall()[0]
        return row


def _tidy(value: float) -> float:
    """*value* to nine digits: what threads add up in another order must give the same bytes."""
    return float(f"{float(value):.9g}")


def _day(date: dt.date) -> float:
    return float((date - EPOCH).days)

"""Population: the customers of one run in the engine; their scales, and batches of them."""

from __future__ import annotations

import datetime as dt
import weakref
from contextlib import contextmanager
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define, evolve, field, frozen

from reltype.arrow import doubles
from reltype.engines import BATCH, first
from reltype.errors import InputError
from reltype.expressions import literal, quote
from reltype.scoring import columns as col
from reltype.scoring import query
from reltype.scoring.classifiers import Batch
from reltype.scoring.nulls import Nulls
from reltype.scoring.overlap import Overlap, overlap
from reltype.scoring.periods import Periods, periods
from reltype.scoring.reliability import reliability, trusts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    import pyarrow as pa

    from reltype.engines import Engine
    from reltype.scoring.plan import Plan

EPOCH = dt.date(1970, 1, 1)


SAMPLED_ROWS, SAMPLED_CUSTOMERS = 200_000, 2_000
"""So many rows and customers are enough to measure reliability within a few hundredths."""


KEPT_ONE_IN = 16
"""Of how many customers one keeps its rows while a log is read, which costs a list of them."""


SEEN = 0.2
"""The share of a dimension's evidence from which on the dimension counts as seen."""


@frozen
class Scales:
    """What was usual among all customers when they were measured; frozen in a model.

    Attributes:
        as_of: The day on which the relationships are read.
        log_start: The log's first day; who was there then may have been there before.
        values: Scale name → value.
        overlap: How far rules for one archetype fire on the same customers.
        reliability: Signal → how far it repeats itself in two halves of what was seen of each
            customer, 0…1; signals of which that cannot be measured are left out.
        known: Share of the typology's evidence that was seen, 0…1: of each signal's weight as much
            as can be trusted, in the share of customers of whom it was seen.
        dimensions: Of how many dimensions at least a fifth was seen so; None: not counted.
        assumed: Names of `values` that could not be measured, and are what a pack takes instead.
    """

    as_of: dt.date
    log_start: dt.date
    values: Mapping[str, float]
    overlap: Overlap = field(factory=dict)
    reliability: Mapping[str, float] = field(factory=dict)
    known: float = 1.0
    dimensions: int | None = None
    assumed: frozenset[str] = frozenset()

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
        left_out: Rows that are no customer's: blank, a report's sums, what the company wrote.
        late: Rows of a log after the as-of day.
        unread: Rows with a cell that held something else than it should, and counts as not seen.
        repeated: Customers who stand in several rows of a customer table.
    """

    rows: int = 0
    used: int = 0
    rejected: int = 0
    left_out: int = 0
    late: int = 0
    unread: int = 0
    repeated: int = 0


@define(frozen=True, slots=False)
class Population:
    """The customers of one run, grouped by the engine: see `grouped`, which makes one.

    What follows from its fields is worked out once, when it is asked for. Another plan is another
    population (`asking`), over the same facts.

    Attributes:
        engine: What runs the queries; the facts live there, in tables of their own.
        plan: What is asked.
        logs: SELECTs of canonical interactions.
        tables: SELECTs of canonical customer rows.
        absent: Columns that none of the logs gives.
        given: Features that the customer tables give.
        as_of: The as-of day; None: the last day of the log.
        until: Today: without an as-of day, what lies after it is not used.
        frozen: Scales from a model; None: taken from these customers.
        norms: What is usual here by somebody who knows; it goes before what these customers show.
        orders: The logs have a row per order, not per line.
        facts: The engine's table of what the logs say of each customer; empty without a log.
        customers: The engine's table of what the customer tables say; empty without any.
        ratings: Features and scales of which it is known on what scale people were asked.
        left_out: Ids that are no customers.
        kept_rows: The facts hold the rows of some customers, too.
    """

    engine: Engine = field(repr=False)
    plan: Plan
    logs: Sequence[str] = ()
    tables: Sequence[str] = ()
    absent: Collection[str] = ()
    given: Collection[str] = ()
    as_of: dt.date | None = None
    until: dt.date | None = None
    frozen: Scales | None = None
    norms: Mapping[str, float] = field(factory=dict)
    orders: bool = False
    facts: str = ""
    customers: str = ""
    ratings: Collection[str] = ()
    left_out: tuple[str, ...] = ()
    kept_rows: bool = False
    _looks: dict[str, str] = field(factory=dict, init=False, repr=False, eq=False)

    @property
    def measuring_all(self) -> Population:
        """The same customers, grouped anew with every feature that is known."""
        plan = self.plan.measuring_all
        made = grouped(
            self.engine,
            plan,
            logs=self.logs,
            tables=self.tables,
            absent=self.absent,
            given=self.given,
            as_of=self.as_of,
            until=self.until,
            frozen=self.frozen,
            orders=self.orders,
            ratings=self.ratings,
            norms=self.norms,
        )
        return made.without(self.left_out)

    def asking(self, plan: Plan) -> Population:
        """The same customers, asked by another *plan*, which measures no other facts."""
        return evolve(self, plan=plan, frozen=self.scales)

    def interactions(self, columns: Collection[str]) -> str:
        """SQL of the rows of all logs, with what aggregates may speak of: see the query's."""
        return query.interactions(
            self.logs, columns, until=self.last, absent=self.absent, orders=self.orders
        )

    @property
    def last(self) -> str | None:
        """The last day that is used, as SQL; None for all."""
        last = self.as_of or self.until
        return f"DATE '{last}'" if last else None

    @cached_property
    def nulls(self) -> Nulls:
        """What is null for everybody, since no input gives what it is made from."""
        found = Nulls.of(self.plan, absent=self.absent, given=self.given, measured=bool(self.logs))
        told = {n for s in self.plan.signals for said in s.says for n in said.rated}
        return evolve(found, unscaled=frozenset(told - set(self.ratings)))

    @cached_property
    def counts(self) -> Counts:
        """What became of the rows of all logs and tables, in rows; see `Counts`."""
        counted = {"rows": 0, "rejected": 0, "left_out": 0, "late": 0, "unread": 0, "repeated": 0}
        if self.logs:
            found = self.first(
                "SELECT sum(log_rows) AS rows, sum(log_rejects) AS rejected, sum(log_late) AS late,"
                " sum(log_left_out) AS left_out,"
                f" sum(log_unread) AS unread FROM {self.facts}"
            )
            counted |= {name: int(value or 0) for name, value in found.items()}
        if self.tables:
            found = self.first(
                "SELECT sum(table_rows) AS rows, sum(table_unread) AS unread,"
                " sum(table_left_out) AS left_out, coalesce(sum(table_rows) FILTER (customer_id IS"
                " NULL), 0) - sum(table_left_out) AS rejected,"
                " count_if(table_rows > 1 AND customer_id IS NOT NULL) AS repeated"
                f" FROM {self.customers}"
            )
            counted |= {name: counted[name] + int(value or 0) for name, value in found.items()}
        used = counted["rows"] - counted["rejected"] - counted["late"] - counted["left_out"]
        return Counts(used=used, **counted)

    def without(self, customers: Sequence[str]) -> Population:
        """The same without these, which are no customers; their rows are left out."""
        if not customers:
            return self
        listed = ", ".join(map(literal, customers))

        def left(table: str, counts: Sequence[str], hint: str) -> str:
            out = ", ".join(f"CAST(sum({counts[0]}) AS BIGINT) AS {name}" for name in counts)
            kept = f"customer_id IS NULL OR customer_id NOT IN ({listed})"
            return self.engine.materialise(
                f"SELECT * FROM {table} WHERE {kept} UNION ALL BY NAME "
                f"SELECT {out} FROM {table} WHERE customer_id IN ({listed})",
                hint,
            )

        left_out = tuple(customers)
        facts = left(self.facts, ("log_rows", "log_left_out"), "facts") if self.logs else ""
        table = (
            left(self.customers, ("table_rows", "table_left_out"), "customers")
            if self.tables
            else ""
        )
        return evolve(self, facts=facts, customers=table, left_out=left_out)

    @cached_property
    def size(self) -> int:
        """How many customers there are."""
        return int(self._row(f"SELECT count(*) FROM ({self._customers})")[0])

    @cached_property
    def scales(self) -> Scales:
        """The model's scales, or those of these customers, and how far rules overlap on them."""
        if self.frozen is not None:
            return self.usual
        shares = self._seen(self.overview)
        return evolve(
            self.usual,
            overlap=self._overlap(),
            reliability=self.reliability,
            known=self._known(shares),
            dimensions=sum(share >= SEEN for share in shares),
        )

    @cached_property
    def usual(self) -> Scales:
        """The scales without judging anybody: one look at each round of features; no overlap."""
        start, last = self._days()
        if self.frozen is not None:
            return evolve(self.frozen, as_of=self.as_of or last)
        days = Scales(self.as_of or last, start, {})
        constants, assumed = days.constants, set[str]()
        for scale in self.plan.scales:
            if self.plan.scale(scale).null_without(self.nulls.features):
                constants[scale.name] = scale.otherwise
                assumed.add(scale.name)
        constants |= self.normed
        while ready := query.ready_scales(self.plan, constants):
            asked = ", ".join(e.sql() for e in ready.values())
            found = self._row(f"SELECT {asked} FROM ({self._features(constants)})")
            for name, value in zip(ready, found, strict=True):
                usable = value is not None and np.isfinite(float(value))
                otherwise = self.plan.catalogue.scales[name].otherwise
                constants[name] = _tidy(value) if usable else otherwise
                assumed |= set() if usable else {name}
        values = {s.name: constants[s.name] for s in self.plan.scales}
        return Scales(
            days.as_of, days.log_start, values, assumed=frozenset(assumed - set(self.normed))
        )

    @cached_property
    def normed(self) -> dict[str, float]:
        """Scale → its value by a norm, for those of which one speaks; none with a model's scales."""
        if self.frozen is not None or not self.norms:
            return {}
        known = {name: literal(value) for name, value in self.norms.items()}
        asked = {
            scale.name: expression.sql(columns=known)
            for scale in self.plan.scales
            if (expression := scale.normed()) is not None and expression.needs <= set(self.norms)
        }
        if not asked:
            return {}
        return dict(
            zip(asked, map(_tidy, self._row(f"SELECT {', '.join(asked.values())}")), strict=True)
        )

    def _rows_to_halve(self, nulls: Nulls) -> str:
        """SQL of the interactions that reliability is measured on.

        All of a small log; of a large one what was kept of it while it was read; where that is of
        too few customers, those rows of it that are of one customer in so many.
        """
        rows, customers, kept = self._row(
            "SELECT coalesce(sum(log_rows), 0), count(*),"
            f" {'count(log_kept)' if self.kept_rows else '0'}"
            f" FROM {self.facts} WHERE customer_id IS NOT NULL"
        )
        if rows > SAMPLED_ROWS and kept >= SAMPLED_CUSTOMERS // 4:
            return query.unkept(self.facts)
        columns = {n for e in query.aggregates(self.plan, nulls).values() for n in e.needs}
        one_in = max(1, min(int(rows) // SAMPLED_ROWS, int(customers) // SAMPLED_CUSTOMERS))
        return query.interactions(
            [self.looked_at(log) for log in self.logs],
            columns,
            until=self.last,
            absent=self.absent,
            orders=self.orders,
            one_in=one_in,
        )

    @cached_property
    def reliability(self) -> Mapping[str, float]:
        """How far each signal repeats itself between two halves of every customer's log."""
        if self.frozen is not None:
            return self.frozen.reliability
        if not self.logs:
            return {}
        nulls = Nulls.of(self.plan, absent=self.absent, given=(), measured=True)
        constants = self.usual.constants
        signals = {
            i: signal
            for i, signal in enumerate(self.plan.signals)
            if not signal.alike and not self.plan.signal(signal).null_without(nulls.features)
        }
        asked = "".join(
            f", {col.signal(i)}, {'1.0' if self.plan.observed(signal) is None else col.observed(i)} AS {col.observed(i)}"
            for i, signal in signals.items()
        )
        halves = query.halves(self.plan, self._rows_to_halve(nulls), nulls)
        with self.kept(halves, "halves") as name:
            features = query.features(
                self.plan,
                f"SELECT * FROM {name}",
                given=(),
                measured=True,
                constants=constants,
                nulls=nulls,
            )
            judged = query.evidence(self.plan, features, constants, nulls)
            table = self.engine.table(
                f"SELECT customer_id, half, log_rows{asked} FROM ({judged}) ORDER BY 1, 2"
            )
        return reliability(table, {i: signal.name for i, signal in signals.items()})

    def _known(self, shares: Sequence[float]) -> float:
        """The share of all evidence that was seen: see `Scales.known`."""
        weights = [d.weight for d in self.plan.dimensions]
        seen = sum(w * share for w, share in zip(weights, shares, strict=True))
        return _tidy(seen / (sum(weights) or 1.0))

    def _seen(self, counts: Mapping[str, float]) -> list[float]:
        """The share of each dimension's evidence that was seen."""
        seen = []
        trusted = trusts(self.plan.signals, self.reliability)
        for dimension in self.plan.dimensions:
            mine = [
                (i, s) for i, s in enumerate(self.plan.signals) if s.dimension == dimension.name
            ]
            total = self.plan.asked(dimension) or sum(s.weight for _, s in mine) or 1.0
            parts = (s.weight * trusted[s.name] * counts[col.signals_seen(i)] for i, s in mine)
            seen.append(min(1.0, sum(parts) / (counts["n"] or 1.0) / total))
        return seen

    @cached_property
    def _answers(self) -> str:
        """The engine's table of everybody's readings, evidence and conditions."""
        constants = self.usual.constants
        judged = query.evidence(
            self.plan, self._features(constants), constants, self.nulls, self.reliability
        )
        name = self.engine.materialise(
            query.answer(self.plan, judged, seen=True, nulls=self.nulls), "judged"
        )
        weakref.finalize(self, self.engine.drop, name)
        return name

    @cached_property
    def overview(self) -> dict[str, float]:
        """Counts over these customers: see `query.overview`."""
        row = self.first(query.overview(self.plan, f"SELECT * FROM {self._answers}"))
        return {
            name: float(value or 0) for name, value in row.items()
        }  # a HUGEINT comes as Decimal

    def features(self, where: str = "true") -> str:
        """SQL of the customers with their features, as far as the plan asks for them."""
        return f"SELECT * FROM ({self._features(self.usual.constants)}) WHERE {where}"

    def one(self, customer_id: str) -> str:
        """SQL of one customer's features. `evidence` is judged from it, as for all others."""
        return self.features(f"customer_id = {literal(customer_id)}")

    @contextmanager
    def kept(self, what: str | pa.Table, hint: str) -> Iterator[str]:
        """The result of a query, or a table, as a table of the engine, for many questions."""
        name = self.engine.materialise(what, hint)
        try:
            yield name
        finally:
            self.engine.drop(name)

    def looked_at(self, rows: str) -> str:
        """*rows*, SQL of canonical rows, as a table of the engine where there are few.

        What a mapping writes is long: to plan it costs more than to read a small log, so that for
        several looks it is read once. Of a large log nothing is kept.
        """
        if self._rows_read > SAMPLED_ROWS:
            return rows
        if rows not in self._looks:
            name = self.engine.materialise(rows, "rows")
            weakref.finalize(self, self.engine.drop, name)
            self._looks[rows] = f"SELECT * FROM {name}"
        return self._looks[rows]

    @cached_property
    def _rows_read(self) -> int:
        return self.counts.rows

    def columns(self, relation: str) -> tuple[str, ...]:
        """The names of the columns of a query."""
        found = self.engine.rows(f"DESCRIBE SELECT * FROM ({relation})")
        return tuple(str(row[0]) for row in found)

    def values(self, relation: str, names: Sequence[str]) -> dict[str, float | None]:
        """The features called *names* of the first row of *relation*."""
        asked = ", ".join(map(quote, names)) or "1"
        return dict(zip(names, self._row(f"SELECT {asked} FROM ({relation})"), strict=False))

    def batches(self, size: int = BATCH) -> Iterator[Batch]:
        """All customers in the order of their ids, *size* at a time."""
        answers = query.answer(self.plan, f"SELECT * FROM {self._answers}", nulls=self.nulls)
        yield from map(self.batch, self.engine.batches(answers, size))

    @property
    def ids(self) -> pa.ChunkedArray:
        """Everybody's id, in the order of the batches."""
        return self.engine.table(f"SELECT customer_id FROM {self._answers}").column(0)

    def judge(self, features: str, size: int = BATCH) -> Iterator[Batch]:
        """Batches of readings, evidence and conditions for any relation with the features."""
        answers = query.answer(self.plan, self.judged(features), nulls=self.nulls)
        yield from map(self.batch, self.engine.batches(answers, size))

    @contextmanager
    def in_periods(self, days: Sequence[dt.date]) -> Iterator[History]:
        """These customers up to each of *days*, ascending, from one pass over the logs."""
        if not self.logs:
            yield History(self, tuple(days))
            return
        counted = periods(
            self.plan,
            self.logs,
            days,
            absent=self.absent,
            orders=self.orders,
            nulls=self.nulls,
            without=self.left_out,
        )
        with self.kept(counted.parts, "periods") as table:
            yield History(self, tuple(days), counted, table)

    def judged(self, features: str) -> str:
        """SQL of readings, evidence and conditions beside *features*."""
        return query.evidence(
            self.plan, features, self.scales.constants, self.nulls, self.reliability
        )

    def first(self, sql: str) -> dict[str, Any]:
        """The first row of a query, by column."""
        return first(self.engine, sql)

    def batch(self, table: pa.RecordBatch) -> Batch:
        """What the classifiers read of one batch of `query.answer`."""

        def stacked(
            called: Callable[[str], str],
        ) -> np.ndarray[Any, np.dtype[np.float64]]:
            made = np.empty((table.num_rows, len(self.plan.dimensions)), order="F")
            for i, dimension in enumerate(self.plan.dimensions):
                made[:, i] = doubles(table.column(called(dimension.name)))
            return made

        unjudged = np.empty((table.num_rows, 0))
        batch = Batch(table, stacked(col.reading), stacked(col.evidence), unjudged)
        fired = np.empty((table.num_rows, len(self.plan.rules)), order="F")
        for i in range(len(self.plan.rules)):
            fired[:, i] = batch.holds(col.rule(i))
        return Batch(table, batch.readings, batch.evidence, fired)

    @property
    def _customers(self) -> str:
        return self.joined(self.facts, self.customers)

    def joined(self, facts: str, customers: str) -> str:
        """Facts and customer table side by side; a customer may stand in either alone."""
        facts = f"SELECT * FROM {facts} WHERE customer_id IS NOT NULL"
        table = f"SELECT * FROM {customers} WHERE customer_id IS NOT NULL"
        if not self.tables:
            return facts
        if not self.logs:
            return table
        return f"""
            SELECT * FROM (/*with_log*/ {facts}) f
            FULL JOIN (/*with_table*/ {table}) c USING (customer_id) ORDER BY 1"""

    def refeatured(self, relation: str) -> str:
        """SQL of the features of *relation*, which holds the facts of customers that might be."""
        return self._features(self.usual.constants, relation)

    def _features(self, constants: Mapping[str, float], relation: str = "") -> str:
        return query.features(
            self.plan,
            relation or self._customers,
            given=self.given,
            measured=bool(self.logs),
            constants=constants,
            nulls=self.nulls,
        )

    def _overlap(self) -> dict[str, dict[str, float]]:
        """How far rules for one archetype fire together on these customers.

        A product of matrices, batch by batch: as columns of a query, the pairs of three hundred
        rules would fill a gigabyte.
        """
        rules = self.plan.rules
        if not rules:
            return {}
        together = np.zeros((len(rules), len(rules)))
        asked = ", ".join(
            f"coalesce({col.rule(i)}, false) AS {col.rule(i)}" for i in range(len(rules))
        )
        for batch in self.engine.batches(f"SELECT {asked} FROM {self._answers}"):
            fired = np.empty((batch.num_rows, len(rules)), np.float32)
            for i in range(len(rules)):
                fired[:, i] = doubles(batch.column(i))
            together += fired.T @ fired  # whole numbers, exact up to 2^24 in a batch
        pairs = {
            (i, j): int(together[i, j])
            for i, first in enumerate(rules)
            for j, second in enumerate(rules[i:], i)
            if first.archetype == second.archetype
        }
        return overlap([r.name for r in rules], [r.archetype for r in rules], pairs)

    def _days(self) -> tuple[dt.date, dt.date]:
        """The first and the last day of the log.

        Without one, of `since` in the customer table; without that, the as-of day or the epoch.
        """
        first = last = None
        if self.logs:
            first, last = self._row(
                f"SELECT min(log_first_day), max(log_last_day) FROM {self.facts}"
                " WHERE customer_id IS NOT NULL"
            )
        if first is None and self.logs and not self.tables:
            raise InputError(self._nothing())
        if first is None:
            first, last = self._given_days()
        if first is None or last is None:
            day = self.as_of or EPOCH
            return day, day
        return EPOCH + dt.timedelta(days=first), EPOCH + dt.timedelta(days=last)

    def _given_days(self) -> tuple[float | None, float | None]:
        """The first and the last day that the customer tables speak of, not after today."""
        days = [name for name in ("since_day", "left_day") if name in self.given]
        if not days:
            return None, None
        columns = ", ".join(col.given(name) for name in days)
        today = self.as_of or self.until
        past = f"<= {_day(today)}" if today else "IS NOT NULL"
        first, last = self._row(
            f"SELECT min(day), max(day) FROM (SELECT unnest([{columns}]) AS day FROM {self.customers})"
            f" WHERE day {past}"
        )
        return first, last

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

    def _row(self, sql: str) -> tuple[Any, ...]:
        return self.engine.rows(sql)[0]


@frozen
class History:
    """The customers of a population up to each of several days; see `Population.in_periods`.

    Attributes:
        population: Whose scales hold.
        days: As-of days, ascending.
        periods: How the facts were counted; None without a log.
        table: The engine's table of what was counted.
    """

    population: Population
    days: tuple[dt.date, ...]
    periods: Periods | None = None
    table: str = ""

    def features(self, window: int | None = None) -> str:
        """SQL of `customer_id`, `as_of_day` and every feature up to each day, as `judge` reads it."""
        return f"SELECT * FROM ({self._features(self._facts(window))})"

    def _features(self, relation: str) -> str:
        of = self.population
        constants = dict(of.usual.constants)
        del constants["as_of_day"]
        return query.features(
            of.plan,
            relation,
            given=of.given,
            measured=bool(of.logs),
            constants=constants,
            nulls=of.nulls,
            varying=["as_of_day"],
        )

    def judge(self, window: int | None = None, size: int = BATCH) -> Iterator[tuple[int, Batch]]:
        """Batches as `Population.judge` gives them, of everybody up to each day.

        A batch is of one day; the days come in their order, the customers by their ids.

        Args:
            window: How many periods before a day count; None: all that is known up to it.
            size: Customers per batch.

        Yields:
            The place of the day in `days`, and a batch of customers.
        """
        of = self.population
        constants = dict(of.usual.constants)
        del constants["as_of_day"]
        with of.kept(self._facts(window), "history") as name:
            features = self._features(f"SELECT * FROM {name}")
            judged = query.evidence(of.plan, features, constants, of.nulls, of.reliability)
            answers = query.answer(
                of.plan,
                f"SELECT * FROM ({judged}) ORDER BY as_of_day, customer_id",
                nulls=of.nulls,
                varying=["as_of_day"],
            )
            place = {_day(day): i for i, day in enumerate(self.days)}
            for table in of.engine.batches(answers, size):
                at = doubles(table.column("as_of_day"))
                cuts = [0, *(np.nonzero(np.diff(at))[0] + 1).tolist(), table.num_rows]
                for start, end in pairwise(cuts):
                    yield place[float(at[start])], of.batch(table.slice(start, end - start))

    def _facts(self, window: int | None) -> str:
        """SQL of facts and customer table side by side, up to each day."""
        of = self.population
        listed = ", ".join(f"({_day(day)!r})" for day in self.days)
        everybody = (
            f"SELECT * FROM {of.customers} CROSS JOIN (VALUES {listed}) days(as_of_day)"
            " WHERE customer_id IS NOT NULL"
        )
        if self.periods is None:
            return everybody
        facts = self.periods.merged(self.table, window)
        if not of.tables:
            return facts
        return f"SELECT * FROM ({facts}) f FULL JOIN ({everybody}) c USING (customer_id, as_of_day)"


def grouped(
    engine: Engine,
    plan: Plan,
    *,
    logs: Sequence[str] = (),
    tables: Sequence[str] = (),
    absent: Collection[str] = (),
    given: Collection[str] = (),
    as_of: dt.date | None = None,
    until: dt.date | None = None,
    frozen: Scales | None = None,
    ratings: Collection[str] = (),
    orders: bool = False,
    norms: Mapping[str, float] | None = None,
) -> Population:
    """Group the rows by customer, in the engine; the arguments are the fields of a Population.

    Raises:
        EngineError: A row cannot be read.
        PluginError: A function of a plugin failed.
    """
    made = Population(
        engine,
        plan,
        logs=logs,
        tables=tables,
        absent=absent,
        given=given,
        as_of=as_of,
        until=until,
        frozen=frozen,
        ratings=ratings,
        orders=orders,
        norms=norms or {},
    )
    if logs:
        keep = KEPT_ONE_IN if frozen is None else 0
        sql = query.facts(
            plan,
            logs,
            until=made.last,
            absent=absent,
            nulls=made.nulls,
            orders=orders,
            kept=keep,
        )
        made = evolve(made, facts=engine.materialise(sql, "facts"), kept_rows=bool(keep))
    if tables:
        today = f"DATE '{until}'" if until else None
        named = engine.materialise(query.customers(tables, given, today=today), "customers")
        made = evolve(made, customers=named)
    return made


def _tidy(value: float) -> float:
    """*value* to nine digits: what threads add up in another order must give the same bytes."""
    return float(f"{float(value):.9g}")


def _day(date: dt.date) -> float:
    return float((date - EPOCH).days)

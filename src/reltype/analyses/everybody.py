"""Everybody: the customers at one or several days as one table that expressions may speak of.

What was scored of each, every feature, the readings by the names of their dimensions, and the
columns of the inputs that reltype has no word for, side by side in the engine.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from attrs import evolve, frozen

from reltype.definitions.archetypes import UNCLASSIFIED
from reltype.expressions import Expression, parse, quote
from reltype.reporting.carried import carried
from reltype.scoring import columns as col
from reltype.scoring.population import EPOCH

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reltype.api import Opened
    from reltype.expressions.functions import Kind
    from reltype.inputs import Inputs
    from reltype.mapping import Role
    from reltype.scoring.plan import Plan
    from reltype.scoring.population import History
    from reltype.scoring.run import Run

RESULT: Mapping[str, Kind] = {
    "archetype": "text",
    "confidence": "number",
    "certainty": "text",
    "status": "text",
    "unclassified_because": "text",
}
"""Columns of the result that expressions may speak of, besides readings and posteriors."""


@frozen(eq=False)
class Everybody:
    """The customers at several days.

    Attributes:
        run: Whose scales hold.
        history: Facts up to each day.
        scored: A row of the result for each customer and day, with `as_of` (a date).
        table: The engine's table: `customer_id`, `as_of_day` (days since 1970-01-01), `alarms` (a
            list) and all columns in `kinds`.
        kinds: What an expression may speak of.
        own: Columns of the customer tables among them, and those of logs that were asked for.
    """

    run: Run
    history: History
    scored: pa.Table
    table: str
    kinds: Mapping[str, Kind]
    own: tuple[str, ...]

    def parse(self, text: str, where: str, gives: Kind = "any") -> Expression:
        """The expression in *text*. Raises ConfigError where it speaks of what is not there."""
        functions = self.run.plan.catalogue.functions
        return parse(text, where=where, columns=self.kinds, functions=functions, gives=gives)

    def ask(self, columns: Mapping[str, str]) -> pa.Table:
        """`customer_id`, `as_of_day` and SQL *columns* of every row, by both."""
        asked = "".join(f", {sql} AS {quote(name)}" for name, sql in columns.items())
        return self.run.population.engine.table(
            f"SELECT customer_id, as_of_day{asked} FROM {self.table} ORDER BY as_of_day, customer_id"
        )


def needing(opened: Opened, texts: Iterable[tuple[str, str]]) -> Opened:
    """The same inputs, so opened that the features of which expressions speak are measured too.

    Args:
        opened: The inputs.
        texts: Who says it, for complaints, and the expression.

    Raises:
        ConfigError: One cannot be read.
    """
    known = opened.plan.catalogue.features
    functions = opened.plan.catalogue.functions
    needs = {
        name
        for where, text in texts
        for name in parse(text, where=where, functions=functions).needs
        if name in known
    }
    missing = sorted(needs - {feature.name for feature in opened.plan.features})
    if not missing:
        return opened
    also = tuple(dict.fromkeys([*opened.plan.extra_features, *missing]))
    return evolve(opened, plan=evolve(opened.plan, extra_features=also))


@contextmanager
def everybody(run: Run, days: Sequence[dt.date], texts: Iterable[str] = ()) -> Iterator[Everybody]:
    """The customers of a run up to each of *days*, ascending.

    Args:
        run: Whose scales hold.
        days: As-of days.
        texts: Expressions that will be asked: the columns of logs of which they speak are read.
    """
    with run.population.in_periods(days) as history:
        scored = scored_days(run, history)
        population = run.population
        result = _result(run.plan)
        features = _features(run.plan)
        own = _own(run.plan, run.inputs, "customers")
        of_logs = _mentioned(run, texts)
        listed = [
            *(f"r.{quote(column)} AS {quote(name)}" for name, column in result.items()),
            *(f"f.{quote(name)}" for name in features),
            *(f"o.{quote(name)}" for name in own),
            *(f"CAST(l.{quote(n)} AS {t}) AS {quote(n)}" for n, t in of_logs.items()),
        ]
        kept = ["customer_id", "as_of", *dict.fromkeys(result.values()), "alarms"]
        flat = scored.select(kept)
        with (
            population.kept(flat, "scored") as named,
            population.kept(history.features(), "featured") as featured,
            population.kept(_owned(run.inputs, own), "owned") as owned,
            population.kept(_of_logs(run, scored, of_logs), "logged") as logged,
        ):
            days_since = f"datediff('day', DATE '{EPOCH}', r.as_of)"
            sql = (
                f"SELECT r.customer_id, CAST({days_since} AS DOUBLE) AS as_of_day,"
                f" r.alarms, {', '.join(listed)}"
                f" FROM {named} r JOIN {featured} f ON f.customer_id = r.customer_id"
                f" AND f.as_of_day = {days_since}"
                f" LEFT JOIN {owned} o ON o.customer_id = r.customer_id"
                f" LEFT JOIN {logged} l ON l.customer_id = r.customer_id"
            )
            with population.kept(sql, "everybody") as table:
                yield Everybody(
                    run,
                    history,
                    scored,
                    table,
                    vocabulary(run.plan, run.inputs),
                    (*own, *of_logs),
                )


def vocabulary(plan: Plan, inputs: Inputs) -> dict[str, Kind]:
    """What an expression may speak of, each with its kind."""
    known: dict[str, Kind] = {}
    for role in ("interactions", "customers"):
        for name, type_ in _own(plan, inputs, role).items():
            known[name] = "number" if type_ == "DOUBLE" else "text"
    known |= {name: plan.kinds.get(name, "any") for name in _features(plan)}
    return known | dict.fromkeys(_result(plan), "number") | dict(RESULT)


def _result(plan: Plan) -> dict[str, str]:
    """What an expression calls a column of the result → the column."""
    readings = {d.name: col.reading(d.name) for d in plan.dimensions}
    chances = [col.posterior(n) for n in (*(a.name for a in plan.archetypes), UNCLASSIFIED)]
    return {name: name for name in (*RESULT, *chances)} | readings


def _features(plan: Plan) -> list[str]:
    return [f.name for f in plan.features if f.name not in RESULT]


def _own(plan: Plan, inputs: Inputs, role: Role) -> dict[str, str]:
    """Columns of the inputs of a role → as what they are read; what is called as ours is left to us."""
    taken = {"customer_id", "as_of_day", "alarms", *_features(plan), *_result(plan)}
    taken = {name.casefold() for name in taken}
    columns: dict[str, str] = {}
    for item in inputs.with_role(role):
        for name, type_ in item.types.items():
            if name.casefold() not in taken:
                columns[name] = "DOUBLE" if _is_number(type_) else "VARCHAR"
                taken.add(name.casefold())
    return columns


def _mentioned(run: Run, texts: Iterable[str]) -> dict[str, str]:
    """Columns of the logs, and of no customer table, of which expressions speak."""
    functions = run.plan.catalogue.functions
    needs = {name for text in texts for name in parse(text, where=text, functions=functions).needs}
    tables = _own(run.plan, run.inputs, "customers")
    return {
        name: type_
        for name, type_ in _own(run.plan, run.inputs, "interactions").items()
        if name in needs and name not in tables
    }


def _of_logs(run: Run, scored: pa.Table, columns: Mapping[str, str]) -> pa.Table:
    """`customer_id` and each customer's most frequent value of *columns* of the logs."""
    customers = pc.unique(scored.column("customer_id")).sort()
    found = carried(run, list(columns), customers)
    return pa.table({"customer_id": customers, **{n: found.column(n) for n in columns}})


def day_of(run: Run) -> dt.date | None:
    """The as-of day; None where neither the data nor anybody says one."""
    return None if run.scales.as_of == EPOCH else run.scales.as_of


def scored_days(run: Run, history: History) -> pa.Table:
    """Every result row of every day without its words, with its as-of day in `as_of`."""
    batches = []
    for place, batch in run.batches_at(history, words=False):
        day = pa.array([history.days[place]] * batch.num_rows, pa.date32())
        batches.append(pa.Table.from_batches([batch]).append_column("as_of", day))
    return pa.concat_tables(batches)


def _is_number(type_: str) -> bool:
    return type_.split("(", maxsplit=1)[0] in {
        "DOUBLE", "FLOAT", "DECIMAL", "BIGINT", "INTEGER", "SMALLINT", "TINYINT", "HUGEINT",
        "UBIGINT", "UINTEGER", "USMALLINT", "UTINYINT",
    }  # fmt: skip


def _as(name: str, type_: str) -> str:
    return f"CAST({quote(name)} AS {type_})"


def _owned(inputs: Inputs, columns: Mapping[str, str]) -> str:
    """SQL of `customer_id` and *columns* of the customer tables; the first row of each counts."""
    parts = []
    for item in inputs.with_role("customers"):
        mine = [name for name in columns if name in item.types]
        rows = item.select(features=inputs.features, keep=mine)
        listed = "".join(
            f", {_as(n, columns[n]) if n in mine else 'NULL'} AS {quote(n)}" for n in columns
        )
        parts.append(f"SELECT customer_id{listed} FROM ({rows}) WHERE reject IS NULL")
    if not parts:
        return "SELECT '' AS customer_id WHERE false"
    first = "".join(f", min({quote(n)}) AS {quote(n)}" for n in columns)
    return f"SELECT customer_id{first} FROM ({' UNION ALL '.join(parts)}) GROUP BY customer_id"

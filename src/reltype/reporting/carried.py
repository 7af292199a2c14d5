"""Carried: columns of the customer tables, as they were written, beside each customer's result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

from reltype.errors import UsageError, did_you_mean
from reltype.expressions import quote

if TYPE_CHECKING:
    from reltype.inputs.input import Input
    from reltype.scoring.run import Run

_CARRIED = "carried {}"
"""What a column is called on its way, where it stands beside ours."""

_PLAIN = ("BOOLEAN", "INT", "DOUBLE", "FLOAT", "DECIMAL", "DATE", "TIMESTAMP")
"""How types begin that go out as they are; all others go out as text."""


@frozen
class Carried:
    """Columns to carry along.

    Attributes:
        table: `customer_id` and the columns, a row per customer of the run; null where no table
            knows the customer.
        notes: What was renamed, and who stands in several rows that differ.
    """

    table: pa.Table
    notes: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[pa.Field, ...]:
        """The columns, without the customer's id."""
        return tuple(self.table.schema)[1:]

    def beside(self, ids: pa.Array, start: int) -> list[pa.Array]:
        """The columns for *ids*, of which the first should stand in row *start*."""
        mine = self.table.slice(start, len(ids))
        if not mine.column(0).combine_chunks().equals(ids):
            mine = self.table.take(pc.index_in(ids, value_set=self.table.column(0)))
        return [
            column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
            for column in mine.columns[1:]
        ]


def split(names: str | Iterable[str]) -> tuple[str, ...]:
    """Names of columns from `region,segment`, or from several; each once."""
    given = [names] if isinstance(names, str) else list(names)
    found = [name.strip() for one in given for name in (one.split(",") if "," in one else [one])]
    return tuple(dict.fromkeys(filter(None, found)))


def carried(run: Run, names: str | Sequence[str], taken: Iterable[str] = ()) -> Carried:
    """The columns called *names* of the customer tables that *run* read.

    Args:
        run: Gives the tables and the customers.
        names: As they are written in a table, or without regard to case where that is clear;
            `a,b` is two.
        taken: Columns of the result: one of the same name is carried as `NAME_given`.

    Raises:
        UsageError: There is no customer table, or none of that name; or several differ in case.
    """
    tables = list(run.inputs.with_role("customers"))
    wanted = split(names)
    if not tables:
        raise UsageError(
            f"--carry {','.join(wanted)}: there is no customer table to carry columns of; "
            "give one with --customers FILE."
        )
    found = [_found(tables, name) for name in wanted]
    table = pa.table({"customer_id": run.population.ids})
    notes: list[str] = []
    outer = {name.lower() for name in taken}
    for item, column in found:
        called = _free(column, outer)
        outer.add(called.lower())
        if called != column:
            notes.append(f"{column!r} is a column of the result: the table's is {called!r}.")
        values, several = _values(run, item, column)
        place = pc.index_in(table.column(0), value_set=values.column(0))
        table = table.append_column(called, values.column(1).take(place))
        if several:
            notes.append(
                f"{column}: {several:,} customers stand in several rows that differ; "
                "the greatest is carried."
            )
    return Carried(table.combine_chunks(), tuple(notes))


def _found(tables: Sequence[Input], name: str) -> tuple[Input, str]:
    """The table that has a column of that name, and how it is written there."""
    for item in tables:
        if name in item.source.columns:
            return item, name
    alike = [
        (item, column)
        for item in tables
        for column in item.source.columns
        if column.casefold() == name.casefold()
    ]
    if len({column for _, column in alike}) == 1:
        return alike[0]
    if alike:
        several = ", ".join(sorted({repr(column) for _, column in alike}))
        raise UsageError(f"--carry {name}: there are {several}; write one as it is.")
    known = list(dict.fromkeys(column for item in tables for column in item.source.columns))
    hint = did_you_mean(name, known) or f" There are: {', '.join(map(repr, known[:40]))}."
    raise UsageError(f"--carry {name}: no customer table has such a column.{hint}")


def _free(name: str, taken: set[str]) -> str:
    made, number = name, 1
    while made.lower() in taken:
        made = f"{name}_given" if number == 1 else f"{name}_given_{number}"
        number += 1
    return made


def _values(run: Run, item: Input, column: str) -> tuple[pa.Table, int]:
    """`customer_id` and the column, a row for each in the table; how many have several values."""
    engine, alias = run.population.engine, _CARRIED.format(column)
    plain = any(item.types.get(column, "VARCHAR").upper().startswith(one) for one in _PLAIN)
    written = quote(column) if plain else f"CAST({quote(column)} AS VARCHAR)"
    relation = f"(SELECT *, {written} AS {quote(alias)} FROM {item.source.relation})"
    rows = item.select(features=(), relation=relation, keep=[alias])
    name = quote(alias)
    found = engine.table(
        f"SELECT customer_id, max({name}) AS value, count(DISTINCT {name}) AS several "
        f"FROM ({rows}) WHERE reject IS NULL GROUP BY customer_id"
    )
    several = pc.sum(pc.greater(found.column("several"), 1)).as_py() or 0
    return found.select(["customer_id", "value"]), int(several)


def columns(names: Sequence[str], choice: str, carry: Carried | None) -> list[str]:
    """Which of a result's columns are written, the carried ones behind the id."""
    people = [name for name in PEOPLE if name in names]
    kept = people if choice == "people" else list(names)
    extra = [field.name for field in carry.fields] if carry else []
    return [kept[0], *extra, *kept[1:]]


PEOPLE = (
    "customer_id",
    "archetype",
    "certainty",
    "confidence",
    "reasons",
    "against",
    "benefits",
    "status",
    "unclassified_because",
    "alarms",
)
"""Columns of a result that people read."""

CHOICES = ("people", "all")


@frozen
class Layout:
    """Which columns of a result go out.

    Attributes:
        schema: The result's.
        choice: `people` or `all`.
        carry: Columns of the customer tables to put behind the id.
    """

    given: pa.Schema
    choice: str = "all"
    carry: Carried | None = None

    @property
    def schema(self) -> pa.Schema:
        """The columns that go out."""
        known: Mapping[str, pa.Field] = {
            field.name: field for field in (*self.given, *(self.carry.fields if self.carry else ()))
        }
        names = columns(self.given.names, self.choice, self.carry)
        return pa.schema([known[name] for name in names], self.given.metadata)

    def batches(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """*batches*, in order, with the columns that go out."""
        schema, done = self.schema, 0
        for batch in batches:
            arrays = dict(zip(batch.schema.names, batch.columns, strict=True))
            if self.carry is not None:
                extra = self.carry.beside(batch.column("customer_id"), done)
                arrays |= dict(zip((f.name for f in self.carry.fields), extra, strict=True))
            done += batch.num_rows
            yield pa.RecordBatch.from_arrays([arrays[name] for name in schema.names], schema=schema)

    def table(self, whole: pa.Table) -> pa.Table:
        """The columns that go out of a whole result."""
        return pa.Table.from_batches(self.batches(whole.to_batches()), self.schema)

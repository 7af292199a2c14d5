"""Layout: which columns of a result are written, those of the customers' table among them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

from reltype.errors import UsageError
from reltype.reporting.carried import carried, spelling

if TYPE_CHECKING:
    from reltype.scoring.run import Run


@frozen
class Carried:
    """Columns to carry along.

    Attributes:
        table: `customer_id` and the columns, a row per customer of the run; null where no input
            holds anything of the customer.
        notes: What was renamed.
    """

    table: pa.Table
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, run: Run, names: str | Sequence[str], taken: Iterable[str] = ()) -> Carried:
        """The columns called *names* of what *run* read: see `carried.carried`.

        Args:
            run: Gives the inputs and the customers.
            names: As they are written there, or without regard to case where that is clear; `a,b`
                is two.
            taken: Columns of the result: one of the same name is carried as `NAME_given`.

        Raises:
            UsageError: No input has such a column, or it holds lists or structures.
        """
        written = [spelling(run.inputs, name) for name in split(names)]
        found = carried(run, written, run.population.ids)
        table, notes = pa.table({"customer_id": run.population.ids}), []
        used = {name.lower() for name in taken}
        for name in written:
            if pa.types.is_nested(found.column(name).type):
                raise UsageError(f"--carry {name}: it holds lists or structures, not one value.")
            called = _free(name, used)
            used.add(called.lower())
            if called != name:
                notes.append(f"{name!r} is a column of the result: the table's is {called!r}.")
            table = table.append_column(called, found.column(name))
        return cls(table.combine_chunks(), tuple(notes))

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


def _free(name: str, taken: set[str]) -> str:
    made, number = name, 1
    while made.lower() in taken:
        made = f"{name}_given" if number == 1 else f"{name}_given_{number}"
        number += 1
    return made


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

"""Carried: columns of the inputs that reltype has no word for (region, segment), a value per customer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from reltype.arrow import numbers
from reltype.errors import UsageError, did_you_mean
from reltype.expressions import quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reltype.inputs import Inputs
    from reltype.inputs.input import Input
    from reltype.scoring.run import Run

_KEPT = "carried column"


def carried(run: Run, columns: Sequence[str], customers: pa.Array) -> pa.Table:
    """One value per customer of each of *columns*, in the types of the input.

    A customer table's column goes before a log's of the same name. Where a customer has several values
    it is the most frequent, among those the first in the order of values; null where there is none.

    Args:
        run: Whose inputs are read.
        columns: As they are called there; letter case does not count where nothing else differs.
        customers: (n,) ids, in the order of the rows that are made.

    Raises:
        UsageError: No input has such a column.
    """
    listed = pa.table({"id": customers, "place": numbers(np.arange(len(customers)))})
    made = {}
    with run.population.kept(listed, "listed") as name:
        for column in columns:
            rows = " UNION ALL ".join(_rows(run, column))
            found = run.population.engine.table(
                f"""SELECT v.value FROM {name} k LEFT JOIN (
                      SELECT customer_id, value FROM (
                        SELECT customer_id, value, count(*) AS n FROM ({rows})
                        WHERE value IS NOT NULL GROUP BY ALL)
                      QUALIFY row_number() OVER (
                        PARTITION BY customer_id ORDER BY n DESC, value) = 1) v
                    ON v.customer_id = k.id ORDER BY k.place"""
            )
            made[column] = found.column("value")
    return pa.table(made)


def check(inputs: Inputs, columns: Sequence[str]) -> None:
    """Raise UsageError for the first of *columns* that no input has."""
    for column in columns:
        _sources(inputs, column)


def spelling(inputs: Inputs, column: str) -> str:
    """How the first input that has *column* writes it.

    Raises:
        UsageError: No input has such a column.
    """
    return _sources(inputs, column)[0][1]


def _sources(inputs: Inputs, column: str) -> list[tuple[Input, str]]:
    """The inputs that have a column, and what each calls it; customer tables go first."""
    for role in ("customers", "interactions"):
        found = [
            (item, name)
            for item in inputs.with_role(role)
            if (name := _called(column, item)) is not None
        ]
        if found:
            return found
    known = sorted({name for item in inputs.items for name in item.source.columns})
    raise UsageError(f"No input has a column {column!r}.{did_you_mean(column, known)}")


def _rows(run: Run, column: str) -> Iterator[str]:
    """SQL of customer_id and the column's value, for each input that has it."""
    inputs = run.inputs
    for item, name in _sources(inputs, column):
        relation = f"(SELECT *, {quote(name)} AS {quote(_KEPT)} FROM {item.source.relation})"
        rows = item.select(
            refunds=inputs.refunds, features=inputs.features, relation=relation, keep=[_KEPT]
        )
        yield (
            f"SELECT customer_id, {quote(_KEPT)} AS value FROM ({rows})"
            " WHERE reject IS NULL AND customer_id IS NOT NULL"
        )


def _called(column: str, item: Input) -> str | None:
    """The input's own spelling of a column; None where it has none."""
    names = list(item.source.columns)
    if column in names:
        return column
    alike = [name for name in names if name.casefold() == column.casefold()]
    return alike[0] if len(alike) == 1 else None

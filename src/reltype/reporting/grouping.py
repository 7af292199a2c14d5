"""Grouping: a result and a column, of its inputs or carried along, by group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reltype.arrow import texts
from reltype.definitions.archetypes import UNCLASSIFIED
from reltype.errors import UsageError, did_you_mean
from reltype.learning.evaluation.labels import Given, Labels
from reltype.reporting import stored
from reltype.reporting.by_group import ByGroup, Correction, by_group, measures
from reltype.reporting.carried import carried

if TYPE_CHECKING:
    import pyarrow as pa

    from reltype.scoring.plan import Plan
    from reltype.scoring.run import Run


def of_run(
    run: Run, table: pa.Table, by: Sequence[str], labels: Given, correction: Correction
) -> tuple[ByGroup, ...]:
    """A result whose data are at hand, by columns of its inputs.

    Raises:
        UsageError: No input has such a column.
        InputError: The labels cannot be used.
    """
    columns = carried(run, by, table.column("customer_id").combine_chunks())
    return _grouped(table, columns, run.plan, labels, correction)


def of_stored(
    table: pa.Table, plan: Plan, by: Sequence[str], labels: Given, correction: Correction
) -> tuple[ByGroup, ...]:
    """A stored result by columns that it carries along: see `reltype.reporting.stored`.

    Raises:
        UsageError: It carries no such column.
        InputError: The labels cannot be used.
    """
    there = stored.columns_carried(table, plan)
    for column in by:
        if column not in there:
            hint = did_you_mean(column, there) if there else " It carries none along."
            raise UsageError(f"The result has no column {column!r} to group by.{hint}")
    return _grouped(table, table.select(list(by)), plan, labels, correction)


def _grouped(
    table: pa.Table, columns: pa.Table, plan: Plan, labels: Given, correction: Correction
) -> tuple[ByGroup, ...]:
    truth = None if labels is None else _truth(table, plan, labels)
    asked = measures(table, plan, truth)
    return tuple(
        by_group(name, columns.column(name).combine_chunks(), asked, correction)
        for name in columns.column_names
    )


def _truth(table: pa.Table, plan: Plan, given: Given) -> pa.Array:
    """What somebody said each customer is; null where nobody did."""
    held = Labels.of(given, plan.archetypes)
    names = (*(archetype.name for archetype in plan.archetypes), UNCLASSIFIED)
    said = {
        customer: names[place]
        for customer, place in zip(held.customers, held.classes.tolist(), strict=True)
    }
    return texts([said.get(who) for who in table.column("customer_id").to_pylist()])

"""Gathering: what a page speaks of, from a run and its result, or from a stored result alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from reltype.errors import UsageError, did_you_mean
from reltype.reporting import facts, stored
from reltype.reporting.carried import carried
from reltype.reporting.page.names import Names
from reltype.reporting.page.subject import Subject
from reltype.reporting.page.timelines import timelines
from reltype.reporting.rules import rule_reports

if TYPE_CHECKING:
    from reltype.definitions.sections import Section
    from reltype.reporting.summary import Summary
    from reltype.scoring.plan import Plan
    from reltype.scoring.run import Run


def of_run(
    run: Run,
    table: pa.Table,
    summary: Summary,
    *,
    by: Sequence[str] = (),
    sections: Sequence[Section] = (),
    alias: bool = False,
    redact: bool = False,
) -> Subject:
    """What is known of a result whose data are at hand.

    Args:
        run: What made it.
        table: The result.
        summary: Its summary.
        by: Columns of the inputs to break the mix down by.
        sections: What others say.
        alias: Whether archetypes go by their neutral names.
        redact: Whether customers go by numbers.

    Raises:
        UsageError: No input has a column named in *by*.
    """
    customers = table.column("customer_id").combine_chunks()
    known = {name for item in run.inputs.items for name in (item.source.name, *item.source.columns)}
    paths = {item.source.name: Path(item.source.name).name for item in run.inputs.items}
    typology = run.plan.typology
    names = Names(
        customers.to_pylist(),
        run.plan.archetypes,
        alias,
        redact,
        known,
        typology.noun,
        typology.plural,
        paths,
    )
    _may_be_shown(
        by, redact=redact, ids=[i.guess.sources.get("customer_id") for i in run.inputs.items]
    )
    return Subject(
        table,
        run.plan,
        names,
        as_of=run.scales.as_of,
        summary=summary,
        facts=facts.table(run.population.measuring_all),
        timelines=timelines(run, customers),
        rules=rule_reports(run),
        groups=_texts(carried(run, by, customers)) if by else {},
        sections=tuple(sections),
        units=run.inputs.units,
    )


def of_result(run: Run, table: pa.Table, *, alias: bool = False) -> Subject:
    """What a picture of a result asks: nothing is counted once more."""
    ids = table.column("customer_id").to_pylist()
    typology = run.plan.typology
    names = Names(ids, run.plan.archetypes, alias, noun=typology.noun, plural=typology.plural)
    return Subject(table, run.plan, names, as_of=run.scales.as_of)


def of_stored(
    table: pa.Table,
    plan: Plan,
    *,
    by: Sequence[str] = (),
    sections: Sequence[Section] = (),
    alias: bool = False,
    redact: bool = False,
) -> Subject:
    """What a stored result says by itself: see `reltype.reporting.stored`.

    Raises:
        UsageError: It carries no column named in *by*.
    """
    _may_be_shown(by, redact=redact, ids=["customer_id"])
    there = stored.columns_carried(table, plan)
    for column in by:
        if column not in there:
            hint = did_you_mean(column, there) if there else " It carries none along."
            raise UsageError(f"The result has no column {column!r} to break down by.{hint}")
    names = Names(
        table.column("customer_id").to_pylist(),
        plan.archetypes,
        alias,
        redact,
        there,
        plan.typology.noun,
        plan.typology.plural,
    )
    groups = _texts(table.select(list(by))) if by else {}
    return Subject(table, plan, names, groups=groups, sections=tuple(sections))


def _may_be_shown(by: Sequence[str], *, redact: bool, ids: Sequence[str | None]) -> None:
    for column in by:
        if redact and column in ids:
            raise UsageError(
                f"{column!r} names the customers, whom --redact hides: break down by another."
            )


def _texts(table: pa.Table) -> dict[str, pa.Array]:
    return {
        name: table.column(name).cast(pa.string()).combine_chunks() for name in table.column_names
    }

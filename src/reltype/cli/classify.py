"""`reltype classify`: a log or a customer table in, relationships and benefits out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from reltype.cli import options
from reltype.definitions.archetypes import UNCLASSIFIED

if TYPE_CHECKING:
    from reltype.reporting.summary import Summary

SHOWN = 20
"""Rows that a terminal gets; a file gets all."""


@click.command(name="classify")
@click.argument("data", type=options.FILE, nargs=-1)
@options.scored
@options.data
@options.knowledge
@options.output
@click.option(
    "--rejects",
    type=options.FILE,
    metavar="FILE",
    help="Where rows go that cannot be used.  [default: beside the output]",
)
@click.option("--strict", is_flag=True, help="Exit 1 where a row was rejected.")
@click.option(
    "--fail-under",
    type=click.FloatRange(0, 1),
    metavar="SHARE",
    help="Exit 1 where a smaller share gets an archetype.",
)
@click.option("-q", "--quiet", is_flag=True, help="No words on standard error.")
def command(
    *,
    rejects: str | None,
    strict: bool,
    fail_under: float | None,
    quiet: bool,
    output: str | None,
    format_: str | None,
    **given: Any,  # noqa: ANN401
) -> int:
    """Read the relationship of every customer in DATA: files, `-`, or a database's URL.

    Without DATA, the files that reltype.toml names are read. The result goes to standard output
    or FILE, words about it to standard error.

    \b
    reltype classify orders.csv
    reltype classify orders.csv --customers accounts.csv -o relationships.parquet
    reltype classify sqlite:///crm.db --table orders --map timestamp="Created Date"
    """
    from reltype.cli.print_summary import print_summary
    from reltype.cli.stream import first, progress, watched
    from reltype.definitions.phrases import spoken_of
    from reltype.formats import write
    from reltype.reporting.summary import Tally, summarise

    opened = options.opened(**given)
    typology = opened.plan.typology
    if not quiet:
        for line in opened.inputs.guesses:
            click.echo(spoken_of(line, typology.noun, typology.plural), err=True)
    run = opened.run()
    tally = Tally()
    chosen = options.chosen(output, format_)
    short = chosen == "table" and output in (None, "-") and sys.stdout.isatty()
    with (
        options.rejecting(run, rejects, output),
        progress(run.population.size, quiet=quiet) as step,
    ):
        batches = watched(run.batches(), tally, step)
        rows = first(batches, SHOWN) if short else batches
        write(run.result.schema, rows, output or "-", chosen, run.formats)
    if short and tally.customers > SHOWN:
        click.echo(f"… and {tally.customers - SHOWN:,} more: -o FILE writes all.", err=True)
    summary = summarise(run, tally)
    written = run.write_rejects(rejects, beside=output)
    if not quiet:
        click.echo(err=True)
        print_summary(summary)
        if written:
            click.echo(f"The rejected rows, each with its reason, are in {written}.", err=True)
    if strict and opened.inputs.lacking:
        click.echo(options.lacking(opened.inputs.lacking), err=True)
        return 1
    return _gate(summary, strict=strict, fail_under=fail_under)


def _gate(summary: Summary, *, strict: bool, fail_under: float | None) -> int:
    """1 where a gate that was asked for failed, else 0."""
    named = 1 - summary.archetypes[UNCLASSIFIED]
    if strict and summary.rows["rejected"]:
        click.echo(f"--strict: {summary.rows['rejected']:,} rows were rejected.", err=True)
        return 1
    if fail_under is not None and named < fail_under:
        click.echo(
            f"--fail-under: {named:.1%} got an archetype, less than {fail_under:.1%}.", err=True
        )
        return 1
    return 0

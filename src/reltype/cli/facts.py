"""`reltype facts`: what was counted of each customer, before anything is judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from reltype.cli import options
from reltype.formats import write
from reltype.formats.printing import columns, folded
from reltype.formats.table import text as table_text

if TYPE_CHECKING:
    from reltype.scoring.run import Run

SHOWN = (
    *("customer_id", "purchases", "spend", "first_day", "last_day", "refunds", "refunded"),
    *("interactions", "ended"),
)
"""Facts that a table for people shows; every other format has all."""

WIDTH = 80
"""Columns of a terminal: the last facts of `SHOWN` are left out where they do not fit."""

ROWS = 20
"""Customers that a table on standard output shows; a file, and every other format, has all."""


@click.command(name="facts")
@click.argument("data", type=options.FILE, nargs=-1)
@click.option("-c", "--customer", "customer_id", metavar="ID", help="Only this customer.")
@click.option(
    "--model", type=options.FILE, metavar="FILE", help="A model that `reltype fit` saved."
)
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
@click.option("-q", "--quiet", is_flag=True, help="No words on standard error.")
def command(
    *,
    customer_id: str | None,
    output: str | None,
    format_: str | None,
    rejects: str | None,
    strict: bool,
    quiet: bool,
    **given: Any,  # noqa: ANN401
) -> int:
    """Count what happened with every customer in DATA: a row each, with every fact by its name.

    With --customer a sheet for people: what they bought, when, and all that was counted. Days are
    ISO dates; `ended` is the day on which they left, or yes.

    \b
    reltype facts orders.csv
    reltype facts orders.csv --customer C-1042
    reltype facts orders.csv --format json
    """
    from reltype.cli.print_summary import print_guesses
    from reltype.reporting import facts

    opened = options.opened(**given).measuring()
    if not quiet:
        print_guesses(opened.inputs.guesses)
    run = opened.run()
    people = format_ in (None, "table") and output in (None, "-")
    with options.rejecting(run, rejects, output):
        if people and customer_id is not None:
            told, *counted = facts.sheet(run.population, customer_id).splitlines()
            click.echo("\n".join([*folded(told, WIDTH), *counted]))
        elif people:
            _table(run)
        else:
            schema, found = facts.opened(run.population, customer_id)
            write(schema, found, output or "-", options.chosen(output, format_), run.formats)
    written = run.write_rejects(rejects, beside=output)
    rejected = run.counts.rejected
    if not quiet:
        _tell(run, written)
    if strict and run.inputs.lacking:
        click.echo(options.lacking(run.inputs.lacking), err=True)
        return 1
    if strict and rejected:
        click.echo(f"--strict: {rejected:,} rows were rejected.", err=True)
        return 1
    return 0


def _table(run: Run) -> None:
    """The first customers, with the facts that a person asks for first."""
    from reltype.reporting import facts

    table = facts.table(run.population)
    names = [name for name in SHOWN if name in table.column_names]
    names = [n for n in names if n == "customer_id" or table.column(n).null_count < len(table)]
    shown = table.select(names).slice(0, ROWS)
    while True:
        made = table_text(shown.column_names, shown.to_pylist(), width=WIDTH)
        if shown.num_columns < 3 or max(map(columns, made.splitlines())) <= WIDTH:
            break
        shown = shown.select(shown.column_names[:-1])
    click.echo(made)
    if len(table) > ROWS:
        more = f"… and {len(table) - ROWS:,} more: --format csv, or -o FILE, gives all."
        click.echo(more, err=True)


def _tell(run: Run, written: str | None) -> None:
    from reltype.reporting.summary_text import rows_read
    from reltype.reporting.warnings import warnings

    click.echo(err=True)
    as_of, size, counts = run.population.usual.as_of, run.population.size, run.counts
    day = f" as of {as_of}" if as_of.year > 1970 else ""
    click.echo(f"{size:,} customer{'s' * (size != 1)}{day}.", err=True)
    read = {"read": counts.rows, "used": counts.used, "left_out": counts.left_out}
    click.echo(rows_read({**read, "rejected": counts.rejected, "late": counts.late}), err=True)
    options.tell(warnings(run))
    if written:
        click.echo(f"The rejected rows, each with its reason, are in {written}.", err=True)

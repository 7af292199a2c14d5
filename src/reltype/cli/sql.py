"""`reltype sql`: the whole query of a run, as text that a person can read and a database run."""

from __future__ import annotations

from typing import Any

import click

from reltype.cli import options
from reltype.formats import destination


@click.command(name="sql")
@click.argument("data", type=options.FILE, nargs=-1)
@click.option(
    "--dialect",
    metavar="NAME",
    default="duckdb",
    show_default=True,
    help="duckdb, postgres or spark.",
)
@options.scored
@options.data
@options.knowledge
@click.option("-o", "--output", type=options.FILE, metavar="FILE", help="Write there.")
def command(dialect: str, output: str | None, **given: Any) -> None:  # noqa: ANN401
    """Print the query that reads DATA, as SQL: a step a name, a column a line, with what it is.

    It gives a row per customer: readings, how far each was seen, and what rules, flags and
    sentences ask. In DuckDB it runs as it stands. For postgres and spark it reads two tables with
    our own columns, which its first lines list; what they cannot express is refused.

    \b
    reltype sql orders.csv
    reltype sql orders.csv --model shop.reltype --dialect postgres -o relationships.sql
    """
    from reltype.reporting.sql import sql

    made = sql(options.opened(**given), dialect)
    if output in (None, "-"):
        click.echo(made, nl=False)
        return
    with destination(output) as stream:
        stream.write(made.encode())

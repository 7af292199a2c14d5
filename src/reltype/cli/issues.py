"""`reltype issues`: what crops up time and again in what customers write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reltype.cli import options
from reltype.formats import destination, write_document


@click.command(name="issues")
@click.argument("data", type=options.FILE, nargs=-1)
@click.option("--text", metavar="COL[,COL]", help="Where customers wrote.  [default: seen]")
@click.option(
    "--every",
    type=click.Choice(["week", "month", "quarter"]),
    default="month",
    show_default=True,
    help="The step of the trend.",
)
@click.option(
    "--names",
    type=options.FILE,
    metavar="FILE",
    help="Names, merges and moves of yours: applied, and kept up to date for next month.",
)
@click.option(
    "--relationships", type=options.FILE, metavar="FILE", help="A result of `reltype classify`."
)
@click.option("--status", metavar="COL", help="The column that says whether a ticket is done.")
@click.option("--closed", metavar="COL", help="The column of the day on which it was.")
@click.option(
    "--vectors",
    metavar="NAME",
    help="Where texts lie, by a plugin; `none`: by words alone.  [default: a plugin's, if one is installed]",
)
@options.data
@options.knowledge
@options.output
@click.option("-q", "--quiet", is_flag=True, help="No words on standard error.")
def command(
    *,
    data: tuple[str, ...],
    text: str | None,
    names: str | None,
    output: str | None,
    format_: str | None,
    map_: tuple[str, ...],
    quiet: bool,
    **given: Any,  # noqa: ANN401
) -> None:
    """Find the issues that crop up time and again in the texts of DATA.

    Shows the seven most frequent; -o FILE gets the issue of every ticket (row, issue). Several
    files may be given: one holds the texts, the others tell what followed, and for whom. Nothing
    leaves this machine.

    \b
    reltype issues tickets.csv --text subject,body
    reltype issues tickets.csv --text body -o issues.csv --names names.toml
    reltype issues orders.csv tickets.csv --every quarter --format json
    """
    from reltype.analyses.issues import issues
    from reltype.analyses.issues.page import page

    columns = [part.strip() for part in (text or "").split(",") if part.strip()]
    found = issues(list(data) or None, text=columns, names=names, map=options.pairs(map_), **given)
    if output not in (None, "-"):
        if str(output).endswith(".json") and format_ in (None, "json"):
            write_document(str(output), found.to_dict())
        else:
            found.write(str(output), format_)
        click.echo(page(found))
    elif format_ == "json":
        write_document("-", found.to_dict())
    elif format_ in (None, "table"):
        click.echo(page(found))
    else:
        found.write("-", format_)
    if names is not None:
        with destination(Path(names)) as stream:
            stream.write(found.names.text().encode())
    options.tell(found.notes, quiet=quiet)

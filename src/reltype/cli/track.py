"""`reltype track`: the relationship of every customer at each of several days."""

from __future__ import annotations

from typing import Any

import click

from reltype.cli import options
from reltype.formats import write_document


@click.command(name="track")
@click.argument("data", type=options.FILE, nargs=-1)
@click.option(
    "--every",
    metavar="STEP",
    default="quarter",
    show_default=True,
    help="week, month, quarter, year, or days such as 90d.",
)
@click.option("--from", "first", metavar="DAY", help="No as-of day lies before it.")
@click.option("--until", metavar="DAY", help="The last as-of day.  [default: the log's last]")
@options.data
@options.knowledge
@options.scored
@options.output
@click.option("-q", "--quiet", is_flag=True, help="No words on standard error.")
def command(
    *,
    data: tuple[str, ...],
    first: str | None,
    until: str | None,
    output: str | None,
    format_: str | None,
    map_: tuple[str, ...],
    quiet: bool,
    as_of: str | None,
    **given: Any,  # noqa: ANN401
) -> None:
    """Follow every customer's relationship over time, from one pass over DATA.

    Shows the mix day by day, where each state leads, and who moved by more than the noise of the
    readings explains. -o FILE gets a row for each customer and day; --format json the matrices,
    the movers and the cohorts. All days are read by one ruler: the last day's, or the model's.

    \b
    reltype track orders.csv
    reltype track orders.csv --every month -o track.parquet
    reltype track orders.csv --every 90d --from 2023-01-01 --format json
    """
    from reltype.analyses.tracking import track
    from reltype.analyses.tracking.page import page

    found = track(
        list(data) or None, first=first, until=until or as_of, map=options.pairs(map_), **given
    )
    if format_ == "json" and (output in (None, "-") or str(output).endswith(".json")):
        write_document(output or "-", found.to_dict())
    elif options.wants_rows(output, format_):
        found.write(output or "-", format_)
    if options.shows_page(output, format_):
        click.echo(page(found))
    options.tell(found.notes, quiet=quiet)

"""`reltype inspect`: what files would be read as, and why."""

from __future__ import annotations

import json
from typing import Any

import click

from reltype.cli import options
from reltype.formats import write_words

FORMATS = ("table", "json", "markdown")


@click.command(name="inspect")
@click.argument("data", type=options.FILE, nargs=-1, metavar="FILE...")
@options.reading
@options.knowledge
@click.option(
    "-f", "--format", "format_", type=click.Choice(FORMATS), default="table", show_default=True,
    help="How to tell it.",
)  # fmt: skip
@click.option("-o", "--output", metavar="FILE", help="Write there, not to standard output.")
def command(format_: str, output: str | None, **given: Any) -> None:  # noqa: ANN401
    """Tell what each FILE would be read as, and why, before anything is classified.

    Which column is which of ours, what else it might have been, what its kinds mean, what cannot
    be seen for want of a column, and what would make the result better.

    \b
    reltype inspect orders.csv tickets.csv
    reltype inspect orders.csv --format json
    """
    from reltype.reporting.inspection import inspect
    from reltype.reporting.inspection_text import text

    found = inspect(options.opened(**given))
    if format_ == "json":
        made = json.dumps(
            {"files": [one.document() for one in found]}, indent=2, ensure_ascii=False
        )
    else:
        style = "pipe" if format_ == "markdown" else "simple"
        made = "\n\n".join(text(one, style) for one in found)
    write_words(output or "-", made)

"""`reltype outcome`: what became of those who were acted on, against those who were left alone."""

from __future__ import annotations

from typing import Any

import click

from reltype.cli import options
from reltype.formats import write_document, write_words


@click.command(name="outcome")
@click.argument("plan", type=options.FILE)
@click.argument("data", type=options.FILE, nargs=-1)
@options.data
@options.knowledge
@options.scored
@options.journal
@options.output
@click.option("-q", "--quiet", is_flag=True, help="No words on standard error.")
def command(
    *,
    plan: str,
    data: tuple[str, ...],
    output: str | None,
    format_: str | None,
    map_: tuple[str, ...],
    quiet: bool,
    **given: Any,  # noqa: ANN401
) -> None:
    """Compare those whom PLAN acted on with those it left alone, by what DATA say since.

    Who came back, spend, complaints, answers, reading and label, over all benefits and for each,
    with intervals; or how many more customers it would take. --journal keeps it, and the next
    `reltype plan --journal` weighs the benefits by it. docs/plan.md.

    \b
    reltype outcome plan.xlsx orders.csv
    reltype outcome plan.csv orders.csv --journal journal.jsonl --format json
    """
    from reltype.analyses.outcome import outcome

    found = outcome(plan, list(data) or None, map=options.pairs(map_), **given)
    if format_ == "json" or (format_ is None and str(output).endswith(".json")):
        write_document(output or "-", found.to_dict())
    elif options.wants_rows(output, format_):
        found.write(output or "-", format_, options.plugin_formats())
    if options.shows_page(output, format_):
        write_words("-", str(found))
    options.tell(found.notes, quiet=quiet)

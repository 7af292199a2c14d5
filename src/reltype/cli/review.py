"""`reltype review`: what was wanted of relationships, held against what they are."""

from __future__ import annotations

from typing import Any

import click

from reltype.cli import options
from reltype.formats import write_document, write_words

GATE = 1
"""Exit code where a standard is missed for sure."""


@click.command(name="review")
@click.argument("data", type=options.FILE, nargs=-1)
@options.data
@options.knowledge
@options.scored
@options.cut
@options.journal
@options.output
@click.option("-q", "--quiet", is_flag=True, help="No words on standard error.")
def command(
    *,
    data: tuple[str, ...],
    output: str | None,
    format_: str | None,
    map_: tuple[str, ...],
    quiet: bool,
    **given: Any,  # noqa: ANN401
) -> None:
    """Hold the customers in DATA against the [[standards]] of reltype.toml.

    Says of each whether it is met, missed or cannot be told, how far off, what would correct it and
    whose that is, and whether it was ever reached. Ends with 1 only where the interval of a value
    lies wholly outside of what was asked. docs/standards.md says how to write one.

    \b
    reltype review orders.csv
    reltype review orders.csv accounts.csv --config reltype.toml --format json
    reltype review orders.csv --journal journal.jsonl
    """
    from reltype.analyses.standards import review

    found = review(list(data) or None, map=options.pairs(map_), **given)
    if format_ == "json" or (format_ is None and str(output).endswith(".json")):
        write_document(output or "-", found.to_dict())
    elif options.wants_rows(output, format_):
        found.write(output or "-", format_)
    if options.shows_page(output, format_):
        write_words("-", str(found))
    options.tell(found.notes, quiet=quiet)
    if found.missed:
        click.get_current_context().exit(GATE)

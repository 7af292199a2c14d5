"""`reltype plan`: what each team does for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from reltype.cli import options
from reltype.formats import write_words

if TYPE_CHECKING:
    from collections.abc import Iterable


@click.command(name="plan")
@click.argument("data", type=options.FILE, nargs=-1)
@click.option(
    "--capacity",
    multiple=True,
    required=True,
    metavar="ROLE=N",
    help="How many customers a team can act on; once for each: work-flow, service, consultation, "
    "advisory, audit, liaison.",
)
@click.option(
    "--holdout",
    metavar="SHARE",
    default="0",
    help="Leave this share of those chosen alone, to compare with, such as 10%.",
)
@click.option("--value", metavar="EXPR", help="What the priority is multiplied by, such as spend.")
@click.option("--salt", metavar="TEXT", default="", help="Draws another hold-out.")
@click.option(
    "--within",
    metavar="DAYS",
    type=click.IntRange(1, 3650),
    default=90,
    show_default=True,
    help="Days within which coming back will count, for the power that is told beforehand.",
)
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
    capacity: tuple[str, ...],
    holdout: str,
    output: str | None,
    format_: str | None,
    map_: tuple[str, ...],
    quiet: bool,
    **given: Any,  # noqa: ANN401
) -> None:
    """List what each team does for which customers in DATA, the first things first.

    One action of one benefit for each customer, why, what to ask, how sure it is and by when.
    What is broken goes first; nobody gets two teams; who has left or forgotten us is left alone.
    -o FILE gets a row for each customer, as XLSX with a sheet for each team; `reltype outcome FILE`
    reads it later. docs/plan.md.

    \b
    reltype plan orders.csv --capacity service=40 --capacity advisory=15
    reltype plan orders.csv --capacity service=40 --holdout 10% -o plan.xlsx
    reltype plan orders.csv --capacity service=40 --value spend --journal journal.jsonl
    """
    from reltype.analyses.plan import plan, share_of

    found = plan(
        list(data) or None,
        capacity=counts(capacity),
        holdout=share_of(holdout),
        map=options.pairs(map_),
        **given,
    )
    if options.wants_rows(output, format_):
        found.write(output or "-", format_, options.plugin_formats())
    if options.shows_page(output, format_):
        write_words("-", str(found))
    options.tell(found.notes, quiet=quiet)


def counts(given: Iterable[str]) -> dict[str, int]:
    """`ROLE=N` options as a dict. Raises click.UsageError for one that is none, or given twice."""
    made: dict[str, int] = {}
    for text in given:
        role, _, number = (part.strip() for part in text.partition("="))
        if not number.isdecimal():
            raise click.UsageError(f"--capacity {text!r}: write ROLE=N, such as service=40.")
        if role in made:
            raise click.UsageError(f"--capacity {role} is given twice.")
        made[role] = int(number)
    return made

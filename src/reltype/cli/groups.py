"""`reltype groups`: any figure of a result for each value of a column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import pyarrow as pa
from attrs import evolve

from reltype.cli import options
from reltype.definitions.benefits import Cut
from reltype.formats import write_document, write_words
from reltype.reporting.by_group_text import text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reltype.reporting.by_group import ByGroup, Correction


@click.command(name="groups")
@click.argument("data", type=options.FILE, nargs=-1)
@click.option(
    "--by",
    multiple=True,
    required=True,
    metavar="COLUMN",
    help="A column of the customers' table, of a log or of a result; may be given again.",
)
@click.option(
    "--labels",
    type=options.FILE,
    metavar="FILE",
    help="What people say of some customers (customer_id, archetype): how many of each group are named so.",
)
@click.option(
    "--correction",
    type=click.Choice(["holm", "bh"]),
    default="holm",
    show_default=True,
    help="For many comparisons: hardly ever a false one (Holm), or few of those told (Benjamini & Hochberg).",
)
@options.scored
@options.cut
@options.data
@options.knowledge
@options.output
def command(
    *,
    data: tuple[str, ...],
    by: tuple[str, ...],
    labels: str | None,
    correction: Correction,
    output: str | None,
    format_: str | None,
    **given: Any,  # noqa: ANN401
) -> None:
    """Tell what differs between groups of customers in DATA by more than chance explains.

    DATA is what classify takes, or a result that it wrote with the column carried
    along. Each group stands against all others: kinds of relationship, how many are
    named and how surely, alarms, what to cultivate first, readings. Groups of fewer
    than five customers are put together. docs/roles-and-groups.md.

    \b
    reltype groups orders.csv accounts.csv --by region
    reltype groups orders.csv --customers accounts.csv --by gender --labels labels.csv
    reltype groups relationships.parquet --by segment --format json
    """
    by = tuple(dict.fromkeys(by))
    found, customers = _found(data, by, labels, correction, given)
    if format_ == "json" or (format_ is None and str(output or "").endswith(".json")):
        document = {"customers": customers, "by": [one.to_dict() for one in found]}
        write_document(output or "-", document)
    elif options.wants_rows(output, format_):
        options.emit(pa.concat_tables([one.table() for one in found]), output, format_)
    if options.shows_page(output, format_):
        write_words("-", "\n\n".join(map(text_of, found)))


def _found(
    data: tuple[str, ...],
    by: Sequence[str],
    labels: str | None,
    correction: Correction,
    given: Any,  # noqa: ANN401
) -> tuple[tuple[ByGroup, ...], int]:
    from reltype.relationships import Relationships
    from reltype.reporting import stored
    from reltype.reporting.carried import check
    from reltype.reporting.grouping import of_stored

    if stored.is_result(data):
        known = options.known(given["rules"], given["no_plugin"], given["config"], strict=True)
        table: pa.Table = stored.read(data[0])
        plan = stored.plan_of(table, known.catalogue, given["typology"] or "")
        plan = evolve(plan, cut=Cut.of(given["role"], given["focus"], given["horizon"]))
        table = stored.as_cut(table, plan)
        return of_stored(table, plan, by, labels, correction), len(table)
    opened = options.opened(data=data, **given)
    check(opened.inputs, by)
    run = opened.run()
    with options.rejecting(run, None, None):
        made = Relationships(pa.Table.from_batches(run.batches(), run.result.schema), run)
    return made.by(*by, labels=labels, correction=correction), len(made)

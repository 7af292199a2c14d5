"""`reltype report`: the result as a page that people read, offline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from attrs import evolve

from reltype.cli import options
from reltype.definitions.benefits import Cut
from reltype.formats import write_text

if TYPE_CHECKING:
    from reltype.definitions.sections import Section


@click.command(name="report")
@click.argument("data", type=options.FILE, nargs=-1)
@click.option(
    "-o",
    "--output",
    type=options.FILE,
    metavar="FILE",
    required=True,
    help="Where the page goes, such as report.html.",
)
@click.option(
    "--by",
    multiple=True,
    metavar="COLUMN",
    help="Break the mix down by a column of the customers' table; may be given again.",
)
@click.option(
    "--with",
    "with_",
    multiple=True,
    type=options.FILE,
    metavar="FILE",
    help="JSON of track, review, drivers, issues or stakeholders, or a plan; may be given again.",
)
@click.option("--title", metavar="TEXT", default="", help="What stands above.")
@click.option("--alias", is_flag=True, help="Call archetypes by their neutral names.")
@click.option("--redact", is_flag=True, help="Show no customer's id, and quote no data.")
@options.scored
@options.cut
@options.data
@options.knowledge
@click.option("-q", "--quiet", is_flag=True, help="No words on standard error.")
def command(
    *,
    data: tuple[str, ...],
    output: str,
    by: tuple[str, ...],
    with_: tuple[str, ...],
    title: str,
    alias: bool,
    redact: bool,
    quiet: bool,
    **given: Any,  # noqa: ANN401
) -> None:
    """Write a page about the customers in DATA, or in a result that classify wrote.

    One file of HTML: the mix, a map, each archetype, whom to talk to first, and a lookup of every
    customer. It opens offline and sends nothing to anybody. Where reltype.toml has [[standards]],
    it says which are met. Needs reltype[report].

    \b
    reltype report orders.csv -o report.html
    reltype report orders.csv accounts.csv --by region -o report.html
    reltype report relationships.parquet --redact -o report.html
    reltype track orders.csv --format json -o track.json
    reltype report orders.csv --with track.json -o report.html
    """
    from reltype.analyses.sections import DRIVERS, in_order, read
    from reltype.reporting import stored
    from reltype.reporting.page import html, needed
    from reltype.reporting.page.gathering import of_stored

    needed()  # before anything is counted
    sections = [read(path) for path in with_]
    if given["drivers"] and not any(one.title == DRIVERS for one in sections):
        sections.append(read(given["drivers"]))
    if stored.is_result(data):
        known = options.known(given["rules"], given["no_plugin"], given["config"], strict=True)
        table = stored.read(data[0])
        plan = stored.plan_of(table, known.catalogue, given["typology"] or "")
        plan = evolve(plan, cut=Cut.of(given["role"], given["focus"], given["horizon"]))
        table = stored.as_cut(table, plan)
        sections = in_order(sections)
        subject = of_stored(table, plan, by=by, sections=sections, alias=alias, redact=redact)
        write_text(output, html(subject, title))
        customers = len(table)
    else:
        customers = _of_data(data, output, sections, by, title, alias=alias, redact=redact, **given)
    if not quiet:
        from reltype.formats.printing import printable

        click.echo(f"{printable(output)}: {customers:,} customers. Open it in a browser.", err=True)


def _of_data(
    data: tuple[str, ...],
    output: str,
    sections: list[Section],
    by: tuple[str, ...],
    title: str,
    *,
    alias: bool,
    redact: bool,
    **given: Any,  # noqa: ANN401
) -> int:
    import pyarrow as pa

    from reltype.analyses.sections import STANDARDS, in_order
    from reltype.analyses.standards import review
    from reltype.relationships import Relationships
    from reltype.reporting.carried import check

    opened = options.opened(data=data, **given)
    check(opened.inputs, by)
    if opened.settings.config.standards and not any(one.title == STANDARDS for one in sections):
        asked = {**given, "map": options.pairs(given["map_"])}
        del asked["map_"]
        sections = [*sections, review(list(data) or None, **asked).section()]
    run = opened.run()
    with options.rejecting(run, None, None):
        found = Relationships(pa.Table.from_batches(run.batches(), run.result.schema), run)
    found.report(
        output, by=by, sections=in_order(sections), title=title, alias=alias, redact=redact
    )
    return len(found)

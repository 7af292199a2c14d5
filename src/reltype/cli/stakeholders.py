"""`reltype stakeholders`: the map of who is tied to whom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reltype.cli import options
from reltype.formats import write_words

DRAWN = ("svg", "graphml", "json")
"""What is written of the whole map; other formats are tables of its people."""


@click.command(name="stakeholders")
@click.argument("data", type=options.FILE, metavar="EDGES|MESSAGES...", nargs=-1, required=True)
@click.option(
    "--people", type=options.FILE, metavar="FILE", help="A list of people: who, role, stake."
)
@click.option(
    "--groups",
    metavar="COLUMN",
    help="The list's column of groups, such as department.  [default: seen]",
)
@click.option(
    "--customer",
    "customers",
    multiple=True,
    metavar="NAME",
    help="Whose outcome it is about; may be given again.  [default: whose role is customer, patient …]",
)
@click.option("--from", "sender", metavar="COLUMN", help="Whom a tie comes from.  [default: seen]")
@click.option(
    "--to",
    "recipients",
    multiple=True,
    metavar="COLUMN",
    help="Whom it goes to; again for copies.  [default: seen]",
)
@click.option(
    "--weight", metavar="COLUMN", help="How strong it is.  [default: seen, else rows are counted]"
)
@click.option("--undirected", is_flag=True, help="Ties mean no direction.")
@click.option(
    "--broadcast",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    metavar="N",
    help="A message to more than N recipients is left out.",
)
@click.option("--keep-all", is_flag=True, help="Broadcasts and robots are ties too.")
@click.option("--names", is_flag=True, help="Name those who are cut off, in a log too.")
@click.option(
    "--runs",
    type=click.IntRange(20, 1000),
    default=25,
    show_default=True,
    help="Runs that have to agree on communities.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of all draws.")
@options.opening
@click.option(
    "-o",
    "--output",
    type=options.FILE,
    metavar="FILE",
    help="Write there: .svg, .graphml, .json, or people as .csv, .xlsx …",
)
@click.option(
    "-f", "--format", "format_", metavar="NAME", help="table, json, svg, graphml, csv, xlsx …"
)
@click.option("-q", "--quiet", is_flag=True, help="No words on standard error.")
def command(
    *,
    data: tuple[str, ...],
    names: bool,
    output: str | None,
    format_: str | None,
    quiet: bool,
    **given: Any,  # noqa: ANN401
) -> None:
    """Map who is tied to whom: who is critical, cut off, between others; silos.

    A row is a tie (from, to, weight), a message (sender, recipients, time) or a
    person with their ties. Everything stands beside what chance gives. Groups of
    fewer than five people are told together. Needs reltype[stakeholders].

    \b
    reltype stakeholders ties.csv --people people.csv --groups department
    reltype stakeholders mail.csv -o map.svg
    reltype stakeholders list.csv --customer Sam --format json
    """
    from reltype.analyses.stakeholders import stakeholders

    timeout = given.pop("timeout")
    if timeout is not None:
        given["timeout"] = timeout
    found = stakeholders(data[0] if len(data) == 1 else list(data), **given)
    words = found.text(names=True if names else None)
    to_file = output not in (None, "-")
    kind = format_ or (Path(str(output)).suffix.lower().removeprefix(".") if to_file else "table")
    if kind in DRAWN:
        found.write(output or "-", kind)
    elif kind != "table" or to_file:
        options.emit(found.people, output, format_)
    if to_file or kind == "table":
        write_words("-", words)
    options.tell(found.notes, quiet=quiet)

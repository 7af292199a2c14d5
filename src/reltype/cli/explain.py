"""`reltype explain`: why one customer is what they are, and what would change it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import click
from attrs import asdict

from reltype.cli import options
from reltype.definitions.archetypes import UNCLASSIFIED
from reltype.formats.printing import columns, folded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reltype.explaining.explanation import Contribution, Explanation

WIDTH = 80
LINES = 9
"""Contributions to one score that are shown each on a line; --format json shows all."""


@click.command(name="explain")
@click.argument("data", type=options.FILE, nargs=-1)
@click.option(
    "-c", "--customer", "customer_id", required=True, metavar="ID", help="Whom to explain."
)
@options.scored
@options.data
@options.knowledge
@click.option(
    "-f",
    "--format",
    "format_",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="For people or for programs.",
)
def command(customer_id: str, format_: str, **given: Any) -> None:  # noqa: ANN401
    """Explain one customer: contributions that add up, missing inputs, near misses, what would flip it.

    Without DATA, the files that reltype.toml names are read, as `classify` reads them.

    \b
    reltype explain --customer C-1042
    reltype explain orders.csv --customer C-1042
    reltype explain orders.csv --customer C-1042 --format json
    """
    from reltype.explaining.customer import explain

    found = explain(options.run(**given), customer_id)
    if format_ == "json":
        click.echo(json.dumps(asdict(found), default=str, indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(_folded(_text(found))))


def _folded(text: str) -> Iterator[str]:
    """Lines that fit a terminal: what goes on stands below where it began."""
    for line in text.splitlines():
        amount = re.match(r"  +[+-][\d.]+  |  (?=\S)", line)
        yield from _folded_line(line, amount.end() if amount else 0)


def _folded_line(line: str, indent: int) -> list[str]:
    """A line that begins at column *indent*, in as many as eighty columns ask for."""
    if columns(line) <= WIDTH:
        return [line]
    after = " " * (indent + 2)
    return folded(line[indent:], WIDTH - indent, indent=line[:indent], after=after)


def _text(found: Explanation) -> str:
    from reltype.formats.printing import printable

    ranked = sorted(found.posterior, key=lambda a: -found.posterior[a])
    lines = [f"{printable(found.customer_id)}: {found.archetype}", ""]
    lines += [f"  {a:<26}{found.posterior[a]:>7.1%}  score {found.scores[a]:+.2f}" for a in ranked]
    for archetype in [a for a in ranked if a != UNCLASSIFIED][:2]:
        lines += ["", f"What makes the score of {archetype}:"]
        lines += _added_up(found.of(archetype))
        lines += [f"  {found.scores[archetype]:+6.2f}  in all"]
    if found.alarms:
        lines += ["", "Alarms, for somebody to look at:"]
    for alarm in found.alarms:
        lines.append(f"  {alarm.name}: {alarm.because}" if alarm.because else f"  {alarm.name}")
        lines += [f"    {fact}" for fact in alarm.facts]
    if found.missing:
        lines += ["", "Not seen, so it says nothing:"]
        lines += [f"  {name}: {what}" for name, what in found.missing.items()]
    if found.near_misses:
        lines += ["", "Rules that nearly fired:"]
        lines += [f"  {m.rule}: {m.text}" for m in found.near_misses[:5]]
    lines += ["", _flip(found)]
    return "\n".join(lines)


def _added_up(contributions: Sequence[Contribution]) -> list[str]:
    """The larger contributions, a line each, and all others together in one."""
    largest = sorted(contributions, key=lambda c: -abs(c.amount))[:LINES]
    shown = [c for c in contributions if c in largest]
    lines = [f"  {c.amount:+6.2f}  {c.text}" for c in shown]
    rest = [c for c in contributions if c not in largest]
    if rest:
        lines.append(f"  {sum(c.amount for c in rest):+6.2f}  {len(rest)} others together")
    return lines


def _flip(found: Explanation) -> str:
    change = found.counterfactual
    if change is None:
        return "No one or two things that they could do otherwise would make it another archetype."
    return change.text

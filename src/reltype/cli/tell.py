"""Tell: a summary in words, on standard error beside the result, or on standard output alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from reltype.reporting.summary import Summary


def tell(summary: Summary, *, err: bool = True) -> None:
    """Print what a run found, what it could not see, and what would help."""

    def say(text: str) -> None:
        click.echo(text, err=err)

    # A customer table without a day is read as of the first day that computers know.
    day = f" as of {summary.as_of}" if summary.as_of.year > 1970 else ""
    say(f"{_count(summary.customers, 'customer')}{day}.")
    say(rows_read(summary.rows))
    say("")
    for name, share in summary.archetypes.items():
        say(f"  {name:<26}{share:>7.1%}  {'█' * round(40 * share)}")
    widest = max([40, *map(len, summary.unclassified)])
    for reason, share in summary.unclassified.items():
        say(f"    {reason:<{widest}}{share:>7.1%}")
    if summary.alarms:
        alarms = ", ".join(f"{name} {count}" for name, count in summary.alarms.items())
        say(f"\nAlarms, for somebody to look at: {alarms}.")
    unseen = [name for name, share in summary.signals.items() if share == 0]
    if unseen:
        say(f"\nNot seen in this input: {', '.join(unseen)}.")
    for pair in summary.alike:
        say(
            f"These columns cannot tell {pair.first} from {pair.second} (d' = {pair.distance:.1f})."
        )
    if summary.helps:
        best = summary.helps[0]
        say(f"What would help most: {' or '.join(best.columns)}, for {best.dimension}.")
    for warning in summary.warnings:
        say(f"Note: {warning}")
    scales = ", ".join(f"{name} {value:.4g}" for name, value in summary.scales.items())
    say(f"Scales: {scales}.")


def rows_read(rows: Mapping[str, int]) -> str:
    """What became of the rows: `read`, `used`, `rejected`, `late`, in a sentence."""
    told = f"{_count(rows['read'], 'row')} read, {rows['used']:,} used"
    told += f", {rows['rejected']:,} rejected" if rows["rejected"] else ""
    told += f", {rows['late']:,} after the as-of day" if rows["late"] else ""
    return told + "."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"

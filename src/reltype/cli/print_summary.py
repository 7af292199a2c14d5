"""Print summary: a summary in words, on standard error beside the result, or on standard output alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from reltype.reporting.summary import Summary


WEAK = 0.25
"""A reliability below which a signal counts for less than half, and is told."""


def print_summary(summary: Summary, *, err: bool = True) -> None:
    """Print what a run found, what it could not see, and what would help."""

    def say(text: str) -> None:
        click.echo(text, err=err)

    # A customer table without a day is read as of the first day that computers know.
    day = f" as of {summary.as_of}" if summary.as_of.year > 1970 else ""
    say(f"{_count(summary.customers, 'customer')}{day}.")
    say(rows_read(summary.rows))
    for finding in summary.findings:
        say(finding)
    say("")
    for name, share in summary.archetypes.items():
        say(f"  {name:<26}{share:>7.1%}  {'█' * round(40 * share)}")
    widest = max([40, *map(len, summary.unclassified)])
    for reason, share in summary.unclassified.items():
        say(f"    {reason:<{widest}}{share:>7.1%}")
    if summary.alarms:
        alarms = ", ".join(f"{name} {count}" for name, count in summary.alarms.items())
        say(f"\nAlarms, for somebody to look at: {alarms}.")
    for line in _evidence(summary):
        say(line)
    for warning in summary.warnings:
        say(f"Note: {warning}")
    scales = ", ".join(f"{name} {value:.4g}" for name, value in summary.scales.items())
    say(f"Scales: {scales}.")


def _evidence(summary: Summary) -> Iterator[str]:
    """What was and was not seen, how far it repeats itself, and what would help."""
    unseen = [name for name, share in summary.signals.items() if share == 0]
    if unseen:
        yield f"\nNot seen in this input: {', '.join(unseen)}."
    for pair in summary.alike:
        yield (
            f"These columns cannot tell {pair.first} from {pair.second} (d' = {pair.distance:.1f})."
        )
    if summary.helps:
        yield f"What would help most: {summary.helps[0].text}"
    for name, share in summary.base_rates.items():
        yield f"Base rates: {name} ({share:.0%} of customers)."
    weak = [name for name, value in summary.reliability.items() if value < WEAK]
    if weak:
        yield f"Hardly repeats itself here, and counts accordingly less: {', '.join(weak)}."


def rows_read(rows: Mapping[str, int]) -> str:
    """What became of the rows: `read`, `used`, `rejected`, `left_out`, `late`, in a sentence."""
    told = f"{_count(rows['read'], 'row')} read, {rows['used']:,} used"
    told += f", {rows['rejected']:,} rejected" if rows["rejected"] else ""
    told += f", {rows['left_out']:,} left out" if rows["left_out"] else ""
    told += f", {rows['late']:,} after the as-of day" if rows["late"] else ""
    return told + "."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"

"""Print summary: what a run found, for people; what was guessed before, and what is odd after it.

The page of a run goes to standard output where nothing else does, else to standard error beside the
result. What was guessed and what is odd about the input always goes to standard error. All of it
together has at most `LINES` lines, unless --verbose asks for more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from reltype.reporting.summary_text import (
    LINES,
    WIDTH,
    Section,
    clipped,
    details,
    fitted,
    spoken,
    text,
)

if TYPE_CHECKING:
    from reltype.reporting.summary import Summary

FILES, NOTES = 4, 5
"""Lines that what was guessed of files, and what is odd about them, may take before the rest is counted."""


def print_guesses(guesses: Sequence[str], *, verbose: bool = False) -> int:
    """Tell what was guessed of each file; how many lines that took."""
    return _say("", guesses, LINES if verbose else FILES, verbose=verbose)


def print_summary(
    summary: Summary,
    *,
    err: bool = True,
    verbose: bool = False,
    quiet: bool = False,
    used: int = 0,
) -> None:
    """Print what a run found, what it could not see, and what would help.

    Args:
        summary: What was found.
        err: Whether the page goes to standard error; what is odd always does.
        verbose: All of it, with what is behind it.
        quiet: Nothing on standard error.
        used: Lines that were printed before.
    """
    summary = spoken(summary)
    notes = [] if quiet else [f"Note: {warning}" for warning in summary.warnings]
    room = LINES - used
    kept = 0 if verbose else sum(map(len, _items(notes)))
    kept = min(kept, NOTES) + bool(kept)
    if not (err and quiet):
        shown = text(summary, LINES if verbose else room - kept)
        for line in [*shown, *(details(summary) if verbose else ())]:
            click.echo(line, err=err)
    _say("", notes, NOTES, verbose=verbose, before=bool(notes))


def _items(sentences: Sequence[str]) -> list[list[str]]:
    """Each in at most two lines of eighty columns, one alone in three."""
    return [clipped(sentence, WIDTH, 3 if len(sentences) == 1 else 2) for sentence in sentences]


def _say(
    heading: str, sentences: Sequence[str], most: int, *, verbose: bool, before: bool = False
) -> int:
    """Print *sentences* to standard error, in at most *most* lines; how many lines that took."""
    if verbose:
        lines = ["", *sentences] if before else list(sentences)
    else:
        section = Section(heading, _items(sentences))
        lines = fitted([section], most + 1)
        lines = lines if before else lines[1:]
    for line in lines:
        click.echo(line, err=True)
    return len(lines)

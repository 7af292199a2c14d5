"""Conversion: an expression that turns a column into one of ours, and what was seen of it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from attrs import frozen

from reltype.expressions import literal
from reltype.expressions.words import table
from reltype.mapping.kinds import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reltype.mapping.columns import Column


@frozen
class Conversion:
    """An expression that reads a column in our unit.

    Attributes:
        expression: SQL over the source's columns.
        share: Share of the sampled cells that it reads, 0…1.
        description: For people: what was seen.
        doubt: What was assumed, and how to say otherwise; empty if nothing was.
    """

    expression: str
    share: float
    description: str
    doubt: str = ""


@cache
def units(name: str) -> Mapping[str, float]:
    """Words of a table of the words file, in plain form → the number that they stand for."""
    return {plain(word): float(number) for number, listed in table(name).items() for word in listed}


def by_words(column: Column, numbers: Mapping[str, float], least: float) -> Conversion | None:
    """The numbers that a column's cells stand for; None if they are less than *least* of them.

    Args:
        column: The column.
        numbers: Cell → number.
        least: A share.
    """
    share = sum(column.counts[cell] for cell in numbers) / max(1, len(column.cells))
    if not numbers or share < least:
        return None
    lowered = {cell.strip().lower(): number for cell, number in numbers.items()}
    cases = " ".join(f"WHEN {literal(cell)} THEN {number:g}" for cell, number in lowered.items())
    told = f"words ({in_words(numbers)})"
    return Conversion(f"CASE lower(trim({column.quoted})) {cases} END", share, told)


def in_words(cells: Iterable[str], known: int = 5) -> str:
    """Up to *known* of the cells, and how many more there are."""
    listed = list(cells)
    more = f" and {len(listed) - known} more" if len(listed) > known else ""
    return ", ".join(listed[:known]) + more

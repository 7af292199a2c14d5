"""Columns: what the query and the result call what is worked out of a customer.

Nobody else writes these names, so that nobody has to read them back. Signals, rules, flags and
benefits go by their place in the plan, dimensions, features and archetypes by their names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reltype.definitions.archetypes import UNCLASSIFIED, snake

if TYPE_CHECKING:
    from collections.abc import Iterable

READING = "d_"
EVIDENCE = "e_"
POSTERIOR = "p_"


def raw(i: int) -> str:
    """Signal i before it is held to 0…1."""
    return f"raw_{i}"


def signal(i: int) -> str:
    """Signal i, 0…1; null where it was not seen."""
    return f"signal_{i}"


def observed(i: int) -> str:
    """The observations behind signal i, from 0."""
    return f"n_{i}"


def seen(i: int) -> str:
    """How far signal i was seen, 0…1."""
    return f"seen_{i}"


def saw(i: int) -> str:
    """Whether signal i is not null."""
    return f"saw_{i}"


def mass(i: int) -> str:
    """The weight of signal i times how far it was seen; null where the signal is."""
    return f"mass_{i}"


def says(i: int) -> str:
    """Which of its sentences tells what signal i saw, from 0; null where none does."""
    return f"says_{i}"


def amount(dimension: str) -> str:
    """The sum of the masses of a dimension's signals."""
    return f"m_{dimension}"


def reading(dimension: str) -> str:
    """The reading of a dimension, 0…1; null where no signal of it was seen."""
    return f"{READING}{dimension}"


def dimension_of(column: str) -> str | None:
    """The dimension whose `reading` a column of a result is; None where it is none."""
    return column.removeprefix(READING) if column.startswith(READING) else None


def evidence(dimension: str) -> str:
    """How much of a dimension was seen, 0…1."""
    return f"{EVIDENCE}{dimension}"


def rule(i: int) -> str:
    """Whether rule i holds; null where that is unknown."""
    return f"rule_{i}"


def flag(kind: str, i: int) -> str:
    """Whether flag i of a kind (`reason`, `status`, `alarm`) holds; null where unknown."""
    return f"{kind}_{i}"


def rate(i: int) -> str:
    """Whether the circumstance of base rate i holds; null where unknown."""
    return f"rate_{i}"


def needed(i: int) -> str:
    """Whether what archetype i needs is there; null where unknown."""
    return f"needs_{i}"


def broken(i: int) -> str:
    """Whether what benefit i gives is broken now; null where unknown."""
    return f"broken_{i}"


def fact(feature: str) -> str:
    """A feature as the log gives it."""
    return f"fact_{feature}"


def given(feature: str) -> str:
    """A feature as a customer table gives it."""
    return f"given_{feature}"


def signals_seen(i: int) -> str:
    """Of an overview: customers of whom signal i was seen."""
    return f"s_{i}"


def mean_evidence(k: int) -> str:
    """Of an overview: the mean evidence of the plan's dimension k."""
    return f"e_{k}"


def rates_held(i: int) -> str:
    """Of an overview: customers for whom the circumstance of base rate i holds."""
    return f"r_{i}"


def posterior(archetype: str) -> str:
    """The probability of an archetype, or of `unclassified`, by its name as people write it."""
    return f"{POSTERIOR}{snake(archetype)}"


def posteriors(columns: Iterable[str]) -> list[str]:
    """Those of a result's columns that are the probability of an archetype, in their order."""
    none = posterior(UNCLASSIFIED)
    return [name for name in columns if name.startswith(POSTERIOR) and name != none]


def archetype_of(column: str) -> str:
    """An archetype by its column of probabilities, with blanks for what joins its words."""
    return column.removeprefix(POSTERIOR).replace("_", " ")

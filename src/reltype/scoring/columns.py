"""Columns: what the query calls what it works out of a customer, so that nobody writes it twice.

Signals, rules, flags and benefits go by their place in the plan, dimensions by their names.
"""

from __future__ import annotations


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


def reading(dimension: str) -> str:
    """The reading of a dimension, 0…1; null where no signal of it was seen."""
    return f"d_{dimension}"


def evidence(dimension: str) -> str:
    """How much of a dimension was seen, 0…1."""
    return f"e_{dimension}"


def rule(i: int) -> str:
    """Whether rule i holds; null where that is unknown."""
    return f"rule_{i}"


def flag(kind: str, i: int) -> str:
    """Whether flag i of a kind (`reason`, `status`, `alarm`, `rate`) holds; null where unknown."""
    return f"{kind}_{i}"


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

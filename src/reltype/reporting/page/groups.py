"""Groups: the mix by a column of the customers' table, and what differs there beyond chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from reltype.reporting.by_group import Figure, Measure, by_group

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reltype.reporting.page.subject import Subject


@frozen
class Group:
    """Customers with one value in a column.

    Attributes:
        name: The value.
        count: How many.
        shares: Kind → (share, low, high), with 95 % intervals.
    """

    name: str
    count: int
    shares: dict[str, tuple[float, float, float]]


@frozen
class Difference:
    """A share that differs between a group and everybody else by more than chance explains.

    Attributes:
        group: Whose.
        kind: Which archetype, or `unclassified`.
        here: Its share in the group.
        elsewhere: Its share among all others.
        chance: Fisher's exact test, corrected for all comparisons in this column (Holm 1979).
    """

    group: str
    kind: str
    here: float
    elsewhere: float
    chance: float


@frozen
class Breakdown:
    """A column.

    Attributes:
        column: Its name.
        groups: The largest first; values too rare to be told apart are put together, last.
        differences: The largest first.
        comparisons: How many were made.
    """

    column: str
    groups: tuple[Group, ...]
    differences: tuple[Difference, ...]
    comparisons: int


def breakdown(subject: Subject, column: str) -> Breakdown:
    """The mix in each group of *column*, one of the subject's `groups`."""
    kinds = [
        Measure(kind, "kind", (subject.named == place).astype(np.float64))
        for place, kind in enumerate(subject.kinds)
    ]
    found = by_group(column, subject.groups[column], kinds)
    made = tuple(
        Group(name, count, _shares(figure for figure in found.figures if figure.group == name))
        for name, count in found.groups.items()
    )
    differences = [
        Difference(f.group, f.measure, f.value, f.elsewhere, f.p)
        for f in found.differences
        if f.value is not None and f.elsewhere is not None and f.p is not None
    ]
    differences.sort(key=lambda one: -abs(one.here - one.elsewhere))
    return Breakdown(column, made, tuple(differences), found.comparisons)


def _shares(figures: Iterable[Figure]) -> dict[str, tuple[float, float, float]]:
    return {f.measure: (f.value or 0.0, f.low or 0.0, f.high or 0.0) for f in figures}

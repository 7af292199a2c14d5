"""Groups: the mix by a column of the customers' table, and what differs there beyond chance."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

from reltype.arrow import doubles
from reltype.learning.evaluation.comparison import wilson
from reltype.reporting.page.formatting import three
from reltype.reporting.page.packing import encoded

if TYPE_CHECKING:
    from reltype.arrow import Ints
    from reltype.reporting.page.subject import Subject

MOST = 12
"""Groups that are told apart; smaller ones are put together."""

LEAST = 5
"""Customers in a group that is told on its own: of fewer nothing can be said, and somebody could be
told."""

CHANCE = 0.05
"""The chance that anything at all is called a difference where there is none (Holm 1979)."""

NOWHERE, OTHERS = "not said", "all others"


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
    names, codes = grouped(subject.groups[column])
    kinds = len(subject.kinds)
    table = np.zeros((len(names), kinds), np.int64)
    np.add.at(table, (codes, subject.named), 1)
    sizes = table.sum(axis=1)
    made = [
        Group(
            name,
            int(sizes[g]),
            {
                kind: (table[g, k] / sizes[g], *wilson(int(table[g, k]), int(sizes[g])))
                for k, kind in enumerate(subject.kinds)
            },
        )
        for g, name in enumerate(names)
    ]
    differences, comparisons = _differences(subject, names, table)
    return Breakdown(column, tuple(made), differences, comparisons)


def grouped(values: pa.Array) -> tuple[list[str], Ints]:
    """Names of groups, and each row's: the values; of many numbers, quarters of the customers."""
    phrases, codes = encoded(values)
    phrases = [phrase.strip() for phrase in phrases]
    if len(phrases) > MOST and (parts := _quarters(phrases, codes)) is not None:
        return parts
    merged = sorted({phrase or NOWHERE for phrase in phrases})
    at = {phrase: i for i, phrase in enumerate(merged)}
    codes = np.array([at[phrase or NOWHERE] for phrase in phrases], np.int64)[codes]
    sizes = np.bincount(codes, minlength=len(merged))
    ranked = np.argsort(-sizes, kind="stable")
    told = [int(i) for i in ranked[:MOST] if sizes[i] >= LEAST]
    place = np.full(len(merged), len(told), np.int64)
    place[told] = np.arange(len(told))
    names = [merged[i] for i in told]
    if len(told) < len(merged):
        names.append(f"{OTHERS} ({len(merged) - len(told):,} values)")
    return names, place[codes]


def _quarters(phrases: list[str], codes: Ints) -> tuple[list[str], Ints] | None:
    """Numbers by quarters; None where they are not numbers."""
    try:
        column = pc.cast(
            pa.array([phrase or None for phrase in phrases], pa.string()), pa.float64()
        )
    except pa.ArrowInvalid:
        return None
    values = doubles(column)[codes]
    seen = values[np.isfinite(values)]
    if not seen.size:
        return None
    edges = np.unique(np.quantile(seen, [0.25, 0.5, 0.75], method="inverted_cdf"))
    place = np.searchsorted(edges, values, side="left")
    bounds = [three(float(edge)) for edge in edges]
    names = [f"up to {bounds[0]}"]
    names += [f"over {low}, up to {high}" for low, high in pairwise(bounds)]
    names += [f"over {bounds[-1]}"]
    place = np.where(np.isfinite(values), place, len(names))
    names.append(NOWHERE)
    there = np.unique(place)
    at = np.zeros(len(names), np.int64)
    at[there] = np.arange(len(there))
    return [names[i] for i in there], at[place]


def _differences(
    subject: Subject, names: list[str], table: Ints
) -> tuple[tuple[Difference, ...], int]:
    """What is left after Holm's correction of each group against all others."""
    from scipy.stats import fisher_exact

    total = table.sum(axis=0)
    sizes = table.sum(axis=1)
    n = int(sizes.sum())
    found = []
    for g, k in np.ndindex(table.shape):
        rest, elsewhere = n - int(sizes[g]), int(total[k] - table[g, k])
        if not rest or sizes[g] < LEAST or not total[k]:
            continue
        here = int(table[g, k])
        cells = [[here, int(sizes[g]) - here], [elsewhere, rest - elsewhere]]
        found.append((float(fisher_exact(cells)[1]), g, k, here / sizes[g], elsewhere / rest))
    found.sort(key=lambda one: (one[0], one[1], one[2]))
    made, worst = [], 0.0
    for place, (chance, g, k, here, there) in enumerate(found):
        worst = max(worst, min(1.0, chance * (len(found) - place)))
        if worst > CHANCE:
            break
        made.append(Difference(names[g], subject.kinds[k], float(here), there, worst))
    made.sort(key=lambda one: -abs(one.here - one.elsewhere))
    return tuple(made), len(found)

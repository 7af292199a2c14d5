"""Portraits: who the customers of one archetype are in facts, and who is typical of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc
from attrs import frozen

from reltype.arrow import numbers
from reltype.reporting.page import formatting

if TYPE_CHECKING:
    from reltype.arrow import Floats
    from reltype.definitions.archetypes import Archetype
    from reltype.definitions.benefits import Benefit
    from reltype.definitions.features import Feature
    from reltype.reporting.page.subject import Subject

FACTS = 8
"""Facts that tell the archetypes apart, in a portrait."""

TYPICAL = 3
SEEN = 0.2
"""Share of the customers of whom a fact must have been seen to be told of an archetype."""

ALIKE = 0.85
"""Rank correlation from which on two facts say the same, and one is told."""

ADVICE = 3
_SAMPLE = 20_000


@frozen
class Fact:
    """What was counted, of the customers of one archetype and of all.

    Attributes:
        name: What it is.
        typical: Of the one in the middle.
        span: What four of five lie between.
        overall: Of the one in the middle of all customers.
        seen: Share of the archetype's customers of whom it is known.
    """

    name: str
    typical: str
    span: str
    overall: str
    seen: float


@frozen
class Advice:
    """A benefit that suits an archetype.

    Attributes:
        benefit: What it is.
        first: Customers of the archetype whose first benefit it is.
        warning: Why it must not be pushed here; empty where it may.
    """

    benefit: Benefit
    first: int
    warning: str = ""


@frozen(eq=False)
class Portrait:
    """One archetype.

    Attributes:
        archetype: Which.
        place: Its place among them, which gives its colour, pattern and shape.
        facts: Those that tell it from the others.
        low: (dimensions,) first quartile of the readings; NaN where none was seen.
        median: (dimensions,) the middle one.
        high: (dimensions,) third quartile.
        typical: Places in the result of the customers nearest to its middle, of whom much was seen.
        advice: What to cultivate, the most frequent first.
        not_for: Benefits that it is warned off.
    """

    archetype: Archetype
    place: int
    facts: tuple[Fact, ...]
    low: Floats
    median: Floats
    high: Floats
    typical: tuple[int, ...]
    advice: tuple[Advice, ...]
    not_for: tuple[Advice, ...]


def portraits(subject: Subject) -> tuple[Portrait, ...]:
    """One for each archetype that somebody is; in the typology's order."""
    chosen = telling(subject)
    made = []
    for place, archetype in enumerate(subject.plan.archetypes):
        mine = np.nonzero(subject.named == place)[0]
        if not len(mine):
            continue
        facts = []
        for feature in chosen:
            values = subject.fact(feature.name)
            here = values[mine]
            seen = float(np.mean(~np.isnan(here)))
            facts.append(
                Fact(
                    formatting.label(feature, subject.units),
                    formatting.typical(feature, here, subject.units),
                    formatting.span(feature, here, subject.units),
                    formatting.typical(feature, values, subject.units),
                    seen,
                )
            )
        low, median, high = _quartiles(subject.readings[mine])
        advice, barred = _advice(subject, archetype, mine)
        made.append(
            Portrait(
                archetype,
                place,
                tuple(facts),
                low,
                median,
                high,
                typical(subject, mine, median),
                advice,
                barred,
            )
        )
    return tuple(made)


def _quartiles(readings: Floats) -> tuple[Floats, Floats, Floats]:
    """(dimensions,) each; NaN where nothing was seen."""
    made = np.full((3, readings.shape[1]), np.nan)
    for k in range(readings.shape[1]):
        seen = readings[~np.isnan(readings[:, k]), k]
        if seen.size:
            made[:, k] = np.quantile(seen, [0.25, 0.5, 0.75])
    return made[0], made[1], made[2]


def typical(subject: Subject, mine: np.ndarray, median: Floats) -> tuple[int, ...]:
    """Those nearest to the middle of *mine*: mean distance of the readings, weighed by evidence.

    Only customers of whom at least as much was seen as of the one in the middle: of somebody hardly
    seen every reading is usual.
    """
    seen = subject.evidence[mine].sum(axis=1)
    often = np.nonzero(seen >= np.median(seen))[0]
    readings, weight = subject.readings[mine[often]], subject.evidence[mine[often]]
    apart = np.where(np.isnan(readings), 0.0, np.abs(readings - np.nan_to_num(median)))
    weight = np.where(np.isnan(readings), 0.0, weight)
    total = weight.sum(axis=1)
    distance = np.divide(
        (apart * weight).sum(axis=1), total, out=np.full(len(total), np.inf), where=total > 0
    )
    nearest = np.argsort(np.round(distance, 9), kind="stable")[:TYPICAL]
    return tuple(int(mine[often[i]]) for i in nearest)


def telling(subject: Subject) -> tuple[Feature, ...]:
    """The facts whose ranks differ most between archetypes, none that repeats another's.

    By the share of the ranks' variance that lies between the archetypes (Kruskal & Wallis's
    statistic over n), on at most 20,000 customers at equal distances.
    """
    if subject.facts is None:
        return ()
    from scipy.stats import rankdata

    step = max(1, len(subject) // _SAMPLE)
    named = subject.named[::step]
    chosen = named < len(subject.plan.archetypes)
    found: list[tuple[float, Feature, Floats]] = []
    for feature in subject.plan.catalogue.features.values():
        if feature.name not in subject.spoken or feature.name not in subject.facts.column_names:
            continue
        values = subject.fact(feature.name)[::step]
        seen = chosen & ~np.isnan(values)
        if seen.sum() < max(SEEN * chosen.sum(), 2) or np.ptp(values[seen]) == 0:
            continue
        ranks = np.full(len(values), np.nan)
        ranks[seen] = rankdata(values[seen])
        ranks[seen] -= ranks[seen].mean()
        between = sum(
            float(ranks[seen & (named == k)].sum()) ** 2 / max(int((seen & (named == k)).sum()), 1)
            for k in range(len(subject.plan.archetypes))
        )
        share = between / float((ranks[seen] ** 2).sum()) * float(seen.mean() / chosen.mean())
        found.append((share, feature, ranks))
    found.sort(key=lambda one: (-round(one[0], 9), one[1].name))
    kept: list[tuple[Feature, Floats]] = []
    for _, feature, ranks in found:
        if all(_correlation(ranks, other) < ALIKE for _, other in kept):
            kept.append((feature, ranks))
        if len(kept) == FACTS:
            break
    return tuple(feature for feature, _ in kept)


def readable(subject: Subject, most: int) -> tuple[Feature, ...]:
    """The facts that are told of one customer: those that tell archetypes apart, then the others.

    In the catalogue's order; none that is the same for everybody.
    """
    if subject.facts is None or not most:
        return ()
    chosen = list(telling(subject))[:most]
    for feature in subject.plan.catalogue.features.values():
        if len(chosen) >= most:
            break
        if feature.name not in subject.spoken or feature in chosen:
            continue
        values = subject.fact(feature.name)
        seen = values[~np.isnan(values)]
        if seen.size and np.ptp(seen) > 0:
            chosen.append(feature)
    order = {name: i for i, name in enumerate(subject.plan.catalogue.features)}
    return tuple(sorted(chosen, key=lambda feature: order[feature.name]))


def _correlation(one: Floats, other: Floats) -> float:
    both = ~np.isnan(one) & ~np.isnan(other)
    if both.sum() < 3:
        return 0.0
    a, b = one[both] - one[both].mean(), other[both] - other[both].mean()
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return abs(float((a * b).sum())) / size if size else 0.0


def _advice(
    subject: Subject, archetype: Archetype, mine: np.ndarray
) -> tuple[tuple[Advice, ...], tuple[Advice, ...]]:
    """What suits it, by how many it is suggested to first, then by how well; what it is warned off."""
    first = pc.list_slice(subject.table.column("benefits").take(numbers(mine)), 0, 1)
    names = pc.struct_field(pc.list_flatten(first), "name")
    counts = {row["values"]: row["counts"] for row in pc.value_counts(names).to_pylist()}
    offered, barred = [], []
    for benefit in subject.plan.benefits:
        warning = benefit.not_for.get(archetype.name, "")
        one = Advice(benefit, int(counts.get(benefit.name, 0)), warning)
        if warning:
            barred.append(one)
        elif archetype.name in benefit.suits:
            offered.append(one)
    suits = {one.benefit.name: -one.benefit.suits[archetype.name] for one in offered}
    offered.sort(key=lambda one: (-one.first, suits[one.benefit.name], one.benefit.name))
    return tuple(offered[:ADVICE]), tuple(barred)


def axes(subject: Subject) -> tuple[int, int] | None:
    """The two dimensions on which the archetypes lie farthest apart; None where two were not seen.

    By tr(W⁻¹B), W the scatter within and B between the archetypes on both (Hotelling's and Lawley's
    trace), of the customers of whom both were seen, times how much of both was.
    """
    kinds = len(subject.plan.archetypes)
    best: tuple[float, int, int] | None = None
    readings, named = subject.readings, subject.named
    count = readings.shape[1]
    for i in range(count):
        for j in range(i + 1, count):
            seen = ~np.isnan(readings[:, [i, j]]).any(axis=1)
            clear = seen & (named < kinds)
            if seen.sum() < 2:
                continue
            points, kind = readings[clear][:, [i, j]], named[clear]
            within, between = np.eye(2) * 1e-6, np.zeros((2, 2))
            middle = points.mean(axis=0) if len(points) else np.zeros(2)
            for k in np.unique(kind):
                mine = points[kind == k]
                apart = mine - mine.mean(axis=0)
                within += apart.T @ apart
                off = (mine.mean(axis=0) - middle)[:, None]
                between += len(mine) * (off @ off.T)
            power = float(np.trace(np.linalg.solve(within, between)))
            if not len(points):
                power = 1.0  # nobody is named: those of which most was seen
            power *= float((subject.evidence[:, i] * subject.evidence[:, j] * seen).mean())
            if best is None or power > best[0] + 1e-9:
                best = (power, i, j)
    return None if best is None else (best[1], best[2])

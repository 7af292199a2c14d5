"""By group: any figure of a result for each value of a column, and what differs beyond chance.

What differs between groups is no verdict on anybody in them. It may be how they were treated, what
they want, or what the data show of them: a group of whom less is seen is named less often.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import asdict, evolve, field, frozen

from reltype.arrow import doubles, numbers, text, texts
from reltype.definitions.archetypes import UNCLASSIFIED
from reltype.learning.intervals import (
    benjamini_hochberg,
    difference_of_means,
    difference_of_shares,
    holm,
    mean,
    wilson,
)
from reltype.reporting.attention import first_benefit
from reltype.scoring import columns as col

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reltype.arrow import Floats, Ints
    from reltype.scoring.plan import Plan

MOST = 12
"""Groups that are told apart; smaller ones are put together."""
LEAST = 5
"""Customers in a group that is told on its own: of fewer nothing can be said, and somebody could be
told."""
CHANCE = 0.05
"""The chance that anything at all is called a difference where there is none (Holm), or the share of
what is called one that is none (Benjamini & Hochberg)."""
LEVEL = 0.95
MEANS = ("reading", "evidence")
"""Sorts of measures that are means; the others are shares."""
NOWHERE, OTHERS = "not said", "all others"

Correction: TypeAlias = Literal["holm", "bh"]
CORRECTIONS = {"holm": holm, "bh": benjamini_hochberg}


@frozen(eq=False)
class Measure:
    """A figure that each customer has a part in.

    Attributes:
        name: As people read it: `committed partnership`, `hostage`, `affect`.
        of: What sort it is: `kind`, `named`, `certainty`, `evidence`, `labels`, `status`, `alarm`,
            `benefit`, `reading`.
        values: (customers,) 1 or 0 for a share, a number for a mean; NaN: has no part in it.
        share: Whether it is a share.
    """

    name: str
    of: str
    values: Floats = field(repr=False)
    share: bool = True


@frozen
class Figure:
    """A measure in a group, beside everybody else.

    Attributes:
        group: Whose.
        measure: Its name.
        of: What sort it is.
        customers: How many have a part in it.
        value: The share or mean; None where nobody has.
        low: The lower end of its 95 % interval (Wilson; of a mean, the bootstrap); None without end.
        high: The upper one.
        elsewhere: The share or mean of all others.
        difference: The value less that of all others; None where either is not there.
        difference_low: The lower end of its 95 % interval (Newcombe; of means, Welch).
        difference_high: The upper one.
        p: How often chance has as much (Fisher; of means, Welch), corrected for all comparisons; None
            where nothing was compared.
    """

    group: str
    measure: str
    of: str
    customers: int
    value: float | None
    low: float | None
    high: float | None
    elsewhere: float | None
    difference: float | None
    difference_low: float | None
    difference_high: float | None
    p: float | None

    @property
    def differs(self) -> bool:
        """Whether it differs from all others by more than chance explains."""
        return self.p is not None and self.p < CHANCE


@frozen
class ByGroup:
    """A column.

    Attributes:
        column: Its name.
        groups: Group → customers; the largest first, what is too rare to be told apart last.
        figures: Every measure in every group, in the order of both.
        comparisons: How many were made.
        correction: For many comparisons: `holm` or `bh`.
    """

    column: str
    groups: Mapping[str, int]
    figures: tuple[Figure, ...] = field(repr=False)
    comparisons: int
    correction: Correction

    @property
    def differences(self) -> tuple[Figure, ...]:
        """What differs by more than chance explains: shares before means, the largest gap first."""
        return tuple(sorted((f for f in self.figures if f.differs), key=_weight))

    def to_dict(self) -> dict[str, Any]:
        """What JSON says of it."""
        return {
            "column": self.column,
            "groups": dict(self.groups),
            "comparisons": self.comparisons,
            "correction": self.correction,
            "figures": [_as_dict(figure) for figure in self.figures],
        }

    def table(self) -> pa.Table:
        """A row for each measure in each group."""
        names = ("group", "measure", "of")
        made: dict[str, pa.Array] = {"column": texts([self.column] * len(self.figures))}
        made |= {name: texts([getattr(f, name) for f in self.figures]) for name in names}
        made["customers"] = numbers(np.array([f.customers for f in self.figures], np.int64))
        for name in ("value", "low", "high", "elsewhere", "difference"):
            made[name] = pa.array([getattr(f, name) for f in self.figures], pa.float64())
        for name in ("difference_low", "difference_high", "p"):
            made[name] = pa.array([getattr(f, name) for f in self.figures], pa.float64())
        made["differs"] = pa.array([f.differs for f in self.figures], pa.bool_())
        return pa.table(made)


def _as_dict(figure: Figure) -> dict[str, Any]:
    return {**asdict(figure), "differs": figure.differs}


def _weight(figure: Figure) -> tuple[bool, float, str, str]:
    mean = figure.of in MEANS
    return mean, -abs(figure.difference or 0.0), figure.group, figure.measure


def by_group(
    column: str,
    values: pa.Array,
    measures: Sequence[Measure],
    correction: Correction = "holm",
) -> ByGroup:
    """Each measure in each group of a column, against everybody else.

    Args:
        column: Its name.
        values: (customers,) its cells; null or blank is a group of its own.
        measures: What is told of each group.
        correction: `holm`: the chance that anything at all is wrongly called a difference is 5 %;
            `bh`: of what is called one, 5 % are none.
    """
    names, codes = grouped(values)
    sizes = np.bincount(codes, minlength=len(names))
    rows = [_figures(names, codes, measure) for measure in measures]
    made = [rows[m][g] for g in range(len(names)) for m in range(len(measures))]
    raw = np.array([np.nan if f.p is None else f.p for f in made])
    if len(names) == 2:  # one against the other is the other against the one
        raw[len(measures) :] = np.nan
    p = CORRECTIONS[correction](raw)
    if len(names) == 2:
        p[len(measures) :] = p[: len(measures)]
    corrected = tuple(_with_p(figure, value) for figure, value in zip(made, p, strict=True))
    counts = {name: int(size) for name, size in zip(names, sizes, strict=True)}
    return ByGroup(column, counts, corrected, int(np.isfinite(raw).sum()), correction)


def _with_p(figure: Figure, p: float) -> Figure:
    return evolve(figure, p=float(p) if np.isfinite(p) else None)


def _figures(names: Sequence[str], codes: Ints, measure: Measure) -> list[Figure]:
    """A measure in each group; its p is not corrected yet."""
    has = np.isfinite(measure.values)
    value, group = measure.values[has], codes[has]
    order = np.argsort(group, kind="stable")
    value, group = value[order], group[order]
    ends = np.searchsorted(group, np.arange(len(names) + 1))
    make = _share if measure.share else _mean
    figures = []
    for g, name in enumerate(names):
        own = value[ends[g] : ends[g + 1]]
        others = np.concatenate([value[: ends[g]], value[ends[g + 1] :]])
        figures.append(make(name, measure, own, others))
    return figures


def _share(
    name: str, measure: Measure, own: NDArray[np.float64], others: NDArray[np.float64]
) -> Figure:
    from scipy.stats import fisher_exact

    hits, count, rest, of = int(own.sum()), len(own), int(others.sum()), len(others)
    if not count:
        return _nobody(name, measure, _ratio(rest, of))
    low, high = wilson(hits, count, LEVEL)
    gap: tuple[float | None, float | None] = (None, None)
    p = None
    if of and count >= LEAST and 0 < hits + rest < count + of:
        gap = difference_of_shares(hits, count, rest, of, LEVEL)
        p = float(fisher_exact([[hits, count - hits], [rest, of - rest]])[1])
    there = _ratio(rest, of)
    less = None if there is None else hits / count - there
    return Figure(
        name, measure.name, measure.of, count, hits / count, low, high, there, less, *gap, p
    )


def _mean(
    name: str, measure: Measure, own: NDArray[np.float64], others: NDArray[np.float64]
) -> Figure:
    from scipy.stats import ttest_ind_from_stats

    count, of = len(own), len(others)
    there = float(others.mean()) if of else None
    if not count:
        return _nobody(name, measure, there)
    here = float(own.mean())
    ends = mean(own, LEVEL) if count >= LEAST else (-np.inf, np.inf)
    gap: tuple[float, float] = (-np.inf, np.inf)
    p = None
    if count >= LEAST and of >= 2 and own.std() + others.std() > 0:
        gap = difference_of_means(own, others, LEVEL)
        told = (here, own.std(ddof=1), count, others.mean(), others.std(ddof=1), of)
        p = float(ttest_ind_from_stats(*told, equal_var=False).pvalue)
    less = None if there is None else here - there
    low, high, gap_low, gap_high = (_finite(end) for end in (*ends, *gap))
    return Figure(
        name, measure.name, measure.of, count, here, low, high, there, less, gap_low, gap_high, p
    )


def _nobody(group: str, measure: Measure, there: float | None) -> Figure:
    none = None
    return Figure(
        group, measure.name, measure.of, 0, none, none, none, there, none, none, none, none
    )


def _ratio(hits: int, count: int) -> float | None:
    return hits / count if count else None


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def grouped(values: pa.Array | pa.ChunkedArray) -> tuple[list[str], Ints]:
    """Names of groups and the place of each row's: the values; of many numbers, quarters of the customers.

    The largest `MOST` groups of at least `LEAST` customers are told apart, the others together; where
    those were fewer than `LEAST`, with the smallest that is told.

    Example:
        >>> import pyarrow as pa
        >>> names, codes = grouped(pa.array(["n"] * 6 + ["s"] * 9 + ["w"] * 2))
        >>> names, codes.tolist().count(1)
        (['s', 'all others (2 values)'], 8)
    """
    cells = pc.utf8_trim_whitespace(pc.fill_null(pc.cast(values, pa.string()), ""))
    if isinstance(cells, pa.ChunkedArray):
        cells = cells.combine_chunks()
    encoded = pc.dictionary_encode(cells)
    words = [word or NOWHERE for word in encoded.dictionary.to_pylist()]
    first = np.asarray(encoded.indices.to_numpy(zero_copy_only=False), np.int64)
    merged = sorted(set(words))
    if len(merged) > MOST and (parts := _quarters(words, first)) is not None:
        return parts
    at = {word: i for i, word in enumerate(merged)}
    codes = np.array([at[word] for word in words], np.int64)[first]
    sizes = np.bincount(codes, minlength=len(merged))
    ranked = np.argsort(-sizes, kind="stable")
    told = [int(i) for i in ranked[:MOST] if sizes[i] >= LEAST]
    left = len(first) - int(sizes[told].sum())
    if 0 < left < LEAST and told:
        told.pop()
    place = np.full(len(merged), len(told), np.int64)
    place[told] = np.arange(len(told))
    names = [merged[i] for i in told]
    if len(told) < len(merged):
        names.append(f"{OTHERS} ({len(merged) - len(told):,} values)")
    return names, place[codes]


def _quarters(words: Sequence[str], codes: Ints) -> tuple[list[str], Ints] | None:
    """Numbers by quarters; None where they are none, or hardly any is said."""
    try:
        held = pc.cast(
            pa.array([None if w == NOWHERE else w for w in words], pa.string()), pa.float64()
        )
    except pa.ArrowInvalid:
        return None
    values = doubles(held)[codes]
    seen = values[np.isfinite(values)]
    if len(seen) < 4 * LEAST:
        return None
    edges = np.unique(np.quantile(seen, [0.25, 0.5, 0.75], method="inverted_cdf"))
    place = np.searchsorted(edges, values, side="left")
    bounds = [f"{e:,.0f}" if abs(e) >= 100 else f"{e:.3g}" for e in edges.tolist()]
    names = [f"up to {bounds[0]}"]
    names += [f"over {low}, up to {high}" for low, high in pairwise(bounds)]
    names += [f"over {bounds[-1]}", NOWHERE]
    place = np.where(np.isfinite(values), place, len(names) - 1)
    sizes = np.bincount(place, minlength=len(names))
    there = [i for i in range(len(names)) if sizes[i]]
    if 0 < sizes[-1] < LEAST:  # with those above: who said nothing stands out by nobody
        place[place == len(names) - 1] = there[-2]
        names[there[-2]] += f" or {NOWHERE}"
        there.pop()
    at = np.zeros(len(names), np.int64)
    at[there] = np.arange(len(there))
    return [names[i] for i in there], at[place]


def measures(table: pa.Table, plan: Plan, truth: pa.Array | None = None) -> list[Measure]:
    """What is told of each group of a result.

    How many are of each kind, how many are named at all and how surely, how much was seen of them;
    status, alarms (what stands in the way), what to cultivate first, and the readings; with labels,
    how many of those whose label is known are named so.

    Args:
        table: A result.
        plan: The typology, its dimensions and benefits.
        truth: (customers,) what somebody said they are; null: nobody did.
    """
    named = table.column("archetype").combine_chunks().cast(pa.string())
    kinds = (*(archetype.name for archetype in plan.archetypes), UNCLASSIFIED)
    made = [Measure(kind, "kind", _equal(named, kind)) for kind in kinds]
    is_named = 1 - _equal(named, UNCLASSIFIED)
    made.append(Measure("named", "named", is_named))
    certainty = table.column("certainty").combine_chunks().cast(pa.string())
    sure = np.where(is_named == 1, _equal(certainty, "sure"), np.nan)
    made.append(Measure("sure, of those named", "certainty", sure))
    made.append(Measure("evidence", "evidence", _evidence(table, plan), share=False))
    if truth is not None:
        known = doubles(pc.is_valid(truth)) == 1
        right = np.nan_to_num(doubles(pc.equal(named, truth)), nan=0.0)
        made.append(Measure("named as labelled", "labels", np.where(known, right, np.nan)))
    made += _statuses(table.column("status").combine_chunks().cast(pa.string()))
    made += _alarms(table.column("alarms").combine_chunks())
    made += _first_benefits(table.column("benefits").combine_chunks())
    for dimension in plan.dimensions:
        name = col.reading(dimension.name)
        if name in table.column_names:
            values = doubles(table.column(name).cast(pa.float64()))
            made.append(Measure(dimension.name, "reading", values, share=False))
    return made


def _equal(column: pa.Array, word: str) -> Floats:
    return np.nan_to_num(doubles(pc.equal(column, text(word))), nan=0.0)


def _evidence(table: pa.Table, plan: Plan) -> Floats:
    names = [col.evidence(d.name) for d in plan.dimensions]
    seen = [doubles(table.column(n).cast(pa.float64())) for n in names if n in table.column_names]
    return np.nan_to_num(np.mean(seen, axis=0)) if seen else np.full(len(table), np.nan)


def _statuses(status: pa.Array) -> list[Measure]:
    found = sorted(s for s in pc.unique(status).to_pylist() if s)
    return [Measure(name, "status", _equal(status, name)) for name in found]


def _alarms(alarms: pa.Array) -> list[Measure]:
    """Whether each alarm rings, for those that ring for anybody."""
    flat = alarms.flatten()
    whose = np.asarray(pc.list_parent_indices(alarms).to_numpy(zero_copy_only=False), np.int64)
    made = []
    for name in sorted(one for one in pc.unique(flat).to_pylist() if one):
        rings = np.zeros(len(alarms))
        rings[whose[_equal(flat, name) == 1]] = 1
        made.append(Measure(name, "alarm", rings))
    return made


def _first_benefits(benefits: pa.Array) -> list[Measure]:
    first = first_benefit(benefits)
    found = sorted(name for name in pc.unique(first).to_pylist() if name)
    return [Measure(name, "benefit", _equal(first, name)) for name in found]

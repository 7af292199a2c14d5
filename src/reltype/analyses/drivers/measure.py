"""Measure: one table of numbers in, what drives its last column out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, field, frozen

from reltype.analyses.drivers import intervals, noise, performance
from reltype.analyses.drivers.missing import LOST, Moments, Treatment, moments
from reltype.analyses.drivers.moments import Sample, correlation
from reltype.analyses.drivers.result import Drivers
from reltype.analyses.drivers.shares import mean_shares, replicated
from reltype.analyses.drivers.topics import bundles
from reltype.analyses.drivers.values import Driver
from reltype.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reltype.analyses.drivers.shares import Shares

REPLICATES = 500
WEAK = 0.2
"""R² below which evidence is called weak."""
PER_COLUMN = 10
"""Rows for each column below which evidence is called weak."""
_SHUFFLED = 20_000
"""Rows up to which outcomes are dealt anew; beyond, the F test is as good."""
_LOCKSTEP = 0.95
_THIN = 0.5
_LEAST = 10
_ONE_STEP = (
    "answers are missing in so many ways that replicates took one step of EM: intervals are too narrow, by "
    "some 12 % of their width where 9 % of the answers are missing."
)


@frozen(eq=False)
class Answers:
    """Numbers to measure.

    Attributes:
        values: (n, columns + 1) in their own units, the outcome last; NaN where no answer.
        outcome: What the last column is called.
        players: What enters as one → its columns, in the order in which shares are told.
        always: What stays in → its columns.
        weights: (n,), ≥ 0; None: all 1.
        respondents: (n,) codes; None: a row is a respondent.
        rated: Players of one column whose level can be told: not those of words without an order.
        benefits: Player → the relational benefit that it speaks of.
        kinds: Player → functional, socio-emotional or clinical/technical.
    """

    values: NDArray[np.float64] = field(repr=False)
    outcome: str
    players: Mapping[str, tuple[int, ...]]
    always: Mapping[str, tuple[int, ...]] = field(factory=dict)
    weights: NDArray[np.float64] | None = field(default=None, repr=False)
    respondents: NDArray[np.int64] | None = field(default=None, repr=False)
    rated: frozenset[str] = frozenset()
    benefits: Mapping[str, str] = field(factory=dict)
    kinds: Mapping[str, str] = field(factory=dict)

    def is_answer(self, column: int) -> bool:
        """Whether a column may hold answers or scores, rather than amounts, or yes and no."""
        known = self.values[:, column]
        known = known[~np.isnan(known)]
        return len(known) > 0 and performance.may_be_answers(known)

    def rows(self, chosen: NDArray[np.bool_]) -> Answers:
        """Some of the rows."""
        return evolve(
            self,
            values=self.values[chosen],
            weights=None if self.weights is None else self.weights[chosen],
            respondents=None if self.respondents is None else self.respondents[chosen],
        )

    @property
    def columns(self) -> int:
        """How many enter, beside the outcome."""
        return sum(map(len, (*self.players.values(), *self.always.values())))

    def answered(self) -> tuple[Answers, list[str]]:
        """The table without columns that hardly anybody answered, and what was left out, in sentences.

        Beside an outcome that few of them have, such a column explains anything by counting alone.
        """
        told = ~np.isnan(self.values[:, -1])
        if self.weights is not None:
            told &= self.weights > 0
        known = (~np.isnan(self.values[told])).sum(axis=0)
        rows, least = int(told.sum()), max(_LEAST, self.columns + 2)
        thin = {i for i, count in enumerate(known.tolist()) if count < least and 2 * count < rows}
        notes = []
        kept: list[dict[str, tuple[int, ...]]] = []
        for held in (self.players, self.always):
            left = {
                name: tuple(c for c in columns if c not in thin) for name, columns in held.items()
            }
            for name, columns in held.items():
                gone = [int(known[c]) for c in columns if c in thin]
                if gone:
                    what = name if len(columns) == 1 else f"{len(gone)} of the columns of {name}"
                    notes.append(
                        f"{what}: answered in {min(gone):,} of {rows:,} rows, too few for a share; left out."
                    )
            kept.append({name: columns for name, columns in left.items() if columns})
        return evolve(self, players=kept[0], always=kept[1]), notes


def measure(
    table: Answers, *, name: str, treatment: Treatment | None = None, replicates: int = REPLICATES
) -> Drivers:
    """What drives the last column of a table.

    Args:
        table: The numbers.
        name: Of the survey, for errors.
        treatment: What to do about missing answers; None: list-wise unless that loses more than
            5 % of the rows.
        replicates: How often respondents are drawn anew, for the intervals.

    Raises:
        InputError: There are too few rows, or the outcome does not vary.
    """
    table, left_out = table.answered()
    if not table.players:
        raise InputError(f"{name}: {' '.join(left_out)} Nothing else explains {table.outcome!r}.")
    # Shares must not depend on the order of the columns, to the last bit: they are sorted.
    names = sorted(table.players)
    columns = [c for player in names for c in table.players[player]]
    kept = [c for player in sorted(table.always) for c in table.always[player]]
    order = [*columns, *kept, table.values.shape[1] - 1]
    sample = Sample.of(table.values[:, order], table.weights, table.respondents)
    complete = int(sample.complete.sum())
    chosen = treatment or ("listwise" if complete >= (1 - LOST) * len(sample) else "em")
    used = sample.rows(sample.complete) if chosen == "listwise" else sample
    _enough(sample, table, name, used)
    place = {column: i for i, column in enumerate(order)}
    players = [[place[c] for c in table.players[player]] for player in names]
    always = [place[c] for c in kept]
    known = moments(sample, chosen, replicates)
    if correlation(known.covariances)[-1, -1, 0] == 0 or known.covariances[-1, -1].max() <= 0:
        raise InputError(
            f"{name}: {table.outcome!r} is always the same, so that nothing drives it."
        )
    found = mean_shares(known.covariances, players, always)
    drawn = replicated(known.covariances, known.replicates, players, always, found.lmg)
    lines = _lines(known, used, players, always)
    chance = noise.chance(found.r2, len(columns), known.size, len(always), found.always)
    if len(sample) <= _SHUFFLED and sample.people == len(sample):
        dealt = noise.chance_by_shuffling(used.values, used.weights, always)
        chance = max(chance, dealt)
    narrow = [_ONE_STEP] if known.one_step else []
    return _measured(
        table, names, found, drawn, known, sample, lines=lines, chance=chance, complete=complete,
        players=players, notes=[*left_out, *_apart(sample, chosen, names, players), *narrow],
    )  # fmt: skip


def _enough(sample: Sample, table: Answers, name: str, used: Sample) -> None:
    """Raise InputError where there are too few rows for any figure to mean anything."""
    rows = used.people
    if rows < 3 or rows <= table.columns + 1:
        noun = "row" if rows == len(used) else "respondent"
        what = f"{noun} has" if rows == 1 else f"{noun}s have"
        ways = (
            "Name fewer with --attributes, or take --missing em"
            if len(sample) > len(used)
            else ("Name fewer with --attributes")
        )
        raise InputError(
            f"{name}: {rows} {what} {table.outcome!r} and the answers; {table.columns} "
            f"attribute{'s' * (table.columns != 1)} would explain so few by counting alone. {ways}, "
            "or give more rows."
        )
    if (sample.values[:, -1] == sample.values[0, -1]).all():
        raise InputError(
            f"{name}: {table.outcome!r} is always the same, so that nothing drives it."
        )


def _lines(
    known: Moments, used: Sample, players: Sequence[Sequence[int]], always: Sequence[int]
) -> dict[int, float]:
    """Columns of a player → what as many columns of noise get."""
    whole = correlation(known.covariances.mean(axis=-1))
    drawn = noise.noise_shares(whole, players, known.size, always, used)
    return {k: noise.line(drawn, len(players), k) for k in sorted({1, *map(len, players)})}


def _measured(
    table: Answers,
    names: Sequence[str],
    found: Shares,
    drawn: NDArray[np.float64],
    known: Moments,
    sample: Sample,
    *,
    lines: Mapping[int, float],
    chance: float,
    complete: int,
    players: Sequence[Sequence[int]],
    notes: Sequence[str],
) -> Drivers:
    shown = 1.0 - np.isnan(sample.values).mean(axis=0)
    spread = intervals.interval(drawn)
    # A replicate has its own noise and that of the sample: weak shares may lie below all of them.
    spread[:, 0] = np.minimum(spread[:, 0], found.lmg)
    spread[:, 1] = np.maximum(spread[:, 1], found.lmg)
    likely = intervals.first_probability(drawn)
    whole = correlation(known.covariances.mean(axis=-1))
    levels = _levels(table, names, players, found, drawn, known, sample, whole, lines[1])
    gaps = known.treatment != "listwise"
    drivers = {}
    for i, name in enumerate(names):
        single = len(players[i]) == 1
        drivers[name] = Driver(
            name=name,
            share=float(found.lmg[i]),
            low=float(spread[i, 0]),
            high=float(spread[i, 1]),
            error=float(found.error[i]),
            relative_weight=float(found.relative_weights[i]),
            first=float(found.first[i]),
            last=float(found.last[i]),
            pratt=float(found.pratt[i]),
            car=float(found.car[i]),
            correlation=float(whole[players[i][0], -1]) if single else None,
            likely_first=float(likely[i]),
            # What few answered is nearer to noise: its correlations rest on so many rows fewer.
            line=lines[len(players[i])] / (float(shown[players[i]].min()) if gaps else 1.0),
            performance=levels[0].get(name),
        )
    pairs = intervals.differences(names, found.lmg, drawn)
    order = sorted(names, key=lambda n: (-drivers[n].share, n))
    total = intervals.interval(found.always + drawn.sum(axis=0))
    columns = table.columns
    free = known.size - 1 - columns
    adjusted = 1 - (1 - found.r2) * (known.size - 1) / free if free > 0 else None
    made = Drivers(
        outcome=table.outcome,
        rows=known.rows,
        rows_read=len(table.values),
        complete=complete,
        treatment=known.treatment,
        weighted=table.weights is not None,
        size=known.size,
        r2=found.r2,
        low=float(min(found.r2, total[0])),
        high=float(min(1.0, max(found.r2, total[1]))),
        adjusted=adjusted,
        always={name: found.always for name in [", ".join(sorted(table.always))] if name},
        drivers={name: drivers[name] for name in table.players},
        noise=lines[1],
        chance=chance,
        differences=tuple(pairs),
        alike=tuple(map(tuple, intervals.alike(pairs, order))),
        weak=tuple(_weak(found.r2, known, columns)),
        cross=levels[1],
        replicates=drawn.shape[1],
        notes=(*notes, *_notes(table, names, players, whole)),
    )
    told = {driver.name for driver in made.reported}
    return evolve(
        made,
        benefits=bundles(table.benefits, names, found.lmg, drawn, told),
        kinds=bundles(table.kinds, names, found.lmg, drawn, told),
    )


def _weak(r2: float, known: Moments, columns: int) -> list[str]:
    made = []
    if r2 < WEAK:
        made.append(f"all together explain {r2:.0%} of it, less than {WEAK:.0%}")
    if known.size < PER_COLUMN * columns:
        made.append(
            f"{known.size:,.0f} {'row' if known.size < 1.5 else 'rows'} for {columns} columns are "
            f"fewer than {PER_COLUMN} for each"
        )
    return made


def _notes(
    table: Answers,
    names: Sequence[str],
    players: Sequence[Sequence[int]],
    whole: NDArray[np.float64],
) -> list[str]:
    made = []
    single = [(n, p[0]) for n, p in zip(names, players, strict=True) if len(p) == 1]
    still = [n for n, c in single if not np.abs(np.delete(whole[c], c)).any() and _still(table, n)]
    if still:
        made.append(f"always the same, and so without a share: {', '.join(still)}.")
    thin = [n for n, c in single if _gaps(table, n) > _THIN and n not in still]
    if thin:
        made.append(
            f"more than half of the answers are missing: {', '.join(thin)}. Whoever answered may be "
            "others than those who did not; compare with --missing listwise."
        )
    near = [n for n, c in single if abs(whole[c, -1]) >= _LOCKSTEP]
    if near:
        made.append(
            f"{', '.join(near)} goes with {table.outcome} almost in lockstep: another form of the "
            "same question? Leave it out if it is."
        )
    seen: set[str] = set()
    for i, (name, column) in enumerate(single):
        copies = [n for n, c in single[i + 1 :] if abs(whole[column, c]) > 1 - 1e-9]
        if copies and name not in seen:
            made.append(f"{', '.join([name, *copies])} are the same answers, and share alike.")
            seen |= {name, *copies}
    return made


def _gaps(table: Answers, name: str) -> float:
    """Share of the rows without an answer."""
    return float(np.isnan(table.values[:, table.players[name][0]]).mean())


def _apart(
    sample: Sample, treatment: Treatment, names: Sequence[str], players: Sequence[Sequence[int]]
) -> list[str]:
    """What to say of attributes that hardly any row has both of."""
    if treatment == "listwise":
        return []
    known = (~np.isnan(sample.values)).astype(np.float64)
    both = known.T @ known
    pairs = [
        f"{one} and {other} ({both[a, b]:.0f} rows)"
        for i, (one, (a, *_)) in enumerate(zip(names, players, strict=True))
        for other, (b, *_) in list(zip(names, players, strict=True))[i + 1 :]
        if both[a, b] < _LEAST
    ]
    if not pairs:
        return []
    more = f", and {len(pairs) - 3:,} pairs more" if len(pairs) > 3 else ""
    told = f"hardly anybody answered both: {', '.join(pairs[:3])}{more}."
    return [f"{told} How their shares divide what they explain is then assumed, not seen."]


def _still(table: Answers, name: str) -> bool:
    column = table.values[:, table.players[name][0]]
    known = column[~np.isnan(column)]
    return len(known) == 0 or bool((known == known[0]).all())


def _levels(
    table: Answers,
    names: Sequence[str],
    players: Sequence[Sequence[int]],
    found: Shares,
    drawn: NDArray[np.float64],
    known: Moments,
    sample: Sample,
    whole: NDArray[np.float64],
    line: float,
) -> tuple[dict[str, performance.Performance], performance.Cross | None]:
    """How each rated attribute does, and where the lines stand."""
    rated = [i for i, name in enumerate(names) if name in table.rated]
    columns = [table.values[:, table.players[names[i]][0]] for i in rated]
    columns = [column[~np.isnan(column)] for column in columns]
    vary = [bool(column.size and np.ptp(column)) for column in columns]
    rated = [i for i, varies in zip(rated, vary, strict=True) if varies]
    found_scales = performance.scales_of([c for c, v in zip(columns, vary, strict=True) if v])
    scales = [scale for scale in found_scales if scale is not None]
    rated = [i for i, scale in zip(rated, found_scales, strict=True) if scale is not None]
    if len(rated) < 2:
        return {}, None
    at = [players[i][0] for i in rated]
    low, span = sample.low[at], sample.span[at]
    begin = np.array([scale[0] for scale in scales])
    width = np.array([scale[1] - scale[0] for scale in scales])
    # Where low answers are the good ones; a correlation of chance must turn nothing round.
    turned = (whole[at, -1] < 0) & (found.lmg[rated] > line)
    means = low + span * known.means[at]
    level = (means - begin) / width
    moved = (low[:, None] + span[:, None] * known.replicate_means[at] - begin[:, None]) / width[
        :, None
    ]
    level = np.where(turned, 1 - level, level)
    moved = np.where(turned[:, None], 1 - moved, moved)
    told, cross = performance.performances(found.lmg[rated], drawn[rated], level, moved)
    made = {}
    for j, i in enumerate(rated):
        spread, quadrant, sure = told[j]
        made[names[i]] = performance.Performance(
            mean=float(means[j]),
            scale=scales[j],
            level=float(level[j]),
            low=float(spread[0]),
            high=float(spread[1]),
            quadrant=quadrant,
            sure=sure,
        )
    return made, cross

"""Measure: the value of a standard at a day, with an interval that allows for what is unsure."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import field, frozen

from reltype.analyses.standards.days import held_days, step_back
from reltype.analyses.tracking.matrices import corrected_all, errors_of, joint_of
from reltype.analyses.tracking.states import STATES, seen_at, weights_of
from reltype.arrow import doubles
from reltype.definitions.archetypes import UNCLASSIFIED
from reltype.expressions import literal, quote
from reltype.learning import intervals
from reltype.scoring import columns as col
from reltype.scoring.population import EPOCH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from reltype.analyses.everybody import Everybody
    from reltype.definitions.standards import Standard
    from reltype.scoring.plan import Plan

LEVEL = 0.95
"""Of a single interval; several standards share what it leaves (Bonferroni)."""
RESAMPLES = 100


@frozen
class Measured:
    """What was measured of a standard.

    Attributes:
        value: None where nobody is spoken of, or the log does not reach so far back.
        low, high: Interval of the value; None likewise.
        customers: Of how many it speaks.
        note: How it was measured, or why it could not be.
    """

    value: float | None
    low: float | None
    high: float | None
    customers: int
    note: str


@frozen(eq=False)
class At:
    """Everybody at one day, in the order of their ids.

    Attributes:
        ids: Their ids.
        named: (n,) place of the archetype, −1 where nobody is named.
        posterior: (n, archetypes).
        readings: (n, dimensions); NaN where not seen.
        flags: Status or alarm → (n,) whether it holds; `unclassified` among them.
        members: Standard → (n,) whether it speaks of them.
        values: Standard → (n,) value of its expression; NaN where it is null.
        segments: Column → (n,) text or None.
    """

    ids: pa.Array
    named: NDArray[np.int64]
    posterior: NDArray[np.float64]
    readings: NDArray[np.float64]
    flags: Mapping[str, NDArray[np.bool_]]
    members: Mapping[str, NDArray[np.bool_]]
    values: Mapping[str, NDArray[np.float64]]
    segments: Mapping[str, NDArray[np.object_]]


@frozen
class Group:
    """Whom a standard speaks of, as far as what corrects it depends on them.

    Attributes:
        shares: (archetypes,) share of each among them by posterior.
        readings: (dimensions,) their mean readings; NaN where nothing was seen.
        named: (archetypes,) how many are named so.
    """

    shares: NDArray[np.float64] = field(eq=False)
    readings: NDArray[np.float64] = field(eq=False)
    named: NDArray[np.int64] = field(eq=False)


@frozen(eq=False)
class Measure:
    """What measures standards: everybody at several days, as arrays.

    Attributes:
        plan: Archetypes and flags.
        level: Of the intervals.
        days: Day → everybody.
        scored: The result's rows of all days.
        begin: The log's first day.
    """

    plan: Plan
    level: float
    days: Mapping[dt.date, At] = field(repr=False)
    scored: pa.Table = field(repr=False)
    begin: dt.date

    @property
    def too_late(self) -> str:
        """Why nothing is known of a day."""
        if self.begin == EPOCH:
            return "a customer table tells nothing of what was before"
        return f"the log begins on {self.begin}, too late to tell"

    @property
    def names(self) -> tuple[str, ...]:
        """The archetypes."""
        return tuple(a.name for a in self.plan.archetypes)

    @classmethod
    def of(cls, people: Everybody, wanted: Sequence[Standard], level: float) -> Measure:
        """Ask the engine all that the standards need, at once.

        Raises:
            ConfigError: An expression speaks of what is not there, or is none of the kind wanted.
        """
        plan = people.run.plan
        columns = {f"p {i}": quote(col.posterior(a.name)) for i, a in enumerate(plan.archetypes)}
        columns |= {"archetype": "archetype", "status": "status"}
        columns |= {f"d {i}": quote(d.name) for i, d in enumerate(plan.dimensions)}
        alarms = [flag.name for flag in plan.typology.alarms]
        columns |= {f"a {n}": f"list_contains(alarms, {literal(n)})" for n in alarms}
        for one in wanted:
            if one.where:
                where = one.complain("where", "where").args[0]
                columns[f"w {one.name}"] = people.parse(one.where, where, "bool").sql()
            if one.kind == "mean":
                where = one.complain("mean", "mean").args[0]
                columns[f"m {one.name}"] = people.parse(one.what[0], where, "number").sql()
        texts = [name for name in people.own if people.kinds[name] == "text"]
        bands = [name for name in ("tenure_days",) if name in people.kinds]
        columns |= {f"s {name}": quote(name) for name in texts}
        columns |= {f"t {name}": quote(name) for name in bands}
        table = people.ask(columns)
        at = doubles(table.column("as_of_day"))
        days = {}
        for day in people.history.days:
            number = float((day - EPOCH).days)
            start, end = np.searchsorted(at, [number, number + 1])
            days[day] = _at(table.slice(start, end - start), people, wanted, texts)
        return cls(plan, level, days, people.scored, people.run.scales.log_start)

    def at(
        self, one: Standard, day: dt.date, *, within: NDArray[np.bool_] | None = None
    ) -> Measured:
        """What a standard is at a day, of those it speaks of, or of those *within* only."""
        if day not in self.days or (one.kind == "moves" and step_back(one, day) not in self.days):
            return Measured(None, None, None, 0, self.too_late)
        return {"share": self._share, "mean": self._mean, "moves": self._moves, "none": self._none}[
            one.kind
        ](one, day, within)

    def state_of(self, one: Standard, day: dt.date) -> Group:
        """Whom a standard speaks of at a day; of `none`, those who are it."""
        at = self.days[day]
        inside = at.members[one.name]
        if one.kind == "none":
            inside = inside & self._is(one, at)
        count = max(int(inside.sum()), 1)
        seen = np.isfinite(at.readings[inside])
        readings = np.where(seen, at.readings[inside], 0.0).sum(axis=0) / np.maximum(
            seen.sum(axis=0), 1
        )
        known = at.named[inside]
        return Group(
            at.posterior[inside].sum(axis=0) / count,
            np.where(seen.any(axis=0), readings, np.nan),
            np.bincount(known[known >= 0], minlength=len(self.names)),
        )

    def _is(self, one: Standard, at: At) -> NDArray[np.bool_]:
        found = np.zeros(len(at.ids), bool)
        for name in one.what:
            if name in self.names:
                found |= at.named == self.names.index(name)
            else:
                found |= at.flags[name]
        return found

    def _likely(self, one: Standard, at: At) -> NDArray[np.float64] | None:
        """(n,) the posterior of what is asked; None where a flag is, which holds or does not."""
        if not set(one.what) <= set(self.names):
            return None
        return np.asarray(at.posterior[:, [self.names.index(n) for n in one.what]].sum(axis=1))

    def _share(self, one: Standard, day: dt.date, within: NDArray[np.bool_] | None) -> Measured:
        at = self.days[day]
        inside = at.members[one.name] if within is None else at.members[one.name] & within
        count = int(inside.sum())
        if not count:
            return Measured(None, None, None, 0, "it speaks of nobody")
        hits = int(self._is(one, at)[inside].sum())
        ends = [intervals.wilson(hits, count, self.level)]
        note = f"{hits:,} of {count:,}; Wilson"
        likely = self._likely(one, at)
        if likely is not None:
            expected = float(likely[inside].sum())
            ends.append(intervals.wilson(expected, count, self.level))
            note = (
                f"{hits:,} of {count:,} by name, {expected / count:.1%} by posterior; the Wilson "
                "intervals of both"
            )
            if (at.named[inside] < 0).all():
                note += "; nobody of them is named at all, so a share by name says little"
        return Measured(hits / count, min(e[0] for e in ends), max(e[1] for e in ends), count, note)

    def _mean(self, one: Standard, day: dt.date, within: NDArray[np.bool_] | None) -> Measured:
        at = self.days[day]
        inside = at.members[one.name] if within is None else at.members[one.name] & within
        values = at.values[one.name][inside]
        known = values[np.isfinite(values)]
        if not len(known):
            why = "it speaks of nobody" if not len(values) else "nothing was seen of it"
            return Measured(None, None, None, 0, why)
        low, high = intervals.mean(known, self.level)
        unseen = len(values) - len(known)
        note = f"mean of {len(known):,}" + (f", unseen of {unseen:,}" if unseen else "")
        note += "; bootstrap over customers" if len(known) <= intervals.SMALL else "; Student"
        if not np.isfinite(low):
            return Measured(
                float(known.mean()), None, None, len(known), f"{note}: too few, or alike"
            )
        return Measured(float(known.mean()), low, high, len(known), note)

    def _moves(self, one: Standard, day: dt.date, within: NDArray[np.bool_] | None) -> Measured:
        first = step_back(one, day)
        group, path, weights = self._steps(one, first, day, within)
        source, target = (self.names.index(name) for name in one.what)
        states = (*self.names, *STATES)
        begin = int((path[:, 0] == source).sum())
        if not begin:
            return Measured(
                None, None, None, 0, f"nobody it speaks of was named {one.what[0]} on {first}"
            )
        if within is not None or not group:
            hits = int(((path[:, 0] == source) & (path[:, 1] == target)).sum())
            low, high = intervals.wilson(hits, begin, self.level)
            return Measured(hits / begin, low, high, begin, f"{hits:,} of {begin:,} by name")
        hits = int(((path[:, 0] == source) & (path[:, 1] == target)).sum())
        ends = [intervals.wilson(hits, begin, self.level)]
        value, effective = corrected_share(path, weights, (source, target), len(states))
        ends.append(intervals.wilson(value * effective, effective, self.level))
        note = (
            f"of {begin:,} on {first}: {hits / begin:.1%} by name, {value:.1%} corrected for errors of "
            "names; the Wilson intervals of both"
        )
        return Measured(value, min(e[0] for e in ends), max(e[1] for e in ends), begin, note)

    def _steps(
        self, one: Standard, first: dt.date, day: dt.date, within: NDArray[np.bool_] | None
    ) -> tuple[bool, NDArray[np.int64], NDArray[np.float64]]:
        """(whether there is anybody, states, probabilities) at both days of those spoken of."""
        stamps = pa.array([first, day], pa.date32())
        both = self.scored.filter(pc.is_in(self.scored.column("as_of"), stamps))
        states = (*self.names, *STATES)
        seen = seen_at(both, self.plan, 2)
        at = self.days[first]
        inside = at.members[one.name] if within is None else at.members[one.name] & within
        mine = doubles(pc.is_in(seen.ids, at.ids.filter(pa.array(inside)))) == 1
        weights = weights_of(seen, states, len(self.names))
        return bool(mine.any()), seen.state[mine], weights[mine]

    def _none(self, one: Standard, day: dt.date, _: NDArray[np.bool_] | None) -> Measured:
        now = self.days[day]
        inside = now.members[one.name]
        holds = inside & self._is(one, now)
        count = int(inside.sum())
        if not count:
            return Measured(None, None, None, 0, "it speaks of nobody")
        span = held_days(one, day)
        if not holds.any():
            return Measured(0.0, 0.0, 0.0, count, f"nobody of {count:,} is it now")
        if not all(d in self.days for d in span):
            note = f"{int(holds.sum()):,} are it now; since when? {self.too_late}"
            return Measured(None, None, None, count, note)
        likely = self._likely(one, now)
        sure = np.where(holds, 1.0 if likely is None else likely, 0.0)
        held, ends = holds.copy(), holds.copy()
        for then in span[:-1]:
            at = self.days[then]
            mine = at.ids.filter(pa.array(self._is(one, at)))
            was = doubles(pc.is_in(now.ids, mine)) == 1
            held &= was
            if then == span[0]:
                ends &= was
            if (before := self._likely(one, at)) is not None:
                place = doubles(pc.index_in(now.ids, at.ids))
                p = np.where(np.isnan(place), 0.0, before[np.nan_to_num(place).astype(int)])
                sure = np.minimum(sure, p)
        value = int(held.sum())
        low = value if likely is None else _at_least(sure[held], self.level)
        note = (
            f"of {count:,}, those who were it on "
            + ", ".join(f"{d}" for d in span)
            + ("; counted, not estimated" if likely is None else "; the lower end by posterior")
        )
        return Measured(float(value), float(low), float(max(value, int(ends.sum()))), count, note)


def corrected_share(
    path: NDArray[np.int64], weights: NDArray[np.float64], cell: tuple[int, int], states: int
) -> tuple[float, float]:
    """The share of those in one state who are in another a step later, corrected for errors.

    Args:
        path: (customers, 2) states as labelled.
        weights: (customers, 2, states) probabilities of the truth.
        cell: (from, to).
        states: How many there are.

    Returns:
        The share, 0…1, and the customers to whom it is worth: fewer than began there as far as it
        varies more between resamples of them than a share of as many would.
    """
    errors = errors_of(weights, path, states)
    joint = joint_of(path, states)
    source, target = cell

    rng = np.random.default_rng(0)
    again = rng.multinomial(len(path), joint.ravel() / joint.sum(), RESAMPLES)
    joints = np.concatenate([joint[None], again.reshape(-1, states, states)])
    rows = corrected_all(joints, errors)[:, source]
    value, *drawn = (rows[:, target] / np.maximum(rows.sum(axis=1), 1e-12)).tolist()
    begin = float(rows[0].sum())
    known = min(begin, float((path[:, 0] == source).sum()))
    spread = float(np.var(drawn))
    binomial = value * (1 - value) / max(known, 1.0)
    # Near 0 and 1 resamples vary hardly at all, and would say that it is sure.
    wide = spread / binomial if value * known >= 1 and (1 - value) * known >= 1 else 1.0
    return round(value, 9), known / max(wide, 1.0)


def _at_least(chances: NDArray[np.float64], level: float) -> int:
    """How many of independent events happened at least, with a chance of (1 + *level*) / 2."""
    law = np.ones(1)
    for chance in np.sort(chances)[::-1][:500]:
        law = np.convolve(law, [1 - chance, chance])
    return int(np.searchsorted(np.cumsum(law), (1 - level) / 2, side="right"))


def verdict(one: Standard, found: Measured) -> str:
    """`met` or `missed` where the whole interval lies on one side of what was asked, else `cannot tell`."""
    if found.value is None or found.low is None or found.high is None:
        return "cannot tell"
    least, most = one.at_least, one.at_most
    if one.kind == "none":
        most = 0.0
    below = least is not None and found.high < least
    above = most is not None and found.low > most
    if below or above:
        return "missed"
    inside = (least is None or found.low >= least) and (most is None or found.high <= most)
    return "met" if inside else "cannot tell"


def _at(table: pa.Table, people: Everybody, wanted: Sequence[Standard], texts: Sequence[str]) -> At:
    plan = people.run.plan
    count = table.num_rows

    def column(name: str) -> NDArray[np.float64]:
        return doubles(table.column(name))

    def text(name: str) -> NDArray[np.object_]:
        return np.array(table.column(name).to_pylist(), dtype=object)

    names = [a.name for a in plan.archetypes]
    archetype = text("archetype")
    named = np.full(count, -1)
    for i, name in enumerate(names):
        named[archetype == name] = i
    status = text("status")
    flags = {flag.name: status == flag.name for flag in plan.typology.status}
    flags |= {flag.name: column(f"a {flag.name}") == 1 for flag in plan.typology.alarms}
    flags |= {UNCLASSIFIED: named < 0}
    everyone = np.ones(count, bool)
    segments = {name: text(f"s {name}") for name in texts}
    if "t tenure_days" in table.column_names:
        segments["customer for"] = _bands(column("t tenure_days"))
    ids = table.column("customer_id").combine_chunks()
    return At(
        ids if isinstance(ids, pa.Array) else pa.array([], pa.string()),
        named,
        _stack([column(f"p {i}") for i in range(len(names))], count),
        _stack([column(f"d {i}") for i in range(len(plan.dimensions))], count),
        flags,
        {s.name: (column(f"w {s.name}") == 1) if s.where else everyone for s in wanted},
        {s.name: column(f"m {s.name}") for s in wanted if s.kind == "mean"},
        segments,
    )


def _stack(columns: Sequence[NDArray[np.float64]], count: int) -> NDArray[np.float64]:
    return np.stack(columns, axis=1) if columns else np.empty((count, 0))


def _bands(days: NDArray[np.float64]) -> NDArray[np.object_]:
    """How long somebody has been a customer, in words; None where that is not known."""
    ends = np.array([365.25, 2 * 365.25, 5 * 365.25])
    words = np.array(
        ["under a year", "1 to 2 years", "2 to 5 years", "5 years or more", None], dtype=object
    )
    return np.asarray(words[np.where(np.isnan(days), 4, np.searchsorted(ends, days, "right"))])

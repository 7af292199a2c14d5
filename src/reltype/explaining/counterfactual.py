"""Counterfactual: the smallest change of facts that would flip the archetype.

Proposed is what a feature's `change` says in words: what somebody can do. (Where no feature of a
typology says so, every fact that is not marked as beyond change is proposed by its name.) Its
candidates are the values that other customers have (percentiles), as far as the words show them, so
that nothing impossible is proposed and what is told is what was tried. A change moves what goes
along with it (`moves`), and everything that follows from the facts is worked out anew, by the same
queries and the same pool as for everybody. The search is exhaustive over single changes, then over
pairs on a coarser grid, and deterministic; the smallest is what passes the fewest customers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from attrs import define, evolve, field

from reltype.definitions.features import AFTER, BEFORE
from reltype.definitions.phrases import a, fill, form_of, shown
from reltype.explaining.explanation import Change, Counterfactual
from reltype.expressions import quote
from reltype.scoring import columns as col

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reltype.definitions.features import Feature
    from reltype.scoring.run import Run

SINGLE = 101
"""Candidate values of one feature: every percentile."""

PAIRED = 9
"""Candidate values of each feature of a pair: more would judge too many."""

REFINED = 33
"""Candidates between the last value that does not flip and the first that does."""


@define(slots=False)
class Search:
    """The search for one customer.

    Attributes:
        run: Who judges.
        relation: SQL of the customer's row of facts and features.
        named: Index of the archetype that is named now; the number of archetypes for none.
    """

    run: Run = field(repr=False)
    relation: str = field(repr=False)
    named: int

    @cached_property
    def levers(self) -> dict[str, Feature]:
        """Feature → itself, for those that somebody can change and that were seen."""
        nulls = self.run.population.nulls.features
        plan = self.run.plan
        said = [f for f in plan.features if f.change]
        if not said:
            # What follows from facts is changed by changing those.
            said = [f for f in plan.features if f.changeable and f.name in plan.inputs]
            said = [f for f in said if (e := plan.feature(f)) is None or e.aggregate]
        return {f.name: f for f in said if f.name not in nulls and self.now.get(f.name) is not None}

    @cached_property
    def now(self) -> dict[str, float | None]:
        """The customer's features."""
        return self.run.population.values(self.relation, [f.name for f in self.run.plan.features])

    @cached_property
    def grid(self) -> dict[str, NDArray[np.float64]]:
        """Lever → the values that customers have, as `SINGLE` percentiles."""
        percentiles = ", ".join(f"{i / (SINGLE - 1)!r}" for i in range(SINGLE))
        asked = ", ".join(
            f"quantile_cont({quote(n)}::DOUBLE, [{percentiles}]) AS {quote(n)}" for n in self.levers
        )
        if not asked:
            return {}
        everyone = self.run.population.features()
        found = self.run.population.first(f"SELECT {asked} FROM ({everyone})")
        usable = {n: v for n, v in found.items() if v is not None and v[0] != v[-1]}
        return {n: self._as_shown(n, v) for n, v in usable.items()}

    def _as_shown(self, name: str, values: Sequence[float]) -> NDArray[np.float64]:
        """*values* as far as the words of the change show them."""
        form = _form(self.levers[name])
        bounds = self.run.inputs.units.ratings.get(name)
        return np.array([shown(float(v), form, bounds) for v in values])

    def smallest(self) -> Counterfactual | None:
        """The smallest change of one feature; of two, if no one does; None if none does."""
        return self._single() or self._paired()

    def _single(self) -> Counterfactual | None:
        tried = [{name: value} for name, values in self.grid.items() for value in np.unique(values)]
        best = self._nearest(tried)
        if best is None:
            return None
        name = best.changes[0].feature
        finer = [{name: v} for v in self._between(name, best.changes[0].after)]
        return self._nearest(finer) or best

    def _between(self, name: str, flips: float) -> NDArray[np.float64]:
        """Finer values between where the customer is, or the grid's last step, and *flips*."""
        values = np.unique(self.grid[name])
        start = self._before(name)
        at = int(np.searchsorted(values, flips))
        beside = values[max(at - 1, 0)] if flips > start else values[min(at + 1, len(values) - 1)]
        near = max(beside, start) if flips > start else min(beside, start)
        return np.unique(self._as_shown(name, np.linspace(near, flips, REFINED).tolist()))

    def _paired(self) -> Counterfactual | None:
        coarse = {n: np.unique(v[:: (SINGLE - 1) // (PAIRED - 1)]) for n, v in self.grid.items()}
        tried = [
            {first: a, second: b}
            for first, second in combinations(coarse, 2)
            if not self._moves(first) & self._moves(second)
            for a in coarse[first]
            for b in coarse[second]
        ]
        return self._nearest(tried)

    def _moves(self, name: str) -> set[str]:
        return set(self.levers[name].moves) or {name}

    def _nearest(self, tried: Sequence[Mapping[str, float]]) -> Counterfactual | None:
        """The candidate that makes it another archetype and passes the fewest customers."""
        if not tried:
            return None
        flipped = self._judged(tried)
        distances = np.array([self._distance(changes) for changes in tried])
        archetypes = self.run.plan.archetypes
        same = (flipped == self.named) | (flipped == len(archetypes))
        distances[same | (distances == 0)] = np.inf
        best = int(distances.argmin())
        if not np.isfinite(distances[best]):
            return None
        changes = tuple(self._change(n, float(v)) for n, v in tried[best].items())
        archetype = archetypes[int(flipped[best])].name
        told = " and ".join(change.text for change in changes)
        text = f"{told[:1].upper()}{told[1:]} would make it {a(archetype)}."
        return Counterfactual(changes, archetype, float(distances[best]), text)

    def _before(self, name: str) -> float:
        value = self.now[name]
        return 0.0 if value is None else float(value)

    def _change(self, name: str, after: float) -> Change:
        before = self._before(name)
        units = self.run.inputs.units
        # Before and after are told on the scale of the feature that they are values of.
        if name in units.ratings:
            units = evolve(
                units,
                ratings={**units.ratings, **dict.fromkeys((AFTER, BEFORE), units.ratings[name])},
            )
        values = {**self.now, AFTER: after, BEFORE: before}
        called = f"{name.replace('_', ' ')} {{{AFTER}}} instead of {{{BEFORE}}}"
        return Change(name, before, after, fill(self.levers[name].change or called, values, units))

    def _distance(self, changes: Mapping[str, float]) -> float:
        """Share of customers that the changed features pass, added up."""
        total = 0.0
        for name, after in changes.items():
            before, values = self._before(name), self.grid[name]
            if shown_alike(self.levers[name], before, after):
                return 0.0
            rank = np.interp([after, before], values, np.linspace(0, 1, SINGLE))
            total += abs(float(rank[0] - rank[1]))
            total += 1e-3 * abs(after - before) / float(values[-1] - values[0])
        return total

    def _judged(self, tried: Sequence[Mapping[str, float]]) -> NDArray[np.int64]:
        """(len(tried),) index of the archetype that each candidate would be."""
        run, population = self.run, self.run.population
        names = list(dict.fromkeys(n for changes in tried for n in changes))
        with population.kept(_table(names, tried), "candidates") as candidates:
            relation = self._moved(names, candidates)
            made = [
                run.result.named(run.score_batch(batch))
                for batch in population.judge(population.refeatured(relation))
            ]
        return np.concatenate(made)

    def _moved(self, names: Sequence[str], candidates: str) -> str:
        """SQL of the facts of everybody that the customer might be, in the order of candidates."""
        plan, population = self.run.plan, self.run.population
        known = {n: repr(float(v)) for n, v in self.run.scales.constants.items()}
        columns = population.columns(self.relation)
        replaced: dict[str, str] = {"customer_id": "CAST(k AS VARCHAR)"}
        for i, name in enumerate(names):
            for moved, expression in self.levers[name].moved(plan.catalogue.functions).items():
                sql = expression.sql(columns={**known, AFTER: f"c{i}"})
                for column in (col.fact(moved), col.given(moved)):
                    if column in columns:
                        before = replaced.get(column, f"CAST({quote(column)} AS DOUBLE)")
                        replaced[column] = f"CASE WHEN c{i} IS NULL THEN {before} ELSE {sql} END"
        put = ", ".join(f"{sql} AS {quote(name)}" for name, sql in replaced.items())
        made = [f.name for f in plan.features if f.name in columns]
        without = f"EXCLUDE ({', '.join(map(quote, made))})" if made else ""
        inner = (
            f"SELECT * EXCLUDE (k), k AS candidate FROM (SELECT base.* REPLACE ({put}), {candidates}.k"
            f" FROM ({self.relation}) base, {candidates} ORDER BY {candidates}.k)"
        )
        return f"SELECT * {without} FROM ({inner}) ORDER BY candidate"


def shown_alike(feature: Feature, before: float, after: float) -> bool:
    """Whether the words of the change would not show a difference."""
    form = _form(feature)
    return shown(before, form, None) == shown(after, form, None)


def _form(feature: Feature) -> str:
    """How the words of a change show its value."""
    if feature.change:
        return form_of(feature.change, AFTER)
    return "count" if feature.unit == "count" else ""


def _table(names: Sequence[str], tried: Sequence[Mapping[str, float]]) -> pa.Table:
    """A row per candidate: its number `k`, and `c0`… the new values, null where nothing changes."""
    columns = {
        f"c{i}": pa.array([c.get(name) for c in tried], pa.float64())
        for i, name in enumerate(names)
    }
    return pa.table({"k": np.arange(len(tried)), **columns})


def counterfactual(run: Run, relation: str, named: int) -> Counterfactual | None:
    """The smallest change of one or two features that makes *named* another; None where none can."""
    return Search(run, relation, named).smallest()

"""Counterfactual: the smallest change of features that would flip the archetype.

Candidates are the values that other customers have (percentiles of each feature), so that nothing
impossible is proposed, and a change is measured by the share of customers that it passes. All
candidates are judged by the same query and the same pool as everybody; the search is exhaustive
over single features, then over pairs on a coarser grid, and deterministic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from attrs import define, field

from reltype.explaining.explanation import Change, Counterfactual
from reltype.expressions import quote

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

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
        relation: SQL of the customer's row of features.
        now: The customer's features.
        named: Index of the archetype that is named now; the number of archetypes for none.
    """

    run: Run = field(repr=False)
    relation: str = field(repr=False)
    now: Mapping[str, float | None]
    named: int

    @cached_property
    def grid(self) -> dict[str, NDArray[np.float64]]:
        """Feature → the values that customers have, as `SINGLE` percentiles; what can change only."""
        known = self.run.plan.catalogue.features
        names = [n for n in self.now if known[n].changeable]
        percentiles = ", ".join(f"{i / (SINGLE - 1)!r}" for i in range(SINGLE))
        asked = ", ".join(
            f"quantile_cont({quote(n)}::DOUBLE, [{percentiles}]) AS {quote(n)}" for n in names
        )
        if not asked:
            return {}
        everyone = self.run.population.features()
        found = self.run.population.first(f"SELECT {asked} FROM ({everyone})")
        usable = {n: v for n, v in found.items() if v is not None and v[0] != v[-1]}
        return {
            n: np.rint(v) if known[n].unit == "count" else np.array(v, float)
            for n, v in usable.items()
        }

    def smallest(self) -> Counterfactual | None:
        """The smallest change of one feature; of two, if no one does; None if none does."""
        return self._single() or self._paired()

    def _single(self) -> Counterfactual | None:
        tried = [{name: value} for name, values in self.grid.items() for value in np.unique(values)]
        best = self._nearest(tried)
        if best is None:
            return None
        name = best.changes[0].feature
        return (
            self._nearest([{name: v} for v in self._between(name, best.changes[0].after)]) or best
        )

    def _between(self, name: str, flips: float) -> NDArray[np.float64]:
        """Finer values between where the customer is, or the grid's last step, and *flips*."""
        values = np.unique(self.grid[name])
        start = self.now[name]
        at = int(np.searchsorted(values, flips))
        if start is None:
            return np.array([flips])
        beside = values[max(at - 1, 0)] if flips > start else values[min(at + 1, len(values) - 1)]
        near = max(beside, start) if flips > start else min(beside, start)
        steps = np.linspace(near, flips, REFINED)
        whole = self.run.plan.catalogue.features[name].unit == "count"
        return np.unique(np.rint(steps)) if whole else steps

    def _paired(self) -> Counterfactual | None:
        coarse = {n: np.unique(v[:: (SINGLE - 1) // (PAIRED - 1)]) for n, v in self.grid.items()}
        tried = [
            {first: a, second: b}
            for first, second in combinations(coarse, 2)
            for a in coarse[first]
            for b in coarse[second]
        ]
        return self._nearest(tried)

    def _nearest(self, tried: Sequence[Mapping[str, float]]) -> Counterfactual | None:
        """The candidate that flips the archetype and passes the fewest customers."""
        if not tried:
            return None
        flipped = self._judged(tried)
        distances = np.array([self._distance(changes) for changes in tried])
        distances[(flipped == self.named) | (distances == 0)] = np.inf
        best = int(distances.argmin())
        if not np.isfinite(distances[best]):
            return None
        names = [*(a.name for a in self.run.plan.archetypes), "unclassified"]
        changes = tuple(Change(n, self.now[n], float(v)) for n, v in tried[best].items())
        return Counterfactual(changes, names[int(flipped[best])], float(distances[best]))

    def _distance(self, changes: Mapping[str, float]) -> float:
        """Share of customers that the changed features pass, added up; half for a null filled."""
        total = 0.0
        for name, after in changes.items():
            before = self.now[name]
            values = self.grid[name]
            rank = np.interp(after, values, np.linspace(0, 1, SINGLE))
            start = 0.5 if before is None else np.interp(before, values, np.linspace(0, 1, SINGLE))
            step = abs(float(rank - start))
            scale = float(values[-1] - values[0])
            moved = 1.0 if before is None else abs(after - before) / scale
            total += step + 1e-3 * moved if after != before else 0.0
        return total

    def _judged(self, tried: Sequence[Mapping[str, float]]) -> NDArray[np.int64]:
        """(len(tried),) index of the archetype that each candidate would be."""
        names = list(dict.fromkeys(n for changes in tried for n in changes))
        replaced = ", ".join(
            f"coalesce(c{i}, {quote(n)}::DOUBLE) AS {quote(n)}" for i, n in enumerate(names)
        )
        population = self.run.population
        with population.kept(_table(names, tried), "candidates") as candidates:
            relation = (
                f"SELECT base.* REPLACE ({replaced}) FROM ({self.relation}) base, {candidates}"
                " ORDER BY k"
            )
            made = [
                self.run.result.named(self.run.conclude(batch))
                for batch in population.judge(relation)
            ]
        return np.concatenate(made)


def _table(names: Sequence[str], tried: Sequence[Mapping[str, float]]) -> pa.Table:
    """A row per candidate: its number `k`, and `c0`… the new values, null where nothing changes."""
    import pyarrow as pa

    columns = {
        f"c{i}": pa.array([c.get(name) for c in tried], pa.float64())
        for i, name in enumerate(names)
    }
    return pa.table({"k": np.arange(len(tried)), **columns})


def counterfactual(
    run: Run, relation: str, features: Mapping[str, float | None], named: int
) -> Counterfactual | None:
    """The smallest change of one or two features that flips *named*; None where none can."""
    return Search(run, relation, features, named).smallest()

"""Power: what a later comparison of those acted on and those held out could see, told beforehand."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from attrs import asdict, frozen

from reltype.analyses.everybody import everybody
from reltype.expressions import literal
from reltype.learning.intervals import detectable, needed
from reltype.scoring.population import EPOCH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reltype.scoring.run import Run

POWER = 0.8
LEVEL = 0.97
"""Of the first comparison of an outcome, that of who came back: see `reltype.analyses.outcome`."""


@frozen
class Power:
    """What can be seen of one benefit, or of all.

    Attributes:
        benefit: Its name; empty: all benefits together.
        acted: Customers to act on who could have been held out.
        held_out: Customers held out.
        comes_back: Share of customers like these who came back within the days asked; None where
            the log is too short to tell.
        detectable: The smallest rise of that share that is found in 80 of 100 comparisons; None
            where even all coming back would not be, or nothing is known.
        needed: Customers in each group that would find a rise by ten points; None likewise.
    """

    benefit: str
    acted: int
    held_out: int
    comes_back: float | None
    detectable: float | None
    needed: int | None

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def power(benefit: str, acted: int, held_out: int, base: float | None) -> Power:
    """What a comparison of so many could see, where a share *base* comes back anyway."""
    if base is None:
        return Power(benefit, acted, held_out, None, None, None)
    rise = detectable(base, acted, held_out, level=LEVEL, power=POWER)
    more = needed(base, min(base + 0.1, 1.0), level=LEVEL, power=POWER)
    return Power(benefit, acted, held_out, base, rise, more)


FEW = 20
"""Customers of an archetype below which all are asked how many come back."""


def comes_back(run: Run, days: int, mix: Mapping[str, int]) -> float | None:
    """The share of customers like these who came back within so many days; None: too short a log.

    Of those who had not left and were not dormant that many days before the as-of day, by the same
    ruler, it counts whose last step lies after it: for each archetype, as they make up *mix*.

    Args:
        run: Whose plan measures `last_day`.
        days: Within how many days.
        mix: Archetype, or `unclassified` → how many of the plan's customers are it.
    """
    day = run.scales.as_of - dt.timedelta(days=days)
    if not run.population.logs or (day - run.scales.log_start).days < days:
        return None
    with everybody(run, [day]) as people:
        number = float((day - EPOCH).days)
        alive = f"p.status NOT IN ({literal('ended')}, {literal('dormant')})"
        with run.population.kept(run.population.features(), "now") as now:
            found = run.population.engine.rows(
                f"SELECT p.archetype, count(*), count(*) FILTER (WHERE n.last_step_day > {number!r})"
                f" FROM {people.table} p JOIN {now} n USING (customer_id) WHERE {alive} GROUP BY 1"
            )
    counts = {str(name): (int(count), int(came)) for name, count, came in found}
    total = sum(count for count, _ in counts.values())
    if not total or not mix:
        return None
    usual = sum(came for _, came in counts.values()) / total
    rates = {name: came / count for name, (count, came) in counts.items() if count >= FEW}
    return sum(rates.get(name, usual) * n for name, n in mix.items()) / sum(mix.values())

"""Timelines: how much happened when with every customer, counted in the engine."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

from reltype.arrow import doubles, numbers, text
from reltype.explaining.customer_card import LANES
from reltype.expressions import literal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reltype.scoring.run import Run

PERIODS = 24
"""Into so many equal stretches the log is cut."""

MOST = 255
"""What a count of one stretch says at most: so much fits into a byte."""


@frozen(eq=False)
class Timelines:
    """Counts of what happened.

    Attributes:
        start: The first day.
        end: The as-of day.
        lanes: Sorts of contact, those that occur.
        counts: (customers, lanes, PERIODS) how often, up to `MOST`.
    """

    start: dt.date
    end: dt.date
    lanes: tuple[str, ...]
    counts: NDArray[np.integer[Any]]

    @property
    def periods(self) -> int:
        """How many stretches there are."""
        return int(self.counts.shape[2])

    @property
    def edges(self) -> list[dt.date]:
        """The first day of each stretch, and the day after the last."""
        days = (self.end - self.start).days + 1
        return [
            self.start + dt.timedelta(days=-(-days * period // self.periods))
            for period in range(self.periods + 1)
        ]

    def coarser(self, periods: int) -> Timelines:
        """The same in fewer stretches, a divisor of `PERIODS` of them; counts in powers of two.

        Up to 2 they are as they are, beyond to the nearest power: a hundred thousand customers' counts
        would not fit into a page, and nobody reads more off a bar.
        """
        joined = self.counts.reshape(*self.counts.shape[:2], periods, -1).sum(
            axis=3, dtype=np.int64
        )
        power = 2 ** np.rint(np.log2(np.maximum(joined, 1))).astype(np.int64)
        rounded = np.where(joined > 2, power, joined)
        return Timelines(self.start, self.end, self.lanes, np.minimum(rounded, MOST))


def timelines(run: Run, customers: pa.Array) -> Timelines | None:
    """Of *customers*, in their order; None where there is no log."""
    if not run.inputs.logs:
        return None
    start, end = run.scales.log_start, run.scales.as_of
    days = (end - start).days + 1
    if days < 1:
        return None
    chosen = pa.table({"id": customers, "place": numbers(np.arange(len(customers)))})
    first = literal(str(start))
    with run.population.kept(chosen, "listed") as name:
        counted = run.population.engine.table(
            f"""SELECT place, lane, period, count(*) AS n FROM (
                  SELECT k.place, {_lane("r.kind")} AS lane, CAST(least(greatest(
                    (CAST(r.day AS INTEGER) - CAST(floor(epoch(CAST({first} AS DATE)) / 86400) AS INTEGER))
                    * {PERIODS} // {days}, 0), {PERIODS - 1}) AS INTEGER) AS period
                  FROM ({_rows(run)}) r JOIN {name} k ON r.customer_id = k.id)
                GROUP BY ALL ORDER BY ALL"""
        )
    lanes = tuple(lane for lane in LANES if pc.any(pc.equal(counted["lane"], text(lane))).as_py())
    made = np.zeros((len(customers), len(lanes), PERIODS), np.uint8)
    place, period, n = (
        doubles(counted.column(c)).astype(np.int64) for c in ("place", "period", "n")
    )
    lane = doubles(pc.index_in(counted["lane"], pa.array(lanes, pa.string()))).astype(np.int64)
    made[place, lane, period] = np.minimum(n, MOST)
    return Timelines(start, end, lanes, made)


def _rows(run: Run) -> str:
    return run.population.interactions(["kind"])


def _lane(kind: str) -> str:
    """SQL of the lane of a row's kind."""
    cases = " ".join(
        f"WHEN {kind} IN ({', '.join(map(literal, kinds))}) THEN {literal(lane)}"
        for lane, kinds in LANES.items()
    )
    return f"CASE {cases} ELSE 'other' END"

"""Measures: what is looked at of each customer between the plan's day and now."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

from reltype.analyses.everybody import everybody
from reltype.arrow import doubles
from reltype.expressions import quote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from reltype.analyses.outcome.planned import Planned
    from reltype.scoring.run import Run

FEATURES = ("last_step_day", "spend", "complaints", "responses", "outreaches")
"""What must be measured, as far as the data have it."""


@frozen(eq=False)
class Measure:
    """One thing that is looked at.

    Attributes:
        name: What it is called.
        share: A yes or no of each; else a number.
        values: (n,) of the plan's customers; NaN where not known.
        what: What it says, in words.
    """

    name: str
    share: bool
    values: NDArray[np.float64]
    what: str


def measures(run: Run, made: Planned) -> list[Measure]:
    """Who came back, spend, complaints, answers, reading and label since the plan's day."""
    last = run.scales.as_of
    with everybody(run, [made.day, last]) as people:
        names = [n for n in FEATURES if n in people.kinds]
        dimensions = [d.name for d in run.plan.dimensions]
        columns = {name: quote(name) for name in (*names, *dimensions, "archetype")}
        table = people.ask(columns)
        before, now = (
            _rows(table, day, pa.array(made.customers, pa.string())) for day in people.history.days
        )
    there = np.asarray(~np.isnan(doubles(now.column("as_of_day"))))
    found = []

    def grown(name: str) -> NDArray[np.float64] | None:
        if name not in names:
            return None
        then, later = (doubles(t.column(name)) for t in (before, now))
        if not (np.nan_to_num(later) != 0).any():
            return None  # such things are not in this log at all
        gain = np.nan_to_num(later) - np.nan_to_num(then)
        return np.where(there, gain, np.nan)

    if "last_step_day" in names:
        step = doubles(now.column("last_step_day")) > _number(made.day)
        found.append(
            Measure(
                "came back", True, np.where(there, step.astype(float), np.nan), "took a step since"
            )
        )
    if (spend := grown("spend")) is not None:
        found.append(Measure("spend", False, spend, "money paid since"))
    if (complaints := grown("complaints")) is not None:
        found.append(Measure("complaints", False, complaints, "complaints since"))
    if (answers := grown("responses")) is not None:
        found.append(
            Measure(
                "answered",
                True,
                np.where(np.isnan(answers), np.nan, answers > 0),
                "answered a message since",
            )
        )
    found.append(Measure("reading", False, _reading(run, made, before, now), READING))
    then, later = (np.array(t.column("archetype").to_pylist(), object) for t in (before, now))
    known = np.array([a is not None and b is not None for a, b in zip(then, later, strict=True)])
    found.append(
        Measure(
            "label", True, np.where(known, then != later, np.nan), "is named otherwise than then"
        )
    )
    return [one for one in found if np.isfinite(one.values).any()]


READING = "change of the reading that the benefit raises most"


def _reading(run: Run, made: Planned, before: pa.Table, now: pa.Table) -> NDArray[np.float64]:
    """(n,) how the reading that each one's benefit raises most has changed."""
    of = {
        b.name: max(b.raises, key=lambda name, b=b: b.raises[name])  # type: ignore[misc]
        for b in run.plan.benefits
        if set(b.raises) & {d.name for d in run.plan.dimensions}
    }
    change = np.full(len(made.customers), np.nan)
    for dimension in sorted(set(of.values())):
        if dimension not in now.column_names:
            continue
        mine = np.array([of.get(benefit) == dimension for benefit in made.benefits])
        gap = doubles(now.column(dimension)) - doubles(before.column(dimension))
        change[mine] = gap[mine]
    return change


def _number(day: dt.date) -> float:
    return float((day - dt.date(1970, 1, 1)).days)


def _rows(table: pa.Table, day: dt.date, customers: pa.Array) -> pa.Table:
    """The rows of the plan's customers at a day, in its order; nulls for those who are not there."""
    mine = table.filter(pc.equal(table.column("as_of_day"), _number(day)))
    return mine.take(pc.index_in(customers, mine.column("customer_id").combine_chunks()))


def parts(made: Planned, names: Sequence[str]) -> dict[str, NDArray[np.bool_]]:
    """Benefit → (n,) whose it is; the empty name: all."""
    benefits = np.array(made.benefits, object)
    return {"": np.ones(len(benefits), bool), **{name: benefits == name for name in names}}

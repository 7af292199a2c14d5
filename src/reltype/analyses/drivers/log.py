"""Log: which facts of one quarter go with what customers do, or feel, in the next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from attrs import evolve

from reltype.analyses.drivers.measure import REPLICATES, Answers, measure
from reltype.analyses.drivers.parts import by_part
from reltype.api import open_inputs
from reltype.arrow import doubles
from reltype.errors import InputError, UsageError, did_you_mean
from reltype.reporting import facts
from reltype.scoring.population import grouped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reltype.analyses.drivers.missing import Treatment
    from reltype.analyses.drivers.result import Drivers
    from reltype.api import Opened
    from reltype.scoring.population import Population

QUARTER = 91
"""Days of a quarter."""
RETURNS = "returns"
"""The outcome that is 1 for whoever takes a step of their own in the next quarter, else 0."""
FACTS = (
    *("purchases", "spend", "value_mean", "discounted", "refunds", "unpaid_orders", "renewals"),
    *("visits", "messages", "reviews", "referrals", "outreaches", "responses", "supports"),
    *("complaints", "unresolved_complaints", "resolutions", "cancellations", "attitude"),
    *("gap_mean_days", "silence_days", "weekend_steps"),
)
"""Facts that are asked for where nobody names others: counts and sums, and none that repeats another."""
NO_CAUSE = (
    "This is no cause. What customers did in one quarter goes with the next because both follow from "
    "who they are; only a trial, with a group that is left out, shows what an action does."
)
_SEEN = 0.05
"""Evidence below which a reading of the next quarter is not taken for an outcome."""


def drivers_of_log(
    data: object,
    outcome: str = RETURNS,
    *,
    attributes: Sequence[str] | None = None,
    by: str | None = None,
    missing: Treatment | None = None,
    quarter: int = QUARTER,
    replicates: int = REPLICATES,
    **options: Any,  # noqa: ANN401 - those of classify
) -> Drivers:
    """What an outcome of the last quarter of a log follows, among the facts of the quarter before.

    Args:
        data: What `classify` takes.
        outcome: `returns`; or a dimension such as `affect` or `resilience`, or a fact such as `spend`,
            of the last quarter.
        attributes: Facts; None: those of `FACTS` that vary.
        by: `archetype`, as read when the last quarter began; None: nothing.
        missing: `listwise`, `em` or `multiple`; None: see `drivers`.
        quarter: Days of a quarter.
        replicates: How often customers are drawn anew.
        options: See `classify`.

    Raises:
        UsageError: There is no such outcome or fact.
        InputError: The log is shorter than two quarters, or too few customers were there.
    """
    if quarter < 1:
        raise UsageError(f"a quarter must have at least 1 day, not {quarter}.")
    if by not in (None, "archetype"):
        raise UsageError(f"of a log, --by takes archetype, not {by!r}.")
    opened = open_inputs(data, **options).measuring()
    whole = opened.population()  # every row is cut and accounted for
    if not whole.logs:
        raise InputError("there is no log: customer tables tell of one day only.")
    end = whole.usual.as_of
    turn = end - dt.timedelta(days=quarter)
    begin = turn - dt.timedelta(days=quarter)
    if whole.usual.log_start > begin + dt.timedelta(days=1):
        raise InputError(
            f"the log begins on {whole.usual.log_start}, less than two quarters of {quarter} days before "
            f"{end}. Give an earlier log, or a shorter --quarter."
        )
    names = _facts(opened, attributes)
    target = _target(opened, outcome)
    labels = _archetypes(opened, turn) if by else None
    ids, columns = _window(opened, begin, turn, names)
    told = _outcome(opened, turn, end, target, ids)
    values = np.column_stack([columns, told])
    kept = list(range(len(names)))
    if attributes is None:
        kept = [i for i in kept if _varies(values[:, i])]
    if not kept:
        raise InputError(f"no fact of the quarter to {turn} varies among its {len(ids)} customers.")
    shown = f"{target} in the next quarter"
    table = Answers(
        values[:, [*kept, len(names)]], shown, {names[i]: (place,) for place, i in enumerate(kept)}
    )
    found = measure(table, name="the log", treatment=missing, replicates=replicates)
    notes = (
        (
            f"facts of {begin + dt.timedelta(days=1)} to {turn}, of {len(ids):,} customers who were there; "
            f"{target} of {turn + dt.timedelta(days=1)} to {end}."
        ),
        *opened.inputs.notes,
        *found.notes,
    )
    made = evolve(found, notes=notes, causal_warning=NO_CAUSE, formats=opened.knowledge.formats())
    if labels is None:
        return made
    of = np.array([labels.get(one) for one in ids], dtype=object)
    parts, small = by_part(table, of, "the log", missing, replicates)
    return evolve(
        made, by={k: evolve(v, causal_warning=NO_CAUSE) for k, v in parts.items()}, small=small
    )


def _facts(opened: Opened, wanted: Sequence[str] | None) -> list[str]:
    known = opened.plan.catalogue.features
    if wanted is None:
        return [name for name in FACTS if name in known]
    for name in wanted:
        if name not in known:
            raise UsageError(f"there is no fact {name!r}.{did_you_mean(name, known)}")
    return list(dict.fromkeys(wanted))


def _target(opened: Opened, outcome: str) -> str:
    dimensions = [d.name for d in opened.plan.dimensions]
    known = [RETURNS, *dimensions, *opened.plan.catalogue.features]
    if outcome not in known:
        hint = (
            did_you_mean(outcome, known)
            or f" There are: {', '.join(known[: len(dimensions) + 1])}."
        )
        raise UsageError(f"there is no outcome {outcome!r} of a log.{hint}")
    return outcome


def _within(opened: Opened, after: dt.date, until: dt.date) -> Population:
    """The customers of the days after one and until another, of the log alone."""
    inputs = opened.inputs
    inside = (
        f"timestamp >= DATE '{after + dt.timedelta(days=1)}' "
        f"AND timestamp < DATE '{until + dt.timedelta(days=1)}'"
    )
    return grouped(
        opened.engine,
        opened.plan,
        logs=[f"SELECT * FROM ({sql}) WHERE {inside}" for sql in inputs.logs],
        absent=inputs.absent,
        as_of=until,
    )


def _window(
    opened: Opened, after: dt.date, until: dt.date, names: Sequence[str]
) -> tuple[list[str], NDArray[np.float64]]:
    """Who took a step in these days, and (n, facts) what they did; NaN where not seen."""
    table = facts.table(_within(opened, after, until))
    steps = doubles(table.column("interactions"))
    there = np.flatnonzero(np.nan_to_num(steps) > 0)
    if len(there) == 0:
        raise InputError(f"nobody took a step from {after} to {until}.")
    ids = table.column("customer_id").to_pylist()
    columns = [_numbers(table.column(name))[there] for name in names]
    return [ids[i] for i in there.tolist()], np.column_stack(columns)


def _outcome(
    opened: Opened, after: dt.date, until: dt.date, target: str, ids: Sequence[str]
) -> NDArray[np.float64]:
    """(n,) what the next days hold for each of *ids*; NaN where it was not seen."""
    population = _within(opened, after, until)
    dimensions = [d.name for d in opened.plan.dimensions]
    found: dict[str, float] = {}
    if target in dimensions:
        place = dimensions.index(target)
        for batch in population.batches():
            reading = batch.readings[:, place]
            seen = batch.evidence[:, place] >= _SEEN
            names = batch.table.column("customer_id").to_pylist()
            found |= dict(zip(names, np.where(seen, reading, np.nan).tolist(), strict=True))
        return np.array([found.get(one, np.nan) for one in ids])
    table = facts.table(population)
    name = "interactions" if target == RETURNS else target
    found = dict(
        zip(
            table.column("customer_id").to_pylist(),
            _numbers(table.column(name)).tolist(),
            strict=True,
        )
    )
    if target == RETURNS:
        return np.array([float(np.nan_to_num(found.get(one, 0.0)) > 0) for one in ids])
    counts = opened.plan.catalogue.features[target].unit in {"count", "money"}
    return np.array([found.get(one, 0.0 if counts else np.nan) for one in ids])


def _archetypes(opened: Opened, turn: dt.date) -> dict[str, str]:
    """What kind of relationship each customer had when the last quarter began."""
    population = _within(opened, dt.date(1, 1, 1), turn)
    run = opened.run_on(population)
    made: dict[str, str] = {}
    for batch in run.batches():
        names = batch.column("customer_id").to_pylist()
        made |= dict(zip(names, batch.column("archetype").to_pylist(), strict=True))
    return made


def _numbers(column: Any) -> NDArray[np.float64]:  # noqa: ANN401 - an Arrow column

    if pa.types.is_date(column.type):
        column = column.cast(pa.int32())
    if pa.types.is_string(column.type):
        return np.array([np.nan if value is None else 1.0 for value in column.to_pylist()])
    return np.asarray(doubles(column), np.float64)


def _varies(column: NDArray[np.float64]) -> bool:
    """Whether a fact differs between customers, and is known of most."""
    known = column[~np.isnan(column)]
    return 2 * len(known) >= len(column) and len(known) > 0 and bool(np.ptp(known) > 0)

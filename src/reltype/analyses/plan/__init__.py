"""Plan: what each team does for whom, within what it can do, and who is left alone to compare with.

Gates come first: where something that must be in order is broken, nothing else is offered. Nobody
gets two teams at once.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

from reltype.analyses import journal as journals
from reltype.analyses.everybody import day_of, everybody, needing, vocabulary
from reltype.analyses.outcome.weights import NONE, weights
from reltype.analyses.plan.assign import Offers, assign
from reltype.analyses.plan.holdout import held_out
from reltype.analyses.plan.page import page
from reltype.analyses.plan.power import Power, comes_back, power
from reltype.analyses.plan.teams import Planned, plan_id
from reltype.analyses.plan.words import action, question
from reltype.analyses.plan.workbook import sheets
from reltype.api import open_inputs
from reltype.arrow import doubles
from reltype.definitions.archetypes import UNCLASSIFIED
from reltype.definitions.benefits import ROLES
from reltype.errors import InputError, UsageError, did_you_mean
from reltype.expressions import parse
from reltype.formats import BUILTIN, Format, choose, destination, write
from reltype.formats.xlsx import write_sheets
from reltype.scoring.result import Advice

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from reltype.analyses.outcome.weights import Weights
    from reltype.api import Opened
    from reltype.scoring.run import Run

WITHIN = {"short-term win": 30, "long-term win": 90, "new approach": 180}
"""Horizon → days within which the action is done."""
GATE_WITHIN = 7
"""Days within which what is broken is looked at."""
REASONS = 2
"""Facts of a customer that stand beside a benefit's reason."""
MOST = 10_000_000
"""What no team can do."""

COLUMNS = (
    "role",
    "rank",
    "customer_id",
    "benefit",
    "action",
    "why",
    "question",
    "certainty",
    "held_out",
    "by",
    "archetype",
    "priority",
    "gate",
    "as_of",
)


@frozen(eq=False)
class TeamPlan(Planned):
    """What each team does for whom.

    Attributes:
        table: A row for each customer of the plan, by role and rank: `role`, `rank` (1 is first; of
            those held out it goes on behind the others), `customer_id`, `benefit`, `action`, `why`,
            `question`, `certainty`, `held_out` (yes or no: leave them alone), `by` (the day by which
            it is done), `archetype`, `priority` (what it was ranked by), `gate` (yes where something
            that must be in order is broken), `as_of`.
        as_of: The day on which everybody was read; None where nothing says one.
        capacity: Role → how many it can do.
        holdout: Share that was held out.
        salt: What the hold-out was drawn with.
        power: What a later comparison can see: of all benefits together first, then of each.
        within: Days within which coming back counts.
        notes: What was left out, or left over.
    """

    @property
    def id(self) -> str:
        """What this plan is called in a journal: a hash of who is in it, for what, and from when."""
        kept = self.table.select(["as_of", "customer_id", "role", "benefit", "held_out"])
        return plan_id(kept.to_pylist())

    @property
    def rows(self) -> list[dict[str, Any]]:
        """A dict for each row of `table`."""
        found: list[dict[str, Any]] = self.table.to_pylist()
        return found

    def to_arrow(self) -> pa.Table:
        """`table`."""
        return self.table

    def to_pandas(self) -> Any:  # noqa: ANN401  a pandas DataFrame
        """`table` as a pandas DataFrame; needs `reltype[pandas]`."""
        return self.table.to_pandas()

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)

    def __str__(self) -> str:
        return page(self)

    def write(
        self,
        path: str | Path,
        format: str | None = None,  # noqa: A002
        formats: Iterable[Format] = BUILTIN,
    ) -> None:
        """Write `table`, whole or not at all; as XLSX with a sheet for each team beside all rows."""
        chosen = choose(path, format, formats)
        if chosen.name == "xlsx":
            with destination(path) as stream:
                write_sheets(sheets(self), stream)
        else:
            write(self.table.schema, self.table.to_batches(), path, chosen.name, (chosen,))


def plan(
    data: object = None,
    *,
    capacity: Mapping[str, int],
    holdout: float = 0.0,
    value: str | None = None,
    salt: str = "",
    within: int = 90,
    journal: str | Path | None = None,
    **options: Any,  # noqa: ANN401
) -> TeamPlan:
    """What each team does for whom, within what it can do.

    Args:
        data: What `reltype.classify` takes.
        capacity: Role → how many customers it can act on: work-flow, service, consultation,
            advisory, audit, liaison.
        holdout: The share of those chosen who are left alone, 0…½, balanced over archetypes; a team
            still gets as many as it can do. Nobody with something broken is held out.
        value: An expression over features, readings and columns of the customer table by which the
            priority is multiplied, such as `spend`; where it is null the median is taken.
        salt: Draws another hold-out.
        within: Days within which coming back will count, for the power that is told beforehand.
        journal: A `journal.jsonl`: the plan is added, and the outcomes in it weigh the priorities.
        options: Further options of `reltype.classify`.

    Raises:
        ConfigError: *value* speaks of what is not there.
        InputError: The data, or the journal, cannot be read or understood.
        UsageError: There is no such role, or a number makes no sense.

    Example:
        >>> import reltype
        >>> from reltype.simulate import simulate
        >>> log = simulate("coffee bar", customers=60).interactions
        >>> made = reltype.plan(log, capacity={"service": 5})
        >>> made.team("service").num_rows
        5
    """
    _checked(capacity, holdout, within)
    opened = open_inputs(data, **options)
    learned, notes = NONE, []
    if journal is not None:
        held = journals.read(journal, missing=True)
        learned, notes = weights(held), list(held.notes)
    asked = [("", "last_step_day")] if holdout else []
    if value is not None:
        asked.append(("--value", value))
    opened = needing(opened, asked)
    if value is not None:
        _value(opened, value)
    made = _planned(
        opened.run(), dict(capacity), holdout, value, salt, within, learned, tuple(notes)
    )
    if journal is not None:
        journals.append(journal, [entry(made)])
    return made


def entry(made: TeamPlan) -> dict[str, Any]:
    """What a journal keeps of a plan."""
    kept = ["customer_id", "role", "benefit", "archetype", "held_out"]
    return {
        "entry": "plan",
        "plan": made.id,
        "as_of": None if made.as_of is None else made.as_of.isoformat(),
        "capacity": dict(made.capacity),
        "holdout": made.holdout,
        "salt": made.salt,
        "within": made.within,
        "customers": [list(row.values()) for row in made.table.select(kept).to_pylist()],
        "columns": kept,
    }


def _checked(capacity: Mapping[str, int], holdout: float, within: int) -> None:
    if not capacity:
        raise UsageError("a plan needs a capacity: --capacity service=40, once for each team.")
    for role, most in capacity.items():
        if role not in ROLES:
            raise UsageError(f"--capacity {role}: no team is called so.{did_you_mean(role, ROLES)}")
        if isinstance(most, bool) or not isinstance(most, int) or not 0 <= most <= MOST:
            raise UsageError(f"--capacity {role}={most}: must be a whole number from 0.")
    if not 0 <= holdout <= 0.5:
        raise UsageError(f"--holdout {holdout:g}: must be a share from 0 to 0.5, such as 10%.")
    if not 1 <= within <= 3650:
        raise UsageError(f"--within {within}: must be days, from 1 to 3650.")


def _value(opened: Opened, value: str) -> None:
    """Raise ConfigError where *value* speaks of what is not there."""
    kinds = vocabulary(opened.plan, opened.inputs)
    functions = opened.plan.catalogue.functions
    parse(value, where="--value", columns=kinds, functions=functions, gives="number")


def _planned(
    run: Run,
    capacity: Mapping[str, int],
    holdout: float,
    value: str | None,
    salt: str,
    within: int,
    learned: Weights,
    notes: tuple[str, ...],
) -> TeamPlan:
    table, advice = _scored(run)
    broken = advice.broken
    told = [*notes, *learned.notes]
    worth = _worth(run, table, value, told)
    offers, open_gate = _offers(run, table, advice, worth, learned, told)
    teams = [role for role in ROLES if role in capacity]
    gates = np.array([b.gate for b in run.plan.benefits], bool)
    offers_of_gates = offers.where(broken[offers.customer, offers.benefit] & gates[offers.benefit])
    at = np.array([teams.index(r) if r in teams else -1 for r in ROLES], np.int64)
    offers = Offers(offers.customer, at[offers.team], offers.benefit, offers.score)
    offers = offers.where(offers.team >= 0)
    room = np.array([capacity[role] for role in teams], np.int64)
    urgent = offers.where(broken[offers.customer, offers.benefit] & gates[offers.benefit])
    first = assign(urgent, room)
    used = np.bincount(urgent.team[first], minlength=len(teams))
    _left_over(offers_of_gates, urgent.customer[first], teams, told)
    rest = offers.where(~open_gate[offers.customer])
    # As many as a team can do are acted on, so more are chosen where some are held out.
    wanted = np.floor((room - used) / (1 - holdout) + 1e-9).astype(np.int64)
    then = assign(rest, wanted)
    picked = _joined(urgent, first, rest, then)
    ids = table.column("customer_id").combine_chunks()
    named = _named(run, table)
    free = np.r_[np.zeros(len(first), bool), np.ones(len(then), bool)]
    aside = np.zeros(len(free), bool)
    if holdout and free.any():
        chosen = ids.take(pa.array(picked.customer[free]))
        strata = (picked.team[free], named[picked.customer[free]])
        aside[free] = held_out(run.population, chosen, strata, holdout, salt)
        # A draw may take one fewer than is over; a team still gets no more than it can do.
        over = np.bincount(picked.team[~aside], minlength=len(teams)) - room
        for team in np.flatnonzero(over > 0):
            mine = np.flatnonzero((picked.team == team) & ~aside & free)
            aside[mine[np.argsort(picked.score[mine], kind="stable")[: over[team]]]] = True
    made = _table(run, table, advice, picked, aside, ~free, teams, learned)
    for place, role in enumerate(teams):
        acted = int(((picked.team == place) & ~aside).sum())
        if acted < capacity[role]:
            told.append(
                f"{role}: {acted:,} of {capacity[role]:,} places are filled: nobody else is offered one "
                "of its benefits"
            )
    if day_of(run) is None:
        told.append(
            "nothing says of which day this is: give --as-of DAY, or no day stands in the plan and "
            "`reltype outcome` cannot tell since when"
        )
    powers: tuple[Power, ...] = ()
    if holdout:
        powers = _powers(run, picked, named, aside, free, within, told)
    return TeamPlan(made, day_of(run), capacity, holdout, salt, powers, within, tuple(told))


def _scored(run: Run) -> tuple[pa.Table, Advice]:
    """The result, and what everybody would gain from each benefit, in its order."""
    batches, found = [], []
    for batch in run.population.batches():
        scored = run.result.scored(batch, run.score_batch(batch))
        batches.append(run.result.made(scored))
        found.append(run.result.advice(scored))
    if not batches:
        raise InputError("There is nobody to plan for.")
    table = pa.Table.from_batches(batches, run.result.schema)
    return table.combine_chunks(), Advice(
        np.concatenate([one.priority for one in found]),
        np.concatenate([one.dimension for one in found]),
        np.concatenate([one.broken for one in found]),
        np.concatenate([one.likeliest for one in found]),
    )


def _worth(
    run: Run, table: pa.Table, value: str | None, notes: list[str]
) -> NDArray[np.float64] | None:
    """(customers,) what each is worth, ≥ 0; the median where that is not known; None: not asked."""
    if value is None:
        return None
    with everybody(run, [run.scales.as_of], [value]) as people:
        sql = people.parse(value, "--value", "number").sql()
        found = people.ask({"value": sql})
    worth = doubles(found.column("value"))
    place = doubles(pc.index_in(table.column("customer_id"), found.column("customer_id")))
    worth = worth[place.astype(np.int64)]
    known = np.isfinite(worth)
    if not known.any():
        raise UsageError(f"--value {value}: nothing was seen of it; leave it out.")
    if not known.all():
        middle = float(np.median(worth[known]))
        notes.append(
            f"--value is not known of {int((~known).sum()):,} customers: the median, {middle:.4g}, "
            "was taken"
        )
        worth = np.where(known, worth, middle)
    if (worth < 0).any():
        notes.append(f"--value is below 0 for {int((worth < 0).sum()):,} customers: taken as 0")
    return np.asarray(np.maximum(worth, 0.0))


def _offers(
    run: Run,
    table: pa.Table,
    advice: Advice,
    worth: NDArray[np.float64] | None,
    learned: Weights,
    notes: list[str],
) -> tuple[Offers, NDArray[np.bool_]]:
    """What may be done for whom; and who has something broken that goes first."""
    customer, benefit = np.nonzero(advice.priority > 0)
    score = advice.priority[customer, benefit]
    names = [b.name for b in run.plan.benefits]
    score = score * np.array([learned.weight(name) for name in names] or [1.0])[benefit]
    if worth is not None:
        score = score * worth[customer]
    team = np.array([ROLES.index(b.role) for b in run.plan.benefits] or [0], np.int64)[benefit]
    gates = np.array([b.gate for b in run.plan.benefits], bool)
    open_gate = (advice.broken & gates).any(axis=1)
    status = np.asarray(table.column("status").fill_null("").to_numpy(zero_copy_only=False), str)
    alarmed = doubles(pc.list_value_length(table.column("alarms").combine_chunks())) > 0
    gone = {name: status == name for name in ("ended", "dormant")}
    out = gone["ended"] | gone["dormant"]
    for name, word in (("ended", "left"), ("dormant", "long forgot us")):
        if gone[name].any():
            notes.append(f"{people(int(gone[name].sum()))} {word} ({name}): left alone")
    if (alarmed & ~out).any():
        notes.append(
            f"{people(int((alarmed & ~out).sum()))} with an alarm, such as hostage: only what must be in "
            "order is offered"
        )
    able = ~out[customer] & (gates[benefit] | ~alarmed[customer]) & (score > 0)
    return Offers(customer, team, benefit, score).where(able), open_gate


def _left_over(
    urgent: Offers, seen_to: NDArray[np.int64], teams: list[str], notes: list[str]
) -> None:
    """Say how many with something broken nobody sees to, and whose they would be."""
    waiting = np.setdiff1d(urgent.customer, seen_to)
    if len(waiting):
        mine = np.isin(urgent.customer, waiting)
        roles = [ROLES[t] for t in np.unique(urgent.team[mine])]
        listed = ", ".join(r if r in teams else f"{r}, which has no --capacity" for r in roles)
        notes.append(
            f"{people(len(waiting))} with something broken, to whom nobody can see ({listed}): they wait, "
            "and get nothing else meanwhile"
        )


def people(count: int) -> str:
    """So many customers, in words."""
    return "1 customer" if count == 1 else f"{count:,} customers"


def _joined(
    first: Offers, taken: NDArray[np.int64], second: Offers, also: NDArray[np.int64]
) -> Offers:
    def both(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(first, name)[taken], getattr(second, name)[also]])

    return Offers(both("customer"), both("team"), both("benefit"), both("score"))


def _named(run: Run, table: pa.Table) -> NDArray[np.int64]:
    """(n,) place of the archetype; their number for nobody's."""
    names = pa.array([a.name for a in run.plan.archetypes])
    found = doubles(pc.index_in(table.column("archetype").combine_chunks(), names))
    return np.where(np.isnan(found), len(names), found).astype(np.int64)


def _table(
    run: Run,
    table: pa.Table,
    advice: Advice,
    picked: Offers,
    aside: NDArray[np.bool_],
    urgent: NDArray[np.bool_],
    teams: list[str],
    learned: Weights,
) -> pa.Table:
    order = np.lexsort((picked.customer, -picked.score, ~urgent, aside, picked.team))
    rows = table.take(pa.array(picked.customer[order]))
    benefits, archetypes = run.plan.benefits, run.plan.archetypes
    role = picked.team[order]
    begin = np.searchsorted(role, np.arange(len(teams)))
    rank = np.arange(len(order)) - begin[role] + 1 if len(order) else np.zeros(0, np.int64)
    found = [benefits[i] for i in picked.benefit[order]]
    because = run.result.offered_because(advice, picked.customer[order], picked.benefit[order])
    named = rows.column("archetype").to_pylist()
    day = day_of(run)
    within = [
        GATE_WITHIN if soon else WITHIN[b.horizon]
        for b, soon in zip(found, urgent[order], strict=True)
    ]
    columns: dict[str, pa.Array] = {
        "role": pa.array([teams[i] for i in role], pa.string()),
        "rank": pa.array(rank, pa.int64()),
        "customer_id": rows.column("customer_id"),
        "benefit": pa.array([b.name for b in found], pa.string()),
        "action": pa.array(
            [action(b, n, archetypes) for b, n in zip(found, named, strict=True)], pa.string()
        ),
        "why": pa.array(_why(rows, because, found, learned), pa.string()),
        "question": pa.array(
            [question(b, n, archetypes) for b, n in zip(found, named, strict=True)], pa.string()
        ),
        "certainty": rows.column("certainty"),
        "held_out": pa.array(np.where(aside[order], "yes", "no").tolist(), pa.string()),
        "by": pa.array([day and day + dt.timedelta(days=n) for n in within], pa.date32()),
        "archetype": rows.column("archetype"),
        "priority": pa.array(picked.score[order], pa.float64()),
        "gate": pa.array(np.where(urgent[order], "yes", "no").tolist(), pa.string()),
        "as_of": pa.array([day] * len(order), pa.date32()),
    }
    return pa.table({name: columns[name] for name in COLUMNS})


def _why(rows: pa.Table, because: pa.Array, benefits: list[Any], learned: Weights) -> list[str]:
    """Why each gets their benefit: its own reason, then facts of the customer."""
    made = []
    for own, reasons, benefit in zip(
        because.to_pylist(), rows.column("reasons").to_pylist(), benefits, strict=True
    ):
        facts = [reason["text"] for reason in reasons or ()][:REASONS]
        made.append("; ".join(filter(None, [own, *facts, learned.told(benefit.name)])))
    return made


def _powers(
    run: Run,
    picked: Offers,
    named: NDArray[np.int64],
    aside: NDArray[np.bool_],
    free: NDArray[np.bool_],
    within: int,
    notes: list[str],
) -> tuple[Power, ...]:
    names = [*(a.name for a in run.plan.archetypes), UNCLASSIFIED]
    counts = np.bincount(named[picked.customer[free]], minlength=len(names))
    mix = {name: int(n) for name, n in zip(names, counts, strict=True) if n}
    base = comes_back(run, within, mix)
    if base is None:
        short = (
            f"the log is shorter than twice {within} days"
            if run.population.logs
            else "there is no log"
        )
        notes.append(
            f"{short}: how many come back anyway is not known, nor what the hold-out will be able to show"
        )
    made = [power("", int((free & ~aside).sum()), int(aside.sum()), base)]
    for place in np.unique(picked.benefit[free]):
        mine = free & (picked.benefit == place)
        made.append(
            power(
                run.plan.benefits[place].name,
                int((mine & ~aside).sum()),
                int((mine & aside).sum()),
                base,
            )
        )
    return tuple(made)


def share_of(text: str | float) -> float:
    """A share as people write it: `10%`, `0.1`. Raises UsageError for what is none."""
    said = str(text).strip()
    try:
        found = float(said.removesuffix("%").strip()) / (100 if said.endswith("%") else 1)
    except ValueError:
        found = math.nan
    if not 0 <= found <= 1:
        raise UsageError(f"--holdout {text}: must be a share, such as 10% or 0.1.")
    return found


__all__ = ["Power", "TeamPlan", "plan"]

"""Tracking: the relationship of every customer at each of several days, and who truly moved.

One pass over the log; one ruler for all days: a change of what is usual is no change of a
relationship.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import field, frozen

from reltype.analyses.everybody import scored_days
from reltype.analyses.sections import of_document
from reltype.analyses.tracking.changes import because
from reltype.analyses.tracking.days import as_of_days
from reltype.analyses.tracking.matrices import FEW, Matrix, matrices
from reltype.analyses.tracking.moves import WINDOW, Moves, moves
from reltype.analyses.tracking.states import (
    STATES,
    Seen,
    codes,
    seen_at,
    weights_of,
)
from reltype.api import open_inputs
from reltype.definitions.archetypes import UNCLASSIFIED
from reltype.errors import UsageError
from reltype.formats import BUILTIN, Format, write
from reltype.formats.html import listed, paragraph
from reltype.formats.html import table as html_table
from reltype.reporting.pictures import flow
from reltype.scoring import columns as col

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from reltype.definitions.sections import Section
    from reltype.reporting.pictures import Picture
    from reltype.scoring.population import History
    from reltype.scoring.run import Run

LEAST = 50
"""Customers below which nothing is said of movement."""


@frozen(eq=False)
class Track:
    """The relationship of every customer at each as-of day.

    Attributes:
        table: A row for each customer and day at which anything was known of them, sorted by
            both: `customer_id`, `as_of`, `archetype`, `certainty`, `p_…`, `d_…`, `previous` (the
            archetype at the day before, null at the first), `moved` (yes or no), `since` (the
            as-of day from which the archetype has held), `because` (of those who moved).
        days: The as-of days.
        matrices: `labelled`, `posterior`, `corrected`.
        mix: Day → state → customers.
        cohorts: (first as-of day, as-of day, state) → customers.
        notes: What was assumed, or cannot be said.
        formats: The ways out that `write` knows.
    """

    table: pa.Table = field(repr=False)
    days: tuple[dt.date, ...]
    matrices: dict[str, Matrix]
    mix: dict[dt.date, dict[str, int]]
    cohorts: dict[tuple[dt.date, dt.date, str], int] = field(repr=False)
    notes: tuple[str, ...]
    formats: Iterable[Format] = field(default=BUILTIN, repr=False)

    @property
    def movers(self) -> pa.Table:
        """The rows of those who moved."""
        return self.table.filter(pc.equal(self.table.column("moved"), "yes"))

    def to_dict(self) -> dict[str, Any]:
        """What `--format json` prints."""
        kept = ["customer_id", "as_of", "archetype", "previous", "because"]
        movers = self.movers.select(kept).to_pylist()
        return {
            "days": [day.isoformat() for day in self.days],
            "mix": {day.isoformat(): mix for day, mix in self.mix.items()},
            "matrices": {name: _matrix(one) for name, one in self.matrices.items()},
            "movers": [{**row, "as_of": row["as_of"].isoformat()} for row in movers],
            "cohorts": [
                {
                    "first": first.isoformat(),
                    "as_of": day.isoformat(),
                    "state": state,
                    "customers": n,
                }
                for (first, day, state), n in self.cohorts.items()
            ],
            "notes": list(self.notes),
        }

    def section(self) -> Section:
        """As a part of the report: `found.report(path, sections=[…])`."""
        return of_document(self.to_dict())

    def write(self, path: str | Path, format: str | None = None) -> None:  # noqa: A002
        """Write `table`, whole or not at all."""
        write(self.table.schema, self.table.to_batches(), path, format, self.formats)

    def to_pandas(self) -> Any:  # noqa: ANN401  a pandas DataFrame
        """`table` as a pandas DataFrame; needs `reltype[pandas]`."""
        return self.table.to_pandas()

    def flow(self, *, steps: int = 3, title: str = "") -> Picture:
        """A picture of who went where in the last *steps* steps, by their labels.

        Raises:
            UsageError: There are fewer than two days.
        """
        return flow(self.table, steps=steps, title=title)

    def _repr_html_(self) -> str:
        days = self.days[-6:]
        states = [
            state for state in self.mix[days[-1]] if any(self.mix[day][state] for day in days)
        ]
        rows = [[state, *(f"{self.mix[day][state]:,}" for day in days)] for state in states]
        moved = self.movers.num_rows
        latest = self.movers.sort_by([("as_of", "descending"), ("customer_id", "ascending")])
        told = [
            f"{row['customer_id']}, by {row['as_of']}: {row['because']}"
            for row in latest.slice(0, 6).to_pylist()
        ]
        return "".join(
            [
                html_table(["customers as of", *map(str, days)], rows),
                paragraph(f"{moved:,} moves beyond what noise explains."),
                listed(told),
                self.flow().draw(False),
            ]
        )

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)


def track(
    data: object,
    *,
    every: str = "quarter",
    first: dt.date | str | None = None,
    until: dt.date | str | None = None,
    **options: Any,  # noqa: ANN401
) -> Track:
    """The relationship of every customer in *data* at days an equal step apart.

    Each day's answer is that of `classify(data, as_of=day)` with the scales of the last day, or of
    the model: they are measured once.

    Args:
        data: What `reltype.classify` takes.
        every: The step: week, month, quarter, year, or days such as `90d`.
        first: No as-of day lies before it; None: one step after the log's first day.
        until: The last as-of day; None: the last day of the log.
        options: Further options of `reltype.classify`.

    Raises:
        InputError: The data cannot be read or understood.
        UsageError: There is no such step, or it gives fewer than two days, or more than 120.

    Example:
        >>> import reltype
        >>> from reltype.simulate import simulate
        >>> log = simulate("coffee bar", customers=60).interactions
        >>> found = reltype.track(log, every="quarter")
        >>> found.days[-1]
        datetime.date(2024, 12, 31)
    """
    if until is not None:
        options = {**options, "as_of": until}
    run = open_inputs(data, **options).run()
    last, start = run.scales.as_of, run.scales.log_start
    begin = dt.date.fromisoformat(first) if isinstance(first, str) else first
    days = as_of_days(every, begin or start, last)
    if begin is None and len(days) > 1 and days[0] - start < (days[1] - days[0]) / 2:
        days = days[1:]  # next to nothing was seen before it
    if len(days) < 2:
        raise UsageError(
            f"--every {every}: the log runs from {start} to {last}, which is less than two steps; "
            "take a smaller one."
        )
    with run.population.in_periods(days) as history:
        return _tracked(run, history)


def _tracked(run: Run, history: History) -> Track:
    names = [a.name for a in run.plan.archetypes]
    states = (*names, *STATES)
    scored = scored_days(run, history)
    seen = seen_at(scored, run.plan, len(history.days))
    notes: list[str] = []
    found = _moves(run, history, seen, len(names), notes)
    count = len(seen.ids)
    weights = weights_of(seen, states, len(names))
    told = because(history, seen.ids, found, names)
    number = np.where(found.moved, np.cumsum(found.moved).reshape(found.moved.shape) - 1, -1)
    before = np.full_like(seen.named, -1)
    before[:, 1:] = seen.named[:, :-1]
    order = np.argsort(seen.place, kind="stable")
    rows, columns = np.divmod(seen.place[order], len(history.days))
    titles = pa.array([*names, UNCLASSIFIED, None])
    stamps = pa.array(list(history.days), pa.date32())
    added = {
        "previous": titles.take(pa.array(before[rows, columns] % len(titles))),
        "moved": pc.if_else(pa.array(found.moved[rows, columns]), "yes", "no"),
        "since": stamps.take(pa.array(_since(seen.named)[rows, columns])),
        "because": told.take(pa.array(number[rows, columns] % len(told))),
    }
    table = scored.take(pa.array(order))
    for name, column in added.items():
        table = table.append_column(name, column)
    if count < LEAST:
        notes.append(f"{count} customers are too few to say anything of movement")
    if len(history.days) < 3:
        notes.append("two days are one step: half-lives and expected moves need more")
    kept = ["customer_id", "as_of", "archetype", "certainty"]
    wanted = [c for c in table.column_names if c.startswith((col.POSTERIOR, col.READING))]
    return Track(
        table.select([*kept, *wanted, "previous", "moved", "since", "because"]),
        history.days,
        matrices(states, seen.state, weights),
        {
            day: {s: int((seen.state[:, i] == k).sum()) for k, s in enumerate(states)}
            for i, day in enumerate(history.days)
        },
        _cohorts(seen, history.days, states),
        tuple(notes),
        run.formats,
    )


def _since(named: NDArray[np.int64]) -> NDArray[np.int64]:
    """(customers, days) place of the day from which each name has held without a break."""
    since = np.zeros(named.shape, np.int64)
    for day in range(1, named.shape[1]):
        same = named[:, day] == named[:, day - 1]
        since[:, day] = np.where(same, since[:, day - 1], day)
    return since


def _moves(run: Run, history: History, seen: Seen, archetypes: int, notes: list[str]) -> Moves:
    """Who moved by more than noise explains; nobody where the log has no dates to shuffle."""
    shape = (*seen.state.shape, archetypes)
    if history.periods is None or len(history.days) <= WINDOW + 1:
        notes.append(
            "no move can be told from noise: that takes a log and at least "
            f"{WINDOW + 2} as-of days (take a smaller --every)"
        )
        nobody = np.zeros(shape[:2], bool)
        return Moves(nobody, nobody.astype(int), nobody.astype(int), nobody * np.nan, np.nan)
    return moves(_periods(run, history, seen, shape))


def _periods(
    run: Run, history: History, seen: Seen, shape: tuple[int, int, int]
) -> NDArray[np.float64]:
    """What the period that ends on each day says of each archetype, as log-likelihoods.

    The first, which holds all that lies before the first day, is none, nor is one in which a
    customer came.
    """
    said = np.full(shape, np.nan)
    for place, batch in history.judge(1):
        pooled = run.score_batch(batch)
        rows = codes(batch.table.column("customer_id"), seen.ids)
        known = rows >= 0
        likely = pooled.scores[:, :-1] - pooled.prior / pooled.temperature[:, None]
        said[rows[known], place] = likely[known]
    first = seen.there.argmax(axis=1)
    for day in range(shape[1]):
        said[(first > day - 1) | (day == 0), day] = np.nan
    return said


def _cohorts(
    seen: Seen, days: Sequence[dt.date], states: Sequence[str]
) -> dict[tuple[dt.date, dt.date, str], int]:
    first = seen.there.argmax(axis=1)
    made: dict[tuple[dt.date, dt.date, str], int] = {}
    for begin in range(len(days)):
        mine = seen.state[first == begin]
        for day in range(begin, len(days)):
            counts = np.bincount(mine[:, day], minlength=len(states))
            made |= {
                (days[begin], days[day], state): int(n)
                for state, n in zip(states, counts, strict=True)
                if n
            }
    return made


def _matrix(one: Matrix) -> dict[str, Any]:
    def cells(values: NDArray[np.float64]) -> list[list[float | None]]:
        return [[None if np.isnan(v) else round(float(v), 6) for v in row] for row in values]

    return {
        "states": list(one.states),
        "shares": cells(one.shares),
        "low": cells(one.low),
        "high": cells(one.high),
        "steps": [float(n) for n in one.steps],
        "half_life": {state: one.half_life(state) for state in one.states},
        "next": {state: one.next(state) for state in one.states},
    }


__all__ = ["FEW", "STATES", "Matrix", "Track", "track"]

"""Pictures: a result, a customer or a track drawn, to show in a notebook and to save as a file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc
from attrs import field, frozen

from reltype.definitions.archetypes import UNCLASSIFIED
from reltype.errors import InputError, UsageError, did_you_mean
from reltype.explaining.customer import explain
from reltype.explaining.customer_card import LANES, contacts
from reltype.formats import destination
from reltype.reporting import plots
from reltype.reporting.page import people
from reltype.reporting.page.mix import mix as shares
from reltype.reporting.page.portraits import axes
from reltype.reporting.page.subject import Subject
from reltype.reporting.plots.converting import converted, ending_of
from reltype.reporting.plots.drawing import colour

if TYPE_CHECKING:
    import pyarrow as pa

    from reltype.scoring.run import Run

INTERVAL = (
    "In brackets, and the line below a bar: 95% interval, were these a random sample of many."
)


@frozen
class Picture:
    """A drawing that a notebook shows and that can be saved.

    Attributes:
        kind: `mix`, `map`, `profile`, `flow`, `waterfall` or `timeline`.
        draw: Gives the SVG; whether it has a sheet of its own.
    """

    kind: str
    draw: Callable[[bool], str] = field(repr=False)

    @property
    def svg(self) -> str:
        """With a white sheet and dark ink."""
        return self.draw(True)

    def save(self, path: str | Path) -> None:
        """Write it whole or not at all: `.svg`, or with `reltype[report]` `.png` or `.pdf`.

        Raises:
            UsageError: Another ending, or what makes PNG and PDF is not installed.
            OutputError: The place cannot be written.
        """
        made = converted(self.svg, ending_of(path))
        with destination(path) as stream:
            stream.write(made)

    def _repr_html_(self) -> str:
        """In the colours of the page around it, light or dark."""
        return self.draw(False)

    def _repr_svg_(self) -> str:
        return self.svg


def mix(subject: Subject, *, slide: bool = False, title: str = "") -> Picture:
    """Shares of the archetypes, with intervals and how sure the names are."""
    made, n = shares(subject), max(len(subject), 1)
    names = [subject.names.archetype(one.kind) for one in made]
    plural = subject.plan.typology.plural
    day = f" as of {_day(subject.as_of)}" if subject.as_of and subject.as_of.year > 1970 else ""
    certainty = {
        level: [one.certainty[i] / n for one in made] for i, level in enumerate(subject.levels)
    }

    def draw(paper: bool) -> str:
        return plots.mix(
            names,
            [one.share for one in made],
            low=[one.low for one in made],
            high=[one.high for one in made],
            certainty=certainty,
            unnamed=names[-1],
            title=title or f"What kind of relationships our {plural} have",
            subtitle=f"{len(subject):,} {plural}{day}",
            note=INTERVAL,
            slide=slide,
            paper=paper,
        )

    return Picture("mix", draw)


def map_of(subject: Subject, x: str = "", y: str = "", title: str = "") -> Picture:
    """Customers on two dimensions: those on which the archetypes lie farthest apart, or *x*, *y*.

    Raises:
        UsageError: There is no such dimension, or no two were seen.
    """
    dimensions = [one.name for one in subject.plan.dimensions]
    for name in filter(None, (x, y)):
        if name not in dimensions:
            raise UsageError(f"No dimension is called {name!r}.{did_you_mean(name, dimensions)}")
    found = axes(subject)
    if found is None and not (x and y):
        raise UsageError("there is nothing to draw: no two dimensions were seen of anybody.")
    chosen = [*(found or (0, 0))]
    for place, name in enumerate((x, y)):
        if name:
            chosen[place] = dimensions.index(name)
            if not (x, y)[1 - place] and chosen[1 - place] == chosen[place] and found:
                chosen[1 - place] = found[1] if chosen[place] == found[0] else found[0]
    across, up = (subject.plan.dimensions[k] for k in chosen)
    names = [subject.names.archetype(kind) for kind in subject.kinds]
    plural = subject.plan.typology.plural

    def draw(paper: bool) -> str:
        return plots.map(
            subject.readings[:, chosen[0]],
            subject.readings[:, chosen[1]],
            subject.named,
            names,
            x_axis=(across.name, across.low, across.high),
            y_axis=(up.name, up.low, up.high),
            unnamed=names[-1],
            title=title or f"{plural.capitalize()} by {across.name} and {up.name}",
            paper=paper,
        )

    return Picture("map", draw)


def profile(subject: Subject, who: str, title: str = "") -> Picture:
    """One archetype, or one customer, on every dimension beside all customers.

    Raises:
        UsageError: *who* is no archetype of the typology and no customer.
    """
    dimensions = subject.plan.dimensions
    usual = _quantiles(subject.readings, 0.5)
    plural = subject.plan.typology.plural
    if who in subject.kinds:
        place = subject.kinds.index(who)
        mine = subject.readings[subject.named == place]
        low, middle, high = (_quantiles(mine, q) for q in (0.25, 0.5, 0.75))
        more: dict[str, Any] = {"low": low, "high": high, "colour": colour(place)}
        named = f"{subject.names.archetype(who)}: {len(mine):,} {plural}"
    else:
        row = place_of(subject, who)
        middle = [None if np.isnan(v) else float(v) for v in subject.readings[row]]
        more = {"evidence": subject.evidence[row].tolist()}
        named = subject.names.customer(row)

    def draw(paper: bool) -> str:
        return plots.profile(
            [one.name for one in dimensions],
            middle,
            poles=[(one.low, one.high) for one in dimensions],
            usual=usual,
            usual_word=f"median of all {plural}",
            title=title or named,
            paper=paper,
            **more,
        )

    return Picture("profile", draw)


def waterfall(subject: Subject, who: str, run: Run | None = None, title: str = "") -> Picture:
    """What one customer's score is made of, adding up.

    With *run*, every contribution to the score of the archetype that is likeliest; from a stored
    result what its reasons add to its lead over the next, and all else as one.

    Raises:
        UsageError: There is no such customer, or the result holds no contributions.
    """
    place = place_of(subject, who)
    named = subject.names.customer(place)
    if run is not None:
        found = explain(run, who)
        likely = max(
            (a for a in found.scores if a != UNCLASSIFIED), key=found.posterior.__getitem__
        )
        parts = [(one.text, one.amount) for one in found.of(likely)]
        total, note = f"score of {likely}", ""
    else:
        row = subject.table.slice(place, 1).to_pylist()[0]
        told = people.waterfall(subject, place, row)
        if told is None:
            raise UsageError(
                "the result holds no contributions: a CSV has reasons as text alone. Draw from the "
                "data, or from a result as Parquet or JSON."
            )
        parts = [(step.text, step.amount / 100) for step in told.steps]
        total = f"{told.first} over {told.second}"
        note = f"The lead of {told.first} over {told.second}: {told.odds}."

    def draw(paper: bool) -> str:
        return plots.waterfall(
            [subject.names.text(text) for text, _ in parts],
            [amount for _, amount in parts],
            total=total,
            title=title or f"Why {named} is what they are",
            note=note,
            paper=paper,
        )

    return Picture("waterfall", draw)


def timeline(run: Run, who: str, title: str = "") -> Picture:
    """One customer's contacts by day.

    Raises:
        UsageError: No log was read.
        InputError: It holds nothing of such a customer.
    """
    if not run.inputs.logs:
        raise UsageError("a timeline needs a log; what was read tells nothing of single contacts.")
    rows = contacts(run, who)
    if not rows:
        raise InputError(f"There is no customer {who!r} in the log.")
    lane = {kind: name for name, kinds in LANES.items() for kind in kinds}
    days = [row["timestamp"].date() for row in rows]

    def draw(paper: bool) -> str:
        return plots.timeline(
            days,
            [lane.get(row["kind"], "other") for row in rows],
            sizes=[row["value"] for row in rows],
            order=list(LANES),
            start=min(*days, run.scales.log_start),
            end=run.scales.as_of,
            title=title or f"Contacts of {who}",
            note="Larger marks: more money. Bars count the contacts of a stretch of time."
            if any(row["value"] is not None for row in rows)
            else "",
            paper=paper,
        )

    return Picture("timeline", draw)


def flow(table: pa.Table, *, steps: int = 3, title: str = "", plural: str = "customers") -> Picture:
    """Who went where in the last *steps* steps of a track.

    Args:
        table: A row for each customer and day: `as_of`, `archetype`, `previous`.
        steps: How many of the last.
        title: What is said above.
        plural: What customers are called.

    Raises:
        UsageError: It is no track, or has fewer than two days.
    """
    if not {"as_of", "archetype", "previous"} <= set(table.column_names):
        raise UsageError("a flow needs what `reltype track -o FILE` wrote, or a log to track.")
    table = table.select(["as_of", "archetype", "previous"])
    table = table.set_column(0, "as_of", table.column("as_of").cast("date32"))
    days = sorted(pc.unique(table.column("as_of")).to_pylist())
    if len(days) < 2:
        raise UsageError("there is nothing to draw: a flow needs two days or more.")
    days = days[-steps - 1 :]
    named = pc.unique(table.column("archetype")).to_pylist()
    states = [*sorted(name for name in named if name != UNCLASSIFIED), UNCLASSIFIED]
    moves = []
    for day in days[1:]:
        then = table.filter(pc.equal(table.column("as_of"), day)).drop_null()
        counts = then.group_by(["previous", "archetype"]).aggregate([([], "count_all")])
        made = np.zeros((len(states), len(states)))
        for row in counts.to_pylist():
            if row["previous"] in states:
                made[states.index(row["previous"]), states.index(row["archetype"])] = row[
                    "count_all"
                ]
        moves.append(made)

    def draw(paper: bool) -> str:
        return plots.flow(
            states,
            [_day(day) for day in days],
            moves,
            grey=[UNCLASSIFIED],
            title=title or f"Where {plural} went",
            note="Those who were there at both ends of a step, by their labels: some moves are "
            "errors of labels (reltype track corrects for them).",
            paper=paper,
        )

    return Picture("flow", draw)


def place_of(subject: Subject, who: str) -> int:
    """The row of a customer.

    Raises:
        UsageError: There is none of that id.
    """
    ids = subject.table.column("customer_id")
    place = int(pc.index(ids, who).as_py())
    if place < 0:
        near = [*subject.kinds, *ids.slice(0, 100_000).to_pylist()]
        raise UsageError(f"There is no customer {who!r}.{did_you_mean(who, near)}")
    return place


def _quantiles(readings: Any, share: float) -> list[float | None]:  # noqa: ANN401
    """Of each column, of those seen; None where nothing was."""
    made: list[float | None] = []
    for column in readings.T:
        seen = column[~np.isnan(column)]
        made.append(float(np.quantile(seen, share)) if len(seen) else None)
    return made


def _day(day: dt.date) -> str:
    return f"{day.day} {day:%b %Y}"

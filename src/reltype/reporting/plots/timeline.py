"""Timeline: what happened with one customer, a lane for each sort of contact."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np

from reltype.reporting.plots.drawing import Drawing, colour, shape, width_of, wrapped

WIDTH, LANE, EDGE, SIZE = 760, 46, 16, 12
MANY = 60
"""Contacts of a lane from which bars count them."""

BINS = 60


def timeline(
    days: Sequence[dt.date],
    lanes: Sequence[str],
    *,
    sizes: Sequence[float | None] | None = None,
    order: Sequence[str] = (),
    start: dt.date | None = None,
    end: dt.date | None = None,
    marks: Mapping[str, dt.date] | None = None,
    title: str = "Contacts",
    note: str = "",
    paper: bool = False,
) -> str:
    """Contacts by day, as SVG.

    Args:
        days: When each happened.
        lanes: In which lane each is drawn, such as `paid`.
        sizes: How much each was, such as what was paid: the larger, the larger its mark.
        order: Lanes from above to below; those that are not in it follow as they come.
        start: Where the time begins; None: at the first contact.
        end: Where it ends; None: at the last.
        marks: What is told by an upright line → its day, such as the as-of day.
        title: What is said above.
        note: What is said below.
        paper: With a white sheet of its own, for a file.

    Beyond `MANY` contacts of a lane, bars count those of an equal stretch of time each.

    Example:
        >>> import datetime as dt
        >>> from reltype.reporting import plots
        >>> "1 in all" in plots.timeline([dt.date(2024, 5, 1)], ["paid"])
        True
    """
    held: dict[str, list[int]] = {lane: [] for lane in order if lane in set(lanes)}
    for i, lane in enumerate(lanes):
        held.setdefault(lane, []).append(i)
    every = [*days, *(marks or {}).values()]
    first = start or min(every, default=dt.date(1970, 1, 1))
    last = end or max(every, default=first)
    span = max((last - first).days, 1)
    names = min(max([60.0, *(width_of(lane, SIZE) for lane in held)]), 160.0) + 14
    left, right = EDGE + names, WIDTH - EDGE - 88

    def at(day: dt.date) -> float:
        return left + min(max((day - first).days / span, 0.0), 1.0) * (right - left)

    notes = wrapped(note, WIDTH - 2 * EDGE, 12) if note else []
    top = EDGE + 54
    bottom = top + LANE * len(held)
    told = "; ".join(f"{lane} {len(mine):,}" for lane, mine in held.items())
    described = f"From {first} to {last}: {told or 'no contacts'}. {note}".strip()
    picture = Drawing("timeline", WIDTH, bottom + 26 + 18 * len(notes) + EDGE, title, described)
    picture.text(EDGE, EDGE + 16, title, size=16, bold=True, room=WIDTH - 2 * EDGE)
    for name, day in (marks or {}).items():
        picture.line(at(day), top - 8, at(day), bottom, dash=True, faint=0.7)
        side = "end" if at(day) > (left + right) / 2 else "start"
        picture.text(at(day), top - 12, name, size=SIZE, anchor=side, faint=0.85, room=260)
    for place, (lane, mine) in enumerate(held.items()):
        y = top + LANE * (place + 0.5)
        picture.text(left - 10, y + 4, lane, anchor="end", size=SIZE, room=names - 12)
        picture.text(right + 10, y + 4, f"{len(mine):,} in all", size=SIZE, faint=0.85)
        where = [days[i] for i in mine]
        if len(mine) > MANY:
            picture.line(left, y + 16, right, y + 16, faint=0.3)
            _counted(picture, [at(day) for day in where], place, y, (left, right))
        else:
            picture.line(left, y, right, y, faint=0.3)
            much = [None if sizes is None else sizes[i] for i in mine]
            _marked(picture, [at(day) for day in where], much, place, y)
    for tick, word in _ticks(first, last):
        picture.line(at(tick), bottom, at(tick), bottom + 5)
        picture.text(at(tick), bottom + 19, word, size=SIZE, anchor="middle")
    picture.line(left, bottom, right, bottom)
    for j, line in enumerate(notes):
        picture.text(EDGE, bottom + 26 + 18 * (j + 1), line, size=12, faint=0.85)
    return picture.svg(paper=paper)


def _marked(
    picture: Drawing, across: Sequence[float], much: Sequence[float | None], place: int, y: float
) -> None:
    known = [abs(m) for m in much if m is not None]
    most = max(known, default=0.0)
    radius = [
        5.0 if m is None or most == 0 else 3.0 + 7.0 * float(np.sqrt(abs(m) / most)) for m in much
    ]
    picture.marks([(x, y) for x in across], shape(place), colour(place), radius=radius, fill=0.65)


def _counted(
    picture: Drawing, across: Sequence[float], place: int, y: float, ends: tuple[float, float]
) -> None:
    left, right = ends
    held, edges = np.histogram(np.asarray(across), bins=BINS, range=(left, right))
    most = max(int(held.max()), 1)
    for count, edge in zip(held.tolist(), edges.tolist(), strict=False):
        high = 32 * count / most
        picture.bar(edge, y + 16 - high, (right - left) / BINS - 1, high, colour(place), fill=0.85)


def _ticks(first: dt.date, last: dt.date) -> list[tuple[dt.date, str]]:
    """Round days, from two to about eight: years, quarters, months or single days."""
    days = (last - first).days
    if days < 28:
        step = max(1, days // 5)
        made = [first + dt.timedelta(k) for k in range(0, days + 1, step)]
        return [(day, f"{day.day} {day:%b}") for day in made]
    months = days / 30.44
    step = next((s for s in (1, 2, 3, 6, 12, 24, 60, 120) if months / s <= 8), 240)
    made, year, month = [], first.year, 1
    while dt.date(year, month, 1) <= last:
        if dt.date(year, month, 1) >= first:
            made.append(dt.date(year, month, 1))
        month += step
        year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
        if year > dt.MAXYEAR:
            break
    return [(day, f"{day.year}" if step >= 12 else f"{day:%b} {day.year}") for day in made]

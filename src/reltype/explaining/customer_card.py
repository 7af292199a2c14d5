"""Customer card: what the rows hold of one customer, for somebody who is to say what they are.

It shows what was done, paid and said, and nothing that the model thinks: who is told an answer tends
to give it back.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reltype.definitions.phrases import describe_value
from reltype.expressions import literal, quote
from reltype.formats.printing import printable

if TYPE_CHECKING:
    from reltype.inputs.input import Input
    from reltype.scoring.run import Run

WIDTH = 48
"""Columns of the timeline."""

FIRST, LAST = 4, 14
"""Rows shown of a long history: the first and the last."""

LONG = 60
"""Letters of a text or a cell that are shown."""

LANES: Mapping[str, tuple[str, ...]] = {
    "paid": ("purchase", "renewal"),
    "came by": ("visit", "event"),
    "in touch": ("message", "support", "complaint", "review", "survey", "response", "referral"),
    "we wrote": ("outreach", "resolution"),
    "went": ("refund", "cancellation"),
    "other": ("other",),
}
"""Line of the timeline → its kinds."""


def customer_card(run: Run, customer: str) -> str:
    """The rows of *customer*: a timeline, what happened in time order, the customer table's columns."""
    lines = [printable(customer), ""]
    lines += _history(run, customer)
    for item in run.inputs.with_role("customers"):
        lines += _columns(run, item, customer)
    return "\n".join(lines).rstrip()


def _history(run: Run, customer: str) -> list[str]:
    rows = contacts(run, customer)
    if not rows:
        return ["  nothing in the log", ""] if run.inputs.logs else []
    start, end = run.scales.log_start, run.scales.as_of
    lines = _timeline([(r["timestamp"].date(), r["kind"]) for r in rows], start, end)
    lines.append("")
    shown = rows if len(rows) <= FIRST + LAST + 1 else [*rows[:FIRST], None, *rows[-LAST:]]
    for row in shown:
        lines.append("  …" if row is None else f"  {_event(run, row)}".rstrip())
    hidden = len(rows) - FIRST - LAST
    if None in shown:
        lines[lines.index("  …")] = f"  … {hidden:,} more rows …"
    paid = sum(r["value"] or 0 for r in rows if r["kind"] in {"purchase", "renewal", "refund"})
    lines += [
        "",
        f"  {len(rows):,} rows; {describe_value(float(paid), 'money', units=run.inputs.units)} paid in all",
        "",
    ]
    return lines


def contacts(run: Run, customer: str) -> list[dict[str, Any]]:
    """What happened, in time order, up to the as-of day."""
    names = ["timestamp", "kind", "state", "value", "sentiment", "rating", "discount"]
    names += ["channel", "category", "text"]
    asked = ", ".join(names)
    logs = " UNION ALL ".join(
        f"SELECT {asked} FROM ({log}) WHERE reject IS NULL AND customer_id = {literal(customer)}"
        for log in run.inputs.logs
    )
    if not logs:
        return []
    until = literal(str(run.scales.as_of))
    found = run.population.engine.rows(
        f"SELECT {asked} FROM ({logs}) WHERE CAST(timestamp AS DATE) <= CAST({until} AS DATE)"
        " ORDER BY ALL"
    )
    return [dict(zip(names, row, strict=True)) for row in found]


def _timeline(events: Iterable[tuple[dt.date, str]], start: dt.date, end: dt.date) -> list[str]:
    """A line for each sort of row: `·` nothing, a digit how many, `+` more than nine."""
    days = max((end - start).days, 1)
    counts: dict[str, list[int]] = {}
    for day, kind in events:
        lane = next((name for name, kinds in LANES.items() if kind in kinds), "other")
        place = min(max((day - start).days * WIDTH // (days + 1), 0), WIDTH - 1)
        counts.setdefault(lane, [0] * WIDTH)[place] += 1
    first, last = _day(start), _day(end)
    lines = [f"  {'':<9}{first}{last:>{WIDTH - len(first)}}"]
    for lane in LANES:
        if lane in counts:
            marks = "".join("·" if n == 0 else str(n) if n < 10 else "+" for n in counts[lane])
            lines.append(f"  {lane:<9}{marks}")
    return lines


def _event(run: Run, row: Mapping[str, Any]) -> str:
    units = run.inputs.units
    parts = [f"{row['timestamp'].date()}  {row['kind']:<12}"]
    value = row["value"]
    parts.append(
        f"{describe_value(float(value), 'money', units=units) if value is not None else '':>10}"
    )
    more = []
    if row["discount"]:
        more.append(f"{describe_value(float(row['discount']), 'percent')} off")
    opinion = row["rating"] if row["sentiment"] is None else row["sentiment"]
    if opinion is not None:
        more.append(
            f"judged us {describe_value(float(opinion), 'rating', 'sentiment_mean', units)}"
        )
    more += [str(row[name]) for name in ("state", "channel", "category") if row[name]]
    if row["text"]:
        more.append(f"“{_short(str(row['text']))}”")
    return "  ".join([*parts, printable(", ".join(more))])


def _columns(run: Run, item: Input, customer: str) -> list[str]:
    """What a customer table holds of the customer, by its own columns."""
    keep: Sequence[str] = tuple(item.source.columns)
    sql = item.select(features=(), keep=[c for c in keep if c != "customer_id"])
    wanted = [c for c in keep if c != "customer_id"]
    asked = ", ".join(map(quote, wanted)) or "1"
    found = run.population.engine.rows(
        f"SELECT {asked} FROM ({sql}) WHERE customer_id = {literal(customer)} LIMIT 1"
    )
    if not found or not wanted:
        return []
    lines = [f"  {printable(item.source.name)}"]
    for name, value in zip(wanted, found[0], strict=True):
        if value not in (None, ""):
            lines.append(f"    {printable(name)}: {printable(_short(_cell(value)))}")
    return [*lines, ""]


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return f"{value:,.0f}"
    return str(value).removesuffix(" 00:00:00")


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONG else f"{text[: LONG - 1]}…"


def _day(day: dt.date) -> str:
    return f"{day.day} {day:%B} {day.year}"

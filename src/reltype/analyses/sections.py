"""Sections: what analyses found, as parts of the report, from the documents that they write.

A document is what `--format json` of `track`, `review`, `drivers`, `issues` or `stakeholders` prints, or
the table that `plan -o` writes: the forms are contracts (docs/reference.md), so that a page can be put
together from files of different days and machines.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import csv, parquet

from reltype.definitions.sections import Section
from reltype.errors import InputError, UsageError

MOVERS, ISSUES, PEOPLE = 6, 20, 15
"""Rows that are shown at most."""

CHANGED, STANDARDS, DRIVERS = "What changed", "Standards met and missed", "Drivers"
_TITLES = (CHANGED, STANDARDS, DRIVERS, "Plan", "Issues", "Stakeholders")
_ORDER = {title: place for place, title in enumerate(_TITLES)}
_PLAN = ("role", "rank", "customer_id", "benefit", "action", "why", "question")
_PLAN_KEYS = frozenset(_PLAN[:4])
_BIGGEST = 1 << 28
"""Bytes of a document at most; none that a person reads is larger."""


def read(path: str | Path) -> Section:
    """The section that a file makes which another command wrote.

    Raises:
        InputError: It cannot be read.
        UsageError: It is of none of the known forms.
    """
    path = Path(path)
    if path.suffix.lower() in {".csv", ".parquet", ".pq"}:
        return _of_table(path)
    try:
        if path.stat().st_size > _BIGGEST:
            raise InputError(f"{path}: is too large to be shown in a page.")
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: cannot be read as JSON ({error}).") from error
    try:
        return of_document(document)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise InputError(
            f"{path}: is not in the form in which reltype writes it ({error!r})."
        ) from error


def in_order(sections: Sequence[Section]) -> list[Section]:
    """What changed, standards, drivers, the plan, then whatever else there is."""
    return sorted(sections, key=lambda one: _ORDER.get(one.title, len(_ORDER)))


def of_document(document: object) -> Section:
    """The section that a document makes.

    Raises:
        UsageError: It is of none of the known forms.
    """
    if isinstance(document, Mapping):
        for keys, make in _FORMS.items():
            if all(key in document for key in keys):
                return make(document)
    rows = document if isinstance(document, list) else []
    if rows and all(isinstance(row, Mapping) and set(row) >= _PLAN_KEYS for row in rows):
        return _plan(rows)
    raise UsageError(
        "is none of what a report can show: JSON of track, review, drivers, issues or stakeholders, "
        "or the table of plan."
    )


def _of_table(path: Path) -> Section:
    try:
        if path.suffix.lower() == ".csv":
            names = csv.open_csv(path).schema.names
            types = csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
            table = csv.read_csv(path, convert_options=types)
        else:
            table = parquet.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path}: cannot be read as a table ({error}).") from error
    if not set(table.column_names) >= _PLAN_KEYS:
        raise UsageError(f"{path}: is not the table that reltype plan writes.")
    return _plan(table.to_pylist())


def _table(rows: Sequence[Mapping[str, object]]) -> pa.Table | None:
    """Rows of texts, in the order of the first one's keys."""
    if not rows:
        return None
    fields = [(name, pa.string()) for name in rows[0]]
    return pa.Table.from_pylist(
        [{k: "" if v is None else str(v) for k, v in row.items()} for row in rows],
        schema=pa.schema(fields),
    )


def _track(document: Mapping[str, Any]) -> Section:
    days = document["days"]
    mix = document["mix"]
    states = [state for state in mix[days[-1]] if any(mix[day].get(state) for day in days)]
    shown = days[-6:]
    totals = {day: max(sum(n for s, n in mix[day].items() if s != "new"), 1) for day in shown}
    movers = document["movers"]
    lines = [
        f"{len(days)} as-of days from {days[0]} to {days[-1]}; the table has the latest. "
        + (
            f"{len(movers):,} moves by more than the noise of the readings explains."
            if movers
            else "Nobody moved by more than the noise of the readings explains."
        )
    ]
    latest = sorted(movers, key=lambda one: (one["as_of"], one["customer_id"]), reverse=True)
    said = [
        f"{one['customer_id']}, by {one['as_of']}: {one['because']}." for one in latest[:MOVERS]
    ]
    lines += said
    lines += [f"Note: {note}." for note in document.get("notes", ())]
    rows = [
        {
            "Customers who are": state,
            **{day: f"{mix[day].get(state, 0) / totals[day]:.1%}" for day in shown},
        }
        for state in states
        if state != "new"
    ]
    return Section(CHANGED, "\n\n".join(lines), _table(rows))


def _review(document: Mapping[str, Any]) -> Section:
    found = document["standards"]
    counts = {word: sum(one["verdict"] == word for one in found) for word in _VERDICTS}
    told = ", ".join(f"{n} {word}" for word, n in counts.items() if n)
    rows = [
        {
            "Standard": one["name"],
            "Verdict": one["verdict"],
            "Value": _figure(one["value"]),
            "95% interval": _between(one.get("low"), one.get("high")),
            "Asked": _asked(one),
            "Customers": f"{one.get('customers') or 0:,}",
            "Owner": one.get("owner") or "",
            "What would correct it": "; ".join(
                action["benefit"] for action in one.get("actions") or ()
            ),
        }
        for one in found
    ]
    notes = [f"Note: {note}." for note in document.get("notes", ())]
    head = f"{len(found)} standards: {told}." if found else "No standard was set."
    text = "\n\n".join([head, *notes])
    return Section(STANDARDS, text, _table(rows))


_VERDICTS = ("met", "missed", "cannot tell")


def _asked(one: Mapping[str, Any]) -> str:
    parts = [
        f"{word} {_figure(one[key])}"
        for key, word in (("at_least", "at least"), ("at_most", "at most"))
        if one.get(key) is not None
    ]
    return " and ".join(parts)


def _drivers(document: Mapping[str, Any]) -> Section:
    shares = sorted(document["lmg"].items(), key=lambda item: (-item[1], item[0]))
    intervals = document.get("intervals", {})
    rows = [
        {
            "Driver": name,
            "Share of what is explained": f"{share:.1%}",
            "95% interval": _between(*intervals.get(name, (None, None)), percent=True),
            "Told from noise": "yes" if name in document.get("reported", ()) else "no",
        }
        for name, share in shares
    ]
    text = (
        f"What goes with {document.get('outcome', 'the outcome')}: {document['rows']:,} rows, of whose "
        f"differences {document['r2']:.0%} are explained. Shares after Lindeman, Merenda and Gold; what "
        f"goes together need not be a cause. Noise alone reaches {document.get('noise', 0):.1%}."
    )
    return Section(DRIVERS, text, _table(rows))


def _issues(document: Mapping[str, Any]) -> Section:
    found = document["issues"]
    rows = [
        {
            "Issue": one["name"],
            "Tickets": f"{one['tickets']:,}",
            "Customers": "" if one.get("customers") is None else f"{one['customers']:,}",
            "Trend": _trend(one.get("trend")),
            "Resolved": "" if one.get("resolved") is None else f"{one['resolved']:.0%}",
            "In their words": next(iter(one.get("examples") or ()), ""),
        }
        for one in found[:ISSUES]
    ]
    text = f"{len(found)} issues crop up time and again in what customers wrote."
    return Section("Issues", text, _table(rows))


def _trend(trend: object) -> str:
    if isinstance(trend, Mapping):
        return str(trend.get("says", ""))
    return "" if trend is None else str(trend)


def _stakeholders(document: Mapping[str, Any]) -> Section:
    """The map in figures; named are those without whom others lose the connection, nobody else."""
    people = [one for one in document["people"] if isinstance(one, Mapping)]
    customers = ", ".join(map(str, document.get("customers") or ()))
    around = f" around {customers}" if customers else ""
    words = [f"{len(people):,} people and {document.get('ties') or 0:,} ties{around}."]
    words += [
        f"{name}: {_figure(one.get('observed'))}; by chance {_figure(one.get('expected'))} ± "
        f"{_figure(one.get('sd'))}."
        for name, one in (
            ("Share of ties that are answered", document.get("reciprocity_by_chance")),
            ("External less internal ties (E–I index)", document["ei"]),
        )
        if isinstance(one, Mapping)
    ]
    silos = [one for one in document.get("silos") or () if one.get("silo")]
    if silos:
        named = ", ".join(str(one.get("group")) for one in silos[:PEOPLE])
        words.append(f"Groups that keep to themselves more than by chance: {named}.")
    cut_off = sum(one.get("connected") is False for one in people)
    if cut_off:
        words.append(
            f"{cut_off:,} people have no connection {'to ' if customers else ''}{customers}."
        )
    critical = [one for one in people if one.get("critical")]
    critical.sort(key=lambda one: (-int(one.get("needed_by") or 0), str(one.get("name"))))
    if critical:
        words.append(f"Without one of these, others lose every connection ({len(critical):,}):")
    carried = [n for n in ("role", "stake") if any(one.get(n) for one in critical)]
    rows = [
        {
            "Critical": one.get("name") or one.get("person"),
            "Needed by": one.get("needed_by"),
            **{name.capitalize(): one.get(name) for name in carried},
        }
        for one in critical[:PEOPLE]
    ]
    return Section("Stakeholders", "\n\n".join(words), _table(rows))


def _plan(rows: Sequence[Mapping[str, Any]]) -> Section:
    held = sum(str(row.get("held_out")) in {"yes", "True", "true"} for row in rows)
    shown = [
        {_HEADS[name]: row.get(name) for name in _PLAN}
        for row in rows
        if str(row.get("held_out")) not in {"yes", "True", "true"}
    ]
    roles = dict.fromkeys(str(row["role"]) for row in rows)
    text = f"{len(rows) - held:,} conversations for {', '.join(roles)}."
    if held:
        text += f" {held:,} customers are held out, so that what it brings can be told."
    return Section("Plan", text, _table(shown))


_HEADS = {
    "role": "Role",
    "rank": "Rank",
    "customer_id": "Customer",
    "benefit": "To cultivate",
    "action": "Action",
    "why": "Why",
    "question": "Question",
}

_FORMS: Mapping[tuple[str, ...], Callable[[Mapping[str, Any]], Section]] = {
    ("matrices", "movers", "days", "mix"): _track,
    ("standards",): _review,
    ("lmg", "r2", "rows"): _drivers,
    ("issues",): _issues,
    ("ei", "people"): _stakeholders,
}
"""Keys that tell a form → what makes a section of it."""


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return _figure(value)
    return "" if value is None else str(value)


def _figure(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:.3g}" if isinstance(value, (int, float)) else str(value)


def _between(low: object, high: object, *, percent: bool = False) -> str:
    if not isinstance(low, (int, float)) or not isinstance(high, (int, float)):
        return "–"
    if percent:
        return f"{low:.1%} to {high:.1%}"
    return f"{_figure(low)} to {_figure(high)}"

"""View: all that the template shows, in words and figures."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc
from attrs import evolve

from reltype import __version__
from reltype.arrow import numbers
from reltype.definitions.phrases import a as with_article
from reltype.definitions.phrases import spoken_of
from reltype.formats.printing import printable
from reltype.reporting import plots
from reltype.reporting.facts import sentence
from reltype.reporting.page import formatting, people
from reltype.reporting.page.conversations import conversations
from reltype.reporting.page.data import MOST, chosen, data
from reltype.reporting.page.groups import breakdown
from reltype.reporting.page.mix import mix
from reltype.reporting.page.portraits import axes, portraits
from reltype.reporting.plots import drawing as shapes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reltype.arrow import Ints
    from reltype.definitions.archetypes import Level
    from reltype.definitions.sections import Section
    from reltype.reporting.page.groups import Breakdown
    from reltype.reporting.page.mix import Share
    from reltype.reporting.page.portraits import Portrait
    from reltype.reporting.page.subject import Subject

READABLE = 50
"""Customers who stand in the page without its script."""

CELLS = 200
"""Rows of a section's table that are shown."""

RULES = 30
HELPS = 3
DIFFERENCES = 10

UNDATED = dt.date(1970, 1, 1)
"""The as-of day where nothing has a day."""


def view(subject: Subject, title: str = "") -> dict[str, Any]:
    """What the template is given; see `templates/page.html.j2`."""
    made = mix(subject)
    rows = chosen(subject)
    at = np.full(len(subject), -1, np.int64)
    at[rows] = np.arange(len(rows))
    shown = _Shown(subject, at)
    noun = subject.plan.typology.noun
    findings, added = _sections(subject)
    packed, detail = data(subject, rows)
    return {
        "title": printable(title) or f"{_capital(noun)} relationships",
        "noun": noun,
        "plural": subject.plan.typology.plural,
        "a_noun": with_article(noun),
        "version": __version__,
        "kinds": [
            {
                "name": subject.names.archetype(kind),
                "mark": mark(i, named=i < len(subject.kinds) - 1),
            }
            for i, kind in enumerate(subject.kinds)
        ],
        "customers": f"{len(subject):,}",
        "as_of": formatting.day(subject.as_of) if subject.as_of not in {None, UNDATED} else "",
        "about": _about(subject, made),
        "mix": _mix(subject, made),
        "map": _map(subject),
        "portraits": [shown.portrait(one) for one in portraits(subject)],
        "breakdowns": [_breakdown(subject, breakdown(subject, c)) for c in subject.groups],
        "first": [shown.conversation(one) for one in conversations(subject)],
        "findings": findings,
        "rules": _rules(subject),
        "warnings": _warnings(subject),
        "added": added,
        "people": shown.people(rows[:READABLE]),
        "held": f"{len(rows):,}",
        "sampled": len(rows) < len(subject),
        "limit": f"{MOST:,}",
        "levels": list(subject.levels),
        "statuses": _statuses(subject),
        "data": packed,
        "rounded": not detail.exact,
    }


def mark(place: int, *, named: bool = True) -> str:
    """The small shape that an archetype has everywhere."""
    colour = shapes.colour(place) if named else shapes.GREY
    made = shapes.Drawing("mark", 14, 14, "", "")
    made.marks([(7, 7)], shapes.shape(place), colour, radius=5, fill=1)
    return f'<svg class="mark" viewBox="0 0 14 14" aria-hidden="true">{"".join(made.parts)}</svg>'


def _about(subject: Subject, made: Sequence[Share]) -> dict[str, Any]:
    summary = subject.summary
    named = sum(one.count for one in made[:-1])
    levels = sorted(subject.plan.typology.certainty, key=lambda level: -level.at_least)
    about: dict[str, Any] = {
        "named": formatting.percent(named / max(len(subject), 1)),
        "levels": [
            {
                "name": level.name,
                "from": _from(levels, i),
                "count": f"{sum(one.certainty[i] for one in made[:-1]):,}",
            }
            for i, level in enumerate(levels)
        ],
        "because": _because(subject),
        "stored": summary is None,
        "rows": [],
        "findings": [],
        "alike": [],
        "helps": [],
        "known": "",
    }
    if summary is None:
        return about
    words = {
        "read": "rows read",
        "used": "rows used",
        "rejected": "rows rejected",
        "left_out": "rows left out: no customer’s",
        "late": "rows after the as-of day",
        "unread": "rows with a cell that could not be read",
    }
    about["rows"] = [
        (word, f"{summary.rows[name]:,}")
        for name, word in words.items()
        if summary.rows[name] or name in {"read", "used", "rejected"}
    ]
    text = subject.names.ours
    about["findings"] = [subject.names.text(one) for one in summary.findings]
    about["alike"] = [
        text(f"{with_article(one.first)} and {with_article(one.second)}") for one in summary.alike
    ]
    helps = dict.fromkeys(one.text for one in summary.helps)
    about["helps"] = [_capital(text(one)) for one in list(helps)[:HELPS]]
    about["known"] = formatting.percent(summary.known)
    return about


def _from(levels: Sequence[Level], place: int) -> str:
    """From which probability on a name is so certain; of the last, below which."""
    if place < len(levels) - 1 or not place:
        return f"from {formatting.percent(levels[place].at_least)}"
    return f"below {formatting.percent(levels[place - 1].at_least)}"


def _because(subject: Subject) -> list[tuple[str, str]]:
    """Why nobody is named, and of how many."""
    column = subject.table.column("unclassified_because").drop_null()
    counted = pc.value_counts(column.combine_chunks()).to_pylist()
    ranked = sorted(counted, key=lambda row: (-row["counts"], row["values"]))
    return [(subject.names.ours(row["values"]), f"{row['counts']:,}") for row in ranked]


def _statuses(subject: Subject) -> list[str]:
    found = pc.unique(subject.table.column("status").drop_null()).to_pylist()
    return sorted(subject.names.ours(one) for one in found)


def _mix(subject: Subject, made: Sequence[Share]) -> dict[str, Any]:
    n = max(len(subject), 1)
    names = [subject.names.archetype(one.kind) for one in made]
    svg = plots.mix(
        names,
        [one.share for one in made],
        low=[one.low for one in made],
        high=[one.high for one in made],
        certainty={
            level: [one.certainty[i] / n for one in made] for i, level in enumerate(subject.levels)
        },
        unnamed=names[-1],
        title=f"Share of {subject.plan.typology.plural}",
        note=f"In brackets: the 95% interval, were other {subject.plan.typology.plural} like these drawn.",
    )
    return {
        "svg": _spoken(subject, svg),
        "rows": [
            {
                "place": i,
                "name": names[i],
                "count": f"{one.count:,}",
                "share": formatting.percent(one.share),
                "bounds": f"{formatting.percent(one.low)} to {formatting.percent(one.high)}",
                "likely": formatting.percent(one.likely),
                "levels": [f"{count:,}" for count in one.certainty],
            }
            for i, one in enumerate(made)
        ],
    }


def _map(subject: Subject) -> dict[str, Any] | None:
    found = axes(subject)
    if found is None:
        return None
    across, up = (subject.plan.dimensions[k] for k in found)
    names = [subject.names.archetype(kind) for kind in subject.kinds]
    x, y = (subject.readings[:, k] for k in found)
    svg = plots.map(
        x,
        y,
        subject.named,
        names,
        x_axis=(across.name, across.low, across.high),
        y_axis=(up.name, up.low, up.high),
        unnamed=names[-1],
        title=f"{_capital(subject.plan.typology.plural)} by {across.name} and {up.name}",
    )
    rows = []
    for i, name in enumerate(names):
        mine = (subject.named == i) & ~np.isnan(x) & ~np.isnan(y)
        if mine.any():
            spans = [np.quantile(values[mine] * 100, [0.25, 0.5, 0.75]) for values in (x, y)]
            cells = [f"{m:.0f} ({low:.0f} to {high:.0f})" for low, m, high in spans]
            rows.append({"place": i, "name": name, "count": f"{int(mine.sum()):,}", "cells": cells})
    described = [
        {"name": one.name, "low": one.low, "high": one.high, "summary": one.summary}
        for one in (across, up)
    ]
    named = bool((subject.named < len(names) - 1).any())
    return {"svg": _spoken(subject, svg), "axes": described, "rows": rows, "named": named}


class _Shown:
    """Customers, and what the page shows of them."""

    def __init__(self, subject: Subject, at: Ints) -> None:
        self.subject = subject
        self.at = at

    def who(self, place: int) -> dict[str, Any]:
        """Name, place among those that the script knows (−1 where it does not), and what they are."""
        subject = self.subject
        level = int(subject.certainty[place])
        return {
            "name": subject.names.customer(place),
            "row": int(self.at[place]),
            "place": int(subject.named[place]),
            "kind": subject.names.archetype(subject.kinds[int(subject.named[place])]),
            "level": subject.levels[level] if level < len(subject.levels) else "",
            "confidence": formatting.percent(float(subject.confidence[place])),
        }

    def person(self, place: int) -> dict[str, Any]:
        """All of it, for somebody typical."""
        row = self._rows(np.array([place]))[0]
        return {
            **self.who(place),
            "status": row["status"] or "",
            "sentence": self._sentence(place),
            "waterfall": people.waterfall(self.subject, place, row),
            "course": people.course(self.subject, place),
        }

    def people(self, places: Ints) -> list[dict[str, Any]]:
        """Those who can be read without the script."""
        text = self.subject.names.ours
        return [
            {
                **self.who(int(place)),
                "status": text(row["status"] or ""),
                "because": text(row["unclassified_because"] or ""),
                "reasons": [text(one["text"]) for one in row["reasons"]],
                "against": [text(one["text"]) for one in row["against"]],
                "benefit": text(row["benefits"][0]["name"]) if row["benefits"] else "",
                "alarms": [text(one) for one in row["alarms"]],
            }
            for place, row in zip(places, self._rows(places), strict=True)
        ]

    def portrait(self, one: Portrait) -> dict[str, Any]:
        """An archetype as a page."""
        subject, archetype = self.subject, one.archetype
        text = subject.names.ours
        dimensions = subject.plan.dimensions
        count = int((subject.named == one.place).sum())
        svg = plots.profile(
            [d.name for d in dimensions],
            [_seen(v) for v in one.median],
            poles=[(d.low, d.high) for d in dimensions],
            low=[_seen(v) for v in one.low],
            high=[_seen(v) for v in one.high],
            usual=[_seen(v) for v in _medians(subject)],
            title=f"Where {subject.names.archetype(archetype.name)} lies",
            colour=shapes.colour(one.place),
        )
        return {
            "place": one.place,
            "name": subject.names.archetype(archetype.name),
            "mark": mark(one.place),
            "count": f"{count:,}",
            "share": formatting.percent(count / max(len(subject), 1)),
            "summary": text(archetype.summary),
            "svg": _spoken(subject, svg),
            "readings": [
                {"name": d.name, "low": d.low, "high": d.high, "cells": cells}
                for d, cells in zip(dimensions, self._readings(one), strict=True)
            ],
            "facts": [evolve(fact, name=text(fact.name)) for fact in one.facts],
            "typical": [self.person(place) for place in one.typical],
            "advice": [
                {
                    "name": advice.benefit.name,
                    "definition": text(advice.benefit.definition),
                    "first": f"{advice.first:,}",
                    "actions": [text(action) for action in advice.benefit.actions],
                    "questions": [text(question) for question in advice.benefit.questions],
                    "role": advice.benefit.role,
                    "horizon": advice.benefit.horizon,
                }
                for advice in one.advice
            ],
            "not_for": [(advice.benefit.name, text(advice.warning)) for advice in one.not_for],
        }

    def conversation(self, one: Any) -> dict[str, Any]:  # noqa: ANN401
        """Somebody to talk to."""
        text = self.subject.names.ours
        return {
            **self.who(one.place),
            "status": text(one.status),
            "fact": _capital(text(one.fact)),
            "why": _capital(text(one.why)),
            "benefit": text(one.benefit),
            "action": text(one.action),
            "question": text(one.question),
            "role": text(one.role),
        }

    def _readings(self, one: Portrait) -> Iterator[tuple[str, str, str]]:
        usual = _medians(self.subject)
        for low, median, high, all_ in zip(one.low, one.median, one.high, usual, strict=True):
            if np.isnan(median):
                yield ("not seen", "–", _hundred(all_))
            else:
                yield (_hundred(median), f"{_hundred(low)} to {_hundred(high)}", _hundred(all_))

    def _sentence(self, place: int) -> str:
        facts = self.subject.facts
        if facts is None:
            return ""
        return self.subject.names.ours(_capital(sentence(facts.slice(place, 1).to_pylist()[0])))

    def _rows(self, places: Ints) -> list[dict[str, Any]]:
        wanted = ["reasons", "against", "benefits", "status", "unclassified_because", "alarms"]
        table = self.subject.table.select(wanted)
        made: list[dict[str, Any]] = table.take(numbers(np.asarray(places, np.int64))).to_pylist()
        return made


def _medians(subject: Subject) -> list[float]:
    """The middle reading of all customers, by dimension."""
    return [
        float(np.median(seen)) if (seen := values[~np.isnan(values)]).size else np.nan
        for values in subject.readings.T
    ]


def _breakdown(subject: Subject, one: Breakdown) -> dict[str, Any]:
    names = [subject.names.archetype(kind) for kind in subject.kinds]
    beyond = {(d.group, d.kind): d.here > d.elsewhere for d in one.differences}
    return {
        "column": printable(one.column),
        "names": names,
        "groups": [
            {
                "name": subject.names.cell(group.name),
                "count": f"{group.count:,}",
                "cells": [
                    {
                        "share": formatting.percent(group.shares[kind][0]),
                        "bounds": f"{group.shares[kind][1]:.0%}–{group.shares[kind][2]:.0%}",
                        "width": round(group.shares[kind][0] * 100, 1),
                        "beyond": {None: "", True: "more", False: "less"}[
                            beyond.get((group.name, kind))
                        ],
                    }
                    for kind in subject.kinds
                ],
            }
            for group in one.groups
        ],
        "differences": [
            {
                "group": subject.names.cell(difference.group),
                "kind": subject.names.archetype(difference.kind),
                "here": formatting.percent(difference.here),
                "elsewhere": formatting.percent(difference.elsewhere),
                "more": difference.here > difference.elsewhere,
                "chance": _chance(difference.chance),
            }
            for difference in one.differences[:DIFFERENCES]
        ],
        "more": max(len(one.differences) - DIFFERENCES, 0),
        "comparisons": one.comparisons,
    }


def _chance(value: float) -> str:
    return "below 0.0001" if value < 0.0001 else f"{value:.4f}" if value < 0.001 else f"{value:.3f}"


def _sections(subject: Subject) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What analyses found, and what plugins add."""
    made: tuple[list[dict[str, Any]], list[dict[str, Any]]] = ([], [])
    for section in subject.sections:
        made[1 if section.plugin else 0].append(_section(subject, section))
    return made


def _section(subject: Subject, section: Section) -> dict[str, Any]:
    text = subject.names.text
    table = section.table
    return {
        "title": text(section.title),
        "plugin": printable(section.plugin),
        "paragraphs": [text(one) for one in section.text.split("\n\n") if one.strip()],
        "columns": [] if table is None else [text(name) for name in table.column_names],
        "rows": []
        if table is None
        else [
            [subject.names.cell(_cell(value)) for value in row.values()]
            for row in table.slice(0, CELLS).to_pylist()
        ],
        "more": 0 if table is None else max(table.num_rows - CELLS, 0),
    }


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return formatting.three(value)
    return f"{value:,}" if isinstance(value, int) else str(value)


def _rules(subject: Subject) -> list[dict[str, Any]]:
    fired = [one for one in subject.rules if one.coverage > 0]
    fired.sort(key=lambda one: (-one.coverage, one.rule))
    return [
        {
            "name": subject.names.ours(one.rule),
            "archetype": subject.names.archetype(one.archetype),
            "coverage": formatting.percent(one.coverage),
            "conflict": formatting.percent(one.conflict),
            "weight": f"{one.weight:.2f}",
        }
        for one in fired[:RULES]
    ]


def _warnings(subject: Subject) -> list[str]:
    if subject.summary is None:
        return []
    return [_capital(subject.names.text(one)) for one in subject.summary.warnings]


def _spoken(subject: Subject, svg: str) -> str:
    """A drawing of those of whom the typology speaks."""
    return spoken_of(svg, subject.plan.typology.noun, subject.plan.typology.plural)


def _seen(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _hundred(value: float) -> str:
    return "–" if np.isnan(value) else f"{value * 100:.0f}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

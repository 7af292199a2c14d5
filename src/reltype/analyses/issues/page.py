"""Page: what crops up, for a leader's five minutes: at most seven issues, forty lines, eighty columns."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from reltype.analyses.issues.course import AFTER
from reltype.formats.printing import printable

if TYPE_CHECKING:
    from reltype.analyses.issues import Issue, Issues
    from reltype.analyses.issues.course import Trend

MOST = 7
WIDTH, LINES = 80, 40


def page(found: Issues, most: int = MOST) -> str:
    """The most frequent issues, each with its facts and up to three tickets in their own words."""
    shown = found.shown[:most]
    head = textwrap.wrap(_head(found, len(shown)), WIDTH)
    for examples in (3, 2, 1):
        lines = [line for issue in shown for line in _issue(issue, examples)]
        if len(head) + len(lines) <= LINES:
            break
    return "\n".join([*head, *lines] if shown else head)


def _head(found: Issues, shown: int) -> str:
    of = "" if found.customers is None else f" of {found.customers:,} customers"
    when = "" if found.days is None else f", {_day(found.days[0])} to {_day(found.days[1])}"
    what = f"{found.written:,} tickets{of}{when}: {len(found.shown)} issues"
    more = f", the {shown} most frequent here" if shown < len(found.shown) else ""
    unsure = len(found.found) - len(found.shown)
    less = f"; {unsure} more did not survive resampling" if unsure else ""
    alone = f"; {found.alone:,} tickets are one of their kind" if found.alone else ""
    return f"{what}{more}{less}{alone}."


def _issue(issue: Issue, examples: int) -> list[str]:
    who = "" if issue.customer_share is None else f", {_percent(issue.customer_share)} of customers"
    head = f"{printable(issue.name).upper()}: {_percent(issue.share)} of tickets{who}"
    facts = [part for part in (_way(issue.trend), *_outcome(issue), _mostly(issue)) if part]
    told = textwrap.wrap("; ".join(facts), WIDTH - 2)
    said = [f"“{printable(example)}”" for example in issue.examples[:examples]]
    return [_cut(head), *(f"  {_cut(line, WIDTH - 2)}" for line in [*told, *said])]


def _outcome(issue: Issue) -> list[str]:
    parts = []
    if issue.resolved is not None:
        days = "" if issue.days is None else f" in {issue.days:.1f} days"
        parts.append(f"{_percent(issue.resolved)} resolved{days}")
    if issue.silence is not None and issue.silence.says != "cannot tell":
        parts.append(
            f"{_percent(issue.silence.here)} silent for {AFTER} days after "
            f"(others {_percent(issue.silence.elsewhere)})"
        )
    if issue.affect is not None and issue.affect.says != "cannot tell":
        mood = "better" if issue.affect.says == "more" else "worse"
        parts.append(f"{mood} mood after than others")
    return parts


def _mostly(issue: Issue) -> str:
    """The archetype that stands out most among those who raise it."""
    if not issue.archetypes or not issue.customers:
        return ""
    name, (here, usual) = max(issue.archetypes.items(), key=lambda item: item[1][0] - item[1][1])
    error = 2 * (usual * (1 - usual) / issue.customers) ** 0.5
    if here - usual <= error:
        return ""
    return f"{_percent(here)} {name} (of all {_percent(usual)})"


def _way(trend: Trend) -> str:
    if trend.factor is None or trend.low is None or trend.high is None:
        return ""
    if trend.says in ("steady", "cannot tell"):
        return "steady" if trend.says == "steady" else "trend cannot be told"
    low, high = (trend.low - 1) * 100, (trend.high - 1) * 100
    return (
        f"{trend.says} {(trend.factor - 1) * 100:+.0f}% a {trend.every} ({low:+.0f} to {high:+.0f})"
    )


def _percent(share: float) -> str:
    return f"{share * 100:.0f}%" if share >= 0.1 or share == 0 else f"{share * 100:.1f}%"


def _day(day: object) -> str:
    return f"{day:%-d %b %Y}"


def _cut(line: str, most: int = WIDTH) -> str:
    return line if len(line) <= most else line[: most - 1] + "…"

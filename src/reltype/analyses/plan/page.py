"""Page: a plan in at most forty lines of eighty columns."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from reltype.formats.printing import printable

if TYPE_CHECKING:
    from reltype.analyses.plan.power import Power
    from reltype.analyses.plan.teams import Planned

WIDTH = 80
LINES = 26
"""Lines for the teams, shared among them."""


def page(made: Planned) -> str:
    """Each team's first customers, and what the hold-out will be able to show."""
    dated = "" if made.as_of is None else f" as of {made.as_of:%-d %b %Y}"
    lines = [f"Plan{dated}: {_counts(made)}"]
    shown = max(1, LINES // max(len(made.capacity), 1) // 4)
    for role, most in made.capacity.items():
        team = made.team(role)
        lines += ["", f"{role}: {team.num_rows:,} of {most:,}"]
        for row in team.slice(0, shown).to_pylist():
            who = f"{row['rank']}. {printable(row['customer_id'])}"
            by = "" if row["by"] is None else f", by {row['by']:%-d %b}"
            head = f"{who} ({row['archetype']}){by}: {row['benefit']}"
            lines += _wrapped(head, "  ", 1)
            lines += _wrapped(f"{row['action']}.", "     ", 1)
            lines += _wrapped(f"Why: {printable(row['why'])}.", "     ", 2)
        if team.num_rows > shown:
            lines.append(f"  … and {team.num_rows - shown:,} more")
    if made.power:
        lines += ["", *_wrapped(told(made.power[0], made.within), "")]
    return "\n".join(line[:WIDTH].rstrip() for line in lines)


def told(one: Power, within: int) -> str:
    """What a comparison will be able to show, in a sentence or two."""
    groups = f"{one.acted:,} acted on, {one.held_out:,} held out"
    if one.comes_back is None:
        return f"Hold-out: {groups}; how many come back anyway is not known."
    text = f"Hold-out: {groups}. {one.comes_back:.0%} come back within {within} days anyway; "
    if one.detectable is None:
        text += "even if all came back, that would be found in fewer than 80 of 100 comparisons"
    else:
        text += (
            f"{one.comes_back + one.detectable:.0%} or more would be found in 80 of 100 comparisons"
        )
    if one.needed is not None:
        text += f". A rise by ten points takes {one.needed:,} in each group"
    return f"{text}."


def _counts(made: Planned) -> str:
    acted = sum(made.team(role).num_rows for role in made.capacity)
    aside = made.table.num_rows - acted
    return f"{acted:,} customers to act on" + (f", {aside:,} to leave alone" if aside else "")


def _wrapped(text: str, indent: str, most: int | None = None) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        max_lines=most,
        placeholder=" …",
    )

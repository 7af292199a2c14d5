"""Page: an outcome in at most forty lines of eighty columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reltype.formats.printing import printable

if TYPE_CHECKING:
    from reltype.analyses.outcome.compared import Compared, Comparison

WIDTH = 80
MOST = 30


def page(found: Compared) -> str:
    """The groups, all measures over all benefits, then who came back by benefit."""
    days = (found.as_of - found.since).days
    groups = f"{found.acted:,} acted on, {found.held_out:,} held out"
    lines = [
        f"Since the plan of {found.since:%-d %b %Y}, {days:,} days: {groups}",
        "",
        f"{'':26}{'acted on':>10}{'held out':>10}  difference",
    ]
    for one in found.comparisons:
        if not one.benefit:
            lines += _line(one, one.measure)
    by_benefit = [one for one in found.comparisons if one.benefit and one.measure == "came back"]
    if by_benefit:
        lines += ["", "Came back, by benefit:"]
        for one in by_benefit[:MOST]:
            lines += _line(one, one.benefit)
    others = [one for one in found.found if one.benefit and one.measure != "came back"]
    if others:
        lines += ["", "Also found:"]
        for one in others[:MOST]:
            lines += _line(one, f"{one.measure}, {one.benefit}")
    return "\n".join(line[:WIDTH].rstrip() for line in lines)


def _line(one: Comparison, name: str) -> list[str]:
    cells = "".join(f"{_value(one, value):>10}" for value in (one.acted, one.held_out))
    head = f"  {printable(name)[:24]:24}{cells}"
    if one.difference is None:
        return [f"{head}  too few to compare ({one.n_acted:,}, {one.n_held_out:,})"]
    text = f"{_gap(one, one.difference)}"
    if one.low is not None and one.high is not None:
        text += f" ({_gap(one, one.low)} to {_gap(one, one.high)})"
    if one.verdict == "cannot tell":
        more = "" if one.more is None else f"; {one.more:,} more"
        return [f"{head}  {text}", f"{'':46}  cannot tell{more}"] if more else [f"{head}  {text}"]
    return [f"{head}  {text}: {one.verdict}"]


def _value(one: Comparison, value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.1%}" if one.share else f"{value:.4g}"


def _gap(one: Comparison, value: float) -> str:
    return f"{value * 100:+.1f}" if one.share else f"{value:+.3g}"

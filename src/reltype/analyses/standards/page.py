"""Page: a review in lines of eighty columns."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from reltype.definitions.standards import percent, plain
from reltype.formats.printing import printable

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from reltype.analyses.standards.finding import Finding

WIDTH = 80
SHOWN = 5
"""Standards of which all is told; of more, the met ones in two lines."""


def page(as_of: dt.date | None, findings: Sequence[Finding]) -> str:
    """Each standard with its verdict, the value and its interval; what to do where it is not met."""
    counts = {
        word: sum(f.verdict == word for f in findings) for word in ("met", "missed", "cannot tell")
    }
    told = ", ".join(f"{n} {word}" for word, n in counts.items())
    dated = "" if as_of is None else f" as of {as_of:%-d %b %Y}"
    lines = [f"Standards{dated}: {told}"]
    order = {"missed": 0, "cannot tell": 1, "met": 2}
    off = sum(bool(one.actions) for one in findings)
    most = 3 if off <= 1 else 2 if off <= 2 else 1
    for one in sorted(findings, key=lambda f: order[f.verdict]):
        brief = len(findings) > SHOWN and one.verdict == "met"
        lines += [*([] if brief else [""]), *_finding(one, brief=brief, most=most)]
    return "\n".join(line[:WIDTH].rstrip() for line in lines)


def _finding(found: Finding, *, brief: bool, most: int) -> list[str]:
    one = found.standard
    value = "nothing" if found.value is None else _value(found, found.value)
    head = f"{found.verdict.upper():12}{printable(one.name)}"
    if found.low is not None and found.high is not None and found.low < found.high:
        value += f" ({_value(found, found.low)} to {_value(found, found.high)})"
    lines = _wrapped(head, "")
    lines += _wrapped(f"{value}; asked: {one.limits}. {_upper(found.note)}.", "  ")
    if brief:
        return lines[:2]
    whose = [
        f"owner: {one.owner}" if one.owner else "",
        one.horizon,
        f"tell {', '.join(map(printable, one.tell))}" if one.tell else "",
    ]
    if any(whose):
        lines += _wrapped("; ".join(filter(None, whose)).capitalize() + ".", "  ")
    if found.reach is not None:
        lines += _wrapped(f"Achievable? {printable(_upper(found.reach.told))}.", "  ")
    for action in found.actions[:most]:
        who = f"{action.customers:,} named {action.archetype}"
        lines += _wrapped(
            f"→ {action.role}, {action.horizon}: {action.benefit} ({who}). {action.action}.", "  "
        )
    if len(found.actions) > most:
        others = ", ".join(f"{a.benefit} ({a.role})" for a in found.actions[most:])
        lines += _wrapped(f"→ then {others}.", "  ")
    return lines


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ")


def _value(found: Finding, value: float) -> str:
    if found.standard.kind in ("share", "moves"):
        return percent(value)
    return f"{value:.0f}" if found.standard.kind == "none" else plain(value)

"""An inspection in words and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reltype.definitions.phrases import spoken_of
from reltype.formats.printing import columns, folded, markdown
from reltype.formats.table import aligned

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reltype.reporting.inspection import Inspected

SHOWN = 20
"""Kinds that are shown; the JSON form has them all."""

_CUTS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", " ": "blanks"}
_ROLES = {
    "interactions": "an interaction log (a row for each interaction)",
    "customers": "a customer table (a row for each customer)",
}
_LONGEST = 60
WIDTH = 80


def text(found: Inspected, style: str = "simple") -> str:
    """What was found, for a terminal or (`pipe`) as Markdown."""
    parts = _parts(found, "## " if style == "pipe" else "", style)
    told = "\n\n".join(parts if style == "pipe" else map(_folded, parts))
    if found.summary is None:
        return told
    return spoken_of(told, found.summary.noun, found.summary.plural)


def _parts(found: Inspected, mark: str, style: str) -> Iterator[str]:
    safe = markdown if style == "pipe" else str
    yield f"{mark}{safe(found.path)}"
    yield _list([(name, safe(told)) for name, told in _facts(found)])
    yield aligned(("ours", "read from", "why"), list(_columns(found)), style, width=WIDTH)
    if unused := found.guess.unused:
        names = (f"{name} ({_short(found.guess.sources.get(name, name))})" for name in unused)
        yield safe(f"Understood, but used for nothing: {', '.join(names)}.")
    used = " ".join(found.guess.mapping.columns.values())
    idle = [c for c in found.columns if c not in found.guess.sources.values() and c not in used]
    if idle:
        yield safe(f"Not used: {', '.join(idle[:40])}{' …' if len(idle) > 40 else ''}.")
    if found.kinds:
        rows = [(w, f"{n:,}", kind) for w, (n, kind) in list(found.kinds.items())[:SHOWN]]
        yield aligned(("their kind", "rows", "our kind"), rows, style, width=WIDTH)
        if len(found.kinds) > SHOWN:
            yield f"… and {len(found.kinds) - SHOWN} more kinds."
    if found.summary is not None:
        signals = found.summary.signals
        seen = [(name, f"{share:.0%}") for name, share in signals.items() if share]
        yield aligned(("signal", "customers of whom it is seen"), seen, style, width=WIDTH)
        unseen = [name for name, share in signals.items() if not share]
        if unseen:
            yield f"Not seen of anybody: {', '.join(unseen)}."
    yield from _bullets("This must be said first:", [*map(safe, found.guess.problems)])
    yield from _bullets("To check:", [*map(safe, found.notes)])
    yield from _bullets("What would make the result better:", tuple(_better(found)))


def _folded(part: str) -> str:
    """A part's sentences in lines that fit a terminal; its tables do already."""
    lines = []
    for line in part.splitlines():
        after = "  " if line.startswith("- ") else ""
        long = columns(line) > WIDTH
        lines += folded(line, WIDTH, after=after) if long else [line]
    return "\n".join(lines)


def _facts(found: Inspected) -> Iterator[tuple[str, str]]:
    role = "a list of returns" if found.returns else _ROLES[found.guess.role]
    yield "read as", f"{role}: {found.guess.role_because}"
    if found.encoding:
        cut = _CUTS.get(found.delimiter or "", repr(found.delimiter))
        yield "written in", found.encoding + (f", cells parted by {cut}" if found.delimiter else "")
    told = f"{found.rows:,}"
    if found.summary is not None:
        rows = found.summary.rows
        told += f", {rows['used']:,} of them used, of {found.summary.customers:,} customers"
        told += f"; {rows['rejected']:,} rejected" if rows["rejected"] else ""
        told += f"; {rows['left_out']:,} left out" if rows["left_out"] else ""
        told += f"; {rows['late']:,} in the future" if rows["late"] else ""
    yield "rows", told
    if found.span is not None:
        yield "time", f"{found.span[0]:%Y-%m-%d %H:%M} to {found.span[1]:%Y-%m-%d %H:%M}"


def _columns(found: Inspected) -> Iterator[tuple[str, str, str]]:
    guess = found.guess
    for ours in guess.mapping.columns:
        source = guess.sources.get(ours, guess.mapping.columns[ours])
        why = guess.reasons.get(ours, "")
        others = guess.alternatives.get(ours, ())
        why += f"; or: {', '.join(others)}" if others else ""
        yield ours, _short(source), why


def _better(found: Inspected) -> Iterator[str]:
    yield from (f"{wish[0].upper()}{wish[1:]}." for wish in found.guess.wishes)
    for help_ in (found.summary.helps if found.summary else ())[:3]:
        yield f"What would help: {help_.text}"


def _bullets(title: str, texts: Sequence[str]) -> Iterator[str]:
    if texts:
        yield "\n".join([title, *(f"- {one}" for one in texts)])


def _list(facts: Sequence[tuple[str, str]]) -> str:
    return "\n".join(f"- {name}: {told}" for name, told in facts)


def _short(source: str) -> str:
    return source if len(source) <= _LONGEST else source[: _LONGEST - 1] + "…"

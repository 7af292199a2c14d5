"""Mix: which share of customers each archetype has, how sure their names are, and its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

from reltype.definitions.archetypes import UNCLASSIFIED
from reltype.reporting.plots.drawing import GREY, Drawing, colour, pattern, width_of, wrapped

FAINTEST = 0.2
"""Opacity of the least sure part of a bar; the surest is solid."""

MOST = 12
"""Rows of a slide; the smallest beyond it are one row."""


@frozen
class _Sizes:
    """Pixels of a picture of one sort."""

    width: float
    letters: float
    row: float
    title: float
    edge: float


_PAGE = _Sizes(width=760, letters=13, row=34, title=16, edge=16)
_SLIDE = _Sizes(width=1280, letters=20, row=0, title=34, edge=64)
_SLIDE_HEIGHT = 720


def mix(
    names: Sequence[str],
    shares: Sequence[float],
    *,
    low: Sequence[float] | None = None,
    high: Sequence[float] | None = None,
    certainty: Mapping[str, Sequence[float]] | None = None,
    unnamed: str = UNCLASSIFIED,
    title: str = "Relationships",
    subtitle: str = "",
    note: str = "",
    slide: bool = False,
    paper: bool = False,
) -> str:
    """Bars of shares, as SVG.

    Args:
        names: Archetypes, in the order of their colours; *unnamed* may be among them.
        shares: Share of customers of each, 0…1.
        low: Where the interval of each share begins; None: no intervals are drawn.
        high: Where it ends.
        certainty: Degree (`sure`, `likely` …), the surest first → share of all customers per name. What of a
            bar no level has is drawn as if nothing were known of its certainty.
        unnamed: Which name is grey.
        title: What is said above.
        subtitle: A line below it.
        note: What is said below, such as where the figures come from.
        slide: 1280 × 720 pixels with large letters, for a presentation.
        paper: With a white sheet of its own, for a file.

    Example:
        >>> from reltype.reporting import plots
        >>> plots.mix(["friends", "flings"], [0.6, 0.4]).startswith("<svg")
        True
    """
    rows = _rows(names, shares, low, high, certainty or {}, unnamed)
    rows = _joined(rows) if slide else rows
    size = _SLIDE if slide else _PAGE
    s = size.letters
    inner = size.width - 2 * size.edge
    subtitles = wrapped(subtitle, inner, s, 2) if subtitle else []
    notes = wrapped(note, inner, s * 0.85, 3) if note else []
    used = {level for row in rows for level, part in row.parts if part > 0}
    levels = [level for level in certainty or {} if level in used]
    top = size.edge + size.title * 1.2 + len(subtitles) * s * 1.4 + s
    bottom = size.edge + len(notes) * s * 1.3 + (s * 2.4 if levels else s * 0.5)
    row_height = size.row or min(84.0, (_SLIDE_HEIGHT - top - bottom) / max(len(rows), 1))
    height = _SLIDE_HEIGHT if slide else top + bottom + row_height * len(rows)
    picture = Drawing("mix", size.width, height, title, _description(rows, subtitle, note), size=s)
    picture.text(
        size.edge, size.edge + size.title * 0.85, title, size=size.title, bold=True, room=inner
    )
    for place, line in enumerate(subtitles):
        at = size.edge + size.title * 1.2 + s * (1.1 + 1.4 * place)
        picture.text(size.edge, at, line, faint=0.85)
    fills = _fills(list(certainty or {}))
    _bars(picture, rows, size, (top, row_height), fills)
    at = height - size.edge - len(notes) * s * 1.3
    if levels:
        _legend(picture, {level: fills[level] for level in levels}, size.edge, at - s * 0.9, s)
    for place, line in enumerate(notes):
        picture.text(size.edge, at + s * (0.9 + 1.3 * place), line, size=s * 0.85, faint=0.85)
    return picture.svg(paper=paper)


@frozen
class _Row:
    name: str
    share: float
    low: float | None
    high: float | None
    parts: tuple[tuple[str, float], ...]
    colour: str
    pattern: str
    place: int

    @property
    def figures(self) -> str:
        if self.low is None or self.high is None:
            return _percent(self.share)
        return (
            f"{_percent(self.share)} ({_percent(self.low).removesuffix('%')}–{_percent(self.high)})"
        )


def _rows(
    names: Sequence[str],
    shares: Sequence[float],
    low: Sequence[float] | None,
    high: Sequence[float] | None,
    certainty: Mapping[str, Sequence[float]],
    unnamed: str,
) -> list[_Row]:
    made = []
    for i, name in enumerate(names):
        parts = [(level, float(certainty[level][i])) for level in certainty]
        rest = float(shares[i]) - sum(part for _, part in parts)
        made.append(
            _Row(
                name,
                float(shares[i]),
                None if low is None else float(low[i]),
                None if high is None else float(high[i]),
                (*parts, ("", max(rest, 0.0))),
                GREY if name == unnamed else colour(i),
                "none" if name == unnamed else pattern(i),
                i,
            )
        )
    return made


def _fills(levels: Sequence[str]) -> dict[str, float]:
    """Degree of certainty → opacity."""
    step = (1 - FAINTEST) / max(len(levels) - 1, 1)
    return {level: round(1 - step * place, 3) for place, level in enumerate(levels)}


def _joined(rows: list[_Row]) -> list[_Row]:
    if len(rows) <= MOST:
        return rows
    kept = sorted(rows, key=lambda r: -r.share)[: MOST - 1]
    others = [row for row in rows if row not in kept]
    total = sum(row.share for row in others)
    rest = _Row(f"{len(others)} others", total, None, None, (("", total),), GREY, "none", 0)
    return [*(row for row in rows if row in kept), rest]


def _bars(
    picture: Drawing,
    rows: Sequence[_Row],
    size: _Sizes,
    span: tuple[float, float],
    fills: Mapping[str, float],
) -> None:
    top, row_height = span
    s = size.letters
    names = min(size.width * 0.32, max((width_of(r.name, s) for r in rows), default=0) + s)
    figures = max((width_of(r.figures, s) for r in rows), default=0) + s
    left = size.edge + names
    room = size.width - size.edge - figures - left
    most = max([0.05, *(max(r.share, r.high or 0) for r in rows)])
    thick = min(row_height * 0.62, s * 2.6)
    picture.line(left, top, left, top + row_height * len(rows), faint=0.6)
    for place, row in enumerate(rows):
        middle = top + row_height * (place + 0.5)
        picture.text(
            left - s * 0.6, middle + s * 0.36, row.name, anchor="end", room=names - s * 0.6
        )
        x = left
        for level, part in row.parts:
            wide = room * part / most
            picture.bar(
                x,
                middle - thick / 2,
                wide,
                thick,
                row.colour,
                pattern=row.pattern if fills.get(level, 1.0) == 1 else "none",
                fill=fills.get(level, 1.0),
                outline=True,
                of=f"a{row.place}",
                tip=f"{row.name}{f', {level}' if level else ''}: {_percent(part)}",
            )
            x += wide
        end = left + room * row.share / most
        if row.low is not None and row.high is not None:
            a, b = left + room * row.low / most, left + room * row.high / most
            foot = middle + thick / 2 + max(2.0, s * 0.2)
            picture.line(a, foot, b, foot, thick=max(1.4, s / 10))
            for edge in (a, b):
                picture.line(edge, foot - s * 0.22, edge, foot + s * 0.22, thick=max(1.4, s / 10))
            end = max(end, b)
        picture.text(end + s * 0.6, middle + s * 0.36, row.figures)


def _legend(picture: Drawing, levels: Mapping[str, float], x: float, y: float, s: float) -> None:
    picture.text(x, y, "How sure the names are:", size=s * 0.85, faint=0.85)
    x += width_of("How sure the names are:", s * 0.85) + s * 0.5
    for level, fill in levels.items():
        picture.bar(x, y - s * 0.75, s * 1.6, s * 0.9, GREY, fill=fill, outline=True)
        picture.text(x + s * 2, y, level, size=s * 0.85)
        x += s * 3.2 + width_of(level, s * 0.85)


def _description(rows: Sequence[_Row], subtitle: str, note: str) -> str:
    told = []
    for row in rows:
        sure = ", ".join(f"{level} {_percent(part)}" for level, part in row.parts if level and part)
        told.append(f"{row.name} {row.figures}{f': {sure}' if sure else ''}")
    return " ".join(filter(None, [subtitle, f"{'; '.join(told)}.", note]))


def _percent(share: float) -> str:
    return f"{share:.1%}" if 0 < share < 0.0995 else f"{share:.0%}"

"""Plot: the quadrants as SVG text. Same figures, same bytes; no library, no script, no font file."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from reltype.analyses.drivers.words import shown_names
from reltype.errors import UsageError
from reltype.formats.printing import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reltype.analyses.drivers.result import Driver, Drivers

WIDTH, HEIGHT = 760, 560
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 30, 60, 60
_CORNERS = (("fix", 0, 0), ("keep", 1, 0), ("leave", 0, 1), ("wasted", 1, 1))


def svg(found: Drivers, part: str | None = None) -> str:
    """Importance upwards, level to the right, an interval on both axes; grey below the noise.

    Raises:
        UsageError: No attribute has a level.
    """
    drawn = [d for d in found.ranked if d.performance is not None]
    if not drawn or found.cross is None:
        raise UsageError("there is nothing to draw: at least two attributes must have a scale.")
    return "\n".join(_lines(found, drawn, part)) + "\n"


def _lines(found: Drivers, drawn: list[Driver], part: str | None) -> Iterator[str]:
    cross = found.cross
    assert cross is not None  # noqa: S101 - svg sees to it
    levels = [v for d in drawn if (p := d.performance) for v in (p.low, p.high, cross.level)]
    x = _Axis(min(levels), max(levels), _LEFT, WIDTH - _RIGHT)
    y = _Axis(0.0, max([found.noise, *(d.high for d in drawn)]), HEIGHT - _BOTTOM, _TOP)
    title = f"What {found.outcome} follows" + (f": {part}" if part else "")
    rows = f"{found.rows:,} rows, R² {found.r2:.3f}" + (", weak evidence" if found.weak else "")
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" font-family="sans-serif" font-size="12" role="img" '
        f'aria-label="{_safe(title)}">'
    )
    yield f"<title>{_safe(title)}</title>"
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>'
    yield f'<text x="{_LEFT}" y="26" font-size="16">{_safe(title)}</text>'
    yield f'<text x="{_LEFT}" y="44" fill="#555555">{_safe(rows)}</text>'
    yield _line(_LEFT, y(0.0), WIDTH - _RIGHT, y(0.0), "#333333")
    yield _line(_LEFT, _TOP, _LEFT, y(0.0), "#333333")
    yield _line(x(cross.level), _TOP, x(cross.level), y(0.0), "#999999")
    yield _line(_LEFT, y(cross.importance), WIDTH - _RIGHT, y(cross.importance), "#999999")
    yield _line(_LEFT, y(found.noise), WIDTH - _RIGHT, y(found.noise), "#999999", dash=True)
    yield (
        f'<text x="{WIDTH - _RIGHT}" y="{_n(y(found.noise) - 4)}" text-anchor="end" '
        'fill="#777777">noise</text>'
    )
    for name, right, low in _CORNERS:
        yield (
            f'<text x="{WIDTH - _RIGHT - 4 if right else _LEFT + 6}" '
            f'y="{_n(y(0.0) - 8 if low else _TOP + 14)}" text-anchor="{"end" if right else "start"}" '
            f'fill="#777777" font-style="italic">{name}</text>'
        )
    yield from _ticks(x, y)
    shown, names = {d.name for d in found.reported}, shown_names(found)
    taken: list[tuple[float, float]] = []
    for d in drawn:
        yield from _point(d, x, y, names[d.name], taken, grey=d.name not in shown)
    yield "</svg>"


def _point(
    d: Driver, x: _Axis, y: _Axis, name: str, taken: list[tuple[float, float]], *, grey: bool
) -> Iterator[str]:
    colour = "#aaaaaa" if grey else "#1f5fa8"
    name = name if len(name) <= 28 else name[:27] + "…"
    p = d.performance
    assert p is not None  # noqa: S101 - only those with a level are drawn
    across, up = x(p.level), y(d.share)
    yield _line(x(p.low), up, x(p.high), up, colour)
    yield _line(across, y(d.low), across, y(d.high), colour)
    yield (
        f'<circle cx="{_n(across)}" cy="{_n(up)}" r="4" fill="{colour}"><title>{_safe(d.name)}: '
        f"{d.share:.3f} of R² ({d.low:.3f} to {d.high:.3f}), level {p.level:.0%} "
        f"({p.low:.0%} to {p.high:.0%})</title></circle>"
    )
    right = across < WIDTH - 180
    places = [up - 6 - 12 * step for step in range(12)] + [up + 14 + 12 * step for step in range(4)]
    free = next(
        (
            at
            for at in places
            if _TOP + 10 < at < HEIGHT - _BOTTOM
            and not any(abs(at - o) < 12 and abs(across - there) < 90 for there, o in taken)
        ),
        None,
    )
    far = free is not None and not up - 31 < free < up + 27
    # A name that stands far from its point tells nothing; hovering over the point still does.
    if free is None or (far and grey):
        return
    taken.append((across, free))
    if far:
        yield _line(
            across, up - 4 if free < up else up + 4, across + (5 if right else -5), free, colour
        )
    yield (
        f'<text x="{_n(across + 6 if right else across - 6)}" y="{_n(free)}" '
        f'text-anchor="{"start" if right else "end"}" fill="{colour}">{_safe(name)}</text>'
    )


def _ticks(x: _Axis, y: _Axis) -> Iterator[str]:
    for value in x.ticks():
        yield _line(x(value), HEIGHT - _BOTTOM, x(value), HEIGHT - _BOTTOM + 5, "#333333")
        yield (
            f'<text x="{_n(x(value))}" y="{HEIGHT - _BOTTOM + 18}" text-anchor="middle">'
            f"{value:.0%}</text>"
        )
    for value in y.ticks():
        yield _line(_LEFT - 5, y(value), _LEFT, y(value), "#333333")
        yield (f'<text x="{_LEFT - 8}" y="{_n(y(value) + 4)}" text-anchor="end">{value:.3g}</text>')
    yield (
        f'<text x="{(_LEFT + WIDTH - _RIGHT) / 2:g}" y="{HEIGHT - 16}" text-anchor="middle">'
        "how well it does (share of its scale)</text>"
    )
    middle = (_TOP + HEIGHT - _BOTTOM) / 2
    yield (
        f'<text x="18" y="{middle:g}" text-anchor="middle" transform="rotate(-90 18 {middle:g})">'
        "how much it matters (share of R²)</text>"
    )


class _Axis:
    """A straight axis from values to pixels, with a little room at both ends."""

    def __init__(self, low: float, high: float, begin: float, end: float) -> None:
        room = 0.06 * (high - low) or 0.05
        self.low, self.high = (low - room if low else 0.0), high + room
        self.begin, self.end = begin, end

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return self.begin + share * (self.end - self.begin)

    def ticks(self) -> list[float]:
        """From three to eight round values."""
        span = self.high - self.low
        step = next(
            s * 10.0**e for e in range(-9, 9) for s in (1, 2, 5) if span / (s * 10.0**e) <= 8
        )
        first = -(-self.low // step)
        made = []
        while first * step <= self.high:
            made.append(round(first * step, 12))
            first += 1
        return made


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, *, dash: bool = False) -> str:
    style = ' stroke-dasharray="4 3"' if dash else ""
    return (
        f'<line x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}" stroke="{colour}"{style}/>'
    )


def _n(value: float) -> str:
    return f"{value:.1f}"


def _safe(text: str) -> str:
    return escape(printable(text))

"""Plot: the quadrants as SVG text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reltype.analyses.drivers.words import shown_names
from reltype.errors import UsageError
from reltype.reporting.plots.drawing import GREY, Axis, Drawing, colour

if TYPE_CHECKING:
    from reltype.analyses.drivers.values import Driver, Shares

WIDTH, HEIGHT = 760, 560
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 30, 60, 60
_CORNERS = (("fix", 0, 0), ("keep", 1, 0), ("leave", 0, 1), ("wasted", 1, 1))


def svg(found: Shares, part: str | None = None) -> str:
    """Importance upwards, level to the right, an interval on both axes; grey below the noise.

    Raises:
        UsageError: No attribute has a level.
    """
    drawn = [d for d in found.ranked if d.performance is not None]
    cross = found.cross
    if not drawn or cross is None:
        raise UsageError("there is nothing to draw: at least two attributes must have a scale.")
    levels = [v for d in drawn if (p := d.performance) for v in (p.low, p.high, cross.level)]
    x = Axis(min(levels), max(levels), _LEFT, WIDTH - _RIGHT)
    y = Axis(0.0, max([found.noise, *(d.high for d in drawn)]), HEIGHT - _BOTTOM, _TOP)
    title = f"What {found.outcome} follows" + (f": {part}" if part else "")
    rows = f"{found.rows:,} rows, R² {found.r2:.3f}" + (", weak evidence" if found.weak else "")
    told = f"{rows}. {' '.join(f'{_told(d)}.' for d in drawn)}"
    picture = Drawing("drivers", WIDTH, HEIGHT, title, told, size=12)
    picture.text(_LEFT, 26, title, size=16, bold=True, room=WIDTH - _LEFT - _RIGHT)
    picture.text(_LEFT, 44, rows, faint=0.85)
    picture.line(_LEFT, y(0.0), WIDTH - _RIGHT, y(0.0))
    picture.line(_LEFT, _TOP, _LEFT, y(0.0))
    picture.line(x(cross.level), _TOP, x(cross.level), y(0.0), faint=0.5)
    picture.line(_LEFT, y(cross.importance), WIDTH - _RIGHT, y(cross.importance), faint=0.5)
    picture.line(_LEFT, y(found.noise), WIDTH - _RIGHT, y(found.noise), dash=True, faint=0.5)
    picture.text(WIDTH - _RIGHT, y(found.noise) - 4, "noise", anchor="end", faint=0.8)
    for name, right, low in _CORNERS:
        across = WIDTH - _RIGHT - 4 if right else _LEFT + 6
        down = y(0.0) - 8 if low else _TOP + 14
        picture.text(across, down, name, anchor="end" if right else "start", faint=0.8)
    _axes(picture, x, y)
    shown, names = {d.name for d in found.reported}, shown_names(found)
    taken: list[tuple[float, float]] = []
    for d in drawn:
        _point(picture, d, (x, y), names[d.name], taken, grey=d.name not in shown)
    return picture.svg(paper=True)


def _told(d: Driver) -> str:
    p = d.performance
    assert p is not None  # noqa: S101 - only those with a level are drawn
    return (
        f"{d.name}: {d.share:.3f} of R² ({d.low:.3f} to {d.high:.3f}), "
        f"level {p.level:.0%} ({p.low:.0%} to {p.high:.0%})"
    )


def _point(
    picture: Drawing,
    d: Driver,
    axes: tuple[Axis, Axis],
    name: str,
    taken: list[tuple[float, float]],
    *,
    grey: bool,
) -> None:
    x, y = axes
    ink = GREY if grey else colour(0)
    p = d.performance
    assert p is not None  # noqa: S101 - only those with a level are drawn
    across, up = x(p.level), y(d.share)
    picture.line(x(p.low), up, x(p.high), up, ink)
    picture.line(across, y(d.low), across, y(d.high), ink)
    picture.marks([(across, up)], "ring" if grey else "circle", ink, fill=1, tip=_told(d))
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
        beside = across + (5 if right else -5)
        picture.line(across, up - 4 if free < up else up + 4, beside, free, ink)
    edge, anchor = (across + 6, "start") if right else (across - 6, "end")
    picture.text(edge, free, name, anchor=anchor, room=180, colour="" if grey else ink)


def _axes(picture: Drawing, x: Axis, y: Axis) -> None:
    for value in x.ticks():
        picture.line(x(value), HEIGHT - _BOTTOM, x(value), HEIGHT - _BOTTOM + 5)
        picture.text(x(value), HEIGHT - _BOTTOM + 18, f"{value:.0%}", anchor="middle")
    for value in y.ticks():
        picture.line(_LEFT - 5, y(value), _LEFT, y(value))
        picture.text(_LEFT - 8, y(value) + 4, f"{value:.3g}", anchor="end")
    middle = (_LEFT + WIDTH - _RIGHT) / 2
    picture.text(middle, HEIGHT - 16, "how well it does (share of its scale)", anchor="middle")
    middle = (_TOP + HEIGHT - _BOTTOM) / 2
    picture.text(18, middle, "how much it matters (share of R²)", anchor="middle", turn=True)

"""Drawing: shapes and texts as SVG. Same figures, same bytes; no library, no script, no style sheet.

What is drawn in `currentColor` takes the colour of the text around it, so that a drawing in a page is
readable in light and dark. A drawing that stands alone (`paper`) brings a white sheet and dark ink.
Colour never tells alone: every bar has a pattern of its own, every mark a shape.
"""

from __future__ import annotations

import hashlib
import math
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from attrs import define, field

from reltype.formats.printing import printable

COLOURS = ("#0072b2", "#c8560a", "#00876a", "#b5628f", "#8c6d00", "#5b67c7", "#bb514c", "#4d7c1f")
"""Okabe & Ito's (2008) colours, told apart by colour-blind people, darkened or lightened until each
has a contrast of 3 or more both to white and to #1e1e1e."""

GREY = "#808080"
"""Of whoever is not named."""

INK, PAPER = "#1b1b1b", "#ffffff"

PATTERNS = ("none", "/", "\\", "-", "|", "x", "+", ".")
"""Patterns of bars, in the order of `COLOURS`."""

SHAPES = ("circle", "square", "triangle", "diamond", "cross", "plus", "down", "ring")
"""Shapes of marks, in the order of `COLOURS`."""

LONGEST = 2000
"""Letters of a text that are looked at."""

_NARROW, _WIDE = set("iIjl.,'|!:;()[]ft -/\"`"), set("mwMW@%&—…")


def safe(text: str) -> str:
    """*text* as XML holds it: a stranger's text stays text, and commands no terminal."""
    return escape(printable(text))


def number(value: float) -> str:
    """A coordinate, to a tenth of a pixel."""
    made = f"{value:.1f}"
    made = made.removesuffix(".0")
    return "0" if made == "-0" else made


def width_of(text: str, size: float) -> float:
    """About how wide a text is in a sans-serif face; rather too wide than too narrow."""
    return sum(map(_ems, text)) * size


def _ems(letter: str) -> float:
    if unicodedata.combining(letter):
        return 0.0
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.0
    if letter in _NARROW:
        return 0.38
    if letter in _WIDE:
        return 0.98
    return 0.7 if letter.isupper() else 0.62


def cut(text: str, room: float, size: float) -> str:
    """*text*, cut with an ellipsis to what fits into *room* pixels."""
    text = printable(" ".join(text[:LONGEST].split()))
    wide, kept = 0.0, 0
    for letter in text:
        wide += _ems(letter) * size
        if wide > room:
            break
        kept += wide <= room - _ems("…") * size
    else:
        return text
    return f"{text[:kept].rstrip()}…"


def wrapped(text: str, room: float, size: float, most: int = 3) -> list[str]:
    """*text* in at most *most* lines of *room* pixels; the last is cut where more would follow."""
    lines: list[str] = []
    words = text[:LONGEST].split()
    while words and len(lines) < most:
        line = words.pop(0)
        while words and width_of(f"{line} {words[0]}", size) <= room:
            line += f" {words.pop(0)}"
        if words and len(lines) == most - 1:
            line = f"{line} {' '.join(words)}"
        lines.append(cut(line, room, size))
    return lines


@define
class Drawing:
    """A picture that grows by shapes.

    Attributes:
        kind: What sort of picture: the class `plot-KIND` of the root.
        width: In pixels.
        height: In pixels.
        title: What it shows: the text alternative's name.
        description: The same in words and figures, for who cannot see it.
        size: Letters' height in pixels.
    """

    kind: str
    width: float
    height: float
    title: str
    description: str
    size: float = 13
    parts: list[str] = field(factory=list)

    def line(
        self,
        x1: float,
        y1: float,
        x2: float,
        y2: float,
        colour: str = "currentColor",
        *,
        thick: float = 1,
        dash: bool = False,
        faint: float = 1,
        of: str = "",
    ) -> None:
        """A straight line."""
        self.parts.append(
            f'<line x1="{number(x1)}" y1="{number(y1)}" x2="{number(x2)}" y2="{number(y2)}"'
            f' stroke="{colour}"{_class(of)}'
            + (f' stroke-width="{number(thick)}"' if thick != 1 else "")
            + (' stroke-dasharray="4 3"' if dash else "")
            + (f' stroke-opacity="{faint:g}"' if faint != 1 else "")
            + "/>"
        )

    def bar(
        self,
        x: float,
        y: float,
        w: float,
        h: float,
        colour: str,
        *,
        pattern: str = "none",
        fill: float = 1,
        outline: bool = False,
        of: str = "",
        tip: str = "",
    ) -> None:
        """A rectangle, its pattern drawn into it in the page's own background or ink.

        Args:
            x: Left edge.
            y: Upper edge.
            w: Width; nothing is drawn for less than a tenth of a pixel.
            h: Height.
            colour: Of the area and its outline.
            pattern: One of `PATTERNS`.
            fill: Opacity of the area, 0…1.
            outline: Whether its edge is drawn.
            of: Class.
            tip: What hovering tells.
        """
        if w < 0.05 or h < 0.05:
            return
        told = f"<title>{safe(tip)}</title>" if tip else ""
        edge = f' stroke="{colour}" stroke-width="1"' if outline else ""
        area = f' fill-opacity="{fill:g}"' if fill != 1 else ""
        shape = (
            f'<rect x="{number(x)}" y="{number(y)}" width="{number(w)}" height="{number(h)}"'
            f' fill="{colour}"{area}{edge}{_class(of)}'
        )
        self.parts.append(f"{shape}>{told}</rect>" if told else f"{shape}/>")
        strokes = "".join(_hatch(x, y, w, h, pattern))
        if strokes:
            ink = colour if fill < 0.5 else PAPER
            self.parts.append(
                f'<path d="{strokes}" stroke="{ink}" stroke-width="1.2" fill="none"'
                f' stroke-opacity="{0.9 if fill < 0.5 else 0.75:g}"/>'
            )

    def marks(
        self,
        places: Iterable[tuple[float, float]],
        shape: str,
        colour: str,
        *,
        radius: float | Sequence[float] = 4,
        fill: float = 0.75,
        of: str = "",
        tip: str = "",
    ) -> None:
        """Marks of one shape at *places*, in one path."""
        at = list(places)
        sizes = [radius] * len(at) if isinstance(radius, int | float) else list(radius)
        d = "".join(_mark(x, y, r, shape) for (x, y), r in zip(at, sizes, strict=True))
        if not d:
            return
        open_ = shape in {"cross", "plus", "ring"}
        paint = (
            f'fill="none" stroke="{colour}" stroke-width="1.8"'
            if open_
            else f'fill="{colour}" fill-opacity="{fill:g}"'
        )
        told = f"<title>{safe(tip)}</title>" if tip else ""
        self.parts.append(
            f'<path d="{d}" {paint}{_class(of)}' + (f">{told}</path>" if told else "/>")
        )

    def area(self, d: str, colour: str, *, fill: float = 0.5, of: str = "", tip: str = "") -> None:
        """A closed path, filled."""
        told = f"<title>{safe(tip)}</title>" if tip else ""
        shape = f'<path d="{d}" fill="{colour}" fill-opacity="{fill:g}"{_class(of)}'
        self.parts.append(f"{shape}>{told}</path>" if told else f"{shape}/>")

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float | None = None,
        anchor: str = "start",
        bold: bool = False,
        faint: float = 1,
        room: float | None = None,
        turn: bool = False,
        of: str = "",
        colour: str = "",
    ) -> None:
        """A line of text, cut to *room* pixels; *turn*ed it runs upwards."""
        size = self.size if size is None else size
        shown = printable(text) if room is None else cut(text, room, size)
        self.parts.append(
            f'<text x="{number(x)}" y="{number(y)}"'
            + (f' font-size="{number(size)}"' if size != self.size else "")
            + (f' text-anchor="{anchor}"' if anchor != "start" else "")
            + (' font-weight="bold"' if bold else "")
            + (f' fill="{colour}"' if colour else "")
            + (f' fill-opacity="{faint:g}"' if faint != 1 else "")
            + (f' transform="rotate(-90 {number(x)} {number(y)})"' if turn else "")
            + f"{_class(of)}>{escape(shown)}</text>"
        )

    def svg(self, *, paper: bool = False) -> str:
        """The picture. Its ids follow from what it shows, so that many may stand in one page."""
        body = "\n".join(self.parts)
        key = hashlib.sha256(f"{self.title}\n{body}".encode()).hexdigest()[:8]
        w, h = number(self.width), number(self.height)
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" height="{h}"'
            f' class="plot plot-{self.kind}" role="img" aria-labelledby="t-{key}"'
            f' aria-describedby="d-{key}" font-family="Bitstream Vera Sans, DejaVu Sans, Verdana,'
            f' sans-serif" font-size="{number(self.size)}" fill="currentColor"'
            + (f' color="{INK}"' if paper else "")
            + ">"
        )
        sheet = f'<rect width="{w}" height="{h}" fill="{PAPER}"/>\n' if paper else ""
        return (
            f'{head}\n<title id="t-{key}">{safe(self.title)}</title>\n'
            f'<desc id="d-{key}">{safe(self.description)}</desc>\n{sheet}{body}\n</svg>\n'
        )


class Axis:
    """A straight axis from values to pixels."""

    def __init__(
        self, low: float, high: float, begin: float, end: float, *, room: float = 0.06
    ) -> None:
        """A little *room* (a share of the span) stays at both ends, and none below 0."""
        spare = room * (high - low) or (0.05 if high == low else 0.0)
        self.low, self.high = (low - spare if low else 0.0), high + spare
        self.begin, self.end = begin, end

    def __call__(self, value: float) -> float:
        """The pixel of a value."""
        share = (value - self.low) / (self.high - self.low)
        return self.begin + share * (self.end - self.begin)

    def ticks(self, most: int = 8) -> list[float]:
        """From three to *most* round values."""
        span = self.high - self.low
        step = next(
            s * 10.0**e for e in range(-9, 16) for s in (1, 2, 5) if span / (s * 10.0**e) <= most
        )
        first = math.ceil(self.low / step)
        return [
            round(k * step, 12) for k in range(first, first + most + 2) if k * step <= self.high
        ]


def colour(place: int) -> str:
    """The colour of the thing at *place* in its order."""
    return COLOURS[place % len(COLOURS)]


def pattern(place: int) -> str:
    """The pattern of the thing at *place*; with `colour` it tells 64 apart."""
    return PATTERNS[(place + place // len(COLOURS)) % len(PATTERNS)]


def shape(place: int) -> str:
    """The shape of the thing at *place*."""
    return SHAPES[(place + place // len(COLOURS)) % len(SHAPES)]


def _class(name: str) -> str:
    return f' class="{name}"' if name else ""


def _hatch(x: float, y: float, w: float, h: float, kind: str, gap: float = 7) -> Iterator[str]:
    """Strokes of a pattern, cut to a rectangle, as parts of a path."""
    across = [gap * k for k in range(1, math.ceil(w / gap))]
    down = [gap * k for k in range(1, math.ceil(h / gap))]
    if kind in "/x":
        yield from _slants(x, y, w, h, gap, rising=True)
    if kind in "\\x":
        yield from _slants(x, y, w, h, gap, rising=False)
    if kind in "-+":
        yield from (f"M{number(x)} {number(y + k)}h{number(w)}" for k in down)
    if kind in "|+":
        yield from (f"M{number(x + k)} {number(y)}v{number(h)}" for k in across)
    if kind == ".":
        yield from (f"M{number(x + j - 2)} {number(y + k - 2)}h1.5" for j in across for k in down)


def _slants(x: float, y: float, w: float, h: float, gap: float, *, rising: bool) -> Iterator[str]:
    step = gap * math.sqrt(2)
    for k in range(1, math.ceil((w + h) / step)):
        reach = k * step  # the line on which across + up = reach, from the lower left corner
        a = max(0.0, reach - h), min(h, reach)
        b = min(w, reach), max(0.0, reach - w)
        ends = [(x + dx, y + h - dy if not rising else y + dy) for dx, dy in (a, b)]
        (x1, y1), (x2, y2) = ends
        yield f"M{number(x1)} {number(y1)}L{number(x2)} {number(y2)}"


def _mark(x: float, y: float, r: float, kind: str) -> str:
    """A mark of about the area of a circle of radius *r*, as parts of a path."""
    steps: dict[str, tuple[float, float, str]] = {
        "square": (-0.9, -0.9, "h1.8 v1.8 h-1.8 z"),
        "triangle": (0, -1.2, "l1.15,2 h-2.3 z"),
        "down": (0, 1.2, "l1.15,-2 h-2.3 z"),
        "diamond": (0, -1.25, "l1.25,1.25 l-1.25,1.25 l-1.25,-1.25 z"),
        "cross": (-1, -1, "l2,2 m-2,0 l2,-2"),
        "plus": (-1, 0, "h2 m-1,-1 v2"),
    }
    if kind not in steps:
        a = number(r)
        return (
            f"M{number(x - r)} {number(y)}a{a} {a} 0 1 0 {number(2 * r)} 0"
            f"a{a} {a} 0 1 0 {number(-2 * r)} 0z"
        )
    dx, dy, path = steps[kind]
    made = "".join(
        step[0] + " ".join(number(r * float(part)) for part in step[1:].split(",") if part)
        for step in path.split()
    )
    return f"M{number(x + r * dx)} {number(y + r * dy)}{made}"

"""Picture: the map as SVG. People are marks, or groups where there are very many people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from reltype.analyses.stakeholders.layout import places
from reltype.analyses.stakeholders.measures import Pairs
from reltype.reporting.plots.drawing import (
    GREY,
    PAPER,
    Drawing,
    colour,
    cut,
    number,
    shape,
    width_of,
    wrapped,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reltype.arrow import Floats, Ints

MANY = 500
"""People from whom groups are drawn in their place."""
FEW = 60
"""People up to whom everybody is named."""
EDGE, LETTERS, LONGEST, SHORTER = 24.0, 11.0, 180.0, 120.0
STRONGEST = 4
"""Lines of each mark on a dense map."""
LINES = 3000
"""Lines that are drawn at most, the strongest first."""


@frozen(eq=False)
class Mark:
    """What is drawn of a map.

    Attributes:
        pairs: Who is tied to whom.
        names: (n,) what stands beside each.
        tips: (n,) what hovering tells.
        kinds: (n,) place of each one's kind among *called*; −1: grey.
        called: Kinds, in the order of their colours.
        size: (n,) how large each is, 0…1.
        ring: (n,) who is marked as needed.
        rank: (n,) whose names come first where there is no room for all.
    """

    pairs: Pairs
    names: Sequence[str]
    tips: Sequence[str]
    kinds: Ints
    called: Sequence[str]
    size: Floats
    ring: NDArray[np.bool_]
    rank: Floats


def draw(mark: Mark, *, title: str, description: str, notes: Sequence[str], paper: bool) -> str:
    """The map as SVG: a mark each, lines as thick as ties are strong, names that do not overlap.

    Args:
        mark: What is drawn.
        title: What is said above.
        description: The same in words and figures, for who cannot see it.
        notes: What is said below.
        paper: With a white sheet of its own, for a file.
    """
    few = len(mark.names) <= FEW
    # Few people get all of their names: the page grows until there is room.
    for apart in (74.0, 92.0, 115.0) if few else (50.0,):
        at, width, bottom = _placed(mark.pairs, apart, 105.0 if few else 70.0)
        radius = (5.0 + 9.0 * mark.size) if few else (3.2 + 6.8 * mark.size)
        labels, unnamed = _labels(mark, at, radius, width, bottom, LONGEST if few else SHORTER)
        if not unnamed:
            break
    kinds = [i for i in range(len(mark.called)) if (mark.kinds == i).any()]
    legend = list(_legend(mark.called, kinds, width))
    below = [line for note in notes for line in wrapped(note, width - 2 * EDGE, 12)]
    height = bottom + 22 * len(legend) + 17 * len(below) + EDGE
    shown, thinned = _strongest(mark.pairs)
    if thinned:
        below.append(f"Of each mark the {STRONGEST} strongest lines are drawn.")
        height += 17
    if unnamed:
        told = f"{unnamed:,} of {len(mark.names):,} names have no room: point at a mark to read it."
        below.append(told)
        height += 17
    picture = Drawing("network", width, height, title, description, LETTERS)
    picture.text(EDGE, EDGE + 14, title, size=16, bold=True, room=width - 2 * EDGE)
    _lines(picture, shown, at)
    _marks(picture, mark, at, radius)
    _names(picture, labels, paper=paper)
    for j, row in enumerate(legend):
        x = EDGE
        for i, words in row:
            picture.marks([(x + 6, bottom + 22 * j + 8)], _solid(i), colour(i), radius=5, fill=0.92)
            picture.text(x + 18, bottom + 22 * j + 12, words, size=12)
            x += width_of(words, 12) + 42
    for j, line in enumerate(below):
        y = bottom + 22 * len(legend) + 17 * j + 14
        picture.text(EDGE, y, line, size=12, faint=0.85)
    return picture.svg(paper=paper)


def _solid(kind: int) -> str:
    """Shapes with an area: a mark's size says something."""
    solid = ("circle", "square", "triangle", "diamond", "down")
    return solid[kind % len(solid)] if shape(kind) not in solid else shape(kind)


def _marks(
    picture: Drawing, mark: Mark, at: NDArray[np.float64], radius: NDArray[np.float64]
) -> None:
    for i in range(len(mark.names)):
        kind = int(mark.kinds[i])
        paint = GREY if kind < 0 else colour(kind)
        form = "circle" if kind < 0 else _solid(kind)
        x, y = float(at[i, 0]), float(at[i, 1])
        if mark.ring[i]:
            picture.marks([(x, y)], "ring", "currentColor", radius=float(radius[i]) + 3.5)
        tip = mark.tips[i]
        picture.marks([(x, y)], form, paint, radius=float(radius[i]), fill=0.92, tip=tip)


def _names(
    picture: Drawing, labels: Sequence[tuple[float, float, str, str]], *, paper: bool
) -> None:
    for x, y, anchor, text in labels:
        picture.text(x, y, text, anchor=anchor, of="name")
        if paper:  # lines stop short of letters
            halo = f'<text stroke="{PAPER}" stroke-width="3" paint-order="stroke" '
            picture.parts[-1] = picture.parts[-1].replace("<text ", halo, 1)


def _placed(pairs: Pairs, apart: float, side: float) -> tuple[NDArray[np.float64], float, float]:
    """Where each stands on the page, how wide it is, and where the map ends."""
    at = places(pairs, apart) * np.array([1.2, 1.0]) + np.array([EDGE + side, EDGE + 46])
    width = max(640.0, float(at[:, 0].max(initial=0)) + side + EDGE)
    return at, width, float(at[:, 1].max(initial=0)) + 40


def _strongest(pairs: Pairs) -> tuple[Pairs, bool]:
    """The pairs that are drawn, and whether that is not all: each one's strongest on a dense map."""
    if len(pairs.a) <= 6 * pairs.people or pairs.weight.max() == pairs.weight.min():
        return pairs, False
    ends, other = np.concatenate([pairs.a, pairs.b]), np.tile(np.arange(len(pairs.a)), 2)
    order = np.lexsort((other, -pairs.weight[other], ends))
    ends, other = ends[order], other[order]
    first = np.searchsorted(ends, ends)  # where each one's own begin
    kept = np.unique(other[np.arange(len(ends)) - first < STRONGEST])
    return Pairs(pairs.people, pairs.a[kept], pairs.b[kept], pairs.weight[kept]), True


def _lines(picture: Drawing, pairs: Pairs, at: NDArray[np.float64]) -> None:
    """Ties as lines in five strengths, each a path; the strongest where there are very many."""
    if not len(pairs.a):
        return
    order = np.lexsort((pairs.b, pairs.a, -pairs.weight))[:LINES]
    weight = np.log1p(pairs.weight[order])
    low, high = float(weight.min()), float(weight.max())
    level = np.rint((weight - low) / (high - low) * 4).astype(int) if high > low else weight * 0 + 1
    faint = 0.5 if len(order) <= 150 else 0.3 if len(order) <= 800 else 0.16
    for strength in range(5):
        mine = order[level == strength]
        ends = zip(at[pairs.a[mine]].tolist(), at[pairs.b[mine]].tolist(), strict=True)
        d = "".join(
            f"M{number(p[0])} {number(p[1])}L{number(q[0])} {number(q[1])}" for p, q in ends
        )
        if d:
            thick = number(0.7 + strength * 0.75)
            picture.parts.append(
                f'<path d="{d}" fill="none" stroke="currentColor" stroke-width="{thick}"'
                f' stroke-opacity="{faint + 0.05 * strength:g}" class="ties"/>'
            )


def _labels(
    mark: Mark,
    at: NDArray[np.float64],
    radius: NDArray[np.float64],
    width: float,
    bottom: float,
    longest: float,
) -> tuple[list[tuple[float, float, str, str]], int]:
    """Names where they cover neither a mark nor each other: eight places are tried around each mark."""
    boxes = _Boxes()
    radius = radius + np.where(mark.ring, 4.5, 0)
    for (x, y), r in zip(at.tolist(), radius.tolist(), strict=True):
        boxes.add(x - r, y - r, x + r, y + r)
    made, unnamed = [], 0
    for i in np.lexsort((np.arange(len(mark.names)), -mark.rank)).tolist():
        text = cut(mark.names[i], longest, LETTERS)
        wide = width_of(text, LETTERS)
        x, y, r = float(at[i, 0]), float(at[i, 1]), float(radius[i])
        for tx, ty, anchor in _tried(x, y, r):
            left = tx - (wide if anchor == "end" else wide / 2 if anchor == "middle" else 0)
            box = (left - 1, ty - LETTERS * 0.85, left + wide + 1, ty + LETTERS * 0.25)
            inside = box[0] > 2 and box[2] < width - 2 and box[1] > 44 and box[3] < bottom
            if inside and boxes.free(*box):
                boxes.add(*box)
                made.append((tx, ty, anchor, text))
                break
        else:
            unnamed += 1
    return made, unnamed


def _tried(x: float, y: float, r: float) -> Iterator[tuple[float, float, str]]:
    """Places of a name beside a mark, the nearest first."""
    for gap in (3.0, 9.0, 17.0):
        yield x + r + gap, y + 4, "start"
        yield x - r - gap, y + 4, "end"
        yield x, y - r - gap, "middle"
        yield x, y + r + gap + 8, "middle"
        d = (r + gap) * 0.75
        yield x + d, y - d, "start"
        yield x + d, y + d + 8, "start"
        yield x - d, y - d, "end"
        yield x - d, y + d + 8, "end"


class _Boxes:
    """Rectangles that are taken, found by the squares of a grid that they touch."""

    def __init__(self, side: float = 48.0) -> None:
        self.side = side
        self.held: dict[tuple[int, int], list[tuple[float, float, float, float]]] = {}

    def _cells(self, x1: float, y1: float, x2: float, y2: float) -> Iterator[tuple[int, int]]:
        for i in range(int(x1 // self.side), int(x2 // self.side) + 1):
            for j in range(int(y1 // self.side), int(y2 // self.side) + 1):
                yield i, j

    def add(self, x1: float, y1: float, x2: float, y2: float) -> None:
        for cell in self._cells(x1, y1, x2, y2):
            self.held.setdefault(cell, []).append((x1, y1, x2, y2))

    def free(self, x1: float, y1: float, x2: float, y2: float) -> bool:
        return not any(
            a < x2 and x1 < c and b < y2 and y1 < d
            for cell in self._cells(x1, y1, x2, y2)
            for a, b, c, d in self.held.get(cell, ())
        )


def _legend(
    called: Sequence[str], kinds: Sequence[int], width: float
) -> Iterator[list[tuple[int, str]]]:
    """Kinds that fit beside each other."""
    row: list[tuple[int, str]] = []
    used = 0.0
    for i in kinds:
        words = cut(called[i], 260, 12)
        wide = width_of(words, 12) + 42
        if row and used + wide > width - 2 * EDGE:
            yield row
            row, used = [], 0.0
        row.append((i, words))
        used += wide
    if row:
        yield row

"""Map of customers: each a mark on two dimensions, or squares by number where there are many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from reltype.definitions.archetypes import UNCLASSIFIED
from reltype.reporting.plots.drawing import (
    GREY,
    Drawing,
    colour,
    shape,
    width_of,
    wrapped,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

MANY = 600
"""Customers from which squares stand for many each."""

ACROSS, UP = 36, 26
"""Squares along each side."""

WIDTH, SIDE, LEFT, EDGE, SIZE = 760, 480, 74, 16, 13


def map_of(
    x: Sequence[float] | NDArray[Any],
    y: Sequence[float] | NDArray[Any],
    codes: Sequence[int] | NDArray[Any],
    names: Sequence[str],
    *,
    x_axis: tuple[str, str, str],
    y_axis: tuple[str, str, str],
    unnamed: str = UNCLASSIFIED,
    title: str = "Map of customers",
    note: str = "",
    paper: bool = False,
) -> str:
    """Customers on two dimensions, as SVG.

    Args:
        x: (customers,) reading to the right, 0…1; NaN where it was not seen.
        y: (customers,) reading upwards.
        codes: (customers,) place of each one's name in *names*.
        names: Archetypes, in the order of their colours.
        x_axis: The dimension's name, and the words for its 0 and its 1.
        y_axis: The same upwards.
        unnamed: Which name is grey.
        title: What is said above.
        note: What is said below.
        paper: With a white sheet of its own, for a file.

    Beyond `MANY` customers, or where half of them share a place, each square stands for those within
    it: its size for how many, its colour and shape for the archetype that most of them have.

    Example:
        >>> from reltype.reporting import plots
        >>> axes = dict(x_axis=("affect", "negative", "positive"), y_axis=("volition", "imposed", "free"))
        >>> "<path" in plots.map([0.1, 0.9], [0.5, 0.6], [0, 1], ["flings", "friends"], **axes)
        True
    """
    across, up = np.asarray(x, float), np.asarray(y, float)
    code = np.asarray(codes, np.int64)
    seen = np.isfinite(across) & np.isfinite(up)
    hidden = int((~seen).sum())
    across, up, code = np.clip(across[seen], 0, 1), np.clip(up[seen], 0, 1), code[seen]
    places = np.unique(np.rint(across * 200) * 1000 + np.rint(up * 200))
    dense = len(across) > MANY or (len(across) > 20 and len(places) < len(across) / 2)
    lines = _notes(len(across), hidden, (x_axis[0], y_axis[0]), note, dense=dense)
    rows = _legend_rows(names, np.bincount(code, minlength=len(names)))
    top = EDGE + 34
    bottom = top + SIDE
    legend = bottom + 62
    height = legend + 22 * len(rows) + 18 * len(lines) + EDGE
    counts = np.bincount(code, minlength=len(names)).tolist()
    told = "; ".join(
        f"{name} {count:,}" for name, count in zip(names, counts, strict=True) if count
    )
    said = [f"To the right {x_axis[0]}, from {x_axis[1]} to {x_axis[2]};"]
    said.append(f"upwards {y_axis[0]}, from {y_axis[1]} to {y_axis[2]}. Customers drawn: {told}.")
    said += [*_medians(across, up, code, names, (x_axis[0], y_axis[0])), *lines]
    picture = Drawing("map", WIDTH, height, title, " ".join(said))
    picture.text(EDGE, EDGE + 16, title, size=16, bold=True, room=WIDTH - 2 * EDGE)
    right = WIDTH - EDGE
    _frame(picture, top, bottom, right, x_axis, y_axis)
    paint = [GREY if name == unnamed else colour(i) for i, name in enumerate(names)]
    draw = _squares if dense else _points
    draw(
        picture,
        LEFT + across * (right - LEFT),
        bottom - up * (bottom - top),
        code,
        names,
        paint,
        (LEFT, top, right - LEFT, bottom - top),
    )
    for j, row in enumerate(rows):
        at: float = LEFT
        for i, wide in row:
            picture.marks([(at + 6, legend + 22 * j - 5)], shape(i), paint[i], radius=5, fill=0.9)
            picture.text(at + 18, legend + 22 * j, _legend_text(names[i], counts[i]), room=wide)
            at += wide + 42
    for j, line in enumerate(lines):
        at_y = legend + 22 * len(rows) + 18 * j
        picture.text(LEFT, at_y, line, size=12, faint=0.85)
    return picture.svg(paper=paper)


def _frame(
    picture: Drawing,
    top: float,
    bottom: float,
    right: float,
    x_axis: tuple[str, str, str],
    y_axis: tuple[str, str, str],
) -> None:
    picture.line(LEFT, bottom, right, bottom)
    picture.line(LEFT, top, LEFT, bottom)
    middle, centre = (LEFT + right) / 2, (top + bottom) / 2
    picture.line(middle, top, middle, bottom, faint=0.25)
    picture.line(LEFT, centre, right, centre, faint=0.25)
    third = (right - LEFT) / 3 - 10
    picture.text(LEFT, bottom + 18, x_axis[1], room=third)
    picture.text(middle, bottom + 18, x_axis[0], anchor="middle", bold=True, room=third)
    picture.text(right, bottom + 18, x_axis[2], anchor="end", room=third)
    third = (bottom - top) / 3 - 10
    picture.text(LEFT - 12, bottom, y_axis[1], turn=True, room=third)
    picture.text(LEFT - 12, centre, y_axis[0], anchor="middle", bold=True, turn=True, room=third)
    picture.text(LEFT - 12, top, y_axis[2], anchor="end", turn=True, room=third)


def _points(
    picture: Drawing,
    across: NDArray[np.float64],
    down: NDArray[np.float64],
    code: NDArray[np.int64],
    names: Sequence[str],
    paint: Sequence[str],
    _box: tuple[float, float, float, float],
) -> None:
    for i in np.unique(code).tolist():
        mine = code == i
        places = zip(across[mine].tolist(), down[mine].tolist(), strict=True)
        picture.marks(places, shape(i), paint[i], radius=4.2, fill=0.7, of=f"a{i}", tip=names[i])


def _squares(
    picture: Drawing,
    across: NDArray[np.float64],
    down: NDArray[np.float64],
    code: NDArray[np.int64],
    names: Sequence[str],
    paint: Sequence[str],
    box: tuple[float, float, float, float],
) -> None:
    """A mark for each square of a grid: as large as it holds many, of the kind that most are."""
    left, top, wide, high = box
    column = np.clip(((across - left) / wide * ACROSS).astype(np.int64), 0, ACROSS - 1)
    row = np.clip(((down - top) / high * UP).astype(np.int64), 0, UP - 1)
    held = np.zeros((UP * ACROSS, len(names)), np.int64)
    np.add.at(held, (row * ACROSS + column, code), 1)
    total = held.sum(axis=1)
    full = np.flatnonzero(total)
    if not len(full):
        return
    most = held[full].argmax(axis=1)
    largest = min(wide / ACROSS, high / UP) * 0.46
    radius = np.maximum(1.2, largest * np.sqrt(total[full] / total.max()))
    x = left + (full % ACROSS + 0.5) * wide / ACROSS
    y = top + (full // ACROSS + 0.5) * high / UP
    for i in np.unique(most).tolist():
        mine = most == i
        picture.marks(
            zip(x[mine].tolist(), y[mine].tolist(), strict=True),
            shape(i),
            paint[i],
            radius=radius[mine].tolist(),
            fill=0.85,
            of=f"a{i}",
            tip=f"mostly {names[i]}",
        )


def _notes(drawn: int, hidden: int, axes: tuple[str, str], note: str, *, dense: bool) -> list[str]:
    told = []
    if dense:
        told.append(
            f"{drawn:,} customers: the larger a mark, the more are there; "
            "its colour and shape are those of most of them."
        )
    if hidden:
        told.append(f"{hidden:,} are not drawn: {axes[0]} or {axes[1]} was not seen of them.")
    if note:
        told.append(note)
    return [line for text in told for line in wrapped(text, WIDTH - LEFT - EDGE, 12)]


def _legend_text(name: str, count: int) -> str:
    return f"{name} {count:,}"


def _legend_rows(names: Sequence[str], counts: NDArray[np.int64]) -> list[list[tuple[int, float]]]:
    """Entries that fit beside each other: place of the name, and its room."""
    rows: list[list[tuple[int, float]]] = [[]]
    used = 0.0
    for i in np.flatnonzero(counts).tolist():
        wide = min(width_of(_legend_text(names[i], int(counts[i])), SIZE) + 2, 300.0)
        if rows[-1] and used + wide > WIDTH - LEFT - EDGE - 30:
            rows.append([])
            used = 0.0
        rows[-1].append((i, wide))
        used += wide + 42
    return rows


def _medians(
    across: NDArray[np.float64],
    up: NDArray[np.float64],
    code: NDArray[np.int64],
    names: Sequence[str],
    axes: tuple[str, str],
) -> list[str]:
    """Where each archetype lies, in words, for who cannot see it."""
    told = []
    for i in np.unique(code).tolist():
        mine = code == i
        a, b = float(np.median(across[mine])), float(np.median(up[mine]))
        told.append(f"{names[i]}: {axes[0]} {a:.2f}, {axes[1]} {b:.2f}")
    return [f"Medians: {'; '.join(told)}."] if told else []

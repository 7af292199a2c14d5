"""Flow: how many go from each state to each other between two or more days."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any

import numpy as np

from reltype.reporting.plots.drawing import GREY, Drawing, colour, cut, pattern, width_of, wrapped

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDTH, TALL, EDGE, SIZE, GAP, BAR = 760, 420, 16, 12, 10, 16


def flow(
    states: Sequence[str],
    days: Sequence[str],
    moves: Sequence[Sequence[Sequence[float]] | NDArray[Any]],
    *,
    grey: Sequence[str] = (),
    title: str = "Moves between relationships",
    note: str = "",
    paper: bool = False,
) -> str:
    """Bands between columns, as wide as the customers who go that way, as SVG.

    Args:
        states: Names, in the order of their colours.
        days: What stands above each column; one more than there are *moves*.
        moves: For each step, a (states, states) array of customers: from the row to the column.
        grey: States that are no archetype, such as `dormant`.
        title: What is said above.
        note: What is said below.
        paper: With a white sheet of its own, for a file.

    Example:
        >>> from reltype.reporting import plots
        >>> "2 of 3" in plots.flow(["new", "old"], ["May", "June"], [[[1, 2], [0, 4]]])
        True
    """
    steps = [np.asarray(step, float) for step in moves]
    notes = wrapped(note, WIDTH - 2 * EDGE, 12) if note else []
    shown = [i for i in range(len(states)) if any(s[i].sum() + s[:, i].sum() for s in steps)]
    names = min(max([40.0, *(width_of(states[i], SIZE) + 60 for i in shown)]), 200.0)
    left, right = EDGE + names, WIDTH - EDGE - names
    top = EDGE + 56
    height = top + TALL + 18 * len(notes) + EDGE
    picture = Drawing("flow", WIDTH, height, title, _description(states, days, steps, note))
    picture.text(EDGE, EDGE + 16, title, size=16, bold=True, room=WIDTH - 2 * EDGE)
    sizes = _sizes(steps, len(states))
    total = max([1.0, *(float(size.sum()) for size in sizes)])
    scale = (TALL - GAP * max(len(shown) - 1, 0)) / total
    apart = (right - left - BAR) / max(len(days) - 1, 1)
    tops = [_tops(size, shown, scale, top) for size in sizes]
    paint = [GREY if name in grey else colour(i) for i, name in enumerate(states)]
    for k, step in enumerate(steps):
        _bands(
            picture,
            step,
            (states, paint),
            left + apart * k + BAR,
            apart - BAR,
            (tops[k], tops[k + 1]),
            scale,
        )
    every = max(1, -(-len(days) // 8))
    for k, day in enumerate(days):
        x = left + apart * k
        if k % every == 0 or k == len(days) - 1:
            picture.text(x + BAR / 2, EDGE + 44, day, anchor="middle", room=max(apart * every, 60))
        for i in shown:
            high = float(sizes[k][i]) * scale
            picture.bar(
                x,
                tops[k][i],
                BAR,
                high,
                paint[i],
                of=f"a{i}",
                pattern="none" if states[i] in grey else pattern(i),
                tip=f"{states[i]}, {day}: {sizes[k][i]:,.0f}",
            )
    for end, x, anchor in ((0, left - 8, "end"), (-1, right + 8, "start")):
        _labels(picture, states, sizes[end], tops[end], shown, (x, anchor, names - 10), scale)
    for j, line in enumerate(notes):
        picture.text(EDGE, top + TALL + 18 * (j + 1), line, size=12, faint=0.85)
    return picture.svg(paper=paper)


def _sizes(steps: Sequence[NDArray[np.float64]], count: int) -> list[NDArray[np.float64]]:
    """Customers of each state in each column: those who come, or those who go, if they are more."""
    if not steps:
        return [np.zeros(count)]
    between = [np.maximum(come.sum(axis=0), go.sum(axis=1)) for come, go in pairwise(steps)]
    return [steps[0].sum(axis=1), *between, steps[-1].sum(axis=0)]


def _tops(
    size: NDArray[np.float64], shown: Sequence[int], scale: float, top: float
) -> dict[int, float]:
    made, at = {}, top
    for i in shown:
        made[i] = at
        at += float(size[i]) * scale + GAP
    return made


def _bands(
    picture: Drawing,
    step: NDArray[np.float64],
    named: tuple[Sequence[str], Sequence[str]],
    x: float,
    wide: float,
    tops: tuple[dict[int, float], dict[int, float]],
    scale: float,
) -> None:
    states, paint = named
    out, into = dict(tops[0]), dict(tops[1])
    for i, j in product(tops[0], tops[1]):
        thick = float(step[i, j]) * scale
        if thick <= 0:
            continue
        a, b, half, far = out[i], into[j], x + wide / 2, x + wide
        d = (
            f"M{x:.1f} {a:.1f}C{half:.1f} {a:.1f} {half:.1f} {b:.1f} {far:.1f} {b:.1f}"
            f"V{b + thick:.1f}C{half:.1f} {b + thick:.1f} {half:.1f} {a + thick:.1f} "
            f"{x:.1f} {a + thick:.1f}Z"
        )
        tip = f"{states[i]} → {states[j]}: {step[i, j]:,.0f} of {step[i].sum():,.0f}"
        picture.area(d, paint[i], fill=0.25 if i == j else 0.6, of=f"a{i}", tip=tip)
        out[i] += thick
        into[j] += thick


def _labels(
    picture: Drawing,
    states: Sequence[str],
    size: NDArray[np.float64],
    tops: dict[int, float],
    shown: Sequence[int],
    place: tuple[float, str, float],
    scale: float,
) -> None:
    """Names beside a column, pushed apart where they would run into each other."""
    x, anchor, room = place
    present = [i for i in shown if size[i] > 0]
    at = [tops[i] + float(size[i]) * scale / 2 + SIZE * 0.35 for i in present]
    for k in range(1, len(at)):
        at[k] = max(at[k], at[k - 1] + SIZE + 2)
    for i, y in zip(present, at, strict=True):
        figure = f"{size[i]:,.0f}"
        name = cut(states[i], room - width_of(figure, SIZE) - 8, SIZE)
        picture.text(x, y, f"{name} {figure}", size=SIZE, anchor=anchor)


def _description(
    states: Sequence[str],
    days: Sequence[str],
    steps: Sequence[NDArray[np.float64]],
    note: str,
) -> str:
    told = []
    for k, step in enumerate(steps):
        ways = [
            f"{step[i, j]:,.0f} of {step[i].sum():,.0f} from {states[i]} to {states[j]}"
            for i, j in zip(*np.nonzero(step), strict=True)
            if i != j
        ]
        stayed = f"{np.trace(step):,.0f} of {step.sum():,.0f} stay"
        told.append(f"{days[k]} to {days[k + 1]}: {'; '.join([stayed, *ways])}.")
    return " ".join([*told, note]).strip()

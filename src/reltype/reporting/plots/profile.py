"""Profile: where one customer, or those of one archetype, lie on every dimension."""

from __future__ import annotations

import math
from collections.abc import Sequence

from reltype.reporting.plots.drawing import Drawing, cut, width_of, wrapped

WIDTH, ROW, EDGE, SIZE = 760, 40, 16, 13
UNSEEN = "not seen"


def profile(
    dimensions: Sequence[str],
    values: Sequence[float | None],
    *,
    poles: Sequence[tuple[str, str]],
    low: Sequence[float | None] | None = None,
    high: Sequence[float | None] | None = None,
    usual: Sequence[float | None] | None = None,
    evidence: Sequence[float] | None = None,
    usual_word: str = "median of all customers",
    title: str = "Profile",
    note: str = "",
    colour: str = "#0072b2",
    paper: bool = False,
) -> str:
    """A dot for each dimension between its two poles, as SVG.

    Args:
        dimensions: Their names.
        values: Reading of each, 0…1; None or NaN where it was not seen.
        poles: The words for 0 and for 1 of each.
        low: Where the range of each begins, such as a first quartile; None: no ranges.
        high: Where it ends.
        usual: What is usual here, as a second mark.
        evidence: How much was seen of each, 0…1: the dot is the fainter, the less it is.
        usual_word: What the second mark is.
        title: What is said above.
        note: What is said below.
        colour: Of the dots.
        paper: With a white sheet of its own, for a file.

    Example:
        >>> from reltype.reporting import plots
        >>> "not seen" in plots.profile(["affect"], [None], poles=[("negative", "positive")])
        True
    """
    ends = max([60.0, *(width_of(p, SIZE) for pair in poles for p in pair)])
    ends = min(ends, 170.0) + 8
    names = min(max([60.0, *(width_of(name, SIZE) for name in dimensions)]), 150.0) + 12
    left, right = EDGE + names + ends, WIDTH - EDGE - ends - 44
    notes = wrapped(note, WIDTH - 2 * EDGE, 12) if note else []
    lead = _lead(low is not None, usual is not None, usual_word)
    top = EDGE + 34 + (20 if lead else 0)
    height = top + ROW * len(dimensions) + 18 * len(notes) + EDGE
    told = []
    picture = Drawing("profile", WIDTH, height, title, "")
    picture.text(EDGE, EDGE + 16, title, size=16, bold=True, room=WIDTH - 2 * EDGE)
    if lead:
        _key(picture, colour, lead, EDGE, EDGE + 42)
    for i, name in enumerate(dimensions):
        y = top + ROW * (i + 0.5)
        value, a, b = _at(values, i), _at(low, i), _at(high, i)
        picture.text(EDGE, y + 5, name, bold=True, room=names - 8)
        picture.text(left - 8, y + 5, poles[i][0], anchor="end", faint=0.85, room=ends)
        picture.text(right + 8, y + 5, poles[i][1], faint=0.85, room=ends)
        picture.line(left, y, right, y, faint=0.3)
        picture.line((left + right) / 2, y - 4, (left + right) / 2, y + 4, faint=0.4)
        if value is None:
            picture.text((left + right) / 2, y - 5, UNSEEN, anchor="middle", size=12, faint=0.85)
            told.append(f"{name} {UNSEEN}")
            continue
        if a is not None and b is not None:
            picture.bar(
                _x(a, left, right),
                y - 6,
                _x(b, left, right) - _x(a, left, right),
                12,
                colour,
                fill=0.3,
                outline=True,
            )
        common = _at(usual, i)
        if common is not None:
            picture.marks([(_x(common, left, right), y)], "diamond", "currentColor", radius=5)
        weight = 1.0 if evidence is None else 0.35 + 0.65 * min(max(float(evidence[i]), 0), 1)
        picture.marks(
            [(_x(value, left, right), y)],
            "circle",
            colour,
            radius=7,
            fill=weight,
            tip=f"{name}: {value:.2f}",
        )
        picture.text(WIDTH - EDGE, y + 5, f"{value:.2f}", anchor="end")
        told.append(
            f"{name} {value:.2f} between {poles[i][0]} (0) and {poles[i][1]} (1)"
            + (f", from {a:.2f} to {b:.2f}" if a is not None and b is not None else "")
            + (f", {usual_word} {common:.2f}" if common is not None else "")
        )
    for j, line in enumerate(notes):
        picture.text(EDGE, top + ROW * len(dimensions) + 18 * (j + 1), line, size=12, faint=0.85)
    picture.description = " ".join(filter(None, [f"{'; '.join(told)}.", note]))
    return picture.svg(paper=paper)


def _lead(ranges: bool, usual: bool, usual_word: str) -> list[tuple[str, str]]:
    made = []
    if ranges:
        made.append(("range", "middle half"))
    if usual:
        made.append(("usual", usual_word))
    return [("dot", "median" if ranges else "reading"), *made] if made else []


def _key(
    picture: Drawing, colour: str, lead: Sequence[tuple[str, str]], x: float, y: float
) -> None:
    for mark, word in lead:
        if mark == "dot":
            picture.marks([(x + 6, y - 4)], "circle", colour, radius=6, fill=1)
        elif mark == "range":
            picture.bar(x, y - 10, 22, 12, colour, fill=0.3, outline=True)
            x += 10
        else:
            picture.marks([(x + 6, y - 4)], "diamond", "currentColor", radius=5)
        shown = cut(word, 260, 12)
        picture.text(x + 18, y, shown, size=12, faint=0.85)
        x += 36 + width_of(shown, 12)


def _x(value: float, left: float, right: float) -> float:
    return left + min(max(value, 0.0), 1.0) * (right - left)


def _at(values: Sequence[float | None] | None, place: int) -> float | None:
    if values is None:
        return None
    value = values[place]
    return None if value is None or math.isnan(value) else float(value)

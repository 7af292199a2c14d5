"""Ratings: numbers, words or stars on whatever scale, read as −1…1; and shares as 0…1."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reltype.mapping.conversions import Conversion, by_words, units
from reltype.mapping.kinds import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reltype.mapping.columns import Column
    from reltype.mapping.vocabulary import Name

Bounds = tuple[float, float]

_STEPS = 202
"""Whoever answers on a scale of 0 to 100 in halves uses no more different numbers than this."""
_ENOUGH = 20
"""How many answers it takes for it to be odd that nobody chose the upper third of a scale."""
_MANY = 200
"""How many cells it takes to tell a scale of four steps from one of five whose top nobody chose."""


_NPS = ("nps", "recommend", "net promoter score", "net promoter")


def rating(column: Column, name: Name) -> Conversion | None:
    """A rating on any scale as −1…1; None if it does not look like one."""
    pleased = {c: units("pleased")[plain(c)] for c in column.counts if plain(c) in units("pleased")}
    numbers = column.numbers
    if numbers is None or numbers.share < 0.8 or not numbers.values:
        return by_words(column, pleased, 0.5) or by_words(column, _stars(column), 0.8)
    low, high = min(numbers.values), max(numbers.values)
    bounds = (
        _stated(name.written)
        or _short(column)
        or _bounds(numbers.values, nps=any(map(name.has, _NPS)))
    )
    if bounds is None or low < bounds[0] or high > bounds[1] or len(numbers.values) > _STEPS:
        return None
    source = numbers.expression(column.quoted)
    scale = f"{bounds[0]:g} to {bounds[1]:g}"
    told = f"numbers from {low:g} to {high:g}, read on a scale of {scale}"
    if bounds == (-1, 1):
        return Conversion(source, numbers.share, told)
    expression = f"scale({source}, {bounds[0]:g}, {bounds[1]:g})"
    doubt = "" if (low, high) == bounds else f"{column.name!r} was taken for a scale of {scale}"
    other = f"; for another write scale({source}, LOWEST, HIGHEST)"
    return Conversion(expression, numbers.share, told, doubt and doubt + other)


def sentiment(column: Column, name: Name) -> Conversion | None:
    """A sentiment; numbers up to 1 are taken as they stand, since half of −1…1 may be unseen."""
    numbers = column.numbers
    if numbers is not None and numbers.values and max(map(abs, numbers.values)) <= 1:
        return Conversion(numbers.expression(column.quoted), numbers.share, "numbers from -1 to 1")
    return rating(column, name)


def _stated(written: str) -> Bounds | None:
    """What the name says: `(1-5)`, `out of 10`."""
    found = re.search(r"\b(-?\d)\s*(?:-|–|to|bis|à)\s*(\d{1,3})\b", written)
    if found and float(found[1]) < float(found[2]):
        return float(found[1]), float(found[2])
    out_of = re.search(r"(?:/|out of|von|sur)\s*(5|10|100)\b", written)
    return (1.0 if out_of[1] == "5" else 0.0, float(out_of[1])) if out_of else None


def _short(column: Column) -> Bounds | None:
    """A scale of three or four steps."""
    steps = {float(cell) for cell in column.counts if re.fullmatch(r"[0-9](\.0)?", cell)}
    if len(column.cells) < _MANY or len(steps) < len(column.counts):
        return None
    return (min(steps), max(steps)) if steps in ({1, 2, 3}, {1, 2, 3, 4}) else None


def _bounds(values: Sequence[float], *, nps: bool) -> Bounds | None:
    """The narrowest of the usual scales that holds all the numbers and begins where they do."""
    low, high = min(values), max(values)
    usual: list[Bounds] = [(-1.0, 1.0), (-2.0, 2.0), (-3.0, 3.0), (-5.0, 5.0), (-10.0, 10.0)]
    usual.append((-100.0, 100.0))
    if nps:
        usual = [(0.0, 10.0)]
    elif low >= 0:
        halves = 0 < low < 1 and all(value * 2 == int(value * 2) for value in values)
        first = 0.5 if halves else 0.0 if low < 1 else 1.0
        usual = [
            (0.0, 1.0),
            *((first, last) for last in (5.0, 7.0, 10.0, 20.0) if last != 20 or low == 0),
        ]
        usual.append((0.0, 100.0))
    return next((bounds for bounds in usual if bounds[0] <= low and high <= bounds[1]), None)


def usual_bounds(values: Sequence[float]) -> Bounds | None:
    """The narrowest of the usual scales that holds *values*; None where none does."""
    return _bounds(values, nps=False)


def _stars(column: Column) -> dict[str, float]:
    """`5 stars`, `★★★★☆` → −1…1."""
    found: dict[str, float] = {}
    for cell in column.counts:
        said = re.match(
            r"\s*([1-5])(?:[.,]0)?\s*(?:stars?|sterne?|étoiles?|\*|/\s*5|★)", cell.lower()
        )
        if said:
            found[cell] = (float(said[1]) - 3) / 2
        elif set(cell) <= set("★☆⭐ ") and (count := cell.count("★") + cell.count("⭐")):
            found[cell] = (count - 3) / 2
    return found


def nps(column: Column, name: Name) -> Conversion | None:
    """The answer to *how likely would you recommend us*, 0…10."""
    del name
    numbers = column.numbers
    if numbers is None or numbers.share < 0.8 or min(numbers.values) < 0:
        return None
    source, high = numbers.expression(column.quoted), max(numbers.values)
    if high > 10:
        return None
    doubt = ""
    if high <= 7 and len(column.cells) >= _ENOUGH:
        doubt = (
            f"{column.name!r} is read as 0 to 10, and holds nothing above {high:g}; if it is another "
            "scale, map it to satisfaction (a log's to rating) instead"
        )
    return Conversion(source, numbers.share, "numbers from 0 to 10", doubt)


def share(column: Column, name: Name) -> Conversion | None:
    """A share 0…1, of a fraction or per cent; None if it is neither."""
    numbers = column.numbers
    if numbers is None or numbers.share < 0.8 or not numbers.values or min(numbers.values) < 0:
        return None
    source, high = numbers.expression(column.quoted), max(numbers.values)
    said = any(map(name.has, ("percent", "pct", "percentage"))) or "%" in name.written
    if (said or any("%" in cell for cell in column.counts)) and 1 < high <= 100:
        return Conversion(f"{source} / 100", numbers.share, "per cent")
    if high <= 1 and not numbers.whole:
        return Conversion(source, numbers.share, "shares")
    return None

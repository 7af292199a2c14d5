"""Formatting: figures as a person would write them, with their units."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np

from reltype.definitions.phrases import MONTH, PLAIN, Units, describe_value

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from reltype.definitions.features import Feature

HIDDEN = frozenset({"", "1", "days²", "day²", "0…1"})
"""Units of what only serves other facts, and says nothing to people."""

UNSEEN = "–"
"""What stands where nothing was seen."""

_FORMS = {"money": "money", "days": "days", "day": "date", "-1…1": "score", "'-1…1": "score"}
"""Unit → the form of `phrases` that tells it."""


def readable(feature: Feature) -> bool:
    """Whether a feature says something to people: it has a unit, and is no term of a sum."""
    day = feature.unit != "day" or feature.name.endswith("_day")
    return feature.unit not in HIDDEN and day and feature.name != "day_sum"


def label(feature: Feature, units: Units = PLAIN) -> str:
    """What a feature is called in a table: its summary, which is a noun phrase."""
    first = feature.summary.split(". ")[0].split(": ")[0].rstrip(".")
    first = first.removesuffix(", in days since 1970-01-01")
    if "(the column" in first:
        first = first.split(" (the column")[0]
    if feature.unit.endswith("-1…1"):
        low, high = units.ratings.get(feature.name) or (-100, 100)
        return f"{first} ({low:g} to {high:g})"
    return first


def value(feature: Feature, number: float, units: Units = PLAIN) -> str:
    """One figure of a feature; a day counts from 1970, a truth is 0 or 1; a dash for NaN."""
    if np.isnan(number):
        return UNSEEN
    unit = feature.unit
    if unit in _FORMS:
        return describe_value(number, _FORMS[unit], feature.name, units)
    if unit == "money/day":
        return f"{describe_value(number * MONTH, 'money', units=units)} a month"
    if unit == "1/day":
        return f"{three(number * MONTH)} a month"
    return _BY_UNIT.get(unit, three)(number)


def values(feature: Feature, numbers: NDArray[np.float64], units: Units = PLAIN) -> list[str]:
    """The same of many, each different one told once; as many figures as are read."""
    return [value(feature, float(number), units) for number in numbers]


def kept(feature: Feature, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """*numbers* rounded to what `value` shows of them at most: three figures, or a whole day."""
    if feature.unit in {"day", "count"}:
        return np.rint(numbers) if feature.unit == "day" else numbers
    size = np.abs(np.where(np.isfinite(numbers) & (numbers != 0), numbers, 1.0))
    power = 10.0 ** (2 - np.floor(np.log10(size)))
    return np.round(numbers * power) / power


def typical(feature: Feature, numbers: NDArray[np.float64], units: Units = PLAIN) -> str:
    """The one in the middle; of yes and no, how many say yes."""
    seen = numbers[~np.isnan(numbers)]
    if not seen.size:
        return UNSEEN
    if feature.unit == "yes or no":
        return f"{percent(float(seen.mean()))} yes"
    return value(feature, middle(feature, seen), units)


def span(feature: Feature, numbers: NDArray[np.float64], units: Units = PLAIN) -> str:
    """From the tenth of ten to the tenth of a hundred: what four of five lie between."""
    seen = numbers[~np.isnan(numbers)]
    if not seen.size or feature.unit == "yes or no":
        return UNSEEN
    low, high = np.quantile(seen, [0.1, 0.9], method="nearest")
    first, last = value(feature, float(low), units), value(feature, float(high), units)
    return first if first == last else f"{first} to {last}"


def middle(feature: Feature, seen: NDArray[np.float64]) -> float:
    """The median; of counts and days one that occurs."""
    whole = feature.unit in {"count", "day"}
    return float(np.quantile(seen, 0.5, method="nearest" if whole else "linear"))


def percent(share: float) -> str:
    """A share in per cent: whole from one on, less than one said so."""
    if np.isnan(share):
        return UNSEEN
    if 0 < share < 0.005:
        return "under 1%"
    return f"{share:.0%}"


def three(number: float) -> str:
    """A number in three figures at most."""
    if abs(number) >= 100:
        return f"{number:,.0f}"
    return f"{number:.3g}"


def day(when: dt.date) -> str:
    """A day with the month in words."""
    return f"{when.day} {when:%B %Y}"


def brief_day(when: dt.date) -> str:
    """A day with the month's first letters."""
    return f"{when.day} {when:%b %Y}"


def _count(number: float) -> str:
    return f"{number:,.0f}" if number == round(number) else three(number)


def _yes_or_no(number: float) -> str:
    return "yes" if number >= 0.5 else "no"


_BY_UNIT: dict[str, Callable[[float], str]] = {
    "share": percent,
    "yes or no": _yes_or_no,
    "count": _count,
}

r"""Phrase: a sentence with slots, filled with numbers in the units that people use.

A slot is `{name}` or `{name:form}`. Nothing else is understood: `str.format` would read attributes
and items, and a pack may come from a stranger. Forms:

| form | 1 | 6.4 | 400 |
|---|---|---|---|
| `days` | 1 day | 6.4 days | 13 months |
| `every` | day | 6.4 days | 13 months |
| `span` | 1 day | 6.4 days | 13 months |
| `count` | 1 | 6 | 400 |
| `times` | once | 6 times | 400 times |
| `visit\|visits` | 1 visit | 6 visits | 400 visits |
| `money` | 1.00 | 6.40 | 400 |
| `percent` | 100 % | | |
| `date` | 2 January 1970 | | |
| `rating` | a value from -1 to 1, on the scale that people were asked on: `4.2 of 5` | | |
| `score` | the same without the `of 5` | | |
| `.0f`, `,.2f`, `d` … | as Python formats it | | |

Durations: one decimal below ten days; whole days below 100, but a `span` from 21 days to 100 is
told in weeks; months (of 30.4375 days) below two years; years (of 365.25) with one decimal from then on.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import field, frozen

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NUMBER = r"[ +-]?\d{0,2},?(?:\.\d{1,2})?[dfg%]?"
_WORDS = ("days", "every", "span", "times", "count", "money", "percent", "date", "rating", "score")
_PAIR = r"[^{}|:]+\|[^{}|:]+"
_SLOT = re.compile(rf"\{{(\w+)(?::({'|'.join(_WORDS)}|{_PAIR}|{_NUMBER}))?\}}")
PIECES = re.compile(rf"(\{{\w+(?::(?:{'|'.join(_WORDS)}|{_PAIR}|{_NUMBER}))?\}})")
"""Splits a sentence into slots and what stands between them."""

_DIGITS = re.compile(r"\.(\d+)[fg%]?$")
_EPOCH = dt.date(1970, 1, 1)

DURATIONS = frozenset({"days", "every", "span"})
"""Forms that tell how long something lasts."""

WEEK, MONTH, YEAR = 7.0, 30.4375, 365.25
"""Days in each."""

SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥", "INR": "₹"}
"""Currencies that people write as a sign before the amount."""


def misread(sentence: str) -> tuple[str, ...]:
    """What stands in braces in *sentence* and is no slot: it would be shown as it is."""
    rest = _SLOT.sub("", sentence)
    return (
        (rest[rest.index("{") if "{" in rest else rest.index("}") :],)
        if _BRACES.search(rest)
        else ()
    )


_BRACES = re.compile(r"[{}]")


@frozen
class Units:
    """How numbers of a run are told.

    Attributes:
        currency: Of all amounts, as a code (`EUR`); empty where it is not known, or not one.
        ratings: Feature → the lowest and highest answer of the scale that people were asked on.
    """

    currency: str = ""
    ratings: Mapping[str, tuple[float, float]] = field(factory=dict)


PLAIN = Units()


def slots(sentence: str) -> tuple[str, ...]:
    """The names in braces in *sentence*, in order, each once."""
    return tuple(dict.fromkeys(match[1] for match in _SLOT.finditer(sentence)))


def rated(sentence: str) -> frozenset[str]:
    """The names of slots in *sentence* that are told on the scale that people were asked on."""
    return frozenset(m[1] for m in _SLOT.finditer(sentence) if m[2] in {"rating", "score"})


def a(noun: str) -> str:
    """*noun* with its article, as it is spelt: `a fling`, `an old friend`."""
    return f"an {noun}" if noun[:1].lower() in "aeio" else f"a {noun}"


_CUSTOMERS = re.compile(r"(?<![\w./'\"=\[-])([Aa] )?([Cc])ustomer(s?)(?![\w/'\"=\]-]|\.\w)")


def spoken_of(text: str, noun: str, plural: str) -> str:
    """A sentence of ours on customers, of those whose relationship is read: employees, say.

    Names of files, columns and options in it stay as they are.

    Example:
        >>> spoken_of("2 customers in customers.csv (customer_id)", "employee", "employees")
        '2 employees in customers.csv (customer_id)'
    """
    if noun == "customer":
        return text

    def other(met: re.Match[str]) -> str:
        said = plural if met[3] else noun
        said = said[:1].upper() + said[1:] if met[2] == "C" else said
        if not met[1]:
            return said
        return a(said)[:1].upper() + a(said)[1:] if met[1] == "A " else a(said)

    return _CUSTOMERS.sub(other, text)


def slot(piece: str) -> tuple[str, str] | None:
    """Name and form of a *piece* that is one slot; None for any other text."""
    found = _SLOT.fullmatch(piece)
    return (found[1], found[2] or "") if found else None


def fill(sentence: str, values: Mapping[str, Any], units: Units = PLAIN) -> str:
    """*sentence* with each slot replaced by its value.

    A value that is missing reads `?`; a format that does not suit is left out.
    """
    return _SLOT.sub(lambda m: describe_value(values.get(m[1]), m[2] or "", m[1], units), sentence)


def describe_value(value: Any, form: str, name: str = "", units: Units = PLAIN) -> str:  # noqa: ANN401
    """One *value* of the feature *name* in words."""
    if value is None:
        return "?"
    if isinstance(value, (bool, str)):
        return str(value)
    if isinstance(value, dt.date):
        return _date((value - _EPOCH).days) if form == "date" else str(value)
    if "|" in form or form in _WORDS:
        return _in_words(float(value), form, name, units)
    try:
        return format(value, form or ("g" if isinstance(value, float) else ""))
    except ValueError:
        return str(value)


def kept(values: NDArray[np.float64], form: str) -> NDArray[np.float64]:
    """*values* rounded to what *form* shows of them: what is equal then reads the same."""
    if form in DURATIONS:
        return _durations(values, weeks=form == "span")
    if form == "date":
        return np.floor(values)
    if "|" in form or form in {"times", "count"}:
        return np.rint(values)
    if form == "money":
        return np.where(np.abs(values) < 100, np.round(values, 2), np.rint(values))
    if form in {"percent", "rating", "score"}:
        return np.round(values, 9)
    digits = _DIGITS.search(form)
    return np.round(values, (int(digits[1]) if digits else 6) + 2 * form.endswith("%"))


def shown(value: float, form: str, bounds: tuple[float, float] | None) -> float:
    """*value* as far as *form* shows it, so that what is told is what was tried."""
    if form in {"rating", "score"}:
        low, high = bounds or (-100.0, 100.0)
        shown = round(low + (value + 1) / 2 * (high - low), 1 if bounds else 0)
        return 2 * (shown - low) / (high - low) - 1
    if form == "percent":
        return round(value, 2)
    return float(kept(np.array([value]), form)[0])


def form_of(sentence: str, name: str) -> str:
    """How *sentence* tells *name*; empty where it does not."""
    return next((m[2] or "" for m in _SLOT.finditer(sentence) if m[1] == name), "")


def _durations(values: NDArray[np.float64], *, weeks: bool) -> NDArray[np.float64]:
    days = np.where(values < 9.95, np.round(values, 1), np.rint(values))
    made = np.where(days < 100, days, np.rint(values / MONTH) * MONTH)
    if weeks:
        made = np.where((days >= 21) & (days < 100), np.rint(values / WEEK) * WEEK, made)
    return np.where(np.rint(values / MONTH) < 24, made, np.round(values / YEAR, 1) * YEAR)


def _in_words(value: float, form: str, name: str, units: Units) -> str:
    if "|" in form:
        one, many = form.split("|")
        count = round(value)
        return f"{'no' if count == 0 else f'{count:,}'} {one if count == 1 else many}"
    if form in {"rating", "score"}:
        return _rating(value, units.ratings.get(name), whole=form == "rating")
    if form == "money":
        return _money(value, units.currency)
    if form in DURATIONS:
        return _duration(value, form)
    simple = {"date": _date, "times": _times, "count": _count, "percent": _percent}
    return simple[form](value)


def _times(value: float) -> str:
    count = round(value)
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count:,} times")


def _duration(value: float, form: str) -> str:
    # As numpy rounds: what is grouped there must read the same here.
    days = round(value * 10) / 10 if value < 9.95 else float(round(value))
    months = round(value / MONTH)
    if months >= 24:
        return _counted(round(value / YEAR * 10) / 10, "year", form)
    if days < 100:
        if form == "span" and days >= 21:
            return _counted(round(value / WEEK), "week", form)
        return _counted(days, "day", form)
    return _counted(months, "month", form)


def _counted(number: float, unit: str, form: str) -> str:
    if form == "every" and number == 1:
        return unit
    return f"{number:,.10g} {unit}{'' if number == 1 else 's'}"


def _count(value: float) -> str:
    return f"{round(value):,}" if round(value) else "none"


def _date(days: float) -> str:
    day = _EPOCH + dt.timedelta(days=int(days))
    return f"{day.day} {day:%B} {day.year}"


def _money(value: float, currency: str) -> str:
    sign, size = ("-" if value < 0 else ""), abs(value)
    number = f"{size:,.2f}" if round(size, 2) < 100 else f"{round(size):,}"
    if currency in SYMBOLS:
        return f"{sign}{SYMBOLS[currency]}{number}"
    return f"{sign}{number} {currency}".rstrip()


def _percent(value: float) -> str:
    hundredths = round(value * 100)
    if hundredths == 0 and value > 0:
        return "less than 1 %"
    return f"{hundredths} %"


def _rating(value: float, bounds: tuple[float, float] | None, *, whole: bool) -> str:
    if bounds is None:  # a sentiment, which nobody was asked for
        number = f"{round(100 * value):+d}" if round(100 * value) else "0"
        return f"{number} on a scale of -100 to 100" if whole else number
    low, high = bounds
    number = f"{low + (value + 1) / 2 * (high - low):.1f}".removesuffix(".0")
    return f"{number} of {high:g}" if whole else number

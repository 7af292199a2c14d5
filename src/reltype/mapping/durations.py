"""Durations: tenures and terms in whatever unit, by name, by words or by size, as days."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reltype.mapping.conversions import Conversion, by_words, units
from reltype.mapping.kinds import plain

if TYPE_CHECKING:
    from reltype.mapping.columns import Column
    from reltype.mapping.vocabulary import Name

_CALLED = {365.0: "years", 30.4: "months", 1.0: "days"}


def tenure_days(column: Column, name: Name) -> Conversion | None:
    """How long somebody has been a customer: up to 15 are years, up to 240 months, else days."""
    return _numbers(column, name, years=15, months=240)


def of_people(column: Column, name: Name) -> Conversion | None:
    """How long somebody has been at something: up to 50 are years, up to 600 months, else days."""
    return _numbers(column, name, years=50, months=600)


def contract_days(column: Column, name: Name) -> Conversion | None:
    """How long a contract ties; what can be left at any time ties for 0 days."""
    numbers = column.numbers
    if numbers is not None and numbers.share > 0.8:
        return _numbers(column, name, years=5, months=60)
    tied = {cell: days for cell in column.counts if (days := _tied(cell)) is not None}
    return by_words(column, tied, 0.7) if len(column.counts) <= 60 else None


def _numbers(column: Column, name: Name, *, years: float, months: float) -> Conversion | None:
    numbers = column.numbers
    if numbers is None or numbers.share < 0.7 or min(numbers.values, default=-1) < 0:
        return None
    largest = max(numbers.values)
    said = [units("days")[word] for word in name.words if len(word) > 1 and word in units("days")]
    unit = said[0] if said else 365.0 if largest <= years else 30.4 if largest <= months else 1.0
    source = numbers.expression(column.quoted)
    doubt = f"{column.name!r} was taken for {_CALLED.get(unit)} (its largest number is {largest:g})"
    expression = source if unit == 1 else f"{source} * {unit:g}"
    told = f"numbers in units of {unit:g} days"
    return Conversion(expression, numbers.share, told, "" if said else doubt)


def _tied(cell: str) -> float | None:
    """The days for which a term ties: `One year` 365, `24 Monate` 730, `Month-to-month` 0."""
    phrase = plain(cell)
    if phrase in units("untied") or phrase.endswith(" to month"):
        return 0.0
    words = re.split(r"(?<=\d)(?=[a-z])|\s+", phrase)
    for i, word in enumerate(words):
        unit = units("days").get(" ".join(words[i : i + 2]), units("days").get(word))
        if unit is not None:
            before = words[i - 1] if i else ""
            count = units("counts").get(before, float(before) if before.isdigit() else 1.0)
            days = unit * count
            whole = round(days / 365) * 365
            # Twelve months are a year; a month and less can be left at the next bill.
            return 0.0 if days < 31 else float(whole if abs(days - whole) < 4 else round(days))
    return None

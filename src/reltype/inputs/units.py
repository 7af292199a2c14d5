"""Units: how the numbers of a run are told: the currency, and the scales that people were asked on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reltype.definitions.phrases import Units

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from reltype.inputs.input import Input

_SCALE = re.compile(r"\bscale\(.+,\s*(-?[\d.]+)\s*,\s*(-?[\d.]+)\s*\)\s*$", re.DOTALL)
_SCALES = re.compile(r"\bscale\((?:[^()]|\([^()]*\))+,\s*(-?[\d.]+)\s*,\s*(-?[\d.]+)\s*\)")
"""Each of several questions whose mean counts."""
_TOLD_BY = {
    "rating": ("sentiment_mean", "usual_sentiment"),
    "sentiment": ("sentiment_mean", "usual_sentiment"),
    "satisfaction": ("satisfaction", "usual_satisfaction"),
}
"""Canonical column → the features and scales that are told on its scale."""


_CODES = frozenset(
    [
        "AED",
        "ARS",
        "AUD",
        "BRL",
        "CAD",
        "CHF",
        "CLP",
        "CNY",
        "CZK",
        "DKK",
        "EGP",
        "EUR",
        "GBP",
        "HKD",
        "HUF",
        "IDR",
        "ILS",
        "INR",
        "JPY",
        "KES",
        "KRW",
        "MXN",
        "MYR",
        "NGN",
        "NOK",
        "NZD",
        "PHP",
        "PKR",
        "PLN",
        "RON",
        "RUB",
        "SAR",
        "SEK",
        "SGD",
        "THB",
        "TWD",
        "UAH",
        "USD",
        "VND",
        "ZAR",
    ]
)
_SIGNS = {"€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR"}
"""Signs that name one currency; a dollar is that of a dozen countries."""


def currency_of(items: Iterable[Input]) -> str:
    """The currency that the columns of money name, as a code; empty where none or several do."""
    found: set[str] = set()
    for item in items:
        text = item.guess.mapping.columns.get("value", "")
        text += item.guess.sources.get("value", "")
        found |= {code for sign, code in _SIGNS.items() if sign in text}
        words = {word.upper() for word in re.split(r"[^A-Za-z]+", text)}
        found |= words & _CODES
    return found.pop() if len(found) == 1 else ""


def units_of(
    items: Collection[Input],
    empty: Callable[[Input, str], bool],
    answers: Collection[str] = (),
) -> Units:
    """The units of what was read: a scale is known where all inputs that give it agree on it.

    Args:
        items: The inputs.
        empty: Whether an input gives no value of a column in any row: such a column says nothing.
        answers: Facts that are answers to questions; what is usual of one is told on its scale.
    """
    found: dict[str, set[tuple[float, float]]] = {}
    unknown: set[str] = set()
    for item in items:
        columns = item.guess.mapping.columns
        both = item.guess.role == "interactions" and {"rating", "sentiment"} <= set(columns)
        for ours, text in columns.items():
            if ours in answers:
                bounds = {tuple(sorted(map(float, m.groups()))) for m in _SCALES.finditer(text)}
                for name in (ours, f"usual_{ours}"):
                    if len(bounds) != 1 or " WHEN '" in text:
                        unknown.add(name)
                    else:
                        found.setdefault(name, set()).update(bounds)  # type: ignore[arg-type]
                continue
            if both and ours in ("rating", "sentiment") and empty(item, ours):
                continue
            said = _SCALE.search(text)
            for name in _TOLD_BY.get(ours, ()):
                if said is None:
                    unknown.add(name)
                else:
                    found.setdefault(name, set()).add((float(said[1]), float(said[2])))
    ratings = {
        name: next(iter(bounds))
        for name, bounds in found.items()
        if len(bounds) == 1 and name not in unknown
    }
    return Units(currency_of(items), ratings)

"""Norm: what is usual in a business, said by somebody who knows it, in place of what the data show.

Scales are taken from all customers, and move with their mix: where half of them are casual friends,
what is usual is what casual friends do. A norm says instead what a loyal customer does here; the
pack says which scales follow from it (`Scale.by_norm`). Norms stand in `[norms]` of a reltype.toml or
of a pack; the first goes first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from reltype.errors import ConfigError, did_you_mean

MIX = "mix"
"""The norm that is no number: archetype → share of customers."""

DAYS, MONEY, YES, MOOD = "days", "money a month", "yes or no", "-1…1"

QUESTIONS: Mapping[str, tuple[str, str]] = {
    "loyal_customer_comes_every": (
        DAYS,
        "How often does a loyal customer come or pay? (7d, 1 month)",
    ),
    "loyal_customer_stays": (DAYS, "How long does a loyal customer stay, or has stayed? (3 years)"),
    "loyal_customer_spends": (MONEY, "What does a loyal customer spend in a month?"),
    "leaving_is_free": (YES, "Can customers leave at any time, with no contract? (yes, no)"),
    "usual_mood": (MOOD, "What mood is usual in what customers say, from -1 to 1? (0.2)"),
    MIX: ("shares", "Which share is each kind of relationship? (casual friendship 0.5, fling 0.1)"),
}
"""Norm → its unit, and the question that `reltype init --ask` asks."""

_UNITS = {"d": 1.0, "w": 7.0, "m": 30.4375, "q": 91.3125, "y": 365.25}
_DURATION = re.compile(r"\s*(\d+(?:[.,]\d+)?)?\s*(d|w|m|q|y)?[a-z]*\s*", re.IGNORECASE)


@frozen
class Norm:
    """What is usual here.

    Attributes:
        name: One of `QUESTIONS`.
        value: A number in its unit; 1 or 0 for yes or no; archetype → share for `mix`.
    """

    name: str
    value: float | Mapping[str, float] = field()


def norm(name: str, said: Any, place: str) -> Norm:  # noqa: ANN401
    """The norm that somebody wrote.

    Args:
        name: Which.
        said: What was written: a number, a duration (`7d`, `18 months`), yes or no, or a table.
        place: What an error calls it, such as `reltype.toml: [norms]`.

    Raises:
        ConfigError: There is no such norm, or it says nothing that it can mean.

    >>> norm("loyal_customer_stays", "2 weeks", "here").value
    14.0
    """
    if name not in QUESTIONS:
        raise ConfigError(f"{place}: {name!r} is not known.{did_you_mean(name, QUESTIONS)}")
    unit, question = QUESTIONS[name]
    value = _MADE[unit](said)
    if value is None:
        raise ConfigError(f"{place} {name} = {said!r} cannot be used. {question}")
    return Norm(name, value)


def _days(said: Any) -> float | None:  # noqa: ANN401
    if isinstance(said, int | float) and not isinstance(said, bool):
        return float(said) if said > 0 else None
    found = _DURATION.fullmatch(str(said)) if isinstance(said, str) else None
    if found is None or not (found[1] or found[2]):
        return None
    number = float((found[1] or "1").replace(",", "."))
    return number * _UNITS[(found[2] or "d").lower()] or None


def _money(said: Any) -> float | None:  # noqa: ANN401
    number = _number(said)
    return number if number is not None and number > 0 else None


def _mood(said: Any) -> float | None:  # noqa: ANN401
    number = _number(said)
    return number if number is not None and -1 <= number <= 1 else None


def _yes(said: Any) -> float | None:  # noqa: ANN401
    words = {"yes": 1.0, "y": 1.0, "true": 1.0, "no": 0.0, "n": 0.0, "false": 0.0}
    return words.get(str(said).strip().lower())


def _number(said: Any) -> float | None:  # noqa: ANN401
    if isinstance(said, bool):
        return None
    try:
        return float(said)
    except (TypeError, ValueError):
        return None


def _shares(said: Any) -> Mapping[str, float] | None:  # noqa: ANN401
    if isinstance(said, str):
        pairs = [re.fullmatch(r"\s*(.+?)\s*[=:]?\s*([\d.]+)\s*", p) for p in said.split(",")]
        if not all(pairs):
            return None
        said = {pair[1]: float(pair[2]) for pair in pairs if pair}
    if not isinstance(said, Mapping) or not said:
        return None
    shares = {str(name): _number(share) for name, share in said.items()}
    if any(share is None or not 0 < share <= 1 for share in shares.values()):
        return None
    return {name: share for name, share in shares.items() if share is not None}


_MADE = {DAYS: _days, MONEY: _money, YES: _yes, MOOD: _mood, "shares": _shares}


@frozen
class Norms:
    """All norms that hold in a run.

    Attributes:
        values: Norm → its value.
    """

    values: Mapping[str, float | Mapping[str, float]] = field(factory=dict)

    @classmethod
    def of(
        cls, packed: Mapping[str, Norm], said: Mapping[str, float | Mapping[str, float]]
    ) -> Norms:
        """What packs say, and before it what the config *said*."""
        return cls({**{name: one.value for name, one in packed.items()}, **said})

    @property
    def numbers(self) -> dict[str, float]:
        """Those that are numbers, which scales follow from."""
        return {n: v for n, v in self.values.items() if not isinstance(v, Mapping)}

    @property
    def mix(self) -> dict[str, float]:
        """Archetype → share; empty where nobody said."""
        found = self.values.get(MIX, {})
        return dict(found) if isinstance(found, Mapping) else {}

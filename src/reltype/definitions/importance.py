"""Importance: what `reltype drivers` measured of benefits, as far as their priority depends on it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import frozen

from reltype.errors import ConfigError

EVERYBODY = ""
"""Stands for all who answered, where no archetype was measured by itself."""


@frozen
class Measured:
    """What a benefit stands for.

    Attributes:
        share: Its part of what is explained of the outcome, 0…1.
        low: Where the interval begins.
        high: Where it ends.
        weight: What its priority is multiplied by, above 0.
        leads: No other benefit has more.
    """

    share: float
    low: float
    high: float
    weight: float
    leads: bool


@frozen
class Importance:
    """What benefits stand for, by archetype.

    Attributes:
        outcome: What was asked about.
        of: Archetype, or `EVERYBODY` → benefit → what it stands for.
        weak: Archetypes, or `EVERYBODY`, of whom the evidence is weak.
    """

    outcome: str
    of: Mapping[str, Mapping[str, Measured]]
    weak: frozenset[str] = frozenset()

    def measured(self, benefit: str, archetype: str) -> tuple[str, Measured] | None:
        """Whose answers speak of a benefit for an archetype, and what they say; None: nobody's."""
        for whose in (archetype, EVERYBODY):
            if benefit in self.of.get(whose, {}):
                return whose, self.of[whose][benefit]
        return None

    def weight(self, benefit: str, archetype: str) -> float:
        """What the benefit's priority for the archetype is multiplied by; 1 where nothing is known."""
        found = self.measured(benefit, archetype)
        return 1.0 if found is None else found[1].weight

    def describe(self, benefit: str, archetype: str) -> str:
        """The sentence for the benefit's reason; empty where nothing is known."""
        found = self.measured(benefit, archetype)
        if found is None:
            return ""
        whose, held = found
        figures = (
            f"{held.share:.0%} of what {self.outcome} follows, {held.low:.0%} to {held.high:.0%}"
            + (", weak evidence" if whose in self.weak else "")
        )
        people = f"your {plural(whose)}" if whose else "those who answered"
        if held.leads:
            return f"{benefit} matters most to {people}: {figures}"
        return f"measured among {people}: {figures}"


def plural(archetype: str) -> str:
    """`marriages of convenience`, `casual friendships`.

    >>> plural("marriage of convenience"), plural("fling")
    ('marriages of convenience', 'flings')
    """
    head, of, rest = archetype.partition(" of ")
    return f"{head}s{of}{rest}"


def importance(given: Any) -> Importance | None:  # noqa: ANN401 - a path, a document, or what drivers gave
    """What was measured, from `reltype drivers … -o FILE.json`, its document, or what `drivers` gave.

    Raises:
        ConfigError: It is none of them, or measured no benefit.
    """
    if given is None or isinstance(given, Importance):
        return given
    if isinstance(given, str | Path):
        return _of(_loaded(Path(given)), str(given))
    document = given.document() if hasattr(given, "document") else given
    return _of(document, "drivers")


def _loaded(path: Path) -> Any:  # noqa: ANN401
    try:
        return json.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read ({(error.strerror or str(error)).lower()})."
        ) from error
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(
            f"{path}: is not what reltype drivers SURVEY … -o FILE.json writes: {error}."
        ) from error


def _of(document: Any, place: str) -> Importance:  # noqa: ANN401
    if not isinstance(document, Mapping) or not isinstance(document.get("benefits"), Mapping):
        raise ConfigError(
            f"{place}: has no 'benefits'. Write it with reltype drivers SURVEY --outcome … -o FILE.json."
        )
    parts = {EVERYBODY: document, **_table(document.get("by", {}), place)}
    made: dict[str, dict[str, Measured]] = {}
    for whose, part in parts.items():
        # Where nothing is told from noise, nothing is known.
        if isinstance(part, Mapping) and part.get("reported") and part.get("benefits"):
            made[whose] = _benefits(part["benefits"], place)
    if not made:
        if not document["benefits"]:
            raise ConfigError(
                f"{place}: no attribute speaks of a benefit that is known. Say which under "
                "[benefits_of] of reltype.toml, and measure again."
            )
        raise ConfigError(f"{place}: nothing in it is told from noise, so that it weighs nothing.")
    weak = {whose for whose, part in parts.items() if whose in made and part.get("weak")}
    return Importance(str(document.get("outcome", "the outcome")), made, frozenset(weak))


def _benefits(table: Any, place: str) -> dict[str, Measured]:  # noqa: ANN401
    held = _table(table, place)
    shares = {name: _number(_table(one, place).get("share"), place) for name, one in held.items()}
    most = max(shares.values(), default=0.0)
    made = {}
    for name, one in held.items():
        low, high = one.get("interval") or (0.0, 1.0)
        weight = _number(one.get("weight"), place)
        if not 0.1 <= weight <= 10:
            raise ConfigError(
                f"{place}: the weight {weight} of {name!r} is not between 0.1 and 10."
            )
        made[str(name)] = Measured(
            shares[name], _number(low, place), _number(high, place), weight,
            shares[name] == most and bool(one.get("reported", True)),
        )  # fmt: skip
    return made


def _table(value: Any, place: str) -> Mapping[str, Any]:  # noqa: ANN401
    if not isinstance(value, Mapping):
        raise ConfigError(f"{place}: is not what reltype drivers wrote.")
    return value


def _number(value: Any, place: str) -> float:  # noqa: ANN401
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ConfigError(
            f"{place}: {value!r} is not a number; it was not written by reltype drivers."
        )
    return float(value)

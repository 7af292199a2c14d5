"""Options: the settings of a run, as they are written in a config, the environment or a flag."""

from __future__ import annotations

import datetime as dt
import difflib
import math
import os
import zoneinfo
from typing import TYPE_CHECKING, Any

from reltype.expressions.words import truths
from reltype.mapping.canonical import REFUNDS, Refunds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _text(value: Any) -> str:  # noqa: ANN401
    if not isinstance(value, str | os.PathLike):
        raise TypeError("must be a text")
    return os.fspath(value)


def _texts(value: Any) -> tuple[str, ...]:  # noqa: ANN401
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if not isinstance(value, list | tuple):
        raise TypeError("must be a list of texts")
    return tuple(map(_text, value))


def _day(value: Any) -> dt.date:  # noqa: ANN401
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(_text(value))
    except (TypeError, ValueError):
        raise ValueError("must be a day, such as 2025-01-31") from None


def _share(value: Any) -> float:  # noqa: ANN401
    try:
        number = float(value) if not isinstance(value, bool) else -1.0
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise ValueError("must be a number from 0 to 1")
    return number


MOST_THREADS = 1024
"""More than any machine has; the engine makes as many as it is told."""


def _count(value: Any) -> int:  # noqa: ANN401
    text = str(value)
    if isinstance(value, bool) or not text.isdecimal() or not 1 <= float(text) <= MOST_THREADS:
        raise ValueError(f"must be a whole number from 1 to {MOST_THREADS}")
    return int(text)


def _seconds(value: Any) -> float:  # noqa: ANN401
    try:
        number = float(value) if not isinstance(value, bool) else math.nan
    except (TypeError, ValueError):
        number = math.nan
    if not 0 <= number < 1e9:
        raise ValueError("must be a number of seconds, such as 60; 0 sets no limit")
    return number


def _zone(value: Any) -> str:  # noqa: ANN401

    known = {name.lower(): name for name in zoneinfo.available_timezones()}
    text = _text(value)
    if text.lower() not in known:
        near = difflib.get_close_matches(text.lower(), known, 1)
        example = known[near[0]] if near else "Europe/Berlin"
        raise ValueError(f"must be the name of a time zone, such as {example}")
    return known[text.lower()]


def _flag(value: Any) -> bool:  # noqa: ANN401
    said = value if isinstance(value, bool) else truths().get(str(value).strip().lower())
    if said is None:
        raise ValueError("must be true or false")
    return said


def _refunds(value: Any) -> Refunds:  # noqa: ANN401
    for known in REFUNDS:
        if value == known:
            return known
    raise ValueError(f"must be {', '.join(REFUNDS[:-1])} or {REFUNDS[-1]}")


def _yes(value: Any) -> bool:  # noqa: ANN401
    if isinstance(value, bool):
        return value
    if str(value).casefold() in {"1", "true", "yes", "on"}:
        return True
    if str(value).casefold() in {"0", "false", "no", "off"}:
        return False
    raise ValueError("must be true or false")


SETTINGS: Mapping[str, Callable[[Any], Any]] = {
    "typology": _text,
    "as_of": _day,
    "min_confidence": _share,
    "refunds": _refunds,
    "timezone": _zone,
    "id_from_row": _flag,
    "threads": _count,
    "memory_limit": _text,
    "rules": _texts,
    "no_plugin": _texts,
    "model": _text,
    "engine": _text,
    "timeout": _seconds,
    "normalize_ids": _yes,
    "drivers": _text,
}
"""Every setting, and what makes its value of whatever it was written as.

Each raises ValueError or TypeError, whose text says what it must be.
"""

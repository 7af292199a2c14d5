"""Structure: what TOML or JSON holds, as attrs classes, by cattrs; what is wrong, in words.

Documents of strangers are read so: packs, and what a model file says. No key is left over, no type
is guessed from another, texts and numbers are bounded.
"""

from __future__ import annotations

import datetime as dt
import math
from functools import cache
from typing import TYPE_CHECKING, TypeVar

import attrs
from cattrs import Converter, ForbiddenExtraKeysError, transform_error

from reltype.errors import did_you_mean
from reltype.formats.printing import clean

if TYPE_CHECKING:
    from collections.abc import Callable


T = TypeVar("T")

LONGEST = 20_000
"""Letters of a text."""


def structured(value: object, kind: type[T], *, largest: float = math.inf) -> T:
    """*value* as the attrs class *kind*.

    Args:
        value: Dicts, lists, texts, numbers, days: what a parser gives.
        kind: The class; its validators are asked, too.
        largest: No number is larger.

    Raises:
        ValueError: A key is unknown or missing, or a value is of the wrong type or out of its
            range; the text says which, with the path to it after an `@`.
    """
    try:
        return _converter(largest).structure(value, kind)
    except Exception as error:
        reasons = transform_error(error, path="", format_exception=_in_words)
        raise ValueError("; ".join(reasons)) from error


def _in_words(error: BaseException, kind: type | None) -> str:
    """One wrong key, in words. Its path is added by cattrs, after an `@`."""
    if isinstance(error, ForbiddenExtraKeysError):
        extra = sorted(error.extra_fields)
        known = [field.name for field in attrs.fields(error.cl)]
        return f"unknown key {extra[0]!r}.{did_you_mean(extra[0], known)}".rstrip(".")
    if isinstance(error, KeyError):
        return f"the key {error.args[0]!r} is missing"
    if isinstance(error, (ValueError, TypeError)):
        wanted = f" (a {getattr(kind, '__name__', kind)} is wanted)" if kind else ""
        return f"{error.args[0] if error.args else error}{wanted}"
    return str(error)


def _text(value: object, _: type) -> str:
    if type(value) is not str:
        raise TypeError(f"{value!r} is not a str")
    if len(value) > LONGEST:
        raise ValueError(f"{value[:30]!r} … has more than {LONGEST:,} letters")
    if clean(value) != value:
        raise ValueError(f"{value[:60]!r} holds a control character")
    return value


def _day(value: object, _: type) -> dt.date:
    if type(value) is not dt.date:
        raise TypeError(f"{value!r} is not a day")
    return value


def _exactly(*kinds: type) -> Callable[[object, type], object]:
    def structure(value: object, kind: type) -> object:
        if type(value) not in kinds:
            raise TypeError(f"{value!r} is not a {kind.__name__}")
        return kind(value)

    return structure


def _number(largest: float) -> Callable[[object, object], float]:
    def structure(value: object, _: object) -> float:
        if type(value) not in {float, int}:
            raise TypeError(f"{value!r} is not a float")
        if not -largest <= value <= largest or not math.isfinite(value):  # type: ignore[operator,arg-type]
            most = f" of at most {largest:,.0f}" if math.isfinite(largest) else ""
            raise ValueError(f"{str(value)[:30]} is not a number{most}")
        return float(value)  # type: ignore[arg-type]

    return structure


def _fact(largest: float) -> Callable[[object, object], float | bool | str | None]:
    number = _number(largest)

    def structure(value: object, kind: object) -> float | bool | str | None:
        if type(value) is str:
            return _text(value, str)
        if type(value) in {float, int}:
            return number(value, kind)
        if value is None or type(value) is bool:
            return value
        raise TypeError(f"{value!r} is neither a number, a text nor true or false")

    return structure


@cache
def _converter(largest: float) -> Converter:
    """TOML's types to attrs classes: no extra keys, and no guessing between types."""
    converter = Converter(forbid_extra_keys=True, detailed_validation=True)
    converter.register_structure_hook(str, _text)
    converter.register_structure_hook(float, _number(largest))
    converter.register_structure_hook(int, _exactly(int))
    converter.register_structure_hook(bool, _exactly(bool))
    converter.register_structure_hook(dt.date, _day)
    converter.register_structure_hook(float | bool | str | None, _fact(largest))
    converter.register_structure_hook(bool | None, lambda value, _: value)
    return converter

"""Arguments that must be written out: checked once, when the expression is read."""

from __future__ import annotations

import zoneinfo
from functools import lru_cache
from typing import TYPE_CHECKING

from reltype.engines.duckdb import complaint as engine_complaint
from reltype.expressions.functions import PARTS, UNITS

if TYPE_CHECKING:
    from sqlglot import exp

_RANGES = {"length": (0, 1_000_000), "place": (1, 1_000_000), "digits": (-15, 15), "group": (0, 9)}
_WORDS = {
    "unit": UNITS,
    "part": PARTS,
    "sign": (",", "."),
    "booking": ("dr", "cr"),
    "order": ("dmy", "mdy", "ymd"),
}


def written(node: exp.Expr, kind: str, before: str = "") -> str:  # noqa: C901 - a line for each kind
    """The text of an argument of one of the `LITERALS`, *before* which another is written.

    Raises:
        ValueError: It is not written out, or not a good one; its text says what is wanted.
    """
    from sqlglot import exp

    inner = node.this if isinstance(node, exp.Neg) else node
    text = inner.name if isinstance(inner, exp.Literal) else None
    is_text = text is not None and isinstance(node, exp.Literal) and node.is_string
    if kind in _RANGES or kind == "probability":
        if text is None or inner.is_string:
            raise ValueError("a number is wanted here, written out")
        return _number(text if inner is node else f"-{text}", kind)
    if isinstance(node, exp.Column) and kind in {"unit", "part"} and not node.this.quoted:
        text, is_text = node.name, True
    if text is None or not is_text:
        raise ValueError("a text is wanted here, written out in single quotes")
    if kind in _WORDS:
        text = text.lower()
        if text not in _WORDS[kind]:
            raise ValueError(f"one of {', '.join(map(repr, _WORDS[kind]))} is wanted here")
    elif kind == "zone":
        if not is_zone(text):
            raise ValueError(
                f"{text!r} is no time zone; one such as 'Europe/Berlin' is wanted here"
            )
    elif kind in {"pattern", "format", "replacement"}:
        complaint = _complaint(kind, text, before if kind == "replacement" else "")
        if complaint:
            raise ValueError(f"this {kind} cannot be used: {complaint}")
    return text


def is_zone(text: str) -> bool:
    """Whether a text is the name of a time zone, such as `Europe/Berlin` or `UTC`."""
    return text in zoneinfo.available_timezones()


def sql_of(text: str, kind: str) -> str:
    """The SQL of an argument that is written out."""
    return text if kind in {*_RANGES, "probability"} else "'" + text.replace("'", "''") + "'"


def _number(text: str, kind: str) -> str:
    value = float(text)
    if kind == "probability":
        if not 0 <= value <= 1:
            raise ValueError("a number from 0 to 1 is wanted here")
        return text
    low, high = _RANGES[kind]
    if value != int(value) or not low <= value <= high:
        raise ValueError(f"a whole number from {low} to {high:,} is wanted here")
    return text


@lru_cache(maxsize=1024)
def _complaint(kind: str, text: str, pattern: str = "") -> str:
    """What the engine itself has against a pattern, its replacement or a format; empty: nothing."""
    ask = {
        "pattern": "SELECT regexp_matches($2, $1)",
        "replacement": "SELECT regexp_replace('', $2, $1)",
        "format": "SELECT strftime(TIMESTAMP '2000-01-01', $1), TRY_STRPTIME($2, $1)",
    }[kind]
    return engine_complaint(ask, text, pattern)


def like_complaint(pattern: str, escape: str | None = None) -> str:
    """What is wrong with a LIKE pattern; empty: nothing."""
    if escape is not None and len(escape) != 1:
        return "ESCAPE wants one letter"
    if escape is not None:
        i = 0
        while i < len(pattern):
            i += 2 if pattern[i] == escape else 1
        if i > len(pattern):
            return "the pattern ends with its escape letter"
    return ""

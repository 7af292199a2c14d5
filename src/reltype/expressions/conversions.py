"""What strangers write in a cell → a number, a time, a truth; as SQL over the cell `_0`.

Each takes text and typed columns alike: where the type is not known when the expression is written,
the database is asked. What cannot be read is null.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from reltype.expressions import numbers, times, words
from reltype.expressions.arguments import is_zone
from reltype.expressions.functions import Function, Kind
from reltype.expressions.values import text_literal

if TYPE_CHECKING:
    from collections.abc import Sequence

_CELL = "CAST(_0 AS VARCHAR)"
_USUAL = r"^-?[$€£]?([0-9]{{1,3}}([{thousands}][0-9]{{3}})+|[0-9]+)([{sign}][0-9]*)? ?[$€£%]?$"
"""What most exports hold; taken apart ten times faster than the rest."""
_CLOCK = r"(:[0-9]{2}(?:[.,][0-9]+)?(?: ?[AaPp]\.?[Mm]\.?)?)"
_OFFSET = rf"({_CLOCK[1:-1]} ?|[0-9] )(?:GMT|UTC)?(?:[-+][0-9]{{2}}(?::?[0-9]{{2}})?|Z|z)"
_ZONE = rf"{_CLOCK} ?(?:[A-Za-z]+(?:/[A-Za-z_+-]+[0-9]*)+|[A-Za-z]{{1,5}})( |$)"
_ZONED = r":[0-9]{2}([.][0-9]+)?\s*([Zz]|[-+][0-9:]{2,}|[A-Za-z][A-Za-z_/+-]*[0-9]*)$"
_IS_INSTANT = "TYPEOF(_0) = 'TIMESTAMP WITH TIME ZONE'"
_MODERN = "CASE WHEN {0} BETWEEN TIMESTAMP '1000-01-01' AND TIMESTAMP '9999-12-31' THEN {0} END"
"""`%Y` would read 6.5.24 as the year 24, and exports write year 1 for no date at all."""


def to_number(literals: Sequence[str], kind: Kind) -> str:
    """SQL of a number; *literals*: the decimal sign, if it is not the point, and what is negative."""
    sign = literals[0] if literals else "."
    minus = literals[1].upper() if len(literals) > 1 else "CR"
    thousands = "." if sign == "," else ","
    usual = _USUAL.format(sign=sign, thousands=thousands)
    bare = _CELL
    for letter in f"{thousands}$€£% ":
        bare = f"REPLACE({bare}, '{letter}', '')"
    bare = bare if sign == "." else f"REPLACE({bare}, ',', '.')"
    quick = f"TRY_CAST(CASE WHEN REGEXP_MATCHES({_CELL}, '{usual}') THEN {bare} END AS DOUBLE)"
    typed = "TRY_CAST(_0 AS DOUBLE)"
    text = numbers.number_sql(_CELL, sign, minus)
    if sign == ".":
        return f"COALESCE({typed}, {quick}, {text})"
    text = f"COALESCE({quick}, {text})"
    if kind == "text":
        return text
    return f"CASE WHEN TYPEOF(_0) <> 'VARCHAR' THEN {typed} ELSE {text} END"


def to_time(literals: Sequence[str], kind: Kind) -> str:
    """SQL of a time at its own place; *literals*: formats, and a zone to read UTC in."""
    if kind == "time":
        return "_0"
    zone = next((text for text in literals if is_zone(text)), "")
    forms = [text for text in literals if text != zone]
    # An offset is passed over: who bought on Monday morning in Sydney did not on Sunday in Greenwich.
    zoned = _MODERN.format(_without_zone())
    local = _MODERN.format(f"TRY_CAST({_CELL} AS TIMESTAMP)")
    # The range is asked of each branch, so that the pattern need not be asked twice.
    iso = f"CASE WHEN REGEXP_MATCHES({_CELL}, {text_literal(_ZONED)}) THEN {zoned} ELSE {local} END"
    if kind != "text":
        utc = f"TRY_CAST({_CELL} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'"
        iso = f"CASE WHEN {_IS_INSTANT} THEN {utc} ELSE {iso} END"
    if not forms:
        return _in_zone(iso, zone, kind)
    tries = ", ".join(_MODERN.format(_parsed(form)) for form in forms)
    formats = f"COALESCE({tries})" if len(forms) > 1 else tries
    if kind != "text":
        is_time = "TYPEOF(_0) = 'DATE' OR TYPEOF(_0) LIKE 'TIMESTAMP%'"
        formats = f"CASE WHEN {is_time} THEN {iso} ELSE {formats} END"
    return _in_zone(formats, zone, kind)


def _without_zone() -> str:
    """SQL of an ISO time whose offset or zone is taken off."""
    tail = r"\s*([Zz]|[-+][0-9:]{2,}|[A-Za-z][A-Za-z_/+-]*[0-9]*)$"
    return f"TRY_CAST(REGEXP_REPLACE({_CELL}, {text_literal(tail)}, '') AS TIMESTAMP)"


def _parsed(form: str) -> str:
    """SQL of a time in one format; an offset or a zone is taken off and not asked for."""
    cell = f"TRIM({_CELL})"
    for asked, pattern in (("%z", _OFFSET), ("%Z", _ZONE)):
        if asked in form:
            cell = f"TRIM(REGEXP_REPLACE({cell}, {text_literal(pattern)}, '\\1 '))"
            form = form.replace(" " + asked, "").replace(asked, "")
    return f"TRY_STRPTIME({cell}, {text_literal(form)})"


def _in_zone(sql: str, zone: str, kind: Kind) -> str:
    """SQL of a time, told in *zone* where it was written in UTC."""
    if not zone:
        return sql
    moved = f"(({sql}) AT TIME ZONE 'UTC') AT TIME ZONE {text_literal(zone)}"
    if kind == "number":
        return moved
    is_utc = f"REGEXP_MATCHES(TRIM({_CELL}), {text_literal(times.UTC)})"
    is_utc = is_utc if kind == "text" else f"({is_utc} OR {_IS_INSTANT})"
    return f"CASE WHEN {is_utc} THEN {moved} ELSE {sql} END"


def parse_time(literals: Sequence[str], kind: Kind) -> str:
    """SQL of a time in whatever words; *literals*: the order of numbers, and a zone to read UTC in."""
    if kind == "time":
        return "_0"
    order = next((text.upper() for text in literals if text.upper() in times.ORDERS), "DMY")
    zone = next((text for text in literals if is_zone(text)), "")
    return _in_zone(times.time_sql(_CELL, order), zone, kind)  # type: ignore[arg-type]


def unix_time(literals: Sequence[str], kind: Kind) -> str:
    """SQL of a time; *literals*: a zone to read it in."""
    del kind
    zone = literals[0] if literals else ""
    return _in_zone(f"TO_TIMESTAMP({_SECONDS}) AT TIME ZONE 'UTC'", zone, "number")


def to_bool(_literals: Sequence[str], kind: Kind) -> str:
    """SQL of a truth value."""
    if kind == "bool":
        return "_0"
    cell = f"LOWER(TRIM({_CELL}))"
    yes, no = (
        ", ".join(text_literal(word) for word, true in words.truths().items() if true is wanted)
        for wanted in (True, False)
    )
    return f"CASE WHEN {cell} IN ({yes}) THEN TRUE WHEN {cell} IN ({no}) THEN FALSE END"


_SECONDS = (
    "CASE WHEN ABS(_0) < 1e11 THEN _0 WHEN ABS(_0) < 1e14 THEN _0 / 1e3 "
    "WHEN ABS(_0) < 1e17 THEN _0 / 1e6 WHEN ABS(_0) < 1e20 THEN _0 / 1e9 END"
)
"""Below 1e11 they are seconds (up to the year 5138), then milli-, micro- and nanoseconds."""

CONVERSIONS = {
    "to_number": Function(
        ("any", "sign?", "booking?"),
        "number",
        to_number,
        "conversions",
        "currency, spaces, thousands and % are taken off, `(1)`, `1-` and `1 CR` (or `1 DR`, if that "
        "is said) are −1; null if no number",
        bound=inf,
    ),
    "to_time": Function(
        ("any", "format*"),
        "time",
        to_time,
        "conversions",
        "ISO 8601, or the first format that fits; with an offset the day and hour of its own place; "
        "a zone's name behind: UTC is told in that zone; null if none, or before 1000",
    ),
    "parse_time": Function(
        ("any", "order?", "zone?"),
        "time",
        parse_time,
        "conversions",
        "a time in words or numbers, in any of many languages; null if none",
    ),
    "to_bool": Function(
        ("any",), "bool", to_bool, "conversions", "yes/no, true/false, 1/0, x, active …; else null"
    ),
    "unix_time": Function(
        ("number", "zone?"),
        "time",
        unix_time,
        "conversions",
        "seconds since 1970, or milli-, micro-, nanoseconds, by magnitude; in UTC, or the zone",
    ),
    "excel_time": Function(
        ("number",),
        "time",
        "TO_TIMESTAMP(CASE WHEN _0 >= 61 AND _0 < 2958466 THEN ROUND((_0 - 25569) * 86400) END) "
        "AT TIME ZONE 'UTC'",
        "conversions",
        "serial days of a spreadsheet (1900 system), from March 1900; to the second",
    ),
}

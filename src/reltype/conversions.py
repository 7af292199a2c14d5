"""What strangers write in a cell → a number, a time, a truth; as SQL over the cell `_0`.

Each takes text and typed columns alike: where the type is not known when the expression is written,
the database is asked. What cannot be read is null.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reltype.functions import FINITE, IN_CALENDAR, Function, Kind
from reltype.values import text_literal

if TYPE_CHECKING:
    from collections.abc import Sequence

_CELL = "CAST(_0 AS VARCHAR)"
_CODES = "EUR|USD|GBP|CHF|JPY|CNY|AUD|CAD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|RON|BGN|TRY|INR|BRL|MXN|ZAR"
_SIGNS = r"[A-Z]{0,2}\p{Sc}|kr\.?|zł|Kč|Ft|Fr\.?|Rs\.?|lei|лв\.?"
_MONEY = f"(?:{_CODES}|{_SIGNS})"
_DRESSED = rf"^([-+(]?){_MONEY}?([-+]?)([0-9.,]+(?:[eE][-+]?[0-9]+)?)(?:{_MONEY}|%)?([-)]?)$"
_BLANKS = r"[\s\p{Z}'’]"
_ZONED = r":[0-9]{2}([.][0-9]+)?\s*([Zz]|[-+][0-9:]{2,}|[A-Za-z][A-Za-z_/+-]*[0-9]*)$"
_TRUE = ("true", "t", "yes", "y", "1", "1.0", "on", "x", "active", "enabled", "ja", "oui", "si")
_FALSE = ("false", "f", "no", "n", "0", "0.0", "off", "inactive", "disabled", "nein", "non")


def _finite(sql: str) -> str:
    return FINITE.replace("_0", f"({sql})")


def to_number(literals: Sequence[str], kind: Kind) -> str:
    """SQL of a number; *literals*: the decimal sign, if it is not the point."""
    sign = literals[0] if literals else "."
    if kind == "number":
        return "_0"
    typed = "TRY_CAST(_0 AS DOUBLE)"
    thousands = "." if sign == "," else ","
    bare = f"REPLACE(REGEXP_REPLACE({_CELL}, {text_literal(_BLANKS)}, '', 'g'), '−', '-')"
    undressed = rf"REGEXP_REPLACE({bare}, {text_literal(_DRESSED)}, '\1\2\3\4')"
    signed = rf"REGEXP_REPLACE({undressed}, '^[(]([^-+]*)[)]$|^([0-9.,]+)-$', '-\1\2')"
    fraction = f"([{sign}][0-9]*)?"
    plain = rf"^[-+]?([0-9]+{fraction}|[{sign}][0-9]+)([eE][-+]?[0-9]+)?$"
    grouped = rf"^[-+]?[0-9]{{1,3}}([{thousands}][0-9]{{2,3}})*[{thousands}][0-9]{{3}}{fraction}$"
    number = (
        f"CASE WHEN REGEXP_MATCHES({signed}, {text_literal(plain)}) THEN {signed} "
        f"WHEN REGEXP_MATCHES({signed}, {text_literal(grouped)}) "
        f"THEN REPLACE({signed}, '{thousands}', '') END"
    )
    # Most cells are plain; COALESCE takes the long way only for the others.
    quick = typed if sign == "." else f"CASE WHEN NOT CONTAINS({_CELL}, '.') THEN {_CELL} END"
    if sign == ",":
        number, quick = f"REPLACE({number}, ',', '.')", f"REPLACE({quick}, ',', '.')"
        quick = f"TRY_CAST({quick} AS DOUBLE)"
    text = f"COALESCE({_finite(quick)}, TRY_CAST({number} AS DOUBLE))"
    if kind == "text" or sign == ".":
        return text
    return f"CASE WHEN TYPEOF(_0) <> 'VARCHAR' THEN {typed} ELSE {text} END"


def to_time(literals: Sequence[str], kind: Kind) -> str:
    """SQL of a time, in UTC where it has an offset, as it stands otherwise; *literals*: formats."""
    if kind == "time":
        return "_0"
    iso = (
        f"CASE WHEN REGEXP_MATCHES({_CELL}, {text_literal(_ZONED)}) "
        f"THEN TRY_CAST({_CELL} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' "
        f"ELSE TRY_CAST({_CELL} AS TIMESTAMP) END"
    )
    if not literals:
        return IN_CALENDAR.replace("_0", f"({iso})")
    tries = ", ".join(
        f"TRY_STRPTIME(TRIM({_CELL}), _{i})"
        + (" AT TIME ZONE 'UTC'" if "%z" in form or "%Z" in form else "")
        for i, form in enumerate(literals, start=1)
    )
    formats = f"COALESCE({tries})" if len(literals) > 1 else tries
    if kind == "text":
        return formats
    is_time = "TYPEOF(_0) = 'DATE' OR TYPEOF(_0) LIKE 'TIMESTAMP%'"
    return f"CASE WHEN {is_time} THEN {iso} ELSE {formats} END"


def to_bool(_literals: Sequence[str], kind: Kind) -> str:
    """SQL of a truth value."""
    if kind == "bool":
        return "_0"
    cell = f"LOWER(TRIM({_CELL}))"
    yes, no = (", ".join(map(text_literal, words)) for words in (_TRUE, _FALSE))
    return f"CASE WHEN {cell} IN ({yes}) THEN TRUE WHEN {cell} IN ({no}) THEN FALSE END"


_SECONDS = (
    "CASE WHEN ABS(_0) < 1e11 THEN _0 WHEN ABS(_0) < 1e14 THEN _0 / 1e3 "
    "WHEN ABS(_0) < 1e17 THEN _0 / 1e6 WHEN ABS(_0) < 1e20 THEN _0 / 1e9 END"
)
"""Below 1e11 they are seconds (up to the year 5138), then milli-, micro- and nanoseconds."""

CONVERSIONS = {
    "to_number": Function(
        ("any", "sign?"),
        "number",
        to_number,
        "conversions",
        "currency, spaces, thousands and % are taken off, `(1)` and `1-` are −1; null if no number",
        finite=False,
    ),
    "to_time": Function(
        ("any", "format*"),
        "time",
        to_time,
        "conversions",
        "ISO 8601, or the first of the formats that fits; with an offset UTC; null if no time",
    ),
    "to_bool": Function(
        ("any",), "bool", to_bool, "conversions", "yes/no, true/false, 1/0, x, active …; else null"
    ),
    "unix_time": Function(
        ("number",),
        "time",
        f"TO_TIMESTAMP({_SECONDS}) AT TIME ZONE 'UTC'",
        "conversions",
        "seconds since 1970, or milli-, micro-, nanoseconds, by magnitude",
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

"""Times: what people and programs write for a day and an hour, read in SQL and in Python alike.

Names of months and weekdays in many languages, ordinals, `a. m.`, letters and offsets of zones,
`2023年9月27日`, what `Date.toString()`, Oracle, HTTP and web servers write: one step after another
brings all of them to `2023-09-27 00:05:07`. The words are data in `builtin/words.toml`.

A time keeps its own day and hour: offsets and zones are passed over.
"""

from __future__ import annotations

import calendar
import re
from datetime import datetime
from functools import cache
from typing import Literal

from reltype.expressions import steps, words
from reltype.expressions.steps import Bare, Lower, Replace, Step, Trim, one_of
from reltype.expressions.values import text_literal

Order = Literal["DMY", "MDY", "YMD"]
"""In which order day, month and year stand where all are numbers."""
ORDERS: tuple[Order, ...] = ("DMY", "MDY", "YMD")

_L = "a-zß-ɏͰ-ԯ"
"""Letters, as they are once they are bare."""

UTC = r"(?:[0-9] ?[Zz]|[:.0-9] ?(?:UTC|GMT)? ?[-+]00(?::?00)?|(?:UTC|GMT)(?: ?[-+]00?(?::?00)?)?)(?: ?[\[(].*[\])])?$"
"""What ends a time of the zero meridian, as most machines write it."""

_WORDY = (
    "[B-LN-OQ-SU-Yb-ln-oq-su-y]|[AaMmPpTtZz]{3}|[MmTtZz][AaMmPpTtZz]|[Pp][AaPpTtZz]|[Aa][AaPpTtZz]"
)
"""Letters other than those of AM, PM, T and Z."""


def _alone(listed: str) -> str:
    """A pattern of one of these words, alone; its first and last group is what stands beside it."""
    return rf"(^|[^{_L}])(?:{listed})[.]?([^{_L}]|$)"


@cache
def _bared(*names: str) -> str:
    said = words.table("times")
    return one_of(words.bare(word) for name in names for word in said[name])


@cache
def _east() -> tuple[Step, ...]:
    """East Asia: numbers with the unit behind them, the half of the day before the hour."""
    said = words.table("times")
    return (
        steps.TYPED,
        Replace(
            "(?:星期|周|週)[一二三四五六日天]|[月火水木金土日]曜日?|[(（][月火水木金土日][)）]|[월화수목금토일]요일",
            " ",
        ),
        Replace("([0-9]) ?[年년月월] ?", r"\1-"),
        Replace("([0-9]) ?[日号號일秒초]", r"\1 "),
        Replace("([0-9]) ?[時时點点시분分] ?", r"\1:"),
        Replace(rf"(?:{one_of(said['am_before'])})[ ]?([0-9:.]+)", r"\1 am"),
        Replace(rf"(?:{one_of(said['pm_before'])})[ ]?([0-9:.]+)", r"\1 pm"),
        Bare(),
    )


_BRACKETS = Replace(r"[\[(][^\])]*[\])]", " ")
"""A zone, or its name; a weekday, too."""

_SERVER = Replace("([0-9]{4}):([0-9]{1,2}:[0-9]{2})", r"\1 \2")
"""27/Sep/2023:00:05:07"""

_COMPACT = (
    # The week that begins there, as pandas writes a period
    Replace("^([0-9]{4}-[0-9]{2}-[0-9]{2})/[0-9]{4}-[0-9]{2}-[0-9]{2}$", r"\1"),
    # 20230927T000507Z
    Replace(
        "^([0-9]{4})([0-9]{2})([0-9]{2})[t _-]?([0-9]{2}):?([0-9]{2})(?::?([0-9]{2}))?([^0-9]|$)",
        r"\1 \2 \3 \4:\5:\6\7",
    ),
    Replace("^([0-9]{4})([0-9]{2})([0-9]{2})([^0-9]|$)", r"\1 \2 \3\4"),
    # Cameras, databases
    Replace("^([0-9]{4}):([0-9]{2}):([0-9]{2})( |$)", r"\1 \2 \3\4"),
    Replace(
        "^([0-9]{4}-[0-9]{2}-[0-9]{2})[-_t ]([0-9]{2})[-._]([0-9]{2})[-._]([0-9]{2})",
        r"\1 \2:\3:\4",
    ),
)


@cache
def _halves() -> tuple[Step, ...]:
    return (
        Replace(rf"([0-9]) ?(?:{_bared('am')})([^{_L}]|$)", r"\1 AM\2"),
        Replace(rf"([0-9]) ?(?:{_bared('pm')})([^{_L}]|$)", r"\1 PM\2"),
    )


@cache
def _tuesday() -> tuple[Step, ...]:
    """`mar. 26 sept.`: a word of both is a weekday where a month follows."""
    months = words.months()
    both = one_of(day for day in words.weekdays() if day in months)
    return (
        Replace(
            rf"^(?:{both})[.,]* ([0-9]{{1,2}}[ ./'-]*(?:{one_of(months)})[^{_L}].*"
            r"|[0-9]{1,4}[./-] ?[0-9]{1,2}[./-] ?[0-9]{2,4}.*)$",
            r"\1",
        ),
    )


_NAMED_MONTHS = {"q1": 1, "q2": 4, "q3": 7, "q4": 10}


@cache
def _named() -> dict[str, int]:
    """Month's name → number, English ones first, as those are met most."""
    english = [
        name
        for number in range(1, 13)
        for name in (calendar.month_abbr[number].lower(), calendar.month_name[number].lower())
    ]
    months = words.months()
    return {**{name: months[name] for name in english}, **months, **_NAMED_MONTHS}


@cache
def _month() -> str:
    """A pattern whose group is the month's name."""
    return rf"(?:^|[^{_L}])({one_of(_named())})(?:[^{_L}]|$)"


@cache
def _worded() -> tuple[Step, ...]:
    days = one_of(day for day in words.weekdays() if day not in words.months())
    return (
        # 27th, 1er, 27.º
        Replace(rf"([0-9])(?:{_bared('ordinals')})([ ,.]|$)", r"\1\2"),
        # 14h05, 14 h, 14 h 05 min 07 s
        Replace("([0-9]{1,2}) ?h ?([0-9]{2})(?: ?(?:min|m) ?([0-9]{2}) ?s?)?", r"\1:\2:\3"),
        Replace("( [0-9]{1,2}) ?h( |$)", r"\1:00\2"),
        Replace(_alone(days), r"\1 \2"),
        Replace(rf"(^|[^{_L}])(?:d')?(?:{one_of(_named())})[.]?([^{_L}]|$)", r"\1 @ \2"),
        Replace(rf"(^|[ ,.])(?:(?:{_bared('idle')})[.]?(?:[ ,]+|$))+", r"\1"),
    )


_WEEKS = (
    # KW 39/2023, 2023-W39
    Replace(
        "^ *(?:kw|week|wk|woche|semaine|semana|settimana|uge|vecka|uke)[ .]*([0-9]{1,2})[ ./-]+([0-9]{4})$",
        r"\2-w\1",
    ),
    Replace("^([0-9]{4}) ?-?w([0-9]{1,2})-?([1-7]?)$", r"\1 w\2 \3"),
)


@cache
def _clocks() -> tuple[Step, ...]:
    letters = [*words.table("cldr", "zones")["letters"], *words.table("times")["zones"]]
    zones = one_of(word.lower() for word in letters)
    offset = "(?:gmt|utc|z)? ?[-+][0-9]{1,2}(?::?[0-9]{2})?"
    return (
        Replace("([0-9])t([0-9])", r"\1 \2"),
        # 14.05 or 12.05.07 behind a day, as in the north, in Italy, in Oracle
        Replace(
            r"([0-9],? +)([0-9]{1,2})\.([0-9]{2})\.([0-9]{2})([.][0-9]+)?( |$)", r"\1\2:\3:\4\5\6"
        ),
        Replace(r"([0-9],? +)([0-9]{1,2})\.([0-9]{2})( [AP]M|$)", r"\1\2:\3\4"),
        Replace("(:[0-9]{2}:[0-9]{2})[.,:][0-9]+", r"\1"),
        Replace("([0-9]:[0-9]{2}):([^0-9]|$)", r"\1\2"),
        Replace(
            rf"(:[0-9]{{2}}(?: [AP]M)?| [AP]M),? ?(?:{offset}|z|{zones}|[a-z]+/[a-z_/+-]+[0-9]*)([ ,]|$)",
            r"\1\2",
        ),
    )


_ODD_HALVES = (
    # 14:05 PM, 0:05 AM
    Replace("(1[3-9]|2[0-3])(:[0-9:]+) PM", r"\1\2"),
    Replace("([^0-9:])0{1,2}(:[0-9:]+) AM", r"\1 00\2"),
)

_ORDERED = (
    Replace("[ ,./'_;\t\r\n-]+", " "),
    Trim(),
    # The hour before the day, or before the year
    Replace("^([0-9]{1,2}:[0-9:]+(?: [AP]M)?) (.*)$", r"\2 \1"),
    Replace("^(@ [0-9]{1,2}) ([0-9]{1,2}:[0-9:]+(?: [AP]M)?) ([0-9]{4})$", r"\1 \3 \2"),
    # A year of four digits is marked: %Y would take two, and fewer.
    Replace("([0-9]{4})", r"~\1"),
)


Class = Literal["numeric", "ascii", "any"]
"""What a cell holds: ASCII without letters but for AM, PM, T and Z; ASCII; anything."""


@cache
def plain(kind: Class) -> tuple[Step, ...]:
    """The steps that leave a day's numbers, `@` for a month's name, and the hour."""
    wordy = (*_halves(), *_tuesday(), *_worded())
    told = (*_COMPACT, *_halves()) if kind == "numeric" else wordy
    return (
        *(_east() if kind == "any" else (Lower(), Trim())),
        _BRACKETS,
        *((_SERVER,) if kind == "ascii" else ()),
        *told,
        *(_WEEKS if kind == "ascii" else ()),
        *_clocks(),
        *(_ODD_HALVES[1:] if kind == "any" else _ODD_HALVES),
        *_ORDERED,
    )


def _class(cell: str) -> Class:
    if not cell.isascii():
        return "any"
    return "ascii" if re.search(_WORDY, cell) else "numeric"


_HOURS = ("", " %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p", " %I %p")
_NUMBERED: dict[Order, tuple[str, ...]] = {
    "DMY": ("~%Y %m %d", "%d %m ~%Y", "%d %m %y"),
    "MDY": ("~%Y %m %d", "%m %d ~%Y", "%m %d %y"),
    "YMD": ("~%Y %m %d", "%y %m %d", "%d %m ~%Y"),
}
_BY_NAME = ("@%m %d ~%Y", "%d @%m ~%Y", "%d @%m %y", "@%m %d %y", "~%Y @%m %d")
_COARSE = ("%m ~%Y", "~%Y %m")
_COARSE_BY_NAME = ("@%m ~%Y", "~%Y @%m", "@%m %y", "~%G w%V %u", "~%G w%V")


@cache
def formats(order: Order, *, wordy: bool = True) -> tuple[str, ...]:
    """The formats of what `plain` leaves, each tried in turn; those with names only if *wordy*."""
    days = (*(_BY_NAME if wordy else ()), *_NUMBERED[order])
    coarse = (*(_COARSE_BY_NAME if wordy else ()), *_COARSE)
    return (*(day + hours for day in days for hours in _HOURS), *coarse)


def time_sql(cell: str, order: Order = "DMY") -> str:
    """SQL of the time that the text *cell* holds, at its own place; null where it holds none."""
    names = ", ".join(map(text_literal, _named()))
    marked = ", ".join(f"'@{number:02d}'" for number in _named().values())

    def read(kind: Class) -> str:
        text = steps.sql(cell, plain(kind))
        tries = ", ".join(map(text_literal, formats(order, wordy=kind != "numeric")))
        if kind != "numeric":
            # The name is sought in the cell itself, so that the steps are run once.
            start = _east() if kind == "any" else (Lower(), Trim())
            named = steps.sql(cell, (*start, *_tuesday()))
            named = f"REGEXP_EXTRACT({named}, {text_literal(_month())}, 1)"
            text = f"REPLACE({text}, '@', COALESCE(MAP([{names}], [{marked}])[{named}], '@'))"
        return f"TRY_STRPTIME({text}, [{tries}])"

    ascii_ = steps.ascii_sql(cell)
    wordy = f"REGEXP_MATCHES({cell}, {text_literal(_WORDY)})"
    return (
        f"CASE WHEN {ascii_} THEN CASE WHEN {wordy} THEN {read('ascii')} ELSE {read('numeric')} END "
        f"ELSE {read('any')} END"
    )


@cache
def _patterns(order: Order) -> tuple[tuple[re.Pattern[str], str], ...]:
    digits = {"%Y": "[0-9]{4}", "%G": "[0-9]{4}", "%u": "[1-7]", "%p": "[AP]M", "%y": "[0-9]{2}"}
    found = []
    for form in formats(order):
        text = re.sub("%[A-Za-z]", lambda m: digits.get(m[0], "[0-9]{1,2}"), form)
        found.append((re.compile(text), form))
    return tuple(found)


def time_of(cell: str, order: Order = "DMY") -> datetime | None:
    """The time that a cell holds, read as `time_sql` does; None where it holds none."""
    text = steps.applied(cell, plain(_class(cell)))
    if "@" in text:
        named = re.search(_month(), steps.applied(cell, (*_east(), *_tuesday())))
        text = text.replace("@", f"@{_named()[named[1]]:02d}" if named else "@")
    for pattern, form in _patterns(order):
        if pattern.fullmatch(text):
            week = "%G" in form and "%u" not in form
            try:
                return datetime.strptime(  # noqa: DTZ007
                    f"{text} 1" if week else text, f"{form} %u" if week else form
                )
            except ValueError:
                continue
    return None

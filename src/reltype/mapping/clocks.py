"""Clocks: how a column writes its times, seen from its cells, and what expression reads them."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from attrs import evolve, frozen

from reltype.expressions import literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Way = Literal["iso", "formats", "unix", "excel", "of day"]

_ZONE = r"(?P<zone>\s*(?:Z|z|[+-]\d{2}:?\d{2}|[+-]\d{2}|UTC|GMT))?"
_HOURS = r"(?P<gap>[T, ]+)(?P<hour>\d{1,2}):\d{2}(?P<second>:\d{2})?(?P<part>\.\d+)?"
_ISO = re.compile(
    rf"\d{{4}}[-/]\d{{1,2}}[-/]\d{{1,2}}(?:{_HOURS}(?P<half>\s*[AaPp]\.?[Mm]\.?)?{_ZONE})?"
)
_HALF = r"(?P<half>\s*[AaPp]\.?[Mm]\.?)?"
_SHORT = re.compile(
    rf"(\d{{1,2}})(?P<sign>[./-])(\d{{1,2}})(?P=sign)(?P<year>\d{{4}}|\d{{2}})"
    rf"(?:{_HOURS}{_HALF}{_ZONE})?"
)
_DIGITS = re.compile(
    r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?P<time>(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?)?"
)
_OF_DAY = re.compile(r"\d{1,2}:\d{2}(:\d{2})?(\.\d+)?(\s*[AaPp]\.?[Mm]\.?)?")
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?")
_LIKE_NAMED = re.compile(
    r"(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)|^\d{4}[-/]\d{1,2}$|^\d{1,2}\s+\d{1,2},"
)
"""What a cell must hold for one of `_NAMED`; each of those costs a pattern to try."""
_LONGEST = 40
_DAYS = [
    "%d %b %Y",
    "%d %B %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d/%b/%Y",
    "%d.%b.%Y",
    "%d %b %y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%b %d %Y",
    "%Y-%b-%d",
    "%d. %B %Y",
    "%b %Y",
    "%B %Y",
    "%m %d, %Y",
    "%a %d %b %Y",
    "%a, %d %b %Y",
    "%a %b %d %Y",
]
_TIMES = [
    "",
    " %H:%M",
    " %H:%M:%S",
    " %I:%M %p",
    " %I:%M:%S %p",
    ", %H:%M",
    ", %I:%M %p",
    ", %I:%M:%S %p",
    " at %I:%M %p",
    " %H:%M:%S %z",
]
_NAMED = (
    *(day + time for day in _DAYS for time in _TIMES),
    *("%a %b %d %H:%M:%S %z %Y", "%a %b %d %H:%M:%S %Y", "%Y-%m", "%Y/%m"),
)


@frozen
class Clock:
    """How a column writes its times.

    Attributes:
        way: `iso` (a plain column will do), `formats` (of strptime), `unix` seconds, `excel` serial
            days, or `of day` (hours alone).
        share: Share of the cells that are read so, 0…1.
        formats: Formats, where the way is that.
        day_first: For 03/04/2024, whether the day comes first; None if nothing hangs on it.
        ambiguous: No cell decides that question, so that it was assumed.
    """

    way: Way
    share: float
    formats: tuple[str, ...] = ()
    day_first: bool | None = None
    ambiguous: bool = False

    def expression(self, column: str) -> str:
        """The expression that reads the quoted *column*."""
        if self.way == "unix":
            return f"unix_time({column})"
        if self.way == "excel":
            return f"excel_time({column})"
        if self.way == "iso":
            return column
        return f"to_time({', '.join([column, *map(literal, self.formats)])})"

    def told(self) -> str:
        """For people: `times (%d/%m/%Y)`."""
        names = {"iso": "ISO", "unix": "Unix", "excel": "spreadsheet serials", "of day": "hours"}
        return f"times ({', '.join(self.formats) or names.get(self.way, self.way)})"

    def turned(self, *, day_first: bool) -> Clock:
        """The same with another order of day and month, where it was only assumed."""
        if not self.ambiguous or self.day_first == day_first:
            return self
        swap = {"%d": "%m", "%m": "%d"}
        formats = tuple(
            re.sub("%[dm]", lambda found: swap[found[0]], form) for form in self.formats
        )
        return evolve(self, formats=formats, day_first=day_first)


def clock_of(cells: Sequence[str], *, named: bool, day_first: bool | None = None) -> Clock | None:
    """How *cells* write times, or None if most of them are no times.

    Args:
        cells: Not blank; numbers as text too.
        named: The column's name speaks of time, so that numbers may be seconds or serial days.
        day_first: What to assume where no cell decides.
    """
    if not cells:
        return None
    total = len(cells)
    digits = [found for cell in cells if (found := _DIGITS.fullmatch(cell))]
    if len(digits) > 0.9 * total and (named or total > 3):
        lengths = Counter(len(found["time"] or "") for found in digits)
        hours = {0: "", 4: "%H%M", 6: "%H%M%S"}
        formats = tuple("%Y%m%d" + hours[length] for length, _ in lengths.most_common())
        return Clock("formats", len(digits) / total, formats)
    if named and (numeric := _numeric(cells)) is not None:
        return numeric
    clock = _short(cells, day_first) or _iso(cells) or _named(cells)
    if clock is None:
        of_day = sum(bool(_OF_DAY.fullmatch(cell)) for cell in cells) / total
        return Clock("of day", of_day) if of_day > 0.8 else None
    return clock if clock.share > 0.5 else None


def _numeric(cells: Sequence[str]) -> Clock | None:
    numbers = [float(cell.replace(",", ".")) for cell in cells if _NUMBER.fullmatch(cell)]
    if len(numbers) < 0.9 * len(cells):
        return None
    for way, low, high in (
        ("unix", 5e8, 4e9),
        ("unix", 5e11, 4e12),
        ("unix", 5e14, 4e15),
        ("unix", 5e17, 4e18),
        ("excel", 20_000, 75_000),
    ):
        inside = sum(low <= number <= high for number in numbers) / len(cells)
        if inside > 0.9:
            return Clock("unix" if way == "unix" else "excel", inside)
    return None


def _iso(cells: Sequence[str]) -> Clock | None:
    matches = [found for cell in cells if (found := _ISO.fullmatch(cell))]
    if not matches:
        return None
    share = len(matches) / len(cells)
    odd = any(found["half"] or (found["zone"] or "").startswith(" ") for found in matches)
    if not odd:
        return Clock("iso", share)
    sign = "/" if "/" in matches[0][0] else "-"
    return Clock("formats", share, _with_hours(f"%Y{sign}%m{sign}%d", matches))


def _short(cells: Sequence[str], day_first: bool | None) -> Clock | None:
    matches = [found for cell in cells if (found := _SHORT.fullmatch(cell))]
    if len(matches) <= 0.5 * len(cells):
        return None
    sign = Counter(found["sign"] for found in matches).most_common(1)[0][0]
    matches = [found for found in matches if found["sign"] == sign]
    first = sum(int(found[1]) > 12 for found in matches)
    second = sum(int(found[3]) > 12 for found in matches)
    ambiguous = first == second
    half = any(found["half"] for found in matches)
    assumed = day_first if day_first is not None else (sign != "/" and not half)
    is_day_first = assumed if ambiguous else first > second
    lost = min(first, second) / len(cells)
    order = ("%d", "%m") if is_day_first else ("%m", "%d")
    formats: list[str] = []
    for year in ("%Y", "%y"):
        mine = [found for found in matches if (len(found["year"]) == 4) == (year == "%Y")]
        if mine:
            formats += _with_hours(sign.join((*order, year)), mine)
    share = len(matches) / len(cells) - lost
    return Clock("formats", share, tuple(formats), is_day_first, ambiguous)


def _with_hours(day: str, matches: Iterable[re.Match[str]]) -> tuple[str, ...]:
    """The formats with the hours that the matches have, the most frequent first."""
    forms: Counter[str] = Counter()
    for found in matches:
        form = day
        if found["hour"]:
            form += found["gap"] + ("%I" if found["half"] else "%H") + ":%M"
            form += (":%S" if found["second"] else "") + (".%f" if found["part"] else "")
            form += _blank(found["half"]) + ("%p" if found["half"] else "")
            zone = (found["zone"] or "").strip()
            form += _blank(found["zone"]) + (("%z" if zone[0] in "+-" else "%Z") if zone else "")
        forms[form] += 1
    return tuple(form for form, _ in forms.most_common(4))


def _blank(text: str | None) -> str:
    return " " if (text or "").startswith(" ") else ""


def _named(cells: Sequence[str]) -> Clock | None:
    """Months by name, and what else no pattern above is for; three formats at most."""
    sampled = list(dict.fromkeys(cells))[:200]
    left = [cell for cell in sampled if len(cell) < _LONGEST and _LIKE_NAMED.search(cell)]
    if len(left) < 0.5 * len(sampled):
        return None
    formats: list[str] = []
    for cell in (left[0], left[len(left) // 2], left[-1]):
        if not any(_fits(cell, form) for form in formats):
            formats += [form for form in _NAMED if _fits(cell, form)][:1]
    if not formats:
        return None
    read = sum(any(_fits(cell, form) for form in formats) for cell in sampled)
    return Clock("formats", read / len(sampled), tuple(formats))


def _fits(cell: str, form: str) -> bool:
    try:
        datetime.strptime(cell, form)  # noqa: DTZ007
    except ValueError:
        return False
    return True

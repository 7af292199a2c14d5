"""Clocks: how a column writes its times, seen from its cells, and what expression reads them."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

from attrs import evolve, frozen

from reltype.expressions import literal
from reltype.expressions.times import ORDERS, UTC, Order, time_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Way = Literal["iso", "formats", "words", "unix", "excel", "of day"]
Zone = Literal["none", "utc", "own"]

# Only blanks that the engine's formats know: a narrow one before PM is read as words are.
_ZONE = r"(?P<zone> ?(?:Z|z|[+-]\d{2}:?\d{2}|[+-]\d{2}|UTC|GMT))?"
_HOURS = r"(?P<gap>[T, ]+)(?P<hour>\d{1,2}):\d{2}(?P<second>:\d{2})?(?P<part>\.\d+)?"
_ISO = re.compile(
    r"\d{4}([-/])\d{1,2}\1\d{1,2}(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?" + _ZONE + ")?"
)
_HALF = r"(?P<half> ?[AaPp][Mm])?"
_SHORT = re.compile(
    rf"(\d{{1,2}})(?P<sign>[./-])(\d{{1,2}})(?P=sign)(?P<year>\d{{4}}|\d{{2}})"
    rf"(?:{_HOURS}{_HALF}{_ZONE})?"
)
_DIGITS = re.compile(
    r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?P<time>(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?)?"
)
_OF_DAY = re.compile(r"\d{1,2}:\d{2}(:\d{2})?(\.\d+)?(\s*[AaPp]\.?[Mm]\.?)?")
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?")
_OFFSET = re.compile(
    r":\d{2}(?:[.,]\d+)?(?:\s*[AaPp]\.?[Mm]\.?)?\s*(?:(?:GMT|UTC)?[-+]\d{1,2}|[A-Z]{2,5}\b)"
)
_UTC = re.compile(UTC)
_PLAIN_NAMES = re.compile(r"[A-Za-z]{3,}")
_LOOKED_AT = 200
_LONGEST = 80
_YEARS = 15
"""A log spans hardly more years than this: a number that runs over more of them is a day."""
_DAYS = (
    *("%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d/%b/%Y", "%d.%b.%Y", "%b %d, %Y", "%B %d, %Y"),
    *("%b %d %Y", "%Y-%b-%d", "%d. %B %Y", "%b %Y", "%B %Y", "%a %d %b %Y", "%a, %d %b %Y"),
)
_BEHIND = (
    *("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", ", %H:%M", ", %I:%M %p"),
    *(", %I:%M:%S %p", " at %I:%M %p", " %H:%M:%S %z"),
)
_NAMED = (
    *(day + hours for day in _DAYS for hours in _BEHIND),
    *("%a %b %d %H:%M:%S %z %Y", "%a %b %d %H:%M:%S %Y"),
)
"""English, as the engine reads it in one go; all else is read in words, which takes longer."""


@frozen
class Clock:
    """How a column writes its times.

    Attributes:
        way: `iso` (a plain column will do), `formats` (of strptime), `words` (whatever a person
            writes), `unix` seconds, `excel` serial days, or `of day` (hours alone).
        share: Share of the cells that are read so, 0…1.
        formats: Formats, where the way is that.
        order: In which order day, month and year stand; None if nothing hangs on it.
        other: Which order might be meant as well, as no cell decides; None if one does.
        comma: Numbers have a decimal comma.
        zone: Whether the cells say that they are UTC, or tell an offset of their own, or neither.
    """

    way: Way
    share: float
    formats: tuple[str, ...] = ()
    order: Order | None = None
    other: Order | None = None
    comma: bool = False
    zone: Zone = "none"

    @property
    def ambiguous(self) -> bool:
        """No cell decides the order, so that it was assumed."""
        return self.other is not None

    @property
    def day_first(self) -> bool | None:
        """Whether the day comes before the month; None if nothing hangs on it."""
        return None if self.order is None else self.order == "DMY"

    def expression(self, column: str, zone: str = "") -> str:
        """The expression that reads the quoted *column*, and tells UTC in *zone*."""
        behind = f", {literal(zone)}" if zone else ""
        number = f"to_number({column}, ',')" if self.comma else column
        if self.way == "unix":
            return f"unix_time({number}{behind})"
        if self.way == "excel":
            return f"excel_time({number})"
        told = behind if self.zone == "utc" else ""
        if self.way == "iso":
            return f"to_time({column}{told})" if told else column
        if self.way == "words":
            order = (
                f", {literal(self.order or 'DMY')}"
                if self.order not in {None, "DMY"} or told
                else ""
            )
            return f"parse_time({column}{order}{told})"
        return f"to_time({', '.join([column, *map(literal, self.formats)])}{told})"

    def describe(self) -> str:
        """For people: `times (%d/%m/%Y)`."""
        names = {"iso": "ISO", "unix": "Unix", "excel": "spreadsheet serials", "of day": "hours"}
        names["words"] = "in words" + (f", {self.order}" if self.order else "")
        where = {"none": "", "utc": "; in UTC", "own": "; each with the hour of its own place"}
        return (
            f"times ({', '.join(self.formats) or names.get(self.way, self.way)}{where[self.zone]})"
        )

    def turned(self) -> Clock:
        """The same in the other order, where one was assumed."""
        if self.other is None or self.order is None:
            return self
        swap = dict(zip(_letters(self.order), _letters(self.other), strict=True))
        formats = tuple(
            re.sub("%[dmyY]", lambda found: swap.get(found[0], found[0]), form)
            for form in self.formats
        )
        return evolve(self, formats=formats, order=self.other, other=self.order)


def _letters(order: Order) -> tuple[str, ...]:
    """The formats of a day in an order of two-digit numbers."""
    return tuple({"D": "%d", "M": "%m", "Y": "%y"}[letter] for letter in order)


def clock_of(
    cells: Sequence[str], *, named: bool, day_first: bool | None = None, rows: Sequence[str] = ()
) -> Clock | None:
    """How *cells* write times, or None if most of them are no times.

    Args:
        cells: Not blank and different; numbers as text too.
        named: The column's name speaks of time, so that numbers may be seconds or serial days.
        day_first: What to assume where no cell decides.
        rows: The cells in the order of the rows, where that is known.
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
    clock = _short(cells, day_first, rows) or _iso(cells) or _english(cells)
    if clock is None or clock.share < 0.97:
        worded = _words(cells, day_first)
        if worded is not None and (clock is None or worded.share > clock.share):
            clock = worded
    if clock is None:
        of_day = sum(bool(_OF_DAY.fullmatch(cell)) for cell in cells) / total
        return Clock("of day", of_day) if of_day > 0.8 else None
    return evolve(clock, zone=_zone(cells)) if clock.share > 0.5 else None


def _zone(cells: Sequence[str]) -> Zone:
    """Whether times say that they are UTC, or have an offset of their own."""
    looked = [cell for cell in cells[:_LOOKED_AT] if ":" in cell]
    own = utc = 0
    for cell in looked:
        if _UTC.search(cell):
            utc += 1
        elif _OFFSET.search(cell):
            own += 1
    if own:
        return "own"
    return "utc" if utc * 2 > len(looked) > 0 else "none"


def _numeric(cells: Sequence[str]) -> Clock | None:
    numbers = [float(cell.replace(",", ".")) for cell in cells if _NUMBER.fullmatch(cell)]
    if len(numbers) < 0.9 * len(cells):
        return None
    comma = any("," in cell for cell in cells)
    for way, low, high in (
        ("unix", 5e8, 4e9),
        ("unix", 5e11, 4e12),
        ("unix", 5e14, 4e15),
        ("unix", 5e17, 4e18),
        ("excel", 20_000, 75_000),
    ):
        # A zero stands for no time at all.
        inside = sum(low <= number <= high or number in {0, -1} for number in numbers) / len(cells)
        if inside > 0.9 and any(low <= number <= high for number in numbers):
            return Clock("unix" if way == "unix" else "excel", inside, comma=comma)
    return None


def _iso(cells: Sequence[str]) -> Clock | None:
    share = sum(bool(_ISO.fullmatch(cell)) for cell in cells) / len(cells)
    return Clock("iso", share) if share else None


def _short(cells: Sequence[str], day_first: bool | None, rows: Sequence[str]) -> Clock | None:
    matches = [found for cell in cells if (found := _SHORT.fullmatch(cell))]
    if len(matches) <= 0.5 * len(cells):
        return None
    sign = Counter(found["sign"] for found in matches).most_common(1)[0][0]
    matches = [found for found in matches if found["sign"] == sign]
    half = any(found["half"] for found in matches)
    if all(len(found["year"]) == 2 for found in matches):
        orders, other = _two_digits(matches, rows, day_first, slashed=sign == "/" or half)
        order = orders
    else:
        first = sum(int(found[1]) > 12 for found in matches)
        second = sum(int(found[3]) > 12 for found in matches)
        assumed = day_first if day_first is not None else (sign != "/" and not half)
        is_day_first = assumed if first == second else first > second
        order = "DMY" if is_day_first else "MDY"
        other = ("MDY" if is_day_first else "DMY") if first == second else None
    formats: list[str] = []
    for year in ("%Y", "%y"):
        mine = [found for found in matches if (len(found["year"]) == 4) == (year == "%Y")]
        if mine:
            letters = {"D": "%d", "M": "%m", "Y": year}
            formats += _with_hours(sign.join(letters[letter] for letter in order), mine)
    share = sum(_is_day(found, order) for found in matches) / len(cells)
    return Clock("formats", share, tuple(formats), order, other)


def _numbers(found: re.Match[str]) -> tuple[int, int, int]:
    return int(found[1]), int(found[3]), int(found["year"])


def _is_day(found: re.Match[str], order: Order) -> bool:
    """Whether the numbers are a day of the calendar in this order."""
    part = dict(zip(order, _numbers(found), strict=True))
    if order != "YMD" and len(found["year"]) == 4:
        year = part["Y"]
    else:
        year = part["Y"] + (2000 if part["Y"] < 69 else 1900)
    try:
        date(year, part["M"], part["D"])
    except ValueError:
        return False
    return True


def _two_digits(
    matches: Sequence[re.Match[str]],
    rows: Sequence[str],
    day_first: bool | None,
    *,
    slashed: bool,
) -> tuple[Order, Order | None]:
    """The order of three numbers of two digits, and which other might be meant.

    Valid days decide; then that years run over few numbers and days over many; then that a file
    is in the order of time.
    """
    usual: Order = "DMY" if (day_first if day_first is not None else not slashed) else "MDY"
    valid = {order: sum(_is_day(found, order) for found in matches) for order in ORDERS}
    most = max(valid.values())
    left: list[Order] = [order for order in ORDERS if valid[order] >= 0.98 * most]
    if len(left) == 1:
        return left[0], None
    firsts = {int(found[1]) for found in matches}
    lasts = {int(found["year"]) for found in matches}
    first_runs, last_runs = (max(of) - min(of) for of in (firsts, lasts))
    if "YMD" in left and min(len(matches), len(firsts | lasts)) > 2:
        if first_runs * 2 < last_runs and first_runs <= _YEARS:
            return "YMD", None
        if last_runs * 2 < first_runs:
            left.remove("YMD")
        else:
            ordered = _in_order(rows)
            if ordered is not None and ordered in left:
                return ordered, None
    if usual not in left:
        usual = left[0]
    others = [order for order in left if order != usual]
    return usual, others[0] if others else None


def _in_order(rows: Sequence[str]) -> Order | None:
    """The only order in which the rows of a file follow one another in time."""
    found = [match for cell in rows if (match := _SHORT.fullmatch(cell))]
    if len(found) < 8:
        return None
    places = {"DMY": (2, 1, 0), "MDY": (2, 0, 1), "YMD": (0, 1, 2)}
    sorted_: list[Order] = []
    for order in ORDERS:
        keys = [tuple(_numbers(match)[place] for place in places[order]) for match in found]
        if keys in (sorted(keys), sorted(keys, reverse=True)):
            sorted_.append(order)
    return sorted_[0] if len(sorted_) == 1 else None


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


def _english(cells: Sequence[str]) -> Clock | None:
    """English months in formats that the engine reads fast; three formats at most."""
    sampled = [cell for cell in cells[:_LOOKED_AT] if len(cell) < _LONGEST]
    if not sampled or not _PLAIN_NAMES.search(sampled[0]):
        return None
    formats: list[str] = []
    for cell in (sampled[0], sampled[len(sampled) // 2], sampled[-1]):
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


def _words(cells: Sequence[str], day_first: bool | None) -> Clock | None:
    """Times as people and programs write them, whatever the language."""
    sampled = [cell for cell in cells[:_LOOKED_AT] if len(cell) < _LONGEST]
    few = sampled[:20]
    usual: Order = "MDY" if day_first is False else "DMY"
    if sum(time_of(cell, order) is not None for cell in few for order in ORDERS) < 0.4 * len(few):
        return None
    read = {order: [time_of(cell, order) for cell in sampled] for order in ORDERS}
    valid = {order: sum(time is not None for time in times) for order, times in read.items()}
    if day_first is None and valid["MDY"] == valid["DMY"] and read["MDY"] != read["DMY"]:
        halves = sum("m" in cell[-8:].lower() and "/" in cell for cell in sampled)
        usual = "MDY" if halves * 2 > len(sampled) else "DMY"
    most = max(valid.values())
    if valid[usual] < most:
        usual = next(order for order in ORDERS if valid[order] == most)
    if not most:
        return None
    open_: list[Order] = [
        order
        for order in ORDERS[:2]
        if order != usual and valid[order] == most and read[order] != read[usual]
    ]
    hangs = any(read[order] != read[usual] for order in ORDERS)
    return Clock(
        "words",
        most / len(sampled),
        order=usual if hangs else None,
        other=open_[0] if open_ else None,
    )

"""Write what CLDR and the time zone database know into `src/reltype/builtin/words.toml`.

    python -m pip install babel
    python tools/words_from_cldr.py

Replaces what stands between the two marks in that file: codes and signs of currencies, names of
months, weekdays and halves of the day, letters of time zones. What strangers write beyond that is
kept by hand in the rest of the file.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
import zoneinfo
from collections import defaultdict
from pathlib import Path

from babel import Locale
from babel.core import get_global
from babel.localedata import locale_identifiers
from babel.numbers import get_territory_currencies, list_currencies

FILE = Path(__file__).parent.parent / "src/reltype/builtin/words.toml"
BEGIN, END = "# --- from CLDR: begin", "# --- from CLDR: end"
LANGUAGES = (
    "en",
    "de",
    "fr",
    "es",
    "it",
    "nl",
    "pt",
    "pl",
    "sv",
    "da",
    "nb",
    "fi",
    "cs",
    "sk",
    "hu",
    "ro",
    "tr",
    "ru",
    "uk",
    "el",
)
OLD_CODES = "ATS BEF DEM ESP FIM FRF GRD IEP ITL LUF NLG PTE BGN HRK EEK LTL LVL SIT SKK ANG ZWL"
"""Still to be met in exports that reach back."""


def bare(text: str) -> str:
    """Lower case, without accents and without a point at the end."""
    parts = unicodedata.normalize("NFD", text.lower())
    kept = "".join(c for c in parts if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", kept).strip(" .\u200f\u200e\u00a0\u202f")


def currencies() -> tuple[list[str], list[str], list[str]]:
    """Codes that are or were legal tender in our time; signs; abbreviations of letters."""
    codes = set(OLD_CODES.split())
    for territory in get_global("territory_currencies"):
        codes |= set(get_territory_currencies(territory, tender=True, non_tender=True))
    codes &= set(list_currencies())
    codes = {code for code in codes if not code.startswith(("XA", "XB", "XP", "XT", "XX", "XU"))}
    signs, letters = set(), set()
    for name in locale_identifiers():
        for code, written in Locale.parse(name).currency_symbols.items():
            sign = written.strip("\u200b\u200e\u200f\u061c .").replace("\u00a0", " ")
            sign = sign.replace("\u202f", " ")
            if code not in codes or not sign or sign in codes or sign == "¤":
                continue
            special = any(unicodedata.category(c) == "Sc" for c in sign)
            (signs if special else letters).add(sign)
    return sorted(codes), sorted(signs), sorted(letters)


def calendar() -> tuple[dict[int, set[str]], dict[int, set[str]]]:
    """Month 1…12 and weekday 0…6 (Monday first) → what they are called, bare."""
    months: dict[int, set[str]] = defaultdict(set)
    days: dict[int, set[str]] = defaultdict(set)
    for language in LANGUAGES:
        locale = Locale.parse(language)
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, word in locale.months[context][width].items():
                    months[number].add(bare(word))
            for width in ("wide", "abbreviated", "short"):
                for number, word in locale.days[context].get(width, {}).items():
                    days[number].add(bare(word))
    _shorten(months)
    return months, days


def _shorten(months: dict[int, set[str]]) -> None:
    """Add the first three letters of each name, where they name one month only."""
    short: dict[str, set[int]] = defaultdict(set)
    for number, words in months.items():
        for word in words:
            short[word[:3]].add(number)
    for letters, numbers in short.items():
        if len(numbers) == 1 and len(letters) == 3:
            months[min(numbers)].add(letters)


def zones() -> list[str]:
    """Letters that stand for the time of a zone."""
    found = set()
    for name in zoneinfo.available_timezones():
        for year in range(1990, 2027, 4):
            for month in (1, 7):
                zone = zoneinfo.ZoneInfo(name)
                letters = dt.datetime(year, month, 1, tzinfo=zone).tzname()
                if letters and letters.isalpha():
                    found.add(letters)
    return sorted(found)


def listed(words: list[str]) -> str:
    """A TOML array, wrapped."""
    lines, line = [], " "
    for word in words:
        item = ' "' + word.replace("\\", "\\\\").replace('"', '\\"') + '",'
        if len(line) + len(item) > 160:
            lines.append(line)
            line = " "
        line += item
    return "[\n" + "\n".join([*lines, line]) + "\n]"


def text() -> str:
    """The tables."""
    codes, signs, letters = currencies()
    months, days = calendar()
    parts = [
        "[cldr.money]",
        "# ISO 4217: what is legal tender somewhere, or was before the euro.",
        f"codes = {listed(codes)}",
        "# With a sign of their own; without one.",
        f"signs = {listed(signs)}",
        f"letters = {listed(letters)}",
        "",
        "[cldr.months]",
        f"# {', '.join(LANGUAGES)}: whole, abbreviated, and three letters where those are enough.",
        *(f'"{number}" = {listed(sorted(months[number]))}' for number in sorted(months)),
        "",
        "[cldr.weekdays]",
        "# Monday is 0.",
        *(f'"{number}" = {listed(sorted(days[number]))}' for number in sorted(days)),
        "",
        "[cldr.zones]",
        f"letters = {listed(zones())}",
    ]
    return "\n".join(parts)


def main() -> None:
    """Replace the part between the marks."""
    old = FILE.read_text(encoding="utf-8")
    before, _, rest = old.partition(BEGIN)
    _, _, after = rest.partition(END)
    FILE.write_text(f"{before}{BEGIN}\n{text()}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()

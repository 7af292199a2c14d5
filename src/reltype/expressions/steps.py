r"""Steps: replacements that turn what people write into what a machine reads, in SQL and in Python.

The guesser looks at a sample in Python, the engine reads the file in SQL. Both run these same steps,
so that what is guessed can be read, and what can be read is guessed. Patterns therefore keep to
what Python's `re` and the engine's RE2 understand alike: no look-around, no class such as `\s`
whose meaning differs, explicit letters.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from attrs import frozen

from reltype.expressions.values import text_literal
from reltype.expressions.words import FOLDED, bare

if TYPE_CHECKING:
    from collections.abc import Iterable


@frozen
class Replace:
    r"""Every match of a pattern becomes `to`, in which `\1` is its first group."""

    pattern: str
    to: str

    def sql(self, cell: str) -> str:
        """SQL of the text *cell* after this step."""
        every = ", 'g'" if not self.pattern.startswith("^") else ""
        return (
            f"REGEXP_REPLACE({cell}, {text_literal(self.pattern)}, {text_literal(self.to)}{every})"
        )

    def apply(self, text: str) -> str:
        """The text after this step."""
        return _compiled(self.pattern).sub(self.to, text)


@frozen
class Translate:
    """Every character of `these` becomes the one at its place in `to`, or nothing."""

    these: str
    to: str

    def sql(self, cell: str) -> str:
        """SQL of the text *cell* after this step."""
        return f"TRANSLATE({cell}, {text_literal(self.these)}, {text_literal(self.to)})"

    def apply(self, text: str) -> str:
        """The text after this step."""
        gone = self.these[len(self.to) :]
        return text.translate(str.maketrans(self.these[: len(self.to)], self.to, gone))


@frozen
class Bare:
    """Lower case, and no accents."""

    def sql(self, cell: str) -> str:
        """SQL of the text *cell* after this step."""
        sql = f"LOWER(STRIP_ACCENTS({cell}))"
        for letter, to in FOLDED.items():
            sql = f"REPLACE({sql}, '{chr(letter)}', '{to}')"
        return sql

    def apply(self, text: str) -> str:
        """The text after this step."""
        return bare(text)


@frozen
class Lower:
    """Lower case."""

    def sql(self, cell: str) -> str:
        """SQL of the text *cell* after this step."""
        return f"LOWER({cell})"

    def apply(self, text: str) -> str:
        """The text after this step."""
        return text.lower()


@frozen
class Trim:
    """No blanks at the ends."""

    def sql(self, cell: str) -> str:
        """SQL of the text *cell* after this step."""
        return f"TRIM({cell})"

    def apply(self, text: str) -> str:
        """The text after this step."""
        return text.strip(" ")


Step = Replace | Translate | Bare | Lower | Trim


def sql(cell: str, steps: Iterable[Step]) -> str:
    """SQL of the text *cell* after all steps, each of which is run once for a row."""
    for step in steps:
        cell = step.sql(cell)
    return cell


def applied(text: str, steps: Iterable[Step]) -> str:
    """The text after all steps."""
    for step in steps:
        text = step.apply(text)
    return text


def one_of(words: Iterable[str]) -> str:
    """A pattern of any of these words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(set(words), key=lambda w: (-len(w), w)))


@lru_cache(512)
def _compiled(pattern: str) -> re.Pattern[str]:
    # `$` must not match before a line end, which RE2's does not.
    return re.compile(re.sub(r"(?<!\\)\$", r"\\Z", pattern), re.ASCII)


def whole(pattern: str, text: str) -> bool:
    """Whether a pattern, which begins with `^` and ends with `$`, matches."""
    return _compiled(pattern).match(text) is not None


DIGITS = "０１２３４５６７８９٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹०१२३४५६७८९"
"""Digits of other scripts, ten by ten."""

TYPED = Translate(
    DIGITS
    + "－−–—‐‑‒―﹣．，：／（）＄￥￦％’‘ʼ´`＇٫٬\u00a0\u202f\u2007\u2009\u200a\u2002\u2003\u3000"
    "\u200b\u200e\u200f\u061c\u202a\u202b\u202c\u2066\u2067\u2068\u2069\ufeff\u2060",
    "0123456789" * 4 + "---------.,:/()$¥₩%''''''.," + " " * 8,
)
"""Signs and blanks as a keyboard types them; marks that cannot be seen are gone."""

ONE_BLANK = (Replace("[ \t\r\n]+", " "), Trim())
"""Blanks come one at a time, and not at the ends."""


def ascii_sql(cell: str) -> str:
    """SQL: whether a text holds nothing but ASCII, which most do; `TYPED` costs twenty times as much."""
    return f"STRLEN({cell}) = LENGTH({cell})"

"""The kinds of interaction, and the words that other systems use for them.

The words are data: `builtin/words.toml` lists, for each kind, what exports write for it in several
languages, and what a word means in one sort of file only (`open` is a support ticket among tickets,
a response among mailings).
"""

from __future__ import annotations

import re
import unicodedata
from collections import abc
from functools import cache

from reltype.errors import ConfigError, did_you_mean
from reltype.expressions import literal
from reltype.expressions.words import table

KINDS = (
    "purchase",
    "refund",
    "renewal",
    "cancellation",
    "visit",
    "message",
    "outreach",
    "response",
    "support",
    "complaint",
    "resolution",
    "review",
    "survey",
    "referral",
    "event",
)
OTHER = "other"

_CAMEL = re.compile(r"(?<=[a-zà-ÿ0-9])(?=[A-ZÀ-Þ][a-zà-ÿ])|(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])")
_NOT_WORD = re.compile(r"[^0-9a-z%#&]+")


def apart(text: str) -> str:
    """The text with its words set apart where only a capital letter does it: `orderDate`."""
    return _CAMEL.sub(" ", text)


def plain(text: str) -> str:
    """The text in lower case without accents or signs, its words (camelCase too) set apart."""
    folded = (
        apart(text)
        .casefold()
        .replace("ß", "ss")
        .replace("ł", "l")
        .replace("ø", "o")
        .replace("æ", "ae")
    )
    bare = "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))
    return _NOT_WORD.sub(" ", bare).strip()


@cache
def words(context: str | None = None) -> abc.Mapping[str, str]:
    """Every known word in plain form → its kind; those of the `context` go first."""
    tables = table("kinds")
    known = {kind: kind for kind in (*KINDS, OTHER)}
    for name in ["any", *([context] if context is not None and context in tables else [])]:
        known |= {plain(word): kind for kind, listed in tables[name].items() for word in listed}
    return known


def contexts() -> tuple[str, ...]:
    """The sorts of file in which some words mean something of their own."""
    return ("orders", "tickets", "deals", "mailings", "subscriptions")


def kind_of(word: str, context: str | None = None) -> str | None:
    """The kind that a word of a foreign system stands for, or None if it is unknown.

    The whole phrase decides; failing that its last known part, of at most three words, so that
    `Deal: Closed Won` is read by `closed won`.
    """
    known = words(context)
    phrase = plain(word)
    if phrase in known:
        return known[phrase]
    parts = phrase.split()
    for length in range(min(3, len(parts) - 1), 0, -1):
        for start in range(len(parts) - length, -1, -1):
            kind = known.get(" ".join(parts[start : start + length]))
            if kind is not None:
                return kind
    return None


def checked(kind: str, where: str) -> str:
    """The kind itself.

    Raises:
        ConfigError: It is not one of ours; `where` says in which place it was written.
    """
    if kind not in KINDS and kind != OTHER:
        text = f"{where}: {kind!r} is not a kind of interaction."
        raise ConfigError(text + did_you_mean(kind, (*KINDS, OTHER)))
    return kind


def kind_sql(cell: str, mapped: abc.Mapping[str, str]) -> str:
    """SQL of the kind that a cell's word stands for, `other` where it is unknown.

    Args:
        cell: SQL of the cell, as text.
        mapped: Words exactly as in the file → our kind; they go before our own names and the
            built-in vocabulary, which is asked last, for words that no sample showed.
    """
    exact = {kind: kind for kind in KINDS} | dict(mapped)
    loose = {**words()} | {plain(word): kind for word, kind in mapped.items()}
    folded = f"trim(lower(regexp_replace(strip_accents({cell}), '[^0-9A-Za-z%#&]+', ' ', 'g')))"
    cases = " ".join(f"WHEN {literal(word)} THEN {literal(kind)}" for word, kind in exact.items())
    # A constant MAP is read for the remaining rows only; a long IN would become a join of all rows.
    known = ", ".join(f"{literal(word)}: {literal(kind)}" for word, kind in loose.items())
    return f"CASE {cell} {cases} ELSE coalesce((MAP {{{known}}})[{folded}], '{OTHER}') END"

"""The kinds of interaction, and the words that other systems use for them.

The words are data: `builtin/words.toml` lists, for each kind, what exports write for it in several
languages, and what a word means in one sort of file only (`open` is a support ticket among tickets,
a response among mailings).
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import abc
from functools import cache

from attrs import frozen

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
_NOT_WORD = re.compile(r"(?:(?![%#&])[\W_])+")
_LETTERS = {"ß": "ss", "ł": "l", "ø": "o", "æ": "ae", "ı": "i"}
"""Letters that no accent is taken from, and what people write for them."""
_TRANSLATED = str.maketrans(_LETTERS)


def apart(text: str) -> str:
    """The text with its words set apart where only a capital letter does it: `orderDate`."""
    return _CAMEL.sub(" ", text)


def plain(text: str) -> str:
    """The text in lower case without accents or signs, its words (camelCase too) set apart.

    Letters of every script stay: `plain("Дата_заказа") == "дата заказа"`.
    """
    folded = apart(text).casefold().translate(_TRANSLATED)
    parts = unicodedata.normalize("NFKD", folded)
    bare = "".join(c for c in parts if not unicodedata.combining(c))
    return _NOT_WORD.sub(" ", unicodedata.normalize("NFC", bare)).strip()


@cache
def words(context: str | None = None) -> abc.Mapping[str, str]:
    """Every known word in plain form → its kind; those of the `context` go first."""
    tables = table("kinds")
    known = {kind: kind for kind in (*KINDS, OTHER)}
    for name in ["any", *([context] if context is not None and context in tables else [])]:
        known |= {plain(word): kind for kind, listed in tables[name].items() for word in listed}
    return known


@cache
def special(context: str) -> frozenset[str]:
    """The words that mean something of their own in one sort of file, in plain form."""
    return frozenset(plain(word) for listed in table("kinds")[context].values() for word in listed)


def contexts() -> tuple[str, ...]:
    """The sorts of file in which some words mean something of their own."""
    return ("orders", "tickets", "deals", "mailings", "subscriptions")


_RANK = (
    *(
        "complaint",
        "refund",
        "cancellation",
        "renewal",
        "referral",
        "resolution",
        "support",
        "visit",
    ),
    *("purchase", "outreach", "response", "survey", "review", "message", "event", OTHER),
)
"""Which of several known words decides; in which order they stand does not."""
_PHRASES = (
    *("complaint", "refund", "cancellation", "renewal", "outreach", "response", "referral"),
    *("resolution", "support", "visit", "purchase", "survey", "review", "message", "event", OTHER),
)
"""The same for phrases of several words: `campaign sent` says more than `campaign`."""
_ENDED = {
    "purchase",
    "refund",
    "renewal",
    "cancellation",
    "resolution",
    "survey",
    "review",
    "referral",
}
"""Kinds of which the beginning is not the thing itself; a visit, a call or a ticket is there at once."""
_LONGEST = 8


@frozen
class Kind:
    """What a word of a foreign system stands for.

    Attributes:
        kind: One of ours.
        whole: The whole phrase is known; otherwise a part of it decided.
    """

    kind: str
    whole: bool


def kind_of(word: str, context: str | None = None) -> str | None:
    """The kind that a word of a foreign system stands for, or None if it is unknown."""
    found = understood(word, context)
    return None if found is None else found.kind


@cache
def understood(word: str, context: str | None = None) -> Kind | None:
    """The kind that a word of a foreign system stands for, and whether the whole of it is known.

    The whole phrase decides, in whatever order its words stand. Failing that what is denied, failed,
    only began or was changed later is an `event`, and of known parts the longest decide.
    """
    known, turned = words(context), _turned(context)
    phrase = plain(word)
    parts = phrase.split()
    kind = known.get(phrase) or turned.get(tuple(sorted(parts)))
    if kind is not None:
        return Kind(kind, whole=True)
    core = _without("idle", parts) or parts
    kind = known.get(" ".join(core)) or turned.get(tuple(sorted(core)))
    if kind is not None:
        return Kind(kind, whole=False)
    for name in ("not", "failed", "begun", "changed"):
        rest = _without(name, core)
        if len(rest) == len(core):
            continue
        denied = _by_parts(rest, context) if rest else None
        if denied is None:
            continue
        if name == "begun" and (denied not in _ENDED or len(_without("done", rest)) < len(rest)):
            continue
        return Kind("event", whole=False)
    rest = _without("clicked", core)
    if rest and len(rest) < len(core) and _by_parts(rest, context) is not None:
        return Kind("response", whole=False)
    kind = _by_parts(parts, context) or _undone(core, context)
    return None if kind is None else Kind(kind, whole=False)


def doubts_of(seen: abc.Iterable[str], context: str | None = None) -> abc.Iterator[str]:
    """What to say of words for kinds: those that are unknown, and those of which a part decided."""
    found = {word: understood(word, context) for word in seen}
    unknown = [word for word, kind in found.items() if kind is None]
    if unknown:
        yield f"kind: {_few(map(repr, unknown))} stand for no known kind and count as other; say under [kinds]."
    partly = [f"{word!r} as {kind.kind}" for word, kind in found.items() if kind and not kind.whole]
    if partly:
        yield f"kind: {_few(partly)} was read by a part of the words; say otherwise under [kinds]."


def _few(listed: abc.Iterable[str], known: int = 5) -> str:
    every = list(listed)
    more = f" and {len(every) - known} more" if len(every) > known else ""
    return ", ".join(every[:known]) + more


def _without(name: str, parts: list[str]) -> list[str]:
    """The words of a phrase that are not in a list of `[happened]`."""
    listed = _happened(name)
    return [part for part in parts if part not in listed]


@cache
def _happened(name: str) -> frozenset[str]:
    return frozenset(table("happened")[name])


@cache
def _turned(context: str | None) -> abc.Mapping[tuple[str, ...], str]:
    """The words of every known phrase, sorted → its kind."""
    return {tuple(sorted(phrase.split())): kind for phrase, kind in words(context).items()}


def _by_parts(parts: list[str], context: str | None) -> str | None:
    """The kind of the longest known parts, of at most three words."""
    turned, parts = _turned(context), parts[:_LONGEST]
    for length in range(min(3, len(parts)), 0, -1):
        rank = _RANK if length == 1 else _PHRASES
        found: list[tuple[bool, bool, int]] = []
        for some in itertools.combinations(parts, length):
            kind = turned.get(tuple(sorted(some)))
            if kind is not None:
                weak = length == 1 and some[0] in _happened("weak")
                found.append((kind in {"event", OTHER}, weak, rank.index(kind)))
        if found:
            return rank[min(found)[2]]
    return None


def _undone(parts: list[str], context: str | None) -> str | None:
    """`event` where a prefix denies a known word: `unfulfilled`, `undelivered`."""
    for part in parts:
        for prefix in ("un", "non", "in", "dis"):
            if part.startswith(prefix) and part.removeprefix(prefix) in words(context):
                return "event"
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


def plain_sql(cell: str) -> str:
    """SQL of a cell's text as `plain` gives it, but for camelCase."""
    folded = f"lower(strip_accents({cell}))"
    for letter, written in _LETTERS.items():
        folded = f"replace({folded}, '{letter}', '{written}')"
    return f"trim(regexp_replace({folded}, '[^\\p{{L}}\\p{{N}}%#&]+', ' ', 'g'))"


def kind_sql(cell: str, mapped: abc.Mapping[str, str]) -> str:
    """SQL of the kind that a cell's word stands for, `other` where it is unknown.

    Args:
        cell: SQL of the cell, as text.
        mapped: Words exactly as in the file → our kind; they go before our own names and the
            built-in vocabulary, which is asked last, for words that no sample showed.
    """
    exact = {kind: kind for kind in KINDS} | dict(mapped)
    loose = {**words()} | {plain(word): kind for word, kind in mapped.items()}
    folded = plain_sql(cell)
    cases = " ".join(f"WHEN {literal(word)} THEN {literal(kind)}" for word, kind in exact.items())
    # A constant MAP is read for the remaining rows only; a long IN would become a join of all rows.
    known = ", ".join(f"{literal(word)}: {literal(kind)}" for word, kind in loose.items())
    idle, denied = (
        "|".join(sorted({word for name in names for word in _happened(name)}))
        for names in (["idle"], ["not", "failed", "begun", "changed"])
    )
    core = f"trim(regexp_replace({folded}, '(^| )(?:(?:{idle})( |$))+', ' ', 'g'))"
    undone = f"CASE WHEN regexp_matches({folded}, '(^| )(?:{denied})( |$)') THEN 'event' END"
    look = f"(MAP {{{known}}})"
    rest = f"coalesce({look}[{folded}], {look}[{core}], {undone}, '{OTHER}')"
    return f"CASE {cell} {cases} ELSE {rest} END"

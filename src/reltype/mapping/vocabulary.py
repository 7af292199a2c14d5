"""Vocabulary: what exports call the columns that we read; data in `builtin/headers.toml`."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from reltype.expressions.words import currency_codes, data
from reltype.mapping.kinds import apart, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

TIERS: Mapping[str, float] = {"best": 1.0, "good": 0.85, "fair": 0.6, "weak": 0.4}
"""What a name is worth that stands in the list of this name."""

_NOISE = {"utc", "gmt", "cet", "local", "c", "the"}
_WORDS_TOO = {
    *(
        "all",
        "ang",
        "bam",
        "bob",
        "cop",
        "cup",
        "ern",
        "gel",
        "lak",
        "mad",
        "mop",
        "nad",
        "nio",
        "pen",
    ),
    *("ron", "sos", "std", "top", "try", "zar"),
}
"""Codes of currencies that are words, too, unless they are written as codes are."""
_THINGS = {
    *("order", "deal", "ticket", "review", "event", "conversation", "charge", "payment", "sale"),
    *("transaction", "customer", "client", "contact", "account", "subscription", "subscriptions"),
    *("customers", "invoice", "opportunity", "case", "lead", "survey", "message", "company"),
}
"""What a name may begin with that says only of which thing it speaks: `Deal - Value`."""


_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")


_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Letters of languages that put no blanks between words, or few."""
_CODE = re.compile(r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])")


@cache
def _codes() -> frozenset[str]:
    return frozenset(code.lower() for code in currency_codes())


def _words(written: str) -> tuple[str, ...]:
    """The words of a name, without currencies and time zones."""
    words = plain(written).split()
    codes = {word for word in words if word in _codes() - _WORDS_TOO}
    if not written.isupper():
        codes |= {found.lower() for found in _CODE.findall(apart(written))} & _codes()
    kept = [word for word in words if word not in _NOISE and word not in codes]
    while len(kept) > 1 and len(kept) < len(words) and kept[-1] == "in":
        kept.pop()  # Amount in CLP
    return tuple(kept) or tuple(words)


@frozen
class Name:
    """A column's name, ready to be looked up.

    Attributes:
        written: As the source has it.
        words: In plain form, without currencies and time zones.
        bare: The same without what stands in brackets.
    """

    written: str
    words: tuple[str, ...]
    bare: tuple[str, ...]
    _spaced: str = field(init=False, eq=False, repr=False)

    @_spaced.default
    def _with_blanks(self) -> str:
        return f" {' '.join(self.words)} "

    @classmethod
    def of(cls, written: str) -> Name:
        """The name of a column."""
        words = _words(written)
        return cls(written, words, _words(_BRACKETS.sub(" ", written)) or words)

    def has(self, phrase: str) -> bool:
        """Whether these words stand in the name, side by side."""
        return f" {phrase} " in self._spaced


@frozen
class HeaderNames:
    """The names that a column of one role may have.

    Attributes:
        names: Plain name without blanks → what it is worth.
        phrases: Plain name, as words → what it is worth.
        lower: Words that make a column less likely.
        never: Words that rule a column out.
        whole: One word at the end of a longer name tells nothing.
        loose: One word anywhere in a longer name tells something.
    """

    names: Mapping[str, float]
    phrases: Mapping[tuple[str, ...], float]
    lower: tuple[str, ...]
    never: tuple[str, ...]
    whole: bool
    loose: bool

    def worth(self, name: Name) -> float:
        """How much a column's name speaks for this role, 0…1."""
        worth = self._worth(name)
        if name.bare != name.words:
            worth = max(worth, 0.98 * self._worth(Name(name.written, name.bare, name.bare)))
        return worth

    def _worth(self, name: Name) -> float:
        if exact := self.names.get("".join(name.words), 0.0):
            return exact
        rest = name.words[1:] if name.words and name.words[0] in _THINGS else ()
        worth = 0.97 * self.names.get("".join(rest), 0.0) if rest else 0.0
        enough = (
            0.55 if " - " in name.written else 0.8
        )  # Deal - Organization: the table goes before
        spoken = f" {' '.join(rest if worth >= enough else name.words)} "
        if any(f" {phrase} " in spoken for phrase in self.never):
            return 0.0
        if any(" " in phrase and name.has(phrase) for phrase in self.never):
            return 0.0
        for length in range(len(name.words) - 1, 0, -1):
            for start in range(len(name.words) - length, -1, -1):
                known = self.phrases.get(name.words[start : start + length], 0.0)
                end = start + length == len(name.words)
                single = (end and not self.whole) or self.loose
                if known > TIERS["weak"] and (length > 1 or single):
                    worth = max(worth, known * (0.85 if end else 0.6))
        if not self.whole and name.words:
            worth = max(worth, self._compound(name.words[-1]))
        return worth * (0.5 if any(map(name.has, self.lower)) else 1.0)

    def _compound(self, word: str) -> float:
        """What the end of one long word is worth: `Zahlstatus`, `Kundenkommentar`."""
        if _UNSPACED.search(word):  # 購入日 in ご購入日: a name without blanks, of short words
            ends = (word[start:] for start in range(1, len(word) - 1))
        else:
            ends = (word[start:] for start in range(3, len(word) - 4))
        return max((0.8 * self.phrases.get((end,), 0.0) for end in ends), default=0.0)


@frozen
class Context:
    """What the rows of a file are.

    Attributes:
        name: `orders`, `tickets`, `deals` …
        words: Words in names of columns that tell it.
        files: Words in the file's own name that do.
        raised: Words of times that are the event's own in such files.
        lowered: Words of times that are not.
        kind: What a row is where no column says; None if that is no single kind.
    """

    name: str
    words: tuple[str, ...]
    files: tuple[str, ...]
    raised: tuple[str, ...]
    lowered: tuple[str, ...]
    kind: str | None


@cache
def known_contexts() -> tuple[Context, ...]:
    """Every context, in the order in which they are asked."""
    return tuple(
        Context(
            name,
            tuple(table["words"]),
            tuple(table["files"]),
            tuple(table["raise"]),
            tuple(table["lower"]),
            table.get("kind"),
        )
        for name, table in data("headers.toml")["contexts"].items()
    )


@cache
def header_names() -> Mapping[str, HeaderNames]:
    """Every role and the names that go with it."""
    return {
        role: _header_names(table)
        for role, table in data("headers.toml").items()
        if role != "contexts"
    }


def _header_names(table: Mapping[str, Any]) -> HeaderNames:
    phrases: dict[tuple[str, ...], float] = {}
    for tier, worth in TIERS.items():
        for place, written in enumerate(table.get(tier, ())):
            # Of two names in one list the earlier one is a little better.
            phrases.setdefault(tuple(plain(written).split()), worth * (1 - 0.0002 * place))
    names: dict[str, float] = {}
    for words, worth in phrases.items():
        names.setdefault("".join(words), worth)
    lower, never = (tuple(map(plain, table.get(key, ()))) for key in ("lower", "never"))
    return HeaderNames(
        names, phrases, lower, never, bool(table.get("whole")), bool(table.get("loose"))
    )

"""Words: what strangers write, and what it stands for; data in `builtin/words.toml`."""

from __future__ import annotations

import tomllib
import unicodedata
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@cache
def table(*names: str) -> Mapping[str, Any]:
    """The table of the words file under these names, one below the other: `table("cldr", "money")`."""
    found = data("words.toml")
    for name in names:
        found = found[name]
    return found


@cache
def data(name: str) -> Mapping[str, Any]:
    """A file of words of `builtin/`, such as `words.toml`; nobody may change it."""
    text = resources.files("reltype").joinpath("builtin", name).read_text(encoding="utf-8")
    return tomllib.loads(text)


FOLDED = {ord("ς"): "σ", ord("ı"): "i"}
"""Letters that come in two small forms, of which a change of case and back keeps one."""


def bare(text: str) -> str:
    """The text in lower case and without accents, as `lower(strip_accents(…))` gives it in SQL."""
    parts = unicodedata.normalize("NFD", text)
    kept = "".join(c for c in parts if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", kept).lower().translate(FOLDED)


@cache
def blanks() -> tuple[str, ...]:
    """What stands in cells for nothing, in lower case."""
    return tuple(table("blank")["words"])


@cache
def truths() -> Mapping[str, bool]:
    """What stands for yes and for no, in lower case."""
    listed = table("truth")
    return dict.fromkeys(listed["yes"], True) | dict.fromkeys(listed["no"], False)


@cache
def currency_codes() -> tuple[str, ...]:
    """The codes of all currencies of ISO 4217, such as `EUR`."""
    return tuple(table("cldr", "money")["codes"])


@cache
def months() -> Mapping[str, int]:
    """What months are called, bare → 1…12."""
    found = {
        bare(word): int(number)
        for tables in (table("cldr", "months"), table("months"))
        for number, words in tables.items()
        for word in words
    }
    return dict(sorted(found.items()))


@cache
def weekdays() -> frozenset[str]:
    """What days of the week are called, bare, but for what is a month's name, too."""
    return frozenset(bare(word) for words in table("cldr", "weekdays").values() for word in words)

"""Names: what archetypes and customers are called in a page, and what its texts may say of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc
from attrs import define, field

from reltype.arrow import numbers, texts
from reltype.definitions.phrases import a, spoken_of
from reltype.formats.printing import printable

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from reltype.definitions.archetypes import Archetype

HIDDEN = "(not shown)"
"""What stands where a redacted page would quote the data."""

_QUOTED = re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"|‘[^’\n]*’|“[^”\n]*”")
_RUN = re.compile(r"\w+")
_BARE = 4
"""A number of fewer digits than this is taken for a number, not for somebody's id, where it stands in
a text without quotes."""


@define(frozen=True, slots=False)
class Names:
    """What everything is called.

    Attributes:
        ids: The customers, in the order of the result.
        archetypes: Of the typology.
        alias: Whether archetypes go by their neutral names.
        redact: Whether customers go by numbers, and nothing of the data is quoted.
        known: Texts that may be quoted although they stand in the data: names of columns and files.
        noun: What one whose relationship is read is called.
        plural: What several are.
        files: Paths → names: whoever gets a page need not know where its data lay.
    """

    ids: Sequence[str] = field(repr=False)
    archetypes: tuple[Archetype, ...] = ()
    alias: bool = False
    redact: bool = False
    known: Collection[str] = ()
    noun: str = "customer"
    plural: str = "customers"
    files: Mapping[str, str] = field(factory=dict)

    @cached_property
    def shown(self) -> Mapping[str, str]:
        """Archetype → what it is called as a label."""
        return {one.name: (self.alias and one.alias) or one.name for one in self.archetypes}

    def archetype(self, name: str) -> str:
        """What an archetype is called as a label."""
        return printable(self.shown.get(name, name))

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """(n,) places of the customers in the order in which the page lists them.

        That of their ids; a redacted page lists them by a digest, which tells nothing of the id, not
        even which comes before another.
        """
        if not self.redact:
            return np.arange(len(self.ids))
        digest = [hashlib.sha256(one.encode()).digest() for one in self.ids]
        return np.array(sorted(range(len(digest)), key=digest.__getitem__), np.int64)

    @cached_property
    def customers(self) -> pa.Array:
        """What each customer is called, in the order of the result."""
        if not self.redact:
            return _printable(texts(self.ids))
        width = len(str(len(self.ids)))
        numbered = texts(f"{self.noun} {i + 1:0{width}}" for i in range(len(self.ids)))
        place = np.empty(len(self.ids), np.int64)
        place[self.order] = np.arange(len(self.ids))
        return numbered.take(numbers(place))

    def customer(self, place: int) -> str:
        """What the customer at *place* of the result is called."""
        return str(self.customers[place].as_py())

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {one: i for i, one in enumerate(self.ids)}

    def cell(self, value: str) -> str:
        """A cell of somebody's table: a customer's id by the customer's name, else as a text."""
        if self.redact and value in self._places:
            return self.customer(self._places[value])
        if self.redact:
            value = self._without_ids(_QUOTED.sub(self._quoted, value))
        return printable(" ".join(self._renamed(value).split()))

    def text(self, text: str) -> str:
        """A text that may quote the data: a warning, what an analysis or a plugin says.

        In a redacted page nothing is quoted but what `known` names, and no id stands.
        """
        for path, name in self.files.items():
            text = text.replace(path, name)
        if self.redact:
            text = self._without_ids(_QUOTED.sub(self._quoted, text))
        return self.ours(text)

    def ours(self, text: str) -> str:
        """A sentence of ours, in which nothing of the data stands but figures.

        Archetypes go by their names here, whoever is spoken of by the typology's word, and nothing
        steers a screen.
        """
        text = spoken_of(text, self.noun, self.plural)
        return printable(" ".join(self._renamed(text).split()))

    def _renamed(self, text: str) -> str:
        if not self.alias:
            return text
        for one in self.archetypes:
            if one.alias:
                neutral = a(f"{one.alias} relationship")
                text = re.sub(rf"\ban? {re.escape(one.name)}\b", neutral, text)
                text = re.sub(rf"\b{re.escape(one.name)}\b", one.alias, text)
        return text

    def _quoted(self, found: re.Match[str]) -> str:
        inner = found[0][1:-1]
        return found[0] if inner in self.known else HIDDEN

    @cached_property
    def _by_word(self) -> Mapping[str, list[str]]:
        """First run of letters and digits → the ids that begin with it, the longest first."""
        made: dict[str, list[str]] = {}
        for one in self.ids:
            if (first := _RUN.search(one)) is not None and one not in self.known:
                made.setdefault(first[0], []).append(one)
        return {word: sorted(ids, key=lambda one: (-len(one), one)) for word, ids in made.items()}

    def _without_ids(self, text: str) -> str:
        """*text* without the ids that stand in it as words of their own."""
        made, end = [], 0
        for found in _RUN.finditer(text):
            for one in self._by_word.get(found[0], ()):
                start = found.start() - one.index(found[0])
                if start >= end and _alone(one, text, start):
                    made += [text[end:start], HIDDEN]
                    end = start + len(one)
                    break
        return "".join([*made, text[end:]])


def _printable(column: pa.Array) -> pa.Array:
    """Texts, those in which something would steer a screen without it."""
    odd = pc.invert(pc.utf8_is_printable(column))
    if not pc.any(odd).as_py():
        return column
    cleaned = texts(printable(one) for one in column.filter(odd).to_pylist())
    return pc.replace_with_mask(column, odd, cleaned)


def _alone(one: str, text: str, start: int) -> bool:
    """Whether the id *one* stands at *start* of *text*, and is no part of a longer word or a number."""
    if not text.startswith(one, start):
        return False
    before, after = text[max(start - 2, 0) : start], text[start + len(one) :][:2]
    if one.isdigit():
        inside = before[-1:] in {".", ","} and before[:1].isdigit()
        inside |= after[:1] in {".", ","} and after[1:].isdigit()
        if inside or len(one) < _BARE:
            return False
    joined = one[:1].isalnum() and before[-1:].isalnum()
    return not (joined or (one[-1:].isalnum() and after[:1].isalnum()))

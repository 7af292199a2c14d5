"""Packing: rows of customers as columns of small numbers, so that a hundred thousand fit in a page.

A column of texts is a table of phrases and a code a row; a sentence is a pattern and the figures that
stand in it, since hundreds of thousands of sentences are a hundred patterns. All columns stand one
behind the other in one run of bytes, which is compressed (zlib) and written as base64:

    4 bytes   length of the head, little-endian
    head      JSON: {"rows", "columns": {name: [type, place, length]}, "texts": {name: [phrase, …]}}
    columns   at their places, counted from the end of the head, each on a multiple of eight

Types are `Uint8`, `Int8`, `Uint16`, `Int16`, `Uint32`, `Int32`, as the browser calls its arrays. The
numbers of one column lie together, which is what compresses.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import define, field

from reltype.arrow import doubles
from reltype.formats.printing import printable

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIGURE = re.compile(r"\d(?:[\d,.]*\d)?")
"""What stands in a pattern's gaps."""

GAP = "\0"
"""Where a figure stands in a pattern; no printable text holds it."""

_TYPES = ("Uint8", "Int8", "Uint16", "Int16", "Uint32", "Int32")
_ALIGNED = 8
LEVEL = 9


@define
class Pack:
    """Columns that become one text of base64.

    Attributes:
        rows: How many rows a column has.
        shown_as: What each text becomes before it is written.
    """

    rows: int
    shown_as: Callable[[str], str] = printable
    _columns: dict[str, list[Any]] = field(factory=dict, init=False)
    _texts: dict[str, list[str]] = field(factory=dict, init=False)
    _bytes: bytearray = field(factory=bytearray, init=False)

    def numbers(self, name: str, values: NDArray[Any]) -> None:
        """Whole numbers, in the smallest type that holds all of them.

        Raises:
            ValueError: They need more than 32 bits.
        """
        whole = np.asarray(values)
        low, high = (int(whole.min()), int(whole.max())) if whole.size else (0, 0)
        for kind in _TYPES:
            type_ = np.dtype(kind.lower())
            if np.iinfo(type_).min <= low and high <= np.iinfo(type_).max:
                break
        else:
            raise ValueError(f"column {name!r} holds {low}…{high}, which is more than 32 bits")
        self._bytes.extend(bytes(-len(self._bytes) % _ALIGNED))
        self._columns[name] = [kind, len(self._bytes), int(whole.size)]
        self._bytes.extend(whole.astype(type_.newbyteorder("<")).tobytes())

    def texts(self, name: str, values: pa.Array | pa.ChunkedArray) -> None:
        """A text a row, as a code into a table of phrases; a null is empty."""
        phrases, codes = encoded(values)
        self.phrases(name, [self.shown_as(text) for text in phrases], codes)

    def phrases(self, name: str, phrases: Sequence[str], codes: NDArray[np.int64]) -> None:
        """The same where the phrases and the codes are known."""
        self._texts[name] = list(phrases)
        self.numbers(name, codes)

    def labels(self, name: str, labels: Sequence[str]) -> None:
        """Texts that are no column: one a row where all differ, or names of what columns count."""
        self._texts[name] = [printable(label) for label in labels]

    def sentences(self, name: str, values: pa.Array | pa.ChunkedArray) -> None:
        """A sentence an item, as a pattern and the figures in its gaps; figures stand in a row."""
        sentences, codes = encoded(values)
        made = [_cut(self.shown_as(text)) for text in sentences]
        patterns = sorted({pattern for pattern, _ in made})
        figures = sorted({figure for _, found in made for figure in found})
        pattern_at = {text: code for code, text in enumerate(patterns)}
        figure_at = {text: code for code, text in enumerate(figures)}
        pattern = np.array([pattern_at[text] for text, _ in made], np.int64)
        self.phrases(name, patterns, pattern[codes])
        flat = np.array([figure_at[one] for _, found in made for one in found], np.int64)
        counts = np.array([len(found) for _, found in made], np.int64)
        self.phrases(f"{name}.figures", figures, flat[_spread(counts, codes)])

    def base64(self) -> str:
        """All of it, compressed."""
        head = {"rows": self.rows, "columns": self._columns, "texts": self._texts}
        written = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode()
        written += b" " * (-(len(written) + 4) % _ALIGNED)
        whole = len(written).to_bytes(4, "little") + written + bytes(self._bytes)
        return base64.b64encode(zlib.compress(whole, LEVEL)).decode()


def encoded(values: pa.Array | pa.ChunkedArray) -> tuple[list[str], NDArray[np.int64]]:
    """The different texts of a column, sorted, and which each row has; a null is empty."""
    column = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    found = pc.dictionary_encode(column.fill_null(""))
    order = pc.array_sort_indices(found.dictionary)
    rank = np.empty(len(order), np.int64)
    rank[doubles(order).astype(np.int64)] = np.arange(len(order))
    return found.dictionary.take(order).to_pylist(), rank[doubles(found.indices).astype(np.int64)]


def _spread(counts: NDArray[np.int64], codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places in a list of lists, one behind the other, of the items of the lists *codes*."""
    if not len(codes):
        return np.empty(0, np.int64)
    starts = np.cumsum(counts) - counts
    mine = counts[codes]
    first = np.cumsum(mine) - mine
    return np.repeat(starts[codes] - first, mine) + np.arange(int(mine.sum()))


def _cut(text: str) -> tuple[str, list[str]]:
    """The pattern of a sentence, and the figures that stood in its gaps."""
    return FIGURE.sub(GAP, text), FIGURE.findall(text)


def unpacked(text: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """What the browser reads of `Pack.base64`: the head and the columns; for tests."""
    whole = zlib.decompress(base64.b64decode(text))
    end = 4 + int.from_bytes(whole[:4], "little")
    head = json.loads(whole[4:end])
    columns = {
        name: np.frombuffer(whole, np.dtype(kind.lower()).newbyteorder("<"), count, end + place)
        for name, (kind, place, count) in head["columns"].items()
    }
    return head, columns

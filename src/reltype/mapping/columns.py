"""Column: what a sample of a source's column looks like, whatever it is called."""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from attrs import define, field, frozen

from reltype.arrow import numbers
from reltype.expressions import quote
from reltype.mapping.casts import BLANKS
from reltype.mapping.clocks import Clock, clock_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pyarrow as pa

CELLS = 400_000
"""How many cells of a sample are looked at; a file of very many columns gets fewer rows each."""

COMPARED = 64
"""How many columns, from the first, must be equal for two sampled rows to be one."""

_TRUTHS = {"true", "false", "yes", "no", "y", "n", "t", "f", "1", "0", "1.0", "0.0"}
_TRUTHS |= {"ja", "nein", "oui", "non", "si"}
_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[A-Za-z]{2,}")
_MONEY = r"(?:[A-Z]{3}\s?|[A-Z]{0,2}[$€£¥₹₽₺₴₩]|kr\.?|zł|Kč|Fr\.?|%|\s)*"
_NUMBER = re.compile(
    rf"\(?[-+−]?{_MONEY}[-+−]?(?P<digits>\d[\d.,'’ \u00a0\u202f]*|[.,]\d+)"
    rf"(?:[eE][-+]?\d+)?{_MONEY}\)?-?"
)
_PLAIN = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


@frozen
class Numbers:
    """How a column writes numbers.

    Attributes:
        share: Share of the cells that are numbers, 0…1.
        plain: Every number is written as SQL writes it, so that a plain column will do.
        sign: The decimal sign, `.` or `,`.
        values: The different numbers; in their order, where each occurs once.
    """

    share: float
    plain: bool
    sign: str
    values: tuple[float, ...]

    def value(self, cell: str) -> float | None:
        """The number that a cell holds; None if it holds none."""
        match = _NUMBER.fullmatch(cell)
        return None if match is None else _value(match, self.sign)

    @property
    def whole(self) -> bool:
        """Whether all are whole numbers."""
        return all(value.is_integer() for value in self.values)

    def expression(self, column: str) -> str:
        """The expression that reads the quoted *column*."""
        if self.plain:
            return column
        return f"to_number({column}, ',')" if self.sign == "," else f"to_number({column})"


@define(frozen=True, slots=False)
class Column:
    """A column of a sample.

    Attributes:
        name: As the source calls it.
        type: DuckDB's type.
        rows: How many rows were looked at.
        cells: Those that are not blank, trimmed, as text.
        time_named: Its name speaks of time, so that its numbers may be seconds or serial days.
        day_first: What 03/04/2024 means where this column alone does not tell.
        at: The cells row by row, None where blank, in step with the sample's other columns.
    """

    name: str
    type: str
    rows: int
    cells: tuple[str, ...] = field(repr=False)
    time_named: bool = False
    day_first: bool | None = None
    at: tuple[str | None, ...] = field(default=(), repr=False)

    @property
    def quoted(self) -> str:
        """The name as an expression writes it."""
        return quote(self.name)

    @property
    def filled(self) -> float:
        """Share of the rows in which something stands."""
        return len(self.cells) / self.rows if self.rows else 0.0

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """Each cell and how often it occurs, the most frequent first."""
        return dict(Counter(self.cells).most_common())

    @property
    def distinct(self) -> float:
        """Share of the cells that are different from one another; 1 means that none repeats."""
        return len(self.counts) / len(self.cells) if self.cells else 0.0

    @property
    def is_unique(self) -> bool:
        """Whether hardly any cell repeats, as in a list of things that each stand there once."""
        return len(self.cells) > 1 and self.distinct > 0.98

    @cached_property
    def emails(self) -> float:
        """Share of the cells that are e-mail addresses."""
        return self._share(lambda cell: "@" in cell and _EMAIL.fullmatch(cell) is not None)

    @property
    def words(self) -> float:
        """The mean number of words in a cell."""
        return (
            sum(len(cell.split()) for cell in self.cells) / len(self.cells) if self.cells else 0.0
        )

    @cached_property
    def numbers(self) -> Numbers | None:
        """How it writes numbers; None if most cells are no numbers."""
        if self.type == "BOOLEAN" or not self.has_digits:
            return None
        found = {cell: match for cell in self.counts if (match := _NUMBER.fullmatch(cell))}
        share = sum(self.counts[cell] for cell in found) / len(self.cells)
        if share < 0.6:
            return None
        sign = _decimal_sign([match["digits"].strip() for match in found.values()])
        plain = all(map(_PLAIN.fullmatch, found))
        return Numbers(share, plain, sign, tuple(_value(m, sign) for m in found.values()))

    @cached_property
    def has_digits(self) -> bool:
        """Whether most of the cells hold a digit: otherwise they are neither numbers nor times."""
        first = list(self.counts)[:40]
        return sum(any(map(str.isdigit, cell)) for cell in first) > 0.5 * len(first)

    @cached_property
    def clock(self) -> Clock | None:
        """How it writes times; None if most cells are no times."""
        if self.type == "DATE" or self.type.startswith("TIMESTAMP"):
            return Clock("iso", 1.0)
        if not self.has_digits:
            return None
        return clock_of(tuple(self.counts), named=self.time_named, day_first=self.day_first)

    @cached_property
    def truths(self) -> float:
        """Share of the cells that say yes or no."""
        if self.type == "BOOLEAN":
            return 1.0
        return self._share(lambda cell: cell.casefold() in _TRUTHS)

    def _share(self, test: Callable[[str], bool]) -> float:
        if not self.cells:
            return 0.0
        return sum(n for cell, n in self.counts.items() if test(cell)) / len(self.cells)


def columns_of(names: Sequence[str], types: Sequence[str], sample: pa.Table) -> list[Column]:
    """The columns of a sample whose columns stand in the order of *names*."""
    rows = max(40, CELLS // max(1, len(names)))
    # A sample keeps the beginning first, so a stride sees all of it.
    stride = max(1, -(-sample.num_rows // rows))
    chosen = sample.take(numbers(np.arange(0, sample.num_rows, stride)))
    written = [
        [None if value is None else str(value) for value in chosen.column(i).to_pylist()]
        for i in range(len(names))
    ]
    # Rows that were drawn twice would make a unique column look repeated.
    kept = {row: i for i, row in enumerate(zip(*written[:COMPARED], strict=True))}
    return [
        _column(name, str(type_).upper(), [cells[i] for i in kept.values()])
        for name, type_, cells in zip(names, types, written, strict=True)
    ]


def _column(name: str, type_: str, written: Sequence[str | None]) -> Column:
    at = tuple(
        None if cell is None or cell.strip().casefold() in BLANKS else cell.strip()
        for cell in written
    )
    cells = tuple(cell for cell in at if cell is not None)
    return Column(name, type_, len(at), cells, at=at)


def _decimal_sign(digits: Sequence[str]) -> str:
    """The decimal sign of all of these together; a point where nothing tells."""
    comma = point = 0
    for text in digits:
        last = max(text.rfind(","), text.rfind("."))
        if last < 0:
            continue
        after = len(text) - last - 1
        both = "," in text and "." in text
        # 1.234 and 1,234 tell nothing by themselves; 1.234,5 and 12,50 do.
        if both or (after != 3 and text.count(text[last]) == 1):
            comma += text[last] == ","
            point += text[last] == "."
        elif text.count(text[last]) > 1:
            comma += text[last] == "."
            point += text[last] == ","
    return "," if comma > point else "."


def _value(match: re.Match[str], sign: str) -> float:
    if sign == "." and _PLAIN.fullmatch(match[0]):
        return float(match[0])
    text = match[0].replace("−", "-")
    negative = "-" in text.split("e")[0].split("E")[0] or text.startswith("(")
    kept = re.sub(r"[^\d.,eE]|[eE](?![-+]?\d)", "", match["digits"])
    thousands = "." if sign == "," else ","
    number = kept.replace(thousands, "").replace(sign, ".")
    try:
        value = float(number)
    except ValueError:
        return float("nan")
    return -abs(value) if negative else value

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
from reltype.expressions.numbers import booked, digits_of, number_of
from reltype.expressions.words import truths
from reltype.mapping.casts import BLANKS
from reltype.mapping.clocks import Clock, clock_of
from reltype.mapping.totals import begins_as_sum

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import pyarrow as pa

CELLS = 400_000
"""How many cells of a sample are looked at; a file of very many columns gets fewer rows each."""

COMPARED = 64
"""How many columns, from the first, must be equal for two sampled rows to be one."""

_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[A-Za-z]{2,}")
_PLAIN = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)
_OPEN = re.compile(r"[-+]?[1-9][0-9]{0,2}[.,][0-9]{3}")
"""1.200, which is twelve hundred or one and a fifth."""


@frozen
class Numbers:
    """How a column writes numbers.

    Attributes:
        share: Share of the cells that are numbers, 0…1.
        plain: Every number is written as SQL writes it, so that a plain column will do.
        sign: The decimal sign, `.` or `,`.
        values: The different numbers; in their order, where each occurs once.
        undecided: A cell such as `1.200`, where nothing tells whether that is 1200; else empty.
        minus: Which of `DR` and `CR` is negative; empty where neither is written.
    """

    share: float
    plain: bool
    sign: str
    values: tuple[float, ...]
    undecided: str = ""
    minus: str = ""

    def value(self, cell: str) -> float | None:
        """The number that a cell holds; None if it holds none."""
        return number_of(cell, self.sign, self.minus or "CR")

    @property
    def whole(self) -> bool:
        """Whether all are whole numbers."""
        return all(value.is_integer() for value in self.values)

    def expression(self, column: str) -> str:
        """The expression that reads the quoted *column*."""
        if self.plain:
            return column
        if self.minus == "DR":
            return f"to_number({column}, '{self.sign}', 'DR')"
        return f"to_number({column}, ',')" if self.sign == "," else f"to_number({column})"

    def doubt(self, name: str, column: str) -> str:
        """What was assumed of the column called *name*, and how to say otherwise."""
        if self.undecided:
            other = "." if self.sign == "," else ","
            one, two = (number_of(self.undecided, sign) for sign in (self.sign, other))
            return (
                f"{name!r} writes {self.undecided}, which was read as {one:g}, as no cell decides; "
                f"for {two:g} write to_number({column}, '{other}')"
            )
        if self.minus:
            other = {"DR": "CR", "CR": "DR"}[self.minus]
            return (
                f"{name!r} writes DR and CR, and {self.minus} was read as negative; for the other "
                f"way round write to_number({column}, '{self.sign}', '{other}')"
            )
        return ""


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
        decimal: The decimal sign where this column alone does not tell; empty: nothing tells.
        zone: In which time zone UTC is to be told; empty: in none.
        at: The cells row by row, None where blank, in step with the sample's other columns.
    """

    name: str
    type: str
    rows: int
    cells: tuple[str, ...] = field(repr=False)
    time_named: bool = False
    day_first: bool | None = None
    decimal: str = ""
    zone: str = ""
    at: tuple[str | None, ...] = field(default=(), repr=False)

    @property
    def quoted(self) -> str:
        """The name as an expression writes it."""
        return quote(self.name)

    @property
    def says_utc(self) -> bool:
        """Whether its name says that its times are UTC."""
        return bool(re.search(r"(?i)(?:^|[^a-z])(?:utc|gmt|zulu)(?:$|[^a-z])|Utc$|UTC$", self.name))

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
        texts = {cell: cell if _PLAIN.fullmatch(cell) else digits_of(cell) for cell in self.counts}
        found = {cell: text for cell, text in texts.items() if text is not None}
        share = sum(self.counts[cell] for cell in found) / len(self.cells)
        if share < 0.6:
            return None
        sign, undecided = decimal_sign(list(found.values()), self.decimal)
        minus = self._minus(found)
        plain = sign == "." and all(map(_PLAIN.fullmatch, found))
        values = (number_of(cell, sign, minus or "CR") for cell in found)
        return Numbers(
            share, plain, sign, tuple(v for v in values if v is not None), undecided, minus
        )

    def _minus(self, found: Iterable[str]) -> str:
        """Which of debit and credit is money paid back: the rarer one; empty if neither is there."""
        counts = Counter[str]()
        for cell in found:
            counts[booked(cell) or ""] += self.counts[cell]
        if not counts["DR"] and not counts["CR"]:
            return ""
        debit = counts["DR"] or (counts[""] if counts["CR"] else 0)
        credit = counts["CR"] or (counts[""] if counts["DR"] else 0)
        return "DR" if debit < credit else "CR"

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
        return clock_of(
            tuple(self.counts),
            named=self.time_named,
            day_first=self.day_first,
            rows=self.cells,
        )

    @cached_property
    def truths(self) -> float:
        """Share of the cells that say yes or no."""
        if self.type == "BOOLEAN":
            return 1.0
        return self._share(lambda cell: cell.lower() in truths())

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
    told = [i for row, i in kept.items() if not _is_heading(row)]
    rows_told = told if len(names) > 3 and 5 * len(told) >= len(kept) else kept.values()
    return [
        _column(name, str(type_).upper(), [cells[i] for i in rows_told])
        for name, type_, cells in zip(names, types, written, strict=True)
    ]


def _is_heading(row: Sequence[str | None]) -> bool:
    """Whether a report's row only says what the next ones are of, or sums up the last ones."""
    filled = [cell for cell in row if cell is not None and cell.strip()]
    return len(filled) < 2 or (2 * len(filled) < len(row) and begins_as_sum(filled[0]))


def _column(name: str, type_: str, written: Sequence[str | None]) -> Column:
    at = tuple(
        None if cell is None or cell.strip().casefold() in BLANKS else cell.strip()
        for cell in written
    )
    cells = tuple(cell for cell in at if cell is not None)
    return Column(name, type_, len(at), cells, at=at)


def decimal_sign(texts: Sequence[str], hint: str = "") -> tuple[str, str]:
    """The decimal sign of all of these together, and a text that leaves it open, or nothing.

    Args:
        texts: Numbers of which nothing but digits and what groups them is left.
        hint: What the rest of the file says; empty: nothing.
    """
    votes: Counter[str] = Counter()
    open_: list[str] = []
    bare: list[str] = []
    for text in texts:
        digits = text.lstrip("+-").lower().split("e")[0]
        if _OPEN.fullmatch(digits):
            open_.append(text)
        elif "," in digits or "." in digits:
            votes[_told(digits)] += 1
        else:
            bare.append(digits)
    del votes[""]
    if votes:
        return ("," if votes[","] > votes["."] else "."), ""
    if not open_:
        return hint or ".", ""
    mark = "," if "," in open_[0] else "."
    other = "." if mark == "," else ","
    grouped = any(text.endswith("0") for text in open_) and len(bare) > 1
    if grouped and all(len(digits) < 4 for digits in bare):
        return other, ""  # three decimals would be written of 900, too
    if any(len(digits) > 3 for digits in bare):
        return mark, ""  # thousands would be grouped there, too
    return hint or ".", "" if hint else open_[0]


def _told(digits: str) -> str:
    """The decimal sign that a number with a sign in it tells, or nothing."""
    last = max(map(digits.rfind, ",."))
    mark, other = digits[last], "." if digits[last] == "," else ","
    if other in digits:
        return mark
    if digits.count(mark) > 1:
        return other
    return mark if len(digits) - last > 1 else ""

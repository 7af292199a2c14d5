"""Cuts physical lines into records, by the letter, with the lines on which each stands.

Quotes must be used properly: where a quote is opened and never closed, or text follows a closing
quote, the line on which the record begins is given up alone, and cutting goes on behind it.
"""

from __future__ import annotations

import csv
from collections import deque
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from _csv import Reader
    from collections.abc import Generator, Iterable, Iterator

LONGEST = 1 << 24
"""Characters that a cell may have."""

NOT_CLOSED = "a quote is opened and not closed"
_REASONS = {
    "unexpected": NOT_CLOSED,
    "too": NOT_CLOSED,
    "field": "a cell is longer than 16 MB",
}


@frozen
class Marks:
    """What sets cells apart.

    Attributes:
        delimiter: One character.
        quote: What cells may be quoted with.
        escape: What makes a quote inside a quoted cell: the quote itself (doubled) or a backslash.
        spaced: Blanks may stand between a delimiter and an opening quote.
    """

    delimiter: str
    quote: str = '"'
    escape: str = '"'
    spaced: bool = False


@frozen
class Record:
    """One record, or a line that is none.

    Attributes:
        line: The physical line on which it starts, from 1.
        cells: Its cells; none for a blank line, and for what could not be cut.
        lines: The physical lines that it stands on, with their ends.
        reason: Why it could not be cut; None if it could.
    """

    line: int
    cells: list[str]
    lines: list[str]
    reason: str | None = None

    @property
    def end(self) -> int:
        """The physical line on which it ends."""
        return self.line + len(self.lines) - 1


def reader(lines: Iterable[str], marks: Marks) -> Reader:
    """A reader that raises `csv.Error` where quotes are misused."""
    doubled = marks.escape == marks.quote
    return csv.reader(
        lines,
        delimiter=marks.delimiter,
        quotechar=marks.quote,
        doublequote=doubled,
        escapechar=None if doubled else marks.escape,
        skipinitialspace=marks.spaced,
        strict=True,
    )


class Lines:
    """Physical lines, of which some may be put back.

    Attributes:
        back: Those that were put back, in order.
        taken: Those that were taken since `forget`.
    """

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._size = 0
        self.back: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        line = self.back.popleft() if self.back else next(self._lines)
        self.taken.append(line)
        self._size += len(line)
        if self._size > LONGEST // 4 and len(self.taken) > 1:
            raise csv.Error("too long")
        return line

    def forget(self, keep: int) -> list[str]:
        """The first `keep` lines of those taken since the last time; the others are put back."""
        gone, rest = self.taken[:keep], self.taken[keep:]
        self.back.extendleft(reversed(rest))
        self.taken, self._size = [], 0
        return gone


def cut(lines: Lines, marks: Marks, width: int | None = None, start: int = 1) -> Generator[Record]:
    """The records that stand on some lines, until there are no more of them.

    Args:
        lines: Where to take them from; between two records the caller may put others in.
        marks: What sets cells apart.
        width: How many cells a record should have, to see where a stray quote ran several into
            one; None: unknown.
        start: The number of the first line.
    """
    before = csv.field_size_limit(LONGEST)
    try:
        cells_of = reader(lines, marks)
        while True:
            cells, reason = _next(cells_of)
            if cells is None and not lines.taken:
                return
            keep = len(lines.taken)
            if cells is None:
                reason = NOT_CLOSED if keep > 1 else reason
                keep = 1
            elif (
                width is not None and len(cells) != width and _swallowed(lines.taken, marks, width)
            ):
                reason, keep = NOT_CLOSED, 1
            yield Record(
                start, [] if reason or cells is None else cells, lines.forget(keep), reason
            )
            start += keep
    finally:
        csv.field_size_limit(before)


def _next(cells_of: Iterator[list[str]]) -> tuple[list[str] | None, str | None]:
    """The next record's cells, or why there are none; neither at the end."""
    try:
        return next(cells_of), None
    except StopIteration:
        return None, None
    except csv.Error as error:
        first = str(error).split(" ", 1)[0]
        return None, _REASONS.get(first, "a quoted cell goes on after its closing quote")


def _swallowed(taken: list[str], marks: Marks, width: int) -> bool:
    """Whether a record that does not fit looks as if it had been run into records that would."""
    return any(line.count(marks.delimiter) == width - 1 for line in taken[1:])

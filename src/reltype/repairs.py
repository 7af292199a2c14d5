"""Cuts again what the engine could not cut: damaged delimited text, row by row and by the letter.

Slow (some hundred thousand rows a second), exact, and every row gets the physical line on which it starts. A row that
cannot be cut goes to the rejects; a quote that is never closed costs its own line only.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from reltype import dialects, parts
from reltype.delimited import LONGEST_ROW, read_csv
from reltype.dialects import Dialect
from reltype.errors import InputError
from reltype.quoting import identifier

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from duckdb import DuckDBPyConnection

    from reltype.parts import Part

LINE = "reltype_line"
REJECTS = ("file", "line", "column", "reason", "text")
_PLAIN = Dialect(",", skip=0, lines=0, header=False)
LONGEST_TEXT = 1 << 16
_BROKEN = re.compile("[\udc80-\udcff]")


@frozen
class _Row:
    line: int
    cells: list[str]
    text: str
    reason: str | None = None


def repair(connection: DuckDBPyConnection, part: Part) -> Part:
    """The part over a clean copy of its good rows, with their lines, and its rejects.

    Raises:
        InputError: The disk is full.
    """
    if part.path is None or part.dialect is None:
        return part
    clean, bad = parts.private_file(connection, ".csv"), parts.private_file(connection, ".rejects")
    rows = _rows(Path(part.path), part.dialect)
    try:
        _write(rows, part, clean, bad)
    except OSError as error:
        raise InputError(
            f"{part.name}: a copy of it cannot be written: {error.strerror}."
        ) from error
    finally:
        rows.close()
    line = _free_name(part.columns)
    return evolve(
        part,
        relation=read_csv([str(clean)], _PLAIN, (*part.columns, line), "\r\n"),
        path=str(clean),
        line=f"CAST({identifier(line)} AS BIGINT)",
        rejects=rejects_relation(bad),
        errors=None,
    )


def rejects_relation(bad: Path) -> str:
    """The relation over a file of rejects, as `csv.writer` writes it, with the columns `REJECTS`."""
    return read_csv([str(bad)], _PLAIN, REJECTS, "\r\n")


def _free_name(columns: Iterable[str]) -> str:
    return LINE if LINE not in {name.casefold() for name in columns} else parts.private_name("line")


def _write(rows: Iterable[_Row], part: Part, clean: Path, bad: Path) -> None:
    with (
        clean.open("w", encoding="utf-8", newline="") as used,
        bad.open("w", encoding="utf-8", newline="") as rejected,
    ):
        good = csv.writer(used, lineterminator="\r\n")
        other = csv.writer(rejected, lineterminator="\r\n")
        for row in rows:
            if row.reason is None:
                good.writerow([*row.cells, row.line])
            else:
                text = _BROKEN.sub("\ufffd", row.text)
                other.writerow([part.name, row.line, "", row.reason, text])


class _Lines:
    """The physical lines of a file, of which some may be put back."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.lines = lines
        self.back: deque[str] = deque()
        self.taken: list[str] = []
        self.size = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self.back.popleft() if self.back else next(self.lines)
        self.taken.append(line)
        self.size += len(line)
        if self.size > LONGEST_ROW // 4 and len(self.taken) > 1:
            raise csv.Error("too long")
        return line

    def forget(self, keep: int) -> list[str]:
        """The first `keep` lines of those taken since the last time; the others are put back."""
        gone, rest = self.taken[:keep], self.taken[keep:]
        self.back.extendleft(reversed(rest))
        self.taken, self.size = [], 0
        return gone


def _rows(path: Path, dialect: Dialect) -> Generator[_Row]:
    """Every row of a file, blank lines left out; in a file of one column a blank line is a row."""
    before = csv.field_size_limit(LONGEST_ROW)
    try:
        with path.open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
            for _ in range(dialect.lines):
                next(stream, None)
            lines = _Lines(stream)
            reader = dialects.reader(lines, dialect, strict=True)
            number = 1 + dialect.lines
            while True:
                cells, reason = _next(reader)
                if cells is None and not lines.taken:
                    return
                keep = len(lines.taken)
                if cells is None:
                    reason = _NOT_CLOSED if keep > 1 else reason
                    keep = 1
                elif reason := _complaint(cells, lines.taken, dialect.width):
                    keep = 1 if _swallowed(lines.taken, dialect) else keep
                    reason = _NOT_CLOSED if keep < len(lines.taken) else reason
                taken = lines.forget(keep)
                if reason:
                    text = "".join(taken).rstrip("\r\n")
                    yield _Row(number, [], text[:LONGEST_TEXT], reason)
                elif cells and len(cells) >= dialect.width:
                    yield _Row(number, cells[: dialect.width], "")
                elif dialect.width == 1:
                    yield _Row(number, [""], "")
                number += keep
    finally:
        csv.field_size_limit(before)


_NOT_CLOSED = "a quote is opened and not closed"
_REASONS = {
    "unexpected": _NOT_CLOSED,
    "too": _NOT_CLOSED,
    "field": "a cell is longer than 16 MB",
}


def _next(reader: Iterator[list[str]]) -> tuple[list[str] | None, str | None]:
    """The next record, or why there is none; neither at the end."""
    try:
        return next(reader), None
    except StopIteration:
        return None, None
    except csv.Error as error:
        first = str(error).split(" ", 1)[0]
        return None, _REASONS.get(first, "a quoted cell goes on after its closing quote")


def _complaint(cells: list[str], taken: list[str], width: int) -> str | None:
    found = len(cells)
    if found == 0 or (found == 1 < width and not cells[0].strip()):
        return None
    if found != width and not (found == width + 1 and not cells[-1]):
        return f"has {found} cell{'s' * (found != 1)} where the header has {width}"
    if any(map(_BROKEN.search, taken)):
        return "is not valid UTF-8"
    length = sum(map(len, taken))
    if length > LONGEST_ROW // 4 and len("".join(taken).encode()) > LONGEST_ROW // 2:
        return "is longer than 8 MB"
    return None


def _swallowed(taken: list[str], dialect: Dialect) -> bool:
    """Whether a row that does not fit looks as if a stray quote had run it into rows that would."""
    return any(line.count(dialect.delimiter) == dialect.width - 1 for line in taken[1:])

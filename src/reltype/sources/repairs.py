"""Cuts again what the engine could not cut: damaged delimited text, row by row and by the letter.

Slow (some hundred thousand rows a second), exact, and every row gets the physical line on which it
starts. A row that cannot be cut goes to the rejects; a quote that is never closed costs its own
line only.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import IO, TYPE_CHECKING

from attrs import evolve, frozen

from reltype.engines.quoting import identifier
from reltype.errors import InputError
from reltype.sources import parts
from reltype.sources.delimited import LONGEST_ROW, read_csv
from reltype.sources.dialects import Dialect
from reltype.sources.records import Lines, Record, cut, reader

if TYPE_CHECKING:
    from _csv import Writer
    from collections.abc import Generator, Iterable

    from duckdb import DuckDBPyConnection

    from reltype.sources.parts import Part

LINE = "reltype_line"
REJECTS = ("file", "line", "column", "reason", "text")
_PLAIN = Dialect(",", skip=0, lines=0, header=False)
LONGEST_TEXT = 1 << 16
_BROKEN = re.compile("[\udc80-\udcff]")


@frozen
class _Sound:
    """Rows that stand on a line each and are as wide as the header."""

    line: int
    rows: list[list[str]] | list[str]


def repair(connection: DuckDBPyConnection, part: Part) -> Part:
    """The part over a clean copy of its good rows, with their lines, and its rejects.

    Raises:
        InputError: The disk is full.
    """
    if part.path is None or part.dialect is None:
        return part
    clean, bad = parts.private_file(connection, ".csv"), parts.private_file(connection, ".rejects")
    broken = part.bytes is None or part.bytes.invalid > 0
    rows = _rows(Path(part.path), part.dialect, broken=broken)
    try:
        _write(rows, part, clean, bad)
    except OSError as error:
        raise InputError(
            f"{part.name}: a copy of it cannot be written: {error.strerror}."
        ) from error
    finally:
        rows.close()
    line = _free_name(part.columns)
    written = evolve(_PLAIN, delimiter=part.dialect.delimiter)
    return evolve(
        part,
        relation=read_csv([str(clean)], written, (*part.columns, line), "\r\n"),
        path=str(clean),
        line=f"CAST({identifier(line)} AS BIGINT)",
        rejects=rejects_relation(bad),
        errors=None,
    )


def rejects_relation(bad: Path) -> str:
    """The relation over a file of rejects, written by `csv.writer`, with the columns `REJECTS`."""
    return read_csv([str(bad)], _PLAIN, REJECTS, "\r\n")


def _free_name(columns: Iterable[str]) -> str:
    return LINE if LINE not in {name.casefold() for name in columns} else parts.private_name("line")


def _write(rows: Iterable[Record | _Sound], part: Part, clean: Path, bad: Path) -> None:
    with (
        clean.open("w", encoding="utf-8", newline="") as used,
        bad.open("w", encoding="utf-8", newline="") as rejected,
    ):
        delimiter = part.dialect.delimiter if part.dialect else ","
        width = len(part.columns)
        good = csv.writer(used, delimiter=delimiter, lineterminator="\r\n")
        other = csv.writer(rejected, lineterminator="\r\n")
        for row in rows:
            if isinstance(row, _Sound):
                _write_sound(row, delimiter, used, good)
            elif row.reason is None:
                good.writerow([*row.cells[:width], row.line])
            else:
                text = "".join(row.lines).rstrip(_ENDS)[:LONGEST_TEXT]
                text = _BROKEN.sub("\ufffd", text)
                other.writerow([part.name, row.line, "", row.reason, text])


def _write_sound(sound: _Sound, delimiter: str, out: IO[str], writer: Writer) -> None:
    for number, row in enumerate(sound.rows, sound.line):
        if isinstance(row, str):
            out.write(f"{row.rstrip(_ENDS)}{delimiter}{number}\r\n")
        else:
            writer.writerow([*row, number])


def _rows(path: Path, dialect: Dialect, *, broken: bool) -> Generator[Record | _Sound]:
    """Every row of a file, blank lines left out; in a file of one column a blank line is a row."""
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
        for _ in range(dialect.lines):
            next(stream, None)
        lines = Lines(stream)
        number = 1 + dialect.lines
        while True:
            block = stream.readlines(_BLOCK)
            sound = None if broken else _sound(block, dialect)
            if sound:
                yield _Sound(number, sound)
                number += len(block)
                continue
            if not block:
                return
            lines.back.extend(block)
            for record in cut(lines, dialect, dialect.width, number):
                number = record.end + 1
                reason = record.reason or _complaint(record, dialect.width)
                if reason or len(record.cells) >= dialect.width:
                    yield evolve(record, reason=reason)
                elif dialect.width == 1:
                    yield evolve(record, cells=[""])
                if not lines.back:
                    break


_BLOCK = 1 << 16
_ENDS = "\r\n"


def _sound(block: list[str], dialect: Dialect) -> list[list[str]] | list[str] | None:
    """The rows of some lines if nothing is odd about any, as they are where they hold no quotes.

    This is what most of a file goes through.
    """
    text = "".join(block)
    if len(text) > LONGEST_ROW // 8:
        return None
    if not any(sign in text for sign in {'"', dialect.quote, dialect.escape}):
        widths = {line.count(dialect.delimiter) + 1 for line in block}
        return block if widths == {dialect.width} and dialect.width > 1 else None
    try:
        rows = list(reader(block, dialect))
    except csv.Error:
        return None
    alike = len(rows) == len(block) and set(map(len, rows)) == {dialect.width}
    return rows if alike else None


def _complaint(record: Record, width: int) -> str | None:
    """Why a record that could be cut is no row; None if it is one, or blank."""
    cells, found = record.cells, len(record.cells)
    if found == 0 or (found == 1 < width and not cells[0].strip()):
        return None
    if found != width and not (found == width + 1 and not cells[-1]):
        return f"has {found} cell{'s' * (found != 1)} where the header has {width}"
    if any(map(_BROKEN.search, record.lines)):
        return "is not valid UTF-8"
    length = sum(map(len, record.lines))
    if length > LONGEST_ROW // 4 and len("".join(record.lines).encode()) > LONGEST_ROW // 2:
        return "is longer than 8 MB"
    return None

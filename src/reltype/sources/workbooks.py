"""Excel workbooks, one sheet at a time, through openpyxl."""

# ruff: noqa: ANN401 - openpyxl has no types

from __future__ import annotations

import csv
import datetime as dt
import re
import struct
import warnings
import zipfile
from contextlib import closing
from typing import TYPE_CHECKING, Any

from attrs import evolve

from reltype.engines import limits
from reltype.errors import InputError, did_you_mean
from reltype.sources import parts
from reltype.sources.delimited import open_delimited

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from reltype.sources.parts import Part


LARGEST_UNPACKED = 1 << 30
MOST_TIMES = 200
"""A workbook unpacks to no more bytes than the larger of these: so many, or so many times its own."""
MOST_CELLS = 200_000_000
FORMULAS = 200
"""First rows in which formulas without a result are looked for."""


def open_archive(
    connection: DuckDBPyConnection, name: str, path: Path, sheet: str | None = None
) -> Part:
    """A part that reads a sheet of a workbook.

    Raises:
        InputError: It is another kind of archive, openpyxl is missing, or the sheet is not clear.
    """
    import zlib

    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            _a_workbook(name, [entry.filename for entry in entries])
            _sound(name, path, sum(entry.file_size for entry in entries))
            formulas = _may_hold_formulas(archive)
    except InputError:
        raise
    except (
        zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, struct.error, zlib.error,
        RuntimeError,
    ) as error:  # fmt: skip
        raise InputError(
            f"{name}: is a zip archive or workbook that is damaged or cut off. Fetch it again."
        ) from error
    return _open_workbook(connection, name, path, sheet, formulas=formulas)


def _a_workbook(name: str, members: list[str]) -> None:
    if "xl/workbook.xml" not in members:
        if "content.xml" in members:
            raise InputError(f"{name}: is an OpenDocument file. Save it as .xlsx or CSV.")
        held = ", ".join(members[:5])
        raise InputError(f"{name}: is a zip archive. Unpack it and give a file in it: {held}.")


def _open_workbook(
    connection: DuckDBPyConnection, name: str, path: Path, sheet: str | None, *, formulas: bool
) -> Part:
    try:
        import openpyxl
    except ImportError:
        raise InputError(
            f"{name}: is an Excel workbook. Run pip install 'reltype[xlsx]', or save it as CSV."
        ) from None
    copy = parts.private_file(connection, ".csv")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl's remarks on styles
        try:
            with (
                path.open("rb") as stream,
                closing(openpyxl.load_workbook(stream, read_only=True, data_only=True)) as book,
            ):
                chosen = _chosen(name, book, sheet)
                title = chosen.title
                _write(name, chosen, copy)
                told = _unsaved(path, chosen) if formulas else ()
                notes = (f"read sheet {title!r}", *told)
        except (InputError, MemoryError):
            raise
        except Exception as error:
            # Whatever was flipped in a zip or in its XML: openpyxl, expat and zlib have no error
            # in common.
            limits.check()
            raise InputError(
                f"{name}: is a workbook that is damaged or cut off "
                f"({type(error).__name__}). Fetch it again, or save it as CSV."
            ) from error
    part = open_delimited(connection, name, copy, "utf-8")
    return evolve(part, encoding=None, notes=(*notes, *part.notes))


def _sound(name: str, path: Path, size: int) -> None:
    """Refuse a workbook that would unpack to more than anybody's, before it is unpacked."""
    packed = path.stat().st_size
    if size > max(LARGEST_UNPACKED, MOST_TIMES * packed):
        raise InputError(
            f"{name}: would unpack to {size:,} bytes from {packed:,}, which no workbook does; "
            "it was not unpacked. Save it as CSV."
        )


def _chosen(name: str, book: Any, sheet: str | None) -> Any:
    titles = [one.title for one in book.worksheets]
    for one in book.worksheets:
        # What a sheet says of its own size is a claim: too small, it would hide rows.
        one.reset_dimensions()
    if sheet is not None:
        if sheet not in titles:
            raise InputError(f"{name}: has no sheet {sheet!r}.{did_you_mean(sheet, titles)}")
        return book[sheet]
    filled = [one for one in book.worksheets if _filled(one)]
    if not filled:
        raise InputError(f"{name}: is empty. There is nothing to read.")
    if len(filled) > 1:
        found = ", ".join(one.title for one in filled)
        raise InputError(f"{name}: has several sheets ({found}). Choose one with --table.")
    return filled[0]


def _filled(sheet: Any) -> bool:
    """Whether something stands in one of the first rows of a sheet."""
    return any(
        value is not None for row in sheet.iter_rows(max_row=20, values_only=True) for value in row
    )


def _write(name: str, sheet: Any, copy: Path) -> None:
    """The rows of a sheet as CSV, a line for each; rows behind the last filled one are left out.

    Only columns in which something stands are written: one cell far to the right would make every
    row thousands of cells wide.
    """
    ragged = copy.with_suffix(".ragged")
    used: set[int] = set()
    cells = blank = 0
    with ragged.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\r\n")
        for number, row in enumerate(sheet.iter_rows(values_only=True)):
            if number % 1024 == 0:
                limits.check()
            filled = [place for place, value in enumerate(row) if value is not None]
            if not filled:
                blank += 1
                continue
            cells += len(row)
            if cells > MOST_CELLS:
                raise InputError(f"{name}: has more than {MOST_CELLS:,} cells. Save it as CSV.")
            used.update(filled)
            out.write("\r\n" * blank)
            blank = 0
            writer.writerow([_text(value) for value in row])
    if not used:
        raise InputError(f"{name}: is empty. There is nothing to read.")
    places = sorted(used)
    with (
        ragged.open(encoding="utf-8", newline="") as given,
        copy.open("w", encoding="utf-8", newline="") as out,
    ):
        csv.field_size_limit(1 << 30)
        writer = csv.writer(out, lineterminator="\r\n")
        for row in csv.reader(given):
            if not row:
                out.write("\r\n")
                continue
            writer.writerow([row[place] if place < len(row) else "" for place in places])
    ragged.unlink()


_FORMULA = re.compile(rb"<(?:\w+:)?f[ />]")


def _may_hold_formulas(archive: zipfile.ZipFile) -> bool:
    """Whether a formula stands in some sheet: the workbook is opened a second time only then."""
    for member in archive.namelist():
        if member.startswith("xl/worksheets/") and member.endswith(".xml"):
            with archive.open(member) as stream:
                before = b""
                while block := stream.read(1 << 20):
                    limits.check()
                    if _FORMULA.search(before + block):
                        return True
                    before = block[-16:]
    return False


def _unsaved(path: Path, sheet: Any) -> tuple[str, ...]:
    """A sentence if formulas stand in the first rows whose results were never stored.

    A program that writes a workbook leaves them to Excel, which stores them when it saves.
    """
    import openpyxl

    found: dict[int, str] = {}
    head: tuple[Any, ...] = ()
    with (
        path.open("rb") as stream,
        closing(openpyxl.load_workbook(stream, read_only=True)) as book,
    ):
        formulas = book[sheet.title]
        formulas.reset_dimensions()
        rows = zip(
            formulas.iter_rows(max_row=FORMULAS), sheet.iter_rows(max_row=FORMULAS), strict=False
        )
        for written, stored in rows:
            head = head or tuple(cell.value for cell in written)
            for place, (cell, result) in enumerate(zip(written, stored, strict=False)):
                if cell.data_type == "f" and result.value is None:
                    found.setdefault(place, cell.coordinate)
    if not found:
        return ()
    cells = ", ".join(
        f"{head[place]!r} ({cell})" if place < len(head) and head[place] else cell
        for place, cell in list(found.items())[:5]
    )
    return (
        (
            f"formulas stand in {cells} of which no result is stored: these cells count as blank. "
            "Open the workbook in a spreadsheet program and save it"
        ),
    )


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return str(value.date() if value.time() == dt.time() else value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)

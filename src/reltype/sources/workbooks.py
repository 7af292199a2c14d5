"""Excel workbooks, one sheet at a time, through openpyxl."""

# ruff: noqa: ANN401 - openpyxl has no types

from __future__ import annotations

import csv
import datetime as dt
import warnings
import zipfile
from contextlib import closing
from typing import TYPE_CHECKING, Any

from attrs import evolve

from reltype.errors import InputError, did_you_mean
from reltype.sources import parts
from reltype.sources.delimited import open_delimited

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from reltype.sources.parts import Part


def open_archive(
    connection: DuckDBPyConnection, name: str, path: Path, sheet: str | None = None
) -> Part:
    """A part that reads a sheet of a workbook.

    Raises:
        InputError: It is another kind of archive, openpyxl is missing, or the sheet is not clear.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.namelist()
    except zipfile.BadZipFile as error:
        raise InputError(
            f"{name}: is a zip archive or workbook that is damaged or cut off. Fetch it again."
        ) from error
    if "xl/workbook.xml" not in members:
        if "content.xml" in members:
            raise InputError(f"{name}: is an OpenDocument file. Save it as .xlsx or CSV.")
        held = ", ".join(members[:5])
        raise InputError(f"{name}: is a zip archive. Unpack it and give a file in it: {held}.")
    return _open_workbook(connection, name, path, sheet)


def _open_workbook(
    connection: DuckDBPyConnection, name: str, path: Path, sheet: str | None
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
            with closing(openpyxl.load_workbook(path, read_only=True, data_only=True)) as book:
                chosen = _chosen(name, book, sheet)
                _write(chosen, copy)
        except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(
                f"{name}: is a workbook that cannot be read. Save it as CSV."
            ) from error
    part = open_delimited(connection, name, copy, "utf-8")
    return evolve(part, encoding=None, notes=(f"read sheet {chosen.title!r}", *part.notes))


def _chosen(name: str, book: Any, sheet: str | None) -> Any:
    titles = [one.title for one in book.worksheets]
    if sheet is not None:
        if sheet not in titles:
            raise InputError(f"{name}: has no sheet {sheet!r}.{did_you_mean(sheet, titles)}")
        return book[sheet]
    filled = [
        one
        for one in book.worksheets
        if any(
            any(v is not None for v in row) for row in one.iter_rows(max_row=20, values_only=True)
        )
    ]
    if not filled:
        raise InputError(f"{name}: is empty. There is nothing to read.")
    if len(filled) > 1:
        found = ", ".join(one.title for one in filled)
        raise InputError(f"{name}: has several sheets ({found}). Choose one with --table.")
    return filled[0]


def _write(sheet: Any, copy: Path) -> None:
    with copy.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, lineterminator="\r\n").writerows(
            [_text(value) for value in row] for row in sheet.iter_rows(values_only=True)
        )


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return str(value.date() if value.time() == dt.time() else value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)

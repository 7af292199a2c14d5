"""A part of a source: one file, frame or table that the engine reads; where copies are kept."""

from __future__ import annotations

import itertools
import os
import shutil
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from reltype.engines.folders import PREFIX, drop_folder, own_folder
from reltype.errors import InputError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from reltype.sources.dialects import Dialect
    from reltype.sources.encodings import Text

_numbers = itertools.count(1)
_folders: weakref.WeakKeyDictionary[DuckDBPyConnection, str] = weakref.WeakKeyDictionary()


@frozen
class Part:
    """One file, frame or table of a source.

    Attributes:
        name: As shown to people.
        columns: Names, in order.
        types: DuckDB's types of them.
        relation: What may stand behind FROM.
        path: The file that the engine reads, absolute; None in memory.
        text: Every column is text as written.
        encoding: What a text file was written in.
        bytes: What `encodings.survey` found in what the engine reads, for delimited text.
        dialect: How to cut it, for delimited text.
        line: SQL of the physical line on which a row starts; None: count rows, after the dialect's
            lines.
        rejects: A relation of rows that could not be cut, with the columns of `rejects.SCHEMA`;
            None: none known.
        errors: The temporary table in which the engine notes rows that it cannot cut; None: it
            need not.
        notes: Sentences for the user.
    """

    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    relation: str
    path: str | None = None
    text: bool = False
    encoding: str | None = None
    bytes: Text | None = None
    dialect: Dialect | None = None
    line: str | None = None
    rejects: str | None = None
    errors: str | None = None
    notes: tuple[str, ...] = ()


MOST_COLUMNS = 12_000
"""No table of customers is as wide; each column is looked at, in its words and against the others."""


def few(name: str, columns: int) -> None:
    """Raise InputError for a table of more columns than anybody's has."""
    if columns > MOST_COLUMNS:
        raise InputError(
            f"{name}: has {columns:,} columns, more than {MOST_COLUMNS:,}. Give those that tell of "
            "customers; or is a line of it turned, or cut at the wrong sign?"
        )


def private_folder(connection: DuckDBPyConnection) -> Path:
    """The folder that only this process reads and that goes when the connection goes."""
    rows = connection.execute("SELECT current_setting('temp_directory')").fetchall()
    spill = Path(rows[0][0] or "")
    if spill.name.startswith(PREFIX) and spill.is_dir():
        return spill
    if connection not in _folders:
        folder = own_folder()
        weakref.finalize(connection, drop_folder, folder)
        _folders[connection] = folder
    return Path(_folders[connection])


def private_name(stem: str) -> str:
    """A name that no other table or file of this process has."""
    return f"reltype_{stem}_{next(_numbers)}"


def private_file(connection: DuckDBPyConnection, ending: str) -> Path:
    """A path for a copy; nothing is there yet."""
    return private_folder(connection) / (private_name("copy") + ending)


def plain_path(connection: DuckDBPyConnection, path: Path) -> Path:
    """A path to the same file that the engine takes for one: without patterns, in characters."""
    written = os.fsencode(path).decode("utf-8", "replace")
    if written == str(path) and not any(character in written for character in "*?["):
        return path
    link = private_file(connection, path.suffix)
    try:
        link.symlink_to(path.absolute())
    except OSError:
        shutil.copyfile(path, link)
    return link

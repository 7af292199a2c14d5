"""A part of a source: one file, frame or table that the engine reads; where copies are kept."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from reltype.sources.dialects import Dialect
    from reltype.sources.encodings import Text

PREFIX = "reltype-"
"""How the names of private folders begin."""

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


_LOCK = "owner.lock"
_held: dict[str, int] = {}


def own_folder() -> str:
    """A new folder that only this process reads, and that the next one sweeps if this is killed.

    Its owner holds a lock on a file in it for as long as it lives: a number of a process may come
    again, and in another container it is somebody else's.
    """
    sweep()
    folder = tempfile.mkdtemp(prefix=PREFIX)
    try:
        import fcntl
    except ImportError:  # Windows, where nothing is swept
        return folder
    path = Path(folder, _LOCK)
    descriptor = os.open(path.with_suffix(".new"), os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    # It gets its name when it is locked: before that, nobody takes it for a dead one's.
    path.with_suffix(".new").rename(path)
    _held[folder] = descriptor
    return folder


def sweep() -> None:
    """Remove folders of ours whose process is gone."""
    try:
        import fcntl
    except ImportError:
        return
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            if folder.is_symlink() or folder.stat().st_uid != os.geteuid() or str(folder) in _held:
                continue
            descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except OSError:  # its owner lives
            continue
        finally:
            os.close(descriptor)


def private_folder(connection: DuckDBPyConnection) -> Path:
    """The folder that only this process reads and that goes when the connection goes."""
    rows = connection.execute("SELECT current_setting('temp_directory')").fetchall()
    spill = Path(rows[0][0] or "")
    if spill.name.startswith(PREFIX) and spill.is_dir():
        return spill
    if connection not in _folders:
        folder = own_folder()
        weakref.finalize(connection, shutil.rmtree, folder, ignore_errors=True)
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

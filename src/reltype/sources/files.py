"""Files by path: found, told apart by their first bytes, and opened as parts."""

from __future__ import annotations

import glob
import os
import re
import shutil
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import quote, unquote

import duckdb
import pyarrow as pa
from attrs import evolve
from pyarrow import parquet

from reltype.engines.quoting import identifier, literal
from reltype.errors import InputError, did_you_mean
from reltype.sources import (
    compressions,
    databases,
    delimited,
    documents,
    frames,
    parts,
    repairs,
    signatures,
    workbooks,
)
from reltype.sources.parts import Part

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

STANDARD_INPUT = "-"
_JSON = (".json", ".jsonl", ".ndjson")
_DELIMITED = (".csv", ".tsv", ".tab", ".txt", ".psv")


def expanded(name: str) -> list[str]:
    """The files that a glob names; a name that is no glob, or is a file's, stands for itself.

    Raises:
        InputError: It is a glob that names no file.
    """
    if not databases.is_url(name) and os.path.isdir(name):  # noqa: PTH112 - never raises
        return _in_folder(name)
    plain = name == STANDARD_INPUT or databases.is_url(name) or not glob.has_magic(name)
    if plain or os.path.lexists(name):
        return [name]
    matches = glob.iglob(name, recursive=True)  # noqa: PTH207 - Path.glob takes no absolute ones
    found = sorted(path for path in matches if Path(path).is_file())
    if not found:
        raise InputError(f"{_shown(name)}: no file is called like this.")
    return found


_DATA = (*_JSON, *_DELIMITED, ".parquet", ".pq", ".arrow", ".feather", ".xlsx")
_PACKED = (".gz", ".zst", ".bz2", ".xz", ".zip")
_PARTITION = re.compile(r"([A-Za-z_][^=/]*)=([^=/]*)")
_NO_PARTITION = "__HIVE_DEFAULT_PARTITION__"


def _in_folder(name: str) -> list[str]:
    """The files of data below a folder, in order; what begins with a point or a line is none."""
    found = []
    for folder, inner, files in os.walk(name):
        inner[:] = sorted(one for one in inner if not one.startswith((".", "_")))
        for file in sorted(files):
            bare = Path(file).with_suffix("") if file.lower().endswith(_PACKED) else Path(file)
            if not file.startswith((".", "_")) and bare.suffix.lower() in _DATA:
                found.append(str(Path(folder) / file))
    if not found:
        raise InputError(
            f"{_shown(name)}: is a folder that holds no file of data ({', '.join(_DATA)})."
        )
    return found


def _partitioned(connection: DuckDBPyConnection, name: str, part: Part) -> Part:
    """The part with a column for each folder above it that is called `column=value`."""
    folders = map(_PARTITION.fullmatch, Path(name).parent.parts)
    said = {found[1]: found[2] for found in folders if found is not None}
    known = {column.casefold() for column in part.columns}
    said = {column: value for column, value in said.items() if column.casefold() not in known}
    if not said:
        return part
    values = ", ".join(
        f"CAST({'NULL' if value == _NO_PARTITION else literal(unquote(value))} AS VARCHAR) "
        f"AS {identifier(column)}"
        for column, value in said.items()
    )
    relation = f"(SELECT *, {values} FROM {part.relation})"
    if part.dialect is None:
        types = ("VARCHAR",) * len(said)
        columns, all_types = (*part.columns, *said), (*part.types, *types)
        return evolve(part, relation=relation, columns=columns, types=all_types)
    kept = parts.private_name("partition")
    connection.execute(f"CREATE TEMP TABLE {identifier(kept)} AS SELECT * FROM {relation}")
    return frames.table_part(connection, part.name, kept, part.notes)


def readable(thing: object) -> list[str]:
    """The files that the engine itself may have to read for *thing*, as it will call them.

    What else is given (a pipe, a URL of a server, a frame, a packed file) reaches it as a copy.
    """
    if not isinstance(thing, str | os.PathLike):
        several = isinstance(thing, Sequence) and not isinstance(thing, bytes)
        return [path for one in thing for path in readable(one)] if several else []  # type: ignore[attr-defined]
    name = os.fspath(thing)
    if isinstance(name, bytes) or name == STANDARD_INPUT:
        return []
    if databases.is_url(name):
        return databases.files(name)
    try:
        paths = [str(Path(one).expanduser().absolute()) for one in expanded(name)]
    except (InputError, OSError, ValueError, RuntimeError):
        return []  # it is told where it is opened
    return [one for path in paths for one in (path, f"{path}.wal")]


def open_path(
    connection: DuckDBPyConnection,
    name: str,
    table: str | None = None,
    encoding: str | None = None,
) -> Part:
    """A part over a file, standard input (`-`), a pipe or a database's URL.

    Raises:
        InputError: It cannot be read, or holds no table.
    """
    shown = _shown(name)
    if "\0" in name:
        raise InputError(f"{shown.replace(chr(0), '?')}: no file's name holds the letter 0.")
    try:
        if databases.is_url(name):
            return databases.open_database(connection, name, table)
        path = _regular(connection, name, shown)
        part = _open_file(connection, shown, path, table, encoding)
        return _partitioned(connection, name, part)
    except OSError as error:
        what = error.strerror or type(error).__name__
        raise InputError(f"{shown}: cannot be read: {what}.") from error
    except duckdb.Error as error:
        raise InputError(f"{shown}: cannot be read: {frames.first_line(error)}") from error


def _shown(name: str) -> str:
    """A name as people can read it, bytes that are no characters replaced."""
    return os.fsencode(name).decode("utf-8", "replace")


def _regular(connection: DuckDBPyConnection, name: str, shown: str) -> Path:
    """A path to a file that can be read more than once."""
    if name == STANDARD_INPUT:
        if sys.stdin is None:
            raise InputError("standard input is closed: there is nothing to read. Name a file.")
        return _spooled(connection, sys.stdin.buffer)
    path = Path(name).expanduser()
    _readable(path, shown)
    if stat.S_ISREG(path.stat().st_mode):
        return path
    with path.open("rb") as pipe:
        return _spooled(connection, pipe)


def _spooled(connection: DuckDBPyConnection, stream: IO[bytes]) -> Path:
    copy = parts.private_file(connection, ".stream")
    with copy.open("wb") as out:
        shutil.copyfileobj(stream, out, compressions.BLOCK)
    return copy


def _readable(path: Path, shown: str) -> None:
    """Refuse what is missing, a folder, or not ours to read, with what to do."""
    try:
        mode = path.stat().st_mode
        mine = os.access(path, os.R_OK, effective_ids=os.access in os.supports_effective_ids)
    except FileNotFoundError:
        raise _missing(path, shown) from None
    except PermissionError:
        mode, mine = 0, False
    if stat.S_ISDIR(mode):
        example = f"{shown.rstrip('/')}/*.csv"
        raise InputError(f"{shown}: is a folder. Give the files in it, for example '{example}'.")
    if not mine:
        raise InputError(f"{shown}: may not be read. Its owner can allow it with chmod +r.")


def _missing(path: Path, shown: str) -> InputError:
    folder = path.parent
    if not folder.is_dir():
        return InputError(f"{shown}: there is no such file. Nor is there a folder {str(folder)!r}.")
    beside = [other.name for other in folder.iterdir()]
    return InputError(f"{shown}: there is no such file.{did_you_mean(path.name, beside)}")


_MOST_LAYERS = 3


def _open_file(
    connection: DuckDBPyConnection,
    name: str,
    path: Path,
    table: str | None,
    encoding: str | None,
    layers: int = 0,
) -> Part:
    with path.open("rb") as stream:
        head = stream.read(1 << 12)
    if not head:
        raise InputError(f"{name}: is empty. There is nothing to read.")
    if packed := compressions.compression(head):
        if layers == _MOST_LAYERS:
            raise InputError(
                f"{name}: is packed again inside {_MOST_LAYERS} packed files. Unpack it yourself."
            )
        copy = parts.private_file(connection, ".unpacked")
        compressions.decompress(name, path, packed, copy)
        if layers:
            path.unlink()  # the layer around it
        return _open_file(connection, name, copy, table, encoding, layers + 1)
    if kind := signatures.kind(head):
        return _open_binary(connection, name, path, kind, table)
    signatures.refuse(name, head)
    suffix = Path(name).suffix.lower()
    if suffix in _JSON or head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
        try:
            return documents.open_json(connection, name, path)
        except InputError:
            if suffix not in _DELIMITED:
                raise
    return _open_text(connection, name, path, encoding)


def _open_text(connection: DuckDBPyConnection, name: str, path: Path, encoding: str | None) -> Part:
    part = delimited.open_delimited(connection, name, path, encoding)
    small = part.path is not None and Path(part.path).stat().st_size <= delimited.SMALL
    bad = delimited.beyond_the_engine(part) or (small and not delimited.check(connection, part))
    return repairs.repair(connection, part) if bad else part


def _open_binary(
    connection: DuckDBPyConnection, name: str, path: Path, kind: str, table: str | None
) -> Part:
    if kind == "zip":
        return workbooks.open_archive(connection, name, path, table)
    if kind == "parquet":
        return _open_parquet(connection, name, path)
    if kind == "arrow":
        return _open_arrow(connection, name, path)
    address = quote(str(path.absolute()))
    return databases.open_database(connection, f"{kind}:///{address}", table, name)


def _open_arrow(connection: DuckDBPyConnection, name: str, path: Path) -> Part:
    try:
        with pa.memory_map(str(path)) as stream:
            held = pa.ipc.open_file(stream).read_all()
            held.validate(full=True)  # a forged offset would be read as memory that is not its own
    except (pa.ArrowException, UnicodeDecodeError, OSError) as error:
        raise InputError(
            f"{name}: is an Arrow file that is damaged or cut off. Fetch or export it again."
        ) from error
    return evolve(frames.open_frame(connection, held), name=name)


def _open_parquet(connection: DuckDBPyConnection, name: str, path: Path) -> Part:
    read = str(parts.plain_path(connection, path).absolute())
    call = f"read_parquet({literal(read)}, hive_partitioning = false)"
    try:
        parts.few(name, parquet.read_metadata(path).num_columns)
        columns, types = frames.described(connection, call)
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        raise InputError(
            f"{name}: is a Parquet file that is damaged or cut off. Fetch or export it again."
        ) from error
    return Part(name, columns, types, call, path=read, line="file_row_number + 1")

"""What people give us, opened as relations that the engine scans: files, frames, databases.

Delimited text comes with every cell as text, so that identifiers stay as they were written; what has types keeps them.
"""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from attrs import evolve, frozen

from reltype import (
    databases,
    delimited,
    documents,
    encodings,
    frames,
    parts,
    repairs,
    signatures,
    workbooks,
)
from reltype.errors import InputError, UsageError, did_you_mean
from reltype.parts import Part
from reltype.quoting import identifier, literal

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

_STANDARD_INPUT = "-"


@frozen
class Source:
    """A table that somebody gave us, ready to be scanned as often as need be.

    Attributes:
        name: As shown to people: the path as given, `<DataFrame>`, `-`, `sqlite:///crm.db#orders`.
        relation: SQL that may stand behind FROM on the connection that it was opened on.
        columns: Their names, in order, unique whatever the case of their letters.
        types: DuckDB's types of them.
        text: Every column is text as written.
        files: Paths that the engine must still be allowed to read.
        encoding: Of a text file; None for others.
        delimiter: Of a delimited text file; None for others.
        notes: Sentences for the user: what was found odd, and what was done about it.
        parts: The files or tables that make it up, all with these columns.
    """

    name: str
    relation: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    text: bool
    files: tuple[str, ...] = ()
    encoding: str | None = None
    delimiter: str | None = None
    notes: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()


def open_source(
    connection: DuckDBPyConnection,
    thing: object,
    *,
    table: str | None = None,
    encoding: str | None = None,
) -> Source:
    """Open one table.

    Args:
        connection: An engine's, still unlocked.
        thing: A path, a glob, a list of paths, `-`, a database's URL, a frame, a relation, a list of dicts.
        table: Which table of a database, or sheet of a workbook.
        encoding: What a text file is written in; seen from its bytes where None.

    Raises:
        InputError: It cannot be read, or is several tables of different columns.
        UsageError: It is nothing that can be read.
    """
    opened = open_sources(connection, thing, table=table, encoding=encoding)
    if len(opened) > 1:
        first, other = opened[:2]
        odd = sorted(set(first.columns) ^ set(other.columns))
        raise InputError(
            f"{first.name} and {other.name} have different columns ({', '.join(odd[:5])}). Give them one by one."
        )
    return opened[0]


def open_sources(
    connection: DuckDBPyConnection,
    thing: object,
    *,
    table: str | None = None,
    encoding: str | None = None,
) -> tuple[Source, ...]:
    """Open tables, those of the same columns as one; in the order in which they were given."""
    found: list[Part] = []
    for one in _several(thing):
        if isinstance(one, str | os.PathLike):
            found += [
                _open_path(connection, name, table, encoding) for name in _expanded(os.fspath(one))
            ]
        else:
            found.append(frames.open_frame(connection, one))
    groups: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Part]] = {}
    for part in found:
        groups.setdefault((part.columns, part.types), []).append(part)
    return tuple(as_source(tuple(group)) for group in groups.values())


def as_source(group: tuple[Part, ...]) -> Source:
    """Parts of the same columns as one source."""
    first = group[0]
    several = len(group) > 1
    return Source(
        name=", ".join(part.name for part in group),
        relation=_union(group),
        columns=first.columns,
        types=first.types,
        text=all(part.text for part in group),
        files=tuple(part.path for part in group if part.path),
        encoding=first.encoding,
        delimiter=first.dialect.delimiter if first.dialect else None,
        notes=tuple(
            f"{part.name}: {note}" if several else note for part in group for note in part.notes
        ),
        parts=group,
    )


def _union(group: Sequence[Part]) -> str:
    """One relation over all parts; one call for all files that are cut alike."""
    if len(group) == 1:
        return group[0].relation
    alike = {
        (
            part.dialect and evolve(part.dialect, notes=()),
            part.bytes and part.bytes.newline,
            part.line,
        )
        for part in group
    }
    first = group[0]
    if len(alike) == 1 and first.dialect and first.bytes and first.line is None:
        paths = [part.path for part in group if part.path]
        return delimited.read_csv(
            paths, first.dialect, first.columns, first.bytes.newline, first.errors
        )
    columns = ", ".join(map(identifier, first.columns))
    return (
        "(" + " UNION ALL ".join(f"SELECT {columns} FROM {part.relation}" for part in group) + ")"
    )


def _several(thing: object) -> Sequence[object]:
    if isinstance(thing, Sequence) and not isinstance(thing, str):
        if not thing:
            raise UsageError("nothing was given to read.")
        if all(isinstance(one, str | os.PathLike) for one in thing):
            return thing
    return [thing]


def _expanded(name: str) -> list[str]:
    """The files that a glob names; a name that is no glob, or is a file's, stands for itself."""
    if name == _STANDARD_INPUT or "://" in name or os.path.exists(name) or not glob.has_magic(name):
        return [name]
    found = sorted(path for path in glob.iglob(name, recursive=True) if Path(path).is_file())
    if not found:
        raise InputError(f"{name}: no file is called like this.")
    return found


def _open_path(
    connection: DuckDBPyConnection, name: str, table: str | None, encoding: str | None
) -> Part:
    if name == _STANDARD_INPUT:
        return _open_file(connection, name, _spooled(connection), table, encoding)
    if databases.is_url(name):
        return databases.open_database(connection, name, table)
    path = Path(name).expanduser()
    _readable(path, name)
    return _open_file(connection, name, path, table, encoding)


def _open_file(
    connection: DuckDBPyConnection, name: str, path: Path, table: str | None, encoding: str | None
) -> Part:
    with path.open("rb") as stream:
        head = stream.read(1 << 12)
    if not head:
        raise InputError(f"{name}: is empty. There is nothing to read.")
    if packed := encodings.compression(head):
        copy = parts.private_file(connection, ".unpacked")
        encodings.decompress(name, path, packed, copy)
        return _open_file(connection, name, copy, table, encoding)
    kind = signatures.kind(head)
    if kind in ("sqlite", "duckdb"):
        address = quote(str(path.absolute()))
        return databases.open_database(connection, f"{kind}:///{address}", table, name)
    if kind == "zip":
        return workbooks.open_archive(connection, name, path, table)
    if kind == "parquet":
        return _open_parquet(connection, name, path)
    if kind == "arrow":
        return _open_arrow(connection, name, path)
    signatures.refuse(name, head)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith((b"{", b"[{")) or Path(name).suffix.lower() in (
        ".json",
        ".jsonl",
        ".ndjson",
    ):
        return documents.open_json(connection, name, path)
    part = delimited.open_delimited(connection, name, path, encoding)
    if delimited.beyond_the_engine(part):
        return repairs.repair(connection, part)
    small = part.path is not None and Path(part.path).stat().st_size <= delimited.SMALL
    return (
        part if not small or delimited.check(connection, part) else repairs.repair(connection, part)
    )


def _open_arrow(connection: DuckDBPyConnection, name: str, path: Path) -> Part:
    import pyarrow as pa

    try:
        with pa.memory_map(str(path)) as stream:
            held = pa.ipc.open_file(stream).read_all()
    except pa.ArrowException as error:
        raise InputError(
            f"{name}: is an Arrow file that is damaged or cut off. Fetch or export it again."
        ) from error
    return evolve(frames.open_frame(connection, held), name=name)


def _open_parquet(connection: DuckDBPyConnection, name: str, path: Path) -> Part:
    import duckdb

    read = str(parts.plain_path(connection, path).absolute())
    call = f"read_parquet({literal(read)}, hive_partitioning = false)"
    try:
        columns, types = frames.described(connection, call)
    except duckdb.Error as error:
        raise InputError(
            f"{name}: is a Parquet file that is damaged or cut off. Fetch or export it again."
        ) from error
    return Part(name, columns, types, call, path=read, line="file_row_number + 1")


def _spooled(connection: DuckDBPyConnection) -> Path:
    """Standard input as a file, since it will be read more than once."""
    copy = parts.private_file(connection, ".stdin")
    with copy.open("wb") as out:
        while block := sys.stdin.buffer.read(encodings.BLOCK):
            out.write(block)
    return copy


def _readable(path: Path, name: str) -> None:
    """Refuse what is missing, a folder, or not ours to read, with what to do."""
    try:
        if path.is_dir():
            raise InputError(
                f"{name}: is a folder. Give the files in it, for example '{name.rstrip('/')}/*.csv'."
            )
        with path.open("rb"):
            return
    except FileNotFoundError:
        beside = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
        missing = "" if path.parent.is_dir() else f" Nor is there a folder {str(path.parent)!r}."
        raise InputError(
            f"{name}: there is no such file.{missing}{did_you_mean(path.name, beside)}"
        ) from None
    except PermissionError:
        raise InputError(
            f"{name}: may not be read. Its owner can allow it with chmod +r."
        ) from None
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror}.") from error


def settle(connection: DuckDBPyConnection, source: Source, *, failed: bool = False) -> Source:
    """The source itself if the engine cut every row of it, else one that is cut anew, row by row.

    To be asked after the first full pass over a source: a large file is checked only by reading it. Where another
    source comes back, the pass must be done again on that one.

    Args:
        connection: The one that the source was opened on, locked or not.
        source: As opened.
        failed: The pass ended in an error of the engine, so that every file has to be looked at.
    """
    if not failed and not any(delimited.damaged(connection, part.errors) for part in source.parts):
        return source
    settled = tuple(
        part if delimited.check(connection, part) else repairs.repair(connection, part)
        for part in source.parts
    )
    return source if settled == source.parts else as_source(settled)


_SMALL = 1 << 24


def sample(connection: DuckDBPyConnection, source: Source, rows: int = 2000) -> pa.Table:
    """Up to `rows` rows from all over a source, its beginning included."""
    import pyarrow as pa

    large = [
        part
        for part in source.parts
        if part.dialect and part.path and Path(part.path).stat().st_size > _SMALL
    ]
    if large:
        cells = [row for part in large for row in delimited.spread(part, rows // len(large))]
        columns = zip(*cells, strict=True) if cells else [()] * len(source.columns)
        return pa.table(
            [pa.array(column, pa.string()) for column in columns], names=list(source.columns)
        )
    first = rows // 2
    beginning = connection.sql(f"SELECT * FROM {source.relation} LIMIT {first}").to_arrow_table()
    if beginning.num_rows < first:
        return beginning
    anywhere = connection.sql(
        f"SELECT * FROM {source.relation} USING SAMPLE reservoir({rows - first} ROWS) REPEATABLE (1)"
    ).to_arrow_table()
    return pa.concat_tables([beginning, anywhere])

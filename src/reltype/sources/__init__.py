"""What people give us, opened as relations that the engine scans: files, frames, databases.

Delimited text comes with every cell as text, so that identifiers stay as they were written; what
has types keeps them.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from attrs import evolve, frozen

from reltype.arrow import texts
from reltype.engines.quoting import identifier
from reltype.errors import InputError, UsageError
from reltype.sources import delimited, files, frames, parts, repairs

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from reltype.sources.parts import Part


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
        thing: A path, a glob, a list of paths, `-`, a database's URL, a frame, a relation, a list
            of dicts.
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
            f"{first.name} and {other.name} have different columns ({', '.join(odd[:5])}). "
            "Give them one by one."
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
    for one in map(_address, _several(thing)):
        if isinstance(one, str | os.PathLike):
            names = files.expanded(os.fspath(one))
            found += [files.open_path(connection, name, table, encoding) for name in names]
        else:
            found.append(frames.open_frame(connection, one))
    for part in found:
        parts.few(part.name, len(part.columns))
    groups: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Part]] = {}
    for part in found:
        groups.setdefault((part.columns, part.types), []).append(part)
    return tuple(as_source(tuple(group)) for group in groups.values())


def _address(thing: Any) -> object:  # noqa: ANN401 - of a library that is not imported here
    """The URL of an SQLAlchemy engine or connection; anything else stands for itself."""
    if not type(thing).__module__.startswith("sqlalchemy."):
        return thing
    url = getattr(getattr(thing, "engine", thing), "url", thing)
    if not hasattr(url, "render_as_string"):
        return thing
    if not url.database or url.database == ":memory:":
        raise UsageError(
            "a database in memory cannot be opened again. Give pandas.read_sql(…) of its table."
        )
    scheme, _, rest = url.render_as_string(hide_password=False).partition("://")
    return f"{scheme.partition('+')[0]}://{rest}"


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


def recheck(connection: DuckDBPyConnection, source: Source, *, failed: bool = False) -> Source:
    """The source itself if the engine cut every row of it, else one that is cut anew, row by row.

    To be asked after the first full pass over a source: a large file is checked only by reading
    it. Where another source comes back, the pass must be done again on that one.

    Args:
        connection: The one that the source was opened on, locked or not.
        source: As opened.
        failed: The pass ended in an error of the engine, so that every file has to be looked at.
    """
    if not failed and not any(delimited.damaged(connection, part.errors) for part in source.parts):
        return source
    rechecked = tuple(
        part if delimited.check(connection, part) else repairs.repair(connection, part)
        for part in source.parts
    )
    return source if rechecked == source.parts else as_source(rechecked)


_SMALL = 1 << 24


def _in_calendar(column: str, type_: str) -> str:
    """SQL of a column for a sample: days that Python knows of none are null."""
    name = identifier(column)
    if type_ != "DATE" and not type_.startswith("TIMESTAMP"):
        return name
    known = f"{name} BETWEEN DATE '0001-01-01' AND DATE '9999-12-31'"
    if "_NS" in type_:  # it begins in 1677, and compares with no day before
        plain = "TIMESTAMPTZ" if "TZ" in type_ or "ZONE" in type_ else "TIMESTAMP"
        known = f"isfinite(CAST({name} AS {plain}))"
    return f"CASE WHEN {known} THEN {name} END AS {name}"


def sample(connection: DuckDBPyConnection, source: Source, rows: int = 2000) -> pa.Table:
    """Up to `rows` rows from all over a source, its beginning included."""
    large = [
        part
        for part in source.parts
        if part.dialect
        and part.path
        and part.line is None
        and Path(part.path).stat().st_size > _SMALL
    ]
    if large:
        cells = [row for part in large for row in delimited.spread(part, rows // len(large))]
        columns = zip(*cells, strict=True) if cells else [()] * len(source.columns)
        return pa.table([texts(column) for column in columns], names=list(source.columns))
    first = rows // 2
    taken = ", ".join(map(_in_calendar, source.columns, source.types))
    beginning = connection.sql(
        f"SELECT {taken} FROM {source.relation} LIMIT {first}"
    ).to_arrow_table()
    if beginning.num_rows < first:
        return beginning
    anywhere = connection.sql(
        f"SELECT {taken} FROM {source.relation} "
        f"USING SAMPLE reservoir({rows - first} ROWS) REPEATABLE (1)"
    ).to_arrow_table()
    return pa.concat_tables([beginning, anywhere])

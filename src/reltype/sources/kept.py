"""Sources, and what SQL selects from them, as temporary tables on the connection that reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from reltype import sources
from reltype.engines.duckdb import connect, lock
from reltype.engines.quoting import identifier
from reltype.errors import InputError
from reltype.sources import files
from reltype.sources.frames import first_line, table_part
from reltype.sources.parts import private_name

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from reltype.sources import Source


def kept(connection: DuckDBPyConnection, source: Source) -> tuple[str, Source]:
    """A source as a temporary table, every row of it cut as it should be.

    Returns:
        SQL of the table, and the rechecked source.
    """
    table = identifier(private_name("origin"))
    make = f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT * FROM "
    try:
        connection.execute(make + source.relation)
        failed = False
    except duckdb.Error:
        failed = True
    rechecked = sources.recheck(connection, source, failed=failed)
    if failed or rechecked is not source:
        connection.execute(make + rechecked.relation)
    return table, rechecked


def selected(connection: DuckDBPyConnection, sql: str, shown: str) -> Source:
    """What *sql*, which may stand behind FROM, gives, as a source called *shown*.

    Raises:
        InputError: It cannot be run; the text is the engine's complaint.
    """
    table = private_name("selected")
    try:
        connection.execute(f"CREATE TEMP TABLE {identifier(table)} AS SELECT * FROM {sql}")
    except duckdb.Error as error:
        raise InputError(first_line(error)) from error
    return sources.as_source((table_part(connection, shown, table),))


def as_texts(
    data: object, *, table: str | None = None
) -> tuple[Source, dict[str, list[str | None]]]:
    """A small table (labels, a result, a plan) with every cell as text, by column; and its source.

    It is opened on a connection of its own that may read nothing else.

    Args:
        data: What `classify` takes.
        table: Which table of a database, or sheet of a workbook.

    Raises:
        InputError: It cannot be read.
    """
    connection = connect()
    lock(connection, files.readable(data))
    source = sources.open_source(connection, data, table=table)
    return source, cells(connection, source)


def cells(connection: DuckDBPyConnection, source: Source) -> dict[str, list[str | None]]:
    """Every column of a small source as text, by its name."""
    quoted = ", ".join(
        f"CAST({identifier(c)} AS VARCHAR) AS c{i}" for i, c in enumerate(source.columns)
    )
    table = connection.sql(f"SELECT {quoted} FROM {source.relation}").to_arrow_table()
    return {name: table.column(i).to_pylist() for i, name in enumerate(source.columns)}

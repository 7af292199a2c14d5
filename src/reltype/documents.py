"""JSON: lines of objects, or one array of objects; every value as text, nested ones as JSON text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reltype import encodings, parts
from reltype.errors import InputError
from reltype.frames import described, first_line
from reltype.parts import Part
from reltype.quoting import identifier, literal

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection


def open_json(connection: DuckDBPyConnection, name: str, path: Path) -> Part:
    """A part that reads JSON lines or a JSON array of objects.

    Raises:
        InputError: It is not JSON, or no list of objects.
    """
    import duckdb

    text = encodings.survey(path)
    if not text.as_it_is or text.mark:
        copy = parts.private_file(connection, ".json")
        encodings.transcode(path, text, copy)
        path = copy
    read = str(parts.plain_path(connection, path).absolute())
    call = f"read_json({literal(read)}, maximum_depth = 1, sample_size = -1, maximum_object_size = {1 << 26})"
    try:
        columns, types = described(connection, call)
        connection.execute(f"SELECT count(*) FROM {call}").fetchall()
    except duckdb.Error as error:
        raise InputError(f"{name}: is not JSON that can be read: {first_line(error)}") from error
    if columns == ("json",) or not columns:
        raise InputError(
            f"{name}: is JSON, but not a list of objects. Give an array of objects, or an object on each line."
        )
    cells = ", ".join(
        f"{identifier(column)} ->> '$' AS {identifier(column)}"
        if kind == "JSON"
        else f"CAST({identifier(column)} AS VARCHAR) AS {identifier(column)}"
        for column, kind in zip(columns, types, strict=True)
    )
    return Part(
        name,
        columns,
        ("VARCHAR",) * len(columns),
        f"(SELECT {cells} FROM {call})",
        path=read,
        text=True,
    )

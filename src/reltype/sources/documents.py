"""JSON: lines of objects, or one array of them; every value as text, a nested one as JSON text."""

from __future__ import annotations

import csv
import json
import re
from typing import TYPE_CHECKING

import duckdb
from attrs import evolve

from reltype.engines.quoting import identifier, literal
from reltype.errors import InputError
from reltype.sources import encodings, parts
from reltype.sources.frames import described, first_line
from reltype.sources.parts import Part
from reltype.sources.repairs import LINE, LONGEST_TEXT, rejects_relation

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

LARGEST_OBJECT = 1 << 26
LARGEST_DOCUMENT = 1 << 28


def open_json(connection: DuckDBPyConnection, name: str, path: Path) -> Part:
    """A part that reads JSON lines, an array of objects, or an object around one such array.

    Of JSON lines those that are damaged go to the rejects; a damaged array is refused.

    Raises:
        InputError: It is not JSON, or no list of objects.
    """
    text = encodings.survey(path)
    notes: tuple[str, ...] = ()
    if not text.as_it_is or text.mark:
        copy = parts.private_file(connection, ".json")
        encodings.transcode(name, path, text, copy)
        notes = tuple(encodings.notes(text))
        path = copy
    try:
        part = _read(connection, name, path)
    except duckdb.Error as error:
        part = _by_lines(connection, name, path)
        if part is None:
            raise InputError(f"{name}: is not JSON that can be read: {_told(error)}") from error
    if part is None:
        part = _wrapped(connection, name, path) or _by_lines(connection, name, path)
    if part is None:
        raise InputError(
            f"{name}: is JSON, but not a list of objects. "
            "Give an array of objects, or an object on each line."
        )
    return evolve(part, encoding=text.encoding, notes=(*notes, *part.notes))


def _told(error: Exception) -> str:
    """What the engine says, without the path, which may be a copy's."""
    return re.sub(r' in file "[^"]*",?', "", first_line(error)).rstrip(". ") + "."


def _read(connection: DuckDBPyConnection, name: str, path: Path) -> Part | None:
    """The part if every value is an object; None if it is another kind of JSON."""
    read = str(parts.plain_path(connection, path).absolute())
    call = (
        f"read_json({literal(read)}, maximum_depth = 1, sample_size = -1, "
        f"maximum_object_size = {LARGEST_OBJECT}, hive_partitioning = false)"
    )
    columns, types = described(connection, call)
    if columns == ("json",) or _is_document(path, columns, types):
        return None
    cells = (
        f"{identifier(column)} ->> '$' AS {identifier(column)}"
        if kind == "JSON"
        else f"CAST({identifier(column)} AS VARCHAR) AS {identifier(column)}"
        for column, kind in zip(columns, types, strict=True)
    )
    inner = _inside(connection, call, columns, types)
    columns = (*columns, *inner)
    relation = f"(SELECT {', '.join([*cells, *inner.values()])} FROM {call})"
    connection.execute(f"SELECT count(COLUMNS(*)) FROM {relation}").fetchall()
    return Part(name, columns, ("VARCHAR",) * len(columns), relation, path=read, text=True)


FIELDS = 40
"""Fields of an object inside a row beyond which they are no columns."""


def _inside(
    connection: DuckDBPyConnection, call: str, columns: tuple[str, ...], types: tuple[str, ...]
) -> dict[str, str]:
    """`customer.id` → SQL of it: the fields of objects that stand in the first rows' cells."""
    found: dict[str, str] = {}
    for column, kind in zip(columns, types, strict=True):
        if kind != "JSON" or len(columns) > 10 * FIELDS:
            continue
        cell = identifier(column)
        keys = connection.execute(
            f"SELECT DISTINCT unnest(json_keys(cell)) AS key FROM (SELECT {cell} AS cell FROM {call} "
            "LIMIT 1000) WHERE json_type(cell) = 'OBJECT' ORDER BY key"
        ).fetchall()
        if len(keys) > FIELDS:
            continue
        for (key,) in keys:
            name = f"{column}.{key}"
            if name not in columns and '"' not in key:
                place = literal(f'$."{key}"')
                found[name] = f"{cell} ->> {place} AS {identifier(name)}"
    return found


def _is_document(path: Path, columns: tuple[str, ...], types: tuple[str, ...]) -> bool:
    """Whether a file may hold one object around a list, as answers of programs do."""
    if len(columns) > 20 or "JSON" not in types or path.stat().st_size > LARGEST_DOCUMENT:
        return False
    with path.open("rb") as stream:
        return stream.read(1 << 12).lstrip().startswith(b"{") and _rows_inside(path) is not None


def _rows_inside(path: Path) -> tuple[str, list[object]] | None:
    """The one list of objects that a document's object holds, with its key."""
    try:
        document = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    lists = [
        (key, held)
        for key, held in document.items()
        if isinstance(held, list) and held and all(isinstance(one, dict) for one in held)
    ]
    return lists[0] if len(lists) == 1 else None


def _wrapped(connection: DuckDBPyConnection, name: str, path: Path) -> Part | None:
    found = _rows_inside(path) if path.stat().st_size <= LARGEST_DOCUMENT else None
    if found is None:
        return None
    key, rows = found
    copy = parts.private_file(connection, ".json")
    with copy.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)
    part = _read(connection, name, copy)
    return part and evolve(part, notes=(f"read the list under {key!r}",))


def _by_lines(connection: DuckDBPyConnection, name: str, path: Path) -> Part | None:
    """The objects that stand on a line each, the other lines as rejects; None if there are none."""
    good, bad = parts.private_file(connection, ".json"), parts.private_file(connection, ".rejects")
    used = 0
    with (
        path.open(encoding="utf-8", errors="replace") as lines,
        good.open("w", encoding="utf-8") as out,
        bad.open("w", encoding="utf-8", newline="") as rejected,
    ):
        writer = csv.writer(rejected, lineterminator="\r\n")
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            reason = _complaint(line)
            if reason is None:
                out.write(f'{{"{LINE}": {number}, {line.strip()[1:]}\n')
                used += 1
            else:
                writer.writerow([name, number, "", reason, line.rstrip("\n")[:LONGEST_TEXT]])
    if not used:
        return None
    try:
        part = _read(connection, name, good)
    except duckdb.Error:
        return None
    if part is None:
        return None
    columns = tuple(column for column in part.columns if column != LINE)
    return evolve(
        part,
        columns=columns,
        types=("VARCHAR",) * len(columns),
        line=f"CAST({LINE} AS BIGINT)",
        rejects=rejects_relation(bad),
    )


def _complaint(line: str) -> str | None:
    """Why a line is not an object that can be read; None if it is."""
    keys: list[list[str]] = []

    def remember(pairs: list[tuple[str, object]]) -> dict[str, object]:
        keys.append([key for key, _ in pairs])
        return dict(pairs)

    try:
        held = json.loads(line, object_pairs_hook=remember)
        line.encode()
    except (ValueError, RecursionError):
        return "is not JSON"
    if not isinstance(held, dict) or not held:
        return "is not a JSON object"
    twice = sorted({key for key in keys[-1] if keys[-1].count(key) > 1})
    if twice:
        return f"has the key {twice[0]!r} twice"
    if "\\ud" in line.lower():
        try:
            json.dumps(held, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            return "holds half of a character"
    return None

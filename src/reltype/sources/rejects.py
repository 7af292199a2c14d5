"""Rows that were not used: where each stands, why, and what it says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from reltype.engines.quoting import identifier, literal
from reltype.sources import encodings
from reltype.sources.repairs import REJECTS, repair

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyarrow as pa
    from duckdb import DuckDBPyConnection

    from reltype.sources import Source
    from reltype.sources.parts import Part


COLUMNS = ("file", "line", "column", "reason", "text")
"""What is told of a row that was not used."""

Judge: TypeAlias = "Callable[[str, Sequence[str]], str]"
"""(SQL of a relation, columns to keep) → SQL of its rows with those columns and `reject`: NULL for a
row in use, else a text `column: why not`."""


def by(reason: str) -> Judge:
    """The judge that gives *reason*, SQL over the source's columns."""
    return lambda relation, keep: (
        f"SELECT {', '.join(map(identifier, keep))}, {reason} AS reject FROM {relation}"
    )


def rejected(
    connection: DuckDBPyConnection, source: Source, judge: Judge | None = None
) -> pa.RecordBatchReader:
    """The rows of a source that were not used, in the order of its files and lines.

    Args:
        connection: The one that the source was opened on, locked or not; nothing else runs on it
            until the stream has been read or closed.
        source: A rechecked one: see `sources.recheck`.
        judge: Says which rows are not in use; None: tell only the rows that could not be cut.

    Returns:
        A stream with the columns file, line (the physical line on which the row starts, from 1; the
        number of the row in what has no lines), column, reason, and text (the row as far as it can
        be told; of a row that could be cut, its cells quoted anew).
    """
    queries = [query for part in source.parts for query in _queries(connection, part, judge)]
    return connection.sql(" UNION ALL ".join(queries or [_NOTHING])).to_arrow_reader()


def malformed(connection: DuckDBPyConnection, source: Source) -> int:
    """How many rows of a source could not be cut into cells."""
    tables = [part.rejects for part in source.parts if part.rejects]
    counted = [connection.sql(f"SELECT count(*) FROM {table}").fetchall() for table in tables]
    return sum(int(rows[0][0]) for rows in counted)


_NOTHING = (
    "SELECT '' AS file, 0::BIGINT AS line, '' AS \"column\", '' AS reason, '' AS text WHERE false"
)


def _queries(connection: DuckDBPyConnection, part: Part, judge: Judge | None) -> list[str]:
    queries = []
    if judge is not None:
        part = _numbered(connection, part)
        queries.append(_misfits(part, judge))
    if part.rejects:
        cells = (
            f"CAST({name} AS BIGINT) AS {name}"
            if name == "line"
            else f"coalesce({identifier(name)}, '') AS {identifier(name)}"
            for name in REJECTS
        )
        queries.append(f"SELECT {', '.join(cells)} FROM {part.rejects}")
    if len(queries) > 1:
        queries = [f"FROM ({' UNION ALL '.join(queries)}) ORDER BY line"]
    return [f"SELECT * FROM ({query})" for query in queries]


def _misfits(part: Part, judge: Judge) -> str:
    """SQL of the rows that could be cut and do not fit, with their lines."""
    above = part.dialect.lines if part.dialect else 0
    line = part.line or f"row_number() OVER () + {above}"
    delimiter = part.dialect.delimiter if part.dialect else ","
    after = "strpos(reject, ': ')"
    rows = f"(SELECT {line} AS reltype_at, {_text(part, delimiter)} AS reltype_text, * FROM {part.relation})"
    return f"""
        SELECT {literal(part.name)} AS file, reltype_at AS line,
            left(reject, greatest({after} - 1, 0)) AS "column",
            CASE WHEN {after} > 0 THEN substr(reject, {after} + 2) ELSE reject END AS reason,
            reltype_text AS text
        FROM ({judge(rows, ("reltype_at", "reltype_text"))})
        WHERE reject IS NOT NULL"""


def _text(part: Part, delimiter: str) -> str:
    """SQL of a row as delimited text."""
    cells = ", ".join(f"coalesce(CAST({identifier(name)} AS VARCHAR), '')" for name in part.columns)
    special = " OR ".join(f"contains(cell, {literal(c)})" for c in (delimiter, '"', "\n", "\r"))
    quoted = """'"' || replace(cell, '"', '""') || '"'"""
    return (
        f"array_to_string(list_transform([{cells}], "
        f"lambda cell: CASE WHEN {special} THEN {quoted} ELSE cell END), {literal(delimiter)})"
    )


def _numbered(connection: DuckDBPyConnection, part: Part) -> Part:
    """The part in a form whose rows can be counted to find their lines."""
    if part.line or part.dialect is None or part.bytes is None or part.path is None:
        return part
    rows = connection.execute(f"SELECT count(*) FROM {part.relation}").fetchall()[0][0]
    alike = part.bytes.newline in ("\n", "\r\n", "\r")
    if alike and rows == _lines(Path(part.path), part.bytes) - part.dialect.lines:
        return part
    return repair(connection, part)  # it has cells of several lines, or blank lines


def _lines(path: Path, text: encodings.Text) -> int:
    """The number of lines in a file, without the empty ones that end it."""
    end = b"\r" if text.newline == "\r" else b"\n"
    count, tail = 0, b""
    for block in encodings.blocks(path):
        count += block.count(end)
        tail = tail[-len(block) :] + block if len(block) < encodings.BLOCK else block
    return count - tail.count(end, len(tail.rstrip(b"\r\n"))) + 1

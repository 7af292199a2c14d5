"""Delimited text, CSV and its kin: cut into rows by the engine, or by us where it cannot.

The engine is fast and strict. Its rows are trusted where it had no complaint about the file; else
`repairs` cuts the file again, slowly and with a line number for every row.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
from attrs import evolve

from reltype.engines.quoting import identifier, literal
from reltype.errors import InputError
from reltype.sources import dialects, encodings, parts
from reltype.sources.parts import Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

HEAD = 1 << 19
LONGEST_ROW = 1 << 24
SMALL = 1 << 25
"""Files up to this size are checked as they are opened; above it, after the engine's first pass."""


_SIGNS = (",", ";", "\t", "|")


def open_delimited(
    connection: DuckDBPyConnection, name: str, path: Path, encoding: str | None = None
) -> Part:
    """A part that reads the delimited text file at `path`, which is not compressed.

    Raises:
        InputError: It is empty, or not text.
    """
    text = encodings.survey(path, encoding)
    written = text.encoding
    notes = encodings.notes(text, encoding)
    if not text.as_it_is:
        copy = parts.private_file(connection, ".csv")
        encodings.transcode(name, path, text, copy)
        path, text = copy, evolve(encodings.survey(copy, "utf-8"), invalid=text.invalid)
    if text.newline in ("mixed", "any") and not text.quotes:
        copy = parts.private_file(connection, ".csv")
        encodings.same_line_ends(path, copy)
        path, text = copy, evolve(text, newline="\n")
    head, whole = _head(path, text)
    if not head.strip():
        raise InputError(f"{name}: is empty. There is nothing to read.")
    _refuse_binary(name, head)
    line = head.split("\n", 1)[0]
    parts.few(name, max(map(line.count, _SIGNS)) + 1)  # before each of them is looked at
    dialect = dialects.sniff(head, whole=whole)
    if dialect.width < 2 and (
        columns := dialects.by_whitespace(head if whole else head[: head.rfind("\n")])
    ):
        copy = parts.private_file(connection, ".csv")
        _tabs_for_spaces(path, copy, columns)
        notes.append("columns are set apart by spaces")
        path, text = copy, evolve(text, newline="\n")
        dialect = dialects.sniff(_head(path, text)[0], whole=whole)
    if not dialect.names:
        raise InputError(f"{name}: holds nothing but its first line. There is nothing to read.")
    dialect = evolve(dialect, notes=(*notes, *dialect.notes))
    return evolve(_as_part(connection, name, path, text, dialect), encoding=written)


def _as_part(
    connection: DuckDBPyConnection,
    name: str,
    path: Path,
    text: encodings.Text,
    dialect: dialects.Dialect,
) -> Part:
    read = str(parts.plain_path(connection, path).absolute())
    errors = parts.private_name("errors")
    return Part(
        name,
        dialect.names,
        ("VARCHAR",) * len(dialect.names),
        read_csv([read], dialect, dialect.names, text.newline, errors),
        path=read,
        text=True,
        bytes=text,
        dialect=dialect,
        errors=errors,
        notes=dialect.notes,
    )


def read_csv(
    paths: Sequence[str],
    dialect: dialects.Dialect,
    names: Sequence[str],
    newline: str,
    errors: str | None = None,
) -> str:
    """The call that reads files of one layout with every cell as text.

    Args:
        paths: Absolute, none with a character that the engine would expand.
        dialect: How they are cut.
        names: The columns.
        newline: How lines end; left to the engine where mixed.
        errors: The temporary table that notes rows which cannot be cut; None: they stop the query.
    """
    options: dict[str, object] = {
        "auto_detect": False,
        "header": False,
        "skip": dialect.skip,
        "delim": dialect.delimiter,
        "quote": dialect.quote,
        "escape": dialect.escape,
        "compression": "none",
        "max_line_size": LONGEST_ROW,
        "buffer_size": 2 * LONGEST_ROW,
        "hive_partitioning": False,
    }
    if newline in ("\n", "\r\n", "\r"):
        options["new_line"] = newline.replace("\r", "\\r").replace("\n", "\\n")
    if errors:
        options |= {
            "store_rejects": True,
            "rejects_table": errors,
            "rejects_scan": f"{errors}_scan",
        }
    options["columns"] = dict.fromkeys(names, "VARCHAR")
    written = ", ".join(f"{key} = {literal(value)}" for key, value in options.items())
    return f"read_csv({literal(list(paths))}, {written})"


def damaged(connection: DuckDBPyConnection, errors: str | None) -> int:
    """How many rows the engine could not cut in the passes so far."""
    if errors is None:
        return 0
    try:
        rows = connection.execute(f"SELECT count(*) FROM {identifier(errors)}").fetchall()
    except duckdb.CatalogException:  # no pass yet
        return 0
    return int(rows[0][0])


def beyond_the_engine(part: Part) -> bool:
    """Whether the engine would, or might, cut a part wrongly without saying so."""
    newline = part.bytes.newline if part.bytes else "\n"
    damaged = part.bytes is not None and part.bytes.invalid > 0
    return damaged or newline == "any" or (newline == "mixed" and len(part.columns) == 1)


def check(connection: DuckDBPyConnection, part: Part) -> bool:
    """Whether the engine can cut every row of a part, by cutting them."""
    if part.errors is None:
        return True
    try:
        connection.execute(f"SELECT count(*) FROM {part.relation}").fetchall()
    except duckdb.Error:
        return False
    return damaged(connection, part.errors) == 0


def _head(path: Path, text: encodings.Text) -> tuple[str, bool]:
    with path.open("rb") as stream:
        stream.seek(text.mark)
        head = stream.read(HEAD)
        while b"\n" not in head and b"\r" not in head and (more := stream.read(8 * HEAD)):
            head += more
        whole = not stream.read(1)
    return head.decode("utf-8", "replace" if whole else "ignore"), whole


def _refuse_binary(name: str, head: str) -> None:
    odd = sum(
        character < " " and character not in "\t\r\n\f\x1b\x1c\x1d\x1e\x1f\x01\x02"
        for character in head[:65536]
    )
    if odd > len(head[:65536]) // 50:
        raise InputError(f"{name}: is not a text file. Export it as CSV, Parquet or JSON lines.")
    if head.lstrip()[:200].lower().startswith(("<!doctype", "<html", "<?xml")):
        raise InputError(
            f"{name}: is a web page or XML, not a table (a log-in page that was saved?). "
            "Export it as CSV."
        )


def _tabs_for_spaces(path: Path, copy: Path, columns: int) -> None:
    with (
        path.open(encoding="utf-8", errors="surrogateescape") as source,
        copy.open("w", encoding="utf-8", errors="surrogateescape", newline="") as out,
    ):
        out.writelines("\t".join(line.split(None, columns - 1)).rstrip() + "\n" for line in source)


def spread(part: Part, rows: int, places: int = 16) -> list[list[str | None]]:
    """Rows from all over a large file, without those that do not fit; empty cells as None."""
    if part.path is None or part.dialect is None or part.bytes is None:
        return []
    dialect, size = part.dialect, Path(part.path).stat().st_size
    found: list[list[str | None]] = []
    with Path(part.path).open("rb") as stream:
        for place in range(places):
            stream.seek(max(part.bytes.mark, size * place // places))
            text = (
                stream.read(HEAD)
                .decode("utf-8", "replace")
                .replace("\r\n", "\n")
                .replace("\r", "\n")
            )
            if place:
                text = text[text.find("\n") + 1 :]
            skip = 0 if place else dialect.skip
            wanted = rows // places
            cut = dialects.records(text, dialect, wanted + skip + 1)
            found += [
                [cell or None for cell in record.cells]
                for record in cut[skip:-1]
                if len(record.cells) == dialect.width
            ]
    return found

"""DuckDB, embedded: a private connection, and the lock that closes it once the inputs are open."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import TYPE_CHECKING

from reltype import folders
from reltype.errors import UsageError
from reltype.sources.quoting import literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from duckdb import DuckDBPyConnection


def connect(threads: int | None = None, memory_limit: str | None = None) -> DuckDBPyConnection:
    """An in-memory connection that spills into a private folder, which goes with it.

    Args:
        threads: At least 1; as many as there are cores where None.
        memory_limit: A size such as `2GB`; DuckDB's own default, 80 % of the memory, where None.

    Raises:
        UsageError: One of them makes no sense.
    """
    import duckdb

    if threads is not None and threads < 1:
        raise UsageError(f"threads must be at least 1, not {threads}.")
    folder = folders.own()
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            # A name that no table has must not become a variable of whoever calls.
            "python_enable_replacements": "false",
        }
    )
    weakref.finalize(connection, folders.drop, folder)
    settings: dict[str, object] = {
        "temp_directory": folder,
        "TimeZone": "UTC",
        "enable_progress_bar": False,
    }
    if threads is not None:
        settings["threads"] = threads
    for name, value in settings.items():
        connection.execute(f"SET {name} = {literal(value)}")
    if memory_limit is not None:
        try:
            if memory_limit.strip().startswith("-"):  # which would mean: without limit
                raise duckdb.ParserException
            connection.execute(f"SET memory_limit = {literal(memory_limit)}")
        except duckdb.Error as error:
            raise UsageError(
                f"memory limit {memory_limit!r} is not a size. "
                "Write a number and a unit, such as 2GB or 500MB."
            ) from error
    return connection


def lock(connection: DuckDBPyConnection, files: Iterable[str]) -> None:
    """Let the connection read these files and its private folder from now on, no more.

    No query can then read another file, write one, attach a database, load an extension or change
    a setting.
    """
    rows = connection.execute("SELECT current_setting('temp_directory')").fetchall()
    folder = str(rows[0][0] or "")
    paths = sorted({str(Path(file).absolute()) for file in files})
    connection.execute(f"SET allowed_paths = {literal(paths)}")
    if folder:
        connection.execute(f"SET allowed_directories = {literal([folder])}")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")

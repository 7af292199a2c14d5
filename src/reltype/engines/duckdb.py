"""DuckDB, embedded: a private connection, the lock that closes it once the inputs are open, and both as an engine."""

from __future__ import annotations

import weakref
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import field, frozen

from reltype.engines import BATCH, EngineError
from reltype.engines.folders import drop_folder, own_folder
from reltype.engines.functions import PluginFunctions
from reltype.engines.quoting import literal
from reltype.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Self

    import pyarrow as pa
    from duckdb import DuckDBPyConnection

    from reltype.engines.functions import Function, FunctionCaller

    Connection: TypeAlias = DuckDBPyConnection


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
    folder = own_folder()
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            # A name that no table has must not become a variable of whoever calls.
            "python_enable_replacements": "false",
        }
    )
    weakref.finalize(connection, drop_folder, folder)
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


def errors() -> tuple[type[Exception], ...]:
    """What a failed query raises: on the connection itself, and through an engine."""
    import duckdb

    return duckdb.Error, EngineError


@cache
def _judge() -> DuckDBPyConnection:
    """A database of nothing, which says what it has against a query."""
    import duckdb

    return duckdb.connect(config={"enable_external_access": "false"})


def complaint(sql: str, *values: str) -> str:
    """What DuckDB has against a query with these values as its parameters; empty: nothing."""
    import duckdb

    with _judge().cursor() as connection:
        try:
            connection.execute(sql, list(values))
        except duckdb.Error as error:
            return str(error).split("\n", 1)[0].split("Error: ")[-1].strip().rstrip(".")
    return ""


def json_lines(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[list[str]]:
    """Each batch's rows as JSON texts."""
    import duckdb
    import pyarrow as pa

    with duckdb.connect() as connection:
        for batch in batches:
            connection.register("batch", pa.Table.from_batches([batch], schema))
            rows = connection.sql("SELECT to_json(batch)::VARCHAR AS line FROM batch")
            yield rows.to_arrow_table().column("line").to_pylist()
            connection.unregister("batch")


TYPES = {"number": "DOUBLE", "text": "VARCHAR", "bool": "BOOLEAN", "time": "TIMESTAMP"}
"""Kinds that a function may take and give, as DuckDB calls them."""

_NUMBERS = count(1)
"""For names of tables: one is nobody else's, on whatever connection it is made."""


@frozen(eq=False)
class DuckDB:
    """DuckDB as an engine: see `reltype.engines.Engine`.

    Attributes:
        reader: Its connection.
    """

    reader: DuckDBPyConnection = field(repr=False)
    _functions: PluginFunctions = field(factory=PluginFunctions, repr=False, init=False)

    @classmethod
    def connect(cls, threads: int | None = None, memory_limit: str | None = None) -> Self:
        """An engine over a connection of its own; the arguments are those of `connect`."""
        return cls(connect(threads, memory_limit))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of a query, in its order."""
        with self._told():
            found: list[tuple[Any, ...]] = self.reader.execute(sql).fetchall()
        return found

    def table(self, sql: str) -> pa.Table:
        """The whole result of a query."""
        with self._told():
            return self.reader.sql(sql).to_arrow_table()

    def batches(self, sql: str, size: int = BATCH) -> Iterator[pa.RecordBatch]:
        """The result of a query, *size* rows at a time, on a cursor of its own."""
        with self._told():
            reader = self.reader.cursor().sql(sql).to_arrow_reader(size)
        return self._read(reader)

    def _read(self, reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        while True:
            with self._told():
                batch = next(reader, None)
            if batch is None:
                return
            if batch.num_rows:
                yield batch

    def materialise(self, what: str | pa.Table, hint: str) -> str:
        """Keep the result of a query, or a table; gives the name of the table that holds it."""
        name = f"{hint}_{next(_NUMBERS)}"
        with self._told():
            if isinstance(what, str):
                self.reader.execute(f"CREATE TABLE {name} AS {what}")
            else:
                self.reader.register(f"{name}_given", what)
                self.reader.execute(f"CREATE TABLE {name} AS SELECT * FROM {name}_given")
                self.reader.unregister(f"{name}_given")
        return name

    def drop(self, name: str) -> None:
        """Let go of a table that `materialise` made."""
        self.reader.execute(f"DROP TABLE IF EXISTS {name}")

    def register(
        self, functions: Mapping[str, tuple[str, Function]], caller: FunctionCaller
    ) -> None:
        """Let queries call *functions*; before `lock`."""
        import duckdb

        for name, (owner, function) in functions.items():
            try:
                self.reader.create_function(  # type: ignore[call-overload]
                    name,
                    self._functions.guarded(owner, function, caller),
                    [TYPES[kind] for kind in function.takes],
                    TYPES[function.gives],
                    type="arrow",
                    null_handling="special",
                )
            except duckdb.CatalogException as error:
                raise caller.error(owner, f"the engine has a function {name}() already.") from error

    def lock(self, files: Iterable[str]) -> None:
        """Let queries read these files and what was materialised, no more."""
        lock(self.reader, files)

    @contextmanager
    def _told(self) -> Iterator[None]:
        import duckdb

        with self._functions.own_errors():
            try:
                yield
            except duckdb.Error as error:
                raise EngineError(str(error)) from error

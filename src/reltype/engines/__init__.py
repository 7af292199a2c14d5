"""What runs the queries, behind one Protocol; DuckDB, embedded, is built in.

Everybody else writes SQL as DuckDB reads it and no engine's Python interface: an engine runs that
text as it stands, or transpiles it (`reltype.scoring.compiled` shows it, and what it becomes).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pyarrow as pa
    from duckdb import DuckDBPyConnection

    from reltype.engines.functions import Function, FunctionCaller

BATCH = 1 << 16
"""Rows of a batch: enough for numpy, few enough for the cache and the memory limit."""


class EngineError(Exception):
    """The engine could not run a query; the text is the engine's own."""


@runtime_checkable
class Engine(Protocol):
    """An opened engine. Each query is one SELECT, as text.

    Where a query fails because a plugin's function failed, the function's own PluginError is
    raised, else an EngineError.
    """

    @property
    def reader(self) -> DuckDBPyConnection:
        """The DuckDB connection that files and frames are opened on, whatever the engine."""

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of a query, in its order."""

    def table(self, sql: str) -> pa.Table:
        """The whole result of a query."""

    def batches(self, sql: str, size: int = BATCH) -> Iterator[pa.RecordBatch]:
        """The result of a query in its order, *size* rows at a time; none of them is empty.

        The query is begun at once, and others may be run before its last batch was taken.
        """

    def materialise(self, what: str | pa.Table, hint: str) -> str:
        """Keep the result of a query, or a table, and give the name of the table that holds it.

        The name begins with *hint* and is nobody else's on this engine.
        """

    def drop(self, name: str) -> None:
        """Let go of a table that `materialise` made."""

    def register(
        self, functions: Mapping[str, tuple[str, Function]], caller: FunctionCaller
    ) -> None:
        """Let queries call *functions*, given as name → (owner, function); before `lock`.

        Raises:
            PluginError: The engine has a function of that name.
        """

    def lock(self, files: Iterable[str]) -> None:
        """From now on queries read these files and what was materialised, and change no setting."""


def first(engine: Engine, sql: str) -> dict[str, Any]:
    """The first row of a query, by column; empty if it has none."""
    found: list[dict[str, Any]] = engine.table(sql).slice(0, 1).to_pylist()
    return found[0] if found else {}

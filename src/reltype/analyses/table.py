"""Table: whatever holds rows (a file, a frame, a database), opened as it is; no column need be ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Self

from attrs import field, frozen

from reltype import sources
from reltype.engines import EngineError, limits
from reltype.engines.duckdb import DuckDB
from reltype.errors import InputError, did_you_mean
from reltype.mapping.casts import Cells
from reltype.mapping.columns import columns_of
from reltype.sources import files
from reltype.sources.frames import first_line

if TYPE_CHECKING:
    import pyarrow as pa

    from reltype.engines import Engine
    from reltype.mapping.columns import Column
    from reltype.sources import Source


@frozen(eq=False)
class Table:
    """A table that was opened.

    Attributes:
        engine: What runs the queries.
        source: What gives the rows.
        relation: What stands behind FROM.
        columns: Its columns and their types.
        sample: Some of its rows.
        notes: Sentences for people.
    """

    engine: Engine = field(repr=False)
    source: Source
    relation: str = field(repr=False)
    columns: Mapping[str, str] = field(repr=False)
    sample: pa.Table = field(repr=False)
    notes: tuple[str, ...] = ()
    _known: dict[str, Column] = field(factory=dict, repr=False, init=False)

    @classmethod
    def opened(
        cls,
        data: object,
        *,
        table: str | None = None,
        encoding: str | None = None,
        threads: int | None = None,
        memory_limit: str | None = None,
        timeout: float | None = None,
        empty: str = "There is nothing to read.",
    ) -> Self:
        """Open a table, on a connection of its own that may read nothing else.

        Args:
            data: What `classify` takes.
            table: Which table of a database, or sheet of a workbook.
            encoding: What a text file is written in.
            threads: How many threads the engine may use.
            memory_limit: What the engine may hold, such as `2GB`.
            timeout: Seconds that opening may take; None or 0: no limit.
            empty: What is said of a table without rows.

        Raises:
            InputError: It cannot be read, or has no rows.
        """
        engine = DuckDB.connect(threads, memory_limit)
        # Before anything is looked at: a file may hold what its maker wants to be run.
        engine.lock(files.readable(data))
        with limits.within(engine.reader, timeout, "opening the table"):
            source = sources.open_source(engine.reader, data, table=table, encoding=encoding)
            rechecked = _rechecked(engine, source)
            shown = sources.sample(engine.reader, rechecked)
            columns = dict(zip(rechecked.columns, map(str.upper, rechecked.types), strict=True))
            if shown.num_rows == 0:
                raise InputError(f"{source.name}: has no rows. {empty}")
            notes = (*rechecked.notes, *_malformed(engine, rechecked))
            return cls(engine, rechecked, rechecked.relation, columns, shown, notes)

    @property
    def name(self) -> str:
        """As shown to people."""
        return self.source.name

    def column(self, name: str) -> str:
        """The column that is called so, letter case and blanks apart.

        Raises:
            InputError: There is none; the text offers the nearest.
        """
        found = Cells.of(self.columns, self.name).column(name)
        if found is None:
            hint = did_you_mean(name, self.columns)
            raise InputError(f"{self.name}: there is no column {name!r}.{hint}")
        return found

    def profiles(self, names: Sequence[str]) -> list[Column]:
        """What columns look like; each is looked at once."""
        new = [name for name in dict.fromkeys(names) if name not in self._known]
        if new:
            types = [self.columns[name] for name in new]
            found = columns_of(new, types, self.sample.select(new))
            self._known.update(zip(new, found, strict=True))
        return [self._known[name] for name in names]


def _rechecked(engine: Engine, source: Source) -> Source:
    """The source, cut anew where the engine could not cut it; every row of it was looked at."""
    if not any(part.dialect for part in source.parts):
        return source
    failed = False
    try:
        engine.rows(f"SELECT count(COLUMNS(*)) FROM {source.relation}")
    except EngineError as error:
        limits.check()
        failed = True
        if sources.recheck(engine.reader, source, failed=True) is source:
            raise InputError(f"{source.name}: cannot be read: {first_line(error)}") from error
    return sources.recheck(engine.reader, source, failed=failed)


def _malformed(engine: Engine, source: Source) -> list[str]:
    """How many lines could not be cut into cells."""
    count = 0
    for part in source.parts:
        if part.rejects:
            count += engine.rows(f"SELECT count(*) FROM {part.rejects}")[0][0]
    lines = "line" if count == 1 else "lines"
    return [f"{count:,} {lines} could not be cut into cells: left out."] if count else []

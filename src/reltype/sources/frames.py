"""Tables in memory: frames, Arrow data, lists of dicts, relations."""

# ruff: noqa: ANN401 - frames come from libraries that are not imported here

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from reltype.engines.quoting import identifier
from reltype.errors import InputError, UsageError
from reltype.sources import parts
from reltype.sources.dialects import unique_names
from reltype.sources.parts import Part

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def open_frame(connection: DuckDBPyConnection, thing: object) -> Part:
    """A part that scans a table in memory as it is; of a stream, a copy.

    Raises:
        UsageError: The thing is no table.
        InputError: The table cannot be read.
    """
    name = f"<{type(thing).__name__}>"
    table = (
        _relation(connection, thing)
        if isinstance(thing, duckdb.DuckDBPyRelation)
        else _arrow(thing, name)
    )
    if isinstance(table, pa.RecordBatchReader):
        return stream_part(connection, name, table)
    parts.few(name, len(table.column_names))
    names, changes = unique_names([str(column).strip() for column in table.column_names])
    if not names:
        raise InputError(f"{name}: has no columns. There is nothing to read.")
    view = parts.private_name("frame")
    columns = [_held(column) for column in table.columns]
    connection.register(view, pa.table(columns, names=list(names)))
    return table_part(connection, name, view, changes)


def stream_part(
    connection: DuckDBPyConnection,
    name: str,
    reader: pa.RecordBatchReader,
    notes: tuple[str, ...] = (),
) -> Part:
    """A part over a temporary table that holds what a stream of record batches gives."""
    parts.few(name, len(reader.schema.names))
    names, changes = unique_names([str(column).strip() for column in reader.schema.names])
    types = [_held(pa.array([], field.type)).type for field in reader.schema]
    schema = pa.schema(list(zip(names, types, strict=True)))
    renamed = pa.RecordBatchReader.from_batches(
        schema,
        (
            pa.RecordBatch.from_arrays(list(map(_held, batch.columns)), schema=schema)
            for batch in reader
        ),
    )
    view, kept = parts.private_name("stream"), parts.private_name("table")
    connection.register(view, renamed)
    try:
        connection.execute(
            f"CREATE TEMP TABLE {identifier(kept)} AS SELECT * FROM {identifier(view)}"
        )
    except (duckdb.Error, pa.ArrowException) as error:
        raise InputError(f"{name}: cannot be read: {first_line(error)}") from error
    finally:
        connection.unregister(view)
    return table_part(connection, name, kept, (*notes, *changes))


def table_part(
    connection: DuckDBPyConnection, name: str, table: str, notes: tuple[str, ...] = ()
) -> Part:
    """A part over a table or view that the connection already has."""
    columns, types = described(connection, identifier(table))
    if not columns:
        raise InputError(f"{name}: has no columns. There is nothing to read.")
    return Part(name, columns, types, identifier(table), notes=notes)


def described(
    connection: DuckDBPyConnection, relation: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names and DuckDB's types of a relation's columns."""
    rows = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    return tuple(str(row[0]) for row in rows), tuple(str(row[1]) for row in rows)


def first_line(error: Exception) -> str:
    """What an engine's error says, without its kind and its advice on options that we set."""
    line = str(error).strip().split("\n", 1)[0]
    if "unicode" in line.lower():
        return "it holds text that is not UTF-8."
    kind, _, rest = line.partition(" Error: ")
    return rest if rest and len(kind) < 40 else line


def _arrow(thing: Any, name: str) -> Any:
    """A thing as an Arrow table, or as a reader where it is a stream."""
    module = type(thing).__module__.partition(".")[0]
    if module in {"pandas", "polars"} and hasattr(thing, "to_frame") and not _has_columns(thing):
        thing = thing.to_frame()  # a series
    if module == "pandas" and hasattr(thing, "columns"):
        return _from_pandas(thing)
    if module == "polars" and _has_columns(thing):
        return _from_polars(thing)
    if module == "pyarrow" and (found := _from_arrow(thing)) is not None:
        return found
    if isinstance(thing, Iterator):
        thing = list(thing)
        if thing and all(isinstance(batch, pa.RecordBatch) for batch in thing):
            return pa.Table.from_batches(thing)
    if (rows := _from_python(thing, name)) is not None:
        return rows
    if hasattr(thing, "__arrow_c_stream__"):
        return pa.RecordBatchReader.from_stream(thing)
    if isinstance(thing, Sequence) and not thing:
        raise InputError(f"{name}: is empty. There is nothing to read.")
    raise UsageError(
        f"cannot read a {type(thing).__name__}. Give a path, a list of paths or of dicts, "
        "a pandas, polars or Arrow table, a DuckDB relation, or anything with __arrow_c_stream__."
    )


def _from_python(thing: Any, name: str) -> Any:
    """A dict of columns, or a list of dicts, as a table; None for anything else."""
    if (
        isinstance(thing, Mapping)
        and thing
        and all(isinstance(held, Sequence) for held in thing.values())
    ):
        return _from_columns({str(key): list(held) for key, held in thing.items()}, name)
    if isinstance(thing, Sequence) and thing and all(isinstance(row, Mapping) for row in thing):
        keys = dict.fromkeys(key for row in thing for key in row)
        return _from_columns({str(key): [row.get(key) for row in thing] for key in keys}, name)
    return None


def _from_arrow(thing: Any) -> Any:
    """What pyarrow itself has: a table, a batch, a reader, a data set, a scanner; or None."""
    if isinstance(thing, pa.Table | pa.RecordBatchReader):
        return thing
    if isinstance(thing, pa.RecordBatch):
        return pa.Table.from_batches([thing])
    scanner = thing.scanner() if hasattr(thing, "scanner") else thing
    return scanner.to_reader() if hasattr(scanner, "to_reader") else None


def _from_polars(frame: Any) -> Any:
    held = frame.collect() if hasattr(frame, "collect") else frame
    # Arrow has no whole numbers of 128 bits, and no objects of Python's.
    wide = [name for name, kind in held.schema.items() if str(kind) in {"Int128", "UInt128"}]
    return held.cast(dict.fromkeys(wide, str)).to_arrow() if wide else held.to_arrow()


def _has_columns(thing: Any) -> bool:
    return hasattr(thing, "collect") or hasattr(thing, "columns")


def _held(column: Any) -> Any:  # noqa: PLR0911 - a line for each kind of type
    """A column as a type that the engine reads; what nothing fits, as text.

    A time that knows its zone becomes the day and hour there: it keeps its own, as one that is
    written with an offset does; UTC stays UTC.
    """
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        column = column.cast(kind.storage_type) if hasattr(column, "cast") else column.storage
        kind = column.type
    if pa.types.is_run_end_encoded(kind):
        return _held(pc.run_end_decode(column))
    if pa.types.is_dictionary(kind):
        value = _held(pa.array([], kind.value_type)).type
        return column if value == kind.value_type else _held(column.cast(kind.value_type))
    if pa.types.is_float16(kind):
        return column.cast(pa.float32())
    if pa.types.is_timestamp(kind) and kind.tz and kind.tz.upper() not in _UTC:
        return pc.local_timestamp(column)
    if kind == pa.binary_view():
        return column.cast(pa.binary())
    if pa.types.is_null(kind) or kind == pa.string_view():
        return column.cast(pa.string())
    if pa.types.is_decimal256(kind) or pa.types.is_union(kind):
        return pa.array([_text(value.as_py()) for value in column], pa.string())
    return column


_UTC = {"UTC", "ETC/UTC", "+00:00", "Z", "GMT"}


def _text(value: Any) -> str | None:
    """A value as text, `7` and `7.0` alike."""
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if hasattr(value, "normalize") and hasattr(value, "as_tuple"):  # a Decimal
        written = f"{value:f}"
        return written.rstrip("0").rstrip(".") if "." in written else written
    return str(value)


def _relation(connection: DuckDBPyConnection, relation: Any) -> Any:
    """A relation's stream; a table where it lives on the very connection that is to read it."""
    stream = relation.to_arrow_reader()
    try:
        connection.execute("SELECT 1").fetchall()
    except duckdb.Error:
        stream.close()
        del stream
        return relation.to_arrow_table()
    return stream


def _from_pandas(frame: Any) -> Any:
    import pandas as pd

    if any(level is not None for level in frame.index.names):  # what a groupby leaves
        frame = frame.reset_index()
    columns = {}
    for place, name in enumerate(frame.columns):
        column = frame.iloc[:, place]
        if isinstance(column.dtype, pd.PeriodDtype):  # the moment at which it begins
            column = column.dt.start_time
        elif isinstance(column.dtype, pd.SparseDtype):
            column = column.sparse.to_dense()
        columns[place] = _from_series(column)
        frame_name = "_".join(map(str, name)) if isinstance(name, tuple) else str(name)
        columns[place] = (frame_name, columns[place])
    return pa.table(
        [held for _, held in columns.values()], names=[name for name, _ in columns.values()]
    )


def _from_series(column: Any) -> Any:
    """A pandas column as an Arrow array; as text where Arrow has no type for all of it."""
    import pandas as pd

    if column.dtype != object or not _has_offsets(column):
        try:
            return pa.Array.from_pandas(column)
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            pass
    missing = pd.isna(column)
    texts = [None if gone else _text(v) for v, gone in zip(column, missing, strict=True)]
    return pa.array(texts, pa.string())


def _has_offsets(column: Any) -> bool:
    """Whether it holds times of several zones, of which Arrow would keep the first."""
    zones = {value.utcoffset() for value in column.head(1000) if hasattr(value, "utcoffset")}
    return len(zones - {None}) > 1


def _from_columns(columns: Mapping[str, list[Any]], name: str) -> Any:
    if len({len(held) for held in columns.values()}) > 1:
        raise InputError(f"{name}: its columns are not of one length.")
    return pa.table([_array(held) for held in columns.values()], names=list(columns))


def _array(values: list[Any]) -> Any:
    """An Arrow array; text where the values are of several types."""
    try:
        return pa.array(values)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        gone = {id(value) for value in values if value != value}  # noqa: PLR0124 - NaN, NaT
        return pa.array([None if id(v) in gone else _text(v) for v in values], pa.string())

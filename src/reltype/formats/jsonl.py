"""JSON lines: an object per customer, lists and structs as they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


def write(schema: pa.Schema, batches: Iterable[pa.RecordBatch], stream: IO[bytes]) -> None:
    """Write one object a line."""
    for lines in objects(schema, batches):
        stream.write("".join(f"{line}\n" for line in lines).encode())


def objects(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[list[str]]:
    """Each batch's rows as JSON texts, made by the engine."""
    import duckdb
    import pyarrow as pa

    with duckdb.connect() as connection:
        for batch in batches:
            connection.register("batch", pa.Table.from_batches([batch], schema))
            rows = connection.sql("SELECT to_json(batch)::VARCHAR AS line FROM batch")
            yield rows.to_arrow_table().column("line").to_pylist()
            connection.unregister("batch")

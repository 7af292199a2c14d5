"""Parquet: the result as it is, lists and all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


def write(schema: pa.Schema, batches: Iterable[pa.RecordBatch], stream: IO[bytes]) -> None:
    """Write a row group per batch. Readings and probabilities hardly repeat: no dictionaries."""
    import pyarrow as pa
    from pyarrow import parquet

    worded = [f.name for f in schema if not pa.types.is_floating(f.type)]
    with parquet.ParquetWriter(
        stream, schema, compression="snappy", use_dictionary=worded
    ) as writer:
        for batch in batches:
            writer.write_batch(batch)

"""JSON lines: an object per customer, lists and structs as they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import IO, TYPE_CHECKING

from reltype.engines.duckdb import json_lines

if TYPE_CHECKING:
    import pyarrow as pa


def write(schema: pa.Schema, batches: Iterable[pa.RecordBatch], stream: IO[bytes]) -> None:
    """Write one object a line."""
    for lines in objects(schema, batches):
        stream.write("".join(f"{line}\n" for line in lines).encode())


def objects(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[list[str]]:
    """Each batch's rows as JSON texts, made by the engine."""
    yield from json_lines(schema, batches)

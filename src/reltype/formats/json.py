"""JSON: one array of objects."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import IO, TYPE_CHECKING

from reltype.formats.jsonl import objects

if TYPE_CHECKING:
    import pyarrow as pa


def write(schema: pa.Schema, batches: Iterable[pa.RecordBatch], stream: IO[bytes]) -> None:
    """Write an array with an object per customer, one a line."""
    before = "[\n"
    for line in chain.from_iterable(objects(schema, batches)):
        stream.write(f"{before}{line}".encode())
        before = ",\n"
    stream.write(b"\n]\n" if before == ",\n" else b"[]\n")

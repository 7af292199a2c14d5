"""CSV: UTF-8, commas, a header; lists joined, formulas neutralised."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, TYPE_CHECKING

from pyarrow import csv

from reltype.formats import flat

if TYPE_CHECKING:
    import pyarrow as pa


def write(schema: pa.Schema, batches: Iterable[pa.RecordBatch], stream: IO[bytes]) -> None:
    """Write a header line and a line per row; null is an empty cell."""
    options = csv.WriteOptions(quoting_style="needed", quoting_header="none")
    with csv.CSVWriter(stream, flat.schema(schema), write_options=options) as writer:
        for batch in batches:
            writer.write_batch(flat.batch(batch))

"""Markdown: the terminal's table for a page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, TYPE_CHECKING

from reltype.formats import table

if TYPE_CHECKING:
    import pyarrow as pa


def write(schema: pa.Schema, batches: Iterable[pa.RecordBatch], stream: IO[bytes]) -> None:
    """Write every row as a GitHub table."""
    table.write(schema, batches, stream, "github")

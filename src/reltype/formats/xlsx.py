"""XLSX: one sheet; texts are texts, never formulas."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import IO, TYPE_CHECKING

from reltype.errors import OutputError, UsageError
from reltype.formats import flat

if TYPE_CHECKING:
    import pyarrow as pa

MOST_ROWS = 1_048_575


def write(schema: pa.Schema, batches: Iterable[pa.RecordBatch], stream: IO[bytes]) -> None:
    """Write a header and a row per customer.

    Raises:
        OutputError: More rows than a sheet holds.
        UsageError: openpyxl is not installed.
    """
    try:
        from openpyxl import Workbook
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    except ImportError as error:
        raise UsageError("XLSX needs openpyxl: pip install 'reltype[xlsx]'.") from error
    book = Workbook(write_only=True)
    sheet = book.create_sheet("relationships")
    sheet.append(schema.names)
    rows = 0
    for batch in batches:
        rows += batch.num_rows
        if rows > MOST_ROWS:
            raise OutputError(f"A sheet holds {MOST_ROWS} rows; write CSV or Parquet instead.")
        for row in zip(*(c.to_pylist() for c in flat.batch(batch).columns), strict=True):
            cells = []
            for value in row:
                if isinstance(value, str):
                    made = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value))
                    made.data_type = "s"
                    cells.append(made)
                else:
                    cells.append(value)
            sheet.append(cells)
    # A zip writer that meets a full disk complains once more when it is thrown away.
    whole = BytesIO()
    book.save(whole)
    stream.write(whole.getbuffer())

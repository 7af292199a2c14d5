"""Table: what a person reads on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import IO, TYPE_CHECKING, Any

from reltype.formats.printing import markdown, printable

if TYPE_CHECKING:
    import pyarrow as pa

SHOWN = ("customer_id", "archetype", "confidence", "status", "reasons", "benefits")
"""The result's columns that fit a terminal; other tables are shown whole."""


def write(
    schema: pa.Schema,
    batches: Iterable[pa.RecordBatch],
    stream: IO[bytes],
    style: str = "simple",
) -> None:
    """Write every row as an aligned table."""
    rows = [row for batch in batches for row in batch.to_pylist()]
    stream.write(f"{text(schema.names, rows, style)}\n".encode())


def text(names: list[str], rows: list[dict[str, Any]], style: str = "simple") -> str:
    """*rows* as a table; identifiers stay as they are written."""
    shown = [n for n in SHOWN if n in names] if set(SHOWN) <= set(names) else names
    return aligned(shown, ([cell(name, row) for name in shown] for row in rows), style)


def aligned(head: Sequence[str], rows: Iterable[Sequence[object]], style: str = "simple") -> str:
    """*rows* of cells under *head* in columns: the one way in which a table is printed.

    Cells are text: an identifier such as `007` stays as it is written, and what would move a
    terminal's cursor, or be markup on a page, is shown as it is.

    Args:
        head: What the columns are called.
        rows: Cells, as many as *head* has.
        style: One of tabulate's; `github` and `pipe` are Markdown.
    """
    from tabulate import tabulate

    safe = markdown if style in {"github", "pipe"} else printable
    cells = [[safe(str(cell)) for cell in row] for row in rows]
    heads = [safe(name) for name in head]
    made: str = tabulate(cells, headers=heads, tablefmt=style, disable_numparse=True)
    return made


def cell(name: str, row: dict[str, Any]) -> str:
    """One value for a person: two digits, the first of a list, why somebody is unclassified."""
    value = row[name]
    if name == "archetype" and row.get("unclassified_because"):
        return f"{value} ({row['unclassified_because']})"
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, list):
        first = [v["text"] if "text" in v else v["name"] for v in value if isinstance(v, dict)]
        return "; ".join((first or [str(v) for v in value])[:2])
    return str(value)

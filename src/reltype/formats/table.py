"""Table: what a person reads on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import IO, TYPE_CHECKING, Any

from reltype.formats.printing import columns, folded, markdown, printable

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


def text(
    names: list[str],
    rows: list[dict[str, Any]],
    style: str = "simple",
    *,
    width: int | None = None,
) -> str:
    """*rows* as a table; identifiers stay as they are written. For *width* see `aligned`."""
    shown = [n for n in SHOWN if n in names] if set(SHOWN) <= set(names) else names
    return aligned(shown, [[cell(name, row) for name in shown] for row in rows], style, width=width)


def aligned(
    head: Sequence[str],
    rows: Iterable[Sequence[object]],
    style: str = "simple",
    *,
    width: int | None = None,
) -> str:
    """*rows* of cells under *head* in columns: the one way in which a table is printed.

    Cells are text: an identifier such as `007` stays as it is written, and what would move a
    terminal's cursor, or be markup on a page, is shown as it is.

    Args:
        head: What the columns are called.
        rows: Cells, as many as *head* has.
        style: One of tabulate's; `github` and `pipe` are Markdown.
        width: Columns that the whole may take: the widest cells go over several lines. None: all
            that they need; so it is on a page of Markdown.
    """
    from tabulate import tabulate

    safe = markdown if style in {"github", "pipe"} else printable
    cells = [[safe(str(cell)) for cell in row] for row in rows]
    heads = [safe(name) for name in head]
    if width is not None and style == "simple" and cells:
        heads, *cells = _narrowed([heads, *cells], width)
    made: str = tabulate(cells, headers=heads, tablefmt=style, disable_numparse=True)
    return made


LONG_WORD = 24
"""Letters of a word from which it may be cut to make room."""

_PAD = 2
"""Columns by which tabulate makes a column wider than its head."""


def _narrowed(rows: list[list[str]], width: int) -> list[list[str]]:
    """*rows*, heads first, with the widest columns folded until all fit beside each other.

    No word is cut that is shorter than `LONG_WORD`: a table of many short columns stays wider.
    """
    wide, least = [], []
    for place, head in enumerate(rows[0]):
        cells = [row[place] for row in rows[1:]]
        words = [columns(word) for text in cells for word in text.split()]
        heads = [columns(word) + _PAD for word in head.split()]
        wide.append(max([columns(head) + _PAD, *map(columns, cells)]))
        least.append(max([1, *heads, *(min(word, LONG_WORD) for word in words)]))
    room = width - 2 * (len(wide) - 1)
    while sum(wide) > room:
        loose = [place for place in range(len(wide)) if wide[place] > least[place]]
        if not loose:
            break
        widest = max(loose, key=lambda place: wide[place])
        wide[widest] -= 1
    return [
        [
            "\n".join(folded(text, most - (0 if number else _PAD)))
            for text, most in zip(row, wide, strict=True)
        ]
        for number, row in enumerate(rows)
    ]


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

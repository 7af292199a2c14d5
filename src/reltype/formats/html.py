"""HTML: what a notebook shows of a value: escaped, no script, no colours of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from reltype.formats.printing import printable


def safe(text: object) -> str:
    """*text* as HTML holds it: a stranger's text stays text."""
    return escape(printable(str(text)))


def paragraph(text: str) -> str:
    """A paragraph; nothing for no text."""
    return f"<p>{safe(text)}</p>" if text else ""


def listed(sentences: Iterable[str]) -> str:
    """A list; nothing without sentences."""
    items = "".join(f"<li>{safe(sentence)}</li>" for sentence in sentences)
    return f"<ul>{items}</ul>" if items else ""


def table(heads: Sequence[str], rows: Iterable[Sequence[object]], caption: str = "") -> str:
    """A table, its first cells the rows' heads; None is an empty cell."""
    told = f"<caption>{safe(caption)}</caption>" if caption else ""
    head = "".join(f'<th scope="col">{safe(name)}</th>' for name in heads)
    body = "".join(
        f'<tr><th scope="row">{_cell(row[0])}</th>'
        + "".join(f"<td>{_cell(value)}</td>" for value in row[1:])
        + "</tr>"
        for row in rows
    )
    return f"<table>{told}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: object) -> str:
    return "" if value is None else safe(value)

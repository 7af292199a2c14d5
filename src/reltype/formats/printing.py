"""What a terminal is given."""

from __future__ import annotations


def printable(text: str) -> str:
    """*text* without control characters: a stranger's cell must not move a terminal's cursor."""
    return "".join(c if c.isprintable() else "�" for c in text)

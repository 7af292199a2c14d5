"""What a terminal, and a page of Markdown, is given of strangers' texts."""

from __future__ import annotations

import re

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]"
)
"""What moves a cursor, rings, hides or turns text round; joiners of scripts and emoji are none."""

_MARKS = re.compile(r"([\\`*\[\]<>&|~])|(?<!\w)(_)|(_)(?!\w)|(?<=:)(//)|(?<=www)(\.)|(@)")


def printable(text: str) -> str:
    """*text* without control characters: a stranger's cell must not move a terminal's cursor."""
    return "".join(c if c.isprintable() else "�" for c in text)


def clean(text: str) -> str:
    """*text* without what a terminal would obey, line breaks and tabs left."""
    return _UNSEEN.sub("�", text.replace("\r\n", "\n"))


def markdown(text: str) -> str:
    """*text* as Markdown that shows it as it is: no HTML, links, emphasis or cells of its own."""
    marked = _MARKS.sub(lambda match: f"\\{match[0]}", text)
    return printable(" ".join(marked.splitlines()))

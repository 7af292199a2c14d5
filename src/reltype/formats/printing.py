"""What a terminal, and a page of Markdown, is given of strangers' texts."""

from __future__ import annotations

import re
import unicodedata

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]"
)
"""What moves a cursor, rings, hides or turns text round; joiners of scripts and emoji are none."""

_MARKS = re.compile(r"([\\`*\[\]<>&|~])|(?<!\w)(_)|(_)(?!\w)|(?<=:)(//)|(?<=www)(\.)|(@)")


def printable(text: str) -> str:
    """*text* without control characters: a stranger's cell must not move a terminal's cursor."""
    return "".join(c if c.isprintable() else "�" for c in text)


def counted(number: int, noun: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def clean(text: str) -> str:
    """*text* without what a terminal would obey, line breaks and tabs left."""
    return _UNSEEN.sub("�", text.replace("\r\n", "\n"))


def markdown(text: str) -> str:
    """*text* as Markdown that shows it as it is: no HTML, links, emphasis or cells of its own."""
    marked = _MARKS.sub(lambda match: f"\\{match[0]}", text)
    return printable(" ".join(marked.splitlines()))


def columns(text: str) -> int:
    """How many columns of a terminal *text* takes: letters of East Asia take two, accents none."""
    return sum(map(_columns, text))


def _columns(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def padded(text: str, width: int) -> str:
    """*text*, filled with blanks to *width* columns."""
    return text + " " * (width - columns(text))


def cut(text: str, width: int) -> str:
    """*text* on one line of at most *width* columns, an ellipsis where more would follow."""
    text = printable(" ".join(text.split()))
    if columns(text) <= width:
        return text
    kept, used = "", 1
    for letter in text:
        used += _columns(letter)
        if used > width:
            break
        kept += letter
    return f"{kept.rstrip()}…"


def folded(text: str, width: int, *, indent: str = "", after: str = "") -> list[str]:
    """*text* in lines of at most *width* columns besides *indent*; words that are longer are cut up.

    Args:
        text: Words; a stranger's letters command no terminal.
        width: Columns of a line.
        indent: What goes before the first line.
        after: What goes before the others; it counts as part of their width beyond *indent*.
    """
    lines, line = [], ""
    room = width
    for word in printable(" ".join(text.split())).split(" "):
        rest = word
        while (line and columns(f"{line} {rest}") > room) or columns(rest) > room:
            if (line and columns(rest) <= room) or columns(line) > room // 2:
                lines.append(line)
                line = ""
            else:
                head = _head(rest, room - columns(line) - bool(line))
                lines.append(f"{line} {head}".strip())
                line, rest = "", rest[len(head) :]
            room = width - len(after) + len(indent)
        line = f"{line} {rest}".strip() if line else rest
    lines.append(line)
    return [f"{after if place else indent}{line}" for place, line in enumerate(lines)]


def _head(word: str, width: int) -> str:
    """As much of *word* as fits, at least a letter."""
    used = 0
    for place, letter in enumerate(word):
        used += _columns(letter)
        if used > width and place:
            return word[:place]
    return word


def note(sentence: str) -> str:
    """A note as it stands below a command's output: a sentence in one line.

    It is not folded, and no stop stands after a quote or a bracket: what it says to write can be
    copied as it stands.
    """
    text = " ".join(sentence.split())
    end = "" if text.endswith((".", '"', "'", "}", "]")) else "."
    return printable(f"Note: {text}{end}")

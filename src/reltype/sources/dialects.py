"""How a text file writes a table: delimiter, quotes, lines above the header, the header itself.

Decided on the file's beginning by parsing it with every candidate and keeping the one under which
the records agree most.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from reltype.sources.records import NOT_CLOSED, Lines, Marks, Record, cut

if TYPE_CHECKING:
    from collections.abc import Sequence

# The usual ones first; the others stand in ordinary text too often to win on equal terms.
DELIMITERS = {
    ",": 1.0,
    ";": 1.0,
    "\t": 1.0,
    "|": 1.0,
    "\x1f": 0.9,
    "\x01": 0.9,
    "^": 0.7,
    "~": 0.7,
    "!": 0.5,
    ":": 0.4,
}

_ABOVE = 50
"""Records among which the header must stand."""

_TITLES = 12
"""Lines that a report writes about itself, at most."""

_DECLARED = re.compile(r'^"?sep=(.)"?[;,]*$', re.IGNORECASE)
_NUMBER = re.compile(r"[-+(]?\s*[$€£¥]?\s*[-+]?\d[\d.,' ]*(?:[eE][-+]?\d+)?\s*[%$€£¥)]?")
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?|\d{1,2}:\d{2}(:\d{2})?")


@frozen
class Dialect(Marks):
    """How to cut a file into rows and cells.

    Attributes:
        skip: Records above the first row: preamble and header, blank lines included.
        lines: The same in physical lines.
        header: There was a header.
        names: The columns, unique whatever the case of their letters.
        notes: What was found odd, in sentences.
    """

    skip: int = 1
    lines: int = 1
    header: bool = True
    names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """The number of columns."""
        return len(self.names)


def records(text: str, marks: Marks, limit: int = 1000, *, whole: bool = True) -> list[Record]:
    """The first records of a text, blank lines as records of no cells.

    Args:
        text: The beginning of a file.
        marks: What sets cells apart.
        limit: How many at most.
        whole: The text is a whole file; else its last record may be cut off and is left out.
    """
    found = list(islice(cut(Lines(io.StringIO(text, newline="")), marks), limit))
    if whole or len(found) == limit or len(found) < 2:
        return found
    last = next((n for n, record in enumerate(found) if record.reason == NOT_CLOSED), len(found))
    return found[: max(min(last, len(found) - 1), 1)]


def sniff(head: str, *, whole: bool) -> Dialect:
    """The dialect of a file that begins with `head`.

    Args:
        head: Up to some hundred kilobytes of it.
        whole: That is the whole file.
    """
    declared = _DECLARED.match(re.split("[\r\n]", head, maxsplit=1)[0])
    best: tuple[float, int] = (-1.0, 0)
    chosen, found = Marks(","), list[Record]()
    for delimiter, weight in ({declared[1]: 1.0} if declared else DELIMITERS).items():
        if delimiter not in head and delimiter != ",":
            continue
        spaced = re.search(re.escape(delimiter) + ' +"', head) is not None
        for quote, escape in _quotings(head):
            marks = Marks(delimiter, quote, escape, spaced)
            taken = records(head, marks, whole=whole)
            score = _agreement(taken[1:] if declared else taken, weight)
            if score > best:
                best, chosen, found = score, marks, taken
    return _described(found, chosen, declared=declared is not None)


def _quotings(head: str) -> list[tuple[str, str]]:
    quotings = [('"', '"')]
    if '\\"' in head:
        quotings.append(('"', "\\"))
    if '"' not in head and re.search(r"(?m)^'[^'\n]*'[,;\t|]'", head):
        quotings.append(("'", "'"))
    return quotings


def _agreement(found: Sequence[Record], weight: float) -> tuple[float, int]:
    """How well the records agree in their number of cells, and that number."""
    widths = Counter(len(record.cells) for record in found if any(record.cells))
    if not widths:
        return -1.0, 0
    width, count = max(widths.items(), key=lambda item: (item[1] * (item[0] > 1), item[0]))
    if width < 2:
        return 0.0, width
    return weight * count / (
        widths.total() + sum(record.reason is not None for record in found)
    ), width


def _described(found: list[Record], marks: Marks, *, declared: bool) -> Dialect:
    notes = []
    if declared:
        notes.append(f"skipped the first line, which says sep={marks.delimiter}")
    above = _preamble(found, start=1 if declared else 0)
    dialect = Dialect(marks.delimiter, marks.quote, marks.escape, marks.spaced)
    if above == len(found):
        end = found[-1].end if found else 0
        return evolve(dialect, skip=above, lines=end, header=False, notes=tuple(notes))
    passed = sum(any(record.cells) for record in found[declared:above])
    if passed:
        notes.append(f"skipped {passed} line{'s' * (passed > 1)} above the header")
    body = [record.cells for record in found[above + 1 :] if any(record.cells)]
    first = [cell.strip().strip("\ufeff") for cell in found[above].cells]
    header = _is_header(first, body)
    if not header:
        notes.append("has no header: its columns are called column_1, column_2 …")
        body = [found[above].cells, *body]
    width = _width(len(first), body)
    wanted = first if header else [""] * width
    if header and width == len(first) + 1:
        wanted = ["", *first]
        notes.append(
            "has one column more than its header names: the first is taken to be without a name"
        )
    names, changes = unique_names(wanted)
    return evolve(
        dialect,
        skip=above + header,
        lines=(found[above].end if header else found[above - 1].end if above else 0),
        header=header,
        names=names,
        notes=(*notes, *(changes if header else ())),
    )


def _preamble(found: Sequence[Record], start: int) -> int:
    """How many records stand above the header: blank lines, and titles narrower than the table."""
    widths = Counter(len(record.cells) for record in found[start:] if any(record.cells))
    width = max(widths, key=lambda width: (widths[width], width), default=0)
    for place, record in enumerate(found[start : start + _ABOVE], start):
        if not any(record.cells):
            continue
        filled = sum(bool(cell.strip()) for cell in record.cells)
        title = (width > 1 and len(record.cells) < width - 1) or (width > 2 and filled == 1)
        if not title:
            return _below(found, place, width) if width > 1 else place
    return next(
        (place for place in range(start, len(found)) if any(found[place].cells)), len(found)
    )


def _below(found: Sequence[Record], place: int, width: int) -> int:
    """The header's place, if what stands at *place* is one more title: above a header of its own.

    A title is wider or narrower than the table, or parted from the header by a blank line. A header
    that leaves its first column without a name is narrower, too, but no header stands below it.
    """
    titles = blank = whole = 0
    for other, record in enumerate(found[place : place + _ABOVE], place):
        if not any(record.cells):
            blank += 1
            continue
        filled = all(cell.strip() for cell in record.cells)
        apart = len(found[place].cells) != width or blank > 0
        if titles and apart and whole <= 1 and len(record.cells) == width and filled:
            body = [row.cells for row in found[other + 1 :] if any(row.cells)]
            named = not any(map(_typed, record.cells))
            if named and _is_header(record.cells, body) and _typed_at_all(body, width):
                return other
        titles += 1
        whole += len(record.cells) == width
        if titles > _TITLES or whole > 1:
            break
    return place


def _typed_at_all(body: Sequence[Sequence[str]], width: int) -> bool:
    """Whether some column of the rows holds numbers or days."""
    rows = [cells for cells in body if len(cells) == width]
    return any(
        sum(_typed(cells[place]) for cells in rows) > 0.8 * len(rows) > 0 for place in range(width)
    )


def _width(width: int, body: Sequence[Sequence[str]]) -> int:
    """The number of columns: one more than the header's where every row has a filled cell more."""
    longer = bool(body) and all(len(cells) == width + 1 for cells in body)
    return width + 1 if longer and any(cells[-1].strip() for cells in body) else width


def _typed(cell: str) -> bool:
    cell = cell.strip()
    return bool(_NUMBER.fullmatch(cell) or _DATE.fullmatch(cell))


def _is_header(first: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    """Whether a first record names columns rather than fills them."""
    if not body:
        return not any(_typed(cell) for cell in first)
    votes = 0
    for place, cell in enumerate(first):
        column = [
            cells[place].strip() for cells in body if len(cells) > place and cells[place].strip()
        ]
        if not column:
            continue
        typed = sum(map(_typed, column)) > 0.8 * len(column)
        if typed:
            votes += -1 if _typed(cell) else (1 if cell else 0)
        elif cell and len(column) > 4 and column.count(cell) > 0.1 * len(column):
            votes -= 1
    return votes >= 0


def unique_names(wanted: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names that differ whatever the case of their letters, and what was changed, in sentences."""
    taken = {name.casefold() for name in wanted}
    names: list[str] = []
    seen: set[str] = set()
    changes = []
    for place, name in enumerate(wanted, 1):
        if name and name.casefold() not in seen:
            new = name
        else:
            stem, number = (name, 2) if name else ("column", place)
            while (new := f"{stem}_{number}").casefold() in taken:
                number += 1
            changes.append(
                f"the second column {name!r} is called {new!r}"
                if name
                else f"column {place} has no name: it is called {new!r}"
            )
        seen.add(new.casefold())
        taken.add(new.casefold())
        names.append(new)
    return tuple(names), tuple(changes)


def by_whitespace(head: str) -> int:
    """The number of columns where blanks set them apart, as in fixed-width files; else 0."""
    lines = [line.split() for line in head.splitlines()[:1000] if line.strip()]
    widths = {len(cells) for cells in lines}
    width = widths.pop() if len(widths) == 1 else 0
    typed = any(_typed(cell) for cells in lines[1:] for cell in cells)
    return width if width > 1 and len(lines) > 2 and typed else 0

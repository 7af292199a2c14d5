"""How a text file writes a table: delimiter, quotes, lines above the header, the header itself.

Decided on the file's beginning by parsing it with every candidate and keeping the one under which the records
agree most.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import Counter
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from _csv import Reader
    from collections.abc import Iterable, Sequence

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

_DECLARED = re.compile(r'^"?sep=(.)"?[;,]*$', re.IGNORECASE)
_NUMBER = re.compile(r"[-+(]?\s*[$€£¥]?\s*[-+]?\d[\d.,' ]*(?:[eE][-+]?\d+)?\s*[%$€£¥)]?")
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?|\d{1,2}:\d{2}(:\d{2})?")
_CELLS = 1 << 27  # as long as a cell may get; the module's own limit is 128 kB


@frozen
class Dialect:
    """How to cut a file into rows and cells.

    Attributes:
        delimiter: One character.
        quote: What cells may be quoted with.
        escape: What makes a quote inside a quoted cell: the quote itself (doubled) or a backslash.
        skip: Records above the first row: preamble and header, blank lines included.
        lines: The same in physical lines.
        header: There was a header.
        spaced: Blanks stand between a delimiter and an opening quote.
        names: The columns, unique whatever the case of their letters.
        notes: What was found odd, in sentences.
    """

    delimiter: str
    quote: str = '"'
    escape: str = '"'
    skip: int = 1
    lines: int = 1
    header: bool = True
    spaced: bool = False
    names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """The number of columns."""
        return len(self.names)


@frozen
class _Record:
    cells: list[str]
    end: int  # the physical line on which it ends, from 1


def reader(lines: Iterable[str], dialect: Dialect, *, strict: bool = False) -> Reader:
    """A reader of records from physical lines; a strict one raises where quotes are misused."""
    doubled = dialect.escape == dialect.quote
    return csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote,
        doublequote=doubled,
        escapechar=None if doubled else dialect.escape,
        skipinitialspace=dialect.spaced,
        strict=strict,
    )


def records(
    text: str, delimiter: str, quote: str = '"', escape: str = '"', limit: int = 1000
) -> list[_Record]:
    """The first records of a text, blank lines as records of no cells."""
    dialect = Dialect(delimiter, quote, escape)
    before = csv.field_size_limit(_CELLS)
    try:
        cut = reader(io.StringIO(text, newline=""), dialect)
        return [_Record(cells, cut.line_num) for cells in itertools.islice(cut, limit)]
    except csv.Error:
        return []
    finally:
        csv.field_size_limit(before)


def sniff(head: str, *, whole: bool) -> Dialect:
    """The dialect of a file that begins with `head`.

    Args:
        head: Up to some hundred kilobytes of it.
        whole: That is the whole file; else its last record may be cut and is not looked at.
    """
    declared = _DECLARED.match(re.split("[\r\n]", head, maxsplit=1)[0])
    best: tuple[float, int] = (-1.0, 0)
    chosen = (",", '"', '"')
    found: list[_Record] = []
    for delimiter, weight in ({declared[1]: 1.0} if declared else DELIMITERS).items():
        if delimiter not in head and delimiter != ",":
            continue
        for quote, escape in _quotings(head):
            cut = records(head, delimiter, quote, escape)
            cut = cut if whole or not 1 < len(cut) < 1000 else cut[:-1]
            score = _agreement(cut[1:] if declared else cut, weight)
            if score > best:
                best, chosen, found = score, (delimiter, quote, escape), cut
    return _described(found, *chosen, declared=declared is not None)


def _quotings(head: str) -> list[tuple[str, str]]:
    quotings = [('"', '"')]
    if '\\"' in head:
        quotings.append(('"', "\\"))
    if '"' not in head and re.search(r"(?m)^'[^'\n]*'[,;\t|]'", head):
        quotings.append(("'", "'"))
    return quotings


def _agreement(cut: Sequence[_Record], weight: float) -> tuple[float, int]:
    """How well the records agree in their number of cells, and that number."""
    widths = Counter(len(record.cells) for record in cut if any(record.cells))
    if not widths:
        return -1.0, 0
    width, count = max(widths.items(), key=lambda item: (item[1] * (item[0] > 1), item[0]))
    if width < 2:
        return 0.0, width
    return weight * count / widths.total(), width


def _described(
    cut: list[_Record], delimiter: str, quote: str, escape: str, *, declared: bool
) -> Dialect:
    notes = []
    if declared:
        notes.append(f"skipped the first line, which says sep={delimiter}")
    above = _preamble(cut, start=1 if declared else 0)
    if above == len(cut):
        return Dialect(
            delimiter,
            quote,
            escape,
            above,
            cut[-1].end if cut else 0,
            header=False,
            notes=tuple(notes),
        )
    passed = sum(any(record.cells) for record in cut[declared:above])
    if passed:
        notes.append(f"skipped {passed} line{'s' * (passed > 1)} above the header")
    body = [record.cells for record in cut[above + 1 :] if any(record.cells)]
    first = [cell.strip().strip("\ufeff") for cell in cut[above].cells]
    header = _is_header(first, body)
    if not header:
        notes.append("has no header: its columns are called column_1, column_2 …")
        body = [cut[above].cells, *body]
    width = _width(len(first), body)
    wanted = first if header else [""] * width
    if header and width == len(first) + 1:
        wanted = ["", *first]
        notes.append(
            "has one column more than its header names: the first is taken to be without a name"
        )
    names, changes = unique_names(wanted)
    return Dialect(
        delimiter,
        quote,
        escape,
        skip=above + header,
        lines=(cut[above].end if header else cut[above - 1].end if above else 0),
        header=header,
        names=names,
        notes=(*notes, *(changes if header else ())),
    )


def _preamble(cut: Sequence[_Record], start: int) -> int:
    """How many records stand above the header: blank lines, and titles narrower than the table."""
    widths = Counter(len(record.cells) for record in cut[start:] if any(record.cells))
    width = max(widths, key=lambda width: (widths[width], width), default=0)
    for place, record in enumerate(cut[start : start + 50], start):
        if not any(record.cells):
            continue
        filled = sum(bool(cell.strip()) for cell in record.cells)
        title = (width > 1 and len(record.cells) < width - 1) or (width > 2 and filled == 1)
        if not title:
            return place
    return next((place for place in range(start, len(cut)) if any(cut[place].cells)), len(cut))


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
    """The number of columns where runs of blanks set columns apart, as in fixed-width files; else 0."""
    lines = [line.split() for line in head.splitlines()[:1000] if line.strip()]
    widths = {len(cells) for cells in lines}
    width = widths.pop() if len(widths) == 1 else 0
    typed = any(_typed(cell) for cells in lines[1:] for cell in cells)
    return width if width > 1 and len(lines) > 2 and typed else 0

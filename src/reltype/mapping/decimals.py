"""Decimals: what a whole file tells of the sign that parts decimals, where a column leaves it open."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from attrs import evolve

from reltype.expressions.words import bare, table
from reltype.mapping.kinds import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reltype.mapping.columns import Column


def decided(columns: Sequence[Column]) -> list[Column]:
    """The columns; those that leave their decimal sign open know what the rest of the file says."""
    open_ = [
        c
        for c in columns
        if not _is_clearly_time(c) and c.numbers is not None and c.numbers.undecided
    ]
    if not open_:
        return list(columns)
    file = _file(columns)
    hinted = {id(column): evolve(column, decimal=_own(column) or file) for column in open_}
    return [hinted.get(id(column), column) for column in columns]


def _is_clearly_time(column: Column) -> bool:
    return column.clock is not None and column.clock.way not in {"of day", "unix", "excel"}


def _own(column: Column) -> str:
    """What its currency says: yen have no decimals, dinars have three."""
    mark = "," if "," in (column.numbers.undecided if column.numbers else "") else "."
    other = "." if mark == "," else ","
    written = [column.name, *list(column.counts)[:20]]
    if any(_speaks(text, "whole") for text in written):
        return other
    if any(_speaks(text, "thousandths") for text in written):
        return mark
    # 1.234 € is no price to a tenth of a cent.
    if mark == "." and any(_speaks(text, "comma") or _speaks(text, "euro") for text in written):
        return other
    return ""


@cache
def _said(name: str) -> frozenset[str]:
    return frozenset(table("money")[name])


def _speaks(text: str, name: str) -> bool:
    """Whether a currency of this table stands in a text, apart from other letters."""
    letters = "".join(c if c.isalpha() or c in "$£€₹₱฿₪¥₩₫₲₺₽円원/" else " " for c in text)
    return not _said(name).isdisjoint(letters.split())


def _file(columns: Sequence[Column]) -> str:
    """`,` or `.`, whichever more of the file speaks for; empty where nothing or both alike do."""
    votes = {",": 0, ".": 0}
    for column in columns:
        numbers, clock = column.numbers, column.clock
        if numbers is not None and not numbers.undecided:
            marked = [cell for cell in list(column.counts)[:50] if "," in cell or "." in cell]
            if numbers.sign == "," or (marked and not numbers.whole):
                votes[numbers.sign] += 3
        if clock is not None and clock.way == "formats" and not clock.ambiguous:
            if clock.formats[0].startswith("%d.%m"):
                votes[","] += 2
            elif clock.formats[0].startswith("%m/%d"):
                votes["."] += 2
        cells = [*list(column.counts)[:20], column.name]
        votes[","] += 2 * any(_speaks(cell, "comma") for cell in cells)
        votes["."] += 2 * any(_speaks(cell, "point") for cell in cells)
        words = set(plain(column.name).split())
        votes[","] += 2 * (not words.isdisjoint(map(bare, _said("comma_headers"))))
    if votes[","] == votes["."]:
        return ""
    return max(votes, key=lambda sign: votes[sign])

"""Text of a result by group: sizes, how many are named and how surely, and what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reltype.formats.printing import cut, folded, printable
from reltype.formats.table import text as as_table
from reltype.reporting.by_group import MEANS

if TYPE_CHECKING:
    from reltype.reporting.by_group import ByGroup, Figure

WIDTH, MOST = 80, 12
RATES = ("named", "certainty", "evidence", "labels")
"""Sorts of measures that every group is told of, whether it differs or not."""
WORDS = {"kind": "are", "status": "are", "alarm": "alarm", "benefit": "first", "reading": "mean"}


def text_of(found: ByGroup) -> str:
    """Sizes and rates of every group, then what differs by more than chance, at most `MOST` of it."""
    lines = folded(f"By {printable(found.column)}: {_count(found)}", WIDTH, after="  ")
    lines += ["", _rates(found), ""]
    shown = found.differences
    if len(found.groups) == 2:  # one against the other is the other against the one
        first = next(iter(found.groups))
        shown = tuple(figure for figure in shown if figure.group == first)
    name = "Holm" if found.correction == "holm" else "Benjamini & Hochberg"
    if not shown:
        told = f"Nothing differs by more than chance explains ({found.comparisons} comparisons, {name})."
        return "\n".join([*lines, *folded(told, WIDTH, after="  ")])
    more = f", the {MOST} clearest here" if len(shown) > MOST else ""
    head = (
        f"{len(shown)} of {found.comparisons} comparisons with all others differ by more than chance "
        f"explains ({name}){more}:"
    )
    lines += folded(head, WIDTH, after="  ")
    rows = [_row(figure) for figure in shown[:MOST]]
    return "\n".join([*lines, "", as_table(list(rows[0]), rows)])


def _count(found: ByGroup) -> str:
    return f"{len(found.groups)} groups of {sum(found.groups.values()):,}."


def _rates(found: ByGroup) -> str:
    """A row a group."""
    rows = []
    for group, size in found.groups.items():
        row = {"group": cut(printable(group), 24), "n": f"{size:,}"}
        for figure in found.figures:
            if figure.group == group and figure.of in RATES:
                name = {"sure, of those named": "sure", "named as labelled": "as labelled"}
                row[name.get(figure.measure, figure.measure)] = _with_ends(figure)
        rows.append(row)
    return as_table(list(rows[0]), rows)


def _with_ends(figure: Figure) -> str:
    if figure.value is None:
        return ""
    if figure.low is None or figure.high is None:
        return _value(figure, figure.value)
    if figure.of == "evidence":
        return _value(figure, figure.value)
    return f"{figure.value:.0%} ({figure.low:.0%}–{figure.high:.0%})"


def _value(figure: Figure, value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.2f}" if figure.of in MEANS else f"{value:.0%}"


def _row(figure: Figure) -> dict[str, str]:
    gap = ""
    if figure.difference is not None:
        share = figure.of not in MEANS
        ends = (figure.difference, figure.difference_low, figure.difference_high)
        one, low, high = (
            "∞" if end is None else f"{end * 100:+.0f}" if share else f"{end:+.2f}" for end in ends
        )
        gap = f"{one} ({low} to {high})"
    word = WORDS.get(figure.of, "")
    return {
        "group": cut(printable(figure.group), 18),
        "what": cut(f"{word} {figure.measure}".strip(), 25),
        "here": _value(figure, figure.value),
        "others": _value(figure, figure.elsewhere),
        "difference (95 %)": gap,
    }

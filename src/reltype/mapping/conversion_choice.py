"""Conversion choice: the expression that turns a chosen column into one of ours, by what stands in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from reltype.expressions import literal
from reltype.expressions.words import table
from reltype.mapping import durations, ratings
from reltype.mapping.conversions import Conversion, in_words, units
from reltype.mapping.kinds import plain
from reltype.mapping.vocabulary import header_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from reltype.mapping.columns import Column
    from reltype.mapping.vocabulary import Name


def choose_conversion(canonical: str, column: Column, name: Name, type_: str) -> Conversion | None:
    """How a column is read as one of ours; None if its cells do not allow it.

    Args:
        canonical: Our name.
        column: Theirs; if the sample has nothing in it, it is taken as it stands.
        name: Its name, taken apart.
        type_: Our SQL type.
    """
    if not column.cells:
        return Conversion(column.quoted, 0.0, "")
    if canonical in _SPECIAL:
        return _SPECIAL[canonical](column, name)
    if type_ == "TIMESTAMP":
        return _time(column)
    if type_ == "DOUBLE":
        return _number(column, name)
    return Conversion(column.quoted, 1.0, "")


def _time(column: Column) -> Conversion | None:
    clock = column.clock
    if clock is None or clock.way == "of day":
        return None
    doubts = []
    if clock.ambiguous:
        names = {"DMY": "day first", "MDY": "month first", "YMD": "year first"}
        turned = clock.turned()
        read, other = (names[order] for order in (clock.order or "DMY", turned.order or "MDY"))
        doubts.append(
            f"{column.name!r} was read {read}, which no cell decides; for {other} write "
            f"{turned.expression(column.quoted, column.zone)}"
        )
    source = column.quoted
    if column.zone:
        says_utc = clock.zone == "utc" or clock.way == "unix"
        if clock.zone == "none" and column.says_utc and clock.way in {"iso", "formats", "words"}:
            # The name says it, where the cells do not.
            source, clock, says_utc = f"{source} || 'Z'", evolve(clock, zone="utc"), True
        instant = column.type in {"TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ"}
        clock = evolve(clock, zone="utc") if instant else clock
        told = "is told in" if says_utc or instant else "is taken for"
        own = clock.zone == "own" and not instant
        way = "keeps the day and hour of its own place" if own else f"{told} {column.zone}"
        doubts.append(f"{column.name!r} {way}")
    expression = clock.expression(source, column.zone)
    return Conversion(expression, clock.share, clock.describe(), "; ".join(doubts))


def _number(column: Column, name: Name) -> Conversion | None:
    numbers = column.numbers
    if numbers is None:
        return None
    source = numbers.expression(column.quoted)
    doubt = numbers.doubt(column.name, column.quoted)
    # What was paid back counts against what was paid.
    back = name.has("refund") or name.has("refunded")
    if back and min(numbers.values, default=0) >= 0:
        return Conversion(f"-{source}", numbers.share, "numbers, paid back", doubt)
    return Conversion(source, numbers.share, "numbers", doubt)


def _active(column: Column, name: Name) -> Conversion | None:
    if column.truths > 0.9:
        gone = header_names()["churned"].worth(name) > 0.8
        source = f"to_bool({column.quoted})"
        return Conversion(f"NOT {source}" if gone else source, column.truths, "yes or no")
    said = units("active")
    words = {cell: bool(said[plain(cell)]) for cell in column.counts if plain(cell) in said}
    share = sum(column.counts[cell] for cell in words) / len(column.cells)
    if share < 0.9 or len(set(words.values())) < 2:
        return None
    staying, gone_too = (
        ", ".join(literal(cell.lower()) for cell, active in words.items() if active is still)
        for still in (True, False)
    )
    cell = f"lower(trim({column.quoted}))"
    test = f"CASE WHEN {cell} IN ({staying}) THEN true WHEN {cell} IN ({gone_too}) THEN false END"
    return Conversion(test, share, f"words ({in_words(words)})")


def _auto_renew(column: Column, name: Name) -> Conversion | None:
    if column.truths < 0.9:
        return None
    source = f"to_bool({column.quoted})"
    return Conversion(f"NOT {source}" if name.has("cancel") else source, column.truths, "yes or no")


def _direction(column: Column, name: Name) -> Conversion | None:
    known = {word for words in table("directions").values() for word in words}
    said = sum(n for cell, n in column.counts.items() if cell.casefold() in known)
    if said > 0.8 * len(column.cells):
        return Conversion(column.quoted, said / len(column.cells), "directions")
    if column.truths < 0.9:
        return None
    outbound = name.has("outbound") or name.has("outgoing")
    yes, no = ("outbound", "inbound") if outbound else ("inbound", "outbound")
    expression = f"CASE WHEN to_bool({column.quoted}) THEN '{yes}' ELSE '{no}' END"
    return Conversion(expression, column.truths, "yes or no")


_SPECIAL: dict[str, Callable[[Column, Name], Conversion | None]] = {
    "rating": ratings.rating,
    "satisfaction": ratings.rating,
    "sentiment": ratings.sentiment,
    "discount": ratings.share,
    "share_of_wallet": ratings.share,
    "nps": ratings.nps,
    "tenure_days": durations.tenure_days,
    "contract_days": durations.contract_days,
    "auto_renew": _auto_renew,
    "active": _active,
    "direction": _direction,
}

"""Suitability: how well a column would serve for one of ours, given what its name is worth.

Each test takes the table, the column, its name, what the name is worth (0…1) and whether the file
is a log; it gives what the column is worth in all. A file without rows is judged by names alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reltype.mapping.kinds import kind_of, plain
from reltype.mapping.vocabulary import header_names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reltype.mapping.columns import Column
    from reltype.mapping.named_columns import NamedColumns
    from reltype.mapping.vocabulary import Name

    Test = Callable[[NamedColumns, Column, Name, float, bool], float]

_STATES = {
    *(
        "active",
        "inactive",
        "churned",
        "stayed",
        "joined",
        "former",
        "current",
        "lapsed",
        "yes",
        "no",
    ),
    *("true", "false", "declined patron", "active patron", "former patron", "existing customer"),
    *("attrited customer", "enabled", "disabled", "subscribed", "unsubscribed", "cleaned", "aktiv"),
}
"""What states of a customer are called, which are no interactions."""


_GONE = {
    "cancelled",
    "canceled",
    "closed",
    "expired",
    "ended",
    "terminated",
    "suspended",
    "left",
    "paused",
}
"""States in which a customer has left, which in a log may be what happened."""


def plainly(table: NamedColumns, column: Column, name: Name, worth: float, log: bool) -> float:
    """By name and by how many rows have it."""
    del table, name, log
    return worth * (0.4 + 0.6 * column.filled if column.rows else 1)


def _customer(table: NamedColumns, column: Column, name: Name, worth: float, log: bool) -> float:
    """An identifier; in a log one that repeats, in a table one that does not."""
    ruled_out = worth == 0 and any(map(name.has, header_names()["customer_id"].never))
    words = "".join(name.words)
    if words in {"id", "recordid"}:
        worth = _own_id(table, column, log)
    elif words == "url" and table.count("person") > 1:
        worth = 0.87
    if not column.rows or ruled_out:
        return worth
    worth = max(worth, _numbered(table, column, name), 0.55 if column.emails > 0.8 else 0)
    if name.has("user") and any(map(table.has, ("invitee", "recipient", "requester"))):
        worth *= 0.6
    most = max(column.counts.values())
    if worth == 0 or most == len(column.cells) > 5 or not _may_identify(column, worth):
        return 0.0
    few = len(column.counts) <= 4 and column.rows >= 30
    if few or (worth < 0.9 and most > 0.5 * len(column.cells) > 10):
        worth *= 0.3
    if log and column.is_unique and column.rows >= 20 and not column.emails:
        worth *= 0.6
    if not log and column.rows >= 20 and column.distinct < 0.9:
        worth *= 0.5
    return worth * (0.4 + 0.6 * column.filled)


_WHO = {"customer", "client", "user", "member", "account", "buyer", "subscriber", "donor", "guest"}
_WHO |= {
    "rider",
    "patron",
    "passenger",
    "patient",
    "contact",
    "person",
    "visitor",
    "household",
    "shopper",
    "kunden",
    "kunde",
}
_WHO |= {"cliente", "klient", "klienta", "klant", "kund", "profile", "player", "reviewer"}
_NUMBER = {"id", "no", "nr", "number", "num", "code", "key", "nummer", "numero", "numer", "uuid"}


def _numbered(table: NamedColumns, column: Column, name: Name) -> float:
    """What an unlisted name is worth: `customer_unique_id`, or `nationbuilder_id` as the first."""
    if _WHO & set(name.words) and _NUMBER & set(name.words):
        return 0.8
    first = column is table.columns[0] and table.count("person") > 1 and column.is_unique
    return 0.9 if first and name.words[-1:] == ("id",) and not table.is_of_rows else 0.0


def _own_id(table: NamedColumns, column: Column, log: bool) -> float:
    """What a plain `id` is worth: it may be the customer's or the number of a ticket."""
    unique = column.is_unique or not column.rows
    if unique and _repeating_customer(table, column):
        return 0.0
    if (unique and (log or table.is_of_rows)) or (not unique and table.telling > 1):
        return 0.0
    if log:
        return 0.65
    return 0.9995 if column is table.columns[0] and table.count("person") > 1 else 0.97


def _repeating_customer(table: NamedColumns, own: Column) -> bool:
    """Whether another column names customers, and repeats them: then a plain id is the row's."""
    worth = table.worth("customer_id")
    return any(
        worth[other.name] >= 0.8 and not other.is_unique and other.filled > 0.5
        for other in table.columns
        if other is not own and other.rows
    )


def _may_identify(column: Column, worth: float) -> bool:
    """Whether the cells are neither truths, nor times, nor measured amounts."""
    clock, numbers = column.clock, column.numbers
    timed = clock is not None and clock.share > 0.9 and worth < 0.9 and not numbers
    measured = numbers is not None and numbers.share > 0.9 and not numbers.whole
    nested = sum(n for cell, n in column.counts.items() if cell[:1] in "{[" and cell[-1:] in "}]")
    whole = nested <= 0.5 * len(column.cells)
    return whole and column.truths <= 0.9 and not timed and not measured


_AT = {("at",), ("on",), ("date",), ("time",), ("timestamp",), ("datetime",)}


def _timestamp(table: NamedColumns, column: Column, name: Name, worth: float, log: bool) -> float:
    """A time that is on every row and not always the same."""
    clock = column.clock
    if column.rows and (clock is None or clock.way == "of day" or clock.share < 0.5):
        return 0.0
    if not any(map(name.has, header_names()["timestamp"].never)):
        named = name.words[-1:] in _AT or _is_last(name)
        lowered = any(map(name.has, header_names()["timestamp"].lower))
        least = 0.6 if named else 0.42 if log and column.filled >= 0.9 else 0.0
        worth = max(worth, least * (0.5 if lowered else 1))
    if column.rows > 5 and len(column.counts) == 1:
        worth *= 0.2
    last = name.words[:1] in {("last",), ("latest",)} or name.has("most recent") or _is_last(name)
    if last:
        worth *= 0.6 if log else 1.3
    context = table.context
    if context and log:
        worth *= 1.2 if any(map(name.has, context.raised)) else 1
        worth *= 0.4 if any(map(name.has, context.lowered)) else 1
    if name.written.casefold().startswith("un") and clock and clock.way == "unix":
        worth *= 1.05
    filled = 0.1 + 0.9 * column.filled**2 if column.rows else 1
    return worth * filled * (clock.share if clock else 1)


def _is_last(name: Name) -> bool:
    return "".join(name.words).startswith(
        ("last", "letzt", "dernier", "ultim", "laatst", "ostatni", "senaste")
    )


def _since(table: NamedColumns, column: Column, name: Name, worth: float, log: bool) -> float:
    del table, log, name
    clock = column.clock
    if column.rows and (clock is None or clock.way == "of day" or clock.share < 0.5):
        return 0.0
    return worth * (0.4 + 0.6 * column.filled if column.rows else 1)


def _kind(table: NamedColumns, column: Column, name: Name, worth: float, log: bool) -> float:
    """Words that stand for kinds of interaction."""
    del name
    if not column.rows or worth == 0:
        return worth
    if (
        len(column.counts) > max(60, 0.3 * len(column.cells))
        or column.numbers
        or column.truths > 0.9
    ):
        return 0.0
    states = {plain(cell) for cell in column.counts}
    if states <= _STATES or (not log and states <= {*_STATES, *_GONE}):
        return 0.0
    kinds = {cell: kind_of(cell, table.kinds_context) for cell in column.counts}
    if column.filled < 0.3:
        return 0.0
    known = sum(column.counts[cell] for cell, kind in kinds.items() if kind) / len(column.cells)
    if known < (0.3 if worth > 0.95 else 0.5 if worth > 0.7 else 0.85) or (not log and known < 0.5):
        return 0.0
    told = len({kind for kind in kinds.values() if kind})
    return worth * (0.3 + 0.7 * known) * (0.6 + 0.4 * column.filled) + 0.03 * min(told, 4)


def _money(table: NamedColumns, column: Column, name: Name, worth: float, log: bool) -> float:
    """Numbers that are no running number and no year."""
    del log
    numbers = column.numbers
    if not column.rows:
        return worth
    if numbers is None or numbers.share < 0.8:
        return 0.0
    if column.truths > 0.95 or len(column.counts) == 1:
        # Where everything costs the same that is still money, if the name says so; ones may be marks.
        worth *= 0.9 if worth > 0.8 and column.truths <= 0.95 else 0.0
    if column.clock is not None and column.clock.way != "excel" and column.time_named:
        return 0.0
    steps = {b - a for a, b in zip(numbers.values, numbers.values[1:], strict=False)}
    if column.is_unique and numbers.whole and len(steps) == 1 and len(numbers.values) > 5:
        return 0.0
    if name.words[:1] == ("net",) and name.words[1:] in {("amount",), ("total",), ()}:
        worth *= 0.5 if table.has("fee") or table.has("fees") else 1  # what is left of it for us
    refunds = name.has("refund") or name.has("refunded")
    return worth * (0.5 + 0.5 * column.filled) * (0.9 if refunds else 1)


def _number(table: NamedColumns, column: Column, name: Name, worth: float, log: bool) -> float:
    del table, log, name
    if not column.rows:
        return worth
    if column.numbers is None or column.numbers.share < 0.8:
        return 0.0
    return worth * (0.4 + 0.6 * column.filled)


def _text(table: NamedColumns, column: Column, name: Name, worth: float, log: bool) -> float:
    """Sentences, not names of things."""
    del log
    if not column.rows:
        return worth * 0.5
    question = name.written.rstrip().endswith("?")
    if (worth == 0 and not question) or column.words < 3 or column.numbers or column.emails > 0.2:
        return 0.0
    if column.clock is not None and column.clock.share > 0.5:
        return 0.0
    goods = (
        name.has("description")
        and len(name.words) == 1
        and table.count("unit_price") + table.count("quantity")
    )
    sold = sum(cell.isupper() for cell in column.counts) > 0.5 * len(column.counts)
    if goods or sold:
        return 0.0
    return (
        max(worth, 0.6 if question else 0) * (0.7 + 0.3 * column.filled)
        + min(column.words, 20) / 100
    )


def _word(table: NamedColumns, column: Column, name: Name, worth: float, log: bool) -> float:
    """A few words that come again and again."""
    del table, log, name
    if not column.rows:
        return worth
    if column.truths > 0.9 or column.emails > 0.2 or column.words > 6 or column.distinct > 0.8:
        return 0.0
    return worth * (0.4 + 0.6 * column.filled)


TESTS: Mapping[str, Test] = {
    "customer_id": _customer,
    "timestamp": _timestamp,
    "since": _since,
    "ended": _since,
    "kind": _kind,
    "value": _money,
    "unit_price": _money,
    "quantity": _number,
    "referrals": _number,
    "products": _number,
    "nps": _number,
    "tenure_days": _number,
    "discount": _number,
    "text": _text,
    "channel": _word,
    "category": _word,
}

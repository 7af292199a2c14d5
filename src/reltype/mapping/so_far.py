"""What a customer table says of the purchases so far: how many, and for how much money."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reltype.mapping.kinds import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reltype.mapping.choices import Choice
    from reltype.mapping.columns import Column

_SUMS = ("mnt", "amt", "amount", "spent", "spend", "sales", "umsatz", "montant", "importe")
"""What amounts begin or end with that are parts of what was spent, one for each sort of goods."""

_COUNTS = ("purchases", "orders", "kaufe", "bestellungen", "achats", "compras", "acquisti")
"""What counts end with that are parts of all purchases, one for each channel."""

_NO_PART = (
    "deal",
    "deals",
    "discount",
    "last",
    "first",
    "total",
    "coupon",
    "month",
    "average",
    "avg",
)
"""Words of counts that cut the same purchases another way."""


def choose(choice: Choice) -> None:
    """Put in `spend` and `purchases`, where nobody gave them and the table says."""
    for ours, words in (("spend", _SUMS), ("purchases", _COUNTS)):
        if ours in choice.columns or ours not in choice.features:
            continue
        whole = _whole(choice, ours)
        if whole is not None and whole.numbers is not None:
            choice.columns[ours] = whole.numbers.expression(whole.quoted)
            choice.sources[ours] = whole.name
            choice.reasons[ours] = f"called {whole.name!r}: so far"
        elif len(parts := _parts(choice, words, whole_numbers=ours == "purchases")) > 1:
            text = " + ".join(f"coalesce({_number(column)}, 0)" for column in parts)
            choice.columns[ours] = choice.sources[ours] = text
            names = ", ".join(repr(column.name) for column in parts)
            choice.reasons[ours] = f"the sum of its parts {names}"


def _whole(choice: Choice, ours: str) -> Column | None:
    """The column that holds it."""
    worth = choice.table.worth(ours)
    # What only serves as the customer's last activity or money so far may serve here, too.
    taken = {
        source for name, source in choice.sources.items() if name not in {"value", "timestamp"}
    }
    found = [
        column
        for column in choice.table.columns
        if worth[column.name] >= 0.9 and column.name not in taken and _counts(column)
    ]
    return max(found, key=lambda column: worth[column.name], default=None)


def _counts(column: Column) -> bool:
    numbers = column.numbers
    return numbers is not None and numbers.share >= 0.8 and min(numbers.values, default=0) >= 0


def _parts(choice: Choice, words: Sequence[str], *, whole_numbers: bool) -> list[Column]:
    """Columns of one kind that cut the whole into parts, by their names."""
    taken = set(choice.sources.values())
    best: list[Column] = []
    for word in words:
        found = []
        for column in choice.table.columns:
            name = choice.table.names[column.name]
            parts = plain(column.name).split()  # a Name leaves out what is a currency, too: Mnt
            ends = word in {*parts[:1], *parts[-1:]}
            if not ends or len(parts) < 2 or column.name in taken or not _counts(column):
                continue
            if any(map(name.has, _NO_PART)) or name.has("customer"):
                continue
            if whole_numbers and column.numbers is not None and not column.numbers.whole:
                continue
            found.append(column)
        if len(found) > len(best):
            best = found
    return best


def _number(column: Column) -> str:
    """The expression of its numbers, whatever the type of the column; short where they are plain."""
    if column.numbers is not None and column.numbers.plain:
        return f"1 * {column.quoted}"
    comma = column.numbers is not None and column.numbers.sign == ","
    return f"to_number({column.quoted}, ',')" if comma else f"to_number({column.quoted})"

"""States: what became of an order that is a row. A state is no event.

An order was placed on its day, whatever became of it. It counts as a purchase unless it was never
paid, and its money is what stayed. The words are data: `builtin/orders.toml`.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from reltype.expressions import literal
from reltype.expressions.words import data
from reltype.mapping.kinds import plain, plain_sql

if TYPE_CHECKING:
    from collections.abc import Mapping

PAID, REFUNDED, PARTLY = "paid", "refunded", "partly refunded"
UNPAID = ("cancelled", "void", "failed", "pending")
STATES = (PAID, REFUNDED, PARTLY, *UNPAID)
"""What may become of an order; `UNPAID` ones are no purchases."""

_THINGS = ("order", "payment", "deal", "invoice", "charge", "sale", "transaction", "wc", "status")
"""What a state may begin with that says only of which thing it speaks: `wc-completed`."""


@cache
def words() -> Mapping[str, str]:
    """Every known word in plain form → its state."""
    tables = data("orders.toml")["states"]
    known = {plain(word): state for state, listed in tables.items() for word in listed}
    return {state: state for state in STATES} | known


def state_of(word: str) -> str | None:
    """The state that a shop's word stands for; None if it is unknown.

    Whole words only, but for the thing that it speaks of: `wc-refunded`, `Order: Paid`.
    """
    known, phrase = words(), plain(word)
    if phrase in known:
        return known[phrase]
    first, _, rest = phrase.partition(" ")
    return known.get(rest) if first in _THINGS else None


def state_sql(cell: str, mapped: Mapping[str, str]) -> str:
    """SQL of the state that a cell's word stands for; null where it is unknown or blank.

    Args:
        cell: SQL of the cell, as text.
        mapped: Words as in the sample → state, for words that begin with a thing.
    """
    listed = {**words()} | {plain(word): state for word, state in mapped.items()}
    known = ", ".join(f"{literal(word)}: {literal(state)}" for word, state in listed.items())
    folded = plain_sql(cell)
    things = "|".join(_THINGS)
    bare = f"regexp_replace({folded}, '^({things}) ', '')"
    return f"coalesce((MAP {{{known}}})[{folded}], (MAP {{{known}}})[{bare}])"

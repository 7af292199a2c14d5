"""States: what became of an order that is a row. A state is no event.

An order was placed on its day, whatever became of it. It counts as a purchase unless it was never
paid, and its money is what stayed. The words are data: `builtin/words.toml`.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from reltype.expressions import literal
from reltype.expressions.words import table
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
def _parts() -> tuple[tuple[str, str], ...]:
    """State → a pattern of the words that stand for it within a longer phrase, as they decide.

    What went wrong says more than what went on.
    """
    weak = {plain(word) for word in table("state_parts")["weak"]}
    listed: dict[str, list[str]] = {}
    for word, state in sorted(words().items(), key=lambda pair: -len(pair[0])):
        if word not in weak and state not in {PARTLY, REFUNDED}:
            listed.setdefault(state, []).append(re.escape(word).replace(r"\ ", " "))
    return tuple((state, f" ({'|'.join(listed[state])}) ") for state in _DECIDING)


_DECIDING = ("failed", "cancelled", "void", "pending", PAID)


@cache
def _doubts() -> tuple[str, str, str]:
    """Patterns: what follows was not, what went back did not or not yet, it was a part only."""
    happened = table("happened")
    no = "|".join(happened["not"])
    undone = "|".join([*happened["failed"], *happened["begun"]])
    some = "|".join(table("state_parts")["partly"])
    return f" ({no}) [^ ]+", f" ({undone}) ", f" ({some}) "


def _by_parts(phrase: str) -> str | None:
    """The state that a part of a longer phrase stands for; None where no part is known."""
    no, undone, some = _doubts()
    padded = f" {phrase} "
    if re.search(dict(_parts())["failed"], padded) and not re.search(_back(), padded):
        return "failed"
    bare = re.sub(no, "", padded)
    if re.search(_back(), bare):
        if re.search(undone, bare):
            return PAID  # it was asked for, or refused: nothing went back yet
        return PARTLY if re.search(some, bare) else REFUNDED
    return next((state for state, pattern in _parts() if re.search(pattern, bare)), None)


@cache
def _back() -> str:
    """A pattern of what speaks of money that went back."""
    listed = [re.escape(w) for w, state in words().items() if state in {PARTLY, REFUNDED}]
    return f" ({'|'.join(sorted(listed, key=len, reverse=True))}) ".replace(r"\ ", " ")


def _parts_sql(phrase: str) -> str:
    """SQL of `_by_parts`."""
    no, undone, some = map(literal, _doubts())
    back, parts = literal(_back()), {state: literal(pattern) for state, pattern in _parts()}
    padded = f"(' ' || {phrase} || ' ')"
    bare = f"regexp_replace({padded}, {no}, '', 'g')"
    went = (
        f"CASE WHEN regexp_matches({bare}, {undone}) THEN {literal(PAID)} "
        f"WHEN regexp_matches({bare}, {some}) THEN {literal(PARTLY)} ELSE {literal(REFUNDED)} END"
    )
    undone_alone = (
        f"regexp_matches({padded}, {parts['failed']}) AND NOT regexp_matches({padded}, {back})"
    )
    cases = [f"{undone_alone} THEN 'failed'", f"regexp_matches({bare}, {back}) THEN {went}"]
    cases += [f"regexp_matches({bare}, {p}) THEN {literal(state)}" for state, p in parts.items()]
    return f"CASE {' '.join('WHEN ' + case for case in cases)} END"


@cache
def words() -> Mapping[str, str]:
    """Every known word in plain form → its state."""
    known = {plain(word): state for state, listed in table("states").items() for word in listed}
    return {state: state for state in STATES} | known


def state_of(word: str) -> str | None:
    """The state that a shop's word stands for; None if it is unknown.

    The whole decides, but for the thing that it speaks of (`wc-refunded`, `Order: Paid`); failing
    that a part does: `En attente de paiement par chèque`.
    """
    return whole_state(word) or _by_parts(plain(word))


def whole_state(word: str) -> str | None:
    """The state that the whole of a word stands for; None if it is unknown."""
    known, phrase = words(), plain(word)
    if phrase in known:
        return known[phrase]
    first, _, rest = phrase.partition(" ")
    return known.get(rest) if first in _THINGS else None


def state_sql(cell: str) -> str:
    """SQL of the state that a cell's word stands for, as text; null where it is unknown or blank."""
    known = ", ".join(f"{literal(word)}: {literal(state)}" for word, state in words().items())
    folded = plain_sql(cell)
    things = "|".join(_THINGS)
    bare = f"regexp_replace({folded}, '^({things}) ', '')"
    look = f"(MAP {{{known}}})"
    return f"coalesce({look}[{folded}], {look}[{bare}], {_parts_sql(folded)})"

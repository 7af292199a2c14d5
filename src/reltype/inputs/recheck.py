"""Recheck: guesses about orders that the first full pass over the rows refutes are taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reltype.inputs.input import Input

_FEW = 0.05
"""Share of the orders of several rows that may contradict a guess about them."""

Row = dict[str, float]

LOOKS = """SELECT CAST(coalesce(sum(log_orders), 0) AS DOUBLE) AS orders,
  CAST(coalesce(sum(log_scattered), 0) AS DOUBLE) AS scattered,
  CAST(coalesce(sum(log_varying), 0) AS DOUBLE) AS varying,
  CAST(count_if(log_back_states > 0) AS DOUBLE) AS stated,
  CAST(count_if(log_back_states > 0 AND log_back_rows > 0) AS DOUBLE) AS both
  FROM {facts} WHERE customer_id IS NOT NULL"""
"""What is asked of the table of all customers' facts."""


def rechecked(items: Sequence[Input], seen: Row) -> list[Input]:
    """The inputs, without what the rows refuted; each change is told.

    Args:
        items: As they were guessed.
        seen: The row of `LOOKS`.
    """
    checks: list[tuple[bool, Callable[[Input], Input | None]]] = [
        (seen["scattered"] > _FEW * max(1, seen["orders"]), _no_orders),
        (seen["varying"] > _FEW * max(1, seen["orders"]), _no_repeats),
        (2 * seen["both"] > max(1, seen["stated"]), _refunds_apart),
    ]
    made = list(items)
    for refuted, change in checks:
        if refuted:
            made = [change(item) or item for item in made]
    return made


def _no_orders(item: Input) -> Input | None:
    """An id whose rows lie days apart is no order's, unless it has a state that changes."""
    guess = item.guess
    columns = dict(guess.mapping.columns)
    if "order_id" not in columns or guess.reasons.get("order_id") == "as given":
        return None
    if "state" in columns:
        return None
    source = guess.sources["order_id"]
    del columns["order_id"]
    note = (
        f"order_id: {source!r} was taken for the order, but rows with the same one lie days apart: "
        f'each row counts by itself. --map order_id="{source}" puts them together.'
    )
    sources = {name: text for name, text in guess.sources.items() if name != "order_id"}
    mapping = evolve(guess.mapping, columns=columns)
    return _told(evolve(item, guess=evolve(guess, mapping=mapping, sources=sources)), note)


def _no_repeats(item: Input) -> Input | None:
    """An amount that differs between an order's lines is one of each line."""
    mapping = item.guess.mapping
    if not mapping.per_order:
        return None
    names = " and ".join(sorted(mapping.per_order))
    note = f"{names}: differs between the lines of one order, so the lines are summed."
    mapping = evolve(mapping, per_order=frozenset())
    return _told(evolve(item, guess=evolve(item.guess, mapping=mapping)), note)


def _refunds_apart(item: Input) -> Input | None:
    """Where money that went back stands in rows of its own, a state must not take it off again."""
    mapping = item.guess.mapping
    if "state" not in mapping.columns or mapping.refunds_apart:
        return None
    note = (
        "state: money that went back stands in rows of its own, too, so a refunded order is taken "
        "as paid, and the refund counted once."
    )
    mapping = evolve(mapping, refunds_apart=True)
    return _told(evolve(item, guess=evolve(item.guess, mapping=mapping)), note)


def _told(item: Input, note: str) -> Input:
    return evolve(item, notes=(*item.notes, note))

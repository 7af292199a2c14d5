"""Planned: a plan as it is read back from a file, checked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import field, frozen

from reltype.analyses.plan.teams import Planned as Teams
from reltype.analyses.plan.teams import plan_id
from reltype.analyses.plan.workbook import ALL
from reltype.arrow import texts
from reltype.errors import InputError, did_you_mean
from reltype.expressions.words import truths
from reltype.formats.flat import neutral
from reltype.sources.kept import as_texts

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEEDED = ("customer_id", "benefit", "held_out", "as_of")


@frozen(eq=False)
class Planned:
    """Whom a plan acts on, for what, and whom it leaves alone.

    Attributes:
        day: When the plan was made.
        customers: (n,) ids, each once.
        benefits: (n,) what each gets, or would have got.
        held_out: (n,) who is left alone.
        gate: (n,) who had something broken, and could not be held out.
        id: What the plan is called in a journal; empty where its rows do not say it.
    """

    day: dt.date
    customers: tuple[str, ...] = field(repr=False)
    benefits: tuple[str, ...] = field(repr=False)
    held_out: NDArray[np.bool_] = field(repr=False)
    gate: NDArray[np.bool_] = field(repr=False)
    id: str = ""


def planned(given: Any) -> Planned:  # noqa: ANN401  what `plan` gave, a path, a frame or a list of dicts
    """The plan in *given*.

    Raises:
        InputError: A column is missing, a cell cannot be read, a customer stands in it twice, or it
            holds plans of several days; the text says in which row.
    """
    if isinstance(given, Teams):
        given = given.table
    rows, name = _rows(given)
    for wanted in NEEDED:
        if wanted not in rows:
            raise InputError(
                f"{name}: there is no column {wanted!r}; a plan is what `reltype plan -o` wrote."
                f"{did_you_mean(wanted, rows)}"
            )
    count = len(rows["customer_id"])
    if not count:
        raise InputError(f"{name}: the plan has no rows.")
    customers = [_id(cell) for cell in rows["customer_id"]]
    first: dict[str, int] = {}
    for place, customer in enumerate(customers):
        if not customer:
            raise InputError(f"{name}: row {place + 1} names no customer.")
        if first.setdefault(customer, place) != place:
            raise InputError(
                f"{name}: customer {customer!r} stands in rows {first[customer] + 1} and {place + 1}; "
                "a plan gives nobody two teams."
            )
    days = {_day(cell, place, name) for place, cell in enumerate(rows["as_of"])}
    if len(days) > 1:
        listed = ", ".join(map(str, sorted(days)[:3]))
        raise InputError(f"{name}: holds plans of several days ({listed}); give them one by one.")
    day = days.pop()
    aside = [_truth(cell, place, name, "held_out") for place, cell in enumerate(rows["held_out"])]
    gate = [
        _truth(cell, place, name, "gate")
        for place, cell in enumerate(rows.get("gate") or ["no"] * count)
    ]
    benefits = tuple((cell or "").strip() for cell in rows["benefit"])
    called = ""
    if "role" in rows:
        called = plan_id(
            [
                {
                    "as_of": day,
                    "customer_id": customer,
                    "role": (role or "").strip(),
                    "benefit": benefit,
                    "held_out": "yes" if out else "no",
                }
                for customer, role, benefit, out in zip(
                    customers, rows["role"], benefits, aside, strict=True
                )
            ]
        )
    return Planned(
        day, tuple(customers), benefits, np.array(aside, bool), np.array(gate, bool), called
    )


def _rows(given: Any) -> tuple[Mapping[str, Sequence[str | None]], str]:  # noqa: ANN401

    sheet = None
    if isinstance(given, str | Path) and str(given).lower().endswith(".xlsx"):
        sheet = ALL
    source, held = as_texts(given, table=sheet)
    return {name.strip().lower(): held[name] for name in source.columns}, source.name


def _id(cell: str | None) -> str:
    """An id as it was before a spreadsheet was kept from running it."""
    text = (cell or "").strip()
    if text.startswith("'") and neutral(texts([text[1:]]))[0].as_py() == text:
        return text[1:]
    return text


def _day(cell: str | None, place: int, name: str) -> dt.date:
    text = (cell or "").strip()
    if not text:
        raise InputError(
            f"{name}: row {place + 1}: as_of is empty: the plan's day is not known. Plan with --as-of DAY, "
            "or write the day there."
        )
    try:
        return dt.date.fromisoformat(text[:10])
    except ValueError:
        raise InputError(
            f"{name}: row {place + 1}: as_of must be a day, such as 2025-01-31, not {text!r}."
        ) from None


def _truth(cell: str | None, place: int, name: str, column: str) -> bool:
    text = (cell or "").strip().lower()
    found = truths().get(text)
    if found is None:
        raise InputError(f"{name}: row {place + 1}: {column} must be yes or no, not {text!r}.")
    return found

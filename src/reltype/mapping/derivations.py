"""Derivations: what follows from several columns: totals, discounts, a day and its hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reltype.expressions import literal
from reltype.mapping import order_columns
from reltype.mapping.vocabulary import header_names

if TYPE_CHECKING:
    from reltype.mapping.choices import Choice
    from reltype.mapping.columns import Column


def derive(choice: Choice) -> None:
    """Put in what no single column holds."""
    if choice.log:
        _total(choice)
        _discount(choice)
        _row_kind(choice)
        order_columns.choose(choice)
    _hour(choice)


def _number(column: Column) -> str:
    return column.numbers.expression(column.quoted) if column.numbers else column.quoted


def _put(choice: Choice, ours: str, expression: str, reason: str) -> None:
    choice.columns[ours] = choice.sources[ours] = expression
    choice.reasons[ours] = reason


def _total(choice: Choice) -> None:
    """Quantity times unit price, where there is no total."""
    chosen = choice.column("value")
    unit_price = header_names()["unit_price"]
    if "value" in choice.given:
        return
    if chosen is not None and unit_price.worth(choice.table.names[chosen.name]) < 0.8:
        return
    price, quantity = (
        next(iter(choice.table.candidates(role, log=True)), None)
        for role in ("unit_price", "quantity")
    )
    if price is not None and quantity is not None and min(price.worth, quantity.worth) >= 0.6:
        product = f"{_number(quantity.column)} * {_number(price.column)}"
        _put(choice, "value", product, "quantity × unit price, as there is no total")


def _discount(choice: Choice) -> None:
    """An amount that was taken off, as a share of what it would have cost."""
    if "discount" in choice.columns or "value" not in choice.columns:
        return
    found = next(iter(choice.table.candidates("discount", log=True)), None)
    if found is None or found.worth < 0.6 or found.column.numbers is None:
        return
    if found.column.name in choice.sources.values():
        return
    off, paid = f"abs({_number(found.column)})", f"abs({choice.columns['value']})"
    reason = f"{found.column.name!r} as a share of what was paid and taken off"
    _put(choice, "discount", f"{off} / ({paid} + {off})", reason)


def _row_kind(choice: Choice) -> None:
    """What each row is, where no column says so but the whole file does."""
    context = choice.table.context
    if context is None or context.kind is None or choice.table.contexts[context.name] < 2:
        return
    if "kind" not in choice.columns:
        choice.columns["kind"] = literal(context.kind)
        told = f"no column says what a row is; the file speaks of {context.name}"
        choice.reasons["kind"] = told


def _hour(choice: Choice) -> None:
    """The hour of the day, where a column of its own holds it."""
    day = choice.column("timestamp")
    if day is None or "timestamp" in choice.given or day.clock is None:
        return
    if day.clock.way not in {"iso", "formats", "words"} or any(
        ":" in cell for cell in day.cells[:50]
    ):
        return
    hours = next(
        (
            column
            for column in choice.table.columns
            if column.clock is not None
            and column.clock.way == "of day"
            and column.filled > 0.8
            and choice.table.names[column.name].words in {("time",), ("hour",), ("uhrzeit",)}
        ),
        None,
    )
    if hours is None:
        return
    both = f"{day.quoted} || ' ' || {hours.quoted}"
    half = any(cell[-1:] in "mM." for cell in hours.cells)
    seconds = any(cell.count(":") > 1 for cell in hours.cells)
    clock = ("%I:%M" if half else "%H:%M") + (":%S" if seconds else "") + (" %p" if half else "")
    days = day.clock.formats or ("%Y-%m-%d",)
    formats = ", ".join(literal(f"{form} {clock}") for form in days)
    whole = f"to_time({both}, {formats})"
    if day.clock.way == "words":
        whole = f"parse_time({both}, {literal(day.clock.order or 'DMY')})"
    alone = day.clock.expression(day.quoted)
    alone = alone if alone.startswith(("to_time", "parse_time")) else f"to_time({alone})"
    choice.columns["timestamp"] = f"coalesce({whole}, {alone})"
    choice.reasons["timestamp"] += f", with the hour in {hours.name!r}"

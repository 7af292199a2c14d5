"""Derivations: what follows from several columns: totals, discounts, a day and its hour."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from reltype.expressions import literal
from reltype.mapping import order_columns
from reltype.mapping.candidates import candidates
from reltype.mapping.kinds import plain, special, understood
from reltype.mapping.vocabulary import Name, header_names

if TYPE_CHECKING:
    from reltype.mapping.choices import Choice
    from reltype.mapping.columns import Column
    from reltype.mapping.named_columns import NamedColumns


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
    if "value" in choice.given or choice.table.has("amazon order id"):
        return  # a marketplace's item-price is that of the whole line
    if chosen is not None and unit_price.worth(choice.table.names[chosen.name]) < 0.8:
        return
    price, quantity = (
        next(iter(candidates(choice.table, role, log=True)), None)
        for role in ("unit_price", "quantity")
    )
    if price is not None and quantity is not None and min(price.worth, quantity.worth) >= 0.6:
        product = f"{_number(quantity.column)} * {_number(price.column)}"
        _put(choice, "value", product, "quantity × unit price, as there is no total")


def _discount(choice: Choice) -> None:
    """An amount that was taken off, as a share of what it would have cost."""
    if "discount" in choice.columns or "value" not in choice.columns:
        return
    found = next(iter(candidates(choice.table, "discount", log=True)), None)
    if found is None or found.worth < 0.6 or found.column.numbers is None:
        return
    if found.column.name in choice.sources.values():
        return
    off, paid = f"abs({_number(found.column)})", f"abs({choice.columns['value']})"
    reason = f"{found.column.name!r} as a share of what was paid and taken off"
    _put(choice, "discount", f"{off} / ({paid} + {off})", reason)


def _row_kind(choice: Choice) -> None:
    """What each row is, where no column says so but the whole file does."""
    _tickets(choice)
    if "kind" in choice.columns:
        return
    context, have = choice.table.context, choice.columns.keys()
    lines = "value" in have or choice.table.count("unit_price") or choice.table.count("quantity")
    spoken_of = context is not None and choice.table.contexts[context.name] > 1
    if context is not None and context.name == "usage" and lines:
        spoken_of = False  # orders know of pages and sessions, too
    if context is not None and context.kind is not None and spoken_of:
        kind, told = context.kind, f"the file speaks of {context.name}"
    elif _of_returns(choice.table.file):
        kind, told = "refund", "the file is called by what came back"
    elif lines:
        return
    elif {"direction", "text"} <= have:
        kind, told = "message", "each row has a text and which way it went"
    elif spoken := _spoken(choice):
        kind, told = spoken
    elif "rating" in have:
        kind, told = "review", "each row has a rating and no money"
    else:
        return
    choice.columns["kind"] = literal(kind)
    choice.reasons["kind"] = f"no column says what a row is; {told}"


_SAYING = {
    *("visit", "message", "support", "complaint", "review", "survey", "referral", "renewal"),
    *("cancellation", "outreach", "response", "resolution"),
}
"""Kinds that the name of a time, of a number or of a file may give to rows without money."""
_BESIDE = {
    *("date", "time", "at", "on", "day", "datetime", "timestamp", "ts", "start", "started", "id"),
    *("no", "nr", "number", "nummer", "numero", "datum", "fecha", "data", "am", "zeit", "log"),
}
"""Words of such names that say nothing of what happened."""


def _spoken(choice: Choice) -> tuple[str, str] | None:
    """What the name of the rows' time, of their number or of their file says that they are, and how."""
    table, when = choice.table, choice.column("timestamp")
    numbers = [c for c in table.columns if table.worth("row_id")[c.name] >= 0.8 and c.is_unique]
    named = [*([when] if when is not None else []), *numbers]
    names = [(repr(column.name), table.names[column.name]) for column in named]
    names.append(("the file's name", Name.of(PurePath(table.file).stem)))
    for shown, name in names:
        words = [word for word in name.words if word not in _BESIDE]
        if not words or words[0] in {"last", "first", "next", "latest"}:
            continue
        phrase = " ".join(words)
        for said in (phrase, phrase.removesuffix("s")):
            found = understood(said, table.kinds_context)
            if found is not None and found.whole and found.kind in _SAYING:
                return found.kind, f"{shown} speaks of it"
    return None


def _tickets(choice: Choice) -> None:
    """A row for each ticket with what became of it: each is a request for help, solved or not."""
    table, column = choice.table, choice.column("kind")
    if column is None or "kind" in choice.given or table.kinds_context != "tickets":
        return
    if not {plain(cell) for cell in column.counts} <= special("tickets") | _TICKET_STATES:
        return
    ids = (c for c in table.columns if table.worth("row_id")[c.name] >= 0.8 or _is_id(table, c))
    if any(not c.is_unique for c in ids if c.cells):
        return  # a row for each change of it
    choice.columns["kind"] = choice.sources["kind"] = literal("support")
    choice.reasons["kind"] = f"each row is a ticket; {column.name!r} says what became of it"


_TICKET_STATES = {"solved", "resolved", "escalated", "spam", "deleted", "archived", "snoozed"}
"""What became of a ticket, beside the words that mean something of their own among tickets."""


def _is_id(table: NamedColumns, column: Column) -> bool:
    return table.names[column.name].words == ("id",)


def _of_returns(file: str) -> bool:
    """Whether a file is called by what came back, and by nothing else."""
    stem = Name.of(PurePath(file).stem)
    spoken = any(map(stem.has, order_columns.RETURNS))
    return spoken and not any(map(stem.has, ("orders", "sales", "purchases", "and", "with")))


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

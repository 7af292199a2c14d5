"""Which columns of a log name the order, say what became of it, and what of its money went back.

A state is no event and a line no purchase (see `orders`), so that a wrong guess here counts wrongly:
a name is not enough, the cells must bear it out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import frozen

from reltype.expressions import literal
from reltype.expressions.words import table as table_of
from reltype.mapping.candidates import candidates
from reltype.mapping.conversions import in_words
from reltype.mapping.kinds import plain
from reltype.mapping.lines import line
from reltype.mapping.states import state_of, whole_state
from reltype.mapping.vocabulary import Name, header_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reltype.mapping.choices import Choice
    from reltype.mapping.columns import Column

_STATED = ("orders", "deals")
"""What rows speak of that may be in a state; others have a status of their own meaning."""

_AGREE = 0.95
"""Share of the repeated ids that must have one customer and one day to be those of orders."""

_WHOLE = (
    *("order", "total", "grand total", "basket", "cart", "invoice", "bestellwert", "gesamtbetrag"),
    *("gesamtsumme", "rechnungsbetrag", "commande", "pedido", "ordine", "zamowienia"),
)
"""Words of an amount that stands for the whole order, if each line repeats it."""

_LINE = ("line", "lineitem", "item", "product", "unit", "position", "artikel", "article")


@frozen
class Lines:
    """What the sampled rows show of the orders that a column names.

    Attributes:
        orders: How many orders have several rows.
        one: Share of them with one customer and one day; 1 where there are none.
    """

    orders: int
    one: float


def choose(choice: Choice) -> None:
    """Put in the columns of orders that nobody gave, as far as enough speaks for them."""
    _two_ends(choice)
    _authors(choice)
    _fees(choice)
    _ended(choice)
    _began(choice)
    _said_state(choice)
    _state(choice)
    _open_deals(choice)
    _sides(choice)
    _refunded(choice)
    _order_id(choice)
    if "order_id" in choice.columns:
        choice.per_order = frozenset(_repeated(choice))


_LASTING = (
    "subscription",
    "subscriptions",
    "plan",
    "mrr",
    "policy",
    "membership",
    "contract",
    "lease",
)
"""Words of files whose rows begin something that lasts."""


def _ended(choice: Choice) -> None:
    """Until when what a row began goes, and which rows began a trial only."""
    table, start = choice.table, choice.column("timestamp")
    lasting = any(map(table.has, _LASTING)) or (
        table.context is not None and table.context.name == "subscriptions"
    )
    if start is None or "ended" in choice.columns or not lasting:
        return
    worth = table.worth("ended")
    named = [
        column
        for column in table.columns
        if worth[column.name] >= 0.9
        and column is not start
        and column.name not in choice.sources.values()
        and column.clock is not None
        and column.clock.way != "of day"
        and column.clock.share > 0.9
    ]
    if not named:
        return
    column = max(named, key=lambda one: worth[one.name])
    assert column.clock is not None  # noqa: S101  seen above
    choice.columns["ended"] = column.clock.expression(column.quoted)
    choice.sources["ended"] = column.name
    choice.reasons["ended"] = f"called {column.name!r}: until when what the row began goes"
    if "kind" in choice.given:
        return
    begun = choice.column("kind")
    if begun is not None and {plain(word) for word in begun.counts} <= _GOING:
        # What became of it says its end; the row itself is the day on which it began.
        choice.columns["kind"] = literal("purchase")
        choice.reasons["kind"] = f"each row began something; {column.name!r} says until when"
    if begun is None:
        _trial(choice)


_OPENED = {
    *(
        "engage date",
        "engaged",
        "created",
        "create date",
        "created date",
        "creation date",
        "opened",
    ),
    *(
        "date created",
        "created at",
        "created on",
        "date opened",
        "opened at",
        "open date",
        "add time",
    ),
    *(
        "start date",
        "first contact",
        "first contact date",
        "deal created",
        "erstellt am",
        "angelegt am",
    ),
    *("erstellungsdatum", "cree le", "date de creation", "fecha de creacion", "data creazione"),
}
"""What the day is called on which a deal was first spoken of."""


def _began(choice: Choice) -> None:
    """When a deal that is dated by its end was first spoken of."""
    table, end = choice.table, choice.column("timestamp")
    deals = table.context is not None and table.context.name == "deals"
    if not deals or end is None or "began" in choice.columns or end.clock is None:
        return
    for column in table.columns:
        words = table.names[column.name].words
        named = " ".join(words) in _OPENED or " ".join(words[1:]) in _OPENED
        if not named or column is end or column.name in choice.sources.values():
            continue
        if column.clock is None or column.clock.share < 0.9 or column.clock.way == "of day":
            continue
        choice.columns["began"] = column.clock.expression(column.quoted)
        choice.sources["began"] = column.name
        choice.reasons["began"] = f"called {column.name!r}: when what {end.name!r} ends began"
        return


def _open_deals(choice: Choice) -> None:
    """Deals that are still open have no end: they are dated by their beginning, and are no purchase."""
    began, end = choice.column("began"), choice.column("timestamp")
    if began is None or end is None or "state" not in choice.columns:
        return
    if "timestamp" in choice.given or not end.rows or end.filled == 1:
        return
    choice.columns["timestamp"] = (
        f"coalesce({choice.columns['timestamp']}, {choice.columns['began']})"
    )
    choice.reasons["timestamp"] += f"; of open ones, {began.name!r}"


def _said_state(choice: Choice) -> None:
    """Where somebody said what became of the orders, the same words are no kinds."""
    kind = choice.column("kind")
    if "state" not in choice.given or "kind" in choice.given or kind is None:
        return
    if kind.quoted in choice.columns["state"] or kind.name == choice.columns["state"]:
        choice.columns["kind"] = choice.sources["kind"] = literal("purchase")
        choice.reasons["kind"] = f"{kind.name!r} says what became of each order"


_GOING = {
    *("active", "canceled", "cancelled", "ended", "expired", "churned", "inactive", "past due"),
    *("unpaid", "paused", "incomplete", "incomplete expired", "trialing", "terminated", "open"),
}


def _trial(choice: Choice) -> None:
    """Rows that began a trial are no purchases."""
    for column in choice.table.columns:
        name = choice.table.names[column.name]
        if name.words in {("is", "trial"), ("trial",)} and column.truths > 0.9:
            bought = f"CASE WHEN to_bool({column.quoted}) THEN 'event' ELSE 'purchase' END"
            choice.columns["kind"] = choice.sources["kind"] = bought
            choice.reasons["kind"] = f"{column.name!r} says which rows began a trial only"


def _two_ends(choice: Choice) -> None:
    """Payments and messages name both ends: where one is the company's, the other is the customer."""
    if "customer_id" in choice.given:
        return
    payers, payees = (
        [c for c in choice.table.columns if choice.table.worth(role)[c.name] >= 0.9]
        for role in ("payer", "payee")
    )
    if not payers or not payees or choice.column("customer_id") not in {payers[0], payees[0]}:
        return
    payer, payee = payers[0], payees[0]
    company = next(iter(payee.counts), None)
    ours = company is not None and payee.counts[company] >= 0.5 * len(payee.cells)
    if not ours or len(payee.cells) < 3 or payee.counts[str(company)] < 2:
        return
    own = literal(str(company))
    expression = f"CASE WHEN {payer.quoted} = {own} THEN {payee.quoted} ELSE {payer.quoted} END"
    choice.columns["customer_id"] = choice.sources["customer_id"] = expression
    choice.sources["customer_id"] = payer.name
    choice.reasons["customer_id"] = (
        f"{payer.name!r} and {payee.name!r} are the two ends; {company!r} is the company's own, so "
        "the customer is the other"
    )


_WRITERS = {
    "author",
    "sender",
    "from",
    "writer",
    "absender",
    "von",
    "verfasser",
    "expediteur",
    "autor",
}


def _authors(choice: Choice) -> None:
    """A log of messages that names who wrote: what went out, the company wrote itself."""
    who, way = choice.column("customer_id"), choice.column("direction")
    if who is None or way is None or not _WRITERS & set(choice.table.names[who.name].words):
        return
    seen: dict[str, set[str | None]] = {}
    for writer, direction in zip(who.at, way.at, strict=True):
        if writer is not None:
            seen.setdefault(writer, set()).add(direction)
    both = sum(len(ways) > 1 for ways in seen.values())
    choice.authors = both <= 0.05 * len(seen)


_FEES = ("fee", "fees", "commission", "gebuhr", "gebuhren", "frais", "comision", "commissione")


def _fees(choice: Choice) -> None:
    """Rows of what a marketplace keeps are lines of the order, and no money of the customer's."""
    value = choice.column("value")
    if value is None or "value" in choice.given:
        return
    for column in choice.table.columns:
        name = choice.table.names[column.name]
        if name.words not in {("amount", "type"), ("fee", "type"), ("price", "type")}:
            continue
        fees = [word for word in column.counts if set(plain(word).split()) & set(_FEES)]
        if not fees or column.name in choice.sources.values():
            continue
        listed = ", ".join(map(literal, fees))
        paid = choice.columns["value"]
        choice.columns["value"] = (
            f"CASE WHEN {column.quoted} IN ({listed}) THEN 0 ELSE to_number({value.quoted}) END"
            if paid == value.quoted
            else f"CASE WHEN {column.quoted} IN ({listed}) THEN 0 ELSE {paid} END"
        )
        choice.reasons["value"] += f"; {in_words([repr(fee) for fee in fees])} are no customer's"


_CASUAL = {"messages", "reviews", "surveys", "usage", "mailings", "leads"}
"""What a single column's name may speak of in a file that is of orders: `Seller Message`."""


def _of_orders(choice: Choice) -> bool:
    """Whether the rows may be orders, as far as the names of the columns tell."""
    table, context = choice.table, choice.table.context
    if context is None or context.name in _STATED:
        return True
    casual = context.name in _CASUAL and table.contexts[context.name] < 2
    return casual and "value" in choice.columns


def _state(choice: Choice) -> None:
    """The column that says what became of an order that is a row."""
    if "state" in choice.columns or "kind" in choice.given or not _of_orders(choice):
        return
    table = choice.table
    worth = table.worth("state")
    kind = choice.column("kind")
    named = sorted((c for c in table.columns if worth[c.name] >= 0.4), key=lambda c: -worth[c.name])
    for column in named:
        free = column is kind or column.name not in choice.sources.values()
        sure = worth[column.name] > 0.9
        if free and _states(column, sure=sure) and not _said(choice, column):
            words = in_words([repr(word) for word in column.counts], 4)
            reason = f"called {column.name!r}; its words are states of an order ({words})"
            choice.columns["state"], choice.sources["state"] = column.quoted, column.name
            choice.reasons["state"] = reason
            return
    _flag(choice)


def _said(choice: Choice, column: Column) -> bool:
    """Whether a person said what kinds some words of this column are: then they are events."""
    return any(word in choice.said_kinds for word in column.counts)


def _states(column: Column, *, sure: bool) -> bool:
    """Whether nearly all cells are states, and not rather words for what happened.

    Of a column that is *sure* to tell states by its name, most are enough: the others are told.
    """
    if not column.cells or len(column.counts) > 40 or column.truths > 0.9:
        return False
    known = {word: state_of(word) for word in column.counts}
    share, whole = (
        sum(column.counts[word] for word in known if of(word)) / len(column.cells)
        for of in (known.get, whole_state)
    )
    return share >= (0.6 if sure else 0.9) and whole >= 0.5


_FLAGS = (
    ("voided", "void", "{}", "says which orders were cancelled"),
    ("returned", "refunded", "{}", "says which orders came back"),
    ("paid", "pending", "NOT {}", "says which orders were paid"),
)
"""Roles of columns of yes and no, the state that they tell, of which answer, and why."""


def _flag(choice: Choice) -> None:
    """Columns of yes and no that say of each order whether it was cancelled, paid, or came back."""
    if "value" not in choice.columns:
        return
    cases, told, first = [], [], ""
    for role, state, test, why in _FLAGS:
        worth = choice.table.worth(role)
        for column in choice.table.columns:
            if column.name in choice.sources.values() or worth[column.name] < 0.9:
                continue
            if column.truths > 0.9 and (column.numbers is None or role != "returned"):
                answer = test.format(f"to_bool({column.quoted})")
            elif role == "voided" and column.clock is not None and column.clock.share > 0.9:
                answer = f"{column.quoted} IS NOT NULL AND trim({_text(column)}) <> ''"
            else:
                continue
            cases.append(f"WHEN {answer} THEN {literal(state)}")
            told.append(f"{column.name!r} {why}")
            first = first or column.name
    if cases:
        choice.columns["state"], choice.sources["state"] = f"CASE {' '.join(cases)} END", first
        choice.reasons["state"] = "; ".join(told)


def _sides(choice: Choice) -> None:
    """A column of debit and credit beside an amount: the rarer of the two was paid back."""
    if "kind" in choice.columns or "value" not in choice.columns or not choice.log:
        return
    for column in choice.table.columns:
        if column.name in choice.sources.values() or len(column.counts) != 2:
            continue
        sides = {plain(cell): cell for cell in column.counts}
        pair = next((p for p in table_of("sides")["pairs"] if set(p) == set(sides)), None)
        named = choice.table.worth("side")[column.name]
        if pair is None or (named < 0.6 and min(map(len, sides)) < 2):
            continue
        (_, many), (_, few) = column.counts.items()
        back = sides[pair[1]] if many == few else list(column.counts)[1]
        paid = next(cell for cell in column.counts if cell != back)
        how = f"CASE {column.quoted} WHEN {literal(back)} THEN 'refund' ELSE 'purchase' END"
        choice.columns["kind"] = choice.sources["kind"] = how
        choice.reasons["kind"] = f"{column.name!r} says which of the two sides an amount stands on"
        other = f"CASE {column.quoted} WHEN {literal(paid)} THEN 'refund' ELSE 'purchase' END"
        choice.doubts.append(
            f"kind: {column.name!r} says {in_words(map(repr, column.counts))}, and {back!r} was read as "
            f"paid back; for the other way round {line(choice.role, 'kind', other)}."
        )
        return


def _refunded(choice: Choice) -> None:
    """What of the row's value went back, beside it."""
    value = choice.column("value")
    if "refunded_amount" in choice.columns or value is None or value.numbers is None:
        return
    name = choice.table.names[value.name]
    if name.has("net") or name.has("netto") or any(map(name.has, ("refund", "refunded"))):
        return  # what went back has been taken off already
    for candidate in candidates(choice.table, "refunded_amount", log=True):
        column = candidate.column
        if column.name in choice.sources.values() or candidate.worth < 0.45:
            continue
        numbers = column.numbers
        if column.rows and (numbers is None or numbers.share < 0.8):
            continue
        if not _within(column, value):
            continue
        choice.columns["refunded_amount"] = (
            numbers.expression(column.quoted) if numbers is not None else column.quoted
        )
        choice.sources["refunded_amount"] = column.name
        choice.reasons["refunded_amount"] = f"called {column.name!r}; never more than was paid"
        return


def _within(column: Column, value: Column) -> bool:
    """Whether hardly a row says that more went back than was paid."""
    back, paid = _amounts(column), _amounts(value)
    both = [(abs(b), abs(p)) for b, p in zip(back, paid, strict=True) if b and p]
    return sum(b <= 1.01 * p for b, p in both) >= 0.95 * len(both)


def _amounts(column: Column) -> Sequence[float | None]:
    """The numbers of a column, row by row; None where none stands."""
    numbers = column.numbers
    if numbers is None:
        return [None] * len(column.at)
    return [None if cell is None else numbers.value(cell) for cell in column.at]


def _order_id(choice: Choice) -> None:
    """The column that several rows of one purchase have in common."""
    if "order_id" in choice.columns:
        return
    table = choice.table
    who, when = choice.column("customer_id"), choice.column("timestamp")
    if who is None or when is None:
        return
    if not _of_orders(choice):
        return
    worth = {c.name: _named_order(choice, c) for c in table.columns}
    for column in sorted(table.columns, key=lambda c: -worth[c.name]):
        if worth[column.name] < 0.6:
            break
        if column.name in choice.sources.values() or not _numbers_things(column):
            continue
        seen = lines_of(column, who, when, choice.column("kind"))
        if seen.one >= _AGREE:
            told = f"{seen.orders} with several rows in the sample, " if seen.orders else ""
            choice.columns["order_id"], choice.sources["order_id"] = column.quoted, column.name
            choice.reasons["order_id"] = (
                f"called {column.name!r}; {told}each of one customer and day"
            )
            return
    _instants(choice, who, when)


_ORDER_NAME = re.compile(r"#?[A-Za-z]{0,5}[-#]?\d{2,}")


def _named_order(choice: Choice, column: Column) -> float:
    """What a column's name is worth for the order; shops also call it a plain `Name`: `#1001`."""
    words = choice.table.names[column.name].words
    if words in {("name",), ("nr",), ("no",), ("number",)} and choice.table.context is not None:
        alike = sum(n for cell, n in column.counts.items() if _ORDER_NAME.fullmatch(cell))
        return 0.9 if column.cells and alike >= 0.98 * len(column.cells) else 0.0
    return choice.table.worth("order_id")[column.name]


def _numbers_things(column: Column) -> bool:
    if not column.rows:
        return True
    timed = column.clock is not None and column.clock.share > 0.9 and column.numbers is None
    measured = column.numbers is not None and not column.numbers.whole
    constant = len(column.counts) == 1 and len(column.cells) > 5
    return not (timed or measured or constant or column.truths > 0.9 or column.filled < 0.3)


def lines_of(orders: Column, who: Column, when: Column, kind: Column | None = None) -> Lines:
    """How far the ids in *orders* have one customer and one day each, for each kind of row."""
    seen: dict[tuple[str, str | None], set[tuple[str | None, str]]] = {}
    rows: dict[tuple[str, str | None], int] = {}
    kinds = kind.at if kind is not None else (None,) * len(orders.at)
    for name, customer, moment, what in zip(orders.at, who.at, when.at, kinds, strict=True):
        if name is not None and moment is not None:
            order = name, what
            rows[order] = rows.get(order, 0) + 1
            seen.setdefault(order, set()).add((customer, moment.replace("T", " ").split(" ")[0]))
    several = [order for order, n in rows.items() if n > 1]
    if not several:
        return Lines(0, 1.0)
    one = sum(len({pair for pair in seen[order] if pair[0]}) <= 1 for order in several)
    return Lines(len(several), one / len(several))


def _instants(choice: Choice, who: Column, when: Column) -> None:
    """Without an order id: rows of one customer at one time, where each row is of a thing sold."""
    table = choice.table
    if not _sells_lines(choice):
        return
    pairs = [
        (a, b) for a, b in zip(who.at, when.at, strict=True) if a is not None and b is not None
    ]
    again = len(pairs) - len(set(pairs))
    if again < max(1, 0.02 * len(pairs)):
        return
    expression = f"{_text(who)} || ' ' || {_text(when)}"
    item = next(c for c in table.columns if table.worth("line_item")[c.name] >= 0.6)
    choice.columns["order_id"] = choice.sources["order_id"] = expression
    choice.reasons["order_id"] = (
        f"no column names the order, and each row is of one {item.name!r}: rows of one customer at "
        "one time are one purchase"
    )


def _text(column: Column) -> str:
    return column.quoted if column.type == "VARCHAR" else f"CAST({column.quoted} AS VARCHAR)"


def _sells_lines(choice: Choice) -> bool:
    """Whether each row is of one thing that was sold, and nothing else numbers the rows."""
    table = choice.table
    kind = choice.columns.get("kind")
    if kind is not None and "state" not in choice.columns and kind != literal("purchase"):
        words = choice.words().values()
        if {ours for _, ours in words} - {"purchase", "refund"}:
            return False
    return table.count("line_item", 0.6) > 0 and "value" in choice.columns


def _repeated(choice: Choice) -> Iterator[str]:
    """The amounts that each line of an order repeats for the whole of it."""
    orders = choice.column("order_id")
    if orders is None:
        return
    for ours in ("value", "refunded_amount"):
        column = choice.column(ours)
        if column is not None and _is_of_whole(choice, orders, column):
            yield ours


def _is_of_whole(choice: Choice, orders: Column, column: Column) -> bool:
    name = choice.table.names[column.name]
    amounts: dict[str, list[str]] = {}
    for order, cell in zip(orders.at, column.at, strict=True):
        if order is not None and cell is not None:
            amounts.setdefault(order, []).append(cell)
    several = [cells for cells in amounts.values() if len(cells) > 1]
    if not several or any(map(name.has, _LINE)):
        return False
    same = [cells for cells in several if len(set(cells)) == 1]
    if len(same) < 0.98 * len(several):
        return False
    named = any(map(name.has, _WHOLE))
    different = len({cells[0] for cells in same})
    return named or (len(same) >= 5 and different >= 4)


def is_called_returned(name: str) -> bool:
    """Whether a column or a file speaks of what came back."""
    words = Name.of(name)
    return header_names()["returned"].worth(words) > 0 or any(map(words.has, RETURNS))


RETURNS = (
    *("return", "returns", "returned", "refund", "refunds", "refunded", "rma", "credit note"),
    *("credit notes", "retoure", "retouren", "ruckgabe", "ruckgaben", "storno", "gutschrift"),
    *("retour", "retours", "remboursement", "remboursements", "devolucion", "devoluciones"),
    *("reembolso", "reembolsos", "reso", "resi", "rimborsi", "zwroty", "returer", "devolucoes"),
)
"""Words of files and columns that say which orders came back."""

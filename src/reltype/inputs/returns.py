"""Returns: a file that only names orders which came back refunds those orders of a log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from reltype import sources
from reltype.expressions import literal, quote
from reltype.inputs.input import Input, Returns
from reltype.mapping.casts import Cells
from reltype.mapping.columns import columns_of
from reltype.mapping.order_columns import RETURNS, is_called_returned
from reltype.mapping.vocabulary import Name, header_names
from reltype.sources import parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reltype.engines.duckdb import Connection
    from reltype.mapping.columns import Column
    from reltype.mapping.guess import Guess

_MET = 0.5
"""Share of the orders named that must be among the log's."""


def attached(connection: Connection, items: Sequence[Input]) -> list[Input]:
    """The inputs without those that only name returned orders, which their log now knows of."""
    made = list(items)
    for item in items:
        if not _of_returns(item):
            continue
        for place, log in enumerate(made):
            if log is not item and (found := _attached(connection, item, log)) is not None:
                made[place] = found
                made = [other for other in made if other is not item]
                break
    return made


def _of_returns(item: Input) -> bool:
    """Whether a file speaks of what came back, and of nothing else.

    One that names customers, too, may be of orders some of which came back, unless it is called by
    what came back, or numbers that: `return_id`.
    """
    stem = Name.of(item.source.name.rsplit("/", 1)[-1].rsplit(".", 1)[0])
    if any(map(stem.has, RETURNS)):
        return True
    if "customer_id" not in item.guess.mapping.columns:
        return any(map(is_called_returned, item.source.columns))
    return any(_numbers_returns(Name.of(name)) for name in item.source.columns)


def _numbers_returns(name: Name) -> bool:
    """Whether a column numbers what came back: `Refund ID`, `RMA Number`."""
    first, last = name.words[:-1], name.words[-1:]
    return " ".join(first) in RETURNS and bool(set(last) & {"id", "no", "nr", "number", "nummer"})


def _attached(connection: Connection, item: Input, log: Input) -> Input | None:
    """*log*, knowing the orders of *item*; None where these are no orders of it."""
    guess = log.guess
    order = guess.sources.get("order_id")
    if guess.role != "interactions" or order not in log.source.columns or log.returns is not None:
        return None
    if "customer_id" not in guess.mapping.columns:
        return None
    for key in _keys(item, order):
        named, met = _met(connection, item, key, log, order)
        if met and met >= _MET * named:
            return _knowing(connection, item, key, log, order, (named, met))
    return None


def _keys(item: Input, order: str) -> Iterator[str]:
    """Columns that may name the orders, the likeliest first."""
    worth = header_names()["order_id"].worth
    names = {name: worth(Name.of(name)) for name in item.source.columns}
    same = [name for name in names if name.casefold() == order.casefold()]
    yield from same
    for name, value in sorted(names.items(), key=lambda pair: -pair[1]):
        if value >= 0.6 and name not in same:
            yield name


def _met(connection: Connection, item: Input, key: str, log: Input, order: str) -> tuple[int, int]:
    """How many orders a file names, and how many of them are the log's."""
    theirs = f"SELECT DISTINCT trim(CAST({quote(key)} AS VARCHAR)) AS k FROM {item.relation}"
    ours = f"SELECT trim(CAST({quote(order)} AS VARCHAR)) FROM {log.relation}"
    row = connection.execute(
        f"SELECT count(*), count_if(k IN ({ours})) FROM ({theirs}) WHERE k IS NOT NULL AND k <> ''"
    ).fetchall()[0]
    return int(row[0]), int(row[1])


def _knowing(
    connection: Connection,
    item: Input,
    key: str,
    log: Input,
    order: str,
    counted: tuple[int, int],
) -> Input:
    named, met = counted
    line = _line(item, log, {key, order})
    source = item.source
    sample = sources.sample(connection, source)
    columns = columns_of(source.columns, source.types, sample)
    others = [column for column in columns if column.name not in {key, line}]
    cells = Cells.of(item.types, source.name)
    (amount, named_so), where = _amount(others, cells), _where(others, cells, key)
    table = quote(parts.private_name("returns"))
    line_key = f"trim(CAST({quote(line)} AS VARCHAR))" if line else "CAST(NULL AS VARCHAR)"
    connection.execute(
        f"CREATE TEMP TABLE {table} AS SELECT trim(CAST({quote(key)} AS VARCHAR)) AS order_key, "
        f"{line_key} AS line_key, sum(abs({amount})) AS amount FROM {item.relation} "
        f"WHERE {where} GROUP BY 1, 2"
    )
    rows = int(connection.execute(f"SELECT count(*) FROM {item.relation}").fetchall()[0][0])
    read = _read(item, key, line, named_so, log.source.name)
    known = Returns(item.source.name, table, order, line, read, source.columns, rows)
    whole = "" if amount != _UNKNOWN else ", whole, as no amount is given"
    note = (
        f"{item.source.name} names {named:,} order{'s' * (named != 1)} that came back, {met:,} of "
        f"them here by {order!r}: refunded{whole}."
    )
    return evolve(
        log,
        returns=known,
        guess=_refunding(log, known),
        types={**log.types, known.flag: "BOOLEAN", known.amount: "DOUBLE"},
        notes=(*log.notes, note),
    )


def _read(item: Input, key: str, line: str | None, amount: str | None, log: str) -> Guess:
    """What a file of returns was understood as, for `inspect`."""
    columns, reasons = {"order_id": quote(key)}, {"order_id": f"the orders of {log} that came back"}
    if line is not None:
        columns["category"], reasons["category"] = quote(line), "the line that came back"
    if amount is not None:
        columns["refunded_amount"], reasons["refunded_amount"] = quote(amount), "how much went back"
    mapping = evolve(item.guess.mapping, role="interactions", columns=columns, kinds={})
    return evolve(
        item.guess,
        mapping=mapping,
        sources={
            name: text
            for name, text in (("order_id", key), ("category", line), ("refunded_amount", amount))
            if text is not None
        },
        reasons=reasons,
        alternatives={},
        problems=(),
        doubts=(),
        wishes=(),
        kinds={},
        role_because=f"it names orders of {log} that came back, and refunds them",
    )


_UNKNOWN = "CAST(NULL AS DOUBLE)"


def _refunding(log: Input, known: Returns) -> Guess:
    """The log's guess, its state and refunded amount reading the two columns."""
    guess = log.guess
    mapping = guess.mapping
    columns, sources = dict(mapping.columns), dict(guess.sources)
    flag, amount = quote(known.flag), quote(known.amount)
    own = columns.get("state")
    kept = f" ELSE {own}" if own is not None else ""
    per_order = mapping.per_order
    if known.line is not None and "value" in columns:
        value = columns["value"]
        back = f"CASE WHEN {flag} THEN coalesce({amount}, 1 * ({value})) ELSE 0 END"
        columns["refunded_amount"] = sources["refunded_amount"] = back
        per_order -= {"refunded_amount"}
    else:
        said = f"CASE WHEN {flag} THEN 'refunded'{kept} END"
        columns["state"] = sources["state"] = said
        if "refunded_amount" not in columns:
            columns["refunded_amount"] = sources["refunded_amount"] = amount
            per_order |= {"refunded_amount"}
    if own is not None and own == columns.get("kind"):
        columns["kind"] = literal("purchase")
    reasons = {**guess.reasons, "state": f"{known.file} names the orders that came back"}
    return evolve(
        guess,
        mapping=evolve(mapping, columns=columns, per_order=per_order),
        sources=sources,
        reasons=reasons,
    )


def _line(item: Input, log: Input, taken: set[str | None]) -> str | None:
    """The column that names a line of an order in both files."""
    worth = header_names()["line_item"].worth
    for name in item.source.columns:
        if name in log.source.columns and name not in taken and worth(Name.of(name)) >= 0.9:
            return name
    return None


def _amount(columns: Sequence[Column], cells: Cells) -> tuple[str, str | None]:
    """SQL of what went back, and the column that says it; null where none does."""
    found: list[tuple[float, Column]] = []
    for column in columns:
        name = Name.of(column.name)
        worth = max(header_names()[role].worth(name) for role in ("refunded_amount", "value"))
        if worth >= 0.6 and column.numbers is not None and column.numbers.share >= 0.8:
            found.append((worth, column))
    if not found:
        return _UNKNOWN, None
    best = max(found, key=lambda pair: pair[0])[1]
    assert best.numbers is not None  # noqa: S101  seen above
    expression = best.numbers.expression(best.quoted)
    return cells.cast(expression, "DOUBLE", "refunded_amount"), best.name


def _where(columns: Sequence[Column], cells: Cells, key: str) -> str:
    """SQL: the rows that say that something came back."""
    for column in columns:
        flag = header_names()["returned"].worth(Name.of(column.name)) >= 0.9
        if flag and column.truths > 0.9 and column.numbers is None:
            return cells.cast(f"to_bool({column.quoted})", "BOOLEAN", "returned")
    return f"{quote(key)} IS NOT NULL"

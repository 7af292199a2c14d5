"""Guess notes: what a guess tells people: what is missing, what is in doubt, what would help."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from reltype.expressions import literal
from reltype.expressions.words import currency_codes
from reltype.mapping.candidates import candidates
from reltype.mapping.canonical import ESSENTIAL
from reltype.mapping.clocks import clock_of
from reltype.mapping.conversions import in_words
from reltype.mapping.kinds import doubts_of
from reltype.mapping.lines import line
from reltype.mapping.states import PAID, PARTLY, state_of, whole_state
from reltype.mapping.totals import begins_as_sum

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reltype.mapping import Mapping
    from reltype.mapping.candidates import Candidate
    from reltype.mapping.choices import Choice
    from reltype.mapping.columns import Column

_WANTED = {"customer_id": "names the customer", "timestamp": "says when it happened"}
_CLOSE = 0.002
"""Two columns whose worth differs by less would do equally well."""


def problems(choice: Choice) -> Iterator[str]:
    """Essential columns that are missing, or for which two would do equally well."""
    for ours in ESSENTIAL[choice.role]:
        if ours not in choice.columns:
            yield _missing(choice, ours)
        elif ours not in choice.given:
            yield from _tied(choice, ours, choice.rivals.get(ours, []))


def _missing(choice: Choice, ours: str) -> str:
    columns = choice.table.columns
    taken = set(choice.sources.values())
    found = [c.column for c in candidates(choice.table, ours, log=choice.log)]
    if ours == "customer_id":
        found += [c for c in columns if choice.table.names[c.name].words[-1:] == ("id",)]
    elif (column := _unreadable(choice)) is not None:
        return _no_times(choice, column)
    # A column that is something else is no advice: better none than a wrong one.
    name = next((column.name for column in found if column.name not in taken), "COLUMN")
    there = in_words([repr(column.name) for column in columns], 8)
    how = line(choice.role, ours, name)
    rows = ""
    if ours == "customer_id" and not choice.log and choice.table.may_be_answers:
        rows = (
            " Where each row is a customer, or somebody who answered, --id-from-row numbers them."
        )
    return (
        f"No column was found that {_WANTED[ours]}. If one does, {how}.{rows} There are: {there}."
    )


def _unreadable(choice: Choice) -> Column | None:
    """The column that should hold times by its name, though its cells do not."""
    worth = choice.table.worth("timestamp")
    taken = set(choice.sources.values())
    left = [
        c
        for c in choice.table.columns
        if c.cells and c.name not in taken and (c.clock is None or c.clock.share < 0.5)
    ]
    best = max(left, key=lambda column: worth[column.name], default=None)
    return best if best is not None and worth[best.name] >= 0.3 else None


def _no_times(choice: Choice, column: Column) -> str:
    """Which cells could not be read as times, and what was tried."""
    cells = list(column.counts)
    times = [cell for cell in cells[:200] if clock_of([cell], named=True) is not None]
    others = [cell for cell in cells if cell not in set(times)]
    shown = in_words([repr(cell[:40]) for cell in others[:3]], 3)
    share = (
        f"{len(times)} of {min(200, len(cells))} cells are times" if times else "no cell is a time"
    )
    tried = "ISO, Unix and spreadsheet numbers, dates in any order and month names in 20 languages"
    form = f"to_time({column.quoted}, '%d/%m/%Y')"
    toml = form.replace('"', '\\"')
    return (
        f"{column.name!r} should say when it happened, but {share} that can be read, "
        f"unlike {shown}; {tried} were tried. If it has a format of its own, write in reltype.toml "
        f'under [{choice.role}]: timestamp = "{toml}" with that format. '
        f"If another column has the time, {line(choice.role, 'timestamp', 'COLUMN')}."
    )


def _tied(choice: Choice, ours: str, rivals: Sequence[Candidate]) -> Iterator[str]:
    if len(rivals) < 2:
        return
    first, second = (candidate.column for candidate in rivals[:2])
    if rivals[0].worth - rivals[1].worth < _CLOSE and first.cells != second.cells:
        how = line(choice.role, ours, first.name)
        yield f"{first.name!r} and {second.name!r} may each be what {_WANTED[ours]}: {how}."


def doubts(choice: Choice) -> Iterator[str]:
    """What a person should check."""
    for ours in ESSENTIAL[choice.role]:
        column = choice.column(ours)
        if column is not None and column.rows and _blank(choice, column) > 0.02:
            other = next(iter(choice.alternatives.get(ours, ())), None)
            way = (
                f"; coalesce() can fall back on another column, such as {other!r}" if other else ""
            )
            blank = f"{_blank(choice, column):.0%} of the rows have no {column.name!r}"
            yield f"{ours}: {blank}, and go to the rejects{way}."
    column = choice.column("customer_id")
    if column is not None and choice.table.names[column.name].words[-1:] == ("name",):
        yield f"customer_id: {column.name!r} holds names, which two customers may share."
    if choice.log:
        yield from _kinds(choice)
    yield from _currencies(choice)
    for column in choice.table.columns:
        if (
            len(column.cells) > 20
            and len(column.counts) == 1
            and column.name in choice.sources.values()
        ):
            yield f"{column.name!r} never varies: it always says {column.cells[0]!r}."


def _currencies(choice: Choice) -> Iterator[str]:
    """Amounts in several currencies: their sum is none."""
    value = choice.column("value")
    if "value" not in choice.columns or "value" in choice.given:
        return
    found: dict[str, int] = {}
    where, how = "", ""
    for column in choice.table.columns:
        codes = [cell.upper() for cell in column.cells]
        if column.cells and len(column.counts) <= 20 and set(codes) <= set(currency_codes()):
            found, where = dict(Counter(codes).most_common()), column.name
            rarest = literal(list(column.counts)[-1])
            how = f"CASE {column.quoted} WHEN {rarest} THEN 1.0 ELSE 1.0 END"
    if not found and value is not None and value.numbers is not None:
        signs = (re.sub(r"[\d\s.,'’()+-]", "", cell).upper() for cell in value.cells)
        known = {sign for sign in signs if sign in _SIGNS or sign in set(currency_codes())}
        found, where = dict.fromkeys(sorted(known), 0), value.name
        sign = literal(f"%{next(iter(found), '')}%")
        how = f"CASE WHEN {value.quoted} LIKE {sign} THEN 1.0 ELSE 1.0 END"
    if len(found) > 1:
        listed = in_words([f"{code} ({n:,})" if n else code for code, n in found.items()])
        one = line(choice.role, "value", f"({choice.columns['value']}) * {how}")
        yield (
            f"value: {where!r} names several currencies, {listed}, whose amounts are added up as they "
            f"stand; to turn them into one, {one}, with the rates in place of 1.0."
        )


_SIGNS = frozenset("$€£¥₹₽₩₺₴₫₪฿₱₦")


def _blank(choice: Choice, column: Column) -> float:
    """Share of the rows in which an essential column has nothing, but for a report's own sums."""
    who, began = choice.column("customer_id"), choice.column("began")
    if who is None or who is column:
        return 1 - column.filled
    if began is not None and began.quoted in choice.columns.get("timestamp", ""):
        return 0.0  # what has no end yet is dated by its beginning
    names = zip(column.at, who.at, strict=True)
    gone = sum(cell is None and not (name and begins_as_sum(name)) for cell, name in names)
    return gone / column.rows


def _kinds(choice: Choice) -> Iterator[str]:
    """What was assumed of what a row is, and of what became of it."""
    stated = choice.column("state") if "state" in choice.columns else None
    if stated is not None:
        yield from _unknown_states(choice, stated)
        partly = any(state_of(word) == PARTLY for word in stated.counts)
        if partly and "refunded_amount" not in choice.columns:
            yield (
                "state: no column says how much of a partly refunded order went back, so such orders "
                "count in full; name it with --map refunded_amount=COLUMN."
            )
        if stated is choice.column("kind"):
            return  # each row is an order, whatever became of it
    column = choice.column("kind")
    if column is not None:
        said = (word for word in column.counts if word not in choice.said_kinds)
        yield from doubts_of(said, choice.table.kinds_context)
    elif "kind" not in choice.columns:
        yield "kind: no column says what a row is, so each counts as a purchase."


def _unknown_states(choice: Choice, column: Column) -> Iterator[str]:
    if column.truths >= 0.9:
        return
    partly = {word: state_of(word) for word in column.counts if whole_state(word) is None}
    if read := [word for word, state in partly.items() if state is not None]:
        told = in_words([f"{word!r} as {partly[word]}" for word in read])
        how = _other_state(choice, column, read[0], str(partly[read[0]]))
        yield f"state: {told} was read by a part of the words; for another state, {how}."
    if unknown := [word for word, state in partly.items() if state is None]:
        listed = in_words([repr(word) for word in unknown])
        how = _other_state(choice, column, unknown[0], PAID)
        yield (
            f"state: {listed} stand for no known state of an order, which then counts as paid; for "
            f"another, {how}."
        )


def _other_state(choice: Choice, column: Column, word: str, state: str) -> str:
    """The line that says what a word stands for, with the state that it has now."""
    expression = (
        f"CASE {column.quoted} WHEN {literal(word)} THEN '{state}' ELSE {column.quoted} END"
    )
    return f"{line(choice.role, 'state', expression)}, with it in place of {state!r}"


def wishes(mapping: Mapping) -> Iterator[str]:
    """What would make the result better."""
    have = set(mapping.columns)
    if mapping.role == "customers":
        if not {"nps", "satisfaction"} & have:
            yield "no satisfaction or NPS column: affect cannot be read"
        if not {"since", "tenure_days"} & have:
            yield "neither a first day nor a tenure: endurance cannot be read"
        if "contract_days" not in have:
            yield "no contract term: what ties customers cannot be read"
        return
    if not {"sentiment", "rating", "text"} & have:
        yield "no sentiment, rating or survey column: affect cannot be read"
    elif not {"sentiment", "rating"} & have:
        yield "texts but no sentiment or rating: affect needs a plugin that reads texts"
    if "value" not in have:
        yield "no column of money: what customers spend cannot be read"
    if "discount" not in have:
        yield "no discount column: whether customers pay the full price cannot be read"

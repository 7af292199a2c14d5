"""Filling: the best column for each of ours that nobody gave, if enough speaks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reltype.mapping import so_far
from reltype.mapping.candidates import Candidate, candidates
from reltype.mapping.canonical import CUSTOMERS, INTERACTIONS
from reltype.mapping.conversion_choice import choose_conversion
from reltype.mapping.conversions import in_words
from reltype.mapping.derivations import derive
from reltype.mapping.vocabulary import header_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reltype.mapping.choices import Choice
    from reltype.mapping.columns import Column
    from reltype.mapping.conversions import Conversion

LEAST: Mapping[str, float] = {
    "customer_id": 0.35,
    "timestamp": 0.3,
    "since": 0.5,
    "kind": 0.45,
    "value": 0.45,
    "rating": 0.5,
    "text": 0.45,
    "category": 0.5,
}
"""How much must speak for a column; 0.6 for the others. A wrong column is worse than none."""

LOG = (
    *("customer_id", "timestamp", "kind", "value", "sentiment", "rating", "discount", "text"),
    *("direction", "channel", "category"),
)
TABLE = (
    *("customer_id", "tenure_days", "contract_days", "auto_renew", "nps", "share_of_wallet"),
    *("referrals", "products", "since", "ended", "timestamp", "value", "rating", "kind", "churned"),
    *("active", "text"),
)
"""What is looked for, in this order: a column serves for the first that wants it."""

_OURS = {"rating": "satisfaction", "churned": "active"}
"""What a customer table calls otherwise than the names of its columns."""


def fill(choice: Choice) -> None:
    """The best column for each of ours that nobody gave, if enough speaks for it."""
    _declared(choice)
    for canonical in LOG if choice.log else TABLE:
        ours = canonical if choice.log else _OURS.get(canonical, canonical)
        if ours not in choice.columns and (choice.log or choice.declared.wants(ours)):
            _guess(choice, canonical, ours)
    derive(choice)
    if not choice.log:
        _alias(choice)
        _by_name(choice)
        so_far.choose(choice)


def _declared(choice: Choice) -> None:
    """What the typology knows by words of its own: it goes before what any file may hold."""
    table, declared = choice.table, choice.declared
    taken = {column.name for column in table.columns} & set(choice.sources.values())
    types = INTERACTIONS if choice.log else CUSTOMERS
    for ours, items in declared.own(table).items():
        if ours not in types or ours in choice.columns:
            continue
        for item in items:
            column = item.column
            # What is called like an id must tell the rows of a table apart.
            repeats = column.rows and not column.is_unique
            if column.name in taken or (ours == "customer_id" and repeats and not choice.log):
                continue
            conversion = declared.own_conversion(ours, item)
            conversion = conversion or choose_conversion(ours, column, item.name, types[ours])
            if conversion is not None:
                taken.add(column.name)
                choice.put(ours, column.name, conversion, _declared_because([column], conversion))
                break
    if choice.log:
        return
    for ours, (conversion, columns) in declared.conversions(table, taken).items():
        if ours not in choice.columns:
            choice.put(ours, columns[0].name, conversion, _declared_because(columns, conversion))
            choice.shared[ours] = tuple(column.name for column in columns)


def _declared_because(columns: Sequence[Column], conversion: Conversion) -> str:
    """Why columns were chosen whose headers a typology asks for."""
    called = in_words([repr(column.name) for column in columns], 3)
    filled = min((column.filled for column in columns if column.rows), default=None)
    said = [f"called {called}"]
    if conversion.description:
        said.append(conversion.description)
    said.append("no row to look at" if filled is None else f"filled in {filled:.0%} of the rows")
    return "; ".join(said)


def _guess(choice: Choice, canonical: str, ours: str) -> None:
    type_ = (INTERACTIONS if choice.log else CUSTOMERS)[ours]
    taken = {*choice.sources.values(), *(c for cs in choice.shared.values() for c in cs)}
    found = [
        candidate
        for candidate in candidates(choice.table, canonical, log=choice.log)
        if candidate.column.name not in taken and candidate.worth >= _least(choice, canonical)
    ]
    for i, candidate in enumerate(found):
        conversion = choose_conversion(ours, candidate.column, candidate.name, type_)
        if conversion is not None:
            choice.rivals[ours] = found[i:]
            choice.alternatives[ours] = tuple(c.column.name for c in found[i + 1 : i + 4])
            choice.put(ours, candidate.column.name, conversion, because(candidate, conversion))
            return


def _least(choice: Choice, canonical: str) -> float:
    # Of a customer, only what looks like the last activity may stand beside the first day.
    if canonical == "timestamp" and "since" in choice.columns:
        return 0.75
    return LEAST.get(canonical, 0.6)


def _alias(choice: Choice) -> None:
    """What a list of customers calls otherwise: when last heard of, and since when."""
    since = choice.sources.get("since")
    if since is not None and "timestamp" not in choice.sources:
        choice.sources["timestamp"] = since
    named = since is not None and since in choice.table.names
    if named and header_names()["since"].worth(choice.table.names[str(since)]) > 0.9:
        choice.sources.setdefault("tenure_days", str(since))
    if "satisfaction" in choice.sources:
        choice.sources.setdefault("rating", choice.sources["satisfaction"])


def _by_name(choice: Choice) -> None:
    """Features that stand in the table under their own names."""
    for column in choice.table.columns:
        name = "_".join(choice.table.names[column.name].words)
        free = name not in choice.columns and column.name not in choice.sources.values()
        if name in choice.features and free:
            conversion = choose_conversion(name, column, choice.table.names[column.name], "DOUBLE")
            if conversion is not None:
                choice.put(name, column.name, conversion, "called like a feature")


def because(candidate: Candidate, conversion: Conversion) -> str:
    """Why a column was chosen."""
    column = candidate.column
    said = [f"called {column.name!r}"]
    if conversion.description:
        said.append(
            f"{conversion.share:.0%} of {len(column.cells)} cells are {conversion.description}"
        )
    said.append(
        f"filled in {column.filled:.0%} of the rows" if column.rows else "no row to look at"
    )
    return "; ".join(said)

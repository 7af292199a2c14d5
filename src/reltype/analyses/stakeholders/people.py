"""People: who is on the map, in which group, with which role and stake."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, field, frozen

from reltype.analyses.stakeholders.columns import CUSTOMERS, GROUP, NAME, PERSON, ROLE
from reltype.errors import InputError, UsageError, did_you_mean
from reltype.expressions import quote
from reltype.formats.printing import printable
from reltype.mapping.kinds import plain

if TYPE_CHECKING:
    from reltype.analyses.table import Table
    from reltype.arrow import Ints

FLOOR = 5
"""People from whom on a group is told apart; smaller ones are told together."""
SMALLER = "smaller groups"
UNKNOWN = "no group known"
SHOWN = (
    "stake",
    "focus",
    "power",
    "legitimacy",
    "urgency",
    "trust",
    "organisation",
    "they_need_us",
)
"""Columns of a list of stakeholders that the map carries where they are there, besides the role."""


@frozen(eq=False)
class People:
    """Who is on the map.

    Attributes:
        ids: (n,) each person as the ties or the list write them, sorted.
        names: (n,) what to call them.
        listed: Whether a list of people was given.
        groups: Names of the groups as they are told apart, sorted; empty where none were asked for.
        group: (n,) place of each one's group; −1 where it is not known.
        merged: How many groups of fewer than `FLOOR` were put together.
        column: What the groups are: the column's name.
        roles: (n,) role of each; empty texts where none is known.
        facts: Further columns of the list → (n,) cells.
        customers: (n,) whose outcome the others work for.
        notes: Sentences for people.
    """

    ids: tuple[str, ...] = field(repr=False)
    names: tuple[str, ...] = field(repr=False)
    listed: bool
    groups: tuple[str, ...] = ()
    group: Ints = field(factory=lambda: np.empty(0, np.int64), repr=False)
    merged: int = 0
    column: str = ""
    roles: tuple[str, ...] = field(default=(), repr=False)
    facts: Mapping[str, tuple[str, ...]] = field(factory=dict, repr=False)
    customers: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()


def read(
    tied: Sequence[str],
    table: Table | None,
    *,
    groups: str | None = None,
    customers: Iterable[str] = (),
) -> People:
    """Who is on the map: everybody who is tied, and everybody on the list.

    Args:
        tied: Names in the ties.
        table: The list; None: there is none.
        groups: Its column of groups; None: by its name.
        customers: Names of customers; empty: those whose role is one.

    Raises:
        InputError: The list has no column that holds the names in the ties, or no such groups.
        UsageError: Groups are asked for without a list; a customer is not on the map.
    """
    if table is None:
        if groups is not None:
            raise UsageError(
                f"groups = {groups!r}: nothing tells who is in which. Give a list of people with "
                "--people FILE."
            )
        made = People(tuple(tied), tuple(tied), listed=False, group=np.full(len(tied), -1))
        return _with_customers(made, customers)
    cells = {name: column for name, column in _cells(table).items() if any(cell for cell in column)}
    key, notes = _key(tied, cells, table)
    rows: dict[str, int] = {}
    spelt = {folded(name): name for name in tied}
    twice = 0
    for i, cell in enumerate(cells[key]):
        if cell and rows.setdefault(spelt.get(folded(cell), cell), i) != i:
            twice += 1
    if twice:
        notes.append(f"{twice:,} rows of {table.name} name somebody again: the first counts.")
    ids = sorted({*tied, *rows})
    at = [rows.get(name, -1) for name in ids]
    missing = sum(i < 0 for i in at)
    if missing:
        notes.append(f"{missing:,} of {len(ids):,} people in the ties are not in {table.name}.")

    def of(column: str | None) -> tuple[str, ...]:
        return (
            tuple((cells[column][i] if i >= 0 else "") for i in at) if column else ("",) * len(at)
        )

    column = _group_column(table, cells, key, groups, notes)
    role = next((n for n in cells if n != key and ROLE.fullmatch(plain(n))), None)
    called = next((n for n in cells if n != key and NAME.fullmatch(plain(n))), None)
    named = of(called)
    unique = called and len({n for n in named if n}) == sum(bool(n) for n in named)
    names = tuple(n or i for n, i in zip(named, ids, strict=True)) if unique else tuple(ids)
    told, codes, merged = _merged(of(column) if column else (), len(ids))
    facts = {name: of(name) for name in cells if plain(name).replace(" ", "_") in SHOWN}
    made = People(
        tuple(ids),
        names,
        True,
        told,
        codes,
        merged,
        column or "",
        of(role),
        facts,
        notes=tuple(notes),
    )
    return _with_customers(made, customers)


def folded(name: str) -> str:
    """What two spellings of one person share: as the ties tell them apart."""
    one = " ".join(name.split())
    return one.lower() if "@" in one or not any(c in "0123456789" for c in one) else one


def _cells(table: Table) -> dict[str, list[str]]:
    """Every column of a list as text, without blanks around; of `Name <address>` both."""
    texts = [f"trim(CAST({quote(n)} AS VARCHAR)) AS {quote(n)}" for n in table.columns]
    read = table.engine.table(f"SELECT {', '.join(texts)} FROM {table.relation}")
    return {
        name: [printable(" ".join((cell or "").split())) for cell in read.column(name).to_pylist()]
        for name in read.column_names
    }


def _key(
    tied: Sequence[str], cells: Mapping[str, Sequence[str]], table: Table
) -> tuple[str, list[str]]:
    """The column of the list that names those who are tied: that in which most of them are found."""
    wanted = {folded(name) for name in tied}
    held = {n: len(wanted & {folded(c) for c in column if c}) for n, column in cells.items()}
    unlike = {n: len(wanted) and -len({c for c in column if c}) for n, column in cells.items()}
    if not held:
        raise InputError(f"{table.name}: every cell is empty.")
    called = {n: bool(PERSON.fullmatch(plain(n))) for n in cells}
    best = min(cells, key=lambda n: (-held[n], not called[n], unlike[n]))
    if held[best] == 0:
        some = ", ".join(repr(name) for name in list(tied)[:3])
        raise InputError(
            f"{table.name}: no column holds the people of the ties ({some} …). There are: "
            f"{', '.join(list(cells)[:12])}."
        )
    notes = []
    if held[best] < 0.5 * len(wanted):
        notes.append(f"{table.name} was joined by {best!r}, which names few of those who are tied.")
    return best, notes


def _group_column(
    table: Table,
    cells: Mapping[str, Sequence[str]],
    key: str,
    groups: str | None,
    notes: list[str],
) -> str | None:
    if groups is None:
        found = next((n for n in cells if n != key and GROUP.fullmatch(plain(n))), None)
        if found is not None:
            notes.append(f"Groups are those of {found!r}; --groups COLUMN says otherwise.")
        return found
    others = [n for n in cells if n != key]
    if all(name.startswith("column_") for name in table.columns) and len(others) == 1:
        return others[0]  # without a header nobody can call it by its name
    return table.column(groups)


def _merged(cells: Sequence[str], people: int) -> tuple[tuple[str, ...], Ints, int]:
    """Groups as they are told apart: those of fewer than `FLOOR` together, so that no one stands out."""
    if not any(cells):
        return (), np.full(people, -1, np.int64), 0
    names, inverse, counts = np.unique(np.array(cells), return_inverse=True, return_counts=True)
    known = names != ""
    small = known & (counts < FLOOR)
    if small.any() and 0 < counts[small].sum() < FLOOR and (known & ~small).any():
        # What is left over would still be told by itself: the smallest of the others joins it.
        rest = np.flatnonzero(known & ~small)
        small[rest[np.lexsort((names[rest], counts[rest]))[0]]] = True
    told = [str(n) for n in names[known & ~small]]
    other = SMALLER
    while other in told:
        other = f"other {other}"
    place = np.full(len(names), -1, np.int64)
    place[known & ~small] = np.arange(len(told))
    if small.any():
        place[small] = len(told)
        told.append(other)
    return tuple(told), place[inverse], int(small.sum())


def _with_customers(people: People, wanted: Iterable[str]) -> People:
    asked = list(wanted)
    if not asked:
        found = [i for i, role in enumerate(people.roles) if plain(role) in CUSTOMERS]
        return evolve(people, customers=tuple(found))
    places = {folded(name): i for i, name in enumerate(people.names)}
    places |= {folded(name): i for i, name in enumerate(people.ids)}
    found = []
    for name in asked:
        if folded(name) not in places:
            hint = did_you_mean(name, [*people.names, *people.ids])
            raise UsageError(f"--customer {name!r}: nobody on the map is called so.{hint}")
        found.append(places[folded(name)])
    return evolve(people, customers=tuple(sorted(set(found))))

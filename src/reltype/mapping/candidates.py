"""Candidates: how well each column of a file would serve, by its name and what stands in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from reltype.mapping import suitability

if TYPE_CHECKING:
    from reltype.mapping.columns import Column
    from reltype.mapping.named_columns import NamedColumns
    from reltype.mapping.vocabulary import Name


@frozen
class Candidate:
    """A column that may serve, and how much speaks for it, 0…1."""

    column: Column
    name: Name
    worth: float


def candidates(table: NamedColumns, role: str, *, log: bool) -> list[Candidate]:
    """The columns of *table* that may serve for a role, the best first."""
    test = suitability.TESTS.get(role, suitability.plainly)
    found = []
    for column in table.columns:
        if not column.cells and column.rows:
            continue
        name = table.names[column.name]
        worth = test(table, column, name, table.worth(role)[column.name], log)
        if worth > 0:
            found.append(Candidate(column, name, min(worth, 1.2)))
    return sorted(found, key=lambda candidate: -candidate.worth)

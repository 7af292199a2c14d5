"""Named columns: those of one file, what their names say, and what the file is about."""

from __future__ import annotations

from functools import cached_property
from pathlib import PurePath
from typing import TYPE_CHECKING

from attrs import define, evolve, field

from reltype.mapping import decimals
from reltype.mapping.kinds import contexts, plain, special
from reltype.mapping.vocabulary import Context, Name, header_names, known_contexts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reltype.mapping.columns import Column

_TIME_WORDS = (
    *(
        "date",
        "time",
        "timestamp",
        "datetime",
        "at",
        "on",
        "ts",
        "datum",
        "fecha",
        "created",
        "when",
    ),
    *("day", "tag", "jour", "dia", "giorno", "czas", "zeit", "data", "since", "seit"),
)


@define(frozen=True, slots=False)
class NamedColumns:
    """A file's columns, and what it is about.

    Attributes:
        file: What it is called.
        columns: In its order.
    """

    file: str
    columns: tuple[Column, ...] = field(repr=False)
    _worth: dict[str, dict[str, float]] = field(factory=dict, init=False, repr=False)
    _counts: dict[tuple[str, float], int] = field(factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, file: str, columns: Sequence[Column]) -> NamedColumns:
        """The table, with those columns marked that speak of time."""
        return cls(file, tuple(_dated(columns)))

    @cached_property
    def names(self) -> Mapping[str, Name]:
        """Column → its name, taken apart."""
        return {column.name: Name.of(column.name) for column in self.columns}

    @cached_property
    def contexts(self) -> Mapping[str, int]:
        """What the rows may be → how many columns say so; the file's own name counts for three."""
        stem = Name.of(PurePath(self.file).stem)
        found = {}
        for context in known_contexts():
            told = sum(any(map(name.has, context.words)) for name in self.names.values())
            found[context.name] = told + 3 * any(map(stem.has, context.files))
        return found

    @cached_property
    def context(self) -> Context | None:
        """What the rows are, if anything tells."""
        best = max(known_contexts(), key=lambda context: self.contexts[context.name])
        return best if self.contexts[best.name] else None

    @cached_property
    def telling(self) -> int:
        """How many columns tell what the rows are."""
        names = list(self.names.values())
        return max(sum(any(map(n.has, c.words)) for n in names) for c in known_contexts())

    @property
    def is_of_rows(self) -> bool:
        """Whether the file clearly lists orders, tickets …: a plain `id` is not a customer's."""
        return max(self.contexts.values()) > 1

    @property
    def may_be_answers(self) -> bool:
        """Whether a row may be somebody who answered: it is no order, ticket or deal."""
        return self.context is None or self.context.name in {"surveys", "reviews", "churn"}

    @property
    def kinds_context(self) -> str | None:
        """The table of words.toml that holds for this file: by names, or by a column's own words."""
        name = self.context.name if self.context else self._spoken_of
        return name if name in contexts() else None

    @cached_property
    def _spoken_of(self) -> str | None:
        """The sort of file of which a column's words speak: sent, open, click are of mailings."""
        for column in self.columns:
            if not 3 <= len(column.counts) <= 40 or column.numbers:
                continue
            said = {plain(cell): n for cell, n in column.counts.items()}
            for name in contexts():
                known = {w: n for w, n in said.items() if w in special(name)}
                if len(known) >= 3 and sum(known.values()) >= 0.8 * len(column.cells):
                    return name
        return None

    def has(self, phrase: str) -> bool:
        """Whether these words stand in some column's name."""
        return f" {phrase} " in self._spoken

    @cached_property
    def _spoken(self) -> str:
        return " | ".join(f" {' '.join(name.words)} " for name in self.names.values())

    def worth(self, role: str) -> Mapping[str, float]:
        """Column → what its name is worth for a role."""
        if role not in self._worth:
            known = header_names()[role]
            self._worth[role] = {column: known.worth(name) for column, name in self.names.items()}
        return self._worth[role]

    def count(self, role: str, least: float = 0.8) -> int:
        """How many columns have a name of this role."""
        if (role, least) not in self._counts:
            worth = self.worth(role).values()
            self._counts[role, least] = sum(name_worth >= least for name_worth in worth)
        return self._counts[role, least]


def _dated(columns: Sequence[Column]) -> list[Column]:
    """The columns, knowing what the others tell of their times and decimals."""
    marked = [
        evolve(
            column, time_named=any(map(Name.of(column.name).has, _TIME_WORDS)) or _is_time(column)
        )
        for column in columns
    ]
    sure = [
        c.clock
        for c in marked
        if c.clock and c.clock.order in {"DMY", "MDY"} and not c.clock.ambiguous
    ]
    if sure:
        day_first = sum(bool(clock.day_first) for clock in sure) * 2 > len(sure)
        marked = [evolve(column, day_first=day_first) for column in marked]
    return decimals.decided(marked)


def _is_time(column: Column) -> bool:
    return header_names()["timestamp"].worth(Name.of(column.name)) > 0.4

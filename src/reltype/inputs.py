"""Inputs: what a run was given, opened, and read through a mapping each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from attrs import define, evolve, field, frozen

from reltype import rejects, sources
from reltype.errors import InputError
from reltype.guess import guess

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

    from reltype.guess import Guess
    from reltype.mapping import Refunds, Role
    from reltype.sources import Source


@frozen
class Ask:
    """One thing to read, and what a person said about it.

    Attributes:
        thing: A path, a glob, a URL, `-`, a frame, a relation, a list of dicts.
        role: A log or a customer table, where that was said.
        columns: Our name → their column or an expression, as far as it was said.
        kinds: Their word → our kind, as far as it was said.
        where: A condition on rows, or None.
        table: Which table of a database, or sheet of a workbook.
    """

    thing: object
    role: Role | None = None
    columns: Mapping[str, str] = field(factory=dict)
    kinds: Mapping[str, str] = field(factory=dict)
    where: str | None = None
    table: str | None = None


@frozen
class Input:
    """A source and what it is read as."""

    source: Source
    guess: Guess

    def select(self, *, refunds: Refunds = "net", features: Collection[str] = ()) -> str:
        """SQL of the canonical rows.

        Raises:
            InputError: An essential column is missing or ambiguous.
        """
        types = dict(zip(self.source.columns, self.source.types, strict=True))
        return self.guess.sure().select(
            self.source.relation, types, refunds=refunds, features=features
        )


@define
class Inputs:
    """All that a run reads.

    Attributes:
        connection: The engine's, on which everything was opened.
        items: Logs and customer tables, in the order in which they were given.
        refunds: What becomes of money paid back.
        features: Names of features that a customer table may give.
    """

    connection: DuckDBPyConnection = field(repr=False)
    items: list[Input]
    refunds: Refunds = "net"
    features: frozenset[str] = frozenset()

    @classmethod
    def open(
        cls,
        connection: DuckDBPyConnection,
        asked: Sequence[Ask],
        *,
        refunds: Refunds = "net",
        features: Collection[str] = (),
        encoding: str | None = None,
    ) -> Inputs:
        """Open everything, and find out what each is.

        Raises:
            InputError: Something cannot be read.
            ConfigError: What was said of a column cannot be.
        """
        items = [
            Input(source, understood(connection, source, ask, features))
            for ask in asked
            for source in sources.open_sources(
                connection, ask.thing, table=ask.table, encoding=encoding
            )
        ]
        return cls(connection, items, refunds, frozenset(features))

    @property
    def logs(self) -> list[str]:
        """A SELECT of canonical interactions for each log."""
        return [item.select(refunds=self.refunds) for item in self._of("interactions")]

    @property
    def tables(self) -> list[str]:
        """A SELECT of canonical customer rows for each customer table."""
        return [item.select(features=self.features) for item in self._of("customers")]

    @property
    def given(self) -> set[str]:
        """The features that the customer tables give."""
        named = {name for item in self._of("customers") for name in item.guess.mapping.columns}
        return ({"since_day" if name == "since" else name for name in named}) & self.features

    @property
    def mapped(self) -> set[str]:
        """Every column of ours that some input has."""
        return {name for item in self.items for name in item.guess.mapping.columns} | self.given

    @property
    def files(self) -> list[str]:
        """Paths that the engine must be allowed to read."""
        return [path for item in self.items for path in item.source.files]

    @property
    def notes(self) -> list[str]:
        """Sentences for the user: what was odd in a file, and what was assumed."""
        return [
            f"{item.source.name}: {note}"
            for item in self.items
            for note in (*item.source.notes, *item.guess.doubts)
        ]

    def settle(self, *, failed: bool = False) -> bool:
        """After a full pass: whether some source had to be cut anew, so that the pass is due again."""
        settled = [
            evolve(item, source=sources.settle(self.connection, item.source, failed=failed))
            for item in self.items
        ]
        changed = any(
            new.source is not old.source for new, old in zip(settled, self.items, strict=True)
        )
        self.items = settled
        return changed

    def rejected(self) -> Iterator[pa.RecordBatch]:
        """Every row that was not used, with file, line, column, reason and text, file by file."""
        for item in self.items:
            yield from rejects.rejected(self.connection, item.source, self._judge(item))

    def _judge(self, item: Input) -> rejects.Judge:
        types = dict(zip(item.source.columns, item.source.types, strict=True))
        names = self.features if item.guess.role == "customers" else ()
        return lambda relation, keep: item.guess.sure().select(
            relation, types, refunds=self.refunds, features=names, keep=keep
        )

    def torn(self) -> int:
        """Rows that could not be cut into cells; they stand in the rejects."""
        count = 0
        for item in self.items:
            for part in item.source.parts:
                if part.rejects:
                    found = self.connection.sql(f"SELECT count(*) FROM {part.rejects}").fetchall()
                    count += int(found[0][0])
        return count

    def _of(self, role: Role) -> Iterator[Input]:
        return (item for item in self.items if item.guess.role == role)


def understood(
    connection: DuckDBPyConnection, source: Source, ask: Ask, features: Collection[str] = ()
) -> Guess:
    """What *source* is read as, what was said going before what is guessed."""
    shown: pa.Table = sources.sample(connection, source)
    if not source.columns:
        raise InputError(f"{source.name}: it has no columns.")
    return guess(
        source.name,
        source.columns,
        source.types,
        shown,
        role=ask.role,
        given=ask.columns,
        kinds=ask.kinds,
        where=ask.where,
        features=features,
    )

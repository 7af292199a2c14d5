"""Input: one input, and how its rows become ours; what another file says came back is joined to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from reltype.expressions import quote
from reltype.inputs.origins import JoinedRelation, Origins
from reltype.mapping.guess import ROW

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from reltype.mapping import Refunds
    from reltype.mapping.guess import Guess
    from reltype.sources import Source

_BRIEF = 40


@frozen
class Returns:
    """Orders that came back, ready to be joined to the rows of a log.

    Attributes:
        file: What named them.
        table: The engine's table: `order_key`, `line_key` (text) and `amount` (null: all of it).
        order: The log's column that holds the order.
        line: The column that names a line in both; None where whole orders came back.
        read: What the file was understood as: which of its columns names the orders.
        columns: The file's columns, in order.
        rows: How many rows it has.
    """

    file: str
    table: str
    order: str
    line: str | None = None
    read: Guess | None = field(default=None, eq=False, repr=False)
    columns: tuple[str, ...] = ()
    rows: int = 0

    @property
    def flag(self) -> str:
        """The column that says whether a row came back."""
        return f"returned in {self.file}"

    @property
    def amount(self) -> str:
        """The column that says how much of the order went back, where it is known."""
        return f"refunded in {self.file}"

    def joined(self, relation: str) -> str:
        """*relation* with the two columns; no row is lost or repeated."""
        on = f"trim(CAST(l.{quote(self.order)} AS VARCHAR)) = r.order_key"
        if self.line is not None:
            on += f" AND trim(CAST(l.{quote(self.line)} AS VARCHAR)) = r.line_key"
        return (
            f"(SELECT l.*, r.order_key IS NOT NULL AS {quote(self.flag)}, "
            f"r.amount AS {quote(self.amount)} FROM {relation} AS l "
            f"LEFT JOIN {self.table} AS r ON {on})"
        )


@frozen
class Input:
    """A source and what it is read as.

    Attributes:
        source: What gives the rows.
        guess: What is which of ours.
        types: Its columns, those that were joined to it too, and DuckDB's types of them.
        made: What a config says the rows are made of.
        notes: Sentences for the user.
        returns: Orders of a log that another file says came back.
        lacking: Our name → what a model's data was read from, of which this file has no column.
    """

    source: Source
    guess: Guess
    types: Mapping[str, str]
    made: Origins | None = None
    notes: tuple[str, ...] = ()
    returns: Returns | None = None
    lacking: Mapping[str, str] = field(factory=dict)

    @property
    def numbered(self) -> bool:
        """Whether the rows are told apart by their number alone."""
        return self.guess.sources.get("customer_id") == ROW

    @property
    def relation(self) -> str:
        """What stands behind FROM."""
        return self.rows_from(self.source.relation)

    @property
    def description(self) -> str:
        """What was guessed, in one line; empty where everything was said or is called as ours."""
        guess = self.guess
        guessed = [
            f"{ours} from {_brief(guess.sources.get(ours, text))}"
            for ours, text in guess.mapping.columns.items()
            if guess.reasons.get(ours) != "as given"
        ]
        if not guessed:
            return ""
        role = "a log" if guess.role == "interactions" else "a customer table"
        return (
            f"{self.source.name}: read as {role}: {', '.join(guessed)}. reltype inspect says why."
        )

    def rows_from(self, relation: str, keep: Sequence[str] = ()) -> str:
        """What stands behind FROM if *relation*, with columns *keep* more, gives the rows."""
        if self.numbered:
            number = "CAST(row_number() OVER () AS VARCHAR)"
            return f"(SELECT *, {number} AS {quote(ROW)} FROM {relation})"
        if self.made is not None:
            relation = self.made.joined(JoinedRelation(relation, (*self.source.columns, *keep)))
        return relation if self.returns is None else self.returns.joined(relation)

    def select(
        self,
        *,
        refunds: Refunds = "net",
        features: Collection[str] = (),
        relation: str | None = None,
        keep: Sequence[str] = (),
        states: bool = True,
    ) -> str:
        """SQL of the canonical rows.

        Args:
            refunds: What becomes of money paid back.
            features: Names of features that a customer table may give.
            relation: What gives the rows instead of the source, with the columns *keep* more.
            keep: Columns to pass through.
            states: See `Mapping.select`.

        Raises:
            InputError: An essential column is missing or ambiguous.
        """
        rows = self.relation if relation is None else self.rows_from(relation, keep)
        names = features if self.guess.role == "customers" else ()
        return self.guess.sure().select(
            rows, self.types, refunds=refunds, features=names, keep=keep, states=states
        )


def _brief(source: str) -> str:
    return source if len(source) <= _BRIEF else source[: _BRIEF - 1] + "…"

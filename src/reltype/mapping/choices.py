"""Choice: the columns of a file that were chosen for ours, each for one, with reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reltype.mapping import Mapping
from reltype.mapping.conversion_choice import choose_conversion
from reltype.mapping.conversions import Conversion
from reltype.mapping.declared import NOTHING, Declared
from reltype.mapping.kinds import OTHER, kind_of
from reltype.mapping.states import UNPAID, state_of

if TYPE_CHECKING:
    from collections.abc import Collection
    from collections.abc import Mapping as MappingOf

    from reltype.mapping.candidates import Candidate
    from reltype.mapping.canonical import Role
    from reltype.mapping.columns import Column
    from reltype.mapping.named_columns import NamedColumns


class Choice:
    """What was chosen so far.

    Attributes:
        table: The file.
        log: Whether it is one.
        columns: Our name → expression, as a mapping holds it.
        sources: Our name → the column behind it.
        reasons: Our name → why.
        alternatives: Our name → what else might have served.
        rivals: Our name → the candidates, the chosen one first.
        doubts: What was assumed.
        shared: Our name → every column that it is the mean of.
        said_kinds: Their words of which a person said what kind they are.
        declared: Headers that the typology asks for.
        authors: The customer's column says who wrote; what is outbound, the company wrote.
        per_order: Our names whose amount each line of an order repeats for the whole of it.
    """

    def __init__(
        self,
        table: NamedColumns,
        role: Role,
        features: Collection[str],
        said_kinds: Collection[str] = (),
        declared: Declared = NOTHING,
    ) -> None:
        self.table, self.log, self.features = table, role == "interactions", features
        self.role: Role = role
        self.columns: dict[str, str] = {}
        self.sources: dict[str, str] = {}
        self.reasons: dict[str, str] = {}
        self.alternatives: dict[str, tuple[str, ...]] = {}
        self.rivals: dict[str, list[Candidate]] = {}
        self.shared: dict[str, tuple[str, ...]] = {}
        self.given: set[str] = set()
        self.said_kinds = said_kinds
        self.declared = declared
        self.per_order: frozenset[str] = frozenset()
        self.authors = False
        self.doubts: list[str] = []

    def column(self, canonical: str) -> Column | None:
        """The column behind one of ours, if it is one."""
        source = self.sources.get(canonical)
        return next((column for column in self.table.columns if column.name == source), None)

    def take(self, given: MappingOf[str, str]) -> None:
        """What a person wrote; a plain column gets the conversion that its cells ask for."""
        known = Mapping(self.role, given).canonical(self.features)
        names = {column.name: column for column in self.table.columns}
        self.given = set(given)
        if not self.log and "ended" in given and (said := self._said_to_have_left(given["ended"])):
            given = {name: text for name, text in given.items() if name != "ended"}
            given["left_said"] = said
        for canonical, text in given.items():
            bare = text.strip()
            unquoted = bare[1:-1].replace('""', '"') if bare[:1] == bare[-1:] == '"' else bare
            column = names.get(text) or names.get(unquoted)
            if column is None:
                self.columns[canonical] = self.sources[canonical] = text
                self.reasons[canonical] = "as given"
                continue
            name = self.table.names[column.name]
            conversion = self.declared.conversion(canonical, column, name)
            conversion = conversion or choose_conversion(canonical, column, name, known[canonical])
            self.put(
                canonical, column.name, conversion or Conversion(column.quoted, 0, ""), "as given"
            )

    def _said_to_have_left(self, text: str) -> str:
        """The expression of a column that says yes or no, not when; empty where it is none."""
        column = next((c for c in self.table.columns if text in {c.name, c.quoted}), None)
        return f"to_bool({column.quoted})" if column is not None and column.truths > 0.9 else ""

    def put(self, ours: str, source: str, conversion: Conversion, reason: str) -> None:
        """Let the column *source* be *ours*, read by a conversion; its doubt is kept for people."""
        self.columns[ours], self.sources[ours] = conversion.expression, source
        self.reasons[ours] = reason
        if conversion.doubt:
            self.doubts.append(f"{ours}: {conversion.doubt}.")

    def words(self) -> dict[str, tuple[int, str]]:
        """The kinds that the sample shows: their word → how often, and ours."""
        column, context = self.column("kind"), self.table.kinds_context
        counts = column.counts if column else {}
        if column is not None and column is self.column("state"):
            # What became of an order: it was placed, and is a purchase unless it was never paid.
            return {
                word: (n, "other" if state_of(word) in UNPAID else "purchase")
                for word, n in counts.items()
            }
        return {word: (n, kind_of(word, context) or OTHER) for word, n in counts.items()}

"""Choice: the columns of a file that were chosen for ours, each for one, with reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reltype.mapping import Mapping, so_far
from reltype.mapping.canonical import CUSTOMERS, INTERACTIONS
from reltype.mapping.conversion_choice import choose_conversion
from reltype.mapping.conversions import Conversion
from reltype.mapping.derivations import derive
from reltype.mapping.kinds import OTHER, kind_of
from reltype.mapping.states import UNPAID, state_of
from reltype.mapping.vocabulary import header_names

if TYPE_CHECKING:
    from collections.abc import Collection
    from collections.abc import Mapping as MappingOf

    from reltype.mapping.candidates import Candidate, NamedColumns
    from reltype.mapping.canonical import Role
    from reltype.mapping.columns import Column

LEAST: MappingOf[str, float] = {
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
        said_kinds: Their words of which a person said what kind they are.
        authors: The customer's column says who wrote; what is outbound, the company wrote.
        per_order: Our names whose amount each line of an order repeats for the whole of it.
    """

    def __init__(
        self,
        table: NamedColumns,
        role: Role,
        features: Collection[str],
        said_kinds: Collection[str] = (),
    ) -> None:
        self.table, self.log, self.features = table, role == "interactions", features
        self.role: Role = role
        self.columns: dict[str, str] = {}
        self.sources: dict[str, str] = {}
        self.reasons: dict[str, str] = {}
        self.alternatives: dict[str, tuple[str, ...]] = {}
        self.rivals: dict[str, list[Candidate]] = {}
        self.given: set[str] = set()
        self.said_kinds = said_kinds
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
            conversion = choose_conversion(canonical, column, name, known[canonical])
            self.put(
                canonical, column.name, conversion or Conversion(column.quoted, 0, ""), "as given"
            )

    def _said_to_have_left(self, text: str) -> str:
        """The expression of a column that says yes or no, not when; empty where it is none."""
        column = next((c for c in self.table.columns if text in {c.name, c.quoted}), None)
        return f"to_bool({column.quoted})" if column is not None and column.truths > 0.9 else ""

    def fill(self) -> None:
        """The best column for each of ours that nobody gave, if enough speaks for it."""
        for canonical in LOG if self.log else TABLE:
            ours = canonical if self.log else _OURS.get(canonical, canonical)
            if ours not in self.columns:
                self._guess(canonical, ours)
        derive(self)
        if not self.log:
            self._alias()
            self._by_name()
            so_far.choose(self)

    def _guess(self, canonical: str, ours: str) -> None:
        type_ = (INTERACTIONS if self.log else CUSTOMERS)[ours]
        taken = set(self.sources.values())
        found = [
            candidate
            for candidate in self.table.candidates(canonical, log=self.log)
            if candidate.column.name not in taken and candidate.worth >= self._least(canonical)
        ]
        for i, candidate in enumerate(found):
            conversion = choose_conversion(ours, candidate.column, candidate.name, type_)
            if conversion is not None:
                self.rivals[ours] = found[i:]
                self.alternatives[ours] = tuple(c.column.name for c in found[i + 1 : i + 4])
                self.put(ours, candidate.column.name, conversion, because(candidate, conversion))
                return

    def _least(self, canonical: str) -> float:
        # Of a customer, only what looks like the last activity may stand beside the first day.
        if canonical == "timestamp" and "since" in self.columns:
            return 0.75
        return LEAST.get(canonical, 0.6)

    def put(self, ours: str, source: str, conversion: Conversion, reason: str) -> None:
        """Choose a column."""
        self.columns[ours], self.sources[ours] = conversion.expression, source
        self.reasons[ours] = reason
        if conversion.doubt:
            self.doubts.append(f"{ours}: {conversion.doubt}.")

    def _alias(self) -> None:
        """What a list of customers calls otherwise: when last heard of, and since when."""
        since = self.sources.get("since")
        if since is not None and "timestamp" not in self.sources:
            self.sources["timestamp"] = since
        named = since is not None and since in self.table.names
        if named and header_names()["since"].worth(self.table.names[str(since)]) > 0.9:
            self.sources.setdefault("tenure_days", str(since))
        if "satisfaction" in self.sources:
            self.sources.setdefault("rating", self.sources["satisfaction"])

    def _by_name(self) -> None:
        """Features that stand in the table under their own names."""
        for column in self.table.columns:
            name = "_".join(self.table.names[column.name].words)
            free = name not in self.columns and column.name not in self.sources.values()
            if name in self.features and free:
                conversion = choose_conversion(
                    name, column, self.table.names[column.name], "DOUBLE"
                )
                if conversion is not None:
                    self.put(name, column.name, conversion, "called like a feature")

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

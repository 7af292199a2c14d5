"""Guess: which column of an unknown file is which of ours, why, and what is in doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen

from reltype.definitions.phrases import spoken_of
from reltype.errors import InputError
from reltype.expressions import quote
from reltype.mapping import Mapping
from reltype.mapping.candidates import candidates
from reltype.mapping.canonical import CUSTOMERS, INTERACTIONS
from reltype.mapping.choices import Choice
from reltype.mapping.columns import columns_of
from reltype.mapping.declared import NOTHING, Declared
from reltype.mapping.filling import LEAST, fill
from reltype.mapping.guess_notes import doubts, problems, wishes
from reltype.mapping.kinds import OTHER
from reltype.mapping.named_columns import NamedColumns
from reltype.mapping.vocabulary import Name, header_names

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from collections.abc import Mapping as MappingOf

    import pyarrow as pa

    from reltype.mapping.candidates import Candidate
    from reltype.mapping.canonical import Role
    from reltype.mapping.columns import Column

ROW = "row number"
"""The column that numbers the rows of a file that names no customer."""

_FACTS = ("tenure_days", "contract_days", "churned", "referrals", "products", "since")
"""Roles that a table of customers has, and a log has not."""


@frozen
class Guess:
    """What a file was understood as.

    Attributes:
        name: The file.
        mapping: How it is read; what a person gave goes before what was guessed.
        sources: Our name → the column that it is read from, or the expression where it is not one.
            A customer table also says what stands for `timestamp`, `rating` and `tenure_days` where
            it is read as `since` or `satisfaction`.
        reasons: Our name → why, for people.
        alternatives: Our name → other columns that might have served, the best first.
        problems: What keeps the file from being used, each with the line to write.
        doubts: What was assumed, and how to say otherwise.
        wishes: What would make the result better.
        kinds: Their word → how often it was seen, and our kind; the most frequent first.
        role_because: Why it is a log or a customer table.
        context: In which sort of file words for kinds are to be read; None: in any.
    """

    name: str
    mapping: Mapping
    sources: MappingOf[str, str]
    reasons: MappingOf[str, str]
    alternatives: MappingOf[str, tuple[str, ...]]
    problems: tuple[str, ...]
    doubts: tuple[str, ...]
    wishes: tuple[str, ...]
    kinds: MappingOf[str, tuple[int, str]]
    role_because: str
    context: str | None = None

    @property
    def role(self) -> Role:
        """`interactions` or `customers`."""
        return self.mapping.role

    @property
    def unused(self) -> list[str]:
        """The columns of ours that are understood, though nothing is read from them.

        A customer table may tell of the log behind it; only that log could use it. A column that
        gives something else, too, is used.
        """
        if self.role == "interactions":
            return []
        idle = [n for n in ("timestamp", "kind", "value", "text") if n in self.mapping.columns]
        used = {s for n, s in self.sources.items() if n not in idle and n in self.mapping.columns}
        return [name for name in idle if self.sources.get(name) not in used]

    @property
    def warnings(self) -> tuple[str, ...]:
        """Everything that a person should read: problems, doubts, wishes."""
        return (*self.problems, *self.doubts, *self.wishes)

    def sure(self) -> Mapping:
        """The mapping.

        Raises:
            InputError: An essential column is missing or ambiguous; the text says what to write.
        """
        if self.problems:
            raise InputError(f"{self.name}: {' '.join(self.problems)}")
        return self.mapping


def guess(
    name: str,
    columns: Sequence[str],
    types: Sequence[str],
    sample: pa.Table,
    *,
    role: Role | None = None,
    given: MappingOf[str, str] | None = None,
    kinds: MappingOf[str, str] | None = None,
    where: str | None = None,
    features: Collection[str] = (),
    complete: bool = False,
    counted: Counted | None = None,
    timezone: str = "",
    id_from_row: bool = False,
    declared: Declared = NOTHING,
) -> Guess:
    """What a file would be read as.

    Args:
        name: What it is called; its words help to tell what a row is.
        columns: Their names, in order.
        types: DuckDB's types of them.
        sample: Some of its rows, columns in the same order; may have none.
        role: Whether it is a log or a customer table, where that is known.
        given: What a person wrote: our name → a column, whose unit and format are then found out,
            or an expression, which is taken as it stands.
        kinds: Their words → our kinds, as a person wrote them.
        where: A condition, as a person wrote it.
        features: Features that a customer table may also give by name.
        complete: What was given is all there is; nothing more is guessed.
        counted: How often the customer's column repeats in the whole file, where it was counted.
        timezone: Where times in UTC are told; empty: in UTC.
        id_from_row: A row of a file that names no customer is one; the source has a column `ROW`.
        declared: Headers that the typology asks for.

    Raises:
        ConfigError: `given` names something that is not ours, `kinds` an unknown kind.
    """
    known_columns = [evolve(c, zone=timezone) for c in columns_of(columns, types, sample)]
    table = NamedColumns.of(name, known_columns)
    if id_from_row and role is None and not _names_customers(table, given or {}):
        role = "customers"
    decided: Role
    if role is None and (told := declared.is_table(table)):
        decided, because = "customers", told
        # Facts of one each, and nobody named: HR tables that are passed around have no ids.
        id_from_row = id_from_row or "customer_id" not in (given or {})
    else:
        decided, because = (role, "as given") if role else role_of(table, given or {}, counted)
    choice = Choice(table, decided, features, tuple(kinds or ()), declared)
    ours = {} if complete else _ours(columns, decided, features)
    choice.take({**ours, **(given or {})})
    if not complete:
        fill(choice)
    if id_from_row and "customer_id" not in choice.columns:
        choice.columns["customer_id"], choice.sources["customer_id"] = quote(ROW), ROW
        choice.reasons["customer_id"] = "the number of the row, as none names the customer"
        choice.doubts.append("customer_id: no column names the customer, so each row is one.")
    words = choice.words()
    known = {word: kind for word, (_, kind) in words.items() if kind != OTHER} | dict(kinds or {})
    if choice.column("state") is not None and choice.column("state") is choice.column("kind"):
        known = dict(kinds or {})  # a state is no word for a kind
    log = decided == "interactions"
    mapping = Mapping(
        decided,
        choice.columns,
        known if log else {},
        where,
        per_order=choice.per_order,
        authors=choice.authors,
    )
    return Guess(
        name=name,
        mapping=mapping,
        sources=choice.sources,
        reasons=choice.reasons,
        alternatives=choice.alternatives,
        problems=tuple(
            spoken_of(problem, declared.noun, declared.plural) for problem in problems(choice)
        ),
        doubts=(*choice.doubts, *doubts(choice)),
        wishes=() if declared.columns else tuple(wishes(mapping)),
        kinds={word: (n, known.get(word, kind)) for word, (n, kind) in words.items()},
        role_because=because,
        context=table.kinds_context,
    )


def _names_customers(table: NamedColumns, given: MappingOf[str, str]) -> bool:
    found = (c for log in (False, True) for c in candidates(table, "customer_id", log=log))
    return "customer_id" in given or any(c.worth >= LEAST["customer_id"] for c in found)


def _ours(columns: Collection[str], role: Role, features: Collection[str]) -> dict[str, str]:
    """Columns that bear our own names, where the customer's does: nothing to guess of them."""
    if "customer_id" not in columns:
        return {}
    known = INTERACTIONS if role == "interactions" else {*CUSTOMERS, *features}
    return {name: quote(name) for name in columns if name in known and name != "kind_as_written"}


@frozen
class Counted:
    """How often a column repeats, over all rows of a file.

    Attributes:
        column: Its name.
        cells: Cells that are not null.
        different: How many different ones.
    """

    column: str
    cells: int
    different: int

    @property
    def repeats(self) -> bool:
        """Whether more than a stray few stand there again."""
        return self.cells > self.different and self.different < _DISTINCT * self.cells


_DISTINCT = 0.95
"""A column of whose cells fewer are different from one another repeats."""


def role_of(  # noqa: PLR0911 - a line for each sign
    table: NamedColumns, given: MappingOf[str, str], counted: Counted | None = None
) -> tuple[Role, str]:
    """Whether a file is a log or a customer table, and why.

    Args:
        table: A sample of it.
        given: What a person wrote.
        counted: How often the customer's column repeats in the whole file; None: the sample tells.
    """
    if "timestamp" in given or {"customer_id", "timestamp"} <= set(table.names):
        what = "was given" if "timestamp" in given else "of our own name"
        return "interactions", f"a column {what} that says when it happened"
    found = [c for log in (False, True) for c in candidates(table, "customer_id", log=log)]
    dated = "since" not in given and bool(candidates(table, "timestamp", log=True))
    if not found:
        return ("interactions" if dated else "customers"), "no column names the customer"
    best = max(found, key=lambda candidate: candidate.worth)
    column = best.column
    if not dated and (told := _should_be_dated(table, column)):
        return "interactions", told
    if not dated and (_facts(table) or column.is_unique or not column.rows):
        return "customers", "no column says when something happened"
    seen = counted if counted is not None and counted.column == column.name else None
    if seen is None:
        seen = Counted(column.name, len(column.cells), len(column.counts))
    if column.rows and seen.repeats and ((dated and not _facts(table)) or len(column.cells) > 5):
        told = f"{seen.different:,} different in {seen.cells:,} cells"
        return "interactions", f"{column.name!r} repeats: {told}"
    if told := _of_rows(table, best) or (_of_purchases(table) if dated else ""):
        return "interactions", told
    unique = f"no {column.name!r} was seen twice" if column.rows else f"{column.name!r} names them"
    return "customers", f"{unique}, and nothing else numbers the rows"


def _should_be_dated(table: NamedColumns, customer: Column) -> str:
    """Why rows are interactions though no time of theirs can be read; empty if they are not."""
    if _facts(table) or customer.distinct >= 0.95 or len(customer.cells) < 3:
        return ""
    worth = table.worth("timestamp")
    named = [
        c for c in table.columns if worth[c.name] >= 0.84 and c.filled > 0.5 and c.clock is None
    ]
    return f"{customer.name!r} repeats, and {named[0].name!r} should say when" if named else ""


def _facts(table: NamedColumns) -> int:
    return sum(table.count(fact, 0.9) for fact in _FACTS)


def _of_purchases(table: NamedColumns) -> str:
    """Why each row is one purchase though no customer repeats; empty if it need not be."""
    if _facts(table) or table.count("person") > 1 or table.count("purchases", 0.9):
        return ""
    times = [c.column for c in candidates(table, "timestamp", log=True)]
    sums = [c.column for c in candidates(table, "value", log=True) if c.worth >= 0.6]
    since = table.worth("since")
    day = next(
        (c for c in times if since[c.name] < 0.7 and table.worth("ended")[c.name] < 0.9), None
    )
    in_all = table.worth("spend")
    spent = next(
        (c for c in sums if in_all[c.name] < 0.9 and not _in_all(table.names[c.name])), None
    )
    if day is None or spent is None or table.worth("timestamp")[day.name] < 0.8:
        return ""
    if any(table.names[day.name].words[:1] == (word,) for word in ("last", "latest", "first")):
        return ""
    return f"each row has a day ({day.name!r}) and an amount ({spent.name!r}) of its own"


def _in_all(name: Name) -> bool:
    """Whether an amount is what a customer spent so far, by its name."""
    return any(
        map(
            name.has, ("spent", "lifetime", "clv", "ltv", "cltv", "annual", "monthly", "mrr", "arr")
        )
    )


def _of_rows(table: NamedColumns, best: Candidate) -> str:
    """Why the rows are something else than customers though none repeats; empty if they are not."""
    numbering = [
        other.name
        for other in table.columns
        if other is not best.column
        and header_names()["row_id"].worth(table.names[other.name]) >= 0.8
        and (other.is_unique or not other.rows)
    ]
    if _facts(table) > 1:
        return ""
    if numbering:
        return f"{numbering[0]!r} numbers something else than the customer"
    context = table.context
    spoken = context and table.is_of_rows and "id" not in best.name.words
    return f"it speaks of {context.name}" if context and spoken else ""

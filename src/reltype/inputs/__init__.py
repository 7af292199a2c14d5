"""Inputs: what a run was given, opened, and read through a mapping each."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from attrs import define, evolve, field

from reltype import sources
from reltype.engines import EngineError, limits
from reltype.engines.duckdb import DuckDB, errors
from reltype.errors import ConfigError, InputError
from reltype.expressions import literal, quote
from reltype.inputs import origins
from reltype.inputs.input import Input
from reltype.inputs.origins import JoinedRelation, Origins
from reltype.inputs.recheck import LOOKS, rechecked
from reltype.inputs.requests import InputRequest, name_of
from reltype.inputs.returns import attached
from reltype.inputs.units import units_of
from reltype.mapping.canonical import CUSTOMERS, ESSENTIAL, INTERACTIONS, LEFT_OUT
from reltype.mapping.casts import BLANKS, Cells
from reltype.mapping.conversions import in_words
from reltype.mapping.declared import NOTHING, Declared
from reltype.mapping.guess import ROW, Counted, guess
from reltype.mapping.kinds import doubts_of, kind_of
from reltype.mapping.totals import totals_sql
from reltype.sources import files, frames, rejects

if TYPE_CHECKING:
    import datetime as dt

    from reltype.config.blocks import Block
    from reltype.definitions.phrases import Units
    from reltype.engines.duckdb import Connection
    from reltype.mapping import Refunds, Role
    from reltype.mapping.guess import Guess
    from reltype.sources import Source

MODEL = "the model"
"""The place of a block that a model holds."""
_BY_NAME = "called like a feature"
_AS_FEATURE = {"since": "since_day", "ended": "left_day"}
"""What a customer table calls by a time, and a feature by a day."""


@define
class Inputs:
    """All that a run reads.

    Attributes:
        connection: The engine's, on which everything was opened.
        items: Logs and customer tables, in the order in which they were given.
        refunds: What becomes of money paid back.
        features: Names of features that a customer table may give.
        today: Rows of a log after it stand in the rejects; None: they are only counted, since
            somebody chose the as-of day.
        totals: Ids that are no customers' but a report's sums.
        own: Ids that are the company's own, by which it wrote.
        checked: Guesses about orders were held against the rows.
        declared: Headers that the typology asked for.
    """

    connection: Connection = field(repr=False)
    items: list[Input]
    refunds: Refunds = "net"
    features: frozenset[str] = frozenset()
    today: dt.date | None = None
    totals: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    checked: bool = False
    declared: Declared = NOTHING

    @cached_property
    def units(self) -> Units:
        """How numbers are told: on which scale people were asked, where that is known."""
        answers = {d.name for d in self.declared.columns if d.reads == "agreement"}
        return units_of(self.items, self._empty, answers)

    def _empty(self, item: Input, name: str) -> bool:
        """Whether a log gives no value of *name* in any row; asked only where that matters."""
        sql = f"SELECT 1 FROM ({item.select()}) WHERE {name} IS NOT NULL LIMIT 1"
        return not self.connection.execute(sql).fetchall()

    @classmethod
    def open(
        cls,
        connection: Connection,
        requests: Sequence[InputRequest],
        *,
        refunds: Refunds = "net",
        normalize_ids: bool = False,
        features: Collection[str] = (),
        encoding: str | None = None,
        timeout: float | None = None,
        timezone: str = "",
        id_from_row: bool = False,
        declared: Declared = NOTHING,
    ) -> Inputs:
        """Open everything, and find out what each is.

        Args:
            connection: An engine's, locked but for what `readable` gives.
            requests: What to read.
            refunds: What becomes of money paid back.
            normalize_ids: Spellings of one id that people take for the same are one.
            features: Names of features that a customer table may give.
            encoding: What text files are written in; seen from their bytes where None.
            timeout: Seconds for each of *requests*; None or 0: no limit.
            timezone: Where times in UTC are told; empty: in UTC.
            id_from_row: A row of a file that names no customer is one.
            declared: Headers that the typology asks for.

        Raises:
            InputError: Something cannot be read, or not in that time.
            ConfigError: What was said of a column cannot be.
        """
        items: list[Input] = []
        for request in requests:
            with (
                limits.within(connection, timeout, f"opening {_named(request)}"),
                read_errors(_named(request)),
            ):
                found, made = _opened(connection, request, encoding)
                way = timezone, id_from_row, declared
                understood = _understanding(connection, request, features, way)
                items += [understood(source, made) for source in found]
        _all_used(requests, items)
        items = attached(connection, items)
        if normalize_ids:
            items = [evolve(item, guess=_normalizing(item.guess)) for item in items]
        items = [_bridged(item, items) for item in items]
        return cls(connection, items, refunds, frozenset(features), declared=declared)

    @property
    def logs(self) -> list[str]:
        """A SELECT of canonical interactions for each log."""
        if not self.orders:
            return [item.select(refunds=self.refunds) for item in self.with_role("interactions")]
        return [
            item.guess.mapping.orders(item.select(refunds=self.refunds, states=False))
            for item in self.with_role("interactions")
        ]

    @property
    def orders(self) -> bool:
        """Whether some log tells which rows belong to one order."""
        return any(
            "order_id" in item.guess.mapping.columns for item in self.with_role("interactions")
        )

    @property
    def tables(self) -> list[str]:
        """A SELECT of canonical customer rows for each customer table."""
        return [item.select(features=self.features) for item in self.with_role("customers")]

    @property
    def absent(self) -> set[str]:
        """The canonical columns that are null in all logs; without a kind, all are purchases."""
        mapped = _mapped(self.with_role("interactions"))
        if "state" in mapped:  # a refunded order tells what went back, whether a column does or not
            mapped.add("refunded_amount")
        return set(INTERACTIONS) - mapped - {"kind", "kind_as_written"}

    @property
    def given(self) -> set[str]:
        """The features that the customer tables give."""
        named = {_AS_FEATURE.get(name, name) for name in _mapped(self.with_role("customers"))}
        if any(True for _ in self.with_role("interactions")):
            # What a table counts so far and a log shows are not the same time.
            named -= {
                name
                for item in self.with_role("customers")
                for name in ("spend", "purchases")
                if item.guess.reasons.get(name, "as given") not in {"as given", _BY_NAME}
            }
        return named & self.features

    @property
    def mapped(self) -> set[str]:
        """Every column of ours that some input has."""
        return _mapped(self.items) | self.given

    @property
    def files(self) -> list[str]:
        """Paths that the engine must be allowed to read."""
        return [path for item in self.items for path in item.source.files]

    @property
    def lacking(self) -> list[str]:
        """The columns of a model's data that a file has not: `FILE: 'their column' (ours)`."""
        return [
            f"{item.source.name}: {text!r} ({name})"
            for item in self.items
            for name, text in item.lacking.items()
        ]

    @property
    def notes(self) -> list[str]:
        """Sentences for the user: what was odd in a file, and what was assumed."""
        told = [
            f"{item.source.name}: {note}"
            for item in self.items
            for note in (*item.source.notes, *item.notes, *item.guess.doubts)
        ]
        for item in self.items:
            sources = item.guess.sources
            if unused := [f"{name} ({sources.get(name, name)})" for name in item.guess.unused]:
                told.append(
                    f"{item.source.name}: understood, but used for nothing, as only a log could use it: "
                    f"{', '.join(unused)}."
                )
        if self.totals:
            shown = in_words([repr(name) for name in self.totals], 3)
            told.append(f"{shown}: no customer, but a report's own sum, and left out.")
        if self.own:
            shown = in_words([repr(name) for name in self.own], 3)
            told.append(f"{shown}: our own, since all that they did is outbound, and left out.")
        return told

    @property
    def unmet(self) -> list[str]:
        """Of the notes, those on joins that bring nearly nothing: rows may lack their customer by it."""
        return [
            f"{item.source.name}: {note}"
            for item in self.items
            for note in item.notes
            if note.startswith("only ")
        ]

    @property
    def scales_in_doubt(self) -> list[str]:
        """Of the notes, those on scales that were assumed: shares may hang on them."""
        on = tuple(f"{name}: " for name in ("rating", "satisfaction", "sentiment", "nps"))
        return [
            f"{item.source.name}: {doubt}"
            for item in self.items
            for doubt in item.guess.doubts
            if doubt.startswith(on)
        ]

    @property
    def guesses(self) -> list[str]:
        """A line for each input of which something was guessed: what is read from where."""
        return [line for item in self.items if (line := item.description)]

    def recheck_sources(self, *, failed: bool = False) -> bool:
        """After a full pass: whether a source had to be cut anew, so that the pass is due again."""
        rechecked = [
            evolve(item, source=sources.recheck(self.connection, item.source, failed=failed))
            for item in self.items
        ]
        changed = any(
            new.source is not old.source for new, old in zip(rechecked, self.items, strict=True)
        )
        self.items = rechecked
        return changed

    def recheck_guesses(self, first: Callable[[str], dict[str, Any]], facts: str) -> bool:
        """After a full pass: whether a guess was taken back, so that the pass is due again.

        Args:
            first: Gives the first row of a query on the engine.
            facts: Its table of what the logs say of each customer.
        """
        if self.checked or not any(True for _ in self.with_role("interactions")):
            return False
        self.checked = True
        seen = {name: value or 0.0 for name, value in first(LOOKS.format(facts=facts)).items()}
        items = rechecked(self.items, seen)
        changed = items != self.items
        self.items = items
        return changed

    def no_customers(self, rows: Callable[[str], list[tuple[Any, ...]]], *tables: str) -> list[str]:
        """Ids that are rows of a report's own: totals. They are left out, and told.

        Args:
            rows: Gives the rows of a query on the engine.
            tables: Its tables of customers; an empty name is none.
        """
        queries = [
            f"(SELECT customer_id FROM {table} WHERE customer_id IS NOT NULL)"
            for table in tables
            if table
        ]
        if not queries:
            return []
        found = rows(totals_sql(f"({' UNION '.join(queries)})"))
        self.totals = tuple(str(row[0]) for row in found)
        if tables[0] and any(item.guess.mapping.authors for item in self.with_role("interactions")):
            written = f"SELECT customer_id FROM {tables[0]} WHERE log_outbound = log_rows"
            self.own = tuple(str(row[0]) for row in rows(f"{written} AND customer_id IS NOT NULL"))
        return [*self.totals, *self.own]

    def rejected(self) -> Iterator[pa.RecordBatch]:
        """Every row that was not used, with file, line, column, reason and text, file by file."""
        for item in self.items:
            yield from rejects.rejected(self.connection, item.source, self._judge(item))
            for source in item.made.read if item.made else ():
                yield from rejects.rejected(self.connection, source)

    def _judge(self, item: Input) -> rejects.Judge:
        def judged(relation: str, keep: Sequence[str]) -> str:
            sql = item.select(
                refunds=self.refunds, features=self.features, relation=relation, keep=keep
            )
            for ids, what in ((self.totals, "a report''s sum"), (self.own, "our own account")):
                if not ids:
                    continue
                listed = ", ".join(map(literal, ids))
                why = f"CASE WHEN customer_id IN ({listed}) THEN '{LEFT_OUT}: {what}' END"
                sql = f"SELECT * REPLACE (coalesce(reject, {why}) AS reject) FROM ({sql})"
            if self.today is None or item.guess.role != "interactions":
                return sql
            late = f"timestamp >= DATE '{self.today}' + INTERVAL 1 DAY"
            why = f"coalesce(reject, CASE WHEN {late} THEN 'timestamp: after today' END)"
            return f"SELECT * REPLACE ({why} AS reject) FROM ({sql})"

        return judged

    def malformed_rows(self) -> int:
        """Rows that could not be cut into cells; they stand in the rejects."""
        count = 0
        for item in self.items:
            for source in (item.source, *(item.made.read if item.made else ())):
                count += rejects.malformed(self.connection, source)
        return count

    def with_role(self, role: Role) -> Iterator[Input]:
        """The logs, or the customer tables."""
        return (item for item in self.items if item.guess.role == role)


def _normalizing(guess: Guess) -> Guess:
    return evolve(guess, mapping=evolve(guess.mapping, normalize=True))


@contextmanager
def read_errors(name: str) -> Iterator[None]:
    """What the engine or Arrow has against a file's bytes, as a complaint about the file."""
    try:
        yield
    except (*errors(), pa.ArrowException) as error:
        if not of_the_file(error):
            raise
        raise InputError(
            f"{name}: cannot be read: {frames.first_line(error).rstrip('.')}. "
            "Fetch or export it again."
        ) from error


def of_the_file(error: Exception) -> bool:
    """Whether an engine's error is about what it reads: not the memory, the time or Ctrl-C.

    Raises:
        TimeLimitError: The time was up.
    """
    limits.check()
    text = str(error)
    return "Out of Memory" not in text and "Query interrupted" not in text


def readable(requests: Iterable[InputRequest]) -> list[str]:
    """The files that the engine has to read itself, by the names that it will use."""
    things = [
        thing
        for request in requests
        for thing in (
            request.thing,
            *(origin.path for origin in (request.block.origins.values() if request.block else ())),
        )
    ]
    return [path for thing in things for path in files.readable(thing)]


def _named(request: InputRequest) -> str:
    if request.block is not None:
        return name_of(request.block)
    thing = request.thing
    if isinstance(thing, str | os.PathLike):
        return Path(os.fspath(thing)).name  # a URL may hold a password before it
    return f"<{type(thing).__name__}>"


def _mapped(items: Iterable[Input]) -> set[str]:
    """Every column of ours that some of these inputs has."""
    return {name for item in items for name in item.guess.mapping.columns}


def _opened(
    connection: Connection, request: InputRequest, encoding: str | None
) -> tuple[tuple[Source, ...], Origins | None]:
    if request.block is not None:
        return origins.opened(connection, request.block, encoding)
    found = sources.open_sources(connection, request.thing, table=request.table, encoding=encoding)
    return found, None


def _understanding(
    connection: Connection,
    request: InputRequest,
    features: Collection[str],
    way: tuple[str, bool, Declared],
) -> Callable[[Source, Origins | None], Input]:
    """How to find out what a source of *request* is read as."""

    def understood(source: Source, made: Origins | None) -> Input:
        return _understood(connection, source, made, request, features, way)

    return understood


def _understood(
    connection: Connection,
    source: Source,
    made: Origins | None,
    request: InputRequest,
    features: Collection[str],
    way: tuple[str, bool, Declared],
) -> Input:
    """What *source* is read as, what was said going before what is guessed."""
    if not source.columns:
        raise InputError(f"{source.name}: it has no columns.")
    shown, notes = source, tuple[str, ...]()
    if made is not None and made.block.on:
        relation = made.joined(JoinedRelation(source.relation, source.columns))
        columns, types = origins.described(connection, relation)
        shown = evolve(source, relation=relation, columns=columns, types=types, parts=())
    block, lacking = request.block, dict[str, str]()
    if block is None:
        block, lacking = _nearest(request.blocks, shown)
    if block is not None and request.block is None:
        notes = (_read_as(block, lacking),)
    sample = sources.sample(connection, shown)

    def guessed(role: Role | None, counted: Counted | None = None) -> Guess:
        return guess(
            source.name,
            shown.columns,
            shown.types,
            sample,
            role=role,
            given={
                **(block.columns if block is not None else {}),
                **_said(request, shown, features),
            },
            kinds=request.kinds,
            where=block.where if block is not None else None,
            features=features,
            counted=counted,
            timezone=way[0],
            id_from_row=way[1] and made is None,
            declared=way[2],
        )

    role = block.role if block is not None else request.role
    found = guessed(role or request.likely)
    if role is None and request.likely is not None and "timestamp" not in found.mapping.columns:
        found = guessed(None)
    if role is None and found.role == "customers" and sample.num_rows >= _SAMPLED:
        found = guessed(None, _counted(connection, shown, found))
    if block is not None and made is not None:
        found, met = _of_block(connection, source, made, block, request, found, features, way[2])
        notes = (*notes, *met)
    found, more = _all_kinds(connection, shown, found, request, sample.num_rows)
    known = dict(zip(shown.columns, shown.types, strict=True))
    if found.sources.get("customer_id") == ROW:
        known[ROW] = "VARCHAR"
    return Input(source, found, known, made, (*notes, *more), lacking=lacking)


def _all_kinds(
    connection: Connection, source: Source, found: Guess, request: InputRequest, sampled: int
) -> tuple[Guess, tuple[str, ...]]:
    """The guess with every word for a kind that the whole file has, and what to say of the new ones."""
    column = found.sources.get("kind")
    if found.role != "interactions" or column not in source.columns or "state" in found.sources:
        return found, ()
    seen = set(found.kinds)
    large = any(part.dialect and part.path and _bytes(part.path) > _LARGE for part in source.parts)
    if sampled >= _SAMPLED and not large:
        asked = f"SELECT {quote(column)}::VARCHAR AS word FROM {source.relation} GROUP BY 1"
        try:
            rows = DuckDB(connection).rows(f"{asked} ORDER BY count(*) DESC, 1 LIMIT {_WORDS}")
        except EngineError:  # a row that cannot be cut is found, and told, when the whole is read
            rows = []
        seen |= {
            row[0] for row in rows if row[0] is not None and row[0].strip().lower() not in BLANKS
        }
    more = sorted(seen - set(found.kinds) - set(request.kinds))
    kinds = {word: kind for word in more if (kind := kind_of(word, found.context)) is not None}
    mapping = evolve(found.mapping, kinds={**found.mapping.kinds, **kinds})
    notes = list(doubts_of(more, found.context))
    new = sorted(seen - request.fitted) if request.fitted else []
    if new:
        read = (f"{word!r} ({mapping.kinds.get(word, 'other')})" for word in new[:5])
        rest = f" and {len(new) - 5} more" if len(new) > 5 else ""
        notes.append(f"kind: {', '.join(read)}{rest} is new since the model was fitted.")
    return evolve(found, mapping=mapping), tuple(notes)


_LARGE = 1 << 28
"""Bytes of a text file beyond which its words are not collected before it is read."""
_WORDS = 3000


def _bytes(path: str) -> int:
    return Path(path).stat().st_size if Path(path).exists() else 0


_SAMPLED = 1000
"""Rows from which on a sample is not the whole file."""


def _counted(connection: Connection, source: Source, found: Guess) -> Counted | None:
    """How often the customer's column repeats in the whole file: a sample hardly shows it."""
    column = found.sources.get("customer_id")
    if column not in source.columns:
        return None
    try:
        row = DuckDB(connection).rows(
            f"SELECT count({quote(column)}), count(DISTINCT {quote(column)}) FROM {source.relation}"
        )[0]
    except EngineError:  # a row that cannot be cut is found, and told, when the whole is read
        return None
    return Counted(column, int(row[0]), int(row[1]))


def _of_block(
    connection: Connection,
    source: Source,
    made: Origins,
    block: Block,
    request: InputRequest,
    found: Guess,
    features: Collection[str],
    declared: Declared,
) -> tuple[Guess, tuple[str, ...]]:
    """The guess of what a config's block says, and how many rows found what was joined to them."""
    if not block.on:
        return _as_written(found, block), ()
    alone = guess(
        source.name,
        source.columns,
        source.types,
        sources.sample(connection, source),
        role=found.role,
        kinds=request.kinds,
        features=features,
        declared=declared,
    )
    return _with_own(found, alone, block), made.met(
        connection, JoinedRelation(source.relation, source.columns)
    )


def _with_own(found: Guess, alone: Guess, block: Block) -> Guess:
    """What was written and what the file by itself was understood as, of a file that was joined.

    A number that a join repeats for every row of the log must not be taken for one of the log, and
    what a row is does not change by what is looked up for it.
    """
    kept = {*block.columns, *ESSENTIAL[found.role]}
    columns = {name: text for name, text in found.mapping.columns.items() if name in kept}
    own = {
        name: text
        for name, text in alone.mapping.columns.items()
        if name not in columns and (name != "state" or "kind" not in block.columns)
    }
    mapping = evolve(
        found.mapping,
        columns={**columns, **own},
        kinds={**alone.mapping.kinds, **found.mapping.kinds},
        per_order=alone.mapping.per_order,
    )
    if "kind" in own:
        found = evolve(found, kinds=alone.kinds)
    return evolve(
        found,
        mapping=mapping,
        sources={
            n: (alone if n in own else found).sources.get(n, t) for n, t in mapping.columns.items()
        },
        reasons={n: (alone if n in own else found).reasons.get(n, "") for n in mapping.columns},
        doubts=tuple(d for d in found.doubts if d in alone.doubts or d.split(":")[0] in kept),
    )


def _as_written(found: Guess, block: Block) -> Guess:
    """The guess without what nobody wrote, but for essential columns."""
    if block.sql is None:
        return found
    kept = {*block.columns, *ESSENTIAL[found.role]}
    columns = {name: text for name, text in found.mapping.columns.items() if name in kept}
    return evolve(found, mapping=evolve(found.mapping, columns=columns))


def _said(request: InputRequest, source: Source, features: Collection[str]) -> dict[str, str]:
    """What was said of columns that this source has, and its role."""
    ours = {*CUSTOMERS, *features} if request.role == "customers" else {*request.columns}
    return _fitting({n: text for n, text in request.columns.items() if n in ours}, source)


def _nearest(blocks: Sequence[Block], source: Source) -> tuple[Block | None, dict[str, str]]:
    """The block whose columns a source has, and which of them it lacks.

    All of a config's; of a model's, which somebody relies on from month to month, most of them.
    """
    best: tuple[Block | None, dict[str, str]] = (None, {})
    for block in blocks:
        texts = dict(block.columns) | ({"where": block.where} if block.where else {})
        fitting = _fitting(texts, source)
        if block.on:
            continue
        if len(fitting) == len(texts):
            return block, {}
        if (
            block.place != MODEL
            or "customer_id" not in fitting
            or "where" in texts.keys() - fitting
        ):
            continue
        lacking = {name: text for name, text in texts.items() if name not in fitting}
        if 2 * len(fitting) > len(texts) and (best[0] is None or len(lacking) < len(best[1])):
            kept = {name: text for name, text in block.columns.items() if name in fitting}
            best = evolve(block, columns=kept), lacking
    return best


def _read_as(block: Block, lacking: Mapping[str, str]) -> str:
    if not lacking:
        return f"read as {name_of(block)} says, as it has the columns of which that speaks."
    listed = in_words([f"{text!r} ({name})" for name, text in lacking.items()])
    return (
        f"read as {name_of(block)} says, but the column{'s' * (len(lacking) > 1)} {listed} of its data "
        f"{'are' if len(lacking) > 1 else 'is'} not here: what was read from there is not seen, or read from "
        "another column. --strict stops at that."
    )


def _fitting(columns: Mapping[str, str], source: Source) -> dict[str, str]:
    """Those of *columns* that can be read from a source."""
    if not columns:
        return {}
    cells = Cells.of(dict(zip(source.columns, source.types, strict=True)), "--map")

    def fits(name: str, text: str) -> bool:
        try:
            cells.parsed(text, name)
        except ConfigError:
            return False
        return True

    return {name: text for name, text in columns.items() if fits(name, text)}


def _bridged(item: Input, items: Sequence[Input]) -> Input:
    """The input; where it names no customer and another file leads to one, with the join to write."""
    if "customer_id" in item.guess.mapping.columns:
        return item
    for other in items:
        customer = other.guess.sources.get("customer_id")
        shared = [
            name
            for name in item.source.columns
            if name in other.source.columns and name != customer and name.lower().endswith("id")
        ]
        if customer is not None and shared:
            way = (
                f"{other.source.name} has both {shared[0]!r} and {customer!r}: write in reltype.toml"
                f' [[interactions]] from = "{item.source.name}", join = {{ from = '
                f'"{other.source.name}", on = "{shared[0]}" }}, customer_id = "{customer}".'
            )
            return evolve(item, guess=evolve(item.guess, problems=(way, *item.guess.problems)))
    return item


def _all_used(requests: Sequence[InputRequest], items: Sequence[Input]) -> None:
    """Raise ConfigError for what was said of a column that no input has."""
    for request in requests:
        for name, text in request.columns.items():
            if not any(name in item.guess.mapping.columns for item in items) or not any(
                _fitting({name: text}, item.source) for item in items
            ):
                Cells.of(items[0].types, "--map").parsed(text, name)

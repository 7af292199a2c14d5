"""Survey: whatever holds answers (a file, a frame, a database), read as numbers, a row a respondent."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import numpy as np
from attrs import field, frozen

from reltype.analyses.drivers.answers import answers
from reltype.analyses.table import Table
from reltype.arrow import doubles
from reltype.engines import limits
from reltype.errors import InputError, UsageError
from reltype.expressions import literal, quote
from reltype.formats.printing import printable
from reltype.mapping.casts import Cells, blank
from reltype.mapping.kinds import plain

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from reltype.mapping.columns import Column

CATEGORIES = 20
"""Up to this many different words a column of words is taken as that many yes-or-no columns."""
_NUMBERS = frozenset(
    {
        *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "DOUBLE", "FLOAT", "REAL"),
        *("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"),
    }
)
_NAMES_OF_IDS = re.compile(
    r"(^|\b)(id|ids|uuid|guid|key|rownames|row ?(no|nr|number)?|index|unnamed.*|no|nr)(\b|$)"
)
_WEIGHTS = re.compile(
    r"((survey|sample|sampling|design|post ?strat\w*|final|p) ?)?weights?|weighting"
)
_RESPONDENT = re.compile(
    r"(respondent|participant|person|customer|client|member|patient|user|subject|case|contact)"
    r"( ?(id|no|nr|number|key|code))|(respondent|participant)"
)


@frozen
class Item:
    """A column of the survey, and how it becomes numbers.

    Attributes:
        name: As the survey calls it.
        sql: The number that a row has, null where none.
        raw: The cell as it stands; null or blank where nothing does.
        words: What each word was taken for, where it is answered in words.
        categories: Its words, where it is no scale; each but the first is a column of its own.
        description: What was done, where it was not plain numbers.
    """

    name: str
    sql: str
    raw: str
    words: Mapping[str, float] = field(factory=dict)
    categories: tuple[str, ...] = ()
    description: str = ""


@frozen(eq=False)
class Answers:
    """Numbers of a survey, a row a respondent.

    Attributes:
        values: (n, items); NaN where there is no answer. A category is its place among its words.
        items: What the columns are.
        labels: Columns that are kept as text, by name.
    """

    values: NDArray[np.float64] = field(repr=False)
    items: tuple[Item, ...]
    labels: Mapping[str, pa.Array] = field(factory=dict, repr=False)


@frozen(eq=False)
class Survey(Table):
    """A table of answers that was opened.

    Attributes:
        key: The column that says who answers, where rows were made of answers.
    """

    key: str | None = None

    @classmethod
    def open(
        cls,
        data: object,
        *,
        table: str | None = None,
        encoding: str | None = None,
        long: Sequence[str] | None = None,
        threads: int | None = None,
        memory_limit: str | None = None,
        timeout: float | None = None,
    ) -> Survey:
        """Open a survey, on a connection of its own that may read nothing else.

        Args:
            data: What `classify` takes.
            table: Which table of a database, or sheet of a workbook.
            encoding: What a text file is written in.
            long: Columns of who answers, of the item and of the answer, where each answer is a row.
            threads: How many threads the engine may use.
            memory_limit: What the engine may hold, such as `2GB`.
            timeout: Seconds that opening may take; None or 0: no limit.

        Raises:
            InputError: It cannot be read.
        """
        made = cls.opened(
            data,
            table=table,
            encoding=encoding,
            threads=threads,
            memory_limit=memory_limit,
            timeout=timeout,
            empty="There is nobody who answered.",
        )
        if long is None:
            return made
        with limits.within(made.engine.reader, timeout, "opening the survey"):
            return made._widened(long)  # noqa: SLF001  of this class

    def chosen(self, wanted: Sequence[str]) -> list[str]:
        """Columns by their names, by `s*` or by `s1..s12`, each once, in the order of the wish.

        Raises:
            InputError: One of them is not there.
        """
        made: dict[str, None] = {}
        for text in wanted:
            for name in self._matching(text):
                made[name] = None
        return list(made)

    def _matching(self, text: str) -> list[str]:
        if Cells.of(self.columns, self.name).column(text) is not None:
            return [self.column(text)]
        names = list(self.columns)
        first, dots, last = text.partition("..")
        if dots and first.strip() and last.strip():
            begin, end = names.index(self.column(first)), names.index(self.column(last))
            return names[min(begin, end) : max(begin, end) + 1]
        if any(sign in text for sign in "*?["):
            found = [name for name in names if fnmatchcase(name.casefold(), text.casefold())]
            if found:
                return found
            raise InputError(f"{self.name}: no column is called like {text!r}.")
        return [self.column(text)]

    def numeric(self, besides: Collection[str]) -> tuple[list[str], list[str]]:
        """All columns that are numbers or answers in words, and why others are not, in sentences."""
        kept, left = [], []
        for column in self.profiles(
            [name for name in self.columns if name not in {*besides, self.key}]
        ):
            why = self._unfit(column)
            if why:
                left.append(f"{column.name} ({why})")
            else:
                kept.append(column.name)
        return kept, left

    def respondent(self) -> str | None:
        """The column that says who answers, if somebody does so more than once."""
        for name in self.columns:
            words = plain(name)
            if not _RESPONDENT.fullmatch(words):
                continue
            asked = (
                f"SELECT count({quote(name)}), count(DISTINCT {quote(name)}) FROM {self.relation}"
            )
            rows, people = self.engine.rows(asked)[0]
            if 1 < people < rows:
                return name
        return None

    def items(self, names: Sequence[str], *, categories: Collection[str] = ()) -> list[Item]:
        """How columns become numbers; *categories* are those that may be words without an order.

        Raises:
            InputError: One of them is no numbers and no answers.
        """
        return [
            self._item(column, categories=column.name in categories)
            for column in self.profiles(names)
        ]

    def read(
        self, items: Sequence[Item], labels: Sequence[str] = (), where: str | None = None
    ) -> tuple[Answers, list[str]]:
        """The answers of all rows, and what could not be read, in sentences."""
        columns = [f"{item.sql} AS {quote(f'item_{i}')}" for i, item in enumerate(items)]
        columns += [
            f"nullif(trim(CAST({quote(name)} AS VARCHAR)), '') AS {quote(f'label_{i}')}"
            for i, name in enumerate(labels)
        ]
        relation = self.relation if where is None else f"{self.relation} WHERE {where}"
        table = self.engine.table(f"SELECT {', '.join(columns)} FROM {relation}")
        values = np.full((table.num_rows, len(items)), np.nan)
        doubted, odd = [], []
        for i, item in enumerate(items):
            column = table.column(f"item_{i}")
            values[:, i] = doubles(column)
            if infinite := int(np.isinf(values[:, i]).sum()):
                odd.append(_describe_unread(item.name, infinite, "inf"))
            elif column.null_count and self.columns[item.name] == "VARCHAR":
                doubted.append(item)
        values[~np.isfinite(values)] = np.nan
        found = {name: table.column(f"label_{i}") for i, name in enumerate(labels)}
        return Answers(values, tuple(items), found), [*odd, *self._unread(doubted)]

    def _unread(self, items: Sequence[Item]) -> list[str]:
        """Cells of text that hold something and are no number, counted by column."""
        asked = []
        for item in items:
            filled = f"({blank(item.raw)}) IS NOT TRUE AND trim({item.raw}) <> ''"
            bad = f"{item.sql} IS NULL AND {item.raw} IS NOT NULL AND {filled}"
            asked += [f"count(*) FILTER ({bad})", f"min({item.raw}) FILTER ({bad})"]
        if not asked:
            return []
        row = self.engine.rows(f"SELECT {', '.join(asked)} FROM {self.relation}")[0]
        return [
            _describe_unread(item.name, count, _brief(example))
            for item, count, example in zip(items, row[0::2], row[1::2], strict=True)
            if count
        ]

    def _unfit(self, column: Column) -> str:
        """Why a column that nobody named is no attribute; empty if it may be one."""
        type_, numbers = self.columns[column.name], column.numbers
        if not column.cells:
            return "empty"
        if len(column.counts) == 1 and len(column.cells) > 1:
            return "always the same"
        if _is_time(type_) or (numbers is None and column.clock is not None):
            return "a time"
        if numbers is None:
            return "" if type_ == "BOOLEAN" or answers(column) else "text"
        if _is_weight(column):
            return f"weights? --weights {column.name} takes them"
        return "an identifier" if self._is_identifier(column) else ""

    def _is_identifier(self, column: Column) -> bool:
        """Whether whole numbers never repeat, and are called an identifier or count up."""
        numbers = column.numbers
        if numbers is None or not column.is_unique or not numbers.whole or len(column.cells) < 10:
            return False
        counted = bool((np.diff(np.asarray(numbers.values)) == 1).all())
        return counted or _NAMES_OF_IDS.search(plain(column.name)) is not None

    def _item(self, column: Column, *, categories: bool) -> Item:
        type_ = self.columns[column.name]
        name, quoted = column.name, quote(column.name)
        raw = f"CAST({quoted} AS VARCHAR)"
        if (
            type_ == "BOOLEAN"
            or (type_.startswith("DECIMAL") and "[" not in type_)
            or type_ in _NUMBERS
        ):
            return Item(name, f"CAST({quoted} AS DOUBLE)", raw)
        if type_ != "VARCHAR":
            what = "times" if _is_time(type_) else type_
            raise InputError(f"{self.name}: {name!r} holds {what}, which are no answers.")
        return self._item_of_text(column, quoted, categories=categories)

    def _item_of_text(self, column: Column, quoted: str, *, categories: bool) -> Item:
        name, raw = column.name, f"CAST({quoted} AS VARCHAR)"
        if not column.cells:
            return Item(name, f"TRY_CAST({quoted} AS DOUBLE)", raw)
        if column.numbers is not None:
            cells = Cells.of(self.columns, self.name)
            text = column.numbers.expression(quoted)
            return Item(name, cells.cast(text, "DOUBLE", name), raw)
        words = answers(column)
        if words:
            return Item(
                name, _cases(quoted, words), raw, words, description=_describe_codes(name, words)
            )
        distinct = self._words(name) if categories else None
        if distinct is not None:
            places = {word: float(place) for place, word in enumerate(distinct)}
            told = f"{name}: {len(distinct)} words without an order, taken together as one."
            return Item(name, _cases(quoted, places), raw, {}, tuple(distinct), told)
        raise InputError(
            f"{self.name}: {name!r} holds words, such as {_brief(next(iter(column.counts)))}, which "
            "are neither numbers nor answers on a scale"
            + (f", and of more than {CATEGORIES} kinds." if categories else ".")
        )

    def _words(self, name: str) -> list[str] | None:
        quoted = quote(name)
        rows = self.engine.rows(
            f"SELECT DISTINCT trim({quoted}) AS w FROM {self.relation} WHERE {quoted} IS NOT NULL "
            f"AND ({blank(quoted)}) IS NOT TRUE ORDER BY w LIMIT {CATEGORIES + 1}"
        )
        return [str(row[0]) for row in rows] if 1 < len(rows) <= CATEGORIES else None

    def _widened(self, long: Sequence[str]) -> Survey:
        """The survey with a row a respondent, made of one with a row an answer."""
        if len(long) != 3:
            raise UsageError("--long takes three columns: who answers, the item, the answer.")
        who, item, answer = map(self.column, long)
        known = f"{quote(item)} IS NOT NULL AND {quote(who)} IS NOT NULL"
        rows = self.engine.rows(
            f"SELECT DISTINCT CAST({quote(item)} AS VARCHAR) AS i FROM {self.relation} "
            f"WHERE {known} ORDER BY i LIMIT 1001"
        )
        if not 2 <= len(rows) <= 1000:
            raise InputError(
                f"{self.name}: {item!r} names {'more than 1,000' if len(rows) > 1000 else len(rows)} "
                "items; --long needs from 2 to 1,000."
            )
        names = [str(row[0]) for row in rows]
        number = f"TRY_CAST({quote(answer)} AS DOUBLE)"
        cells = [
            f"avg({number}) FILTER (CAST({quote(item)} AS VARCHAR) = {literal(name)}) AS {quote(name)}"
            for name in names
        ]
        relation = (
            f"(SELECT {quote(who)}, {', '.join(cells)} FROM {self.relation} WHERE {known} "
            f"GROUP BY {quote(who)} ORDER BY {quote(who)})"
        )
        columns = {who: self.columns[who], **dict.fromkeys(names, "DOUBLE")}
        sample = self.engine.table(f"SELECT * FROM {relation} LIMIT 2000")
        twice = self.engine.rows(
            f"SELECT count(*) FROM (SELECT 1 FROM {self.relation} WHERE {known} "
            f"GROUP BY {quote(who)}, {quote(item)} HAVING count(*) > 1)"
        )[0][0]
        notes = self.notes
        if twice:
            notes += (f"{twice:,} answers are there more than once; their mean was taken.",)
        return Survey(self.engine, self.source, relation, columns, sample, notes, who)


def _is_time(type_: str) -> bool:
    return type_ in {"DATE", "TIME"} or type_.startswith("TIMESTAMP")


def _is_weight(column: Column) -> bool:
    """Whether a column is called weights, and holds what survey weights look like: around 1."""
    numbers = column.numbers
    if numbers is None or numbers.whole or not _WEIGHTS.fullmatch(plain(column.name)):
        return False
    return min(numbers.values) >= 0 and 0.5 < float(np.median(numbers.values)) < 2


def _describe_unread(name: str, count: int, example: str) -> str:
    return (
        f"{name}: {count:,} cell{'s' * (count != 1)} such as {example} "
        f"{'are' if count != 1 else 'is'} no number and counted as no answer."
    )


def _cases(quoted: str, numbers: Mapping[str, float]) -> str:
    cases = " ".join(f"WHEN {literal(cell)} THEN {number!r}" for cell, number in numbers.items())
    return f"CAST(CASE trim({quoted}) {cases} END AS DOUBLE)"


def _describe_codes(name: str, words: Mapping[str, float]) -> str:
    listed = sorted(words.items(), key=lambda pair: pair[1])
    return (
        f"{name}: " + ", ".join(f"{_brief(word)} = {number:.2g}" for word, number in listed) + "."
    )


def _brief(cell: object, longest: int = 40) -> str:
    text = printable(str(cell))
    return repr(text if len(text) <= longest else text[: longest - 1] + "…")

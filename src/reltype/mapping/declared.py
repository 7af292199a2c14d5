"""Declared: headers that hold the facts which a typology asks for, found by the words that it gives."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from attrs import field, frozen

from reltype.expressions import literal
from reltype.expressions.words import table
from reltype.mapping import durations, ratings
from reltype.mapping.conversions import Conversion, in_words, units
from reltype.mapping.kinds import plain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reltype.definitions.columns import Columns
    from reltype.definitions.features import Feature
    from reltype.mapping.columns import Column
    from reltype.mapping.named_columns import NamedColumns
    from reltype.mapping.vocabulary import Name

SENTENCE = 4
"""Words from which on a header is a sentence, which may deny, and may count days in passing."""


@cache
def _asked(name: str) -> frozenset[str]:
    """Words of headers: `denies`, `clauses` that begin another thought, `counts` that are no answer."""
    return frozenset(table("asked")[name])


_BECOMES = {
    "since": {"since_day"},
    "ended": {"left_day", "left_said"},
    "value": {"spend"},
}
"""Our own columns of a customer table → the features that they become."""
_JOINED = 8
"""Letters from which on words that a header runs together are trusted: `DateofHire`."""


@frozen
class Item:
    """A column that holds a fact, and which way round."""

    column: Column
    name: Name
    reversed: bool = False


@frozen
class Declared:
    """What a typology asks of a customer table, and by which words.

    Attributes:
        columns: The declarations, in their order.
        wanted: Features that the typology reads, and our own columns that they come from.
        noun: What one whose relationship is read is called.
        plural: What several are.
    """

    columns: tuple[Columns, ...] = ()
    wanted: frozenset[str] = frozenset()
    noun: str = "customer"
    plural: str = "customers"

    @classmethod
    def of(
        cls,
        columns: Iterable[Columns],
        features: Iterable[Feature],
        noun: str = "customer",
        plural: str = "customers",
    ) -> Declared:
        """What a typology declares, and which of our own columns its features come down to."""
        names = {feature.name for feature in features}
        wanted = names | {ours for ours, made in _BECOMES.items() if names & made}
        return cls(tuple(columns), frozenset(wanted), noun, plural)

    def wants(self, ours: str) -> bool:
        """Whether one of our own columns of a customer table says anything here."""
        return not self.columns or ours in self.wanted or ours == "customer_id"

    def is_table(self, found: NamedColumns) -> str:
        """Why each row is one of those whose relationship is read; empty where that is not told."""
        if not self.columns:
            return ""
        facts = len(self.conversions(found))
        ids = [item.column for item in self.own(found).get("customer_id", ())]
        if any(column.rows and not column.is_unique for column in ids[:1]):
            return ""
        if facts < (1 if ids else _FACTS):
            return ""
        told = "a column holds" if facts == 1 else f"{facts} columns hold"
        return f"{told} what is asked of each"

    def conversion(self, ours: str, column: Column, name: Name) -> Conversion | None:
        """How a column that somebody named for a declared fact is read; None for any other."""
        declared = next((d for d in self.columns if d.name == ours and d.reads), None)
        if declared is None:
            return None
        if declared.reads != "agreement":
            return _WAYS[declared.reads](column, name)
        items = [Item(column, name)]
        found = _agreement(items, _scales(items))
        return None if found is None else found[0]

    def own_conversion(self, ours: str, item: Item) -> Conversion | None:
        """How one of our own columns is read where its header says more than its cells do."""
        column = item.column
        if ours == "active" and column.cells and column.truths > 0.9:
            said = f"to_bool({column.quoted})"
            said = f"NOT {said}" if item.reversed else said
            return Conversion(said, column.truths, "yes or no")
        if ours == "tenure_days" and column.cells:
            return _days(column, item.name)
        if ours in {"since", "ended"} and column.cells and _years_only(column):
            said = f"to_time(CAST({column.quoted} AS VARCHAR) || '-07-01', '%Y-%m-%d')"
            doubt = f"{column.name!r} holds years, which were taken for their first of July"
            return Conversion(said, 1.0, "years", doubt)
        return None

    def found(self, table: NamedColumns) -> Mapping[str, tuple[Item, ...]]:
        """Our name → the columns that bear it, whatever stands in them.

        A header goes to the declaration whose entry says most of it: the whole, or the most
        words, or the most letters. The columns of one fact stand in the order of its entries.
        """
        claims: dict[str, list[tuple[int, Item]]] = {}
        for column in table.columns:
            header = _Header.of(table.names[column.name])
            best: tuple[tuple[int, int, int], str, bool, int] | None = None
            for declared in self.columns:
                if declared.reads == "agreement" and header.holds_no_answer:
                    continue
                if any(header.met(_entry(entry)) is not None for entry in declared.never):
                    continue
                for entries, back in ((declared.headers, False), (declared.against, True)):
                    for place, entry in enumerate(entries):
                        met = header.met(_entry(entry))
                        if met is not None and (best is None or met.worth > best[0]):
                            best = met.worth, declared.name, back != met.denied, place
            if best is not None:
                item = Item(column, table.names[column.name], best[2])
                claims.setdefault(best[1], []).append((best[3], item))
        # Of several headers for one fact the one whose entry stands first goes first.
        return {
            name: tuple(item for _, item in sorted(listed, key=lambda claim: claim[0]))
            for name, listed in claims.items()
        }

    def conversions(
        self, table: NamedColumns, taken: Collection[str] = ()
    ) -> Mapping[str, tuple[Conversion, tuple[Column, ...]]]:
        """Feature → how it is read, and from which columns, *taken* ones left out."""
        found = self.found(table)
        answers = {
            item.column.name: item
            for declared in self.columns
            if declared.reads == "agreement"
            for item in found.get(declared.name, ())
        }
        scales = _scales(list(answers.values()))
        made: dict[str, tuple[Conversion, tuple[Column, ...]]] = {}
        for declared in self.columns:
            items = [i for i in found.get(declared.name, ()) if i.column.name not in taken]
            if not items or not declared.reads:
                continue
            if declared.reads == "agreement":
                reading = _agreement(items, scales)
                if reading is not None:
                    made[declared.name] = reading
                continue
            for item in items:
                one = _WAYS[declared.reads](item.column, item.name)
                if one is not None:
                    made[declared.name] = one, (item.column,)
                    break
        return made

    def own(self, table: NamedColumns) -> Mapping[str, tuple[Item, ...]]:
        """Our own columns (`customer_id`, `since` …) → the headers that were declared for them."""
        ours = {declared.name for declared in self.columns if not declared.reads}
        return {name: items for name, items in self.found(table).items() if name in ours}


NOTHING = Declared()

_FACTS = 2
"""Declared facts from which on a file without an id is a table of those of whom they are asked."""


@frozen
class _Met:
    """How much of a header an entry says: the whole of it, in how many words, in how many letters."""

    worth: tuple[int, int, int]
    denied: bool


@frozen
class _Entry:
    """An entry of a declaration, taken apart.

    Attributes:
        words: For each word the alternatives, as patterns of a whole word.
        whole: It must be the whole header.
        joined: Its words run together, where it has no alternatives; empty otherwise.
    """

    words: tuple[re.Pattern[str], ...]
    whole: bool
    joined: str


@cache
def _entry(written: str) -> _Entry:
    whole = written.startswith("=")
    parts = written.removeprefix("=").casefold().split()
    words = tuple(
        re.compile("|".join(_pattern(one) for one in part.split("|") if one)) for part in parts
    )
    plain_words = not any(sign in written for sign in "|*")
    return _Entry(words, whole, plain(written).replace(" ", "") if plain_words else "")


def _pattern(word: str) -> str:
    stem = re.escape(plain(word.rstrip("*")).replace(" ", ""))
    return f"{stem}[^ ]*" if word.endswith("*") else stem


@frozen
class _Header:
    """A header, ready to be asked.

    Attributes:
        order: Its words.
        words: The same, as a set.
    """

    order: tuple[str, ...]
    words: frozenset[str] = field(init=False)

    @words.default
    def _set(self) -> frozenset[str]:
        return frozenset(self.order)

    @classmethod
    def of(cls, name: Name) -> _Header:
        # The words of `Name` pass over currencies, which are words of sentences: `top`, `all`.
        return cls(tuple(plain(name.written).split()) or name.words)

    @property
    def holds_no_answer(self) -> bool:
        """Whether it names a count, a day or an id, and not what somebody thinks."""
        return len(self.order) <= SENTENCE and bool(self.words & _asked("counts"))

    def met(self, entry: _Entry) -> _Met | None:
        """How far *entry* is met; None where it is not."""
        used: set[str] = set()
        for wanted in entry.words:
            hit = next((w for w in self.order if w not in used and wanted.fullmatch(w)), None)
            if hit is None:
                return self._run_together(entry)
            used.add(hit)
        if entry.whole and len(used) != len(self.order):
            return None
        letters = sum(map(len, used))
        return _Met((int(len(used) == len(self.order)), len(used), letters), self._denied(used))

    def _run_together(self, entry: _Entry) -> _Met | None:
        header = "".join(self.order)
        if not entry.joined or (header != entry.joined and len(entry.joined) < _JOINED):
            return None
        if entry.whole and header != entry.joined:
            return None
        if entry.joined not in header:
            return None
        same = header == entry.joined
        return _Met((int(same), len(entry.words), len(entry.joined)), self._denied(set()))

    def _denied(self, used: set[str]) -> bool:
        """Whether the sentence denies what the entry says."""
        if len(self.order) < SENTENCE:
            return False
        clause: list[str] = []
        for word in (*self.order, ""):
            if word and word not in _asked("clauses"):
                clause.append(word)
                continue
            if not used or used & set(clause):
                break
            clause = []
        text = f" {' '.join(word for word in clause if word not in used)} "
        said = sum(text.count(f" {denial} ") for denial in _asked("denies"))
        return said % 2 == 1


def _scales(items: Sequence[Item]) -> Mapping[str, tuple[float, float]]:
    """Column → the scale that it was answered on, which the questions beside it tell, too.

    Where nobody chose the best answer of one question, the battery that it stands in still shows
    that there was one.
    """
    own: dict[str, tuple[float, float]] = {}
    whole: set[str] = set()
    for item in items:
        numbers = item.column.numbers
        reading = ratings.rating(item.column, item.name)
        if numbers is None or numbers.share < 0.8 or not numbers.values:
            continue
        bounds = _bounds_of(reading.expression) if reading else ratings.usual_bounds(numbers.values)
        low, high = min(numbers.values), max(numbers.values)
        if bounds == (0.0, 10.0) and low >= 1 and high <= 7 and item.column.rows >= _FEW:
            bounds = ratings.usual_bounds(numbers.values)  # would recommend, and not on 0 to 10
        if bounds is not None:
            own[item.column.name] = bounds
            if numbers.whole:
                whole.add(item.column.name)
    own |= _top_of(items, {name: own[name] for name in whole})
    counted = Counter(own[name] for name in whole)
    wide = {bounds for bounds, n in counted.items() if n >= 2}
    made = dict(own)
    for name in whole:
        low, high = own[name]
        near = [b for b in wide if b[0] == low and high < b[1] <= high + 2 and b[1] <= 10]
        if near and counted[own[name]] < max(counted[b] for b in near):
            made[name] = max(near, key=lambda b: counted[b])
    return made


def _top_of(
    items: Sequence[Item], own: Mapping[str, tuple[float, float]]
) -> Mapping[str, tuple[float, float]]:
    """The scales of a battery that ends below the usual ones: 1 to 6, say.

    Where three questions and more, and two of three of those that were taken for one scale, all
    have the same best answer, and none a better one, that is the end of the scale.
    """
    best: dict[str, float] = {}
    for item in items:
        numbers = item.column.numbers
        if item.column.name in own and numbers is not None and item.column.rows >= _FEW:
            best[item.column.name] = max(numbers.values)
    made = dict(own)
    for bounds in set(own.values()):
        mine = {name: best[name] for name in best if own[name] == bounds}
        top = max(mine.values(), default=bounds[1])
        reached = sum(high == top for high in mine.values())
        if bounds[0] + 1 < top < bounds[1] and reached >= max(3, 2 * len(mine) / 3):
            made |= dict.fromkeys(mine, (bounds[0], top))
    return made


_SCALED = re.compile(r"scale\(.+,\s*(-?[\d.]+),\s*(-?[\d.]+)\)", re.DOTALL)


def _bounds_of(expression: str) -> tuple[float, float] | None:
    found = _SCALED.fullmatch(expression)
    return (float(found[1]), float(found[2])) if found else (-1.0, 1.0)


def _agreement(
    items: Sequence[Item], scales: Mapping[str, tuple[float, float]]
) -> tuple[Conversion, tuple[Column, ...]] | None:
    """The mean of what was answered of several questions; None where none of them is answered."""
    read: list[tuple[Item, str, Conversion, NDArray[np.float64]]] = []
    for item in items:
        one = _answer(item, scales.get(item.column.name))
        if one is not None:
            read.append((item, *one))
    if not read:
        return None
    doubts = list(dict.fromkeys(reading.doubt for _, _, reading, _ in read if reading.doubt))
    doubts += _against_the_rest(read)
    used = tuple(item.column for item, *_ in read)
    share = min(reading.share for _, _, reading, _ in read)
    if len(read) == 1:
        item, expression, reading, _ = read[0]
        way = ", turned round" if item.reversed else ""
        return Conversion(expression, share, reading.description + way, "; ".join(doubts)), used
    total = " + ".join(f"coalesce({expression}, 0)" for _, expression, _, _ in read)
    count = " + ".join(f"CASE WHEN {e} IS NULL THEN 0 ELSE 1 END" for _, e, _, _ in read)
    turned = [repr(item.column.name) for item, *_ in read if item.reversed]
    told = f"the mean of {len(read)} questions"
    told += f" ({in_words(turned, 3)} turned round)" if turned else ""
    return Conversion(f"share({total}, {count})", share, told, "; ".join(doubts)), used


def _answer(
    item: Item, bounds: tuple[float, float] | None
) -> tuple[str, Conversion, NDArray[np.float64]] | None:
    """How one question is read, and what was answered in the sample's rows, -1…1."""
    column = item.column
    if not column.cells:
        return column.quoted, Conversion(column.quoted, 0.0, "no answer yet"), np.array([])
    numbers = column.numbers
    if bounds is None or numbers is None:
        spoken = _in_words(item)
        if spoken is None:
            return None
        expression, share, told, cells = spoken
        values = [None if cell is None else cells.get(cell) for cell in column.at]
        return expression, Conversion(expression, share, told), _signed(values, item)
    low, high = (bounds[1], bounds[0]) if item.reversed else bounds
    expression = f"scale({numbers.expression(column.quoted)}, {low:g}, {high:g})"
    seen_low, seen_high = min(numbers.values), max(numbers.values)
    told = f"numbers from {seen_low:g} to {seen_high:g}, read on a scale of {bounds[0]:g} to {bounds[1]:g}"
    doubt = ""
    if (seen_low, seen_high) != bounds and column.rows >= 10:
        doubt = f"{column.name!r} was taken for a scale of {bounds[0]:g} to {bounds[1]:g}"
    span = bounds[1] - bounds[0]
    values = [
        None
        if (n := None if c is None else numbers.value(c)) is None
        else 2 * (n - bounds[0]) / span - 1
        for c in column.at
    ]
    return expression, Conversion(expression, numbers.share, told, doubt), _signed(values, item)


def _signed(values: Iterable[float | None], item: Item) -> NDArray[np.float64]:
    made = np.array([np.nan if value is None else value for value in values], float)
    return -made if item.reversed else made


def _in_words(item: Item) -> tuple[str, float, str, Mapping[str, float]] | None:
    """An answer in words, with or without its number; None where too few cells are one."""
    column, known = item.column, units("agreed")
    cells = {cell: known[plain(cell)] for cell in column.counts if plain(cell) in known}
    cells = cells or _numbered(column)
    share = sum(column.counts[cell] for cell in cells) / max(1, len(column.cells))
    if share < 0.8 or len(set(cells.values())) < 2:
        return None
    sign = -1 if item.reversed else 1
    lowered = {cell.strip().lower(): sign * number for cell, number in cells.items()}
    cases = " ".join(f"WHEN {literal(cell)} THEN {number:g}" for cell, number in lowered.items())
    return (
        f"CASE lower(trim({column.quoted})) {cases} END",
        share,
        f"words ({in_words(cells)})",
        cells,
    )


_NUMBERED = re.compile(r"\s*(\d{1,2})\s*[-–:=.)(]\s*\D+")


def _numbered(column: Column) -> dict[str, float]:
    """Answers such as `4 - Agree` → -1…1, where at least three different numbers stand there."""
    found = {cell: _NUMBERED.fullmatch(cell) for cell in column.counts}
    steps = {cell: float(met[1]) for cell, met in found.items() if met}
    low, high = min(steps.values(), default=0.0), max(steps.values(), default=0.0)
    if len(set(steps.values())) < 3:
        return {}
    return {cell: 2 * (step - low) / (high - low) - 1 for cell, step in steps.items()}


_FEW, _RUNS_AGAINST = 30, -0.2


def _against_the_rest(
    read: Sequence[tuple[Item, str, Conversion, NDArray[np.float64]]],
) -> list[str]:
    """Questions whose answers run against the others': one of the wordings was misunderstood."""
    if len(read) < 3:
        return []
    answers = np.array([values for *_, values in read if len(values)])
    if len(answers) < len(read) or answers.shape[1] < _FEW:
        return []
    told = []
    for i, (item, *_) in enumerate(read):
        others = np.delete(answers, i, axis=0)
        counted = np.isfinite(others).sum(axis=0)
        rest = np.nansum(others, axis=0) / np.maximum(counted, 1)
        both = np.isfinite(answers[i]) & (counted > 0)
        if both.sum() < _FEW or not answers[i][both].std() or not rest[both].std():
            continue
        if np.corrcoef(answers[i][both], rest[both])[0, 1] < _RUNS_AGAINST:
            told.append(f"{item.column.name!r} runs against the questions it was put with")
    return told


def _years_only(column: Column) -> bool:
    return all(re.fullmatch(r"(19|20)\d\d(\.0)?", cell) for cell in column.counts)


def _number(column: Column, name: Name) -> Conversion | None:
    """Numbers as they stand; yes and no as 1 and 0."""
    if not column.cells:
        return Conversion(column.quoted, 0.0, "")
    if column.truths > 0.9:
        return _yes_or_no(column, name)
    numbers = column.numbers
    if numbers is None or numbers.share < 0.8:
        return None
    source = numbers.expression(column.quoted)
    return Conversion(source, numbers.share, "numbers", numbers.doubt(column.name, column.quoted))


def _yes_or_no(column: Column, name: Name) -> Conversion | None:
    del name
    if not column.cells:
        return Conversion(column.quoted, 0.0, "")
    if column.truths < 0.9:
        return None
    said = f"to_bool({column.quoted})"
    return Conversion(
        f"CASE WHEN {said} THEN 1 WHEN NOT {said} THEN 0 END", column.truths, "yes or no"
    )


def _days(column: Column, name: Name) -> Conversion | None:
    """Durations; where no unit is said, what people do in years is at most 50 of them."""
    return durations.of_people(column, name) if column.cells else Conversion(column.quoted, 0.0, "")


def _share(column: Column, name: Name) -> Conversion | None:
    return ratings.share(column, name) if column.cells else Conversion(column.quoted, 0.0, "")


_WAYS = {"number": _number, "yes or no": _yes_or_no, "days": _days, "share": _share}

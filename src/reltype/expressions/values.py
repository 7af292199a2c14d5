"""Value: SQL of a part of an expression, and what it becomes where another kind is wanted."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from math import inf
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from reltype.expressions.functions import FINITE, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_SQL = 400_000
"""Letters of the SQL; a guard writes its operand twice, so nesting multiplies."""

MAX_TEXT = 1 << 16
"""Letters of a text that is longer than what it was made of; null beyond."""

MAX_LONGER = 4
"""Functions that make a text longer, inside one another: each asks how long its own texts are."""

LARGEST = 1e300
"""No number that comes out of an expression is larger: sums of such numbers are finite."""

FINITE_ENOUGH = 1e305
"""What is no larger can be compared and divided by as it is."""

NAMES = {
    "number": "a number",
    "text": "a text",
    "time": "a time",
    "bool": "a condition",
    "interval": "an interval",
    "any": "a value",
}
_TYPES = {"number": "DOUBLE", "text": "VARCHAR", "time": "TIMESTAMP", "bool": "BOOLEAN"}
_HINTS = {
    ("bool", "number"): "write CASE WHEN … THEN 1 ELSE 0 END, or count_if(…)",
    ("number", "bool"): "compare it with something, as in `x > 0`",
    ("time", "number"): "use days(a, b) or epoch(x)",
    ("number", "time"): "use unix_time(x) or excel_time(x)",
    ("interval", "number"): "use days(a, b) for the time between two",
}


_PLAIN = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?", re.ASCII | re.IGNORECASE)
_TRUTHS = frozenset({"true", "false", "t", "f", "yes", "no", "y", "n"})

PLACEHOLDER = re.compile("\ue000(.*?)\ue001", re.DOTALL)
"""A column in the SQL of a value."""


def placeholder(column: str) -> str:
    """What stands for a column until its SQL is known."""
    return f"\ue000{column}\ue001"


def text_literal(text: str) -> str:
    """A text as DuckDB's SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


class MismatchError(Exception):
    """A value of one kind stands where another is wanted; its text says what to write."""


@frozen
class Value:
    """SQL of a value.

    Attributes:
        sql: DuckDB's SQL, in which a column is a `placeholder`.
        kind: Its kind; `null` for NULL itself, `any` where it is not known.
        double: A number that is a DOUBLE, so that sums and products of it do not overflow.
        bound: No number of it is larger, or NaN; infinite where that is not known.
        positive: No number of it is below 0.
        closed: Its SQL stands for itself beside any operator.
        written: A literal.
        longer: How many functions that make a text longer stand inside one another in it.
    """

    sql: str
    kind: Kind = "any"
    double: bool = False
    bound: float = LARGEST
    positive: bool = False
    closed: bool = True
    written: bool = False
    longer: int = 0

    @property
    def letters(self) -> int | None:
        """How many letters a text that is written out has; None of anything else."""
        return len(self.sql) - 2 if self.written and self.kind == "text" else None

    def guarded(self, bound: float = FINITE_ENOUGH) -> Value:
        """The value, null where it is infinite or NaN, if it may be larger than *bound*."""
        if self.bound <= bound:
            return self
        filled = fill(FINITE, self)
        return evolve(filled, kind=self.kind, double=self.double, positive=self.positive)

    def cast(self, kind: Kind, *, guard: bool = True) -> Value:
        """The value as *kind*, null where it is none; numbers become DOUBLE, finite if *guard*.

        Raises:
            MismatchError: It is known to be of a kind that does not become *kind*.
        """
        if kind == "any":
            return self.guarded()
        if self.kind == kind == "number":
            number = self if self.double else self._double()
            return number.guarded() if guard else number
        if self.kind == kind:
            return self
        if self.kind == "null" and kind in _TYPES:
            # Without a type, a database may not know which of several functions is meant.
            return Value(f"CAST(NULL AS {_TYPES[kind]})", kind, double=True)
        if kind not in _TYPES or (self.kind not in {"any", "text"} and kind != "text"):
            hint = _HINTS.get((self.kind, kind))
            hint = f"; {hint}" if hint else ""
            raise MismatchError(f"{NAMES[kind]} is wanted here, not {NAMES[self.kind]}{hint}")
        if kind == "text":
            return evolve(fill("CAST(_0 AS VARCHAR)", self.guarded()), kind=kind)
        cast = fill(f"TRY_CAST(_0 AS {_TYPES[kind]})", self)
        cast = evolve(cast, kind=kind, double=True, bound=inf if kind == "number" else LARGEST)
        return cast.guarded() if guard else cast

    def _double(self) -> Value:
        if self.written:
            sql = self.sql if "e" in self.sql.lower() else f"{self.sql}e0"
            return evolve(self, sql=sql, double=True)
        cast = fill("CAST(_0 AS DOUBLE)", self)
        return evolve(cast, kind="number", double=True, bound=self.bound, positive=self.positive)


def compared(values: Sequence[Value]) -> list[Value]:
    """The values, so that they compare: a text beside a number, a time or a truth is read as one.

    Raises:
        MismatchError: They are of kinds that do not compare.
    """
    kinds = {value.kind for value in values} - {"null", "any"}
    if len(kinds) > 1:
        kinds -= {"text"}
    kind = _one(kinds, "do not compare")
    if kind == "interval":
        raise MismatchError(_HINTS["interval", "number"])
    if kind == "number":
        return [v.guarded() if v.kind == kind else v.cast(kind) for v in values]
    texts = [value for value in values if value.kind == "text"]
    if kind == "any" or (kind == "text" and all(map(_adapts, texts))):
        return [value.guarded() for value in values]
    return [value.cast(kind) for value in values]


def _adapts(value: Value) -> bool:
    """Whether it is a text as written that may be meant as a number, a time or a truth."""
    if not value.written:
        return False
    text = value.sql[1:-1]
    if _PLAIN.fullmatch(text) or text.lower() in _TRUTHS:
        return True
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def may_raise(values: Sequence[Value], *, equality: bool = True) -> bool:
    """Whether DuckDB may raise over comparing them, for it casts a text to the other's type."""
    kinds = [value.kind for value in values]
    return "any" in kinds and ("text" in kinds or (equality and kinds.count("any") > 1))


def alike(values: Sequence[Value], wants: Kind = "any") -> tuple[list[Value], Value]:
    """The values, of which each may be the result; and what is known of that result.

    Where no kind is known, they are what is wanted.

    Raises:
        MismatchError: They are of different kinds.
    """
    kind = _one({value.kind for value in values} - {"null", "any"}, "are not results of one thing")
    kind = wants if kind == "any" else kind
    cast = [v.guarded() if v.kind == kind else v.cast(kind) for v in values]
    known = [value for value in cast if value.kind != "null"]
    result = evolve(
        cast[0],
        kind=known[0].kind if known else "null",
        double=bool(known) and all(value.double for value in known),
        bound=max(value.bound for value in cast),
        positive=all(value.positive for value in known),
    )
    return cast, result


def _one(kinds: set[Kind], complaint: str) -> Kind:
    if len(kinds) > 1:
        raise MismatchError(f"{' and '.join(sorted(NAMES[kind] for kind in kinds))} {complaint}")
    return next(iter(kinds), "any")


_SLOT = re.compile(r"\b_(\d+)\b")
_DELIMITED = re.compile(r"(?<=[(,] )_\d+(?=[,)])|(?<=\()_\d+(?=[,)])")


def fill(template: str, *values: Value) -> Value:
    """DuckDB's SQL with *values* for `_0`, `_1` …; of unknown kind.

    Raises:
        MismatchError: It would be too large.
    """
    at_once, closed = _shape(template)

    def put(slot: re.Match[str]) -> str:
        value = values[int(slot[1])]
        return value.sql if value.closed or slot.start() in at_once else f"({value.sql})"

    uses = [int(slot[1]) for slot in _SLOT.finditer(template)]
    if sum(len(values[use].sql) for use in uses) > MAX_SQL:
        raise MismatchError("this is nested too deeply to be written as SQL")
    longer = max((values[use].longer for use in uses), default=0)
    return Value(_SLOT.sub(put, template), closed=closed, longer=longer)


def joined(values: Sequence[Value]) -> Value:
    """The texts behind one another; null where that would be longer than `MAX_TEXT`.

    Raises:
        MismatchError: Too many such texts are made of one another.
    """
    texts = " || ".join(f"_{i}" for i in range(len(values)))
    free = [i for i, value in enumerate(values) if value.letters is None]
    if not free:
        return fill(texts, *values)
    fixed = sum(value.letters or 0 for value in values)
    size = " + ".join(f"LENGTH(_{i})" for i in free)
    return lengthened(f"{size} <= {max(0, MAX_TEXT - fixed)}", texts, *values)


def lengthened(condition: str, sql: str, *values: Value) -> Value:
    """*sql*, a text that may be longer than those it is made of, where the condition holds.

    Raises:
        MismatchError: Too many such texts are made of one another.
    """
    made = fill(f"CASE WHEN {condition} THEN {sql} END", *values)
    if made.longer >= MAX_LONGER:
        raise MismatchError(
            f"texts are made longer more than {MAX_LONGER} times inside one another here"
        )
    return evolve(made, longer=made.longer + 1)


@lru_cache(maxsize=1024)
def _shape(template: str) -> tuple[frozenset[int], bool]:
    """Where slots stand between commas or parentheses; and whether the whole stands for itself."""
    slots = frozenset(match.start() for match in _DELIMITED.finditer(template))
    if template.startswith("CASE ") and template.endswith(" END"):
        return slots, template.count("CASE") == 1 and template.count(" END") == 1
    opened = re.match(r"[A-Z0-9_]*\(", template)
    depth = 0
    for at, letter in enumerate(template):
        depth += (letter == "(") - (letter == ")")
        if opened and at >= opened.end() - 1 and depth == 0:
            return slots, at == len(template) - 1
    return slots, bool(re.fullmatch(r"\w+|'[^']*'", template))

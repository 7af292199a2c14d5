"""Expression: a text in the safe part of SQL, what it needs, and its SQL for a database.

>>> from reltype.expressions import parse
>>> condition = parse("tenure_days > 730 and affect < 0.45", where="rule 'x'")
>>> sorted(condition.needs)
['affect', 'tenure_days']
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from attrs import field, frozen

from reltype.errors import ConfigError, UsageError
from reltype.expressions.calls import CALLS, FUNCTIONS
from reltype.expressions.functions import ALIASES, LEFT_OUT, VALUE_KINDS, Kind, Signature
from reltype.expressions.grammar import ExpressionText, language, read
from reltype.expressions.nulls import null_everywhere, without_calls
from reltype.expressions.operators import COMPARISONS, OPERATORS
from reltype.expressions.translation import ATOMS, Translation
from reltype.expressions.transpiling import transpiled
from reltype.expressions.values import PLACEHOLDER, text_literal

if TYPE_CHECKING:
    from sqlglot import exp

    from reltype.expressions.functions import Signature

_TRANSLATORS = {**ATOMS, **OPERATORS, **CALLS}
_TURNED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "<>", "<>": "="}


@frozen
class _Scope:
    """What an expression may speak of; hashable."""

    aggregates: bool
    columns: tuple[tuple[str, Kind], ...] | None
    functions: tuple[tuple[str, Signature | None], ...]


@frozen
class Expression:
    """A checked expression. Two are equal if their texts are.

    Attributes:
        text: As written.
        needs: Columns that it reads, as their source calls them.
        calls: Functions of plugins that it calls.
        aggregate: Whether it sums up many rows.
        kind: `number`, `text`, `time`, `bool`, `null`, or `any` where that depends on the columns.
        share: A number that is never below 0 or above 1, whatever the columns hold.
    """

    text: str
    needs: frozenset[str] = field(eq=False)
    calls: frozenset[str] = field(eq=False)
    aggregate: bool = field(eq=False)
    kind: Kind = field(eq=False)
    share: bool = field(eq=False)
    _sql: str = field(eq=False, repr=False)
    _source: exp.Expr = field(eq=False, repr=False)
    _scope: _Scope = field(eq=False, repr=False)

    def sql(self, dialect: str = "duckdb", columns: Mapping[str, str] | None = None) -> str:
        """Its SQL: of one row, or of all rows where `aggregate`.

        Args:
            dialect: `duckdb`, `spark`, `postgres`, `bigquery`, `snowflake` or another of sqlglot.
            columns: Trusted SQL of that dialect that stands for a column in `needs`.

        Raises:
            ConfigError: There is no such dialect.
        """
        known = columns or {}
        if dialect == "duckdb":
            return PLACEHOLDER.sub(lambda placeholder: _column(placeholder[1], known), self._sql)
        return transpiled(self._sql, dialect, known)

    def null_without(self, absent: Collection[str]) -> bool:
        """Whether it is null in every row, or of all rows, in which the columns *absent* are."""
        return bool(absent) and null_everywhere(self._source, absent)

    def without(self, absent: Collection[str]) -> Expression:
        """The same where the columns *absent* are null: no plugin is asked about nulls alone."""
        if not self.calls or not self.needs & set(absent):
            return self
        return _again(without_calls(self._source, absent), self._scope, "any")

    def clauses(self) -> tuple[Clause, ...]:
        """The conditions that must all hold, in the order written; one, if it is no conjunction."""
        if self.kind not in {"bool", "any", "null"}:
            return (Clause(self),)
        return tuple(
            clause for node in _conjuncts(self._source) for clause in _clauses(node, self._scope)
        )


@frozen
class Clause:
    """One of the conditions that must all hold.

    Attributes:
        expression: The condition.
        left: If it compares two values, the one on the left; `left − right` is the margin.
        operator: `<`, `<=`, `>`, `>=`, `=` or `<>`; None if it is no comparison.
        right: The value on the right.
    """

    expression: Expression
    left: Expression | None = None
    operator: str | None = None
    right: Expression | None = None


def parse(
    text: str,
    *,
    where: str,
    aggregates: bool = False,
    columns: Collection[str] | Mapping[str, Kind] | None = None,
    functions: Collection[str] | Mapping[str, Signature] = (),
    gives: Kind = "any",
) -> Expression:
    """The expression that is written in *text*.

    Args:
        text: As docs/expressions.md describes it.
        where: Who says it, for complaints: `rule 'x' in my.toml`.
        aggregates: Whether `sum`, `count` … may stand in it.
        columns: The columns that it may read; a mapping also says of which kind they are, and then
            `number` promises DOUBLE or a count. None: any.
        functions: Names of plugins' functions that it may call; a mapping also says what each takes
            and gives.
        gives: The kind that is wanted: what is not of it becomes null, or is refused if that is
            known beforehand.

    Raises:
        ConfigError: It cannot be read, holds what is not allowed, or speaks of what is not there.
        UsageError: A column is of a kind that there is not.
    """
    if not isinstance(text, str):
        raise ConfigError(f"{where}: an expression is a text, not {text!r}")
    known: tuple[tuple[str, Kind], ...] | None = None
    if isinstance(columns, Mapping):
        unknown = set(columns.values()) - set(VALUE_KINDS)
        if unknown:
            raise UsageError(
                f"a column's kind is one of {', '.join(VALUE_KINDS)}, not {unknown.pop()!r}"
            )
        known = tuple(columns.items())
    elif columns is not None:
        known = tuple((name, "any") for name in columns)
    own: tuple[tuple[str, Signature | None], ...]
    if isinstance(functions, Mapping):
        own = tuple(functions.items())
    else:
        own = tuple((name, None) for name in functions)
    try:
        return _parse(text, _Scope(aggregates, known, own), gives)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error.__cause__


@lru_cache(maxsize=4096)
def _parse(text: str, scope: _Scope, gives: Kind) -> Expression:
    return _translated(
        text, _read(text, frozenset(n.lower() for n, _ in scope.functions)), scope, gives
    )


@lru_cache(maxsize=4096)
def _read(text: str, plugins: frozenset[str]) -> exp.Expr:
    """The tree, which nobody changes: it is translated once without and once with known columns."""
    return read(ExpressionText(text), {*FUNCTIONS, *ALIASES, *plugins}, LEFT_OUT)


def _translated(text: str, source: exp.Expr, scope: _Scope, gives: Kind) -> Expression:
    plugins = {name.lower(): (name, signature) for name, signature in scope.functions}
    columns = None if scope.columns is None else dict(scope.columns)
    place = ExpressionText(text)
    translation = Translation(place, columns, plugins, scope.aggregates, _TRANSLATORS)
    try:
        value = translation.translate(source, gives)
    except RecursionError:
        raise place.error("this is nested too deeply") from None
    return Expression(
        text,
        frozenset(translation.needs),
        frozenset(translation.calls),
        bool(translation.aggregated),
        value.kind,
        value.kind == "number" and value.positive and value.bound <= 1,
        value.sql,
        source,
        scope,
    )


def _column(name: str, known: Mapping[str, str]) -> str:
    return f"({known[name]})" if name in known else quote(name)


def _conjuncts(node: exp.Expr) -> list[exp.Expr]:
    node = node.unnest()
    if type(node).__name__ != "And":
        return [node]
    return [part for child in node.flatten() for part in _conjuncts(child)]


def _clauses(node: exp.Expr, scope: _Scope) -> list[Clause]:
    from sqlglot import exp

    turned = isinstance(node, exp.Not)
    inner = node.this.unnest() if turned else node
    sign = COMPARISONS.get(type(inner).__name__)
    if sign in _TURNED:
        sign = _TURNED[sign] if turned else sign
        return [_comparison(inner.this, sign, inner.expression, scope)]
    if isinstance(node, exp.Between) and not node.args.get("negate"):
        low = _comparison(node.this, ">=", node.args["low"], scope)
        return [low, _comparison(node.this, "<=", node.args["high"], scope)]
    return [Clause(_again(node, scope, "bool"))]


def _comparison(left: exp.Expr, sign: str, right: exp.Expr, scope: _Scope) -> Clause:
    from sqlglot import exp

    names = {sign: name for name, sign in COMPARISONS.items()}
    whole = getattr(exp, names[sign])(this=left.copy(), expression=right.copy())
    sides = [_again(side, scope, "any") for side in (left, right)]
    if {side.kind for side in sides} - {"any", "null", "text"} == {"number"}:
        sides = [_again(side, scope, "number") for side in (left, right)]
    return Clause(_again(whole, scope, "bool"), sides[0], sign, sides[1])


def _again(node: exp.Expr, scope: _Scope, gives: Kind) -> Expression:
    text = node.sql(dialect=language(), normalize_functions=False, comments=False)
    return _translated(text, node, scope, gives)


def quote(name: str) -> str:
    """A column's name as SQL writes it.

    Raises:
        ConfigError: It holds the letter 0, which no database takes.
    """
    if "\0" in name:
        raise ConfigError(f"the name {name!r} cannot be used: it holds the letter 0")
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | float | bool | date | datetime | None) -> str:
    """A value as DuckDB's SQL writes it; times in UTC, null for NaN and infinities.

    Raises:
        ConfigError: A text that holds the letter 0.
    """
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "NULL"
    if isinstance(value, int):
        return str(value).upper()
    if isinstance(value, datetime):
        moment = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        return f"TIMESTAMP '{moment.isoformat(' ')}'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, float):
        text = repr(float(value))
        return text if "e" in text else f"{text}e0"
    if "\0" in value:
        raise ConfigError(f"the text {value!r} cannot be used: it holds the letter 0")
    return text_literal(value)

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

from reltype.calls import CALLS, FUNCTIONS
from reltype.errors import ConfigError, did_you_mean
from reltype.functions import ALIASES, LEFT_OUT, Kind
from reltype.grammar import Place, language, read
from reltype.operators import COMPARISONS, OPERATORS
from reltype.translation import ATOMS, Translation

if TYPE_CHECKING:
    from sqlglot import exp

_TRANSLATORS = {**ATOMS, **OPERATORS, **CALLS}
_TURNED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "<>", "<>": "="}


@frozen
class _Scope:
    """What an expression may speak of; hashable."""

    where: str
    aggregates: bool
    columns: tuple[tuple[str, Kind], ...] | None
    functions: tuple[str, ...]


@frozen
class Expression:
    """A checked expression. Two are equal if their texts are.

    Attributes:
        text: As written.
        needs: Columns that it reads, as their source calls them.
        calls: Functions of plugins that it calls.
        aggregate: Whether it sums up many rows.
        kind: `number`, `text`, `time`, `bool`, `null`, or `any` where that depends on the columns.
    """

    text: str
    needs: frozenset[str] = field(eq=False)
    calls: frozenset[str] = field(eq=False)
    aggregate: bool = field(eq=False)
    kind: Kind = field(eq=False)
    _tree: exp.Expression = field(eq=False, repr=False)
    _source: exp.Expression = field(eq=False, repr=False)
    _scope: _Scope = field(eq=False, repr=False)

    def sql(self, dialect: str = "duckdb", columns: Mapping[str, str] | None = None) -> str:
        """Its SQL: of one row, or of all where `aggregate`; each null input gives null, as in SQL.

        Args:
            dialect: `duckdb`, `spark`, `postgres`, `bigquery`, `snowflake`, or another of sqlglot's.
            columns: Trusted SQL of that dialect that stands for a column, by its name in `needs`.

        Raises:
            ConfigError: There is no such dialect.
        """
        from sqlglot import exp
        from sqlglot.errors import ErrorLevel

        known = columns or {}

        def put(node: exp.Expression) -> exp.Expression:
            if isinstance(node, exp.Column) and node.name in known:
                return exp.Var(this=f"({known[node.name]})")
            if dialect != "duckdb" and isinstance(node, exp.Case) and node.find(exp.Typeof):
                condition = node.args["ifs"][0].this
                if condition.find(exp.Typeof) and not condition.find(exp.Case):
                    return put(node.args["default"])
            return node

        tree = self._tree if dialect == "duckdb" and not known else self._tree.transform(put)
        try:
            return tree.sql(dialect=dialect, comments=False, unsupported_level=ErrorLevel.IGNORE)
        except ValueError as error:
            from sqlglot.dialects.dialect import Dialects

            names = [name.value for name in Dialects if name.value]
            hint = did_you_mean(dialect, names)
            raise ConfigError(f"no dialect of SQL is called {dialect!r}.{hint}") from error

    def clauses(self) -> tuple[Clause, ...]:
        """The conditions that must all hold, in the order written; one, if it is no conjunction."""
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
    functions: Collection[str] = (),
    gives: Kind = "any",
) -> Expression:
    """The expression that is written in *text*.

    Args:
        text: As docs/expressions.md describes it.
        where: Who says it, for complaints: `rule 'x' in my.toml`.
        aggregates: Whether `sum`, `count` … may stand in it.
        columns: The columns that it may read; a mapping also says of which kind they are, and then
            `number` promises DOUBLE or a count. None: any.
        functions: Names of plugins' functions that it may call.
        gives: The kind that is wanted: what is not of it becomes null, or is refused if that is
            known beforehand.

    Raises:
        ConfigError: It cannot be read, holds what is not allowed, or speaks of what is not there.
    """
    if not isinstance(text, str):
        raise ConfigError(f"{where}: an expression is a text, not {text!r}")
    known: tuple[tuple[str, Kind], ...] | None = None
    if isinstance(columns, Mapping):
        known = tuple(columns.items())
    elif columns is not None:
        known = tuple((name, "any") for name in columns)
    return _parse(text, _Scope(where, aggregates, known, tuple(functions)), gives)


@lru_cache(maxsize=4096)
def _parse(text: str, scope: _Scope, gives: Kind) -> Expression:
    place = Place(scope.where, text)
    plugins = {name.lower() for name in scope.functions}
    source = read(place, {*FUNCTIONS, *ALIASES, *plugins}, LEFT_OUT)
    return _translated(text, source, scope, gives)


def _translated(text: str, source: exp.Expression, scope: _Scope, gives: Kind) -> Expression:
    plugins = {name.lower(): name for name in scope.functions}
    columns = None if scope.columns is None else dict(scope.columns)
    place = Place(scope.where, text)
    translation = Translation(place, columns, plugins, scope.aggregates, _TRANSLATORS)
    try:
        value = translation.translate(source, gives)
        value.node.sql(dialect="duckdb")
    except RecursionError:
        raise place.error("this is nested too deeply") from None
    return Expression(
        text,
        frozenset(translation.needs),
        frozenset(translation.calls),
        bool(translation.aggregated),
        value.kind,
        value.node,
        source,
        scope,
    )


def _conjuncts(node: exp.Expression) -> list[exp.Expression]:
    node = node.unnest()
    if type(node).__name__ != "And":
        return [node]
    return [part for child in node.flatten() for part in _conjuncts(child)]


def _clauses(node: exp.Expression, scope: _Scope) -> list[Clause]:
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


def _comparison(left: exp.Expression, sign: str, right: exp.Expression, scope: _Scope) -> Clause:
    from sqlglot import exp

    names = {sign: name for name, sign in COMPARISONS.items()}
    whole = getattr(exp, names[sign])(this=left.copy(), expression=right.copy())
    sides = [_again(side, scope, "any") for side in (left, right)]
    if {side.kind for side in sides} - {"any", "null", "text"} == {"number"}:
        sides = [_again(side, scope, "number") for side in (left, right)]
    return Clause(_again(whole, scope, "bool"), sides[0], sign, sides[1])


def _again(node: exp.Expression, scope: _Scope, gives: Kind) -> Expression:
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
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        moment = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        return f"TIMESTAMP '{moment.isoformat(' ')}'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        text = repr(float(value))
        return text if "e" in text else f"{text}e0"
    if "\0" in value:
        raise ConfigError(f"the text {value!r} cannot be used: it holds the letter 0")
    return "'" + value.replace("'", "''") + "'"

"""Calls in expressions: ours with their meaning as SQL, plugins' as they are."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from attrs import evolve

from reltype.expressions.arguments import sql_of, written
from reltype.expressions.conversions import CONVERSIONS
from reltype.expressions.functions import (
    AGGREGATES,
    ALIASES,
    CHOICE,
    LITERALS,
    MACROS,
    NUMBERS,
    TEXT,
    TIME,
    Function,
)
from reltype.expressions.values import (
    LARGEST,
    MAX_TEXT,
    Value,
    alike,
    compared,
    fill,
    joined,
    lengthened,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlglot import exp

    from reltype.expressions.translation import Translation

FUNCTIONS: dict[str, Function] = {
    **MACROS,
    **CONVERSIONS,
    **NUMBERS,
    **CHOICE,
    **TEXT,
    **TIME,
    **AGGREGATES,
}
"""The allow-list."""

_SIGNS = {"Div": "share", "Mod": "mod", "Pow": "power"}
"""Operators that are a function by another name."""


def _operator(t: Translation, node: exp.Expr) -> Value:
    name = _SIGNS[type(node).__name__]
    return _function(t, node, name, [node.this, node.expression])


def _whole_division(t: Translation, node: exp.Expr) -> Value:
    quotient = _function(t, node, "share", [node.this, node.expression])
    return t.fill(node, "FLOOR(_0)", quotient, kind="number", double=True, bound=inf)


def _extract(t: Translation, node: exp.Expr) -> Value:
    from sqlglot import exp

    part = exp.Literal.string(node.this.name)
    part.meta.update(node.this.meta)
    return _function(t, node, "date_part", [part, node.expression])


def _call(t: Translation, node: exp.Expr) -> Value:

    name = node.name.lower()
    name = ALIASES.get(name, name)
    if name not in FUNCTIONS:
        return _plugins(t, node)
    if FUNCTIONS[name].aggregate:
        return _aggregate(t, node, name, None)
    return _function(t, node, name, node.expressions)


def _plugins(t: Translation, node: exp.Expr) -> Value:
    """A call of a plugin's function; where its kinds are known, arguments are cast to them."""
    own, signature = t.plugins[node.name.lower()]
    t.calls.add(own)
    takes = ["any"] * len(node.expressions) if signature is None else signature.takes
    if len(takes) != len(node.expressions):
        reason = f"{own}() takes {len(takes)} arguments, not {len(node.expressions)}"
        raise t.place.error_at(reason, node)
    parts = [t.cast(argument, kind) for argument, kind in zip(node.expressions, takes, strict=True)]
    slots = ", ".join(f"_{i}" for i in range(len(parts)))
    gives = "any" if signature is None else signature.gives
    known = {"kind": gives, "double": gives == "number", "closed": True}
    return t.fill(node, f"{own}({slots})", *parts, **known)


def _aggregate(t: Translation, node: exp.Expr, name: str, where: exp.Expr | None) -> Value:
    """An aggregate, of the rows for which a condition holds, if there is one.

    They all pass over nulls, so that the condition is put around the argument: the engine then
    needs not pick the rows for each aggregate anew, which takes it twice as long.
    """
    from sqlglot import exp

    if not t.aggregates:
        reason = f"{node.name}() sums up many rows, and this expression speaks of one"
        raise t.place.error_at(reason, node)
    if t.inside:
        raise t.place.error_at(f"{node.name}() cannot stand inside {t.inside[0]}()", node)
    t.aggregated.append(node.name)
    t.inside.append(node.name)
    arguments = node.expressions
    only = arguments[0] if len(arguments) == 1 else None
    if isinstance(only, exp.Star | exp.Distinct) and name != "count":
        raise t.place.error_at("only count() takes * or DISTINCT", node)
    if isinstance(only, exp.Star):
        row = Value("*") if where is None else _where(t, node, Value("1"), where)
        value = t.fill(node, "COUNT(_0)", row, kind="number")
    elif isinstance(only, exp.Distinct):
        if len(only.expressions) != 1:
            raise t.place.error_at("count(DISTINCT x) takes one value", node)
        value = _where(t, node, t.cast(only.expressions[0], "any"), where)
        value = t.fill(node, "COUNT(DISTINCT _0)", value, kind="number")
    else:
        value = _function(t, node, name, arguments, where)
    t.inside.pop()
    return value


def _where(t: Translation, node: exp.Expr, value: Value, where: exp.Expr | None) -> Value:
    """The value where the condition holds, if there is one, else null."""
    if where is None:
        return value
    filled = t.fill(node, "CASE WHEN _0 THEN _1 END", t.cast(where, "bool"), value)
    return evolve(value, sql=filled.sql, closed=filled.closed, written=False, longer=filled.longer)


def _filter(t: Translation, node: exp.Expr) -> Value:
    call = node.this
    name = call.name.lower() if type(call).__name__ == "Anonymous" else ""
    if not (name and FUNCTIONS.get(ALIASES.get(name, name), FUNCTIONS["abs"]).aggregate):
        raise t.place.error_at("FILTER goes with an aggregate", node)
    return _aggregate(t, call, ALIASES.get(name, name), node.expression.this)


def _function(
    t: Translation,
    node: exp.Expr,
    name: str,
    nodes: Sequence[exp.Expr],
    where: exp.Expr | None = None,
) -> Value:
    function = FUNCTIONS[name]
    takes = _signature(t, node, name, nodes)
    literals: dict[int, str] = {}
    for i, (kind, argument) in enumerate(zip(takes, nodes, strict=True)):
        if kind in LITERALS:
            literals[i] = _written(t, argument, kind, literals.get(i - 1, ""))
    if function.gives in {"same", "first"}:
        values, known = _chosen(t, node, name, nodes)
    else:
        values = [
            Value(sql_of(literals[i], kind), "text", written=True)
            if i in literals
            else t.cast(argument, kind, guard=i > 0)
            for i, (kind, argument) in enumerate(zip(takes, nodes, strict=True))
        ]
        known = Value("", function.gives, function.gives == "number", positive=function.positive)
    plain = _plain(function, values)
    values = [*(_where(t, node, value, where) for value in values[:1]), *values[1:]]
    if values and not (plain or function.loose):
        values[0] = t.attempt(node, values[0].guarded)
    if function.gives not in {"same", "first"}:
        bounds = [value.bound for value in values[bool(plain) :]]
        bound = max(bounds, default=LARGEST) if function.bound is None else function.bound
        known = evolve(known, bound=bound)
    sql = plain or _meaning(name, function, list(literals.values()), values)
    if name == "nullif":
        sql = sql.replace("_0 = _1", t.pair(node, "=", values))
    filled = t.attempt(node, lambda: _filled(name, sql, values))
    return evolve(known, sql=filled.sql, closed=filled.closed, written=False, longer=filled.longer)


def _filled(name: str, sql: str, values: Sequence[Value]) -> Value:
    """A call's SQL; a text that may be longer than what it was made of is null beyond a bound."""
    if name == "concat":
        return joined(values)
    if name not in {"replace", "regexp_replace"}:
        return fill(sql, *values)
    old, new = values[1].letters, values[2].letters
    if new is None or old is None:
        size = "(LENGTH(_0) + 1) * (LENGTH(_2) + 1)"
        return lengthened(f"{size} <= {MAX_TEXT}", sql, *values)
    # A pattern may match between any two letters, and put in what it found again.
    times = new + 1 if name == "regexp_replace" else -(-new // max(1, old))
    if times <= 1:
        return fill(sql, *values)
    return lengthened(f"LENGTH(_0) <= {MAX_TEXT // times}", sql, *values)


def _chosen(
    t: Translation, node: exp.Expr, name: str, nodes: Sequence[exp.Expr]
) -> tuple[list[Value], Value]:
    """Arguments of which one is the result, and what is known of it."""
    wants = t.wants
    if name in {"arg_max", "arg_min"}:
        values = [t.cast(nodes[0], wants), t.cast(nodes[1], "any")]
        return values, values[0]
    first = [t.cast(nodes[0], "bool")] if name == "if" else []
    values = t.values(nodes[len(first) :], wants)
    if name == "nullif":
        cast = t.attempt(node, lambda: compared(values))
        return cast, cast[0]
    results, known = t.attempt(node, lambda: alike(values, wants))
    return [*first, *results], known


def _written(t: Translation, argument: exp.Expr, kind: str, before: str) -> str:
    try:
        return written(argument, kind, before)
    except ValueError as error:
        raise t.place.error_at(str(error), argument) from None


def _signature(t: Translation, node: exp.Expr, name: str, nodes: Sequence[exp.Expr]) -> list[str]:
    takes = [kind.rstrip("?*") for kind in FUNCTIONS[name].takes]
    least = sum(not kind.endswith("?") for kind in FUNCTIONS[name].takes)
    many = FUNCTIONS[name].takes[-1].endswith("*")
    if name == "to_time":
        least = 1
    if len(nodes) < least or (len(nodes) > len(takes) and not many):
        wanted = f"{least}" if least == len(takes) else f"{least} to {len(takes)}"
        wanted = f"at least {least}" if many else wanted
        raise t.place.error_at(f"{name}() takes {wanted} arguments, not {len(nodes)}", node)
    return [*takes, *takes[-1:] * (len(nodes) - len(takes))][: len(nodes)]


def _meaning(
    name: str, function: Function, literals: Sequence[str], values: Sequence[Value]
) -> str:
    """The function as SQL over the slots `_0`, `_1` and so on."""
    slots = [f"_{i}" for i in range(len(values))]
    call = f"{name.upper()}({', '.join(slots)})"
    if name in {"greatest", "least"}:
        return f"CASE WHEN {' AND '.join(f'{s} IS NOT NULL' for s in slots)} THEN {call} END"
    if name == "concat":
        return " || ".join(slots)
    if callable(function.sql):
        return function.sql(literals, values[0].kind)
    sql = function.sql if isinstance(function.sql, str) else function.sql[len(slots)]
    return sql or call


def _plain(function: Function, values: Sequence[Value]) -> str:
    """The function's plain meaning, where its numbers are written out as that wants; else nothing.

    What is asked of a value writes it once more, and what stands in it as often again.
    """
    written = [value for value in values[1:] if value.written and value.kind == "number"]
    if not function.plain or not written or len(written) < len(values) - 1:
        return ""
    numbers = [float(value.sql) for value in written]
    if numbers != sorted(numbers) or numbers[-1] <= 0:
        return ""
    return function.plain if isinstance(function.plain, str) else function.plain(numbers)


CALLS = {
    **dict.fromkeys(_SIGNS, _operator),
    "IntDiv": _whole_division,
    "Extract": _extract,
    "Anonymous": _call,
    "Filter": _filter,
}
"""Translators of calls."""

"""Calls in expressions: ours with their meaning as SQL, plugins' as they are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from attrs import evolve

from reltype.arguments import sql_of, written
from reltype.conversions import CONVERSIONS
from reltype.functions import (
    AGGREGATES,
    ALIASES,
    CHOICE,
    LITERALS,
    MACROS,
    NUMBERS,
    TEXT,
    TIME,
    Function,
    Kind,
)
from reltype.translation import Translation
from reltype.values import Value, alike, compared

if TYPE_CHECKING:
    from sqlglot import exp

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

_SLOT = re.compile(r"\b_(\d)\b")
_SIGNS = {"Div": "share", "Mod": "mod", "Pow": "power"}
"""Operators that are a function by another name."""


def _operator(t: Translation, node: exp.Expression) -> Value:
    name = _SIGNS[type(node).__name__]
    return _function(t, node, name, [node.this, node.expression])


def _whole_division(t: Translation, node: exp.Expression) -> Value:
    quotient = _function(t, node, "share", [node.this, node.expression])
    return t.fill(node, "FLOOR(_0)", quotient, kind="number", double=True, finite=False)


def _extract(t: Translation, node: exp.Expression) -> Value:
    from sqlglot import exp

    part = exp.Literal.string(node.this.name)
    part.meta.update(node.this.meta)
    return _function(t, node, "date_part", [part, node.expression])


def _call(t: Translation, node: exp.Expression) -> Value:
    from sqlglot import exp

    name = node.name.lower()
    name = ALIASES.get(name, name)
    if name not in FUNCTIONS:
        own = t.plugins[node.name.lower()]
        t.calls.add(own)
        parts = [t.value(argument) for argument in node.expressions]
        slots = ", ".join(f"_{i}" for i in range(len(parts)))
        value = t.fill(node, f"PLUGIN({slots})", *parts)
        value.node.set("this", exp.to_identifier(own))
        return value
    if FUNCTIONS[name].aggregate:
        return _aggregate(t, node, name)
    return _function(t, node, name, node.expressions)


def _aggregate(t: Translation, node: exp.Expression, name: str) -> Value:
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
        value = t.fill(node, "COUNT(*)", kind="number")
    elif isinstance(only, exp.Distinct):
        if len(only.expressions) != 1:
            raise t.place.error_at("count(DISTINCT x) takes one value", node)
        counted = t.cast(only.expressions[0], "any")
        value = t.fill(node, "COUNT(DISTINCT _0)", counted, kind="number")
    else:
        value = _function(t, node, name, arguments)
    t.inside.pop()
    return value


def _filter(t: Translation, node: exp.Expression) -> Value:
    call = node.this
    name = call.name.lower() if type(call).__name__ == "Anonymous" else ""
    if not (name and FUNCTIONS.get(ALIASES.get(name, name), FUNCTIONS["abs"]).aggregate):
        raise t.place.error_at("FILTER goes with an aggregate", node)
    value = t.value(call)
    t.inside.append(call.name)
    condition = t.cast(node.expression.this, "bool")
    t.inside.pop()
    filled = t.fill(node, "COUNT(*) FILTER (WHERE _0)", condition)
    filled.node.set("this", value.node)
    return evolve(value, node=filled.node, weight=value.weight + filled.weight)


def _function(
    t: Translation, node: exp.Expression, name: str, nodes: Sequence[exp.Expression]
) -> Value:
    function = FUNCTIONS[name]
    takes = _signature(t, node, name, nodes)
    literals: list[str] = []
    values: list[Value] = []
    slots: list[str] = []
    for kind, argument in zip(takes, nodes, strict=True):
        if kind in LITERALS:
            literals.append(_written(t, argument, kind))
            slots.append(sql_of(literals[-1], kind))
        else:
            slots.append(f"_{len(values)}")
            values.append(t.cast(argument, kind) if kind != "any" else t.value(argument))
    known = Value(node, function.gives, function.gives == "number", function.finite)
    if function.gives == "same":
        values, known = t.attempt(node, lambda: alike(values))
    elif name in {"if", "nullif"}:
        values, known = _chosen(t, node, name, values)
    sql = _meaning(name, function, slots, literals, values[0].kind)
    filled = t.fill(node, sql, *values)
    return evolve(known, node=filled.node, weight=filled.weight)


def _written(t: Translation, argument: exp.Expression, kind: str) -> str:
    try:
        return written(argument, kind)
    except ValueError as error:
        raise t.place.error_at(str(error), argument) from None


def _chosen(
    t: Translation, node: exp.Expression, name: str, values: list[Value]
) -> tuple[list[Value], Value]:
    if name == "nullif":
        cast = t.attempt(node, lambda: compared(values))
        return cast, evolve(cast[0], finite=True)
    results, known = t.attempt(node, lambda: alike(values[1:]))
    return [values[0], *results], known


def _signature(
    t: Translation, node: exp.Expression, name: str, nodes: Sequence[exp.Expression]
) -> list[str]:
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
    name: str, function: Function, slots: list[str], literals: list[str], kind: Kind
) -> str:
    """The function as SQL over `_0`, `_1` …, which stand for what is not written out."""
    call = f"{name.upper()}({', '.join(slots)})"
    if name in {"greatest", "least"}:
        return f"CASE WHEN {' AND '.join(f'{s} IS NOT NULL' for s in slots)} THEN {call} END"
    if name == "concat":
        return " || ".join(slots)
    if name == "if":
        return "CASE WHEN _0 THEN _1 ELSE _2 END"
    if callable(function.sql):
        return function.sql(literals, kind)
    sql = function.sql if isinstance(function.sql, str) else function.sql[len(slots)]
    return _SLOT.sub(lambda slot: slots[int(slot[1])], sql) if sql else call


CALLS = {
    **dict.fromkeys(_SIGNS, _operator),
    "IntDiv": _whole_division,
    "Extract": _extract,
    "Anonymous": _call,
    "Filter": _filter,
}
"""Translators of calls."""

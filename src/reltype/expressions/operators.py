"""Operators of expressions: arithmetic, comparisons, conditions, CASE and casts."""

from __future__ import annotations

from datetime import date, datetime
from math import inf, prod
from typing import TYPE_CHECKING

from attrs import evolve

from reltype.expressions.arguments import like_complaint
from reltype.expressions.functions import IN_CALENDAR
from reltype.expressions.values import Value, alike, compared, joined, may_raise, text_literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlglot import exp

    from reltype.expressions.translation import Translation

COMPARISONS = {
    "EQ": "=",
    "NEQ": "<>",
    "LT": "<",
    "LTE": "<=",
    "GT": ">",
    "GTE": ">=",
    "NullSafeEQ": "IS NOT DISTINCT FROM",
    "NullSafeNEQ": "IS DISTINCT FROM",
}
_ARITHMETIC = {"Add": "_0 + _1", "Sub": "_0 - _1", "Mul": "_0 * _1", "Neg": "-_0"}
_TYPES = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "MEDIUMINT", "INT", "BIGINT", "INT128"), "whole"),
    **dict.fromkeys(("FLOAT", "DOUBLE", "DECIMAL"), "number"),
    **dict.fromkeys(("VARCHAR", "TEXT", "CHAR", "NVARCHAR"), "text"),
    **dict.fromkeys(("TIMESTAMP", "DATETIME", "TIMESTAMPNTZ"), "time"),
    "DATE": "date",
    "BOOLEAN": "bool",
}


def _arithmetic(t: Translation, node: exp.Expr) -> Value:
    sql = _ARITHMETIC[type(node).__name__]
    nodes = [child for child in (node.this, node.args.get("expression")) if child is not None]
    timed = any(type(child.unnest()).__name__ == "Interval" for child in nodes)
    values = [t.value(child, "any" if timed else "number") for child in nodes]
    kinds = [value.kind for value in values]
    if len(values) == 1 and values[0].written and kinds[0] == "number":
        return evolve(values[0], sql=f"-{values[0].sql}", closed=False, positive=False)
    if "interval" in kinds or "time" in kinds:
        return _moved(t, node, values, sql)
    numbers = [
        t.attempt(child, lambda value=value: value.cast("number", guard=False))  # type: ignore[misc]
        for child, value in zip(nodes, values, strict=True)
    ]
    known = _size(type(node).__name__, numbers)
    return t.fill(node, sql, *numbers, kind="number", double=True, **known)


def _size(name: str, numbers: Sequence[Value]) -> dict[str, float]:
    """How large a sum, difference or product may be, and whether it may be below 0."""
    bounds = [number.bound for number in numbers]
    positive = all(number.positive for number in numbers)
    if name == "Mul":
        return {"bound": inf if inf in bounds else prod(bounds), "positive": positive}
    if name == "Sub" and positive:
        left, right = numbers
        return {"bound": max(bounds), "positive": left.written and left.bound >= right.bound}
    return {"bound": sum(bounds), "positive": positive and name == "Add"}


def _moved(t: Translation, node: exp.Expr, values: list[Value], sql: str) -> Value:
    """A time and an interval."""
    kinds = [value.kind for value in values]
    name = type(node).__name__
    if kinds.count("interval") != 1 or (kinds[0] == "interval" and name != "Add") or len(kinds) < 2:
        reason = "a time goes with + or − and an INTERVAL; for the time between two use days(a, b)"
        raise t.place.error_at(reason, node)
    if name not in {"Add", "Sub"}:
        raise t.place.error_at("an interval goes with + or − and a time", node)
    at = 1 - kinds.index("interval")
    time = t.attempt(node, lambda: values[at].cast("time"))
    values[at] = t.fill(node, IN_CALENDAR, time)
    return t.fill(node, sql, *values, kind="time")


def _concatenation(t: Translation, node: exp.Expr) -> Value:
    values = [t.cast(child, "text") for child in node.flatten(unnest=False)]
    return evolve(t.attempt(node, lambda: joined(values)), kind="text")


def _together(t: Translation, nodes: Sequence[exp.Expr]) -> list[Value]:
    values = t.values(nodes)
    return t.attempt(nodes[0].parent or nodes[0], lambda: compared(values))


def _condition(t: Translation, node: exp.Expr, sql: str, *values: Value) -> Value:
    negated = bool(node.args.get("negate"))
    return t.fill(node, f"NOT ({sql})" if negated else sql, *values, kind="bool")


def _comparison(t: Translation, node: exp.Expr) -> Value:
    values = _together(t, [node.this, node.expression])
    return _condition(t, node, t.pair(node, COMPARISONS[type(node).__name__], values), *values)


def _between(t: Translation, node: exp.Expr) -> Value:
    values = _together(t, [node.this, node.args["low"], node.args["high"]])
    sql = "_0 BETWEEN _1 AND _2"
    if may_raise(values, equality=False):
        sql = f"({t.pair(node, '>=', values)}) AND ({t.pair(node, '<=', values, 2)})"
    return _condition(t, node, sql, *values)


def _in(t: Translation, node: exp.Expr) -> Value:
    if not node.expressions:
        raise t.place.error_at("IN wants a list of values", node)
    values = _together(t, [node.this, *node.expressions])
    sql = f"_0 IN ({', '.join(f'_{i}' for i in range(1, len(values)))})"
    if may_raise(values):
        sql = " OR ".join(t.pair(node, "=", values, i) for i in range(1, len(values)))
    return _condition(t, node, sql, *values)


def _is(t: Translation, node: exp.Expr) -> Value:
    from sqlglot import exp

    if isinstance(node.expression, exp.Null):
        return _condition(t, node, "_0 IS NULL", t.cast(node.this, "any"))
    if isinstance(node.expression, exp.Boolean):
        truth = "TRUE" if node.expression.this else "FALSE"
        return _condition(t, node, f"_0 IS {truth}", t.cast(node.this, "bool"))
    raise t.place.error_at("IS goes with NULL, TRUE, FALSE or DISTINCT FROM", node)


def _like(t: Translation, node: exp.Expr, escape: exp.Expr | None = None) -> Value:
    from sqlglot import exp

    literals = [node.expression] if escape is None else [node.expression, escape]
    if not all(isinstance(literal, exp.Literal) and literal.is_string for literal in literals):
        raise t.place.error_at("the pattern of LIKE must be written out", node)
    complaint = like_complaint(*(literal.name for literal in literals))
    if complaint:
        raise t.place.error_at(complaint, node)
    values = [Value(text_literal(literal.name), "text") for literal in literals]
    sql = f"_0 {type(node).__name__.upper()} _1{'' if escape is None else ' ESCAPE _2'}"
    return _condition(t, node, sql, t.cast(node.this, "text"), *values)


def _escape(t: Translation, node: exp.Expr) -> Value:
    if type(node.this).__name__ not in {"Like", "ILike"}:
        raise t.place.error_at("ESCAPE goes with LIKE", node)
    return _like(t, node.this, node.expression)


def _not(t: Translation, node: exp.Expr) -> Value:
    return t.fill(node, "NOT _0", t.cast(node.this, "bool"), kind="bool")


def _connector(t: Translation, node: exp.Expr) -> Value:
    nodes = list(node.flatten(unnest=False))
    sql = f" {type(node).__name__.upper()} ".join(f"_{i}" for i in range(len(nodes)))
    return t.fill(node, sql, *(t.cast(child, "bool") for child in nodes), kind="bool")


def _case(t: Translation, node: exp.Expr) -> Value:
    wants = t.wants
    branches = node.args["ifs"]
    conditions = [branch.this for branch in branches]
    if node.this is None:
        whens = [t.cast(condition, "bool") for condition in conditions]
    else:
        subjects = t.values([node.this, *conditions])
        whens = t.attempt(node, lambda: compared(subjects))
    chosen = [branch.args["true"] for branch in branches]
    if node.args.get("default") is not None:
        chosen.append(node.args["default"])
    results = t.values(chosen, wants)
    cast, known = t.attempt(node, lambda: alike(results, wants))
    first = len(whens) - len(branches)
    simple = first and not may_raise(whens)
    sql = "CASE _0" if simple else "CASE"
    for i in range(len(branches)):
        asked = f"_{first + i}"
        if first and not simple:
            asked = t.pair(node, "=", whens, i + 1)
        sql += f" WHEN {asked} THEN _{len(whens) + i}"
    if len(results) > len(branches):
        sql += f" ELSE _{len(whens) + len(branches)}"
    filled = t.fill(node, f"{sql} END", *whens, *cast)
    return evolve(known, sql=filled.sql, closed=filled.closed, written=False, longer=filled.longer)


def _cast(t: Translation, node: exp.Expr) -> Value:
    from sqlglot import exp

    to = node.args["to"]
    type_ = _TYPES.get(to.this.name)
    if type_ is None or (to.expressions and to.this.name != "DECIMAL"):
        names = "DOUBLE, DECIMAL(p, s), BIGINT, VARCHAR, BOOLEAN, DATE, TIMESTAMP"
        raise t.place.error_at(f"a cast goes to one of {names}", node)
    if type_ in {"date", "time"} and isinstance(node.this, exp.Literal) and node.this.is_string:
        return _day(t, node, type_)
    value = t.value(node.this)
    if value.kind == "bool" and type_ in {"whole", "number"}:
        sql = "CASE WHEN _0 THEN 1 WHEN NOT _0 THEN 0 END"
        value = t.fill(node, sql, value, kind="number")
    if value.kind == "number" and type_ == "bool":
        return t.fill(node, "_0 <> 0", t.attempt(node, value.guarded), kind="bool")
    if type_ == "whole":
        sql = (
            "TRY_CAST(ROUND(_0) AS BIGINT)" if value.kind == "number" else "TRY_CAST(_0 AS BIGINT)"
        )
        return t.fill(node, sql, value, kind="number")
    if type_ == "date":
        time = value if value.kind == "any" else t.attempt(node, lambda: value.cast("time"))
        return t.fill(node, "TRY_CAST(_0 AS DATE)", time, kind="time")
    kind = type_
    cast = t.attempt(node, lambda: value.cast(kind))
    if len(to.expressions) < 2:
        return cast
    scale = int(to.expressions[1].name)
    return t.fill(node, f"ROUND(_0, {scale})", cast, kind="number", double=True, bound=inf)


def _day(t: Translation, node: exp.Expr, type_: str) -> Value:
    """A date or timestamp, written out."""
    text = node.this.name
    try:
        moment = date.fromisoformat(text) if type_ == "date" else datetime.fromisoformat(text)
    except ValueError:
        wanted = "DATE '2025-01-31'" if type_ == "date" else "TIMESTAMP '2025-01-31 12:00:00'"
        raise t.place.error_at(f"this is no {type_}; write {wanted}", node) from None
    if isinstance(moment, datetime) and moment.tzinfo is not None:
        raise t.place.error_at("write this time in UTC, without an offset", node)
    return t.fill(
        node, f"CAST('{moment}' AS {'DATE' if type_ == 'date' else 'TIMESTAMP'})", kind="time"
    )


OPERATORS = {
    **dict.fromkeys(COMPARISONS, _comparison),
    **dict.fromkeys(_ARITHMETIC, _arithmetic),
    "DPipe": _concatenation,
    "Between": _between,
    "In": _in,
    "Is": _is,
    "Like": _like,
    "ILike": _like,
    "Escape": _escape,
    "Not": _not,
    "And": _connector,
    "Or": _connector,
    "Case": _case,
    "Cast": _cast,
    "TryCast": _cast,
}
"""Translators of operators."""

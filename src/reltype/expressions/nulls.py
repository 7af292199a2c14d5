"""What of an expression is null in every row, given the columns that are.

A rule is only here if it is certain: what is not known to be null is taken not to be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reltype.expressions.calls import FUNCTIONS
from reltype.expressions.functions import ALIASES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from sqlglot import exp

_OF_ONE = frozenset({"Paren", "Neg", "Not", "Cast", "TryCast", "Filter", "Escape", "Between", "In"})
"""Null where `this` is."""

_OF_ANY = frozenset(
    {
        *("Add", "Sub", "Mul", "Div", "Mod", "Pow", "IntDiv", "DPipe"),
        *("EQ", "NEQ", "LT", "LTE", "GT", "GTE", "Like", "ILike"),
    }
)
"""Null where either side is."""

_COUNTS = frozenset({"count", "count_if"})
"""Aggregates that give 0, not null, where they saw nothing."""


def null_everywhere(node: exp.Expr, absent: Collection[str]) -> bool:
    """Whether *node* is null in every row in which the columns *absent* are.

    >>> from reltype.expressions import parse
    >>> parse("coalesce(avg(rating), 3 * max(nps))", where="", aggregates=True).null_without(
    ...     {"rating", "nps"}
    ... )
    True
    """
    rule = _RULES.get(type(node).__name__)
    return rule is not None and rule(node, absent)


def _either(node: exp.Expr, absent: Collection[str]) -> bool:
    return null_everywhere(node.this, absent) or null_everywhere(node.expression, absent)


def _both(node: exp.Expr, absent: Collection[str]) -> bool:
    return null_everywhere(node.this, absent) and null_everywhere(node.expression, absent)


def _case(node: exp.Expr, absent: Collection[str]) -> bool:
    results = [branch.args["true"] for branch in node.args["ifs"]]
    default = node.args.get("default")
    return all(null_everywhere(r, absent) for r in [*results, *([default] if default else [])])


def _call(node: exp.Expr, absent: Collection[str]) -> bool:
    name = ALIASES.get(node.name.lower(), node.name.lower())
    nulls = [null_everywhere(argument, absent) for argument in node.expressions]
    if not nulls or name in _COUNTS:
        return False
    if name == "nullif":
        return nulls[0]
    if name == "if":
        return all(nulls[1:])
    if name == "coalesce" or name not in FUNCTIONS:  # a plugin's gives null where it got nothing
        return all(nulls)
    return any(nulls)


_RULES: Mapping[str, Callable[[exp.Expr, Collection[str]], bool]] = {
    "Null": lambda _node, _absent: True,
    "Column": lambda node, absent: node.name in absent,
    **dict.fromkeys(_OF_ONE, lambda node, absent: null_everywhere(node.this, absent)),
    "Extract": lambda node, absent: null_everywhere(node.expression, absent),
    **dict.fromkeys(_OF_ANY, _either),
    **dict.fromkeys(("And", "Or"), _both),
    "Case": _case,
    "Anonymous": _call,
}


def without_calls(node: exp.Expr, absent: Collection[str]) -> exp.Expr:
    """*node* with NULL in place of plugins' functions that would be asked about nulls alone."""
    from sqlglot import exp

    def put(part: exp.Expr) -> exp.Expr:
        foreign = isinstance(part, exp.Anonymous) and part.name.lower() not in {
            *FUNCTIONS,
            *ALIASES,
        }
        return exp.Null() if foreign and null_everywhere(part, absent) else part

    return node.copy().transform(put)

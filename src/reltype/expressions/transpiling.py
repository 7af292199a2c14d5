"""SQL of an expression in another database's dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reltype.errors import ConfigError, did_you_mean
from reltype.expressions.values import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlglot import exp


def transpiled(sql: str, dialect: str, columns: Mapping[str, str]) -> str:
    """DuckDB's SQL as *dialect* writes it; columns become their SQL in *columns*, or names.

    Raises:
        ConfigError: There is no such dialect, or it cannot express the expression.
    """
    import sqlglot
    from sqlglot import exp
    from sqlglot.dialects.dialect import Dialects
    from sqlglot.errors import ErrorLevel, UnsupportedError

    names = [name.value for name in Dialects if name.value]
    if dialect not in names:
        raise ConfigError(f"no dialect of SQL is called {dialect!r}.{did_you_mean(dialect, names)}")

    def put(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and node.name in columns:
            return exp.Var(this=f"({columns[node.name]})")
        # Only DuckDB is asked for a type that was not known; elsewhere a cell is taken for text.
        if isinstance(node, exp.Try):
            return exp.Paren(this=node.this)
        if isinstance(node, exp.Case):
            asked = node.args["ifs"][0].this
            if asked.find(exp.Typeof) and not asked.find(exp.Case):
                return put(node.args["default"])
        return node

    named = PLACEHOLDER.sub(
        lambda placeholder: exp.to_identifier(placeholder[1], quoted=True).sql("duckdb"), sql
    )
    try:
        tree = sqlglot.parse_one(named, dialect="duckdb").transform(put)
        for node in tree.find_all(exp.RegexpReplace) if dialect == "bigquery" else ():
            node.set("modifiers", None)  # it replaces every match, as `g` says
        return str(tree.sql(dialect=dialect, comments=False, unsupported_level=ErrorLevel.RAISE))
    except UnsupportedError as error:
        raise ConfigError(f"{dialect} cannot express this: {error}") from error
    except RecursionError:
        raise ConfigError(f"this is nested too deeply to be written for {dialect}") from None

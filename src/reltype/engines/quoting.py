"""Values and names as DuckDB's SQL writes them."""

from __future__ import annotations

from collections.abc import Mapping


def literal(value: object) -> str:
    """A value, a list of values or a struct of them."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, Mapping):
        return (
            "{" + ", ".join(f"{literal(key)}: {literal(held)}" for key, held in value.items()) + "}"
        )
    return "'" + str(value).replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A table's or column's name."""
    return '"' + name.replace('"', '""') + '"'

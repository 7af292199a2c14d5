"""What reltype knows without plugins; it comes in by the same door as anybody's plugin."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pluggy

from reltype.engines.duckdb import DuckDB
from reltype.formats import BUILTIN

if TYPE_CHECKING:
    from reltype.definitions.recipes import Recipe
    from reltype.formats import Format

reltype_api = 1
hookimpl = pluggy.HookimplMarker("reltype")


@hookimpl
def reltype_definitions() -> list[Path]:
    """The customer typology with its features, signals, rules and benefits."""
    return [Path(__file__).parent / "customer.toml"]


@hookimpl
def reltype_classifiers() -> list[Recipe]:
    """Boosted trees, for any typology; the prototype and the rules are the plan's own."""
    from reltype.builtin.trees import Trees

    return [Trees()]


@hookimpl
def reltype_formats() -> tuple[Format, ...]:
    """CSV, JSON, JSON lines, Markdown, Parquet, table, XLSX."""
    return BUILTIN


@hookimpl
def reltype_engines() -> dict[str, type[DuckDB]]:
    """DuckDB, embedded."""
    return {"duckdb": DuckDB}

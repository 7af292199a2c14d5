"""Lines: what to write, so that a column is read otherwise."""

from __future__ import annotations


def line(role: str, ours: str, column: str) -> str:
    """The two ways of saying which column it is."""
    shell = column.replace("'", "'\\''")
    toml = column.replace("\\", "\\\\").replace('"', '\\"')
    return f"write --map {ours}='{shell}', or in reltype.toml under [{role}]: {ours} = \"{toml}\""

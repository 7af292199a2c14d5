"""Relationships inside and around an organisation, as typologies; the knowledge is in two packs."""

from __future__ import annotations

from pathlib import Path

from reltype.plugin import hookimpl

reltype_api = 1

PACKS = tuple(Path(__file__).with_name(name) for name in ("employee.toml", "stakeholder.toml"))
"""Everything that this plugin defines."""


@hookimpl
def reltype_definitions() -> list[Path]:
    """The packs with the typologies `employee` and `stakeholder`, their words and benefits."""
    return list(PACKS)

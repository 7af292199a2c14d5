"""Relationships with a public service, whose users cannot leave; the knowledge is in a pack."""

from __future__ import annotations

from pathlib import Path

from reltype.plugin import hookimpl

reltype_api = 1

PACK = Path(__file__).with_name("public_services.toml")
"""Everything that this plugin defines."""


@hookimpl
def reltype_definitions() -> list[Path]:
    """The pack with the typology `public service`, its rules and its benefits."""
    return [PACK]

"""Plugins: who contributes what. A factory makes a manager; there is no global one."""

from __future__ import annotations

from pathlib import Path

from reltype.catalogue import Catalogue
from reltype import packs


def builtin_catalogue(*rules: str | Path) -> Catalogue:
    pack = Path(__file__).parent / "builtin" / "customer.toml"
    return Catalogue.of(
        [("built-in", packs.load(pack)), *((str(path), packs.load(path)) for path in rules)]
    )

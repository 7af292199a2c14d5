"""Inputs: what a run was given, opened, and read through a mapping each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from attrs import frozen

from reltype.mapping import Mapping

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from reltype.sources import Source


@frozen
class Input:
    """A source and how its columns become ours."""

    source: Source
    mapping: Mapping

    def select(self, *, refunds: str = "net", features: Collection[str] = ()) -> str:
        """SQL of the canonical rows."""
        types = dict(zip(self.source.columns, self.source.types, strict=True))
        return self.mapping.select(
            self.source.relation, types, refunds=refunds, features=features
        )


def open_inputs(
    connection: DuckDBPyConnection, things: Sequence[object], features: Collection[str]
) -> list[Input]:
    from reltype.mapping import CUSTOMERS, INTERACTIONS
    from reltype.sources import open_sources

    made = []
    for thing in things:
        for source in open_sources(connection, thing):
            log = "timestamp" in source.columns
            known = INTERACTIONS if log else {*CUSTOMERS, *features}
            columns = {c: f'"{c}"' for c in source.columns if c in known and c != "kind_as_written"}
            made.append(Input(source, Mapping("interactions" if log else "customers", columns)))
    return made

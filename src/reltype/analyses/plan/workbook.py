"""Workbook: a plan as a sheet for each team, one of who is left alone, and one of all rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.compute as pc

from reltype.formats.xlsx import Sheet

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from reltype.analyses.plan.teams import Planned

TEAM = (
    "rank",
    "customer_id",
    "benefit",
    "action",
    "why",
    "question",
    "by",
    "archetype",
    "certainty",
)
"""Columns of a team's sheet."""
WIDTHS = (6, 16, 26, 60, 70, 50, 12, 22, 12)
ALL = "plan"
"""The sheet of all rows, which `reltype outcome` reads."""


def sheets(made: Planned) -> Iterator[Sheet]:
    """The sheets, in the order in which they stand."""
    for role in made.capacity:
        yield _sheet(role, made.team(role).select(list(TEAM)), WIDTHS)

    aside = made.table.filter(pc.equal(made.table.column("held_out"), "yes"))
    if aside.num_rows:
        kept = aside.select(["customer_id", "role", "benefit", "archetype"])
        yield _sheet("leave alone", kept.sort_by("customer_id"), (16, 16, 26, 22))
    yield _sheet(ALL, made.table, (14, 6, 16, 26, 40, 40, 40))


def _sheet(name: str, table: pa.Table, widths: tuple[int, ...]) -> Sheet:
    return Sheet(name, table.schema, table.to_batches(), widths)

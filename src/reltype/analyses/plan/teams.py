"""Teams: what each does for whom, as values."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
from attrs import field, frozen

if TYPE_CHECKING:
    from reltype.analyses.plan.power import Power


@frozen(eq=False)
class Planned:
    """What each team does for whom, as values: `TeamPlan` says what each attribute is."""

    table: pa.Table = field(repr=False)
    as_of: dt.date | None
    capacity: Mapping[str, int]
    holdout: float = 0.0
    salt: str = ""
    power: tuple[Power, ...] = ()
    within: int = 90
    notes: tuple[str, ...] = ()

    def team(self, role: str) -> pa.Table:
        """What a team does: the rows of *role* without those held out."""
        mine = pc.and_(
            pc.equal(self.table.column("role"), role), pc.equal(self.table.column("held_out"), "no")
        )
        return self.table.filter(mine)


def plan_id(rows: list[dict[str, Any]]) -> str:
    """A hash of the rows of a plan: day, customer, role, benefit and whether held out."""
    kept = ("as_of", "customer_id", "role", "benefit", "held_out")
    lines = sorted("\x1f".join(str(row[name]) for name in kept) for row in rows)
    return hashlib.sha256("\x1e".join(lines).encode()).hexdigest()[:16]

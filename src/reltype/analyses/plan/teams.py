"""Teams: what each does for whom, as values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from attrs import field, frozen

if TYPE_CHECKING:
    from reltype.analyses.plan.power import Power


@frozen(eq=False)
class Planned:
    """What each team does for whom, as values: `TeamPlan` says what each attribute is."""

    table: pa.Table = field(repr=False)
    as_of: dt.date
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

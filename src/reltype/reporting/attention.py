"""Attention: whom somebody should look at first, and why.

Alarms go first, the most of them before the others; then who lapses (they can still be reached) and is
known well enough to be named `sure` or `likely`; the dormant come late, who have left last; among equals
by the priority of their first benefit. It says who needs a person's time, never who is worth more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc
from attrs import frozen

from reltype.arrow import doubles, numbers, text
from reltype.definitions.archetypes import UNCLASSIFIED

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from reltype.arrow import Floats, Ints

LAPSING, DORMANT, ENDED = "lapsing", "dormant", "ended"
TRUSTED = ("sure", "likely")

WATCHED_COLUMNS = [
    "customer_id",
    "archetype",
    "certainty",
    "status",
    "alarms",
    "reasons",
    "benefits",
]
"""Columns of the result that are asked."""


@frozen
class Watched:
    """A customer to look at.

    Attributes:
        customer_id: As in the input.
        archetype: Or `unclassified`.
        certainty: None where nobody is named.
        status: None where nobody can tell.
        alarms: What goes first.
        reason: The strongest; empty where there is none.
        benefit: What to cultivate first; empty where nothing is offered.
        because: Why that benefit.
    """

    customer_id: str
    archetype: str
    certainty: str | None
    status: str | None
    alarms: tuple[str, ...]
    reason: str
    benefit: str
    because: str

    @classmethod
    def of(cls, row: dict[str, Any]) -> Watched:
        """Of a row of the result."""
        benefits, reasons = row["benefits"], row["reasons"]
        return cls(
            customer_id=row["customer_id"],
            archetype=row["archetype"],
            certainty=row["certainty"],
            status=row["status"],
            alarms=tuple(row["alarms"]),
            reason=reasons[0]["text"] if reasons else "",
            benefit=benefits[0]["name"] if benefits else "",
            because=benefits[0]["because"] if benefits else "",
        )


def order(table: pa.Table | pa.RecordBatch) -> Ints:
    """(customers,) places of a result's rows, who is to be looked at first before the others."""

    def column(name: str) -> Any:  # noqa: ANN401
        made = table.column(name)
        return made.combine_chunks() if hasattr(made, "combine_chunks") else made

    status, certainty = column("status"), column("certainty")
    ended = _is(status, ENDED)
    alarms = doubles(pc.list_value_length(column("alarms"))) * (1 - ended)
    can_be_held = _is(status, LAPSING) * np.maximum(*(_is(certainty, name) for name in TRUSTED))
    standing = 2 * ended + _is(status, DORMANT) - can_be_held
    return np.lexsort((-first_priority(column("benefits")), standing, -alarms))


def worth_a_look(table: pa.Table | pa.RecordBatch) -> pa.Array:
    """(customers,) whether a result's rows are to be looked at: who is named, or set off an alarm."""
    named = pc.not_equal(table.column("archetype"), text(UNCLASSIFIED))
    none = numbers(np.zeros(1, np.int32))[0]  # not 0 itself: see `reltype.arrow`
    return pc.or_(named, pc.greater(pc.list_value_length(table.column("alarms")), none))


def _is(column: pa.Array, value: str) -> Floats:
    return np.nan_to_num(doubles(pc.equal(column, text(value))))


def first_priority(benefits: pa.ListArray) -> Floats:
    """(customers,) priority of each one's first benefit; 0 where nothing is offered."""
    offered, place = _firsts(benefits)
    made = np.zeros(len(offered))
    made[offered] = doubles(benefits.flatten().field("priority"))[place]
    return made


def first_benefit(benefits: pa.ListArray) -> pa.Array:
    """Name of each one's first benefit; null where nothing is offered."""
    offered, place = _firsts(benefits)
    at = np.full(len(offered), np.nan)
    at[offered] = place
    return benefits.flatten().field("name").take(pc.cast(numbers(at), "int64"))


def _firsts(lists: pa.ListArray) -> tuple[NDArray[np.bool_], Ints]:
    """(rows,) whether a list holds anything; where the first of each that does stands."""
    held = np.nan_to_num(doubles(pc.list_value_length(lists))) > 0
    starts = doubles(lists.offsets).astype(np.int64)
    return held, (starts[:-1] - starts[0])[held]

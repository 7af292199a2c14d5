"""Finding: one standard, what was measured of it, and what would correct it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import asdict, frozen

if TYPE_CHECKING:
    from reltype.analyses.standards.actions import Action
    from reltype.analyses.standards.reach import Reach
    from reltype.definitions.standards import Standard


@frozen
class Finding:
    """One standard, and how things stand with it.

    Attributes:
        standard: What was asked.
        value: What was measured; None where nobody is spoken of, or the log is too short.
        low, high: The interval of the value, at a level that allows for how many standards were
            looked at; None likewise.
        customers: Of how many it speaks.
        verdict: `met` or `missed` where the whole interval lies on one side; else `cannot tell`.
        deviation: How far the value lies outside of what was asked: below 0 where too little,
            above where too much, 0 inside; None where there is no value.
        note: How it was measured, or why it could not be.
        actions: What would correct it, of the owner's own benefits first; none where it is met.
        reach: Whether it was ever reached, and where; None for `none`.
    """

    standard: Standard
    value: float | None
    low: float | None
    high: float | None
    customers: int
    verdict: str
    deviation: float | None
    note: str
    actions: tuple[Action, ...] = ()
    reach: Reach | None = None

    def to_dict(self) -> dict[str, Any]:
        """As `--format json` prints it."""
        one = self.standard
        reached = None if self.reach is None else self.reach.to_dict()
        return {
            "name": one.name,
            "kind": one.kind,
            "of": list(one.what),
            "where": one.where or None,
            "at_least": one.at_least,
            "at_most": one.at_most,
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "customers": self.customers,
            "verdict": self.verdict,
            "deviation": self.deviation,
            "owner": one.owner or None,
            "horizon": one.horizon or None,
            "tell": list(one.tell),
            "note": self.note,
            "actions": [asdict(action) for action in self.actions],
            "achievable": reached,
        }

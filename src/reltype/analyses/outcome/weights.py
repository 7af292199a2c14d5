"""Weights: how far measured outcomes change what a benefit's priority counts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

if TYPE_CHECKING:
    from reltype.analyses.journal import Journal

USUAL = 0.1
"""By so much benefits are taken to differ in what share of customers they bring back (a standard
deviation, ours): a measurement that is less sure than that is drawn towards none."""
STEEP = 5.0
"""How much a priority grows with a sure effect: ten points more who come back, half as much again."""
LEAST, MOST = 0.5, 2.0


@frozen
class Weight:
    """What was measured of one benefit, over all plans.

    Attributes:
        effect: By how much more of those acted on came back than of those held out, −1…1.
        error: Its standard error.
        plans: In how many plans it was measured.
        weight: What the priority is multiplied by, ½…2.
    """

    effect: float
    error: float
    plans: int
    weight: float


@frozen
class Weights:
    """What priorities are multiplied by.

    Attributes:
        of: Benefit → what was measured.
        notes: What was passed over.
    """

    of: Mapping[str, Weight] = field(factory=dict)
    notes: tuple[str, ...] = ()

    def weight(self, benefit: str) -> float:
        """What a benefit's priority is multiplied by; 1 where nothing was measured."""
        return self.of[benefit].weight if benefit in self.of else 1.0

    def told(self, benefit: str) -> str:
        """The sentence for the reason; empty where nothing was measured."""
        if benefit not in self.of:
            return ""
        one = self.of[benefit]
        plans = "one plan" if one.plans == 1 else f"{one.plans} plans"
        return (
            f"measured in {plans}: {one.effect * 100:+.0f} points (± {one.error * 100:.0f}) come back, "
            f"so its priority counts {one.weight:.2f} times"
        )


NONE = Weights()


def weights(journal: Journal) -> Weights:
    """What the outcomes in a journal say, the last of each plan and benefit.

    Effects of several plans are averaged, each by its precision; the mean is drawn towards 0 by
    USUAL² / (USUAL² + error²), which leaves the pack's number where little is known. The weight is
    1 + STEEP · effect, held to ½…2.

    Args:
        journal: What was kept.
    """
    last: dict[tuple[str, str], Mapping[str, Any]] = {}
    broken = 0
    for entry in journal.of("outcome"):
        listed = entry.get("benefits")
        for one in listed if isinstance(listed, list) else ():
            if _sound(one):
                last[str(entry.get("plan")), one["benefit"]] = one
            elif isinstance(one, Mapping) and one.get("difference") is not None:
                broken += 1
    found: dict[str, Weight] = {}
    for benefit in sorted({name for _, name in last}):
        parts = [one for (_, name), one in last.items() if name == benefit]
        precision = sum(1 / one["error"] ** 2 for one in parts)
        effect = sum(one["difference"] / one["error"] ** 2 for one in parts) / precision
        error = math.sqrt(1 / precision)
        drawn = effect * USUAL**2 / (USUAL**2 + error**2)
        weight = min(MOST, max(LEAST, 1 + STEEP * drawn))
        found[benefit] = Weight(effect, error, len(parts), weight)
    notes = (f"{broken} outcomes of the journal are none, and were passed over",) if broken else ()
    return Weights(found, notes)


def _sound(one: Any) -> bool:  # noqa: ANN401  whatever stands in a file
    if not isinstance(one, Mapping) or not isinstance(one.get("benefit"), str):
        return False
    effect, error = (
        float(n) if isinstance(n, float | int) and not isinstance(n, bool) else math.nan
        for n in (one.get("difference"), one.get("error"))
    )
    return -1 <= effect <= 1 and 1e-6 < error < 10

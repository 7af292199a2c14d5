"""Which features, scales, signals and conditions are null for everybody, whatever the rows hold.

A definition whose inputs no input gives is not computed: it changes nothing and costs nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from reltype.scoring.plan import Plan


@frozen
class Nulls:
    """What is null everywhere.

    Attributes:
        columns: Columns of interactions.
        features: Features, and scales that are taken from such features alone.
        unscaled: Features and scales of which nobody knows on what scale people were asked: no
            sentence tells them as a rating.
    """

    columns: frozenset[str] = frozenset()
    features: frozenset[str] = frozenset()
    unscaled: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls, plan: Plan, *, absent: Collection[str], given: Collection[str], measured: bool
    ) -> Nulls:
        """What is null in *plan*.

        Args:
            plan: What is asked.
            absent: Canonical columns that no log gives.
            given: Features that a customer table gives.
            measured: Whether there is a log.
        """
        columns = {*absent, *({"amount_log", "payment_log"} if "value" in absent else ())}
        found: set[str] = set()
        for feature in plan.features:
            if feature.name in given:
                continue
            expression = plan.feature(feature)
            if (
                expression is None
                or (expression.aggregate and not measured)
                or expression.null_without(columns if expression.aggregate else found)
            ):
                found.add(feature.name)
        return cls(frozenset(columns), frozenset(found))

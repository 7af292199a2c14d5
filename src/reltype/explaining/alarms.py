"""Alarms: what somebody should look at of one customer, with the facts behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from attrs import frozen

from reltype.definitions.phrases import PLAIN, Units, fill

if TYPE_CHECKING:
    from reltype.scoring.classifiers import Batch
    from reltype.scoring.plan import Plan

FACTS = 3
"""How many facts are told of an alarm at most."""


class Told(Protocol):
    """A part of a score, in words."""

    @property
    def source(self) -> str:
        """`prototype` where a signal told it."""

    @property
    def item(self) -> str:
        """The signal."""

    @property
    def text(self) -> str:
        """The fact."""


@frozen
class Alarm:
    """What somebody should look at.

    Attributes:
        name: As in the result.
        because: What it means, and what to do; empty where the pack does not say.
        facts: What was seen, in words: at most three.
    """

    name: str
    because: str
    facts: tuple[str, ...]


def alarms(
    plan: Plan,
    batch: Batch,
    features: Mapping[str, float | None],
    contributions: Sequence[Told],
    units: Units = PLAIN,
) -> tuple[Alarm, ...]:
    """The alarms of the one customer in *batch*.

    Args:
        plan: Whose alarms and signals.
        batch: One row.
        features: Feature → value, as far as signals and flags read them.
        contributions: What signals told of the customer, in words.
        units: How numbers are told.
    """
    said: dict[str, str] = {}
    for contribution in contributions:
        if contribution.source == "prototype" and not contribution.text.endswith(
            "(no fact to tell)"
        ):
            # Signals that tell one fact are added up under all their names.
            for name in (contribution.item, *contribution.item.split(", ")):
                said.setdefault(name, contribution.text)
    made = []
    for i, flag in enumerate(plan.typology.alarms):
        if batch.holds(f"alarm_{i}")[0] != 1:
            continue
        needs = plan.conditions[f"alarm_{i}"].needs
        facts = [
            said[signal.name]
            for signal in plan.signals
            if signal.name in said
            and (
                signal.dimension in needs
                or needs & signal.expression(plan.catalogue.functions).needs
            )
        ]
        because = fill(flag.because, features, units)
        made.append(Alarm(flag.name, because, tuple(dict.fromkeys(facts))[:FACTS]))
    return tuple(made)

"""Roles: which teams an archetype needs together, and who hands over to whom.

A benefit is owned by a role and pays at a time. What must be in order goes first, then what pays soon,
then what pays late, then what is new; within one of these stages teams work side by side. A benefit
builds on the one before that moves the same dimensions: its owner takes over from that one's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from reltype.definitions.benefits import HORIZONS, ROLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reltype.definitions.benefits import Benefit
    from reltype.scoring.plan import Plan

FIRST = "in order first"
STAGES = (FIRST, *HORIZONS)
LEAST = 0.15
"""How well a benefit must suit an archetype for its owner to be needed there."""


@frozen
class Part:
    """What a role does for an archetype.

    Attributes:
        archetype: For whom.
        role: Who.
        share: Of all that suits the archetype, 0…1: how well the role's benefits suit, summed.
        benefits: Its benefits, the most fitting first.
    """

    archetype: str
    role: str
    share: float
    benefits: tuple[str, ...]


@frozen
class HandOver:
    """A benefit that builds on another.

    Attributes:
        archetype: For whom.
        stage: When: one of `STAGES`.
        role: Who does it.
        benefit: What.
        after: The benefit that it builds on; empty where none before moves what it moves.
        takes_over_from: Who did that; empty likewise.
        dimensions: What both move, the most first.
    """

    archetype: str
    stage: str
    role: str
    benefit: str
    after: str = ""
    takes_over_from: str = ""
    dimensions: tuple[str, ...] = ()

    @property
    def changes_hands(self) -> bool:
        """Whether another role goes on."""
        return self.takes_over_from not in {"", self.role}


def matrix(plan: Plan) -> tuple[Part, ...]:
    """What each role does for each archetype, in the order of both; roles with nothing to do are left out."""
    made = []
    for archetype in plan.archetypes:
        suited = suiting(plan, archetype.name)
        whole = sum(benefit.suits[archetype.name] for benefit in suited)
        for role in ROLES:
            own = [benefit for benefit in suited if benefit.role == role]
            if own:
                share = sum(benefit.suits[archetype.name] for benefit in own) / whole
                made.append(Part(archetype.name, role, share, tuple(b.name for b in own)))
    return tuple(made)


def suiting(plan: Plan, archetype: str) -> list[Benefit]:
    """The benefits that suit an archetype, the most fitting first; none that must not be pushed on it."""
    kept = [
        benefit
        for benefit in plan.benefits
        if benefit.suits.get(archetype, 0) >= LEAST and archetype not in benefit.not_for
    ]
    return sorted(kept, key=lambda benefit: (-benefit.suits[archetype], benefit.name))


def stage(benefit: Benefit) -> int:
    """Place of a benefit among `STAGES`."""
    return 0 if benefit.gate else 1 + HORIZONS.index(benefit.horizon)


def hand_overs(plan: Plan, archetype: str) -> tuple[HandOver, ...]:
    """Every benefit that suits an archetype, by stage, with the one that it builds on."""
    suited = sorted(suiting(plan, archetype), key=lambda b: (stage(b), -b.suits[archetype], b.name))
    return tuple(_taken_over(archetype, benefit, suited) for benefit in suited)


def _taken_over(archetype: str, benefit: Benefit, suited: Sequence[Benefit]) -> HandOver:
    at = stage(benefit)
    made = HandOver(archetype, STAGES[at], benefit.role, benefit.name)
    earlier = [other for other in suited if stage(other) < at]
    if not earlier:
        return made
    before = max(
        earlier,
        key=lambda other: (
            sum(_shared(benefit, other).values()),
            stage(other),
            other.suits[archetype],
            other.name,
        ),
    )
    shared = _shared(benefit, before)
    if not shared:
        return made
    dimensions = tuple(sorted(shared, key=lambda name: (-shared[name], name)))
    return HandOver(
        archetype, made.stage, benefit.role, benefit.name, before.name, before.role, dimensions
    )


def _shared(one: Benefit, other: Benefit) -> dict[str, float]:
    """Dimension → how far both move it."""
    both = one.raises.keys() & other.raises.keys()
    return {name: min(one.raises[name], other.raises[name]) for name in both}

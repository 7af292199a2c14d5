"""Actions: which benefits would correct a deviation, whose they are, and when they pay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reltype.analyses.standards.measure import Group
    from reltype.definitions.benefits import Benefit
    from reltype.definitions.standards import Standard
    from reltype.scoring.plan import Plan

MOST = 3


@frozen
class Action:
    """One corrective action.

    Attributes:
        benefit: What is cultivated.
        role: Whose it is.
        horizon: When it pays.
        action: The first thing to do.
        archetype: For whom: the archetype of those concerned whom it suits best.
        customers: How many of those the standard speaks of are named so.
    """

    benefit: str
    role: str
    horizon: str
    action: str
    archetype: str
    customers: int


def actions(plan: Plan, one: Standard, group: Group) -> tuple[Action, ...]:
    """Up to three benefits that would correct a deviation, the owner's own first.

    A benefit's worth: Σ_a weight_a · suits_ba · (¼ + Σ_k raises_bk · gap_ak), as its priority for a
    customer, with what is missing on average. Archetypes that it must not be pushed on lend it
    none. For a share the weight is on the archetype asked for; for moves on those who should stay,
    and the gap is what they would lose; else by who they are.

    Args:
        plan: Archetypes, dimensions and benefits.
        one: The standard.
        group: Whom it speaks of.
    """
    names = [a.name for a in plan.archetypes]
    weights = _weights(one, names, group)
    gaps = np.array([
        [_gap(plan, one, group, a, k) for k in range(len(plan.dimensions))]
        for a in range(len(names))
    ]).reshape(len(names), len(plan.dimensions))  # fmt: skip
    worth = []
    for place, benefit in enumerate(plan.benefits):
        parts = _worth(plan, benefit, names, gaps) * weights
        if one.kind == "mean" and _dimension(plan, one) >= 0:
            parts = parts * benefit.raises.get(one.what[0], 0.0)
        total = float(parts.sum())
        if total > 0:
            own = one.owner in ("", benefit.role)
            gate = benefit.gate and one.kind == "none"
            worth.append((not own, not gate, -total, place, int(parts.argmax())))
    made = []
    for *_, place, best in sorted(worth)[:MOST]:
        benefit = plan.benefits[place]
        made.append(
            Action(
                benefit.name,
                benefit.role,
                benefit.horizon,
                benefit.actions[0] if benefit.actions else "",
                names[best],
                int(group.named[best]),
            )
        )
    return tuple(made)


def _weights(one: Standard, names: list[str], group: Group) -> NDArray[np.float64]:
    named = [name for name in (one.what[:1] if one.kind == "moves" else one.what) if name in names]
    if one.kind == "mean" or not named:
        return group.shares
    return np.array([float(name in named) for name in names])


def _worth(
    plan: Plan, benefit: Benefit, names: list[str], gaps: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(archetypes,) what a benefit is worth to each."""
    lift = np.array([benefit.raises.get(d.name, 0.0) for d in plan.dimensions])
    suits = np.array([0.0 if n in benefit.not_for else benefit.suits.get(n, 0.0) for n in names])
    return np.asarray(suits * (0.25 + gaps @ lift))


def _gap(plan: Plan, one: Standard, group: Group, archetype: int, dimension: int) -> float:
    name = plan.dimensions[dimension].name
    of = plan.archetypes[archetype].prototype.get(name)
    if of is None:
        return 0.0
    if one.kind == "moves":
        to = next(a for a in plan.archetypes if a.name == one.what[1]).prototype.get(name)
        return 0.0 if to is None else max(0.0, of.value - to.value)
    mean = group.readings[dimension]
    return 0.0 if np.isnan(mean) else max(0.0, of.aim - float(mean))


def _dimension(plan: Plan, one: Standard) -> int:
    names = [d.name for d in plan.dimensions]
    return names.index(one.what[0]) if one.what[0] in names else -1

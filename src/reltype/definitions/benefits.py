"""Benefit: what a relationship can give beyond the service delivered."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen, validators

ROLES = ("work-flow", "service", "consultation", "advisory", "audit", "liaison")
BENEFIT_KINDS = ("functional", "socio-emotional", "clinical/technical")
"""What a benefit is made of, after the key drivers of public services in Bollen & Emes."""
HORIZONS = ("short-term win", "long-term win", "new approach")


@frozen
class Benefit:
    """A relational benefit to cultivate.

    Attributes:
        name: As people write it.
        definition: What the customer gets.
        source: The literature.
        raises: How far it moves each dimension that it moves, 0…1.
        suits: How well it suits each archetype, 0…1; archetypes not named are not offered it.
        not_for: Archetypes it must not be pushed on, each with the reason.
        actions: Concrete things to do.
        questions: Key questions to ask before and after.
        role: Who owns it (the roles of managed relationships).
        horizon: When it pays.
        when: SQL condition; where it holds the benefit goes first (a must-be that is broken).
        because: The reason told where `when` holds.
        typology: The typology it is meant for; empty: any that has an archetype it suits.
        gate: True for what must be in order before anything else: offered to the unclassified too.
        kind: One of KINDS; empty where that was not said.
    """

    name: str
    definition: str
    source: str
    raises: Mapping[str, float]
    suits: Mapping[str, float]
    actions: tuple[str, ...]
    questions: tuple[str, ...]
    role: str = field(validator=validators.in_(ROLES))
    horizon: str = field(validator=validators.in_(HORIZONS))
    not_for: Mapping[str, str] = field(factory=dict)
    when: str = ""
    because: str = ""
    typology: str = ""
    gate: bool = False
    kind: str = field(default="", validator=validators.in_(("", *BENEFIT_KINDS)))

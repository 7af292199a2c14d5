"""Benefit: what a relationship can give beyond the service delivered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import field, frozen, validators

from reltype.errors import UsageError, did_you_mean

ROLES = ("work-flow", "service", "consultation", "advisory", "audit", "liaison")
BENEFIT_KINDS = ("functional", "socio-emotional", "clinical/technical")
"""What a benefit is made of, after the key drivers of public services in Bollen & Emes."""
HORIZONS = ("short-term win", "long-term win", "new approach")
FOCUSES = ("external", "internal")
"""Which relationship has to be worked on first: the one with whom it is for, or one among ourselves."""


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
        focus: `external`: the work is done with whom it is for; `internal`: it is done among
            ourselves (a process, a price, who comes to the front line) before they see anything of it.
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
    focus: str = field(default="external", validator=validators.in_(FOCUSES))


@frozen
class Cut:
    """Which benefits are spoken of: those of some roles, of one focus, of some horizons.

    Attributes:
        roles: Who owns them; empty: anybody.
        focus: Where the work is done; empty: anywhere.
        horizons: When they pay; empty: at any time.
    """

    roles: tuple[str, ...] = ()
    focus: str = ""
    horizons: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        role: str | Iterable[str] = (),
        focus: str | None = None,
        horizon: str | Iterable[str] = (),
    ) -> Cut:
        """The cut that words say; `short` is enough for `short-term win`.

        Raises:
            UsageError: There is no such role, focus or horizon.

        Example:
            >>> Cut.of("service", horizon="short").horizons
            ('short-term win',)
        """
        return cls(
            _known("role", role, ROLES),
            next(iter(_known("focus", focus or (), FOCUSES)), ""),
            _known("horizon", horizon, HORIZONS),
        )

    def keeps(self, benefit: Benefit) -> bool:
        """Whether a benefit is spoken of."""
        return (
            (not self.roles or benefit.role in self.roles)
            and self.focus in {"", benefit.focus}
            and (not self.horizons or benefit.horizon in self.horizons)
        )

    def __str__(self) -> str:
        said = (" or ".join(self.roles), self.focus, " or ".join(self.horizons))
        return ", ".join(part for part in said if part)


def _known(what: str, said: str | Iterable[str], known: tuple[str, ...]) -> tuple[str, ...]:
    """Each word as it is known, letter case, blanks and what follows the first word apart."""
    words = [said] if isinstance(said, str) else list(said)
    found: dict[str, None] = {}
    for word in words:
        bare = word.strip().casefold().replace("_", "-").replace(" ", "-")
        near = [one for one in known if one.replace(" ", "-").startswith(bare)] if bare else []
        if len(near) != 1:
            raise UsageError(f"{what} {word!r}: there is none.{did_you_mean(word, known)}")
        found[near[0]] = None
    return tuple(found)

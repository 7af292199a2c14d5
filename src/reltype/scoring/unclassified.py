"""Unclassified: why nobody is named for a customer, as a value; and its words, in one place.

What asks why asks for a `Why`; the words are for people, and of no consequence.
"""

from __future__ import annotations

from enum import Enum
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reltype.scoring.plan import Plan


class Why(Enum):
    """The kinds of reasons for which no archetype is named."""

    WITHHELD = "withheld"
    """A flag of the typology says so: too little was seen, or it is too early."""
    LITTLE_KNOWN = "little known"
    """The columns hold too little of what the typology asks: nobody at all is named."""
    NONE_FITS = "none fits"
    """That no archetype fits is likelier than any of them."""
    NEEDS = "needs"
    """What the likeliest archetype needs before anybody is named so was not seen."""
    BETWEEN = "between"
    """Two archetypes are too close to each other to tell which it is."""

    @property
    def too_little(self) -> bool:
        """Whether more has to be seen; otherwise all was seen, and did not decide it."""
        return self in {Why.WITHHELD, Why.LITTLE_KNOWN, Why.NEEDS}


@frozen
class Unclassified:
    """One reason for which a customer is unclassified.

    Attributes:
        why: Its kind.
        text: As `unclassified_because` holds it.
    """

    why: Why
    text: str


LITTLE_KNOWN = Unclassified(Why.LITTLE_KNOWN, "too little known of anybody")
NONE_FITS = Unclassified(Why.NONE_FITS, "fits none")


def between(first: str, second: str) -> Unclassified:
    """Between two archetypes, by their names in the order of the typology."""
    return Unclassified(Why.BETWEEN, f"between {first} and {second}")


def reasons(plan: Plan) -> dict[str, Why]:
    """Every text that `unclassified_because` may hold for *plan* → its kind."""
    made = {a.otherwise: Why.NEEDS for a in plan.archetypes}
    made |= {flag.name: Why.WITHHELD for flag in plan.typology.unclassified_when}
    return (
        made | {LITTLE_KNOWN.text: LITTLE_KNOWN.why} | undecided([a.name for a in plan.archetypes])
    )


def undecided(archetypes: Sequence[str]) -> dict[str, Why]:
    """The texts that hold for any typology of these *archetypes*, where enough was seen → kind.

    Of a table that was written elsewhere, whose flags nobody knows, every other text says that too
    little was seen.
    """
    pairs = combinations_with_replacement(archetypes, 2)
    made = {one.text: one.why for one in (between(a, b) for a, b in pairs)}
    return made | {NONE_FITS.text: NONE_FITS.why}

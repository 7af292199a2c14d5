"""Archetype: a named kind of relationship. Typology: the archetypes that are told apart."""

from __future__ import annotations

import re
from collections.abc import Mapping

from attrs import field, frozen, validators

UNCLASSIFIED = "unclassified"
"""What a customer is called whom no archetype is named for."""


def snake(name: str) -> str:
    """The *name* of an archetype in lower case, each run of other signs one underscore."""
    return re.sub(r"\W+", "_", name.lower()).strip("_")


@frozen
class Place:
    """Where an archetype stands on a dimension.

    Attributes:
        value: The typical reading, 0…1.
        tolerance: One standard deviation around it, 0.001…1.
        status: `sourced` if the direction is in the literature, `inferred` if it is ours.
        source: Which literature, or the argument.
        target: The reading that advice aims at *within* the archetype; `value` where none is
            given. Never a call to become another archetype.
        open: `below` or `above`: who reads further out on that side is no less like it (nobody is
            too unhappy for a marriage of convenience). Empty: whoever is far off is less like it.
    """

    value: float = field(validator=[validators.ge(0), validators.le(1)])
    tolerance: float = field(validator=[validators.ge(0.001), validators.le(1.0)])
    status: str = field(default="inferred", validator=validators.in_(("sourced", "inferred")))
    source: str = ""
    target: float | None = None
    open: str = field(default="", validator=validators.in_(("", "below", "above")))

    @property
    def aim(self) -> float:
        """The reading that advice aims at."""
        return self.value if self.target is None else self.target


@frozen
class Archetype:
    """A kind of relationship, not a kind of person.

    Attributes:
        name: As people write it, for instance `casual friendship`.
        typology: The typology it belongs to.
        summary: One or two sentences.
        source: The literature.
        prototype: Its place on each dimension that it says something about.
        prior: Its base rate against the other archetypes'; above 0.
        alias: A neutral name to show where the metaphor would offend.
        needs: SQL over features, scales and readings: what must have been seen before anybody is
            named so; unknown counts as not seen. Empty: nothing in particular.
        otherwise: What is told where it is the likeliest and that was not seen.
    """

    name: str
    typology: str
    summary: str
    source: str
    prototype: Mapping[str, Place]
    prior: float = field(default=1.0, validator=validators.ge(1e-9))
    alias: str = ""
    needs: str = ""
    otherwise: str = "too early"

    @property
    def column(self) -> str:
        """Its name in snake case, as the result's `p_` columns carry it."""
        return snake(self.name)


@frozen
class Flag:
    """A named condition: a status, an alarm, or a reason not to classify.

    Attributes:
        name: What the result says.
        when: SQL over features, scales and readings; unknown counts as not held.
        because: A sentence that may name features and readings in braces.
    """

    name: str
    when: str
    because: str = ""


@frozen
class BaseRate:
    """How common archetypes are under a circumstance, before anything is seen of a customer.

    Attributes:
        name: The circumstance, for instance `nothing binds`.
        when: SQL over features, scales and readings; unknown counts as not held.
        rates: Archetype → by how much more common (above 1) or rarer it is there; above 0.
        because: Why, in a sentence that a summary tells.
        source: Literature, or `ours`.
    """

    name: str
    when: str
    rates: Mapping[str, float] = field()
    because: str = ""
    source: str = ""

    @rates.validator
    def _above_zero(self, _: object, rates: Mapping[str, float]) -> None:
        for archetype, rate in rates.items():
            if not rate > 0:
                raise ValueError(f"the rate of {archetype!r} is {rate}, and must be above 0")


@frozen
class Level:
    """A degree of certainty, and the posterior from which on a name has it."""

    name: str
    at_least: float = field(validator=[validators.ge(0), validators.le(1)])


@frozen
class Typology:
    """A set of archetypes over dimensions, and how their scores are pooled.

    Attributes:
        name: As `--typology` takes it.
        summary: One sentence.
        dimensions: The dimensions it uses, in the result's order.
        temperature: The scores are divided by it before the softmax; above 1 where evidence
            overlaps (two signals of one cause), which sums would count twice.
        warming: By how much the temperature rises with the share of evidence that was seen: it is
            `temperature · (1 + warming · share)`. The more readings, the more they repeat
            each other, and sums grow too sure.
        unclassified_prior: The base rate of the hypothesis that no archetype fits, against 1
            for an archetype.
        contamination: Share of readings, 0…1, that say nothing of the archetype (a mistyped
            rating, a shared card). It bounds how much one dimension can speak against one.
        min_confidence: The posterior below which a customer stays unclassified.
        tell_apart: The distance d' in standard deviations, on what was seen of a customer, below
            which the two likeliest archetypes are not told apart, whatever the posterior.
        least_known: The share of all evidence, 0…1, below which nobody at all is named.
        least_dimensions: Of how many dimensions at least an eighth must be seen, for anybody to be
            named: one dimension, however well it is seen, is one fact under another name.
        certainty: Degrees of certainty; a name has the one with the highest `at_least` that its
            posterior reaches.
        base_rates: Circumstances under which archetypes are more or less common; all that hold
            count.
        unclassified_when: Reasons not to classify, the first that holds is told.
        status: The first that holds is the customer's status.
        alarms: All that hold are told.
        noun: What one whose relationship is read is called: `customer`, `employee`.
        plural: What several are.
        groups_only: A summary lists nobody to look at: what is read is to be told of groups.
    """

    name: str
    summary: str
    dimensions: tuple[str, ...]
    temperature: float = field(default=1.0, validator=[validators.ge(0.01), validators.le(100)])
    warming: float = field(default=0.0, validator=[validators.ge(0), validators.le(100)])
    unclassified_prior: float = field(default=0.1, validator=validators.ge(1e-9))
    contamination: float = field(default=0.05, validator=[validators.ge(0), validators.lt(1)])
    min_confidence: float = field(default=0.4, validator=[validators.ge(0), validators.le(1)])
    tell_apart: float = field(default=0.0, validator=validators.ge(0))
    least_known: float = field(default=0.0, validator=[validators.ge(0), validators.le(1)])
    least_dimensions: int = field(default=0, validator=validators.ge(0))
    certainty: tuple[Level, ...] = ()
    base_rates: tuple[BaseRate, ...] = ()
    unclassified_when: tuple[Flag, ...] = ()
    status: tuple[Flag, ...] = ()
    alarms: tuple[Flag, ...] = ()
    noun: str = "customer"
    plural: str = "customers"
    groups_only: bool = False

"""Rule: a condition that, where it holds, is evidence for an archetype."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from attrs import field, frozen, validators

from reltype.definitions.phrases import slots
from reltype.expressions import Expression, parse
from reltype.expressions.functions import Kind


@frozen
class Example:
    """A customer that shows what a rule is meant to do.

    Attributes:
        given: Values of the features and readings that the rule speaks of; others are null.
        fires: True or False; left out: *unknown*.
    """

    given: Mapping[str, float | bool | str | None]
    fires: bool | None = None


@frozen
class Rule:
    """Where `when` holds, evidence for `archetype`; where an input is null, no opinion.

    Attributes:
        name: As people read it.
        when: SQL condition over features, scales and readings; three-valued.
        archetype: The archetype it speaks for.
        weight: Weight of evidence in log-odds (nats), above 0.
        because: The reason in a sentence; `{name}` or `{name:.1f}` puts a value in.
        typology: The typology it is meant for; empty: any that has the archetype.
        source: Literature, or empty.
        examples: Checked by `reltype rules --check`.
    """

    name: str
    when: str
    archetype: str
    weight: float = field(default=1.0, validator=validators.gt(0))
    because: str = ""
    typology: str = ""
    source: str = ""
    examples: tuple[Example, ...] = ()

    def expression(
        self,
        functions: Collection[str] = (),
        columns: Mapping[str, Kind] | None = None,
    ) -> Expression:
        """The parsed condition; *columns* of known kinds make plainer SQL.

        Raises:
            ConfigError: It cannot be used.
        """
        where = f"rule {self.name!r}"
        return parse(self.when, where=where, functions=functions, columns=columns)

    @property
    def mentions(self) -> tuple[str, ...]:
        """The names that `because` puts in, in order."""
        return slots(self.because)

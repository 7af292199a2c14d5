"""Rule: a condition that, where it holds, is evidence for an archetype."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from attrs import field, frozen, validators

from reltype.expressions import Expression, parse
from reltype.expressions.functions import Kind

_SLOT = re.compile(r"\{(\w+)(?::([ +-]?\d*,?(?:\.\d+)?[dfg%]?))?\}")
"""A name and a number format. Nothing else: `str.format` would read attributes and items."""


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


def slots(sentence: str) -> tuple[str, ...]:
    """The names in braces in *sentence*, in order, each once."""
    return tuple(dict.fromkeys(match[1] for match in _SLOT.finditer(sentence)))


def fill(sentence: str, values: Mapping[str, Any]) -> str:
    """*sentence* with each `{name}` or `{name:format}` replaced by its value.

    Only names and number formats are understood, so a text from a stranger can reach nothing
    but *values*. A value that is missing reads `?`; a format that does not suit is left out.
    """

    def put(match: re.Match[str]) -> str:
        value = values.get(match[1])
        if value is None:
            return "?"
        if isinstance(value, (bool, str)):
            return str(value)
        try:
            return format(value, match[2] or ("g" if isinstance(value, float) else ""))
        except ValueError:
            return str(value)

    return _SLOT.sub(put, sentence)

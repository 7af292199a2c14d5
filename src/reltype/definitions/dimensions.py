"""Dimension: an axis of relationship. Signal: an observable that speaks of one."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from attrs import field, frozen, validators

from reltype.expressions import Expression, parse
from reltype.expressions.functions import Kind


@frozen
class Dimension:
    """An axis on which relationships differ, from 0 (`low`) to 1 (`high`).

    Attributes:
        name: One word, lower-case.
        low: What 0 is called, for instance `short`.
        high: What 1 is called, for instance `enduring`.
        summary: One sentence.
        source: The literature it is taken from.
        structural: True where the sector sets it, not the customer (a public service is never
            chosen); packs for such sectors may leave it out.
        weight: How much a reading says beside those of other dimensions, where as much was seen of
            both; 1 is what the prototypes' densities say by themselves, 0 nothing.
    """

    name: str
    low: str
    high: str
    summary: str
    source: str
    structural: bool = False
    weight: float = field(default=1.0, validator=validators.ge(0))


@frozen
class Signal:
    """An observable in [0, 1] that speaks of one dimension; null where it was not seen.

    Attributes:
        name: Unique among signals.
        dimension: The dimension it speaks of.
        of: SQL over features and scales, clipped to [0, 1].
        weight: Its share in the reading against the dimension's other signals; above 0.
        observations: SQL: how many observations stand behind it. Empty: it is seen in full
            wherever it is not null, as a fact from a customer table is.
        half_at: The number of observations at which it counts half (n₀ of the evidence).
        summary: One sentence that argues it.
        source: Literature, or empty.
        typology: The typology it is meant for; empty: any that uses its dimension.
    """

    name: str
    dimension: str
    of: str
    weight: float = field(default=1.0, validator=validators.gt(0))
    observations: str = "interactions"
    half_at: float = field(default=2.0, validator=validators.ge(0))
    summary: str = ""
    source: str = ""
    typology: str = ""

    def expression(
        self,
        functions: Collection[str] = (),
        columns: Mapping[str, Kind] | None = None,
    ) -> Expression:
        """The parsed `of`; *columns* of known kinds make plainer SQL.

        Raises:
            ConfigError: It cannot be used.
        """
        where = f"signal {self.name!r}"
        return parse(self.of, where=where, functions=functions, columns=columns)

    def observed(
        self,
        functions: Collection[str] = (),
        columns: Mapping[str, Kind] | None = None,
    ) -> Expression | None:
        """The parsed `observations`; None if it is seen in full."""
        if not self.observations:
            return None
        where = f"signal {self.name!r}, observations"
        return parse(self.observations, where=where, functions=functions, columns=columns)

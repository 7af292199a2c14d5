"""Dimension: an axis of relationship. Signal: an observable that speaks of one."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from attrs import field, frozen, validators

from reltype.definitions.phrases import rated, slots
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
class Sentence:
    """How a fact is told, where a signal reads low or high: one of `low`, `high`, `usual` is given.

    It is told where every feature that it names was seen. A feature that it names is counted or
    measured as it stands in the rows: nothing that leans on what is usual (see `phrases` for the
    units).

    Attributes:
        low: Told where the signal is below ½.
        high: Told where it is ½ or above.
        usual: Told in either case, where no sentence before it is.
        when: SQL condition over features, scales and readings; empty: always.
    """

    low: str = ""
    high: str = ""
    usual: str = ""
    when: str = ""

    def __attrs_post_init__(self) -> None:
        """Raise ValueError unless it is for one pole."""
        if sum(map(bool, (self.low, self.high, self.usual))) != 1:
            raise ValueError("a sentence is for one of low, high, usual")

    @property
    def text(self) -> str:
        """The sentence, with its slots."""
        return self.low or self.high or self.usual

    @property
    def pole(self) -> str:
        """`low`, `high` or `usual`."""
        return "low" if self.low else "high" if self.high else "usual"

    @property
    def mentions(self) -> tuple[str, ...]:
        """The names that it puts in, in order; the first is what it is about."""
        return slots(self.text)

    @property
    def rated(self) -> frozenset[str]:
        """The names that it tells on the scale that people were asked on."""
        return rated(self.text)

    def condition(
        self, where: str, functions: Collection[str] = (), columns: Mapping[str, Kind] | None = None
    ) -> Expression | None:
        """The parsed `when`; None where it is always told. Raises ConfigError."""
        if not self.when:
            return None
        return parse(self.when, where=f"{where}, a sentence", functions=functions, columns=columns)


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
        says: The fact in sentences, at least one for each pole; the first that holds is told as a
            reason.
        alike: It tells what holds of everybody where customers do not differ: it counts as far as the
            dimension's other signals cannot be trusted on a log, however little it repeats itself,
            and is not among what the typology asks.
        about: What fact it is about: signals and rules about the same are told once. Empty: the
            first name in its sentences.
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
    says: tuple[Sentence, ...] = ()
    alike: bool = False
    about: str = ""

    @property
    def fact(self) -> str:
        """What fact it is about."""
        named = [name for said in self.says for name in said.mentions]
        return self.about or (named[0] if named else f"signal {self.name}")

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

"""Plan: what a typology asks of each customer, in the order in which it can be computed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from attrs import define, evolve, field

from reltype.definitions.archetypes import Archetype, Flag, Typology
from reltype.definitions.benefits import Benefit, Cut
from reltype.definitions.catalogue import Catalogue
from reltype.definitions.dimensions import Dimension, Sentence, Signal
from reltype.definitions.features import DAY_COLUMNS, Feature, Scale
from reltype.definitions.importance import Importance
from reltype.definitions.phrases import slots
from reltype.definitions.rules import Rule
from reltype.errors import ConfigError, UsageError
from reltype.expressions import Expression, parse
from reltype.expressions.functions import Kind, Signature
from reltype.scoring import columns as col


@define(frozen=True, slots=False)
class Plan:
    """One typology's share of a catalogue, and the order of its features and scales.

    Attributes:
        catalogue: Where the definitions come from.
        typology: What is told apart.
        known: Kinds of features that customer tables give, where they are known.
        extra_features: Features that a learned classifier reads; if any, it also gets the signals.
        importance: What was measured of benefits, as far as their priority depends on it.
        cut: Which of the benefits are spoken of.
    """

    catalogue: Catalogue = field(repr=False)
    typology: Typology
    extra_features: tuple[str, ...] = ()
    known: Mapping[str, Kind] = field(factory=dict, repr=False)
    importance: Importance | None = field(default=None, repr=False)
    cut: Cut = field(factory=Cut)

    @property
    def measuring_all(self) -> Plan:
        """The plan that measures every feature of the catalogue, whoever asks for it."""
        return evolve(self, extra_features=tuple(self.catalogue.features))

    @cached_property
    def dimensions(self) -> tuple[Dimension, ...]:
        """The typology's dimensions, in its order."""
        return tuple(self.catalogue.dimensions[name] for name in self.typology.dimensions)

    @cached_property
    def archetypes(self) -> tuple[Archetype, ...]:
        """The typology's archetypes, in the order in which they were defined."""
        return self.catalogue.archetypes_of(self.typology.name)

    @cached_property
    def signals(self) -> tuple[Signal, ...]:
        """The signals of those dimensions."""
        return self.catalogue.signals_of(self.typology)

    def asked(self, dimension: Dimension) -> float:
        """The weight of the signals by which the typology itself asks about *dimension*.

        They are those of whoever defined the typology or the dimension. What others add can be
        seen on top; where nobody sees it, the share that was seen is what it was without.
        """
        owners = self.catalogue.owners
        own = {
            owners.get(("typology", self.typology.name)),
            owners.get(("dimension", dimension.name)),
        }
        return sum(
            signal.weight
            for signal in self.signals
            if signal.dimension == dimension.name
            and not signal.alike
            and owners.get(("signal", signal.name)) in own
        )

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that speak for those archetypes."""
        return self.catalogue.rules_of(self.typology.name)

    @cached_property
    def benefits(self) -> tuple[Benefit, ...]:
        """The benefits that suit any of those archetypes, as far as they are spoken of."""
        every = self.catalogue.benefits_of(self.typology.name)
        kept = tuple(benefit for benefit in every if self.cut.keeps(benefit))
        if every and not kept:
            raise UsageError(f"No benefit of {self.typology.name} is for {self.cut}.")
        return kept

    @cached_property
    def kinds(self) -> dict[str, Kind]:
        """Feature, scale or day → `number`, or `any` where its definition does not tell.

        What a customer table gives is DOUBLE, so no feature is known to be of another kind.
        """
        known: dict[str, Kind] = dict.fromkeys((*DAY_COLUMNS, *self.catalogue.scales), "number")
        for feature in self.features:
            expression = feature.expression(self._functions, known)
            number = expression is not None and expression.kind == "number"
            known[feature.name] = self.known.get(feature.name, "number" if number else "any")
        return known

    def feature(self, feature: Feature) -> Expression | None:
        """What *feature* is computed by; None for a fact that only a customer table gives."""
        return feature.expression(self._functions, self.kinds)

    def scale(self, scale: Scale) -> Expression:
        """What *scale* is computed by."""
        return scale.expression(self._functions, self.kinds)

    def signal(self, signal: Signal) -> Expression:
        """What *signal* is computed by."""
        return signal.expression(self._functions, self.kinds)

    def observed(self, signal: Signal) -> Expression | None:
        """How many observations stand behind *signal*; None if it is seen in full."""
        return signal.observed(self._functions, self.kinds)

    @cached_property
    def conditions(self) -> dict[str, Expression]:
        """Every boolean that is asked of a customer, by the column it fills.

        `rule_0`… in the order of `rules`; `reason_0`…, `status_0`…, `alarm_0`… in the order of
        the typology's flags; `rate_0`… in the order of its base rates; `needs_0`… and `broken_0`…
        in the order of `archetypes` and `benefits`, for those that ask for something.
        """
        return self._conditions({**self.kinds, **{d.name: "number" for d in self.dimensions}})

    def _conditions(self, kinds: Mapping[str, Kind] | None = None) -> dict[str, Expression]:
        asked = {
            col.rule(i): rule.expression(self._functions, kinds)
            for i, rule in enumerate(self.rules)
        }
        flags: Mapping[str, tuple[Flag, ...]] = {
            "reason": self.typology.unclassified_when,
            "status": self.typology.status,
            "alarm": self.typology.alarms,
        }
        for kind, which in flags.items():
            for i, flag in enumerate(which):
                asked[col.flag(kind, i)] = self._parse(flag.when, f"{kind} {flag.name!r}", kinds)
        for i, rate in enumerate(self.typology.base_rates):
            asked[col.rate(i)] = self._parse(rate.when, f"base rate {rate.name!r}", kinds)
        for i, archetype in enumerate(self.archetypes):
            if archetype.needs:
                where = f"archetype {archetype.name!r}"
                asked[col.needed(i)] = self._parse(archetype.needs, where, kinds)
        for i, benefit in enumerate(self.benefits):
            if benefit.when:
                asked[col.broken(i)] = self._parse(benefit.when, f"benefit {benefit.name!r}", kinds)
        return asked

    @cached_property
    def sentences(self) -> dict[int, tuple[tuple[Sentence, Expression | None], ...]]:
        """Index of a signal → its sentences with their parsed conditions; those that say none, not."""
        return self._sentences({**self.kinds, **{d.name: "number" for d in self.dimensions}})

    def _sentences(
        self, kinds: Mapping[str, Kind] | None = None
    ) -> dict[int, tuple[tuple[Sentence, Expression | None], ...]]:
        return {
            i: tuple(
                (said, said.condition(f"signal {signal.name!r}", self._functions, kinds))
                for said in signal.says
            )
            for i, signal in enumerate(self.signals)
            if signal.says
        }

    @cached_property
    def mentioned(self) -> tuple[str, ...]:
        """Features that a reason in words puts in, each once; readings are at hand anyway."""
        sentences = [
            *(rule.because for rule in self.rules),
            *(flag.because for flag in self.typology.unclassified_when),
            *(flag.because for flag in self.typology.alarms),
            *(benefit.because for benefit in self.benefits),
            *(said.text for signal in self.signals for said in signal.says),
        ]
        names = dict.fromkeys(name for sentence in sentences for name in slots(sentence))
        return tuple(name for name in names if name in self.catalogue.features)

    @cached_property
    def _compared(self) -> set[str]:
        """Scales that a reason in words puts in, and whatever decides which sentence is told."""
        said = [said for signal in self.signals for said in signal.says]
        texts = [s.text for s in said] + [r.because for r in self.rules]
        flags = (*self.typology.unclassified_when, *self.typology.alarms)
        texts += [f.because for f in flags] + [b.because for b in self.benefits]
        names = {n for text in texts for n in slots(text) if n in self.catalogue.scales}
        for parts in self._sentences().values():
            names |= {n for _, condition in parts if condition is not None for n in condition.needs}
        return names

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """Features that signals, rules and flags read directly, in the order of the catalogue."""
        asked: set[str] = set()
        for signal in self.signals:
            asked |= signal.expression(self._functions).needs
            if (observed := signal.observed(self._functions)) is not None:
                asked |= observed.needs
        for condition in self._conditions().values():
            asked |= condition.needs
        return tuple(name for name in self.catalogue.features if name in asked)

    @cached_property
    def levels(self) -> tuple[tuple[Feature | Scale, ...], ...]:
        """The features and scales that are needed; each level needs only those before it.

        Raises:
            ConfigError: They need each other in a circle.
        """
        wanted = self._closure(
            {*self.inputs, *self.mentioned, *self._compared, *self.extra_features, "interactions"}
        )
        levels: list[tuple[Feature | Scale, ...]] = []
        done: set[str] = set(DAY_COLUMNS)
        while wanted:
            ready = tuple(d for n, d in wanted.items() if self._needs(d) <= done)
            if not ready:
                raise ConfigError(
                    f"These features and scales need each other in a circle: {', '.join(wanted)}."
                )
            levels.append(ready)
            done |= {d.name for d in ready}
            wanted = {n: d for n, d in wanted.items() if n not in done}
        return tuple(levels)

    @cached_property
    def features(self) -> tuple[Feature, ...]:
        """The features that are needed, in the order in which they can be computed."""
        return tuple(d for level in self.levels for d in level if isinstance(d, Feature))

    @cached_property
    def scales(self) -> tuple[Scale, ...]:
        """The scales that are needed, in the order in which they can be computed."""
        return tuple(d for level in self.levels for d in level if isinstance(d, Scale))

    @property
    def _functions(self) -> Mapping[str, Signature]:
        return self.catalogue.functions

    def _parse(self, text: str, where: str, kinds: Mapping[str, Kind] | None) -> Expression:
        return parse(text, where=where, functions=self._functions, columns=kinds)

    def _needs(self, definition: Feature | Scale) -> set[str]:
        """The features and scales that *definition* is computed from."""
        expression = definition.expression(self._functions)
        if expression is None or (expression.aggregate and isinstance(definition, Feature)):
            return set()
        return set(expression.needs)

    def _closure(self, names: Iterable[str]) -> dict[str, Feature | Scale]:
        """The definitions of *names* and of all that they need, in the order of the catalogue."""
        known: dict[str, Feature | Scale] = {**self.catalogue.features, **self.catalogue.scales}
        for signal in self.signals:
            names = {*names, *signal.expression(self._functions).needs}
        for condition in self._conditions().values():
            names = {*names, *condition.needs}
        found: set[str] = set()
        queue = [name for name in names if name in known]
        while queue:
            name = queue.pop()
            if name not in found:
                found.add(name)
                queue.extend(n for n in self._needs(known[name]) if n in known)
        return {name: definition for name, definition in known.items() if name in found}

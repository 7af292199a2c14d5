"""Catalogue: everything that is defined, and by whom. It refuses clashes and dangling names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from attrs import evolve, field, frozen

from reltype.archetypes import Archetype, Typology
from reltype.benefits import Benefit
from reltype.dimensions import Dimension, Signal
from reltype.errors import ConfigError, did_you_mean
from reltype.expressions import Expression, parse
from reltype.features import DAY_COLUMNS, INTERACTION_COLUMNS, Feature, Scale
from reltype.packs import Definition
from reltype.rules import Rule, slots

T = TypeVar("T", Feature, Scale, Dimension, Signal, Typology, Rule, Benefit)


@frozen
class Catalogue:
    """What is known, by name, in the order in which it was defined.

    Attributes:
        owners: (kind, name) → the plugin or file that defined it.
        functions: Names of scalar functions that plugins give to expressions.
    """

    features: Mapping[str, Feature]
    scales: Mapping[str, Scale]
    dimensions: Mapping[str, Dimension]
    signals: Mapping[str, Signal]
    typologies: Mapping[str, Typology]
    archetypes: Mapping[tuple[str, str], Archetype]
    rules: Mapping[str, Rule]
    benefits: Mapping[str, Benefit]
    owners: Mapping[tuple[str, str], str] = field(factory=dict, repr=False)
    functions: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls,
        contributions: Iterable[tuple[str, Iterable[Definition]]],
        functions: Iterable[str] = (),
    ) -> Catalogue:
        """The catalogue of what each contributor defines.

        Args:
            contributions: (who, definitions) pairs; `who` is a plugin's name or a file.
            functions: Names of the functions that plugins give.

        Raises:
            ConfigError: Two define the same name differently, or a definition speaks of a name
                that nothing defines; the text names both contributors.
        """
        shelves: dict[type, dict[object, Definition]] = {}
        owners: dict[tuple[str, str], str] = {}
        for who, definitions in contributions:
            for made in definitions:
                key = (made.typology, made.name) if isinstance(made, Archetype) else made.name
                shelf = shelves.setdefault(type(made), {})
                kind = type(made).__name__.lower()
                if key in shelf and shelf[key] != made:
                    raise ConfigError(
                        f"{kind} {made.name!r} is defined by {owners[kind, str(key)]} and "
                        f"differently by {who}: rename one, or leave one out."
                    )
                shelf[key] = made
                owners.setdefault((kind, str(key)), who)
        catalogue = cls(
            *(shelves.get(kind, {}) for kind in _KINDS),  # type: ignore[arg-type]
            owners=owners,
            functions=frozenset(functions),
        )
        _check(catalogue)
        return catalogue

    def typology(self, name: str) -> Typology:
        """The typology called *name*. Raises ConfigError, with the nearest name, if none is."""
        try:
            return self.typologies[name]
        except KeyError:
            hint = did_you_mean(name, self.typologies)
            raise ConfigError(f"No typology is called {name!r}.{hint}") from None

    def archetypes_of(self, typology: str) -> tuple[Archetype, ...]:
        """The archetypes of *typology*, in the order in which they were defined."""
        return tuple(a for (of, _), a in self.archetypes.items() if of == typology)

    def signals_of(self, typology: Typology) -> tuple[Signal, ...]:
        """The signals of the dimensions that *typology* uses."""
        return tuple(
            signal
            for signal in self.signals.values()
            if signal.dimension in typology.dimensions and signal.typology in ("", typology.name)
        )

    def rules_of(self, typology: str) -> tuple[Rule, ...]:
        """The rules that speak for an archetype of *typology*."""
        names = {a.name for a in self.archetypes_of(typology)}
        return tuple(
            rule
            for rule in self.rules.values()
            if rule.archetype in names and rule.typology in ("", typology)
        )

    def benefits_of(self, typology: str) -> tuple[Benefit, ...]:
        """The benefits that suit an archetype of *typology*."""
        names = {a.name for a in self.archetypes_of(typology)}
        return tuple(
            benefit
            for benefit in self.benefits.values()
            if names & set(benefit.suits) and benefit.typology in ("", typology)
        )

    def with_prior(self, typology: str, priors: Mapping[str, float]) -> Catalogue:
        """This catalogue with other base rates for archetypes of *typology*."""
        changed = {
            key: evolve(a, prior=priors[a.name]) if key[0] == typology and a.name in priors else a
            for key, a in self.archetypes.items()
        }
        return evolve(self, archetypes=changed)


_KINDS = (Feature, Scale, Dimension, Signal, Typology, Archetype, Rule, Benefit)


def _check(catalogue: Catalogue) -> None:
    """Raise ConfigError for the first name that nothing defines."""
    measured = {*catalogue.features, *catalogue.scales, *DAY_COLUMNS}
    readings = {*measured, *catalogue.dimensions}
    for feature in catalogue.features.values():
        if (expression := feature.expression(catalogue.functions)) is not None:
            known = INTERACTION_COLUMNS if expression.aggregate else measured
            _known(catalogue, expression, f"feature {feature.name!r}", known)
    for scale in catalogue.scales.values():
        _known(catalogue, scale.expression(catalogue.functions), f"scale {scale.name!r}", measured)
    for signal in catalogue.signals.values():
        where = f"signal {signal.name!r}"
        _named(catalogue, "dimension", signal.dimension, catalogue.dimensions, where)
        _known(catalogue, signal.expression(catalogue.functions), where, measured)
        if (observed := signal.observed(catalogue.functions)) is not None:
            _known(catalogue, observed, where, measured)
    for typology in catalogue.typologies.values():
        _check_typology(catalogue, typology, readings)
    for (of, name), archetype in catalogue.archetypes.items():
        _named(catalogue, "typology", of, catalogue.typologies, f"archetype {name!r}")
        for dimension in archetype.prototype:
            where = f"archetype {name!r}"
            _named(catalogue, "dimension", dimension, catalogue.dimensions, where)
    archetypes = {name for _, name in catalogue.archetypes}
    for rule in catalogue.rules.values():
        where = f"rule {rule.name!r}"
        _named(catalogue, "archetype", rule.archetype, archetypes, where)
        _known(catalogue, rule.expression(catalogue.functions), where, readings)
        for name in rule.mentions:
            _named(catalogue, "feature or reading", name, readings, where)
    for benefit in catalogue.benefits.values():
        where = f"benefit {benefit.name!r}"
        for name in (*benefit.suits, *benefit.not_for):
            _named(catalogue, "archetype", name, archetypes, where)
        for name in benefit.raises:
            _named(catalogue, "dimension", name, catalogue.dimensions, where)
        if benefit.when:
            _known(catalogue, parse(benefit.when, where=where, functions=catalogue.functions), where, readings)


def _check_typology(catalogue: Catalogue, typology: Typology, readings: set[str]) -> None:
    where = f"typology {typology.name!r}"
    for name in typology.dimensions:
        _named(catalogue, "dimension", name, catalogue.dimensions, where)
    for flag in (*typology.unclassified_when, *typology.status, *typology.alarms):
        _known(catalogue, parse(flag.when, where=where, functions=catalogue.functions), where, readings)
        for name in slots(flag.because):
            _named(catalogue, "feature or reading", name, readings, where)
    if not catalogue.archetypes_of(typology.name):
        raise ConfigError(f"{where} has no archetype: add [[archetypes]] that name it.")


def _known(
    catalogue: Catalogue, expression: Expression, where: str, columns: Iterable[str]
) -> None:
    """Check that *expression* speaks only of *columns* and of functions that plugins give."""
    parse(
        expression.text,
        where=where,
        aggregates=expression.aggregate,
        columns=frozenset(columns),
        functions=catalogue.functions,
    )


def _named(
    catalogue: Catalogue, kind: str, name: str, known: Iterable[str], where: str
) -> None:
    known = set(known)
    if name not in known:
        who = catalogue.owners.get(tuple(where.replace("'", "").split(" ", 1)), "")  # type: ignore[arg-type]
        by = f" ({who})" if who else ""
        raise ConfigError(
            f"{where}{by}: no {kind} is called {name!r}.{did_you_mean(name, known)}"
        )

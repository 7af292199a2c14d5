"""Catalogue: everything that is defined, and by whom. `assembly` makes one, and refuses clashes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from reltype.definitions.archetypes import Archetype, Typology
from reltype.definitions.benefits import Benefit
from reltype.definitions.columns import Columns
from reltype.definitions.dimensions import Dimension, Signal
from reltype.definitions.features import Feature, Scale
from reltype.definitions.norms import Norm
from reltype.definitions.rules import Rule
from reltype.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reltype.definitions.overrides import Changed
    from reltype.expressions.functions import Signature


@frozen
class Catalogue:
    """What is known, by name, in the order in which it was defined.

    Attributes:
        owners: (kind, name) → the plugin or file that defined it.
        functions: Scalar functions that plugins give to expressions, by name.
        overrides: What packs changed of the definitions of others.
        norms: What packs say is usual in their sector.
    """

    features: Mapping[str, Feature]
    scales: Mapping[str, Scale]
    dimensions: Mapping[str, Dimension]
    signals: Mapping[str, Signal]
    typologies: Mapping[str, Typology]
    archetypes: Mapping[tuple[str, str], Archetype]
    rules: Mapping[str, Rule]
    benefits: Mapping[str, Benefit]
    columns: Mapping[tuple[str, str], Columns] = field(factory=dict)
    owners: Mapping[tuple[str, str], str] = field(factory=dict, repr=False)
    functions: Mapping[str, Signature] = field(factory=dict, repr=False)
    overrides: tuple[Changed, ...] = ()
    norms: Mapping[str, Norm] = field(factory=dict)

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

    def columns_of(self, typology: str) -> tuple[Columns, ...]:
        """Which headers hold the facts that *typology* asks for, in the order of definition."""
        return tuple(c for (of, _), c in self.columns.items() if of == typology)

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

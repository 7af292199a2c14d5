"""Catalogue: everything that is defined, and by whom. It refuses clashes and dangling names."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from attrs import evolve, field, frozen

from reltype.definitions.archetypes import Archetype, Typology
from reltype.definitions.benefits import Benefit
from reltype.definitions.dimensions import Dimension, Signal
from reltype.definitions.features import DAY_COLUMNS, Feature, Scale
from reltype.definitions.norms import Norm
from reltype.definitions.overrides import Changed, apply
from reltype.definitions.packs import Override
from reltype.definitions.references import DefinitionError, check
from reltype.definitions.rules import Rule
from reltype.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reltype.definitions.packs import Definition
    from reltype.expressions.functions import Signature

T = TypeVar("T", Feature, Scale, Dimension, Signal, Typology, Rule, Benefit)


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
    owners: Mapping[tuple[str, str], str] = field(factory=dict, repr=False)
    functions: Mapping[str, Signature] = field(factory=dict, repr=False)
    overrides: tuple[Changed, ...] = ()
    norms: Mapping[str, Norm] = field(factory=dict)

    @classmethod
    def of(
        cls,
        contributions: Iterable[tuple[str, Iterable[Definition | Override]]],
        functions: Mapping[str, Signature] | None = None,
    ) -> Catalogue:
        """The catalogue of what each contributor defines.

        Args:
            contributions: (who, definitions) pairs; `who` is a plugin's name or a file.
            functions: The functions that plugins give, by name.

        Raises:
            DefinitionError: Two define the same name differently (the text names both), or a
                definition speaks of a name that nothing defines, or an override cannot be applied.
        """
        changes: list[tuple[str, Override]] = []
        shelves: dict[type, dict[object, Definition]] = {}
        owners: dict[tuple[str, str], str] = {}
        columns = dict.fromkeys(DAY_COLUMNS, ("day", "reltype"))
        for who, definitions in contributions:
            for made in definitions:
                if isinstance(made, Override):
                    changes.append((who, made))
                    continue
                key = (made.typology, made.name) if isinstance(made, Archetype) else made.name
                shelf = shelves.setdefault(type(made), {})
                kind = type(made).__name__.lower()
                if key in shelf and shelf[key] != made:
                    raise DefinitionError(
                        f"{kind} {made.name!r} is defined by {owners[kind, str(key)]} and "
                        f"differently by {who}: rename one, leave one out, or change single keys "
                        f"of it with override (docs/rules.md).",
                        who,
                    )
                if type(made) in _COLUMNS:
                    other, whose = columns.setdefault(made.name, (kind, who))
                    if other != kind:
                        raise DefinitionError(
                            f"{kind} {made.name!r} of {who} has the name of {whose}'s {other}: "
                            "conditions could not tell them apart. Rename one, or leave one out.",
                            who,
                        )
                shelf[key] = made
                owners.setdefault((kind, str(key)), who)
        overrides = apply(shelves, owners, changes)
        catalogue = cls(
            *(shelves.get(kind, {}) for kind in _DEFINITION_TYPES),  # type: ignore[arg-type, call-arg]
            owners,
            functions or {},
            overrides,
            shelves.get(Norm, {}),
        )
        check(catalogue)
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


_DEFINITION_TYPES = (Feature, Scale, Dimension, Signal, Typology, Archetype, Rule, Benefit)
_COLUMNS = (Feature, Scale, Dimension)
"""Kinds whose names conditions use."""

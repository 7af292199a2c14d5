"""Assembly: what all contributors define, put together; it refuses clashes and dangling names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reltype.definitions.archetypes import Archetype, Typology
from reltype.definitions.benefits import Benefit
from reltype.definitions.catalogue import Catalogue
from reltype.definitions.clashes import DefinitionError
from reltype.definitions.columns import Columns
from reltype.definitions.dimensions import Dimension, Signal
from reltype.definitions.features import DAY_COLUMNS, Feature, Scale
from reltype.definitions.norms import Norm
from reltype.definitions.overrides import apply
from reltype.definitions.packs import Override
from reltype.definitions.references import check
from reltype.definitions.rules import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reltype.definitions.packs import Definition
    from reltype.expressions.functions import Signature

_DEFINITION_TYPES = (
    *(Feature, Scale, Dimension, Signal, Typology, Archetype, Rule, Benefit, Columns),
)
_COLUMNS = (Feature, Scale, Dimension)
"""Kinds whose names conditions use."""


def catalogue_of(
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
            key: object = made.name
            if isinstance(made, Archetype | Columns):  # each typology has its own
                key = (made.typology, made.name)
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
    catalogue = Catalogue(
        *(shelves.get(kind, {}) for kind in _DEFINITION_TYPES),  # type: ignore[arg-type, call-arg]
        owners,
        functions or {},
        overrides,
        shelves.get(Norm, {}),
    )
    check(catalogue)
    return catalogue

"""What an author of a plugin needs, from one place.

    from reltype.plugin import Rule, hookimpl

The hooks, with what each returns, are in `reltype.plugins.hookspecs`; the laws for what they return
in `reltype.checks`. A name's module is imported when the name is first asked for, so that listing a
plugin imports no more than it needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reltype.definitions.archetypes import Archetype, Flag, Place, Typology
    from reltype.definitions.benefits import Benefit
    from reltype.definitions.columns import Columns
    from reltype.definitions.dimensions import Dimension, Signal
    from reltype.definitions.features import Feature, Scale
    from reltype.definitions.functions import ScalarFunction, TextVectors
    from reltype.definitions.recipes import Recipe, State
    from reltype.definitions.rules import Example, Rule
    from reltype.definitions.sections import Section
    from reltype.formats import Format
    from reltype.plugins.hookspecs import hookimpl
    from reltype.scoring.classifiers import Batch, Classifier, Itemised

_HOMES = {
    "Archetype": "definitions.archetypes",
    "Batch": "scoring.classifiers",
    "Benefit": "definitions.benefits",
    "Classifier": "scoring.classifiers",
    "Columns": "definitions.columns",
    "Dimension": "definitions.dimensions",
    "Example": "definitions.rules",
    "Feature": "definitions.features",
    "Flag": "definitions.archetypes",
    "Format": "formats",
    "Itemised": "scoring.classifiers",
    "Place": "definitions.archetypes",
    "Recipe": "definitions.recipes",
    "Rule": "definitions.rules",
    "Scale": "definitions.features",
    "ScalarFunction": "definitions.functions",
    "TextVectors": "definitions.functions",
    "Section": "definitions.sections",
    "Signal": "definitions.dimensions",
    "State": "definitions.recipes",
    "Typology": "definitions.archetypes",
    "hookimpl": "plugins.hookspecs",
}
"""Name → its module."""

__all__ = [
    "Archetype",
    "Batch",
    "Benefit",
    "Classifier",
    "Columns",
    "Dimension",
    "Example",
    "Feature",
    "Flag",
    "Format",
    "Itemised",
    "Place",
    "Recipe",
    "Rule",
    "ScalarFunction",
    "Scale",
    "Section",
    "Signal",
    "State",
    "TextVectors",
    "Typology",
    "hookimpl",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name in _HOMES:
        return getattr(import_module(f"reltype.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'reltype.plugin' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

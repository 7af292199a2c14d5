"""What an author of a plugin needs, from one place.

The hooks themselves, with what each returns, are listed in `reltype.plugins.hookspecs`.
"""

from reltype.definitions.archetypes import Archetype, Typology
from reltype.definitions.benefits import Benefit
from reltype.definitions.dimensions import Dimension, Signal
from reltype.definitions.features import Feature, Scale
from reltype.definitions.functions import ScalarFunction
from reltype.definitions.recipes import Recipe, State
from reltype.definitions.rules import Example, Rule
from reltype.definitions.sections import Section
from reltype.formats import Format
from reltype.plugins.hookspecs import hookimpl
from reltype.scoring.classifiers import Batch, Classifier

__all__ = [
    "Archetype",
    "Batch",
    "Benefit",
    "Classifier",
    "Dimension",
    "Example",
    "Feature",
    "Format",
    "Recipe",
    "Rule",
    "ScalarFunction",
    "Scale",
    "Section",
    "Signal",
    "State",
    "Typology",
    "hookimpl",
]

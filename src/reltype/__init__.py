"""reltype reads what kind of relationship each customer has with a supplier.

    import reltype
    found = reltype.classify("orders.csv")
    found["C-1042"].archetype          # 'committed partnership'
    found.explain("C-1042")            # contributions that add up, and what would flip it
    found.summary()                    # shares, coverage, what would help
    found.write("relationships.parquet")

The rooms, from what a person calls down to the ground; each imports only from those below it:

    cli                              options, one call, one print
    analyses, checks                 drivers, tracking …; laws for plugin authors
    api, plugin                      classify; what a plugin's author needs
    relationships                    the result, and one customer of it
    reporting, explaining            what the run says as a whole; why one customer is what they are
    learning                         what labels teach, how good it is, the model file
    plugins, builtin                 who defines what
    scoring                          what is asked, as SQL, of all customers; log-odds, added up
    engines                          what runs the SQL
    inputs, config                   what was asked for, opened and understood
    mapping, sources                 their columns as ours; files, frames, databases
    definitions                      features, dimensions, archetypes, rules, benefits; packs
    expressions, formats, simulate   SQL that is checked before it runs; ways out; made-up logs
    arrow, errors                    the ground
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from reltype.analyses.drivers import drivers
    from reltype.analyses.issues import issues
    from reltype.analyses.outcome import outcome
    from reltype.analyses.plan import plan
    from reltype.analyses.stakeholders import stakeholders
    from reltype.analyses.standards import review
    from reltype.analyses.tracking import track
    from reltype.api import RunOptions, classify, fit, load
    from reltype.learning.estimators import ArchetypeClassifier
    from reltype.learning.model import Model
    from reltype.plugins.hookspecs import hookimpl
    from reltype.relationships import Relationship, Relationships

_HOMES = {
    "ArchetypeClassifier": "learning.estimators",
    "Model": "learning.model",
    "Relationship": "relationships",
    "Relationships": "relationships",
    "RunOptions": "api",
    "classify": "api",
    "drivers": "analyses.drivers",
    "fit": "api",
    "hookimpl": "plugins.hookspecs",
    "issues": "analyses.issues",
    "load": "api",
    "outcome": "analyses.outcome",
    "plan": "analyses.plan",
    "review": "analyses.standards",
    "stakeholders": "analyses.stakeholders",
    "track": "analyses.tracking",
}
"""Public name → its module, which is imported when the name is first asked for (PEP 562)."""

__all__ = [
    "ArchetypeClassifier",
    "Model",
    "Relationship",
    "Relationships",
    "RunOptions",
    "classify",
    "drivers",
    "fit",
    "hookimpl",
    "issues",
    "load",
    "outcome",
    "plan",
    "review",
    "stakeholders",
    "track",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name in _HOMES:
        return getattr(import_module(f"reltype.{_HOMES[name]}"), name)
    try:
        return import_module(f"reltype.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"reltype.{name}":  # it is there, and lacks something that it imports
            raise
        raise AttributeError(f"module 'reltype' has no attribute {name!r}") from None


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

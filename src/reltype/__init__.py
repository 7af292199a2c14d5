"""reltype reads what kind of relationship each customer has with a supplier.

    import reltype
    found = reltype.classify("orders.csv")
    found["C-1042"].archetype          # 'committed partnership'
    found.explain("C-1042")            # contributions that add up, and what would flip it
    found.summary()                    # shares, coverage, what would help
    found.write("relationships.parquet")

The modules are the nouns, in the order in which data meets them. A folder is one noun with its parts:

    expressions                      SQL that is checked before it runs
    sources, mapping, config, inputs  files, frames, databases; their columns as ours
    features, dimensions, archetypes, rules, benefits   what a person defines; packs, catalogue
    plugins, hookspecs, builtin      who defines it
    plan, query, population          what is asked, as SQL, of all customers; the scales
    classifiers, overlap, pool       log-odds, added up
    wording, result, run, scoring    the result, its reasons, one customer explained
    pipeline                         all of it, in order
    model, learning, evaluation      what labels teach, and how good it is
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from reltype.estimators import ArchetypeClassifier
    from reltype.hookspecs import hookimpl
    from reltype.learning.fitting import fit
    from reltype.model import Model, load
    from reltype.pipeline import classify
    from reltype.scoring import Relationship, Relationships

_HOMES = {
    "ArchetypeClassifier": "estimators",
    "Model": "model",
    "Relationship": "scoring",
    "Relationships": "scoring",
    "classify": "pipeline",
    "fit": "learning.fitting",
    "hookimpl": "hookspecs",
    "load": "model",
}
"""Public name → its module, which is imported when the name is first asked for (PEP 562)."""

__all__ = [
    "ArchetypeClassifier",
    "Model",
    "Relationship",
    "Relationships",
    "classify",
    "fit",
    "hookimpl",
    "load",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name in _HOMES:
        return getattr(import_module(f"reltype.{_HOMES[name]}"), name)
    try:
        return import_module(f"reltype.{name}")
    except ModuleNotFoundError:
        raise AttributeError(f"module 'reltype' has no attribute {name!r}") from None


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

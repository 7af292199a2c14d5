"""reltype reads what kind of relationship each customer has with a supplier.

    import reltype
    found = reltype.classify("orders.csv")
    found["C-1042"].archetype          # 'committed partnership'
    found.explain("C-1042")            # contributions that add up, and what would flip it
    found.summary()                    # shares, coverage, what would help
    found.write("relationships.parquet")

The modules are the pipeline's nouns, in the order in which data meets them: sources, mapping,
features, dimensions, archetypes, rules, benefits, packs, catalogue, plugins, plan, query,
classifiers, pool, result, population, run, scoring, pipeline.
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
    from reltype.votes import VoteModel

_HOMES = {
    "ArchetypeClassifier": "estimators",
    "Model": "model",
    "Relationship": "scoring",
    "Relationships": "scoring",
    "VoteModel": "votes",
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
    "VoteModel",
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

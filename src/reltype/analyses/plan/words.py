"""Words: which of a benefit's actions and questions is meant for whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reltype.definitions.archetypes import Archetype
    from reltype.definitions.benefits import Benefit

MEASURE = "measure:"
"""How an action begins that says how to see whether the others helped."""


def action(benefit: Benefit, archetype: str, archetypes: Sequence[Archetype]) -> str:
    """The one action: that which names the archetype, else the first that names none of them."""
    able = [text for text in benefit.actions if not text.casefold().startswith(MEASURE)]
    return _chosen(able, archetype, archetypes)


def question(benefit: Benefit, archetype: str, archetypes: Sequence[Archetype]) -> str:
    """The one question, chosen likewise."""
    return _chosen(list(benefit.questions), archetype, archetypes)


def _chosen(texts: Sequence[str], archetype: str, archetypes: Sequence[Archetype]) -> str:
    named = {text: {a.name for a in archetypes if _names(text, a.name)} for text in texts}
    mine = [text for text in texts if archetype in named[text]]
    free = [text for text in texts if not named[text]]
    return next(iter([*mine, *free]), "")


def _names(text: str, archetype: str) -> bool:
    """Whether a text speaks of an archetype: by its name, or by those who are it (`casual friend`)."""
    low, name = text.casefold(), archetype.casefold()
    return name in low or (name.endswith("ship") and name.removesuffix("ship") in low)

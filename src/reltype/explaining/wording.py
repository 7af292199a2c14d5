"""Wording: reasons and suggestions in sentences, made once per sentence, not once per customer."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from attrs import define

from reltype.arrow import numbers, text, texts
from reltype.definitions.rules import fill, slots

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from reltype.definitions.benefits import Benefit
    from reltype.definitions.dimensions import Dimension
    from reltype.scoring.plan import Plan

_DIGITS = re.compile(r"\.(\d+)[fg%]?$")
_SLOT = re.compile(r"(\{\w+(?::[^{}]*)?\})")


def level(dimension: Dimension, reading: float) -> str:
    """A reading in words: `very short`, `rather enduring`, `neither short nor enduring`."""
    pole = dimension.high if reading > 0.5 else dimension.low
    distance = abs(reading - 0.5)
    if distance < 0.1:
        return f"neither {dimension.low} nor {dimension.high}"
    return f"{'very' if distance > 0.3 else 'rather'} {pole}"


@define(frozen=True, slots=False)
class Wording:
    """The sentences of one plan."""

    plan: Plan

    @cached_property
    def readings(self) -> list[str]:
        """101 sentences per dimension, one for each hundredth of a reading, in one list."""
        return [
            f"{dimension.name} {percent / 100:.2f}: {level(dimension, percent / 100)}"
            for dimension in self.plan.dimensions
            for percent in range(101)
        ]

    @cached_property
    def suggestions(self) -> list[str]:
        """Why a benefit is offered: see `suggestion_code` for the order."""
        made = []
        for benefit in self.plan.benefits:
            made.append(benefit.because or f"{benefit.name} comes first: it is broken now")
            for archetype in self.plan.archetypes:
                measured = self.plan.importance
                told = measured.told(benefit.name, archetype.name) if measured else ""
                told = told and f"; {told}"
                made.append(f"suits a {archetype.name}{told}")
                for dimension in self.plan.dimensions:
                    pole = f"towards {dimension.high}"
                    made.append(f"suits a {archetype.name}; moves {dimension.name} {pole}{told}")
        return made

    def suggestion_code(
        self,
        benefit: NDArray[np.int64],
        archetype: NDArray[np.int64],
        dimension: NDArray[np.int64],
        broken: NDArray[np.bool_],
    ) -> NDArray[np.int64]:
        """Index into `suggestions`; *dimension* −1 where none adds."""
        per_archetype = len(self.plan.dimensions) + 1
        per_benefit = len(self.plan.archetypes) * per_archetype + 1
        inside = 1 + archetype * per_archetype + dimension + 1
        return benefit * per_benefit + np.where(broken, 0, inside)


def suits(benefit: Benefit, archetype: str) -> float:
    """How well *benefit* suits *archetype*, 0 where it is not named or is warned off."""
    return 0.0 if archetype in benefit.not_for else benefit.suits.get(archetype, 0.0)


def sentences(because: str, column: Callable[[str], pa.Array], rows: NDArray[np.int64]) -> pa.Array:
    """*because* filled in for each of *rows*: one string for each.

    Each distinct value is formatted once: a number is rounded to its format's digits first, so
    that a million customers make some thousand texts.

    Args:
        because: A sentence with `{name}` or `{name:format}`.
        column: Gives the column of a name, over all rows of a batch.
        rows: Which rows are wanted.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    pieces: list[pa.Array | pa.Scalar] = []
    for piece in _SLOT.split(because):
        names = slots(piece)
        if not names or not _SLOT.fullmatch(piece):
            pieces.append(text(piece))
            continue
        values = _rounded(column(names[0]).take(numbers(rows)), piece)
        encoded = values.dictionary_encode()
        filled = texts(fill(piece, {names[0]: value}) for value in encoded.dictionary.to_pylist())
        pieces.append(pc.fill_null(filled.take(encoded.indices), text("?")))
    if all(isinstance(piece, pa.Scalar) for piece in pieces):
        return texts([because] * len(rows))
    return pc.binary_join_element_wise(*pieces, text(""))


def _rounded(values: pa.Array, slot: str) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_floating(values.type):
        return values
    digits = _DIGITS.search(slot.strip("{}"))
    keep = int(digits[1]) if digits else 6
    return pc.round(values, ndigits=keep + 2 * slot.endswith("%}"))


def listed(counts: NDArray[np.int64], fields: Sequence[tuple[str, pa.Array]]) -> pa.ListArray:
    """A list of structs per row: *counts* says how many of the flat *fields* each row takes."""
    import pyarrow as pa

    offsets = np.zeros(len(counts) + 1, np.int32)
    np.cumsum(counts, out=offsets[1:])
    flat = pa.StructArray.from_arrays([a for _, a in fields], names=[n for n, _ in fields])
    return pa.ListArray.from_arrays(numbers(offsets), flat)

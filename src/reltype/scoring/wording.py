"""Wording: reasons and suggestions in sentences, made once per sentence, not once per customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import define

from reltype.arrow import doubles, numbers, text, texts
from reltype.definitions.phrases import (
    DURATIONS,
    PIECES,
    PLAIN,
    Units,
    a,
    describe_value,
    kept,
    slot,
)
from reltype.scoring import columns as col

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reltype.definitions.benefits import Benefit
    from reltype.scoring.plan import Plan


@define(frozen=True, slots=False)
class Wording:
    """The sentences of one plan."""

    plan: Plan

    @cached_property
    def suggestions(self) -> list[str]:
        """Why a benefit is offered: see `suggestion_code` for the order."""
        made = []
        for benefit in self.plan.benefits:
            made.append(benefit.because or f"{benefit.name} comes first: it is broken now")
            for archetype in self.plan.archetypes:
                measured = self.plan.importance
                importance = measured.describe(benefit.name, archetype.name) if measured else ""
                importance = importance and f"; {importance}"
                made.append(f"suits a {archetype.name}{importance}")
                for dimension in self.plan.dimensions:
                    pole = f"towards {dimension.high}"
                    made.append(
                        f"suits {a(archetype.name)}; moves {dimension.name} {pole}{importance}"
                    )
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


def sentences(
    because: str,
    table: pa.RecordBatch | pa.Table,
    rows: NDArray[np.int64],
    constants: Mapping[str, float],
    units: Units = PLAIN,
) -> pa.Array:
    """*because* filled in for each of *rows*: one string for each.

    Each distinct value is written once: a number is rounded to what its form shows first, so that
    a million customers make some thousand texts.

    Args:
        because: A sentence with `{name}` or `{name:form}`.
        table: Columns by name; a reading as `d_NAME`.
        rows: Which rows are wanted.
        constants: Scales and days: the same for all.
        units: How numbers are told.
    """
    there = set(table.schema.names)
    pieces: list[pa.Array | str] = []
    for piece in PIECES.split(because):
        found = slot(piece)
        if found is None:
            pieces.append(piece)
            continue
        name, form = found
        column = name if name in there else col.reading(name)
        if name in constants:
            pieces.append(describe_value(constants[name], form, name, units))
        elif column in there:
            pieces.append(_described(table.column(column).take(numbers(rows)), name, form, units))
        else:
            pieces.append("?")
    merged: list[pa.Array | pa.Scalar] = []
    for piece in pieces:
        if not isinstance(piece, str):
            merged.append(piece)
        elif merged and isinstance(merged[-1], pa.Scalar):
            merged[-1] = text(merged[-1].as_py() + piece)
        elif piece:
            merged.append(text(piece))
    if all(isinstance(piece, pa.Scalar) for piece in merged):
        whole = "".join(piece.as_py() for piece in merged)
        return texts([whole]).take(numbers(np.zeros(len(rows), np.int64)))
    return pc.binary_join_element_wise(*merged, text(""))


def _described(values: pa.Array, name: str, form: str, units: Units) -> pa.Array:
    """Each value in words."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if pa.types.is_floating(values.type) or pa.types.is_integer(values.type):
        number = doubles(values)
        seen = ~np.isnan(number)
        alike = kept(np.where(seen, number, 0.0), form)
        _, first, code = np.unique(alike, return_index=True, return_inverse=True)
        # A duration as it is: rounded to weeks, it could be told in months.
        different = number[first] if form in DURATIONS else alike[first]
        whole = pa.types.is_integer(values.type) and form in {"", "d"}
        given = [None if np.isnan(v) else int(v) if whole else float(v) for v in different]
        filled = texts([*(describe_value(v, form, name, units) for v in given), "?"])
        return filled.take(numbers(np.where(seen, code.ravel(), len(given))))
    encoded = values.dictionary_encode()
    filled = texts(
        describe_value(value, form, name, units) for value in encoded.dictionary.to_pylist()
    )
    return pc.fill_null(filled.take(encoded.indices), text("?"))


def listed(counts: NDArray[np.int64], fields: Sequence[tuple[str, pa.Array]]) -> pa.ListArray:
    """A list of structs per row: *counts* says how many of the flat *fields* each row takes."""
    offsets = np.zeros(len(counts) + 1, np.int32)
    np.cumsum(counts, out=offsets[1:])
    flat = pa.StructArray.from_arrays([a for _, a in fields], names=[n for n, _ in fields])
    return pa.ListArray.from_arrays(numbers(offsets), flat)

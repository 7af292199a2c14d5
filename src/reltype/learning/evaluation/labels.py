"""Labels: what people say of some customers, read from a file or a frame and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa
from attrs import field, frozen

from reltype.definitions.archetypes import UNCLASSIFIED
from reltype.errors import InputError, did_you_mean
from reltype.sources.kept import as_texts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reltype.definitions.archetypes import Archetype

Given: TypeAlias = Any
"""A path, a frame, a list of dicts, or a mapping of customer to archetype."""

COLUMNS = ("customer_id", "archetype")


@frozen(eq=False)
class Labels:
    """Customers of whom somebody said what they are, each once.

    Attributes:
        customers: (n,) their ids, in the order of the file.
        classes: (n,) index of the archetype; the number of archetypes for `unclassified`: the
            person could not tell.
        extra: Other columns of the file, as text, in the same order.
        name: Where they come from, for messages.
        notes: Sentences about what was left out.
    """

    customers: tuple[str, ...]
    classes: NDArray[np.int64]
    extra: Mapping[str, tuple[str | None, ...]] = field(factory=dict, repr=False)
    name: str = "labels"
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.customers)

    @classmethod
    def of(cls, given: Given, archetypes: Sequence[Archetype]) -> Labels:
        """The labels in *given*; archetypes may be written in any case, or with underscores.

        Raises:
            InputError: A column is missing, an archetype is unknown, or a customer is called two
                different things; the text says on which line.
        """
        if isinstance(given, Labels):
            return given
        rows, name, first_line = _table(given)
        return _checked(rows, name, first_line, archetypes)


def _table(given: Given) -> tuple[dict[str, list[str | None]], str, int]:
    """All columns as text; where they come from; the first row's line, 0 where there is none."""
    if isinstance(given, Mapping) and not isinstance(given.get("customer_id"), list):
        given = pa.table({"customer_id": list(given), "archetype": list(given.values())})
    source, held = as_texts(given)
    by_lower = {c.strip().lower(): c for c in source.columns}
    for wanted in COLUMNS:
        if wanted not in by_lower:
            raise InputError(
                f"{source.name}: there is no column {wanted!r}; labels have the columns "
                f"customer_id and archetype.{did_you_mean(wanted, source.columns)}"
            )
    rows = {low.replace(chr(34), ""): held[column] for low, column in by_lower.items()}
    return rows, source.name, 2 if source.text else 0


def _checked(
    rows: Mapping[str, Sequence[str | None]],
    name: str,
    first_line: int,
    archetypes: Sequence[Archetype],
) -> Labels:
    known = {_plain(a.alias): i for i, a in enumerate(archetypes) if a.alias}
    known |= {_plain(a.name): i for i, a in enumerate(archetypes)}
    known[UNCLASSIFIED] = len(archetypes)
    names = [*(a.name for a in archetypes), UNCLASSIFIED]

    def where(row: int) -> str:
        return f"{name}: line {row + first_line}" if first_line else f"{name}: row {row + 1}"

    kept: dict[str, tuple[int, int]] = {}
    blank = 0
    trimmed = [[(cell or "").strip() for cell in rows[column]] for column in COLUMNS]
    for row, (customer, said) in enumerate(zip(*trimmed, strict=True)):
        if not customer or not said:
            blank += 1
            continue
        if (index := known.get(_plain(said))) is None:
            raise InputError(
                f"{where(row)}: no archetype is called {said!r}.{did_you_mean(said, names)}"
            )
        before, first = kept.setdefault(customer, (index, row))
        if before != index:
            raise InputError(
                f"{where(row)}: customer {customer!r} is called {names[index]!r}, and "
                f"{names[before]!r} in {where(first).removeprefix(name + ': ')}. Keep one."
            )
    if not kept:
        raise InputError(f"{name}: holds no label. Make some with `reltype label`.")
    lines = [row for _, row in kept.values()]
    left_out = f"{name}: {blank} rows without a customer or an archetype were left out."
    return Labels(
        customers=tuple(kept),
        classes=np.array([index for index, _ in kept.values()], np.int64),
        extra={c: tuple(rows[c][row] for row in lines) for c in rows if c not in COLUMNS},
        name=name,
        notes=(left_out,) if blank else (),
    )


def _plain(name: str) -> str:
    return " ".join(name.lower().replace("_", " ").split())

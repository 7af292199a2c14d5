"""Parts: the same question of each value of a column by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reltype.analyses.drivers.measure import PER_COLUMN, Answers, measure
from reltype.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reltype.analyses.drivers.missing import Treatment
    from reltype.analyses.drivers.result import Drivers

LEAST = 50
"""Rows that a part of the data must have for shares of its own."""


def by_part(
    table: Answers,
    labels: NDArray[np.object_],
    name: str,
    treatment: Treatment | None,
    replicates: int,
) -> tuple[dict[str, Drivers], dict[str, int]]:
    """The same for each part that has rows enough; and the others, with their number of rows."""
    parts: dict[str, Drivers] = {}
    small: dict[str, int] = {}
    for value in sorted({label for label in labels.tolist() if label is not None}):
        rows = np.array([label == value for label in labels.tolist()])
        least = max(LEAST, PER_COLUMN * table.columns)
        if rows.sum() < least:
            small[value] = int(rows.sum())
            continue
        try:
            parts[value] = measure(
                table.rows(rows),
                name=f"{name}, {value}",
                treatment=treatment,
                replicates=replicates,
            )
        except InputError:
            small[value] = int(rows.sum())
    return parts, small

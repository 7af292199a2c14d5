"""Results: what `classify` gave or wrote, read again by an analysis."""

from __future__ import annotations

from os import PathLike

import pyarrow as pa

from reltype.arrow import texts
from reltype.errors import InputError, did_you_mean
from reltype.relationships import Relationships
from reltype.reporting.workbook import CUSTOMERS_SHEET
from reltype.sources.kept import as_texts

WANTED = ("customer_id", "archetype")


def named_customers(result: object) -> pa.Table:
    """`customer_id` and `archetype`, both text, of a result.

    Args:
        result: Relationships, or whatever `classify` reads, such as a file that it wrote.

    Raises:
        InputError: It cannot be read, or is no result.
    """
    if isinstance(result, Relationships):
        return result.table.select(WANTED)
    book = isinstance(result, str | PathLike) and str(result).lower().endswith(".xlsx")
    source, held = as_texts(result, table=CUSTOMERS_SHEET if book else None)
    known = {name.strip().casefold(): name for name in held}
    for name in WANTED:
        if name not in known:
            raise InputError(
                f"{source.name}: no result of reltype classify, as it has no column {name!r}."
                f"{did_you_mean(name, held)}"
            )
    return pa.table({name: texts(held[known[name]]) for name in WANTED})

"""Flat: a result for formats whose cells hold one value, and that spreadsheets open."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from reltype.arrow import text

RUNS = r"^([\t\r]|[\s\p{C}\p{Z}]*[=@+\-＝＠＋－])"
"""How a text starts that a spreadsheet would run as a formula (CWE-1236) …"""

NUMBER = r"^[+-]\d[\d.,]*$"
"""… unless it is a plain number with a sign."""


def schema(given: pa.Schema) -> pa.Schema:
    """*given* with text in place of every list."""
    return pa.schema([(f.name, pa.string() if pa.types.is_list(f.type) else f.type) for f in given])


def batch(given: pa.RecordBatch) -> pa.RecordBatch:
    """*given* with lists joined by `; ` and texts that no spreadsheet will run."""
    columns = [_column(given.column(i)) for i in range(given.num_columns)]
    return pa.RecordBatch.from_arrays(columns, schema=schema(given.schema))


def _column(column: pa.Array) -> pa.Array:
    if pa.types.is_list(column.type):
        column = _joined(column)
    return neutral(column) if pa.types.is_string(column.type) else column


def _joined(lists: pa.ListArray) -> pa.Array:
    """The texts of each list (a struct's first field) in one cell."""
    values = lists.flatten()
    if pa.types.is_struct(values.type):
        values = values.field(0)
    offsets = pc.subtract(lists.offsets, lists.offsets[0])
    return pc.binary_join(pa.ListArray.from_arrays(offsets.cast(pa.int32()), values), text("; "))


def neutral(texts: pa.Array) -> pa.Array:
    """Texts with an apostrophe before those that a spreadsheet would run."""
    number = pc.match_substring_regex(texts, NUMBER)
    runs = pc.and_not(pc.match_substring_regex(texts, RUNS), number)
    if not pc.any(runs).as_py():
        return texts
    return pc.if_else(runs, pc.binary_join_element_wise(text("'"), texts, text("")), texts)

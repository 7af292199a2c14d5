"""Between Arrow columns and numpy arrays or texts, without pandas.

`pyarrow.array`, `pyarrow.scalar` and `to_numpy` import pandas where it is installed, which takes as
long as all else that a small run imports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Ints: TypeAlias = NDArray[np.int64]


def numbers(values: NDArray[Any]) -> pa.Array:
    """One number a row; NaN is null. The array must not be changed afterwards."""
    import pyarrow as pa

    held = np.ascontiguousarray(values)
    valid = None
    if held.dtype.kind == "f":
        missing = np.isnan(held)
        if missing.any():
            valid = pa.py_buffer(np.packbits(~missing, bitorder="little"))
    type_ = pa.from_numpy_dtype(held.dtype)
    return pa.Array.from_buffers(type_, len(held), [valid, pa.py_buffer(held)])


def texts(values: Iterable[str | None]) -> pa.StringArray:
    """One text a row; None is null."""
    import pyarrow as pa

    given = list(values)
    encoded = [b"" if value is None else value.encode() for value in given]
    offsets = np.zeros(len(given) + 1, np.int32)
    np.cumsum([len(text) for text in encoded], out=offsets[1:])
    valid = None
    if None in given:
        known = np.array([value is not None for value in given])
        valid = pa.py_buffer(np.packbits(known, bitorder="little"))
    data = pa.py_buffer(b"".join(encoded))
    return pa.Array.from_buffers(pa.string(), len(given), [valid, pa.py_buffer(offsets), data])


def text(value: str) -> pa.StringScalar:
    """A text that stands for every row."""
    return texts([value])[0]


def doubles(column: pa.Array | pa.ChunkedArray) -> NDArray[np.float64]:
    """(n,) the numbers or truths (1 and 0) of a column, to 53 bits; NaN where it is null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if pa.types.is_boolean(column.type):
        column = pc.cast(column, pa.int8())
    column = pc.cast(column, pa.float64(), safe=False)
    valid, data = column.buffers()
    rows = slice(column.offset, column.offset + len(column))
    values = np.frombuffer(data, np.float64, rows.stop)[rows] if data else np.empty(0)
    if not column.null_count:
        return values
    known = np.unpackbits(np.frombuffer(valid, np.uint8), count=rows.stop, bitorder="little")[rows]
    return np.where(known == 1, values, np.nan)

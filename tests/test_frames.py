"""Frames: whatever types the columns have, the rows are those that a person would read."""

from __future__ import annotations

import datetime as dt
import decimal
import itertools
import warnings

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from reltype.inputs import Inputs
from reltype.inputs.requests import InputRequest

DAYS = ["2024-01-05", "2024-02-05", "2024-02-06", "2024-03-06"]
DATES = [dt.date.fromisoformat(day) for day in DAYS]
WHO, PAID = [7, 7, 8, 8], [10, 20, 30, 40]


def _rows(frame):
    """(customer, day, amount) of each row, as the mapping reads it."""
    connection = duckdb.connect()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (item,) = Inputs.open(connection, [InputRequest(frame)]).items
    sql = f"SELECT customer_id, timestamp::DATE::TEXT, value FROM ({item.select()}) WHERE reject IS NULL"
    return sorted(connection.execute(f"{sql} ORDER BY ALL").fetchall())


EXPECTED = [(str(who), day, float(paid)) for who, day, paid in zip(WHO, DAYS, PAID, strict=True)]


def _pandas(**other):
    columns = {"customer_id": WHO, "date": pd.to_datetime(DAYS), "amount": PAID}
    return pd.DataFrame({**columns, **other})


def _polars(**other):
    return pl.DataFrame({"customer_id": WHO, "date": DATES, "amount": PAID, **other})


def _arrow(**other):
    return pa.table({"customer_id": WHO, "date": DATES, "amount": PAID, **other})


PANDAS = [
    *("int8", "int16", "int32", "int64", "uint8", "uint64", "float16", "float32", "float64"),
    *("Int8", "Int64", "UInt64", "Float32", "Float64", "string", "object", "category"),
    *("int64[pyarrow]", "uint8[pyarrow]", "double[pyarrow]", "string[pyarrow]", "Sparse[int64]"),
]


@pytest.mark.parametrize("column", ["customer_id", "amount", "x"])
def test_every_type_of_pandas_is_read_in_every_column(column):
    for type_ in PANDAS:
        frame = _pandas(x=[1, 0, 1, 0]).astype({column: type_})
        assert _rows(frame) == EXPECTED, type_


def test_times_of_every_type_of_pandas_are_the_same_days():
    times = pd.to_datetime(DAYS)
    ways = {
        "period": pd.PeriodIndex(DAYS, freq="D"),
        "dates": DATES,
        "texts": DAYS,
        "zone": times.tz_localize("Europe/Berlin"),
        "seconds": np.array(DAYS, dtype="datetime64[s]"),
        "category": pd.Categorical(DAYS),
        "arrow": pd.Series(times).astype("date32[pyarrow]"),
        "mixed": [times[0], DAYS[1], DATES[2], times[3].to_pydatetime()],
    }
    for name, dates in ways.items():
        assert _rows(_pandas().assign(date=dates)) == EXPECTED, name


def test_columns_that_nobody_uses_may_hold_anything():
    ways = {
        "period": pd.period_range("2024-01", periods=4, freq="M"),
        "interval": pd.interval_range(0, 4),
        "timedelta": pd.to_timedelta([1, 2, 3, 4], "D"),
        "bytes": [b"a\xff"] * 4,
        "complex": np.arange(4) * 1j,
        "huge": [2**70] * 4,
        "objects": [object()] * 4,
        "sets": [{1}] * 4,
        "mixed": [1, "a", None, 2.5],
        "dicts": [{"a": 1}, {"b": "x"}, None, {}],
        "nothing": [None] * 4,
    }
    for name, cells in ways.items():
        assert _rows(_pandas(x=cells)) == EXPECTED, name


def test_every_type_of_polars_is_read_in_every_column():
    numbers = [pl.Int8, pl.Int64, pl.Int128, pl.UInt8, pl.UInt64, pl.Float32, pl.Float64, pl.String]
    for type_, column in itertools.product(
        [*numbers, pl.Decimal(20, 2)], ["customer_id", "amount"]
    ):
        assert _rows(_polars().with_columns(pl.col(column).cast(type_))) == EXPECTED, type_
    unused = {
        "categorical": pl.Series(["a"] * 4, dtype=pl.Categorical),
        "enum": pl.Series(["a"] * 4, dtype=pl.Enum(["a"])),
        "duration": pl.Series([dt.timedelta(1)] * 4),
        "array": pl.Series([[1, 2]] * 4, dtype=pl.Array(pl.Int64, 2)),
        "struct": pl.Series([{"a": 1}] * 4),
        "object": pl.Series([object()] * 4, dtype=pl.Object),
        "null": pl.Series([None] * 4),
    }
    for name, series in unused.items():
        assert _rows(_polars(x=series)) == EXPECTED, name


def test_every_type_of_arrow_is_read_in_every_column():
    numbers = [pa.int8(), pa.uint64(), pa.float64(), pa.decimal256(40, 2), pa.string_view()]
    for type_, place in itertools.product(numbers, (0, 2)):
        table = _arrow()
        name = table.column_names[place]
        table = table.set_column(place, name, table.column(place).cast(type_))
        assert _rows(table) == EXPECTED, type_
    unused = {
        "dictionary": pa.array(["a"] * 4).dictionary_encode(),
        "date64": pa.array(DATES, pa.date64()),
        "months": pa.array([pa.MonthDayNano([1, 1, 1])] * 4),
        "map": pa.array([[("a", 1)]] * 4, pa.map_(pa.string(), pa.int64())),
        "list": pa.array([[1, 2]] * 4, pa.list_(pa.int64(), 2)),
        "ends": pa.RunEndEncodedArray.from_arrays([4], ["a"]),
        "decimal": pa.array([decimal.Decimal(1)] * 4, pa.decimal256(70, 1)),
        "null": pa.nulls(4),
        "half": pa.array([np.float16(1)] * 4, pa.float16()),
        "bytes": pa.array([b"\xff"] * 4, pa.binary_view()),
    }
    for name, array in unused.items():
        assert _rows(_arrow(x=array)) == EXPECTED, name


@pytest.mark.parametrize(
    "ids",
    [
        [7, "7", 8, 8.0],
        [7.0, 7.0, 8.0, 8.0],
        [b"7", b"7", b"8", b"8"],
        [decimal.Decimal("7.00"), 7, 8, "8 "],
        [np.int64(7), np.float32(7), np.int8(8), 8],
    ],
    ids=str,
)
def test_one_id_in_several_types_is_one_customer(ids):
    assert _rows(_pandas().assign(customer_id=pd.Series(ids, dtype=object))) == EXPECTED

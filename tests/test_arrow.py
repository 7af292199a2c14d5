"""Columns without pandas, held against what pyarrow itself makes and gives."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reltype.arrow import doubles, numbers, text, texts

pa.array([0])  # imports pandas, for which no example should wait
NUMBERS = st.lists(st.floats(width=64) | st.just(float("nan")), max_size=20)
TRUTHS = st.lists(st.booleans() | st.none(), max_size=20)
CELLS = st.lists(st.text(max_size=5) | st.none(), max_size=20)


@given(NUMBERS)
def test_numbers_are_those_of_the_array_and_nan_is_null(values):
    made = numbers(np.array(values, float))
    made.validate(full=True)
    assert made.equals(pa.array(np.array(values, float), from_pandas=True))


@pytest.mark.parametrize("type_", [np.int64, np.int32, np.int8, np.float32])
def test_numbers_keep_their_type_and_may_lie_in_any_order(type_):
    table = np.arange(12, dtype=type_).reshape(3, 4)
    assert numbers(table[:, 1]).equals(pa.array(np.array([1, 5, 9], type_)))


@given(CELLS)
def test_texts_are_what_was_given_and_none_is_null(values):
    made = texts(values)
    made.validate(full=True)
    assert made.equals(pa.array(values, pa.string()))
    assert [
        text(value).as_py() for value in values if value is not None
    ] == made.drop_null().to_pylist()


@given(NUMBERS, st.integers(0, 5), st.integers(1, 3))
def test_doubles_are_the_numbers_of_any_part_of_a_column(values, start, pieces):
    column = pa.array([None if np.isnan(v) else v for v in values], pa.float64())
    for given_ in (column.slice(start), pa.chunked_array([column] * pieces)):
        expected = [np.nan if v is None else v for v in given_.to_pylist()]
        assert np.array_equal(doubles(given_), np.array(expected, float), equal_nan=True)


@given(TRUTHS, st.integers(0, 5))
def test_truths_are_1_and_0(values, start):
    column = pa.array(values, pa.bool_()).slice(start)
    expected = [np.nan if v is None else float(v) for v in column.to_pylist()]
    assert np.array_equal(doubles(column), np.array(expected, float), equal_nan=True)


def test_a_run_from_file_to_file_imports_no_pandas(tmp_path):
    log = tmp_path / "log.csv"
    rows = [f"c{i % 9},2024-0{1 + i % 6}-1{i % 9},purchase,{i}" for i in range(90)]
    log.write_text("\n".join(["customer_id,timestamp,kind,value", *rows]))
    code = (
        "import sys; from reltype.cli import run; "
        f"assert run(['classify', {str(log)!r}, '-o', {str(tmp_path / 'out.parquet')!r}]) == 0; "
        "sys.exit('pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

"""The largest columns of many rows at once, held against a plain sort."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from reltype.scoring.ranking import top

SCORES = st.one_of(
    st.integers(-3, 3).map(float), st.sampled_from([-np.inf, np.inf, -0.0, 1e-300, -1e300])
)
TABLES = arrays(np.float64, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=SCORES)


@given(TABLES, st.integers(1, 4))
def test_the_largest_come_first_and_ties_by_position(scores, count):
    found = top(scores, count)
    assert found.tolist() == np.argsort(-scores, axis=1, kind="stable")[:, :count].tolist()


@given(
    arrays(np.float64, (5, 7), elements=st.floats(-1e6, 1e6)),
    st.integers(1, 7),
    st.sampled_from(["C", "F"]),
)
def test_what_is_taken_before_is_larger_but_for_the_last_bits(scores, count, order):
    kept = np.asarray(scores, order=order)
    found = top(kept, count)
    assert (kept == scores).all()
    taken = np.take_along_axis(scores, found, 1)
    nearly = np.abs(taken[:, :-1]) * 2.0**-45 + 1e-300
    assert (taken[:, :-1] >= taken[:, 1:] - nearly).all()
    assert all(len(set(row)) == count for row in found.tolist())


@given(TABLES, st.integers(1, 3))
def test_a_row_is_ranked_alone(scores, count):
    together = top(scores, count)
    assert [top(row[None], count)[0].tolist() for row in scores] == together.tolist()

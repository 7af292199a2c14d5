"""What the prototype and the rules say of hand-made batches."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import truncnorm

from reltype.scoring.classifiers import Batch, Prototype, Rules, add_up

unit = st.floats(0, 1)


def batch(readings, evidence=None, fired=None):
    readings = np.atleast_2d(np.array(readings, float))
    n = len(readings)
    return Batch(
        pa.table({"customer_id": [f"c{i}" for i in range(n)]}),
        readings,
        np.ones_like(readings) if evidence is None else np.atleast_2d(np.array(evidence, float)),
        np.zeros((n, 0)) if fired is None else np.atleast_2d(np.array(fired, float)),
    )


def two(contamination=0.05, weight=1.0, side=0):
    return Prototype(
        items=("affect", "volition"),
        value=np.array([[0.9, 0.8], [0.4, 0.2]]),
        tolerance=np.array([[0.1, 0.2], [0.15, 0.15]]),
        weight=np.array([1.0, weight]),
        contamination=contamination,
        open=np.array([[side, 0], [0, 0]]),
    )


def test_a_part_is_the_log_density_ratio_of_the_truncated_normal_to_the_uniform():
    mean, sd, reading = 0.9, 0.1, 0.85
    density = truncnorm.pdf(reading, (0 - mean) / sd, (1 - mean) / sd, mean, sd)
    part = two(contamination=0.0).parts(batch([reading, np.nan]))[0, 0, 0]
    assert part == pytest.approx(np.log(density))


def test_a_dimension_counts_by_its_weight():
    readings = batch([0.85, 0.6])
    plain, heavy = two().parts(readings), two(weight=2.5).parts(readings)
    assert heavy[0, :, 0].tolist() == plain[0, :, 0].tolist()
    assert heavy[0, :, 1] == pytest.approx(2.5 * plain[0, :, 1])


@pytest.mark.parametrize("side", [-1, 1])
def test_who_reads_further_out_on_an_open_side_is_no_less_like_it(side):
    mean = 0.9
    grid = np.linspace(0, 1, 100_001)
    said = two(contamination=0.0, side=side).parts(batch(np.stack([grid, grid], axis=1)))[:, 0, 0]
    out = grid >= mean if side > 0 else grid <= mean
    assert np.ptp(said[out]) == pytest.approx(0)
    assert said[~out].max() <= said[out].max()
    assert np.exp(said).mean() == pytest.approx(1, abs=1e-3)  # a density over [0, 1]


def test_a_reading_that_was_not_seen_says_nothing():
    assert two().parts(batch([np.nan, np.nan])).tolist() == [[[0, 0], [0, 0]]]


def test_evidence_weighs_a_part():
    full = two().parts(batch([0.9, 0.3], [1, 1]))
    half = two().parts(batch([0.9, 0.3], [0.5, 1]))
    assert half[0, :, 0] == pytest.approx(full[0, :, 0] / 2)
    assert half[0, :, 1] == pytest.approx(full[0, :, 1])


@given(unit)
def test_one_strange_reading_can_say_no_more_than_the_contamination_allows(reading):
    assert (two(contamination=0.05).parts(batch([reading, np.nan])) >= np.log(0.05) - 1e-12).all()


@given(st.lists(st.tuples(unit, unit, unit, unit), min_size=1, max_size=8))
def test_the_score_is_the_sum_of_its_parts(rows):
    data = batch([r[:2] for r in rows], [r[2:] for r in rows])
    assert two().score(data) == pytest.approx(two().parts(data).sum(axis=2))


@given(unit, st.floats(0, 0.5), st.floats(0, 0.5))
def test_more_evidence_for_an_archetype_never_lowers_it(reading, some, more):
    little = two().parts(batch([reading, np.nan], [some, 0]))
    much = two().parts(batch([reading, np.nan], [some + more, 0]))
    speaks_for = two().parts(batch([reading, np.nan]))[0, :, 0] >= 0
    assert (much[0, speaks_for, 0] >= little[0, speaks_for, 0]).all()


def test_rules_that_never_meet_add_their_weights_and_unknown_says_nothing():
    weights = np.array([1.5, 0.5, 2.0])
    rules = Rules(("a", "b", "c"), np.array([0, 0, 1]), weights, 2, np.eye(3))
    data = batch(np.zeros((3, 0)), np.zeros((3, 0)), [[1, 1, 0], [np.nan, 1, 1], [0, np.nan, 0]])
    assert rules.score(data) == pytest.approx(np.array([[2.0, 0.0], [0.5, 2.0], [0.0, 0.0]]))


def test_rules_of_different_archetypes_do_not_damp_each_other():
    rules = Rules(("a", "b"), np.array([0, 1]), np.array([1.0, 1.0]), 2, np.ones((2, 2)))
    data = batch(np.zeros((1, 0)), np.zeros((1, 0)), [[1, 1]])
    assert rules.score(data).tolist() == [[1.0, 1.0]]


@given(st.lists(st.lists(st.floats(-5, 5), min_size=3, max_size=3), min_size=1, max_size=5))
def test_adding_up_goes_in_order(rows):
    parts = np.array(rows)
    assert add_up(parts).tolist() == [(0.0 + a + b) + c for a, b, c in rows]

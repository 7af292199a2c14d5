"""What the prototype and the rules say of hand-made batches."""

from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import truncnorm

from reltype.definitions.archetypes import Place
from reltype.scoring.classifiers import Batch, Prototype, Rules, add_up, blank, usable

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


def knowing(*places, rules=()):
    """A plan of two dimensions whose archetypes stand at these places, as far as scoring asks."""
    dimensions = [
        SimpleNamespace(name=n, weight=w) for n, w in (("affect", 1.0), ("volition", 2.0))
    ]
    archetypes = [SimpleNamespace(name=f"a{i}", prototype=p) for i, p in enumerate(places)]
    typology = SimpleNamespace(contamination=0.02)
    return SimpleNamespace(
        dimensions=dimensions, archetypes=archetypes, typology=typology, rules=rules
    )


def test_prototypes_are_those_of_the_plan_and_say_nothing_where_it_says_nothing():
    made = Prototype.of(
        knowing(
            {"affect": Place(0.7, 0.1, open="above"), "volition": Place(0.2, 0.3, open="below")},
            {"volition": Place(0.6, 0.2)},
        )
    )
    assert made.items == ("affect", "volition")
    assert made.contamination == 0.02
    np.testing.assert_array_equal(made.value, [[0.7, 0.2], [np.nan, 0.6]])
    np.testing.assert_array_equal(made.tolerance, [[0.1, 0.3], [np.nan, 0.2]])
    np.testing.assert_array_equal(made.open, [[1, -1], [0, 0]])
    np.testing.assert_array_equal(made.weight, [1.0, 2.0])
    parts = made.parts(batch([0.5, 0.5]))
    assert parts[0, 1, 0] == 0
    assert (parts[0, [0, 0, 1], [0, 1, 1]] != 0).all()
    np.testing.assert_array_equal(made.score(batch([0.5, 0.5])), parts.sum(axis=2))


def test_rules_are_those_of_the_plan_with_the_overlap_that_was_measured():
    rules = [
        SimpleNamespace(name=n, archetype=a, weight=w)
        for n, a, w in (("x", "a1", 1.5), ("y", "a1", 0.5), ("z", "a0", 2.0))
    ]
    made = Rules.of(knowing({}, {}, rules=rules), {"x": {"y": 0.25}, "y": {"x": 0.25}})
    assert made.items == ("x", "y", "z")
    assert made.count == 2
    assert made.archetype.tolist() == [1, 1, 0]
    assert made.archetype.dtype == np.int64
    assert made.weight.tolist() == [1.5, 0.5, 2.0]
    assert made.weight.dtype == np.float64
    np.testing.assert_array_equal(made.among, [[1, 0.25, 0], [0.25, 1, 0], [0, 0, 1]])


@pytest.mark.parametrize("count", [1, 3, 16, 17, 40, 62, 63, 70])
def test_any_number_of_rules_that_never_meet_add_up(count):
    draw = np.random.default_rng(count)
    weight = draw.random(count) + 0.1
    fired = (draw.random((60, count)) < 0.3).astype(float)
    fired[draw.random(fired.shape) < 0.1] = np.nan
    rules = Rules(tuple(map(str, range(count))), np.zeros(count, int), weight, 2, np.eye(count))
    said = rules.parts(batch(np.zeros((60, 1)), fired=fired))
    assert said.shape == (60, 2, count)
    np.testing.assert_allclose(said[:, 0], np.where(fired == 1, weight, 0))
    assert (said[:, 1] == 0).all()
    np.testing.assert_allclose(
        rules.score(batch(np.zeros((60, 1)), fired=fired))[:, 0], said[:, 0].sum(axis=1)
    )


def test_a_batch_gives_a_reading_by_its_dimension_and_a_feature_by_its_name():
    made = Batch(
        pa.table(
            {
                "d_affect": [0.1],
                "affect": [5.0],
                "visits": [3.0],
                "rule_0": [True],
                "rule_1": pa.array([None], pa.bool_()),
            }
        ),
        np.zeros((1, 1)),
        np.zeros((1, 1)),
        np.zeros((1, 0)),
    )
    assert made.column("affect").to_pylist() == [0.1]
    assert made.column("visits").to_pylist() == [3.0]
    assert made.holds("rule_0").tolist() == [1.0]
    assert np.isnan(made.holds("rule_1")).all()
    assert np.isnan(made.holds("rule_2")).tolist() == [True]


def test_the_first_condition_that_holds_is_the_one_of_least_index():
    made = Batch(
        pa.table({"flag_0": [False, True, False, None], "flag_1": [True, True, False, True]}),
        np.zeros((4, 0)),
        np.zeros((4, 0)),
        np.zeros((4, 0)),
    )
    assert made.first("flag", 2).tolist() == [1, 0, -1, 1]
    assert made.first("flag", 1).tolist() == [-1, 0, -1, -1]
    assert made.first("flag", 0).tolist() == [-1] * 4
    assert made.first("flag", 2).dtype == np.int64


@pytest.mark.parametrize("shape", [(2, 3), (0, 3), (4, 1)])
def test_what_is_blank_is_nought_with_customers_side_by_side(shape):
    made = blank(*shape)
    assert made.shape == shape
    assert (made == 0).all()
    assert made.flags.f_contiguous


def test_scores_are_usable_where_they_are_finite_and_of_the_shape_that_is_due():
    assert usable([[1, 2]], (1, 2)).dtype == np.float64
    with pytest.raises(
        ValueError, match=r"^it gave scores of shape \(1, 2\) where \(2, 1\) was due$"
    ):
        usable([[1, 2]], (2, 1))
    with pytest.raises(
        ValueError, match=r"^it gave a score that is not a finite number; 0 is no opinion$"
    ):
        usable([[1, np.nan]], (1, 2))


def test_nothing_adds_up_to_nought():
    assert add_up(np.zeros((3, 0))).tolist() == [0, 0, 0]
    assert add_up(np.zeros((3, 2, 0))).shape == (3, 2)

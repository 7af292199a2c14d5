"""ArchetypeClassifier keeps scikit-learn's contract, and its own laws."""

# ruff: noqa: N806 - a matrix is called X in scikit-learn

import json
import os
import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import t
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_breast_cancer, load_iris, load_wine, make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reltype.definitions.archetypes import Archetype, Place
from reltype.errors import UsageError
from reltype.learning.estimators import ArchetypeClassifier

PRIOR = {
    "fling": {"affect": (0.85, 0.12), "endurance": (0.1, 0.1)},
    "marriage": {"affect": (0.45, 0.15), "endurance": (0.8, 0.15)},
    "friendship": {"affect": (0.6, 0.12), "endurance": (0.5, 0.25)},
}
IRIS = load_iris(return_X_y=True)

few = settings(max_examples=40, deadline=None)

CHECKS = """
import json, sys
from sklearn.utils.estimator_checks import check_estimator
from reltype.learning.estimators import ArchetypeClassifier
found = check_estimator(ArchetypeClassifier(**json.loads(sys.argv[1])), on_skip=None, on_fail=None)
print(json.dumps([[c["check_name"], c["status"], str(c["exception"])] for c in found]))
"""


@pytest.mark.parametrize("parameters", [{}, {"damping": 0.0, "prior_strength": 0.5}])
def test_every_check_of_scikit_learn_runs_and_passes(parameters):
    # scipy reads this variable when it is first imported, hence the new interpreter
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", CHECKS, json.dumps(parameters)],
        env={**os.environ, "SCIPY_ARRAY_API": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    checks = json.loads(run.stdout)
    assert [check for check in checks if check[1] != "passed"] == []
    names = {name for name, _, _ in checks}
    assert len(checks) >= 60
    assert names >= {
        "check_array_api_input",
        "check_classifiers_one_label_sample_weights",
        "check_estimators_partial_fit_n_features",
        "check_sample_weight_equivalence_on_dense_data",
        "check_sample_weights_pandas_series",
        "check_transformer_general",
    }


@st.composite
def labelled(draw, columns=3, least=4):
    """Rows with gaps, on a grid so that no digit is lost, of two or three classes."""
    n = draw(st.integers(least, 16))
    cell = st.one_of(st.just(np.nan), st.integers(-8, 8).map(lambda i: i / 4))
    X = draw(arrays(np.float64, (n, columns), elements=cell))
    rest = draw(st.lists(st.sampled_from("abc"), min_size=n - 2, max_size=n - 2))
    return X, np.array(["a", "b", *rest])


@few
@given(labelled())
def test_probabilities_sum_to_one(data):
    X, y = data
    found = ArchetypeClassifier().fit(X, y).predict_proba(X)
    assert np.isfinite(found).all()
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-12)


@few
@given(labelled(), st.integers(0, 3))
def test_a_column_that_nobody_has_changes_nothing(data, place):
    X, y = data
    wider = np.insert(X, place, np.nan, axis=1)
    np.testing.assert_allclose(
        ArchetypeClassifier().fit(wider, y).predict_proba(wider),
        ArchetypeClassifier().fit(X, y).predict_proba(X),
        rtol=1e-9,
    )


@few
@given(labelled(), st.floats(-1e6, 1e6))
def test_a_column_that_never_varies_changes_nothing(data, constant):
    X, y = data
    wider = np.column_stack([X, np.full(len(X), constant)])
    np.testing.assert_allclose(
        ArchetypeClassifier().fit(wider, y).decision_function(wider),
        ArchetypeClassifier().fit(X, y).decision_function(X),
        rtol=1e-9,
        atol=1e-9,
    )


@few
@given(labelled(), st.randoms(use_true_random=False))
def test_the_order_of_rows_has_no_impact(data, random):
    X, y = data
    order = random.sample(range(len(y)), len(y))
    np.testing.assert_allclose(
        ArchetypeClassifier().fit(X[order], y[order]).predict_proba(X),
        ArchetypeClassifier().fit(X, y).predict_proba(X),
        rtol=1e-7,
        atol=1e-9,
    )


@few
@given(labelled(), st.data())
def test_a_weight_of_two_is_a_row_twice_and_of_zero_none(data, more):
    X, y = data
    weight = np.array(
        [1, 1, *more.draw(st.lists(st.integers(0, 2), min_size=len(y) - 2, max_size=len(y) - 2))]
    )
    weight[: len(weight)] = np.where(np.isin(y, np.unique(y[weight > 0])), weight, 1)
    np.testing.assert_allclose(
        ArchetypeClassifier().fit(X, y, sample_weight=weight).predict_proba(X),
        ArchetypeClassifier().fit(X.repeat(weight, axis=0), y.repeat(weight)).predict_proba(X),
        rtol=1e-7,
        atol=1e-9,
    )


@few
@given(labelled(), st.integers(1, 5))
def test_learning_in_chunks_gives_what_learning_at_once_gives(data, size):
    X, y = data
    whole = ArchetypeClassifier().fit(X, y)
    chunked = ArchetypeClassifier()
    for start in range(0, len(y), size):
        rows = slice(start, start + size)
        chunked.partial_fit(X[rows], y[rows], classes=whole.classes_)
    for name in ("theta_", "tolerance_", "redundancy_", "intercept_", "class_count_"):
        np.testing.assert_allclose(
            getattr(chunked, name), getattr(whole, name), rtol=1e-7, atol=1e-7, err_msg=name
        )
    np.testing.assert_allclose(chunked.predict_proba(X), whole.predict_proba(X), atol=1e-7)


@few
@given(labelled())
def test_contributions_add_up_and_gaps_say_nothing(data):
    X, y = data
    model = ArchetypeClassifier().fit(X, y)
    said = model.contributions(X)
    assert said.shape == (*X.shape[:1], len(model.classes_), X.shape[1])
    assert np.array_equal(model.intercept_ + said.sum(axis=2), model.transform(X))
    assert not said.transpose(0, 2, 1)[np.isnan(X)].any()


@few
@given(labelled())
def test_the_input_stays_as_it_is_and_the_same_input_gives_the_same_bytes(data):
    X, y = data
    before = X.tobytes(), y.tobytes()
    first, second = (ArchetypeClassifier().fit(X, y).predict_proba(X) for _ in range(2))
    assert first.tobytes() == second.tobytes()
    assert (X.tobytes(), y.tobytes()) == before


@few
@given(labelled(columns=2), st.floats(0, 1), st.floats(0, 1))
def test_no_single_column_without_damping_lifts_a_class_above_certainty(data, affect, endurance):
    X, y = data
    model = ArchetypeClassifier(damping=0).fit(X, y)
    said = model.contributions(np.array([[affect, endurance]]))
    assert (said <= -model.intercept_[:, None] + 1e-9).all()


@pytest.mark.parametrize("name", PRIOR)
def test_with_a_prior_and_one_row_the_prototypes_are_told_apart(name):
    row = pd.DataFrame({"affect": [0.6], "endurance": [0.5]})
    typical = pd.DataFrame({c: [place[0]] for c, place in PRIOR[name].items()})
    model = ArchetypeClassifier(prior=PRIOR).fit(row, ["friendship"])
    assert model.classes_.tolist() == ["fling", "friendship", "marriage"]
    assert model.predict(typical).tolist() == [name]


def test_without_rows_of_a_class_its_prototype_is_the_priors():
    model = ArchetypeClassifier(prior=PRIOR).fit(
        pd.DataFrame({"affect": [0.6], "endurance": [np.nan]}), ["friendship"]
    )
    np.testing.assert_allclose(model.theta_, [[0.85, 0.1], [0.6, 0.5], [0.45, 0.8]])
    np.testing.assert_allclose(
        model.tolerance_, [[0.12, 0.1], [np.sqrt(5 * 0.12**2 / 6), 0.25], [0.15, 0.15]]
    )


def test_a_value_is_averaged_with_the_prior_as_with_that_many_rows():
    X = pd.DataFrame({"affect": [0.1, 0.3]})
    model = ArchetypeClassifier(prior={"a": {"affect": (0.8, 0.1)}}, prior_strength=4)
    model.fit(X, ["a", "a"])
    # mean (4 × 0.8 + 2 × 0.2) / 6; variance (4 × 0.01 + 0.02 + 4 × 2 / 6 × 0.6²) / 6
    np.testing.assert_allclose(model.theta_, [[0.6]])
    np.testing.assert_allclose(model.tolerance_, [[np.sqrt(0.54 / 6)]])


def test_many_rows_outweigh_the_prior():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"affect": rng.normal(0.2, 0.05, 5000)})
    model = ArchetypeClassifier(prior={"a": {"affect": (0.9, 0.3)}}).fit(X, ["a"] * 5000)
    np.testing.assert_allclose(model.theta_, [[0.2]], atol=0.01)
    np.testing.assert_allclose(model.tolerance_, [[0.05]], atol=0.01)


def test_archetypes_of_a_typology_are_a_prior():
    archetypes = [
        Archetype(
            name, "customer", "", "", {c: Place(value, tol) for c, (value, tol) in places.items()}
        )
        for name, places in PRIOR.items()
    ]
    X = pd.DataFrame({"endurance": [0.2, 0.9], "affect": [0.8, 0.4], "visits": [3.0, 9.0]})
    from_mapping = ArchetypeClassifier(prior=PRIOR).fit(X, ["fling", "marriage"])
    from_archetypes = ArchetypeClassifier(prior=archetypes).fit(X, ["fling", "marriage"])
    assert np.array_equal(from_mapping.predict_proba(X), from_archetypes.predict_proba(X))


def test_a_prior_names_the_classes_for_partial_fit():
    model = ArchetypeClassifier(prior=PRIOR)
    model.partial_fit(pd.DataFrame({"affect": [0.5]}), ["fling"])
    assert model.classes_.tolist() == ["fling", "friendship", "marriage"]


def test_a_class_without_rows_or_prior_keeps_its_base_rate():
    model = ArchetypeClassifier().partial_fit([[0.0], [1.0]], ["a", "a"], classes=["a", "b"])
    np.testing.assert_allclose(model.predict_proba([[0.5]]), [[0.75, 0.25]])


def test_a_row_of_gaps_gets_the_base_rates():
    model = ArchetypeClassifier(class_prior=[3, 1]).fit([[0.0], [1.0]], ["a", "b"])
    np.testing.assert_allclose(model.predict_proba([[np.nan]]), [[0.75, 0.25]])


def test_a_copy_of_a_column_changes_little_where_independence_would_double_it():
    X, y = load_breast_cancer(return_X_y=True)
    X = X[:, :1]
    twice = np.hstack([X, X])

    def lead(damping, data):
        return ArchetypeClassifier(damping=damping).fit(data, y).decision_function(data)

    assert np.abs(lead(1, twice) - lead(1, X)).max() < 0.05
    assert np.abs(lead(0, twice) - lead(0, X)).max() > 1


def test_a_copy_that_was_not_seen_does_not_damp():
    X, y = IRIS
    twice = np.hstack([X, X])
    model, single = ArchetypeClassifier().fit(twice, y), ArchetypeClassifier().fit(X, y)
    twice[:, 4:] = np.nan
    np.testing.assert_allclose(model.predict_proba(twice), single.predict_proba(X), rtol=1e-9)


def test_a_constant_that_was_missing_at_first_says_nothing():
    model = ArchetypeClassifier()
    model.partial_fit([[0.0, np.nan], [1.0, np.nan]], ["a", "b"], classes=["a", "b"])
    model.partial_fit([[0.0, 0.1]] * 7 + [[1.0, 0.1]] * 3, ["a"] * 7 + ["b"] * 3)
    assert not model.contributions([[np.nan, 0.1], [np.nan, 0.2]]).any()


def test_likelihoods_are_the_posterior_predictive_of_a_normal():
    X = pd.DataFrame({"affect": [0.1, 0.3, 0.7]})
    prior = {"a": {"affect": (0.8, 0.1)}, "b": {"affect": (0.5, 0.2)}}
    model = ArchetypeClassifier(prior=prior, prior_strength=4, class_prior=[1, 1])
    found = model.fit(X, ["a", "a", "b"]).predict_proba(X)
    # a: 4 + 2 rows, as in the test of averaging; b: 4 + 1, mean 2.7 / 5, variance from 4 × 0.04
    of_a = t.pdf(X.affect, 6, 0.6, np.sqrt(0.54 / 6 * (1 + 1 / 6)))
    of_b = t.pdf(X.affect, 5, 0.54, np.sqrt((0.16 + 4 / 5 * 0.2**2) / 5 * (1 + 1 / 5)))
    np.testing.assert_allclose(found[:, 0], of_a / (of_a + of_b))


def test_each_of_the_priors_classes_starts_with_the_priors_rows():
    X = pd.DataFrame({"affect": [0.5, 0.5]})
    model = ArchetypeClassifier(prior=PRIOR, prior_strength=4).fit(X, ["fling", "new"])
    assert model.classes_.tolist() == ["fling", "friendship", "marriage", "new"]
    np.testing.assert_allclose(np.exp(model.intercept_), np.array([5, 4, 4, 2]) / 15)


def test_a_prior_holds_columns_independent_until_rows_say_otherwise():
    affect = np.random.default_rng(0).uniform(size=30)
    X, y = pd.DataFrame({"affect": affect, "copy": affect}), ["fling"] * 30
    prior = {c: {"affect": p["affect"], "copy": p["affect"]} for c, p in PRIOR.items()}
    assert ArchetypeClassifier().fit(X, y).redundancy_[0, 1] == pytest.approx(1)
    # three classes of 5 rows beside the 30
    assert ArchetypeClassifier(prior=prior).fit(X, y).redundancy_[0, 1] == pytest.approx(30 / 45)


@pytest.mark.parametrize(("direction", "redundancy"), [(1, 0.6), (-1, 0)])
def test_correlation_against_the_difference_of_classes_repeats_nothing(direction, redundancy):
    rng = np.random.default_rng(0)
    noise = rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], size=4000)
    y = np.arange(4000) % 2
    model = ArchetypeClassifier().fit(noise + y[:, None] * [2, 2 * direction], y)
    assert model.redundancy_[0, 1] == pytest.approx(redundancy, abs=0.03)


def test_correlations_by_chance_hardly_count():
    X = np.random.default_rng(0).normal(size=(25, 60))
    found = ArchetypeClassifier().fit(X, ["a"] * 25).redundancy_
    by_chance = np.abs(np.corrcoef(X.T))
    beside = ~np.eye(60, dtype=bool)
    assert found[beside].mean() < 0.6 * by_chance[beside].mean()


def test_bounds_give_back_the_likelihood_that_lies_outside():
    X = pd.DataFrame({"affect": [0.0, 0.5]})
    prior = {"low": {"affect": (0.0, 0.2)}, "middle": {"affect": (0.5, 0.2)}}

    def odds(bounds):
        model = ArchetypeClassifier(prior=prior, bounds=bounds).fit(X, ["low", "middle"])
        return np.diff(model.predict_log_proba(X.iloc[:1]))

    # half of the first class's curve lies below 0, next to nothing of the second's
    assert odds(None) - odds((0, 1)) == pytest.approx(np.log(2), abs=0.05)


@pytest.mark.parametrize(
    ("parameters", "X", "y", "says"),
    [
        ({"prior_strength": 0}, [[0.0]], ["a"], "prior_strength"),
        ({"damping": -1}, [[0.0]], ["a"], "damping"),
        ({"bounds": (1, 0)}, [[0.0]], ["a"], r"\(low, high\), not \(1, 0\)"),
        ({"bounds": (0, 1)}, [[0.0, 7.0]], ["a"], r"outside of bounds=\(0, 1\) in column x1"),
        ({"class_prior": [1, 2]}, [[0.0]], ["a"], r"for each of \['a'\]"),
        ({"prior": {"a": {"affect": (1, 1)}}}, [[0.0]], ["a"], "speaks of affect, and X has none"),
        ({"prior": {"a": {"x0": (1, 0)}}}, [[0.0]], ["a"], "tolerance of 'a' on 'x0'"),
        ({"prior": {"a": {"x0": (0.5, 1)}}}, [[0.0]], [0], "Key the prior as y is"),
        ({"prior": {"a": {"x0": (5, 1)}}, "bounds": (0, 1)}, [[0.0]], ["a"], "prior has values"),
        ({}, [[1e200], [-1e200]], ["a", "b"], "rescale"),
    ],
)
def test_what_cannot_be_used_is_told(parameters, X, y, says):
    with pytest.raises(UsageError, match=says):
        ArchetypeClassifier(**parameters).fit(X, y)


@pytest.mark.parametrize(
    ("weight", "says"),
    [([1, -1], "below zero"), ([0, 0], "all be zero"), ([1, np.nan], "finite"), ([1], "shape")],
)
def test_weights_that_are_none_are_told(weight, says):
    with pytest.raises(UsageError, match=says):
        ArchetypeClassifier().fit([[0.0], [1.0]], ["a", "b"], sample_weight=weight)


def test_partial_fit_wants_to_know_the_classes_first_and_no_others_later():
    model = ArchetypeClassifier()
    with pytest.raises(UsageError, match="every label to come"):
        model.partial_fit([[0.0]], ["fling"])
    model.partial_fit([[0.0]], ["fling"], classes=["fling", "marriage"])
    with pytest.raises(UsageError, match="Did you mean 'fling'"):
        model.partial_fit([[0.0]], ["flng"])
    with pytest.raises(UsageError, match="differs from the first call's"):
        model.partial_fit([[0.0]], ["fling"], classes=["fling", "other"])


def test_values_far_out_at_prediction_are_scored_without_a_warning():
    X, y = IRIS
    assert np.isfinite(
        ArchetypeClassifier().fit(X, y).predict_log_proba([[1e300, -1e300, 0, 1]])
    ).all()


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
def test_frames_with_gaps_are_read_and_given_back(frame):
    columns = {"affect": [0.9, None, 0.4, 0.5], "endurance": [0.1, 0.2, 0.9, None]}
    y = frame({"y": ["fling", "fling", "marriage", "marriage"]})["y"]
    X = frame(columns)
    model = ArchetypeClassifier(prior=PRIOR).fit(X, y)
    assert model.feature_names_in_.tolist() == ["affect", "endurance"]
    assert model.predict(X).tolist() == ["fling", "fling", "marriage", "marriage"]
    model.set_output(transform=frame.__module__.split(".")[0])
    scores = model.transform(X)
    assert isinstance(scores, frame)
    assert list(scores.columns) == ["score_fling", "score_friendship", "score_marriage"]
    numbers = ArchetypeClassifier(prior=PRIOR).fit(X, y).transform(X)
    assert np.array_equal(scores.to_numpy(), numbers)


def test_frames_and_arrays_give_the_same():
    X, y = IRIS
    X = np.where(np.random.default_rng(0).random(X.shape) < 0.3, np.nan, X)
    names = ["a", "b", "c", "d"]
    as_array = ArchetypeClassifier().fit(X, y).predict_proba(X)
    for frame in (pd.DataFrame(X, columns=names), pl.DataFrame(X, schema=names).fill_nan(None)):
        assert np.array_equal(ArchetypeClassifier().fit(frame, y).predict_proba(frame), as_array)


def test_it_works_in_a_pipeline_a_grid_search_and_calibration():
    X, y = IRIS
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    pipeline = make_pipeline(StandardScaler(), ArchetypeClassifier())
    grid = {
        "archetypeclassifier__damping": [0.0, 1.0],
        "archetypeclassifier__prior_strength": [1, 20],
    }
    search = GridSearchCV(pipeline, grid, scoring="neg_log_loss", cv=3).fit(X, names)
    assert search.best_score_ > -0.2
    for ensemble in (True, False):
        calibrated = CalibratedClassifierCV(ArchetypeClassifier(), ensemble=ensemble, cv=3)
        assert calibrated.fit(X, names).score(X, names) > 0.9
    stacked = make_pipeline(ArchetypeClassifier(), LogisticRegression(max_iter=1000)).fit(X, names)
    assert stacked.score(X, names) > 0.9
    assert cross_val_score(ArchetypeClassifier(), X, names, cv=3).min() > 0.85


def test_calibration_with_a_prior_bears_a_class_that_a_fold_lacks():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.uniform(size=(40, 2)), columns=["affect", "endurance"])
    y = np.array(["fling", "marriage"] * 19 + ["friendship"] * 2)
    model = CalibratedClassifierCV(ArchetypeClassifier(prior=PRIOR), cv=StratifiedKFold(2))
    assert model.fit(X, y).predict_proba(X).shape == (40, 3)


def test_weights_are_routed_as_in_scikit_learn():
    request = ArchetypeClassifier().get_metadata_routing()
    assert set(request.fit.requests) == {"sample_weight"}
    assert set(request.partial_fit.requests) == {"classes", "sample_weight"}


def test_clone_and_pickle_keep_parameters_and_what_was_learned():
    X, y = IRIS
    model = ArchetypeClassifier(damping=0.5, prior={0: {"x0": (5.0, 0.5)}}).fit(X, y)
    assert clone(model).get_params() == model.get_params()
    again = pickle.loads(pickle.dumps(model))
    assert again.predict_proba(X).tobytes() == model.predict_proba(X).tobytes()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_probabilities_are_better_than_naive_bayes_with_forty_rows(seed):
    losses = {"ours": [], "naive": []}
    synthetic = make_classification(400, 10, n_informative=5, n_classes=3, random_state=0)
    for X, y in (IRIS, load_wine(return_X_y=True), load_breast_cancer(return_X_y=True), synthetic):
        rows = np.random.default_rng(seed).permutation(len(y))
        learn, rest = rows[:40], rows[40:]
        for name, model in {"ours": ArchetypeClassifier(), "naive": GaussianNB()}.items():
            found = model.fit(X[learn], y[learn]).predict_proba(X[rest]).clip(1e-15, 1)
            losses[name].append(log_loss(y[rest], found / found.sum(axis=1, keepdims=True)))
    assert np.mean(losses["ours"]) < np.mean(losses["naive"])

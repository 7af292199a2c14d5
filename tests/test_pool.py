"""Posteriors, and the customers who stay unclassified."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reltype import plugins
from reltype.definitions.archetypes import Place
from reltype.errors import PluginError
from reltype.plugins.knowledge import Knowledge
from reltype.scoring.plan import Plan
from reltype.scoring.pool import distances, pool, softmax
from tests.test_classifiers import batch


@pytest.fixture(scope="module")
def plan():
    catalogue = Knowledge.of(plugins.load(only=())).catalogue
    return Plan(catalogue, catalogue.typology("customer"))


class Says:
    """A classifier that says what it was told."""

    name = "says"

    def __init__(self, scores):
        self.scores = np.array(scores, float)

    def score(self, _):
        return self.scores


def none(n):
    return np.full(n, -1, np.int64)


@given(arrays(float, (4, 5), elements=st.floats(-700, 700)))
def test_probabilities_sum_to_one(scores):
    made = softmax(scores)
    assert made.sum(axis=1) == pytest.approx(np.ones(4))
    assert (made >= 0).all()


def test_nobody_speaking_leaves_the_base_rates(plan):
    made = pool(plan, [Says(np.zeros((1, 4)))], batch(np.zeros((1, len(plan.dimensions)))), none(1))
    priors = [a.prior for a in plan.archetypes] + [plan.typology.unclassified_prior]
    odds = np.array(priors) ** (1 / made.temperature[0])
    assert made.posterior[0] == pytest.approx(odds / odds.sum())


def test_the_score_is_the_prior_and_all_parts_over_the_temperature(plan):
    says = [[1.0, -2.0, 0.5, 0.0]]
    made = pool(plan, [Says(says), Says(says)], batch(np.zeros((1, len(plan.dimensions)))), none(1))
    prior = np.log([a.prior for a in plan.archetypes])
    # What little evidence cools is the pack's own word; a classifier of others speaks in full.
    assert made.scores[0, :-1] == pytest.approx(
        prior / made.temperature[0] + 2 * np.array(says[0]) / plan.typology.temperature
    )


def test_a_reason_not_to_classify_wins_over_any_score(plan):
    made = pool(
        plan, [Says([[50.0, 0, 0, 0]])], batch(np.zeros((1, len(plan.dimensions)))), np.array([0])
    )
    assert made.posterior[0].argmax() == 4
    assert made.posterior[0, 4] > 0.99


@pytest.mark.parametrize(
    ("scores", "complaint"),
    [
        ([[np.nan, 0, 0, 0]], "not a finite number"),
        ([[np.inf, 0, 0, 0]], "not a finite number"),
        ([[0, 0, 0]], r"shape \(1, 3\) where \(1, 4\)"),
        ([[0, 0, 0, 0], [0, 0, 0, 0]], r"shape \(2, 4\) where \(1, 4\)"),
    ],
)
def test_a_classifier_that_gives_nonsense_is_named(plan, scores, complaint):
    with pytest.raises(PluginError, match=complaint) as caught:
        pool(plan, [Says(scores)], batch(np.zeros((1, len(plan.dimensions)))), none(1))
    assert "classifier 'says'" in str(caught.value)


def test_scores_far_apart_do_not_overflow_and_each_row_is_its_own():
    made = softmax(np.array([[1000.0, 0.0], [0.0, -1000.0], [-5.0, -5.0]]))
    np.testing.assert_allclose(made, [[1, 0], [1, 0], [0.5, 0.5]])


def test_two_places_are_apart_by_their_tolerances_and_nothing_where_one_says_nothing():
    places = [
        {"affect": Place(0.9, 0.1), "volition": Place(0.2, 0.3)},
        {"affect": Place(0.4, 0.2)},
    ]
    archetypes = [SimpleNamespace(prototype=p) for p in places]
    dimensions = [
        SimpleNamespace(name=n, weight=w) for n, w in (("affect", 2.0), ("volition", 1.0))
    ]
    found = distances(SimpleNamespace(archetypes=archetypes, dimensions=dimensions))
    apart = 2.0 * 0.5**2 / ((0.1**2 + 0.2**2) / 2)
    np.testing.assert_allclose(found[0, 1], [apart, 0])
    np.testing.assert_allclose(found[1, 0], [apart, 0])
    np.testing.assert_allclose(found[0, 0], [0, 0])

"""What VoteModel promises: laws, edges, errors, and figures on real votes."""

import numpy as np
import pytest
from benchmark import crowd, dawid_skene, rule_votes
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from reltype.errors import UsageError

from reltype_votes import VoteModel


def voters(seed, n=400, classes=3, accuracies=(0.6, 0.65, 0.7, 0.75, 0.8, 0.85), abstain=0.2):
    """Votes (n, rules) of independent voters, and the truth."""
    draw = np.random.default_rng(seed)
    truth = draw.integers(classes, size=n)
    right = draw.random((n, len(accuracies))) < accuracies
    other = (truth[:, None] + draw.integers(1, classes, size=right.shape)) % classes
    votes = np.where(right, truth[:, None], other)
    votes[draw.random(votes.shape) < abstain] = -1
    return votes, truth


def small_votes(classes=3, rules=4):
    shape = st.tuples(st.integers(1, 40), st.just(rules))
    return arrays(np.int64, shape, elements=st.integers(-1, classes - 1))


@settings(max_examples=12, deadline=None)
@given(votes=small_votes())
def test_rows_sum_to_one(votes):
    found = VoteModel(3).fit(votes).predict_proba(votes)
    assert found.shape == (len(votes), 3)
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1)


@settings(max_examples=12, deadline=None)
@given(votes=small_votes(), seed=st.integers(0, 9))
def test_permuting_rows_permutes_the_answers(votes, seed):
    order = np.random.default_rng(seed).permutation(len(votes))
    model = VoteModel(3).fit(votes)
    again = VoteModel(3).fit(votes[order])
    np.testing.assert_allclose(again.predict_proba(votes), model.predict_proba(votes), atol=1e-9)


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_permuting_rules_changes_nothing(seed):
    votes, _ = voters(seed)
    order = np.random.default_rng(seed).permutation(votes.shape[1])
    model = VoteModel(3).fit(votes)
    again = VoteModel(3).fit(votes[:, order])
    assert again.method_ == model.method_
    found = again.predict_proba(votes[:, order])
    np.testing.assert_allclose(found, model.predict_proba(votes), atol=1e-6)


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10_000), balance=st.sampled_from([None, [1 / 3] * 3]))
@example(seed=6889, balance=None)  # two classes are named equally often
@example(seed=58, balance=None)
def test_relabelling_classes_permutes_the_columns(seed, balance):
    votes, _ = voters(seed)
    to = np.random.default_rng(seed).permutation(3)
    renamed = np.where(votes < 0, -1, to[votes])
    model = VoteModel(3, class_balance=balance).fit(votes)
    again = VoteModel(3, class_balance=balance).fit(renamed)
    found = again.predict_proba(renamed)[:, to]
    np.testing.assert_allclose(found, model.predict_proba(votes), atol=1e-6)


@settings(max_examples=12, deadline=None)
@given(votes=small_votes(), new=small_votes())
def test_unanimous_voters_are_never_contradicted(votes, new):
    model = VoteModel(3).fit(votes)
    named = new.max(axis=1)
    unanimous = (named >= 0) & ((new == named[:, None]) | (new < 0)).all(axis=1)
    assert (model.predict(new)[unanimous] == named[unanimous]).all()


def test_unanimous_voters_win_against_a_given_class_balance_and_against_silence():
    votes = np.array([[0, -1, -1]] * 95 + [[-1, 1, -1]] * 4 + [[0, 0, 1]] * 3)
    model = VoteModel(2, class_balance=[0.999, 0.001]).fit(votes)
    assert model.predict([[-1, 1, -1], [1, -1, -1], [-1, -1, 1]]).tolist() == [1, 1, 1]


@settings(max_examples=12, deadline=None)
@given(votes=small_votes(), new=small_votes(), rule=st.integers(0, 3), named=st.integers(0, 2))
def test_one_more_vote_of_a_one_sided_rule_never_lowers_its_class(votes, new, rule, named):
    model = VoteModel(3).fit(np.where(votes < 0, -1, [0, 1, 2, 0]))
    without, added = new.copy(), new.copy()
    without[:, rule], added[:, rule] = -1, named
    before = model.predict_proba(without)[:, named]
    assert (model.predict_proba(added)[:, named] >= before - 1e-9).all()


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10_000), rule=st.integers(0, 5))
def test_a_copied_rule_barely_changes_the_posteriors(seed, rule):
    votes, _ = voters(seed, abstain=0.1)
    copied = np.column_stack([votes, votes[:, rule]])
    found = VoteModel(3).fit(votes).predict_proba(votes)
    again = VoteModel(3).fit(copied)
    assert (rule, 6) in again.correlated_pairs_
    np.testing.assert_allclose(again.predict_proba(copied), found, atol=1e-9)


@settings(max_examples=12, deadline=None)
@given(votes=small_votes())
def test_input_is_left_as_it_was_and_the_answer_is_the_same_bytes(votes):
    before = votes.copy()
    found = VoteModel(3).fit(votes).predict_proba(votes)
    again = VoteModel(3).fit(votes).predict_proba(votes)
    assert (votes == before).all()
    assert found.tobytes() == again.tobytes()


def test_a_rule_that_is_mostly_copied_by_others_counts_once():
    votes, truth = voters(1, 600, accuracies=(0.6, 0.75, 0.75, 0.75, 0.75), abstain=0)
    draw = np.random.default_rng(2)
    copies = [np.where(draw.random(600) < 0.85, votes[:, 0], votes[:, k]) for k in (1, 2, 3)]
    worse = np.column_stack([votes, *copies])
    model = VoteModel(3).fit(worse)
    assert {(0, 5), (0, 6), (0, 7), (5, 6), (5, 7), (6, 7)} <= set(model.correlated_pairs_)
    assert (model.weights_[[0, 5, 6, 7]] < 0.5).all()
    assert (model.predict(worse) == truth).mean() > 0.85


def test_reliable_voters_outvote_a_majority_of_guessers():
    votes, truth = voters(3, 1500, 2, (0.95, 0.9, 0.55, 0.55, 0.55, 0.55), 0)
    model = VoteModel(2).fit(votes)
    majority = ((votes == 1).mean(axis=1) > 0.5).astype(int)
    assert model.method_.removesuffix("+undamped") in {"one-coin", "confusion"}
    assert (model.predict(votes) == truth).mean() > (majority == truth).mean() + 0.03
    np.testing.assert_allclose(model.accuracy_, [0.95, 0.9, 0.55, 0.55, 0.55, 0.55], atol=0.06)


def test_voters_of_equal_worth_are_combined_as_by_their_majority():
    methods, gains = set(), []
    for seed in range(8):
        votes, truth = voters(seed, 150, 2, (0.7,) * 5, 0)
        model = VoteModel(2, class_balance=[0.5, 0.5]).fit(votes)
        majority = (votes.mean(axis=1) > 0.5).astype(int)
        gains.append((model.predict(votes) == truth).mean() - (majority == truth).mean())
        methods.add(model.method_)
        assert model.scores_[model.method_] >= model.scores_["majority"]
        if model.method_ == "majority":
            assert (model.predict(votes) == majority).all()
    assert "majority" in methods
    assert np.mean(gains) > -0.01


def test_voters_who_say_the_contrary_are_turned_round():
    votes, truth = voters(6, 2000, 2, (0.8, 0.8, 0.8, 0.8, 0.1, 0.1), 0)
    model = VoteModel(2).fit(votes)
    assert (model.predict(votes) == truth).mean() > 0.95
    assert model.predict([[1, 1, 1, 1, 1, 1]]) == [1]


def test_a_one_sided_rule_that_looks_worse_than_guessing_is_not_turned_round():
    draw = np.random.default_rng(8)
    truth = draw.integers(2, size=3000)
    says = np.where(truth[:, None] == [0, 0, 1, 1], 0.4, 0.05)
    votes = np.where(draw.random((3000, 4)) < says, [0, 0, 1, 1], -1)
    contrary = np.where((truth == 0) & (draw.random(3000) < 0.4), 1, -1)
    model = VoteModel(2).fit(np.column_stack([votes, contrary]))
    assert model.accuracy_[4] < 0.4
    without, with_it = model.predict_proba([[0, 0, -1, -1, -1], [0, 0, -1, -1, 1]])[:, 1]
    assert with_it >= without


def test_voters_who_scatter_little_share_one_table():
    draw = np.random.default_rng(9)
    truth = draw.integers(4, size=600)
    table = np.array([[0.7, 0.3, 0, 0], [0.1, 0.9, 0, 0], [0, 0, 0.6, 0.4], [0, 0.1, 0.1, 0.8]])
    votes = (draw.random((600, 60, 1)) > table[truth].cumsum(axis=1)[:, None]).sum(axis=2)
    votes[np.argsort(draw.random(votes.shape), axis=1) >= 5] = -1
    found = VoteModel(4).fit(votes)
    own = [dawid_skene(votes, votes, 4, symbol=False) == truth]
    assert found.method_ == "confusion"
    assert (found.predict(votes) == truth).mean() > np.mean(own) + 0.01


def test_silence_speaks_where_rules_name_one_class_each():
    draw = np.random.default_rng(5)
    truth = (draw.random(4000) < 0.5).astype(int)
    fires = np.where(truth[:, None] == [0, 0, 0, 1, 1, 1], [0.6] * 3 + [0.15] * 3, 0.02)
    votes = np.where(draw.random((4000, 6)) < fires, [0, 0, 0, 1, 1, 1], -1)
    model = VoteModel(2).fit(votes)
    silent = (votes < 0).all(axis=1)
    assert "+silence" in model.method_
    assert truth[silent].mean() > 0.8
    assert model.predict_proba(votes[silent])[0, 1] > 0.8
    assert (model.predict(votes) == truth).mean() > 0.93


@pytest.mark.parametrize(
    ("votes", "asked", "expected"),
    [
        ([[0], [1], [0]], [[0], [1]], [0, 1]),
        ([[1, 1, 0]], [[1, 1, 0]], [1]),
        ([[1], [1], [1]], [[1]], [1]),
        ([[0, 2], [0, 2]], [[-1, 2], [0, -1]], [2, 0]),
        ([[-1, -1]], [[-1, -1], [2, -1]], [0, 2]),
        ([[0.0, 2.0], [1.0, 1.0]], [[2.0, 2.0]], [2]),
    ],
    ids=["one rule", "one row", "constant rule", "constant rules", "nobody votes", "whole floats"],
)
def test_little_is_enough(votes, asked, expected):
    assert VoteModel(3).fit(votes).predict(asked).tolist() == expected


def test_without_any_vote_the_class_balance_answers():
    nobody = np.full((5, 3), -1)
    uniform = VoteModel(4).fit(nobody)
    np.testing.assert_allclose(uniform.predict_proba(nobody), 0.25)
    assert np.isnan(uniform.accuracy_).all()
    given_balance = VoteModel(2, class_balance=[0.3, 0.7]).fit(nobody)
    np.testing.assert_allclose(given_balance.predict_proba(nobody)[0], [0.3, 0.7])


def test_no_rows_give_no_answers():
    model = VoteModel(2).fit([[0, 1], [1, 1]])
    assert model.predict_proba(np.empty((0, 2), int)).shape == (0, 2)
    assert model.predict(np.empty((0, 2))).shape == (0,)


@pytest.mark.parametrize(
    ("votes", "text"),
    [
        ([0, 1, 1], "2 dimension|1 dimension"),
        ([[0, 3]], r"votes\[0, 1\] is 3, but a vote is a class from 0 to 2"),
        ([[0, 1], [-2, 1]], r"votes\[1, 0\] is -2"),
        ([[0.5, 1]], r"votes\[0, 0\] is 0.5"),
        ([[0.0, float("nan")]], r"votes\[0, 1\] is nan"),
        ([["spam", "ham"]], "whole numbers"),
        (np.empty((0, 3), int), "no votes to learn from"),
        (np.empty((3, 0), int), "no votes to learn from"),
    ],
)
def test_votes_that_cannot_be_read_are_an_error_that_says_where(votes, text):
    with pytest.raises(UsageError, match=text):
        VoteModel(3).fit(votes)


@pytest.mark.parametrize("n_classes", [1, 0, -1, 2.5, "two", True, None])
def test_fewer_than_two_classes_are_an_error(n_classes):
    with pytest.raises(UsageError, match="n_classes must be a whole number of at least 2"):
        VoteModel(n_classes).fit([[0]])


@pytest.mark.parametrize(
    "balance", [[0.5], [0.5, 0.6], [0, 1], [-0.5, 1.5], [float("nan"), 1], "even", [[0.5, 0.5]]]
)
def test_a_class_balance_that_is_none_is_an_error(balance):
    with pytest.raises(UsageError, match="class_balance must be 2"):
        VoteModel(2, class_balance=balance).fit([[0]])


def test_predicting_before_learning_says_what_to_call():
    with pytest.raises(UsageError, match=r"call fit\(votes\)"):
        VoteModel(2).predict([[0]])


def test_another_number_of_rules_is_an_error():
    with pytest.raises(UsageError, match="3 columns, but the model learned from 2 rules"):
        VoteModel(2).fit([[0, 1]]).predict([[0, 1, 1]])


def test_parameters_can_be_read_and_set():
    model = VoteModel(2).set_params(class_balance=[0.2, 0.8])
    assert model.get_params() == {"n_classes": 2, "class_balance": [0.2, 0.8]}
    with pytest.raises(UsageError, match="no parameter 'seed'"):
        model.set_params(seed=1)


@pytest.mark.parametrize(
    ("name", "least"),
    # The better of majority vote and Dawid-Skene on each folder, less half a point.
    [("votes-crowd-product", 0.9343), ("votes-crowd-duck", 0.8931)],
)
def test_workers_are_combined_no_worse_than_by_the_better_of_the_usual_models(shared, name, least):
    votes, truth = crowd(shared / name)
    assert (VoteModel(2).fit(votes).predict(votes) == truth).mean() >= least


@pytest.mark.parametrize(
    ("name", "part", "least"),
    [("votes-youtube", "test", 0.827), ("votes-sms", "train", 0.905)],
)
def test_rules_are_combined_no_worse_than_by_the_better_of_the_usual_models(
    shared, name, part, least
):
    votes, _ = rule_votes(shared / name / "train.csv")
    new, truth = rule_votes(shared / name / f"{part}.csv")
    assert (VoteModel(2).fit(votes).predict(new) == truth).mean() >= least

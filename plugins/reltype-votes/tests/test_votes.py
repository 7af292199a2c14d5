"""What VoteModel promises: laws, edges, errors, and figures on real votes."""

import datetime as dt
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from benchmark import FAMILIES, against_majority, crowd, dawid_skene, family, rule_votes
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from reltype.errors import UsageError
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import check_estimator

from reltype_votes import VoteModel, leaders


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


def test_reliable_voters_outvote_a_majority_of_weak_ones():
    votes, truth = voters(3, 1500, 2, (0.95, 0.9, 0.85, 0.6, 0.6, 0.6, 0.6), 0)
    model = VoteModel(2).fit(votes)
    majority = ((votes == 1).mean(axis=1) > 0.5).astype(int)
    assert model.method_ in {"one-coin", "confusion"}
    assert (model.predict(votes) == truth).mean() > (majority == truth).mean() + 0.03
    np.testing.assert_allclose(model.accuracy_, [0.95, 0.9, 0.85, 0.6, 0.6, 0.6, 0.6], atol=0.06)


def test_voters_of_equal_worth_are_combined_by_their_majority():
    for seed in range(8):
        votes, _ = voters(seed, 150, 2, (0.7,) * 5, 0)
        model = VoteModel(2).fit(votes)
        assert model.method_ == "majority"
        assert (model.predict(votes) == (votes.mean(axis=1) > 0.5)).all()


@settings(max_examples=25, deadline=None)
@given(votes=small_votes(), new=small_votes())
def test_where_the_majority_decides_nothing_else_wins(votes, new):
    model = VoteModel(3).fit(votes)
    most = leaders(new, model.weights_, 3)
    if model.method_ == "majority":
        assert most[np.arange(len(new)), model.predict(new)].all()


@pytest.mark.parametrize("balance", [[0.1, 0.3, 0.6], {2: 0.6, 0: 0.1, 1: 0.3}])
def test_a_given_class_balance_breaks_ties_and_no_majority(balance):
    votes = [[0, 2, None], [0, 1, None], [0, 0, 2], [None] * 3]
    model = VoteModel(3, class_balance=balance).fit(votes)
    assert model.predict(votes).tolist() == [2, 1, 0, 2]
    np.testing.assert_allclose(model.predict_proba([[None] * 3])[0], [0.1, 0.3, 0.6])


@pytest.mark.parametrize("seed", range(4))
def test_a_class_of_one_rule_is_never_confirmed_so_the_majority_stays(seed):
    votes, _, k = family("one rule a class", seed)
    model = VoteModel(k).fit(votes)
    assert (model.method_, model.ties_) == ("majority", "class balance")
    assert (model.predict(votes) == plain_majority(votes, k)).all()


def plain_majority(votes, k):
    return np.stack([(votes == c).sum(axis=1) for c in range(k)], axis=1).argmax(axis=1)


def test_it_wins_on_a_plain_majority_on_average_and_hardly_ever_loses():
    gains = [against_majority(*family(name, seed))[0] for name in FAMILIES for seed in (0, 1, 2)]
    assert np.mean(gains) > 0.5
    assert np.mean(np.array(gains) < -0.5) < 0.07
    assert min(gains) > -4


def test_weights_that_other_voters_do_not_bear_out_are_not_used():
    """Two good workers among guessers look like copies, but the others side with the two."""
    votes, _ = voters(11, 1500, 2, (0.95, 0.95, 0.6, 0.6, 0.6, 0.6, 0.6), 0)
    assert (VoteModel(2).fit(votes).weights_ == 1).all()


def test_voters_who_say_the_contrary_are_turned_round():
    votes, truth = voters(6, 2000, 2, (0.8,) * 6 + (0.1, 0.1), 0)
    model = VoteModel(2).fit(votes)
    assert (model.predict(votes) == truth).mean() > 0.95
    assert model.predict([[1] * 8]) == [1]


def test_where_half_of_the_voters_seem_contrary_nobody_is_turned_round():
    votes, _ = voters(6, 2000, 2, (0.8, 0.8, 0.8, 0.2, 0.2, 0.2), 0)
    model = VoteModel(2).fit(votes)
    assert (model.method_, model.ties_) == ("majority", "class balance")


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
    assert "+silence" in model.ties_
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
        ([0, 1, 1], "has 1 dimension"),
        (pd.Series([0, 1]), "has 1 dimension"),
        (pl.Series([0, 1]), "has 1 dimension"),
        ([[0, 3]], r"votes\[0, 1\] is 3, but a vote is one of 0, 1, 2, or null or -1 to abstain"),
        ([[0, 1], [-2, 1]], r"votes\[1, 0\] is -2"),
        ([[0.5, 1]], r"votes\[0, 0\] is 0.5"),
        ([["spam", "ham"]], r"votes\[0, 0\] is 'spam'"),
        ([[0, "1"]], r"votes\[0, 1\] is '1'"),
        ([[0, [1]]], "different lengths|must be a label"),
        ([[0, 1], [1]], "different lengths"),
        (np.empty((0, 3), int), "no votes to learn from"),
        (np.empty((3, 0), int), "no votes to learn from"),
        (csr_array(np.eye(2)), "sparse"),
    ],
)
def test_votes_that_cannot_be_read_are_an_error_that_says_where(votes, text):
    with pytest.raises(UsageError, match=text):
        VoteModel(3).fit(votes)


@pytest.mark.parametrize(
    "classes", [1, 0, -1, 2.5, "two", True, ["a"], ["a", "a"], np.array(3), {"a": 1}]
)
def test_classes_that_are_none_are_an_error(classes):
    with pytest.raises(UsageError, match="classes must be a whole number of at least 2"):
        VoteModel(classes).fit([[0]])


@pytest.mark.parametrize(
    ("votes", "arguments", "y", "text"),
    [
        ([["a", "a"]], {}, None, "one class only, 'a'"),
        ([[1, -1], [-1, 1]], {}, None, "-1 is taken for no vote, unless abstain=None"),
        ([[None]], {}, None, "name no class"),
        ([[1, "a"]], {}, None, r"different types \(int, str\)"),
        ([[1, 0]], {"classes": [-1, 0, 1]}, None, "means that a voter abstains"),
        ([[1, 0]], {}, [-1], "means that a voter abstains"),
        ([[1, 0]], {}, [1, 0], "inconsistent numbers of samples"),
        ([[1, 0]], {}, [np.nan], "contains NaN"),
    ],
)
def test_classes_that_cannot_be_told_are_an_error(votes, arguments, y, text):
    with pytest.raises(UsageError, match=text):
        VoteModel(**arguments).fit(votes, y)


@pytest.mark.parametrize(
    "balance", [[0.5], [0.5, 0.6], [0, 1], [-0.5, 1.5], [float("nan"), 1], "even", [[0.5, 0.5]]]
)
def test_a_class_balance_that_is_none_is_an_error(balance):
    with pytest.raises(UsageError, match="class_balance must be 2"):
        VoteModel(2, class_balance=balance).fit([[0]])


NOTHING = {
    "None": lambda t: np.where(t < 0, None, t.astype(object)),
    "NaN": lambda t: np.where(t < 0, np.nan, t.astype(float)),
    "NaN among objects": lambda t: np.where(t < 0, np.nan, t.astype(object)),
    "masked": lambda t: np.ma.masked_array(t, t < 0),
    "masked floats": lambda t: np.ma.masked_array(np.where(t < 0, 7.5, t), t < 0),
    "lists": lambda t: [[None if v < 0 else v for v in row] for row in t.tolist()],
    "small": lambda t: t.astype(np.int8),
    "pandas": lambda t: pd.DataFrame(t, columns=list("abcd")).astype("Int64").mask(t < 0),
    "pandas floats": lambda t: pd.DataFrame(t, columns=list("abcd")).astype(float).mask(t < 0),
    "pandas mixed": lambda t: pd.DataFrame(t).astype({0: "Int64", 1: float, 2: object}),
    "polars": lambda t: pl.DataFrame(
        [
            pl.Series(n, [None if v < 0 else v for v in t[:, i].tolist()])
            for i, n in enumerate("abcd")
        ]
    ),
}


@pytest.mark.parametrize("nothing", NOTHING)
def test_every_way_of_saying_nothing_abstains(nothing):
    votes, _ = voters(2, 120, 3, (0.6, 0.7, 0.8, 0.9))
    given_votes = NOTHING[nothing](votes)
    model = VoteModel().fit(given_votes)
    assert model.classes_.tolist() == [0, 1, 2]
    expected = VoteModel(3).fit(votes).predict_proba(votes)
    np.testing.assert_array_equal(model.predict_proba(given_votes), expected)


LABELS = {
    "text": ["ham", "spam", "virus"],
    "text with spaces": ["", " ", "nan"],
    "numbers": [-7, 0, 12],
    "fractions": [0.25, 0.5, 1.5],
    "far apart": [-(2**60), 0, 2**60],
    "dates": [dt.date(2026, 1, 1), dt.date(2026, 1, 2), dt.date(2026, 1, 3)],
}


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
@pytest.mark.parametrize("as_given", [np.asarray, pd.DataFrame, pl.DataFrame, list])
def test_classes_are_any_labels(labels, as_given):
    votes, _ = voters(2, 120, 3, (0.6, 0.7, 0.8, 0.9))
    of = np.array([*labels, None], dtype=object)
    rows = of[votes].tolist()
    table = as_given(rows) if as_given is not pl.DataFrame else pl.DataFrame(rows, orient="row")
    model = VoteModel().fit(table)
    assert model.classes_.tolist() == labels
    expected = VoteModel(3).fit(votes)
    np.testing.assert_array_equal(model.predict_proba(table), expected.predict_proba(votes))
    assert model.predict(table).tolist() == of[expected.predict(votes)].tolist()


def test_true_and_false_are_classes_and_minus_one_is_one_if_it_does_not_abstain():
    model = VoteModel().fit([[True, True, None], [False, True, False]])
    assert model.predict([[True, None, None]]).tolist() == [True]
    model = VoteModel(abstain=None).fit([[-1, -1, 1], [1, -1, 1], [np.nan, 1, 1]])
    assert model.predict([[-1, -1, 1], [np.nan, 1, np.nan]]).tolist() == [-1, 1]
    model = VoteModel(abstain="?").fit([["a", "?", "b"], ["b", "b", "?"]])
    assert model.classes_.tolist() == ["a", "b"]


def test_classes_keep_the_order_in_which_they_are_given():
    model = VoteModel(["ham", "spam", "eggs"]).fit([["spam", "ham", None], ["spam", None, None]])
    assert model.classes_.tolist() == ["ham", "spam", "eggs"]
    assert model.predict_proba([["eggs", "eggs", None]]).argmax() == 2
    with pytest.raises(UsageError, match="'ham', 'spam', 'eggs'"):
        model.predict([["tofu", None, None]])


def test_y_names_classes_and_nothing_else_is_learned_of_it():
    votes, truth = voters(4, 200, 3)
    model = VoteModel(3).fit(votes)
    other = VoteModel().fit(votes, np.random.default_rng(0).permutation(truth))
    np.testing.assert_array_equal(model.predict_proba(votes), other.predict_proba(votes))
    assert VoteModel().fit([[0, 1]], [5]).classes_.tolist() == [0, 1, 5]


def test_scikit_learn_clones_it_puts_it_in_pipelines_and_cross_validates_it():
    votes, truth = voters(5, 300, 3)
    text = np.array(["no", "yes", "maybe", None], dtype=object)
    model = VoteModel(class_balance=[0.3, 0.3, 0.4])
    assert clone(model).get_params() == model.get_params()
    pipe = make_pipeline(FunctionTransformer(lambda t: text[t]), VoteModel())
    answer = cross_val_predict(pipe, votes, text[truth].astype(str), cv=3)
    assert (answer == text[truth]).mean() > 0.85
    proba = cross_val_predict(VoteModel(), votes, truth, cv=3, method="predict_proba")
    assert (proba.argmax(axis=1) == truth).mean() > 0.85
    assert VoteModel().fit(votes).score(votes, truth) > 0.85
    frame = pd.DataFrame(text[votes], columns=[*"abcdef"])
    fitted = VoteModel().fit(frame)
    assert fitted.feature_names_in_.tolist() == [*"abcdef"]
    with pytest.raises(ValueError, match="feature names"):
        fitted.predict(frame[[*"fedcba"]])
    assert (pickle.loads(pickle.dumps(fitted)).predict(frame) == fitted.predict(frame)).all()


CONTINUOUS = "its votes are continuous numbers, each of which is a class here"


def test_it_passes_what_applies_of_the_checks_of_scikit_learn():
    expected = dict.fromkeys(
        ("check_classifiers_train", "check_classifiers_classes", "check_classifiers_one_label"),
        CONTINUOUS,
    )
    found = check_estimator(VoteModel(), expected_failed_checks=expected, on_skip=None)
    assert {r["check_name"] for r in found if r["status"] == "xfail"} == set(expected)
    assert sum(r["status"] == "passed" for r in found) >= 45


def test_predicting_before_learning_says_what_to_call():
    with pytest.raises(NotFittedError, match="not fitted yet"):
        VoteModel(2).predict([[0]])
    failed = VoteModel(2)
    with pytest.raises(UsageError):
        failed.fit([[7]])
    with pytest.raises(NotFittedError):
        failed.predict([[0]])


def test_another_number_of_voters_is_an_error():
    with pytest.raises(ValueError, match="3 features, but VoteModel is expecting 2 features"):
        VoteModel(2).fit([[0, 1]]).predict([[0, 1, 1]])


def test_parameters_can_be_read_and_set():
    model = VoteModel(2).set_params(class_balance=[0.2, 0.8])
    assert model.get_params() == {"classes": 2, "class_balance": [0.2, 0.8], "abstain": -1}
    with pytest.raises(ValueError, match="Invalid parameter 'seed'"):
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

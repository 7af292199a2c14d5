"""Figures against ones worked out by hand or by scikit-learn, and what labels may look like."""

import json

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import adjusted_mutual_info_score, brier_score_loss, f1_score
from sklearn.metrics import log_loss as sklearn_log_loss

from reltype.api import classify
from reltype.errors import InputError
from reltype.learning import metrics
from reltype.learning.evaluation import agreement, evaluate
from reltype.learning.evaluation.comparison import compared, grouped, wilson
from reltype.learning.evaluation.labels import Labels
from reltype.simulate import simulate

RNG = np.random.default_rng(7)
TRUTH = RNG.integers(0, 4, 400)
NAMED = np.where(RNG.random(400) < 0.7, TRUTH, RNG.integers(0, 5, 400))
POSTERIOR = RNG.dirichlet(np.ones(5), 400)


@pytest.fixture(scope="module")
def world():
    return simulate("coffee bar", customers=300, seed=3)


@pytest.fixture(scope="module")
def found(world):
    return classify(world.interactions)


def test_macro_f1_is_scikit_learns():
    table = metrics.confusion(TRUTH, NAMED, 4)
    ours = metrics.macro(metrics.scores(table)[2])
    assert ours == pytest.approx(f1_score(TRUTH, NAMED, labels=range(4), average="macro"))


def test_precision_and_recall_by_hand():
    # Two of A (one named A, one unclassified), one of B named A.
    table = metrics.confusion(np.array([0, 0, 1]), np.array([0, 2, 0]), 2)
    assert table.tolist() == [[1, 0, 1], [1, 0, 0]]
    precision, recall, f1 = metrics.scores(table)
    assert precision[0] == 0.5
    assert np.isnan(precision[1])
    assert recall.tolist() == [0.5, 0.0]
    assert f1.tolist() == [0.5, 0.0]


def test_a_class_that_nobody_is_of_does_not_count():
    table = metrics.confusion(np.array([0, 0]), np.array([0, 0]), 2)
    assert metrics.macro(metrics.scores(table)[2]) == 1.0


def test_log_loss_and_brier_are_scikit_learns():
    p = metrics.given_one(POSTERIOR)
    assert metrics.log_loss(p, TRUTH) == pytest.approx(sklearn_log_loss(TRUTH, p))
    assert metrics.brier(p, TRUTH) == pytest.approx(
        brier_score_loss(TRUTH, p, labels=range(4), scale_by_half=False)
    )


def test_calibration_error_by_hand():
    confidence = np.array([0.95, 0.95, 0.55, 0.55])
    right = np.array([True, True, True, False])
    # |0.95 - 1| and |0.55 - 0.5|, half of the customers each.
    assert metrics.calibration_error(confidence, right) == pytest.approx(0.05)
    assert metrics.reliability(confidence, right)[9].tolist() == [2, 0.95, 1.0, 0.9]


def test_intervals_cover_the_true_f1_about_as_often_as_they_say():
    rng = np.random.default_rng(0)
    truly = np.array([[0.3, 0.1, 0.1], [0.1, 0.35, 0.05]])
    wanted = metrics.macro(metrics.scores(truly)[2])
    hits = 0
    for seed in range(100):
        cell = rng.choice(6, 200, p=truly.ravel())
        drawn = metrics.resampled(cell // 3, cell % 3, 2, seed=seed)
        low, high = metrics.interval(metrics.macro(metrics.scores(drawn)[2]))
        hits += low <= wanted <= high
    assert 85 <= hits <= 100


def test_less_is_named_and_less_of_it_wrong_as_the_threshold_rises():
    sure = np.array([[0.9, 0.1, 0.0], [0.6, 0.4, 0.0], [0.55, 0.45, 0.0], [0.2, 0.1, 0.7]])
    table = metrics.coverage_risk(
        sure, np.array([0, 0, 1, 0]), np.array([0.0, 0.58, 0.8]), np.zeros(4, bool)
    )
    assert table[:, 1].tolist() == [0.75, 0.5, 0.25]
    assert table[:, 2].tolist() == [pytest.approx(1 / 3), 0.0, 0.0]


@pytest.mark.parametrize(
    ("right", "count", "low", "high"),
    [(0, 10, 0.0, 0.278), (5, 10, 0.237, 0.763), (10, 10, 0.722, 1.0), (0, 0, 0.0, 1.0)],
)
def test_wilsons_interval(right, count, low, high):
    assert wilson(right, count) == pytest.approx((low, high), abs=1e-3)


def test_a_segmentation_that_is_the_truth_is_found_as_good():
    segments = [f"s{t}" for t in TRUTH]
    made = compared("segment", segments, TRUTH, NAMED, 4)
    assert made.shared == pytest.approx(1.0)
    assert made.macro_f1 == 1.0
    assert made.ours == pytest.approx(adjusted_mutual_info_score(TRUTH, NAMED))
    assert made.ours_macro_f1 == pytest.approx(
        f1_score(TRUTH, NAMED, labels=range(4), average="macro")
    )


def test_a_segmentation_by_chance_shares_nothing():
    segments = [str(s) for s in np.random.default_rng(1).integers(0, 6, len(TRUTH))]
    made = compared("segment", segments, TRUTH, NAMED, 4)
    assert abs(made.shared) < 0.02
    assert made.macro_f1 < 0.35


def test_a_group_that_fares_worse_is_flagged_and_others_are_not():
    groups = ["south" if i % 2 else "north" for i in range(400)]
    spoilt = np.where((np.arange(400) % 2 == 1) & (RNG.random(400) < 0.6), 4, TRUTH)
    by = {g.value: g for g in grouped(groups, TRUTH, spoilt, 4)}
    assert by["south"].flags == ("read worse than the others", "more often unclassified")
    assert by["north"].flags == ()
    even = grouped(groups, TRUTH, NAMED, 4)
    assert all(g.flags == () for g in even)


def test_small_groups_are_not_shown():
    groups = ["few"] * 9 + ["many"] * 391
    few = next(g for g in grouped(groups, TRUTH, NAMED, 4) if g.value == "few")
    assert few.customers == 9
    assert few.macro_f1 is None
    assert few.gap is None


def test_agreement_of_a_result_with_itself_is_perfect(found):
    named = found.table.select(["customer_id", "archetype"])
    made = agreement(found.to_arrow(), named)
    assert made.macro_f1 == 1.0
    assert "macro-F1 1.000" in made.text()


def test_the_truth_of_a_simulation_is_mostly_found_and_everything_is_told(found, world):
    made = evaluate(found, world.truth)
    assert made.macro_f1 > 0.6
    low, high = made.macro_f1_interval
    assert low < made.macro_f1 < high
    told = json.loads(json.dumps(made.as_dict()))
    assert told["customers"] == 300
    assert sum(sum(row.values()) for row in told["confusion"].values()) == 300
    assert {r["name"] for r in told["rules"]} == set(found.run.plan.catalogue.rules)
    for word in ("precision", "Brier", "--min-confidence", "is \\ was"):
        assert word in made.text()


def test_rules_are_judged_by_who_they_fired_on(found, world):
    made = evaluate(found, world.truth)
    fired = np.concatenate([b.fired for b in found.run.population.batches()])
    assert [r.fired for r in made.rules] == (fired == 1).sum(axis=0).tolist()
    assert all(0 <= r.low <= (r.right / r.fired) <= r.high <= 1 for r in made.rules if r.fired)


def test_a_column_of_the_labels_is_compared_with(found, world):
    labels = world.truth.append_column("segment", world.truth["archetype"])
    made = evaluate(found, labels, against="segment", by="segment")
    assert made.against is not None
    assert made.against.shared == pytest.approx(1.0)
    assert {g.value for g in made.groups} == set(world.truth["archetype"].to_pylist())
    with pytest.raises(ValueError, match=r"no column 'segmnt'.*Did you mean 'segment'"):
        evaluate(found, labels, against="segmnt")


def labels_of(text, tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,archetype\nC-1,fling\n", "no column 'customer_id'"),
        ("customer_id,type\nC-1,fling\n", "no column 'archetype'"),
        ("customer_id,archetype\nC-1,flng\n", r"line 2: no archetype is called 'flng'.*'fling'"),
        (
            "customer_id,archetype\nC-1,fling\nC-2,fling\nC-1,casual friendship\n",
            r"line 4: customer 'C-1' is called 'casual friendship', and 'fling' in line 2",
        ),
        ("customer_id,archetype\nC-1,\n", "holds no label"),
        (
            "customer_id,archetype\nnobody,fling\n",
            r"none of the 1 labelled customers is in the data",
        ),
        ("customer_id,archetype\nC-000001,unclassified\n", "every customer is labelled"),
    ],
)
def test_labels_that_cannot_be_used_say_why(found, tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        evaluate(found, labels_of(text, tmp_path))


def test_labels_may_be_written_in_any_case_twice_and_with_strangers(found, tmp_path):
    text = (
        "Customer_ID,Archetype\nC-000001,Casual_Friendship\nC-000001,casual friendship\n"
        "C-000002,FLING\nC-000003,unclassified\nstranger,fling\nC-000004,\n"
    )
    made = evaluate(found, labels_of(text, tmp_path))
    assert len(made) == 2
    assert [note.split(": ", 1)[1] for note in made.notes] == [
        "1 rows without a customer or an archetype were left out.",
        "1 of 4 labelled customers are not in the data ('stranger') and were left out.",
        "1 customers that people could not tell (unclassified) are not counted.",
    ]


def test_identifiers_of_labels_stay_text(found, tmp_path):
    path = labels_of("customer_id,archetype\n007,fling\n1e5,fling\n", tmp_path)
    read = Labels.of(path, found.run.plan.archetypes)
    assert read.customers == ("007", "1e5")


def test_labels_may_be_a_dict_a_table_or_a_list(found):
    archetypes = found.run.plan.archetypes
    table = pa.table({"customer_id": ["C-000001"], "archetype": ["fling"]})
    for given in ({"C-000001": "fling"}, table, table.to_pylist()):
        assert Labels.of(given, archetypes).customers == ("C-000001",)

"""What labels teach: never much worse than none, better with more, and told in a sentence."""

import numpy as np
import pytest
from attrs import evolve
from sklearn.ensemble import HistGradientBoostingClassifier

from reltype.api import classify, fit, open_run
from reltype.builtin.trees import DEPTH, Trees
from reltype.cli import run
from reltype.errors import InputError
from reltype.learning.evaluation import agreement
from reltype.learning.fitting import learnable
from reltype.learning.model.ranks import Ranks
from reltype.learning.model.stacking import folds, regress, stack, temperature
from reltype.simulate import simulate

RNG = np.random.default_rng(3)


@pytest.fixture(scope="module")
def world():
    return simulate("software subscription", customers=500, seed=4)


def some(world, count, seed=0):
    return world.truth.take(np.random.default_rng(seed).choice(500, count, replace=False))


def drawn(scores, seed):
    """A class for each row, drawn with the probabilities that the scores state."""
    noise = -np.log(-np.log(np.random.default_rng(seed).random(scores.shape)))
    return (scores + noise).argmax(axis=1)


def test_scores_that_are_right_already_are_left_as_they_are():
    scores = RNG.normal(size=(400, 4)) * 2
    made = stack(scores, RNG.normal(size=(400, 30)), drawn(scores, 1))
    assert made.slope == pytest.approx(1.0, abs=0.15)
    assert np.abs(made.intercept).max() < 0.3
    assert np.abs(made.weights).max() < 0.1


def test_a_column_that_tells_the_classes_apart_is_found():
    columns = RNG.normal(size=(400, 10))
    truly = np.zeros((400, 3))
    truly[:, 1] = 3 * columns[:, 4]
    made = stack(np.zeros((400, 3)), columns, drawn(truly, 2))
    assert made.loss < made.before - 0.2
    spread = np.ptp(made.weights, axis=1)
    assert spread.argmax() == 4
    assert spread[4] > 3 * np.delete(spread, 4).max()


def test_an_endless_penalty_leaves_only_slope_and_base_rates():
    scores = RNG.normal(size=(50, 3))
    _, _, weights = regress(scores, RNG.normal(size=(50, 5)), drawn(scores, 3), 1e9)
    assert np.abs(weights).max() < 1e-6


def test_overconfident_scores_get_a_temperature_above_one():
    scores = RNG.normal(size=(2000, 4)) * 2
    labels = drawn(scores, 4)
    assert temperature(scores * 3, labels) == pytest.approx(3.0, rel=0.15)
    assert temperature(scores, labels) == pytest.approx(1.0, rel=0.1)


def test_folds_spread_every_class_evenly():
    labels = np.repeat([0, 1, 2], [50, 12, 3])
    fold = folds(labels, 5)
    for label in range(3):
        counts = np.bincount(fold[labels == label], minlength=5)
        assert counts.max() - counts.min() <= 1


def test_ranks_need_no_unit_and_no_shape():
    x = RNG.normal(size=(3000, 1))
    for strange in (x, np.exp(5 * x), x**3 * 1e-9 + 7):
        scores = Ranks.of(strange).transform(strange)
        assert np.corrcoef(scores[:, 0], x[:, 0])[0, 1] > 0.99
        assert scores.std() == pytest.approx(1.0, abs=0.02)


def test_ranks_put_nulls_in_the_middle_and_flag_them():
    x = np.where(RNG.random((1000, 1)) < 0.3, np.nan, RNG.normal(size=(1000, 1)))
    ranks = Ranks.of(x)
    assert (ranks.transform(x)[np.isnan(x)] == 0).all()
    assert np.abs(ranks.flags(x).mean()) < 1e-9
    assert ranks.flags(x).std() == pytest.approx(1.0)
    constant = np.full((1000, 1), 5.0)
    assert (Ranks.of(constant).transform(constant) == 0).all()


def test_a_customers_rank_does_not_depend_on_the_batch():
    sample = RNG.gamma(2.0, size=(5000, 3))
    ranks = Ranks.of(sample)
    whole = ranks.transform(sample)
    assert np.array_equal(ranks.transform(sample[17:18]), whole[17:18])
    beyond = ranks.transform(np.array([[-1e9, 0.0, 1e9]]))
    assert beyond[0, 0] == whole[:, 0].min() and beyond[0, 2] == whole[:, 2].max()  # noqa: PT018


@pytest.mark.parametrize("classes", [2, 4])
def test_trees_as_tables_say_what_scikit_learn_says(classes):
    raw = RNG.normal(size=(600, 5))
    raw[RNG.random(raw.shape) < 0.1] = np.nan
    raw[:, 2] = 1.0
    labels = drawn(np.nan_to_num(raw) @ RNG.normal(size=(5, classes)), 5)
    ours = Trees().predict_proba(Trees().fit(raw, labels, tuple("abcde")), raw)
    told = raw[:, [0, 1, 3, 4]]
    theirs = HistGradientBoostingClassifier(
        max_iter=40,
        max_depth=DEPTH,
        min_samples_leaf=20,
        l2_regularization=1.0,
        early_stopping=False,
        random_state=0,
    ).fit(told, labels)
    assert ours == pytest.approx(theirs.predict_proba(told), abs=1e-9)


@pytest.mark.parametrize(("count", "margin"), [(8, -0.01), (20, -0.01), (250, 0.01)])
def test_labels_do_not_hurt_and_many_help(world, count, margin):
    plain = agreement(classify(world.interactions).table, world.truth).macro_f1
    gains = []
    for seed in range(3):
        model = fit(world.interactions, labels=some(world, count, seed))
        made = classify(world.interactions, model=model).table
        gains.append(agreement(made, world.truth).macro_f1 - plain)
    assert np.mean(gains) > margin


def test_calendar_days_are_not_learned_from(world):
    plan = open_run(world.interactions).plan
    known = plan.catalogue.features
    assert any(known[name].unit == "day" for name in plan.catalogue.features)
    assert all(known[name].unit != "day" for name in learnable(plan))


def of_class(world, name):
    ids, said = (world.truth[c].to_pylist() for c in ("customer_id", "archetype"))
    return {c: a for c, a in zip(ids, said, strict=True) if a == name}


def test_one_class_alone_teaches_nothing_and_is_told(world):
    model = fit(world.interactions, labels=of_class(world, "fling"))
    assert model.learned is None
    assert "every label is 'fling'" in model.notes[-1]
    plain = classify(world.interactions).table
    assert classify(world.interactions, model=model).table.equals(plain)


def test_unclassified_alone_teaches_nothing_and_is_told(world):
    ids = world.truth["customer_id"].to_pylist()[:30]
    model = fit(world.interactions, labels=dict.fromkeys(ids, "unclassified"))
    assert model.learned is None
    assert any("nothing was learned" in note for note in model.notes)


def test_a_class_without_labels_keeps_its_standing(world):
    import pyarrow.compute as pc

    labels = some(world, 200)
    labels = labels.filter(pc.not_equal(labels["archetype"], "fling"))
    model = fit(world.interactions, labels=labels)
    assert any("no label is 'fling'" in note for note in model.notes)
    named = classify(world.interactions, model=model).table["archetype"].to_pylist()
    before = classify(world.interactions).table["archetype"].to_pylist()
    assert named.count("fling") > 0.5 * before.count("fling")


def test_a_single_label_of_a_class_is_no_obstacle(world):
    ids, said = (world.truth[c].to_pylist() for c in ("customer_id", "archetype"))
    flings = [c for c, a in zip(ids, said, strict=True) if a == "fling"]
    others = [(c, a) for c, a in zip(ids, said, strict=True) if a != "fling"][:60]
    model = fit(world.interactions, labels={**dict(others), flings[0]: "fling"})
    assert model.record is not None
    assert model.record.labels + 5 >= 61


def test_labels_that_mean_nothing_are_not_believed(world):
    labels = some(world, 100)
    shuffled = np.random.default_rng(1).permutation(labels["archetype"].to_pylist())
    given = dict(zip(labels["customer_id"].to_pylist(), shuffled.tolist(), strict=True))
    model = fit(world.interactions, labels=given)
    if model.learned is not None:
        assert model.temperature > 1.5 * fit(world.interactions).temperature


def test_labels_for_strangers_say_so(world):
    with pytest.raises(InputError, match=r"none of the 1 labelled customers is in the data"):
        fit(world.interactions, labels={"nobody": "fling"})


def test_fit_classify_and_evaluate_go_together(world, tmp_path, capsys, monkeypatch):
    import pyarrow.csv as pc

    monkeypatch.chdir(tmp_path)
    pc.write_csv(world.interactions, "log.csv")
    pc.write_csv(some(world, 60), "labels.csv")
    pc.write_csv(world.truth, "truth.csv")
    assert run(["fit", "log.csv", "--labels", "labels.csv", "-o", "shop.reltype"]) == 0
    assert "labels: on labels held out" in capsys.readouterr().err
    common = ["evaluate", "log.csv", "--labels", "truth.csv", "--model", "shop.reltype"]
    assert run([*common, "--fail-under", "0.5", "-o", "found.json"]) == 0
    assert '"macro_f1":' in (tmp_path / "found.json").read_text()
    assert run([*common, "--fail-under", "0.999"]) == 1
    told = capsys.readouterr()
    assert "--fail-under: the macro-F1 is" in told.err
    assert "were named" in told.out


def test_a_column_of_the_customer_table_is_compared_with(world, tmp_path, capsys, monkeypatch):
    import pyarrow.csv as pc

    monkeypatch.chdir(tmp_path)
    pc.write_csv(world.interactions, "log.csv")
    pc.write_csv(world.truth, "truth.csv")
    ids = world.truth["customer_id"].to_pylist()
    rows = [f"{c},{'gold' if i % 3 else 'basic'},{i % 2}" for i, c in enumerate(ids)]
    (tmp_path / "accounts.csv").write_text("\n".join(["customer_id,segment,products", *rows]))
    command = ["evaluate", "log.csv", "--customers", "accounts.csv", "--labels", "truth.csv"]
    assert run([*command, "--against", "segment", "--by", "segment"]) == 0
    told = capsys.readouterr().out
    assert "Against 'segment' (2 segments, 500 customers)" in told
    assert "gold" in told and "basic" in told  # noqa: PT018


def test_a_model_can_be_changed_by_hand_and_still_be_used(world):
    model = fit(world.interactions)
    skewed = evolve(model, priors={"fling": 1e12})
    found = classify(world.interactions, model=skewed).table
    rest = [
        n
        for n in found.column_names
        if n.startswith("p_") and n not in ("p_fling", "p_unclassified")
    ]
    likelier = np.all([found["p_fling"].to_numpy() > found[n].to_numpy() for n in rest], axis=0)
    assert likelier.mean() > 0.8

"""The forest keeps reltype's laws, says what scikit-learn says, and is stacked, saved and loaded."""

import hashlib
import subprocess
import sys

import numpy as np
import pyarrow.csv as pc
import pytest
import reltype
import reltype.checks
from reltype import plugins
from reltype.cli import run
from reltype.errors import ConfigError
from reltype.simulate import simulate
from sklearn.ensemble import RandomForestClassifier

import reltype_forest
from reltype_forest import DEPTH, LEAF, TREES, Forest


@pytest.mark.parametrize("check", reltype.checks.checks_of(reltype_forest), ids=str)
def test_it_keeps_the_law(check):
    check()


@pytest.mark.parametrize("holes", ["everywhere", "in learning", "in use", "nowhere"])
def test_its_tables_say_what_scikit_learn_says(holes):
    rng = np.random.default_rng(2)
    given, asked = rng.normal(size=(2, 400, 6))
    y = (np.nan_to_num(given)[:, :2].sum(axis=1) > 0) + 1 * (given[:, 2] > 1)
    for matrix, places in (
        (given, ("everywhere", "in learning")),
        (asked, ("everywhere", "in use")),
    ):
        if holes in places:
            matrix[rng.random(matrix.shape) < 0.3] = np.nan
    forest = Forest()
    ours = forest.predict_proba(forest.fit(given, y, tuple("abcdef")), asked)
    theirs = RandomForestClassifier(
        TREES, max_depth=DEPTH, min_samples_leaf=LEAF, random_state=0
    ).fit(given.astype(np.float32), y)
    assert ours == pytest.approx(theirs.predict_proba(asked.astype(np.float32)), abs=1e-12)


@pytest.fixture(scope="module")
def world():
    if "forest" not in {point.name for point in plugins.installed()}:
        pytest.skip("reltype-forest is not installed: pip install -e .")
    return simulate("coffee bar", customers=400, seed=5)


@pytest.fixture(scope="module")
def labels(world):
    return world.truth.take(np.random.default_rng(0).choice(400, 240, replace=False))


@pytest.fixture(scope="module")
def model(world, labels):
    return reltype.fit(world.interactions, labels=labels)


def test_it_is_stacked_beside_our_own_trees_and_told_in_explanations(world, model):
    assert [(t.plugin, t.name) for t in model.learned.fitted_recipes] == [
        ("built-in", "trees"),
        ("forest", "forest"),
    ]
    found = reltype.classify(world.interactions, model=model)
    told = found.explain(found.table["customer_id"][3].as_py())
    assert any((c.source, c.item) == ("learned", "forest") for c in told.contributions)
    for archetype in model.archetypes:
        total = sum(c.amount for c in told.of(archetype))
        assert total == pytest.approx(told.scores[archetype], abs=1e-9)


def test_a_saved_model_scores_as_the_fitted_one(world, model, tmp_path):
    model.save(tmp_path / "bar.reltype")
    loaded = reltype.classify(world.interactions, model=tmp_path / "bar.reltype")
    assert loaded.table.equals(reltype.classify(world.interactions, model=model).table)


def test_two_fits_in_two_processes_give_the_same_bytes(world, labels, tmp_path):
    pc.write_csv(world.interactions, tmp_path / "log.csv")
    pc.write_csv(labels, tmp_path / "labels.csv")
    digests = set()
    for name in ("one", "two"):
        command = [sys.executable, "-m", "reltype", "fit", "log.csv", "--labels", "labels.csv"]
        subprocess.run([*command, "-q", "-o", f"{name}.reltype"], cwd=tmp_path, check=True)
        digests.add(hashlib.sha256((tmp_path / f"{name}.reltype").read_bytes()).hexdigest())
    assert len(digests) == 1


def test_without_the_plugin_its_model_is_refused_with_what_to_do(world, model, tmp_path, capfd):
    model.save(tmp_path / "bar.reltype")
    pc.write_csv(world.interactions, tmp_path / "log.csv")
    with pytest.raises(ConfigError, match=r"fitted with the plugin 'forest' \(0.1.0\).*fit again"):
        reltype.classify(world.interactions, model=model, no_plugin=["forest"])
    asked = ["classify", str(tmp_path / "log.csv"), "--model", str(tmp_path / "bar.reltype")]
    assert run([*asked, "--no-plugin", "forest"]) == 3
    assert "Install it, do not leave it out, or fit again." in capfd.readouterr().err


def test_few_labels_leave_it_out_and_say_so(world, labels):
    model = reltype.fit(world.interactions, labels=labels.slice(0, 120))
    assert model.learned is None or model.learned.fitted_recipes == ()
    assert any("forest (plugin forest) did not learn" in note for note in model.notes)

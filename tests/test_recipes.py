"""Plugins' learners: trained by fit, stacked, kept as numbers; broken ones are named."""

import hashlib
import io
import json
import sys
import zipfile

import numpy as np
import pyarrow.csv as pc
import pytest

from reltype import cli, plugins
from reltype.api import classify, open_run
from reltype.checks import hostile
from reltype.definitions.recipes import ROOM, kept, probable
from reltype.errors import ConfigError, InputError, PluginError
from reltype.learning.fitting import fit_run
from reltype.learning.model import from_bytes, load
from reltype.learning.model.archive import pack
from reltype.learning.model.serialization import _canonical, _plain
from reltype.plugins.knowledge import Knowledge
from reltype.simulate import simulate
from tests.zoo import install, learns

GOOD = learns("return {'means': means(X, y)}", "return nearest(state['means'], X)")
SAYS = "return np.full((len(X), 3), 1 / 3)"
BROKEN = {
    "fit raises": (learns("raise RuntimeError('no licence')", SAYS), "fit failed: RuntimeError"),
    "fit never ends": (
        learns("import time\n        while True: time.sleep(0.05)", SAYS),
        "near.fit did not return within 1 s",
    ),
    "fit changes X": (learns("X[:] = 0; return {}", SAYS), "read-only"),
    "fit returns nothing": (learns("pass", SAYS), "it keeps a NoneType, not a dict of arrays"),
    "fit keeps itself": (learns("return {'me': self}", SAYS), "keeps 'me' as object"),
    "fit keeps words": (learns("return {'me': ['a']}", SAYS), "keeps 'me' as <U1"),
    "fit keeps too much": (
        learns("return {'all': np.zeros((3000, 1000))}", SAYS),
        "it keeps 24,000,000 bytes; a model has room for 16,777,216",
    ),
    "fit keeps a path": (learns("return {'../x': y}", SAYS), "name an array in lower case"),
    "it gives NaN": (learns("return {}", "return np.full((len(X), 3), np.nan)"), "no numbers"),
    "it gives log-odds": (learns("return {}", "return np.full((len(X), 3), -1.0)"), "a sum of 1"),
    "it gives another shape": (
        learns("return {}", "return np.ones((len(X), 2)) / 2"),
        r"shape \(\d+, 2\) where \(\d+, 3\) was due",
    ),
    "it changes the state": (
        learns("return {'a': y}", "state['a'][:] = 0; " + SAYS),
        "read-only",
    ),
    "it never answers": (
        learns("return {}", "import time\n        while True: time.sleep(0.05)"),
        "near.predict_proba did not return within 1 s",
    ),
}


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """No plugin of this machine."""
    monkeypatch.delenv("RELTYPE_PLUGINS", raising=False)
    for point in plugins.installed():
        pytest.skip(f"a plugin is installed here: {point.name}")


@pytest.fixture(scope="module")
def world():
    return simulate("coffee bar", customers=300, seed=5)


@pytest.fixture(scope="module")
def labels(world):
    return world.truth.take(np.random.default_rng(0).choice(300, 230, replace=False))


def fitted(world, labels):
    return fit_run(open_run(world.interactions), labels)


@pytest.mark.parametrize("broken", BROKEN)
def test_a_recipe_that_fails_is_named_with_the_way_out(site, broken, monkeypatch):
    monkeypatch.setenv("RELTYPE_PLUGIN_SECONDS", "1")
    code, complaint = BROKEN[broken]
    install(site, "zoo", code)
    known = Knowledge.of(plugins.load())
    plan = known.plan("customer")
    recipe = known.recipes(plan.typology)[-1]
    given, y, names = hostile.examples(plan)["usual"]
    with pytest.raises(PluginError, match=complaint) as caught:
        recipe.predict_proba(recipe.fit(given, y, names), given, 3)
    assert str(caught.value).startswith("Plugin zoo (reltype-zoo 1.2): ")
    assert str(caught.value).endswith("Leave it out with --no-plugin zoo.")


@pytest.mark.parametrize("name", ["trees", "rules", "learned", "features"])
def test_a_recipe_cannot_take_a_name_that_explanations_use(site, name):
    install(site, "zoo", GOOD.replace('"near"', f'"{name}"'))
    with pytest.raises(PluginError, match=f"a second classifier or recipe calls itself '{name}'"):
        Knowledge.of(plugins.load()).plan("customer")


def test_a_recipe_that_fails_ends_fit_with_5_and_writes_nothing(
    site, world, labels, tmp_path, capfd
):
    install(site, "zoo", BROKEN["fit raises"][0])
    pc.write_csv(world.interactions, tmp_path / "log.csv")
    pc.write_csv(labels, tmp_path / "labels.csv")
    log, said, out = (str(tmp_path / name) for name in ("log.csv", "labels.csv", "bar.reltype"))
    assert cli.run(["fit", log, "--labels", said, "-o", out]) == 5
    told = capfd.readouterr().err
    assert "Plugin zoo (reltype-zoo 1.2): near.fit failed: RuntimeError: no licence." in told
    assert not (tmp_path / "bar.reltype").exists()
    assert cli.run(["fit", log, "--labels", said, "-o", out, "--no-plugin", "zoo"]) == 0
    assert load(out).plugins == {}


def test_a_recipe_is_trained_stacked_kept_and_told(site, world, labels, tmp_path, capfd):
    install(site, "zoo", GOOD)
    pc.write_csv(world.interactions, tmp_path / "log.csv")
    pc.write_csv(labels, tmp_path / "labels.csv")
    log, said, out = (str(tmp_path / name) for name in ("log.csv", "labels.csv", "bar.reltype"))
    assert cli.run(["fit", log, "--labels", said, "-o", out]) == 0
    assert (
        "Stacked with what these learned: trees, near (plugin zoo 1.2)." in capfd.readouterr().err
    )
    model = load(out)
    assert model.plugins == {"zoo": "1.2"}
    assert [t.name for t in model.learned.fitted_recipes] == ["trees", "near"]
    found = classify(log, model=out)
    told = found.explain(found.table["customer_id"][1].as_py())
    assert any((c.source, c.item) == ("learned", "near") for c in told.contributions)
    for archetype in model.archetypes:
        total = sum(c.amount for c in told.of(archetype))
        assert total == pytest.approx(told.scores[archetype], abs=1e-9)
    # The recipe has a say: with what it kept turned round, scores are others.
    fitted_recipes = model.learned.fitted_recipes[1]
    fitted_recipes.state["means"][:] = fitted_recipes.state["means"][::-1].copy()
    assert not classify(log, model=model).table.equals(found.table)


def test_a_loaded_model_scores_as_the_fitted_one_and_two_fits_give_the_same_bytes(
    site, world, labels
):
    install(site, "zoo", GOOD)
    model = fitted(world, labels)
    content = model.to_bytes()
    assert fitted(world, labels).to_bytes() == content
    loaded = classify(world.interactions, model=from_bytes(content, "it"))
    assert loaded.table.equals(classify(world.interactions, model=model).table)


def test_a_model_whose_plugin_is_gone_is_refused_with_what_to_do(
    site, world, labels, tmp_path, monkeypatch
):
    install(site, "zoo", GOOD)
    model = fitted(world, labels)
    with pytest.raises(ConfigError, match=r"fitted with the plugin 'zoo' \(1.2\).*fit again"):
        classify(world.interactions, model=model, no_plugin=["zoo"])
    later = tmp_path / "later"
    later.mkdir()
    monkeypatch.syspath_prepend(str(later))
    sys.path.remove(str(site))
    install(later, "zoo", GOOD.replace('"near"', '"nearer"'), version="2.0")
    with pytest.raises(ConfigError, match=r"recipe 'near' of the plugin 'zoo' \(1.2\)"):
        classify(world.interactions, model=model)


def test_a_plugin_that_cannot_read_what_it_once_learned_is_named_with_both_versions(
    site, world, labels, tmp_path, monkeypatch
):
    install(site, "zoo", GOOD)
    model = fitted(world, labels)
    later = tmp_path / "later"
    later.mkdir()
    monkeypatch.syspath_prepend(str(later))
    sys.path.remove(str(site))
    install(later, "zoo", GOOD.replace("'means'", "'centres'"), version="2.0")
    with pytest.raises(PluginError, match=r"zoo 2\.0\).*version 1\.2 taught.*'centres'.*fit again"):
        classify(world.interactions, model=model)


def test_what_a_file_holds_of_a_recipe_is_numbers_or_it_is_refused(site, world, labels):
    import skops.io

    install(site, "zoo", GOOD)
    model = fitted(world, labels)
    whole = _plain(model.learned)
    for state in (
        {"means": "a text"},
        {"means": np.zeros((1, 1, 1, 1))},
        {"../x": np.zeros(1)},
        [],
    ):
        whole["taught"][1]["state"] = state
        learner = _canonical(skops.io.dumps(whole))
        with zipfile.ZipFile(io.BytesIO(model.to_bytes())) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        manifest = json.loads(members.pop("manifest.json"))
        members["learner.skops"] = learner
        manifest["members"]["learner.skops"] = hashlib.sha256(learner).hexdigest()
        content = pack({"manifest.json": json.dumps(manifest).encode(), **members})
        with pytest.raises(InputError, match="refused"):
            from_bytes(content, "it")


def test_few_labels_leave_a_plugins_recipe_untrained_and_say_so(site, world, labels):
    install(site, "zoo", GOOD)
    model = fitted(world, labels.slice(0, 60))
    assert model.learned is None or model.learned.fitted_recipes == ()
    assert any("near (plugin zoo) did not learn: recipes do from 200" in n for n in model.notes)


def test_the_list_tells_recipes(site, capfd):
    install(site, "zoo", GOOD)
    assert cli.run(["plugins", "list"]) == 0
    assert "1 recipe (near)" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("given", "dtype"),
    [
        (np.array([True, False]), np.int64),
        (np.array([1, 2], np.uint8), np.int64),
        (np.array([1, 2], np.float32), np.float64),
        (np.asfortranarray(np.ones((2, 3))), np.float64),
        ([1.5, 2.5], np.float64),
    ],
)
def test_a_state_is_kept_as_plain_contiguous_numbers(given, dtype):
    made = kept({"a": given})["a"]
    assert made.dtype == dtype
    assert made.flags.c_contiguous
    assert np.array_equal(made, given)


@pytest.mark.parametrize("given", [np.array([1 + 2j]), np.array(["a"]), object(), None, b"x"])
def test_what_is_no_number_is_not_kept(given):
    with pytest.raises(ValueError, match="arrays of numbers"):
        kept({"a": given})


def test_a_model_has_room_for_so_much_of_a_recipe():
    assert kept({"a": np.zeros(ROOM // 8)})
    with pytest.raises(ValueError, match="has room for"):
        kept({"a": np.zeros(ROOM // 8), "b": np.zeros(1)})


@pytest.mark.parametrize("given", [[[0.5, 0.6]], [[-0.1, 1.1]], [[np.nan, 1.0]], [[np.inf, 0.0]]])
def test_what_does_not_sum_to_one_is_no_probability(given):
    with pytest.raises(ValueError, match="a sum of 1"):
        probable(given, (1, 2))

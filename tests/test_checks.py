"""The laws for authors: good plugins keep them, and each broken one breaks the law it should."""

import os
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from itertools import count
from types import ModuleType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from reltype import builtin, checks, cli, plugins
from reltype.definitions.benefits import Benefit
from reltype.definitions.features import Feature
from reltype.definitions.functions import ScalarFunction
from reltype.definitions.rules import Example, Rule
from reltype.formats import Format
from reltype.plugins.hookspecs import hookimpl
from reltype.plugins.scaffold import scaffold

NUMBERS = count()
"""Names that never repeat."""


def plugin(**hooks):
    """A module with these hooks, each given as what it returns or as a function."""
    module = ModuleType("mine")
    for name, returned in hooks.items():
        made = returned if callable(returned) else (lambda returned=returned: returned)
        setattr(module, f"reltype_{name}", hookimpl(made))
    return module


def outcome(module):
    """Check → (result, reason)."""
    return {o.check: (o.result, o.reason) for o in checks.outcomes(checks.checks_of(module))}


def classifier(score, **more):
    """A hook that returns a classifier for the built-in typology."""
    made = type("Says", (), {"name": "says", "score": score, **more})()

    def classifiers(typology):
        return [made] if typology.name == "customer" else []

    return classifiers


def affect(self, batch):
    """A well-behaved score: it warms to affect."""
    k = 3
    made = np.zeros((len(batch), 4))
    made[:, 1] = np.nan_to_num(batch.readings[:, k] - 0.5) * batch.evidence[:, k]
    return made


def drawn(self, batch):
    return np.random.default_rng().normal(size=(len(batch), 4))


def ranked(self, batch):
    return np.tile(np.arange(len(batch), dtype=float)[:, None], (1, 4))


def spoiling(self, batch):
    batch.readings[:] = 0.0
    return np.zeros((len(batch), 4))


def zeros_for_null(self, batch):
    return np.tile(np.nan_to_num(batch.readings[:, :1]) - 0.5, (1, 4))


def by_last_column(self, batch):
    wide = "p_unclassified" in batch.table.schema.names
    return np.full((len(batch), 4), float(wide)) * (batch.evidence[:, :1] > 0)


def centres(self, X, y, columns):
    return {"at": np.array([np.nan_to_num(X[y == c, 0]).mean() for c in range(y.max() + 1)])}


def nearest(self, state, X):
    near = 1 / (
        0.01 + np.abs(np.clip(np.nan_to_num(X[:, :1]), -9, 9) - np.clip(state["at"], -9, 9))
    )
    return near / near.sum(axis=1, keepdims=True)


def unseeded(self, X, y, columns):
    return {"at": centres(self, X, y, columns)["at"] + np.random.default_rng().random() / 100}


def afraid_of_null(self, X, y, columns):
    if np.isnan(X).any():
        raise ValueError("Input X contains NaN.")
    return centres(self, X, y, columns)


def by_the_others(self, state, X):
    return nearest(self, state, X - (X.mean() if len(X) else 0))


def evenly(self, state, X):
    return np.full((len(X), len(state["at"])), 1 / len(state["at"]))


def recipe(fit=centres, predict=nearest):
    """A hook that returns a recipe."""
    made = type("Near", (), {"name": "near", "fit": fit, "predict_proba": predict})()
    return lambda: [made]


def function(call, gives="number", takes=("text",)):
    return [ScalarFunction("mood", call, takes, gives, "A mood.")]


def length(texts):
    return pc.utf8_length(texts)


def test_the_built_in_plugin_keeps_the_laws_that_hold_for_machinery():
    made = outcome(builtin)
    assert {
        r for c, (r, _) in made.items() if c.startswith(("plugin", "recipe", "format", "engine"))
    } == {"kept"}
    assert made["functions: all laws"] == ("skipped", "it has no reltype_functions")


@pytest.mark.parametrize(
    ("hooks", "check", "reason"),
    [
        (
            {"definitions": [Rule("r", "affect > 1.5", "fling", because="x")]},
            "rules: examples hold, and none is dead or a copy",
            "never holds",
        ),
        (
            {
                "definitions": [
                    Rule("r", "affect > 0.5", "fling", examples=(Example({"affect": 0.9}, False),))
                ]
            },
            "rules: examples hold, and none is dead or a copy",
            "the condition is true",
        ),
        (
            {"definitions": [Rule("r", "affect > 0.5", "fling", because="x")]},
            "rules: each has an example that fires and one that does not",
            "'r' lacks",
        ),
        ({"definitions": [Feature("f", "", "count(*)")]}, "each says what", "'f' has no unit"),
        (
            {"definitions": [Rule("r", "afect > 0.5", "fling")]},
            "usable together",
            "Did you mean 'affect'",
        ),
        (
            {
                "definitions": [
                    Benefit("b", "x", "y", {}, {"flingg": 1}, (), (), "service", "new approach")
                ]
            },
            "usable together",
            "no archetype is called 'flingg'",
        ),
        (
            {
                "definitions": [
                    Feature("f", "1", "g + 1", "s"),
                    Feature("g", "1", "f + 1", "s"),
                    Rule("r", "f > 1", "fling", because="x"),
                ]
            },
            "put in an order",
            "circle",
        ),
        (
            {"definitions": lambda: [Rule(str(next(NUMBERS)), "affect > 0.5", "fling")]},
            "same when",
            "differ",
        ),
        ({"functions": function(lambda t: t)}, "one value of its kind", "not double as promised"),
        ({"functions": function(lambda t: length(t)[:0])}, "one value of its kind", "0 values"),
        ({"functions": function(lambda _: 1 / 0)}, "one value of its kind", "ZeroDivisionError"),
        (
            {"functions": function(lambda t: pc.fill_null(length(t), 0))},
            "null in, null out",
            "[0.0, 0.0, 0.0]",
        ),
        (
            {"functions": function(lambda t: pa.array(np.random.default_rng().random(len(t))))},
            "same input, same output",
            "differ",
        ),
        (
            {"functions": function(lambda t: pc.subtract(length(t), pc.max(length(t))))},
            "depends on that row alone",
            "on its own gets another value",
        ),
        ({"classifiers": classifier(drawn)}, "same input, same output", "differ"),
        ({"classifiers": classifier(ranked)}, "depends on that row alone", "changes a score"),
        ({"classifiers": classifier(spoiling)}, "the batch is not changed", "changed the batch"),
        ({"classifiers": classifier(zeros_for_null)}, "no opinion", "not 0"),
        ({"classifiers": classifier(by_last_column)}, "extra columns", "change a score"),
        ({"classifiers": classifier(lambda *_: np.zeros(3))}, "finite", "shape (3,)"),
        (
            {
                "classifiers": classifier(
                    affect, items=("a",), parts=lambda _, b: np.ones((len(b), 4, 1))
                )
            },
            "parts add up",
            "do not add up",
        ),
        ({"classifiers": recipe(fit=unseeded)}, "same examples, same state", "seed what is drawn"),
        ({"classifiers": recipe(predict=by_the_others)}, "depend on that row alone", "another pr"),
        ({"classifiers": recipe(predict=evenly)}, "learns what is there", "names 33% rightly"),
        ({"classifiers": recipe(fit=afraid_of_null)}, "examples", "with much unseen: Plugin mine"),
        ({"formats": [Format("f", (".f",), lambda *_: None)]}, "any result", "wrote nothing"),
        ({"formats": [Format("f", ("F",), lambda *_: None)]}, "lower case, with the dot", "'F'"),
        (
            {"formats": [Format("csv", (".x",), lambda *_: None)]},
            "can be asked for",
            "built-in writes",
        ),
        ({"engines": {"spark": object()}}, "can be asked for", "no connect()"),
        ({"sections": ["x"]}, "small result", "a str is no Section"),
    ],
)
def test_a_plugin_that_breaks_a_law_is_told_which(hooks, check, reason):
    broken = {c: why for c, (result, why) in outcome(plugin(**hooks)).items() if result == "broken"}
    assert any(check in c and reason in why for c, why in broken.items()), broken


def test_a_good_plugin_keeps_every_law_that_applies_and_the_rest_is_skipped_aloud():
    shown = (Example({"affect": 0.9}, True), Example({"affect": 0.1}, False), Example({}))
    module = plugin(
        definitions=[
            Feature("mood_mean", "letters", "avg(mood(kind))", "Mean length of the kind."),
            Rule("warm", "affect > 0.8", "fling", 0.5, "warm", examples=shown),
        ],
        functions=function(length),
        classifiers=lambda typology: [*classifier(affect)(typology), *recipe()()],
    )
    made = outcome(module)
    assert {why for result, why in made.values() if result == "broken"} == set()
    assert sum(result == "kept" for result, _ in made.values()) >= 21
    assert all(why for result, why in made.values() if result == "skipped")


def test_every_check_has_a_name_of_its_own():
    names = [str(check) for check in checks.checks_of(builtin)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("Coffee", "cannot name a plugin"),
        ("coffee bar", "cannot name a plugin"),
        ("../coffee", "cannot name a plugin"),
        ("", "cannot name a plugin"),
        ("reltype-coffee", "leave out the `reltype-`"),
        ("built-in", "take another name"),
    ],
)
def test_a_new_plugin_needs_a_name_that_a_package_can_have(tmp_path, name, complaint):
    with pytest.raises(plugins.UsageError, match=complaint):
        scaffold(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_new_plugin_never_writes_over_a_folder(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    assert cli.run(["plugins", "new", "coffee"]) == 0
    mine = tmp_path / "reltype-coffee" / "README.md"
    mine.write_text("mine")
    assert cli.run(["plugins", "new", "coffee"]) == 4
    assert "is there already" in capfd.readouterr().err
    assert mine.read_text() == "mine"


def test_a_new_plugin_installs_passes_its_own_tests_lint_and_check_at_once(tmp_path):
    """In a process of its own: its distribution as an installer would write it, on the path."""
    folder = scaffold("coffee-bars", tmp_path)
    # What tests need is an extra: the pip that comes with Python 3.11 and 3.12 knows no groups.
    made = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
    assert made["project"]["optional-dependencies"]["test"]
    assert 'pip install -e ".[test]"' in (folder / "README.md").read_text("utf-8")
    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation"]
    run(*pip, "--target", site, folder, cwd=tmp_path)
    run(sys.executable, "-m", "ruff", "check", "--no-cache", ".", cwd=folder)
    run(sys.executable, "-m", "ruff", "format", "--no-cache", "--check", ".", cwd=folder)
    told = run(
        sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=folder, path=site
    )
    assert "7 passed" in told
    told = run(
        sys.executable, "-m", "reltype", "plugins", "check", "coffee-bars", cwd=tmp_path, path=site
    )
    assert "7 kept, 0 broken" in told
    told = run(sys.executable, "-m", "reltype", "plugins", "list", cwd=tmp_path, path=site)
    assert "reltype-coffee-bars 0.1.0" in told
    assert "1 rule (coffee-bars: short and glowing)" in told


def test_the_pytest_plugin_gives_the_laws_as_tests_and_hostile_batches(tmp_path):
    (tmp_path / "test_it.py").write_text(
        "import pytest, numpy as np\nfrom reltype import builtin\n"
        "@pytest.mark.reltype(builtin)\n"
        "def test_law(reltype_check):\n"
        "    if 'engine' in str(reltype_check): reltype_check()\n"
        "def test_batches(reltype_batches):\n"
        "    made = reltype_batches('customer', features=['purchases'])\n"
        "    assert len(made['no rows']) == 0 and len(made['one row']) == 1\n"
        "    assert np.isnan(made['nothing seen'].readings).all()\n"
        "    ids = made['wrong order'].column('customer_id').to_pylist()\n"
        "    assert ids != sorted(ids)\n"
        "    assert 'purchases' in made['half seen'].table.schema.names\n"
    )
    site = tmp_path / "site"
    if not entry_points(group="pytest11", name="reltype"):  # installed before it was offered
        info = site / "reltype_offer-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: reltype-offer\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(
            "[pytest11]\nreltype = reltype.checks.pytest_plugin\n"
        )
    told = run(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"), cwd=tmp_path, path=site
    )
    assert "passed" in told
    assert "failed" not in told


def test_the_pytest_plugin_imports_nothing_heavy():
    code = "import sys, reltype.checks.pytest_plugin; print('numpy' in sys.modules, 'duckdb' in sys.modules)"
    assert run(sys.executable, "-c", code, cwd=".") == "False False\n"


def run(*command, cwd, path=""):
    """What the command printed; it must end well."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(path), *filter(None, sys.path)])}
    env.pop("RELTYPE_PLUGINS", None)
    made = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    return made.stdout

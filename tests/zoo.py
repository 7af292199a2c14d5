"""Plugins as real distributions: metadata, entry points and a module, on the path."""

import importlib
from itertools import count
from pathlib import Path
from textwrap import dedent

NUMBERS = count()
HEAD = """
import pyarrow as pa, pyarrow.compute as pc, numpy as np
from reltype.plugin import Feature, Rule, ScalarFunction, hookimpl
reltype_api = 1
"""
CLASSIFIER = """
class Says:
    name = "says"
    def score(self, batch):
        shape = (len(batch), 4)
        {body}
@hookimpl
def reltype_classifiers(typology):
    return [Says()] if typology.name == "customer" else []
"""
FUNCTION = """
def call(texts):
    {body}
@hookimpl
def reltype_functions():
    return [ScalarFunction("mood", call, ("text",), "number", "A mood.")]
@hookimpl
def reltype_definitions():
    return [Feature("mood_mean", "-1…1", "avg(mood(kind))", "Mean mood."),
            Rule("moody", "mood_mean > 0", "fling", 9.0, "moody")]
"""
RECIPE = """
def means(X, y):
    return np.array([np.nan_to_num(X[y == c]).mean(axis=0) for c in range(y.max() + 1)])
def nearest(centres, X):
    far = np.square(np.nan_to_num(X)[:, None, :] - centres).mean(axis=2)
    near = 1 / (1 + far)
    return near / near.sum(axis=1, keepdims=True)
class Near:
    name = "near"
    def fit(self, X, y, columns):
        {fit}
    def predict_proba(self, state, X):
        {predict}
@hookimpl
def reltype_classifiers(typology):
    return [Near()] if typology.name == "customer" else []
"""
GOOD = """
@hookimpl
def reltype_definitions():
    when = "endurance > 2 or endurance >= 0"
    return [Rule("good rule", when, "fling", 9.0, "it is {endurance:.1f}")]
"""


def install(folder: Path, name: str, code: str, *, version: str = "1.2", package: str = "") -> None:
    """Install a plugin in *folder*: the distribution `reltype-NAME` with one module."""
    package = package or f"reltype-{name}"
    # A module of its own each time: an import that never ends keeps its module's lock.
    module = f"{package.replace('-', '_')}_{next(NUMBERS)}_module"
    (folder / f"{module}.py").write_text(HEAD + dedent(code))
    info = folder / f"{package.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(f"[reltype]\n{name} = {module}\n")
    importlib.invalidate_caches()


def says(body: str) -> str:
    """A plugin with a classifier whose `score` has this body."""
    return CLASSIFIER.format(body=body)


def computes(body: str) -> str:
    """A plugin with a function whose body this is, and a feature and a rule that call it."""
    return FUNCTION.format(body=body)


def learns(fit: str, predict: str) -> str:
    """A plugin with a recipe whose methods have these bodies."""
    return RECIPE.format(fit=fit, predict=predict)

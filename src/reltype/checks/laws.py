"""Laws: what every function, classifier, format, engine and command must keep to.

After scikit-learn's `check_estimator` and river's `check_estimator`: each law is a small function
that raises `Broken` with a sentence for the author.
"""

from __future__ import annotations

import io
import tempfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from reltype.checks import hostile
from reltype.definitions.archetypes import UNCLASSIFIED
from reltype.engines import Engine, EngineError
from reltype.errors import PluginError
from reltype.scoring import columns as col
from reltype.scoring.classifiers import Batch, Itemised, usable

if TYPE_CHECKING:
    from collections.abc import Callable

    import click
    from numpy.typing import NDArray

    from reltype.arrow import Floats
    from reltype.definitions.functions import ScalarFunction, TextVectors
    from reltype.definitions.recipes import State
    from reltype.formats import Format
    from reltype.plugins.guard import GuardedRecipe
    from reltype.scoring.classifiers import Classifier
    from reltype.scoring.plan import Plan

CLOSE = 1e-9


class Broken(AssertionError):  # noqa: N818  it reads as a sentence: a law is broken
    """A law that was not kept, in words for the author."""


def keep(held: object, text: str) -> None:
    """Raise Broken with *text* unless *held*."""
    if not held:
        raise Broken(text)


# ── functions ────────────────────────────────────────────────────────────────────────────────────


def gives_what_it_promises(function: ScalarFunction) -> None:
    """One value of the promised kind per row, for no row, one and many; numbers are finite."""
    given = hostile.columns(function.takes)
    for rows in (0, 1, len(given[0])):
        try:
            function(*(column.slice(0, rows) for column in given))
        except Exception as error:
            text = f"for {rows} rows it failed: {type(error).__name__}: {error}"
            raise Broken(text) from error


def null_in_null_out(function: ScalarFunction) -> None:
    """Where every argument is null, so is the result; null is no zero and no empty text."""
    made = function(*(pa.nulls(3, c.type) for c in hostile.columns(function.takes)))
    keep(made.null_count == 3, f"of three rows of nulls it made {made.to_pylist()}")


def function_is_deterministic(function: ScalarFunction) -> None:
    """The same input gives the same output."""
    given = hostile.columns(function.takes)
    keep(function(*given).equals(function(*given)), "two calls with the same rows differ")


def function_sees_each_row_alone(function: ScalarFunction) -> None:
    """Neither other rows nor their order have an impact."""
    given = hostile.columns(function.takes)
    whole = function(*given)
    turned = np.arange(len(whole))[::-1]
    backwards = function(*(column.take(pa.array(turned)) for column in given))
    keep(backwards.take(pa.array(turned)).equals(whole), "another order of rows changes a value")
    for row in (0, len(whole) // 2, len(whole) - 1):
        alone = function(*(column.slice(row, 1) for column in given))
        keep(alone.equals(whole.slice(row, 1)), f"row {row} on its own gets another value")


FUNCTIONS: dict[str, Callable[[ScalarFunction], None]] = {
    "gives one value of its kind per row": gives_what_it_promises,
    "null in, null out": null_in_null_out,
    "same input, same output": function_is_deterministic,
    "a row's value depends on that row alone": function_sees_each_row_alone,
}

# ── vectors ──────────────────────────────────────────────────────────────────────────────────────


def vectors_are_of_the_text_alone(vectors: TextVectors) -> None:
    """One finite vector per text, the same (to 1e-4: sums are rounded) whatever stands beside it."""
    said = ["my card has not arrived", "", "🙂", "my card has not arrived", "a " * 500]
    whole = vectors(said)
    keep(np.allclose(whole[0], whole[3], atol=1e-5), "one text has two vectors")
    keep(np.array_equal(vectors(said), whole), "two calls with the same texts differ")
    alone = np.concatenate([vectors([text]) for text in said])
    keep(np.allclose(alone, whole, atol=1e-4), "a text on its own gets another vector")


VECTORS: dict[str, Callable[[TextVectors], None]] = {
    "a vector per text, of that text alone": vectors_are_of_the_text_alone,
}

# ── classifiers ──────────────────────────────────────────────────────────────────────────────────


def _given(classifier: Classifier, plan: Plan) -> dict[str, Batch]:
    return hostile.batches(plan, getattr(classifier, "features", ()))


def _score(classifier: Classifier, batch: Batch, plan: Plan) -> NDArray[np.float64]:
    try:
        return usable(classifier.score(batch), (len(batch), len(plan.archetypes)))
    except Exception as error:
        raise Broken(f"{type(error).__name__}: {error}") from error


def scores_are_finite(classifier: Classifier, plan: Plan) -> None:
    """(n, archetypes) finite log-odds for every batch: none, one, nulls, extremes."""
    for what, batch in _given(classifier, plan).items():
        try:
            _score(classifier, batch, plan)
        except Broken as broken:
            raise Broken(f"batch with {what}: {broken}") from broken


def nothing_seen_is_no_opinion(classifier: Classifier, plan: Plan) -> None:
    """A customer of whom nothing was seen gets 0 for every archetype: null never counts as zero."""
    made = _score(classifier, _given(classifier, plan)["nothing seen"], plan)
    keep((made == 0).all(), f"of whom nothing was seen it says {made[0].round(3).tolist()}, not 0")


def classifier_is_deterministic(classifier: Classifier, plan: Plan) -> None:
    """The same batch gives the same scores."""
    batch = _given(classifier, plan)["half seen"]
    same = np.array_equal(_score(classifier, batch, plan), _score(classifier, batch, plan))
    keep(same, "two calls with the same batch differ")


def classifier_sees_each_row_alone(classifier: Classifier, plan: Plan) -> None:
    """Neither the other rows, nor their order, nor the batch's size have an impact."""
    batch = _given(classifier, plan)["half seen"]
    whole = _score(classifier, batch, plan)
    order = np.random.default_rng(1).permutation(len(batch))
    turned = _score(classifier, hostile.take(batch, order), plan)
    keep(_close(turned, whole[order]), "another order of rows changes a score")
    for row in range(0, len(batch), 7):
        alone = _score(classifier, hostile.take(batch, np.arange(row, row + 1)), plan)
        keep(_close(alone, whole[row : row + 1]), f"row {row} on its own gets another score")


def batch_is_not_changed(classifier: Classifier, plan: Plan) -> None:
    """The batch is as it was after scoring."""
    batch = _given(classifier, plan)["half seen"]
    before = [a.copy() for a in (batch.readings, batch.evidence, batch.fired)]
    _score(classifier, batch, plan)
    after = (batch.readings, batch.evidence, batch.fired)
    same = all(np.array_equal(a, b, equal_nan=True) for a, b in zip(before, after, strict=True))
    keep(same, "scoring changed the batch")


def extra_columns_are_ignored(classifier: Classifier, plan: Plan) -> None:
    """Columns that it did not ask for, and their order, have no impact."""
    given = _given(classifier, plan)
    extra = given["extra columns"]
    names = set(extra.table.schema.names) - {"an unknown column", col.posterior(UNCLASSIFIED)}
    plain = Batch(extra.table.select(sorted(names)), extra.readings, extra.evidence, extra.fired)
    same = _close(_score(classifier, plain, plan), _score(classifier, extra, plan))
    keep(same, "columns that it did not ask for change a score")


def parts_add_up(classifier: Classifier, plan: Plan) -> None:
    """Where it says what its score is made of, the parts add up to the score."""
    if not isinstance(classifier, Itemised):
        from unittest import SkipTest

        raise SkipTest("it has no parts(batch)")
    for what, batch in _given(classifier, plan).items():
        shape = (len(batch), len(plan.archetypes), len(classifier.items))
        parts = usable(classifier.parts(batch), shape)
        same = _close(parts.sum(axis=2), _score(classifier, batch, plan))
        keep(same, f"batch with {what}: the parts do not add up to the score")


CLASSIFIERS: dict[str, Callable[[Classifier, Plan], None]] = {
    "scores are finite, of the right shape": scores_are_finite,
    "nothing seen is no opinion": nothing_seen_is_no_opinion,
    "same input, same output": classifier_is_deterministic,
    "a row's score depends on that row alone": classifier_sees_each_row_alone,
    "the batch is not changed": batch_is_not_changed,
    "extra columns are ignored": extra_columns_are_ignored,
    "parts add up to the score": parts_add_up,
}


def _close(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=CLOSE, atol=CLOSE))


# ── recipes ──────────────────────────────────────────────────────────────────────────────────────


def _asked(recipe: GuardedRecipe, state: State, rows: Floats, classes: int) -> Floats:
    try:
        return recipe.predict_proba(state, rows, classes)
    except Exception as error:
        raise Broken(str(error)) from error


def _learned(recipe: GuardedRecipe, plan: Plan, what: str = "usual") -> tuple[State, Floats, int]:
    """What it learns of the examples called so, those examples, and how many classes they have."""
    given, y, names = hostile.examples(plan)[what]
    try:
        return recipe.fit(given, y, names), given, int(y.max()) + 1
    except Exception as error:
        raise Broken(str(error)) from error


def learns_from_anything(recipe: GuardedRecipe, plan: Plan) -> None:
    """Nulls, extremes, constant columns, two classes, a rare one: it learns, and gives arrays."""
    for what in hostile.examples(plan):
        try:
            state, given, classes = _learned(recipe, plan, what)
            for rows in (given, given[:0], given[:1], np.full_like(given, np.nan)):
                _asked(recipe, state, rows, classes)
        except Broken as broken:
            raise Broken(f"examples with {what}: {broken}") from broken


def learns_what_is_there(recipe: GuardedRecipe, plan: Plan) -> None:
    """Of classes that one column tells apart, it gives each its rows more often than chance."""
    state, given, classes = _learned(recipe, plan)
    y = hostile.examples(plan)["usual"][1]
    right = float((_asked(recipe, state, given, classes).argmax(axis=1) == y).mean())
    chance = float(np.bincount(y).max() / len(y))
    text = f"of its own examples it names {right:.0%} rightly, where always saying one gives {chance:.0%}"
    keep(right > chance, text)


def recipe_is_deterministic(recipe: GuardedRecipe, plan: Plan) -> None:
    """The same examples give the same state, byte for byte: a model fitted twice is one model."""
    first, second = _learned(recipe, plan)[0], _learned(recipe, plan)[0]
    keep(list(first) == list(second), "two fits keep arrays of different names")
    for name, array in first.items():
        same = array.shape == second[name].shape and array.tobytes() == second[name].tobytes()
        keep(same, f"two fits of the same examples keep another {name!r}; seed what is drawn")


def recipe_sees_each_row_alone(recipe: GuardedRecipe, plan: Plan) -> None:
    """Neither the other rows, nor their order, have an impact on a row's probabilities."""
    state, given, classes = _learned(recipe, plan)
    whole = _asked(recipe, state, given, classes)
    turned = _asked(recipe, state, given[::-1], classes)
    keep(_close(turned[::-1], whole), "another order of rows changes a probability")
    for row in range(0, len(given), 7):
        alone = _asked(recipe, state, given[row : row + 1], classes)
        keep(_close(alone, whole[row : row + 1]), f"row {row} on its own gets another probability")


def foreign_state_harms_nobody(recipe: GuardedRecipe, plan: Plan) -> None:
    """A state that somebody changed raises, or gives probabilities; it does not crash or hang."""
    state, given, classes = _learned(recipe, plan)
    for name, array in state.items():
        for bad in (array[:0], array * 0 - 10**9, array * 0 + 10**9):
            try:
                recipe.predict_proba({**state, name: bad}, given[:3], classes)
            except PluginError as error:
                keep("did not return" not in str(error), f"with another {name!r}: {error}")
            except Exception:  # noqa: BLE001, S112  a recipe of ours raises what it likes
                continue


RECIPES: dict[str, Callable[[GuardedRecipe, Plan], None]] = {
    "it learns from any examples": learns_from_anything,
    "it learns what is there": learns_what_is_there,
    "same examples, same state": recipe_is_deterministic,
    "a row's probabilities depend on that row alone": recipe_sees_each_row_alone,
    "a foreign state harms nobody": foreign_state_harms_nobody,
}

# ── formats, engines, commands ───────────────────────────────────────────────────────────────────


def writes_any_result(format_: Format, result: pa.Table) -> None:
    """It writes results of no row, one and many, with nulls, lists and awkward texts."""
    for rows in (0, 1, len(result)):
        stream = io.BytesIO()
        table = result.slice(0, rows)
        format_.write(table.schema, table.to_batches(), stream)
        keep(not stream.closed, "it closed the stream, which is the caller's to close")
    keep(stream.tell() or stream.getvalue(), "it wrote nothing for a result with rows")


def endings_begin_with_a_dot(format_: Format) -> None:
    """File endings are written in lower case, with the dot."""
    keep(format_.suffixes, "it has no file ending")
    for ending in format_.suffixes:
        keep(ending.startswith(".") and ending == ending.lower(), f"{ending!r}: write '.xyz'")


def engine_answers_and_locks(engine: Any) -> None:  # noqa: ANN401  duck-typed, as modules are
    """It connects, answers, keeps tables apart, and reads no file once it is locked."""
    opened = engine.connect(threads=1, memory_limit=None)
    keep(isinstance(opened, Engine), f"connect() gave a {type(opened).__name__}, no Engine")
    keep(opened.rows("SELECT 1") == [(1,)], "SELECT 1 did not give 1")
    names = [opened.materialise(f"SELECT {i} AS held", "law") for i in (1, 2)]
    held = [opened.rows(f"SELECT held FROM {name}") for name in names]
    keep(held == [[(1,)], [(2,)]], "what was materialised first was changed by the second")
    opened.lock([])
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        file.write("a\n1\n")
        file.flush()
        try:
            opened.rows(f"SELECT * FROM read_csv('{file.name}')")
        except EngineError:
            return
    raise Broken("it reads files after lock()")


def command_has_help(command: click.Command) -> None:
    """It says what it does."""
    keep(command.help, "it has no help: write a docstring")

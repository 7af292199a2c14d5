"""Guard: a plugin's classifier or recipe, asked within the time limit; its answer is checked."""

# ruff: noqa: N803 - a matrix is called X in scikit-learn

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from reltype.definitions.recipes import Recipe, kept, probable
from reltype.errors import PluginError
from reltype.scoring.classifiers import Batch, Classifier, Itemised, usable

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from reltype.arrow import Floats, Ints
    from reltype.definitions.recipes import State
    from reltype.plugins.plugin import Plugins


@frozen(eq=False)
class Guarded:
    """A plugin's classifier.

    Attributes:
        inner: What the plugin returned.
        name: The classifier's own name.
        plugin: The plugin's.
        plugins: Ask through these.
        count: How many archetypes it must speak of.
        features: What it reads besides the readings.
    """

    inner: Classifier
    name: str
    plugin: str
    plugins: Plugins
    count: int
    features: tuple[str, ...]

    def score(self, batch: Batch) -> NDArray[np.float64]:
        """The classifier's score, (n, archetypes).

        Raises:
            PluginError: It fails, takes too long, changes the batch, or gives a wrong shape, NaN
                or an infinity.
        """
        return self._asked("score", self.inner.score, batch, ())

    def _asked(
        self, what: str, ask: Callable[[Batch], object], batch: Batch, rest: tuple[int, ...]
    ) -> NDArray[np.float64]:
        def answer() -> NDArray[np.float64]:
            return usable(ask(_read_only(batch)), (len(batch), self.count, *rest))

        return self.plugins.call(self.plugin, answer, f"{self.name}.{what}")


@frozen(eq=False)
class GuardedItems(Guarded):
    """A plugin's classifier that says what its score is made of."""

    items: tuple[str, ...]

    def parts(self, batch: Batch) -> NDArray[np.float64]:
        """(n, archetypes, items). Raises PluginError as `score` does."""
        inner: Any = self.inner
        return self._asked("parts", inner.parts, batch, (len(self.items),))


@frozen(eq=False)
class GuardedRecipe:
    """A plugin's recipe.

    Attributes:
        inner: What the plugin returned.
        name: The recipe's own name.
        plugin: The plugin's.
        plugins: Ask through these.
    """

    inner: Recipe
    name: str
    plugin: str
    plugins: Plugins

    def fit(self, X: Floats, y: Ints, columns: tuple[str, ...]) -> State:
        """What it keeps of X (n, columns) and y (n,), as a model file keeps it.

        Raises:
            PluginError: It fails, takes too long, changes X, or keeps what is no array of numbers.
        """

        def answer() -> State:
            from threadpoolctl import threadpool_limits

            # Here, for the limit holds for the thread that sets it: one adds up in one order.
            with threadpool_limits(limits=1):
                return kept(self.inner.fit(_still(X), _still(y), columns))

        return self.plugins.call(self.plugin, answer, f"{self.name}.fit")

    def predict_proba(self, state: State, X: Floats, classes: int) -> Floats:
        """(n, classes) probabilities.

        Raises:
            PluginError: It fails, takes too long, changes what it is given, or gives a wrong shape
                or what are no probabilities.
        """

        def answer() -> Floats:
            held = {name: _still(array) for name, array in state.items()}
            made = self.inner.predict_proba(held, _still(X))
            return probable(made, (len(X), classes))

        return self.plugins.call(self.plugin, answer, f"{self.name}.predict_proba")

    def unfit(self, text: str) -> PluginError:
        """An error that names the plugin; without it the model that it taught is no use either."""
        return PluginError(text, self.plugin, self.plugins.loaded[self.plugin].label)


def listened(thing: object, plugin: str, plugins: Plugins, count: int) -> Guarded | GuardedRecipe:
    """*thing* of *plugin*, which speaks or learns to, guarded.

    Raises:
        PluginError: It is neither a classifier nor a recipe.
    """
    if isinstance(thing, Recipe) and isinstance(thing.name, str) and thing.name:
        return GuardedRecipe(thing, thing.name, plugin, plugins)
    return guarded(thing, plugin, plugins, count)


def guarded(thing: object, plugin: str, plugins: Plugins, count: int) -> Guarded:
    """*thing* of *plugin*, guarded.

    Raises:
        PluginError: It is no classifier.
    """
    if not isinstance(thing, Classifier) or not isinstance(thing.name, str) or not thing.name:
        text = (
            f"a {type(thing).__name__} is no classifier: it needs a name and score(batch), or "
            "fit(X, y, columns) and predict_proba(state, X)."
        )
        raise plugins.error(plugin, text)
    features = tuple(getattr(thing, "features", ()))
    if isinstance(thing, Itemised):
        items = tuple(thing.items)
        return GuardedItems(thing, thing.name, plugin, plugins, count, features, items)
    return Guarded(thing, thing.name, plugin, plugins, count, features)


def _read_only(batch: Batch) -> Batch:
    """The batch, with arrays that cannot be changed; an Arrow table cannot be anyway."""
    return evolve(
        batch,
        readings=_still(batch.readings),
        evidence=_still(batch.evidence),
        fired=_still(batch.fired),
    )


def _still(array: NDArray[Any]) -> NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view

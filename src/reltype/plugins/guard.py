"""Guard: a plugin's classifier, asked within the time limit, whose answer is checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from reltype.classifiers import Batch, Classifier, Itemised, usable

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

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


def guarded(thing: object, plugin: str, plugins: Plugins, count: int) -> Guarded:
    """*thing* of *plugin*, guarded.

    Raises:
        PluginError: It is no classifier.
    """
    if not isinstance(thing, Classifier) or not isinstance(thing.name, str) or not thing.name:
        text = f"a {type(thing).__name__} is no classifier: it needs a name and score(batch)."
        raise plugins.error(plugin, text)
    features = tuple(getattr(thing, "features", ()))
    if isinstance(thing, Itemised):
        items = tuple(thing.items)
        return GuardedItems(thing, thing.name, plugin, plugins, count, features, items)
    return Guarded(thing, thing.name, plugin, plugins, count, features)


def _read_only(batch: Batch) -> Batch:
    """The batch, with arrays that cannot be changed; an Arrow table cannot be anyway."""

    def still(array: NDArray[np.float64]) -> NDArray[np.float64]:
        view = array.view()
        view.flags.writeable = False
        return view

    return evolve(
        batch,
        readings=still(batch.readings),
        evidence=still(batch.evidence),
        fired=still(batch.fired),
    )

"""Knowledge: the catalogue, functions and classifiers that plugins and packs together make."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from reltype import packs
from reltype.catalogue import Catalogue
from reltype.errors import PluginError
from reltype.plugins import Plugins, way_out

if TYPE_CHECKING:
    from reltype.archetypes import Typology
    from reltype.classifiers import Classifier
    from reltype.formats import Format


@frozen(eq=False)
class Knowledge:
    """What is known in a run, and by whom.

    Attributes:
        plugins: Who was asked.
        catalogue: All definitions.
        functions: Scalar functions for expressions, by name.
    """

    plugins: Plugins
    catalogue: Catalogue
    functions: dict[str, Callable[..., Any]]

    @classmethod
    def of(cls, plugins: Plugins, rules: Iterable[Path | str] = ()) -> Knowledge:
        """What *plugins* and the packs *rules* together define.

        Raises:
            PluginError: A plugin returns something that it may not.
            ConfigError: A pack cannot be used, or two definitions clash.
        """
        functions = _functions(plugins)
        contributions = [
            (name, list(_definitions(plugins, name, made)))
            for name, made in plugins.returned("reltype_definitions")
        ]
        contributions += [(str(path), packs.load(path)) for path in rules]
        return cls(plugins, Catalogue.of(contributions, functions), functions)

    def classifiers(self, typology: Typology) -> list[Classifier]:
        """The classifiers that plugins add for *typology*, each within the time limit."""
        from reltype.classifiers import Classifier

        found: list[Classifier] = []
        for name, made in self.plugins.returned("reltype_classifiers", typology=typology):
            for classifier in _listed(self.plugins, name, made, "reltype_classifiers"):
                if not isinstance(classifier, Classifier):
                    raise PluginError(
                        f"{type(classifier).__name__} is no classifier: it needs a name and "
                        f"score(batch). {way_out(name)}",
                        name,
                    )
                if any(classifier.name == other.name for other in found):
                    raise PluginError(f"a second classifier calls itself {classifier.name!r}.", name)
                found.append(Guarded(classifier, name, self.plugins))
        return found

    def formats(self) -> tuple[Format, ...]:
        """The ways out, built-in and plugins'."""
        found: dict[str, Format] = {}
        for name, made in self.plugins.returned("reltype_formats"):
            for one in _listed(self.plugins, name, made, "reltype_formats"):
                if one.name in found:
                    raise PluginError(f"a second format is called {one.name!r}.", name)
                found[one.name] = one
        return tuple(found.values())


@frozen(eq=False)
class Guarded:
    """A plugin's classifier, asked within the time limit, whose failures name the plugin."""

    inner: Classifier
    plugin: str
    plugins: Plugins

    @property
    def name(self) -> str:
        """The classifier's own name."""
        return self.inner.name

    def score(self, batch: Any) -> Any:  # noqa: ANN401  checked by the pool
        """The classifier's score. Raises PluginError where it fails or takes too long."""
        return self.plugins.call(self.plugin, self.inner.score, f"{self.name}.score", batch)


def _definitions(plugins: Plugins, name: str, made: object) -> Iterator[packs.Definition]:
    """The definitions that a plugin returned, packs read; anything else is refused."""
    kinds = tuple(packs.TABLES.values())
    for thing in _listed(plugins, name, made, "reltype_definitions"):
        if isinstance(thing, (str, Path)):
            yield from packs.load(thing)
        elif isinstance(thing, kinds):
            yield thing
        else:
            known = ", ".join(kind.__name__ for kind in kinds)
            raise PluginError(
                f"reltype_definitions returned {thing!r}, which is none of {known}, nor a path. "
                f"{way_out(name)}",
                name,
            )


def _functions(plugins: Plugins) -> dict[str, Callable[..., Any]]:
    found: dict[str, Callable[..., Any]] = {}
    owners: dict[str, str] = {}
    for name, made in plugins.returned("reltype_functions"):
        if not isinstance(made, dict):
            raise PluginError(f"reltype_functions returned {made!r}, not a dict. {way_out(name)}", name)
        for called, function in made.items():
            if called in found:
                raise PluginError(f"{owners[called]} already gives a function {called!r}.", name)
            found[called], owners[called] = function, name
    return found


def _listed(plugins: Plugins, name: str, made: object, hook: str) -> list[Any]:
    del plugins
    if isinstance(made, (str, bytes)) or not isinstance(made, Iterable):
        raise PluginError(f"{hook} returned {made!r}, not a list. {way_out(name)}", name)
    return list(made)

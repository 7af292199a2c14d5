"""Knowledge: all that plugins and packs together define, and what plugins add to the machinery."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from reltype.definitions import packs
from reltype.definitions.assembly import catalogue_of
from reltype.definitions.catalogue import Catalogue
from reltype.definitions.clashes import DefinitionError
from reltype.definitions.functions import ScalarFunction, TextVectors
from reltype.definitions.sections import Section
from reltype.engines import Engine
from reltype.errors import ConfigError, PluginError, UsageError, did_you_mean
from reltype.formats import Format
from reltype.plugins.guard import GuardedRecipe, listened
from reltype.plugins.plugin import BUILT_IN
from reltype.scoring.plan import Plan

if TYPE_CHECKING:
    from reltype.definitions.archetypes import Typology
    from reltype.definitions.packs import Definition, Override
    from reltype.plugins.plugin import Plugins
    from reltype.scoring.classifiers import Classifier

Contribution = tuple[str, list["Definition | Override"]]

TAKEN = ("prior", "prototype", "rules", "learned", "features", "base rates")
"""What explanations call parts of a score that are no plugin's."""


@frozen(eq=False)
class Knowledge:
    """What is known in a run, and by whom.

    Attributes:
        plugins: Who was asked.
        catalogue: All definitions.
        functions: Scalar functions for expressions: name → (plugin, function).
    """

    plugins: Plugins
    catalogue: Catalogue
    functions: Mapping[str, tuple[str, ScalarFunction]] = field(factory=dict, repr=False)
    _heard: dict[str, tuple[list[Classifier], list[GuardedRecipe]]] = field(
        factory=dict, repr=False, init=False
    )

    @classmethod
    def of(cls, plugins: Plugins, rules: Iterable[Path | str] = ()) -> Knowledge:
        """What *plugins* and the packs *rules* together define.

        Where `plugins.strict` is false, a plugin whose definitions cannot be used is noted in
        `plugins.broken`, and the rest goes on.

        Raises:
            PluginError: A plugin returns something that it may not, clashes, or speaks of names
                that nothing defines.
            ConfigError: A pack in *rules* does.
        """
        functions = _functions(plugins)
        asked = plugins.things("reltype_definitions")
        made = [(name, _definitions(plugins, name, got)) for name, got in asked]
        contributions = [(name, got) for name, got in made if name in plugins.loaded]
        known = {name: function for name, (_, function) in functions.items()}
        if not plugins.strict:
            contributions = _sound(plugins, contributions, known)
        own = [(str(path), packs.load(path)) for path in rules]
        try:
            catalogue = catalogue_of([*contributions, *own], known)
        except DefinitionError as error:
            if error.who not in plugins.loaded:
                raise
            raise plugins.error(error.who, str(error)) from error
        return cls(plugins, catalogue, functions)

    def plan(self, typology: str) -> Plan:
        """What the typology of that name asks, with the features that plugins' classifiers read.

        Raises:
            ConfigError: There is no such typology.
            PluginError: A classifier reads a feature that nobody defines.
        """
        chosen = self.catalogue.typology(typology)
        extra_features: list[str] = []
        for classifier in self.classifiers(chosen):
            for name in getattr(classifier, "features", ()):
                if name not in self.catalogue.features:
                    text = (
                        f"its classifier {classifier.name!r} reads {name!r}, which is no feature."
                    )
                    hint = did_you_mean(name, self.catalogue.features)
                    raise self.plugins.error(classifier.plugin, text + hint)  # type: ignore[attr-defined]
                extra_features.append(name)
        return Plan(self.catalogue, chosen, tuple(dict.fromkeys(extra_features)))

    def classifiers(self, typology: Typology) -> list[Classifier]:
        """The classifiers that plugins add for *typology*, each guarded; made once.

        Raises:
            PluginError: One is none, or two have one name.
        """
        return self._asked(typology)[0]

    def recipes(self, typology: Typology) -> list[GuardedRecipe]:
        """The recipes that `fit` trains for *typology*, the built-in first, each guarded.

        Raises:
            PluginError: As `classifiers` does.
        """
        return self._asked(typology)[1]

    def _asked(self, typology: Typology) -> tuple[list[Classifier], list[GuardedRecipe]]:
        if typology.name in self._heard:
            return self._heard[typology.name]
        classifiers: dict[str, Classifier] = {}
        recipes: dict[str, GuardedRecipe] = {}
        for name, made in self.plugins.things("reltype_classifiers", typology=typology):
            for thing in made:
                count = len(self.catalogue.archetypes_of(typology.name))
                one = listened(thing, name, self.plugins, count)
                if one.name in (*classifiers, *recipes, *TAKEN):
                    text = f"a second classifier or recipe calls itself {one.name!r}."
                    raise self.plugins.error(name, text)
                if isinstance(one, GuardedRecipe):
                    recipes[one.name] = one
                else:
                    classifiers[one.name] = one
        self._heard[typology.name] = list(classifiers.values()), list(recipes.values())
        return self._heard[typology.name]

    def formats(self) -> tuple[Format, ...]:
        """The ways out, built-in and plugins'; no two of one name or one file ending."""
        found: dict[str, Format] = {}
        owners: dict[str, str] = {}
        for name, made in self.plugins.things("reltype_formats"):
            try:
                for thing in made:
                    if not isinstance(thing, Format):
                        raise self.plugins.error(name, f"a {type(thing).__name__} is no Format.")
                    for claimed in (thing.name, *thing.suffixes):
                        if claimed in owners:
                            text = f"{owners[claimed]} writes {claimed!r} already."
                            raise self.plugins.error(name, text)
                        owners[claimed] = name
                    found[thing.name] = evolve(thing, write=_writer(self.plugins, name, thing))
            except PluginError as error:
                self.plugins.fail(error)
        return tuple(found.values())

    def engines(self) -> dict[str, Any]:
        """Engines by name, built-in and plugins': each has `connect(threads, memory_limit)`."""
        found: dict[str, Any] = {}
        owners: dict[str, str] = {}
        for name, made in self.plugins.returned("reltype_engines"):
            if not isinstance(made, Mapping):
                raise self.plugins.error(name, f"reltype_engines returned {made!r}, not a dict.")
            for called, engine in made.items():
                if called in found:
                    text = f"{owners[called]} has an engine {called!r} already."
                    raise self.plugins.error(name, text)
                if not hasattr(engine, "connect"):
                    raise self.plugins.error(name, f"engine {called!r} has no connect().")
                found[called], owners[called] = (name, engine), name
        return found

    def engine(self, name: str, threads: int | None, memory_limit: str | None) -> Engine:
        """The engine called *name*, opened.

        Raises:
            UsageError: None is called that, or it cannot work with so many threads or so little.
            PluginError: What a plugin opens is no engine.
        """
        known = self.engines()
        if name not in known:
            raise UsageError(f"No engine is called {name!r}.{did_you_mean(name, known)}")
        owner, kind = known[name]
        made = kind.connect(threads, memory_limit)
        if not isinstance(made, Engine):
            text = f"connect() of its engine {name!r} gave a {type(made).__name__}, no Engine."
            raise self.plugins.error(owner, text)
        return made

    def vectors(self) -> dict[str, tuple[str, TextVectors]]:
        """Ways to place texts that plugins give: name → (plugin, what it gives).

        Raises:
            PluginError: A plugin returns something else, or two have one name.
        """
        found: dict[str, tuple[str, TextVectors]] = {}
        for name, made in self.plugins.things("reltype_vectors"):
            for thing in made:
                if not isinstance(thing, TextVectors):
                    raise self.plugins.error(name, f"a {type(thing).__name__} is no TextVectors.")
                if thing.name in found:
                    text = f"{found[thing.name][0]} places texts by {thing.name!r} already."
                    raise self.plugins.error(name, text)
                found[thing.name] = name, thing
        return found

    def sections(self, relationships: object) -> list[Section]:
        """Sections of the report that plugins add, in the order of the plugins."""
        found: list[Section] = []
        for name, made in self.plugins.things("reltype_sections", relationships=relationships):
            for thing in made:
                if not isinstance(thing, Section):
                    raise self.plugins.error(name, f"a {type(thing).__name__} is no Section.")
                found.append(evolve(thing, plugin=name))
        return found


def _definitions(plugins: Plugins, name: str, made: list[Any]) -> list[Definition | Override]:
    """The definitions that a plugin returned, packs read; anything else is refused."""
    kinds = tuple(packs.TABLES.values())
    found: list[Definition | Override] = []
    try:
        for thing in made:
            if isinstance(thing, (str, Path)):
                found += packs.load(thing)
            elif isinstance(thing, kinds):
                found.append(thing)
            else:
                known = ", ".join(kind.__name__ for kind in kinds)
                text = f"a {type(thing).__name__} is none of {known}, nor the path of a pack"
                raise ConfigError(text)  # noqa: TRY301
    except ConfigError as error:
        plugins.fail(plugins.error(name, f"{str(error).rstrip('.')}."))
    return found


def _functions(plugins: Plugins) -> dict[str, tuple[str, ScalarFunction]]:
    found: dict[str, tuple[str, ScalarFunction]] = {}
    for name, made in plugins.things("reltype_functions"):
        for thing in made:
            if not isinstance(thing, ScalarFunction):
                text = f"reltype_functions returned a {type(thing).__name__}, not a ScalarFunction."
                plugins.fail(plugins.error(name, text))
            elif thing.name in found:
                text = f"{found[thing.name][0]} gives a function {thing.name}() already."
                plugins.fail(plugins.error(name, text))
            else:
                found[thing.name] = (name, thing)
    return {called: got for called, got in found.items() if got[0] in plugins.loaded}


def _sound(
    plugins: Plugins, contributions: list[Contribution], functions: Mapping[str, ScalarFunction]
) -> list[Contribution]:
    """The contributions that can be used together; plugins of the others are noted as broken."""
    good, waiting = contributions[:1], contributions[1:]
    while waiting:
        failed: dict[str, DefinitionError] = {}
        for one in waiting:
            try:
                catalogue_of([*good, one], functions)
            except DefinitionError as error:
                failed[one[0]] = error
            else:
                good.append(one)
        if len(failed) == len(waiting):
            for name, why in failed.items():
                plugins.fail(plugins.error(name, str(why)))
            break
        waiting = [one for one in waiting if one[0] in failed]
    return good


def _writer(plugins: Plugins, name: str, made: Format) -> Any:  # noqa: ANN401
    """A plugin's writer whose failures name the plugin; no time limit, for files are large."""
    if name == BUILT_IN:
        return made.write

    def write(schema: object, batches: object, stream: object) -> None:
        try:
            made.write(schema, batches, stream)  # type: ignore[arg-type]
        except (OSError, PluginError):
            raise
        except Exception as error:
            text = f"writing {made.name} failed: {type(error).__name__}: {error}."
            raise plugins.error(name, text) from error

    return write

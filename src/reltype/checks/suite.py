"""The checks of one plugin, and what became of them."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING
from unittest import SkipTest

import click
import numpy as np
import pyarrow as pa
from attrs import define, field, frozen

from reltype import builtin, plugins
from reltype.api import classify
from reltype.checks import laws
from reltype.checks.laws import Broken, keep
from reltype.definitions import packs
from reltype.definitions.archetypes import UNCLASSIFIED, Archetype
from reltype.definitions.dimensions import Signal
from reltype.definitions.rules import Rule
from reltype.errors import ReltypeError
from reltype.plugins.guard import Guarded
from reltype.plugins.knowledge import Knowledge
from reltype.reporting.flaws import flaws
from reltype.scoring.classifiers import Batch, Prototype
from reltype.scoring.plan import Plan
from reltype.scoring.pool import pool
from reltype.simulate import simulate

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from reltype.definitions.catalogue import Catalogue
    from reltype.definitions.packs import Definition, Override
    from reltype.plugins.plugin import Plugins

NEEDS = {
    "Feature": ("unit", "summary"),
    "Scale": ("unit", "summary"),
    "Dimension": ("low", "high", "summary", "source"),
    "Signal": ("summary",),
    "Typology": ("summary", "dimensions"),
    "Archetype": ("summary", "source", "prototype"),
    "Rule": ("because",),
    "Benefit": ("definition", "source", "actions", "questions", "raises", "suits"),
}
"""What a definition must say besides what the format demands, for a reader to judge it."""


@frozen
class Check:
    """One law, about one thing; call it.

    Raises, when called:
        Broken: The law is not kept; an AssertionError.
        SkipTest: It does not apply; the text says why.
    """

    name: str
    run: Callable[[], None] = field(repr=False)

    def __call__(self) -> None:
        """Run it."""
        try:
            self.run()
        except ReltypeError as error:
            raise Broken(str(error)) from error

    def __str__(self) -> str:
        return self.name


@frozen
class Outcome:
    """What became of a check: `kept`, `broken` or `skipped`, and why."""

    check: str
    result: str
    reason: str = ""


def checks_of(thing: object, beside: Collection[str] = ()) -> list[Check]:
    """All checks of a plugin; a law that does not apply is among them, and is skipped aloud.

    Args:
        thing: An installed plugin's name, or a module or object with hooks.
        beside: Names of installed plugins whose definitions it builds on.
    """
    subject = _Subject(thing, beside)
    return [Check("plugin: it loads", subject.loads), *subject.checks()]


of = checks_of
"""The name of old."""


def outcomes(checks: Iterable[Check]) -> Iterator[Outcome]:
    """Run them, one after another; none stops the others."""
    for check in checks:
        try:
            check()
        except SkipTest as skip:
            yield Outcome(check.name, "skipped", str(skip))
        except Exception as error:  # noqa: BLE001  whatever a stranger's code raises
            told = str(error) if isinstance(error, Broken) else f"{type(error).__name__}: {error}"
            yield Outcome(check.name, "broken", told)
        else:
            yield Outcome(check.name, "kept")


@define(slots=False)
class _Subject:
    """The plugin under test. What cannot be made of it yields a check that says so."""

    thing: object
    beside: Collection[str]

    @cached_property
    def plugins(self) -> Plugins:
        if isinstance(self.thing, str):
            return plugins.load(only={*self.beside, self.thing})
        if self.thing is builtin:
            return plugins.load(only=self.beside)
        return plugins.load(self.thing, only=self.beside)

    @cached_property
    def name(self) -> str:
        return self.thing if isinstance(self.thing, str) else list(self.plugins.loaded)[-1]

    @cached_property
    def knowledge(self) -> Knowledge:
        return Knowledge.of(self.plugins)

    @cached_property
    def catalogue(self) -> Catalogue:
        return self.knowledge.catalogue

    def loads(self) -> None:
        """It is found, imports, and is written for these hooks."""
        keep(self.name in self.plugins.loaded, "it is not among the plugins that were loaded")

    def checks(self) -> Iterator[Check]:
        """The laws of each kind of thing, for each thing that there is."""
        for kind, make in (
            ("definitions", self._definitions),
            ("functions", self._functions),
            ("vectors", self._vectors),
            ("classifiers", self._classifiers),
            ("formats", self._formats),
            ("engines", self._engines),
            ("commands", self._commands),
            ("sections", self._sections),
        ):
            try:
                if not self._implements(kind):
                    yield Check(f"{kind}: all laws", _skips(f"it has no reltype_{kind}"))
                else:
                    yield from make()
            except Exception as error:  # noqa: BLE001  whatever a stranger's code raises
                yield Check(f"{kind}: can be asked for", _fails(error))

    def _implements(self, kind: str) -> bool:
        return self.plugins.loaded[self.name].implementation(f"reltype_{kind}") is not None

    def _vectors(self) -> Iterator[Check]:
        for name, (owner, made) in self.knowledge.vectors().items():
            if owner == self.name:
                for law, check in laws.VECTORS.items():
                    yield Check(f"vectors {name}: {law}", partial(check, made))

    def _definitions(self) -> Iterator[Check]:
        yield Check("definitions: they are usable together with the built-in ones", self._usable)
        yield Check("definitions: they are the same when asked again", self._same)
        yield Check("definitions: each says what a reader needs", self._complete)
        yield Check("definitions: features and scales can be put in an order", self._plans)
        yield Check("archetypes: each wins at its own prototype", self._reachable)
        yield Check("rules: examples hold, and none is dead or a copy", self._flawless)
        yield Check("rules: each has an example that fires and one that does not", self._shown)

    def _own(self) -> list[Definition | Override]:
        mine: list[Definition | Override] = []
        for name, made in self.plugins.things("reltype_definitions"):
            for thing in made if name == self.name else ():
                mine += [thing] if type(thing) in packs.TABLES.values() else packs.load(thing)
        return mine

    def _usable(self) -> None:
        keep(self.catalogue, "there is no catalogue")

    def _same(self) -> None:
        keep(self._own() == self._own(), "two calls of reltype_definitions differ")

    def _complete(self) -> None:
        for made in self._own():
            kind = type(made).__name__
            for key in NEEDS.get(kind, ()):
                keep(getattr(made, key), f"{kind.lower()} {made.name!r} has no {key}")
            if isinstance(made, Signal):
                poles = {said.pole for said in made.says}
                for pole in ("low", "high"):
                    keep(pole in poles, f"signal {made.name!r} says nothing where it is {pole}")

    def _plans(self) -> None:
        for plan in self._each_plan():
            keep(plan.levels is not None, "features could not be put in an order")

    def _each_plan(self) -> Iterator[Plan]:
        for typology in self.catalogue.typologies.values():
            yield Plan(self.catalogue, typology)

    def _reachable(self) -> None:
        own = {(a.typology, a.name) for a in self._own() if isinstance(a, Archetype)}
        if not own:
            raise SkipTest("it defines no archetype")
        for plan in self._each_plan():
            nan = float("nan")
            for place, archetype in enumerate(plan.archetypes):
                if (plan.typology.name, archetype.name) not in own:
                    continue
                spots = [archetype.prototype.get(d.name) for d in plan.dimensions]
                readings = np.array([[nan if s is None else s.value for s in spots]])
                batch = Batch(
                    pa.table({"customer_id": ["x"]}),
                    readings,
                    np.where(np.isnan(readings), 0.0, 1.0),
                    np.zeros((1, 0)),
                )
                found = pool(plan, [Prototype.of(plan)], batch, np.full(1, -1)).posterior[0]
                winner = [*(a.name for a in plan.archetypes), UNCLASSIFIED][int(found.argmax())]
                text = f"at the prototype of {archetype.name!r}, seen in full, {winner!r} wins"
                keep(int(found.argmax()) == place, text)

    def _flawless(self) -> None:
        self._with_rules()
        wrong = [f for f in flaws(self.knowledge) if f.wrong and f.who == self.name]
        keep(not wrong, "; ".join(map(str, wrong)))

    def _shown(self) -> None:
        for rule in self._with_rules():
            shown = {example.fires for example in rule.examples}
            keep({True, False} <= shown, f"rule {rule.name!r} lacks one of them")

    def _with_rules(self) -> list[Rule]:
        rules = [made for made in self._own() if isinstance(made, Rule)]
        if not rules:
            raise SkipTest("it defines no rule")
        return rules

    def _functions(self) -> Iterator[Check]:
        for name, (owner, function) in self.knowledge.functions.items():
            if owner == self.name:
                for law, check in laws.FUNCTIONS.items():
                    yield Check(f"function {name}: {law}", _about(check, function))

    def _classifiers(self) -> Iterator[Check]:
        count = 0
        for plan in self._each_plan():
            typology = plan.typology
            for one in self.knowledge.classifiers(typology):  # raises where names clash
                if isinstance(one, Guarded) and one.plugin == self.name:
                    count += 1
                    for law, check in laws.CLASSIFIERS.items():
                        name = f"classifier {one.name} ({typology.name}): {law}"
                        yield Check(name, _about(check, one.inner, plan))
            for recipe in self.knowledge.recipes(typology):
                if recipe.plugin == self.name:
                    count += 1
                    for law, made in laws.RECIPES.items():
                        name = f"recipe {recipe.name} ({typology.name}): {law}"
                        yield Check(name, _about(made, recipe, plan))
        if not count:
            reason = "reltype_classifiers returned none for any typology"
            yield Check("classifiers: all laws", _skips(reason))

    def _formats(self) -> Iterator[Check]:
        self.knowledge.formats()  # raises where names clash
        log = simulate("coffee bar", customers=12, seed=1).interactions
        result = classify(log, no_plugin=[p.name for p in plugins.installed()]).to_arrow()
        for owner, made in self.plugins.things("reltype_formats"):
            for one in made if owner == self.name else ():
                check = _about(laws.writes_any_result, one, result)
                yield Check(f"format {one.name}: it writes any result", check)
                check = _about(laws.endings_begin_with_a_dot, one)
                yield Check(f"format {one.name}: endings are lower case, with the dot", check)

    def _engines(self) -> Iterator[Check]:
        self.knowledge.engines()  # raises where names clash
        for owner, made in self.plugins.returned("reltype_engines"):
            for name, engine in made.items() if owner == self.name else ():
                check = _about(laws.engine_answers_and_locks, engine)
                yield Check(f"engine {name}: it answers, and reads no file once locked", check)

    def _commands(self) -> Iterator[Check]:
        cli = click.Group()
        list(self.plugins.returned("reltype_commands", cli=cli))
        for name, command in cli.commands.items():
            check = _about(laws.command_has_help, command)
            yield Check(f"command {name}: it has a help text", check)

    def _sections(self) -> Iterator[Check]:
        yield Check("sections: they can be made of a small result", self._made)

    def _made(self) -> None:
        log = simulate("coffee bar", customers=12, seed=1).interactions
        found = classify(log, no_plugin=[p.name for p in plugins.installed()])
        self.knowledge.sections(found)


def _about(law: Callable[..., None], *things: object) -> Callable[[], None]:
    return lambda: law(*things)


def _skips(reason: str) -> Callable[[], None]:
    def skip() -> None:
        raise SkipTest(reason)

    return skip


def _fails(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        text = str(error) if isinstance(error, ReltypeError) else f"{type(error).__name__}: {error}"
        raise Broken(text) from error

    return fail

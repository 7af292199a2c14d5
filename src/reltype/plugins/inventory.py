"""Inventory: what each plugin contributes, and what is wrong with those that do not work."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import click
from attrs import field, frozen

from reltype import plugins
from reltype.errors import PluginError
from reltype.plugins.knowledge import Knowledge
from reltype.plugins.plugin import BUILT_IN

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping


@frozen
class Item:
    """One plugin.

    Attributes:
        name: As `--no-plugin` takes it.
        version: Of its distribution.
        distribution: The package that it came in.
        gives: Kind → names: `rule`, `function`, `classifier`, `recipe`, `format`, `command` …;
            `section` where it adds sections to reports.
        error: What is wrong with it; empty where it works.
        left_out: Why it was not loaded; empty where it was.
    """

    name: str
    version: str
    distribution: str
    gives: Mapping[str, tuple[str, ...]] = field(factory=dict)
    error: str = ""
    left_out: str = ""


def inventory(without: Collection[str] = ()) -> tuple[Item, ...]:
    """Every installed plugin, the built-in one first, with what it gives.

    Args:
        without: Names to leave out.
    """
    found = plugins.load(without=without, strict=False)
    loaded = dict(found.loaded)
    gives = _gives(Knowledge.of(found))
    items = [
        Item(p.name, p.version, p.distribution, gives.get(p.name, {}), _error(found.broken, p.name))
        for p in loaded.values()
    ]
    for point in plugins.installed():
        if point.name not in loaded:
            version = point.dist.version if point.dist else ""
            distribution = point.dist.name if point.dist else ""
            error = _error(found.broken, point.name)
            why = "" if error else _why(point.name, without)
            items.append(Item(point.name, version, distribution, {}, error, why))
    return tuple(items[:1] + sorted(items[1:], key=lambda item: item.name))


def _error(broken: Mapping[str, PluginError], name: str) -> str:
    return str(broken[name]) if name in broken else ""


def _why(name: str, without: Collection[str]) -> str:
    if name in without:
        return "by --no-plugin or the config"
    return f"by {plugins.ENVIRONMENT}"


def _gives(known: Knowledge) -> dict[str, dict[str, tuple[str, ...]]]:
    """Plugin → kind → names."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    names = {str(key): key[1] for key in known.catalogue.archetypes}
    for (kind, key), who in known.catalogue.owners.items():
        found[who][kind].append(names[key] if kind == "archetype" else key)
    for name, (who, _) in known.functions.items():
        found[who]["function"].append(name)
    for ask in (_classifiers, _recipes, _vectors, _formats, _engines, _commands, _sections):
        for who, kind, name in _asked(known, ask):
            if name not in found[who][kind]:
                found[who][kind].append(name)
    return {
        who: {kind: tuple(sorted(names)) for kind, names in kinds.items()}
        for who, kinds in found.items()
    }


def _asked(
    known: Knowledge, ask: Callable[[Knowledge], Iterator[tuple[str, str, str]]]
) -> list[tuple[str, str, str]]:
    """What *ask* finds; where a plugin fails the rest is asked again without it."""
    while True:
        try:
            return list(ask(known))
        except PluginError as error:
            known.plugins.fail(error)


def _classifiers(known: Knowledge) -> Iterator[tuple[str, str, str]]:
    for typology in known.catalogue.typologies.values():
        for made in known.classifiers(typology):
            yield getattr(made, "plugin", BUILT_IN), "classifier", made.name


def _vectors(known: Knowledge) -> Iterator[tuple[str, str, str]]:
    for name, (who, _) in known.vectors().items():
        yield who, "place for texts", name


def _recipes(known: Knowledge) -> Iterator[tuple[str, str, str]]:
    for typology in known.catalogue.typologies.values():
        for made in known.recipes(typology):
            yield made.plugin, "recipe", made.name


def _formats(known: Knowledge) -> Iterator[tuple[str, str, str]]:
    known.formats()
    for who, made in known.plugins.things("reltype_formats"):
        for one in made:
            yield who, "format", one.name


def _engines(known: Knowledge) -> Iterator[tuple[str, str, str]]:
    known.engines()
    for who, made in known.plugins.returned("reltype_engines"):
        for name in made:
            yield who, "engine", name


def _commands(known: Knowledge) -> Iterator[tuple[str, str, str]]:
    for plugin in tuple(known.plugins.loaded.values()):
        implementation = plugin.implementation("reltype_commands")
        if implementation is not None:
            group = click.Group()
            known.plugins.call(plugin.name, implementation, "reltype_commands", group)
            for name in group.commands:
                yield plugin.name, "command", name


def _sections(known: Knowledge) -> Iterator[tuple[str, str, str]]:
    for plugin in known.plugins.loaded.values():
        if plugin.implementation("reltype_sections") is not None:
            yield plugin.name, "section", "in reports"

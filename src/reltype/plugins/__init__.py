"""Plugins: the installed ones, loaded. A factory makes the set; there is no global one."""

from __future__ import annotations

import os
from importlib.metadata import EntryPoint, entry_points
from inspect import isroutine
from typing import TYPE_CHECKING

import click
import pluggy
from attrs import evolve

from reltype import __version__, builtin
from reltype.errors import PluginError, UsageError, did_you_mean
from reltype.plugins import hookspecs
from reltype.plugins.plugin import BUILT_IN, TIME_LIMIT, Plugin, Plugins

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


GROUP = "reltype"
ENVIRONMENT = "RELTYPE_PLUGINS"
SECONDS = "RELTYPE_PLUGIN_SECONDS"
HOOKS = tuple(name for name in vars(hookspecs) if name.startswith("reltype_"))


def load(
    *extra: object,
    only: Collection[str] | None = None,
    without: Collection[str] = (),
    strict: bool = True,
    time_limit: float | None = None,
) -> Plugins:
    """The built-in plugin, the installed ones sorted by name, then *extra* objects.

    Args:
        extra: Modules or objects with hook implementations, for programs and tests.
        only: Names of the installed plugins to load; None: what `RELTYPE_PLUGINS` says, a
            comma-separated list (empty: none), or all.
        without: Names to leave out.
        strict: Raise where one does not load or fails later; otherwise note it in `broken`.
        time_limit: Seconds that one call into a plugin may take; None: what
            `RELTYPE_PLUGIN_SECONDS` says, or 60.

    Raises:
        PluginError: A plugin does not load, is for another version of the hooks, implements a
            hook that there is not, or implements none.
        UsageError: *only* names a plugin that is not installed.
    """
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    plugins = Plugins(manager, strict=strict, time_limit=time_limit or _seconds())
    _register(plugins, Plugin(BUILT_IN, __version__, GROUP, builtin))
    for point in _chosen(plugins, only, without):
        plugin = Plugin(point.name, *_distribution(point))
        plugins.loaded[point.name] = plugin
        try:
            module = plugins.call(point.name, point.load, "importing it")
            _register(plugins, evolve(plugin, module=module))
        except PluginError as error:
            plugins.fail(error)
    for thing in extra:
        plugin = Plugin(getattr(thing, "__name__", type(thing).__name__), module=thing)
        if plugin.name not in without:
            try:
                _register(plugins, plugin)
            except PluginError as error:
                plugins.fail(error)
    return plugins


def installed() -> tuple[EntryPoint, ...]:
    """The entry points of all installed plugins, sorted by name; nothing is imported."""
    return tuple(sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)))


def check_names(names: Iterable[str], where: str = "--no-plugin") -> None:
    """Raise UsageError for a name that no installed plugin has."""
    known = {point.name for point in installed()}
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known) if known else " None is installed."
            raise UsageError(f"{where} {name}: no plugin is called {name!r}.{hint}")


def commands(
    cli: click.Group, ours: Collection[str] = (), without: Collection[str] = ()
) -> Plugins:
    """Let every plugin add its commands to *cli*.

    Args:
        cli: Gets the commands.
        ours: Names that are taken.
        without: Plugins to leave out.

    Returns:
        The plugins; those that do not load, or whose command has the name of another, are in
        `broken`, and add none.
    """
    plugins = load(without=without, strict=False)
    taken = dict.fromkeys(ours, GROUP)
    for plugin in tuple(plugins.loaded):
        added = click.Group()
        asked = evolve(plugins, loaded={plugin: plugins.loaded[plugin]})
        if not list(asked.returned("reltype_commands", cli=added)):
            continue
        clashes = sorted(set(added.commands) & set(taken))
        if clashes:
            text = f"its command {clashes[0]!r} is one of {taken[clashes[0]]}'s already."
            plugins.fail(plugins.error(plugin, text))
            continue
        taken |= dict.fromkeys(added.commands, plugin)
        for name, command in added.commands.items():
            cli.add_command(command, name)
    return plugins


def _chosen(
    plugins: Plugins, only: Collection[str] | None, without: Collection[str]
) -> list[EntryPoint]:
    """The entry points to load; two of one name are a clash."""
    if only is None and (listed := os.environ.get(ENVIRONMENT)) is not None:
        only = [name.strip() for name in listed.split(",") if name.strip()]
        check_names(only, f"{ENVIRONMENT}=")
    elif only:
        check_names(only, "only")
    found: dict[str, EntryPoint] = {}
    for point in installed():
        if point.name in without or (only is not None and point.name not in only):
            continue
        other = found.setdefault(point.name, point)
        if other.value != point.value:
            text = f"{_from(other)} and {_from(point)} both call a plugin so. Uninstall one."
            plugins.fail(PluginError(text, point.name))
            del found[point.name]
    return [point for name, point in found.items() if name not in plugins.broken]


def _seconds() -> float:
    """The time limit that the environment sets, or the usual one."""
    text = os.environ.get(SECONDS, "").strip()
    try:
        seconds = float(text) if text else TIME_LIMIT
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise UsageError(f"{SECONDS}={text}: write a number of seconds above 0.")
    return seconds


def _distribution(point: EntryPoint) -> tuple[str, str]:
    return (point.dist.version, point.dist.name) if point.dist else ("", "")


def _from(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else point.value


def _register(plugins: Plugins, plugin: Plugin) -> None:
    """Take *plugin* in, if it is written for these hooks."""
    there = plugins.loaded.get(plugin.name)
    if there is not None and there.module is not None:
        raise PluginError(
            "another plugin of this name is there already.", plugin.name, plugin.label
        )
    if wrong := _wrong(plugin.module):
        raise evolve(plugins, loaded={plugin.name: plugin}).error(plugin.name, wrong)
    try:
        plugins.manager.register(plugin.module, plugin.name)
    except (pluggy.PluginValidationError, ValueError) as error:
        text = " ".join(str(error).split()).rstrip(".")
        raise evolve(plugins, loaded={plugin.name: plugin}).error(
            plugin.name, f"{text}."
        ) from error
    plugins.loaded[plugin.name] = plugin


def _wrong(module: object) -> str:
    """What is wrong with a plugin's module or object, in words; empty where nothing is."""
    api = getattr(module, "reltype_api", hookspecs.API_VERSION)
    if api != hookspecs.API_VERSION:
        newer = isinstance(api, int) and api > hookspecs.API_VERSION
        what = "Upgrade reltype" if newer else "Upgrade the plugin"
        return (
            f"it is written for reltype_api {api!r}, and this reltype speaks "
            f"{hookspecs.API_VERSION}. {what}."
        )
    named = [
        n for n in dir(module) if n.startswith("reltype_") and isroutine(getattr(module, n, None))
    ]
    for name in named:
        if name not in HOOKS:
            return f"there is no hook {name!r}.{did_you_mean(name, HOOKS)}"
        marks = getattr(getattr(module, name), "reltype_impl", None)
        if marks is None:
            return f"{name} is not marked: write @hookimpl above it."
        if marks.get("wrapper") or marks.get("hookwrapper"):
            return f"{name} wraps other plugins' answers, which reltype does not ask for."
    return "" if named else f"it implements none of the hooks: {', '.join(HOOKS)}."

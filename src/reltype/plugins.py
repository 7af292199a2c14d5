"""Plugins: who is there, and what each returns. A factory makes the set; there is no global one."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, TypeVar

import pluggy
from attrs import define, field, frozen

from reltype import builtin, hookspecs
from reltype.errors import PluginError, ReltypeError, UsageError, did_you_mean

if TYPE_CHECKING:
    import click

GROUP = "reltype"
BUILT_IN = "built-in"
ENVIRONMENT = "RELTYPE_PLUGINS"
TIME_LIMIT = 60.0
"""Seconds that one call into a plugin may take."""

T = TypeVar("T")


@frozen
class Plugin:
    """A plugin that was loaded.

    Attributes:
        name: The entry point's; what `--no-plugin` takes.
        version: Of its distribution; empty where it has none.
        distribution: The package that it came in; empty for an object given in code.
        module: What implements the hooks.
    """

    name: str
    version: str
    distribution: str
    module: object = field(eq=False, repr=False)

    @property
    def label(self) -> str:
        """Name, package and version, as messages give them."""
        return f"{self.name} ({self.distribution} {self.version})" if self.version else self.name


@define
class Plugins:
    """The plugins of one run, in the order in which they were registered.

    Attributes:
        manager: pluggy's manager, for who wants to look.
        loaded: Name → plugin, the built-in first, then by name.
        broken: Name → why it did not load; empty where loading was strict.
        time_limit: Seconds that one call into a plugin may take.
    """

    manager: pluggy.PluginManager = field(repr=False)
    loaded: dict[str, Plugin] = field(factory=dict)
    broken: dict[str, PluginError] = field(factory=dict)
    time_limit: float = TIME_LIMIT

    def returned(self, hook: str, **arguments: object) -> Iterator[tuple[str, Any]]:
        """(plugin's name, what it returned) for each plugin that implements *hook*.

        Each is asked on its own, so that who returned what is known.

        Raises:
            PluginError: One raises, or takes longer than the time limit.
        """
        for plugin in self.loaded.values():
            implementation = getattr(plugin.module, hook, None)
            if implementation is None or not hasattr(implementation, "reltype_impl"):
                continue
            accepted = {k: v for k, v in arguments.items() if k in _parameters(implementation)}
            yield plugin.name, self.call(plugin.name, implementation, hook, **accepted)

    def call(self, name: str, function: Callable[..., T], what: str, *args: Any, **kwargs: Any) -> T:
        """What *function* of the plugin *name* returns, within the time limit.

        Raises:
            PluginError: It raised, or did not return in time. Its thread is then left behind: a
                thread cannot be stopped, but it does not keep the process from ending.
        """
        if name == BUILT_IN:
            return function(*args, **kwargs)
        answer: list[T] = []
        failure: list[BaseException] = []

        def ask() -> None:
            try:
                made = function(*args, **kwargs)
                answer.append(list(made) if isinstance(made, Iterator) else made)  # type: ignore[arg-type]
            except BaseException as error:  # noqa: BLE001  whatever a stranger's code raises
                failure.append(error)

        thread = threading.Thread(target=ask, name=f"reltype plugin {name}", daemon=True)
        thread.start()
        thread.join(self.time_limit)
        label = self.loaded[name].label if name in self.loaded else name
        if thread.is_alive():
            raise PluginError(
                f"{what} did not return within {self.time_limit:g} s. {way_out(name)}", label
            )
        if failure:
            error = failure[0]
            if isinstance(error, KeyboardInterrupt):
                raise error
            told = str(error) if isinstance(error, ReltypeError) else f"{type(error).__name__}: {error}"
            raise PluginError(f"{what} failed: {told}. {way_out(name)}", label) from error
        return answer[0]


def load(
    *extra: object,
    only: Collection[str] | None = None,
    without: Collection[str] = (),
    strict: bool = True,
    time_limit: float = TIME_LIMIT,
) -> Plugins:
    """The built-in plugin, the installed ones sorted by name, then *extra* objects.

    Args:
        extra: Modules or objects with hook implementations, for programs and tests.
        only: Names of the installed plugins to load; None: what `RELTYPE_PLUGINS` says, a
            comma-separated list (empty: none), or all.
        without: Names to leave out.
        strict: Raise where one does not load; otherwise note it in `broken` and go on.
        time_limit: Seconds that one call into a plugin may take.

    Raises:
        PluginError: A plugin does not load, is for another version of the hooks, or implements a
            hook that there is not.
    """
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    plugins = Plugins(manager, time_limit=time_limit)
    _register(plugins, Plugin(BUILT_IN, "", "reltype", builtin))
    for point in _chosen(only, without):
        try:
            version = point.dist.version if point.dist else ""
            distribution = point.dist.name if point.dist else ""
            plugins.loaded[point.name] = Plugin(point.name, version, distribution, None)
            module = plugins.call(point.name, point.load, "importing it")
            _register(plugins, Plugin(point.name, version, distribution, module))
        except PluginError as error:
            plugins.loaded.pop(point.name, None)
            if strict:
                raise
            plugins.broken[point.name] = error
    for thing in extra:
        name = getattr(thing, "__name__", type(thing).__name__)
        if name not in without:
            _register(plugins, Plugin(name, "", "", thing))
    return plugins


def installed() -> tuple[EntryPoint, ...]:
    """The entry points of all installed plugins, sorted by name; nothing is imported."""
    return tuple(sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)))


def check_names(without: Iterable[str]) -> None:
    """Raise UsageError for a name that no installed plugin has."""
    known = {point.name for point in installed()}
    for name in without:
        if name not in known:
            hint = did_you_mean(name, known) or " None is installed."
            raise UsageError(f"--no-plugin {name}: no plugin is called {name!r}.{hint}")


def commands(cli: click.Group) -> None:
    """Let every plugin add its commands to *cli*; those that do not load are told of by others."""
    for _ in load(strict=False).returned("reltype_commands", cli=cli):
        pass


def way_out(name: str) -> str:
    """What to type to go on without a plugin."""
    return f"Leave it out with --no-plugin {name}."


def _chosen(only: Collection[str] | None, without: Collection[str]) -> list[EntryPoint]:
    """The entry points to load; two of one name are a clash."""
    if only is None and (listed := os.environ.get(ENVIRONMENT)) is not None:
        only = [name.strip() for name in listed.split(",") if name.strip()]
    found = [
        point
        for point in installed()
        if (only is None or point.name in only) and point.name not in without
    ]
    for first, second in zip(found, found[1:], strict=False):
        if first.name == second.name and first.value != second.value:
            raise PluginError(
                f"{_from(first)} and {_from(second)} both call themselves so; uninstall one.",
                first.name,
            )
    return list({point.name: point for point in found}.values())


def _from(point: EntryPoint) -> str:
    return point.dist.name if point.dist else point.value


def _register(plugins: Plugins, plugin: Plugin) -> None:
    api = getattr(plugin.module, "reltype_api", hookspecs.API_VERSION)
    if api != hookspecs.API_VERSION:
        newer = isinstance(api, int) and api > hookspecs.API_VERSION
        what = "Upgrade reltype" if newer else "Upgrade the plugin"
        raise PluginError(
            f"it is written for reltype_api {api!r}, and this reltype speaks "
            f"{hookspecs.API_VERSION}. {what}. {way_out(plugin.name)}",
            plugin.label,
        )
    if plugin.name in plugins.loaded and plugins.loaded[plugin.name].module is not None:
        raise PluginError("another plugin of this name is there already.", plugin.label)
    for name in dir(plugin.module):
        if name.startswith("reltype_") and callable(getattr(plugin.module, name)):
            known = [n for n in vars(hookspecs) if n.startswith("reltype_")]
            if name not in known:
                hint = did_you_mean(name, known)
                raise PluginError(f"there is no hook {name!r}.{hint}", plugin.label)
    try:
        plugins.manager.register(plugin.module, plugin.name)
    except (pluggy.PluginValidationError, ValueError) as error:
        text = " ".join(str(error).split())
        raise PluginError(f"{text}. {way_out(plugin.name)}", plugin.label) from error
    plugins.loaded[plugin.name] = plugin


def _parameters(function: Callable[..., Any]) -> Mapping[str, Any]:
    from inspect import signature

    return signature(function).parameters

"""Plugin: who gives something to a run. Plugins: those of one run, and how each is asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from inspect import signature
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from attrs import define, field, frozen

from reltype.errors import PluginError, ReltypeError

if TYPE_CHECKING:
    import pluggy

BUILT_IN = "built-in"
TIME_LIMIT = 60.0
"""Seconds that one call into a plugin may take."""

P = ParamSpec("P")
T = TypeVar("T")


@frozen
class Plugin:
    """A plugin that was loaded.

    Attributes:
        name: The entry point's; what `--no-plugin` takes.
        version: Of its distribution; empty where it has none.
        distribution: The package that it came in; empty for an object given in code.
        module: What implements the hooks; None while it is being loaded.
    """

    name: str
    version: str = ""
    distribution: str = ""
    module: object = field(default=None, eq=False, repr=False)

    @property
    def label(self) -> str:
        """Name, package and version, as messages give them."""
        return f"{self.name} ({self.distribution} {self.version})" if self.version else self.name

    def implementation(self, hook: str) -> Callable[..., Any] | None:
        """Its function for *hook*; None where it has none."""
        found: Callable[..., Any] | None = getattr(self.module, hook, None)
        return found if hasattr(found, "reltype_impl") else None


@define
class Plugins:
    """The plugins of one run, in the order in which they were registered.

    Attributes:
        manager: pluggy's manager, for who wants to look.
        loaded: Name → plugin, the built-in first, then by name.
        broken: Name → what is wrong with it; empty where `strict`.
        strict: Whether a plugin that fails stops the run; otherwise it is noted in `broken`, and
            asked no more.
        time_limit: Seconds that one call into a plugin may take.
    """

    manager: pluggy.PluginManager = field(repr=False)
    loaded: dict[str, Plugin] = field(factory=dict)
    broken: dict[str, PluginError] = field(factory=dict)
    strict: bool = True
    time_limit: float = TIME_LIMIT

    def returned(self, hook: str, **arguments: object) -> Iterator[tuple[str, Any]]:
        """(plugin's name, what it returned) for each plugin that implements *hook*.

        Each is asked on its own, so that who returned what is known.

        Raises:
            PluginError: One raises, or takes longer than the time limit, and `strict`.
        """
        for plugin in tuple(self.loaded.values()):
            implementation = plugin.implementation(hook)
            if implementation is None:
                continue
            accepted = {
                k: v for k, v in arguments.items() if k in signature(implementation).parameters
            }
            try:
                made = self.call(plugin.name, implementation, hook, **accepted)
            except PluginError as error:
                self.fail(error)
            else:
                yield plugin.name, made

    def things(self, hook: str, **arguments: object) -> Iterator[tuple[str, list[Any]]]:
        """(plugin's name, the list it returned) for each plugin that implements *hook*."""
        for name, made in self.returned(hook, **arguments):
            if isinstance(made, (str, bytes, dict)) or not isinstance(made, Iterable):
                self.fail(self.error(name, f"{hook} returned {_short(made)}, not a list."))
            else:
                yield name, list(made)

    def call(
        self, name: str, function: Callable[P, T], what: str, *args: P.args, **kwargs: P.kwargs
    ) -> T:
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
        if failure:
            error = failure[0]
            told = str(error) if isinstance(error, ReltypeError) else _told(error)
            raise self.error(name, f"{what} failed: {told.rstrip('.')}.") from error
        if not answer:
            raise self.error(name, f"{what} did not return within {self.time_limit:g} s.")
        return answer[0]

    def error(self, name: str, text: str) -> PluginError:
        """An error that names the plugin with its version, and the way out."""
        label = self.loaded[name].label if name in self.loaded else name
        gap = "\n" if "\n" in text else " "
        return PluginError(f"{text}{gap}{way_out(name)}", name, label)

    def fail(self, error: PluginError) -> None:
        """Raise *error* if `strict`; otherwise note it, and ask its plugin no more."""
        if self.strict or error.plugin == BUILT_IN:
            raise error
        self.broken.setdefault(error.plugin, error)
        self.loaded.pop(error.plugin, None)


def way_out(name: str) -> str:
    """What to type to go on without a plugin."""
    return f"Leave it out with --no-plugin {name}."


def _told(error: BaseException) -> str:
    return (
        f"{type(error).__name__}: {_short(str(error), 500, str)}"
        if str(error)
        else type(error).__name__
    )


def _short(thing: object, most: int = 80, show: Callable[[Any], str] = repr) -> str:
    try:
        text = " ".join(show(thing).split())
    except Exception:  # noqa: BLE001  a stranger's __repr__
        text = f"a {type(thing).__name__}"
    return text if len(text) <= most else text[: most - 1] + "…"

"""Plugin functions: plugins' functions that the queries of one engine may call."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from attrs import define, field

from reltype.errors import PluginError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Function(Protocol):
    """A function over Arrow arrays, as `reltype.plugin.ScalarFunction` is."""

    @property
    def name(self) -> str:
        """As queries call it."""

    @property
    def takes(self) -> tuple[str, ...]:
        """The kind of each argument: `number`, `text`, `bool` or `time`."""

    @property
    def gives(self) -> str:
        """The kind of the result."""


class FunctionCaller(Protocol):
    """Who calls a plugin's function, within the time limit: `Plugins` does."""

    def call(self, name: str, function: Any, what: str, *args: Any) -> Any:  # noqa: ANN401
        """What *function* of the plugin *name* returns. Raises PluginError where it fails."""

    def error(self, name: str, text: str) -> PluginError:
        """An error that names the plugin."""


@define
class PluginFunctions:
    """The failure that stopped a query, if a function of a plugin did.

    Attributes:
        failure: What to tell instead of the engine's error.
    """

    failure: PluginError | None = field(default=None)

    def guarded(self, owner: str, function: Function, caller: FunctionCaller) -> Callable[..., Any]:
        """*function* as an engine calls it: Arrow in, Arrow out; its failure is kept."""

        def call(*columns: Any) -> Any:  # noqa: ANN401
            try:
                return caller.call(owner, function, f"{function.name}()", *columns)
            except PluginError as error:
                self.failure = self.failure or error
                raise

        return call

    @contextmanager
    def own_errors(self) -> Iterator[None]:
        """Raises a function's own PluginError where the engine raised because of it."""
        try:
            yield
        except Exception as error:
            if self.failure is None:
                raise
            failure, self.failure = self.failure, None
            raise failure from error

"""Registered: plugins' functions that the queries of one connection may call."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from attrs import define, field

from reltype.definitions.functions import TYPES
from reltype.errors import PluginError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from duckdb import DuckDBPyConnection

    from reltype.definitions.functions import ScalarFunction
    from reltype.plugins.plugin import Plugins


@define
class Registered:
    """The functions of a run in the engine, and the failure that stopped one of them.

    Attributes:
        owners: Function → the plugin that it is from.
        failure: What to tell instead of the engine's error.
    """

    owners: dict[str, str] = field(factory=dict)
    failure: PluginError | None = None

    @contextmanager
    def told(self) -> Iterator[None]:
        """Raises a function's own PluginError where the engine raised because of it."""
        try:
            yield
        except Exception as error:
            if self.failure is None:
                raise
            failure, self.failure = self.failure, None
            raise failure from error


def register(
    connection: DuckDBPyConnection,
    functions: Mapping[str, tuple[str, ScalarFunction]],
    plugins: Plugins,
) -> Registered:
    """Let queries on *connection* call *functions*, given as name → (plugin, function).

    Raises:
        PluginError: The engine has a function of that name.
    """
    import duckdb

    registered = Registered()

    def guarded(owner: str, function: ScalarFunction) -> Callable[..., Any]:
        def call(*columns: Any) -> Any:  # noqa: ANN401  Arrow in, Arrow out
            try:
                return plugins.call(owner, function, f"{function.name}()", *columns)
            except PluginError as error:
                registered.failure = registered.failure or error
                raise

        return call

    for name, (owner, function) in functions.items():
        try:
            connection.create_function(  # type: ignore[call-overload]
                name,
                guarded(owner, function),
                [TYPES[kind] for kind in function.takes],
                TYPES[function.gives],
                type="arrow",
                null_handling="special",
            )
        except duckdb.CatalogException as error:
            raise plugins.error(owner, f"the engine has a function {name}() already.") from error
        registered.owners[name] = owner
    return registered

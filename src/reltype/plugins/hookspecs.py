"""What a plugin can do, on one screen.

A plugin is a module (or an object) that a distribution `reltype-NAME` names under the entry-point
group `reltype`. It implements any of these with `hookimpl`, and takes those of a hook's arguments
that it needs. Hooks *return* things; the host keeps who returned what and refuses clashes.
`reltype_api = 1` in the module says which version of this page it was written for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pluggy

from reltype.definitions.sections import Relationships

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import click

    from reltype.definitions.archetypes import Typology
    from reltype.definitions.functions import ScalarFunction, TextVectors
    from reltype.definitions.packs import Definition
    from reltype.definitions.recipes import Recipe
    from reltype.definitions.sections import Section
    from reltype.formats import Format
    from reltype.scoring.classifiers import Classifier

API_VERSION = 1

hookspec = pluggy.HookspecMarker("reltype")
hookimpl = pluggy.HookimplMarker("reltype")


@hookspec
def reltype_definitions() -> Iterable[Definition | Path]:  # type: ignore[empty-body]
    """Return features, signals, dimensions, archetypes, rules, benefits, or paths of TOML packs.

    Asked whenever anything is listed or scored: import nothing heavy.
    """


@hookspec
def reltype_functions() -> Iterable[ScalarFunction]:  # type: ignore[empty-body]
    """Return scalar functions over Arrow arrays, which expressions may then call by name.

    Asked whenever anything is listed or scored: import heavy things inside the functions.
    """


@hookspec
def reltype_vectors() -> Iterable[TextVectors]:  # type: ignore[empty-body]
    """Return ways to place texts by what they mean, for `reltype issues`.

    Asked when issues are, and when plugins are listed: import heavy things inside the functions.
    """


@hookspec
def reltype_classifiers(typology: Typology) -> Iterable[Classifier | Recipe]:  # type: ignore[empty-body]
    """Return classifiers for *typology*, or recipes that `fit` trains. Import heavy things here."""


@hookspec
def reltype_formats() -> Iterable[Format]:  # type: ignore[empty-body]
    """Return ways out, each with the file endings that choose it."""


@hookspec
def reltype_engines() -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Return engines by name, each with `connect(threads, memory_limit)`.

    That gives an opened `reltype.engines.Engine`. The setting `engine` chooses one by its name.
    """


@hookspec
def reltype_commands(cli: click.Group) -> None:
    """Add commands to `reltype`. Asked only when the command line needs them."""


@hookspec
def reltype_sections(relationships: Relationships) -> Iterable[Section]:  # type: ignore[empty-body]
    """Return sections of the report on *relationships*."""

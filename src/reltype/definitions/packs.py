"""Pack: definitions in a TOML file. The built-in knowledge is one, and so is anybody's."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from reltype.definitions.archetypes import Archetype, Typology
from reltype.definitions.benefits import Benefit
from reltype.definitions.dimensions import Dimension, Signal
from reltype.definitions.features import Feature, Scale
from reltype.definitions.rules import Rule
from reltype.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from cattrs import Converter

Definition: TypeAlias = Feature | Scale | Dimension | Signal | Typology | Archetype | Rule | Benefit
"""Whatever a pack or a plugin can define."""

TABLES: dict[str, type[Any]] = {
    "features": Feature,
    "scales": Scale,
    "dimensions": Dimension,
    "signals": Signal,
    "typologies": Typology,
    "archetypes": Archetype,
    "rules": Rule,
    "benefits": Benefit,
}
"""The arrays of tables that a pack may hold, and what each becomes."""


def load(path: Path | str) -> list[Definition]:
    """The definitions in the pack at *path*, in the order of `TABLES` and of the file.

    Raises:
        ConfigError: It cannot be read, is not TOML, or holds a table or a key that is unknown,
            missing or of the wrong type; the text names file, table and key.
    """
    path = Path(path)
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ConfigError(f"{path}: cannot be read ({reason}).") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not TOML: {error}.") from error
    return list(parse(document, str(path)))


def parse(document: dict[str, Any], path: str) -> Iterator[Definition]:
    """The definitions in a parsed TOML *document* that was read from *path*."""
    for name in document:
        if name not in TABLES:
            raise ConfigError(f"{path}: [[{name}]] is not known.{did_you_mean(name, TABLES)}")
    for name, kind in TABLES.items():
        tables = document.get(name, [])
        if not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
            raise ConfigError(f"{path}: write [[{name}]], with two brackets, once for each.")
        for number, table in enumerate(tables, 1):
            yield _definition(kind, table, f"{path}: [[{name}]] {table.get('name', number)!r}")


def _definition(kind: type[Any], table: dict[str, Any], where: str) -> Definition:
    from cattrs import transform_error

    try:
        made: Definition = _converter().structure(table, kind)
    except Exception as error:
        reasons = transform_error(error, path="", format_exception=_told)
        raise ConfigError(f"{where}: {'; '.join(reasons)}.") from error
    return made


def _told(error: BaseException, kind: type | None) -> str:
    """One wrong key, in words. Its path is added by cattrs, after an `@`."""
    from cattrs import ForbiddenExtraKeysError

    if isinstance(error, ForbiddenExtraKeysError):
        extra = sorted(error.extra_fields)
        known = [field.name for field in attrs.fields(error.cl)]
        return f"unknown key {extra[0]!r}.{did_you_mean(extra[0], known)}".rstrip(".")
    if isinstance(error, KeyError):
        return f"the key {error.args[0]!r} is missing"
    if isinstance(error, (ValueError, TypeError)):
        wanted = f" (a {kind.__name__} is wanted)" if kind else ""
        return f"{error.args[0] if error.args else error}{wanted}"
    return str(error)


@cache
def _converter() -> Converter:
    """TOML's types to attrs classes: no extra keys, and no guessing between types."""
    from cattrs import Converter

    converter = Converter(forbid_extra_keys=True, detailed_validation=True)

    def exactly(*kinds: type) -> Any:  # noqa: ANN401
        def structure(value: object, kind: type) -> object:
            if type(value) not in kinds:
                raise TypeError(f"{value!r} is not a {kind.__name__}")
            return kind(value)

        return structure

    converter.register_structure_hook(str, exactly(str))
    converter.register_structure_hook(float, exactly(float, int))
    converter.register_structure_hook(bool, exactly(bool))
    converter.register_structure_hook(float | bool | str | None, lambda value, _: value)
    converter.register_structure_hook(bool | None, lambda value, _: value)
    return converter

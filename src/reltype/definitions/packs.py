"""Pack: definitions in a TOML file. The built-in knowledge is one, and so is anybody's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import attrs

from reltype.definitions.archetypes import Archetype, Typology
from reltype.definitions.benefits import Benefit
from reltype.definitions.columns import Columns
from reltype.definitions.dimensions import Dimension, Signal
from reltype.definitions.features import Feature, Scale
from reltype.definitions.norms import Norm, norm
from reltype.definitions.rules import Rule
from reltype.errors import ConfigError, did_you_mean
from reltype.formats import toml
from reltype.formats.structure import structured


@attrs.frozen
class Override:
    """Keys of somebody else's definition that a pack sets to something else.

    Attributes:
        kind: What is changed: a table's name, such as `archetypes`.
        name: The definition's.
        keys: The keys and their new values, as in TOML; tables are merged, all else is replaced.
        where: The file and the table, for errors.
        typology: Of an archetype: which typology's; empty where only one has it.
        whole: The definition as it stands, where there may be none yet: a whole pack that overrides.
    """

    kind: str
    name: str
    keys: dict[str, Any]
    where: str
    typology: str = ""
    whole: Any = None


Definition: TypeAlias = (
    Feature | Columns | Scale | Dimension | Signal | Typology | Archetype | Rule | Benefit | Norm
)
"""Whatever a pack or a plugin can define."""

TABLES: dict[str, type[Any]] = {
    "features": Feature,
    "columns": Columns,
    "scales": Scale,
    "dimensions": Dimension,
    "signals": Signal,
    "typologies": Typology,
    "archetypes": Archetype,
    "rules": Rule,
    "benefits": Benefit,
}
"""The arrays of tables that a pack may hold, and what each becomes."""


NORMS = "norms"
"""The table of what is usual in a sector."""

OVERRIDE, PROTOTYPES = "override", "prototypes"
"""The table of what a pack changes of others, and its short way to an archetype's prototype."""


def load(path: Path | str) -> list[Definition | Override]:
    """The definitions in the pack at *path*, in the order of `TABLES` and of the file.

    What it overrides of others comes last: `override = true` in a table, or `[override.…]`. In a
    pack that begins with `override = true`, say an edited copy of another, everything overrides.

    Raises:
        ConfigError: It cannot be read, is not TOML, or holds a table or a key that is unknown,
            missing or of the wrong type; the text names file, table and key.
    """
    document = toml.load(path)
    return list(parse(document, str(path)))


def parse(document: dict[str, Any], path: str) -> Iterator[Definition | Override]:
    """The definitions in a parsed TOML *document* that was read from *path*."""
    for name in document:
        if name not in (*TABLES, NORMS, OVERRIDE):
            hint = did_you_mean(name, (*TABLES, NORMS, OVERRIDE))
            raise ConfigError(f"{path}: [[{name}]] is not known.{hint}")
    changes: list[Override] = []
    everything = document.get(OVERRIDE) is True
    for name, kind in TABLES.items():
        tables = document.get(name, [])
        if not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
            raise ConfigError(f"{path}: write [[{name}]], with two brackets, once for each.")
        if len(tables) > MOST:
            raise ConfigError(f"{path}: [[{name}]]: there are {len(tables):,}; at most {MOST:,}.")
        for number, table in enumerate(tables, 1):
            where = f"{path}: [[{name}]] {table.get('name', number)!r}"
            if table.get(OVERRIDE) is True or everything:
                called, typology = str(table.get("name", "")), str(table.get("typology", ""))
                keys = {k: v for k, v in table.items() if k != OVERRIDE}
                whole = _definition(kind, keys, where) if everything else None
                keys = {k: v for k, v in keys.items() if k not in ("name", "typology")}
                changes.append(Override(name, called, keys, where, typology, whole))
            else:
                yield _definition(kind, table, where)
    said = document.get(NORMS, {})
    if not isinstance(said, dict):
        raise ConfigError(f"{path}: [{NORMS}] must be a table.")
    yield from (norm(name, value, f"{path}: [{NORMS}]") for name, value in said.items())
    yield from changes
    yield from () if everything else _overrides(document.get(OVERRIDE, {}), path)


def _overrides(tables: object, path: str) -> Iterator[Override]:
    """`[override.KIND.NAME]`: what is changed of which definition."""
    if not isinstance(tables, dict):
        raise ConfigError(
            f"{path}: write [override.KIND.NAME], such as [override.archetypes.fling.prototype]."
        )
    for kind, names in tables.items():
        if kind not in (*TABLES, PROTOTYPES):
            hint = did_you_mean(kind, (*TABLES, PROTOTYPES))
            raise ConfigError(f"{path}: [override.{kind}] is not known.{hint}")
        if not isinstance(names, dict):
            raise ConfigError(f"{path}: write [override.{kind}.NAME], and below it what changes.")
        for name, keys in names.items():
            where = f"{path}: [override.{kind}.{name}]"
            if not isinstance(keys, dict):
                raise ConfigError(f"{where}: write keys and their new values below it.")
            given = dict(keys)
            typology = str(given.pop("typology", "")) if kind != "rules" else ""
            if kind == PROTOTYPES:
                yield Override("archetypes", name, {"prototype": given}, where, typology)
            else:
                yield Override(kind, name, given, where, typology)


def changed(made: Definition, change: Override) -> Definition:
    """*made* with the keys that *change* sets.

    Raises:
        ConfigError: A key is unknown, or its value is of the wrong type.
    """
    keys = dict(change.keys)
    if isinstance(made, Archetype) and isinstance(keys.get("prototype"), dict):
        # A number alone is the place's value.
        keys["prototype"] = {
            k: {"value": v} if isinstance(v, int | float) and not isinstance(v, bool) else v
            for k, v in keys["prototype"].items()
        }
    return _definition(type(made), _merged(attrs.asdict(made), keys), change.where)


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    made = dict(old)
    for key, value in new.items():
        before = made.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            made[key] = _merged(before, value)
        else:
            made[key] = value
    return made


def _definition(kind: type[Any], table: dict[str, Any], where: str) -> Definition:
    try:
        made: Definition = structured(table, kind, largest=LARGEST)
    except ValueError as error:
        raise ConfigError(f"{where}: {error}.") from error
    return made


LARGEST = 1e9
"""No weight, prior or prototype is as large; sums and ratios of such numbers are finite."""
MOST = 1000
"""Definitions of one kind in a pack."""

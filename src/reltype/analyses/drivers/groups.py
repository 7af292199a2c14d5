"""Groups: attributes that enter as one, as a file names them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reltype.analyses.drivers.survey import Survey
from reltype.errors import ConfigError, InputError
from reltype.formats import toml


def load(path: str | Path) -> dict[str, list[str]]:
    """Group → attributes, of a TOML file (`comfort = ["s1", "s2"]`) or a table of two columns.

    Raises:
        ConfigError: The TOML says something else.
        InputError: The table has no columns `attribute` and `group`.
    """
    file = Path(path)
    if file.suffix.lower() != ".toml":
        return _of_table(file)
    document = toml.load(file)
    tables: Any = document.get("groups", document)
    made: dict[str, list[str]] = {}
    for name, members in tables.items() if isinstance(tables, dict) else ():
        if not isinstance(members, list) or not all(isinstance(one, str) for one in members):
            raise ConfigError(f'{file}: {name} must be a list of columns, such as ["s1", "s2"].')
        made[str(name)] = list(members)
    if not made:
        raise ConfigError(f'{file}: names no group. Write NAME = ["COLUMN", "COLUMN"].')
    return made


def _of_table(file: Path) -> dict[str, list[str]]:
    made: dict[str, list[str]] = {}
    for attribute, group in pairs(file, "attribute", "group").items():
        made.setdefault(group, []).append(attribute)
    return made


def pairs(path: str | Path, first: str, second: str) -> dict[str, str]:
    """Two columns of a table as a dict, rows without the second left out.

    Raises:
        InputError: It has no such columns, or a row lacks the first.
    """
    survey = Survey.open(str(path))
    names = [survey.column(first), survey.column(second)]
    labels = survey.read([], names)[0].labels
    both = zip(labels[names[0]].to_pylist(), labels[names[1]].to_pylist(), strict=True)
    made: dict[str, str] = {}
    for number, (key, value) in enumerate(both, 1):
        if key is None:
            raise InputError(f"{path}: row {number} has no {first}.")
        if value is not None:
            made[key] = value
    return made

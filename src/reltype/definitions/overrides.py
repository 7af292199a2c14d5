"""Overrides: what packs change of the definitions of others, applied and told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs
from attrs import frozen

from reltype.definitions import packs
from reltype.definitions.archetypes import Archetype
from reltype.definitions.clashes import DefinitionError
from reltype.definitions.columns import Columns
from reltype.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from reltype.definitions.packs import Definition, Override

_SHORT = {"prototype", "value"}
"""Keys that people need not read: `fling: endurance 0.20 → 0.35`."""

_LONG = 60


@frozen
class Changed:
    """One key of a definition that a pack set to something else.

    Attributes:
        name: The definition's.
        key: The key, nested ones with dots between: `prototype.endurance.value`.
        before: What it was.
        after: What it is.
        by: The pack.
    """

    name: str
    key: str
    before: Any
    after: Any
    by: str

    @property
    def text(self) -> str:
        """`fling: endurance 0.20 → 0.35 by mine.toml`."""
        words = [word for word in self.key.split(".") if word not in _SHORT]
        key = " ".join(words) or self.key.rsplit(".", 1)[-1]
        return f"{self.name}: {key} {_told(self.before)} → {_told(self.after)} by {self.by}"


def apply(
    shelves: dict[type, dict[object, Definition]],
    owners: dict[tuple[str, str], str],
    changes: list[tuple[str, Override]],
) -> tuple[Changed, ...]:
    """Change the definitions on *shelves* as *changes*, by whom each, say; what was changed.

    Raises:
        DefinitionError: There is no such definition, a key cannot be set so, or two packs set the
            same key to different things.
    """
    told: list[Changed] = []
    for who, change in changes:
        try:
            told += _applied(shelves, owners, who, change)
        except ConfigError as error:
            raise DefinitionError(str(error), who) from error
    seen: dict[tuple[str, str], Changed] = {}
    for one in told:
        other = seen.setdefault((one.name, one.key), one)
        if other.after != one.after:
            raise DefinitionError(
                f"{one.name!r}: {one.key} is set to {_told(other.after)} by {other.by} and to "
                f"{_told(one.after)} by {one.by}: leave one out.",
                one.by,
            )
    return tuple(seen.values())


def _applied(
    shelves: dict[type, dict[object, Definition]],
    owners: dict[tuple[str, str], str],
    who: str,
    change: Override,
) -> Iterator[Changed]:
    kind = packs.TABLES[change.kind]
    shelf = shelves.setdefault(kind, {})
    if change.whole is not None:
        made = change.whole
        own = (made.typology, made.name) if isinstance(made, Archetype | Columns) else made.name
        if own not in shelf:
            shelf[own] = made
            owners.setdefault((kind.__name__.lower(), str(own)), who)
            return
    key = _key(shelf, owners, kind, change)
    before = shelf[key]
    after = packs.changed(before, change)
    if after.name != before.name:
        raise ConfigError(f"{change.where}: a name cannot be changed.")
    shelf[key] = after
    yield from _differences(before.name, attrs.asdict(before), attrs.asdict(after), who)


def _key(
    shelf: Mapping[object, Definition],
    owners: Mapping[tuple[str, str], str],
    kind: type,
    change: Override,
) -> object:
    if kind not in (Archetype, Columns):
        if change.name in shelf:
            return change.name
        names = [str(name) for name in shelf]
    else:
        mine = [k for k in shelf if isinstance(k, tuple) and k[1] == change.name]
        if change.typology:
            mine = [k for k in mine if k[0] == change.typology]
        first = owners.get(("typology", "customer"))
        own = [k for k in mine if owners.get((kind.__name__.lower(), str(k))) == first]
        if len(mine) == 1 or len(own) == 1:
            return mine[0] if len(mine) == 1 else own[0]
        if mine:
            several = ", ".join(repr(k[0]) for k in mine)
            raise ConfigError(f"{change.where}: the typologies {several} have it: add typology = …")
        names = [k[1] for k in shelf if isinstance(k, tuple)]
    what = change.kind.removesuffix("s")
    hint = did_you_mean(change.name, names)
    raise ConfigError(f"{change.where}: there is no {what} {change.name!r} to change.{hint}")


def _differences(
    name: str, before: Mapping[str, Any], after: Mapping[str, Any], who: str, inside: str = ""
) -> Iterator[Changed]:
    for key in dict.fromkeys([*before, *after]):
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _differences(name, old, new, who, f"{inside}{key}.")
        elif _listed(old) and _listed(new) and len(_listed(old)) == len(_listed(new)):
            yield from _differences(name, _listed(old), _listed(new), who, f"{inside}{key}.")
        elif isinstance(new, Mapping) and "value" in new:
            yield Changed(name, f"{inside}{key}.value", None, new["value"], who)
        else:
            yield Changed(name, f"{inside}{key}", old, new, who)


def _listed(value: object) -> dict[str, Any]:
    """The entries of a list by their number, from 1; none of anything else."""
    entries = value if isinstance(value, list | tuple) else ()
    return {str(i): entry for i, entry in enumerate(entries, 1)}


def _told(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float | int):
        return f"{value:.2f}" if round(float(value), 2) == value else f"{value:g}"
    if isinstance(value, str):
        return f"'{value}'" if len(value) <= _LONG else f"'{value[:_LONG]}…'"
    if isinstance(value, list | tuple):
        return f"{len(value)} entries" if len(value) != 1 else "1 entry"
    return str(value)

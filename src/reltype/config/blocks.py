"""Block: an `[interactions]` or `[customers]` table of a config: whose rows, and what is what."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, get_args

from attrs import field, frozen

from reltype.errors import ConfigError, did_you_mean
from reltype.expressions import quote
from reltype.mapping.canonical import CUSTOMERS, INTERACTIONS, Role

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

KEYS = ("from", "table", "join", "sql", "where")
"""What a block may say beside our columns."""
INPUT_ROLES: tuple[Role, ...] = get_args(Role)
_JOIN = ("from", "table", "on")


class Relation(Protocol):
    """A table that can be read; an opened source is one."""

    @property
    def relation(self) -> str:
        """What stands behind FROM."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Its columns, in order."""


@frozen
class Origin:
    """Where rows come from.

    Attributes:
        path: A file, a glob or a database's URL; a relative path counts from the config's folder.
        table: Which table of a database, or sheet of a workbook.
    """

    path: str
    table: str | None = None


@frozen
class Block:
    """A log or a customer table, as a config has it.

    Attributes:
        role: Which of the two.
        place: File and table, for errors.
        origins: The name that SQL calls it by → where it comes from; the first is the main one.
        columns: Our name → a column or an expression, as written.
        where: A condition, as written.
        on: For each further origin, the columns that it has in common with the main one.
        sql: A SELECT over the origins' names, instead of the main one's rows.
    """

    role: Role
    place: str
    origins: Mapping[str, Origin]
    columns: Mapping[str, str]
    where: str | None = None
    on: Mapping[str, tuple[str, ...]] = field(factory=dict)
    sql: str | None = None

    def check(self, features: Collection[str]) -> None:
        """Whether all columns are ours; *features* are those that a customer table may give.

        Raises:
            ConfigError: One is not.
        """
        known = {*INTERACTIONS} - {"kind_as_written"}
        if self.role == "customers":
            known = {*CUSTOMERS, *features}
        for name in self.columns:
            if name not in known:
                hint = did_you_mean(name, {*known, *KEYS})
                raise ConfigError(f"{self.place}: {name!r} is not known.{hint}")

    def relation(self, opened: Mapping[str, Relation]) -> str:
        """What stands behind FROM, given the opened origins by name.

        A row of the main origin is joined to at most one row of another, and stays where there is
        none: a join loses and repeats nothing.

        Raises:
            ConfigError: A column to join on is not there, or `sql` is not one SELECT over the
                origins.
        """
        if self.sql is not None:
            tables = {
                name: opened[name].relation.strip('"') if name in opened else name
                for name in self.origins
            }
            return f"({_selected(self.sql, tables, self.place)})"
        main, *others = self.origins
        if not others:
            return opened[main].relation
        have = {name.casefold() for name in opened[main].columns}
        parts, joins = [f"{quote(main)}.*"], []
        for other in others:
            keys = [self._shared(key, opened[main], opened[other]) for key in self.on[other]]
            listed = ", ".join(map(quote, keys))
            new = [name for name in opened[other].columns if name.casefold() not in have]
            have |= {name.casefold() for name in new}
            parts += [f"{quote(other)}.{quote(name)}" for name in new]
            order = ", ".join(map(quote, opened[other].columns))
            one = f"row_number() OVER (PARTITION BY {listed} ORDER BY {order}) = 1"
            rows = f"(SELECT * FROM {opened[other].relation} QUALIFY {one})"
            joins.append(f"LEFT JOIN {rows} AS {quote(other)} USING ({listed})")
        first = f"{opened[main].relation} AS {quote(main)}"
        return f"(SELECT {', '.join(parts)} FROM {first} {' '.join(joins)})"

    def _shared(self, key: str, *tables: Relation) -> str:
        for table in tables:
            if key not in table.columns:
                hint = did_you_mean(key, table.columns)
                raise ConfigError(f"{self.place}: join: there is no column {key!r}.{hint}")
        return key


def read(role: Role, table: Any, place: str, folder: Path) -> Block:  # noqa: ANN401
    """The block that a table of a config says.

    Raises:
        ConfigError: Something in it is unknown, missing or of the wrong type.
    """
    if not isinstance(table, dict):
        raise ConfigError(f"{place}: must be a table.")
    rest = {key: value for key, value in table.items() if key not in KEYS}
    sql = _text(table, "sql", place)
    origins = _origins(table, place, folder, several=sql is not None)
    joins = table.get("join", [])
    on: dict[str, tuple[str, ...]] = {}
    for number, join in enumerate(joins if isinstance(joins, list) else [joins], 1):
        origin, keys = _join(join, f"{place} join", folder)
        origins[f"joined_{number}"], on[f"joined_{number}"] = origin, keys
    if sql is not None and on:
        raise ConfigError(f"{place}: has both sql and join; write the join into the sql.")
    columns = {str(key): _expression(value, f"{place} {key}") for key, value in rest.items()}
    block = Block(
        role,
        place,
        MappingProxyType(origins),
        MappingProxyType(columns),
        _text(table, "where", place),
        MappingProxyType(on),
        sql,
    )
    if role == "interactions":
        block.check(())
    return block


def _origins(
    table: dict[str, Any], place: str, folder: Path, *, several: bool
) -> dict[str, Origin]:
    given = table.get("from")
    if isinstance(given, dict) and several:
        return {
            name: Origin(_path(_expression(path, f"{place} from.{name}"), folder))
            for name, path in given.items()
        }
    if several or not isinstance(given, str):
        way = 'from = { orders = "orders.csv", … } with sql' if several else 'from = "FILE"'
        raise ConfigError(f"{place}: write {way}.")
    return {"main": Origin(_path(given, folder), _text(table, "table", place))}


def _join(join: Any, place: str, folder: Path) -> tuple[Origin, tuple[str, ...]]:  # noqa: ANN401
    form = '{ from = "FILE", on = "COLUMN" }'
    if not isinstance(join, dict) or not {"from", "on"} <= set(join):
        raise ConfigError(f"{place}: write {form}.")
    for key in join:
        if key not in _JOIN:
            raise ConfigError(f"{place}: {key!r} is not known.{did_you_mean(key, _JOIN)}")
    keys = join["on"] if isinstance(join["on"], list) else [join["on"]]
    if not keys or not all(isinstance(key, str) for key in keys):
        raise ConfigError(f"{place}: on must be a column's name, or a list of them.")
    path = _path(_expression(join["from"], f"{place} from"), folder)
    return Origin(path, _text(join, "table", place)), tuple(keys)


def _path(written: str, folder: Path) -> str:
    return written if "://" in written or written == "-" else str(folder / written)


def _text(table: dict[str, Any], key: str, place: str) -> str | None:
    return _expression(table[key], f"{place} {key}") if key in table else None


def _expression(value: Any, place: str) -> str:  # noqa: ANN401
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(f"{place}: must be a text, not {value!r}.")
    return value


def _selected(sql: str, tables: Mapping[str, str], place: str) -> str:
    """SQL of the same rows over these tables and nothing else, written anew."""
    from reltype.sources import selects  # spares `--help` what opens files

    try:
        return selects.checked(sql, tables)
    except selects.UnsafeError as error:
        raise ConfigError(f"{place} sql: {error}.") from error

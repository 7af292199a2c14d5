"""Origins: the tables that a block of a config names, opened and put together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from attrs import field, frozen

from reltype import sources
from reltype.engines.quoting import identifier
from reltype.errors import ConfigError, InputError
from reltype.mapping.spellings import SPELLINGS, Spelling
from reltype.sources import frames, kept

if TYPE_CHECKING:
    from reltype.config.blocks import Block
    from reltype.engines.duckdb import Connection
    from reltype.sources import Source


@frozen
class JoinedRelation:
    """A relation and its columns."""

    relation: str
    columns: tuple[str, ...]


@frozen
class Origins:
    """What a block's rows are made of.

    Attributes:
        block: What a person wrote.
        others: The name of each further origin → what it holds, rechecked and kept by the engine.
        read: Sources that were read in full while opening; rows of theirs that could not be cut
            stand in the rejects.
    """

    block: Block
    others: Mapping[str, JoinedRelation] = field(factory=dict)
    read: tuple[Source, ...] = ()

    def joined(self, main: JoinedRelation) -> str:
        """What stands behind FROM: the rows of *main*, each with what was joined to it."""
        name = next(iter(self.block.origins))
        return self.block.relation({name: main, **self.others}) if self.block.on else main.relation

    def met(self, connection: Connection, main: JoinedRelation) -> tuple[str, ...]:
        """How many rows of *main* find what is joined to them, in a sentence for each join."""
        told = []
        for name, keys in self.block.on.items():
            other = self.others[name]
            theirs = ", ".join(f"t.{identifier(key)}" for key in keys)
            pairs = " AND ".join(
                f"CAST(m.{identifier(key)} AS VARCHAR) = CAST(t.{identifier(key)} AS VARCHAR)"
                for key in keys
            )
            key = identifier(keys[0])
            row = connection.execute(
                f"SELECT count(*), count_if(found), min(CASE WHEN NOT found THEN k END),"
                f" (SELECT min(CAST({key} AS VARCHAR)) FROM {other.relation}) FROM (SELECT"
                f" CAST(m.{key} AS VARCHAR) AS k, EXISTS (SELECT {theirs} FROM {other.relation} t"
                f" WHERE {pairs}) AS found FROM {main.relation} m)"
            ).fetchall()[0]
            spelled = None
            if 2 * int(row[1]) < int(row[0]):
                spelled = _spelled(connection, main.relation, other.relation, keys[0])
            told.append(_met(self.block, name, keys, row, spelled))
        return tuple(told)


def _spelled(
    connection: Connection, main: str, other: str, key: str
) -> tuple[Spelling, int] | None:
    """The spelling under which most rows find their key, and how many; None where none does."""
    best: tuple[Spelling, int] | None = None
    for spelling in SPELLINGS:
        key_text = f"CAST({identifier(key)} AS VARCHAR)"
        same = spelling.expression(key_text)
        found = connection.execute(
            f"SELECT count(*) FROM {main} WHERE {same} IN (SELECT {same} FROM {other})"
        ).fetchall()[0][0]
        if found > (best[1] if best else 0):
            best = spelling, int(found)
    return best


def _met(
    block: Block,
    name: str,
    keys: tuple[str, ...],
    row: tuple[object, ...],
    spelled: tuple[Spelling, int] | None,
) -> str:
    rows, found, odd, other = row
    n, met = int(str(rows)), int(str(found))
    path = block.origins[name].path.rsplit("/", 1)[-1]
    on = ", ".join(keys)
    text = f"{met:,} of {n:,} rows find their {on} in {path}"
    if 2 * met >= n or n == 0:
        return f"{text}."
    first = next(iter(block.origins.values())).path.rsplit("/", 1)[-1]
    key = keys[0]
    if spelled is None:
        return (
            f"only {text}: one file says {odd!r}, the other {other!r}. Nothing that exports usually do to "
            f"ids makes them meet: see whether {key!r} is the same thing in both."
        )
    spelling, would = spelled
    log, listed = (spelling.expression(f'CAST({t}."{key}" AS VARCHAR)') for t in ("log", "other"))
    return (
        f"only {text}: one file says {odd!r}, the other {other!r}. They differ by "
        f"{spelling.description}; {would:,} rows would meet with, in place of from and join: "
        f'from = {{ log = "{first}", other = "{path}" }}, sql = '
        f"'''SELECT log.*, other.* EXCLUDE (\"{key}\") FROM log LEFT JOIN other ON {log} = {listed}'''"
    )


def opened(
    connection: Connection, block: Block, encoding: str | None = None
) -> tuple[tuple[Source, ...], Origins]:
    """The sources of a block's rows, and what is joined to them.

    Raises:
        InputError: Something cannot be read.
        ConfigError: The block's SQL cannot be run, or a column to join on is not there.
    """
    if block.sql is not None:
        return _selected(connection, block, encoding)
    main, *names = block.origins
    held = {name: _kept(connection, block, name, encoding) for name in names}
    origins = Origins(
        block,
        {name: table for name, (table, _) in held.items()},
        tuple(source for _, source in held.values()),
    )
    origin = block.origins[main]
    found = sources.open_sources(connection, origin.path, table=origin.table, encoding=encoding)
    return found, origins


def described(connection: Connection, relation: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns of a relation, and their types."""
    return frames.described(connection, relation)


def _kept(
    connection: Connection, block: Block, name: str, encoding: str | None
) -> tuple[JoinedRelation, Source]:
    """One origin as a temporary table, every row of it cut as it should be."""
    origin = block.origins[name]
    source = sources.open_source(connection, origin.path, table=origin.table, encoding=encoding)
    table, rechecked = kept.kept(connection, source)
    return JoinedRelation(table, rechecked.columns), rechecked


def _selected(
    connection: Connection, block: Block, encoding: str | None
) -> tuple[tuple[Source, ...], Origins]:
    """What a block's `sql` selects, kept as a temporary table."""
    block.relation({})  # what cannot be run is told before anything is read
    held = {name: _kept(connection, block, name, encoding) for name in block.origins}
    tables = {name: table for name, (table, _) in held.items()}
    shown = " + ".join(source.name for _, source in held.values())
    try:
        made = kept.selected(connection, block.relation(tables), shown)
    except InputError as error:
        raise ConfigError(f"{block.place} sql: {error}") from error
    return (made,), Origins(block, {}, tuple(source for _, source in held.values()))

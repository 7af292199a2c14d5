"""Databases as they are: one table of SQLite, DuckDB or PostgreSQL, read only.

SQLite and PostgreSQL come through ADBC drivers as a stream of Arrow batches, which the engine
keeps (and spills). A password never gets into a name or a message.
"""

# ruff: noqa: ANN401 - the drivers are imported by name

from __future__ import annotations

import re
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from attrs import evolve, frozen

from reltype.engines.quoting import identifier, literal
from reltype.errors import InputError, UsageError, did_you_mean
from reltype.sources import frames, parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

    from reltype.sources.parts import Part

SCHEMES = ("sqlite", "duckdb", "postgresql", "postgres")

# What the driver turns into Arrow as it is; the rest comes as PostgreSQL's own, exact text.
_POSTGRESQL_TYPES = {
    "bigint",
    "boolean",
    "character",
    "character varying",
    "date",
    "double precision",
    "integer",
    "real",
    "smallint",
    "text",
    "timestamp with time zone",
    "timestamp without time zone",
}


@frozen
class _Address:
    scheme: str
    url: str
    shown: str
    path: str
    table: str | None
    secrets: tuple[str, ...]

    def cleaned(self, text: str) -> str:
        """A text without the password."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text


def is_url(name: str) -> bool:
    """Whether a name is a URL rather than a path."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", name) is not None


def open_database(
    connection: DuckDBPyConnection, url: str, table: str | None = None, name: str | None = None
) -> Part:
    """A part over one table or view of a database.

    Args:
        connection: An engine's, still unlocked.
        url: `sqlite:///file.db`, `duckdb:///file.db` or `postgresql://user@host/database`, as
            SQLAlchemy writes them (four slashes before an absolute path); `#table` behind it
            chooses the table.
        name: How messages call it; the URL without its password where None.
        table: Its name, with its schema where need be; not needed where there is but one.

    Raises:
        UsageError: The URL is of another kind.
        InputError: It cannot be opened, or the table is not clear; or the driver is missing.
    """
    address = _address(url)
    address = evolve(address, shown=name or address.shown)
    wanted = table or address.table
    opener = {"sqlite": _open_sqlite, "duckdb": _open_duckdb}.get(address.scheme, _open_postgresql)
    part = opener(connection, address, wanted)
    return evolve(part, notes=tuple(map(address.cleaned, part.notes)))


def _address(url: str) -> _Address:
    try:
        cut = urlsplit(url)
        secrets = {
            cut.password or "",
            unquote(cut.password or ""),
            *parse_qs(cut.query).get("password", []),
        }
        cut.port  # noqa: B018 - raises where it is no number
    except ValueError:
        raise UsageError(
            f"{re.sub(r'//.*@', '//***@', url)} is not a URL that can be read."
        ) from None
    scheme = cut.scheme.lower()
    if scheme not in SCHEMES:
        known = "sqlite:///file.db, duckdb:///file.db, postgresql://user@host/database"
        raise UsageError(
            f"cannot read {scheme}:// addresses. Fetch the file first, or give one of: {known}."
        )
    account, _, host = cut.netloc.rpartition("@")
    user, _, password = account.partition(":")
    netloc = f"{user}@{host}" if user else host
    # An @ in a password is legal only as %40, and yet what people write.
    full = f"{user}:{quote(password, safe='%')}@{host}" if password else netloc
    query = "&".join(
        one for one in cut.query.split("&") if one and not one.lower().startswith("password=")
    )
    shown = f"{scheme}://{netloc}{cut.path}" + (f"?{query}" if query else "")
    return _Address(
        scheme,
        f"{scheme}://{full}{cut.path}" + (f"?{cut.query}" if cut.query else ""),
        shown,
        unquote(cut.path.removeprefix("/")),
        unquote(cut.fragment) or None,
        tuple(sorted(filter(None, secrets), key=len, reverse=True)),
    )


def _chosen(shown: str, tables: Sequence[str], wanted: str | None) -> str:
    if not tables:
        raise InputError(f"{shown}: has no tables that can be read.")
    if wanted is None:
        if len(tables) > 1:
            some = ", ".join(tables[:20])
            raise InputError(f"{shown}: has several tables ({some}). Choose one with --table.")
        return tables[0]
    alike = [one for one in tables if one == wanted] or [
        one for one in tables if one.casefold() == wanted.casefold()
    ]
    if not alike:
        raise InputError(f"{shown}: has no table {wanted!r}.{did_you_mean(wanted, tables)}")
    return alike[0]


def _file(address: _Address) -> Path:
    path = Path(address.path)
    if not path.is_file():
        beside = (
            [one.name for one in path.parent.iterdir() if one.is_file()]
            if path.parent.is_dir()
            else []
        )
        raise InputError(
            f"{address.shown}: there is no such file.{did_you_mean(path.name, beside)}"
        )
    return path


def _driver(extra: str, shown: str) -> Any:
    try:
        return import_module(f"adbc_driver_{extra}.dbapi")
    except ImportError:
        raise InputError(
            f"{shown}: its driver is missing. Run pip install 'reltype[{extra}]'."
        ) from None


def _open_sqlite(connection: DuckDBPyConnection, address: _Address, wanted: str | None) -> Part:
    path = _file(address)
    driver = _driver("sqlite", address.shown)
    uri = f"{path.absolute().as_uri()}?mode=ro"
    try:
        with closing(driver.connect(uri)) as database, closing(database.cursor()) as cursor:
            cursor.execute(
                "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') "
                "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
            )
            table = _chosen(address.shown, [str(row[0]) for row in cursor.fetchall()], wanted)
            cursor.execute(f"SELECT name FROM pragma_table_info({literal(table)}) ORDER BY cid")
            columns = [str(row[0]) for row in cursor.fetchall()]
            # A SQLite column may hold a different type in every row: as text it is always readable.
            cells = ", ".join(
                f"CASE typeof({name}) WHEN 'blob' THEN hex({name}) "
                f"ELSE CAST({name} AS TEXT) END AS {name}"
                for name in map(identifier, columns)
            )
            cursor.execute(f"SELECT {cells} FROM {identifier(table)}")
            part = frames.stream_part(
                connection, f"{address.shown}#{table}", cursor.fetch_record_batch()
            )
    except driver.Error as error:
        raise _failed(address, error) from error
    return evolve(part, text=True)


def _open_postgresql(connection: DuckDBPyConnection, address: _Address, wanted: str | None) -> Part:
    driver = _driver("postgresql", address.shown)
    try:
        with closing(driver.connect(address.url)) as database, closing(database.cursor()) as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
            cursor.execute(
                "SELECT table_schema, table_name, table_schema = current_schema() "
                "FROM information_schema.tables "
                "WHERE table_schema NOT IN ('pg_catalog', 'information_schema') "
                "ORDER BY 3 DESC, 1, 2"
            )
            found = {
                (name if current else f"{schema}.{name}"): (schema, name)
                for schema, name, current in cursor.fetchall()
            }
            bare = {f"{schema}.{name}": (schema, name) for schema, name in found.values()}
            known = found if wanted is None or wanted not in bare else bare
            shown = _chosen(address.shown, list(known), wanted)
            schema, table = known[shown]
            cursor.execute(
                "SELECT column_name, data_type FROM information_schema.columns "
                f"WHERE table_schema = {literal(schema)} AND table_name = {literal(table)} "
                "ORDER BY ordinal_position"
            )
            cells = ", ".join(
                identifier(name)
                if kind in _POSTGRESQL_TYPES
                else f"{identifier(name)}::text AS {identifier(name)}"
                for name, kind in cursor.fetchall()
            )
            cursor.execute(f"SELECT {cells} FROM {identifier(schema)}.{identifier(table)}")
            return frames.stream_part(
                connection, f"{address.shown}#{shown}", cursor.fetch_record_batch()
            )
    except driver.Error as error:
        raise _failed(address, error) from error


def _open_duckdb(connection: DuckDBPyConnection, address: _Address, wanted: str | None) -> Part:
    import duckdb

    path = _file(address).absolute()
    alias = parts.private_name("database")
    try:
        connection.execute(f"ATTACH {literal(str(path))} AS {alias} (READ_ONLY)")
    except duckdb.Error as error:
        raise _failed(address, error) from error
    try:
        rows = connection.execute(
            "SELECT table_schema, table_name FROM information_schema.tables "
            f"WHERE table_catalog = {literal(alias)} ORDER BY table_schema <> 'main', 1, 2"
        ).fetchall()
        known = {
            (name if schema == "main" else f"{schema}.{name}"): (schema, name)
            for schema, name in rows
        }
        shown = _chosen(address.shown, list(known), wanted)
        schema, table = known[shown]
        relation = f"{alias}.{identifier(schema)}.{identifier(table)}"
        columns, types = frames.described(connection, relation)
    except (duckdb.Error, InputError) as error:
        connection.execute(f"DETACH {alias}")
        raise (error if isinstance(error, InputError) else _failed(address, error)) from error
    return parts.Part(f"{address.shown}#{shown}", columns, types, relation, path=str(path))


def _failed(address: _Address, error: Exception) -> InputError:
    text = address.cleaned(frames.first_line(error)).rstrip(".")
    text = re.sub(r"^[A-Z_]+: (\[\w+\] )?", "", text)
    return InputError(f"{address.shown}: cannot be read: {text}.")

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

import duckdb
import pyarrow as pa
from attrs import define, evolve, field, frozen

from reltype.engines import limits
from reltype.engines.quoting import identifier, literal
from reltype.errors import InputError, UsageError, did_you_mean
from reltype.sources import frames, parts, selects

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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


def files(url: str) -> list[str]:
    """The files of a database that the engine opens itself; with its log of changes."""
    try:
        address = _address(url)
    except UsageError:
        return []
    path = str(Path(address.path).absolute())
    return [path, f"{path}.wal"] if address.scheme == "duckdb" and address.path else []


def paths(url: str) -> list[str]:
    """The file of a database that is one, whoever opens it."""
    try:
        address = _address(url)
    except UsageError:
        return []
    return [address.path] if address.scheme in {"sqlite", "duckdb"} and address.path else []


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
    plain, made = _sqlite_tables(address, uri)
    table = _chosen(address.shown, sorted([*plain, *made]), wanted)
    if table in made:
        return evolve(_sqlite_view(connection, address, uri, table), text=True)
    try:
        with closing(driver.connect(uri)) as database, closing(database.cursor()) as cursor:
            cursor.execute("PRAGMA trusted_schema = OFF")
            cursor.execute(_sqlite_select(table, plain[table]))
            part = frames.stream_part(
                connection, f"{address.shown}#{table}", cursor.fetch_record_batch()
            )
    except driver.Error as error:
        raise _failed(address, error) from error
    return evolve(part, text=True)


def _sqlite_select(table: str, columns: Sequence[str]) -> str:
    # A SQLite column may hold a different type in every row: as text it is always readable.
    cells = ", ".join(
        f"CASE typeof({name}) WHEN 'blob' THEN hex({name}) ELSE CAST({name} AS TEXT) END AS {name}"
        for name in map(identifier, columns)
    )
    return f"SELECT {cells} FROM {identifier(table)}"


def _sqlite_tables(
    address: _Address, uri: str
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Tables that hold what they show, and those of which some is worked out; with their columns.

    Virtual tables run code of their own and are not among them.
    """
    import sqlite3

    plain: dict[str, list[str]] = {}
    made: dict[str, list[str]] = {}
    try:
        with closing(sqlite3.connect(uri, uri=True)) as database:
            database.text_factory = lambda held: held.decode("utf-8", "replace")
            database.execute("PRAGMA trusted_schema = OFF")
            for _, name, kind, *_ in database.execute("PRAGMA table_list").fetchall():
                if kind not in {"table", "view"} or name.startswith("sqlite_"):
                    continue
                if kind == "view":
                    made[name] = []
                    continue
                columns = database.execute(
                    f"SELECT name, hidden FROM pragma_table_xinfo({literal(name)}) ORDER BY cid"
                ).fetchall()
                into = made if any(hidden for _, hidden in columns) else plain
                into[name] = [column for column, _ in columns]
    except sqlite3.Error as error:
        raise _failed(address, error) from error
    return plain, made


def _sqlite_view(connection: DuckDBPyConnection, address: _Address, uri: str, table: str) -> Part:
    """A part over what a view, or a column that is worked out, gives.

    It is somebody's program: it may read the database's tables and call functions that look at
    their arguments alone; texts and time are bounded.
    """
    import sqlite3

    name = f"{address.shown}#{table}"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as database:
            database.text_factory = lambda held: held.decode("utf-8", "replace")
            database.execute("PRAGMA trusted_schema = OFF")
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_CELL)
            database.setlimit(sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 100)
            database.set_progress_handler(limits.expired, 10_000)
            database.set_authorizer(_may)
            columns = [
                one[0]
                for one in database.execute(
                    f"SELECT * FROM {identifier(table)} LIMIT 0"
                ).description
            ]
            cursor = database.execute(_sqlite_select(table, columns))
            schema = pa.schema([(column, pa.string()) for column in columns])

            def batches() -> Iterator[pa.RecordBatch]:
                while rows := cursor.fetchmany(10_000):
                    limits.check()
                    cells = [pa.array(cell, pa.string()) for cell in zip(*rows, strict=True)]
                    yield pa.RecordBatch.from_arrays(cells, schema=schema)

            # The stream is read here, where the driver's errors are told as such.
            held = list(batches())
            return frames.stream_part(
                connection, name, pa.RecordBatchReader.from_batches(schema, held)
            )
    except (sqlite3.Error, pa.ArrowException, ValueError) as error:
        limits.check()
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"{name}: cannot be read: {frames.first_line(error).rstrip('.')}. A view may only read "
            "the database's own tables; give a table."
        ) from error


_LONGEST_CELL = 1 << 20
_SQLITE_FUNCTIONS = frozenset(
    [
        "->",
        "->>",
        "abs",
        "avg",
        "ceil",
        "ceiling",
        "coalesce",
        "count",
        "cume_dist",
        "date",
        "datetime",
        "dense_rank",
        "first_value",
        "floor",
        "format",
        "glob",
        "hex",
        "ifnull",
        "iif",
        "instr",
        "json_array_length",
        "json_extract",
        "json_type",
        "json_valid",
        "julianday",
        "lag",
        "last_value",
        "lead",
        "length",
        "like",
        "ln",
        "log",
        "log10",
        "log2",
        "lower",
        "ltrim",
        "max",
        "min",
        "mod",
        "nth_value",
        "ntile",
        "nullif",
        "percent_rank",
        "pow",
        "power",
        "rank",
        "replace",
        "round",
        "row_number",
        "rtrim",
        "sign",
        "sqrt",
        "strftime",
        "substr",
        "substring",
        "sum",
        "time",
        "timediff",
        "total",
        "trim",
        "trunc",
        "typeof",
        "unicode",
        "unixepoch",
        "upper",
    ]
)


def _may(action: int, _first: str | None, second: str | None, *_: str | None) -> int:
    """What a SQLite view may do: see sqlite3.Connection.set_authorizer."""
    import sqlite3

    if action in {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ}:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _SQLITE_FUNCTIONS:
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def _open_postgresql(connection: DuckDBPyConnection, address: _Address, wanted: str | None) -> Part:
    driver = _driver("postgresql", address.shown)
    try:
        with closing(driver.connect(address.url)) as database, closing(database.cursor()) as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
            if (seconds := limits.left()) is not None:
                cursor.execute(f"SET statement_timeout = {max(1, round(seconds * 1000))}")
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
    path = _file(address).absolute()
    alias = parts.private_name("database")
    try:
        connection.execute(f"ATTACH {literal(str(path))} AS {alias} (READ_ONLY)")
    except duckdb.Error as error:
        raise _failed(address, error) from error
    held = _Attached(connection, alias, path.stem)
    try:
        held.look()
        shown = _chosen(address.shown, list(held.known), wanted)
        relation = identifier(held.named(shown))
        columns, types = frames.described(connection, relation)
    except duckdb.Error as error:
        raise _failed(address, error) from error
    except selects.UnsafeError as error:
        raise InputError(
            f"{address.shown}#{wanted or shown}: is a view that {error}; it was not run. Give a "
            "table, or export the view's rows."
        ) from error
    return parts.Part(
        f"{address.shown}#{shown}", columns, types, relation, path=str(path), notes=held.notes()
    )


@define
class _Attached:
    """A DuckDB file whose tables are read, and of whose text nothing runs unchecked.

    Views and columns that are worked out are somebody's programs, and the file's macros may stand
    behind any name in them: they are written anew, over its tables alone, in our own catalogue.

    Attributes:
        connection: The engine's.
        alias: What the file is attached as.
        stem: What the file's own views call it.
        known: Each table or view as people call it → (schema, name, the view's SQL).
    """

    connection: DuckDBPyConnection
    alias: str
    stem: str
    known: dict[str, tuple[str, str, str | None]] = field(factory=dict)
    _made: dict[str, str | None] = field(factory=dict)
    _notes: list[str] = field(factory=list)

    def look(self) -> None:
        """Find out what there is. Nothing of it is run."""
        of = f"WHERE database_name = {literal(self.alias)} AND NOT internal"
        rows = self.connection.execute(
            f"SELECT schema_name, table_name, NULL FROM duckdb_tables() {of} UNION ALL "
            f"SELECT schema_name, view_name, sql FROM duckdb_views() {of} "
            "ORDER BY schema_name <> 'main', 1, 2"
        ).fetchall()
        for schema, name, sql in rows:
            self.known[name if schema == "main" else f"{schema}.{name}"] = (schema, name, sql)

    def notes(self) -> tuple[str, ...]:
        """Sentences for the user."""
        return tuple(self._notes)

    def named(self, shown: str) -> str:
        """The name, in our own catalogue, of a table or view of the file.

        Raises:
            UnsafeError: It is a view that does more than read the file's tables.
        """
        if shown in self._made:
            made = self._made[shown]
            if made is None:
                raise selects.UnsafeError("reads itself")
            return made
        self._made[shown] = None
        if len(self._made) > _MOST_VIEWS:
            raise selects.UnsafeError(f"reads more than {_MOST_VIEWS} others")
        schema, name, sql = self.known[shown]
        made = parts.private_name("view")
        if sql is None:
            self._table(schema, name, made)
        else:
            finder = selects.Finder(self.known, lambda path: self._found(path, schema))
            columns = [column for column, _, _ in self._columns(schema, name)]
            listed = f"({', '.join(map(identifier, columns))})" if columns else ""
            body = selects.checked(selects.body(sql), finder)
            self._view(made, listed, body)
        self._made[shown] = made
        return made

    def _view(self, name: str, listed: str, body: str) -> None:
        self.connection.execute(f"CREATE TEMP VIEW {identifier(name)} {listed} AS {body}")

    def _table(self, schema: str, name: str, made: str) -> None:
        """A view, called *made*, of the columns that a table holds and those that may be run."""
        columns = self._columns(schema, name)
        stored = [column for column, computed, _ in columns if not computed]
        if not stored:
            raise selects.UnsafeError("holds no column that is stored")
        relation = f"{self.alias}.{identifier(schema)}.{identifier(name)}"
        held = parts.private_name("held")
        self._view(held, "", f"SELECT {', '.join(map(identifier, stored))} FROM {relation}")
        more: list[str] = []
        finder = selects.Finder((), lambda _: held)
        for column, computed, how in columns:
            if not computed:
                continue
            try:
                body = selects.checked(f"SELECT {how} AS {identifier(column)} FROM held", finder)
                self.connection.execute(f"DESCRIBE {body}")
            except (duckdb.Error, selects.UnsafeError):
                note = "it is worked out in a way that was not run"
                self._notes.append(f"left out column {column!r}: {note}")
            else:
                more.append(body.removeprefix("SELECT ").rpartition(" FROM ")[0])
        self._view(made, "", f"SELECT {', '.join(['*', *more])} FROM {identifier(held)} AS held")

    def _columns(self, schema: str, name: str) -> list[tuple[str, bool, str]]:
        """Each column, whether it is worked out, and from what."""
        rows = self.connection.execute(
            "SELECT column_name, is_generated = 'ALWAYS', generation_expression "
            f"FROM information_schema.columns WHERE table_catalog = {literal(self.alias)} "
            f"AND table_schema = {literal(schema)} AND table_name = {literal(name)} "
            "ORDER BY ordinal_position"
        ).fetchall()
        return [(str(column), bool(computed), str(how or "")) for column, computed, how in rows]

    def _found(self, path: Sequence[str], schema: str) -> str | None:
        """What a view in *schema* means by a name."""
        place = [one.casefold() for one in path]
        if len(place) > 1 and place[0] == self.stem.casefold():
            place = place[1:]
        known = {(s.casefold(), n.casefold()): shown for shown, (s, n, _) in self.known.items()}
        if len(place) == 2:
            tries = [(place[0], place[1])]
        else:
            tries = [(schema.casefold(), place[0]), ("main", place[0])] if len(place) == 1 else []
        for one in tries:
            if one in known:
                return self.named(known[one])
        return None


_MOST_VIEWS = 200


def _failed(address: _Address, error: Exception) -> InputError:
    text = address.cleaned(frames.first_line(error)).rstrip(".")
    text = re.sub(r"^[A-Z_]+: (\[\w+\] )?", "", text)
    return InputError(f"{address.shown}: cannot be read: {text}.")

"""Databases are read as they are, read only, and their passwords are told to nobody."""

# ruff: noqa: DTZ001 - a case on a line; times without zone are meant

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from reltype.engines.duckdb import connect, lock
from reltype.engines.quoting import identifier
from reltype.errors import InputError, ReltypeError, UsageError
from reltype.sources import open_source
from reltype.sources.rejects import by, rejected


@pytest.fixture(scope="module")
def connection():
    opened = connect(threads=2)
    yield opened
    opened.close()


@pytest.fixture
def table(connection):
    """Opens a URL; gives the source and its rows."""

    def opened(url, **options):
        source = open_source(connection, url, **options)
        columns = ", ".join(map(identifier, source.columns))
        held = connection.sql(f"SELECT {columns} FROM {source.relation}").to_arrow_table()
        return source, list(zip(*(column.to_pylist() for column in held.columns), strict=True))

    return opened


# --- SQLite ---------------------------------------------------------------------------


@pytest.fixture
def crm(tmp_path):
    path = tmp_path / "crm.db"
    database = sqlite3.connect(path)
    database.executescript(
        '''
        CREATE TABLE orders (customer_id TEXT, at TIMESTAMP, "total ""net""" NUMERIC, note);
        INSERT INTO orders VALUES
            ('007', '2024-01-02 03:04:05', 1.50, 'x'),
            ('1e5', 1704164645, 'unknown', 2),
            (NULL, NULL, 9007199254740993, x'00ff');
        CREATE VIEW big AS SELECT * FROM orders WHERE typeof("total ""net""") = 'integer';
        CREATE TABLE "odd; DROP TABLE orders; --" (id INTEGER);
        INSERT INTO "odd; DROP TABLE orders; --" VALUES (1);
        '''
    )
    database.commit()
    database.close()
    return path


def test_a_sqlite_table_comes_as_text_whatever_types_its_cells_have(table, crm):
    source, rows = table(f"sqlite:///{crm}", table="orders")
    assert source.name == f"sqlite:///{crm}#orders"
    assert source.columns == ("customer_id", "at", 'total "net"', "note")
    assert source.types == ("VARCHAR",) * 4
    assert source.text
    assert rows == [
        ("007", "2024-01-02 03:04:05", "1.5", "x"),
        ("1e5", "1704164645", "unknown", "2"),
        (None, None, "9007199254740993", "00FF"),
    ]


@pytest.mark.parametrize("url", ["sqlite:///{}#big", "sqlite:///{}#BIG"])
def test_a_view_is_a_table_too_and_case_does_not_matter(table, crm, url):
    _, rows = table(url.format(crm))
    assert len(rows) == 1


def test_a_relative_path_has_three_slashes(table, crm, monkeypatch):
    monkeypatch.chdir(crm.parent)
    source, rows = table("sqlite:///crm.db", table="orders")
    assert source.name == "sqlite:///crm.db#orders"
    assert len(rows) == 3


def test_a_sqlite_file_is_known_by_its_first_bytes(table, crm):
    path = crm.rename(crm.with_suffix(".csv"))
    source, rows = table(path, table="orders")
    assert source.name == f"{path}#orders"
    assert len(rows) == 3


def test_a_table_with_a_hostile_name_is_only_a_table(table, crm):
    _, rows = table(f"sqlite:///{crm}", table="odd; DROP TABLE orders; --")
    assert rows == [("1",)]
    assert len(table(f"sqlite:///{crm}", table="orders")[1]) == 3


def test_a_sqlite_file_is_opened_for_reading_only(table, crm):
    crm.chmod(0o444)
    before = crm.read_bytes()
    table(f"sqlite:///{crm}", table="orders")
    assert crm.read_bytes() == before
    assert [one.name for one in crm.parent.iterdir()] == ["crm.db"]


def test_rows_of_a_database_can_be_rejected(connection, crm):
    source = open_source(connection, f"sqlite:///{crm}", table="orders")
    reason = "CASE WHEN customer_id IS NULL THEN 'customer_id: is empty' END"
    (row,) = rejected(connection, source, reason and by(reason)).read_all().to_pylist()
    assert (row["file"], row["line"], row["column"]) == (source.name, 3, "customer_id")


@pytest.mark.parametrize(
    ("url", "wanted", "says"),
    [
        (
            "sqlite:///{}",
            None,
            r"has several tables \(big, odd; .*, orders\). Choose one with --table",
        ),
        ("sqlite:///{}", "order", r"has no table 'order'. Did you mean 'orders'\?"),
        ("sqlite:///{}x", "orders", r"no such file. Did you mean 'crm.db'\?"),
    ],
)
def test_what_is_not_clear_in_sqlite_is_said(table, crm, url, wanted, says):
    with pytest.raises(InputError, match=says):
        table(url.format(crm), table=wanted)


def test_text_in_sqlite_that_is_not_utf8_is_refused(table, tmp_path):
    database = sqlite3.connect(tmp_path / "x.db")
    database.execute("CREATE TABLE t AS SELECT CAST(x'ff' AS TEXT) AS id")
    database.commit()
    database.close()
    with pytest.raises(InputError, match=r"x.db#t: cannot be read: .*UTF-8"):
        table(f"sqlite:///{tmp_path}/x.db")


def test_a_missing_driver_is_named_with_its_extra(crm):
    program = (
        "import sys; sys.modules['adbc_driver_sqlite'] = None\n"
        "from reltype.engines.duckdb import connect\n"
        "from reltype.sources import open_source\n"
        "try:\n"
        f"    open_source(connect(), 'sqlite:///{crm}')\n"
        "except Exception as error:\n"
        "    print(type(error).__name__, error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("InputError sqlite:///")
    assert "pip install 'reltype[sqlite]'" in done.stdout


# --- DuckDB ---------------------------------------------------------------------------


@pytest.fixture
def warehouse(tmp_path):
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as database:
        database.execute("CREATE TABLE orders AS SELECT '007' AS id, DATE '2024-01-02' AS day")
        database.execute("CREATE SCHEMA crm; CREATE TABLE crm.people AS SELECT 1 AS id")
    return path


def test_a_duckdb_table_is_scanned_where_it_is(table, warehouse):
    source, rows = table(f"duckdb:///{warehouse}", table="orders")
    assert (source.types, len(rows)) == (("VARCHAR", "DATE"), 1)
    assert table(warehouse, table="crm.people")[1] == [(1,)]
    with pytest.raises(InputError, match=r"several tables \(orders, crm.people\)"):
        table(warehouse)
    with pytest.raises(InputError, match=r"no table 'people'"):
        table(f"duckdb:///{warehouse}", table="people")


def test_an_attached_database_cannot_be_written_and_stays_open_when_locked(warehouse):
    with connect(threads=1) as connection:
        source = open_source(connection, f"duckdb:///{warehouse}", table="orders")
        with pytest.raises(duckdb.Error, match=r"read-only|is not an table"):
            connection.execute(f"INSERT INTO {source.relation} VALUES ('x', NULL)")
        lock(connection, source.files)
        assert len(connection.sql(f"SELECT * FROM {source.relation}").fetchall()) == 1


# --- URLs -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:s3cr3t@127.0.0.1:1/shop",
        "postgres://ann:s3cr3t@127.0.0.1:1/shop#orders",
        "postgresql://ann@127.0.0.1:1/shop?password=s3cr3t",
        "postgresql://ann:s3cr3t@127.0.0.1:port/shop",
        "mysql://ann:s3cr3t@127.0.0.1/shop",
        "postgresql://ann:%73%33cr3t@127.0.0.1:1/shop",
        "postgresql://ann:x@s3cr3t@127.0.0.1:1/shop",
    ],
)
def test_a_password_is_in_no_message(table, url):
    with pytest.raises(ReltypeError) as caught:
        table(url)
    assert "s3cr3t" not in str(caught.value)
    assert "%73" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_other_databases_are_refused_with_those_that_are_known(table):
    with pytest.raises(UsageError, match=r"cannot read oracle:// .* sqlite:///file.db"):
        table("oracle://host/db")


# --- PostgreSQL -----------------------------------------------------------------------


def _binaries():
    """The folder of PostgreSQL's server programs, newest first, if they are installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: -float(p.parent.name))
    if shutil.which("pg_config"):
        told = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=True)
        found.append(Path(told.stdout.strip()))
    return next((folder for folder in found if (folder / "initdb").exists()), None)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A real PostgreSQL server on a free loopback port, which goes with the tests."""
    import tempfile

    programs = _binaries()
    if programs is None:
        pytest.skip(
            "PostgreSQL's server is not installed here (Debian: apt-get install postgresql)"
        )
    user = None
    if os.geteuid() == 0:  # the server refuses to run as root
        import pwd

        user = next((one.pw_name for one in pwd.getpwall() if one.pw_name == "postgres"), "nobody")
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    if user:
        shutil.chown(folder, user)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "LC_ALL": "C", "HOME": str(folder)}

    def run(*command):
        return subprocess.run(
            list(map(str, command)), user=user, cwd=folder, env=environment,
            capture_output=True, text=True, check=True, timeout=120,
        )  # fmt: skip

    secret = folder / "secret"
    secret.write_text("s3cr3t")
    secret.chmod(0o644)
    data = folder / "data"
    run(
        programs / "initdb",
        "-D",
        data,
        "-U",
        "ann",
        "-A",
        "scram-sha-256",
        "--pwfile",
        secret,
        "-E",
        "UTF8",
        "-N",
    )
    options = (
        f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    )
    run(programs / "pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-w", "start")
    url = f"postgresql://ann:s3cr3t@127.0.0.1:{port}/postgres"
    try:
        from adbc_driver_postgresql import dbapi

        with dbapi.connect(url, autocommit=True) as database, database.cursor() as cursor:
            for statement in SHOP:
                cursor.execute(statement)
        yield url
    finally:
        run(programs / "pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


SHOP = [
    "CREATE TYPE mood AS ENUM ('happy', 'sad')",
    '''CREATE TABLE orders (
        customer_id text, at timestamptz, day date, local timestamp, total numeric(30, 2), rate double precision,
        number bigint, paid boolean, mood mood, facts jsonb, tags text[], "select ""x""" uuid
    )''',
    """INSERT INTO orders VALUES
        ('007', '2024-01-02 03:04:05+02', '2024-01-02', '2024-01-02 03:04:05', 12345678901234567890.12, 1.5,
         9007199254740993, true, 'happy', '{"a": 1}', '{x,y}', '00000000-0000-0000-0000-000000000007'),
        (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)""",
    "CREATE SCHEMA crm",
    "CREATE TABLE crm.people (id int)",
    "CREATE TABLE crm.orders (id int)",
    "INSERT INTO crm.orders SELECT generate_series(1, 100000)",
    "CREATE SEQUENCE touched",
    "CREATE VIEW writes AS SELECT nextval('touched') AS id",
]


def test_a_postgresql_table_comes_with_its_types(table, server):
    from datetime import UTC, date, datetime

    source, rows = table(server, table="orders")
    assert source.name == server.replace(":s3cr3t", "") + "#orders"
    assert dict(zip(source.columns, source.types, strict=True)) == {
        "customer_id": "VARCHAR",
        "at": "TIMESTAMP WITH TIME ZONE",
        "day": "DATE",
        "local": "TIMESTAMP",
        "total": "VARCHAR",
        "rate": "DOUBLE",
        "number": "BIGINT",
        "paid": "BOOLEAN",
        "mood": "VARCHAR",
        "facts": "VARCHAR",
        "tags": "VARCHAR",
        'select "x"': "VARCHAR",
    }
    first, second = rows
    assert first == (
        "007",
        datetime(2024, 1, 2, 1, 4, 5, tzinfo=UTC),
        date(2024, 1, 2),
        datetime(2024, 1, 2, 3, 4, 5),
        "12345678901234567890.12",
        1.5,
        9007199254740993,
        True,
        "happy",
        '{"a": 1}',
        "{x,y}",
        "00000000-0000-0000-0000-000000000007",
    )
    assert Decimal(first[4]) == Decimal("12345678901234567890.12")
    assert set(second) == {None}


def test_a_postgresql_table_in_a_schema(table, server):
    assert len(table(f"{server}#crm.orders")[1]) == 100_000
    assert table(server, table="crm.people")[1] == []


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (
            None,
            r"several tables \(orders, writes, crm.orders, crm.people\). Choose one with --table",
        ),
        ("oders", r"no table 'oders'. Did you mean 'orders'\?"),
        ("people", r"no table 'people'"),
    ],
)
def test_what_is_not_clear_in_postgresql_is_said(table, server, wanted, says):
    with pytest.raises(InputError, match=says):
        table(server, table=wanted)


def test_a_postgresql_server_is_only_read(table, server):
    with pytest.raises(InputError, match=r"read-only transaction"):
        table(server, table="writes")


def test_a_wrong_password_is_said_and_not_shown(table, server):
    with pytest.raises(InputError, match=r"password authentication failed") as caught:
        table(server.replace("s3cr3t", "wr0ng"), table="orders")
    assert "wr0ng" not in str(caught.value)


def test_a_failed_read_leaves_nothing_behind(connection, server):
    before = connection.execute("SELECT count(*) FROM duckdb_tables()").fetchall()
    with pytest.raises(InputError):
        open_source(connection, server, table="writes")
    assert connection.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == before

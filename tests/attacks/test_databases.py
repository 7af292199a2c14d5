"""A stranger's database: its views, macros and worked-out columns run nothing of their own."""

import sqlite3

import duckdb
import pytest

from reltype.engines.duckdb import connect, lock
from reltype.errors import InputError
from reltype.sources import open_source
from reltype.sources.files import readable
from tests.attacks.conftest import family

TABLE = """CREATE TABLE orders AS
SELECT 'C-' || (range % 5) AS customer_id, DATE '2024-01-01' + CAST(range AS INTEGER) AS timestamp,
  'purchase' AS kind, range * 1.5 AS value FROM range(40)"""


def table_functions():
    """Every function of the engine's catalogue that can stand behind FROM."""
    found = duckdb.sql(
        "SELECT DISTINCT function_name FROM duckdb_functions() "
        "WHERE function_type IN ('table', 'table_macro') ORDER BY 1"
    ).fetchall()
    return [name for (name,) in found]


def scalar_functions():
    """Every other function that has a name."""
    found = duckdb.sql(
        "SELECT DISTINCT function_name FROM duckdb_functions() "
        "WHERE function_type NOT IN ('table', 'table_macro') AND function_name ~ '^[a-z_0-9]+$' "
        "ORDER BY 1"
    ).fetchall()
    return [name for (name,) in found]


ARGUMENTS = ("", "'{canary}'", "'SELECT 1'", "1000000000000", "'{folder}/*'", "'orders'",
             "storage = 'file', storage_path = '{log}'", "'{canary}', 1", "[1, 2]")  # fmt: skip


def calls(name, attack):
    """Calls of a table function with what it may take."""
    for arguments in ARGUMENTS:
        yield f"{name}({arguments})".format(
            canary=attack.canary, folder=attack.outside, log=attack.outside / "log"
        )


def database(attack, *statements):
    """A database file with a good table, and as many of the statements as the engine takes.

    The engine binds a view when it is made, and would refuse (or run) some: those are written so
    that they are bound later.
    """
    path = attack.home / "shop.duckdb"
    path.unlink(missing_ok=True)
    made = []
    with duckdb.connect(str(path)) as held:
        held.execute(TABLE)
        for statement in statements:
            try:
                held.execute(statement)
            except duckdb.Error:
                continue
            made.append(statement)
    (attack.outside / "log").unlink(missing_ok=True)
    for extra in attack.outside.iterdir():
        if extra != attack.canary:
            if extra.is_dir():
                for inner in extra.iterdir():
                    inner.unlink()
                extra.rmdir()
            else:
                extra.unlink()
    return path, made


def opened(path, table):
    """The first rows of a table as a run opens it: on a connection that is locked before."""
    with connect(threads=1, memory_limit="500MB") as connection:
        lock(connection, readable(str(path)))
        source = open_source(connection, str(path), table=table)
        return connection.sql(f"SELECT * FROM {source.relation} LIMIT 5").fetchall()


@pytest.mark.parametrize("name", family(table_functions(), 40))
def test_no_table_function_runs_in_a_view(attack, name):
    before = attack.canary.read_bytes()
    views = [
        f"CREATE VIEW v{i} AS SELECT * FROM {call}" for i, call in enumerate(calls(name, attack))
    ]
    path, made = database(attack, *views)
    for statement in made:
        if name == "unnest":
            continue  # it takes a list apart, and is let through
        view = statement.split()[2]
        with pytest.raises(InputError, match=r"not among its tables|is not allowed|has no table"):
            opened(path, view)
    assert sorted(p.name for p in attack.outside.iterdir()) == ["canary.csv"]
    assert attack.canary.read_bytes() == before
    assert len(opened(path, "orders")) == 5


SHAPES = [
    "SELECT * FROM orders, LATERAL {call}",
    "SELECT o.* FROM orders o JOIN LATERAL {call} ON true",
    "SELECT * FROM orders WHERE customer_id IN (SELECT 'x' FROM {call})",
    "SELECT (SELECT count(*) FROM {call}) AS n, * FROM orders",
    "WITH orders AS (SELECT * FROM {call}) SELECT * FROM orders",
    "WITH a AS MATERIALIZED (SELECT * FROM {call}), b AS (SELECT * FROM orders) SELECT * FROM b",
    "SELECT * FROM orders UNION ALL BY NAME SELECT * FROM {call}",
    "SELECT *, row_number() OVER (ORDER BY (SELECT count(*) FROM {call})) AS n FROM orders",
    "SELECT * FROM orders ORDER BY (SELECT count(*) FROM {call})",
    "SELECT * FROM orders LIMIT (SELECT count(*) FROM {call})",
    "SELECT * FROM orders QUALIFY row_number() OVER () > (SELECT count(*) FROM {call})",
    "SELECT count(*) FILTER (WHERE EXISTS (SELECT 1 FROM {call})) AS n FROM orders",
    "SELECT CASE WHEN true THEN (SELECT count(*) FROM {call}) END AS n FROM orders",
]


@pytest.mark.parametrize("shape", SHAPES)
def test_no_place_in_a_view_lets_a_function_in(attack, shape):
    before = attack.canary.read_bytes()
    call = f"read_csv('{attack.canary}')"
    path, made = database(attack, "CREATE VIEW v AS " + shape.format(call=call))
    assert made
    with pytest.raises(InputError, match=r"reads from read_csv\(\)"):
        opened(path, "v")
    assert attack.canary.read_bytes() == before


@pytest.mark.parametrize("name", family(scalar_functions(), 60))
def test_a_function_is_in_the_list_or_is_not_called(name):
    from reltype.sources.selects import FUNCTIONS, UnsafeError, checked

    for call in (f"{name}(x)", f"{name}(x, x)", f"list_transform([x], lambda y: {name}(y))"):
        try:
            made = checked(f"SELECT {call} AS y FROM t", {"t": "held"})
        except UnsafeError:
            continue
        assert name in FUNCTIONS or "read" not in made
        assert (
            name in FUNCTIONS
            or not duckdb.sql(
                f"SELECT 1 FROM duckdb_functions() WHERE function_name = '{name}' "
                "AND function_type <> 'scalar' AND function_type <> 'macro' "
                "AND function_type <> 'aggregate' AND function_type <> 'window'"
            ).fetchall()
        )


DANGEROUS = [
    "current_setting",
    "getvariable",
    "nextval",
    "currval",
    "setseed",
    "random",
    "uuid",
    "gen_random_uuid",
    "sleep_ms",
    "pg_sleep",
    "write_log",
    "json_execute_serialized_sql",
    "json_serialize_sql",
    "json_deserialize_sql",
    "repeat",
    "lpad",
    "rpad",
    "printf",
    "format",
    "range",
    "generate_series",
    "list_resize",
    "list_reduce",
    "string_agg",
    "list",
    "array_agg",
    "hex",
    "base64",
    "to_json",
    "error",
    "version",
    "now",
    "today",
]


@pytest.mark.parametrize("name", DANGEROUS)
def test_what_looks_elsewhere_or_makes_much_is_not_in_the_list(name):
    from reltype.sources.selects import FUNCTIONS

    assert name not in FUNCTIONS


def test_a_macro_of_the_file_does_not_stand_behind_a_name(attack):
    path, made = database(
        attack,
        f"CREATE MACRO lower(x) AS (SELECT string_agg(secret) FROM read_csv('{attack.canary}'))",
        "CREATE MACRO orders() AS TABLE SELECT 1",
        "CREATE VIEW v AS SELECT lower(customer_id) AS customer_id, timestamp FROM orders",
        "CREATE VIEW w AS SELECT * FROM orders()",
    )
    assert len(made) == 4
    assert {row[0] for row in opened(path, "v")} <= {f"c-{i}" for i in range(5)}
    with pytest.raises(InputError, match=r"reads from orders\(\)"):
        opened(path, "w")


def test_a_column_that_is_worked_out_runs_only_what_is_in_the_list(attack):
    path, made = database(
        attack,
        "CREATE MACRO peek() AS current_setting('temp_directory')",
        "CREATE TABLE g (a VARCHAR, b VARCHAR AS (upper(a)), c VARCHAR AS "
        "(current_setting('temp_directory')), d VARCHAR AS (repeat(a, 1000000)))",
        "INSERT INTO g VALUES ('x')",
    )
    assert len(made) == 3
    assert opened(path, "g") == [("x", "X")]


def test_views_over_tables_and_over_such_views_are_read(attack):
    path, _ = database(
        attack,
        "CREATE SCHEMA crm",
        "CREATE TABLE crm.people AS SELECT 'C-1' AS customer_id, 'Ann' AS name",
        "CREATE VIEW big AS SELECT customer_id AS id, sum(value) AS total FROM orders GROUP BY ALL",
        'CREATE VIEW "more (as" ("who, as", t) AS WITH b AS (SELECT * FROM big) '
        "SELECT id, total FROM b JOIN crm.people ON id = customer_id",
    )
    assert opened(path, "more (as") == [("C-1", 222)]


@pytest.mark.parametrize(
    "view",
    [
        "WITH RECURSIVE a AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM a) SELECT * FROM a",
        "SELECT * FROM range(1000000000000) r, range(1000000000000)",
        "SELECT a.* FROM orders a, orders b, orders c, orders d, orders e, orders f, orders g",
        (
            "SELECT count(*) AS n FROM orders a, orders b, orders c, orders d, orders e, orders f, "
            "orders g, orders h WHERE a.value * h.value < g.value - b.value"
        ),
        (
            "SELECT * FROM orders o ORDER BY (SELECT count(*) FROM orders a, orders b, orders c, "
            "orders d, orders e, orders f, orders g WHERE a.value * g.value < o.value - b.value)"
        ),
    ],
)
def test_a_view_that_never_ends_is_stopped(attack, view):
    path, _ = database(attack, f"CREATE VIEW v AS {view}")
    done = attack("classify", path, "--table", "v", "--timeout", "2", seconds=30, codes={4})
    assert "--timeout" in done.err or "not among its tables" in done.err or "recursive" in done.err


def test_a_file_of_the_command_line_is_read_while_its_views_are_not(attack):
    path, _ = database(attack, f"CREATE VIEW v AS SELECT * FROM read_csv('{attack.canary}')")
    assert attack("classify", path, "--table", "orders", "-f", "csv", codes={0}).code == 0
    done = attack("classify", path, "--table", "v", codes={4})
    assert "is a view that reads from read_csv(), which is not among its tables" in done.err
    assert "was not run" in done.err


SQLITE = [
    "WITH RECURSIVE a(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM a) SELECT i AS customer_id FROM a",
    "SELECT load_extension('x') AS customer_id",
    "SELECT readfile('{canary}') AS customer_id",
    "SELECT writefile('{canary}', 'x') AS customer_id",
    "SELECT hex(zeroblob(500000000)) AS customer_id",
    "SELECT printf('%.*c', 500000000, 'x') AS customer_id",
    (
        "SELECT replace(replace(replace(hex(customer_id), '3', '{long}'), '4', '{long}'), '4', '{long}')"
        " AS customer_id FROM orders"
    ),
    "SELECT group_concat(a.customer_id) AS customer_id FROM orders a, orders b, orders c",
    "SELECT random() AS customer_id",
    "SELECT value AS customer_id FROM json_each('[1,2]')",
    "SELECT name AS customer_id FROM pragma_database_list",
    "SELECT sql AS customer_id FROM sqlite_master",
    "SELECT count(*) AS customer_id FROM orders a, orders b, orders c, orders d, orders e, orders f",
]


def lite(attack, *statements):
    path = attack.home / "shop.db"
    held = sqlite3.connect(path)
    held.execute("CREATE TABLE orders (customer_id TEXT, timestamp TEXT, kind TEXT)")
    held.executemany(
        "INSERT INTO orders VALUES (?, ?, 'purchase')",
        [(f"C-{i % 5}", f"2024-01-{1 + i % 28:02}") for i in range(60)],
    )
    for statement in statements:
        held.execute(statement)
    held.commit()
    held.close()
    return path


@pytest.mark.parametrize("view", family(SQLITE, 5))
def test_a_view_of_sqlite_may_only_read_its_tables(attack, view):
    body = view.format(canary=attack.canary, long="x" * 1000)
    path = lite(attack, f"CREATE VIEW v AS {body}")
    done = attack("classify", path, "--table", "v", "--timeout", "2", seconds=30, codes={4})
    assert "v" in done.err


def test_a_good_view_of_sqlite_is_read(attack):
    path = lite(
        attack,
        "CREATE VIEW v AS SELECT upper(customer_id) AS customer_id, timestamp FROM orders",
        "CREATE TABLE g (customer_id TEXT, timestamp TEXT, doubled TEXT AS (customer_id || '!'))",
        "INSERT INTO g SELECT customer_id, timestamp FROM orders",
    )
    for table in ("v", "g", "orders"):
        assert "C-0" in attack("classify", path, "--table", table, "-f", "csv", codes={0}).words

"""`sql`, `where`, `join`, columns, `--map` and packs: what a stranger writes reads its own rows."""

import json

import duckdb
import pytest

from reltype.api import open_inputs
from reltype.definitions.packs import load as load_pack
from reltype.errors import ReltypeError
from reltype.expressions import parse
from tests.attacks.conftest import family
from tests.attacks.test_databases import ARGUMENTS, SHAPES, scalar_functions, table_functions


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two logs, and a canary outside of them."""
    home = tmp_path / "home"
    home.mkdir()
    rows = "\n".join(f"C-{i % 7},2024-0{1 + i % 9}-1{i % 9},purchase,{i}" for i in range(60))
    for name in ("orders.csv", "more.csv"):
        (home / name).write_text(f"customer_id,timestamp,kind,value\n{rows}\n")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "canary.csv").write_text("secret\nCANARY\n")
    monkeypatch.chdir(home)
    return home


def untouched(folder):
    outside = folder.parent / "outside"
    return [p.name for p in outside.iterdir()] == ["canary.csv"] and (
        outside / "canary.csv"
    ).read_text() == "secret\nCANARY\n"


def refused(folder, text):
    """The complaint about a config; nothing outside was touched."""
    path = folder / "reltype.toml"
    path.write_text(text)
    with pytest.raises(ReltypeError) as caught:
        open_inputs(config=str(path), timeout=3, memory_limit="500MB").run()
    assert untouched(folder)
    assert caught.value.exit_code in {3, 4}
    assert len(str(caught.value)) < 2000
    return str(caught.value)


SQL = """[interactions]
from = {{ orders = "orders.csv" }}
sql = {}
"""


@pytest.mark.parametrize("name", family(table_functions(), 25))
def test_no_table_function_runs_in_sql(folder, name):
    canary = folder.parent / "outside" / "canary.csv"
    for arguments in (
        ARGUMENTS if name in ("read_csv", "query", "enable_logging") else ARGUMENTS[:3]
    ):
        filled = arguments.format(canary=canary, folder=canary.parent, log=canary.parent / "log")
        if name == "unnest":
            continue
        text = f"SELECT o.* FROM orders o JOIN LATERAL {name}({filled}) ON true"
        assert "not among its tables" in refused(folder, SQL.format(json.dumps(text)))


@pytest.mark.parametrize("shape", SHAPES)
def test_no_place_in_sql_lets_a_file_in(folder, shape):
    canary = folder.parent / "outside" / "canary.csv"
    for call in (f"'{canary}'", f'"{canary}"', f"read_csv('{canary}')", "query('SELECT 1')"):
        told = refused(folder, SQL.format(json.dumps(shape.format(call=call))))
        assert "is not among its tables" in told or "cannot be read: syntax error" in told


@pytest.mark.parametrize(
    "text",
    [
        'WITH "{canary}" AS (SELECT * FROM "{canary}") SELECT * FROM "{canary}"',
        'WITH a AS (SELECT * FROM "{canary}"), "{canary}" AS (SELECT 1) SELECT * FROM a',
        (
            'SELECT * FROM orders WHERE EXISTS (WITH "x" AS (SELECT 1) SELECT 1) AND EXISTS '
            '(SELECT 1 FROM "x")'
        ),
        "SELECT * FROM (WITH b AS (SELECT 1) SELECT * FROM b) UNION ALL SELECT * FROM b",
        "SELECT * FROM orders AT (VERSION => 1)",
        "SELECT * FROM orders USING SAMPLE 5",
        "FROM memory.main.orders",
        "FROM information_schema.tables",
        "FROM duckdb_settings",
        "SHOW TABLES",
        "DESCRIBE orders",
        "SUMMARIZE orders",
        "PIVOT orders ON kind",
        "CALL enable_logging()",
        "COPY orders TO '{canary}'",
        "ATTACH '{canary}'",
        "SET threads = 1",
        "SELECT 1; COPY orders TO '{canary}'",
        "SELECT 1 /* never closed",
        "SELECT 'never closed",
        "SELECT * FROM orders -- fine\n; DROP TABLE orders",
        "EXECUTE x",
        "SELECT $1 FROM orders",
        "SELECT ? FROM orders",
        "",
        ";",
        "SELECT",
        "\x00",
    ],
)
def test_tricks_in_sql_are_told(folder, text):
    canary = folder.parent / "outside" / "canary.csv"
    refused(folder, SQL.format(json.dumps(text.format(canary=canary))))


@pytest.mark.parametrize(
    "text",
    [
        "SELECT " + "(" * 900 + "1" + ")" * 900,
        "SELECT " + "replace(" * 20 + "kind" + ", 'a', 'aaaaaaaaaaaaaaaaaaaa')" * 20 + " AS kind FROM orders",
        "SELECT " + "concat(kind, " * 12 + "kind" + ")" * 12 + " FROM orders",
        "SELECT * FROM " + "(SELECT * FROM " * 200 + "orders" + ")" * 200,
        "SELECT " + "[" * 40 + "kind" + "]" * 40 + "::VARCHAR AS kind FROM orders",
        "SELECT x.* FROM orders x, orders y, orders z, orders a, orders b, orders c, orders d",
    ],
)  # fmt: skip
def test_sql_that_is_much_too_much_is_told(folder, text):
    refused(folder, SQL.format(json.dumps(text)))


def test_sql_is_run_on_the_rows_of_its_files(folder):
    text = (
        "WITH two AS (SELECT * FROM orders UNION ALL SELECT * FROM more) SELECT customer_id, "
        "max(timestamp) AS timestamp, kind, sum(value::DOUBLE) AS value FROM two "
        "GROUP BY customer_id, kind, timestamp QUALIFY row_number() OVER (ORDER BY customer_id) > 0"
    )
    (folder / "reltype.toml").write_text(
        '[interactions]\nfrom = { orders = "orders.csv", more = "more.csv" }\nsql = '
        + json.dumps(text)
    )
    run = open_inputs(config="reltype.toml").run()
    assert run.population.size == 7


PLACES = {
    "where": '[interactions]\nfrom = "orders.csv"\nwhere = {}\n',
    "column": '[interactions]\nfrom = "orders.csv"\nvalue = {}\n',
    "joined": '[interactions]\nfrom = "orders.csv"\njoin = {{ from = "more.csv", on = "customer_id" }}\nvalue = {}\n',
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", family(table_functions() + scalar_functions(), 25))
def test_no_function_of_the_engine_runs_in_an_expression(folder, place, name):
    from reltype.expressions.calls import FUNCTIONS
    from reltype.expressions.functions import ALIASES

    if name in FUNCTIONS or name in ALIASES:
        return
    canary = folder.parent / "outside" / "canary.csv"
    refused(folder, PLACES[place].format(json.dumps(f"{name}('{canary}') = 1")))


JOINS = ['on = "1=1) UNION SELECT * FROM read_csv(1"', 'on = ["customer_id", "x"]', "on = 1"]


@pytest.mark.parametrize("on", JOINS)
def test_a_join_is_on_columns(folder, on):
    refused(folder, f'[interactions]\nfrom = "orders.csv"\njoin = {{ from = "more.csv", {on} }}\n')


@pytest.mark.parametrize("where", ["feature", "signal", "rule"])
@pytest.mark.parametrize("name", family(table_functions(), 10))
def test_no_function_of_the_engine_runs_in_a_pack(folder, where, name):
    packs = {
        "feature": f"[[features]]\nname = 'mine'\nunit = 'x'\nof = \"{name}('x')\"\n",
        "signal": f"[[signals]]\nname = 'mine'\ndimension = 'affect'\nof = \"{name}('x')\"\n",
        "rule": "[[rules]]\nname = 'mine'\narchetype = 'fling'\nbecause = 'x'\n"
        f"when = \"{name}('x') > 0\"\n",
    }
    (folder / "mine.toml").write_text(packs[where])
    with pytest.raises(ReltypeError):
        open_inputs(str(folder / "orders.csv"), rules=[str(folder / "mine.toml")]).run()
    assert untouched(folder)


LONGER = {
    "replace": "replace({}, 'a', 'aaaaaaaaaaaaaaaaaaaaaaaaa')",
    "replace by a column": "replace({}, 'a', x)",
    "replace a column": "replace({}, x, 'aaaaaaaaaaaaaaaaaaaaaaaa')",
    "regexp_replace": "regexp_replace({}, 'a*', 'aaaaaaaaaaaaaaa')",
    "regexp_replace what was found": "regexp_replace({}, '(a*)', '\\1\\1\\1\\1\\1\\1\\1\\1')",
    "||": "({0} || {0} || {0} || {0})",
    "concat": "concat({0}, {0}, {0}, {0})",
    "mixed": "replace({0} || {0}, 'a', 'aaaaaaaaaa')",
    "in case": "CASE WHEN true THEN {0} || {0} || {0} END",
    "in coalesce": "coalesce({0} || {0} || {0}, 'x')",
    "upper": "upper({0} || {0} || {0})",
}


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 6, 8])
@pytest.mark.parametrize("form", LONGER)
def test_a_text_that_is_made_longer_is_bounded_or_refused(form, depth):
    text = "x"
    for _ in range(depth):
        text = LONGER[form].format(text)
        if len(text) > 9000:
            return
    try:
        sql = parse(text, where="t", columns={"x": "text"}).sql()
    except ReltypeError as error:
        told = str(error)
        sql = None
    if sql is None:
        assert depth > 1
        assert len(told) < 1000
        return
    with duckdb.connect(config={"memory_limit": "1GB", "threads": "1"}) as connection:
        connection.execute("CREATE TABLE t AS SELECT repeat('a', 20000) AS x FROM range(60)")
        longest = connection.sql(f"SELECT max(strlen({sql})) FROM t").fetchall()[0][0]
    assert longest is None or longest <= 1 << 16


def test_a_text_of_usual_length_is_made_longer_as_ever():
    sql = parse("replace(a, '&', '&amp;') || ' ' || b", where="t").sql()
    made = duckdb.sql(f"SELECT {sql} FROM (SELECT 'x & y' AS a, 'z' AS b)").fetchall()[0]
    assert made == ("x &amp; y z",)


def test_a_feature_of_features_does_not_grow_without_bound(tmp_path):
    steps = "".join(
        f"[[features]]\nname = 'long_{i + 1}'\nunit = 'text'\nof = \"long_{i} || long_{i}\"\n"
        for i in range(30)
    )
    pack = tmp_path / "long.toml"
    pack.write_text(
        "[[features]]\nname = 'long_0'\nunit = 'text'\nof = \"max(channel)\"\n"
        + steps
        + "[[rules]]\nname = 'r'\narchetype = 'fling'\nbecause = 'x'\nwhen = \"length(long_30) > 5\"\n"
    )
    load_pack(pack)
    rows = [
        {"customer_id": f"C-{i % 5}", "timestamp": f"2024-01-{1 + i % 28:02}", "channel": "web" * 9}
        for i in range(40)
    ]
    run = open_inputs(rows, rules=[str(pack)], memory_limit="500MB").run()
    assert sum(batch.num_rows for batch in run.batches()) == 5


@pytest.mark.parametrize(
    "name", ["\x00", "a\x00b", "x" * 5000, "", ".", "~", "/dev/null", "nowhere/*.csv"]
)
def test_a_name_that_is_no_files_is_told(folder, name):
    (folder / "reltype.toml").write_text(
        f"[interactions]\nfrom = {json.dumps(name)}\n[options]\ntimeout = 20\n"
    )
    if name in ("", "."):
        return  # the folder itself, whose files are read
    with pytest.raises(ReltypeError) as caught:
        open_inputs(config=str(folder / "reltype.toml"))
    assert caught.value.exit_code in {3, 4}


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("threads", 10**30),
        ("threads", 0),
        ("threads", 5000),
        ("timeout", float("nan")),
        ("timeout", -1),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(folder, setting, value):
    with pytest.raises(ReltypeError, match=f"--{setting}"):
        open_inputs(str(folder / "orders.csv"), **{setting: value})

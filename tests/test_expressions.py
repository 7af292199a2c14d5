import itertools
import math
import re
import time
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import duckdb
import pytest
import sqlglot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reltype.errors import ConfigError
from reltype.expressions import literal, parse, quote
from reltype.expressions.calls import FUNCTIONS
from reltype.expressions.functions import ALIASES, LEFT_OUT
from reltype.expressions.grammar import language

DIALECTS = ("spark", "postgres", "bigquery", "snowflake")
NUMBERS = (None, 0.0, 1.0, -1.0, 0.5, 3.0, -2.5, 1e300, -1e300, 1e-300, 1.7e308, math.inf, math.nan)
TEXTS = (None, "", " ", "0", "12.5", "abc", "1e400", "nan", "-inf", "%", "\\", "ß", "1,5", "(3)")
TEXTS += ("2024-02-30", "2024-01-31", "infinity", "294000-01-01", "2024-01-31T10:00:00+02:00")
TIMES = (None, datetime(2024, 1, 31, 12), datetime(1, 1, 1), datetime(9999, 12, 31))  # noqa: DTZ001


@pytest.fixture(scope="module")
def locked():
    """An engine that reads no files, as the real one after its inputs are opened."""
    with duckdb.connect(config={"enable_external_access": "false"}) as connection:
        connection.execute("CREATE TABLE hostile (i INT, x DOUBLE, y DOUBLE, s TEXT, t TEXT)")
        connection.execute("ALTER TABLE hostile ADD COLUMN b BOOLEAN")
        connection.execute("ALTER TABLE hostile ADD COLUMN ts TIMESTAMP")
        size = 3 * len(TEXTS)
        for i in range(size):
            row = (
                (i % 5 - 2) * (2**30 - 1),
                NUMBERS[i % len(NUMBERS)],
                NUMBERS[(7 * i + 3) % len(NUMBERS)],
                TEXTS[i % len(TEXTS)],
                TEXTS[(5 * i + 1) % len(TEXTS)],
                (True, False, None)[i % 3],
                TIMES[i % len(TIMES)],
            )
            connection.execute("INSERT INTO hostile VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        connection.execute("INSERT INTO hostile (ts) VALUES ('infinity'), ('294000-01-01')")
        connection.execute("SET lock_configuration = true")
        yield connection


def value(text, given_=None, **options):
    """What an expression gives for one row; columns from *given_* with the types of its values."""
    given_ = given_ or {"nothing": None}
    names = ", ".join(f"? AS {quote(name)}" for name in given_)
    expression = parse(text, where="test", columns=list(given_), **options)
    with duckdb.connect(config={"enable_external_access": "false"}) as connection:
        sql = f"SELECT {expression.sql()} FROM (SELECT {names})"
        return connection.execute(sql, list(given_.values())).fetchone()[0]


HOSTILE = {
    # rows and statements
    "(SELECT 1)": "sub-select",
    "SELECT 1": "sub-select",
    "x IN (SELECT y FROM t)": "sub-select",
    "EXISTS (SELECT 1)": "",
    "x = ANY (SELECT 1)": "",
    "x > ALL (SELECT 1)": "",
    "(WITH a AS (SELECT 1) SELECT * FROM a)": "sub-select",
    "(FROM t)": "",
    "(TABLE t)": "",
    "(VALUES (1))": "sub-select",
    "x; DROP TABLE t": "one expression",
    "1; SELECT 1": "one expression",
    "DROP TABLE t": "sub-select",
    "ATTACH 'f.db'": "sub-select",
    "COPY t TO 'f.csv'": "sub-select",
    "INSTALL httpfs": "sub-select",
    "LOAD httpfs": "sub-select",
    "SET threads = 1": "cannot be read",
    "PRAGMA version": "sub-select",
    "x UNION SELECT 1": "sub-select",
    "1 FROM t": "cannot be read",
    "1) FROM t WHERE (1 = 1": "cannot be read",
    "x AS y": "not expected here",
    "x y": "not expected here",
    "x ORDER BY y": "cannot be read",
    "x LIMIT 1": "cannot be read",
    # files, settings, the machine
    "read_csv('/etc/passwd')": "no files",
    "read_text('/etc/passwd')": "no files",
    "read_parquet('s3://bucket/x')": "no files",
    "glob('/*')": "no files",
    "getenv('HOME')": "no files",
    "current_setting('threads')": "no files",
    "query('SELECT 1')": "no files",
    "duckdb_secrets()": "no files",
    "sql_auto_complete('s')": "no function",
    "pg_read_file('x')": "no function",
    "\"read_csv\"('x')": "not quoted",
    "READ_CSV_AUTO('x')": "no files",
    "t.read_csv('x')": "without a table",
    "error('stop')": "must not stop",
    # not deterministic
    "now()": "as-of day",
    "CURRENT_DATE": "no column",
    "current_timestamp": "no column",
    "random()": "deterministic",
    "uuid()": "deterministic",
    "gen_random_uuid()": "deterministic",
    "nextval('s')": "deterministic",
    # not of one row
    "sum(x)": "sums up many rows",
    "count(*)": "sums up many rows",
    "sum(x) OVER ()": "no windows",
    "row_number() OVER ()": "",
    "lag(x)": "no windows",
    "*": "",
    "COLUMNS(*)": "no function",
    "x.*": "without a table",
    "t.x": "without a table",
    "unnest([1, 2])": "memory",
    "range(1000000000)": "memory",
    "repeat('a', 1000000000)": "memory",
    # structure
    "x[1]": "no lists",
    "[1, 2]": "no lists",
    "{'a': 1}": "no structs",
    "(1, 2)": "a list of values",
    "(x, y) IN ((1, 2))": "a list of values",
    "x -> y": "no lambdas",
    "lambda a: a": "",
    "list_transform(x, a -> a)": "no function",
    "x->>'a'": "no JSON",
    "?": "no parameters",
    "$1": "no parameters",
    ":x": "",
    "lower(s := x)": "",
    "CAST(x AS STRUCT(a INT))": "not allowed",
    "CAST(x AS BLOB)": "a cast goes to",
    "CAST(x AS JSON)": "a cast goes to",
    "CAST(x AS INT[])": "no lists",
    "CAST(x AS TIMESTAMPTZ)": "a cast goes to",
    "x COLLATE nocase": "lower(x)",
    "x SIMILAR TO 'a'": "LIKE",
    "x ~ 'a'": "regexp_matches",
    "~x": "regexp_matches",
    "x & 1": "not allowed",
    "x AT TIME ZONE 'UTC'": "not allowed",
    "$$text$$": "single quotes",
    # what hides
    "x -- and nothing else": "no comments",
    "x /* hidden */ > 3": "no comments",
    "/*+ hint */ x": "no comments",
    "x > 3\0": "U+0000",
    "'a\ue000b'": "U+E000",
    # what cannot be read
    "": "empty",
    "   ": "empty",
    "x >": "cannot be read",
    "x > > y": "an operator on bits",
    "(x": "cannot be read",
    "x)": "cannot be read",
    "'x": "quote",
    '"x': "quote",
    "x AND": "cannot be read",
    "CASE WHEN x": "cannot be read",
    "x BETWEEN 1": "cannot be read",
    "lower(": "cannot be read",
    "x IN ()": "",
    "1.2.3": "",
    # what would stop the run, or eat the machine
    "regexp_matches(s, '(')": "pattern cannot be used",
    "regexp_matches(s, '(?=a)')": "pattern cannot be used",
    "regexp_matches(s, '((a{1000}){1000}){1000}')": "pattern cannot be used",
    "regexp_matches(s, s)": "written out",
    r"regexp_replace(s, 'a', '\1')": "replacement cannot be used",
    "regexp_extract(s, 'a', 10)": "whole number",
    "s LIKE s": "written out",
    "s LIKE 'a!' ESCAPE '!'": "escape letter",
    "to_time(s, '%Q')": "format cannot be used",
    "strftime(ts, '%')": "format cannot be used",
    "DATE '2024-02-30'": "no date",
    "TIMESTAMP '2024-01-01 10:00:00+02:00'": "without an offset",
    "x + INTERVAL 100000 YEAR": "a thousand years",
    "x + INTERVAL x DAY": "",
    "1e400": "too large",
    "round(x, 400)": "whole number",
    "substring(s, 0)": "whole number",
    "split_part(s, ',', x)": "written out",
    "date_trunc('aeon', ts)": "one of",
    "(" * 200 + "x" + ")" * 200: "too deeply",
    "NOT " * 200 + "b": "too deeply",
    "-" * 1 + " - " * 300 + "x": "too deeply",
    "x" + " + x" * 500: "too deeply",
    "CASE WHEN b THEN " * 60 + "1" + " END" * 60: "too deeply",
    "share(1, " * 25 + "x" + ")" * 25: "too deeply",
    "x" * 20_000: "at most",
    "x," * 3_000: "at most",
    # kinds that do not go together
    "CASE WHEN b THEN 1 ELSE 'x' END": "not results of one thing",
    "coalesce(1, TRUE)": "not results of one thing",
    "(x > 3) + 1": "CASE WHEN",
    "x * 2 AND b": "compare it",
    "TIMESTAMP '2024-01-01' - TIMESTAMP '2023-01-01'": "days(a, b)",
    "TIMESTAMP '2024-01-01' * 2": "days(a, b)",
    "INTERVAL 3 DAY": "beside",
    "DATE '2024-01-01' > 3": "do not compare",
    "sqrt(1, 2)": "takes 1",
    "lower()": "takes 1",
    "abs(*)": "",
}


def shown(text):
    return text if len(text) < 50 else f"{text[:40]}… ({len(text)})"


@pytest.mark.parametrize(
    ("text", "reason"),
    HOSTILE.items(),
    ids=[f"{i} {shown(t)!a}" for i, t in enumerate(HOSTILE)],
)
def test_what_is_not_an_expression_is_refused_with_a_reason(text, reason):
    columns = ("x", "y", "s", "b", "ts")
    with pytest.raises(ConfigError) as raised:
        parse(text, where="rule 'r'", columns=columns)
    assert str(raised.value).startswith("rule 'r': ")
    assert reason in str(raised.value)


@pytest.mark.parametrize("name", sorted(LEFT_OUT))
def test_a_function_that_is_left_out_is_refused_with_its_reason(name):
    with pytest.raises(ConfigError) as raised:
        parse(f"{name}(x)", where="rule 'r'", aggregates=True)
    assert LEFT_OUT[name] in str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        *("sum(sum(x))", "sum(x) + y", "sum(x) FILTER (WHERE sum(y) > 1)", "sum(b AND b)"),
        *("sum(*)", "sum(DISTINCT x)", "count(DISTINCT x, y)", "sum(x ORDER BY y)", "mode(x)"),
        *("quantile_cont(x, 2)", "quantile_cont(x, y)", "max(x) OVER ()", "first(x)"),
        "lower(s) FILTER (WHERE b)",
    ],
)
def test_an_aggregate_that_is_not_of_all_rows_is_refused(text):
    with pytest.raises(ConfigError):
        parse(text, where="feature 'f'", aggregates=True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "tenure_day > 730",
            (
                "rule 'x' (my.toml): no column is called 'tenure_day'. "
                "Did you mean 'tenure_days'?\n"
                "    tenure_day > 730\n"
                "    ^^^^^^^^^^"
            ),
        ),
        (
            "affect > 3 and\n  lowr(kind) = 'a'",
            (
                "rule 'x' (my.toml): lowr() is not allowed: no function has this name. "
                "Did you mean 'lower'?\n"
                "      lowr(kind) = 'a'\n"
                "      ^^^^"
            ),
        ),
        (
            "affect + (affect > 3)",
            (
                "rule 'x' (my.toml): a number is wanted here, not a condition; "
                "write CASE WHEN … THEN 1 ELSE 0 END, or count_if(…)\n"
                "    affect + (affect > 3)\n"
                "              ^^^^^^^^^^"
            ),
        ),
    ],
)
def test_a_complaint_shows_the_culprit_and_what_to_write(text, message):
    with pytest.raises(ConfigError) as raised:
        parse(text, where="rule 'x' (my.toml)", columns=("tenure_days", "affect", "kind"))
    assert str(raised.value) == message


VALUES = {
    # arithmetic
    "7 / 2": 3.5,
    "x / 0": None,
    "0 / 0": None,
    "7 // 2": 3,
    "-7 // 2": -4,
    "7 // 0": None,
    "-7 % 3": -1,
    "7 % 0": None,
    "2 ** 10": 1024,
    "0 ** -1": None,
    "(-8) ** 0.5": None,
    "(-2) ** 3": -8,
    "10 ** 400": None,
    "1e200 * 1e200": None,
    "1e200 * 1e200 > 3": None,
    "9223372036854775807 + 9223372036854775807": 18446744073709551614.0,
    "2147483647 * 2147483647": 2147483647.0**2,
    "1 - -1": 2,
    "-(-x)": 4.0,
    "n + 1": None,
    "s + 1": None,
    "'3' + 1": 4,
    # functions
    "ln(0)": None,
    "ln(-1)": None,
    "sqrt(-1)": None,
    "exp(1000)": None,
    "log(1000)": 3,
    "log(2, 8)": 3,
    "log(1, 8)": None,
    "round(2.5)": 3,
    "round(-2.567, 2)": -2.57,
    "sign(-3)": -1,
    "greatest(1, x, 2)": 4,
    "greatest(1, n)": None,
    "least(n, 1)": None,
    "coalesce(n, 2)": 2,
    "nullif(x, 4)": None,
    "if(x > 3, 'a', 'b')": "a",
    "if(n > 3, 'a', 'b')": "b",
    # three values
    "n > 3": None,
    "n > 3 OR x > 3": True,
    "n > 3 AND x > 5": False,
    "NOT (n > 3)": None,
    "n IS NULL": True,
    "x IS NOT NULL": True,
    "x / 0 IS NULL": True,
    "n IS DISTINCT FROM 3": True,
    "n IS NOT DISTINCT FROM NULL": True,
    "(n > 3) IS TRUE": False,
    "x IN (1, 4, NULL)": True,
    "x NOT IN (1, NULL)": None,
    "x BETWEEN 1 AND 4": True,
    "x NOT BETWEEN n AND 2": True,
    "CASE WHEN n > 3 THEN 1 ELSE 2 END": 2,
    "CASE x WHEN 4 THEN 'four' END": "four",
    "CASE x WHEN 5 THEN 'five' END": None,
    # text
    "s = 'Abc'": True,
    "x <> ''": True,
    "x = '4'": True,
    "x < '10'": True,
    "x IN ('4', '5')": True,
    "x IN ('a', '4.0')": True,
    "s > 3": None,
    "lower(s) || '-' || x": "abc-4.0",
    "s || n": None,
    "concat(s, n)": None,
    "s LIKE 'A%'": True,
    "s NOT LIKE 'a%'": True,
    "s ILIKE 'a%'": True,
    "'5%' LIKE '5!%' ESCAPE '!'": True,
    "'a_0b' LIKE 'a_0%'": True,
    "length('ßa')": 2,
    "substring(s, 2, 1)": "b",
    "split_part('a,b', ',', 2)": "b",
    "split_part('a,b', ',', 3)": None,
    "regexp_extract(s, '([b-c]+)', 1)": "bc",
    "regexp_extract(s, 'z')": None,
    "regexp_replace('a_0_1', '_0', '-')": "a-_1",
    "regexp_matches(s, '^[A-Z]')": True,
    "'it''s'": "it's",
    # casts
    "CAST(s AS DOUBLE)": None,
    "CAST('2.7' AS INTEGER)": 3,
    "x::VARCHAR": "4.0",
    "CAST(x AS BIGINT)::VARCHAR": "4",
    "TRY_CAST('t' AS BOOLEAN)": True,
    "CAST(x > 3 AS INTEGER)": 1,
    "CAST('12.345' AS DECIMAL(10, 2))": 12.35,
    "CAST('x' || 'y' AS DATE)": None,
    # time
    "DATE '2024-01-31' + INTERVAL 1 MONTH": datetime(2024, 2, 29),  # noqa: DTZ001
    "TIMESTAMP '2024-01-31 10:00:00' > '2024-01-31'": True,
    "days(DATE '2024-01-01', DATE '2024-03-01')": 60,
    "days(TIMESTAMP '2024-01-02 12:00:00', DATE '2024-01-01')": -1.5,
    "date_diff('month', DATE '2024-01-31', DATE '2024-02-01')": 1,
    "EXTRACT(year FROM DATE '2024-05-06')": 2024,
    "date_part('isodow', '2024-05-06')": 1,
    "month('2024-05-06')": 5,
    "year('no day')": None,
    "date_trunc('month', TIMESTAMP '2024-05-06 10:00:00')": datetime(2024, 5, 1),  # noqa: DTZ001
    "epoch(DATE '1970-01-02')": 86400,
    "strftime(DATE '2024-05-06', '%d.%m.')": "06.05.",
    # ours
    "sat(3, 3)": 0.5,
    "sat(0, 3)": 0,
    "sat(-1, 3)": None,
    "sat(1, 0)": None,
    "sat(1e300, 1e300)": 0.5,
    "half(6, 3)": 0.75,
    "half(-1, 3)": None,
    "clamp(5, 0, 1)": 1,
    "clamp(-5, 0, 1)": 0,
    "clamp(0.5, 0, 1)": 0.5,
    "clamp(n, 0, 1)": None,
    "clamp(5, n, 1)": None,
    "clamp(-5, 0, n)": None,
    "clamp(5, 1, 0)": None,
    "share(1, 4)": 0.25,
    "share(1, 0)": None,
    "share(1e300, 1e-300)": None,
    "scale(1, 1, 5)": -1,
    "scale(3, 1, 5)": 0,
    "scale(6, 1, 5)": None,
    "scale(1, 6, 1)": 1,
    "scale(2, 2, 2)": None,
}


@pytest.mark.parametrize("text", VALUES)
def test_an_expression_has_this_value(text):
    found = value(text, {"x": 4.0, "n": None, "s": "Abc"})
    expected = VALUES[text]
    if isinstance(expected, float | int) and not isinstance(expected, bool):
        expected = pytest.approx(expected)
    assert found == expected
    assert not (isinstance(expected, bool) or found is None) or type(found) is type(expected)


POINT = {
    "12": 12, " 12.5 ": 12.5, "-3": -3, "+3": 3, "1e3": 1000, "1,234": 1234, "1,234.5": 1234.5,
    "1,00,000": 100000, "$12.50": 12.5, "-$12.50": -12.5, "$-12.50": -12.5, "EUR 12": 12,
    "12 USD": 12, "R$ 5": 5, "5 kr.": 5, "£1,000": 1000, "(12.50)": -12.5, "($1,200)": -1200,
    "12-": -12, "−5": -5, "5 %": 5, "1'234.5": 1234.5, "1\u00a0234.5": 1234.5, "￥500": 500,
    "12,34": None, "1.2.3": None, "1.234.567": None, "nan": None, "inf": None, "-Infinity": None,
    "": None, "abc": None, "12 apples": None, "--5": None, "0x1F": None, "1e400": None, "()": None,
}  # fmt: skip
COMMA = {
    "12": 12, "12,5": 12.5, "1.234": 1234, "1.234.567,89": 1234567.89, "-1.234,5": -1234.5,
    "1 234,50 €": 1234.5, "€12,5": 12.5, "(1.234,5)": -1234.5, "1,5e3": 1500, "-,5": -0.5,
    "12.34": None, "12.5": None, "1.23,4": None, "1,2,3": None, "nan": None, "": None,
}  # fmt: skip


@pytest.mark.parametrize("kind", ["any", "text"])
@pytest.mark.parametrize(
    ("call", "cell", "expected"),
    [("to_number(c)", *item) for item in POINT.items()]
    + [("to_number(c, ',')", *item) for item in COMMA.items()],
)
def test_a_cell_is_read_as_this_number(call, cell, expected, kind):
    with duckdb.connect() as connection:
        sql = parse(call, where="test", columns={"c": kind}).sql()
        assert connection.execute(f"SELECT {sql} FROM (SELECT ? AS c)", [cell]).fetchone() == (
            expected,
        )


@pytest.mark.parametrize(
    ("text", "cell", "expected"),
    [
        ("to_number(c)", 12.5, 12.5),
        ("to_number(c, ',')", 12.5, 12.5),
        ("to_number(c, ',')", 1234, 1234),
        ("to_number(c)", math.nan, None),
        ("to_number(c)", True, 1),
        ("to_bool(c)", True, True),
        ("to_bool(c)", 1, True),
        ("to_bool(c)", 0.0, False),
        ("to_bool(c)", " Yes ", True),
        ("to_bool(c)", "N", False),
        ("to_bool(c)", "x", True),
        ("to_bool(c)", "", None),
        ("to_bool(c)", "perhaps", None),
        ("unix_time(c)", 1_700_000_000, datetime(2023, 11, 14, 22, 13, 20)),  # noqa: DTZ001
        ("unix_time(c)", "1700000000000", datetime(2023, 11, 14, 22, 13, 20)),  # noqa: DTZ001
        ("unix_time(c)", 1_700_000_000_000_000, datetime(2023, 11, 14, 22, 13, 20)),  # noqa: DTZ001
        ("unix_time(c)", "1.7e18", datetime(2023, 11, 14, 22, 13, 20)),  # noqa: DTZ001
        ("unix_time(c)", 1e30, None),
        ("unix_time(c)", "yesterday", None),
        ("excel_time(c)", 45292, datetime(2024, 1, 1)),  # noqa: DTZ001
        ("excel_time(c)", "45292.5", datetime(2024, 1, 1, 12)),  # noqa: DTZ001
        ("excel_time(c)", 0, None),
        ("excel_time(c)", 1e9, None),
        ("to_time(c)", "2024-05-06", datetime(2024, 5, 6)),  # noqa: DTZ001
        ("to_time(c)", "2024-05-06T07:08:09", datetime(2024, 5, 6, 7, 8, 9)),  # noqa: DTZ001
        ("to_time(c)", "2024-05-06T07:08:09Z", datetime(2024, 5, 6, 7, 8, 9)),  # noqa: DTZ001
        ("to_time(c)", "2024-05-06T07:08:09.5+02:00", datetime(2024, 5, 6, 7, 8, 9, 500_000)),  # noqa: DTZ001
        ("to_time(c)", "2024-05-06 07:08:09 Europe/Berlin", datetime(2024, 5, 6, 7, 8, 9)),  # noqa: DTZ001
        ("to_time(c)", "2024-05-06 07:08", datetime(2024, 5, 6, 7, 8)),  # noqa: DTZ001
        ("to_time(c)", "06/05/2024", None),
        ("to_time(c)", "infinity", None),
        ("to_time(c)", "2024-02-30", None),
        ("to_time(c)", "", None),
        ("to_time(c)", date(2024, 5, 6), datetime(2024, 5, 6)),  # noqa: DTZ001
        ("to_time(c)", datetime(2024, 5, 6, 7), datetime(2024, 5, 6, 7)),  # noqa: DTZ001
        ("to_time(c)", datetime(2024, 5, 6, 7, tzinfo=UTC), datetime(2024, 5, 6, 7)),  # noqa: DTZ001
        ("to_time(c, '%d/%m/%Y')", "06/05/2024", datetime(2024, 5, 6)),  # noqa: DTZ001
        ("to_time(c, '%d/%m/%Y', '%d.%m.%y')", "6.5.24", datetime(2024, 5, 6)),  # noqa: DTZ001
        ("to_time(c, '%d.%m.%Y', '%d.%m.%y')", "6.5.24", datetime(2024, 5, 6)),  # noqa: DTZ001
        ("to_time(c)", "0001-01-01 00:00:00", None),
        ("to_time(c, '%d/%m/%Y')", "2024-05-06", None),
        ("to_time(c, '%d/%m/%Y %z')", "06/05/2024 +0200", datetime(2024, 5, 6)),  # noqa: DTZ001
        ("to_time(c, '%Y%m%d')", 20240506, datetime(2024, 5, 6)),  # noqa: DTZ001
        ("to_time(c, '%d/%m/%Y')", datetime(2024, 5, 6, 7), datetime(2024, 5, 6, 7)),  # noqa: DTZ001
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_a_conversion_reads_text_and_typed_cells(text, cell, expected, zone):
    with duckdb.connect() as connection:
        connection.execute(f"SET TimeZone = '{zone}'")
        sql = parse(text, where="test", columns=["c"]).sql()
        assert connection.execute(f"SELECT {sql} FROM (SELECT ? AS c)", [cell]).fetchone() == (
            expected,
        )


ARGUMENTS = {
    "number": ("x", "y", "s", "i", "0", "NULL", "-1"),
    "text": ("s", "x", "''", "NULL"),
    "time": ("ts", "s", "DATE '2024-01-31'", "NULL"),
    "bool": ("b", "s", "x > y", "NULL"),
    "any": ("x", "s", "ts", "b", "NULL"),
    "digits": ("2", "-15"),
    "place": ("1", "1000000"),
    "length": ("0", "1000000"),
    "group": ("0", "9"),
    "probability": ("0", "0.5"),
    "pattern": ("'(a)(b)*'", "'(.)(.)'"),
    "replacement": ("''", r"'\2'"),
    "format": ("'%d/%m/%Y'", "'%c %z'"),
    "unit": ("'day'", "'month'"),
    "part": ("'epoch'", "'doy'"),
    "sign": ("','", "'.'"),
    "booking": ("'CR'", "'DR'"),
    "order": ("'DMY'", "'YMD'"),
    "zone": ("'Europe/Berlin'", "'UTC'"),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_value_makes_a_function_raise_or_give_an_infinity(name, locked):
    function = FUNCTIONS[name]
    least = [kind for kind in function.takes if not kind.endswith("?")] or function.takes
    for takes in {tuple(least), tuple(function.takes)}:
        choices = [ARGUMENTS[kind.rstrip("?*")][: 9 - 2 * len(takes)] for kind in takes]
        ran = 0
        for arguments in itertools.product(*choices):
            text = f"{name}({', '.join(arguments)})"
            try:
                expression = parse(text, where="test", aggregates=True)
            except ConfigError:
                assert function.gives in {"same", "first"}, "only kinds that do not mix are refused"
                continue
            try:
                rows = locked.execute(f"SELECT {expression.sql()} FROM hostile").fetchall()
            except duckdb.BinderException:
                # Two columns of different types, which a database says before it reads a row.
                assert function.gives in {"same", "first"}
                continue
            ran += 1
            if expression.kind == "number" and "ts" not in arguments:
                assert all(v is None or math.isfinite(v) for (v,) in rows)
        assert ran > 0


SIGNS = ["<", "<=", "=", "<>", ">", "IS DISTINCT FROM"]


def numbers(inner):
    return st.one_of(
        st.sampled_from(["x", "y", "s", "0", "1", "2.5", "1e300", "NULL", "i"]),
        st.tuples(inner, st.sampled_from("+-*/%"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(inner, inner).map(lambda t: f"share({t[0]}, {t[1]})"),
        st.tuples(inner, inner).map(lambda t: f"power({t[0]}, {t[1]})"),
        st.tuples(inner, inner).map(lambda t: f"coalesce({t[0]}, {t[1]})"),
        st.tuples(inner, inner).map(lambda t: f"greatest(0, {t[0]}, {t[1]})"),
        st.tuples(st.sampled_from(["sat", "half"]), inner, st.sampled_from(["1", "3.5", "x"])).map(
            lambda t: f"{t[0]}({t[1]}, {t[2]})"
        ),
        inner.map(lambda t: f"(1 - {t})"),
        st.tuples(st.sampled_from(["ln", "sqrt", "exp", "abs", "-", "round"]), inner).map(
            lambda t: f"{t[0]}({t[1]})"
        ),
        st.tuples(conditions(inner), inner, inner).map(
            lambda t: f"CASE WHEN {t[0]} THEN {t[1]} ELSE {t[2]} END"
        ),
    )


def conditions(inner):
    return st.one_of(
        st.tuples(
            inner, st.sampled_from(["<", "<=", "=", "<>", ">", "IS DISTINCT FROM"]), inner
        ).map(lambda t: f"{t[0]} {t[1]} {t[2]} + 0"),
        st.tuples(inner, inner, inner).map(lambda t: f"NOT {t[0]} BETWEEN {t[1]} AND 0 + {t[2]}"),
        inner.map(lambda t: f"(abs({t}) IS NULL OR b AND NOT s IN ('a', '0'))"),
    )


grammar = st.recursive(st.sampled_from(["x", "y", "i", "s", "2"]), numbers, max_leaves=6)


@given(
    asked=st.one_of(
        st.tuples(grammar, st.just("number")), st.tuples(conditions(grammar), st.just("bool"))
    )
)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_accepted_runs_and_reads_the_same_when_read_again(asked, locked):
    text, kind = asked
    try:
        expression = parse(text, where="test", gives=kind)
    except ConfigError as error:
        assert "too deeply" in str(error)  # noqa: PT017
        return
    sql = expression.sql()
    again = sqlglot.transpile(sql, read="duckdb", write="duckdb")[0]
    rows = locked.execute(f"SELECT {sql}, {again} FROM hostile").fetchall()
    for found, found_again in rows:
        assert found == found_again
        assert not isinstance(found, float) or math.isfinite(found)
        assert not expression.share or found is None or 0 <= found <= 1
    dialect = DIALECTS[len(text) % len(DIALECTS)]
    assert sqlglot.parse_one(expression.sql(dialect), dialect=dialect)


WORDS = sorted(
    {*FUNCTIONS, *ALIASES, *LEFT_OUT, "select", "from", "case", "when", "then", "end", "and", "or"}
    | {"not", "in", "between", "like", "is", "null", "interval", "day", "cast", "as", "over", "x"}
    | set("()+-*/%<>=,.;'\"[]{}:?$|&^~!@#") | {"||", "::", "->", "--", "/*", "*/", "1", "'a'"}
)  # fmt: skip


@given(text=st.one_of(st.text(max_size=60), st.lists(st.sampled_from(WORDS)).map(" ".join)))
@settings(max_examples=500, deadline=None)
def test_no_text_raises_anything_but_a_config_error(text):
    try:
        expression = parse(text, where="test", aggregates=True)
    except ConfigError:
        return
    expression.clauses()
    sqlglot.parse_one(expression.sql("spark"), dialect="spark")


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_written_in_every_dialect(name, dialect):
    arguments = [ARGUMENTS[kind.rstrip("?*")][0] for kind in FUNCTIONS[name].takes]
    expression = parse(f"{name}({', '.join(arguments)})", where="test", aggregates=True)
    if name == "parse_time" and dialect != "duckdb":  # hundreds of forms, one inside the other
        with pytest.raises(ConfigError, match="nested too deeply"):
            expression.sql(dialect)
        return
    sql = expression.sql(dialect)
    assert sqlglot.parse_one(sql, dialect=dialect)
    assert "TYPEOF" not in sql.upper()
    assert all(function.upper() not in sql.upper() for function in ("TO_NUMBER(", "SAT(", "HALF("))


def test_aggregates_sum_up_and_skip_nulls(locked):
    cases = {
        "count(*)": 4,
        "count(v)": 3,
        "count(DISTINCT g)": 2,
        "count(*) FILTER (WHERE g = 'a')": 3,
        "sum(v)": 6.0,
        "sum(v) FILTER (WHERE g = 'z')": None,
        "sum(v) / count(v)": 2.0,
        "sum(v) / count(v) FILTER (WHERE g = 'z')": None,
        "avg(v)": 2.0,
        "min(v) + max(v)": 4.0,
        "stddev(v)": 1.0,
        "var_pop(v)": pytest.approx(2 / 3),
        "median(v)": 2.0,
        "quantile_cont(v, 0.25)": 1.5,
        "arg_max(g, v)": "b",
        "arg_min(v, g)": 1.0,
        "bool_or(v > 2)": True,
        "bool_and(v > 2)": False,
        "count_if(v > 1)": 2,
        "corr(v, v)": pytest.approx(1.0),
        "corr(v, 1)": None,
        "sum(CASE WHEN v > 1 THEN 1 ELSE 0 END)": 2.0,
        "count(*) = 4 AND max(v) < 9": True,
    }
    rows = "(VALUES (1.0, 'a'), (2.0, 'a'), (3.0, 'b'), (NULL, 'a')) t(v, g)"
    for text, expected in cases.items():
        expression = parse(text, where="feature 'f'", aggregates=True, columns=("v", "g"))
        assert expression.aggregate
        found = locked.execute(f"SELECT {expression.sql()} FROM {rows}").fetchone()[0]
        assert found == expected, text


def test_arg_max_does_not_depend_on_the_order_of_rows(locked):
    sql = parse("arg_max(g, v)", where="f", aggregates=True).sql()
    for order in itertools.permutations([("a", 1), ("b", 2), ("c", 2), (None, 3)]):
        rows = ", ".join(f"({literal(g)}, {v})" for g, v in order)
        found = locked.execute(f"SELECT {sql} FROM (VALUES {rows}) t(g, v)").fetchone()
        assert found == ("c",)


def test_an_expression_knows_what_it_needs_and_calls():
    expression = parse(
        'vader("Text Body") > Affect and quantity is not null',
        where="test",
        columns=("Text Body", "affect", "Quantity"),
        functions=("Vader",),
    )
    assert expression.needs == {"Text Body", "affect", "Quantity"}
    assert expression.calls == {"Vader"}
    assert not expression.aggregate
    assert expression.kind == "bool"
    assert 'Vader("Text Body")' in expression.sql()


def test_a_column_that_differs_in_case_from_two_is_refused():
    with pytest.raises(ConfigError, match="no column is called 'AB'"):
        parse("AB > 3", where="test", columns=("aB", "Ab"))
    assert parse('"aB" > 3', where="test", columns=("aB", "Ab")).needs == {"aB"}


def test_columns_are_replaced_by_their_sql_in_any_dialect():
    expression = parse("a * 2 > b", where="test", columns={"a": "number", "b": "number"})
    sql = expression.sql(columns={"a": "1 + 2", "b": "t.b"})
    assert "((1 + 2) * 2e0)" in sql
    assert sql.endswith("> (t.b)")
    assert "(t.b)" in expression.sql("spark", columns={"a": "1", "b": "t.b"})
    sql = expression.sql(columns={"a": "1 + 2", "b": "6"})
    assert duckdb.sql(f"SELECT {sql}").fetchall() == [(False,)]


def test_columns_of_known_kind_are_not_cast():
    known = {"tenure_days": "number", "active": "bool"}
    expression = parse("tenure_days > 730 and active", where="test", columns=known)
    assert expression.sql() == '("tenure_days" > 730) AND "active"'


def test_what_chooses_among_texts_chooses_among_numbers_where_one_is_wanted():
    row = {"a": "10", "b": "9", "c": 8.5}
    assert value("greatest(a, b)", row) == "9"
    assert value("greatest(a, b) > 3", row) is True
    assert value("greatest(a, b) + 0", row) == 10
    assert value("(CASE WHEN a < b THEN coalesce(a, c) END)", row, gives="number") == 10
    assert value("nullif(a, '10') > 3", row) is None
    assert value("if(a IS NULL, b, c) < 9", row) is True
    assert value("max(coalesce(a, b)) > 9", row, aggregates=True) is True


@pytest.mark.parametrize(
    "text",
    [
        *("x = s", "x <> s", "x IN (s, 1)", "x IS DISTINCT FROM s", "nullif(x, s)", "b = s"),
        *("NOT x = s OR b", "count(*) FILTER (WHERE ts = s)", "i IN (s, t)", "(x = s) IS TRUE"),
        *(
            "ts >= 'a'",
            "i <> ''",
            "b = 'visit'",
            "ts > '12'",
            "i IN ('a', '12')",
            "x < '2024-01-31'",
        ),
        *("ts BETWEEN '12' AND 'yes'", "ts IN ('12', '13')", "CASE i WHEN '' THEN 1 END"),
        *("CASE x WHEN s THEN 1 ELSE 0 END", "sum(CASE WHEN x = s THEN 1 END)"),
    ],
)
def test_columns_of_types_that_do_not_compare_are_not_equal_and_do_not_raise(text, locked):
    expression = parse(text, where="test", aggregates=True)
    assert locked.execute(f"SELECT {expression.sql()} FROM hostile").fetchall()
    assert "TRY(" not in expression.sql("postgres")


def test_many_such_comparisons_in_one_query_do_not_raise(locked):
    texts = ("s = x", "s = y", "s <> i", "ts = s", "s IN (x, y)", "s IS NOT DISTINCT FROM x")
    asked = ", ".join(parse(text, where="test").sql() for text in texts)
    assert locked.execute(f"SELECT {asked} FROM hostile").fetchall()


def test_aggregates_of_unknown_kind_are_not_asked_whether_they_are_equal():
    with pytest.raises(ConfigError, match="CAST one of the two"):
        parse("min(a) = max(b)", where="test", aggregates=True)


def test_text_in_a_source_is_read_as_a_number_where_one_is_wanted():
    assert value("Quantity * UnitPrice", {"Quantity": "3", "UnitPrice": "2.5"}) == 7.5
    assert value("Quantity * UnitPrice", {"Quantity": "three", "UnitPrice": "2.5"}) is None
    assert value("Quantity > 3", {"Quantity": "3.4"}) is True
    assert value("Quantity > 3", {"Quantity": "nan"}) is None


@pytest.mark.parametrize(
    ("gives", "text", "cell", "expected"),
    [
        ("number", "c", "12", 12.0),
        ("number", "c", "nan", None),
        ("number", "c", math.inf, None),
        ("bool", "c", "true", True),
        ("bool", "c", "maybe", None),
        ("text", "c", 12, "12"),
        ("time", "c", "2024-05-06", datetime(2024, 5, 6)),  # noqa: DTZ001
    ],
)
def test_the_wanted_kind_comes_back(gives, text, cell, expected):
    assert value(text, {"c": cell}, gives=gives) == expected


def test_a_known_wrong_kind_is_refused():
    with pytest.raises(ConfigError, match="a condition is wanted here, not a number"):
        parse("x + 1", where="rule 'r'", gives="bool")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a > 3 and b < 0.5", [("a", ">", "3"), ("b", "<", "0.5")]),
        ("(a >= 3 and b = 1) and a <> b", [("a", ">=", "3"), ("b", "=", "1"), ("a", "<>", "b")]),
        ("a between 1 and b + 1", [("a", ">=", "1"), ("a", "<=", "b + 1")]),
        ("not (a > 3)", [("a", "<=", "3")]),
        ("a > 3 or b > 3", [(None, None, None)]),
        ("a is null and share(a, b) > 2", [(None, None, None), ("share(a, b)", ">", "2")]),
        ("a in (1, 2)", [(None, None, None)]),
    ],
)
def test_clauses_are_the_conditions_that_must_all_hold(text, expected):
    clauses = parse(text, where="test").clauses()
    sides = [
        (c.left.text, c.operator, c.right.text) if c.operator else (None, None, None)
        for c in clauses
    ]
    assert sides == expected
    whole = parse(text, where="test")
    for a, b in itertools.product([None, 0.5, 2.0, 4.0], repeat=2):
        row = {"a": a, "b": b}
        with duckdb.connect() as connection:
            source = "FROM (SELECT ?::DOUBLE AS a, ?::DOUBLE AS b)"
            parts = " AND ".join(f"({c.expression.sql()})" for c in clauses)
            sql = f"SELECT {whole.sql()}, {parts} {source}"
            found = connection.execute(sql, list(row.values())).fetchone()
            assert found[0] == found[1]


def test_a_margin_is_left_minus_right():
    (clause,) = parse("affect < 0.45", where="test").clauses()
    with duckdb.connect() as connection:
        sql = f"SELECT {clause.left.sql()} - {clause.right.sql()} FROM (SELECT '0.47' AS affect)"
        assert connection.execute(sql).fetchone()[0] == pytest.approx(0.02)


def test_expressions_are_equal_if_their_texts_are():
    one = parse("a > 3", where="one")
    other = parse("a > 3", where="other", columns=("a", "b"))
    assert one == other
    assert len({one, other}) == 1
    assert one != parse("a > 4", where="one")


@given(text=st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",))))
@settings(deadline=None, max_examples=50)
def test_any_text_is_a_literal_and_any_name_a_column(text):
    name = text or "empty"
    with duckdb.connect() as connection:
        sql = f"SELECT {quote(name)} FROM (SELECT {literal(text)} AS {quote(name)})"
        assert connection.execute(sql).fetchone() == (text,)


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        (None, "NULL"),
        (True, "TRUE"),
        (3, "3"),
        (0.5, "0.5e0"),
        (1e300, "1e+300"),
        (math.nan, "NULL"),
        (-math.inf, "NULL"),
        ("it's", "'it''s'"),
        (date(2024, 5, 6), "DATE '2024-05-06'"),
        (datetime(2024, 5, 6, 7), "TIMESTAMP '2024-05-06 07:00:00'"),  # noqa: DTZ001
        (
            datetime(2024, 5, 6, 7, tzinfo=timezone(timedelta(hours=2))),
            "TIMESTAMP '2024-05-06 05:00:00'",
        ),
    ],
)
def test_a_value_is_written_as_sql(given_, expected):
    assert literal(given_) == expected


def test_the_letter_zero_is_in_no_name_and_no_text():
    with pytest.raises(ConfigError):
        quote("a\0")
    with pytest.raises(ConfigError):
        literal("a\0")


def test_an_unknown_dialect_is_refused():
    with pytest.raises(ConfigError, match="Did you mean 'spark'"):
        parse("a > 3", where="test").sql("sparc")


def test_a_text_that_is_not_text_is_refused():
    with pytest.raises(ConfigError, match="an expression is a text, not 3"):
        parse(3, where="test")


def test_no_text_takes_long():
    hostile = ["(" * 9_999, "x" + "+x" * 900, "a and " * 1_900 + "a", "not " * 1_999 + "a"]
    hostile += ["case when a then " * 30 + "1", "x in (" + "1," * 900 + "1)", "1e" + "9" * 9_000]
    hostile += ["greatest(" * 28 + "x" + ", x)" * 28, "x between " * 400 + "1", "'" + "a" * 9_000]
    start = time.perf_counter()
    for text in hostile:
        with suppress(ConfigError):
            parse(text, where="test").sql()
    assert time.perf_counter() - start < 10


def test_the_locked_engine_reads_no_file_even_if_the_parser_let_it(locked):
    with pytest.raises(duckdb.PermissionException):
        locked.execute("SELECT * FROM read_text('/etc/hostname')")
    with pytest.raises(duckdb.Error):
        locked.execute("SET enable_external_access = true")


def test_the_documented_functions_are_those_that_are_allowed():
    page = (Path(__file__).parents[1] / "docs" / "expressions.md").read_text()
    lines = page.split("<!-- functions -->")[1].splitlines()
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines if line.startswith("| `")]
    names = [row[0].split("(")[0].strip(" `") for row in rows]
    assert sorted(names) == sorted(FUNCTIONS)
    for row, name in zip(rows, names, strict=True):
        assert FUNCTIONS[name].note.replace("|", "\\|") == row[2].strip()
    left_out = page.split("<!-- left out -->")[1]
    assert all(f"`{name}`" in left_out for name in LEFT_OUT)
    aliases = page.split("<!-- aliases -->")[1].split("<!--")[0]
    assert all(f"`{alias}`" in aliases for alias in ALIASES)


def test_no_parser_of_ours_descends_from_the_librarys_since_compiled_ones_have_no_descendants():
    assert type(language().parser()).__module__.startswith("sqlglot.")


@pytest.mark.parametrize("word", ["current_date", "if", "any", "map", "localtime"])
def test_a_column_may_have_the_name_of_what_a_database_calls_without_parentheses(word):
    assert parse(f"{word} = 1", where="w", columns={word: "number"}).needs == {word}


@pytest.mark.parametrize(
    ("call", "plain"),
    [
        ("count(*)", "count_if(b)"),
        ("sum(v)", "sum(CASE WHEN b THEN v END)"),
        ("count(DISTINCT v)", "count(DISTINCT CASE WHEN b THEN v END)"),
        ("median(v)", "median(CASE WHEN b THEN v END)"),
        ("arg_max(v, w)", "arg_max(CASE WHEN b THEN v END, w)"),
        ("corr(v, w)", "corr(CASE WHEN b THEN v END, w)"),
        ("bool_and(v > 1)", "bool_and(CASE WHEN b THEN v > 1 END)"),
    ],
)
def test_a_filter_leaves_out_what_a_case_would_make_null(call, plain):
    columns = {"v": "number", "w": "number", "b": "bool"}
    rows = "(VALUES (1.0, 2.0, true), (5.0, 1.0, false), (3.0, NULL, true), (2.0, 7.0, true),"
    rows = f"{rows} (9.0, 9.0, NULL), (NULL, 8.0, true)) t(v, w, b)"

    def found(text: str, where: str = "true") -> list[tuple[object, ...]]:
        sql = parse(text, where="w", aggregates=True, columns=columns).sql()
        return duckdb.connect().sql(f"SELECT {sql} FROM {rows} WHERE {where}").fetchall()

    asked = found(f"{call} FILTER (WHERE b)")
    assert asked == found(plain)
    assert asked == found(call, where="b")


@pytest.mark.parametrize(
    "text",
    [
        "sat(power((a + b) / c, 1.5), 1)",
        "1 - sat(a / (3 * b), 2)",
        "sqrt(a / b - (c / b) * (c / b))",
        "clamp(0.75 - 0.5 * sat(a, 180), 0, 1)",
        "half(a * b, 3)",
        "case when a / b > 2 then ln(a / c) end",
    ],
)
def test_a_usual_expression_is_written_as_sql_of_its_own_size(text):
    """What is asked of a part writes it again: it may be asked once or twice, not at each level."""
    sql = parse(text, where="w", columns=dict.fromkeys("abc", "number")).sql()
    assert len(sql) < 20 * len(text)


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("sat(a, 2)", True),
        ("1 - sat(power(a / b, 2), 1)", True),
        ("case when a > 1 then half(b, 3) else 0.5 end", True),
        ("coalesce(0.3 * sat(a, 1), 1)", True),
        ("sat(a, 2) + 0.1", False),
        ("0.9 - sat(a, 2)", False),
        ("sat(a, 2) - sat(b, 2)", False),
        ("2 * sat(a, 2)", False),
        ("-sat(a, 2)", False),
        ("a", False),
    ],
)
def test_it_is_known_what_stays_between_0_and_1(text, share):
    assert parse(text, where="w", columns=dict.fromkeys("ab", "number")).share == share


HUGE = (0.0, 1.0, -1.0, 1e-320, 1e200, -1e200, 1e300, -1e300, 3.5)


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        *((f"{name}(a * b, 2)", "NULL") for name in ("sat", "half", "power", "share", "mod")),
        *((f"{name}(a * b)", "NULL") for name in ("sqrt", "ln", "abs", "exp", "round")),
        *(("clamp(a * b, 0, 1)", "NULL"), ("clamp(a * b, c, 1)", "NULL")),
        *(("scale(a * b, -1, 1)", "NULL"), ("greatest(a * b, c)", "NULL")),
        *(("1 / (a * b)", "NULL"), ("power(a * b, c)", "NULL"), ("power(2, a * b)", "NULL")),
        ("case when a * b > c then 1 else 0 end", "0"),
        ("coalesce(a * b, c)", "c"),
    ],
)
def test_what_overflows_on_the_way_is_null_and_never_taken_for_a_number(text, lost):
    sql = parse(text, where="w", columns=dict.fromkeys("abc", "number")).sql()
    rows = ", ".join(f"({a!r}::DOUBLE, {b!r}, {c!r})" for a in HUGE for b in HUGE for c in HUGE)
    found = duckdb.connect().sql(
        f"SELECT count(*) FILTER (abs({sql}) > 1e300 OR isnan({sql})), "
        f"count(*), count(*) FILTER (({sql}) IS DISTINCT FROM {lost}) "
        f"FROM (SELECT *, abs(a * b) > 1e305 AS over FROM (VALUES {rows}) t(a, b, c)) WHERE over"
    )
    large, overflowing, otherwise = found.fetchall()[0]
    assert overflowing > 100
    assert (large, otherwise) == (0, 0)


@pytest.mark.parametrize(
    "call",
    ["abs({})", "round({})", "sqrt({})", "sat({}, 1)", "clamp({}, 0, 1)", "cast({} as boolean)"],
)
def test_what_nests_too_deeply_is_refused_in_whatever_it_stands(call):
    sizes = set()
    for depth in range(4, 20):
        text = call.format("share(1, " * depth + "x" + ")" * depth)
        try:
            sizes.add(len(parse(text, where="w", columns={"x": "number"}).sql()))
        except ConfigError as error:
            assert "too deeply" in str(error)  # noqa: PT017
            break
    else:
        pytest.fail("nothing was refused")
    assert len(sizes) > 3

"""What aggregates may speak of: the columns that the query makes of a log's."""

import datetime as dt
import math

import duckdb
import pytest

from reltype.definitions.features import INTERACTION_COLUMNS
from reltype.scoring import query

CANONICAL = """
    SELECT who AS customer_id, moment AS timestamp, kind, NULL::VARCHAR AS order_id,
      NULL::VARCHAR AS state, value, NULL::DOUBLE AS refunded_amount, NULL::TIMESTAMP AS began, NULL::TIMESTAMP AS ended, NULL::DOUBLE AS sentiment,
      NULL::DOUBLE AS rating, NULL::DOUBLE AS discount, 'web' AS channel, NULL::VARCHAR AS category,
      direction, NULL::VARCHAR AS text, NULL AS reject, NULL AS unread
    FROM (VALUES
      ('a', TIMESTAMP '2024-03-02 23:59:59', 'purchase', 20.1, NULL),
      ('a', TIMESTAMP '2024-03-02 08:00:00', 'visit', 3.0, NULL),
      ('a', TIMESTAMP '2024-03-04 00:00:00', 'message', NULL, 'outbound'),
      ('a', TIMESTAMP '2024-03-07 12:30:00', 'purchase', 0.0, 'inbound'),
      ('b', TIMESTAMP '1969-12-31 22:00:00', 'renewal', 5.0, NULL),
      ('b', TIMESTAMP '1969-12-29 05:00:00', 'event', NULL, NULL)
    ) rows(who, moment, kind, value, direction)
"""


def rows(columns: set[str], until: str | None = None) -> dict[str, dict[tuple[str, int], object]]:
    """Column → (customer, row of theirs by time) → value."""
    sql = query.interactions([CANONICAL], {*columns, "timestamp"}, until=until)
    found = (
        duckdb.connect()
        .sql(f"SELECT * FROM ({sql}) ORDER BY customer_id, timestamp")
        .to_arrow_table()
    )
    assert columns <= set(found.column_names)
    keyed: dict[str, dict[tuple[str, int], object]] = {name: {} for name in columns}
    for row in found.to_pylist():
        place = (row["customer_id"], sum(who == row["customer_id"] for who, _ in keyed["day"]))
        for name in columns:
            keyed[name][place] = row[name]
    return keyed


@pytest.fixture(scope="module")
def everything():
    return rows(set(INTERACTION_COLUMNS))


def test_days_weekdays_and_hours_are_those_of_the_calendar_even_before_1970(everything):
    for place, moment in everything["timestamp"].items():
        assert everything["day"][place] == (moment.date() - dt.date(1970, 1, 1)).days
        assert everything["weekday"][place] == moment.isoweekday()
        assert everything["hour"][place] == moment.hour


def test_a_gap_is_counted_between_organic_days_and_once_a_day(everything):
    assert everything["organic"] == {
        ("a", 0): True,
        ("a", 1): True,
        ("a", 2): False,
        ("a", 3): True,
        ("b", 0): True,
        ("b", 1): False,
    }
    gaps = {place: gap for place, gap in everything["gap_days"].items() if gap is not None}
    assert gaps == {("a", 3): 5.0}


def test_the_logarithm_of_an_amount_is_that_of_a_purchase_that_cost_something(everything):
    logs = {place: log for place, log in everything["amount_log"].items() if log is not None}
    assert list(logs) == [("a", 1)]
    assert logs["a", 1] == pytest.approx(math.log(20.1), abs=1 / 4096)


def test_numbers_are_doubles_so_that_their_products_do_not_overflow():
    sql = query.interactions([CANONICAL], set(INTERACTION_COLUMNS), until=None)
    types = dict(
        duckdb.connect().sql(f"SELECT column_name, column_type FROM (DESCRIBE ({sql}))").fetchall()
    )
    numbers = {name for name, kind in INTERACTION_COLUMNS.items() if kind == "number"}
    assert {types[name] for name in numbers} == {"DOUBLE"}


def test_what_nobody_asks_for_does_not_change_the_rest(everything):
    for name in ("hour", "weekday", "amount_log", "gap_days", "value", "kind"):
        assert rows({name, "day"})[name] == everything[name]


def test_columns_that_no_log_gives_are_null_whether_they_are_sorted_along_or_not():
    columns = set(INTERACTION_COLUMNS)
    absent = {"sentiment", "rating", "discount", "category", "text"}
    asked = [
        query.interactions([CANONICAL], columns, until=None, absent=left) for left in ((), absent)
    ]
    assert asked[0] != asked[1]
    first, second = (
        duckdb.connect().sql(f"SELECT * FROM ({sql}) ORDER BY ALL").to_arrow_table()
        for sql in asked
    )
    assert first.select(sorted(columns)).equals(second.select(sorted(columns)))


def test_rows_after_the_last_day_belong_to_nobody_and_are_marked():
    sql = query.interactions([CANONICAL], {"kind"}, until="DATE '2024-03-03'")
    found = (
        duckdb.connect()
        .sql(f"SELECT customer_id, is_late, count(*) FROM ({sql}) GROUP BY ALL")
        .fetchall()
    )
    assert sorted(found, key=str) == [("a", False, 2), ("b", False, 2), (None, True, 2)]


def test_customer_initiated_is_what_organic_is(everything):
    assert everything["customer_initiated"] == everything["organic"]


def test_a_pack_may_say_customer_initiated_or_organic(tmp_path):
    import reltype
    from reltype.api import open_run
    from reltype.simulate import simulate

    pack = tmp_path / "pack.toml"
    pack.write_text(
        "".join(
            f'[[features]]\nname = "{name}"\nunit = "count"\nof = "{of}"\nsummary = "s"\n'
            for name, of in {
                "new_word": "count(*) filter (where customer_initiated and kind = 'visit')",
                "old_word": "count(*) filter (where organic and kind = 'visit')",
            }.items()
        )
        + '[[rules]]\nname = "both"\nwhen = "new_word > old_word"\narchetype = "fling"\n'
        'weight = 1.0\nbecause = "never"\n'
    )
    log = simulate("coffee bar", customers=30, seed=2).interactions
    run = open_run(log, rules=[pack])
    rows = run.population.engine.rows(
        f"SELECT new_word, old_word FROM ({run.population.features()})"
    )
    assert all(new == old for new, old in rows)
    assert any(new for new, _ in rows)
    assert reltype.classify(log, rules=[pack]).to_arrow().num_rows == len(rows)

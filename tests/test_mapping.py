"""What a mapping's SQL gives."""

from datetime import datetime

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reltype.errors import ConfigError, UsageError
from reltype.mapping import CUSTOMERS, INTERACTIONS, Mapping
from reltype.mapping.casts import BLANKS

moment = datetime.fromisoformat


def read(mapping, rows, types=None, **options):
    """The canonical rows as dicts; *rows* are dicts of text, or of what *types* say."""
    columns = types or dict.fromkeys(rows[0], "VARCHAR")
    connection = duckdb.connect()
    made = ", ".join(f'"{name}" {type_}' for name, type_ in columns.items())
    connection.execute(f"CREATE TABLE source ({made})")
    marks = ", ".join("?" for _ in columns)
    connection.executemany(f"INSERT INTO source VALUES ({marks})", [list(r.values()) for r in rows])
    found = connection.execute(mapping.select("source", columns, **options))
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def log(**columns):
    return Mapping("interactions", {"customer_id": "id", "timestamp": "day", **columns})


def one(mapping, types=None, **cells):
    row = {"id": "C1", "day": "2024-01-02 03:04:05"} | cells
    types = types and {"id": "VARCHAR", "day": "VARCHAR"} | types
    return read(mapping, [row], types)[0]


def test_a_log_gives_every_canonical_column_in_order_with_its_type():
    sql = log().select("t", ["id", "day"])
    made = duckdb.connect()
    made.execute("CREATE TABLE t (id VARCHAR, day VARCHAR)")
    described = {r[0]: r[1] for r in made.execute(f"DESCRIBE {sql}").fetchall()}
    assert described == {**INTERACTIONS, "reject": "VARCHAR", "unread": "VARCHAR"}
    assert list(described) == [*INTERACTIONS, "reject", "unread"]


def test_a_customer_table_gives_its_columns_and_the_features_that_are_asked_for():
    sql = Mapping("customers", {"customer_id": "id"}).select("t", ["id"], features=["purchases"])
    made = duckdb.connect()
    made.execute("CREATE TABLE t (id VARCHAR)")
    described = {r[0]: r[1] for r in made.execute(f"DESCRIBE {sql}").fetchall()}
    assert described == {
        **CUSTOMERS,
        "purchases": "DOUBLE",
        "reject": "VARCHAR",
        "unread": "VARCHAR",
    }


@pytest.mark.parametrize(
    ("written", "id_"),
    [
        ("C1", "C1"),
        ("007", "007"),
        ("1e5", "1e5"),
        ("  C1 ", "C1"),
        ("a long name of somebody ", "a long name of somebody"),
        ("Nancy", "Nancy"),
        ("", None),
        ("   ", None),
        ("N/A", None),
        (" null ", None),
        ("NaN", None),
        ("-", None),
        ("None", None),
        (None, None),
    ],
)
def test_an_identifier_is_trimmed_and_blanks_are_rejected(written, id_):
    row = one(log(), id=written)
    assert (row["customer_id"], row["reject"]) == (id_, None if id_ else "customer_id: blank")


@pytest.mark.parametrize(
    ("type_", "value", "id_"),
    [("DOUBLE", 17850.0, "17850"), ("DOUBLE", 1.5, "1.5"), ("BIGINT", 7, "7")],
)
def test_a_number_as_identifier_has_no_point(type_, value, id_):
    types = {"id": type_, "day": "VARCHAR"}
    assert read(log(), [{"id": value, "day": "2024-01-01"}], types)[0]["customer_id"] == id_


@pytest.mark.parametrize(
    ("written", "time", "reject"),
    [
        ("2024-01-02 03:04:05", moment("2024-01-02 03:04:05"), None),
        ("2024-01-02", moment("2024-01-02"), None),
        ("2024-01-02T03:04:05.000Z", moment("2024-01-02 03:04:05"), None),
        ("2024-01-02T03:04:05+02:00", moment("2024-01-02 03:04:05"), None),
        ("2024-01-02 03:04+02", moment("2024-01-02 03:04:00"), None),
        ("soon", None, "timestamp: not a time"),
        ("", None, "timestamp: blank"),
        ("n/a", None, "timestamp: blank"),
        (None, None, "timestamp: blank"),
        ("1/2/23", None, "timestamp: not a time"),
        ("1850-01-01", moment("1850-01-01"), "timestamp: before 1900"),
    ],
)
def test_a_time_with_an_offset_keeps_its_day_and_hour_and_what_is_no_time_is_rejected(
    written, time, reject
):
    row = one(log(), day=written)
    assert (row["timestamp"], row["reject"]) == (time, reject)


def test_a_time_with_a_zone_in_its_type_becomes_utc_whatever_the_session_has():
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'Asia/Tokyo'")
    connection.execute(
        "CREATE TABLE t AS SELECT 'a' AS id, TIMESTAMPTZ '2024-01-02 00:00+00' AS day"
    )
    types = {"id": "VARCHAR", "day": "TIMESTAMP WITH TIME ZONE"}
    found = connection.execute(f"SELECT timestamp FROM ({log().select('t', types)})").fetchone()
    assert found == (moment("2024-01-02"),)


def test_without_a_kind_column_every_row_is_a_purchase():
    row = one(log())
    assert (row["kind"], row["kind_as_written"]) == ("purchase", None)


def test_a_kind_keeps_the_word_that_stood_there():
    row = one(log(kind="status"), status="Kaputt")
    assert (row["kind"], row["kind_as_written"]) == ("other", "Kaputt")


def test_one_of_our_kinds_as_a_bare_word_holds_for_every_row():
    assert one(log(kind="support"))["kind"] == "support"
    assert one(log(kind="'support'"))["kind"] == "support"


@pytest.mark.parametrize(
    ("column", "cell", "value", "unread"),
    [
        ("value", "12.5", 12.5, None),
        ("value", "abc", None, "value: 'abc'"),
        ("value", "nan", None, None),
        ("value", "inf", None, "value: 'inf'"),
        ("value", "", None, None),
        ("value", "N/A", None, None),
        ("sentiment", "-0.5", -0.5, None),
        ("sentiment", "3", None, "sentiment: '3'"),
        ("discount", "1", 1.0, None),
        ("discount", "15", None, "discount: '15'"),
        ("direction", "Incoming ", "inbound", None),
        ("direction", "OUT", "outbound", None),
        ("direction", "sideways", None, "direction: 'sideways'"),
        ("channel", "web", "web", None),
    ],
)
def test_a_cell_that_cannot_be_read_is_null_and_named_and_its_row_stays(
    column, cell, value, unread
):
    row = one(log(**{column: "x"}), x=cell)
    assert (row[column], row["unread"], row["reject"]) == (value, unread, None)


def test_several_unread_cells_are_all_named():
    row = one(log(value="a", sentiment="b"), a="x", b="y")
    assert row["unread"] == "value: 'x'; sentiment: 'y'"


def test_an_expression_that_chooses_may_be_null_without_being_unread():
    row = one(log(value="CASE WHEN status = 'paid' THEN total END"), status="open", total="5")
    assert (row["value"], row["unread"]) == (None, None)


def test_text_columns_are_numbers_where_an_expression_wants_numbers():
    assert one(log(value="Quantity * UnitPrice"), Quantity="3", UnitPrice="2.5")["value"] == 7.5


def test_a_columns_name_goes_before_an_expression_that_reads_the_same():
    row = one(log(value="Deal - Value"), Deal="9", Value="4", **{"Deal - Value": "7"})
    assert row["value"] == 7


@pytest.mark.parametrize(
    "written", ["Order Total", '"Order Total"', "order total", " Order Total "]
)
def test_a_column_is_found_whatever_its_case_and_with_or_without_quotes(written):
    assert one(log(value=written), **{"Order Total": "5"})["value"] == 5


@pytest.mark.parametrize(
    ("refunds", "kind", "value", "reads", "reject"),
    [
        ("net", "refund", "5", ("refund", -5.0), None),
        ("net", "refund", "-5", ("refund", -5.0), None),
        ("net", "purchase", "-5", ("refund", -5.0), None),
        ("net", "purchase", "5", ("purchase", 5.0), None),
        ("drop", "refund", "5", ("refund", -5.0), 'kind: a refund, and refunds = "drop"'),
        ("raise", "purchase", "-5", ("refund", -5.0), 'kind: a refund, and refunds = "raise"'),
        ("drop", "purchase", "5", ("purchase", 5.0), None),
    ],
)
def test_refunds_are_netted_or_rejected(refunds, kind, value, reads, reject):
    rows = [{"id": "a", "day": "2024-01-01", "k": kind, "v": value}]
    row = read(log(kind="k", value="v"), rows, refunds=refunds)[0]
    assert ((row["kind"], row["value"]), row["reject"]) == (reads, reject)


def test_rows_that_the_condition_leaves_out_are_rejected_with_it():
    mapping = Mapping("interactions", {"customer_id": "id", "timestamp": "day"}, where="n > 1")
    rows = [{"id": "a", "day": "2024-01-01", "n": n} for n in ("2", "1", None, "x")]
    found = [row["reject"] for row in read(mapping, rows)]
    assert found == [None, *["where: not n > 1"] * 3]


def test_columns_of_the_source_can_be_kept():
    rows = [{"id": "a", "day": "2024-01-01", "line no": "7"}]
    assert read(log(), rows, keep=["line no"])[0]["line no"] == "7"


def test_an_essential_column_that_is_not_mapped_rejects_every_row():
    mapping = Mapping("interactions", {"customer_id": "id"})
    assert read(mapping, [{"id": "a"}])[0]["reject"] == "timestamp: not mapped"


def test_a_customer_table_reads_facts_in_our_units():
    mapping = Mapping(
        "customers",
        {
            "customer_id": "id",
            "since": "joined",
            "contract_days": "CASE c WHEN 'One year' THEN 365 ELSE 0 END",
            "satisfaction": "scale(s, 1, 5)",
            "active": "a",
            "nps": "n",
        },
    )
    rows = [{"id": "x", "joined": "2020-01-01", "c": "One year", "s": "5", "a": "Yes", "n": "11"}]
    row = read(mapping, rows)[0]
    expected = (moment("2020-01-01"), 365.0, 1.0, True, None, "nps: '11'")
    names = ("since", "contract_days", "satisfaction", "active", "nps", "unread")
    assert tuple(row[name] for name in names) == expected


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"custmer_id": "id"}, "Did you mean 'customer_id'"),
        ({"kind_as_written": "id"}, "has no column 'kind_as_written'"),
        ({"value": "Amont"}, "Did you mean 'Amount'"),
        ({"value": "Amount *"}, "value"),
        ({"value": "Order Totl"}, "Nor is there a column 'Order Totl'"),
    ],
)
def test_a_mapping_that_cannot_be_used_says_what_to_write(columns, says):
    with pytest.raises(ConfigError, match=says):
        Mapping("interactions", columns).select("t", ["id", "day", "Amount", "Order Total"])


def test_a_kind_that_is_none_of_ours_is_refused():
    with pytest.raises(ConfigError, match="Did you mean 'purchase'"):
        Mapping("interactions", {}, {"Paid": "purchas"})


def test_an_unknown_way_with_refunds_is_refused():
    with pytest.raises(UsageError, match="net, drop or raise"):
        log().select("t", ["id", "day"], refunds="keep")


cells = st.one_of(
    st.sampled_from(
        [*BLANKS, "C1", "2024-01-01", "1e5", "-3", "1,5", "\N{NO-BREAK SPACE}", "in", "yes"]
    ),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20),
    st.none(),
)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(cells, cells, cells, cells), max_size=8))
def test_every_row_is_used_or_rejected_whatever_stands_in_its_cells(table):
    mapping = log(value="v", kind="k", direction="k", rating="scale(to_number(v), 1, 5)")
    rows = [dict(zip(("id", "day", "v", "k"), row, strict=True)) for row in table]
    if not rows:
        return
    found = read(mapping, rows)
    assert len(found) == len(rows)
    for row in found:
        usable = row["customer_id"] is not None and row["timestamp"] is not None
        assert usable or row["reject"] is not None
        assert row["kind"] is not None

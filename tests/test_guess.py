"""What a file of unknown columns is read as."""

from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reltype.errors import ConfigError, InputError
from reltype.mapping.clocks import _NAMED, clock_of
from reltype.mapping.columns import columns_of
from reltype.mapping.guess import guess

moment = datetime.fromisoformat
N = 24
IDS = [f"K-{i % 7}" for i in range(N)]
DAYS = [f"2024-{1 + i % 12:02d}-{1 + i:02d}" for i in range(N)]


def understood(columns, name="export.csv", **options):
    """The guess on columns of text; a shorter list is repeated."""
    rows = max(map(len, columns.values()))
    cells = {k: [v[i % len(v)] for i in range(rows)] for k, v in columns.items()}
    table = pa.table({k: pa.array(v, pa.string()) for k, v in cells.items()})
    return guess(name, list(columns), ["VARCHAR"] * len(columns), table, **options), table


def read(columns, wanted, name="export.csv", **options):
    """What stands in *wanted* in the first two rows, after guessing."""
    made, table = understood(columns, name, **options)
    connection = duckdb.connect()
    connection.register("source", table)
    sql = made.mapping.select("source", list(columns))
    rows = connection.execute(f"SELECT {wanted} FROM ({sql}) LIMIT 2").fetchall()
    return [row[0] for row in rows]


def log(**columns):
    return {"customer_id": IDS, "order date": DAYS, **columns}


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (["Kundennummer", "Bestelldatum", "Gesamtbetrag"], "Kundennummer"),
        (["N° client", "Date de commande", "Montant TTC"], "N° client"),
        (["ID cliente", "Fecha del pedido", "Importe total"], "ID cliente"),
        (["Codice cliente", "Data ordine", "Totale"], "Codice cliente"),
        (["Klantnummer", "Besteldatum", "Bedrag"], "Klantnummer"),
        (["Código do cliente", "Data do pedido", "Valor total"], "Código do cliente"),
        (["Numer klienta", "Data zamówienia", "Wartość"], "Numer klienta"),
        (["Kundnummer", "Orderdatum", "Belopp"], "Kundnummer"),
        (["customerId", "orderDate", "orderTotal"], "customerId"),
        (["CUSTOMERID", "ORDERDATE", "ORDERTOTAL"], "CUSTOMERID"),
        (["Deal - Account ID", "Deal - Close date", "Deal - Value"], "Deal - Account ID"),
    ],
)
def test_names_in_many_spellings_and_languages_are_known(header, found):
    amounts = [f"{i}.50" for i in range(N)]
    made, _ = understood(dict(zip(header, (IDS, DAYS, amounts), strict=True)))
    assert (made.role, *(made.sources[n] for n in ("customer_id", "timestamp", "value"))) == (
        "interactions",
        *(found, header[1], header[2]),
    )


def test_a_unique_number_is_no_customer_and_an_orders_name_no_person():
    made, _ = understood(
        {
            "id": [str(900 + i) for i in range(N)],
            "Name": [f"#{i}" for i in range(N)],
            "Created at": DAYS,
            "Buyer": ["Acme", "Borg", "Cyan", "Dune", "Echo", "Fern"],
            "Total": ["5.00", "7.50"],
        },
        "orders.csv",
    )
    assert made.sources["customer_id"] == "Buyer"


def test_an_address_is_the_customer_where_there_is_no_better_number():
    emails = [f"p{i % 5}@example.com" for i in range(N)]
    made, _ = understood({"Kontakt": emails, "Datum": DAYS, "Betrag": ["5.00", "7.50"]})
    assert made.sources["customer_id"] == "Kontakt"
    better, _ = understood({"Email": emails, "Customer ID": IDS, "Date": DAYS})
    assert better.sources["customer_id"] == "Customer ID"


def test_a_date_that_is_always_the_same_is_not_the_events_time():
    made, _ = understood({"customer_id": IDS, "date": ["2024-05-01"], "paid at": DAYS})
    assert made.sources["timestamp"] == "paid at"


def test_a_time_that_every_row_has_goes_before_one_that_is_often_blank():
    made, _ = understood(
        {"customer_id": IDS, "created at": [*DAYS[:5], "", "", ""], "sent at": DAYS}
    )
    assert made.sources["timestamp"] == "sent at"


def test_a_due_date_is_no_event():
    made, _ = understood({"customer_id": IDS, "due date": DAYS, "invoice date": DAYS[::-1]})
    assert made.sources["timestamp"] == "invoice date"


def test_a_deal_happens_when_it_closes():
    made, _ = understood(
        {
            "Account": IDS,
            "Create Date": DAYS,
            "Close Date": DAYS[::-1],
            "Deal Stage": ["Closed Won"],
        }
    )
    assert (made.sources["timestamp"], made.sources["kind"]) == ("Close Date", "Deal Stage")


def test_a_ticket_happens_when_it_is_opened_and_is_support():
    made, _ = understood(
        {
            "ticket_id": [str(i) for i in range(N)],
            "account_id": IDS,
            "created_at": DAYS,
            "closed_at": DAYS[::-1],
        },
        "tickets.csv",
    )
    assert made.sources["timestamp"] == "created_at"
    assert made.mapping.columns["kind"] == "'support'"


@pytest.mark.parametrize(
    ("cells", "read_as"),
    [
        (["2024-03-25 10:00:00", "2024-01-02 03:04:05"], "2024-03-25 10:00:00"),
        (["2024-03-25T10:00:00+02:00", "2024-01-02T03:04:05+02:00"], "2024-03-25 10:00:00"),
        (["2024-03-25 10:00:00 +0200", "2024-01-02 10:00:00 +0200"], "2024-03-25 10:00:00"),
        (["25/03/2024", "02/01/2024"], "2024-03-25"),
        (["03/25/2024", "01/02/2024"], "2024-03-25"),
        (["25.3.2024", "2.1.2024"], "2024-03-25"),
        (["25-03-24", "02-01-24"], "2024-03-25"),
        (["3/25/24 1:05 PM", "12/31/23 11:00 AM"], "2024-03-25 13:05:00"),
        (["25 Mar 2024", "02 Jan 2024"], "2024-03-25"),
        (["Mar 25, 2024", "Jan 2, 2024"], "2024-03-25"),
        (
            ["Mon Mar 25 10:00:00 +0000 2024", "Tue Jan 02 10:00:00 +0000 2024"],
            "2024-03-25 10:00:00",
        ),
        (["03 25, 2024", "01 2, 2024"], "2024-03-25"),
        (["20240325", "20240102"], "2024-03-25"),
        (["20240325101112", "20240102101112"], "2024-03-25 10:11:12"),
        (["1711360800", "1704186000"], "2024-03-25 10:00:00"),
        (["1711360800000", "1704186000000"], "2024-03-25 10:00:00"),
        (["45376", "45293"], "2024-03-25"),
    ],
)
def test_times_are_read_as_they_are_written(cells, read_as):
    columns = {"customer_id": IDS, "timestamp": cells}
    assert read(columns, "timestamp")[0] == moment(read_as)


def test_days_and_months_are_told_apart_over_the_whole_column():
    cells = ["03/04/2024"] * 30 + ["25/04/2024"]
    assert read({"customer_id": IDS, "date": cells}, "timestamp")[0] == moment("2024-04-03")


def test_another_column_of_the_file_can_tell_days_from_months():
    columns = {"customer_id": IDS, "date": ["03/04/2024", "05/06/2024"], "shipped": ["25/04/2024"]}
    assert read(columns, "timestamp")[0] == moment("2024-04-03")


def test_where_nothing_tells_days_from_months_the_assumption_is_told_with_the_way_out():
    made, _ = understood({"customer_id": IDS, "date": ["03/04/2024", "05/06/2024"]})
    doubt = next(doubt for doubt in made.doubts if doubt.startswith("timestamp"))
    assert "month first" in doubt
    assert """to_time("date", '%d/%m/%Y')""" in doubt


def test_a_day_and_an_hour_in_two_columns_are_one_time():
    columns = {
        "Customer ID": IDS,
        "Date": ["01/25/2024", "02/03/2024"],
        "Time": ["05:52:21", "14:01:00"],
    }
    assert read(columns, "timestamp") == [
        moment("2024-01-25 05:52:21"),
        moment("2024-02-03 14:01:00"),
    ]


@pytest.mark.parametrize(
    ("cells", "value"),
    [
        (["12.50", "3.00"], 12.5),
        (["12,50", "3,00"], 12.5),
        (["1.234,56", "9,90"], 1234.56),
        (["1,234.56", "9.90"], 1234.56),
        (["$1,234.56", "$9.90"], 1234.56),
        (["1.234,56 €", "9,90 €"], 1234.56),
        (["EUR 12,50", "EUR 3,00"], 12.5),
        (["£12.50", "£3.00"], 12.5),
        (["1 234,56", "9,90"], 1234.56),
        (["1,234", "5,678"], 1234.0),
        (["1.234.567", "2.345.678"], 1234567.0),
    ],
)
def test_amounts_are_read_with_their_decimal_sign_and_without_their_currency(cells, value):
    assert read(log(total=cells), "value")[0] == value


def test_brackets_are_a_minus_and_a_negative_purchase_a_refund():
    columns = log(total=["(12.50)", "3.00"])
    assert read(columns, "value")[0] == -12.5
    assert read(columns, "kind") == ["refund", "purchase"]


def test_quantity_times_unit_price_stands_for_a_missing_total():
    made, _ = understood(log(Quantity=["2", "3"], UnitPrice=["1.50", "4.00"]))
    assert made.sources["value"] == '"Quantity" * "UnitPrice"'
    total, _ = understood(log(Quantity=["2", "3"], Price=["1.50", "4.00"], Total=["3.00", "12.00"]))
    assert total.sources["value"] == "Total"


def test_what_was_taken_off_is_a_share_of_what_it_would_have_cost():
    columns = log(total=["75.00", "50.00"], discount_amount=["25.00", "0.00"])
    assert read(columns, "discount") == [0.25, 0.0]
    assert read(log(discount=["25%", "0%"]), "discount") == [0.25, 0.0]


@pytest.mark.parametrize(
    ("name", "cells", "rating"),
    [
        ("rating", ["5", "1", "3"], 1.0),
        ("satisfaction score", ["3", "4", "5"], 0.0),
        ("NPS", ["10", "0", "7"], 1.0),
        ("Rating (1-10)", ["10", "2", "7"], 1.0),
        ("csat", ["100", "20", "75"], 1.0),
        ("review stars", ["5 stars", "1 stars"], 1.0),
        ("stars", ["★★★★★", "★☆☆☆☆"], 1.0),
        ("Satisfaction rating", ["Good", "Bad", "Offered"], 0.6),
        ("Bewertung", ["sehr gut", "schlecht"], 1.0),
    ],
)
def test_ratings_on_any_scale_become_minus_one_to_one(name, cells, rating):
    assert read(log(**{name: cells}), "rating")[0] == rating


def test_a_lead_score_is_no_rating():
    assert "rating" not in understood(log(**{"Lead Score": ["5", "3"]}))[0].sources


def test_sentences_are_texts_and_names_of_goods_are_not():
    said = ["Great service, thank you!", "It broke again, second time this month"]
    assert understood(log(Comment=said))[0].sources["text"] == "Comment"
    goods = log(
        Description=["SET OF SIX TEA PLATES", "RED HEART LIGHT HOLDER"],
        UnitPrice=["1.50"],
        Quantity=["2"],
    )
    assert "text" not in understood(goods)[0].sources


def test_a_flag_or_a_word_is_a_direction():
    assert read(log(inbound=["True", "False"]), "direction") == ["inbound", "outbound"]
    assert read(log(direction=["Outgoing", "Incoming"]), "direction") == ["outbound", "inbound"]


def test_words_of_a_status_are_kinds_and_unknown_ones_are_told():
    made, _ = understood(log(Status=["Paid", "Refunded", "Cancelled", "Paid", "Zap"]))
    assert made.mapping.kinds == {
        "Paid": "purchase",
        "Refunded": "refund",
        "Cancelled": "event",
    }
    assert made.kinds["Zap"][1] == "other"
    assert any("'Zap'" in doubt for doubt in made.doubts)


def test_yes_and_no_and_states_of_customers_are_no_kinds():
    assert "kind" not in understood(log(Status=["yes", "no"]))[0].sources
    assert "kind" not in understood(log(Status=["active", "churned"]))[0].sources


def customers(**columns):
    return {"customer_id": [f"K-{i}" for i in range(N)], **columns}


@pytest.mark.parametrize(
    ("name", "cells", "days"),
    [
        ("tenure", ["24", "72"], 24 * 30.4),
        ("Tenure", ["2", "10"], 2 * 365),
        ("tenure_days", ["24", "72"], 24.0),
        ("Tenure in Months", ["24", "72"], 24 * 30.4),
        ("YearsAtCompany", ["2", "40"], 2 * 365),
    ],
)
def test_a_tenure_becomes_days_by_its_name_or_its_size(name, cells, days):
    assert read(customers(**{name: cells}), "tenure_days")[0] == pytest.approx(days)


@pytest.mark.parametrize(
    ("name", "cells", "days"),
    [
        ("Contract", ["Month-to-month", "One year", "Two year"], [0, 365]),
        ("billing_frequency", ["monthly", "annual"], [0, 365]),
        ("Vertragslaufzeit", ["24 Monate", "12 Monate", "1 Monat"], [730, 365]),
        ("Contract Term", ["3 months", "6 months"], [91, 182]),
        ("Contract length (months)", ["24", "12"], [24 * 30.4, 12 * 30.4]),
    ],
)
def test_contract_words_become_the_days_for_which_they_tie(name, cells, days):
    assert read(customers(**{name: cells}), "contract_days") == pytest.approx(days)


def test_a_list_of_customers_is_read_as_one():
    made, _ = understood(
        customers(
            **{
                "First Name": ["Ann", "Bo"],
                "Create Date": DAYS,
                "Last Activity Date": DAYS[::-1],
                "Total Spent": ["5.00", "7.50"],
                "Number of Referrals": ["0", "2"],
                "Churn": ["Yes", "No"],
                "Products": ["1", "2"],
            }
        )
    )
    assert made.role == "customers"
    wanted = {
        "since": "Create Date",
        "timestamp": "Last Activity Date",
        "value": "Total Spent",
        "referrals": "Number of Referrals",
        "active": "Churn",
        "products": "Products",
    }
    assert {name: made.sources.get(name) for name in wanted} == wanted


def test_a_feature_in_a_customer_table_is_taken_by_its_name():
    made, _ = understood(customers(visits_per_month=["1.5", "2"]), features=["visits_per_month"])
    assert made.sources["visits_per_month"] == "visits_per_month"


def test_what_a_person_gives_goes_first_and_gets_the_right_conversion():
    columns = {"who": IDS, "order date": DAYS, "Created Date": ["25/03/2024", "02/01/2024"]}
    given = {"timestamp": "Created Date", "customer_id": "upper(who)"}
    assert read(columns, "timestamp", given=given)[0] == moment("2024-03-25")
    assert read(columns, "customer_id", given=given)[0] == "K-0"


def test_nothing_is_guessed_beside_a_complete_mapping():
    given = {"customer_id": "customer_id", "timestamp": "order date"}
    made, _ = understood(log(total=["5.00", "7.00"]), given=given, complete=True)
    assert set(made.mapping.columns) == set(given)


def test_an_unknown_name_is_refused():
    with pytest.raises(ConfigError, match="Did you mean 'timestamp'"):
        understood(log(), given={"timestmp": "order date"})


def test_a_missing_essential_column_is_an_error_with_the_line_to_write():
    made, _ = understood({"order date": DAYS, "amount": ["5.00", "6.00"]})
    with pytest.raises(
        InputError, match=r"--map customer_id='COLUMN'.*customer_id = .COLUMN.*'order date'"
    ):
        made.sure()


def test_two_equal_candidates_are_an_error_that_names_both():
    others = [f"M-{i % 5}" for i in range(N)]
    made, _ = understood({"Customer No": IDS, "CustomerNo": others, "order date": DAYS})
    with pytest.raises(InputError, match="'Customer No' and 'CustomerNo'"):
        made.sure()


def test_a_file_of_headers_alone_is_read_by_its_names():
    made, _ = guess_headers(["Customer ID", "Order Date", "Order Total"])
    wanted = {"customer_id": "Customer ID", "timestamp": "Order Date", "value": "Order Total"}
    assert made.sources == wanted


def guess_headers(names):
    table = pa.table({name: pa.array([], pa.string()) for name in names})
    return guess("orders.csv", names, ["VARCHAR"] * len(names), table), table


def test_it_says_what_would_make_the_result_better():
    made, _ = understood(log())
    assert "no sentiment, rating or survey column: affect cannot be read" in made.wishes


def test_typed_columns_are_taken_as_they_are():
    table = pa.table(
        {
            "user_id": [1, 2, 1] * 4,
            "ts": [moment("2024-01-01"), None, moment("2024-01-02")] * 4,
            "amount": [1.5, 2.0, 3.0] * 4,
        }
    )
    made = guess("t", table.column_names, ["BIGINT", "TIMESTAMP", "DOUBLE"], table)
    assert made.mapping.columns == {
        "customer_id": '"user_id"',
        "timestamp": '"ts"',
        "value": '"amount"',
    }


def test_rows_that_a_sample_holds_twice_do_not_make_an_identifier_repeat():
    rows = [f"K-{i}" for i in range(50)]
    column = columns_of(["id"], ["VARCHAR"], pa.table({"id": rows + rows}))[0]
    assert column.is_unique


FORMATS = [
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y",
    "%d.%m.%y",
    "%Y%m%d",
    "%b %d, %Y",
    "%Y-%m-%d %H:%M:%S",
    "%d-%b-%Y",
]


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(FORMATS), st.integers(0, 7000), st.integers(60, 90))
def test_a_column_of_times_is_read_back_whatever_its_format(form, start, count):
    first = datetime(1999, 1, 1, 7, 5, tzinfo=UTC)
    times = [first + timedelta(days=start + 3 * i) for i in range(count)]
    cells = [time.strftime(form) for time in times]
    clock = clock_of(cells, named=True)
    assert clock is not None
    assert clock.share == 1
    assert not clock.ambiguous
    if clock.way == "formats":
        back = datetime.strptime(cells[0], clock.formats[0]).replace(tzinfo=UTC)
        assert back.date() == times[0].date()


@pytest.mark.parametrize("form", _NAMED)
def test_every_format_with_names_is_tried_on_what_it_writes(form):
    cells = [datetime(2023, month, 14, 9, 30, tzinfo=UTC).strftime(form) for month in range(1, 13)]
    clock = clock_of(cells, named=True)
    assert clock is not None
    assert clock.share == 1


words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(words.filter(str.strip), min_size=1, max_size=6, unique_by=str.casefold),
    st.lists(st.lists(words | st.none(), min_size=6, max_size=6), max_size=12),
)
def test_any_table_is_either_understood_or_refused_with_a_sentence(names, rows):
    cells = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    table = pa.table({k: pa.array(v, pa.string()) for k, v in cells.items()})
    made = guess("x.csv", names, ["VARCHAR"] * len(names), table)
    assert made.role in {"interactions", "customers"}
    assert all("--map" in problem for problem in made.problems)
    connection = duckdb.connect()
    connection.register("source", table)
    sql = made.mapping.select("source", names)
    assert connection.execute(f"SELECT count(*) FROM ({sql})").fetchone() == (len(rows),)

"""A log is a log, however few or many customers it has; a table is a table; others are neither."""

from __future__ import annotations

import pytest

HEADS = [
    "Customer,Date,Amount",
    "client_id,purchase_date,total",
    "Kunde,Bestelldatum,Betrag",
    "email,created_at,price",
    "user,timestamp,value",
]


def _log(head, customers, each):
    rows = [
        f"c{c:06d},2024-{1 + (n * 5 + c) % 12:02d}-{1 + (c + n) % 28:02d},{10 + (c * 7 + n) % 50}.5"
        for n in range(each)
        for c in range(customers)
    ]
    return head + "\n" + "\n".join(rows) + "\n"


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize(("customers", "each"), [(1, 3), (2, 2), (3, 1), (7, 2), (400, 5)])
def test_a_row_per_purchase_is_a_log_of_any_size(counted, head, customers, each):
    found, told = counted({"export.csv": _log(head, customers, each)})
    assert len(found) == customers
    assert {row["purchases"] for row in found.values()} == {each}
    assert "customer table" not in told


def test_customers_who_hardly_repeat_in_a_sample_repeat_in_the_file(counted):
    found, _ = counted({"export.csv": _log("Customer,Date,Spent", 6000, 3)})
    assert len(found) == 6000
    assert found["c000000"]["purchases"] == 3


def test_a_customer_table_beside_makes_the_rest_the_log(counted):
    files = {
        "steps.csv": "account,when\na,2024-01-05\nb,2024-02-05\n",
        "accounts.csv": "account,since,nps\na,2020-01-01,9\nb,2021-01-01,3\n",
    }
    found, _ = counted(files, "steps.csv", "--customers", "accounts.csv")
    assert {who: row["purchases"] for who, row in found.items()} == {"a": 1, "b": 1}
    assert found["a"]["nps"] == 9


@pytest.mark.parametrize(
    "text",
    [
        "customer_id,since,nps\na,2020-01-01,9\nb,2021-01-01,3\n",
        "Email,Created,Total Spent,Total Orders\na@x.org,2020-01-01,90,3\nb@x.org,2021-01-01,30,1\n",
        "Customer ID,Tenure in Months,Contract,Total Charges\na,12,One year,90\nb,3,Two year,30\n",
    ],
)
def test_a_row_per_customer_is_a_table(counted, text):
    found, _ = counted({"accounts.csv": text})
    assert {row["interactions"] for row in found.values()} == {None}


def test_no_sentence_claims_what_was_not_counted(counted):
    text = "customer_id,since,nps\n" + "".join(f"k{n},2020-01-01,9\n" for n in range(3000))
    _, told = counted({"accounts.csv": text})
    assert "never repeats" not in told


@pytest.mark.parametrize(
    "total",
    [
        *("Grand Total", "Total", "TOTAL:", "Subtotal C-1", "Sub-total", "Total C-1", "Summe"),
        *("Gesamtsumme", "Zwischensumme C-2", "Total général", "Sous-total", "Suma", "Totale"),
        *("Totaal", "Subtotaal", "Razem", "Summa", "Sum", "Overall"),
    ],
)
def test_a_reports_sums_are_no_customers_and_that_is_told(counted, total):
    text = "Customer,Date,Amount\nC-1,2024-01-05,10\nC-2,2024-01-09,20.50\nC-1,2024-02-07,12\n"
    found, told = counted({"log.csv": f"{text}C-2,2024-03-02,14\n{total},2024-03-31,56.50\n"})
    assert set(found) == {"C-1", "C-2"}
    assert total in told
    assert "2024-03-02" in told  # the sum's own day is no day of the log


@pytest.mark.parametrize(
    "name", ["TotalEnergies", "Total Wine", "Sumitomo", "Summer Ltd", "Razemex"]
)
def test_a_customer_who_is_called_nearly_so_stays(counted, name):
    text = f"Customer,Date,Amount\n{name},2024-01-05,10\nC-2,2024-01-09,20\n{name},2024-02-07,12\n"
    found, _ = counted({"log.csv": text})
    assert found[name]["purchases"] == 2


TABLE = "Kunde;Datum;Betrag\nK1;03.01.2024;12,50\nK2;14.01.2024;9,00\nK1;17.02.2024;11,00\n"
TABLE += "K2;25.03.2024;7,50\n"


@pytest.mark.parametrize(
    "titles",
    [
        '"Bericht:";"Bestellungen Januar"\n"Zeitraum:";"01.01.2024 - 31.03.2024"\n\n',
        "Umsatzbericht\n\nErstellt am 01.04.2024\n",
        "Report, by X, on Monday, for Y\n",
        "Konto;123456;EUR;offen;x\n\n",
        "\n\nBank AG\nKontoauszug, 2024\n;;\n",
        "Titel;;\n",
        "Filter:;alle;\n\n",
    ],
)
def test_title_lines_are_skipped_whatever_parts_them(counted, titles):
    found, _ = counted({"export.csv": titles + TABLE})
    assert {who: (row["purchases"], row["spend"]) for who, row in found.items()} == {
        "K1": (2, 23.5),
        "K2": (2, 16.5),
    }


def test_what_the_company_wrote_is_no_customer(counted):
    text = "tweet_id,author_id,inbound,created_at,text\n"
    text += (
        "1,ann,True,2024-01-05 10:00,my parcel is late\n2,ShopHelp,False,2024-01-05 11:00,sorry\n"
    )
    text += (
        "3,ann,True,2024-01-06 10:00,thanks for that\n4,ShopHelp,False,2024-01-06 11:00,welcome\n"
    )
    text += "5,ben,True,2024-01-07 10:00,where is my order\n6,ShopHelp,False,2024-01-07 11:00,on its way\n"
    found, told = counted({"tweets.csv": text})
    assert set(found) == {"ann", "ben"}
    assert found["ann"]["messages"] == 2
    assert "our own" in told

"""Orders: what a person counts as one purchase, and what of its money stayed."""

from __future__ import annotations

import itertools

import duckdb
import pyarrow as pa
import pytest

import reltype
from reltype.mapping.states import STATES, UNPAID, state_of, state_sql, words

LINES = """Order ID,Order Date,Customer ID,Product,Sales,Quantity
A-1,2016-04-03,K1,pens,5,1
A-1,2016-04-03,K1,ink,15,1
A-1,2016-04-03,K1,paper,5,1
A-2,2016-06-21,K1,pens,10,2
A-2,2016-06-21,K1,desk,15,1
A-3,2016-05-14,K2,pens,25,1
A-4,2016-07-30,K2,desk,25,1
"""


def test_lines_of_one_order_are_one_purchase_and_its_basket_their_sum(counted):
    found, _ = counted({"lines.csv": LINES})
    for who in ("K1", "K2"):
        assert (found[who]["purchases"], found[who]["spend"], found[who]["value_mean"]) == (
            2,
            50,
            25,
        )


@pytest.mark.parametrize(
    "name",
    [
        *("Order ID", "order_number", "InvoiceNo", "basket_id", "Receipt No", "Transaction ID"),
        *(
            "Bestellnummer",
            "Rechnungsnr",
            "Numéro de commande",
            "Número de pedido",
            "Numero ordine",
        ),
        *("Bestelnummer", "Nr zamówienia", "Ordernr", "Sales Order", "Bon-Nr", "Booking ID"),
    ],
)
def test_the_order_is_known_by_what_shops_call_it(counted, name):
    found, _ = counted({"lines.csv": LINES.replace("Order ID", name)})
    assert found["K1"]["purchases"] == 2


def test_a_total_that_each_line_repeats_is_taken_once(counted):
    text = "Order ID,Sale Date,Buyer,Item Name,Price,Order Total\n"
    text += "1,2024-01-05,ann,pen,10,30\n1,2024-01-05,ann,ink,20,30\n2,2024-02-05,ann,pen,10,10\n"
    text += "3,2024-01-06,ben,pen,10,10\n4,2024-02-06,ben,ink,20,35\n4,2024-02-06,ben,cap,15,35\n"
    found, _ = counted({"sales.csv": text})
    assert [(found[w]["purchases"], found[w]["spend"]) for w in ("ann", "ben")] == [
        (2, 40),
        (2, 45),
    ]


def test_lines_of_one_price_are_still_lines(counted):
    rows = [f"{n},2024-01-{1 + n:02d},k{n % 3},pen,9.99" for n in range(20) for _ in range(2)]
    found, _ = counted({"lines.csv": "Order ID,Date,Customer,Item,Amount\n" + "\n".join(rows)})
    assert found["k0"]["spend"] == round(7 * 2 * 9.99, 2)
    assert found["k0"]["purchases"] == 7


def test_lines_without_an_order_id_at_one_instant_are_one_purchase(counted):
    text = LINES.replace("Order ID,", "").replace("A-1,", "").replace("A-2,", "")
    text = text.replace("A-3,", "").replace("A-4,", "")
    found, told = counted({"lines.csv": text})
    assert (found["K1"]["purchases"], found["K2"]["purchases"]) == (2, 2)
    assert "order_id" in told


def test_two_purchases_of_one_day_that_are_no_lines_stay_two(counted):
    text = "Customer,Date,Amount\nann,2024-01-05,10\nann,2024-01-05,12\nann,2024-03-05,11\n"
    found, _ = counted({"log.csv": text + "ben,2024-01-09,20\nben,2024-03-09,25\n"})
    assert found["ann"]["purchases"] == 3


def test_an_id_whose_rows_lie_days_apart_is_no_order_and_that_is_told(counted):
    text = "Transaction ID,Date,Customer,Amount\n" + "".join(
        f"{n % 40},2024-{1 + n // 25:02d}-{1 + n % 25:02d},c{n % 40},10\n" for n in range(200)
    )
    found, told = counted({"log.csv": text})
    assert found["c0"]["purchases"] == 5
    assert "order_id" not in told.splitlines()[0]


def test_a_discount_of_an_order_is_that_of_its_money(counted):
    text = "order_id,timestamp,customer_id,value,discount\n"
    text += "1,2024-01-05,ann,50,0.5\n1,2024-01-05,ann,100,0\n2,2024-02-05,ann,10,0\n"
    found, _ = counted({"lines.csv": text})
    assert (found["ann"]["priced"], found["ann"]["discounted"]) == (2, 1)


def test_rows_without_an_order_id_count_by_themselves(counted):
    text = "order_id,timestamp,customer_id,value\n1,2024-01-05,ann,50\n1,2024-01-05,ann,10\n"
    found, told = counted({"log.csv": text + ",2024-02-05,ann,5\n,2024-02-05,ann,5\n"})
    assert (found["ann"]["purchases"], found["ann"]["spend"]) == (3, 70)
    assert "4 rows read, 4 used" in told


STATUS = """Name,Email,Created at,Financial Status,Total,Refunded Amount
#1,ann@x.org,2024-01-05 10:00:00,{paid},65.00,0.00
#2,ann@x.org,2024-02-07 11:00:00,{refunded},100.00,100.00
#3,ann@x.org,2024-03-11 12:00:00,{partly},80.00,20.00
#4,ben@x.org,2024-01-09 09:00:00,{paid},30.00,0.00
#5,ben@x.org,2024-02-09 09:00:00,{paid},30.00,0.00
#6,ben@x.org,2024-04-02 09:00:00,{unpaid},55.00,0.00
"""
_WORDS = {state: [w for w, s in words().items() if s == state] for state in STATES}
SETS = list(
    itertools.islice(
        itertools.zip_longest(
            _WORDS["paid"],
            _WORDS["refunded"],
            _WORDS["partly refunded"],
            [w for state in UNPAID for w in _WORDS[state]],
        ),
        None,
    )
)


@pytest.mark.parametrize("start", range(0, len(SETS), 12))
def test_a_state_is_no_event_whatever_it_is_called(counted, start):
    paid, refunded, partly, unpaid = (
        next((w for w in column[start:] if w), None) or column[0]
        for column in (list(c) for c in zip(*SETS, strict=True))
    )
    text = STATUS.format(paid=paid, refunded=refunded, partly=partly, unpaid=unpaid)
    found, _ = counted({"orders.csv": text})
    ann, ben = found["ann@x.org"], found["ben@x.org"]
    assert (ann["purchases"], ann["spend"], ann["refunded"]) == (3, 125, 120)
    assert ann["last_day"] == "2024-03-11"
    assert (ben["purchases"], ben["spend"], ben["unpaid_orders"]) == (2, 60, 1)
    assert ben["last_day"] == "2024-02-09"


@pytest.mark.parametrize(("word", "state"), sorted(words().items()))
def test_every_word_of_a_state_stands_for_it_however_it_is_written(word, state):
    for written in (word, word.upper(), word.title(), word.replace(" ", "_"), f"wc-{word}"):
        assert state_of(written) == state


def test_a_refunded_order_without_an_amount_went_back_whole(counted):
    text = "order_id,order_date,customer_id,order_status,order_total\n"
    text += "1,2024-01-05,ann,completed,40\n2,2024-02-05,ann,refunded,60\n3,2024-01-06,ben,completed,5\n"
    found, _ = counted({"orders.csv": text})
    ann = found["ann"]
    assert (ann["purchases"], ann["spend"], ann["refunds"], ann["refunded"]) == (2, 40, 1, 60)


def test_money_that_went_back_in_rows_of_its_own_is_counted_once(counted):
    text = "id,Customer Email,Created,Type,Status,Amount\n"
    text += "c1,ann@x.org,2024-01-05,charge,paid,40\nc2,ann@x.org,2024-02-05,charge,refunded,60\n"
    text += "r2,ann@x.org,2024-02-09,refund,paid,-60\nc3,ben@x.org,2024-01-06,charge,paid,5\n"
    found, told = counted({"payments.csv": text})
    ann = found["ann@x.org"]
    assert (ann["purchases"], ann["spend"], ann["refunded"]) == (2, 40, 60)
    assert "counted once" in told


def test_a_flag_says_which_orders_came_back(counted):
    text = "order_id,order_date,customer_id,returned,total\n"
    text += "1,2024-01-05,ann,no,40\n2,2024-02-05,ann,yes,60\n3,2024-01-06,ben,no,5\n"
    found, _ = counted({"orders.csv": text})
    assert (found["ann"]["purchases"], found["ann"]["spend"], found["ann"]["refunded"]) == (
        2,
        40,
        60,
    )


def test_credit_notes_and_negative_lines_count_against_purchases_once(counted):
    text = "InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID\n"
    text += "536365,A,6,2010-12-01 08:26,2.5,17850\n536365,B,2,2010-12-01 08:26,5,17850\n"
    text += "C536379,A,-2,2010-12-05 09:41,2.5,17850\n536370,B,1,2010-12-09 09:00,5,17850\n"
    text += "536371,B,1,2010-12-10 09:00,5,13047\n"
    found, _ = counted({"retail.csv": text})
    one = found["17850"]
    assert (one["purchases"], one["spend"], one["refunds"], one["refunded"]) == (2, 25, 1, 5)


@pytest.mark.parametrize(
    ("phrase", "state"),
    [
        ("En attente de paiement par chèque", "pending"),
        ("Shipped - Delivered to Buyer", "paid"),
        ("Shipped - Returned to Seller", "refunded"),
        ("Partially refunded (store credit)", "partly refunded"),
        ("Refund requested", "paid"),
        ("Refund declined", "paid"),
        ("chargeback_lost", "refunded"),
        ("New order, payment declined", "failed"),
        ("Cancelled by customer before shipping", "cancelled"),
        ("Closed Lost - Price", "void"),
        ("4 - Closed Won", "paid"),
        ("Order not cancelled", None),
        ("Something else", None),
    ],
)
def test_a_state_is_known_by_a_part_of_a_longer_phrase(phrase, state):
    assert state_of(phrase) == state


def test_the_engine_reads_every_state_as_the_guesser_does():
    forms = ("{}", "{} (x7)", "order {}", "not {}", "x7: {}", "{} requested")
    phrases = [form.format(word) for word in words() for form in forms]
    connection = duckdb.connect()
    connection.register("given", pa.table({"n": range(len(phrases)), "x": phrases}))
    found = connection.execute(f"SELECT {state_sql('x')} FROM given ORDER BY n").fetchall()
    differ = {p: (row[0], state_of(p)) for p, row in zip(phrases, found, strict=True)}
    assert {p: pair for p, pair in differ.items() if pair[0] != pair[1]} == {}


@pytest.mark.parametrize(
    ("goods", "kinds"),
    [
        ("tea tea,cake cake", 2),
        ("tea tea,tea tea", 1),
        ("tea cake,tea tea", None),
        ("tea ,cake cake", 2),
        (" ,tea tea", 1),
        (" , ", None),
    ],
)
def test_kinds_of_goods_are_counted_only_where_each_order_is_of_one(tmp_path, goods, kinds):
    rows = [
        f"C-1,O-{day},2024-01-{day:02}T10:00:00,purchase,5,{kind}"
        for day, order in enumerate(goods.split(","), 1)
        for kind in order.split(" ")
    ]
    log = tmp_path / "lines.csv"
    head = "customer_id,order_id,timestamp,kind,value,category"
    log.write_text("\n".join([head, *rows, "C-2,O-9,2024-01-09T10:00:00,purchase,5,tea"]))
    assert reltype.classify(log).facts("C-1")["categories"] == kinds

"""Seven shops' exports of orders and payments, each with customers that were counted by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "exports"

COUNTED = {
    # Two lines of #1001 are one order; #1003 went back whole; #1004 and #1005 were never paid.
    "shopify.csv": {
        "ann@x.org": {
            "purchases": 3,
            "spend": 87.5,
            "refunds": 1,
            "refunded": 100,
            "unpaid_orders": 1,
        },
        "ben@x.org": {"purchases": 1, "spend": 60, "refunded": 20, "unpaid_orders": 1},
    },
    # Each line repeats the order's total and refund.
    "woo.csv": {
        "ann@x.org": {
            "purchases": 3,
            "spend": 125,
            "refunds": 2,
            "refunded": 120,
            "unpaid_orders": 1,
        },
        "ben@x.org": {"purchases": 1, "spend": 30, "unpaid_orders": 2, "last_day": "2024-02-09"},
    },
    "stripe.csv": {
        "cus_A": {"purchases": 3, "spend": 125, "refunded": 120, "last_day": "2024-03-11"},
        "cus_B": {"purchases": 2, "spend": 60, "refunded": 0},
    },
    "square.csv": {
        "CUSTA": {"purchases": 2, "spend": 20, "refunds": 1, "refunded": 10},
        "CUSTB": {"purchases": 2, "spend": 28.5, "discounted": 1},
    },
    # The refund is a row from the shop to the customer; its order also says that it was refunded.
    "paypal.csv": {
        "ann@x.org": {"purchases": 3, "spend": 145, "refunds": 1, "refunded": 100},
        "ben@x.org": {"purchases": 2, "spend": 60, "unpaid_orders": 1},
    },
    # What the marketplace keeps is no money of the customer's.
    "amazon.csv": {
        "ann@m.amazon": {"purchases": 2, "spend": 45, "refunds": 1, "refunded": 60},
        "ben@m.amazon": {"purchases": 1, "spend": 30, "refunded": 0},
    },
    # What the buyer paid, not what is left of it for the seller.
    "ebay.csv": {
        "ann_lee": {"purchases": 3, "spend": 145, "refunds": 1, "refunded": 100},
        "ben_r": {"purchases": 2, "spend": 60},
    },
}


@pytest.mark.parametrize("name", COUNTED)
def test_a_shops_export_is_counted_as_a_person_counts_it(counted, name):
    found, _ = counted({name: (FOLDER / name).read_text("utf-8")})
    assert set(found) == set(COUNTED[name])
    for who, facts in COUNTED[name].items():
        assert {fact: found[who][fact] for fact in facts} == facts

"""Real and published data: five customers of each file, counted once more from its raw rows."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from reltype import cli


def _cdnow(path):
    rows = pd.read_csv(path, sep=r"\s+", header=None, dtype={0: str, 1: str}, skiprows=1)
    for who, mine in rows.groupby(0):
        days = pd.to_datetime(mine[1], format="%Y%m%d")
        yield who, {"purchases": len(mine), "spend": mine[3].sum(), **_span(days)}


def _retail(path):
    rows = pd.read_csv(path, dtype={"CustomerID": str}).dropna(subset=["CustomerID"])
    rows["paid"] = rows.Quantity * rows.UnitPrice
    for who, mine in rows.groupby("CustomerID"):
        invoices = mine.groupby("InvoiceNo").paid.sum()
        bought = invoices[~invoices.index.str.startswith("C")]
        back = invoices[invoices.index.str.startswith("C")]
        yield (
            who.removesuffix(".0"),
            {
                "purchases": len(bought),
                "spend": invoices.sum(),
                "refunded": -back.sum(),
                **_span(pd.to_datetime(mine.InvoiceDate)),
            },
        )


def _pipeline(path):
    rows = pd.read_csv(path).dropna(subset=["account", "close_date"])
    for who, mine in rows.groupby("account"):
        won = mine[mine.deal_stage == "Won"]
        ends = pd.to_datetime(won.close_date, format="%d-%m-%y")
        begun = pd.to_datetime(mine.engage_date, format="%d-%m-%y")
        days = {"first_day": str(begun.min().date()), "last_day": str(ends.max().date())}
        yield who, {"purchases": len(won), "spend": won.close_value.sum(), **days}


def _shop(path):
    rows = pd.read_csv(path, dtype=str)
    for who, mine in rows.groupby("id"):
        yield who, {"purchases": len(mine), **_span(pd.to_datetime(mine.date))}


def _telco(path):
    rows = pd.read_csv(path, na_values=[" "])
    for row in rows.fillna({"TotalCharges": 0}).itertuples():
        yield row.customerID, {"spend": row.TotalCharges, "ended": row.Churn == "Yes"}


def _bank(path):
    for row in pd.read_csv(path).itertuples():
        counted = {"purchases": row.Total_Trans_Ct, "spend": row.Total_Trans_Amt}
        yield str(row.CLIENTNUM), {**counted, "ended": row.Attrition_Flag.startswith("Attrited")}


def _food(path):
    for row in pd.read_csv(path, sep="\t").itertuples():
        bought = row.NumWebPurchases + row.NumCatalogPurchases + row.NumStorePurchases
        kinds = ("Wines", "Fruits", "MeatProducts", "FishProducts", "SweetProducts", "GoldProds")
        spent = sum(getattr(row, f"Mnt{name}") for name in kinds)
        yield str(row.ID), {"purchases": bought, "spend": spent}


def _tickets(path):
    for who, mine in pd.read_csv(path).groupby("account_id"):
        yield (
            who,
            {
                "supports": len(mine),
                "purchases": 0,
                **_span(pd.to_datetime(mine.submitted_at)),
            },
        )


def _tweets(path):
    rows = pd.read_csv(path, dtype={"author_id": str})
    for who, mine in rows[rows.inbound].groupby("author_id"):
        yield who, {"messages": len(mine), "purchases": 0}


def _employees(path):
    for row in pd.read_csv(path).itertuples():
        yield str(row.EmployeeNumber), {"ended": row.Attrition == "Yes"}


def _span(days):
    return {"first_day": str(days.min().date()), "last_day": str(days.max().date())}


FILES = {
    "cdnow/CDNOW_master.txt": _cdnow,
    "online-retail/online_retail_sample_mod20.csv": _retail,
    "crm-opportunities/sales_pipeline.csv": _pipeline,
    "lifetimes-misc/example_transactions.csv": _shop,
    "telco-basic/WA_Fn-UseC_-Telco-Customer-Churn.csv": _telco,
    "bank-churners/credit_card_churn.csv": _bank,
    "marketing-campaign/marketing_campaign.csv": _food,
    "ravenstack-saas/ravenstack_support_tickets.csv": _tickets,
    "twcs-sample/sample.csv": _tweets,
    "ibm-hr-attrition/Employee-Attrition.csv": _employees,
}
FIVE = 5


@pytest.mark.parametrize("name", FILES)
def test_five_customers_are_counted_as_their_raw_rows_say(name, shared, tmp_path):
    out = tmp_path / "facts.json"
    assert cli.run(["facts", str(shared / name), "-o", str(out), "--quiet"]) == 0
    found = {row["customer_id"]: row for row in json.loads(out.read_text())}
    counted = sorted(FILES[name](shared / name))
    for who, facts in counted[:: max(1, len(counted) // FIVE)][:FIVE]:
        for fact, want in facts.items():
            have = found[who][fact]
            if isinstance(want, bool):
                assert (have is not None) == want, (who, fact)
            elif isinstance(want, str):
                assert have == want, (who, fact)
            else:
                assert (have or 0) == pytest.approx(float(want), abs=0.011), (who, fact)

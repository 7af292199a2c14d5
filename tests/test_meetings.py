"""Files that do not meet, people in two spellings, who left: told, with a way that works when it is followed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from reltype import cli, fit
from reltype.api import open_run

# What stands in the log, and in the table, for the same two customers.
SPELLINGS = {
    "a .0": ("12345.0", "12346.0", "12345", "12346"),
    "letter case": ("ada@x.org", "bo@x.org", "Ada@X.org", "BO@x.org"),
    "lost zeros": ("0012345", "0067891", "12345", "67891"),
    "a sign in front": ("#10001", "#10002", "10001", "10002"),
    "15 and 18 characters": (
        *("0015f00000AbCdE", "0015f00000AbCdF"),
        *("0015f00000AbCdEAAV", "0015f00000AbCdFQA2"),
    ),
    "letters in front": ("cus_9001", "cus_9002", "9001", "9002"),
    "dashes": ("C-100-1", "C-100-2", "C1001", "C1002"),
    "composed accents": ("José", "Zoë", "Jose\u0301", "Zoe\u0308"),
    "invisible signs": ("K1", "K2", "K\u200b1", "K2\ufeff"),
    "two blanks": ("Ada Lane", "Bo Moss", "Ada  Lane", "Bo\u00a0 Moss"),
}


def _files(names, log_column="customer_id", table_column="customer_id"):
    a, b, c, d = names
    log = f"{log_column},timestamp,kind,value\n"
    log += f"{a},2024-01-05,purchase,10\n{a},2024-02-05,purchase,10\n"
    log += f"{b},2024-01-09,purchase,20\n{b},2024-03-09,purchase,20\n"
    table = f"{table_column},since,nps\n{c},2020-01-01,9\n{d},2021-01-01,3\n"
    return {"log.csv": log, "accounts.csv": table}


@pytest.mark.parametrize("columns", [("customer_id", "customer_id"), ("Customer ID", "Account ID")])
@pytest.mark.parametrize("spelled", SPELLINGS)
def test_what_is_advised_of_two_spellings_makes_them_meet(counted, spelled, columns):
    files = _files(SPELLINGS[spelled], *columns)
    args = ["log.csv", "--customers", "accounts.csv"]
    found, told = counted(files, *args)
    assert len(found) == 4
    assert "hardly speak of the same customers" in told
    assert repr(SPELLINGS[spelled][0])[1:-1] in told or SPELLINGS[spelled][0] in told
    found, told = counted(files, *args, *_advised(told))
    assert len(found) == 2
    assert {row["purchases"] for row in found.values()} == {2}
    assert {row["nps"] for row in found.values()} == {9, 3}


def _advised(told):
    """The options that a note says to write; lines of a config are written to reltype.toml."""
    if "--normalize-ids" in told:
        return ["--normalize-ids"]
    if found := re.search(r"would meet with (--map .*)$", told, re.MULTILINE):
        return shlex.split(found[1])
    found = re.search(r"these lines of reltype.toml: (.*)$", told, re.MULTILINE)
    blocks = found[1].split(" and [")
    lines = []
    for block in blocks:
        role, rest = block.lstrip("[").split("] ", 1)
        lines += [f"[{role}]", *rest.split(", customer_id = ", 1)]
        lines[-1] = f"customer_id = {lines[-1]}"
    Path("reltype.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return []


def test_sides_that_meet_are_told_in_one_line(counted):
    files = _files(("a", "b", "a", "c"))
    _, told = counted(files, "log.csv", "--customers", "accounts.csv")
    assert "accounts.csv: 2 customers, of whom 1 are in the log; 1 of the log's 2 are not" in told


def test_people_in_two_spellings_are_counted_and_joined_when_asked(counted):
    text = "customer_id,timestamp,kind,value\nada@x.org,2024-01-05,purchase,10\n"
    text += "Ada@X.org,2024-02-05,purchase,10\nK1,2024-01-09,purchase,20\nK\u200b1,2024-03-09,purchase,20\n"
    found, told = counted({"log.csv": text})
    assert len(found) == 4
    assert "2 customers in several spellings" in told
    found, _ = counted({"log.csv": text}, "log.csv", "--normalize-ids")
    assert {who: row["purchases"] for who, row in found.items()} == {"ada@x.org": 2, "k1": 2}


def test_what_happened_before_somebody_became_a_customer_is_told(counted):
    _, told = counted(
        _files(("a", "b", "a", "b"))
        | {"accounts.csv": "customer_id,since,nps\na,2024-06-01,9\nb,2021-01-01,3\n"},
        "log.csv",
        "accounts.csv",
    )
    assert "1 of 2 customers did something before the day" in told


USAGE = "usage_id,subscription_id,usage_date,feature_name\nU1,S1,2024-01-03,a\nU2,S1,2024-01-09,b\nU3,S2,2024-02-02,a\n"
SUBS = "subscription_id,account_id,start_date,plan_tier,mrr_amount\nS1,A1,2024-01-01,Pro,90\nS2,A2,2024-01-15,Basic,10\n"


def test_the_join_that_is_advised_keeps_what_a_row_is(counted):
    files = {"feature_usage.csv": USAGE, "subscriptions.csv": SUBS}
    _, told = counted(files, *files, code=4)
    line = re.search(r'\[\[interactions\]\] from = .*?customer_id = "\w+"', told)[0]
    head, _, rest = line.partition(" ")
    toml = re.sub(r", (join|customer_id) = ", r"\n\1 = ", rest)
    Path("reltype.toml").write_text(
        f'{head}\n{toml}\n[[interactions]]\nfrom = "subscriptions.csv"\n', encoding="utf-8"
    )
    found, told = counted(files, "--config", "reltype.toml")
    assert {who: (row["purchases"], row["visits"]) for who, row in found.items()} == {
        "A1": (1, 2),
        "A2": (1, 1),
    }
    assert "3 of 3 rows find their subscription_id in subscriptions.csv" in told


def test_a_join_that_finds_nothing_is_told(counted):
    files = {"feature_usage.csv": USAGE.replace(",S", ",s-"), "subscriptions.csv": SUBS}
    files["reltype.toml"] = (
        '[[interactions]]\nfrom = "feature_usage.csv"\njoin = { from = "subscriptions.csv", '
        'on = "subscription_id" }\ncustomer_id = "account_id"\n[[interactions]]\n'
        'from = "subscriptions.csv"\n'
    )
    _, told = counted(files, "--config", "reltype.toml")
    assert "only 0 of 3 rows find their subscription_id" in told
    assert "'s-1'" in told
    assert "'S1'" in told


@pytest.mark.parametrize("spelled", ["s{}", "S{}.0", "000{}", "#S{}", "S-{}"])
def test_what_is_advised_of_a_join_in_two_spellings_makes_it_meet(counted, spelled):
    bare = "0" if spelled.startswith("000") else ""
    subs = SUBS.replace("S1", "1").replace("S2", "2").replace("S3", "3") if bare else SUBS
    usage = USAGE
    for n in "123":
        usage = usage.replace(f",S{n}", "," + spelled.format(n))
    head = '[[interactions]]\nfrom = "feature_usage.csv"\njoin = { from = "subscriptions.csv", on = "subscription_id" }\n'
    rest = 'customer_id = "account_id"\nkind = "\'visit\'"\n'
    files = {"feature_usage.csv": usage, "subscriptions.csv": subs}
    _, told = counted({**files, "reltype.toml": head + rest}, "--config", "reltype.toml", code=4)
    line = re.search(
        r"in place of from and join: (from = \{.*?\}), (sql = \'\'\'.*?\'\'\')", told, re.DOTALL
    )
    assert line is not None, told
    pasted = f"[[interactions]]\n{line[1]}\n{line[2]}\n{rest}"
    found, _ = counted({**files, "reltype.toml": pasted}, "--config", "reltype.toml")
    assert sum(row["visits"] for row in found.values()) == 3


ORDERS = "Order ID,Order Date,Customer ID,Product ID,Sales\nA-1,2016-04-03,K1,p1,40\nA-1,2016-04-03,K1,p2,60\n"
ORDERS += "A-2,2016-06-21,K1,p1,25\nA-3,2016-05-14,K2,p3,30\nA-4,2016-07-30,K2,p3,30\n"


@pytest.mark.parametrize(
    ("name", "text", "spend", "refunded"),
    [
        ("returns.csv", "Returned,Order ID\nYes,A-1\n", 25, 100),
        ("returns.csv", "Returned,Order ID\nYes,A-1\nNo,A-2\n", 25, 100),
        ("refunds.csv", "Order ID,Refund Amount\nA-1,15.50\n", 109.5, 15.5),
        ("retouren.csv", "Bestellnummer\nA-1\n", 25, 100),
        ("returned_lines.csv", "Order ID,Product ID\nA-1,p2\n", 65, 60),
        ("rma.csv", "order_number;reason\nA-2;broken\n", 100, 25),
    ],
)
def test_a_file_that_only_names_orders_refunds_them(counted, name, text, spend, refunded):
    found, told = counted({"orders.csv": ORDERS, name: text})
    one = found["K1"]
    assert (one["purchases"], one["spend"], one["refunded"]) == (2, spend, refunded)
    assert (found["K2"]["spend"], found["K2"]["refunded"]) == (60, 0)
    assert f"{name} names" in told


@pytest.mark.parametrize(
    ("text", "ended"),
    [
        ("customer_id,since,churn\na,2020-01-01,yes\nb,2021-01-01,no\n", {"a": "yes", "b": None}),
        ("customer_id,since,Exited\na,2020-01-01,1\nb,2021-01-01,0\n", {"a": "yes", "b": None}),
        (
            "customer_id,since,status\na,2020-01-01,cancelled\nb,2021-01-01,active\n",
            {"a": "yes", "b": None},
        ),
        (
            "Account,Customer Since,Closed on\na,2020-01-01,2023-05-04\nb,2021-01-01,\n",
            {"a": "2023-05-04", "b": None},
        ),
        (
            "Member ID,Member Since,Contract End\na,2020-01-01,2023-12-31\nb,2021-01-01,2999-12-31\n",
            {"a": "2023-12-31", "b": None},
        ),
        (
            "Kundennummer;Kunde seit;Gekündigt am\na;01.01.2020;31.12.2023\nb;01.01.2021;\n",
            {"a": "2023-12-31", "b": None},
        ),
    ],
)
def test_who_left_has_ended_in_whatever_form_a_table_says_it(counted, text, ended):
    found, _ = counted({"accounts.csv": text})
    assert {who: row["ended"] for who, row in found.items()} == ended
    status = {r.customer_id: r.status for r in _relationships("accounts.csv")}
    assert {who for who, name in status.items() if name == "ended"} == {"a"}


def _relationships(path):
    import reltype

    return reltype.classify(path)


def test_subscriptions_that_all_ran_out_have_ended(counted):
    text = "subscription_id,customer_id,start_date,end_date,mrr\n"
    text += "1,a,2020-01-01,2020-12-31,9\n2,a,2021-01-01,2021-12-31,9\n"
    text += "3,b,2020-01-01,2020-12-31,9\n4,b,2021-06-01,,9\n5,c,2022-01-01,,9\n6,c,2022-03-01,,9\n"
    found, _ = counted({"subscriptions.csv": text})
    assert {who: row["ended"] for who, row in found.items()} == {
        "a": "2021-12-31",
        "b": None,
        "c": None,
    }
    assert {row["purchases"] for row in found.values()} == {2}


def test_a_models_mapping_holds_but_for_the_column_that_is_not_there(tmp_path, capsys):
    rows = [
        f"c{n % 9},2024-{1 + n % 12:02d}-{1 + n % 28:02d},{n % 50},{n % 5},x" for n in range(90)
    ]
    first = tmp_path / "first.csv"
    first.write_text("who,day,paid,stars,note\n" + "\n".join(rows) + "\n")
    said = {
        "customer_id": "who",
        "timestamp": "day",
        "value": "paid",
        "rating": "scale(stars, 0, 4)",
    }
    model = tmp_path / "m.reltype"
    fit(first, map=said).save(model)
    next_ = tmp_path / "next.csv"
    next_.write_text("who,day,paid\n" + "\n".join(row.rsplit(",", 2)[0] for row in rows) + "\n")
    run = open_run(next_, model=model)
    assert run.inputs.lacking == [f"{next_}: 'scale(stars, 0, 4)' (rating)"]
    assert run.inputs.items[0].guess.mapping.columns["value"].strip('"') == "paid"
    assert any("scale(stars, 0, 4)" in text for text in run.inputs.notes)
    args = ["classify", str(next_), "--model", str(model), "-o", str(tmp_path / "out.csv")]
    assert cli.run(args) == 0
    assert cli.run([*args, "--strict"]) == 1
    assert "scale(stars, 0, 4)" in capsys.readouterr().err

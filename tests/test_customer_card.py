"""The card of a customer: rows in time order, nothing of the model's; and explain reads what classify read."""

import json
import re

import pytest

from reltype.api import open_run
from reltype.cli import run
from reltype.explaining.customer_card import FIRST, LAST, customer_card

LOG = """\
customer_id,timestamp,kind,value,rating,text
ann,2024-01-03,purchase,12.50,,
ann,2024-01-10,message,,,Do you have it in green?
ann,2024-02-03,purchase,1250,,
bob,2024-02-03,purchase,3,,
ann,2024-03-09,complaint,,1,"Broken on arrival,
and nobody answers"
ann,2024-03-20,refund,-12.50,,
bob,2024-05-05,visit,,,
ann,2024-06-30,purchase,8,5,
"""
TABLE = """\
customer_id,Full name,since,contract_days,VIP
ann,Ann O'Hara,2020-05-01,365,yes
bob,Bob,2024-02-01,0,no
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "log.csv").write_text(LOG)
    (tmp_path / "people.csv").write_text(TABLE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RELTYPE_PLUGINS", "")
    return tmp_path


@pytest.fixture
def opened(folder):
    return open_run(["log.csv", "people.csv"])


def test_the_card_holds_each_row_in_time_order_with_money_and_texts(opened):
    card = customer_card(opened, "ann")
    days = re.findall(r"^  (\d{4}-\d\d-\d\d)  (\w+)", card, re.MULTILINE)
    assert days == [
        ("2024-01-03", "purchase"),
        ("2024-01-10", "message"),
        ("2024-02-03", "purchase"),
        ("2024-03-09", "complaint"),
        ("2024-03-20", "refund"),
        ("2024-06-30", "purchase"),
    ]
    assert "1,250" in card
    assert "“Do you have it in green?”" in card
    assert "“Broken on arrival, and nobody answers”" in card
    assert "judged us 1 of 5" in card
    assert "6 rows; 1,258 paid in all" in card


def test_the_card_holds_the_columns_of_the_customer_table_by_their_own_names(opened):
    card = customer_card(opened, "ann")
    assert "people.csv" in card
    assert "Full name: Ann O'Hara" in card
    assert "since: 2020-05-01" in card
    assert "contract_days: 365" in card
    assert "Bob" not in card


def test_the_card_has_a_timeline(opened):
    card = customer_card(opened, "ann")
    head, paid = card.splitlines()[2:4]
    assert head.split("  ")[-1].strip() == "30 June 2024"
    assert "3 January 2024" in head
    assert re.fullmatch(r"  paid +[·\d+]{48}", paid)
    assert sum(int(c) for c in paid if c.isdigit()) == 3


def test_the_card_tells_nothing_of_what_the_model_thinks(opened):
    plan = opened.plan
    card = customer_card(opened, "ann").lower()
    words = {d.name for d in plan.dimensions} | {d.low for d in plan.dimensions}
    words |= {d.high for d in plan.dimensions} | {a.name for a in plan.archetypes}
    assert [w for w in words if re.search(rf"\b{w}\b", card)] == []
    assert "centre" not in card


def test_a_long_history_shows_its_beginning_and_its_end():
    rows = [
        {"customer_id": "ann", "timestamp": f"2024-{m:02}-{d:02}", "kind": "visit"}
        for m in range(1, 7)
        for d in range(1, 21)
    ]
    card = customer_card(open_run(rows, no_plugin=[]), "ann")
    shown = re.findall(r"^  (2024-\S+)", card, re.MULTILINE)
    assert len(shown) == FIRST + LAST
    assert f"… {120 - FIRST - LAST} more rows …" in card
    assert len(card.splitlines()) < 40


def test_a_strangers_text_cannot_move_the_cursor(folder):
    (folder / "log.csv").write_text(
        "customer_id,timestamp,kind,text\nann,2024-01-01,message,\x1b[2Jhi\n"
    )
    assert "\x1b" not in customer_card(open_run("log.csv"), "ann")


def test_an_id_is_no_sql(folder):
    name = "o'brien'; drop table facts; --"
    (folder / "log.csv").write_text(f'customer_id,timestamp,kind\n"{name}",2024-01-01,visit\n')
    assert "2024-01-01  visit" in customer_card(open_run("log.csv"), name)


def test_explain_without_data_reads_what_the_config_names_as_classify_does(folder, capsys):
    (folder / "reltype.toml").write_text(
        '[[interactions]]\nfrom = "log.csv"\nwhere = "kind <> \'visit\'"\n[customers]\nfrom = "people.csv"\n'
    )
    assert run(["classify", "-f", "json"]) == 0
    rows = {r["customer_id"]: r for r in json.loads(capsys.readouterr().out)}
    assert run(["explain", "-c", "ann", "-f", "json"]) == 0
    why = json.loads(capsys.readouterr().out)
    assert why["archetype"] == rows["ann"]["archetype"]
    for name, p in why["posterior"].items():
        assert p == pytest.approx(rows["ann"][f"p_{name.replace(' ', '_')}"])


def test_explain_without_data_and_without_a_config_says_what_to_do(folder, capsys):
    (folder / "log.csv").unlink()
    assert run(["explain", "-c", "ann"]) == 2
    assert "Name a file" in capsys.readouterr().err

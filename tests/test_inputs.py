"""Several files, joins, SQL, and what the config, the environment and flags say of them."""

import datetime as dt
from pathlib import Path

import pytest

from reltype import cli
from reltype.api import classify, open_inputs, open_run
from reltype.errors import ConfigError
from reltype.reporting.warnings import warnings

USAGE = "usage_id,subscription_id,usage_date\n" + "".join(
    f"u{i},s{i % 4},2024-0{1 + i % 6}-{1 + i % 28:02d}\n" for i in range(80)
)
SUBSCRIPTIONS = "subscription_id,account_id,mrr\ns0,a0,10\ns1,a1,20\ns2,a1,30\ns2,a9,30\n"
ACCOUNTS = "account_id,signup_date,contract\na0,2019-05-01,Two year\na1,2023-11-12,Month-to-month\n"
TICKETS = "ticket_id,account_id,submitted_at,satisfaction_score\n" + "".join(
    f"t{i},a{i % 9},2024-0{1 + i % 6}-{1 + i % 28:02d},{1 + i % 5}\n" for i in range(30)
)
JOIN = """
[[interactions]]
from = "usage.csv"
join = { from = "subscriptions.csv", on = "subscription_id" }
customer_id = "account_id"
timestamp = "usage_date"
kind = "'visit'"
"""
SQL = """
[[interactions]]
from = { usage = "usage.csv", subs = "subscriptions.csv" }
sql = "SELECT DISTINCT account_id, usage_date FROM usage JOIN subs USING (subscription_id)"
customer_id = "account_id"
timestamp = "usage_date"
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    files = {"usage": USAGE, "subscriptions": SUBSCRIPTIONS, "accounts": ACCOUNTS,
             "tickets": TICKETS}  # fmt: skip
    for name, text in files.items():
        (tmp_path / f"{name}.csv").write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_log_reaches_its_customers_through_another_table_and_loses_no_row():
    Path("reltype.toml").write_text(JOIN)
    run = open_run()
    # s3 is in no subscription; s2 stands there twice, and is looked up once.
    assert run.counts.rows == 80
    assert run.counts.used == 60
    rejected = [row for batch in run.inputs.rejected() for row in batch.to_pylist()]
    assert [row["line"] for row in rejected[:2]] == [5, 9]
    assert rejected[0]["text"] == "u3,s3,2024-04-04"
    assert {row["reason"] for row in rejected} == {"blank"}


def test_a_join_lends_no_number_to_the_log_that_nobody_wrote():
    Path("reltype.toml").write_text(JOIN)
    (item,) = open_inputs().inputs.items
    assert set(item.guess.mapping.columns) == {"customer_id", "timestamp", "kind"}


def test_a_log_without_customers_is_told_the_join_to_write(capfd):
    assert cli.run(["classify", "usage.csv", "subscriptions.csv"]) == 4
    told = capfd.readouterr().err
    assert 'join = { from = "subscriptions.csv", on = "subscription_id" }' in told
    assert 'customer_id = "account_id"' in told


def test_sql_puts_rows_together():
    Path("reltype.toml").write_text(SQL)
    run = open_run()
    assert run.counts.used == run.counts.rows > 0
    assert run.population.engine.rows(
        f"SELECT customer_id FROM {run.population.facts} WHERE customer_id IS NOT NULL ORDER BY 1"
    ) == [("a0",), ("a1",), ("a9",)]


def test_sql_cannot_reach_other_files():
    Path("reltype.toml").write_text(SQL.replace("FROM usage", "FROM 'accounts.csv'"))
    with pytest.raises(ConfigError, match="among its tables"):
        open_run()


def test_logs_are_united_and_customer_tables_joined():
    Path("reltype.toml").write_text(JOIN)
    run = open_run(["usage.csv", "tickets.csv", "accounts.csv"])
    assert run.counts.rows == 80 + 30 + 2
    assert run.population.size == 9
    assert {"visit", "support"} <= {
        row[0]
        for select in run.inputs.logs
        for row in run.population.engine.rows(f"SELECT DISTINCT kind FROM ({select})")
    }


def test_a_config_holds_for_next_months_file():
    Path("reltype.toml").write_text(
        '[interactions]\nfrom = "may.csv"\ncustomer_id = "who"\ntimestamp = "day"\n'
    )
    rows = "".join(f"c{i % 3},x{i},2024-06-{1 + i:02d}\n" for i in range(20))
    Path("june.csv").write_text("who,whom,day\n" + rows)
    run = open_run("june.csv")
    assert run.counts.used == 20
    assert "read as [interactions] of reltype.toml" in "\n".join(warnings(run))


def test_a_config_does_not_hold_for_a_file_of_other_columns():
    Path("reltype.toml").write_text(JOIN)
    run = open_run("tickets.csv")
    assert run.counts.used == 30


def test_the_configs_customer_table_goes_with_its_log():
    Path("reltype.toml").write_text(JOIN + '\n[customers]\nfrom = "accounts.csv"\n')
    assert "contract_days" in open_run("usage.csv").inputs.given
    assert "contract_days" not in open_run("tickets.csv").inputs.given


def test_a_flag_goes_before_the_environment_and_that_before_the_config(monkeypatch):
    Path("reltype.toml").write_text("as_of = 2024-04-01\n")
    assert open_run("tickets.csv").scales.as_of == dt.date(2024, 4, 1)
    monkeypatch.setenv("RELTYPE_AS_OF", "2024-03-01")
    assert open_run("tickets.csv").scales.as_of == dt.date(2024, 3, 1)
    assert open_run("tickets.csv", as_of="2024-02-01").scales.as_of == dt.date(2024, 2, 1)


def test_a_map_of_several_files_holds_for_those_that_have_the_column():
    opened = open_inputs(["tickets.csv", "accounts.csv"], map={"since": "signup_date"})
    log, table = opened.inputs.items
    assert (log.guess.role, table.guess.role) == ("interactions", "customers")
    assert table.guess.mapping.columns["since"].strip('"') == "signup_date"
    with pytest.raises(ConfigError, match="nowhere"):
        open_inputs(["tickets.csv", "accounts.csv"], map={"value": "nowhere"})


@pytest.mark.parametrize("files", [["tickets.csv"], ["tickets.csv", "accounts.csv"]])
def test_a_draft_reads_the_files_as_the_guess_does(files, capfd):
    before = classify(files).to_arrow()
    assert cli.run(["init", *files]) == 0
    after = classify(None).to_arrow()
    assert after.equals(before)


def test_inspect_tells_programs_in_a_fixed_form(capfd):
    import json

    assert cli.run(["inspect", "tickets.csv", "accounts.csv", "--format", "json"]) == 0
    made = json.loads(capfd.readouterr().out)
    assert list(made) == ["files"]
    first, second = made["files"]
    assert list(first) == ["path", "role", "rows", "columns", "kinds", "warnings"]
    assert (first["path"], first["role"], first["rows"]) == ("tickets.csv", "interactions", 30)
    assert first["columns"]["customer_id"] == "account_id"
    assert first["columns"]["timestamp"] == "submitted_at"
    assert (second["role"], second["columns"]["since"]) == ("customers", "signup_date")
    assert second["kinds"] == {}


def test_two_encodings_of_the_same_customers_give_the_same_answer(shared, capfd):
    pages = []
    for name in ("marketing_campaign.csv", "marketing_campaign_recoded.csv"):
        path = str(shared / "marketing-campaign" / name)
        assert cli.run(["classify", path, "-f", "csv", "-q"]) == 0
        pages.append(capfd.readouterr().out)
    assert pages[0] == pages[1]


def test_five_tables_of_a_software_business(shared, capfd):
    there = shared / "ravenstack-saas"
    Path("reltype.toml").write_text(
        f"""
[[interactions]]
from = "{there}/ravenstack_feature_usage.csv"
join = {{ from = "{there}/ravenstack_subscriptions.csv", on = "subscription_id" }}
customer_id = "account_id"
timestamp = "usage_date"
kind = "'visit'"
[[interactions]]
from = "{there}/ravenstack_subscriptions.csv"
customer_id = "account_id"
timestamp = "start_date"
value = "mrr_amount"
kind = "'renewal'"
[[interactions]]
from = "{there}/ravenstack_support_tickets.csv"
[[interactions]]
from = "{there}/ravenstack_churn_events.csv"
[customers]
from = "{there}/ravenstack_accounts.csv"
"""
    )
    run = open_run()
    assert run.population.size == 500
    assert run.counts.used == 25_000 + 5_000 + 2_000 + 600 + 500


@pytest.mark.parametrize("typed", [False, True], ids=["files", "frames"])
def test_a_customer_table_may_come_before_the_log(typed):
    from pyarrow.csv import read_csv

    files = ["examples/software.csv", "examples/software-customers.csv"]
    given = [str(Path(__file__).parents[1] / name) for name in files]
    log, table = map(read_csv, given) if typed else given
    first = classify(log, customers=table).to_arrow()
    if not typed:
        assert classify([table, log]).to_arrow().equals(first)
        assert classify([log, table]).to_arrow().equals(first)
    assert first.num_rows == 120

"""`reltype facts`: what is counted is what a person counts in the raw rows."""

from __future__ import annotations

import reltype
from reltype import cli

LOG = """customer_id,timestamp,kind,value
ann,2024-01-01,purchase,9.99
ann,2024-02-05,purchase,9.99
ann,2024-03-04,purchase,9.99
ann,2024-03-05,refund,9.99
ann,2024-03-20,message,
ben,2024-01-09,visit,
silent,2023-10-05,renewal,29
silent,2023-11-05,renewal,29
left,2023-12-05,purchase,5
left,2024-01-15,cancellation,
back,2023-12-05,purchase,5
back,2024-01-15,cancellation,
back,2024-02-15,purchase,5
"""


def test_every_fact_of_every_customer_is_given_by_its_name_with_days_as_iso_dates(counted):
    found, _ = counted({"log.csv": LOG})
    ann = found["ann"]
    assert {"purchases": 3, "refunds": 1, "messages": 1}.items() <= ann.items()
    assert (ann["spend"], ann["refunded"], ann["value_mean"]) == (19.98, 9.99, 9.99)
    assert (ann["first_day"], ann["last_day"]) == ("2024-01-01", "2024-03-20")
    names = {feature.name for feature in _features()}
    assert names <= set(ann)


def test_renewals_are_signs_of_life(counted):
    found, _ = counted({"log.csv": LOG})
    silent = found["silent"]
    assert (silent["renewals"], silent["purchases"]) == (2, 0)
    assert (silent["first_day"], silent["last_day"]) == ("2023-10-05", "2023-11-05")


def test_who_cancelled_has_ended_unless_they_came_back(counted):
    found, _ = counted({"log.csv": LOG})
    assert found["left"]["ended"] == "2024-01-15"
    assert found["back"]["ended"] is None
    assert found["ann"]["ended"] is None


def test_money_is_told_to_the_cent_however_many_rows_were_summed(counted):
    rows = "".join(f"c,2024-01-{1 + n % 28:02d},0.1\n" for n in range(900))
    found, _ = counted({"log.csv": "customer_id,timestamp,value\n" + rows})
    assert found["c"]["spend"] == 90.0


def test_a_customer_gets_a_sheet_for_people(tmp_path, capsys):
    path = tmp_path / "log.csv"
    path.write_text(LOG)
    assert cli.run(["facts", str(path), "--customer", "ann", "-q"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    first = "ann: 3 purchases, 19.98 in all, 9.99 each; 1 refund of 9.99; 1 message; seen from "
    assert told.startswith(first + "1 January 2024 to 20 March 2024; ")
    assert "value_mean" in told
    assert "day_squares" not in told


def test_a_customer_who_is_not_there_is_an_input_error(tmp_path, capsys):
    path = tmp_path / "log.csv"
    path.write_text(LOG)
    assert cli.run(["facts", str(path), "--customer", "nobody"]) == 4
    assert "no customer 'nobody'" in capsys.readouterr().err


def test_facts_are_written_in_every_format(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text(LOG)
    for ending in ("csv", "parquet", "xlsx", "jsonl", "md"):
        out = tmp_path / f"facts.{ending}"
        assert cli.run(["facts", str(path), "-o", str(out), "-q"]) == 0
        assert out.stat().st_size


def test_relationships_give_the_same_facts_as_the_command(tmp_path, counted):
    found, _ = counted({"log.csv": LOG})
    relationships = reltype.classify(tmp_path / "log.csv")
    assert relationships.facts("ann")["spend"] == found["ann"]["spend"]
    assert relationships.facts().column("customer_id").to_pylist() == sorted(found)


def _features():
    from reltype import plugins
    from reltype.plugins.knowledge import Knowledge

    return Knowledge.of(plugins.load(only=()), ()).catalogue.features.values()

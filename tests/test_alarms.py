"""An alarm of one customer is told with what it means and the facts that raised it."""

import pytest

from reltype.api import open_run
from reltype.explaining.customer import explain


@pytest.fixture(scope="module")
def run():
    """Customers of a contract: one is tied and unhappy, the others are neither."""
    rows = [
        {
            "customer_id": f"c{i}",
            "tenure_days": 900,
            "contract_days": 730 if i == 0 else 0,
            "auto_renew": i == 0,
            "nps": 0 if i == 0 else 8,
        }
        for i in range(40)
    ]
    return open_run(rows)


def test_an_alarm_is_told_with_what_to_do_and_the_facts_behind_it(run):
    (alarm,) = explain(run, "c0").alarms
    assert alarm.name == "hostage"
    assert "show the way out" in alarm.because
    assert any("contract of" in fact for fact in alarm.facts)
    assert any("0 of 10" in fact for fact in alarm.facts)
    assert len(alarm.facts) <= 3


def test_whoever_raised_none_has_none(run):
    assert explain(run, "c1").alarms == ()


def test_the_alarms_that_are_explained_are_those_of_the_result(run):
    named = {
        row["customer_id"]: row["alarms"] for batch in run.batches() for row in batch.to_pylist()
    }
    for who in ("c0", "c1"):
        assert [alarm.name for alarm in explain(run, who).alarms] == named[who]

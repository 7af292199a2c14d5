"""What a stray export does to the numbers is told."""

import datetime as dt

import pytest

from reltype.api import open_run
from reltype.reporting.warnings import warnings as warnings_of

HEAD = "customer_id,timestamp,kind,value\n"
DAYS = [dt.date(2024, 1, 1) + dt.timedelta(days=i) for i in range(40)]
KINDS = ("purchase", "visit")
USUAL = "".join(
    f"c{i % 7},{day} {hour}:{i % 60:02d}:00,{KINDS[i % 9 == 0]},{i % 5 + i % 3}\n"
    for i, day in enumerate(DAYS)
    for hour in (10, 14, 19)
)


@pytest.fixture
def warnings(tmp_path):
    def told(text, **options):
        path = tmp_path / "log.csv"
        path.write_text(HEAD + text)
        return "\n".join(warnings_of(open_run(path, **options)))

    return told


def test_a_usual_log_is_passed_over_in_silence(warnings):
    assert warnings(USUAL) == ""


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("c1,2024-02-10 09:00:00,purchase,1\n", "in the middle of a day (others go on to about 19"),
        ("c9,2024-01-05 09:00:00,purchase,1\n" * 90, "customer 'c9' has 43% of the rows"),
        ("c9,2024-01-05 09:00:00,purchase,1\n" * 3, "2 rows the same as another in every column"),
        ("c9,2999-01-05,purchase,1\n", "1 row after today"),
        ("c9,2024-01-05,purchase,-4\n", "1 row of money paid back"),
        ("c9,2024-01-05,refund,4\n", "1 row of money paid back"),
        ("N/A,2024-01-05,purchase,4\n", "1 row rejected: blank (customer_id)"),
        ("c9,soon,purchase,4\n", "1 row rejected: not a time (timestamp)"),
        ("c9,2024-01-05,purchase,four\n", "1 cell of value could not be read, such as 'four'"),
        ("c9,2024-01-05,Whatever,4\n", "'Whatever' stand for no known kind"),
    ],
)
def test_what_is_odd_is_told(rows, told, warnings):
    assert told in warnings(USUAL + rows)


def test_a_column_that_never_varies_is_told(warnings):
    same = "".join(f"c{i % 7},{day} 10:00:00,purchase,1\n" for i, day in enumerate(DAYS))
    assert "'value' never varies: it always says '1'" in warnings(same)


def test_a_day_that_was_chosen_is_no_half_day(warnings):
    late = "c1,2024-02-10 09:00:00,purchase,1\n"
    assert "in the middle" not in warnings(USUAL + late, as_of="2024-02-08")


def test_rows_after_a_chosen_day_are_counted_and_not_rejected(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text(HEAD + USUAL)
    run = open_run(path, as_of="2024-01-31")
    assert run.counts.late == 27
    assert run.counts.rows == 120 == run.counts.used + run.counts.late
    assert run.write_rejects(str(tmp_path / "rejects.csv")) is None


def test_a_customer_told_twice_is_told(tmp_path):
    (tmp_path / "accounts.csv").write_text(
        "customer_id,since,nps\na,2020-01-01,3\na,2021-01-01,9\n"
    )
    run = open_run(tmp_path / "accounts.csv")
    assert "1 customer in several rows of a customer table" in "\n".join(warnings_of(run))


@pytest.mark.parametrize(("refunds", "used"), [("net", 121), ("drop", 120)])
def test_refunds_count_or_are_left_out(refunds, used, tmp_path):
    path = tmp_path / "log.csv"
    path.write_text(HEAD + USUAL + "c1,2024-01-05,refund,4\n")
    assert open_run(path, refunds=refunds).counts.used == used

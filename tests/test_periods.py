"""Periods: what a customer's facts were up to each of several days, from one pass."""

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from reltype.api import open_inputs
from reltype.scoring.periods import merging

EXAMPLES = Path(__file__).parent.parent / "examples"
KINDS = ["purchase", "renewal", "visit", "complaint", "review", "message", "outreach", "refund"]


def at_each(data, days, **options):
    """The results up to each day: from one pass, and each asked for alone with the same scales."""
    run = open_inputs(data, **options).run()
    found = {i: [] for i in range(len(days))}
    with run.population.in_periods(days) as history:
        for place, batch in run.batches_at(history):
            found[place].append(batch)
    alone = []
    for day in days:
        opened = open_inputs(data, as_of=day, **options)
        fresh = opened.run()
        same = evolve(fresh, population=evolve(fresh.population, frozen=run.scales))
        alone.append(pa.Table.from_batches(same.batches(), same.result.schema))
    schema = alone[0].schema
    return [pa.Table.from_batches(found[i], schema) for i in range(len(days))], alone


@pytest.mark.parametrize(
    "files",
    [["coffee-bar.csv"], ["software.csv", "software-customers.csv"]],
    ids=["log", "log and table"],
)
def test_each_day_is_byte_for_byte_what_classify_says_as_of_it_with_the_same_scales(files):
    last = dt.date(2024, 12, 31)
    days = [last - dt.timedelta(days=70 * i) for i in (4, 1, 0)]
    found, alone = at_each([str(EXAMPLES / name) for name in files], days)
    for one, other in zip(found, alone, strict=True):
        assert one.equals(other)
        assert one.num_rows > 0


@settings(max_examples=5, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 400), st.sampled_from(KINDS),
                  st.one_of(st.none(), st.integers(1, 9000).map(lambda c: c / 100))),
        min_size=20, max_size=80,
    )
)  # fmt: skip
def test_that_holds_for_any_log(steps):
    start = dt.date(2023, 1, 1)
    data = [
        {"customer_id": f"C{c}", "timestamp": str(start + dt.timedelta(days=d)), "kind": k,
         "value": v}
        for c, d, k, v in [*steps, (0, 0, "purchase", 5.0), (1, 400, "purchase", 5.0)]
    ]  # fmt: skip
    found, alone = at_each(data, [start + dt.timedelta(days=d) for d in (60, 61, 200, 400)])
    for one, other in zip(found, alone, strict=True):
        assert one.equals(other)


def test_what_does_not_merge_is_counted_from_the_rows_for_each_day(tmp_path):
    pack = tmp_path / "pack.toml"
    pack.write_text(
        """
        [[features]]
        name = "usual_basket"
        unit = "money"
        of = "median(value) filter (where kind = 'purchase')"
        summary = "The middle purchase."
        [[features]]
        name = "busy_days"
        unit = "count"
        of = "count(distinct day)"
        summary = "Days with anything."
        [[rules]]
        name = "small baskets on many days"
        when = "usual_basket < 8 and busy_days > 20"
        archetype = "casual friendship"
        weight = 1.0
        because = "{usual_basket:.2f} on {busy_days:.0f} days"
        """
    )
    last = dt.date(2024, 12, 31)
    days = [last - dt.timedelta(days=n) for n in (200, 0)]
    found, alone = at_each([str(EXAMPLES / "coffee-bar.csv")], days, rules=[str(pack)])
    for one, other in zip(found, alone, strict=True):
        assert one.equals(other)


@pytest.mark.parametrize(
    ("sql", "apart"),
    [
        ('SUM("a(b)")', False),
        ("COUNT(CASE WHEN \"kind\" = 'SUM(x) MEDIAN' THEN 1 END)", False),
        ('COUNT(DISTINCT "x")', True),
        ('MEDIAN("x") + SUM("y")', True),
        ('MAX(CASE WHEN (("x") > 1) THEN "y" END) - MIN("y")', False),
        ("STDDEV_SAMP(x)", True),
    ],
)
def test_aggregates_are_taken_apart_where_their_parts_merge_and_only_there(sql, apart):
    found = merging({"feature": sql})
    assert ("feature" in found.apart) == apart
    assert ("feature" in found.whole) != apart
    for name, part in found.parts.items():
        assert part in sql
        assert part not in found.whole["feature"]
        assert f'"{name}"' in found.whole["feature"]

"""A simulated log is canonical, keeps its promises, and gives away behaviour only."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import attrs
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reltype.errors import UsageError
from reltype.simulate import BUSINESSES, LOG_END, random_world, simulate, world
from reltype.simulate.personas import ARCHETYPES, PERSONAS
from reltype.simulate.worlds import ALL_KINDS, FACTS

END = datetime.combine(LOG_END, datetime.min.time())


@pytest.mark.parametrize("name", BUSINESSES)
def test_each_business_makes_a_canonical_log(name):
    run = simulate(name, customers=200, seed=3)
    log = run.interactions
    assert log.column_names[:3] == ["customer_id", "timestamp", "kind"]
    assert set(log.column_names[3:]) == set(run.business.seen) <= set(FACTS)
    assert log.schema.field("customer_id").type == pa.string()
    assert log.schema.field("timestamp").type == pa.timestamp("us")
    assert set(pc.unique(log["kind"]).to_pylist()) <= set(run.business.kinds) <= set(ALL_KINDS)
    assert all(log[column].null_count == 0 for column in ("customer_id", "timestamp", "kind"))
    assert set(pc.unique(log["customer_id"]).to_pylist()) == set(
        run.truth["customer_id"].to_pylist()
    )
    assert set(run.truth["archetype"].to_pylist()) <= set(ARCHETYPES)


@pytest.mark.parametrize("name", BUSINESSES)
def test_times_are_in_order_within_the_span_on_open_days_and_hours(name):
    run = simulate(name, customers=150, seed=5)
    times = run.interactions["timestamp"].to_pylist()
    assert times == sorted(times)
    assert times[0] >= END - timedelta(days=run.business.span)
    assert times[-1] < END
    assert {time.weekday() for time in times} <= set(run.business.weekdays)
    opening, closing = run.business.hours
    hours = [time.hour + time.minute / 60 for time in times]
    assert opening <= min(hours)
    assert max(hours) < closing


@pytest.mark.parametrize(
    ("fact", "low", "high"), [("sentiment", -1, 1), ("rating", 1, 5), ("discount", 0, 1)]
)
def test_a_fact_stays_on_its_scale_and_is_missing_in_places(fact, low, high):
    column = simulate("grocery", customers=300, seed=2).interactions[fact]
    assert low <= pc.min(column).as_py() < pc.max(column).as_py() <= high
    assert 0 < column.null_count < len(column)


def test_only_refunds_are_negative_and_only_payments_have_a_value():
    log = simulate("fashion shop", customers=300, seed=2).interactions.to_pylist()
    assert {row["kind"] for row in log if (row["value"] or 0) < 0} == {"refund"}
    assert {row["kind"] for row in log if row["value"] is not None} == {"purchase", "refund"}


def test_direction_is_outbound_for_what_the_business_does():
    log = simulate("hotel", customers=200, seed=2).interactions.to_pylist()
    outbound = {row["kind"] for row in log if row["direction"] == "outbound"}
    inbound = {row["kind"] for row in log if row["direction"] == "inbound"}
    assert outbound == {"outreach", "resolution"}
    assert not outbound & inbound


def test_the_same_arguments_give_the_same_run_and_another_seed_another():
    first, again, other = (simulate("insurer", customers=100, seed=seed) for seed in (7, 7, 8))
    assert first.interactions.equals(again.interactions)
    assert first.truth.equals(again.truth)
    assert first.customers.equals(again.customers)
    assert not first.interactions.equals(other.interactions)


def test_purchases_only_are_the_payments_of_the_same_run():
    full, bare = (simulate("telecom", customers=100, seed=4, facts=f) for f in ("all", "purchases"))
    assert bare.interactions.column_names == ["customer_id", "timestamp", "value"]
    paid = pc.is_in(full.interactions["kind"], pa.array(["purchase", "renewal"]))
    assert full.interactions.filter(paid).select([0, 1, 3]).equals(bare.interactions)
    assert bare.truth.equals(full.truth)
    assert bare.customers is None


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), customers=st.integers(1, 60))
def test_every_customer_pays_at_least_once_in_any_world(seed, customers):
    run = simulate(random_world(seed), customers=customers, seed=seed, facts="purchases")
    assert set(run.interactions["customer_id"].to_pylist()) == set(
        run.truth["customer_id"].to_pylist()
    )
    assert run.truth.num_rows == customers
    times = run.interactions["timestamp"].to_pylist()
    assert END - timedelta(days=run.business.span) <= min(times) <= max(times) < END


@pytest.mark.parametrize("shares", [(0.25, 0.25, 0.25, 0.25), (0.8, 0.1, 0.05, 0.05)])
def test_shares_are_respected(shares):
    shop = attrs.evolve(world("coffee bar"), shares=shares, span=60)
    truth = Counter(simulate(shop, customers=4000, seed=1).truth["archetype"].to_pylist())
    assert [truth[name] / 4000 for name in ARCHETYPES] == pytest.approx(shares, abs=0.03)


def test_the_id_tells_nothing_about_the_truth_nor_about_the_first_day():
    run = simulate("coffee bar", customers=2000, seed=6, facts="purchases")
    assert run.truth["customer_id"].to_pylist() == sorted(run.truth["customer_id"].to_pylist())
    truth = np.array([ARCHETYPES.index(name) for name in run.truth["archetype"].to_pylist()])
    assert abs(np.corrcoef(np.arange(2000), truth == 2)[0, 1]) < 0.08
    firsts = run.interactions.group_by("customer_id").aggregate([("timestamp", "min")])
    firsts = firsts.sort_by("customer_id")["timestamp_min"].cast(pa.int64()).to_numpy()
    assert abs(np.corrcoef(np.arange(2000), firsts)[0, 1]) < 0.08


def test_archetypes_behave_as_they_are_meant_to():
    run = simulate("coffee bar", customers=2000, seed=9)
    log = run.interactions.join(run.truth, "customer_id").to_pandas()
    bought = log[log.kind == "purchase"].groupby("customer_id").timestamp
    days = ((bought.max() - bought.min()).dt.days).rename("days").reset_index()
    truth = run.truth.to_pandas().merge(days)
    stay = truth.groupby("archetype").days.median()
    assert stay["fling"] < 0.5 * min(stay.drop("fling"))
    given = log[log.kind.isin(["review", "referral", "message"])].groupby("archetype").size()
    assert given.idxmax() == "committed partnership"
    mood = log.groupby("archetype").sentiment.mean()
    assert (
        mood["marriage of convenience"] < mood["casual friendship"] < mood["committed partnership"]
    )
    deals = log[log.kind == "purchase"].groupby("archetype").discount.mean()
    assert deals.idxmax() == "casual friendship"


def test_a_customer_table_is_there_only_where_the_business_keeps_one():
    run = simulate("software subscription", customers=300, seed=1)
    assert run.customers.column_names == ["customer_id", *run.business.customers]
    assert run.customers["customer_id"].equals(run.truth["customer_id"])
    assert set(run.customers["contract_days"].to_pylist()) == {0, 360}
    assert 0 < run.customers["nps"].null_count < 300
    assert simulate("coffee bar", customers=10).customers is None


def test_a_seed_varies_a_business_but_keeps_its_name():
    plain, one, two = world("bank"), world("bank", seed=1), world("bank", seed=2)
    assert plain.name == one.name == two.name == "bank"
    assert len({plain.cadence, one.cadence, two.cadence}) == 3
    assert world("bank", seed=1) == one


def test_random_worlds_differ_in_business_shares_and_columns():
    worlds = [random_world(seed) for seed in range(60)]
    assert {business.name for business in worlds} == set(BUSINESSES)
    assert max(max(business.shares) for business in worlds) > 0.6
    assert min(max(business.shares) for business in worlds) < 0.4
    assert all(sum(business.shares) == pytest.approx(1) for business in worlds)
    assert {len(business.seen) for business in worlds} >= {4, 7}


def test_the_personas_of_an_archetype_share_it_out():
    for archetype in ARCHETYPES:
        shares = [persona.share for persona in PERSONAS if persona.archetype == archetype]
        assert sum(shares) == pytest.approx(1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"business": "cofee bar"}, "Did you mean 'coffee bar'"),
        ({"business": "coffee bar", "customers": 0}, "at least 1"),
        ({"business": "coffee bar", "facts": "none"}, "'all' or 'purchases'"),
    ],
)
def test_what_cannot_be_simulated_is_refused_with_a_way_out(arguments, said):
    with pytest.raises(UsageError, match=said):
        simulate(**arguments)

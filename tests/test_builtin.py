"""The built-in customer typology: complete, and right on plain customers."""

import duckdb
import numpy as np
import pandas as pd
import pytest

import reltype
from reltype import plugins
from reltype.definitions import packs
from reltype.definitions.assembly import catalogue_of
from reltype.scoring.plan import Plan

CASUAL, PARTNER = "casual friendship", "committed partnership"
FLING, CONVENIENCE = "fling", "marriage of convenience"


@pytest.fixture(scope="module")
def plan():
    (path,) = plugins.builtin.reltype_definitions()
    catalogue = catalogue_of([("built-in", packs.load(path))])
    return Plan(catalogue, catalogue.typology("customer"))


def test_every_feature_and_scale_has_a_unit_and_a_sentence(plan):
    things = [*plan.catalogue.features.values(), *plan.catalogue.scales.values()]
    assert [t.name for t in things if not t.unit or not t.summary.endswith(".")] == []


def test_every_signal_argues_for_itself_and_names_its_source(plan):
    assert [s.name for s in plan.signals if not s.summary.endswith(".") or not s.source] == []


def test_every_dimension_has_two_poles_a_source_and_a_signal(plan):
    seen = {s.dimension for s in plan.signals}
    for dimension in plan.dimensions:
        assert dimension.low
        assert dimension.high
        assert dimension.summary
        assert dimension.source
        assert dimension.name in seen
    assert 6 <= len(plan.dimensions) <= 8


def test_every_archetype_stands_somewhere_on_every_dimension_and_says_why(plan):
    assert [a.name for a in plan.archetypes] == [CASUAL, PARTNER, FLING, CONVENIENCE]
    for archetype in plan.archetypes:
        assert archetype.summary
        assert archetype.source
        assert set(archetype.prototype) == set(plan.typology.dimensions)
        assert all(place.source for place in archetype.prototype.values())


def test_there_are_a_dozen_rules_for_all_archetypes_each_with_reason_source_and_examples(plan):
    assert len(plan.rules) >= 12
    assert {r.archetype for r in plan.rules} == {a.name for a in plan.archetypes}
    for rule in plan.rules:
        assert rule.because
        assert rule.source
        assert {e.fires for e in rule.examples} >= {True, False}


def test_the_examples_of_each_rule_hold(plan):
    for rule in plan.rules:
        for example in rule.examples:
            columns = ", ".join(f'{value} AS "{name}"' for name, value in example.given.items())
            sql = f"SELECT {rule.expression().sql()} FROM (SELECT {columns})"
            assert duckdb.sql(sql).fetchall()[0][0] is example.fires, rule.name


def test_what_a_place_is_said_to_be_agrees_with_the_order_of_the_prototypes(plan):
    at = {a.name: {d: p.value for d, p in a.prototype.items()} for a in plan.archetypes}
    assert at[FLING]["endurance"] < at[CASUAL]["endurance"] < at[PARTNER]["endurance"]
    assert at[CONVENIENCE]["affect"] < at[CASUAL]["affect"] < at[PARTNER]["affect"]
    assert at[CONVENIENCE]["volition"] < min(at[PARTNER]["volition"], at[FLING]["volition"])
    assert at[CASUAL]["intensity"] < at[CONVENIENCE]["intensity"] < at[FLING]["intensity"]
    assert at[CASUAL]["exclusivity"] < at[PARTNER]["exclusivity"]
    assert at[PARTNER]["reciprocity"] == max(a["reciprocity"] for a in at.values())
    assert at[CONVENIENCE]["regularity"] == max(a["regularity"] for a in at.values())


# ── Plain customers, in a bar whose log runs for 500 days ────────────────────────────────────────
#
# name: (archetype, days with a purchase, basket, sentiment of every fifth, share of reduced
# purchases, referrals and reviews, answers to ten mailings, renewals, visits without a purchase,
# complaints)


def _days(start, stop, step, jitter=0.0, seed=0):
    rng = np.random.default_rng(seed)
    days = np.arange(start, stop, step) + jitter * rng.standard_normal(
        len(np.arange(start, stop, step))
    )
    return sorted({int(np.clip(d, start, stop)) for d in days})


PLAIN = {
    "devoted": (PARTNER, _days(5, 499, 2, 1), 9, 0.8, 0.05, 8, 6, 0, 40, 1),
    "family on Saturdays": (PARTNER, _days(10, 499, 4, 1), 25, 0.7, 0.0, 6, 5, 0, 20, 0),
    "found us last year": (PARTNER, _days(180, 499, 2, 1), 8, 0.85, 0.0, 7, 5, 0, 25, 0),
    "lunch card": (CONVENIENCE, _days(3, 499, 3), 7, -0.3, 0.0, 0, 0, 16, 0, 3),
    "only counter in the house": (CONVENIENCE, _days(6, 499, 4), 3, -0.4, 0.0, 0, 0, 12, 0, 5),
    "firm's agreement": (CONVENIENCE, _days(1, 499, 5), 6, -0.1, 0.0, 0, 0, 16, 0, 2),
    "tourist": (FLING, _days(120, 134, 1), 11, 0.9, 0.0, 1, 0, 0, 8, 0),
    "summer intern": (FLING, _days(200, 235, 1.5, 1), 8, 0.8, 0.1, 1, 0, 0, 10, 0),
    "craze": (FLING, _days(60, 80, 1.3, 1), 9, 0.7, 0.1, 0, 0, 0, 7, 0),
    "comes with a coupon": (CASUAL, _days(20, 480, 40, 12), 5, 0.3, 0.8, 0, 1, 0, 2, 0),
    "now and then": (CASUAL, _days(4, 490, 30, 10, 1), 5, 0.2, 0.4, 0, 1, 0, 1, 0),
    "when it rains": (CASUAL, _days(40, 470, 25, 12, 2), 4, 0.25, 0.3, 0, 0, 0, 1, 0),
    "daily espresso, loves us": (PARTNER, _days(2, 498, 1.3, 1), 4, 0.9, 0.0, 10, 8, 0, 60, 2),
    "book club host": (PARTNER, _days(8, 497, 7, 1), 40, 0.85, 0.0, 9, 7, 0, 30, 0),
    "twice a week, three years": (PARTNER, _days(1, 499, 3.5, 1), 12, 0.75, 0.05, 5, 6, 0, 20, 1),
    "forgiving regular": (PARTNER, _days(6, 499, 2.5, 1), 7, 0.65, 0.05, 6, 5, 0, 25, 4),
    "new but devoted": (PARTNER, _days(250, 499, 2, 1), 9, 0.8, 0.0, 6, 5, 0, 20, 0),
    "station commuter": (CONVENIENCE, _days(2, 499, 2), 3.5, -0.2, 0.0, 0, 0, 0, 0, 2),
    "office canteen": (CONVENIENCE, _days(4, 499, 1), 6, -0.1, 0.0, 0, 0, 0, 0, 4),
    "hospital visitor": (CONVENIENCE, _days(10, 499, 3), 4, -0.35, 0.0, 0, 0, 0, 0, 3),
    "prepaid card": (CONVENIENCE, _days(3, 499, 4), 5, -0.15, 0.0, 0, 0, 18, 0, 1),
    "grumbler": (CONVENIENCE, _days(5, 499, 3), 5, -0.6, 0.0, 0, 0, 8, 0, 9),
    "festival week": (FLING, _days(300, 309, 0.6, 1), 14, 0.9, 0.0, 1, 0, 0, 5, 0),
    "new neighbour's craze": (FLING, _days(90, 125, 1.2, 1), 10, 0.85, 0.05, 1, 1, 0, 9, 0),
    "summer terrace": (FLING, _days(150, 190, 1.4, 1), 12, 0.8, 0.1, 1, 0, 0, 12, 0),
    "pumpkin spice season": (FLING, _days(250, 290, 1.6, 1), 8, 0.75, 0.15, 0, 0, 0, 6, 0),
    "conference fortnight": (FLING, _days(400, 414, 0.9, 1), 9, 0.7, 0.0, 0, 0, 0, 4, 0),
    "Sunday stroller": (CASUAL, _days(14, 480, 35, 10), 6, 0.25, 0.3, 0, 0, 0, 2, 0),
    "meets friends here": (CASUAL, _days(9, 470, 28, 12, 1), 9, 0.35, 0.3, 0, 1, 0, 1, 0),
    "deal hunter": (CASUAL, _days(20, 490, 22, 9), 4, 0.1, 0.9, 0, 1, 0, 0, 0),
    "one of five bars": (CASUAL, _days(12, 485, 26, 11, 3), 5, 0.3, 0.4, 0, 0, 0, 1, 0),
    "after the cinema": (CASUAL, _days(30, 460, 40, 14), 7, 0.3, 0.3, 0, 0, 0, 0, 0),
}


def _story(name, story):
    _, days, basket, feeling, reduced, gifts, answers, renewals, visits, complaints = story
    rng = np.random.default_rng(sum(map(ord, name)))
    first, last = days[0], days[-1]
    rows = [
        (day, "purchase", basket * rng.uniform(0.9, 1.1), feeling if i % 5 == 0 else None,
         0.2 if rng.random() < reduced else 0.0)
        for i, day in enumerate(days)
    ]  # fmt: skip
    mailings = np.linspace(first, min(last + 30, 499), 10).astype(int)
    rows += [(day, "outreach", None, None, None) for day in mailings]
    rows += [(day + 1, "response", None, None, None) for day in mailings[:answers]]
    spread = {
        "referral": gifts // 2, "review": gifts - gifts // 2, "renewal": renewals,
        "visit": visits, "complaint": complaints,
    }  # fmt: skip
    for kind, count in spread.items():
        mood = feeling - 0.5 if kind == "complaint" else None
        fee = 30.0 if kind == "renewal" else None
        for day in np.linspace(first, last, count + 2)[1:-1].astype(int):
            rows.append((day, kind, fee, mood, None))
    frame = pd.DataFrame(rows, columns=["day", "kind", "value", "sentiment", "discount"])
    frame["customer_id"] = name
    return frame


@pytest.fixture(scope="module")
def bar():
    """The plain customers among the simulated ones of a coffee bar, as one log."""
    made = reltype.simulate.simulate("coffee bar", customers=400, seed=7).interactions.to_pandas()
    last = made.timestamp.max().normalize()
    stories = pd.concat([_story(name, story) for name, story in PLAIN.items()])
    hours = pd.to_timedelta(9.5, unit="h")
    stories["timestamp"] = last + pd.to_timedelta(stories.day - 499, unit="D") + hours
    lone = {"one purchase": "purchase", "one message": "message", "one complaint": "complaint"}
    ones = pd.DataFrame(
        {
            "customer_id": [*lone, "one purchase and our mails", "one purchase and our mails"],
            "kind": [*lone.values(), "purchase", "outreach"],
            "timestamp": [last - pd.Timedelta(days=d) for d in (300, 200, 100, 250, 200)],
            "value": [5.0, None, None, 5.0, None],
            "sentiment": [0.9, 0.9, -0.9, None, None],
        }
    )
    new = pd.DataFrame(
        {
            "customer_id": "since Thursday",
            "kind": "purchase",
            "timestamp": [last - pd.Timedelta(days=d) for d in (3, 2, 0)],
            "value": 6.0,
            "sentiment": 0.6,
        }
    )
    log = pd.concat([made, stories.drop(columns="day"), ones, new], ignore_index=True)
    return reltype.classify(log)


def test_nine_in_ten_plain_customers_are_read_as_anybody_would(bar):
    read = {name: bar[name].archetype for name in PLAIN}
    wrong = {name: read[name] for name, story in PLAIN.items() if read[name] != story[0]}
    assert len(wrong) <= len(PLAIN) // 10, wrong


@pytest.mark.parametrize(
    "name", ["one purchase", "one message", "one complaint", "one purchase and our mails"]
)
def test_of_whom_one_thing_was_seen_nothing_is_said(bar, name):
    assert bar[name].archetype == "unclassified"
    assert bar[name].unclassified_because == "too little seen"


def test_who_came_first_on_thursday_is_too_new_to_be_called_a_fling(bar):
    assert bar["since Thursday"].unclassified_because == "too early"


def test_every_archetype_is_reached(bar):
    assert {CASUAL, PARTNER, FLING, CONVENIENCE} <= set(bar.to_pandas().archetype)


def test_a_kind_that_the_log_does_not_hold_is_not_seen_rather_than_low():
    rows = [
        {"customer_id": c, "timestamp": f"2024-{m:02d}-{d:02d}", "kind": "purchase", "value": 5.0}
        for c, step in (("a", 3), ("b", 7))
        for m in range(1, 7)
        for d in range(1, 28, step)
    ]
    found = reltype.classify(rows)["a"]
    for name in ("affect", "reciprocity", "resilience"):
        assert found.readings[name] is None
        assert found.evidence[name] == 0


def test_a_customer_table_alone_tells_who_is_bound_and_who_is_free():
    rows = [
        {
            "customer_id": f"{term}-{months}",
            "tenure_days": months * 30.4,
            "contract_days": term,
            "auto_renew": term > 0,
            "satisfaction": -0.2 if term else 0.6,
            "active": True,
        }
        for term in (0, 730)
        for months in range(2, 72, 2)
    ]
    found = reltype.classify(rows)
    assert found["730-60"].archetype == CONVENIENCE
    assert found["0-60"].archetype == PARTNER
    assert found["0-2"].unclassified_because == "too early"


def test_alarms_tell_of_the_unhappy_who_cannot_leave(plan):
    assert {flag.name for flag in plan.typology.alarms} == {
        "hostage",
        "ambivalent",
        "dependency risk",
    }
    assert [flag.name for flag in plan.typology.status] == ["ended", "active", "lapsing", "dormant"]

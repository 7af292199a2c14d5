"""Which archetypes the columns cannot tell apart, and which column would help most: by formula."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reltype import plugins
from reltype.plugins.knowledge import Knowledge
from reltype.reporting.summary import APART, alike, helps
from reltype.scoring.plan import Plan
from tests.garden import PACK, plants, read


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    path = tmp_path_factory.mktemp("garden") / "garden.toml"
    path.write_text(PACK)
    return path


@pytest.fixture(scope="module")
def plan(pack):
    catalogue = Knowledge.of(plugins.load(only=()), [pack]).catalogue
    return Plan(catalogue, catalogue.typology("garden"))


def square(plan, first, second, k):
    """w (μ_a − μ_b)² / ((τ²_a + τ²_b) / 2)."""
    a, b = (x.prototype[plan.dimensions[k].name] for x in (first, second))
    spread = (a.tolerance**2 + b.tolerance**2) / 2
    return plan.dimensions[k].weight * (a.value - b.value) ** 2 / spread


def d_prime(plan, first, second, seen):
    return math.sqrt(sum(s * square(plan, first, second, k) for k, s in enumerate(seen)))


shares = st.lists(st.floats(0, 1), min_size=2, max_size=2).map(np.array)


@settings(max_examples=30, deadline=None)
@given(shares)
def test_alike_are_the_pairs_less_than_two_deviations_apart_on_what_was_seen(plan, seen):
    due = {}
    for first, second in combinations(plan.archetypes, 2):
        apart = d_prime(plan, first, second, seen)
        if apart < APART:
            due[first.name, second.name] = apart
    told = {(p.first, p.second): p.distance for p in alike(plan, seen)}
    assert told == pytest.approx(due)
    assert list(told.values()) == sorted(told.values())


def test_nothing_seen_tells_nobody_apart_and_everything_seen_tells_all(plan):
    assert len(alike(plan, np.zeros(2))) == 3
    assert all(p.distance == 0 for p in alike(plan, np.zeros(2)))
    assert alike(plan, np.ones(2)) == ()


@settings(max_examples=30, deadline=None)
@given(shares)
def test_what_would_help_moves_the_least_separate_pair_apart_by_the_gain_that_is_told(plan, seen):
    columns = {d.name: (f"column of {d.name}",) for d in plan.dimensions}
    pairs = combinations(plan.archetypes, 2)
    worst = min(pairs, key=lambda pair: d_prime(plan, *pair, seen))
    now = d_prime(plan, *worst, seen)
    told = helps(plan, seen, columns)
    for help_ in told:
        k = [d.name for d in plan.dimensions].index(help_.dimension)
        fully = seen.copy()
        fully[k] = 1.0
        assert help_.gain == pytest.approx(d_prime(plan, *worst, fully) - now)
        assert help_.columns == columns[help_.dimension]
    gains = [h.gain for h in told]
    assert gains == sorted(gains, reverse=True)
    assert all(gain > 0.05 for gain in gains)


def test_what_no_column_would_help_is_not_said_to(plan):
    assert helps(plan, np.zeros(2), {}) == ()
    assert helps(plan, np.zeros(2), {"glow": ()}) == ()
    assert helps(plan, np.ones(2), {"glow": ("sap",), "grip": ("wind",)}) == ()


def test_a_summary_of_a_table_without_a_column_names_it_where_its_signals_see_nobody(pack):
    table = plants().drop_columns(["wind", "rings"])
    told = read(table).summary()
    assert {(h.dimension, h.columns) for h in told.helps} == {("grip", ("rings", "wind"))}
    assert {(p.first, p.second) for p in told.alike} >= {("red rose", "daisy")}


def test_a_summary_counts_what_the_rows_of_the_result_say():
    found = read(plants())
    told, rows = found.summary(), found.to_arrow().to_pylist()
    n = len(rows)

    def shares(column):
        values = [r[column] for r in rows if r[column] is not None]
        return {v: values.count(v) / n for v in values}

    assert told.customers == n
    assert {k: v for k, v in told.archetypes.items() if v} == pytest.approx(shares("archetype"))
    assert list(told.archetypes)[-1] == "unclassified"
    assert dict(told.unclassified) == pytest.approx(shares("unclassified_because"))
    assert dict(told.statuses) == pytest.approx(shares("status"))
    assert dict(told.alarms) == {
        a: sum(a in r["alarms"] for r in rows) for r in rows for a in r["alarms"]
    }
    table = plants()
    seen = {"sap rises": "sap", "old wood": "rings", "out of the wind": "wind"}
    for signal, column in seen.items():
        assert told.signals[signal] == pytest.approx(1 - table[column].null_count / n)
    free = sum(w is not None and w > 0.8 for w in table["wind"].to_pylist())
    assert dict(told.base_rates) == pytest.approx({"free": free / n})
    assert told.rows["read"] == told.rows["used"] == n

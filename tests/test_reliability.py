"""How far signals repeat themselves, and that nobody is named on what is dealt by chance."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import reltype
from reltype.scoring.reliability import ENOUGH, LEAST, reliability, trust
from reltype.simulate import simulate


@pytest.fixture(scope="module")
def bar():
    return simulate("coffee bar", customers=500, seed=3).interactions.to_pandas()


def halves(one, other, rows=20.0):
    n = len(one)
    return pa.table(
        {
            "customer_id": np.repeat(np.arange(n), 2),
            "half": np.tile([0, 1], n),
            "log_rows": np.broadcast_to(np.repeat(rows, 2 * n // np.size(rows)), 2 * n),
            "signal_0": np.column_stack([one, other]).ravel(),
            "n_0": np.full(2 * n, 5.0),
        }
    )


def test_halves_that_agree_are_reliable_and_stepped_up():
    rng = np.random.default_rng(1)
    trait = rng.normal(size=4000)
    one, other = (trait + rng.normal(size=4000) for _ in range(2))
    found = reliability(halves(one, other), {0: "s"})["s"]
    assert found == pytest.approx(2 / 3, abs=0.05)  # r is 1/2, and 2r / (1 + r) is 2/3


@pytest.mark.parametrize("n", [40, 400, 4000])
def test_halves_that_have_nothing_in_common_are_not(n):
    rng = np.random.default_rng(n)
    found = [
        reliability(halves(rng.normal(size=n), rng.normal(size=n)), {0: "s"})["s"]
        for _ in range(50)
    ]
    assert np.mean(found) < 0.1


def test_what_follows_from_the_number_of_interactions_alone_is_one_fact():
    rng = np.random.default_rng(2)
    rows = rng.integers(2, 200, 3000).astype(float)
    one, other = (np.log(rows) + 0.01 * rng.normal(size=3000) for _ in range(2))
    table = halves(one, other).set_column(2, "log_rows", pa.array(np.repeat(rows, 2)))
    assert reliability(table, {0: "s"})["s"] < 0.1


def test_too_few_customers_are_not_measured():
    assert reliability(halves(np.zeros(20), np.zeros(20)), {0: "s"}) == {}


def test_evidence_grows_with_reliability_up_to_enough():
    assert trust(None) == 1
    assert trust(0.0) == 0
    assert trust(LEAST) == 0
    assert trust((LEAST + ENOUGH) / 2) == pytest.approx(0.5)
    assert trust(0.9) == 1


def test_a_real_difference_between_customers_repeats_itself(bar):
    found = reltype.classify(bar).run.scales
    assert found.reliability["comes often"] > 0.6
    assert found.reliability["pleased"] > 0.6
    assert found.known > 0.4


@pytest.mark.parametrize("how", ["every row", "by turns"])
def test_of_interactions_dealt_at_random_nobody_is_named_and_that_is_told(bar, how):
    rng = np.random.default_rng(5)
    ids = bar.customer_id.to_numpy()
    dealt = bar.assign(
        customer_id=rng.choice(np.unique(ids), len(ids))
        if how == "every row"
        else rng.permutation(ids)
    )
    found = reltype.classify(dealt)
    summary = found.summary()
    assert summary.archetypes["unclassified"] >= 0.95
    assert any("Nothing here tells customers apart" in text for text in summary.findings)


@pytest.mark.parametrize("seed", range(8))
def test_of_noise_nobody_is_named(seed):
    rng = np.random.default_rng(seed)
    n, customers = int(rng.integers(400, 4000)), int(rng.integers(40, 300))
    log = pd.DataFrame(
        {
            "customer_id": rng.integers(customers, size=n).astype(str),
            "timestamp": pd.Timestamp("2023-01-01")
            + pd.to_timedelta(rng.integers(0, 700 * 1440, n), "min"),
            "kind": rng.choice(["purchase", "visit", "message", "complaint", "review"], n),
            "value": rng.gamma(2, 20, n),
            "sentiment": rng.uniform(-1, 1, n),
        }
    )
    assert reltype.classify(log).summary().archetypes["unclassified"] >= 0.95


def test_rows_that_were_kept_while_reading_measure_the_same(bar, monkeypatch):
    from reltype.scoring import population

    whole = reltype.classify(bar).run.scales.reliability
    monkeypatch.setattr(population, "KEPT_ONE_IN", 1)
    monkeypatch.setattr(population, "SAMPLED_ROWS", 10)
    monkeypatch.setattr(population, "SAMPLED_CUSTOMERS", 10)
    assert reltype.classify(bar).run.scales.reliability == whole


def test_a_model_scores_with_the_reliability_it_measured(bar, tmp_path):
    model = reltype.fit(bar)
    model.save(tmp_path / "m.reltype")
    loaded = reltype.load(tmp_path / "m.reltype")
    assert loaded.scales.reliability == model.scales.reliability != {}
    few = bar[bar.customer_id.isin(bar.customer_id.unique()[:20])]
    all_ = (
        reltype.classify(bar, model=loaded, as_of=model.scales.as_of)
        .to_pandas()
        .set_index("customer_id")
    )
    some = (
        reltype.classify(few, model=loaded, as_of=model.scales.as_of)
        .to_pandas()
        .set_index("customer_id")
    )
    assert (some.archetype == all_.archetype.reindex(some.index)).all()

"""Who is named, how surely, and who is not, and why."""

import numpy as np
import pandas as pd
import pytest

import reltype
from reltype.simulate import simulate

FOUR = {"casual friendship", "committed partnership", "fling", "marriage of convenience"}


@pytest.fixture(scope="module")
def bar():
    return reltype.classify(simulate("coffee bar", customers=400, seed=7).interactions)


def test_certainty_follows_the_confidence_and_is_there_for_the_named_alone(bar):
    found = bar.to_pandas()
    named = found.archetype != "unclassified"
    assert named.sum() > 200
    assert found.certainty[~named].isna().all()
    expected = np.select(
        [found.confidence >= 0.95, found.confidence >= 0.8], ["sure", "likely"], "tentative"
    )
    assert (found.certainty[named] == expected[named]).all()


def test_nobody_is_named_below_one_half(bar):
    found = bar.to_pandas()
    assert (found.confidence[found.archetype != "unclassified"] >= 0.5).all()


def test_one_relationship_has_its_certainty(bar):
    some = next(r for r in bar if r.archetype != "unclassified")
    assert some.certainty in {"sure", "likely", "tentative"}


def accounts(**columns):
    n = len(next(iter(columns.values())))
    return pd.DataFrame({"customer_id": [f"a{i}" for i in range(n)], **columns})


def test_of_a_date_alone_too_little_is_known_of_anybody():
    found = reltype.classify(accounts(tenure_days=np.arange(100, 2100, 20.0)))
    assert set(found.to_pandas().unclassified_because) <= {
        "too little known of anybody",
        "too early",
    }
    assert any("Too little is known" in text for text in found.summary().findings)


def test_of_one_satisfaction_score_too_little_is_known_of_anybody():
    found = reltype.classify(accounts(satisfaction=np.tile([-1, -0.5, 0, 0.5, 1.0], 20)))
    assert set(found.to_pandas().archetype) == {"unclassified"}


def test_who_is_new_and_still_there_is_no_fling_by_tenure():
    rng = np.random.default_rng(0)
    n = 300
    found = reltype.classify(
        accounts(
            tenure_days=np.where(
                np.arange(n) < 60, rng.uniform(5, 120, n), rng.uniform(200, 2000, n)
            ),
            satisfaction=rng.choice([-0.5, 0, 0.5, 1], n),
            contract_days=rng.choice([0, 365], n),
            products=rng.integers(1, 6, n),
            active=True,
        )
    ).to_pandas()
    assert "fling" not in set(found.archetype)


def test_a_name_that_is_one_column_in_disguise_is_said_to_be_that():
    rng = np.random.default_rng(1)
    n = 400
    found = reltype.classify(
        accounts(
            tenure_days=rng.uniform(900, 1100, n),
            satisfaction=rng.choice([-1.0, 1.0], n),
            contract_days=np.full(n, 365),
            active=True,
        )
    ).summary()
    assert any("one column in disguise" in text and "affect" in text for text in found.findings)


def subscribers():
    rng = np.random.default_rng(4)
    rows = []
    for i in range(120):
        start = int(rng.integers(0, 400))
        sort = ("silent", "gone", "buys")[i % 3]
        months = 1 if sort == "gone" else int(rng.integers(12, 40))
        days = start + 30 * np.arange(months)
        rows += [(f"{sort}{i}", d, "renewal", 12.0) for d in days if d < 1300]
        if sort == "gone":
            rows += [
                (f"{sort}{i}", start, "purchase", 12.0),
                (f"{sort}{i}", start + 31, "cancellation", None),
            ]
        if sort == "buys":
            extra = start + np.sort(rng.choice(30 * months, 25, replace=False))
            rows += [(f"{sort}{i}", int(d), "purchase", 20.0) for d in extra if d < 1300]
    log = pd.DataFrame(rows, columns=["customer_id", "day", "kind", "value"])
    return log.assign(timestamp=pd.Timestamp("2021-01-01") + pd.to_timedelta(log.day, "D")).drop(
        columns="day"
    )


def test_silent_payers_are_a_marriage_of_convenience_and_who_left_is_not_committed():
    found = reltype.classify(subscribers()).to_pandas()
    sort = found.customer_id.str.extract(r"([a-z]+)", expand=False)
    silent = found.archetype[sort == "silent"]
    assert (silent == "marriage of convenience").mean() > 0.9, silent.value_counts()
    assert not (found.archetype[sort == "gone"] == "committed partnership").any()
    assert not (found.unclassified_because[sort == "silent"] == "too little seen").any()

"""What docs/concepts.md says of the arithmetic, worked out again by hand: docs and code agree."""

import math

import numpy as np
import pyarrow as pa
import pytest
from scipy.optimize import nnls
from scipy.stats import norm

from reltype.api import classify, open_inputs
from reltype.simulate import simulate

TOLERANCE = 1e-6


@pytest.fixture(scope="module")
def found():
    return classify(simulate("coffee bar", customers=150, seed=3).interactions)


def density(place, reading):
    """f_ak: a normal density over 0…1; on its open side as high as at its middle."""
    middle, spread = place.value, place.tolerance
    at = reading
    if place.open == "below":
        at = max(reading, middle)
    if place.open == "above":
        at = min(reading, middle)
    inside = norm.cdf(1, middle, spread) - norm.cdf(0, middle, spread)
    below = norm.cdf(middle, middle, spread) - norm.cdf(0, middle, spread)
    above = inside - below
    peak = norm.pdf(middle, middle, spread)
    area = (middle * peak if place.open == "below" else below) + (
        (1 - middle) * peak if place.open == "above" else above
    )
    return norm.pdf(at, middle, spread) / area


def together(weights, overlap):
    """max over x ≥ 0 of 2 δ'x − x'Sx, by non-negative least squares."""
    delta = np.sqrt(weights)
    root = np.linalg.cholesky(overlap).T
    x, _ = nnls(root, np.linalg.solve(root.T, delta))
    return float(2 * delta @ x - x @ overlap @ x)


def jaccard(fired):
    """S: the share of customers on whom both fire among those on whom either does."""
    count = fired.shape[1]
    made = np.eye(count)
    for i in range(count):
        for j in range(count):
            either = (fired[:, i] | fired[:, j]).sum()
            if i != j and either:
                made[i, j] = 0.99 * (fired[:, i] & fired[:, j]).sum() / either
    return made


def test_every_posterior_is_what_the_page_says(found):
    run, plan = found.run, found.run.plan
    typology = plan.typology
    batches = list(run.population.batches())
    readings = np.concatenate([b.readings for b in batches])
    evidence = np.concatenate([b.evidence for b in batches])
    fired = np.concatenate([b.fired for b in batches]) == 1
    circumstances = [
        np.concatenate([b.holds(f"rate_{i}") for b in batches]) == 1
        for i in range(len(typology.base_rates))
    ]
    withheld = np.concatenate([b.first("reason", len(typology.unclassified_when)) for b in batches])
    overlap = jaccard(fired)
    table = found.to_arrow()
    for row in range(len(table)):
        scores = []
        for archetype in plan.archetypes:
            score = math.log(archetype.prior)
            for holds, rate in zip(circumstances, typology.base_rates, strict=True):
                if holds[row] and archetype.name in rate.rates:
                    score += math.log(rate.rates[archetype.name])
            for k, dimension in enumerate(plan.dimensions):
                place = archetype.prototype.get(dimension.name)
                if place is None or math.isnan(readings[row, k]):
                    continue
                epsilon = typology.contamination
                fit = math.log((1 - epsilon) * density(place, readings[row, k]) + epsilon)
                score += dimension.weight * evidence[row, k] * fit
            mine = [
                i for i, rule in enumerate(plan.rules)
                if rule.archetype == archetype.name and fired[row, i]
            ]  # fmt: skip
            if mine:
                weights = np.array([plan.rules[i].weight for i in mine])
                score += together(weights, overlap[np.ix_(mine, mine)])
            scores.append(score)
        weight = np.array([d.weight for d in plan.dimensions])
        seen = float(weight @ np.nan_to_num(evidence[row]) / weight.sum())
        temperature = typology.temperature * (1 + typology.warming * seen)
        scores = [score / temperature for score in scores]
        none = math.log(typology.unclassified_prior) / temperature
        if withheld[row] >= 0:
            none = max(*scores, none) + 6
        odds = np.exp(np.array([*scores, none]))
        posterior = odds / odds.sum()
        columns = [f"p_{a.column}" for a in plan.archetypes] + ["p_unclassified"]
        told = [table[name][row].as_py() for name in columns]
        assert told == pytest.approx(posterior.tolist(), abs=TOLERANCE), table["customer_id"][row]


def test_the_logarithm_of_an_amount_is_kept_to_4096ths():
    rows = [
        {"customer_id": "a", "timestamp": f"2024-01-0{1 + i}", "kind": kind, "value": value}
        for i, (kind, value) in enumerate(
            [("purchase", 3.0), ("purchase", 17.5), ("visit", 2.0), ("purchase", 0.0)]
        )
    ]
    opened = open_inputs(rows)
    relation = opened.run().population.interactions({"amount_log"})
    made = sorted(
        value for (value,) in opened.engine.rows(f"SELECT amount_log FROM ({relation})") if value
    )
    assert made == [round(math.log(v) * 4096) / 4096 for v in (3.0, 17.5)]


def test_a_purchase_of_a_negative_value_is_a_refund_and_nobodys_wish():
    rows = pa.Table.from_pylist(
        [
            {"customer_id": "a", "timestamp": f"2024-01-0{1 + i}", "kind": "purchase", "value": v}
            for i, v in enumerate([10.0, -10.0, 5.0])
        ]
    )
    opened = open_inputs(rows)
    relation = opened.run().population.interactions({"kind", "value"})
    wish = opened.engine.table(f"SELECT * FROM ({relation})").column_names
    named = next(name for name in wish if name in ("organic", "customer_initiated"))
    found = dict(opened.engine.rows(f"SELECT CAST(kind AS VARCHAR), {named} FROM ({relation})"))
    assert found == {"purchase": True, "refund": False}

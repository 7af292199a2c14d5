"""Priorities of benefits, against the formula, benefit by benefit and archetype by archetype."""

import numpy as np
import pytest

from reltype.scoring.priorities import priorities


def case(seed, customers=12, archetypes=3, dimensions=4, benefits=5):
    draw = np.random.default_rng(seed)
    readings = draw.random((customers, dimensions))
    readings[draw.random(readings.shape) < 0.25] = np.nan
    holes = draw.random((benefits, dimensions)) < 0.4
    return dict(  # noqa: C408 - it reads as the call does
        posterior=draw.dirichlet(np.ones(archetypes), customers),
        readings=readings,
        evidence=draw.random((customers, dimensions)),
        suits=np.where(draw.random((benefits, archetypes)) < 0.3, 0, draw.random((benefits, 1))),
        raises=np.where(holes, 0, draw.random((benefits, dimensions))),
        targets=draw.random((archetypes, dimensions)),
        barred=draw.random((benefits, archetypes)) < 0.2,
        broken=draw.random((customers, benefits)) < 0.2,
    )


def by_hand(c, i, b):
    """Priority of benefit b for customer i, and the dimension that adds most to it (−1: none)."""
    p = c["posterior"][i]
    adds = np.zeros(len(c["readings"][i]))
    score = sum(p[a] * c["suits"][b, a] * 0.25 for a in range(len(p)))
    for k, reading in enumerate(c["readings"][i]):
        for a in range(len(p)):
            if not np.isnan(reading):
                gap = max(0.0, c["targets"][a, k] - reading) * c["evidence"][i, k]
                adds[k] += p[a] * c["suits"][b, a] * c["raises"][b, k] * gap
    score += adds.sum() + c["broken"][i, b]
    if c["barred"][b, p.argmax()]:
        score = 0.0
    return score, int(adds.argmax()) if adds.max() > 0 else -1


@pytest.mark.parametrize("seed", range(6))
def test_a_priority_is_what_the_formula_says_and_names_the_dimension_that_adds_most(seed):
    c = case(seed)
    score, best = priorities(**c)
    assert score.shape == best.shape == (12, 5)
    assert best.dtype == np.int64
    for i in range(12):
        for b in range(5):
            due, dimension = by_hand(c, i, b)
            assert score[i, b] == pytest.approx(due, abs=1e-12)
            assert best[i, b] == dimension


def test_what_raises_nothing_or_suits_nobody_names_no_dimension():
    c = case(1)
    c["raises"][0] = 0
    c["suits"][1] = 0
    score, best = priorities(**c)
    assert (best[:, :2] == -1).all()
    assert (score[:, 1] <= 1).all()


def test_what_was_not_seen_adds_nothing_and_what_is_reached_adds_nothing():
    c = case(2)
    c["broken"][:] = False
    c["barred"][:] = False
    quarter = 0.25 * c["posterior"] @ c["suits"].T
    for readings in (np.full_like(c["readings"], np.nan), np.ones_like(c["readings"])):
        c["readings"] = readings
        score, best = priorities(**c)
        np.testing.assert_allclose(score, quarter)
        assert (best == -1).all()


def test_arguments_are_left_as_they_were():
    c = case(3)
    before = {name: value.copy() for name, value in c.items()}
    priorities(**c)
    for name, value in c.items():
        np.testing.assert_array_equal(value, before[name])

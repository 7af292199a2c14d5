"""Rules that repeat each other: what they say together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reltype.scoring.overlap import OWN, matrix, overlap, shared

rows = st.integers(1, 5).flatmap(
    lambda n: st.lists(st.lists(st.booleans(), min_size=n, max_size=n), min_size=1, max_size=30)
)
weights = st.lists(st.floats(0.1, 4), min_size=6, max_size=6)


def measured(fires):
    """S from a table of who fires on whom."""
    fires = np.array(fires, int)
    together = fires.T @ fires
    n = fires.shape[1]
    names = [str(i) for i in range(n)]
    counts = {(i, j): int(together[i, j]) for i in range(n) for j in range(i, n)}
    return matrix(names, overlap(names, ["x"] * n, counts))


def together(weight, among, fired):
    """What the rules in *fired* say together."""
    at = np.array(fired)
    return shared(weight[at], among[np.ix_(at, at)]).sum()


@pytest.mark.parametrize(
    ("fires", "expected"),
    [
        ([[1, 0], [0, 1]], {}),
        ([[1, 1], [1, 0]], {"0": {"1": 0.5}, "1": {"0": 0.5}}),
        ([[1, 1], [1, 1]], {"0": {"1": 1.0}, "1": {"0": 1.0}}),
        ([[0, 0]], {}),
    ],
)
def test_overlap_is_the_share_of_eithers_customers_on_whom_both_fire(fires, expected):
    fires = np.array(fires)
    together = fires.T @ fires
    counts = {(i, j): int(together[i, j]) for i in range(2) for j in range(i, 2)}
    assert overlap(["0", "1"], ["x", "x"], counts) == expected


def test_rules_of_different_archetypes_have_no_overlap():
    assert overlap(["a", "b"], ["x", "y"], {(0, 0): 5, (1, 1): 5}) == {}


@pytest.mark.parametrize(
    ("weight", "share", "said"),
    [
        ([1.5, 2.0], 0.0, [1.5, 2.0]),  # they never meet: the sum
        ([2.0, 2.0], 0.5, [2 / (1 + 0.495)] * 2),
        ([2.0, 0.5], 1.0, [2.0, 0.0]),  # a weaker copy adds nothing
        ([2.0, 2.0], 1.0, [2 / (2 - OWN)] * 2),  # a copy shares alike
    ],
)
def test_two_rules_that_fire_together_say(weight, share, said):
    among = np.array([[1.0, share], [share, 1.0]])
    assert shared(np.array(weight), among) == pytest.approx(said)


@given(rows, weights)
def test_a_copy_of_a_rule_leaves_what_is_said_as_it_was(fires, weight):
    fires = np.array(fires, int)
    with_copy = np.column_stack([fires, fires[:, 0]])
    n = fires.shape[1]
    weight = np.array([*weight[:n], weight[0]])
    for row in fires[fires[:, 0] == 1][:5]:
        before = together(weight, measured(fires), np.flatnonzero(row))
        after = together(weight, measured(with_copy), [*np.flatnonzero(row), n])
        assert before - 1e-9 <= after <= before + 2 * OWN * weight.max()


@given(rows, st.floats(0.1, 4), st.data())
def test_a_near_copy_adds_no_more_than_where_it_differs(fires, weight, data):
    """With S the overlap of the two, the near copy adds w (1 − S) / (1 + S) to its original."""
    rule = np.array(fires, int)[:, 0]
    near = rule.copy()
    near[data.draw(st.integers(0, len(near) - 1))] ^= 1
    among = measured(np.column_stack([rule, near]))
    share = among[0, 1] * (1 - OWN)
    said = together(np.array([weight, weight]), among, [0, 1])
    assert said == pytest.approx(weight + weight * (1 - share) / (1 + share))


@given(rows, weights)
def test_a_rule_more_never_makes_it_less_and_never_adds_more_than_its_weight(fires, weight):
    among = measured(fires)
    n = len(among)
    weight = np.array(weight[:n])
    said = 0.0
    for k in range(1, n + 1):
        now = together(weight, among, list(range(k)))
        assert said - 1e-9 <= now <= said + weight[k - 1] + 1e-9
        said = now


@given(rows, weights)
def test_together_they_say_at_least_what_the_strongest_says_and_none_speaks_against(fires, weight):
    among = measured(fires)
    weight = np.array(weight[: len(among)])
    said = shared(weight, among)
    assert (said >= 0).all()
    assert weight.max() - 1e-9 <= said.sum() <= weight.sum() + 1e-9


@given(rows, weights, st.randoms())
def test_the_order_of_rules_has_no_impact(fires, weight, random):
    among = measured(fires)
    weight = np.array(weight[: len(among)])
    order = list(range(len(among)))
    random.shuffle(order)
    again = shared(weight[order], among[np.ix_(order, order)])
    assert again == pytest.approx(shared(weight, among)[order], abs=1e-6)


@pytest.mark.parametrize("seed", range(12))
def test_what_rules_say_together_is_the_most_that_any_weights_of_them_say(seed):
    """x ≥ 0 maximises 2δ'x − x'Sx: nowhere does more of a rule say more, and none is used in vain."""
    draw = np.random.default_rng(seed)
    fires = draw.random((200, 6)) < 0.2
    fires[:, 1:4] |= fires[:, [0]] & (draw.random((200, 3)) < 0.9)
    among = measured(fires)
    weight = draw.uniform(0.1, 4, 6)
    said = shared(weight, among)
    distance = np.sqrt(weight)
    x = said / distance
    correlation = np.where(np.eye(6, dtype=bool), 1.0, among * (1 - OWN))
    more = distance - correlation @ x
    assert (x >= 0).all()
    assert (more <= 1e-9).all()
    np.testing.assert_allclose(x * more, 0, atol=1e-9)

"""Drivers: the numbers. An independent count of all orders is the judge; laws hold for any data."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reltype
from reltype.analyses.drivers import missing, noise
from reltype.analyses.drivers.measure import Answers, measure
from reltype.analyses.drivers.missing import moments
from reltype.analyses.drivers.moments import Sample, correlation
from reltype.analyses.drivers.shares import shares
from reltype.analyses.drivers.subsets import additions, orders, shapley
from reltype.errors import InputError, UsageError

AZEN_BUDESCU = np.array(
    [
        [1.0, 0.8, 0.1, 0.3, 0.6],
        [0.8, 1.0, 0.1, 0.1, 0.3],
        [0.1, 0.1, 1.0, 0.5, 0.4],
        [0.3, 0.1, 0.5, 1.0, 0.5],
        [0.6, 0.3, 0.4, 0.5, 1.0],
    ]
)
"""Azen & Budescu 2003, table 1: four predictors, the outcome last."""


def single(count):
    return [[i] for i in range(count)]


def made(rows, columns, seed, noise_sd=2.0):
    """Related attributes and an outcome, the outcome last."""
    rng = np.random.default_rng(seed)
    attributes = rng.normal(size=(rows, columns)) + rng.normal(size=(rows, 1))
    slopes = rng.normal(size=columns)
    return np.c_[attributes, attributes @ slopes + noise_sd * rng.normal(size=rows)]


def r_squared(values, columns, weights=None):
    """By least squares, as any regression does it."""
    weights = np.ones(len(values)) if weights is None else weights
    root = np.sqrt(weights)[:, None]
    design = np.c_[np.ones(len(values)), values[:, list(columns)]] * root
    outcome = values[:, -1] * root[:, 0]
    slopes = np.linalg.lstsq(design, outcome, rcond=None)[0]
    mean = np.average(values[:, -1], weights=weights)
    whole = (weights * (values[:, -1] - mean) ** 2).sum()
    return 1 - ((outcome - design @ slopes) ** 2).sum() / whole


def over_all_orders(values, players, always=(), weights=None):
    """The mean gain of each player over every order, each R² a regression of its own."""
    gains = np.zeros(len(players))
    every = list(permutations(range(len(players))))
    for order in every:
        inside = list(always)
        before = r_squared(values, inside, weights)
        for player in order:
            inside += players[player]
            after = r_squared(values, inside, weights)
            gains[player] += after - before
            before = after
    return gains / len(every)


def table(values, names=None, **more):
    names = names or [f"a{i}" for i in range(values.shape[1] - 1)]
    return Answers(values, "y", {name: (i,) for i, name in enumerate(names)}, **more)


def test_published_shares_are_met():
    found = shares(AZEN_BUDESCU, single(4))
    assert found.r2 == pytest.approx(0.584353, abs=1e-6)
    assert found.lmg == pytest.approx([0.292176, 0.075861, 0.094911, 0.121404], abs=1e-6)
    assert found.relative_weights == pytest.approx(
        [0.290759, 0.07612, 0.097606, 0.119868], abs=1e-6
    )


@pytest.mark.parametrize("columns", [1, 2, 4, 5])
def test_shares_are_the_mean_gain_over_all_orders(columns):
    values = made(60, columns, columns)
    found = measure(table(values), name="t")
    assert [d.share for d in found.drivers.values()] == pytest.approx(
        over_all_orders(values, single(columns)), abs=1e-10
    )
    assert [d.first for d in found.drivers.values()] == pytest.approx(
        [r_squared(values, [i]) for i in range(columns)], abs=1e-10
    )
    whole = r_squared(values, range(columns))
    assert found.r2 == pytest.approx(whole, abs=1e-10)
    rest = [r_squared(values, [j for j in range(columns) if j != i]) for i in range(columns)]
    assert [d.last for d in found.drivers.values()] == pytest.approx(
        [whole - r for r in rest], abs=1e-10
    )


def test_groups_always_and_weights_are_those_of_regressions():
    values, weights = made(80, 5, 3), np.random.default_rng(0).random(80)
    asked = Answers(values, "y", {"both": (1, 3), "a0": (0,), "a4": (4,)}, {"a2": (2,)}, weights)
    found = measure(asked, name="t")
    expected = over_all_orders(values, [[1, 3], [0], [4]], [2], weights)
    assert [d.share for d in found.drivers.values()] == pytest.approx(expected, abs=1e-10)
    assert found.always == {"a2": pytest.approx(r_squared(values, [2], weights), abs=1e-10)}
    assert found.r2 == pytest.approx(r_squared(values, range(5), weights), abs=1e-10)


@pytest.mark.parametrize("columns", [6, 9, 14, 15])
def test_the_tree_agrees_with_orders_that_are_drawn(columns):
    whole = np.corrcoef(made(200, columns, 5).T)
    exact = shapley(whole, single(columns))
    chosen = orders(columns, 4000, np.random.default_rng(1))
    drawn = additions(whole[..., None], single(columns), chosen)[..., 0].mean(axis=1)
    assert drawn == pytest.approx(exact, abs=0.01)
    assert drawn.sum() == pytest.approx(exact.sum(), abs=1e-12)


def test_beyond_23_attributes_orders_are_drawn_and_the_error_is_told():
    values = made(300, 26, 8)
    values[:, 25] = 7 * values[:, 0] + 1  # a copy in another unit
    found = measure(table(values), name="t", replicates=100)
    total = sum(d.share for d in found.drivers.values())
    assert total == pytest.approx(found.r2, abs=1e-12)
    assert 0 < max(d.error for d in found.drivers.values()) < 0.01
    assert found["a0"].share == pytest.approx(found["a25"].share, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(
    columns=st.integers(1, 6),
    rows=st.integers(12, 60),
    seed=st.integers(0, 10_000),
    powers=st.lists(st.integers(-8, 8), min_size=7, max_size=7),
    shuffle=st.randoms(use_true_random=False),
)
def test_shares_sum_to_r2_whatever_the_units_and_the_order(columns, rows, seed, powers, shuffle):
    values = made(rows, columns, seed)
    found = measure(table(values), name="t", replicates=100)
    each = [d.share for d in found.drivers.values()]
    for measured in ("share", "relative_weight", "pratt", "car"):
        total = sum(getattr(d, measured) for d in found.drivers.values())
        assert total == pytest.approx(found.r2, abs=1e-12)
    assert min(each) >= 0
    assert 0 <= found.r2 <= 1
    units = 10.0 ** np.array(powers[: columns + 1])
    place = list(range(columns))
    shuffle.shuffle(place)
    lines = list(range(rows))
    shuffle.shuffle(lines)
    moved = (values * units + 3 * units)[lines][:, [*place, columns]]
    again = measure(table(moved, [f"a{i}" for i in place]), name="t", replicates=100)
    assert [again[f"a{i}"].share for i in range(columns)] == pytest.approx(each, abs=1e-12)
    assert [again[f"a{i}"].low for i in range(columns)] == pytest.approx(
        [found[f"a{i}"].low for i in range(columns)], abs=1e-9
    )


@settings(max_examples=25, deadline=None)
@given(
    copies=st.integers(2, 4),
    seed=st.integers(0, 10_000),
    power=st.integers(-8, 8),
    sign=st.sampled_from([-1.0, 1.0]),
)
def test_copies_share_equally_and_add_nothing(copies, seed, power, sign):
    values = made(50, 3, seed)
    units = [1.0, *[sign * 10.0**power * (i + 1) for i in range(copies - 1)]]
    more = np.stack([values[:, 0] * unit for unit in units], axis=1)
    with_copies = np.c_[more, values[:, 1:]]
    names = [*(f"c{i}" for i in range(copies)), "a1", "a2"]
    found = measure(table(with_copies, names), name="t", replicates=100)
    each = [found[f"c{i}"].share for i in range(copies)]
    assert each == pytest.approx([each[0]] * copies, abs=1e-10)
    assert found.r2 == pytest.approx(r_squared(values, range(3)), abs=1e-9)
    assert any("the same answers" in note for note in found.notes)


@given(seed=st.integers(0, 10_000), columns=st.integers(1, 5))
@settings(max_examples=20, deadline=None)
def test_uncorrelated_attributes_get_their_squared_correlation(seed, columns):
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(np.c_[np.ones(40), rng.normal(size=(40, columns))])[0][:, 1:]
    values = np.c_[basis, basis @ rng.normal(size=columns) + 0.2 * rng.normal(size=40)]
    found = measure(table(values), name="t", replicates=100)
    squared = np.corrcoef(values.T)[:-1, -1] ** 2
    for measured in ("share", "relative_weight", "first", "last", "car"):
        each = [getattr(d, measured) for d in found.drivers.values()]
        assert each == pytest.approx(squared, abs=1e-10)


def test_a_constant_and_what_others_determine_get_nothing_or_their_part():
    values = made(60, 3, 1)
    still = np.c_[values[:, :3], np.full(60, 0.1), values[:, 0] + values[:, 1], values[:, 3]]
    found = measure(table(still), name="t", replicates=100)
    assert found["a3"].share == 0
    assert found.r2 == pytest.approx(r_squared(values, range(3)), abs=1e-9)
    assert sum(d.share for d in found.drivers.values()) == pytest.approx(found.r2, abs=1e-12)
    assert "always the same, and so without a share: a3." in found.notes


def test_em_is_the_likelihood_that_can_be_factored():
    # Where one column has gaps and the others none, its regression on them is all there is to know.
    rng = np.random.default_rng(4)
    first = rng.normal(size=200)
    gaps = 0.6 * first + rng.normal(size=200)
    outcome = 0.5 * gaps + 0.3 * first + rng.normal(size=200)
    known = np.arange(200) < 120
    design = np.c_[np.ones(120), first[known], outcome[known]]
    slopes = np.linalg.lstsq(design, gaps[known], rcond=None)[0]
    rest = ((gaps[known] - design @ slopes) ** 2).mean()
    whole = np.cov(np.c_[first, outcome].T, bias=True)
    cross = slopes[1:] @ whole
    expected = np.array(
        [
            [whole[0, 0], cross[0], whole[0, 1]],
            [cross[0], cross @ slopes[1:] + rest, cross[1]],
            [whole[0, 1], cross[1], whole[1, 1]],
        ]
    )
    sample = Sample.of(np.c_[first, np.where(known, gaps, np.nan), outcome])
    found = moments(sample, "em", 50)
    assert correlation(found.covariances)[..., 0] == pytest.approx(
        correlation(expected[..., None])[..., 0], abs=1e-9
    )
    assert found.rows == 200


@pytest.mark.parametrize("treatment", ["listwise", "em", "multiple"])
def test_gaps_at_random_move_shares_little_and_rows_are_counted(treatment):
    values = made(900, 4, 2)
    rng = np.random.default_rng(1)
    gappy = values.copy()
    gappy[:, :4][rng.random((900, 4)) < 0.08] = np.nan
    whole = measure(table(values), name="t", replicates=100)
    found = measure(table(gappy), name="t", treatment=treatment, replicates=100)
    assert found.rows == (found.complete if treatment == "listwise" else 900)
    assert found.treatment == treatment
    for name, driver in whole.drivers.items():
        assert found[name].share == pytest.approx(driver.share, abs=0.05)


@pytest.mark.parametrize("treatment", ["em", "multiple"])
def test_rows_one_by_one_give_what_patterns_give(treatment, monkeypatch):
    values = made(500, 4, 2)
    values[:, :4][np.random.default_rng(1).random((500, 4)) < 0.1] = np.nan
    by_pattern = measure(table(values), name="t", treatment=treatment, replicates=200)
    monkeypatch.setattr(missing, "_MANY", 0)
    by_row = measure(table(values), name="t", treatment=treatment, replicates=200)
    close = 1e-9 if treatment == "em" else 0.01
    for name, driver in by_pattern.drivers.items():
        assert by_row[name].share == pytest.approx(driver.share, abs=close)
        assert by_row[name].low == pytest.approx(driver.low, abs=0.03)
        assert by_row[name].high == pytest.approx(driver.high, abs=0.03)
    assert any("one step of EM" in note for note in by_row.notes) == (treatment == "em")


def test_em_is_the_default_where_more_than_5_percent_would_be_lost():
    values = made(200, 3, 2)
    few, many = values.copy(), values.copy()
    few[:10, 0] = np.nan
    many[:11, 0] = np.nan
    assert measure(table(few), name="t", replicates=100).treatment == "listwise"
    assert measure(table(many), name="t", replicates=100).treatment == "em"


def test_a_whole_weight_is_as_many_rows():
    values = made(60, 3, 6)
    weights = np.random.default_rng(2).integers(0, 4, 60).astype(float)
    weighted = measure(table(values, weights=weights), name="t", replicates=100)
    repeated = measure(
        table(np.repeat(values, weights.astype(int), axis=0)), name="t", replicates=100
    )
    assert [d.share for d in weighted.drivers.values()] == pytest.approx(
        [d.share for d in repeated.drivers.values()], abs=1e-12
    )
    assert weighted.size < repeated.size


def test_rows_of_one_respondent_are_drawn_together():
    values = np.repeat(made(50, 2, 9), 20, axis=0)
    apart = measure(table(values), name="t")
    together = measure(table(values, respondents=np.repeat(np.arange(50), 20)), name="t")
    assert together["a0"].high - together["a0"].low > 3 * (apart["a0"].high - apart["a0"].low)


@pytest.mark.parametrize("kind", ["normal", "likert", "skewed"])
def test_of_pure_noise_nothing_is_reported(kind):
    rng = np.random.default_rng(11)
    draw = {
        "normal": lambda: rng.normal(size=(120, 7)),
        "likert": lambda: rng.integers(1, 6, (120, 7)).astype(float),
        "skewed": lambda: np.exp(rng.normal(size=(120, 7))),
    }[kind]
    found = [measure(table(draw()), name="t", replicates=100) for _ in range(60)]
    assert sum(bool(f.reported) for f in found) <= 5
    assert sum("Nothing here can be told from noise" in f.text() for f in found) >= 55


def test_the_line_is_what_columns_of_noise_get():
    values = made(150, 3, 12)
    rng = np.random.default_rng(3)
    got = []
    for _ in range(200):
        more = np.c_[values[:, :3], rng.normal(size=150), values[:, 3]]
        got.append(shapley(np.corrcoef(more.T), single(4))[3])
    whole = np.corrcoef(values.T)
    drawn = noise.noise_shares(whole, single(3), 150)
    assert np.mean(drawn) == pytest.approx(np.mean(got), rel=0.25)
    assert np.mean(np.array(got) > noise.line(drawn, 3)) < 0.04
    dealt = noise.noise_shares(whole, single(3), 150, sample=Sample.of(values))
    assert np.mean(dealt) == pytest.approx(np.mean(drawn), rel=0.1)


def test_a_driver_that_is_there_is_reported_and_equal_ones_are_not_told_apart():
    alike = inside = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        answers = rng.normal(size=(400, 4))
        outcome = 2 * answers[:, 0] + answers[:, 1] + answers[:, 2] + 2 * rng.normal(size=400)
        found = measure(table(np.c_[answers, outcome]), name="t")
        assert found.reported[0].name == "a0"
        assert {d.name for d in found.reported} >= {"a0", "a1", "a2"}
        assert found["a0"].likely_first > 0.99
        assert not found.weak
        alike += any({"a1", "a2"} <= set(run) for run in found.alike)
        inside += found["a0"].low < 0.4 < found["a0"].high
    assert alike >= 16
    assert inside >= 16


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ([{"a": 1, "y": 2}], "1 row has 'y' and the answers"),
        ([{"a": i, "b": i * i % 7, "c": i % 3, "y": i % 5} for i in range(4)], "by counting alone"),
        ([{"a": i % 4, "y": 3} for i in range(40)], "'y' is always the same"),
        ([{"a": "x", "y": i} for i in range(40)], "no column can explain 'y'"),
        ([{"a": i % 4, "y": f"word {i}"} for i in range(40)], "neither numbers nor answers"),
    ],
)
def test_what_cannot_be_measured_is_refused_with_the_reason(data, problem):
    with pytest.raises(InputError, match=problem):
        reltype.drivers(data, "y")


def test_two_parts_for_one_column_are_refused():
    data = [{"a": i % 4, "b": i % 3, "y": i % 5} for i in range(60)]
    with pytest.raises(UsageError, match="cannot be one of the attributes"):
        reltype.drivers(data, "y", attributes="a,y")
    with pytest.raises(UsageError, match="cannot stay in always, too"):
        reltype.drivers(data, "y", always="y")
    with pytest.raises(UsageError, match="Did you mean 'listwise'"):
        reltype.drivers(data, "y", missing="listwize")


def test_weights_below_zero_name_the_row_and_zeros_are_told():
    data = [{"a": i % 4, "b": i % 3, "y": i % 5, "w": 1.0} for i in range(60)]
    data[6]["w"] = -2.0
    with pytest.raises(InputError, match=r"row 7 has the weight -2 in 'w'"):
        reltype.drivers(data, "y", weights="w")
    data[6]["w"] = 0.0
    found = reltype.drivers(data, "y", weights="w", replicates=100)
    assert found.rows == 59
    assert any(note.startswith("1 row has no weight") for note in found.notes)


def test_infinities_and_nan_are_no_answers_and_infinities_are_told():
    data = [{"a": float(i % 4), "b": i % 3, "y": i % 5 + i % 4} for i in range(90)]
    data[3]["a"], data[5]["a"] = float("inf"), float("nan")
    found = reltype.drivers(data, "y", replicates=100)
    assert found.rows == 88
    assert "a: 1 cell such as inf is no number and counted as no answer." in found.notes


@pytest.mark.parametrize("known", [0, 1, 2, 5])
@pytest.mark.parametrize("treatment", [None, "listwise", "multiple"])
def test_a_column_that_hardly_anybody_answered_explains_nothing(known, treatment):
    values = made(200, 2, 1)
    thin = np.full(200, np.nan)
    thin[:known] = np.random.default_rng(known).normal(size=known)
    with_thin = np.c_[values[:, 0], thin, values[:, 1:]]
    found = measure(table(with_thin), name="t", treatment=treatment, replicates=100)
    whole = measure(table(values), name="t", replicates=100)
    assert found.r2 == pytest.approx(whole.r2, abs=1e-12)
    assert "a1" not in found.drivers
    assert f"a1: answered in {known} of 200 rows, too few for a share; left out." in found.notes


def test_answers_that_nobody_gave_together_are_told():
    values = made(200, 3, 4)
    values[::2, 0] = np.nan
    values[1::2, 1] = np.nan
    found = measure(table(values), name="t", replicates=100)
    assert any(
        note.startswith("hardly anybody answered both: a0 and a1 (0 rows)") for note in found.notes
    )


def test_what_few_answered_needs_a_greater_share():
    values = made(400, 3, 4)
    values[:300, 0] = np.nan
    found = measure(table(values), name="t", treatment="em", replicates=100)
    assert found["a0"].line == pytest.approx(4 * found.noise)
    assert found["a1"].line == pytest.approx(found.noise)


def test_one_respondent_is_no_survey_and_few_are_no_more_than_they_are():
    values = made(200, 2, 9)
    with pytest.raises(InputError, match="1 respondent has 'y'"):
        measure(table(values, respondents=np.zeros(200, int)), name="t")
    found = measure(table(values, respondents=np.arange(200) % 8), name="t", replicates=100)
    assert found.size == pytest.approx(8)
    assert "8 rows for 2 columns are fewer than 10 for each" in found.weak


def test_one_weight_that_outweighs_all_others_is_no_evidence():
    values = made(100, 3, 9)
    weights = np.ones(100)
    weights[0] = 1e12
    found = measure(table(values, weights=weights), name="t", replicates=100)
    assert found.weak
    assert not found.reported


@pytest.mark.parametrize("unit", [1e-300, 1e-8, 1e8, 1e300])
def test_units_of_any_size_are_borne(unit):
    values = made(100, 3, 9)
    whole = measure(table(values), name="t", replicates=100)
    values[:, 1] *= unit
    found = measure(table(values), name="t", replicates=100)
    assert [d.share for d in found.drivers.values()] == pytest.approx(
        [d.share for d in whole.drivers.values()], abs=1e-12
    )


def test_a_group_is_held_against_a_group_of_noise():
    values = made(300, 5, 2)
    asked = Answers(values, "y", {"four": (0, 1, 2, 3), "one": (4,)})
    found = measure(asked, name="t", replicates=100)
    assert found["one"].line == found.noise
    assert found.noise < found["four"].line < 4 * found.noise


LIKERT = ["Strongly disagree", "Disagree", "Neither agree nor disagree", "Agree", "Strongly agree"]


@pytest.mark.parametrize(
    "words",
    [
        LIKERT,
        [
            "very dissatisfied",
            "somewhat dissatisfied",
            "neutral",
            "somewhat satisfied",
            "very satisfied",
        ],
        ["Never", "Rarely", "Sometimes", "Often", "Always"],
        ["1 - very bad", "2", "3", "4", "5 - very good"],
        ["poor", "fair", "good", "very good", "excellent"],
        ["not at all", "a little", "moderately", "very much", "completely"],
    ],
)
def test_answers_in_words_are_read_in_their_order(words):
    steps = [(i * 7) % 5 for i in range(200)]
    data = [{"a": words[s], "b": i % 3, "y": s + i % 2} for i, s in enumerate(steps)]
    found = reltype.drivers(data, "y", replicates=100)
    assert found["a"].correlation > 0.9
    assert any(note.startswith("a: ") for note in found.notes)


def test_words_for_no_answer_are_gaps():
    data = [{"a": LIKERT[i % 5] if i % 10 else "Don't know", "y": i % 5} for i in range(200)]
    found = reltype.drivers(data, "y", replicates=100)
    assert found.rows == 180
    assert any("Don't know" in note for note in found.notes)


def test_categories_are_one_player_of_several_columns():
    rng = np.random.default_rng(5)
    town = rng.integers(0, 3, 300)
    data = [
        {"town": ["Bonn", "Köln", "Ulm"][t], "a": float(a), "y": float([0, 3, 1][t] + a)}
        for t, a in zip(town, rng.normal(size=300), strict=True)
    ]
    values = np.c_[town == 1, town == 2, [r["a"] for r in data], [r["y"] for r in data]].astype(
        float
    )
    found = reltype.drivers(data, "y", attributes=["town", "a"], replicates=100)
    assert [found["town"].share, found["a"].share] == pytest.approx(
        over_all_orders(values, [[0, 1], [2]]), abs=1e-10
    )
    kept = reltype.drivers(data, "y", attributes="a", always="town", replicates=100)
    assert kept.always == {"town": pytest.approx(r_squared(values, [0, 1]))}


@pytest.mark.parametrize("seed", range(12))
def test_few_rows_with_many_gaps_end_in_shares_or_in_a_sentence(seed):
    rng = np.random.default_rng(seed)
    values = rng.choice([0.0, 1, 2, 3, 5, 7], (int(rng.integers(8, 30)), 5))
    values[:, 1] = values[:, 0] * rng.choice([1, -3, 1e6])
    values[rng.random(values.shape) < 0.3] = np.nan
    weights = rng.choice([0, 1, 2.5, 1e-9], len(values))
    try:
        found = measure(table(values, weights=weights), name="t", treatment="em", replicates=100)
    except InputError as error:
        assert str(error).startswith("t: ")  # noqa: PT017  either ending is right
        return
    total = sum(d.share for d in found.drivers.values())
    assert total == pytest.approx(found.r2, abs=1e-11)
    assert all(np.isfinite([d.low, d.high]).all() for d in found.drivers.values())

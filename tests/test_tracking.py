"""Tracking: the same ruler for all days, moves beyond noise, and matrices that err as they say."""

import datetime as dt
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import reltype
from reltype.analyses.tracking.days import as_of_days
from reltype.analyses.tracking.matrices import corrected, errors_of, joint_of, matrices, shares
from reltype.analyses.tracking.moves import moves
from reltype.cli import cli
from reltype.errors import UsageError

LOG = str(Path(__file__).parent.parent / "examples" / "coffee-bar.csv")


@pytest.fixture(scope="module")
def tracked():
    return reltype.track(LOG, every="quarter")


def test_there_is_a_row_for_every_customer_from_the_first_day_on_at_which_they_are_known(tracked):
    rows = tracked.table.select(["customer_id", "as_of"]).to_pylist()
    assert rows == sorted(rows, key=lambda r: (r["customer_id"], r["as_of"]))
    seen = {}
    for row in rows:
        seen.setdefault(row["customer_id"], []).append(row["as_of"])
    for days in seen.values():
        assert days == list(tracked.days[-len(days) :])
    assert len(seen) == 120


def test_previous_since_and_moved_follow_from_the_rows(tracked):
    before = {}
    for row in tracked.table.to_pylist():
        who = row["customer_id"]
        assert row["previous"] == before.get(who, (None,))[0]
        if row["previous"] != row["archetype"]:
            assert row["since"] == row["as_of"]
        else:
            assert row["since"] == before[who][1]
        before[who] = (row["archetype"], row["since"])
        assert (row["because"] is None) == (row["moved"] == "no")


def test_every_customer_is_in_some_state_on_every_day_and_rows_sum_to_one(tracked):
    assert {sum(mix.values()) for mix in tracked.mix.values()} == {120}
    for matrix in tracked.matrices.values():
        sums = matrix.shares.sum(axis=1)
        assert np.allclose(sums[matrix.steps > 0], 1)
        assert np.isnan(sums[matrix.steps == 0]).all()
        known = matrix.steps > 0
        assert ((matrix.low[known] >= 0) & (matrix.high[known] <= 1)).all()
    assert tracked.matrices["labelled"].steps.sum() == 120 * (len(tracked.days) - 1)
    assert sum(n for (_, day, _), n in tracked.cohorts.items() if day == tracked.days[-1]) == 120


def test_the_last_day_is_what_classify_says():
    found = reltype.classify(LOG)
    last = [r for r in reltype.track(LOG).table.to_pylist() if r["as_of"] == dt.date(2024, 12, 31)]
    assert [(r["customer_id"], r["archetype"]) for r in last] == [
        (one.customer_id, one.archetype) for one in found
    ]


@pytest.mark.parametrize(
    ("every", "first", "last", "days"),
    [
        ("month", "2024-01-15", "2024-03-31", ["2024-01-31", "2024-02-29", "2024-03-31"]),
        ("month", "2024-01-01", "2024-03-30", ["2024-01-30", "2024-02-29", "2024-03-30"]),
        ("quarter", "2024-01-01", "2024-08-10", ["2024-02-10", "2024-05-10", "2024-08-10"]),
        ("90d", "2024-01-01", "2024-07-01", ["2024-01-03", "2024-04-02", "2024-07-01"]),
        ("week", "2024-06-20", "2024-07-01", ["2024-06-24", "2024-07-01"]),
        ("year", "2021-12-31", "2024-02-29", ["2022-02-28", "2023-02-28", "2024-02-29"]),
    ],
)
def test_days_are_equal_steps_back_from_the_last(every, first, last, days):
    made = as_of_days(every, dt.date.fromisoformat(first), dt.date.fromisoformat(last))
    assert [str(day) for day in made] == days


@pytest.mark.parametrize("every", ["fortnight", "0d", "", "quarters", "1d"])
def test_a_step_that_is_none_or_too_small_is_refused(every):
    with pytest.raises(UsageError, match="--every"):
        as_of_days(every, dt.date(2020, 1, 1), dt.date(2024, 1, 1))


def test_a_log_of_less_than_two_steps_is_refused():
    with pytest.raises(UsageError, match="less than two steps"):
        reltype.track(LOG, every="year", first="2024-06-01")


# Matrices


def chains(start, step, errors, customers, days, rng):
    """(true, seen) paths of a Markov chain, each day read with independent errors."""
    states = len(start)
    true = np.empty((customers, days), np.int64)
    true[:, 0] = rng.choice(states, customers, p=start)
    for day in range(1, days):
        for state in range(states):
            here = true[:, day - 1] == state
            true[here, day] = rng.choice(states, here.sum(), p=step[state])
    seen = np.empty_like(true)
    for state in range(states):
        here = true == state
        seen[here] = rng.choice(states, here.sum(), p=errors[state])
    return true, seen


@pytest.mark.parametrize("accuracy", [0.95, 0.85, 0.75])
@pytest.mark.parametrize("stay", [1.0, 0.95, 0.85])
def test_a_known_matrix_is_found_again_behind_known_errors(accuracy, stay):
    rng = np.random.default_rng(5)
    states = 4
    step = np.full((states, states), (1 - stay) / 3) + np.eye(states) * (stay - (1 - stay) / 3)
    wrong = (1 - accuracy) / 3
    errors = np.full((states, states), wrong) + np.eye(states) * (accuracy - wrong)
    _, seen = chains(np.array([0.4, 0.3, 0.2, 0.1]), step, errors, 20_000, 5, rng)
    found = shares(corrected(joint_of(seen, states), errors))
    naive = shares(joint_of(seen, states))
    assert np.abs(found - step).max() < 0.03
    assert np.abs(found - step).max() <= np.abs(naive - step).max()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_without_errors_the_corrected_matrix_is_the_labelled_one(seed):
    rng = np.random.default_rng(seed)
    joint = rng.integers(0, 50, (4, 4)).astype(float)
    assert np.allclose(corrected(joint, np.eye(4)), joint, atol=1e-6 * max(joint.sum(), 1))


def test_errors_are_what_the_posteriors_expect():
    weights = np.array([[[0.8, 0.2], [0.3, 0.7]], [[0.6, 0.4], [0.1, 0.9]]])
    found = errors_of(weights, weights.argmax(axis=2), 2)
    assert np.allclose(found, [[1.4 / 1.8, 0.4 / 1.8], [0.6 / 2.2, 1.6 / 2.2]])


def test_nine_of_ten_intervals_hold_the_truth():
    step = np.array([[0.9, 0.07, 0.03], [0.1, 0.85, 0.05], [0.05, 0.15, 0.8]])
    inside = total = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        true, _ = chains(np.array([0.4, 0.35, 0.25]), step, np.eye(3), 400, 5, rng)
        found = matrices("abc", true, np.eye(3)[true], resamples=200)["labelled"]
        inside += ((found.low <= step) & (step <= found.high)).sum()
        total += step.size
    assert 0.86 <= inside / total <= 0.94


# Moves


def windows(customers, days, rng, *, strength=1.5, changed=()):
    """Log-likelihoods of windows whose customers are one archetype, or another from the middle on."""
    kind = rng.integers(0, 4, customers)
    path = np.repeat(kind[:, None], days, axis=1)
    for who in changed:
        path[who, days // 2 :] = (kind[who] + 1) % 4
    noise = rng.normal(0, 1, (customers, days, 4))
    return strength * np.eye(4)[path] + noise, path


@pytest.mark.parametrize("strength", [0.5, 1.5, 4.0])
def test_hardly_anybody_moves_where_nobody_does_however_strong_the_signals(strength):
    rng = np.random.default_rng(2)
    said, _ = windows(1000, 8, rng, strength=strength)
    found = moves(said)
    assert (found.moved.mean(axis=0) <= 0.02).all()


def test_clear_moves_are_found_and_told_once():
    rng = np.random.default_rng(2)
    changed = np.arange(50)
    said, path = windows(1000, 8, rng, strength=6.0, changed=changed)
    found = moves(said)
    hit = found.moved[:50, 4:6]
    assert hit.any(axis=1).mean() >= 0.8
    assert (found.moved[:50].sum(axis=1) <= 2).all()
    rows = hit.any(axis=1).nonzero()[0]
    day = hit[rows].argmax(axis=1) + 4
    assert (found.after[rows, day] == path[rows, -1]).mean() > 0.9


def test_what_everybody_does_at_once_is_a_season_and_no_move():
    rng = np.random.default_rng(3)
    said, _ = windows(1000, 8, rng)
    said[:, 5] += [9.0, -9.0, 0.0, 0.0]
    found = moves(said)
    assert found.moved[:, 5].mean() <= 0.03


# The command


def test_the_page_fits_and_the_json_form_holds_what_the_contract_names():
    done = CliRunner().invoke(cli, ["track", LOG])
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 80
    told = json.loads(CliRunner().invoke(cli, ["track", LOG, "--format", "json"]).stdout)
    assert {"matrices", "movers", "days"} <= set(told)
    assert set(told["matrices"]) == {"labelled", "posterior", "corrected"}


def test_the_file_has_the_columns_of_the_contract(tmp_path):
    path = tmp_path / "track.csv"
    done = CliRunner().invoke(cli, ["track", LOG, "--every", "90d", "-o", str(path), "-q"])
    assert done.exit_code == 0, done.output
    head = path.read_text().splitlines()[0].replace('"', "").split(",")
    assert head[:4] == ["customer_id", "as_of", "archetype", "certainty"]
    assert {"p_fling", "d_affect"} <= set(head)
    assert head[-4:] == ["previous", "moved", "since", "because"]

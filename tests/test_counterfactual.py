"""What would flip a name: judged again, it does; nothing smaller does; what cannot change is left alone."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import reltype
from reltype.explaining.counterfactual import PAIRED, SINGLE
from tests.garden import PACK, plants

CHANGEABLE = ("sap", "wind", "blooms")
WHOLE = ("blooms",)
WHOM = [f"p{i:03}" for i in range(24)]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    path = tmp_path_factory.mktemp("garden") / "garden.toml"
    path.write_text(PACK)
    return reltype.classify(plants(), rules=[path], typology="garden")


@pytest.fixture(scope="module")
def features(found):
    population = found.run.population
    return population.engine.table(f"SELECT * FROM ({population.features()}) ORDER BY customer_id")


@pytest.fixture(scope="module")
def answers(found):
    return {who: found.explain(who) for who in WHOM}


def judged(found, features, who, tried):
    """The name that a customer would have with each of some changes of features."""
    one = features.filter(pc.equal(features["customer_id"], who))
    rows = one.take(pa.array([0] * len(tried), pa.int64()))
    for name in CHANGEABLE:
        now = one[name][0].as_py()
        cells = [changes.get(name, now) for changes in tried]
        rows = rows.set_column(
            rows.schema.get_field_index(name), name, pa.array(cells, pa.float64())
        )
    rows = rows.append_column("place", pa.array(range(len(tried))))
    run = found.run
    with run.population.kept(rows, "changed") as table:
        batches = list(run.population.judge(f"SELECT * FROM {table} ORDER BY place"))
    names = [*(a.name for a in run.plan.archetypes), "unclassified"]
    return [names[i] for b in batches for i in run.result.named(run.conclude(b))]


@pytest.fixture(scope="module")
def grid(features):
    """Feature → the values that customers have, at every percentile; counts are whole."""
    made = {}
    for name in CHANGEABLE:
        values = features[name].drop_null().to_numpy()
        percentiles = np.quantile(values, np.linspace(0, 1, SINGLE))
        made[name] = np.rint(percentiles) if name in WHOLE else percentiles
    return made


def distance(grid, now, changes):
    """Share of customers that are passed, added up; a hair more for a longer way among equals."""
    total = 0.0
    for name, after in changes.items():
        values, before = grid[name], now[name]
        rank = np.interp(after, values, np.linspace(0, 1, SINGLE))
        if before is None:
            total += abs(rank - 0.5) + 1e-3
        elif after != before:
            start = np.interp(before, values, np.linspace(0, 1, SINGLE))
            total += abs(rank - start) + 1e-3 * abs(after - before) / (values[-1] - values[0])
    return total


def single_changes(grid, why):
    """Every value on the grid of each feature that was seen: what nobody knows cannot be changed."""
    seen = {n: v for n, v in grid.items() if why.features[n] is not None}
    return [{n: float(v)} for n, values in seen.items() for v in np.unique(values)]


def told(answers, count):
    """(customer, explanation) of those whose counterfactual changes so many features."""
    return [
        (who, why)
        for who, why in answers.items()
        if why.counterfactual is not None and len(why.counterfactual.changes) == count
    ]


def test_judged_again_with_the_changes_the_name_is_the_one_that_is_told(found, features, answers):
    for who, why in [*told(answers, 1), *told(answers, 2)]:
        changes = {c.feature: c.after for c in why.counterfactual.changes}
        assert judged(found, features, who, [{}, changes]) == [
            why.archetype,
            why.counterfactual.archetype,
        ]
        assert why.archetype != why.counterfactual.archetype


def test_a_change_begins_where_the_customer_is_and_ends_elsewhere_among_what_customers_have(
    answers, grid
):
    for who, why in [*told(answers, 1), *told(answers, 2)]:
        for change in why.counterfactual.changes:
            assert change.before == why.features[change.feature], who
            assert change.after != change.before
            values = grid[change.feature]
            now = change.before if change.before is not None else values[0]
            assert min(values[0], now) <= change.after <= max(values[-1], now)
            assert change.feature not in WHOLE or change.after == round(change.after)


def test_what_cannot_be_changed_is_never_changed(answers):
    changed = {
        c.feature for w in answers.values() if w.counterfactual for c in w.counterfactual.changes
    }
    assert changed <= set(CHANGEABLE)
    assert len(changed) > 1


def test_the_distance_is_the_share_of_customers_that_is_passed(answers, grid):
    for who, why in [*told(answers, 1), *told(answers, 2)]:
        changes = {c.feature: c.after for c in why.counterfactual.changes}
        assert why.counterfactual.distance == pytest.approx(
            distance(grid, why.features, changes)
        ), who


def test_no_smaller_change_of_one_feature_on_the_grid_flips_it(found, features, answers, grid):
    for who, why in told(answers, 1):
        tried = single_changes(grid, why)
        least = why.counterfactual.distance - 1e-9
        near = [c for c in tried if 0 < distance(grid, why.features, c) < least]
        assert set(judged(found, features, who, near)) <= {why.archetype, "unclassified"}, who


def test_between_the_last_step_that_does_not_flip_and_the_change_nothing_flips(
    found, features, answers, grid
):
    """The change is fine: a sixteenth of the way back from it, to the grid's step before, is too short."""
    for who, why in told(answers, 1):
        (change,) = why.counterfactual.changes
        if change.before is None or change.feature in WHOLE:
            continue
        values = np.unique(grid[change.feature])
        up = change.after > change.before
        beside = values[values < change.after] if up else values[values > change.after]
        step = (beside.max() if up else beside.min()) if len(beside) else change.before
        near = max(step, change.before) if up else min(step, change.before)
        shorter = change.after - (change.after - near) / 16
        flipped = judged(found, features, who, [{change.feature: float(shorter)}])
        if abs(shorter - change.after) > 1e-3:
            assert flipped[0] in {why.archetype, "unclassified"}, who


def test_two_features_are_changed_only_where_no_one_does_and_by_the_least_on_their_grid(
    found, features, grid, answers
):
    pairs = told(answers, 2)
    coarse = {n: np.unique(v[:: (SINGLE - 1) // (PAIRED - 1)]) for n, v in grid.items()}
    for who, why in pairs:
        single = single_changes(grid, why)
        assert set(judged(found, features, who, single)) <= {why.archetype, "unclassified"}
        tried = [
            {a: float(x), b: float(y)}
            for a, b in (("sap", "wind"), ("sap", "blooms"), ("wind", "blooms"))
            for x in coarse[a]
            for y in coarse[b]
        ]
        least = why.counterfactual.distance - 1e-9
        near = [c for c in tried if 0 < distance(grid, why.features, c) < least]
        near = [c for c in near if all(why.features[n] is not None for n in c)]
        assert set(judged(found, features, who, near)) <= {why.archetype, "unclassified"}, who


def test_none_is_told_only_where_none_on_the_grid_flips(found, features, grid, answers):
    for who, why in answers.items():
        if why.counterfactual is None:
            single = single_changes(grid, why)
            assert set(judged(found, features, who, single)) <= {why.archetype, "unclassified"}, who


def test_the_same_question_has_the_same_answer(found, answers):
    for who in WHOM[:3]:
        assert found.explain(who).counterfactual == answers[who].counterfactual

"""What would flip a name: judged again, it does; nothing smaller does; what cannot change is left alone."""

from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from reltype.explaining.counterfactual import PAIRED, SINGLE
from tests.garden import hedge, read

DIGITS = {"sap": 2, "wind": 2, "blooms": 0}
"""What can be changed, and how many digits of it the words show."""
WORDS = {
    "sap": lambda v: f"{v:.2f} sap",
    "wind": lambda v: f"{100 * v:.0f} % wind",
    "blooms": lambda v: {0: "never", 1: "once", 2: "twice"}.get(round(v), f"{v:.0f} times"),
}


WHOM = [f"h{i:02}" for i in (0, 1, 2, 3, 5, 12, 13, 26, 28, 29)]


@cache
def features():
    """Everybody's features, as the engine has them."""
    population = read(hedge()).run.population
    return population.engine.table(f"SELECT * FROM ({population.features()}) ORDER BY customer_id")


@cache
def grid():
    """Feature → the values that customers have, at every percentile, as far as words show them."""
    made = {}
    for name, digits in DIGITS.items():
        values = features()[name].drop_null().to_numpy()
        made[name] = np.quantile(values, np.linspace(0, 1, SINGLE)).round(digits)
    return made


@pytest.fixture(scope="module")
def found():
    return read(hedge())


@pytest.fixture
def answers(found):
    """Explanations of some: of whom one change, two, or none does, some features not seen."""
    return {who: found.explain(who) for who in WHOM}


def judged(found, who, tried):
    """The name that a customer would have with each of some changes of features."""
    one = features().filter(pc.equal(features()["customer_id"], who))
    rows = one.take(pa.array([0] * len(tried), pa.int64()))
    for name in DIGITS:
        now = one[name][0].as_py()
        cells = pa.array([changes.get(name, now) for changes in tried], pa.float64())
        rows = rows.set_column(rows.schema.get_field_index(name), name, cells)
    rows = rows.append_column("place", pa.array(range(len(tried)), pa.int64()))
    run = found.run
    with run.population.kept(rows, "changed") as table:
        batches = list(run.population.judge(f"SELECT * FROM {table} ORDER BY place"))
    names = [*(a.name for a in run.plan.archetypes), "unclassified"]
    return [names[i] for b in batches for i in run.result.named(run.score_batch(b))]


def distance(now, changes):
    """Share of customers that are passed, added up; a hair more for a longer way among equals."""
    total = 0.0
    for name, after in changes.items():
        values, before = grid()[name], now[name]
        if round(after, DIGITS[name]) == round(before, DIGITS[name]):
            return 0.0
        rank, start = np.interp([after, before], values, np.linspace(0, 1, SINGLE))
        total += abs(rank - start) + 1e-3 * abs(after - before) / (values[-1] - values[0])
    return total


def steps(why):
    return {c.feature: c.after for c in why.counterfactual.changes}


def smaller(why, tried):
    """Of some changes, those that are less far than the one that is told."""
    least = why.counterfactual.distance - 1e-9
    seen = [c for c in tried if all(why.features[n] is not None for n in c)]
    return [c for c in seen if 0 < distance(why.features, c) < least]


def singles():
    return [{n: float(v)} for n, values in grid().items() for v in np.unique(values)]


def pairs():
    coarse = {n: np.unique(v[:: (SINGLE - 1) // (PAIRED - 1)]) for n, v in grid().items()}
    return [
        {a: float(x), b: float(y)}
        for a, b in (("sap", "wind"), ("sap", "blooms"), ("wind", "blooms"))
        for x in coarse[a]
        for y in coarse[b]
    ]


def told(answers, *counts):
    """(customer, explanation) of those whose counterfactual changes so many features."""
    return [
        (who, why)
        for who, why in answers.items()
        if (0 if why.counterfactual is None else len(why.counterfactual.changes)) in counts
    ]


def test_judged_again_with_the_changes_the_name_is_the_one_that_is_told(found, answers):
    for who, why in told(answers, 1, 2):
        assert judged(found, who, [{}, steps(why)]) == [
            why.archetype,
            why.counterfactual.archetype,
        ]
        assert why.counterfactual.archetype not in (why.archetype, "unclassified")


def test_a_change_begins_where_the_customer_is_and_ends_elsewhere_among_what_customers_have(
    answers,
):
    for _, why in told(answers, 1, 2):
        for change in why.counterfactual.changes:
            assert change.before == why.features[change.feature]
            digits = DIGITS[change.feature]
            assert round(change.after, digits) != round(change.before, digits)
            assert change.after == pytest.approx(round(change.after, digits), abs=1e-12)
            values = grid()[change.feature]
            assert min(values[0], change.before) <= change.after <= max(values[-1], change.before)


def test_what_cannot_be_changed_or_was_not_seen_is_never_changed(answers):
    for _, why in told(answers, 1, 2):
        assert set(steps(why)) <= set(DIGITS)
        assert all(why.features[name] is not None for name in steps(why))
    changed = {name for _, why in told(answers, 1, 2) for name in steps(why)}
    assert len(changed) > 1


def test_a_change_is_told_in_its_words_with_what_is_and_what_would_be(answers):
    for _, why in told(answers, 1, 2):
        for change in why.counterfactual.changes:
            after, before = (WORDS[change.feature](v) for v in (change.after, change.before))
            assert after in change.text
            assert f"instead of {before.split(' sap')[0].split(' wind')[0]}" in change.text
        texts = " and ".join(c.text for c in why.counterfactual.changes)
        article = "an" if why.counterfactual.archetype == "ivy" else "a"
        sentence = f"{texts} would make it {article} {why.counterfactual.archetype}."
        assert why.counterfactual.text == sentence[0].upper() + sentence[1:]


def test_the_distance_is_the_share_of_customers_that_is_passed(answers):
    for who, why in told(answers, 1, 2):
        due = distance(why.features, steps(why))
        assert why.counterfactual.distance == pytest.approx(due), who


def test_no_smaller_change_of_one_feature_on_the_grid_flips_it(found, answers):
    for who, why in told(answers, 1):
        near = judged(found, who, smaller(why, singles()))
        assert set(near) <= {why.archetype, "unclassified"}, who


def test_a_step_shorter_than_the_one_that_is_told_does_not_flip_it(found, answers):
    """Beyond the grid: what is told is as short as its words can show, within a 32nd of a step."""
    for who, why in told(answers, 1):
        (change,) = why.counterfactual.changes
        values = np.unique(grid()[change.feature])
        up = change.after > change.before
        beside = values[values < change.after] if up else values[values > change.after]
        near = (beside.max() if up else beside.min()) if len(beside) else change.before
        near = max(near, change.before) if up else min(near, change.before)
        digits = DIGITS[change.feature]
        back = max(10.0**-digits, abs(change.after - near) / 16)
        shorter = round(change.after - back if up else change.after + back, digits)
        if 0 < distance(why.features, {change.feature: shorter}) < why.counterfactual.distance:
            again = judged(found, who, [{change.feature: shorter}])
            assert again[0] in (why.archetype, "unclassified"), who


def test_two_features_are_changed_only_where_no_one_does_and_by_the_least_on_their_grid(
    found, answers
):
    both = told(answers, 2)
    assert both
    for who, why in both:
        seen = [c for c in singles() if all(why.features[n] is not None for n in c)]
        assert set(judged(found, who, seen)) <= {why.archetype, "unclassified"}
        near = judged(found, who, smaller(why, pairs()))
        assert set(near) <= {why.archetype, "unclassified"}, who


def test_none_is_told_only_where_none_on_the_grid_flips(found, answers):
    none = told(answers, 0)
    assert none
    for who, why in none:
        tried = [*singles(), *pairs()]
        seen = [c for c in tried if all(why.features[n] is not None for n in c)]
        assert set(judged(found, who, seen)) <= {why.archetype, "unclassified"}, who


def test_the_same_question_has_the_same_answer(found, answers):
    for who in WHOM[:2]:
        assert found.explain(who).counterfactual == answers[who].counterfactual

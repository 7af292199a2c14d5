"""Roles, focus and horizon: what is cut by them, who is needed together, who hands over to whom."""

import csv
import io
import json

import pytest
from attrs import evolve
from click.testing import CliRunner

import reltype
from reltype.cli import cli
from reltype.definitions.benefits import FOCUSES, HORIZONS, ROLES, Cut
from reltype.errors import UsageError
from reltype.plugins import load
from reltype.plugins.knowledge import Knowledge
from reltype.reporting import stored
from reltype.reporting.roles import STAGES, hand_overs, matrix, stage, suiting
from reltype.simulate import simulate


@pytest.fixture(scope="module")
def plan():
    return Knowledge.of(load(without=())).plan("customer")


@pytest.fixture(scope="module")
def world():
    return simulate("coffee bar", customers=40)


@pytest.fixture(scope="module")
def whole(world):
    return reltype.classify(world.interactions).table


@pytest.fixture(scope="module")
def of_service(world):
    return reltype.classify(world.interactions, role="service")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"role": "service"}, Cut(("service",))),
        ({"role": ["Service", "work flow"]}, Cut(("service", "work-flow"))),
        ({"horizon": "short"}, Cut(horizons=("short-term win",))),
        ({"horizon": ("long_term", "new")}, Cut(horizons=("long-term win", "new approach"))),
        ({"focus": "Internal"}, Cut(focus="internal")),
        ({}, Cut()),
    ],
)
def test_a_cut_is_said_in_few_words(said, meant):
    assert Cut.of(**said) == meant


@pytest.mark.parametrize(
    "wrong",
    [{"role": "sales"}, {"role": "a"}, {"focus": "sideways"}, {"horizon": ""}, {"horizon": "win"}],
)
def test_a_word_that_is_none_is_told(wrong):
    with pytest.raises(UsageError, match="there is none"):
        Cut.of(**wrong)


def test_every_benefit_is_in_exactly_one_cut_of_each_sort(plan):
    for cuts in (
        [Cut((role,)) for role in ROLES],
        [Cut(focus=focus) for focus in FOCUSES],
        [Cut(horizons=(horizon,)) for horizon in HORIZONS],
    ):
        held = [benefit.name for cut in cuts for benefit in evolve(plan, cut=cut).benefits]
        assert sorted(held) == sorted(benefit.name for benefit in plan.benefits)


def test_a_cut_that_leaves_nothing_is_told(plan):
    with pytest.raises(UsageError, match="No benefit of customer is for audit, external"):
        _ = evolve(plan, cut=Cut(("audit",), "external")).benefits


def test_classify_plan_and_review_speak_of_nothing_else(world, of_service):
    found = of_service
    offered = {b.name for one in found for b in one.benefits}
    assert offered
    known = {b.name: b for b in found.run.plan.benefits}
    assert all(known[name].role == "service" for name in offered)
    made = reltype.plan(world.interactions, capacity={"service": 4, "audit": 4}, focus="internal")
    assert {row["role"] for row in made.rows} <= {"audit"}
    asked = [
        {"name": "a", "share": "fling", "at_most": 0.0, "owner": "audit"},
        {"name": "b", "share": "fling", "at_most": 0.0, "owner": "service"},
    ]
    held = reltype.review(world.interactions, standards=asked, role="audit")
    assert [one.standard.name for one in held.findings] == ["a"]
    with pytest.raises(UsageError, match="None of the 2 standards"):
        reltype.review(world.interactions, standards=asked, role="liaison")


def test_the_names_and_how_sure_they_are_do_not_depend_on_the_cut(whole, of_service):
    part = of_service.table
    for column in ("archetype", "confidence", "certainty", "status"):
        assert whole.column(column).equals(part.column(column))


def test_the_matrix_gives_each_archetype_a_whole(plan):
    parts = matrix(plan)
    for archetype in plan.archetypes:
        own = [part for part in parts if part.archetype == archetype.name]
        assert sum(part.share for part in own) == pytest.approx(1)
        assert sorted(b for part in own for b in part.benefits) == sorted(
            benefit.name for benefit in suiting(plan, archetype.name)
        )


def test_who_takes_over_comes_later_and_both_move_the_same(plan):
    known = {benefit.name: benefit for benefit in plan.benefits}
    for archetype in plan.archetypes:
        chain = hand_overs(plan, archetype.name)
        assert [STAGES.index(one.stage) for one in chain] == sorted(
            STAGES.index(one.stage) for one in chain
        )
        for one in chain:
            if one.after:
                before, after = known[one.after], known[one.benefit]
                assert stage(before) < stage(after)
                assert one.takes_over_from == before.role
                assert set(one.dimensions) == set(before.raises) & set(after.raises) != set()
        assert any(one.changes_hands for one in chain)


def test_what_must_not_be_pushed_on_an_archetype_is_nobodys_part(plan):
    for archetype in plan.archetypes:
        for benefit in suiting(plan, archetype.name):
            assert archetype.name not in benefit.not_for


def test_the_command_shows_matrix_hand_overs_and_cuts():
    def rows(*given):
        done = CliRunner().invoke(cli, ["benefits", *given, "-f", "csv"])
        assert done.exit_code == 0, done.output
        return list(csv.DictReader(io.StringIO(done.stdout)))

    assert {"archetype", *ROLES, "leads"} == set(rows("--matrix")[0])
    chain = rows("--hand-overs", "--for", "fling")
    assert {row["archetype"] for row in chain} == {"fling"}
    assert {row["owner"] for row in rows("--role", "audit")} == {"audit"}
    both = rows("--focus", "internal", "--horizon", "short", "--horizon", "new")
    assert {row["focus"] for row in both} == {"internal"}
    done = CliRunner().invoke(cli, ["benefits", "--matrix", "-f", "json"])
    assert json.loads(done.stdout)[0]["archetype"]


def test_a_stored_result_is_cut_as_a_fresh_one_is(whole, of_service, plan):
    part = of_service.table
    cut = stored.as_cut(whole, evolve(plan, cut=Cut(("service",))))
    names = [[b["name"] for b in row] for row in cut.column("benefits").to_pylist()]
    known = {b.name for b in plan.benefits if b.role == "service"}
    assert {name for row in names for name in row} <= known
    fresh = [[b["name"] for b in row] for row in part.column("benefits").to_pylist()]
    for few, many in zip(names, fresh, strict=True):
        assert few == many[: len(few)]  # a stored result holds only its first benefits
    later = stored.as_cut(whole.slice(7, 20), evolve(plan, cut=Cut(("service",))))
    assert later.column("benefits").to_pylist() == cut.column("benefits").to_pylist()[7:27]

"""The two packs are consistent, their archetypes can be reached, headers are found by their words."""

import csv
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import reltype
import reltype.checks
from hypothesis import given
from hypothesis import strategies as st
from reltype.definitions import packs
from reltype.definitions.assembly import catalogue_of
from reltype.mapping.declared import Declared
from reltype.mapping.guess import guess
from reltype.scoring.classifiers import Batch, Prototype
from reltype.scoring.plan import Plan
from reltype.scoring.pool import pool

import reltype_organisation

BUILTIN = Path(reltype.__file__).parent / "builtin" / "customer.toml"
EXAMPLES = Path(__file__).parents[3] / "examples"
SHARED = Path(__file__).parents[4] / "shared" / "data"


def catalogue(*, with_plugin=True):
    contributions = [("built-in", packs.load(BUILTIN))]
    if with_plugin:
        found = reltype_organisation.reltype_definitions()
        contributions.append(("organisation", [d for path in found for d in packs.load(path)]))
    return catalogue_of(contributions)


CATALOGUE = catalogue()
PLANS = {n: Plan(CATALOGUE, CATALOGUE.typology(n)) for n in ("employee", "stakeholder")}
KINDS = [(n, a.name) for n, plan in PLANS.items() for a in plan.archetypes]


def seen_as(plan, **readings):
    """The posterior of one of whom only these readings are known, and in full."""
    row = np.array([[readings.get(d, np.nan) for d in plan.typology.dimensions]])
    batch = Batch(
        table=pa.table({"customer_id": ["one"]}),
        readings=row,
        evidence=np.where(np.isnan(row), 0.0, 1.0),
        fired=np.zeros((1, 0)),
    )
    return pool(plan, [Prototype.of(plan)], batch, np.array([-1])).posterior[0]


def read_as(header, cells=("1", "3", "5"), typology="employee", beside=()):
    """Our names of the facts that a column with this header is read as, with the expressions."""
    plan = PLANS[typology]
    table = pa.table({header: list(cells), **{name: list(cells) for name in beside}})
    made = guess(
        "people.csv",
        table.column_names,
        ["VARCHAR"] * table.num_columns,
        table,
        role="customers",
        features=CATALOGUE.features,
        declared=Declared.of(CATALOGUE.columns_of(typology), plan.features),
    )
    return dict(made.mapping.columns)


@pytest.mark.parametrize(("typology", "name"), KINDS)
def test_an_archetype_seen_in_full_at_its_prototype_is_that_archetype(typology, name):
    plan = PLANS[typology]
    names = [a.name for a in plan.archetypes]
    places = plan.archetypes[names.index(name)].prototype
    posterior = seen_as(plan, **{d: places[d].value for d in plan.typology.dimensions})
    assert names[posterior[:-1].argmax()] == name
    assert posterior.max() >= plan.typology.min_confidence


@pytest.mark.parametrize(("typology", "name"), KINDS)
def test_every_place_says_where_it_comes_from(typology, name):
    plan = PLANS[typology]
    (archetype,) = [a for a in plan.archetypes if a.name == name]
    assert set(archetype.prototype) == set(plan.typology.dimensions)
    assert all(place.source and place.status for place in archetype.prototype.values())


@pytest.mark.parametrize(("typology", "name"), KINDS)
def test_every_archetype_has_benefits_with_an_owner_a_horizon_and_key_questions(typology, name):
    mine = [b for b in PLANS[typology].benefits if b.suits.get(name, 0) >= 0.3]
    assert len(mine) >= 3
    assert all(b.role and b.horizon and b.questions and b.actions for b in mine)


@pytest.mark.parametrize(
    ("readings", "name"),
    [
        ({"attachment": 0.85, "hearing": 0.8, "purpose": 0.8}, "owner"),
        ({"attachment": 0.52, "constraint": 0.25, "purpose": 0.6}, "professional"),
        ({"obligation": 0.9, "attachment": 0.5, "constraint": 0.55}, "dutiful"),
        ({"attachment": 0.2, "constraint": 0.8, "standing": 0.7}, "stayer by circumstance"),
        ({"attachment": 0.35, "constraint": 0.25, "standing": 0.1}, "passing through"),
    ],
)
def test_three_readings_are_enough_to_tell_a_plain_case(readings, name):
    plan = PLANS["employee"]
    posterior = seen_as(plan, **readings)
    assert [a.name for a in plan.archetypes][posterior[:-1].argmax()] == name


@given(st.floats(0.05, 0.9), st.floats(0.01, 0.09))
def test_more_attachment_never_makes_an_owner_less_likely(attachment, more):
    plan = PLANS["employee"]
    low = seen_as(plan, attachment=attachment)
    high = seen_as(plan, attachment=attachment + more)
    owner, stayer = 0, 3
    assert high[owner] >= low[owner] - 1e-9 or attachment > 0.72
    assert high[stayer] <= low[stayer] + 1e-9 or attachment < 0.35


@pytest.mark.parametrize(
    ("header", "ours"),
    [
        ("JobSatisfaction", "satisfied_with_job"),
        ("satisfaction_level", "satisfied_with_job"),
        ("EmpJobInvolvement", "engaged"),
        ("Employee Engagement Score", "engaged"),
        ("WorkLifeBalance", "at_ease"),
        ("Stress Level", "at_ease"),
        ("Manager Rating", "superior_support"),
        ("My supervisor treats me with respect", "superior_support"),
        ("I know what is expected of me at work", "knows_requirements"),
        ("I understand the mission of my agency", "sees_purpose"),
        ("Employee Recognition", "recognised"),
        ("My opinion counts at work", "is_heard"),
        ("senior_mgmt", "is_heard"),
        ("career_opp", "can_grow"),
        ("comp_benefits", "fairly_paid"),
        ("culture_values", "surroundings"),
        ("wlb", "at_ease"),
        ("work_env", "surroundings"),
        ("Communication between departments is good", "across_departments"),
        ("I have opportunities to learn and grow", "can_grow"),
        ("How likely are you to look for another job?", "wants_to_stay"),
        ("Turnover intention", "wants_to_stay"),
        (
            "I feel that I have too few options to consider leaving this organization",
            "cannot_leave",
        ),
        ("Too much of my life would be disrupted if I decided to leave now", "cannot_leave"),
        ("I do not feel any obligation to remain with my current employer", "ought_to_stay"),
        ("This organization deserves my loyalty", "ought_to_stay"),
        ("Arbeitszufriedenheit", "satisfied_with_job"),
        ("I would recommend this company to a friend", "recommends"),
    ],
)
def test_a_question_on_work_is_known_by_its_words(header, ours):
    assert list(read_as(header)) == [ours]


# Allen & Meyer's (1990) items: those that deny, or speak of another organisation, are keyed the other way.
@pytest.mark.parametrize(
    ("header", "ours", "turned"),
    [
        (
            "I would be very happy to spend the rest of my career with this organization",
            "engaged",
            False,
        ),
        ("I do not feel like part of the family at my organization", "engaged", True),
        ("I do not feel emotionally attached to this organization", "engaged", True),
        (
            "I could easily become as attached to another organization as to this one",
            "engaged",
            True,
        ),
        ("I do not feel any obligation to remain with my employer", "ought_to_stay", True),
        (
            "I would not leave my organization right now because I have a sense of obligation",
            "ought_to_stay",
            False,
        ),
        ("It would be very hard for me to leave my organization right now", "cannot_leave", False),
        ("It would not be too costly for me to leave my organization now", "cannot_leave", True),
        ("I feel emotionally drained from my work", "at_ease", True),
        ("My workload is manageable", "at_ease", False),
        ("There is too little chance for promotion on my job", "can_grow", True),
        ("I am not satisfied with the benefits I receive", "fairly_paid", True),
        ("My supervisor is unfair to me", "superior_support", True),
        ("Work assignments are not fully explained", "knows_requirements", True),
        ("I can speak up without fear of reprisal", "is_heard", False),
        ("I recommend my organization as a good place to work", "recommends", None),
    ],
)
def test_an_item_is_keyed_as_its_words_say(header, ours, turned):
    (expression,) = [e for name, e in read_as(header).items() if name == ours]
    if turned is not None:
        assert expression.endswith(", 5, 1)" if turned else ", 1, 5)")


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("Age", ("31", "44", "52")),
        ("Gender", ("1", "2", "1")),
        ("MaritalStatus", ("1", "2", "3")),
        ("DistanceFromHome", ("1", "2", "3")),
        ("Q17", ("1", "2", "3")),
        ("cei1", ("1", "2", "3")),
        ("ManagerID", ("1", "2", "3")),
        ("Department", ("1", "2", "3")),
        ("EmployeeCount", ("1", "1", "1")),
        ("PerformanceRating", ("1", "2", "3")),
        ("MonthlyIncome", ("1", "2", "3")),
        ("Access to mental health resources", ("Yes", "No", "Yes")),
        ("Satisfaction with remote work", ("1", "2", "3")),
        ("sleep_hours", ("7", "8", "6")),
    ],
)
def test_what_says_nothing_of_the_relationship_is_not_read(header, cells):
    assert read_as(header, cells) == {}


@pytest.mark.parametrize(
    ("header", "ours"),
    [
        ("Power", "said_power"),
        ("influence (1-5)", "said_power"),
        ("Legitimacy of claim", "said_legitimacy"),
        ("Urgency", "said_urgency"),
        ("Financial stake", "financial_stake"),
        ("they depend on us", "they_need_us"),
        ("We depend on them", "we_need_them"),
        ("Trust level", "said_trust"),
        ("Dependency on us", "they_need_us"),
        ("Our dependency on them", "we_need_them"),
    ],
)
def test_a_list_of_stakeholders_is_known_by_its_words(header, ours):
    assert list(read_as(header, typology="stakeholder")) == [ours]


def test_a_register_in_words_is_read_as_one_in_numbers():
    said = read_as(
        "Attitude", ("Champion", "Supportive", "Neutral", "Resistant", "Blocker"), "stakeholder"
    )
    assert list(said) == ["said_trust"]
    assert all(f"THEN {n}" in said["said_trust"] for n in ("1", "0.6", "0", "-0.6", "-1"))


def test_the_example_of_a_city_names_those_who_depend_and_those_who_hold_a_key():
    found = reltype.classify(
        EXAMPLES / "homeless-network.csv",
        rules=reltype_organisation.PACKS,
        typology="stakeholder",
        no_plugin=plugin(),
    )
    names = dict(
        zip(
            *(found.to_arrow().column(c).to_pylist() for c in ("customer_id", "archetype")),
            strict=True,
        )
    )
    assert names["Sam"] == "dependent"
    assert names["Outreach worker"] == "partner in the outcome"
    assert names["Head of housing"] == "gatekeeper"
    assert names["Former rough sleeper"] == "friend of the cause"
    assert names["Residents' group"] == "challenger"


def plugin():
    """The plugin's name where it is installed, since its packs are given by hand here."""
    return [e.name for e in entry_points(group="reltype") if e.name == "organisation"]


def test_a_survey_in_rows_reads_what_each_question_is_about():
    rows = [
        {"employee id": f"E{i}", "date": f"2024-0{1 + w}-01", "question": q, "score": s}
        for i in range(30)
        for w in range(3)
        for q, s in (
            ("I feel proud to work here", 1 + (i + w // 2) % 5),
            ("My manager listens", 1 + i % 5),
            ("I get recognition", 1 + i % 4),
        )
    ]
    found = reltype.classify(
        rows, rules=reltype_organisation.PACKS, typology="employee", no_plugin=plugin()
    )
    table = found.to_arrow()
    for dimension in ("attachment", "superior", "recognition"):
        assert table.column(f"d_{dimension}").null_count == 0
    assert table.column("d_purpose").null_count == len(table)


def test_tables_of_one_company_that_share_an_id_are_read_together(tmp_path):
    files = {
        "general.csv": ("EmployeeID", "YearsAtCompany", "StockOptionLevel"),
        "employee_survey.csv": ("EmployeeID", "JobSatisfaction", "WorkLifeBalance"),
        "manager_survey.csv": ("EmployeeID", "JobInvolvement", "PerformanceRating"),
    }
    for name, header in files.items():
        rows = [[i, 1 + i % 4, 1 + (i // 4) % 4] for i in range(1, 61)]
        with (tmp_path / name).open("w", newline="") as file:
            csv.writer(file).writerows([header, *rows])
    found = reltype.classify(
        [tmp_path / name for name in files],
        rules=reltype_organisation.PACKS,
        typology="employee",
        no_plugin=plugin(),
    )
    table = found.to_arrow()
    assert len(table) == 60
    for dimension in ("attachment", "ease", "constraint", "standing"):
        assert table.column(f"d_{dimension}").null_count == 0


def test_a_house_adds_its_own_words_by_an_override(tmp_path):
    """Lists are replaced whole, so the pack's own words are given, too, where they shall go on."""
    pack = tmp_path / "ours.toml"
    pack.write_text(
        '[override.columns.superior_support]\nheaders = ["puls f 7"]\n', encoding="utf-8"
    )
    paths = (BUILTIN, *reltype_organisation.PACKS, pack)
    contributions = [(str(path), packs.load(path)) for path in paths]
    changed = catalogue_of(contributions)
    (mine,) = [c for c in changed.columns_of("employee") if c.name == "superior_support"]
    assert mine.headers == ("puls f 7",)


def test_nobody_is_named_dutiful_where_duty_was_not_asked_of():
    rows = [
        {"emp id": i, "Job satisfaction": 1 + i % 5, "Job involvement": 1 + i % 4}
        for i in range(50)
    ]
    found = reltype.classify(
        rows, rules=reltype_organisation.PACKS, typology="employee", no_plugin=plugin()
    )
    assert "dutiful" not in found.to_arrow().column("archetype").to_pylist()


def test_installing_it_changes_nothing_in_the_typology_customer():
    with_it, without = CATALOGUE, catalogue(with_plugin=False)
    plans = [Plan(c, c.typology("customer")) for c in (with_it, without)]
    for part in ("dimensions", "archetypes", "signals", "rules", "benefits"):
        assert getattr(plans[0], part) == getattr(plans[1], part), part


def test_those_passing_through_had_left_more_often_than_owners():
    path = SHARED / "ibm-hr-attrition" / "Employee-Attrition.csv"
    if not path.is_file():
        pytest.skip(f"the real data are not here: {path}")
    found = reltype.classify(
        path, rules=reltype_organisation.PACKS, typology="employee", no_plugin=plugin()
    ).to_arrow()
    with path.open(newline="", encoding="utf-8") as file:
        gone = {row["EmployeeNumber"]: row["Attrition"] == "Yes" for row in csv.DictReader(file)}
    left = {}
    for name, who in zip(
        *(found.column(c).to_pylist() for c in ("archetype", "customer_id")), strict=True
    ):
        left.setdefault(name, []).append(gone[who])
    assert np.mean(left["passing through"]) > 2 * np.mean(left["owner"])


@pytest.mark.parametrize("check", reltype.checks.of(reltype_organisation), ids=str)
def test_it_keeps_the_laws_of_reltype(check):
    check()

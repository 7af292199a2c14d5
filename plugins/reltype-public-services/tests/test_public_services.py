"""The pack is consistent, its rules do what their examples say, respect goes before function."""

import csv
from collections import defaultdict
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
import reltype
import reltype.checks
from reltype.definitions import packs
from reltype.definitions.assembly import catalogue_of
from reltype.expressions import literal
from reltype.scoring.classifiers import Batch, Prototype
from reltype.scoring.plan import Plan
from reltype.scoring.pool import pool
from reltype.scoring.priorities import priorities

import reltype_public_services

BUILTIN = Path(reltype.__file__).parent / "builtin" / "customer.toml"


def catalogue(*, with_plugin=True):
    contributions = [("built-in", packs.load(BUILTIN))]
    if with_plugin:
        found = reltype_public_services.reltype_definitions()
        contributions += [("public-services", packs.load(path)) for path in found]
    return catalogue_of(contributions)


CATALOGUE = catalogue()
PLAN = Plan(CATALOGUE, CATALOGUE.typology("public service"))
NAMES = tuple(a.name for a in PLAN.archetypes)
DIMENSIONS = PLAN.typology.dimensions
EXAMPLES = [(rule, example) for rule in PLAN.rules for example in rule.examples]


def seen_as(readings, evidence):
    """The posteriors of users with these readings, by the prototype alone."""
    n = len(readings)
    batch = Batch(
        table=pa.table({"customer_id": [str(i) for i in range(n)]}),
        readings=readings,
        evidence=evidence,
        fired=np.zeros((n, 0)),
    )
    return pool(PLAN, [Prototype.of(PLAN)], batch, np.full(n, -1)).posterior


def user(**readings):
    """(1, dimensions) of a user of whom only these readings are known, and in full."""
    row = np.array([[readings.get(d, np.nan) for d in DIMENSIONS]])
    return row, np.where(np.isnan(row), 0.0, 1.0)


def fires(rule, given):
    """What DuckDB makes of the rule's condition: True, False, or None where it is unknown."""
    expression = rule.expression()
    columns = dict.fromkeys(expression.needs, "CAST(NULL AS DOUBLE)")
    columns |= {name: literal(value) for name, value in given.items()}
    return duckdb.sql(f"SELECT {expression.sql(columns=columns)}").fetchall()[0][0]


def advice(archetype, *broken):
    """Names of the benefits for a user who is of this archetype, the most promising first."""
    benefits, archetypes = PLAN.benefits, PLAN.archetypes
    posterior = np.array([[float(a.name == archetype) for a in archetypes]])
    readings = np.array([[a.prototype[d].value for d in DIMENSIONS] for a in archetypes])
    score, _ = priorities(
        posterior,
        readings[[NAMES.index(archetype)]],
        np.ones((1, len(DIMENSIONS))),
        suits=np.array([[b.suits.get(a.name, 0.0) for a in archetypes] for b in benefits]),
        raises=np.array([[b.raises.get(d, 0.0) for d in DIMENSIONS] for b in benefits]),
        targets=np.array([[a.prototype[d].aim for d in DIMENSIONS] for a in archetypes]),
        barred=np.array([[a.name in b.not_for for a in archetypes] for b in benefits]),
        broken=np.array([[b.name in broken for b in benefits]]),
    )
    return [benefits[i].name for i in np.argsort(-score[0], kind="stable")]


def test_what_the_law_or_the_need_sets_is_not_read():
    structural = {"volition", "exclusivity", "endurance", "regularity", "intensity"}
    assert not structural & set(DIMENSIONS)


@pytest.mark.parametrize("name", NAMES)
def test_an_archetype_seen_in_full_at_its_prototype_is_that_archetype(name):
    places = PLAN.archetypes[NAMES.index(name)].prototype
    posterior = seen_as(*user(**{d: places[d].value for d in DIMENSIONS}))[0]
    assert posterior.argmax() == NAMES.index(name)
    assert posterior.max() >= PLAN.typology.min_confidence


@pytest.mark.parametrize(
    ("readings", "name"),
    [
        ({"respect": 0.7, "timeliness": 0.7, "affect": 0.6}, "settled arrangement"),
        ({"respect": 0.95, "affect": 0.9, "reciprocity": 0.7}, "trusted partnership"),
        ({"respect": 0.2, "timeliness": 0.8, "affect": 0.3}, "served but not seen"),
        ({"respect": 0.85, "timeliness": 0.15, "affect": 0.55}, "valued but kept waiting"),
        ({"respect": 0.35, "affect": 0.25, "voice": 0.0}, "silent suffering"),
        ({"timeliness": 0.2, "affect": 0.05, "voice": 0.85}, "open quarrel"),
    ],
)
def test_three_readings_are_enough_to_tell_a_plain_case(readings, name):
    assert NAMES[seen_as(*user(**readings))[0][:-1].argmax()] == name


@pytest.mark.parametrize(
    ("rule", "example"), EXAMPLES, ids=[f"{r.name}-{e.fires}" for r, e in EXAMPLES]
)
def test_a_rule_does_what_its_examples_say(rule, example):
    assert fires(rule, example.given) is example.fires


@pytest.mark.parametrize("name", NAMES)
def test_respect_and_dignity_come_before_the_functional_elements(name):
    offered = advice(name)
    assert offered.index("dignity in every contact") < offered.index(
        "the service itself, done well"
    )


@pytest.mark.parametrize("name", NAMES)
def test_what_is_broken_in_delivery_is_put_right_first(name):
    assert advice(name, "on time, and told")[0] == "on time, and told"


def test_nobody_is_offered_special_treatment():
    assert "special treatment" not in {b.name for b in PLAN.benefits}


def test_installing_it_changes_nothing_in_the_typology_customer():
    with_it, without = CATALOGUE, catalogue(with_plugin=False)
    plans = [Plan(c, c.typology("customer")) for c in (with_it, without)]
    for part in ("dimensions", "archetypes", "signals", "rules", "benefits"):
        assert getattr(plans[0], part) == getattr(plans[1], part), part


@pytest.fixture(scope="module")
def providers(shared):
    """CAHPS for MIPS: rates of 'timely care', 'communicate' and 'rating' of each provider."""
    path = shared / "cms-patient-experience" / "cms_patient_experience.csv"
    found = defaultdict(dict)
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["prf_rate"] not in ("", "NA"):
                found[row["org_pac_id"]][row["measure_cd"]] = float(row["prf_rate"])
    wanted = ("CAHPS_GRP_1", "CAHPS_GRP_2", "CAHPS_GRP_3")
    return np.array([[p[m] for m in wanted] for p in found.values() if set(wanted) <= set(p)])


def test_patients_rate_providers_by_how_they_communicate_more_than_by_timely_care(providers):
    """The order of the benefits, on real providers: an association, of groups and not of people."""
    assert len(providers) >= 50
    timely, communicates, _ = np.corrcoef(providers.T)[2]
    assert communicates > timely > 0.3


@pytest.mark.parametrize("check", reltype.checks.checks_of(reltype_public_services), ids=str)
def test_it_keeps_the_laws_of_reltype(check):
    check()

"""The pack is consistent, its forms can be reached, its rules do what their examples say."""

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

import reltype_fournier

BUILTIN = Path(reltype.__file__).parent / "builtin" / "customer.toml"
FORMS = (
    "arranged marriage",
    "casual friendship",
    "marriage of convenience",
    "committed partnership",
    "best friendship",
    "compartmentalised friendship",
    "kinship",
    "rebound",
    "childhood friendship",
    "courtship",
    "dependency",
    "fling",
    "enmity",
    "secret affair",
    "enslavement",
)
CORE = ("casual friendship", "marriage of convenience", "committed partnership", "fling")


def catalogue(*, with_plugin=True):
    contributions = [("built-in", packs.load(BUILTIN))]
    if with_plugin:
        contributions += [("fournier", packs.load(p)) for p in definitions()]
    return catalogue_of(contributions)


def definitions():
    return reltype_fournier.reltype_definitions()


CATALOGUE = catalogue()
PLAN = Plan(CATALOGUE, CATALOGUE.typology("fournier"))
EXAMPLES = [(rule, example) for rule in PLAN.rules for example in rule.examples]


def seen_as(plan, readings, evidence):
    """The posteriors of customers with these readings, by the prototype alone."""
    n = len(readings)
    batch = Batch(
        table=pa.table({"customer_id": [str(i) for i in range(n)]}),
        readings=readings,
        evidence=evidence,
        fired=np.zeros((n, 0)),
    )
    return pool(plan, [Prototype.of(plan)], batch, np.full(n, -1)).posterior


def fires(rule, given):
    """What DuckDB makes of the rule's condition: True, False, or None where it is unknown."""
    expression = rule.expression()
    columns = dict.fromkeys(expression.needs, "CAST(NULL AS DOUBLE)")
    columns |= {name: literal(value) for name, value in given.items()}
    return duckdb.sql(f"SELECT {expression.sql(columns=columns)}").fetchall()[0][0]


def test_the_pack_holds_all_fifteen_forms():
    assert tuple(a.name for a in PLAN.archetypes) == FORMS


def test_every_place_says_where_it_comes_from():
    for archetype in PLAN.archetypes:
        assert set(archetype.prototype) == set(PLAN.typology.dimensions)
        assert all(place.source for place in archetype.prototype.values())


@pytest.mark.parametrize("form", FORMS)
def test_a_form_seen_in_full_at_its_prototype_is_that_form(form):
    archetype = PLAN.archetypes[FORMS.index(form)]
    readings = np.array([[archetype.prototype[d].value for d in PLAN.typology.dimensions]])
    posterior = seen_as(PLAN, readings, np.ones_like(readings))[0]
    assert posterior.argmax() == FORMS.index(form)
    assert posterior.max() >= PLAN.typology.min_confidence


def test_without_any_evidence_no_form_is_named():
    shape = (1, len(PLAN.typology.dimensions))
    posterior = seen_as(PLAN, np.full(shape, np.nan), np.zeros(shape))[0]
    assert posterior.max() < PLAN.typology.min_confidence


def test_behaviour_alone_leaves_a_secret_affair_to_be_a_fling():
    """What a log of purchases shows of the two is the same, and the prior decides."""
    affair = PLAN.archetypes[FORMS.index("secret affair")].prototype
    shown = ("endurance", "regularity", "intensity")
    readings = np.array(
        [[affair[d].value if d in shown else np.nan for d in PLAN.typology.dimensions]]
    )
    posterior = seen_as(PLAN, readings, np.where(np.isnan(readings), 0.0, 1.0))[0]
    assert FORMS[posterior[:-1].argmax()] != "secret affair"


@pytest.mark.parametrize(
    ("rule", "example"), EXAMPLES, ids=[f"{r.name}-{e.fires}" for r, e in EXAMPLES]
)
def test_a_rule_does_what_its_examples_say(rule, example):
    assert fires(rule, example.given) is example.fires


@pytest.mark.parametrize("rule", PLAN.rules, ids=lambda rule: rule.name)
def test_a_rule_of_which_nothing_is_known_has_no_opinion(rule):
    assert fires(rule, {}) is not True


def test_every_rule_of_the_pack_has_an_example_that_fires_and_one_that_does_not():
    own = [d for d in packs.load(reltype_fournier.PACK) if d in PLAN.rules]
    assert own
    for rule in own:
        assert {e.fires for e in rule.examples} >= {True, False}, rule.name


def test_no_rule_speaks_for_a_secret_affair():
    assert "secret affair" not in {rule.archetype for rule in PLAN.rules}


def test_installing_it_changes_nothing_in_the_typology_customer():
    with_it, without = CATALOGUE, catalogue(with_plugin=False)
    plans = [Plan(c, c.typology("customer")) for c in (with_it, without)]
    for part in ("dimensions", "archetypes", "signals", "rules", "benefits"):
        assert getattr(plans[0], part) == getattr(plans[1], part), part


@pytest.mark.parametrize("form", [form for form in FORMS if form not in CORE])
def test_every_form_that_the_built_in_typology_lacks_has_three_benefits(form):
    assert sum(b.suits.get(form, 0) >= 0.3 for b in PLAN.benefits) >= 3


@pytest.mark.parametrize("form", ["dependency", "enslavement"])
def test_nothing_offered_to_those_who_are_not_free_binds_them_further(form):
    for benefit in PLAN.benefits:
        if benefit.suits.get(form, 0) > 0:
            assert not {"intensity", "exclusivity", "endurance"} & set(benefit.raises), benefit.name


@pytest.mark.parametrize("check", reltype.checks.checks_of(reltype_fournier), ids=str)
def test_it_keeps_the_laws_of_reltype(check):
    check()

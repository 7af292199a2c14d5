"""The names of columns: written in one place, and nobody else's."""

import inspect
import re
from pathlib import Path

import pytest

import reltype
from reltype.definitions.archetypes import UNCLASSIFIED
from reltype.definitions.references import _Names
from reltype.scoring import columns as col
from reltype.scoring.unclassified import Why, reasons, undecided
from tests.garden import judged

NUMBERED = [
    col.raw, col.signal, col.observed, col.seen, col.saw, col.mass, col.says, col.rule, col.rate,
    col.needed, col.broken, col.signals_seen, col.mean_evidence, col.rates_held,
]  # fmt: skip
NAMED = [col.reading, col.evidence, col.amount, col.fact, col.given, col.posterior]


def test_every_function_that_names_a_column_is_tried_here():
    known = {f.__name__ for f in (*NUMBERED, *NAMED)}
    made = {
        name
        for name, f in inspect.getmembers(col, inspect.isfunction)
        if f.__module__ == col.__name__ and list(inspect.signature(f).parameters) != ["columns"]
    }
    assert made - known == {"flag", "dimension_of", "archetype_of"}


@pytest.mark.parametrize("called", NUMBERED)
def test_no_definition_may_be_called_as_a_column_that_a_run_numbers(called):
    names = _Names(judged()[0].plan.catalogue)
    assert names._reserved(called(7))
    assert not names._reserved("grip")


@pytest.mark.parametrize("kind", ["reason", "status", "alarm"])
def test_no_definition_may_be_called_as_a_flag(kind):
    assert _Names(judged()[0].plan.catalogue)._reserved(col.flag(kind, 0))


@pytest.mark.parametrize("called", NAMED)
def test_no_definition_may_be_called_as_what_a_run_makes_of_another(called):
    plan = judged()[0].plan
    of = {col.posterior: plan.archetypes[0].name, col.fact: plan.features[0].name}
    of[col.given] = of[col.fact]
    name = of.get(called, plan.dimensions[0].name)
    assert _Names(plan.catalogue)._reserved(called(name))


def test_a_column_of_a_result_is_read_back_as_what_it_was_made_of():
    assert col.dimension_of(col.reading("affect")) == "affect"
    assert col.dimension_of(col.evidence("affect")) is None
    made = [col.posterior(n) for n in ("Casual  friendship", "fling", UNCLASSIFIED)]
    assert col.posteriors(["customer_id", *made, "d_affect"]) == made[:2]
    assert [col.archetype_of(c) for c in made] == ["casual friendship", "fling", "unclassified"]


def test_nobody_else_spells_the_name_of_a_column():
    spelt = re.compile(
        r"""f["'](?:[pdem]|raw|signal|seen|saw|mass|says|rule|rate|needs|broken|fact|given)_\{"""
        r"""|startswith\(["'](?:[pde]|rule|signal)_["']\)|["'](?:p_)?unclassified["']"""
    )
    root = Path(reltype.__file__).parent
    found = [
        f"{path.relative_to(root)}:{number}"
        for path in sorted(root.rglob("*.py"))
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if spelt.search(line)
    ]
    # Below scoring: a recipe reads the columns that it is given; and the name itself.
    allowed = {
        "builtin/trees.py",
        "definitions/references.py",
        "definitions/archetypes.py",
        "scoring/columns.py",
    }
    assert {place.split(":")[0] for place in found} <= allowed, found


def test_every_text_of_why_nobody_is_named_has_a_kind():
    run, batches = judged()
    kinds = reasons(run.plan)
    told = {
        row["unclassified_because"]
        for batch in batches
        for row in run.result_batch(batch).to_pylist()
    } - {None}
    assert told <= set(kinds)
    assert {kinds[text] for text in told} >= {Why.WITHHELD, Why.BETWEEN}


def test_what_is_undecided_for_all_that_was_seen_is_known_without_the_flags():
    kinds = undecided(["a", "b", "c"])
    assert kinds["between a and c"] is Why.BETWEEN
    assert kinds["fits none"] is Why.NONE_FITS
    assert "too little seen" not in kinds
    assert [why.name for why in Why if why.too_little] == ["WITHHELD", "LITTLE_KNOWN", "NEEDS"]

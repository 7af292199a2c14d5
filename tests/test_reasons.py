"""Reasons: facts with their units, true to the rows, ranked by what they say, and adding up."""

import importlib.util
import math
import re
import tomllib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import reltype
from reltype import plugins
from reltype.definitions import packs
from reltype.definitions.assembly import catalogue_of
from reltype.definitions.dimensions import Sentence, Signal
from reltype.definitions.phrases import a, describe_value, fill, shown
from reltype.definitions.rules import Rule
from reltype.explaining.reasons import AGAINST, FOR, SHARE
from reltype.simulate import simulate

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "coffee-bar.csv"
PACKS = [
    Path(next(iter(plugins.builtin.reltype_definitions()))),
    *sorted(ROOT.glob("plugins/reltype-*/src/*/*.toml")),
]


def catalogue_with(pack):
    """What the built-in pack and *pack* define together, whatever functions it calls."""
    text = pack.read_text("utf-8").replace("vader(text)", "length(text)")

    made = list(packs.parse(tomllib.loads(text), pack.name))
    builtin = packs.load(PACKS[0])
    both = [("built-in", builtin)] + ([(pack.name, made)] if pack != PACKS[0] else [])
    return made, catalogue_of(both)


@pytest.fixture(scope="module")
def found():
    return reltype.classify(str(EXAMPLE), no_plugin=[])


@pytest.fixture(scope="module")
def rows(found):
    return found.to_arrow().to_pylist()


@pytest.mark.parametrize("pack", PACKS, ids=lambda p: p.stem)
def test_every_signal_of_every_pack_has_a_sentence_for_each_pole(pack):
    made, _ = catalogue_with(pack)
    lacking = {
        s.name: {"low", "high"} - {said.pole for said in s.says}
        for s in made
        if isinstance(s, Signal)
    }
    assert {name: poles for name, poles in lacking.items() if poles} == {}


@pytest.mark.parametrize("pack", PACKS, ids=lambda p: p.stem)
def test_what_a_sentence_puts_in_is_counted_in_the_rows_and_leans_on_no_scale(pack):
    made, catalogue = catalogue_with(pack)

    def leans(name, seen=()):
        if name in catalogue.scales:
            return True
        feature = catalogue.features.get(name)
        if feature is None or not feature.of or name in seen:
            return False
        expression = feature.expression()
        # What is null where nobody gives it is a fact all the same: `most_settled > 0 and …`.
        needs = set() if expression.aggregate else expression.needs
        return any(leans(n, (*seen, name)) for n in needs if not n.startswith("most_"))

    texts = [(s.name, said.text) for s in made if isinstance(s, Signal) for said in s.says]
    texts += [(r.name, r.because) for r in made if isinstance(r, Rule)]
    smoothed = [
        (name, slot)
        for name, text in texts
        for slot in re.findall(r"\{(\w+)", text)
        if slot not in catalogue.scales and leans(slot)
    ]
    assert smoothed == []
    readings = [
        name
        for name, text in texts
        if set(re.findall(r"\{(\w+)", text)) & set(catalogue.dimensions)
    ]
    assert readings == []


@pytest.mark.parametrize(
    ("value", "form", "words"),
    [
        (1, "days", "1 day"),
        (6.44, "days", "6.4 days"),
        (32.4, "days", "32 days"),
        (72, "every", "72 days"),
        (1, "every", "day"),
        (91.3, "every", "91 days"),
        (110, "every", "4 months"),
        (30, "span", "4 weeks"),
        (20, "span", "20 days"),
        (549, "span", "18 months"),
        (1826, "span", "5 years"),
        (4018, "span", "11 years"),
        (900, "span", "2.5 years"),
        (0, "times", "never"),
        (1, "times", "once"),
        (2, "times", "twice"),
        (1234, "times", "1,234 times"),
        (1, "letter|letters", "1 letter"),
        (17, "letter|letters", "17 letters"),
        (0, "other|others", "no others"),
        (0, "count", "none"),
        (1234.5, "money", "1,234"),
        (3.5, "money", "3.50"),
        (-3.5, "money", "-3.50"),
        (0.531, "percent", "53 %"),
        (0.001, "percent", "less than 1 %"),
        (16163, "date", "3 April 2014"),
        (0.5, "rating", "+50 on a scale of -100 to 100"),
        (None, "days", "?"),
    ],
)
def test_numbers_are_told_in_units_that_people_use(value, form, words):
    assert describe_value(value, form) == words


def test_a_rating_is_told_on_the_scale_that_people_were_asked_on(tmp_path):
    rows = ["customer_id,timestamp,kind,rating"]
    for c in range(8):
        rows += [f"c{c},2024-{m:02}-{1 + c},review,{1 + (c + m) % 5}" for m in range(1, 10)]
    (tmp_path / "log.csv").write_text("\n".join(rows))
    made = reltype.classify(str(tmp_path / "log.csv"), no_plugin=[])
    texts = [r["text"] for row in made.to_arrow().to_pylist() for r in row["reasons"]]
    judged = [t for t in texts if t.startswith("judged us")]
    assert all(re.match(r"judged us [1-5](\.\d)? of 5 on average, 9 times", t) for t in judged)
    assert judged


@pytest.mark.parametrize(
    ("column", "money"),
    [
        ("Betrag (EUR)", "€116"),
        ("amount_usd", "$116"),
        ("Total £", "£116"),
        ("Sales CLP", "116 CLP"),
        ("price", "116"),
        ("open items", "116"),
    ],
)
def test_money_is_told_with_the_currency_that_its_column_names(column, money):
    rows = [
        {"customer": c, "date": f"2024-{m:02}-0{1 + i}", column: 10 * (i + 1) + m}
        for i, c in enumerate("abcdef")
        for m in range(1, 9)
    ]
    made = reltype.classify(rows, map={"value": f'"{column}"'}, no_plugin=[])
    seen = {r.text for r in (*made["a"].reasons, *made["a"].against)}
    assert any(t.startswith(f"spent {money} in all") for t in seen), seen


@pytest.mark.parametrize(
    ("noun", "words"), [("fling", "a fling"), ("old friend", "an old friend"), ("unit", "a unit")]
)
def test_a_noun_gets_its_article(noun, words):
    assert a(noun) == words


@pytest.mark.parametrize("form", ["days", "every", "span", "money", "times", "a|b", "percent"])
def test_what_a_counterfactual_tries_is_what_it_tells(form):
    for value in np.geomspace(0.013, 5000, 60):
        tried = shown(float(value), form, None)
        assert shown(tried, form, None) == pytest.approx(tried)


@pytest.mark.parametrize("keys", [{}, {"low": "x", "high": "y"}, {"when": "a > 1"}])
def test_a_sentence_is_for_one_pole(keys):
    with pytest.raises(ValueError, match="one of low, high, usual"):
        Sentence(**keys)


def test_reasons_are_facts_and_no_readings(found, rows):
    words = "|".join(d.name for d in found.run.plan.dimensions)
    for row in rows:
        for reason in (*row["reasons"], *row["against"]):
            assert not re.search(rf"\b({words})\b|neither|\b0\.\d|\?|\{{", reason["text"]), reason


def test_reasons_are_ranked_and_none_is_a_trifle(rows):
    counts = Counter()
    for row in rows:
        for column, most, sign in (("reasons", FOR, 1), ("against", AGAINST, -1)):
            amounts = [sign * r["contribution"] for r in row[column]]
            assert amounts == sorted(amounts, reverse=True)
            assert len(amounts) <= most
            counts[column] += len(amounts)
            assert all(amount > SHARE * sum(amounts) / len(amounts) for amount in amounts)
    assert counts["reasons"] > 2 * len(rows)
    assert counts["against"] > 0.2 * len(rows)


def test_no_fact_is_told_twice(rows):
    for row in rows:
        texts = [re.sub(r"[\d.,]+", "#", r["text"]) for r in (*row["reasons"], *row["against"])]
        assert len(texts) == len(set(texts)), texts


def test_what_speaks_against_says_for_what_it_speaks(found, rows):
    names = [x.name for x in found.run.plan.archetypes]
    ends = tuple(f": speaks for {a(name)}" for name in names)
    assert all(r["text"].endswith(ends) for row in rows for r in row["against"])
    named = [row for row in rows if row["archetype"] != "unclassified"]
    assert not any(r["text"].endswith(ends) for row in named for r in row["reasons"])


@pytest.mark.parametrize("who", ["C-000003", "C-000008", "C-000102"])
def test_contributions_add_up_to_the_score_and_to_the_odds(found, who):
    why, row = found.explain(who), found[who]
    for name, score in why.scores.items():
        assert math.isclose(sum(c.amount for c in why.of(name)), score, abs_tol=1e-9)
    first, second = sorted(
        (n for n in why.scores if n != "unclassified"), key=lambda n: -why.scores[n]
    )[:2]
    odds = math.log(row.scores[first] / row.scores[second])
    both = sum(c.amount for c in why.of(first)) - sum(c.amount for c in why.of(second))
    assert math.isclose(odds, both, abs_tol=1e-6)
    said = {c.text: c.amount for c in why.of(first)}
    other = {c.text: c.amount for c in why.of(second)}
    for reason in row.reasons[:1]:
        bare = re.sub(r": speaks for .*", "", reason.text)
        assert bare in said
        assert reason.contribution * (said[bare] - other.get(bare, 0.0)) > 0


def test_a_dimension_is_handed_down_to_its_signals_without_a_rest(found):
    run = found.run
    batch = next(run.population.batches())
    pooled = run.score_batch(batch)
    first, second = np.argsort(-pooled.posterior[:, :-1], axis=1)[:, :2].T
    made = run.result.reasons.handed_down(batch, pooled, first, second)
    at = np.arange(len(first))
    whole = pooled.scores[at, first] - pooled.scores[at, second]
    prior = (pooled.prior[at, first] - pooled.prior[at, second]) / pooled.temperature
    assert np.allclose(made.amounts.sum(axis=1), whole - prior, atol=1e-9)


def test_reasons_do_not_depend_on_who_else_is_in_the_batch(found, rows):
    run = found.run
    small = [
        row
        for batch in run.population.batches(size=7)
        for row in run.result_batch(batch).to_pylist()
    ]
    assert [r["reasons"] for r in small] == [r["reasons"] for r in rows]
    assert [r["against"] for r in small] == [r["against"] for r in rows]


def test_whoever_is_withheld_is_told_the_facts_of_it():
    log = [
        {"customer_id": "one", "timestamp": "2024-01-02", "kind": "purchase", "value": 3.0},
        *(
            {"customer_id": "two", "timestamp": f"2024-0{m}-02", "kind": "purchase", "value": 3.0}
            for m in range(1, 7)
        ),
    ]
    one = reltype.classify(log, no_plugin=[])["one"]
    assert [r.text for r in one.reasons] == ["only 1 step or payment, on 1 day"]


def test_the_numbers_in_reasons_are_those_of_the_rows():
    """The benchmark holds 100,000 sentences against the rows; this, some hundred."""
    path = ROOT / "benchmarks" / "reasons.py"
    spec = importlib.util.spec_from_file_location("reasons_benchmark", path)
    bench = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    patterns, counts, wrong = bench.compiled(), Counter(), []
    for business in ("coffee bar", "software subscription"):
        for text, values in bench.told_of(business, 60, 3, "all"):
            bare = bench.SPEAKS.sub("", text)
            if re.search(r"\d", bare):
                bench.check(patterns, business, bare, values, counts, wrong)
    assert sum(counts.values()) > 300
    assert wrong == []


def test_a_models_reasons_are_facts_too_and_add_up():
    world = simulate("software subscription", customers=160, seed=4)
    labels = world.truth.take(np.arange(0, 160, 2))
    model = reltype.fit(world.interactions, customers=world.customers, labels=labels)
    made = reltype.classify(world.interactions, customers=world.customers, model=model)
    rows = made.to_arrow().to_pylist()
    texts = [r["text"] for row in rows for r in (*row["reasons"], *row["against"])]
    assert not [t for t in texts if re.search(r"learned|labels|\b0\.\d|_", t)]
    why = made.explain(rows[0]["customer_id"])
    for name, score in why.scores.items():
        assert math.isclose(sum(c.amount for c in why.of(name)), score, abs_tol=1e-9)


def test_a_counterfactual_is_a_sentence_about_what_they_do(found):
    seen = [found.explain(f"C-00000{i}").counterfactual for i in range(4)]
    seen = [t for t in seen if t is not None]
    assert seen
    for one in seen:
        assert re.fullmatch(r"[A-Z].* instead of .* would make it an? [a-z ]+\.", one.text)
        assert "_" not in one.text
        assert not re.search(r"\bpace\b|\b0\.\d", one.text)
        assert one.archetype in one.text


def test_a_fill_reaches_nothing_but_values():
    assert fill("{x:days} and {y.__class__}", {"x": 3, "y": 1}) == "3 days and {y.__class__}"

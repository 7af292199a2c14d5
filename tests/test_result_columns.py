"""Every column of the result, against the formulas of the documentation worked out by hand.

The typology and the customers are those of `garden`. What is expected is written in plain Python, a
customer at a time, from the sentences that say what each column is; none of reltype's code computes it.
"""

import math
import tomllib
from statistics import mean

import numpy as np
import pyarrow as pa
import pytest
from attrs import evolve
from scipy.integrate import quad
from scipy.special import softmax

from tests.garden import PACK, judged, plants, read

SAID = tomllib.loads(PACK)
TYPOLOGY = SAID["typologies"][0]
ARCHETYPES = SAID["archetypes"]
NAMES = [a["name"] for a in ARCHETYPES]
DIMENSIONS = TYPOLOGY["dimensions"]
WEIGHTS = {d["name"]: d.get("weight", 1.0) for d in SAID["dimensions"]}
SPEAKS_OF = {s["name"]: s["dimension"] for s in SAID["signals"]}


@pytest.fixture
def found():
    return read(plants())


@pytest.fixture
def rows():
    """The result of batches that were read once: all that is concluded is concluded anew."""
    run, batches = judged()
    again = evolve(run)
    return [row for batch in batches for row in again.result_batch(batch).to_pylist()]


@pytest.fixture(scope="module")
def expected():
    return worked_out(plants().to_pylist())


def signals(row):
    """Dimension → (weight, how far it was seen, value) of each of its signals that is not null."""
    sap, wind, blooms, rings = (row[n] for n in ("sap", "wind", "blooms", "rings"))
    glow = [] if sap is None else [(2.0, 1.0, sap)]
    if blooms is not None:
        glow.append((1.0, blooms / (blooms + 2), blooms / (blooms + 2)))
    grip = [] if rings is None else [(1.0, 1.0, rings / (rings + 5))]
    grip += [] if wind is None else [(3.0, 1.0, 1 - wind)]
    return {"glow": (3.0, glow), "grip": (4.0, grip)}


def holds(row, d):
    """What the pack's conditions say, None where they cannot be told."""

    def test(*parts):  # as SQL: false where a part is false, else unknown where one is
        told = [None if None in values else test(*values) for test, *values in parts]
        return False if False in told else None if None in told else True

    sap, wind, blooms, rings = (row[n] for n in ("sap", "wind", "blooms", "rings"))
    return {
        "gives and is sappy": test((lambda v: v > 0.7, sap), (lambda v: v >= 3, blooms)),
        "gives much": test((lambda v: v >= 5, blooms)),
        "bound and cold": test(
            (lambda v: v < 0.3, wind), (lambda v: v < 0.4, sap), (lambda v: v > 2, rings)
        ),
        "nothing known": d["glow"] is None and d["grip"] is None,
        "too new": test((lambda v: v < 1, rings)),
        "free": test((lambda v: v > 0.8, wind)),
        "growing": test((lambda v: v <= 10, rings)),
        "old": test((lambda v: v > 5, rings)),
        "withers": test((lambda v: v < 0.2, sap)),
        "tangled": test((lambda v: v < 0.2, wind), (lambda v: v < 0.5, sap)),
        "needs": blooms is not None,
        "broken": test((lambda v: v < 0.3, sap)),
    }


def density(place, reading):
    """The normal density over [0, 1], as high as at its middle on a side that is open."""

    def height(x):
        if place.get("open") == "above":
            x = min(x, place["value"])
        return math.exp(-0.5 * ((x - place["value"]) / place["tolerance"]) ** 2)

    area, _ = quad(height, 0, 1, points=[place["value"]], epsabs=1e-12)
    return height(reading) / area


def worked_out(table):
    made = [{"row": row} for row in table]
    for m in made:
        said = signals(m["row"])
        m["d"] = {
            k: sum(w * n * x for w, n, x in seen) / sum(w * n for w, n, _ in seen)
            if sum(w * n for w, n, _ in seen)
            else None
            for k, (_, seen) in said.items()
        }
        m["e"] = {k: sum(w * n for w, n, _ in seen) / asked for k, (asked, seen) in said.items()}
        m["holds"] = holds(m["row"], m["d"])
    both = [[m["holds"][n] is True for n in ("gives and is sappy", "gives much")] for m in made]
    together = sum(a and b for a, b in both) / sum(a or b for a, b in both)
    for m in made:
        by_hand(m, together)
    shares = {
        k: mean(
            sum(w for w, _, _ in said) / asked
            for asked, said in (signals(m["row"])[k] for m in made)
        )
        for k in DIMENSIONS
    }
    for m in made:
        m["known"] = sum(WEIGHTS[k] * shares[k] for k in DIMENSIONS) / sum(WEIGHTS.values())
    return made


def by_hand(m, together):
    d, e, held = m["d"], m["e"], m["holds"]
    m["share"] = sum(WEIGHTS[k] * e[k] for k in DIMENSIONS) / sum(WEIGHTS.values())
    eps = TYPOLOGY["contamination"]
    scores, m["parts"], m["prior"] = [], [], []
    for archetype in ARCHETYPES:
        prior = math.log(archetype.get("prior", 1.0))
        if held["free"]:
            prior += math.log(TYPOLOGY["base_rates"][0]["rates"].get(archetype["name"], 1.0))
        parts = {
            k: WEIGHTS[k] * e[k] * math.log((1 - eps) * density(place, d[k]) + eps)
            for k, place in archetype["prototype"].items()
            if d[k] is not None
        }
        parts |= rules(archetype["name"], held, together)
        m["parts"].append(parts)
        m["prior"].append(prior)
        scores.append(prior + sum(parts.values()))
    m["T"] = TYPOLOGY["temperature"] * (1 + TYPOLOGY["warming"] * m["share"])
    scores = [s / m["T"] for s in scores]
    none = math.log(TYPOLOGY["unclassified_prior"]) / m["T"]
    m["reason"] = next((n for n in ("nothing known", "too new") if held[n]), None)
    if m["reason"]:
        none = max(*scores, none) + 6.0
    m["p"] = softmax([*scores, none])


def rules(archetype, held, together):
    """What the fired rules say: of two that overlap, by Fisher's discriminant; 1 % is their own."""
    weight = {
        r["name"]: r["weight"]
        for r in SAID["rules"]
        if r["archetype"] == archetype and held[r["name"]]
    }
    if len(weight) < 2:
        return weight
    a, b = np.sqrt(list(weight.values()))
    s = together * 0.99
    x = np.array([a - s * b, b - s * a]) / (1 - s * s)
    if (x < 0).any():
        x = np.where([a >= b, b > a], [a, b], 0.0)
    return dict(zip(weight, np.array([a, b]) * x, strict=True))


def d_prime(m, first, second):
    square = abs(circumstance(m, first) - circumstance(m, second))
    for k in DIMENSIONS:
        a, b = (ARCHETYPES[i]["prototype"][k] for i in (first, second))
        apart = (a["value"] - b["value"]) ** 2 / ((a["tolerance"] ** 2 + b["tolerance"] ** 2) / 2)
        square += WEIGHTS[k] * m["e"][k] * apart
    said = [sum(v for n, v in m["parts"][i].items() if n not in WEIGHTS) for i in (first, second)]
    return math.sqrt(square + abs(said[0] - said[1]))


def circumstance(m, i):
    return m["prior"][i] - math.log(ARCHETYPES[i].get("prior", 1.0))


def named(m, least=TYPOLOGY["min_confidence"]):
    """The archetype that is named, and why none is: in the order in which reasons are told."""
    best, second = np.argsort(-m["p"][:3], kind="stable")[:2]
    if m["reason"]:
        return None, m["reason"]
    if m["p"].argmax() == 3:
        return None, "fits none"
    if NAMES[best] == "daisy" and not m["holds"]["needs"]:
        return None, "no bloom was counted"
    if m["p"].max() < least or d_prime(m, best, second) < TYPOLOGY["tell_apart"]:
        first, last = sorted((best, second))
        return None, f"between {NAMES[first]} and {NAMES[last]}"
    return NAMES[best], None


def test_the_columns_stand_in_their_order_with_their_types():
    reason = "list<item: struct<text: string, contribution: double>>"
    offer = "list<item: struct<name: string, priority: double, because: string>>"
    numbers = [f"p_{n}" for n in ("red_rose", "ivy", "daisy", "unclassified")]
    numbers += ["d_glow", "d_grip", "e_glow", "e_grip"]
    assert [(f.name, str(f.type)) for f in evolve(judged()[0]).result.schema] == [
        ("customer_id", "string"),
        ("archetype", "string"),
        ("confidence", "double"),
        *((n, "double") for n in numbers),
        ("reasons", reason),
        ("against", reason),
        ("certainty", "string"),
        ("benefits", offer),
        ("status", "string"),
        ("unclassified_because", "string"),
        ("alarms", "list<item: string>"),
    ]


def test_a_run_concludes_of_everybody_what_it_concludes_of_its_batches(found, rows):
    assert found.to_arrow().to_pylist() == rows


def test_there_is_a_row_for_each_customer_sorted_by_id():
    shuffled = plants(40).take(pa.array(np.random.default_rng(0).permutation(40)))
    ids = read(shuffled).to_arrow()["customer_id"].to_pylist()
    assert ids == sorted(plants(40)["customer_id"].to_pylist())


def test_readings_are_means_of_what_was_seen_and_evidence_is_the_share_of_what_is_asked(
    found, expected
):
    for row, m in zip(found.to_arrow().to_pylist(), expected, strict=True):
        for k in DIMENSIONS:
            assert (row[f"d_{k}"] is None) == (m["d"][k] is None)
            assert row[f"d_{k}"] == (None if m["d"][k] is None else pytest.approx(m["d"][k]))
            assert row[f"e_{k}"] == pytest.approx(m["e"][k])
    assert found.run.scales.known == pytest.approx(expected[0]["known"], rel=1e-6)


def test_the_posterior_is_what_prototypes_rules_and_base_rates_add_up_to(rows, expected):
    for row, m in zip(rows, expected, strict=True):
        columns = ["p_red_rose", "p_ivy", "p_daisy", "p_unclassified"]
        assert [row[c] for c in columns] == pytest.approx(list(m["p"]), abs=1e-7)


def test_the_name_is_that_of_the_likeliest_and_none_for_a_reason_that_is_told(rows, expected):
    names = [named(m) for m in expected]
    assert [(r["archetype"], r["unclassified_because"]) for r in rows] == [
        (name or "unclassified", why) for name, why in names
    ]
    assert len({why for _, why in names}) >= 5


def test_confidence_is_the_posterior_of_what_is_named(rows):
    for row in rows:
        assert row["confidence"] == row["p_" + row["archetype"].replace(" ", "_")]


def test_certainty_is_the_highest_degree_that_the_confidence_reaches(rows):
    for row in rows:
        degrees = [c["name"] for c in TYPOLOGY["certainty"] if row["confidence"] >= c["at_least"]]
        assert row["certainty"] == (degrees[-1] if row["archetype"] != "unclassified" else None)
    assert {r["certainty"] for r in rows} == {None, "tentative", "likely", "sure"}


def test_status_is_the_first_that_holds_and_alarms_are_all_that_do(rows, expected):
    for row, m in zip(rows, expected, strict=True):
        assert row["status"] == next((n for n in ("growing", "old") if m["holds"][n]), None)
        assert row["alarms"] == [n for n in ("withers", "tangled") if m["holds"][n]]
    assert {tuple(r["alarms"]) for r in rows} >= {(), ("withers",), ("withers", "tangled")}


def test_the_two_likeliest_are_as_far_apart_as_their_places_what_was_seen_and_the_rules_make_them(
    expected,
):
    run, batches = judged()
    again = evolve(run)
    apart = np.concatenate([again.score_batch(batch).apart for batch in batches])
    for m, found in zip(expected, apart, strict=True):
        best, second = np.argsort(-m["p"][:3], kind="stable")[:2]
        assert found == pytest.approx(d_prime(m, best, second))


def test_who_fits_none_is_said_to():
    run, (batch, *_) = judged()
    again = evolve(run)
    pooled = again.score_batch(batch)
    posterior = np.tile([0.1, 0.05, 0.15, 0.7], (len(batch), 1))
    rows = again.result.batch(batch, evolve(pooled, posterior=posterior)).to_pylist()
    for row, withheld in zip(rows, pooled.withheld, strict=True):
        assert row["archetype"] == "unclassified"
        assert row["confidence"] == 0.7
        assert (row["unclassified_because"] == "fits none") == (withheld < 0)


@pytest.mark.parametrize("least", [0.0, 0.6, 0.9, 1.0])
def test_nobody_is_named_below_the_confidence_that_is_asked(expected, least):
    run, batches = judged()
    again = evolve(run, min_confidence=least)
    rows = [row for batch in batches for row in again.result_batch(batch).to_pylist()]
    assert [(r["archetype"], r["unclassified_because"]) for r in rows] == [
        (name or "unclassified", why) for name, why in (named(m, least) for m in expected)
    ]


def offers(m, name):
    """Benefit → priority and the dimension that adds most, as the formula in the docs says."""
    p = m["p"][:3] / sum(m["p"][:3])
    likeliest = NAMES[int(p.argmax())]
    made = {}
    for benefit in SAID["benefits"]:
        gain, score = dict.fromkeys(DIMENSIONS, 0.0), 0.0
        for share, archetype in zip(p, ARCHETYPES, strict=True):
            suits = benefit["suits"].get(archetype["name"], 0.0)
            if archetype["name"] in benefit.get("not_for", {}):
                suits = 0.0
            score += share * suits * 0.25
            for k, lift in benefit["raises"].items():
                place = archetype["prototype"][k]
                aim = place.get("target", place["value"])
                if m["d"][k] is not None:
                    gap = max(0.0, aim - m["d"][k])
                    gain[k] += share * suits * lift * gap * m["e"][k]
        score += sum(gain.values())
        broken = bool(benefit.get("when")) and m["holds"]["broken"] is True
        score += broken
        if likeliest in benefit.get("not_for", {}) or (name is None and not benefit.get("gate")):
            score = 0.0
        most = max(gain, key=gain.get) if max(gain.values()) > 0 else None
        made[benefit["name"]] = (score, most, broken, likeliest)
    return made


def test_benefits_are_ranked_by_gap_suitability_and_evidence(rows, expected):
    for row, m in zip(rows, expected, strict=True):
        due = offers(m, named(m)[0])
        best = sorted((n for n in due if due[n][0] > 0), key=lambda n: -due[n][0])[:3]
        assert [b["name"] for b in row["benefits"]] == best
        assert [b["priority"] for b in row["benefits"]] == pytest.approx([due[n][0] for n in best])
        for benefit in row["benefits"]:
            _, most, broken, likeliest = due[benefit["name"]]
            high = {"glow": "warm", "grip": "tight"}
            moves = f"; moves {most} towards {high[most]}" if most else ""
            assert benefit["because"] == (
                "it withers"
                if broken
                else f"suits {'an' if likeliest == 'ivy' else 'a'} {likeliest}{moves}"
            )


def test_what_must_be_in_order_first_is_offered_to_the_unclassified_too_and_nothing_else(rows):
    silent = [r for r in rows if r["archetype"] == "unclassified"]
    assert {b["name"] for r in silent for b in r["benefits"]} == {"first aid"}


def test_what_is_broken_comes_first_unless_the_likeliest_is_warned_off(rows, expected):
    for row, m in zip(rows, expected, strict=True):
        likeliest = NAMES[int(m["p"][:3].argmax())]
        if m["holds"]["broken"] and likeliest != "daisy":
            assert row["benefits"][0]["name"] == "first aid"
            assert row["benefits"][0]["priority"] >= 1
    assert any(m["holds"]["broken"] for m in expected)


def test_a_benefit_is_never_pushed_on_whom_it_is_not_for(rows, expected):
    for row, m in zip(rows, expected, strict=True):
        likeliest = NAMES[int(m["p"][:3].argmax())]
        warned = {b["name"] for b in SAID["benefits"] if likeliest in b.get("not_for", {})}
        assert warned.isdisjoint(b["name"] for b in row["benefits"])


def test_what_an_explanation_adds_up_is_what_each_part_says(found, expected):
    for m in expected[:6]:
        why = found.explain(m["row"]["customer_id"])
        for i, name in enumerate(NAMES):
            said = dict.fromkeys(m["parts"][i], 0.0)
            for c in why.of(name):
                if c.source != "prior":
                    said[SPEAKS_OF.get(c.item, c.item)] += c.amount * m["T"]
            assert said == pytest.approx(m["parts"][i], abs=1e-7)
            prior = [c.amount * m["T"] for c in why.of(name) if c.source == "prior"]
            assert prior == pytest.approx([m["prior"][i]], abs=1e-9)

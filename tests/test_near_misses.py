"""Rules that nearly fired, and inputs that were missing: against the rules' text, a customer at a time."""

import re
import tomllib

import pytest

from tests.garden import PACK, plants, read

SAID = tomllib.loads(PACK)
CLAUSES = {
    "gives and is sappy": (("sap > 0.7", "sap", ">", 0.7), ("blooms >= 3", "blooms", ">=", 3.0)),
    "gives much": (("blooms >= 5", "blooms", ">=", 5.0),),
    "bound and cold": (
        ("wind < 0.3", "wind", "<", 0.3),
        ("sap < 0.4", "sap", "<", 0.4),
        ("rings > 2", "rings", ">", 2.0),
    ),
}
TEST = {
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
}


@pytest.fixture(scope="module")
def explained():
    found = read(plants())
    rows = plants().slice(0, 24).to_pylist()
    return [(row, found.explain(row["customer_id"])) for row in rows]


def due(row):
    """Rules of which one clause failed and all others held: (rule, clause, value, bound, margin)."""
    made = []
    for rule, clauses in CLAUSES.items():
        held = [None if row[n] is None else TEST[op](row[n], b) for _, n, op, b in clauses]
        if held.count(False) == 1 and None not in held:
            text, name, _, bound = clauses[held.index(False)]
            made.append((rule, text, row[name], bound, abs(row[name] - bound)))
    return sorted(made, key=lambda m: m[4] / m[3])


def test_a_near_miss_is_a_rule_of_which_one_comparison_failed_and_all_else_held(explained):
    seen = 0
    for row, why in explained:
        told = [(m.rule, m.clause, m.value, m.bound, m.margin) for m in why.near_misses]
        assert told == due(row)
        seen += len(told)
    assert seen > 5


def test_a_near_miss_says_what_was_seen_and_what_was_needed(explained):
    for _, why in explained:
        for miss in why.near_misses:
            name, operator = miss.clause.split()[:2]
            assert miss.text.startswith(name)
            assert f"{miss.value:.3g}" in miss.text
            assert f"{miss.bound:.3g}" in miss.text
            assert not TEST[operator](miss.value, miss.bound)


def test_near_misses_stand_by_how_near_they_are_as_a_share_of_what_is_needed(explained):
    for _, why in explained:
        near = [m.margin / abs(m.bound) for m in why.near_misses]
        assert near == sorted(near)


def test_what_was_not_seen_is_told_with_all_that_says_nothing_for_want_of_it(explained):
    for row, why in explained:
        assert set(why.missing) == {n for n in ("sap", "wind", "blooms", "rings") if row[n] is None}
        for name, text in why.missing.items():
            signals = {s["name"] for s in SAID["signals"] if re.search(rf"\b{name}\b", s["of"])}
            rules = {r for r, c in CLAUSES.items() if name in {n for _, n, _, _ in c}}
            told = {n for n in [*(s["name"] for s in SAID["signals"]), *CLAUSES] if n in text}
            assert told == signals | rules

"""Exports of shops, banks and help desks: for every customer the facts that a person counts."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

CASES = {
    f"{path.stem}: {name}": case
    for path in sorted((Path(__file__).parent / "counted").glob("*.toml"))
    for name, case in tomllib.loads(path.read_text("utf-8")).items()
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_counted_is_what_a_person_counts(counted, name):
    case = CASES[name]
    quiet = [] if case.get("says") else ["--quiet"]  # what is told costs more than what is counted
    found, told = counted(case["files"], *case["run"], *quiet, code=case.get("exit", 0))
    if "customers" in case:
        assert len(found) == case["customers"], list(found)
    for who, facts in case.get("facts", {}).items():
        assert {fact: _plain(found[who][fact], want) for fact, want in facts.items()} == facts
    for text in case.get("says", []):
        assert text in told


def _plain(have: object, want: object) -> object:
    """A fact as it is written in the cases: 0 for nothing counted, yes or no for any day."""
    if want == "never":
        return "never" if have is None else have
    if isinstance(want, bool):
        return have is not None
    return (have or 0) if isinstance(want, int | float) else have

"""Advice: every line that is printed can be written as it stands, and makes nothing worse."""

from __future__ import annotations

import re
import shlex

import pytest

from tests.test_counted import CASES

ADVISING = [
    *("shops: amazon-orders-report", "books: india", "books: currency-col-mixed"),
    *("ids: ids-case", "ids: sf-15-18", "tickets: google-analytics-purchases", "languages: presta"),
    *("books: xlsx-like-currency-text", "shops: etsy-open-state"),
]


def advised(told):
    """The flags that notes tell to write, and the lines of reltype.toml."""
    quoted = r"--map (?:\w+=)?'(?:[^']|'\\'')*'"
    flags = [shlex.split(found) for found in re.findall(quoted, told)]
    flags += [["--normalize-ids"]] if "--normalize-ids" in told else []
    flags += [shlex.split(found) for found in re.findall(r'--map \w+="[^"]*"', told)]
    kinds = re.findall(r'under \[kinds\]: (".*?" = "\w+")', told)
    columns = re.findall(r'under \[interactions\]: (\w+ = "(?:[^"\\]|\\.)*")', told)
    files = [f"[kinds]\n{line}\n" for line in kinds] + [
        f"[interactions]\n{line}\n" for line in columns
    ]
    return [flag for flag in flags if "COLUMN" not in flag[1:2]], files


def _steps(found):
    """How much was counted of everybody."""
    return sum((row["purchases"] or 0) + (row["refunds"] or 0) for row in found.values())


@pytest.mark.parametrize("name", [name for name in ADVISING if name in CASES])
def test_what_is_advised_can_be_written_and_loses_nobody(counted, name):
    case = CASES[name]
    found, told = counted(case["files"], *case["run"])
    flags, _ = advised(told)
    assert flags or "--map" not in told
    for flag in flags:
        again, _ = counted(case["files"], *case["run"], *flag)
        assert len(again) <= len(found)  # ids that are joined are fewer
        assert _steps(again) >= _steps(found)


def test_the_line_for_another_state_keeps_the_orders_that_there_are(counted):
    case = CASES["languages: presta"]
    found, told = counted(case["files"], *case["run"])
    flags, _ = advised(told)
    assert any(flag[1].startswith("state=") for flag in flags), told
    for flag in flags:
        again, _ = counted(case["files"], *case["run"], *flag)
        assert {who: row["purchases"] for who, row in again.items()} == {
            who: row["purchases"] for who, row in found.items()
        }

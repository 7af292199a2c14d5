"""docs/bring-your-data.md says how exports are read; they are read so."""

import re
from pathlib import Path

import pytest

from reltype.api import open_inputs

PAGE = Path(__file__).parents[1] / "docs" / "bring-your-data.md"
SECTION = re.compile(
    r"^`(\S+\.csv)`:\n\n```csv\n(.*?)```\n\n```text\n(.*?)```$", re.MULTILINE | re.DOTALL
)
SECTIONS = {name: (csv, told) for name, csv, told in SECTION.findall(PAGE.read_text("utf-8"))}


def told(item):
    """A guess as the page writes it."""
    guess = item.guess
    wide = max(map(len, guess.mapping.columns))
    lines = [guess.role]
    lines += [
        f"  {ours:<{wide}} ← {guess.sources.get(ours, text)}"
        for ours, text in guess.mapping.columns.items()
    ]
    kinds = guess.mapping.columns.get("kind", "'")
    if guess.role == "interactions" and not kinds.startswith("'"):
        lines.append("  " + ", ".join(f"{w} → {kind}" for w, (_, kind) in guess.kinds.items()))
    return "\n".join([*lines, *(f"  ! {problem}" for problem in guess.problems)]) + "\n"


def test_the_page_has_its_sections():
    assert len(SECTIONS) > 20


@pytest.mark.parametrize("name", SECTIONS)
def test_an_export_is_read_as_the_page_says(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    csv, expected = SECTIONS[name]
    Path(name).write_text(csv, encoding="utf-8")
    (item,) = open_inputs(name).inputs.items
    assert told(item) == expected

"""docs/bring-your-data.md says how exports are read; they are read so."""

import re
from pathlib import Path

import pytest

from reltype.api import open_inputs
from reltype.reporting.facts import sentence, table

PAGE = Path(__file__).parents[1] / "docs" / "bring-your-data.md"
SECTION = re.compile(
    r"^`(\S+\.(?:csv|txt))`:\n\n```csv\n(.*?)```\n\n```text\n(.*?)```$", re.MULTILINE | re.DOTALL
)
SECTIONS = {name: (csv, told) for name, csv, told in SECTION.findall(PAGE.read_text("utf-8"))}


def told(opened):
    """A guess, and what is counted by it, as the page writes them."""
    (item,) = opened.inputs.items
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
    lines += [f"  ! {problem}" for problem in guess.problems]
    return "\n".join([*lines, *counted(opened)]) + "\n"


def counted(opened):
    """What is counted of the first customer of a file, as the page writes it."""
    item = opened.inputs.items[0]
    if item.guess.problems:
        return []
    population = opened.measuring().run().population
    ids = population.engine.rows(
        f"SELECT customer_id FROM ({item.select(features=opened.inputs.features)})"
    )
    facts = table(population)
    rows = {row["customer_id"]: row for row in facts.to_pylist()}
    first = next((who for (who,) in ids if who in rows), None)
    return [] if first is None else [f"  {first}: {sentence(rows[first])}"]


def test_the_page_has_its_sections():
    assert len(SECTIONS) > 20


@pytest.mark.parametrize("name", SECTIONS)
def test_an_export_is_read_as_the_page_says(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    csv, expected = SECTIONS[name]
    Path(name).write_text(csv, encoding="utf-8")
    assert told(open_inputs(name)) == expected

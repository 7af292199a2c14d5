"""What the commands show, held against the screens in golden/.

`UPDATE_SCREENS=1 pytest tests/test_screens.py` writes them anew; look at the difference before you
commit it.
"""

import os
from pathlib import Path

import pytest

from reltype import cli

GOLDEN = Path(__file__).parent / "golden"
EXAMPLE = Path(__file__).parents[1] / "examples" / "coffee-bar.csv"

ORDERS = """\
Order ID;Kunde;Bestelldatum;Betrag;Status
1;K-07;03.01.2024;12,50;bezahlt
2;K-07;17.02.2024;1.012,50;bezahlt
3;K-08;18.02.2024;7,00;storniert
4;N/A;19.02.2024;7,00;bezahlt
5;K-08;gestern;8,00;bezahlt
6;K-08;20.02.2024;acht;bezahlt
"""
ACCOUNTS = """\
Account ID,Customer Since,Contract,NPS
K-07,2019-05-01,Two year,9
K-08,2023-11-12,Month-to-month,4
K-09,2020-02-03,One year,7
"""

SCREENS = {
    **{f"help-{name}": [name, "--help"] for name in sorted(cli.COMMANDS)},
    "help": ["--help"],
    "classify": ["classify", "coffee-bar.csv"],
    "classify-odd": ["classify", "orders.csv", "accounts.csv"],
    "classify-verbose": ["classify", "coffee-bar.csv", "--verbose", "-q"],
    "classify-table": ["classify", "coffee-bar.csv", "-f", "table"],
    "classify-csv-odd": ["classify", "orders.csv", "-f", "csv"],
    "classify-both": ["classify", "orders.csv", "accounts.csv", "-f", "table"],
    "explain": ["explain", "coffee-bar.csv", "-c", "C-000003"],
    "inspect": ["inspect", "orders.csv", "accounts.csv"],
    "inspect-json": ["inspect", "orders.csv", "accounts.csv", "-f", "json"],
    "inspect-markdown": ["inspect", "orders.csv", "-f", "markdown"],
    "init": ["init", "orders.csv", "accounts.csv", "-o", "-"],
    "archetypes": ["archetypes", "-f", "table"],
    "archetype": ["archetypes", "fling", "-f", "table"],
    "benefits": ["benefits", "-f", "table"],
    "benefit": ["benefits", "identity", "-f", "table"],
    "features": ["features", "-f", "table"],
    "rules": ["rules", "-f", "table"],
    "error-missing-file": ["classify", "order.csv"],
    "error-command": ["clasify", "orders.csv"],
    "error-option": ["classify", "orders.csv", "--asof", "2024-01-01"],
    "error-column": ["classify", "orders.csv", "--map", "timestamp=Bestelldatun"],
    "error-ambiguous": ["classify", "nameless.csv"],
}


@pytest.fixture
def screen(tmp_path, monkeypatch, capfd):
    """What a command line prints on both streams, and how it ends."""
    for name in [name for name in os.environ if name.startswith("RELTYPE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("RELTYPE_PLUGINS", "")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)
    head, *rows = EXAMPLE.read_text(encoding="utf-8").splitlines(keepends=True)
    few = [row for row in rows if row < '"C-000012']
    Path("coffee-bar.csv").write_text(head + "".join(few), encoding="utf-8")
    Path("orders.csv").write_text(ORDERS)
    Path("accounts.csv").write_text(ACCOUNTS)
    Path("nameless.csv").write_text("what,much\nx,1\ny,2\n")

    def shown(args):
        capfd.readouterr()
        code = cli.run(args)
        out, err = capfd.readouterr()
        parts = [f"$ reltype {' '.join(args)}", out.rstrip()]
        parts += ["── standard error ──", err.strip()] if err.strip() else []
        parts += [f"── ended with {code} ──"] if code else []
        return "\n".join(line.rstrip() for line in "\n".join(parts).splitlines()) + "\n"

    return shown


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_looks_as_it_did(name, screen):
    held = GOLDEN / f"{name}.txt"
    seen = screen(SCREENS[name])
    assert "Traceback" not in seen
    assert "bug in reltype" not in seen
    assert "\\b" not in seen
    if os.environ.get("UPDATE_SCREENS"):
        held.write_text(seen, encoding="utf-8")
    assert seen == held.read_text(encoding="utf-8"), "UPDATE_SCREENS=1 writes the screens anew"


def test_every_golden_screen_is_still_shown():
    assert {path.stem for path in GOLDEN.glob("*.txt")} <= set(SCREENS)


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("reltype cla", "plain,classify"),
        ("reltype classify --ref", "plain,--refunds"),
        ("reltype classify --refunds ", "plain,net plain,drop plain,raise"),
        ("reltype classify -f js", "plain,json plain,jsonl"),
        ("reltype classify ord", "file,ord"),
    ],
)
def test_a_shell_is_offered_what_goes_on(words, offered, monkeypatch, capfd):
    monkeypatch.setenv("_RELTYPE_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split(" ")) - 1))
    with pytest.raises(SystemExit):
        cli.run([])
    assert capfd.readouterr().out.split() == offered.split()

"""What a pack changes of another: single keys, told as such, and nothing in silence."""

import re
import tomllib
from pathlib import Path

import pytest

import reltype
from reltype import plugins
from reltype.cli import run
from reltype.errors import ConfigError
from reltype.plugins.knowledge import Knowledge

EXAMPLE = Path(__file__).parents[1] / "examples" / "coffee-bar.csv"
BUILT_IN = Path(next(iter(plugins.builtin.reltype_definitions())))
PACK = tomllib.loads(BUILT_IN.read_text("utf-8"))
FLING = next(a for a in PACK["archetypes"] if a["name"] == "fling")["prototype"]["endurance"]
PRIOR = next(a for a in PACK["archetypes"] if a["name"] == "fling")["prior"]
WEIGHT = next(r for r in PACK["rules"] if r["name"] == "drops by")["weight"]
SHORT = f"fling: endurance {FLING['value']:.2f}"
OFTEN = next(s for s in PACK["signals"] if s["name"] == "comes often")["weight"]


def known(tmp_path, *texts):
    packs = []
    for i, text in enumerate(texts):
        packs.append(tmp_path / f"{'abc'[i]}.toml")
        packs[-1].write_text(text, encoding="utf-8")
    return Knowledge.of(plugins.load(only=()), packs).catalogue


def told(catalogue):
    return [re.sub(r" by .*/(\w+\.toml)$", r" by \1", one.text) for one in catalogue.overrides]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            "[override.archetypes.fling.prototype]\nendurance = 0.35",
            [f"{SHORT} → 0.35 by a.toml"],
        ),
        (
            "[override.prototypes.fling]\nendurance = { value = 0.35, tolerance = 0.3 }",
            [
                f"{SHORT} → 0.35 by a.toml",
                f"fling: endurance tolerance {FLING['tolerance']:.2f} → 0.30 by a.toml",
            ],
        ),
        (
            '[[archetypes]]\nname = "fling"\noverride = true\nprior = 2.5',
            [f"fling: prior {PRIOR:.2f} → 2.50 by a.toml"],
        ),
        (
            '[override.archetypes.fling]\nalias = "summer guest"',
            ["fling: alias 'short-intense' → 'summer guest' by a.toml"],
        ),
        (
            '[override.signals."comes often"]\nweight = 2',
            [f"comes often: weight {OFTEN:.2f} → 2.00 by a.toml"],
        ),
        (
            "[override.scales.typical_gap_days]\notherwise = 14",
            ["typical_gap_days: otherwise 30.00 → 14.00 by a.toml"],
        ),
        (
            '[[rules]]\nname = "drops by"\noverride = true\nweight = 0.1',
            [f"drops by: weight {WEIGHT:.2f} → 0.10 by a.toml"],
        ),
        (
            "[override.benefits.recovery.suits]\nfling = 0.5",
            ["recovery: suits fling 0.15 → 0.50 by a.toml"],
        ),
        (
            "[override.typologies.customer]\nmin_confidence = 0.6",
            ["customer: min_confidence 0.50 → 0.60 by a.toml"],
        ),
        (f"[override.archetypes.fling.prototype]\nendurance = {FLING['value']}", []),
    ],
)
def test_single_keys_are_changed_and_told(tmp_path, text, lines):
    assert told(known(tmp_path, text)) == lines


def test_what_is_not_named_stays_as_it_was(tmp_path):
    before = known(tmp_path, "").archetypes["customer", "fling"]
    after = known(tmp_path, "[override.prototypes.fling]\nendurance = 0.35").archetypes[
        "customer", "fling"
    ]
    assert after.prototype["endurance"].value == 0.35
    assert after.prototype["endurance"].tolerance == before.prototype["endurance"].tolerance
    assert after.prototype["affect"] == before.prototype["affect"]
    assert after.summary == before.summary


@pytest.mark.parametrize(
    ("texts", "complaint"),
    [
        (["[override.archetypes.flng.prototype]\nendurance = 0.3"], "no archetype 'flng'.*'fling'"),
        (
            ["[override.archetype.fling]\nprior = 2"],
            r"\[override.archetype\] is not known.*archetypes",
        ),
        (["[override.signals.'comes often']\nweigt = 2"], "unknown key 'weigt'.*weight"),
        (["[override.signals.'comes often']\nweight = 'much'"], "'much' is not a float"),
        (["[override.archetypes.fling]\nname = 'affair'"], "a name cannot be changed"),
        (["[override.prototypes.fling]\nendurnce = 0.3"], "endurnce"),
        (["[override.prototypes.fling]\nendurance = 3.0"], "endurance|<= 1"),
        (["override = 'yes'"], "write .override.KIND.NAME."),
        (
            [
                "[override.prototypes.fling]\nendurance = 0.3",
                "[override.prototypes.fling]\nendurance = 0.4",
            ],
            "0.30 by .*a.toml and to 0.40 by .*b.toml",
        ),
    ],
)
def test_what_cannot_be_changed_so_is_told_with_its_place(tmp_path, texts, complaint):
    with pytest.raises(ConfigError, match=complaint):
        known(tmp_path, *texts)


def test_a_marketer_edits_a_copy_of_the_built_in_pack(tmp_path):
    """The text of the pack, with a number, a word and a benefit of theirs in it, is a pack."""
    text = BUILT_IN.read_text("utf-8")
    fling = text.index('name = "fling"')
    was = f"endurance = {{ value = {FLING['value']}"
    number = text.index(was, fling)
    edited = f"{text[:number]}endurance = {{ value = 0.35{text[number + len(was) :]}"
    edited = edited.replace('alias = "short-intense"', 'alias = "summer guest"')
    edited = edited.replace("Walk the customer's way", "Walk the guest's way")
    copy = tmp_path / "mine.toml"
    copy.write_text(f"override = true\n\n{edited}", encoding="utf-8")
    found = reltype.classify(str(EXAMPLE), rules=[copy], no_plugin=[])
    changed = [w for w in found.summary().warnings if "mine.toml" in w]
    assert [w.partition(" → ")[0].partition(" 'Walk")[0] for w in changed] == [
        SHORT,
        "fling: alias 'short-intense'",
        "good experiences: actions 1",
    ]
    plain = reltype.classify(str(EXAMPLE), no_plugin=[])
    assert found.to_arrow()["p_fling"].to_pylist() != plain.to_arrow()["p_fling"].to_pylist()


def test_an_unedited_copy_changes_nothing(tmp_path):
    copy = tmp_path / "mine.toml"
    copy.write_text(f"override = true\n\n{BUILT_IN.read_text('utf-8')}", encoding="utf-8")
    assert Knowledge.of(plugins.load(only=()), [copy]).catalogue.overrides == ()


def test_a_clash_says_how_to_change_single_keys(tmp_path):
    text = '[[archetypes]]\nname = "fling"\ntypology = "customer"\nsummary = "x"\nsource = "x"\nprototype = {}'
    with pytest.raises(ConfigError, match="change single keys of it with override"):
        known(tmp_path, text)


def test_rules_check_tells_changes_and_archetypes_that_nothing_suits(tmp_path, capsys):
    pack = tmp_path / "mine.toml"
    pack.write_text(
        "[override.prototypes.fling]\nendurance = 0.35\n"
        '[[archetypes]]\nname = "pen friend"\ntypology = "customer"\nsummary = "Writes."\n'
        'source = "ours"\nprototype = { reciprocity = { value = 0.9, tolerance = 0.1 } }\n',
        encoding="utf-8",
    )
    assert run(["rules", "--check", "--rules", str(pack)]) == 0
    told_ = capsys.readouterr().err
    assert f"{SHORT} → 0.35" in told_
    assert "[[archetypes]] 'pen friend', benefits: no benefit suits it" in told_


def test_a_change_is_told_where_customers_are_classified(tmp_path, capsys):
    pack = tmp_path / "mine.toml"
    pack.write_text("[override.prototypes.fling]\nendurance = 0.35\n")
    run(["classify", str(EXAMPLE), "--rules", str(pack), "-o", str(tmp_path / "out.csv")])
    assert f"{SHORT} → 0.35 by" in capsys.readouterr().err

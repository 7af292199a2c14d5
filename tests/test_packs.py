"""Packs say where they are wrong: file, table and key."""

import pytest

from reltype.definitions import packs
from reltype.definitions.assembly import catalogue_of
from reltype.definitions.benefits import Benefit
from reltype.definitions.features import Feature
from reltype.definitions.rules import Rule
from reltype.errors import ConfigError

RULE = """
[[rules]]
name = "stays but never smiles"
when = "span_days > 730"
archetype = "marriage of convenience"
"""


def written(tmp_path, text):
    path = tmp_path / "my.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_rule_is_read_with_its_examples(tmp_path):
    text = RULE + "weight = 2\n[[rules.examples]]\ngiven = {span_days = 900}\nfires = true\n"
    (rule,) = packs.load(written(tmp_path, text))
    assert isinstance(rule, Rule)
    assert rule.weight == 2.0
    assert rule.examples[0].fires is True


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            RULE + "wieght = 1.0\n",
            "my.toml: [[rules]] 'stays but never smiles': unknown key 'wieght'. Did you mean 'weight'?",
        ),
        (
            '[[rules]]\nname = "x"\nwhen = "a > 1"\n',
            "my.toml: [[rules]] 'x': the key 'archetype' is missing",
        ),
        (RULE + 'weight = "much"\n', "'much' is not a float"),
        (RULE + "weight = -1\n", "must be > 0"),
        ("[[rulez]]\n", "my.toml: [[rulez]] is not known. Did you mean 'rules'?"),
        ("[rules]\nname = 'x'\n", "write [[rules]], with two brackets"),
        ("rules = 3\n", "write [[rules]], with two brackets"),
        ("[[rules]\n", "is not TOML"),
        (RULE + "because = 3\n", "3 is not a str"),
    ],
)
def test_a_wrong_pack_is_told_where(tmp_path, text, complaint):
    with pytest.raises(ConfigError) as caught:
        packs.load(written(tmp_path, text))
    assert complaint in str(caught.value)


def test_a_missing_pack_is_told(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        packs.load(tmp_path / "none.toml")


def test_clash_names_both_contributors():
    first, second = Feature("visits", "count", "count(*)"), Feature("visits", "count", "sum(1)")
    with pytest.raises(ConfigError, match="'visits' is defined by salon and differently by spa"):
        catalogue_of([("salon", [first]), ("spa", [second])])


def test_the_same_definition_twice_is_no_clash():
    feature = Feature("visits", "count", "count(*)")
    assert set(catalogue_of([("salon", [feature]), ("spa", [feature])]).features) == {"visits"}


def test_a_dangling_name_gets_the_nearest():
    benefit = Benefit(
        "tea", "A cup of tea.", "ours", {}, {"flingg": 1.0}, (), (), "service", "short-term win"
    )
    with pytest.raises(ConfigError, match=r"benefit 'tea' .*no archetype is called 'flingg'"):
        catalogue_of([("salon", [benefit])])


@pytest.mark.parametrize("value", ["inf", "nan", '"much"', "[0.5]"])
def test_what_may_be_left_out_and_is_of_a_wrong_type_is_told(tmp_path, value):
    """A key that may be null: its type has no name of its own, and that was a bug of ours once."""
    path = tmp_path / "pack.toml"
    path.write_text(
        '[[archetypes]]\nname = "guest"\ntypology = "customer"\nsummary = "x"\nsource = "x"\n'
        f"prototype.affect = {{ value = 0.5, tolerance = 0.1, target = {value} }}\n"
    )
    with pytest.raises(ConfigError, match=r"guest.*target"):
        packs.load(path)

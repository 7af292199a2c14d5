"""What is wrong with rules, seen without any customer."""

import pytest

from reltype import cli, plugins
from reltype.definitions.rules import Rule
from reltype.plugins.knowledge import Knowledge
from reltype.reporting.flaws import flaws
from reltype.reporting.regions import thresholds


def pack(tmp_path, *rules):
    """A pack with rules for a fling, each given as its name, its condition and its examples."""
    text = ""
    for name, when, *examples in rules:
        text += f'[[rules]]\nname = "{name}"\nwhen = "{when}"\narchetype = "fling"\n'
        text += "".join(f"[[rules.examples]]\n{example}\n" for example in examples)
    path = tmp_path / "my.toml"
    path.write_text(text)
    return path


def found(path, *, wrong=True):
    known = Knowledge.of(plugins.load(only=()), [path])
    return [f for f in flaws(known) if f.wrong == wrong and f.who == str(path)]


@pytest.mark.parametrize(
    ("when", "complaint"),
    [
        ("affect > 0.8 and affect < 0.2", "contradict each other"),
        ("affect > 1.2", "`affect > 1.2` never holds (affect is 0…1), so the rule never fires"),
        ("affect > 1.2 and sqrt(purchases) > 2", "`affect > 1.2` never holds"),
        ("affect >= 0 and purchases > 3", "`affect >= 0` always holds (affect is 0…1)"),
        ("affect between 0.5 and 0.4", "contradict"),
        ("purchases < 0", "`purchases < 0` never holds (purchases is at least 0)"),
        ("affect < 0.3 or affect >= 0.3", "always holds"),
        ("affect is null and affect > 0.2", "contradict"),
        ("1 > 2", None),  # no input: nobody writes it, and the engine says false
        ("affect > 0.8 and endurance < 0.2", None),
        ("affect > 0.8 or affect < 0.2", None),
        ("not (affect <= 0.2)", None),
        ("purchases > 100", None),
        ("affect * endurance > 3", None),  # more than comparisons: not tried
    ],
)
def test_a_condition_that_never_or_always_holds_is_wrong(tmp_path, when, complaint):
    told = [str(f) for f in found(pack(tmp_path, ("r", when)))]
    if complaint is None:
        assert told == []
    else:
        assert len(told) == 1
        assert complaint in told[0]
        assert told[0].startswith(f"{tmp_path}/my.toml: [[rules]] 'r', when: ")


@pytest.mark.parametrize(
    ("example", "complaint"),
    [
        ("given = {affect = 0.9, endurance = 0.1}\nfires = true", None),
        ("given = {affect = 0.9, endurance = 0.5}\nfires = false", None),
        ("given = {affect = 0.1}\nfires = false", None),  # false and unknown is false
        ("given = {affect = 0.9}", None),
        ("given = {affect = 0.9}\nfires = false", "is unknown (endurance not given)"),
        (
            "given = {affect = 0.9, endurance = 0.5}\nfires = true",
            "is false, and `fires` says true",
        ),
        ("given = {affect = 0.9, endurance = 0.1}", "is true, and `fires` says unknown"),
        ("given = {afect = 0.9}\nfires = true", "does not read. Did you mean 'affect'?"),
    ],
)
def test_examples_are_tried_by_the_engine_in_three_valued_logic(tmp_path, example, complaint):
    told = [
        str(f) for f in found(pack(tmp_path, ("r", "affect > 0.8 and endurance < 0.2", example)))
    ]
    assert len(told) == (complaint is not None)
    if complaint:
        assert complaint in told[0]
        assert "'r', examples[0]: " in told[0]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("affect > 0.8", "not (affect <= 0.8)"),
        ("affect > 0.8 and endurance < 0.2", "0.2 > endurance and affect > 0.80"),
        ("affect in (0.1, 0.2)", "affect = 0.2 or affect = 0.1"),
        ("sqrt(purchases) > 3", "sqrt(purchases) > 3"),
    ],
)
def test_a_copy_is_found_however_it_is_written(tmp_path, first, second):
    told = [str(f) for f in found(pack(tmp_path, ("a", first), ("b", second)))]
    assert len(told) == 1
    assert "'b', when: it holds exactly where that of 'a'" in told[0]


def test_a_rule_that_holds_only_where_another_does_is_pointed_at(tmp_path):
    path = pack(tmp_path, ("wide", "affect > 0.5"), ("narrow", "affect > 0.6 and endurance > 0.5"))
    assert found(path) == []
    told = [str(f) for f in found(path, wrong=False) if f.key == "when"]
    assert len(told) == 1
    assert "'narrow', when: wherever it holds, 'wide'" in told[0]


def test_near_copies_are_not_copies(tmp_path):
    assert found(pack(tmp_path, ("a", "affect > 0.5"), ("b", "affect > 0.51"))) == []


def test_the_built_in_rules_have_no_flaw():
    known = Knowledge.of(plugins.load(only=()))
    assert [str(f) for f in flaws(known) if f.wrong] == []


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        (
            "affect > 0.5 and (endurance <= 2 or not affect < -1)",
            {"affect": {0.5, -1}, "endurance": {2}},
        ),
        ("0.5 < affect", {"affect": {0.5}}),
        ("affect is null", {"affect": set()}),
        ("affect > endurance", None),
        ("affect + 1 > 2", None),
        ("affect = 'x'", None),
        ("sqrt(affect) > 1", None),
    ],
)
def test_thresholds_are_read_only_where_nothing_else_is_done(when, expected):
    assert thresholds(Rule("r", when, "fling").expression()) == expected


def test_the_command_ends_with_3_and_names_file_table_and_key(tmp_path, capfd):
    path = pack(tmp_path, ("r", "affect > 1.2"))
    assert cli.run(["rules", "--check", "--rules", str(path)]) == 3
    assert (
        f"Error: {path}: [[rules]] 'r', when: `affect > 1.2` never holds" in capfd.readouterr().err
    )
    path = pack(tmp_path, ("r", "affect > 0.2"))
    assert cli.run(["rules", "--check", "--rules", str(path)]) == 0


def test_an_unknown_name_ends_with_3_and_names_the_file(tmp_path, capfd):
    path = pack(tmp_path, ("r", "afect > 0.2"))
    assert cli.run(["rules", "--check", "--rules", str(path)]) == 3
    told = capfd.readouterr().err
    assert str(path) in told
    assert "Did you mean 'affect'?" in told


@pytest.mark.parametrize("arguments", [["--check", "x.csv"], ["--labels", "l.csv"]])
def test_options_that_do_not_go_together_are_refused(arguments):
    assert cli.run(["rules", *arguments]) == 2

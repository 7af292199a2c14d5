"""Plugins on the path that every plugin takes: good ones work, broken ones are named."""

import json
from inspect import signature
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pytest
from click import Context

import reltype
from reltype import builtin, cli, plugins
from reltype.checks import hostile
from reltype.definitions.functions import ScalarFunction
from reltype.engines.duckdb import DuckDB
from reltype.errors import ConfigError, PluginError, UsageError
from reltype.explaining.explanation import contributions
from reltype.plugins import hookspecs
from reltype.plugins.hookspecs import hookimpl
from reltype.plugins.knowledge import Knowledge
from reltype.simulate import simulate
from tests.zoo import GOOD, computes, install, says

pytestmark = pytest.mark.usefixtures("_quick")

BROKEN = {
    "import error": ("import a_module_that_is_not_there", "No module named 'a_module"),
    "syntax error": ("def (:", "SyntaxError"),
    "exits": ("import sys; sys.exit(3)", "SystemExit: 3"),
    "hook raises": (
        "@hookimpl\ndef reltype_definitions(): raise KeyError('oh')",
        "reltype_definitions failed: KeyError: 'oh'",
    ),
    "endless import": ("import time\nwhile True: time.sleep(0.05)", "did not return within 1 s"),
    "endless hook": (
        "import time\n@hookimpl\ndef reltype_definitions():\n    while True: time.sleep(0.05)",
        "reltype_definitions did not return within 1 s",
    ),
    "for a future version": (
        GOOD + "\nreltype_api = 2",
        "written for reltype_api 2, and this reltype speaks 1. Upgrade reltype",
    ),
    "for a past version": (GOOD + "\nreltype_api = 0", "Upgrade the plugin"),
    "misspelt hook": (
        "@hookimpl\ndef reltype_definition(): return []",
        "no hook 'reltype_definition'. Did you mean 'reltype_definitions'?",
    ),
    "unmarked hook": ("def reltype_definitions(): return []", "write @hookimpl above it"),
    "wrong argument": ("@hookimpl\ndef reltype_definitions(what): return []", "what"),
    "no hook": ("x = 1", "implements none of the hooks"),
    "returns a text": ("@hookimpl\ndef reltype_definitions(): return 'abc'", "not a list"),
    "returns nothing": ("@hookimpl\ndef reltype_definitions(): pass", "returned None, not a list"),
    "returns garbage": ("@hookimpl\ndef reltype_definitions(): return [42]", "a int is none of"),
    "no such pack": (
        "@hookimpl\ndef reltype_definitions():\n    return ['/nowhere/pack.toml']",
        "cannot be read",
    ),
    "rule on nothing": (
        "@hookimpl\ndef reltype_definitions():\n    return [Rule('r', 'tenure_dayz > 3', 'fling')]",
        "no column is called 'tenure_dayz'",
    ),
    "rule for nobody": (
        "@hookimpl\ndef reltype_definitions(): return [Rule('r', 'affect > 0.3', 'flingg')]",
        "no archetype is called 'flingg'. Did you mean 'fling'?",
    ),
    "another's name": (
        "@hookimpl\ndef reltype_definitions():\n    return [Feature('purchases', 'x', 'count(*)')]",
        "feature 'purchases' is defined by built-in and differently by zoo",
    ),
    "a reading's name": (
        "@hookimpl\ndef reltype_definitions():\n    return [Feature('affect', 'x', 'count(*)')]",
        "feature 'affect' of zoo has the name of built-in's dimension",
    ),
    "functions as a dict": ("@hookimpl\ndef reltype_functions(): return {'f': len}", "not a list"),
    "no ScalarFunction": (
        "@hookimpl\ndef reltype_functions(): return [len]",
        "not a ScalarFunction",
    ),
    "our function's name": (
        "@hookimpl\ndef reltype_functions(): return [ScalarFunction('lower', len, 'x', '', '')]",
        "expressions have a function lower() already",
    ),
}
FAILS_LATER = {
    "classifier is none": (
        "@hookimpl\ndef reltype_classifiers(typology): return [object()]",
        "a object is no classifier",
    ),
    "two of one name": (
        says("return np.zeros(shape)").replace("[Says()]", "[Says(), Says()]"),
        "second",
    ),
    "score raises": (
        says("raise RuntimeError('no model')"),
        "says.score failed: RuntimeError: no model",
    ),
    "score is NaN": (says("return np.full(shape, np.nan)"), "not a finite number"),
    "score is infinite": (says("return np.full(shape, -np.inf)"), "not a finite number"),
    "score has a wrong shape": (
        says("return np.zeros((len(batch), 3))"),
        r"where \(\d+, 4\) was due",
    ),
    "score is a text": (says("return 'high'"), "ValueError"),
    "score changes the batch": (
        says("batch.readings[:] = 0; return np.zeros(shape)"),
        "read-only",
    ),
    "score never ends": (
        says("import time\n        while True: time.sleep(0.05)"),
        "did not return within 1 s",
    ),
    "function raises": (computes("raise OSError('disk')"), r"mood\(\) failed: OSError: disk"),
    "function forgets rows": (computes("return pa.array([1.0] * 0)"), "returned 0 values for"),
    "function gives texts": (computes("return texts"), "not double as promised"),
    "function gives NaN": (
        computes("return pa.array([np.nan] * len(texts))"),
        "NaN or an infinity",
    ),
    "function gives a list": (computes("return [1.0] * len(texts)"), "a list, not an Arrow array"),
    "function never ends": (
        computes("import time\n    while True: time.sleep(0.05)"),
        "within 1 s",
    ),
}


@pytest.fixture
def _quick(monkeypatch):
    """No plugin of this machine, and a short time limit."""
    monkeypatch.delenv("RELTYPE_PLUGINS", raising=False)
    monkeypatch.setenv("RELTYPE_PLUGIN_SECONDS", "1")
    for point in plugins.installed():
        pytest.skip(f"a plugin is installed here: {point.name}")


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """A small log of a coffee bar."""
    path = tmp_path_factory.mktemp("log") / "log.csv"
    pc.write_csv(simulate("coffee bar", customers=12, seed=1).interactions, path)
    return str(path)


@pytest.mark.parametrize("broken", BROKEN)
def test_a_plugin_that_does_not_load_stops_a_run_and_is_named_with_the_way_out(site, broken):
    code, complaint = BROKEN[broken]
    install(site, "zoo", code)
    with pytest.raises(PluginError) as caught:
        Knowledge.of(plugins.load())
    told = str(caught.value)
    assert complaint in told
    assert told.startswith("Plugin zoo (reltype-zoo 1.2): ")
    assert told.endswith("Leave it out with --no-plugin zoo.")
    assert caught.value.plugin == "zoo"


@pytest.mark.parametrize("broken", FAILS_LATER)
def test_a_plugin_that_fails_when_it_is_asked_is_named_with_the_way_out(site, broken):
    code, complaint = FAILS_LATER[broken]
    install(site, "zoo", code)
    with pytest.raises(PluginError, match=complaint) as caught:
        ask(Knowledge.of(plugins.load()))
    assert str(caught.value).startswith("Plugin zoo (reltype-zoo 1.2): ")
    assert str(caught.value).endswith("Leave it out with --no-plugin zoo.")


def ask(known):
    """Ask every classifier of a batch, and every function of a text in the engine."""
    plan = known.plan("customer")
    for classifier in known.classifiers(plan.typology):
        classifier.score(hostile.batches(plan)["half seen"])
    engine = DuckDB.connect(threads=1)
    engine.register(known.functions, known.plugins)
    for name in known.functions:
        engine.rows(f"SELECT {name}('a text')")


@pytest.mark.parametrize("broken", ["score is NaN", "function gives NaN"])
def test_a_plugin_that_fails_while_it_scores_stops_the_run(site, log, broken):
    code, complaint = FAILS_LATER[broken]
    install(site, "zoo", code)
    with pytest.raises(PluginError, match=complaint):
        reltype.classify(log)


@pytest.mark.parametrize(
    "broken", ["import error", "hook raises", "rule on nothing", "misspelt hook"]
)
def test_a_broken_plugin_ends_the_command_with_5_and_no_plugin_is_the_way_out(
    site, log, capfd, broken
):
    install(site, "good", GOOD)
    install(site, "zoo", BROKEN[broken][0])
    assert cli.run(["classify", log, "-q"]) == 5
    told = capfd.readouterr()
    assert told.out == ""
    assert "Plugin zoo (reltype-zoo 1.2)" in told.err
    assert "Traceback" not in told.err
    assert cli.run(["classify", log, "-q", "--format", "jsonl", "--no-plugin", "zoo"]) == 0
    assert "it is " in capfd.readouterr().out  # the good plugin's reason


@pytest.mark.parametrize("command", [["features"], ["archetypes"], ["rules"], ["plugins", "list"]])
def test_listings_go_on_without_a_broken_plugin_and_warn(site, capfd, command):
    install(site, "good", GOOD)
    install(site, "zoo", BROKEN["rule on nothing"][0])
    assert cli.run(command) == 0
    told = capfd.readouterr()
    assert "Warning: Plugin zoo (reltype-zoo 1.2)" in told.err
    assert told.out
    if command == ["rules"]:
        assert "good rule" in told.out


def test_help_goes_on_without_a_plugin_that_does_not_load(site, capfd):
    install(site, "zoo", BROKEN["import error"][0])
    cli.cli.asked = False
    assert cli.run(["--help"]) == 0
    told = capfd.readouterr()
    assert "classify" in told.out
    assert "Warning: Plugin zoo (reltype-zoo 1.2)" in told.err


def test_a_plugin_that_builds_on_a_broken_one_is_told_of_too(site):
    install(
        site,
        "a",
        "@hookimpl\ndef reltype_definitions():\n    return [Rule('r', 'fizz > 3', 'fling')]",
    )
    install(site, "b", GOOD)
    found = plugins.load(strict=False)
    known = Knowledge.of(found)
    assert set(found.broken) == {"a"}
    assert set(found.loaded) == {"built-in", "b"}
    assert "good rule" in known.catalogue.rules


def test_a_plugin_may_build_on_one_whose_name_comes_later(site):
    install(
        site,
        "a",
        "@hookimpl\ndef reltype_definitions():\n    return [Rule('r', 'fizz > 3', 'fling')]",
    )
    install(
        site,
        "b",
        "@hookimpl\ndef reltype_definitions():\n    return [Feature('fizz', 'count', 'count(*)')]",
    )
    for strict in (True, False):
        found = plugins.load(strict=strict)
        assert "r" in Knowledge.of(found).catalogue.rules
        assert not found.broken


def test_two_packages_with_a_plugin_of_one_name_clash_and_both_are_named(site):
    install(site, "zoo", GOOD, package="reltype-zoo")
    install(site, "zoo", GOOD, package="reltype-other", version="3.0")
    with pytest.raises(PluginError, match=r"reltype-(zoo 1.2|other 3.0) and reltype-(zoo|other)"):
        plugins.load()


def test_two_plugins_that_define_one_name_differently_clash_and_both_are_named(site):
    install(site, "a", GOOD)
    install(site, "b", GOOD.replace("9.0", "8.0"))
    with pytest.raises(PluginError, match="rule 'good rule' is defined by a and differently by b"):
        Knowledge.of(plugins.load())


def test_two_functions_of_one_name_clash(site):
    install(
        site, "a", computes("return pc.utf8_length(texts)").split("@hookimpl\ndef reltype_def")[0]
    )
    install(
        site, "b", computes("return pc.utf8_length(texts)").split("@hookimpl\ndef reltype_def")[0]
    )
    with pytest.raises(PluginError, match=r"Plugin b .*: a gives a function mood\(\) already"):
        Knowledge.of(plugins.load())


def test_the_environment_chooses_plugins(site, monkeypatch):
    install(site, "good", GOOD)
    install(site, "zoo", "1/0")
    monkeypatch.setenv("RELTYPE_PLUGINS", "good")
    assert list(plugins.load().loaded) == ["built-in", "good"]
    monkeypatch.setenv("RELTYPE_PLUGINS", "")
    assert list(plugins.load().loaded) == ["built-in"]
    monkeypatch.setenv("RELTYPE_PLUGINS", "god")
    with pytest.raises(UsageError, match=r"RELTYPE_PLUGINS= god: .*Did you mean 'good'"):
        plugins.load()


def test_the_config_disables_plugins(site, log, tmp_path, capfd):
    install(site, "zoo", "1/0")
    config = tmp_path / "reltype.toml"
    config.write_text('[plugins]\ndisable = ["zoo"]\n')
    assert cli.run(["classify", log, "-q", "--config", str(config), "--format", "csv"]) == 0
    assert cli.run(["features", "--config", str(config)]) == 0
    assert "Warning" not in capfd.readouterr().err


def test_a_plugin_that_the_config_disables_is_not_asked_for_commands(
    site, tmp_path, monkeypatch, capfd
):
    install(site, "zoo", BROKEN["import error"][0])
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reltype.toml").write_text('[plugins]\ndisable = ["zoo"]\n')
    cli.cli.asked = False
    assert cli.run(["--help"]) == 0
    assert "Warning" not in capfd.readouterr().err


def test_a_config_that_cannot_be_read_does_not_keep_help_from_being_shown(
    site, tmp_path, monkeypatch, capfd
):
    install(site, "good", GOOD)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reltype.toml").write_text("[plugins")
    cli.cli.asked = False
    assert cli.run(["--help"]) == 0
    assert "classify" in capfd.readouterr().out


def test_a_flag_does_not_bring_back_what_the_config_disables(site, log, tmp_path, capfd):
    install(site, "good", GOOD)
    install(site, "zoo", "1/0")
    config = tmp_path / "reltype.toml"
    config.write_text('[plugins]\ndisable = ["zoo"]\n')
    asked = ["classify", log, "-q", "--config", str(config), "--format", "jsonl"]
    assert cli.run([*asked, "--no-plugin", "good"]) == 0
    assert "it is " not in capfd.readouterr().out


def test_leaving_out_a_plugin_that_is_not_there_is_a_mistake(site, log, capfd):
    install(site, "good", GOOD)
    assert cli.run(["classify", log, "--no-plugin", "goof"]) == 2
    assert "Did you mean 'good'" in capfd.readouterr().err


@pytest.mark.parametrize("seconds", ["0", "soon", "-1", "inf", "nan"])
def test_a_time_limit_that_is_none_is_refused(monkeypatch, seconds):
    monkeypatch.setenv("RELTYPE_PLUGIN_SECONDS", seconds)
    with pytest.raises(UsageError, match="RELTYPE_PLUGIN_SECONDS"):
        plugins.load()


def test_a_function_of_a_plugin_can_be_called_in_features_and_rules(site, log):
    install(site, "zoo", computes("return pc.cast(pc.utf8_length(texts), pa.float64())"))
    found = reltype.classify(log)
    said = [
        r for row in found.to_arrow()["reasons"].to_pylist() for r in row if r["text"] == "moody"
    ]
    assert said
    assert len(found) == 12


def test_a_call_with_too_many_arguments_shows_the_place(site):
    install(site, "zoo", computes("return texts").replace("mood(kind)", "mood(kind, 2)"))
    with pytest.raises(PluginError, match=r"mood\(\) takes 1 argument"):
        Knowledge.of(plugins.load())


def test_a_pack_of_a_user_may_call_a_plugins_function(site, log, tmp_path):
    install(site, "zoo", computes("return pc.utf8_length(texts)"))
    pack = tmp_path / "my.toml"
    pack.write_text(
        '[[features]]\nname = "my_mood"\nunit = "count"\nof = "max(mood(category))"\n'
        '[[rules]]\nname = "mine"\nwhen = "my_mood > 1"\narchetype = "fling"\n'
    )
    reltype.classify(log, rules=[pack])
    with pytest.raises(ConfigError, match="mood"):
        Knowledge.of(plugins.load(without=["zoo"]), [pack])


def test_a_classifier_of_a_plugin_is_heard_and_told_in_the_explanation(site, log):
    install(site, "zoo", says("scores = np.zeros(shape); scores[:, 2] = 3.0; return scores"))
    found = reltype.classify(log)
    batch = next(found.run.population.batches())
    pooled = found.run.score_batch(batch)
    made = contributions(found.run.plan, batch, pooled, found.run.result.reasons)
    assert [c.archetype for c in made if c.source == "says"] == ["fling"]
    total = dict.fromkeys((c.archetype for c in made), 0.0)
    for c in made:
        total[c.archetype] += c.amount
    assert list(total.values()) == pytest.approx(pooled.scores[0].tolist())


def test_a_format_of_a_plugin_writes_and_a_clash_is_refused(site):
    code = """
from reltype.formats import Format
def write(schema, batches, stream): stream.write(str(sum(b.num_rows for b in batches)).encode())
@hookimpl
def reltype_formats(): return [Format("count", (".count",), write)]
"""
    install(site, "zoo", code)
    formats = Knowledge.of(plugins.load()).formats()
    assert [f.suffixes for f in formats if f.name == "count"] == [(".count",)]
    install(site, "zoo2", code.replace('"count"', '"other"'))
    with pytest.raises(PluginError, match=r"zoo writes '.count' already"):
        Knowledge.of(plugins.load()).formats()


def test_a_command_of_a_plugin_is_found_and_cannot_take_our_names(site, capfd):
    code = """
import click
@hookimpl
def reltype_commands(cli):
    @cli.command(name={name!r})
    def greet():
        "Greet."
        click.echo("hello from a plugin")
"""
    install(site, "zoo", code.format(name="greet"))
    install(site, "zoo2", code.format(name="classify"))
    cli.cli.asked = False
    try:
        assert cli.run(["greet"]) == 0
    finally:
        cli.cli.commands.pop("greet", None)
        cli.cli.asked = False
    told = capfd.readouterr()
    assert told.out == "hello from a plugin\n"
    assert "Plugin zoo2 (reltype-zoo2 1.2): its command 'classify' is one of reltype's" in told.err


def test_sections_are_asked_for_one_by_one(site, log):
    install(
        site,
        "zoo",
        "from reltype.definitions.sections import Section\n@hookimpl\n"
        "def reltype_sections(relationships): return [Section('Mine', f'{len(relationships)}')]",
    )
    known = Knowledge.of(plugins.load())
    sections = known.sections(reltype.classify(log))
    assert [(s.title, s.text) for s in sections] == [("Mine", "12")]


def test_engines_come_by_name_and_without_connect_are_refused(site):
    assert set(Knowledge.of(plugins.load()).engines()) == {"duckdb"}
    install(site, "zoo", "@hookimpl\ndef reltype_engines(): return {'spark': object()}")
    with pytest.raises(PluginError, match=r"engine 'spark' has no connect\(\)"):
        Knowledge.of(plugins.load()).engines()


def test_the_list_says_what_each_plugin_gives_and_from_which_version(site, capfd):
    install(site, "good", GOOD, version="2.5")
    install(site, "later", says("return np.zeros(shape)"))
    install(site, "zoo", "import nothing_of_the_kind")
    assert cli.run(["plugins", "list", "--format", "json"]) == 0
    told = capfd.readouterr()
    listed = {item["name"]: item for item in json.loads(told.out)}
    assert listed["good"]["version"] == "2.5"
    assert listed["good"]["gives"] == {"rule": ["good rule"]}
    assert listed["later"]["gives"] == {"classifier": ["says"]}
    assert "nothing_of_the_kind" in listed["zoo"]["error"]
    assert listed["built-in"]["version"] == reltype.__version__
    assert "Warning: Plugin zoo (reltype-zoo 1.2)" in told.err


def test_a_plugin_given_in_code_is_one_like_any_other():
    class Mine:
        @staticmethod
        @hookimpl
        def reltype_functions():
            return [ScalarFunction("shout", lambda texts: texts, ("text",), "text", "Shout.")]

    known = Knowledge.of(plugins.load(Mine()))
    assert list(known.functions) == ["shout"]
    assert known.functions["shout"][0] == "Mine"


@pytest.mark.parametrize(
    ("name", "takes", "gives", "complaint"),
    [
        ("Mood", ("text",), "number", "written like"),
        ("a b", ("text",), "number", "written like"),
        ("sum", ("text",), "number", "already"),
        ("mood", ("words",), "number", "takes"),
        ("mood", ("text",), "interval", "gives"),
        ("mood", (), "number", "takes"),
    ],
)
def test_a_function_says_what_it_takes_and_gives_in_kinds_that_there_are(
    name, takes, gives, complaint
):
    with pytest.raises(ValueError, match=complaint):
        ScalarFunction(name, len, takes, gives, "")


def test_a_function_hears_whole_arrays_and_its_numbers_become_doubles():
    heard = []

    def call(texts, numbers):
        heard.append((type(texts), len(numbers)))
        return pa.array([1, None], pa.int32())

    function = ScalarFunction("f", call, ("text", "number"), "number", "")
    made = function(pa.chunked_array([["a"], ["b"]]), pa.array([1.0, 2.0]))
    assert made.equals(pa.array([1.0, None]))
    assert heard == [(pa.StringArray, 2)]


def test_every_hook_is_offered_to_the_built_in_plugin_by_the_same_door():
    implemented = {n for n in dir(builtin) if n.startswith("reltype_") and n != "reltype_api"}
    assert implemented <= {n for n in dir(hookspecs) if n.startswith("reltype_")}
    assert np.isin(
        ["reltype_definitions", "reltype_formats", "reltype_engines"], sorted(implemented)
    ).all()


@pytest.mark.parametrize("hook", plugins.HOOKS)
def test_every_hook_stands_on_the_page_for_authors_with_its_arguments_and_an_example(hook):
    page = (Path(__file__).parents[1] / "docs" / "write-a-plugin.md").read_text("utf-8")
    arguments = ", ".join(signature(getattr(hookspecs, hook)).parameters)
    assert f"### {hook}({arguments})" in page
    assert f"@hookimpl\ndef {hook}({arguments}):" in page


TEXTS = {"fit", "init", "inspect", "label", "plot", "report", "sql"}
"""Commands whose -o is no table: a model, a config, what people read, labels, pictures, a query."""
WRITES = {
    "archetypes": [],
    "benefits": [],
    "classify": ["log.csv"],
    "drivers": ["survey.csv", "--outcome", "sat", "--replicates", "100"],
    "evaluate": ["log.csv", "--labels", "labels.csv"],
    "facts": ["log.csv"],
    "features": [],
    "groups": ["log.csv", "--customers", "accounts.csv", "--by", "band"],
    "issues": ["tickets.csv", "--text", "text"],
    "outcome": ["plan.csv", "log.csv"],
    "plan": ["log.csv", "--capacity", "service=5"],
    "review": ["log.csv", "--config", "standards.toml"],
    "rules": [],
    "stakeholders": ["ties.csv", "--runs", "20"],
    "track": ["log.csv", "--every", "90d"],
}
"""Command → its arguments; one with an -o that is not here fails the test below."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What the commands above read."""
    made = tmp_path_factory.mktemp("folder")
    run = simulate("coffee bar", customers=12, seed=1)
    pc.write_csv(run.interactions, made / "log.csv")
    names = ["committed partnership", "fling"] * 10
    ids = sorted(set(run.interactions.column("customer_id").to_pylist()))
    rows = zip(ids, names, strict=False)
    (made / "labels.csv").write_text(
        "customer_id,archetype\n" + "".join(f"{i},{name}\n" for i, name in rows)
    )
    answers = "".join(f"{i % 5},{i % 7},{i % 5 + i % 3}\n" for i in range(60))
    (made / "survey.csv").write_text("ease,price,sat\n" + answers)
    said = ["my card has not arrived", "how do I change my PIN"] * 15
    texts = "".join(f"{s} {i % 7}\n" for i, s in enumerate(said))
    (made / "tickets.csv").write_text("text\n" + texts)
    (made / "standards.toml").write_text(
        '[[standards]]\nname = "some"\nshare = "fling"\nat_least = 0.0\n'
    )
    acted = "".join(
        f"{i},2024-06-01,service,care,{'yes' if n % 2 else 'no'}\n" for n, i in enumerate(ids)
    )
    (made / "plan.csv").write_text("customer_id,as_of,role,benefit,held_out\n" + acted)
    bands = "".join(f"{i},{'north' if n % 2 else 'south'}\n" for n, i in enumerate(ids))
    (made / "accounts.csv").write_text("customer_id,band\n" + bands)
    ties = "".join(f"p{i % 7},p{(i * 3 + 1) % 7}\n" for i in range(40))
    (made / "ties.csv").write_text("from,to\n" + ties)
    return made


def writing(command):
    return any(parameter.name == "output" for parameter in command.params)


@pytest.mark.parametrize("name", sorted({*cli.cli.list_commands(Context(cli.cli))} - TEXTS))
def test_the_format_of_a_plugin_is_written_by_the_o_of_every_command(
    site, name, folder, monkeypatch, tmp_path
):
    command = cli.cli.get_command(Context(cli.cli), name)
    if not writing(command):
        pytest.skip("it writes no file")
    install(
        site,
        "zoo",
        """
from reltype.formats import Format
def write(schema, batches, stream): stream.write(str(sum(b.num_rows for b in batches)).encode())
@hookimpl
def reltype_formats(): return [Format("count", (".count",), write)]
""",
    )
    monkeypatch.setenv("RELTYPE_PLUGIN_SECONDS", "30")
    monkeypatch.chdir(folder)
    out = tmp_path / "out.count"
    code = cli.run([name, *WRITES[name], "-o", str(out)])
    assert code in (0, 1), name
    assert int(out.read_text()) > 0

"""Drivers: what a person gives and gets. Files, codes, parts, benefits, quadrants, logs, the command."""

import json
import re
from xml.etree import ElementTree as ET

import numpy as np
import pyarrow as pa
import pytest
from click.testing import CliRunner

import reltype
from reltype.analyses.drivers.codes import Proposal, proposals
from reltype.analyses.drivers.performance import scales_of
from reltype.cli import cli
from reltype.definitions.importance import importance, plural
from reltype.errors import ConfigError, InputError, UsageError

RNG = np.random.default_rng(7)


def survey(rows=400, seed=1):
    """Answers on 1 to 7: respect drives, waiting less, the food not at all."""
    rng = np.random.default_rng(seed)
    mood = rng.normal(size=rows)

    def item(level, own=1.0):
        return np.clip(np.rint(level + 0.6 * mood + own * rng.normal(size=rows)), 1, 7)

    respect, wait, food = item(3.0), item(5.0), item(5.5)
    overall = np.clip(np.rint(0.7 * respect + 0.3 * wait + 0.8 * rng.normal(size=rows)), 1, 7)
    return {
        "treated with respect": respect,
        "waiting time": wait,
        "food on the ward": food,
        "overall": overall,
        "ward": np.where(rng.random(rows) < 0.5, "north", "south"),
    }


def write(folder, columns, name="survey.csv"):
    path = folder / name
    rows = zip(*columns.values(), strict=True)
    lines = [",".join(map(str, row)) for row in rows]
    path.write_text("\n".join([",".join(columns), *lines]) + "\n", encoding="utf-8")
    return path


def run(*args, code=0):
    done = CliRunner().invoke(cli, list(map(str, args)), standalone_mode=False)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.output
    return done


def test_the_json_form_is_the_contract(tmp_path):
    path = write(tmp_path, survey())
    done = run("drivers", path, "--outcome", "overall", "--format", "json")
    found = json.loads(done.stdout)
    names = ["treated with respect", "waiting time", "food on the ward"]
    for key in ("lmg", "relative_weights", "first", "last", "intervals"):
        assert set(found[key]) >= set(names)
    assert sum(found["lmg"].values()) == pytest.approx(found["r2"], abs=1e-12)
    assert isinstance(found["noise"], float)
    assert found["rows"] == 400
    low, high = found["intervals"]["waiting time"]
    assert low <= found["lmg"]["waiting time"] <= high
    assert found["reported"][0] == "treated with respect"


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet", "pandas", "polars", "arrow", "dicts"])
def test_whatever_classify_takes_is_read_alike(tmp_path, kind):
    columns = survey(120)
    table = pa.table({name: pa.array(list(values)) for name, values in columns.items()})
    data = {
        "csv": lambda: write(tmp_path, columns),
        "xlsx": lambda: _written(tmp_path / "s.xlsx", table),
        "parquet": lambda: _written(tmp_path / "s.parquet", table),
        "pandas": table.to_pandas,
        "polars": lambda: pytest.importorskip("polars").DataFrame(table),
        "arrow": lambda: table,
        "dicts": table.to_pylist,
    }[kind]()
    found = reltype.drivers(data, "overall", replicates=100)
    whole = reltype.drivers(table, "overall", replicates=100)
    assert {n: d.share for n, d in found.drivers.items()} == pytest.approx(
        {n: d.share for n, d in whole.drivers.items()}, abs=1e-12
    )
    assert found["waiting time"].low == pytest.approx(whole["waiting time"].low, abs=1e-9)


def _written(path, table):
    from reltype.formats import write as put

    put(table.schema, table.to_batches(), path)
    return path


def test_columns_are_named_by_pattern_and_range(tmp_path):
    rng = np.random.default_rng(0)
    columns = {f"q{i}": rng.integers(1, 6, 100) for i in range(1, 6)}
    path = write(tmp_path, {**columns, "y": rng.integers(1, 6, 100)})
    assert list(reltype.drivers(path, "y", attributes="q2..q4").drivers) == ["q2", "q3", "q4"]
    assert list(reltype.drivers(path, "y", attributes="q*").drivers) == [
        f"q{i}" for i in range(1, 6)
    ]
    assert list(reltype.drivers(path, "Y", attributes=["Q5", "q1"]).drivers) == ["q5", "q1"]
    with pytest.raises(InputError, match="Did you mean 'q1'"):
        reltype.drivers(path, "y", attributes="q1x")


def test_identifiers_times_and_texts_are_left_out_and_told(tmp_path):
    columns = survey(60)
    columns["respondent_id"] = [f"R{i}" for i in range(60)]
    columns["no"] = range(1, 61)
    columns["day"] = [f"2025-01-{i % 28 + 1:02d}" for i in range(60)]
    columns["comment"] = [f"said {i} things" for i in range(60)]
    found = reltype.drivers(write(tmp_path, columns), "overall", replicates=100)
    assert list(found.drivers) == ["treated with respect", "waiting time", "food on the ward"]
    told = " ".join(found.notes)
    for name in ("respondent_id", "no (an identifier)", "day (a time)", "comment (text)"):
        assert name in told


@pytest.mark.parametrize(
    ("answers", "others", "code"),
    [
        ([1, 2, 3, 4, 5, 6, 7, -99], [range(1, 8)], -99),
        ([1, 2, 3, 4, 5, 6, 7, 99], [range(1, 8)], 99),
        ([1, 2, 3, 4, 5, 6, 7, 8], [range(1, 8), range(1, 8)], 8),
        ([1, 2, 3, 4, 5, 6, 7, 9], [range(1, 8), range(1, 8)], 9),
        ([1, 2, 3, 4, 5, 6], [range(1, 6), range(1, 6), range(1, 6)], 6),
        ([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, -1], [range(11)], -1),
        ([*range(101), -99], [range(101)], -99),
        ([*range(101), 999], [range(101)], 999),
        ([1, 2, 3, 4, 5, 6, 7, 8], [[1, 2, 3, 4, 5, 6, 7, 8]], 8),
    ],
)
def test_codes_that_may_mean_no_answer_are_proposed(answers, others, code):
    columns = [np.resize(np.array(list(a), float), 600) for a in (answers, *others)]
    found = proposals([f"c{i}" for i in range(len(columns))], np.stack(columns, axis=1))
    assert [(p.code, p.columns[0]) for p in found] == [(code, "c0")]
    assert "--dont-know" in found[0].taken


@pytest.mark.parametrize(
    "answers",
    [
        range(1, 8), range(11), range(1, 10), range(1, 12), [-2, -1, 0, 1, 2], [-1, 0, 1], [0, 1],
        range(101), range(18, 91), range(1, 7), [-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5], [1, 2, 3],
    ],
)  # fmt: skip
def test_plain_scales_propose_nothing(answers):
    column = np.resize(np.array(list(answers), float), 600)
    assert proposals(["a", "b"], np.stack([column, column[::-1]], axis=1)) == []


def test_a_code_is_a_number_until_somebody_says_otherwise(tmp_path):
    columns = survey(200)
    columns["waiting time"][:20] = 99
    path = write(tmp_path, columns)
    taken = reltype.drivers(path, "overall", missing="listwise")
    assert taken.rows == 200
    assert [c.code for c in taken.codes] == [99]
    assert "Check: 99 stands 20 times in waiting time" in taken.text()
    cleared = reltype.drivers(path, "overall", missing="listwise", dont_know="99")
    one = reltype.drivers(path, "overall", missing="listwise", dont_know=["waiting time=99"])
    assert cleared.rows == one.rows == 180
    assert cleared.codes == ()
    with pytest.raises(UsageError, match="none of the columns"):
        reltype.drivers(path, "overall", dont_know="nowhere=99")


def test_parts_have_shares_of_their_own_and_small_ones_are_named(tmp_path):
    columns = survey(400)
    columns["ward"] = np.where(np.arange(400) < 20, "east", columns["ward"])
    found = reltype.drivers(write(tmp_path, columns), "overall", by="ward")
    assert list(found.by) == ["north", "south"]
    assert found.small == {"east": 20}
    assert sum(one.rows for one in found.by.values()) == 380
    assert set(found.document()["by"]) == {"north", "south"}
    assert "north: what overall follows" in found.text()


def test_parts_by_archetype_come_from_what_was_classified(tmp_path):
    columns = {"customer_id": [f"c{i}" for i in range(400)], **survey(400)}
    path = write(tmp_path, columns)
    kinds = pa.table(
        {
            "customer_id": [f"c{i}" for i in range(400)],
            "archetype": ["fling" if i % 2 else "casual friendship" for i in range(400)],
        }
    )
    result = _written(tmp_path / "relationships.parquet", kinds)
    found = reltype.drivers(path, "overall", by="archetype", relationships=str(result))
    assert list(found.by) == ["casual friendship", "fling"]
    strangers = _written(
        tmp_path / "others.parquet", kinds.set_column(0, "customer_id", [["x"] * 400])
    )
    with pytest.raises(InputError, match="no respondent is among"):
        reltype.drivers(path, "overall", by="archetype", relationships=str(strangers))


def test_rows_that_are_answers_are_turned_into_rows_that_are_respondents(tmp_path):
    wide = survey(80)
    items = ["treated with respect", "waiting time", "food on the ward", "overall"]
    long = {
        "who": [i for i in range(80) for _ in items],
        "item": [item for _ in range(80) for item in items],
        "answer": [wide[item][i] for i in range(80) for item in items],
    }
    found = reltype.drivers(write(tmp_path, long), "overall", long=["who", "item", "answer"])
    whole = reltype.drivers(write(tmp_path, wide, "wide.csv"), "overall")
    assert {n: d.share for n, d in found.drivers.items()} == pytest.approx(
        {n: d.share for n, d in whole.drivers.items()}, abs=1e-12
    )


def test_quadrants_say_what_to_fix_and_what_to_keep(tmp_path):
    found = reltype.drivers(write(tmp_path, survey(800)), "overall")
    respect = found["treated with respect"].performance
    assert (respect.quadrant, respect.scale) == ("fix", (1.0, 7.0))
    assert respect.mean == pytest.approx(1 + 6 * respect.level)
    assert respect.low < respect.level < respect.high
    assert found["food on the ward"].performance.quadrant == "wasted"
    assert "Fix (matters" in found.text()


def test_scales_are_one_where_nobody_chose_the_end():
    columns = [np.arange(1.0, 8), np.arange(1.0, 8), np.arange(1.0, 6), np.arange(0.0, 101)]
    assert scales_of(columns) == [(1, 7), (1, 7), (1, 7), (0, 100)]


def test_the_picture_is_svg_the_same_each_time_and_holds_no_strangers_markup(tmp_path):
    columns = survey(300)
    columns['<script>alert("x")</script>'] = columns.pop("food on the ward")
    data = pa.table({name: pa.array(list(values)) for name, values in columns.items()})
    found = reltype.drivers(
        data, "overall", by="ward", attributes=[n for n in columns if n not in ("overall", "ward")]
    )
    drawn = found.svg()
    assert (
        drawn
        == reltype.drivers(
            data,
            "overall",
            by="ward",
            attributes=[n for n in columns if n not in ("overall", "ward")],
        ).svg()
    )
    tree = ET.fromstring(drawn)
    assert len(tree.findall(".//{http://www.w3.org/2000/svg}path/{*}title")) == 3
    assert "<script" not in drawn
    paths = found.draw(tmp_path / "plot.svg")
    assert [p.name for p in paths] == ["plot.svg", "plot-north.svg", "plot-south.svg"]


def test_benefits_are_guessed_from_names_and_questions_and_said_in_the_config(tmp_path):
    path = write(tmp_path, survey())
    found = reltype.drivers(path, "overall")
    assert found.topics["treated with respect"].benefit == "respect and dignity"
    assert found.topics["waiting time"].kind == "functional"
    assert set(found.kinds) == {"socio-emotional", "functional"}
    assert next(iter(found.kinds)) == "socio-emotional"
    config = tmp_path / "reltype.toml"
    config.write_text('[benefits_of]\n"food on the ward" = "identity"\n"waiting time" = "none"\n')
    said = reltype.drivers(path, "overall", config=config)
    assert said.topics["food on the ward"].benefit == "identity"
    assert "waiting time" not in said.topics
    config.write_text('[benefits_of]\n"waiting time" = "respekt and dignity"\n')
    with pytest.raises(ConfigError, match="Did you mean 'respect and dignity'"):
        reltype.drivers(path, "overall", config=config)
    coded = {"q1": survey()["treated with respect"], "overall": survey()["overall"]}
    asked = reltype.drivers(
        write(tmp_path, coded, "coded.csv"), "overall", items={"q1": "Were you listened to?"}
    )
    assert asked.topics["q1"].benefit == "respect and dignity"


@pytest.mark.parametrize(
    ("item", "kind"),
    [
        ("How often did nurses listen carefully to you?", "socio-emotional"),
        ("Doctor communication", "socio-emotional"),
        ("Staff were courteous", "socio-emotional"),
        ("Responsiveness of hospital staff", "functional"),
        ("Cleanliness of hospital environment", "functional"),
        ("flight left on time", "functional"),
        ("Pain management", "clinical/technical"),
        ("apparel", None),
        ("age", None),
        ("s12", None),
        ("television", None),
    ],
)
def test_an_item_is_of_the_kind_that_it_speaks_of_or_of_none(item, kind):
    data = [{item: i % 7, "y": i % 7 + i % 3} for i in range(60)]
    topics = reltype.drivers(data, "y", attributes=[item], replicates=100).topics
    assert (topics[item].kind if item in topics else None) == kind


def test_the_draft_of_the_mapping_can_be_read_back(tmp_path):
    path = write(tmp_path, survey())
    done = run("drivers", path, "--outcome", "overall", "--draft-benefits")
    config = tmp_path / "reltype.toml"
    config.write_text(done.stdout)
    found = reltype.drivers(path, "overall", config=config)
    assert found.topics["treated with respect"].because.endswith("[benefits_of] says so")
    coded = write(
        tmp_path, {"q1": RNG.integers(1, 6, 60), "y": RNG.integers(1, 6, 60)}, "coded.csv"
    )
    assert '# "q1" = ""' in run("drivers", coded, "--outcome", "y", "--draft-benefits").stdout


LOG = [
    {"customer_id": f"c{c}", "date": f"2024-{m:02d}-{1 + (c * m) % 27:02d}", "amount": 10 + c % 5}
    for c in range(30)
    for m in range(1, 13)
    if c % 3 or m < 6
]


def test_measured_importance_weighs_benefits_and_is_told(tmp_path):
    path = write(tmp_path, survey())
    report = tmp_path / "drivers.json"
    run("drivers", path, "--outcome", "overall", "-o", report)
    plain, weighed = reltype.classify(LOG), reltype.classify(LOG, drivers=report)
    assert plain.table.column("archetype") == weighed.table.column("archetype")
    table = importance(str(report))
    first, second = "respect and dignity", "functional delivery and timeliness"
    assert table.weight(first, "fling") > 1 > table.weight(second, "fling")
    assert table.weight("identity", "fling") == 1
    told = [b.because for r in weighed for b in r.benefits if b.name == "respect and dignity"]
    shares = [b for r in weighed for b in r.benefits]
    assert shares
    for because in told:
        assert re.search(
            r"matters most to those who answered: \d+% of what overall follows", because
        )
    config = tmp_path / "reltype.toml"
    config.write_text('[options]\ndrivers = "drivers.json"\n')
    assert reltype.classify(LOG, config=config).table == weighed.table


def test_importance_by_archetype_goes_before_that_of_all():
    measured = importance(
        {
            "outcome": "sat", "reported": ["a"], "weak": False,
            "benefits": {"recovery": {"share": 1.0, "interval": [1, 1], "weight": 1.0, "reported": True}},
            "by": {"marriage of convenience": {
                "reported": ["a"], "weak": True,
                "benefits": {"recovery": {"share": 0.31, "interval": [0.24, 0.38], "weight": 1.4, "reported": True}},
            }},
        }
    )  # fmt: skip
    assert measured.weight("recovery", "marriage of convenience") == 1.4
    assert measured.weight("recovery", "fling") == 1.0
    assert measured.describe("recovery", "marriage of convenience") == (
        "recovery matters most to your marriages of convenience: 31% of what sat follows, 24% to 38%, "
        "weak evidence"
    )
    assert plural("casual friendship") == "casual friendships"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "is not what reltype drivers"),
        ("[]", "has no 'benefits'"),
        ('{"benefits": {}, "reported": []}', "speaks of a benefit"),
        (
            '{"benefits": {"recovery": {"share": 1, "weight": 1}}, "reported": []}',
            "told from noise",
        ),
        (
            '{"benefits": {"recovery": {"share": 1, "weight": 1e9}}, "reported": ["a"]}',
            "is not between",
        ),
        (
            '{"benefits": {"recovery": {"share": "x", "weight": 1}}, "reported": ["a"]}',
            "is not a number",
        ),
        ('{"benefits": {"recovery": 3}, "reported": ["a"]}', "not what reltype drivers wrote"),
    ],
)
def test_what_was_not_measured_weighs_nothing(tmp_path, text, problem):
    path = tmp_path / "drivers.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=problem):
        reltype.classify(LOG, drivers=path)


def log_of_two_kinds():
    """120 customers over a year; those who come back in the last quarter bought much in the one before."""
    rng = np.random.default_rng(3)
    rows = []
    for c in range(120):
        keen = c % 2 == 0
        for month in range(1, 13):
            many = 3 if keen else 1
            if month > 9 and not keen and rng.random() < 0.8:
                continue
            rows += [
                {
                    "customer_id": f"c{c}",
                    "date": f"2024-{month:02d}-{day:02d}",
                    "amount": 10 + c % 7,
                }
                for day in rng.choice(np.arange(1, 29), many, replace=False)
            ]
    rows.append({"customer_id": "c0", "date": "2024-12-31", "amount": 9})
    return rows


def test_facts_of_one_quarter_are_held_against_the_next():
    found = reltype.drivers(log_of_two_kinds(), "returns", from_log=True)
    assert found.reported
    assert found.outcome == "returns in the next quarter"
    assert found["purchases"].correlation > 0.3
    assert "This is no cause" in found.text()
    assert "2024-07-03 to 2024-10-01" in found.notes[0]
    spent = reltype.drivers(
        log_of_two_kinds(), "spend", from_log=True, attributes="purchases,value_mean"
    )
    assert list(spent.drivers) == ["purchases", "value_mean"]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"outcome": "retruns"}, "Did you mean 'returns'"),
        ({"outcome": "returns", "attributes": "purchase"}, "Did you mean 'purchases'"),
        ({"outcome": "returns", "quarter": 400}, "less than two quarters"),
        ({"outcome": "returns", "by": "city"}, "takes archetype"),
    ],
)
def test_a_question_that_a_log_cannot_answer_is_refused(options, problem):
    with pytest.raises((UsageError, InputError), match=problem):
        reltype.drivers(log_of_two_kinds(), from_log=True, **options)


def test_a_column_of_weights_is_no_attribute(tmp_path):
    columns = survey(80)
    columns["weight"] = np.resize([0.8, 1.0, 1.4], 80)
    found = reltype.drivers(write(tmp_path, columns), "overall", replicates=100)
    assert "weight" not in found.drivers
    assert any("--weights weight takes them" in note for note in found.notes)
    body = {**survey(80), "weight": RNG.normal(75, 9, 80).round(1)}
    assert "weight" in reltype.drivers(write(tmp_path, body), "overall", replicates=100).drivers


def test_a_group_may_not_be_called_like_another_attribute(tmp_path):
    with pytest.raises(UsageError, match="called like an attribute"):
        reltype.drivers(
            write(tmp_path, survey(80)),
            "overall",
            groups={"waiting time": ["treated with respect", "food on the ward"]},
        )


def test_groups_come_from_toml_or_a_table(tmp_path):
    path = write(tmp_path, survey())
    toml = tmp_path / "groups.toml"
    toml.write_text('care = ["treated with respect", "waiting time"]\n')
    table = write(
        tmp_path,
        {"attribute": ["treated with respect", "waiting time"], "group": ["care", "care"]},
        "g.csv",
    )
    first = reltype.drivers(path, "overall", groups=toml)
    assert list(first.drivers) == ["care", "food on the ward"]
    second = reltype.drivers(path, "overall", groups=str(table))
    assert second["care"].share == first["care"].share
    toml.write_text('care = "treated with respect"\n')
    with pytest.raises(ConfigError, match="must be a list of columns"):
        reltype.drivers(path, "overall", groups=toml)


def test_every_output_is_as_wide_as_a_terminal_and_free_of_control_characters(tmp_path):
    columns = survey(300)
    columns["a very long name of an item that goes on and on \x1b[31m and does not end"] = (
        columns.pop("food on the ward")
    )
    table = pa.table({n: pa.array(list(v)) for n, v in columns.items()})
    text = reltype.drivers(table, "overall", by="ward").text()
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text


def test_the_command_ends_with_the_code_of_the_problem(tmp_path):
    path = write(tmp_path, survey(60))
    for args, code in [
        (["--outcome", "overal"], 4),
        (["--outcome", "overall", "--attributes", "overall"], 2),
        (["--outcome", "overall", "--missing", "pairwise"], 2),
        (["--outcome", "overall", "--groups", str(tmp_path / "none.toml")], 3),
        (["--outcome", "overall", "--plot", str(tmp_path / "p.svg")], 0),
        (["--outcome", "overall", "-o", str(tmp_path / "d.csv")], 0),
        (["--outcome", "overall", "-o", str(tmp_path / "d.xlsx")], 0),
    ]:
        assert reltype_code("drivers", str(path), *args) == code
    assert (tmp_path / "p.svg").read_text().startswith("<svg")


def reltype_code(*args):
    from reltype.cli import run as command

    return command(list(args))


def test_every_option_of_the_command_is_an_argument_of_the_function():
    import inspect

    from reltype.cli.drivers import command

    shown = {"survey", "plot", "output", "format_", "draft_benefits", "help"}
    asked = {parameter.name for parameter in command.params} - shown
    assert asked <= set(inspect.signature(reltype.drivers).parameters)


def test_a_code_that_stands_once_is_told_in_the_singular():
    found = Proposal(-99.0, ("ease",), 1, "below its scale", "--dont-know -99")
    assert "-99 stands 1 time in ease" in found.description


def test_archetypes_are_asked_of_the_data_as_they_are_read(tmp_path, monkeypatch):
    """By the same table, encoding, config and limits as the answers."""
    asked = {}

    def classified(data, **options):
        asked.update(options)
        raise InputError("enough")

    monkeypatch.setattr("reltype.analyses.drivers.classify", classified)
    path = tmp_path / "survey.csv"
    rows = "".join(f"c{i},{i % 5},{i % 5 + i % 3}\n" for i in range(60))
    path.write_text("customer_id,ease,sat\n" + rows, encoding="utf-16")
    config = tmp_path / "reltype.toml"
    config.write_text("[options]\ntimeout = 77\n")
    with pytest.raises(InputError, match="enough"):
        reltype.drivers(
            str(path), "sat", by="archetype", encoding="utf-16", config=config, threads=1
        )
    assert asked == {
        "config": config, "table": None, "encoding": "utf-16", "threads": 1, "memory_limit": None,
        "timeout": 77,
    }  # fmt: skip

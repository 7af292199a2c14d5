"""Standards: what is asked is measured as anybody would count it, and judged only where it is sure."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import reltype
from reltype.analyses.standards.measure import Measured, corrected_share, verdict
from reltype.cli import cli
from reltype.config import load
from reltype.definitions.standards import standard, standards
from reltype.errors import ConfigError, UsageError
from reltype.learning import intervals

EXAMPLES = Path(__file__).parent.parent / "examples"
LOG = str(EXAMPLES / "software.csv")
TABLE = str(EXAMPLES / "software-customers.csv")

ASKED = [
    {"name": "share", "share": "committed partnership", "where": "age_days > 365", "at_least": 0.9},
    {"name": "status", "share": "ended", "at_most": 1.0},
    {"name": "moves", "moves": ["committed partnership", "marriage of convenience"], "at_most": 0.02},
    {"name": "mean", "mean": "affect", "at_least": 0.01, "where": "archetype <> 'unclassified'"},
    {"name": "feature", "mean": "age_days / 365.25", "at_most": 0.01},
    {"name": "none", "none": "hostage", "older_than": "60d"},
    {"name": "nobody", "share": "fling", "where": "age_days > 99999", "at_least": 0.5},
    {"name": "own", "share": "fling", "where": "contract_days > 0 and country = 'de'", "at_most": 0.9},
]  # fmt: skip


@pytest.fixture(scope="module")
def accounts():
    return pa.Table.from_pylist([
        {"customer_id": one.customer_id, "country": "de" if i % 3 else "fr", "contract_days": 365}
        for i, one in enumerate(reltype.classify(LOG))
    ])  # fmt: skip


@pytest.fixture(scope="module")
def reviewed(accounts):
    return reltype.review(LOG, customers=accounts, standards=ASKED)


def one(found, name):
    return next(f for f in found.findings if f.standard.name == name)


def test_a_share_is_what_one_counts_in_the_result(reviewed, accounts):
    result = reltype.classify(LOG, customers=accounts)
    known = result.facts().select(["customer_id", "age_days"]).to_pylist()
    facts = {row["customer_id"]: row["age_days"] for row in known}
    mine = [r for r in result if (facts[r.customer_id] or 0) > 365]
    found = one(reviewed, "share")
    assert found.customers == len(mine)
    hits = sum(r.archetype == "committed partnership" for r in mine)
    assert found.value == pytest.approx(hits / len(mine))
    assert found.low <= found.value <= found.high < 0.9
    assert found.verdict == "missed"
    assert found.deviation == pytest.approx(found.value - 0.9)
    mean = one(reviewed, "mean")
    known = [r.readings["affect"] for r in result if r.archetype != "unclassified"]
    assert mean.value == pytest.approx(np.mean([v for v in known if v is not None]))


def test_columns_of_the_customer_table_can_be_spoken_of(reviewed, accounts):
    found = one(reviewed, "own")
    assert found.customers == sum(c == "de" for c in accounts.column("country").to_pylist())


def test_columns_of_a_log_are_each_customers_most_frequent_value():
    log = pa.table({
        "customer_id": ["a", "a", "a", "b", "b", "c", "c"],
        "date": [f"2024-0{m}-01" for m in (1, 2, 3, 1, 2, 1, 2)],
        "amount": [5.0] * 7,
        "Sales Region": ["north", "south", "south", "south", None, None, None],
    })  # fmt: skip
    asked = [{"mean": "purchases", "where": "\"Sales Region\" = 'south'", "at_least": 1}]
    found = reltype.review(log, standards=asked).findings[0]
    assert (found.customers, found.value) == (2, 2.5)
    with pytest.raises(ConfigError, match="Did you mean 'Sales Region'"):
        reltype.review(log, standards=[{**asked[0], "where": "\"Sales Regon\" = 'south'"}])


def test_of_nobody_nothing_is_said(reviewed):
    found = one(reviewed, "nobody")
    assert (found.value, found.customers, found.verdict) == (None, 0, "cannot tell")
    assert "nobody" in found.note


def test_what_is_surely_kept_is_met_and_what_is_surely_not_is_missed(reviewed):
    assert one(reviewed, "status").verdict == "met"
    assert one(reviewed, "mean").verdict == "met"
    assert one(reviewed, "feature").verdict == "missed"
    assert reviewed.level == pytest.approx(1 - 0.05 / len(ASKED))


def test_deviations_come_with_actions_that_have_an_owner_and_a_horizon(reviewed):
    from reltype.definitions.benefits import HORIZONS, ROLES

    for found in reviewed.missed:
        assert found.actions
        for action in found.actions:
            assert action.role in ROLES
            assert action.horizon in HORIZONS
            assert action.action
        assert found.reach is None or found.reach.told
    assert not one(reviewed, "status").actions


def test_the_owners_own_benefits_come_first():
    found = reltype.review(
        LOG, standards=[{"share": "committed partnership", "at_least": 0.99, "owner": "liaison"}]
    )
    assert found.findings[0].actions[0].role == "liaison"


def test_a_table_without_a_log_has_a_present_and_no_past():
    table = pa.table({
        "customer_id": [f"c{i}" for i in range(40)],
        "contract_days": [365.0] * 40,
        "tenure_days": [900.0] * 40,
        "satisfaction": [0.1, 0.9] * 20,
    })  # fmt: skip
    asked = [
        {"name": "moves", "moves": ["fling", "casual friendship"], "at_most": 0.1},
        {"name": "mean", "mean": "satisfaction", "at_least": 0.2},
    ]
    found = reltype.review(table, standards=asked)
    assert found.as_of is None
    assert "1970" not in str(found)
    assert found.to_dict()["as_of"] is None
    assert found.to_arrow().column("as_of").null_count == 2
    assert one(found, "moves").verdict == "cannot tell"
    assert one(found, "mean").customers == 40
    assert any("no history" in note for note in found.notes)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            {"share": "commited partnership", "at_least": 0.4},
            "Did you mean 'committed partnership'",
        ),
        ({"share": "hostages", "at_least": 0.4}, "Did you mean 'hostage'"),
        ({"none": "dormnt"}, "Did you mean 'dormant'"),
        ({"moves": ["fling", "flings"], "at_most": 0.4}, "no archetype of customer"),
        ({"moves": ["fling", "dormant"], "at_most": 0.4}, "no archetype of customer"),
        ({"moves": ["fling", "casual friendship"], "at_most": 0.4, "every": "fortnight"}, "every"),
        ({"mean": "afect", "at_least": 0.4}, "Did you mean 'affect'"),
        ({"share": "fling", "at_least": 0.4, "where": "tenur_days > 3"}, "'tenure_days'"),
        ({"share": "fling", "at_least": 0.4, "where": "read_csv('x') = 1"}, "read_csv"),
        ({"share": "fling", "at_least": 0.4, "where": "tenure_days >"}, "where"),
        ({"share": "fling", "at_lest": 0.4}, "Did you mean 'at_least'"),
        ({"share": "fling", "at_least": 40}, "Write 0.4 for 40 %"),
        ({"share": "fling", "at_least": "many"}, "must be a number"),
        ({"share": "fling", "at_least": True}, "must be a number"),
        ({"share": "fling", "at_least": float("nan")}, "must be a number"),
        ({"share": "fling"}, "write at_least"),
        ({"share": "fling", "mean": "affect", "at_least": 0.1}, "says share and mean"),
        ({"at_least": 0.1}, "says nothing of what is measured"),
        ({"share": "fling", "at_least": 0.5, "at_most": 0.4}, "is more than"),
        ({"share": "fling", "at_least": 0.5, "older_than": 4}, "belongs to none"),
        ({"none": "hostage", "older_than": "soon"}, "must be days"),
        ({"none": "hostage", "at_most": 3}, "nobody is nobody"),
        ({"share": "fling", "at_least": 0.5, "owner": "advisor"}, "Did you mean 'advisory'"),
        ({"share": "fling", "at_least": 0.5, "horizon": "soon"}, "There are: long-term win"),
        ({"share": [], "at_least": 0.5}, "must be an archetype"),
        ({"moves": ["fling"], "at_least": 0.5}, "two archetypes"),
        ({"share": "fling", "at_least": 0.5, "tell": 3}, "list of texts"),
        ({"share": "fling", "at_least": 0.5, "name": ""}, "must be a text"),
    ],
)
def test_what_cannot_be_asked_is_told_with_the_line_and_the_nearest_name(asked, said, tmp_path):
    def toml(value):
        if isinstance(value, list):
            return "[" + ", ".join(map(toml, value)) + "]"
        return json.dumps(value) if not isinstance(value, float) else repr(value)

    path = tmp_path / "reltype.toml"
    lines = [f"{key} = {toml(value)}" for key, value in asked.items()]
    path.write_text('typology = "customer"\n\n[[standards]]\n' + "\n".join(lines) + "\n")
    log = tmp_path / "log.csv"
    log.write_text("customer_id,date,amount\na,2024-01-01,5\na,2024-02-01,5\n")
    done = CliRunner().invoke(cli, ["review", str(log), "--config", str(path)])
    assert isinstance(done.exception, ConfigError), done.output
    assert said in str(done.exception)
    assert f"{path}, line " in str(done.exception)
    line = int(str(done.exception).split(", line ")[1].split(":")[0])
    assert 3 <= line <= 3 + len(lines)


def test_the_line_is_that_of_the_right_standard_and_key(tmp_path):
    path = tmp_path / "pyproject.toml"
    path.write_text(
        '[tool.reltype]\n[[tool.reltype.standards]]\nshare = "fling"\nat_least = 0.1\n'
        '[[tool.reltype.standards]]\nshare = "fling"\nat_least = 0.2\nowner = "boss"\n'
    )
    with pytest.raises(ConfigError, match="line 8"):
        load(path)


def test_two_standards_of_one_name_and_no_standard_at_all_are_refused(tmp_path, monkeypatch):
    with pytest.raises(ConfigError, match="name them apart"):
        standards([{"share": "fling", "at_least": 0.1}] * 2)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"no \[\[standards\]\]"):
        reltype.review(LOG)


def test_a_standard_without_a_name_is_called_after_what_it_asks():
    asked = {"moves": ["fling", "casual friendship"], "at_most": "2.5 %"}
    assert standard(asked, 1).name == "from fling to casual friendship, at most 2.5 %"
    assert (
        standard({"none": "hostage", "older_than": 60}, 1).name
        == "no hostage for more than 60 days"
    )


# Judging


@settings(max_examples=200, deadline=None)
@given(
    st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.none() | st.floats(0, 1), st.booleans()
)
def test_nothing_is_judged_unless_the_whole_interval_is_on_one_side(a, b, c, limit, least):
    low, value, high = sorted([a, b, c])
    limit = 0.5 if limit is None else limit
    asked = standard({"share": "fling", "at_least" if least else "at_most": limit}, 1)
    told = verdict(asked, Measured(value, low, high, 10, ""))
    ok = [v >= limit if least else v <= limit for v in (low, high)]
    assert told == ("met" if all(ok) else "cannot tell" if any(ok) else "missed")


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 500), st.data(), st.floats(0.5, 0.999))
def test_a_wilson_interval_holds_its_share_and_is_wider_for_a_higher_level(count, data, level):
    hits = data.draw(st.integers(0, count))
    low, high = intervals.wilson(hits, count, level)
    assert 0 <= low <= hits / count <= high <= 1
    wide = intervals.wilson(hits, count, (1 + level) / 2)
    assert wide[0] <= low + 1e-12
    assert high <= wide[1] + 1e-12


@pytest.mark.parametrize("count", [12, 60, 2500])
@pytest.mark.parametrize("draw", ["normal", "exponential", "beta"])
def test_intervals_of_means_hold_the_truth_as_often_as_they_say(count, draw):
    rng = np.random.default_rng(1)
    law = {
        "normal": (lambda: rng.normal(0.5, 0.2, count), 0.5),
        "exponential": (lambda: rng.exponential(1, count), 1.0),
        "beta": (lambda: rng.beta(2, 8, count), 0.2),
    }[draw]
    inside = 0
    for _ in range(60 if count > 2000 else 120):
        low, high = intervals.mean(law[0](), 0.95)
        inside += low <= law[1] <= high
    assert inside / (60 if count > 2000 else 120) >= 0.89


def test_a_share_of_moves_is_found_again_behind_known_errors():
    rng = np.random.default_rng(4)
    true = np.zeros((4000, 2), int)
    true[:, 0] = rng.random(4000) < 0.5
    moved = (true[:, 0] == 1) & (rng.random(4000) < 0.1)
    true[:, 1] = np.where(moved, 0, true[:, 0])
    wrong = rng.random(true.shape) < 0.15
    path = np.where(wrong, 1 - true, true)
    weights = np.where(path[..., None] == np.arange(2), 0.85, 0.15)
    value, worth = corrected_share(path, weights, (1, 0), 2)
    naive = ((path[:, 0] == 1) & (path[:, 1] == 0)).sum() / (path[:, 0] == 1).sum()
    assert abs(value - 0.1) < 0.03 < naive - 0.1
    assert worth < (path[:, 0] == 1).sum()


# The command


def test_the_command_ends_with_1_only_where_a_standard_is_surely_missed(tmp_path):
    path = tmp_path / "reltype.toml"
    said = '[[standards]]\nname = "{0}"\nshare = "committed partnership"\nat_least = {0}\n'
    for limits, code in ((("0.95", "0.0", "0.25"), 1), (("0.0", "0.25"), 0)):
        path.write_text("".join(map(said.format, limits)))
        done = CliRunner().invoke(
            cli, ["review", LOG, "--config", str(path), "--format", "json", "-q"]
        )
        assert done.exit_code == code, done.output
        for found in json.loads(done.stdout)["standards"]:
            assert {"name", "value", "low", "high", "verdict"} <= set(found)
            told = {"0.95": "missed", "0.0": "met", "0.25": "cannot tell"}
            assert found["verdict"] == told[found["name"]]


def test_the_page_fits_and_frames_and_files_hold_a_row_for_each_standard(reviewed, tmp_path):
    assert max(map(len, str(reviewed).splitlines())) <= 80
    assert reviewed.to_arrow().num_rows == len(ASKED)
    reviewed.write(tmp_path / "review.csv")
    assert len((tmp_path / "review.csv").read_text().splitlines()) == len(ASKED) + 1

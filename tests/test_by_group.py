"""A result by group: what is told of each, what differs, and that chance seldom does."""

import csv
import io
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import reltype
from reltype.cli import cli
from reltype.errors import UsageError
from reltype.reporting.by_group import LEAST, MOST, Measure, by_group, grouped
from reltype.reporting.by_group_text import text_of
from reltype.simulate import simulate


def test_many_numbers_are_grouped_by_quarters():
    names, codes = grouped(pa.array([str(n) for n in range(100)] + [None] * 5))
    assert names == ["up to 24", "over 24, up to 49", "over 49, up to 74", "over 74", "not said"]
    assert np.bincount(codes).tolist() == [25, 25, 25, 25, 5]


def test_who_said_nothing_stands_out_only_in_company():
    names, codes = grouped(pa.array([str(n) for n in range(100)] + [None]))
    assert names[-1] == "over 74 or not said"
    assert np.bincount(codes).tolist() == [25, 25, 25, 26]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from([*"abcdefghijklmnop", " a ", "", None, "1", "2.5"]), min_size=1, max_size=90
    )
)
def test_everybody_is_in_one_group_and_none_is_small(cells):
    names, codes = grouped(pa.array(cells, pa.string()))
    sizes = np.bincount(codes, minlength=len(names))
    assert sizes.sum() == len(cells)
    assert len(names) == len(set(names)) <= MOST + 1
    assert sizes.min() >= min(LEAST, len(cells))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), min_size=20, max_size=80))
def test_a_share_lies_in_its_interval_and_gaps_are_those_of_the_shares(rows):
    values = np.array([hit for _, hit in rows], float)
    found = by_group("g", pa.array([g for g, _ in rows]), [Measure("hit", "kind", values)])
    for figure in found.figures:
        assert figure.low - 1e-12 <= figure.value <= figure.high + 1e-12
        if figure.elsewhere is not None:
            assert figure.difference == pytest.approx(figure.value - figure.elsewhere)
        if figure.p is not None:
            assert figure.difference_low <= figure.difference <= figure.difference_high
    whole = sum(figure.value * figure.customers for figure in found.figures)
    assert whole == pytest.approx(values.sum())


def test_of_groups_at_random_hardly_any_differs():
    rng = np.random.default_rng(3)
    wrong = 0
    for _ in range(100):
        asked = [Measure(str(i), "kind", (rng.random(150) < 0.3) * 1.0) for i in range(4)]
        asked += [Measure("mean", "reading", rng.random(150), share=False)]
        found = by_group("g", pa.array(rng.choice([*"abcd"], 150).tolist()), asked)
        wrong += bool(found.differences)
    assert wrong <= 9  # 5 expected at most; P(10 or more) of a binomial of 5 % is 0.03


def test_a_true_difference_is_found_and_benjamini_hochberg_finds_no_less():
    rng = np.random.default_rng(0)
    group = np.repeat([*"abcd"], 100)
    asked = [Measure("true", "kind", np.where(group == "a", 0.7, 0.3) > rng.random(400))]
    asked = [Measure(m.name, m.of, m.values.astype(float)) for m in asked]
    asked += [Measure(str(i), "kind", (rng.random(400) < 0.3) * 1.0) for i in range(6)]
    shift = rng.random(400) + (group == "b") * 0.5
    asked += [Measure("shifted", "reading", shift, share=False)]
    holm = by_group("g", pa.array(group.tolist()), asked)
    bh = by_group("g", pa.array(group.tolist()), asked, "bh")
    told = {(f.group, f.measure) for f in holm.differences}
    assert (
        {("a", "true"), ("b", "shifted")} <= told <= {(f.group, f.measure) for f in bh.differences}
    )
    assert holm.differences[-1].of == "reading"  # shares go first


def test_two_groups_are_compared_once():
    rng = np.random.default_rng(2)
    group = np.repeat(["a", "b"], 50)
    asked = [Measure("x", "kind", (rng.random(100) < np.where(group == "a", 0.8, 0.2)) * 1.0)]
    found = by_group("g", pa.array(group.tolist()), asked)
    assert found.comparisons == 1
    assert [f.group for f in found.differences] == ["a", "b"]
    assert text_of(found).count("are x") == 1


def test_who_has_no_part_in_a_measure_is_not_counted_as_no():
    values = np.array([1.0, 1, np.nan, np.nan, 0, 0, 1, 0, 1, 0])
    found = by_group("g", pa.array(["a"] * 5 + ["b"] * 5), [Measure("right", "labels", values)])
    assert [(f.customers, f.value) for f in found.figures] == [(3, 2 / 3), (5, 0.4)]
    assert found.figures[0].p is None  # of three nothing can be said


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    made = simulate("coffee bar", customers=80)
    folder = tmp_path_factory.mktemp("world")
    ids = made.truth.column("customer_id").to_pylist()
    kinds = made.truth.column("archetype").to_pylist()
    region = ["north" if kind == "fling" else "so<b>uth" for kind in kinds]
    with (folder / "people.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [("customer_id", "region", "odd"), *zip(ids, region, ["x", "y"] * 40, strict=True)]
        )
    with (folder / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [("customer_id", "archetype"), *zip(ids[:60], kinds[:60], strict=True)]
        )
    found = reltype.classify(made.interactions, customers=str(folder / "people.csv"))
    return folder, found


def test_a_group_that_is_another_kind_is_told_and_one_at_random_is_not(world):
    folder, found = world
    region, odd = found.by("region", "odd", labels=folder / "labels.csv")
    assert any(
        f.measure == "fling" and f.group == "north" and f.difference > 0.3
        for f in region.differences
    )
    assert not odd.differences
    sorts = {f.of for f in region.figures}
    assert {
        "kind",
        "named",
        "certainty",
        "evidence",
        "labels",
        "status",
        "benefit",
        "reading",
    } <= sorts
    assert sum(f.customers for f in region.figures if f.of == "labels") == 60
    words = text_of(region)
    assert max(map(len, words.splitlines())) <= 80
    assert "north" in words
    with pytest.raises(UsageError, match="Did you mean 'region'"):
        found.by("regoin")


def test_the_command_reads_a_stored_result_too(world, tmp_path):
    _, found = world
    stored = tmp_path / "result.parquet"
    regions = pa.array(["north", "south"] * 40)
    pa.parquet.write_table(found.table.append_column("region", regions), stored)
    done = CliRunner().invoke(cli, ["groups", str(stored), "--by", "region", "--format", "json"])
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert document["customers"] == 80
    assert document["by"][0]["groups"] == {"north": 40, "south": 40}
    done = CliRunner().invoke(
        cli, ["groups", str(stored), "--by", "region", "--by", "region", "-f", "csv"]
    )
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert {row["group"] for row in rows} == {"north", "south"}
    assert CliRunner().invoke(cli, ["groups", str(stored), "--by", "x"]).exit_code != 0

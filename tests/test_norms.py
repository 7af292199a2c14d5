"""What is usual, said by somebody who knows the business."""

import pytest
from attrs import evolve
from click.testing import CliRunner

import reltype
from reltype.cli.init import command
from reltype.definitions.norms import norm
from reltype.errors import ConfigError
from reltype.reporting.warnings import warnings
from reltype.simulate import simulate


@pytest.mark.parametrize(
    ("name", "said", "value"),
    [
        ("loyal_customer_comes_every", "7d", 7),
        ("loyal_customer_comes_every", 14, 14),
        ("loyal_customer_comes_every", "2 weeks", 14),
        ("loyal_customer_comes_every", "month", 30.4375),
        ("loyal_customer_stays", "1.5 years", 547.875),
        ("loyal_customer_spends", "30", 30),
        ("leaving_is_free", True, 1),
        ("leaving_is_free", "no", 0),
        ("usual_mood", -0.2, -0.2),
        ("mix", {"fling": 0.2}, {"fling": 0.2}),
        ("mix", "casual friendship 0.5, fling = 0.1", {"casual friendship": 0.5, "fling": 0.1}),
    ],
)
def test_a_norm_is_read_as_people_write_it(name, said, value):
    assert norm(name, said, "here").value == pytest.approx(value)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("loyal_customer_comes_every", "often"),
        ("loyal_customer_comes_every", 0),
        ("loyal_customer_comes_every", ""),
        ("loyal_customer_spends", -3),
        ("leaving_is_free", "maybe"),
        ("usual_mood", 5),
        ("mix", {"fling": 2}),
        ("loyal_customer_comes_evry", "7d"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(name, said):
    with pytest.raises(ConfigError, match=r"here.*" + name):
        norm(name, said, "here")


def test_norms_go_before_what_the_customers_show_and_are_told(tmp_path):
    log = simulate("coffee bar", customers=200, seed=1).interactions
    config = tmp_path / "reltype.toml"
    config.write_text('[norms]\nloyal_customer_comes_every = "8d"\nusual_mood = 0.3\n')
    run = reltype.classify(log, config=config).run
    assert run.scales.values["typical_gap_days"] == 10
    assert run.scales.values["usual_sentiment"] == 0.3
    assert any("typical_gap_days is 10 by [norms]" in text for text in warnings(run))


def test_a_pack_may_ship_norms_and_the_config_goes_first(tmp_path):
    log = simulate("coffee bar", customers=200, seed=1).interactions
    pack = tmp_path / "sector.toml"
    pack.write_text('[norms]\nloyal_customer_comes_every = "8d"\nusual_mood = 0.3\n')
    found = reltype.classify(log, rules=[pack]).run.scales.values
    assert (found["typical_gap_days"], found["usual_sentiment"]) == (10, 0.3)
    config = tmp_path / "reltype.toml"
    config.write_text("[norms]\nusual_mood = 0.1\n")
    found = reltype.classify(log, rules=[pack], config=config).run.scales.values
    assert (found["typical_gap_days"], found["usual_sentiment"]) == (10, 0.1)


def test_a_mix_is_the_base_rates(tmp_path):
    log = simulate("coffee bar", customers=200, seed=1).interactions
    config = tmp_path / "reltype.toml"
    config.write_text('[norms]\nmix = { "casual friendship" = 0.7, "fling" = 0.1 }\n')
    plan = reltype.classify(log, config=config).run.plan
    assert {a.name: a.prior for a in plan.archetypes}["casual friendship"] == 0.7


def test_init_asks_six_plain_questions(tmp_path):
    log = tmp_path / "log.csv"
    rows = "".join(f"c{i % 3},2024-01-{i + 1:02d},5\n" for i in range(20))
    log.write_text("customer_id,timestamp,value\n" + rows)
    out = tmp_path / "made.toml"
    answers = "often\n7d\n\n30\nyes\n\n\n"
    done = CliRunner().invoke(command, [str(log), "--ask", "-o", str(out)], input=answers)
    assert done.exit_code == 0, done.output
    told = "loyal_customer_comes_every = 7\nloyal_customer_spends = 30\nleaving_is_free = true\n"
    assert f"[norms]\n{told}" in out.read_text()


def test_norms_hold_for_every_feature_that_is_known_too(tmp_path):
    log = simulate("coffee bar", customers=15, seed=1).interactions
    config = tmp_path / "reltype.toml"
    config.write_text("[norms]\nusual_mood = 0.3\n")
    people = reltype.classify(log, config=config).run.population
    assert people.measuring_all.usual.values["usual_sentiment"] == 0.3
    assert evolve(people, frozen=None).measuring_all.norms == people.norms

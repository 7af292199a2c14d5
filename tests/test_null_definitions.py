"""A definition whose inputs are null everywhere changes no byte of a result, and is not computed."""

import io

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import reltype
from reltype.api import open_run
from reltype.expressions import parse
from reltype.simulate import simulate
from tests.zoo import install

ABSENT = ("text", "rating", "sentiment", "discount", "channel")
FACTS = ("nps", "satisfaction", "share_of_wallet", "contract_days")
DIMENSIONS = ("affect", "endurance", "intensity", "volition", "resilience")


@pytest.fixture(scope="module")
def log():
    made = simulate("coffee bar", customers=60, seed=5).interactions
    return made.select(["customer_id", "timestamp", "kind", "value"])


def content(found) -> bytes:
    """Every byte of a result's rows and columns; what the schema says beside is not a result."""
    sink = io.BytesIO()
    table = found.to_arrow().replace_schema_metadata(None)
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    return sink.getvalue()


@pytest.fixture(scope="module")
def plain(log):
    return content(reltype.classify(log))


def table(kind: str, **entries: object) -> str:
    lines = [f"[[{kind}]]"]
    for name, value in entries.items():
        shown = value if isinstance(value, (int, float)) else f'"{value}"'
        lines.append(f"{name} = {shown}")
    return "\n".join(lines) + "\n"


AGGREGATES = [
    "avg({c})",
    "max({c}) - min({c})",
    "sum(case when kind = 'purchase' then {c} end)",
    "coalesce(median({c}), max({c}))",
    "count({c}) + avg({c})",
    "arg_max({c}, timestamp)",
    "avg({c}) filter (where kind <> 'visit')",
]


@st.composite
def packs(draw):
    """A pack of features, scales, signals and rules that all come from what nobody has."""
    text, features = "", []
    for i in range(draw(st.integers(1, 3))):
        if draw(st.booleans()):
            of = draw(st.sampled_from(AGGREGATES)).format(
                c=draw(st.sampled_from([c for c in ABSENT if c not in ("text", "channel")]))
            )
        else:
            of = f"{draw(st.sampled_from(FACTS))} * interactions"
        features.append(f"null_{i}")
        text += table("features", name=f"null_{i}", unit="1", of=of, summary="Nobody has it.")
    if draw(st.booleans()):
        of = f"median({features[0]})"
        text += table("scales", name="usual_null", unit="1", of=of, otherwise=0.3, summary="s")
        features.append("(null_0 - usual_null)")
    for i in range(draw(st.integers(1, 3))):
        text += table(
            "signals",
            name=f"silent {i}",
            dimension=draw(st.sampled_from(DIMENSIONS)),
            of=f"{draw(st.sampled_from(features))} / 7",
            weight=draw(st.floats(0.1, 9)),
            observations=draw(st.sampled_from(["interactions", ""])),
            summary="s",
        )
    for i in range(draw(st.integers(0, 2))):
        text += table(
            "rules",
            name=f"never {i}",
            when=f"{draw(st.sampled_from(features))} > {draw(st.integers(-9, 9))}",
            archetype="fling",
            weight=draw(st.floats(0.5, 5)),
            because="never",
        )
    return text


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(packs())
def test_what_nobody_has_changes_no_byte(log, plain, tmp_path_factory, text):
    path = tmp_path_factory.mktemp("pack") / "pack.toml"
    path.write_text(text)
    assert content(reltype.classify(log, rules=[path])) == plain


MOOD = """
CALLS = []
def call(texts):
    CALLS.append(len(texts))
    return pc.cast(pc.utf8_length(texts), pa.float64())
@hookimpl
def reltype_functions():
    return [ScalarFunction("mood", call, ("text",), "number", "A mood.")]
@hookimpl
def reltype_definitions():
    from reltype.plugin import Signal
    return [Feature("mood_mean", "-1…1", "avg(mood(text))", "Mean mood."),
            Feature("moods", "count", "count(mood(text)) filter (where kind <> 'visit')", "How many."),
            Feature("more_moods", "count", "count(mood(text)) + 2 * count(*)", "How many."),
            Signal("sounds pleased", "affect", "mood_mean / 100", 2.0, "moods", 2.0),
            Rule("moody", "mood_mean > 0 or more_moods < 0", "fling", 9.0, "moody")]
"""


def test_a_function_of_texts_that_nobody_wrote_is_never_asked(log, plain, site):
    install(site, "mood", MOOD)
    run = open_run(log)
    (module,) = (p.module for n, p in run.knowledge.plugins.loaded.items() if n == "mood")
    assert content(reltype.classify(log)) == plain
    assert module.CALLS == []


def test_a_column_that_is_there_and_holds_nothing_changes_no_byte_either(log, plain, site):
    install(site, "mood", MOOD)
    with_texts = log.append_column("text", pa.nulls(log.num_rows, pa.string()))
    assert content(reltype.classify(with_texts)) == plain


def test_a_signal_of_another_plugin_that_is_seen_adds_evidence_and_never_takes_any(log, tmp_path):
    pack = tmp_path / "pack.toml"
    pack.write_text(
        table(
            "signals",
            name="half are seen",
            dimension="affect",
            of="case when interactions > 40 then 0.9 end",
            weight=3.0,
            summary="s",
        )
    )
    before = reltype.classify(log).to_arrow().column("e_affect").to_pylist()
    after = reltype.classify(log, rules=[pack]).to_arrow().column("e_affect").to_pylist()
    assert all(b <= a <= 1 for b, a in zip(before, after, strict=True))
    assert 0 < sum(b < a for b, a in zip(before, after, strict=True)) < len(before)


def test_a_dimension_of_which_the_typology_asks_nothing_is_seen_by_what_others_ask(tmp_path, log):
    """Its evidence is a share of what could be seen of the customer at hand."""
    pack = tmp_path / "pack.toml"
    pack.write_text(
        table("dimensions", name="zest", low="flat", high="keen", summary="s", source="s")
        + table("typologies", name="two", summary="s").replace(
            'name = "two"', 'name = "two"\ndimensions = ["zest", "endurance"]'
        )
        + table("archetypes", name="keen", typology="two", summary="s", source="s")
        + "prototype.zest = { value = 0.9, tolerance = 0.2 }\n"
        + table("archetypes", name="flat", typology="two", summary="s", source="s")
        + "prototype.zest = { value = 0.1, tolerance = 0.2 }\n"
    )
    signals = tmp_path / "signals.toml"
    signals.write_text(
        table(
            "signals",
            name="seen",
            dimension="zest",
            of="case when interactions > 40 then 0.9 end",
            observations="",
            summary="s",
        )
        + table(
            "signals", name="unseen", dimension="zest", of="nps / 10", observations="", summary="s"
        )
    )
    found = reltype.classify(log, rules=[pack, signals], typology="two").to_arrow()
    assert set(found.column("e_zest").to_pylist()) == {0.0, 1.0}


@pytest.mark.parametrize(
    ("text", "null"),
    [
        ("avg(a)", True),
        ("count(a)", False),
        ("count(*)", False),
        ("avg(a) filter (where b > 1)", True),
        ("avg(b) filter (where a > 1)", False),
        ("coalesce(a, 1)", False),
        ("coalesce(a, a + b)", True),
        ("a is null", False),
        ("a or b > 1", False),
        ("a > 1 or a < 0", True),
        ("a > 1 and b > 1", False),
        ("case when b > 1 then a end", True),
        ("case when a > 1 then b end", False),
        ("case when b > 1 then a else 0 end", False),
        ("a between b and 3", True),
        ("b between a and 3", False),
        ("a in (1, 2)", True),
        ("not a", True),
        ("sat(a, 3)", True),
        ("nullif(b, a)", False),
        ("if(a > 1, a, null)", True),
        ("least(a, b)", True),
        ("extract(year from a)", True),
        ("cast(a as double) + b", True),
        ("b", False),
        ("null", True),
        ("3", False),
    ],
)
def test_what_is_null_without_a_column(text, null):
    made = parse(text, where="test", aggregates=True)
    assert made.null_without({"a"}) is null


@given(
    st.recursive(
        st.sampled_from(["a", "b", "1", "0.5", "null"]),
        lambda part: st.one_of(
            st.tuples(st.sampled_from(["+", "*", "/", ">", "=", "and", "or"]), part, part).map(
                lambda t: f"({t[1]} {t[0]} {t[2]})" if t[0] not in ("and", "or")
                else f"(({t[1]} > 0) {t[0]} ({t[2]} > 0))"
            ),
            part.map(lambda p: f"coalesce({p}, b)"),
            part.map(lambda p: f"case when b > 0 then {p} end"),
            part.map(lambda p: f"sat({p}, 2)"),
            part.map(lambda p: f"({p} is null)"),
        ),
        max_leaves=6,
    )
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_what_is_said_to_be_null_is_null_in_the_engine(text):
    import duckdb

    from reltype.errors import ConfigError

    try:
        made = parse(text, where="test")
    except ConfigError:
        return
    if made.null_without({"a"}):
        relation = "(VALUES (NULL::DOUBLE, 1.0::DOUBLE), (NULL, -2.0), (NULL, NULL)) t(a, b)"
        rows = duckdb.connect().execute(f"SELECT {made.sql()} FROM {relation}").fetchall()
        assert {row[0] for row in rows} == {None}

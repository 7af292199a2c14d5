"""Packs, configs and models of strangers: what cannot be is refused with file, table and key."""

import hashlib
import json
import time
import tracemalloc
import zipfile

import pytest

from reltype.api import open_inputs
from reltype.config import load as load_config
from reltype.definitions.archetypes import Archetype, Place
from reltype.definitions.assembly import catalogue_of
from reltype.definitions.features import Feature
from reltype.definitions.packs import load as load_pack
from reltype.errors import ConfigError, InputError, ReltypeError
from reltype.formats import toml
from reltype.learning.model import Model
from reltype.learning.model import load as load_model
from tests.attacks.conftest import family

ROWS = [
    {
        "customer_id": f"C-{i % 9}",
        "timestamp": f"2024-0{1 + i % 9}-1{i % 9}",
        "kind": "purchase",
        "value": 1.0 + i % 13,
    }
    for i in range(200)
]

BOMBS = {
    "a key of many parts": "a" + ".b" * 20_000 + " = 1",
    "a key of many parts, spaced": "a" + " . b" * 20_000 + " = 1",
    "a key of many quoted parts": "a" + '."b"' * 20_000 + " = 1",
    "a table of many parts": "[a" + ".b" * 20_000 + "]",
    "a key in a table of one line": "x = {a" + ".b" * 20_000 + " = 1}",
    "brackets": "x = " + "[" * 5000 + "]" * 5000,
    "brackets that are not closed": "x = " + "[" * 5000,
    "tables inside one another": "x = " + "{a=" * 2000 + "1" + "}" * 2000,
    "a long number": "x = " + "9" * 5000,
    "a long number with signs": "x = " + "9_" * 5000 + "9",
    "a long hexadecimal number": "x = 0x" + "f" * 5000,
    "a long float": "x = 0." + "9" * 500_000,
    "an exponent": "x = 1e999999999",
    "much": "x = 1\n" * 1 + "# " + "x" * (5 << 20),
    "a text that is not closed": 'x = "' + "a" * 100_000,
    "texts that are not closed": "\n".join(['x = """'] * 5001),
    "escapes": 'x = "' + "\\" * 99_999,
    "quotes": "'" * 300_001,
    "bytes": "\ud800",
    "nothing of TOML": "\x00\x01",
    "the same key": "a = 1\n" * 20_000,
}


@pytest.mark.parametrize("what", BOMBS)
@pytest.mark.parametrize("reader", [load_config, load_pack])
def test_a_bomb_of_toml_is_refused_at_once(what, reader, tmp_path):
    path = tmp_path / "x.toml"
    path.write_bytes(BOMBS[what].encode("utf-8", "surrogatepass"))
    started = time.monotonic()
    with pytest.raises(ConfigError, match=r"x\.toml") as caught:
        reader(path)
    assert time.monotonic() - started < 3
    assert len(str(caught.value)) < 2000


@pytest.mark.parametrize(
    "text",
    [
        'a.b.c = 1\n["x y".z]\nq = [[1, 2], [3]]\n',
        "x = '''\n[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n'''\n",
        'x = "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w"  # a.b.c.d [[[[[[\n',
        'x = """a "quoted" \\""" text"""\ny = 1.5e10\n',
        "x = 1979-05-27T07:32:00.999999-07:00\n",
    ],
)
def test_toml_that_people_write_is_read(text):
    import tomllib

    assert toml.loads(text, "x") == tomllib.loads(text)


HEAD = {
    "features": "[[features]]\nname = 'mine'\nunit = 'x'\nof = 'count(*)'\n",
    "dimensions": "[[dimensions]]\nname = 'mine'\nlow = 'l'\nhigh = 'h'\nsummary = 's'\nsource = 'x'\n",
    "signals": "[[signals]]\nname = 'mine'\ndimension = 'affect'\nof = 'share(visits, 2)'\n",
    "archetypes": "[[archetypes]]\nname = 'mine'\ntypology = 'customer'\nsummary = 's'\nsource = 'x'\n"
    "prototype.affect = { value = 0.5, tolerance = 0.2 }\n",
    "rules": "[[rules]]\nname = 'mine'\narchetype = 'fling'\nwhen = 'visits > 3'\n",
}


def said(table, key, value):
    """A pack whose definition says something else of a key."""
    lines = [line for line in HEAD[table].splitlines() if not line.startswith(f"{key} ")]
    return "\n".join([*lines, f"{key} = {value}", ""])


HUGE = ["inf", "-inf", "nan", "1e300", "-1.0", "1e999"]
NUMBERS = [
    ("archetypes", "prior"), ("rules", "weight"), ("signals", "weight"), ("signals", "half_at"),
    ("dimensions", "weight"), ("archetypes", "prototype.volition.value"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "key"), NUMBERS)
@pytest.mark.parametrize("value", HUGE)
def test_a_number_that_makes_no_sense_is_refused(table, key, value, tmp_path):
    text = said(table, key, value)
    if key.startswith("prototype"):
        text = text.replace(key, "prototype.volition").replace(
            f"= {value}", f"= {{ value = {value}, tolerance = 0.1 }}"
        )
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"mine\.toml: \[\[\w+\]\] 'mine'"):
        load_pack(path)


NAMES = ["Two Words", "a-b", "1st", "Ünal", "", "x" * 64, "a.b", 'a"b', "a\nb", "CASE", "_x"]
INSIDE = [
    "seen_0", "fact_purchases", "log_first_day", "d_affect", "e_affect", "customer_id", "signal_3",
    "rule_0", "raw_12", "n_0", "given_purchases", "reason_0", "reltype_x", "log_rows", "half",
    "table_rows", "mass_1", "says_0", "p_fling", "p_unclassified", "status_0", "c_0_1",
]  # fmt: skip


@pytest.mark.parametrize("table", ["features", "dimensions"])
@pytest.mark.parametrize("name", [*NAMES, *INSIDE])
def test_a_name_that_is_used_inside_or_is_none_is_refused(table, name, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(HEAD[table].replace("'mine'", json.dumps(name), 1))
    with pytest.raises(ConfigError, match=r"mine\.toml"):
        open_inputs(ROWS, rules=[str(path)])


@pytest.mark.parametrize(
    "name", ["seen", "log_visits", "d_day", "given_gifts", "fact", "signal", "e_mail"]
)
def test_a_name_that_is_near_one_of_ours_is_nobody_elses(name, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(HEAD["features"].replace("'mine'", json.dumps(name), 1))
    open_inputs(ROWS, rules=[str(path)]).run()


def test_every_column_that_a_run_makes_is_refused_as_a_name():
    opened = open_inputs(ROWS)
    run = opened.run()
    engine, population = opened.engine, run.population
    found = set()
    for relation in (population.facts, f"({population.judged(population.features())})"):
        found |= set(engine.table(f"SELECT * FROM {relation} LIMIT 0").column_names)
    plan = run.plan
    known = {f.name for f in plan.catalogue.features.values()}
    known |= {*plan.catalogue.scales, *plan.catalogue.dimensions, "as_of_day", "log_start_day"}
    assert len(found - known) > 20
    parts = (*plan.catalogue.features.values(), *plan.catalogue.scales.values(),
             *plan.catalogue.dimensions.values())  # fmt: skip
    for name in sorted(found - known):
        try:
            catalogue_of([("ours", parts), ("mine", [Feature(name, "x", "count(*)")])])
        except ConfigError as error:
            told = str(error)
        else:
            told = "nothing: add it to INSIDE in definitions/references.py"
        assert "used inside" in told, (name, told)


@pytest.mark.parametrize("name", ["unclassified", "Unclassified", "!!!", "UNCLASSIFIED "])
def test_an_archetype_is_not_called_what_nobody_is(name, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(HEAD["archetypes"].replace("'mine'", json.dumps(name), 1))
    with pytest.raises(ConfigError, match="archetype"):
        open_inputs(ROWS, rules=[str(path)])


@pytest.mark.parametrize("pair", [("a b", "a_b"), ("A b", "a b"), ("a-b", "a b"), ("ü!", "ü")])
def test_two_archetypes_do_not_share_a_column(pair):
    place = {"affect": Place(0.5, 0.2)}
    made = [Archetype(name, "customer", "s", "x", place) for name in pair]
    from reltype.definitions.dimensions import Dimension

    with pytest.raises(ConfigError, match=r"is also that of|no typology"):
        catalogue_of([("m", [Dimension("affect", "l", "h", "s", "x"), *made])])


def test_a_dimension_is_named_once(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        "[[typologies]]\nname = 'mine'\nsummary = 's'\ndimensions = ['affect', 'affect']\n"
        + HEAD["archetypes"].replace("'customer'", "'mine'")
    )
    with pytest.raises(ConfigError, match=r"the dimension 'affect' is named twice"):
        open_inputs(ROWS, rules=[str(path)], typology="mine")


FORMS = ["{x:1000000000}", "{visits:1000000000}", "{visits:.1000000000f}", "{visits!r}",
         "{visits.__class__}", "{visits[0]}", "{visits:{visits}}", "{visits:>99999999}", "{0}", "{}"]  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_slot_that_is_none_is_refused(form, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(said("rules", "because", json.dumps(f"because {form}")))
    with pytest.raises(ConfigError, match=r"mine\.toml|no slot|no feature"):
        open_inputs(ROWS, rules=[str(path)])


@pytest.mark.parametrize("letter", ["\x1b", "\x00", "\x9b", "\u202e", "\x7f"])
def test_a_text_of_a_pack_holds_no_control_characters(letter, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(said("rules", "because", json.dumps(f"a{letter}b")))
    with pytest.raises(ConfigError, match=r"mine\.toml: \[\[rules\]\] 'mine'.*control character"):
        load_pack(path)


def test_many_rules_cost_little_memory(tmp_path):
    path = tmp_path / "many.toml"
    path.write_text("".join(
        f"[[rules]]\nname = 'rule number {i}'\narchetype = 'fling'\nweight = 1.0\n"
        f"when = 'purchases > {i % 20}'\nbecause = 'x'\n" for i in range(300)
    ))  # fmt: skip
    run = open_inputs(ROWS, rules=[str(path)], memory_limit="300MB").run()
    assert sum(batch.num_rows for batch in run.batches()) == 9


def test_too_many_rules_are_refused(tmp_path):
    path = tmp_path / "many.toml"
    path.write_text(HEAD["rules"] * 1001)
    with pytest.raises(ConfigError, match=r"\[\[rules\]\]: there are 1,001; at most 1,000"):
        load_pack(path)


# --- models ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "shop.reltype"
    Model.of(open_inputs(ROWS).run()).save(path)
    return path


def forged(model, target, change):
    """A copy of a model in which *change* was made to a member, with the digests put right."""
    with zipfile.ZipFile(model) as archive:
        members = {name: archive.read(name).decode() for name in archive.namelist()}
    for name, (old, new) in change.items():
        assert old in members[name], members[name][:500]
        members[name] = members[name].replace(old, new, 1)
    manifest = json.loads(members["manifest.json"])
    for name in manifest["members"]:
        manifest["members"][name] = hashlib.sha256(members[name].encode()).hexdigest()
    members["manifest.json"] = json.dumps(manifest)
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return target


POOL = ["inf", "nan", "0.0", "-1.0", "1e-320", "1e300", "1e-5", '"x"', "true", "[1.0]"]


@pytest.mark.parametrize("value", POOL)
def test_a_temperature_that_gives_no_posterior_is_refused(model, value, tmp_path):
    with zipfile.ZipFile(model) as archive:
        line = next(
            x for x in archive.read("pool.toml").decode().splitlines() if "temperature" in x
        )
    path = forged(model, tmp_path / "f", {"pool.toml": (line, f"temperature = {value}")})
    with pytest.raises(InputError, match="damaged"):
        load_model(path)


@pytest.mark.parametrize("value", ["5", "-0.1", "1.5", "nan", "inf"])
def test_a_confidence_that_nobody_can_have_is_refused(model, value, tmp_path):
    with zipfile.ZipFile(model) as archive:
        line = next(
            x for x in archive.read("pool.toml").decode().splitlines() if "temperature" in x
        )
    new = f"{line}\nmin_confidence = {value}"
    path = forged(model, tmp_path / "f", {"pool.toml": (line, new)})
    with pytest.raises(InputError, match="damaged"):
        load_model(path)


@pytest.mark.parametrize("value", ["1.5", "-0.1", "nan", "inf", "1e300"])
def test_an_overlap_outside_of_0_to_1_is_refused(model, value, tmp_path):
    with zipfile.ZipFile(model) as archive:
        text = archive.read("scales.toml").decode()
    new = f'{text}\n[overlap."one rule"]\n"another" = {value}\n'
    path = forged(model, tmp_path / "f", {"scales.toml": (text, new)})
    with pytest.raises(InputError, match="damaged"):
        load_model(path)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "1800-01-01"])
def test_a_day_that_cannot_be_is_refused(model, day, tmp_path):
    with zipfile.ZipFile(model) as archive:
        line = next(x for x in archive.read("scales.toml").decode().splitlines() if "as_of" in x)
    path = forged(model, tmp_path / "f", {"scales.toml": (line, f"as_of = {day}")})
    with pytest.raises(InputError, match="damaged"):
        load_model(path)


@pytest.mark.parametrize("what", family(BOMBS, 8))
def test_a_bomb_inside_a_model_is_refused(model, what, tmp_path):
    with zipfile.ZipFile(model) as archive:
        text = archive.read("pool.toml").decode()
    bomb = BOMBS[what].encode("utf-8", "replace").decode()
    path = forged(model, tmp_path / "f", {"pool.toml": (text, bomb)})
    started = time.monotonic()
    with pytest.raises(ReltypeError):
        load_model(path)
    assert time.monotonic() - started < 3


def test_a_good_forgery_is_still_a_model(model, tmp_path):
    tracemalloc.start()
    load_model(forged(model, tmp_path / "f", {}))
    assert tracemalloc.get_traced_memory()[1] < 50 << 20
    tracemalloc.stop()

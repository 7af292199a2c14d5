"""A model file does what was saved, byte for byte, and runs nothing whoever wrote it."""

import hashlib
import io
import json
import os
import pickle
import struct
import sys
import zipfile
import zlib

import attrs
import numpy as np
import pytest

from reltype.api import classify, fit
from reltype.cli import run
from reltype.errors import ConfigError, InputError
from reltype.learning.evaluation import agreement
from reltype.learning.model import LARGEST, from_bytes, load
from reltype.learning.model.archive import pack
from reltype.learning.model.serialization import _canonical, _plain
from reltype.learning.model.serialization import dumps as kept
from reltype.learning.model.toml import written
from reltype.simulate import simulate


@pytest.fixture(scope="module")
def world():
    return simulate("coffee bar", customers=400, seed=5)


@pytest.fixture(scope="module")
def labels(world):
    return world.truth.take(np.random.default_rng(0).choice(400, 220, replace=False))


@pytest.fixture(scope="module")
def model(world, labels):
    return fit(world.interactions, labels=labels)


@pytest.fixture(scope="module")
def content(model):
    return model.to_bytes()


def members_of(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def forged(content, **changed):
    """The file with members replaced (`a.b` is written `a_b`) and every hash set right."""
    members = members_of(content)
    for name, value in changed.items():
        members[name.replace("_", ".", 1)] = value
    manifest = json.loads(members.pop("manifest.json"))
    manifest["members"] = {n: hashlib.sha256(v).hexdigest() for n, v in members.items()}
    return pack({"manifest.json": json.dumps(manifest).encode(), **members})


def with_schema(content, change):
    """The file with another skops schema, everything else and every hash set right."""
    learner = members_of(members_of(content)["learner.skops"])
    schema = json.loads(learner["schema.json"])
    change(schema, learner)
    learner["schema.json"] = json.dumps(schema).encode()
    return forged(content, learner_skops=pack(learner, compress=False))


def test_the_same_input_gives_the_same_bytes(world, labels, content):
    assert fit(world.interactions, labels=labels).to_bytes() == content


def test_the_same_bytes_come_out_of_another_process(world, labels, content, tmp_path):
    import subprocess

    import pyarrow.csv as pc

    pc.write_csv(world.interactions, tmp_path / "log.csv")
    pc.write_csv(labels, tmp_path / "labels.csv")
    digests = set()
    for seed in ("1", "2"):
        command = [sys.executable, "-m", "reltype", "fit", "log.csv", "--labels", "labels.csv"]
        subprocess.run(
            [*command, "-o", f"{seed}.reltype", "--quiet"],
            cwd=tmp_path,
            env=os.environ | {"PYTHONHASHSEED": seed},
            check=True,
        )
        digests.add(hashlib.sha256((tmp_path / f"{seed}.reltype").read_bytes()).hexdigest())
    assert len(digests) == 1


def test_what_is_loaded_scores_as_what_was_saved(world, model, tmp_path):
    path = tmp_path / "shop.reltype"
    model.save(path)
    again = load(path)
    assert again.to_bytes() == model.to_bytes()
    scored = classify(world.interactions, model=path).table
    assert scored.equals(classify(world.interactions, model=model).table)
    named = agreement(scored, world.truth).macro_f1
    assert named > agreement(classify(world.interactions).table, world.truth).macro_f1


def test_scales_of_the_model_hold_for_other_customers(world, model):
    few = world.interactions.slice(0, 500)
    assert dict(classify(few, model=model).run.scales.values) == dict(model.scales.values)


def test_a_customers_scores_do_not_depend_on_the_others(world, model):
    import pyarrow.compute as pc

    everyone = classify(world.interactions, model=model, as_of="2025-01-01")
    ids = everyone.table["customer_id"][:20]
    some = world.interactions.filter(pc.is_in(world.interactions["customer_id"], ids))
    alone = classify(some, model=model, as_of="2025-01-01").table
    assert alone.equals(everyone.table.slice(0, 20).combine_chunks()) or alone.to_pylist() == (
        everyone.table.slice(0, 20).to_pylist()
    )


def test_an_explanation_with_a_model_still_adds_up(world, labels):
    model = fit(world.interactions, labels=labels.slice(0, 60))
    found = classify(world.interactions, model=model)
    told = found.explain(found.table["customer_id"][7].as_py())
    for archetype in model.archetypes:
        total = sum(c.amount for c in told.of(archetype))
        assert total == pytest.approx(told.scores[archetype], abs=1e-9)
    assert any(c.source == "learned" for c in told.of(model.archetypes[0]))


def test_the_next_export_is_read_as_the_models_data_was(tmp_path):
    """A day-first file of which every day is below 13 tells nothing; the model knows."""

    def written(name, days):
        rows = [f"{c},{day},{n + 5}" for n, c in enumerate("abc") for day in days]
        (tmp_path / name).write_text("\n".join(["who,day,paid", *rows]))
        return tmp_path / name

    first = written("first.csv", ["25/03/2024", "27/04/2024", "04/05/2024"])
    said = {"customer_id": "who", "timestamp": "to_time(day, '%d/%m/%Y')", "value": "paid"}
    model = from_bytes(fit(first, map=said).to_bytes(), "the model")
    next_ = written("next.csv", ["01/02/2024", "03/02/2024", "05/02/2024"])
    with pytest.raises(InputError):
        classify(next_)
    found = classify(next_, model=model, as_of="2024-02-29")
    assert len(found) == 3
    assert found.summary().rows["late"] == 0
    assert any("the model" in warning for warning in found.summary().warnings)
    turned = {**said, "timestamp": "to_time(day, '%m/%d/%Y')"}
    assert classify(next_, map=turned, model=model, as_of="2024-02-29").summary().rows["late"] == 6


def test_a_model_without_labels_changes_nothing_but_the_scales(world):
    model = fit(world.interactions)
    assert model.learned is None
    assert model.record is None
    plain = classify(world.interactions)
    assert classify(world.interactions, model=from_bytes(model.to_bytes(), "it")).table.equals(
        plain.table
    )


def test_the_manifest_says_what_the_file_is(content):
    manifest = json.loads(members_of(content)["manifest.json"])
    assert manifest["format"] == 1
    assert manifest["as_of"] == "2024-12-31"
    assert manifest["trusted"] == []
    assert set(manifest["members"]) == {
        "learner.skops",
        "mapping.toml",
        "pool.toml",
        "scales.toml",
    }
    assert len(manifest["data"]["fingerprint"]) == 64
    assert manifest["data"]["customers"] == 400


def test_other_definitions_are_refused(world, model, tmp_path):
    pack_file = tmp_path / "more.toml"
    pack_file.write_text(
        '[[rules]]\nname = "often here"\nwhen = "interactions > 50"\n'
        'archetype = "committed partnership"\nweight = 1.0\nbecause = "often"\n'
    )
    with pytest.raises(ConfigError, match="fitted with other features, signals, prototypes or"):
        classify(world.interactions, model=model, rules=[pack_file])


def test_a_plugin_that_took_part_must_be_there(world, model):
    with pytest.raises(ConfigError, match=r"fitted with the plugin 'sector' .*Install it"):
        classify(world.interactions, model=attrs.evolve(model, plugins={"sector": "1.0"}))


@pytest.mark.parametrize("cut", [0, 1, 30, 1000, -1, -30])
def test_a_truncated_file_is_refused(content, cut):
    with pytest.raises(InputError):
        from_bytes(content[:cut], "it")


def test_a_changed_byte_is_refused_or_harmless(content):
    rng = np.random.default_rng(0)
    for place in rng.integers(0, len(content), 150):
        damaged = bytearray(content)
        damaged[place] ^= 1 << int(rng.integers(8))
        try:
            made = from_bytes(bytes(damaged), "it")
        except (InputError, ConfigError):
            continue
        # A bit of a zip that nobody reads: a time, a flag of the system that made it.
        assert made.to_bytes() == content


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"not a zip at all" * 99, b"PK\x05\x06" + b"\0" * 18]
)
def test_what_is_no_model_is_said_to_be_none(content):
    with pytest.raises(InputError, match="it: "):
        from_bytes(content, "it")


def test_no_file_and_a_folder_are_input_errors(tmp_path):
    for path in (tmp_path / "none.reltype", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            load(path)


def test_a_newer_file_says_so(content):
    members = members_of(content)
    manifest = json.loads(members["manifest.json"]) | {"format": 2, "reltype": "9.0"}
    newer = pack(members | {"manifest.json": json.dumps(manifest).encode()})
    with pytest.raises(ConfigError, match=r"written by a newer reltype .9.0, format 2"):
        from_bytes(newer, "it")


def test_a_member_that_was_changed_is_noticed(content):
    members = members_of(content)
    members["scales.toml"] = members["scales.toml"].replace(b"= 1", b"= 2")
    with pytest.raises(InputError, match=r"scales\.toml is not what was saved"):
        from_bytes(pack(members), "it")


@pytest.mark.parametrize(
    "name", ["../evil.py", "/etc/passwd", "learner.pkl", "scales.toml/x", "C:\\x", "a.npy"]
)
def test_unexpected_names_are_refused(content, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="which no model has; refused"):
        from_bytes(pack(members_of(content) | {name: b"x"}), "it")
    assert list(tmp_path.iterdir()) == []


def test_a_zip_bomb_is_refused_before_it_is_unpacked(content):
    bomb = members_of(content) | {"scales.toml": b"\0" * (1 << 27)}
    with pytest.raises(InputError, match="would unpack to 134,217,728 bytes; refused"):
        from_bytes(pack(bomb), "it")


def test_a_zip_bomb_that_lies_about_its_size_is_refused(content):
    packed = pack(members_of(content) | {"scales.toml": b"\0" * (1 << 27)})
    at = packed.index(b"PK\x01\x02")
    while packed[at + 46 : at + 57] != b"scales.toml":
        at = packed.index(b"PK\x01\x02", at + 4)
    lying = packed[: at + 24] + struct.pack("<I", 100) + packed[at + 28 :]
    with pytest.raises(InputError):
        from_bytes(lying, "it")


def test_a_name_that_stands_twice_is_refused(content):
    stream = io.BytesIO(content)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("scales.toml", b"")
    with pytest.raises(InputError, match="twice; refused"):
        from_bytes(stream.getvalue(), "it")


class Payload:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_a_pickle_in_place_of_the_learner_is_not_run(content, tmp_path):
    touched = tmp_path / "touched"
    payload = pickle.dumps(Payload(touched))
    pickle.loads(payload).close()
    assert touched.exists(), "the payload must be a real one"
    touched.unlink()
    with pytest.raises(InputError):
        from_bytes(forged(content, learner_skops=payload), "it")
    assert not touched.exists()


def test_an_array_of_objects_is_not_unpickled(content, tmp_path):
    touched = tmp_path / "touched"
    array = io.BytesIO()
    np.save(array, np.array([Payload(touched)], dtype=object), allow_pickle=True)

    def change(schema, learner):
        learner[next(n for n in learner if n.endswith(".npy"))] = array.getvalue()

    with pytest.raises(InputError, match="Python objects, which could run code; refused"):
        from_bytes(with_schema(content, change), "it")
    assert not touched.exists()


def test_an_array_larger_than_its_file_is_refused(content):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": (1 << 40,)}
    )

    def change(schema, learner):
        learner[next(n for n in learner if n.endswith(".npy"))] = header.getvalue()

    with pytest.raises(InputError, match="claims the shape"):
        from_bytes(with_schema(content, change), "it")


HOSTILE = {
    "a function": {
        "__class__": "system",
        "__module__": "os",
        "__loader__": "FunctionNode",
        "content": "os.system",
    },
    "a method": {
        "__class__": "method",
        "__module__": "builtins",
        "__loader__": "MethodNode",
        "content": {"func": "system", "obj": None},
    },
    "an operator": {
        "__class__": "methodcaller",
        "__module__": "operator",
        "__loader__": "OperatorFuncNode",
        "attrs": {"__class__": "tuple", "__module__": "builtins", "__loader__": "TupleNode"},
    },
    "a partial": {
        "__class__": "partial",
        "__module__": "functools",
        "__loader__": "PartialNode",
        "content": {},
    },
    "an object": {
        "__class__": "Popen",
        "__module__": "subprocess",
        "__loader__": "ObjectNode",
        "content": None,
    },
    "an estimator": {
        "__class__": "LogisticRegression",
        "__module__": "sklearn.linear_model._logistic",
        "__loader__": "ObjectNode",
        "content": None,
    },
    "a loader under a wrong name": {
        "__class__": "dict",
        "__module__": "builtins",
        "__loader__": "ObjectNode",
    },
    "a type": {"__class__": "Popen", "__module__": "subprocess", "__loader__": "TypeNode"},
    "no loader": {"__class__": "dict", "__module__": "builtins"},
}


@pytest.mark.parametrize("node", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("place", ["weights", "new"])
def test_nothing_in_a_schema_is_called(content, node, place, monkeypatch):
    called = []
    monkeypatch.setattr("os.system", called.append)
    monkeypatch.setattr("subprocess.Popen", lambda *a, **_: called.append(a))

    def change(schema, learner):
        schema["content"][place] = {**node, "__id__": 999_999}

    with pytest.raises(InputError, match="refused"):
        from_bytes(with_schema(content, change), "it")
    assert called == []


def test_a_schema_that_is_nested_without_end_is_refused(content):
    deep = b'{"__loader__":"ListNode","content":[' * 50_000
    learner = pack({"schema.json": deep}, compress=False)
    with pytest.raises(InputError):
        from_bytes(forged(content, learner_skops=learner), "it")


def tampered(model, **parts):
    """The bytes of a learner of our own kinds of nodes, but with parts that do not fit."""
    import skops.io

    return _canonical(skops.io.dumps(_plain(model.learned) | parts))


def bad_trees(model, **changed):
    """What a file would hold of the trees, but with parts that do not fit: of them, or of their state."""
    # Other plugins may be installed here, and have learned something, too.
    whole = next(one for one in _plain(model.learned)["taught"] if one["plugin"] == "built-in")
    state = dict(whole["state"])
    for name, change in changed.items():
        if name in whole:
            whole[name] = change
        elif name in state:
            state[name] = change(state[name])
        else:
            state[name] = change
    return {"taught": [{"state": state} | {k: v for k, v in whole.items() if k != "state"}]}


@pytest.mark.parametrize(
    "change",
    [
        lambda m: {"weights": m.learned.weights[:-1]},
        lambda m: {"weights": np.full_like(m.learned.weights, np.nan)},
        lambda m: {"weights": m.learned.weights.astype(np.float32)},
        lambda _: {"intercept": np.zeros(7)},
        lambda _: {"usual": []},
        lambda _: {"features": ["a"]},
        lambda _: {"features": "interactions"},
        lambda _: {"ranks": {}},
        lambda m: bad_trees(m, present=np.array([0, 9])),
        lambda m: bad_trees(m, present=np.array([1, 0, 2, 3])),
        lambda m: bad_trees(m, name=7),
        lambda m: bad_trees(m, more=1),
        lambda m: bad_trees(m, left=lambda _: np.array(["a", "b"])),
        lambda _: {"taught": [{}]},
        lambda _: {"taught": {}},
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_a_learner_of_the_wrong_shape_is_refused(model, content, change):
    hostile = forged(content, learner_skops=tampered(model, **change(model)))
    with pytest.raises(InputError):
        from_bytes(hostile, "it")


@pytest.mark.parametrize(
    "change",
    [
        {"left": lambda t: t + 1000},
        {"right": lambda t: t[:, :-1]},
        {"column": lambda t: t - 1000},
        {"nulls_left": lambda t: t + 2},
        {"value": lambda t: t * np.inf},
        {"threshold": lambda t: t * np.nan},
        {"base": lambda t: t[:0]},
        {"more": np.zeros(1)},
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_trees_that_lead_out_of_their_tables_are_refused_before_anybody_is_scored(
    world, model, content, change
):
    hostile = forged(content, learner_skops=tampered(model, **bad_trees(model, **change)))
    with pytest.raises(InputError, match="refused"):
        classify(world.interactions.slice(0, 50), model=from_bytes(hostile, "it"))


def test_a_learner_that_was_not_tampered_with_is_what_was_kept(model):
    assert tampered(model) == kept(model.learned)


@pytest.mark.parametrize(
    ("member", "text"),
    [
        ("pool_toml", "archetypes = []"),
        ("pool_toml", 'archetypes = ["a"]\ntemperature = 0.0\n[priors]\n'),
        ("pool_toml", 'archetypes = ["a"]\ntemperature = nan\n[priors]\n'),
        ("pool_toml", "x = [" * 5000),
        ("scales_toml", "as_of = 1"),
        ("scales_toml", "\xff"),
        ("mapping_toml", "="),
    ],
)
def test_tables_that_make_no_sense_are_refused(content, member, text):
    with pytest.raises(InputError, match="is damaged"):
        from_bytes(forged(content, **{member: text.encode("latin-1")}), "it")


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    path = tmp_path / "big.reltype"
    with path.open("wb") as stream:
        stream.truncate(LARGEST + 1)
    with pytest.raises(InputError, match="larger than any model"):
        load(path)


def test_a_damaged_stream_of_zlib_is_refused(content):
    members = members_of(content)
    packed = pack(members)
    compressed = zlib.compress(members["manifest.json"])[2:-4]
    at = packed.index(b"manifest.json") + len("manifest.json")
    damaged = packed[:at] + b"\xff" * min(40, len(compressed)) + packed[at + 40 :]
    with pytest.raises(InputError, match="damaged"):
        from_bytes(damaged, "it")


def test_a_hostile_model_ends_the_command_with_a_sentence(content, tmp_path, capsys):
    path = tmp_path / "evil.reltype"
    path.write_bytes(pack(members_of(content) | {"evil.pkl": b"x"}))
    log = tmp_path / "log.csv"
    log.write_text("customer_id,timestamp\na,2024-01-01\n")
    assert run(["classify", str(log), "--model", str(path)]) == InputError.exit_code
    told = capsys.readouterr().err
    assert "evil.pkl" in told
    assert "Traceback" not in told


@pytest.mark.parametrize(
    "table",
    [
        {"a": 1, "b": 2.5, "c": 'x\ny"\\\x7f\u2028', "d": True, "e": [1, "z"]},
        {"odd key": {"a.b": {"": 1e-300}}, "empty": {}},
        {"many": [{"a": 1}, {"b": {"c": 2}}], "none": []},
    ],
)
def test_toml_that_we_write_reads_back(table):
    import tomllib

    assert tomllib.loads(written(table)) == table

"""The process: how it ends, what it leaves, what it may hold, what it may write over."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reltype import cli
from reltype.cli.process import size
from reltype.engines import folders
from reltype.formats.printing import clean


def slow(home):
    """A log that takes a while, as a pipe that somebody keeps open does."""
    rows = "".join(f"C-{i % 700},2024-0{1 + i % 9}-1{i % 9},purchase,{i}\n" for i in range(50_000))
    (home / "big.csv").write_text(f"customer_id,timestamp,kind,value\n{rows}")
    return "big.csv"


def started(attack, *args, stdin=subprocess.PIPE):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RELTYPE_")}
    environment |= {"TMPDIR": str(attack.temporary), "RELTYPE_PLUGINS": ""}
    return subprocess.Popen(
        [sys.executable, "-m", "reltype", *map(str, args)],
        cwd=attack.home, env=environment, stdin=stdin, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip


def has_copy(attack):
    return any(any(folder.iterdir()) for folder in attack.temporary.iterdir())


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)],
)
def test_a_signal_leaves_no_row_of_a_customer_behind(attack, number, code):
    process = started(attack, "classify", "-", "-o", "out.csv")
    process.stdin.write(b"customer_id,timestamp,kind\nC-1,2024-01-01,purchase\n" * 50_000)
    process.stdin.flush()
    for _ in range(200):
        if has_copy(attack):
            break
        time.sleep(0.05)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == code, err
    assert list(attack.temporary.iterdir()) == []
    assert list(attack.home.iterdir()) == []
    assert b"Traceback" not in err
    assert b"nothing was written" in err
    assert out == b""


def test_what_a_kill_left_is_swept_at_the_next_start(attack, orders):
    process = started(attack, "classify", "-", "-o", "out.csv")
    process.stdin.write(b"customer_id,timestamp,kind\nC-1,2024-01-01,purchase\n" * 50_000)
    process.stdin.flush()
    for _ in range(200):
        if has_copy(attack):
            break
        time.sleep(0.05)
    process.kill()
    process.communicate()
    (left,) = attack.temporary.iterdir()
    foreign = attack.temporary / "reltype-of-somebody"
    foreign.mkdir()
    (foreign / "data").write_text("x")
    living = started(attack, "classify", "-", "-o", "other.csv")
    for _ in range(200):
        if not left.exists() and any(
            folder != foreign and (folder / "owner.lock").exists()
            for folder in attack.temporary.iterdir()
        ):
            break
        time.sleep(0.05)
    names = {folder.name for folder in attack.temporary.iterdir()}
    assert len(names) == 2
    done = subprocess.run(
        [sys.executable, "-m", "reltype", "classify", str(orders), "-q", "-o", "out.csv"],
        cwd=attack.home, capture_output=True, check=False,
        env={**os.environ, "TMPDIR": str(attack.temporary), "RELTYPE_PLUGINS": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    # The folder of a process that lives stays, and so does what has no owner's lock.
    assert {folder.name for folder in attack.temporary.iterdir()} == names
    living.kill()
    living.communicate()


def test_a_folder_is_private_and_goes_with_its_block(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with folders.temporary_folder() as folder:
        assert folder.stat().st_mode & 0o077 == 0
        folders.sweep()
        assert folder.exists()
    assert not folder.exists()


# --- outputs over inputs ---------------------------------------------------------------


def ways(home):
    """Names by which one file can be called."""
    (home / "link.csv").symlink_to("orders.csv")
    os.link(home / "orders.csv", home / "hard.csv")
    (home / "sub").mkdir()
    return [
        "orders.csv", "./orders.csv", "sub/../orders.csv", str(home / "orders.csv"), "link.csv",
        "hard.csv",
    ]  # fmt: skip


@pytest.fixture
def said(orders, monkeypatch, capsys):
    monkeypatch.chdir(orders.parent)
    before = orders.read_bytes()

    def run(*args):
        code = cli.run([*map(str, args)])
        assert orders.read_bytes() == before
        return code, capsys.readouterr().err

    return run


def test_no_output_replaces_an_input_by_whatever_name(said, orders):
    names = ways(orders.parent)
    for name in names:
        assert said("classify", "orders.csv", "-o", name)[0] == 2
    for name in names[-1:]:
        for args in (
            ["classify", "orders.csv", "-o", "out.csv", "--rejects", name],
            ["classify", "link.csv", "-o", name],
            ["classify", "orders*.csv", "-o", name],
            ["classify", "x.csv", "--customers", "orders.csv", "-o", name],
            ["classify", "x.csv", "--rules", "orders.csv", "-o", name],
            ["classify", "x.csv", "--model", "orders.csv", "-o", name],
            ["classify", "x.csv", "--config", "orders.csv", "-o", name],
            ["fit", "orders.csv", "-o", name],
            ["fit", "x.csv", "--labels", "orders.csv", "-o", name],
            ["facts", "orders.csv", "-o", name],
            ["inspect", "orders.csv", "-o", name],
            ["init", "orders.csv", "-o", name],
            ["evaluate", "x.csv", "--labels", "orders.csv", "-o", name],
            ["label", "orders.csv", "-o", name],
        ):
            code, words = said(*args)
            assert code == 2, (args, words)
            told = ("Name another file", "a terminal", "--force")
            assert any(one in words for one in told), (args, words)


@pytest.mark.parametrize(
    "args",
    [
        ["-o", "out.csv", "--rejects", "out.csv"],
        ["-o", "out.csv", "--rejects", "./out.csv"],
        ["-o", "-", "--rejects", "-"],
        ["--rejects", "-"],
    ],
)
def test_two_outputs_are_not_one_place(said, args):
    code, words = said("classify", "orders.csv", *args)
    assert code == 2
    assert "Name another file" in words


def test_the_rejects_beside_an_output_replace_no_input(said, orders):
    orders.with_name("a.rejects.csv").write_bytes(orders.read_bytes())
    code, words = said("classify", "a.rejects.csv", "-o", "a.csv")
    assert code == 2
    assert "the rejects beside -o" in words


def test_a_file_that_the_config_names_is_not_replaced(said, orders):
    Path("reltype.toml").write_text('[interactions]\nfrom = "orders.csv"\n')
    assert said("classify", "-o", "orders.csv")[0] == 2
    assert said("classify", "-o", "reltype.toml", "-f", "csv")[0] == 2


def test_a_result_is_not_written_over_what_it_was_made_of(orders, monkeypatch):
    import reltype
    from reltype.errors import UsageError

    monkeypatch.chdir(orders.parent)
    found = reltype.classify("orders.csv")
    Path("link.csv").symlink_to("orders.csv")
    for name in ("orders.csv", "link.csv", orders):
        with pytest.raises(UsageError, match="was read"):
            found.write(name)
    found.write("out.csv")


def test_a_database_is_not_replaced(said, orders):
    import duckdb

    with duckdb.connect("shop.duckdb") as held:
        held.execute("CREATE TABLE orders AS SELECT 1 AS customer_id")
    for name in ("duckdb:///shop.duckdb", "shop.duckdb"):
        assert said("classify", name, "-o", "shop.duckdb", "-f", "csv")[0] == 2


def test_standard_input_is_not_replaced(attack, orders):
    with orders.open("rb") as stream:
        done = attack("classify", "-", "-o", "orders.csv", stdin=stream)
    assert done.code == 2
    assert orders.read_text().startswith("customer_id,")


# --- streams that are closed -------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("archetypes >&-", 4),
        ("classify orders.csv -q >&-", 4),
        ("classify orders.csv -f parquet -q >&-", 4),
        ("inspect orders.csv >&-", 4),
        ("classify orders.csv -o out.csv >&-", 0),
        ("classify orders.csv -o out.csv 2>&-", 0),
        ("classify orders.csv -o out.csv <&-", 0),
        ("classify orders.csv -o out.csv <&- >&- 2>&-", 0),
        ("classify - <&-", 4),
        ("classify orders.csv | head -c 1", 0),
        ("classify orders.csv > /dev/full", 4),
    ],
)
def test_closed_streams_end_with_a_sentence(orders, command, code):
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m reltype {command}"], cwd=orders.parent,
        capture_output=True, check=False, text=True,
        env={**os.environ, "RELTYPE_PLUGINS": ""},
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    assert "bug" not in done.stderr
    assert "Traceback" not in done.stderr


# --- memory ------------------------------------------------------------------------------


@pytest.mark.parametrize("kilobytes", [150_000, 700_000, 1_000_000, 1_500_000])
def test_a_limit_of_the_shell_ends_with_a_sentence(orders, kilobytes):
    done = subprocess.run(
        ["bash", "-c", f"ulimit -v {kilobytes}; {sys.executable} -m reltype classify orders.csv"],
        cwd=orders.parent, capture_output=True, check=False, text=True,
        env={**os.environ, "RELTYPE_PLUGINS": "", "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode in {0, 4}, done.stderr
    assert "bug" not in done.stderr
    if done.returncode:
        assert "the memory did not suffice" in done.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux counts a process's data")
def test_the_process_has_a_limit_of_its_own(tmp_path):
    program = (
        "import resource\nfrom reltype.cli.process import bound\nbound('200MB')\n"
        "print(resource.getrlimit(resource.RLIMIT_DATA)[0])\n"
        "try:\n    x = bytearray(3 << 30)\nexcept MemoryError:\n    print('refused')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    limit, refused = done.stdout.split()
    assert 1 << 30 < int(limit) < 3 << 30
    assert refused == "refused"


@pytest.mark.parametrize(
    ("text", "bytes_"),
    [("2GB", 2 * 10**9), ("500 MiB", 500 << 20), ("1.5k", 1500), ("7", 7), ("x", None), ("", None)],
)
def test_a_size_is_read_as_the_engine_reads_it(text, bytes_):
    assert size(text) == bytes_


@pytest.mark.parametrize(
    "letter", ["\x1b[31m", "\x07", "\x9b", "\r", "\x08", "\u202e", "\u2028", "\x00"]
)
def test_a_terminal_is_not_commanded(letter):
    assert letter not in clean(f"a{letter}b")
    assert clean("naïve 👩‍👧 नमस्ते\n\tx") == "naïve 👩‍👧 नमस्ते\n\tx"

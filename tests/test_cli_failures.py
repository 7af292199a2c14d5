"""Every way in which a command can fail has its sentence and its exit code, and no traceback.

What a command says and ends with is tested in this process; what the system does to it (pipes,
signals, permissions, full disks) in a process of its own.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from attrs import frozen

from reltype import cli

HEAD = "customer_id,timestamp,kind,value\n"
ROWS = "".join(
    f"c{i % 5},2024-0{1 + i % 9}-{1 + i % 27:02d} 1{i % 9}:00:00,purchase,{i}\n" for i in range(60)
)
LOG = HEAD + ROWS
RELTYPE = [sys.executable, "-m", "reltype"]


def reltype(*args, folder, stdin=b"", env=None, **options):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("RELTYPE_")}
    return subprocess.run(
        [*RELTYPE, *args],
        cwd=folder,
        input=stdin,
        capture_output=True,
        env={**clean, "NO_COLOR": "1", **(env or {})},
        check=False,
        timeout=120,
        **options,
    )


@frozen
class Done:
    returncode: int
    stdout: bytes
    stderr: bytes


@pytest.fixture
def run(folder, monkeypatch, capfdbinary):
    """Runs a command line in the folder, in this process."""
    for name in [name for name in os.environ if name.startswith("RELTYPE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.chdir(folder)

    def ran(*args):
        capfdbinary.readouterr()
        code = cli.run(list(args))
        return Done(code, *capfdbinary.readouterr())

    return ran


def words(done):
    text = done.stderr.decode("utf-8", "replace")
    assert "Traceback" not in text + done.stdout.decode("utf-8", "replace")
    assert "bug in reltype" not in text
    return text


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "orders.csv").write_text(LOG)
    return tmp_path


BROKEN_FILES = {
    "empty": (b"", "is empty"),
    "blank lines only": (b"\n\n\n", "is empty|no columns|nothing"),
    "header only": (HEAD.encode(), "no rows|nobody"),
    "binary": (bytes(range(256)) * 40, "not a text file"),
    "a PNG": (b"\x89PNG\r\n\x1a\n" + bytes(100), "is a picture"),
    "no table": (b"Dear all,\nplease find attached\nnothing.\n", "No column"),
    "no customer": (b"when,what\n2024-01-01,x\n2024-01-02,y\n", "--map customer_id="),
    "no time": (
        b"customer_id,order_id,value\n1,a,2\n1,b,3\n2,c,3\n1,d,3\n2,e,3\n1,f,3\n",
        "--map timestamp=|customer table",
    ),
    "every id blank": (HEAD.encode() + b"N/A,2024-01-01,purchase,1\n" * 9, "None of the 9 rows"),
    "all in the future": (HEAD.encode() + b"a,2999-01-01,purchase,1\n" * 3, "after today"),
    "cut-off gzip": (b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03abc", "damaged|cut off"),
    "cut-off Parquet": (b"PAR1abcdefgh", "damaged|cut off"),
    "cut-off workbook": (b"PK\x03\x04abcdefgh", "damaged|cut off|cannot be read"),
}


@pytest.mark.parametrize("case", BROKEN_FILES)
@pytest.mark.parametrize("command", ["classify", "inspect"])
def test_a_file_that_cannot_be_used_ends_with_4(case, command, folder, run):
    held, told = BROKEN_FILES[case]
    (folder / "broken.csv").write_bytes(held)
    done = run(command, "broken.csv")
    text = words(done)
    lenient = command == "inspect" and case not in {
        "empty", "blank lines only", "binary", "a PNG",
        "cut-off gzip", "cut-off Parquet", "cut-off workbook",
    }  # fmt: skip
    if lenient:  # it can be looked at
        assert done.returncode in (0, 4)
        return
    if case == "no time" and done.returncode == 0:
        assert "customer table" in text
        return
    assert done.returncode == 4, text
    assert re.search(told, text), text
    assert "broken.csv" in text or "rows" in text


FAILURES = {
    "missing file": (["classify", "ordres.csv"], 4, "no such file.*'orders.csv'"),
    "a glob of nothing": (["classify", "*.xyz"], 4, "no file is called"),
    "nothing to read": (["classify"], 2, "Name a file"),
    "an unknown option": (["classify", "orders.csv", "--outputt", "x"], 2, "--output"),
    "an unknown command": (["clasify", "orders.csv"], 2, "'classify'"),
    "an unknown format": (["classify", "orders.csv", "-f", "cvs"], 2, "'csv'"),
    "an unknown ending": (["classify", "orders.csv", "-o", "out.docx"], 2, ".parquet"),
    "an unknown plugin": (["classify", "orders.csv", "--no-plugin", "nope"], 2, "nope"),
    "an unknown typology": (["classify", "orders.csv", "--typology", "custmer"], 3, "'customer'"),
    "an unknown typology to list": (["archetypes", "--typology", "custmer"], 3, "'customer'"),
    "an unknown archetype": (["archetypes", "flinge"], 2, "'fling'"),
    "an unknown benefit": (["benefits", "identitty"], 2, "identity"),
    "an unknown column": (["classify", "orders.csv", "--map", "timestamp=whenn"], 3, "whenn"),
    "an unknown name of ours": (["classify", "orders.csv", "--map", "timestmp=value"], 3,
                                "'timestamp'"),
    "a map without =": (["classify", "orders.csv", "--map", "timestamp"], 2, "ours=theirs"),
    "a map that is no expression": (["classify", "orders.csv", "--map", "value=1 +"], 3, "value"),
    "a forbidden function": (["classify", "orders.csv", "--map", "value=random()"], 3, "random"),
    "a bad as-of": (["classify", "orders.csv", "--as-of", "yesterday"], 2, "2025-01-31"),
    "an as-of before the log": (["classify", "orders.csv", "--as-of", "1999-01-01"], 4,
                                "1999-01-01"),
    "bad refunds": (["classify", "orders.csv", "--refunds", "keep"], 2, "net, drop or raise"),
    "a bad share": (["classify", "orders.csv", "--min-confidence", "7"], 2, "min-confidence"),
    "bad threads": (["classify", "orders.csv", "--threads", "0"], 2, "threads"),
    "a bad limit": (["classify", "orders.csv", "--memory-limit", "lots"], 2, "2GB"),
    "a bad encoding": (["classify", "orders.csv", "--encoding", "utf-88"], 2, "utf-88"),
    "a missing config": (["classify", "orders.csv", "--config", "no.toml"], 3, "no.toml"),
    "a missing pack": (["classify", "orders.csv", "--rules", "no.toml"], 3, "no.toml"),
    "an output in no folder": (["classify", "orders.csv", "-o", "no/out.csv"], 4, "no/out.csv"),
    "an output that is a folder": (["classify", "orders.csv", "-f", "csv", "-o", "."], 4,
                                   "directory"),
    "an address of another kind": (["classify", "https://example.org/x.csv"], 2, "Fetch"),
    "a database that is not there": (["classify", "sqlite:///no.db"], 4, "no such file"),
    "nobody of that name": (["explain", "orders.csv", "-c", "nobody"], 4, "nobody"),
    "a config that is there": (["init", "orders.csv", "-o", "orders.csv"], 2, "--force"),
}  # fmt: skip


@pytest.mark.parametrize("case", FAILURES)
def test_every_failure_has_its_sentence_and_its_code(case, folder, run):
    args, code, told = FAILURES[case]
    done = run(*args)
    text = words(done)
    assert done.returncode == code, text
    assert re.search(told, text, re.DOTALL), text
    assert sorted(p.name for p in folder.iterdir()) == ["orders.csv"]


CONFIGS = {
    "not TOML": ("typology = \n", "reltype.toml.*line 1"),
    "an unknown table": ("[interaction]\n", "reltype.toml.*'interactions'"),
    "an unknown key": ('[interactions]\nfrom = "orders.csv"\ntimestmp = "x"\n',
                       r"reltype.toml.*\[interactions\].*'timestamp'"),
    "an unknown option": ("[options]\nmin_confidense = 0.5\n",
                          r"reltype.toml.*\[options\].*'min_confidence'"),
    "a wrong type": ('[options]\nmin_confidence = "high"\n',
                     r"reltype.toml.*\[options\] min_confidence.*number"),
    "an unknown kind": ('[kinds]\n"Order" = "purchas"\n', r"\[kinds\] 'Order'.*'purchase'"),
    "a bad day": ("as_of = 2025\n", "reltype.toml.*as_of.*day"),
    "an expression that is none": ('[interactions]\nfrom = "orders.csv"\nvalue = "sum("\n',
                                   "value"),
    "a join on nothing": (('[interactions]\nfrom = "orders.csv"\n'
                          'join = { from = "orders.csv", on = "nope" }\n'), "nope"),
    "sql that is no SELECT": (('[interactions]\nfrom = { o = "orders.csv" }\n'
                              'sql = "DROP TABLE o"\n'), "one SELECT"),
    "sql over other files": (('[interactions]\nfrom = { o = "orders.csv" }\n'
                             "sql = \"SELECT * FROM read_csv('/etc/passwd')\"\n"), "from"),
}  # fmt: skip


@pytest.mark.parametrize("case", CONFIGS)
def test_a_config_that_cannot_be_used_ends_with_3_and_names_file_table_and_key(case, folder, run):
    text, told = CONFIGS[case]
    (folder / "reltype.toml").write_text(text)
    done = run("classify")
    said = words(done)
    assert done.returncode == 3, said
    assert re.search(told, said, re.DOTALL), said


def test_the_environment_is_told_by_name(run, monkeypatch):
    monkeypatch.setenv("RELTYPE_MIN_CONFIDENCE", "much")
    done = run("classify", "orders.csv")
    assert done.returncode == 3
    assert "RELTYPE_MIN_CONFIDENCE" in words(done)


ODD_FILES = {
    "UTF-16 with a mark": LOG.encode("utf-16"),
    "UTF-16 without": LOG.encode("utf-16-le"),
    "a mark": b"\xef\xbb\xbf" + LOG.encode(),
    "sep=;": b"sep=;\n" + LOG.replace(",", ";").encode(),
    "semicolons": LOG.replace(",", ";").encode(),
    "tabs": LOG.replace(",", "\t").encode(),
    "CRLF": LOG.replace("\n", "\r\n").encode(),
    "no last line end": LOG.rstrip().encode(),
    "empty lines": LOG.replace("\n", "\n\n").encode(),
}


@pytest.mark.parametrize("case", ODD_FILES)
def test_however_a_file_is_written_the_answer_is_the_same(case, folder, run):
    (folder / "odd.csv").write_bytes(ODD_FILES[case])
    odd = run("classify", "odd.csv", "-f", "csv")
    assert odd.returncode == 0, words(odd)
    assert odd.stdout == run("classify", "orders.csv", "-f", "csv").stdout


def test_standard_input_and_output_stand_for_files(folder, run):
    piped = reltype("classify", "-", "-o", "-", "-f", "csv", folder=folder, stdin=LOG.encode())
    assert piped.returncode == 0, words(piped)
    assert piped.stdout == run("classify", "orders.csv", "-f", "csv").stdout


SURVIVED = {
    "NUL bytes": (HEAD + ROWS + "c1,2024-05-05,purch\0ase,3\n").encode(),
    "cp1252": (HEAD.replace("kind", "straße") + ROWS).encode("cp1252"),
    "a ragged line": (LOG + "c1,2024-05-05\nc2,2024-05-05,purchase,3,4,5\n").encode(),
    "10,000 columns": (
        HEAD.strip() + "".join(f",x{i}" for i in range(10_000)) + "\n"
        + "".join(line + ",1" * 10_000 + "\n" for line in ROWS.splitlines()[:10])
    ).encode(),
    "a cell of 1 MB": (LOG + "c1,2024-05-05,purchase," + "9" * (1 << 20) + "\n").encode(),
    "a text of 1 MB in several lines": (
        HEAD.strip() + ",text\n"
        + "".join(f"{line},ok\n" for line in ROWS.splitlines())
        + 'c1,2024-05-05,message,,"' + "so it is\n" * 116_000 + '"\n'
    ).encode(),
    "an open quote": (LOG + 'c1,2024-05-05,"purchase,3\n').encode(),
}  # fmt: skip


@pytest.mark.parametrize("case", SURVIVED)
def test_what_is_odd_is_survived_and_every_row_accounted_for(case, folder, run):
    (folder / "odd.csv").write_bytes(SURVIVED[case])
    done = run("classify", "odd.csv", "-o", "out.csv")
    text = words(done)
    assert done.returncode == 0, text
    assert (folder / "out.csv").stat().st_size > 100
    read, used, rejected = (
        int(found[1].replace(",", "")) if (found := re.search(pattern, text)) else 0
        for pattern in (r"([\d,]+) rows? read", r"([\d,]+) used", r"([\d,]+) rejected")
    )
    assert read == used + rejected
    assert (folder / "out.rejects.csv").exists() == (rejected > 0)


DROPPED = """
import os, sys
from reltype import cli
cli.run(["classify", "orders.csv", "-q", "-o", "before.csv"])  # loads what only root may read
os.chmod(sys.argv[1], int(sys.argv[2], 8))
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
sys.exit(cli.run(sys.argv[3:]))
"""


@pytest.fixture
def nobody():
    """Runs a command line as a user who is not root, after a path got other permissions."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        (Path(made) / "orders.csv").write_text(LOG)

        def ran(*args):
            return subprocess.run(
                [sys.executable, "-c", DROPPED, *args], cwd=made, capture_output=True, check=False
            )

        yield ran
        Path(made).chmod(0o755)


def test_a_file_that_may_not_be_read_is_told(nobody):
    done = nobody("orders.csv", "0", "classify", "orders.csv")
    assert done.returncode == 4
    assert "may not be read" in words(done)


def test_a_folder_that_may_not_be_written_is_told(nobody):
    done = nobody(".", "555", "classify", "orders.csv", "-o", "out.csv")
    assert done.returncode == 4
    assert "out.csv: cannot be written (permission denied)" in words(done)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("name", ["csv", "parquet", "json", "jsonl", "markdown", "table", "xlsx"])
def test_a_full_disk_is_told_in_every_format(name, run):
    done = run("classify", "orders.csv", "-f", name, "-o", "/dev/full")
    assert done.returncode == 4
    assert "no space left" in words(done).lower()
    assert Path("/dev/full").is_char_device()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("args", [["classify", "orders.csv"], ["archetypes"],
                                  ["inspect", "orders.csv"]])  # fmt: skip
def test_a_full_disk_behind_standard_output_is_told(args, folder):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([*RELTYPE, *args], cwd=folder, stdout=full, stderr=subprocess.PIPE,
                              text=True, check=False)  # fmt: skip
    assert done.returncode == 4
    assert "no space left" in done.stderr.lower()
    assert "Traceback" not in done.stderr


def test_a_closed_pipe_is_told_without_a_traceback(folder):
    many = HEAD + "".join(f"c{i},2024-01-01,purchase,1\n" for i in range(3000))
    (folder / "many.csv").write_text(many)
    with subprocess.Popen([*RELTYPE, "classify", "many.csv", "-f", "csv"], cwd=folder,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:  # fmt: skip
        running.stdout.readline()
        running.stdout.close()
        text = running.stderr.read().decode()
        assert running.wait() == 4
    assert "closed it before the end" in text
    assert "Traceback" not in text


def test_an_interrupted_run_ends_with_130_and_leaves_the_old_file(folder):
    rows = "".join(f"c{i},2024-01-{1 + i % 28:02d},purchase,{i}\n" for i in range(200_000))
    (folder / "many.csv").write_text(HEAD + rows)
    (folder / "out.csv").write_text("old")
    with subprocess.Popen([*RELTYPE, "classify", "many.csv", "-o", "out.csv"], cwd=folder,
                          stderr=subprocess.PIPE) as running:  # fmt: skip
        while not list(folder.glob(".out.csv.*")) and running.poll() is None:
            time.sleep(0.01)  # until it writes
        assert running.poll() is None, "it was done too soon to be interrupted"
        running.send_signal(signal.SIGINT)
        text = running.stderr.read().decode()
        assert running.wait() == 130, text
    assert "Interrupted" in text
    assert "Traceback" not in text
    assert (folder / "out.csv").read_text() == "old"
    assert sorted(p.name for p in folder.iterdir()) == ["many.csv", "orders.csv", "out.csv"]


def test_a_traceback_is_shown_where_it_is_asked_for(run):
    done = run("--debug", "classify", "no.csv")
    assert done.returncode == 4
    assert b"Traceback" in done.stderr
    assert b"Error: no.csv" in done.stderr


def test_gates_end_with_1_after_the_result_was_written(folder, run):
    (folder / "bad.csv").write_text(LOG + "N/A,2024-01-01,purchase,3\n")
    done = run("classify", "bad.csv", "-o", "out.csv", "--strict")
    assert done.returncode == 1
    assert "1 row" in words(done)
    assert (folder / "out.csv").exists()
    (folder / "few.csv").write_text(HEAD + "c1,2024-01-01,purchase,3\nc2,2024-01-01,visit,\n")
    done = run("classify", "few.csv", "-o", "out.csv", "--fail-under", "0.9")
    assert done.returncode == 1
    assert "--fail-under" in words(done)


def test_refunds_raise_stops_at_the_first_and_says_where(folder, run):
    (folder / "back.csv").write_text(LOG + "c1,2024-09-20 10:00:00,refund,3\n")
    done = run("classify", "back.csv", "--refunds", "raise")
    assert done.returncode == 4
    assert "back.csv, line 62" in words(done)


@pytest.mark.parametrize(
    ("args", "code", "out"),
    [
        (["classify", "log.csv", "-f", "csv", "-q"], 0, "customer_id,archetype,"),
        (["classify", "none.csv", "-q"], 4, ""),
        (["classify", "log.csv", "-f", "csv", "-q", "--strict"], 1, "customer_id,"),
    ],
)
def test_a_process_ends_with_its_code_all_that_it_said_and_no_folder_left(
    args, code, out, tmp_path
):
    private = tmp_path / "private"
    private.mkdir()
    (tmp_path / "log.csv").write_text(LOG + "N/A,2024-01-01,purchase,3\n")
    done = reltype(*args, folder=tmp_path, env={"TMPDIR": str(private)})
    assert done.returncode == code
    assert done.stdout.decode().startswith(out)
    assert done.stdout.count(b"\n") == (6 if out else 0)
    assert not list(private.iterdir())

"""Hostile files made from a true table: result and rejects together are the input, always."""

import csv
import datetime as dt
import io
import os
import re
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reltype import cli

CODES = {0, 4}
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "12"))
"""More are tried with FUZZ_EXAMPLES=500."""
HEAD = ["customer_id", "timestamp", "kind", "value", "text"]
START = dt.datetime(2024, 1, 1)  # noqa: DTZ001  times are taken as they stand

IDS = st.sampled_from(["007", "1e5", "C-1", "=1+1", "Ünal", "O'Brien", 'the "one"', "a,b", "x;y"])
TEXTS = st.sampled_from(
    ["", "fine", "two\nlines", 'so "good"', "tab\there", "=cmd|' /C calc'!A0", "naïve", "a;b,c|d"]
)
CLEAN = st.builds(
    lambda who, hours, kind, value, text: [
        who, (START + dt.timedelta(hours=hours)).isoformat(" "), kind, str(value), text,
    ],
    IDS,
    st.integers(0, 6000),
    st.sampled_from(["purchase", "visit", "complaint", "refund", "wobble"]),
    st.integers(-5, 500),
    TEXTS,
)  # fmt: skip
BLANK = st.sampled_from(["", " ", "N/A", "null", "-", "NaN"])
BAD_TIME = st.sampled_from(["", "yesterday", "2024-13-45", "00/00/0000", "2999-01-01 00:00:00"])


def spoilt(row, blank, bad_time, how):
    """A row that cannot be used."""
    who, when, *rest = row
    return [blank, when, *rest] if how else [who, bad_time, *rest]


SPOILT = st.builds(spoilt, CLEAN, BLANK, BAD_TIME, st.booleans())
ROWS = st.lists(
    st.tuples(st.just(True), CLEAN) | st.tuples(st.just(False), SPOILT), min_size=12, max_size=60
)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
DIALECTS = st.builds(
    dict,
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    lineterminator=st.sampled_from(["\n", "\r\n"]),
)


def written(rows, dialect):
    out = io.StringIO()
    csv.writer(out, **dialect).writerows([HEAD, *rows])
    return out.getvalue()


def classified(folder, data, name="orders.csv"):
    """The exit code and the words of a run over a file that holds *data*."""
    Path(folder, name).write_bytes(data)
    said = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with redirect_stderr(said), redirect_stdout(io.TextIOWrapper(io.BytesIO())):
        code = cli.run(["classify", f"{folder}/{name}", "-o", f"{folder}/out.csv"])
    said.seek(0)
    return code, said.read()


def account(folder, words):
    """Rows read, used, rejected and late, as the summary has them, and the rejects."""
    words = " ".join(words.split())  # lines are folded
    counts = [
        int(found[1].replace(",", "")) if (found := re.search(pattern, words)) else 0
        for pattern in (
            r"([\d,]+) rows? read", r"([\d,]+) used", r"read[^.]* ([\d,]+) rejected",
            r"([\d,]+) after the as-of day",
        )
    ]  # fmt: skip
    listed = Path(folder, "out.rejects.csv")
    rejects = []
    if listed.exists():
        with listed.open(newline="", encoding="utf-8") as file:
            rejects = list(csv.DictReader(file))
    return (*counts, rejects)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=ROWS, encoding=ENCODINGS, dialect=DIALECTS)
def test_rows_that_can_be_used_are_used_and_the_others_stand_in_the_rejects(
    rows, encoding, dialect
):
    data = written([row for _, row in rows], dialect).encode(encoding)
    good = sum(fine for fine, _ in rows)
    with TemporaryDirectory() as folder:
        code, words = classified(folder, data)
        assert "Traceback" not in words
        assert "bug in reltype" not in words
        if not good:
            assert code == 4, words
            return
        assert code == 0, words
        read, used, rejected, late, rejects = account(folder, words)
        assert read == len(rows)
        assert used == good
        assert rejected + late == len(rejects) == len(rows) - good
        with Path(folder, "out.csv").open(newline="", encoding="utf-8") as file:
            found = {row["customer_id"].removeprefix("'") for row in csv.DictReader(file)}
        assert found == {row[0] for fine, row in rows if fine}


DAMAGES = st.lists(
    st.tuples(
        st.sampled_from(["cut", "quote", "nul", "longer", "empty line", "comma", "byte", "end"]),
        st.floats(0, 1),
    ),
    min_size=1,
    max_size=6,
)


def damaged(data, damages):
    """The file with some of its bytes changed; the head is left alone."""
    head, _, body = data.partition(b"\n")
    for what, place in damages:
        at = int(place * len(body))
        extra = {
            "quote": b'"', "nul": b"\0", "longer": b",,,x", "empty line": b"\n\n", "comma": b",",
            "byte": b"\xff\x81",
        }  # fmt: skip
        if what == "cut":
            body = body[:at] + body[at + 7 :]
        elif what == "end":
            body = body[: max(at, 1)]
        else:
            body = body[:at] + extra[what] + body[at:]
    return head + b"\n" + body


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(CLEAN, min_size=8, max_size=40), damages=DAMAGES)
def test_whatever_is_broken_every_row_is_accounted_for(rows, damages):
    plain = {"delimiter": ",", "quoting": csv.QUOTE_MINIMAL, "lineterminator": "\n"}
    data = damaged(written(rows, plain).encode(), damages)
    with TemporaryDirectory() as folder:
        code, words = classified(folder, data)
        assert "Traceback" not in words
        assert "bug in reltype" not in words
        assert code in CODES, words
        if code == 0:
            read, used, rejected, late, rejects = account(folder, words)
            assert read == used + rejected + late
            assert len(rejects) == rejected + late
            assert all(row["reason"] and row["line"] for row in rejects)
        else:
            assert words.count("Error:") == 1


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.binary(max_size=400))
def test_any_bytes_end_with_a_sentence(data):
    with TemporaryDirectory() as folder:
        code, words = classified(folder, data)
    assert code in CODES, words
    assert "Traceback" not in words
    assert "bug in reltype" not in words


def test_a_process_of_its_own_says_the_same(tmp_path):
    rows = [["C-1", "2024-01-01", "purchase", "1", ""]] * 9 + [["", "x", "purchase", "", ""]]
    (tmp_path / "a.csv").write_text(written(rows, {"delimiter": ","}))
    done = subprocess.run(
        [sys.executable, "-m", "reltype", "classify", "a.csv", "-o", "out.csv"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env={k: v for k, v in os.environ.items() if not k.startswith("RELTYPE_")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "10 rows read, 9 used, 1 rejected." in done.stderr

"""What strangers wrote, in what we write: spreadsheets, pages, terminals."""

import csv
import io
import itertools
import json

import pyarrow as pa
import pytest

from reltype import cli
from reltype.formats import BUILTIN, flat
from reltype.formats.printing import markdown
from tests.attacks.conftest import family

BEFORE = ["", " ", "\t", "\r", "\n", "\x00", "\x0b", "\x0c", "\x1c", "\x1f", "\x85", "\xa0", "\u200b", "\ufeff", "\u2028", "\u2029", "\u2003", "\u3000", "\u202e", " \ufeff\t"]  # fmt: skip
SIGNS = ["=", "@", "+", "-", "＝", "＠", "＋", "－"]


@pytest.mark.parametrize(("before", "sign"), family(itertools.product(BEFORE, SIGNS), 60))
def test_no_text_is_a_formula_whatever_stands_before_it(before, sign):
    (made,) = flat.neutral(pa.array([f"{before}{sign}cmd|' /C calc'!A0"])).to_pylist()
    assert made.startswith("'")


@pytest.mark.parametrize("text", ["-1.5", "+49", "a=b", "007", "1e5", "x-y", "", "-12,50"])
def test_plain_texts_and_numbers_stay(text):
    assert flat.neutral(pa.array([text])).to_pylist() == [text]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a|b", r"a\|b"),
        ("<img src=x onerror=alert(1)>", r"\<img src=x onerror=alert(1)\>"),
        ("[click](http://evil.example)", r"\[click\](http:\//evil.example)"),
        ("www.evil.example", r"www\.evil.example"),
        ("a@b.example", r"a\@b.example"),
        ("&lt;b&gt;", r"\&lt;b\&gt;"),
        ("two\nlines", "two lines"),
        ("**bold** _it_ snake_case", r"\*\*bold\*\* \_it\_ snake_case"),
        ("`code`", r"\`code\`"),
        ("\\|", r"\\\|"),
        ("\x1b[31m", "�\\[31m"),
    ],
)
def test_markdown_shows_a_text_as_it_is(text, shown):
    assert markdown(text) == shown


ESCAPES = ["\x1b[31m", "\x1b]0;title\x07", "\x9b31m", "\x07", "\x08\x08", "\u202e", "\x1b[2J"]


def shown(capfdbinary, *args):
    code = cli.run([*map(str, args)])
    out = capfdbinary.readouterr()
    return code, (out.out + out.err).decode("utf-8", "replace")


def unsafe(text):
    return {c for c in text if (ord(c) < 32 and c not in "\n\t") or 127 <= ord(c) < 160} | {
        c for c in text if c in "\u202e\u2028\u2029"
    }


@pytest.mark.parametrize("escape", family(ESCAPES, 4))
def test_no_escape_of_a_stranger_reaches_a_terminal(escape, tmp_path, monkeypatch, capfdbinary):
    monkeypatch.chdir(tmp_path)
    rows = "\n".join(
        f"C{escape}{i % 5},2024-01-{1 + i % 28:02},{'buy' + escape if i % 2 else 'visit'},{i}"
        for i in range(50)
    )
    head = f"customer_id,timestamp,kind,val{escape}ue,other{escape}"
    (tmp_path / "log.csv").write_text(
        head + "\n" + "\n".join(f"{line},x{escape}" for line in rows.split("\n")) + "\n"
        f"C-9,not a time{escape},visit,1,x\n"
    )
    (tmp_path / "pack.toml").write_text(
        "[[rules]]\nname = " + json.dumps(f"r{escape}") + "\narchetype = 'fling'\nweight = 1.0\n"
        "when = 'interactions > 0'\nbecause = " + json.dumps(f"because {escape}") + "\n"
    )
    (tmp_path / "bad.toml").write_text("[[rules]]\nname = " + json.dumps(f"r{escape}") + "\n")
    name = f"a{escape}.csv".replace("/", "")
    for args in (
        ["classify", "log.csv", "-f", "table"],
        ["classify", "log.csv", "-f", "markdown"],
        ["classify", "log.csv", "-o", "out.parquet"],
        ["inspect", "log.csv"],
        ["inspect", "log.csv", "--format", "markdown"],
        ["inspect", "log.csv", "--format", "json"],
        ["explain", f"C{escape}1", "log.csv", "--rules", "pack.toml"],
        ["facts", "log.csv"],
        ["rules", "--rules", "pack.toml"],
        ["classify", "log.csv", "--rules", "bad.toml"],
        ["classify", "log.csv", "--map", f"value=other{escape}x"],
        ["classify", "log.csv", "--table", escape, "-o", "out.parquet"],
        ["classify", name],
        ["classify", "log.csv", "--config", name],
        ["classify", "log.csv", f"--{escape}"],
        [f"cmd{escape}"],
    ):
        _, words = shown(capfdbinary, *args)
        assert not unsafe(words), (args, words)


def test_data_on_a_pipe_is_as_it_is(tmp_path, capfdbinary):
    rows = "\n".join(f"C\x1b{i % 5},2024-01-{1 + i % 28:02}" for i in range(30))
    (tmp_path / "log.csv").write_text(f"customer_id,timestamp\n{rows}\n")
    assert cli.run(["classify", str(tmp_path / "log.csv"), "-f", "csv", "-q"]) == 0
    out = capfdbinary.readouterr().out.decode()
    assert {row["customer_id"] for row in csv.DictReader(io.StringIO(out))} == {
        f"C\x1b{i}" for i in range(5)
    }


@pytest.mark.parametrize("name", [f.name for f in BUILTIN])
def test_every_format_writes_the_same_bytes_for_the_same_table(name, monkeypatch):
    import time

    table = pa.table(
        {"customer_id": ["a", "=b", "c\x1b"], "x": [1.5, None, 2.0], "l": [["p"], [], None]}
    )
    made = []
    format_ = next(f for f in BUILTIN if f.name == name)
    for _ in range(2):
        out = io.BytesIO()
        format_.write(table.schema, table.to_batches(), out)
        made.append(out.getvalue())
        time.sleep(2.1 if name == "xlsx" else 0)  # a zip's clock ticks every second second
    assert made[0] == made[1]


def test_a_sheet_is_read_back_as_it_was():
    import datetime as dt

    import openpyxl

    from reltype.formats import xlsx

    table = pa.table(
        {
            "id": ["007", "=1+1", "a&<b>\"'", " x ", "é😀\nb", None, "\x00\x1bq"],
            "f": [1.5, float("nan"), None, 1e300, -2.0, float("inf"), 4.0],
            "i": [1, 2, None, 4, 5, 6, 7],
            "d": [dt.date(2024, 1, 2), None, dt.date(1800, 1, 1), *[dt.date(1900, 3, 1)] * 4],
            "b": [True, False, None, True, True, True, True],
            "l": [["a", "b"], [], None, ["=c"], ["d"], ["e"], ["f"]],
        }
    )
    out = io.BytesIO()
    xlsx.write(table.schema, table.to_batches(), out)
    rows = list(
        openpyxl.load_workbook(io.BytesIO(out.getvalue())).active.iter_rows(values_only=True)
    )
    assert rows[0] == tuple(table.column_names)
    assert [row[0] for row in rows[1:]] == ["007", "'=1+1", "a&<b>\"'", " x ", "é😀\nb", None, "q"]
    assert [row[1] for row in rows[1:]] == [1.5, None, None, 1e300, -2, None, 4]
    assert [row[2] for row in rows[1:]] == [1, 2, None, 4, 5, 6, 7]
    assert [row[3] and row[3].date() for row in rows[1:4]] == [dt.date(2024, 1, 2), None, None]
    assert [row[4] for row in rows[1:4]] == [True, False, None]
    assert [row[5] for row in rows[1:5]] == ["a; b", None, None, "'=c"]


def test_a_sheet_that_is_too_large_is_refused():
    from reltype.errors import OutputError
    from reltype.formats import xlsx

    table = pa.table({f"c{i}": [1] for i in range(xlsx.MOST_COLUMNS + 1)})
    with pytest.raises(OutputError, match="columns"):
        xlsx.write(table.schema, table.to_batches(), io.BytesIO())

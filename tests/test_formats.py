"""What is written appears whole or not at all, and no spreadsheet runs it."""

import csv
import io
import json
import stat

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reltype import formats
from reltype.errors import OutputError, UsageError
from reltype.formats import flat

ROWS = pa.table(
    {
        "customer_id": pa.array(
            ["007", "1e5", "=cmd|'/c calc'!A1", "+49 30 123", "-5", "@x", None]
        ),
        "confidence": [0.5, 0.25, None, 1.0, 0.0, 0.1, 0.2],
        "reasons": pa.array(
            [[{"text": "a", "contribution": 1.0}, {"text": "b", "contribution": 2.0}], [], None]
            + [[{"text": "=1+1", "contribution": 0.5}]] * 4,
            pa.list_(pa.struct([("text", pa.string()), ("contribution", pa.float64())])),
        ),
    }
)


def written(name, table=ROWS):
    stream = io.BytesIO()
    formats.choose(None, name).write(table.schema, table.to_batches(), stream)
    return stream.getvalue()


def test_csv_keeps_identifiers_joins_lists_and_runs_no_formula():
    rows = list(csv.reader(io.StringIO(written("csv").decode())))
    assert rows[0] == ["customer_id", "confidence", "reasons"]
    assert [r[0] for r in rows[1:]] == [
        "007", "1e5", "'=cmd|'/c calc'!A1", "'+49 30 123", "-5", "'@x", "",
    ]  # fmt: skip
    assert [r[2] for r in rows[1:]] == ["a; b", "", "", "'=1+1", "'=1+1", "'=1+1", "'=1+1"]


@pytest.mark.parametrize(
    ("cell", "runs"),
    [
        ("=1+1", True), ("@SUM(1)", True), ("+1+1", True), ("-1+cmd", True), ("\t=1", True),
        ("\r=1", True), (" =1", True), ("\x00=1", True), ("-", True), ("+", True),
        ("-5", False), ("+5.25", False), ("a=b", False), ("", False), ("1-2", False), ("7", False),
    ],
)  # fmt: skip
def test_a_cell_that_a_spreadsheet_would_run_gets_an_apostrophe(cell, runs):
    assert flat.neutral(pa.array([cell]))[0].as_py() == ("'" + cell if runs else cell)


def test_json_is_one_array_with_lists_as_they_are():
    rows = json.loads(written("json"))
    assert rows[0]["reasons"] == [
        {"text": "a", "contribution": 1.0},
        {"text": "b", "contribution": 2.0},
    ]
    assert [r["customer_id"] for r in rows][:2] == ["007", "1e5"]
    assert rows[-1]["customer_id"] is None


def test_json_of_nobody_is_an_empty_array():
    assert json.loads(written("json", ROWS.slice(0, 0))) == []


def test_json_lines_hold_an_object_each():
    lines = written("jsonl").decode().splitlines()
    assert len(lines) == ROWS.num_rows
    assert json.loads(lines[1])["customer_id"] == "1e5"


def test_parquet_reads_back_the_same():
    assert pq.read_table(io.BytesIO(written("parquet"))).equals(ROWS)


def test_tables_keep_identifiers():
    told = written("table").decode()
    assert "007" in told
    assert "1e5" in told


def test_a_table_moves_no_cursor():
    told = written("table", pa.table({"customer_id": ["\x1b[2Jgone"]}))
    assert b"\x1b" not in told


def test_markdown_is_a_github_table():
    assert written("markdown").decode().splitlines()[1].startswith("|--")


def test_xlsx_holds_texts_and_numbers():
    from openpyxl import load_workbook

    sheet = load_workbook(io.BytesIO(written("xlsx"))).active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[1][:2] == ("007", 0.5)
    assert rows[3][0] == "'=cmd|'/c calc'!A1"
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_an_ending_chooses_the_format(tmp_path):
    formats.write(ROWS.schema, ROWS.to_batches(), tmp_path / "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet").num_rows == ROWS.num_rows


@pytest.mark.parametrize(("path", "name"), [("out.doc", None), ("out.csv", "exel")])
def test_an_unknown_format_is_told(path, name):
    with pytest.raises(UsageError, match=r"no format has this ending|No format is called 'exel'"):
        formats.write(ROWS.schema, [], path, name)


def test_a_failure_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    path = tmp_path / "out.csv"
    path.write_text("old")

    def batches():
        yield ROWS.to_batches()[0]
        raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        formats.write(ROWS.schema, batches(), path)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]


def test_a_written_file_has_the_usual_permissions(tmp_path):
    formats.write(ROWS.schema, ROWS.to_batches(), tmp_path / "out.csv")
    (tmp_path / "plain").touch()
    usual = stat.S_IMODE((tmp_path / "plain").stat().st_mode)
    assert stat.S_IMODE((tmp_path / "out.csv").stat().st_mode) == usual


@pytest.mark.parametrize("path", ["", "none/out.csv"])
def test_a_place_that_cannot_be_written_is_told(tmp_path, path):
    with pytest.raises(OutputError, match=r"is a directory|cannot be written"):
        formats.write(ROWS.schema, ROWS.to_batches(), tmp_path / path, "csv")


def test_a_document_is_written_after_a_table_was(tmp_path):
    formats.write(pa.schema([("a", pa.int64())]), [], tmp_path / "table.json")
    formats.write_document(tmp_path / "document.json", {"naïve": [1, None]})
    assert json.loads((tmp_path / "document.json").read_text("utf-8")) == {"naïve": [1, None]}

"""What people give is opened as it is meant, or refused with a sentence that says what to do."""

# ruff: noqa: DTZ001 - a case on a line; times without zone are meant

import codecs
import io
import os
import subprocess
import sys
import zipfile
from datetime import datetime

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reltype.engines.duckdb import connect, lock
from reltype.engines.quoting import identifier
from reltype.errors import InputError, UsageError
from reltype.sources import open_source, open_sources, sample


@pytest.fixture(scope="module")
def connection():
    opened = connect(threads=2)
    yield opened
    opened.close()


@pytest.fixture
def table(connection):
    """Opens a thing; gives the source and its rows."""

    def opened(thing, **options):
        source = open_source(connection, thing, **options)
        columns = ", ".join(map(identifier, source.columns))
        return source, connection.sql(f"SELECT {columns} FROM {source.relation}").fetchall()

    return opened


def written(tmp_path, text, name="orders.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


# --- text -----------------------------------------------------------------------------


def test_identifiers_stay_as_they_are_written(table, tmp_path):
    source, rows = table(written(tmp_path, "id,v,d\n007,1.50,2024-01-02\n1e5,NULL, x \n"))
    assert rows == [("007", "1.50", "2024-01-02"), ("1e5", "NULL", " x ")]
    assert source.text
    assert source.types == ("VARCHAR",) * 3
    assert (source.encoding, source.delimiter, source.notes) == ("utf-8", ",", ())


@pytest.mark.parametrize(
    ("text", "delimiter", "columns", "first"),
    [
        ("a,b\n1,2\n3,4\n", ",", ("a", "b"), ("1", "2")),
        ("a;b\n1,5;2,5\n3,5;4,5\n", ";", ("a", "b"), ("1,5", "2,5")),
        ("a\tb\nx, y\tz\nx\tz, y\n", "\t", ("a", "b"), ("x, y", "z")),
        ("a|b|c\n1|2024-01-01 10:00|x\n2|2024-01-01 11:00|y\n", "|", ("a", "b", "c"), None),
        ("a:b\n1:2\n3:4\n", ":", ("a", "b"), ("1", "2")),
        ("a^b\n1^2\n3^4\n", "^", ("a", "b"), ("1", "2")),
        ("a\x1fb\n1\x1f2\n", "\x1f", ("a", "b"), ("1", "2")),
        (
            "column1,column2!some,column3\nc,d!e,f\n",
            ",",
            ("column1", "column2!some", "column3"),
            None,
        ),
        ("sep=|\na|b\n1|2\n", "|", ("a", "b"), ("1", "2")),
        ('"sep=;"\r\na;b\r\n1;2\r\n', ";", ("a", "b"), ("1", "2")),
        ("sep=~\n\na~b\n1~2\n", "~", ("a", "b"), ("1", "2")),
        ('a, b\n1, "x, y"\n2, "z"\n', ",", ("a", "b"), ("1", "x, y")),
        ('a,b\n1,"x \\"y\\", z"\n2,"w"\n', ",", ("a", "b"), ("1", 'x "y", z')),
        ('a,b\n"x ""y"", z",1\n', ",", ("a", "b"), ('x "y", z', "1")),
        ("'a','b'\n'1','x, y'\n'2','z'\n", ",", ("a", "b"), ("1", "x, y")),
        ('a,b\n5" pipe,1\n6" pipe,2\n', ",", ("a", "b"), ('5" pipe', "1")),
        ("name\nAnn\nBob\nCyd\n", ",", ("name",), ("Ann",)),
    ],
)
def test_a_dialect_is_seen_from_the_text(table, tmp_path, text, delimiter, columns, first):
    source, rows = table(written(tmp_path, text))
    assert (source.delimiter, source.columns) == (delimiter, columns)
    if first:
        assert rows[0] == first


@pytest.mark.parametrize(
    ("text", "columns", "rows", "note"),
    [
        # titles above the header
        ("Report\n\nid,v,w\n1,2,3\n", ("id", "v", "w"), 1, "skipped 1 line above the header"),
        ("Report,,\nMay,,\nid,v,w\n1,2,3\n", ("id", "v", "w"), 1, "skipped 2 lines above the header"),
        ("sep=;\nid;v\n1;2\n", ("id", "v"), 1, "skipped the first line, which says sep=;"),
        # no header
        ("1,2024-01-01,x\n2,2024-01-02,y\n", ("column_1", "column_2", "column_3"), 2, "has no header: its columns are called column_1, column_2 …"),
        ("C-1,purchase\nC-2,purchase\n" * 5, ("column_1", "column_2"), 10, "has no header: its columns are called column_1, column_2 …"),
        # names
        ("id,v,V,v\n1,2,3,4\n", ("id", "v", "V_2", "v_3"), 1, "the second column 'V' is called 'V_2'"),
        ("id,,v_2,v,v\n1,2,3,4,5\n", ("id", "column_2", "v_2", "v", "v_3"), 1, "column 2 has no name: it is called 'column_2'"),
        (" id , v\n1,2\n", ("id", "v"), 1, None),
        ('"i\nd",v\n1,2\n', ("i\nd", "v"), 1, None),
        # a column of row names that the header leaves out, as R writes it
        ("id,v\n1,a,b\n2,c,d\n", ("column_1", "id", "v"), 2, "has one column more than its header names: the first is taken to be without a name"),
        # a delimiter too many at every row's end
        ("id,v\n1,a,\n2,c,\n", ("id", "v"), 2, None),
        # nothing but a header
        ("id,v\n", ("id", "v"), 0, None),
        ("id,v", ("id", "v"), 0, None),
        # numbers as names are names if what is below is of another kind
        ("name,2023,2024\nAnn,x,y\nBob,z,w\n", ("name", "2023", "2024"), 2, None),
    ],
)  # fmt: skip
def test_headers(table, tmp_path, text, columns, rows, note):
    source, found = table(written(tmp_path, text))
    assert source.columns == columns
    assert len(found) == rows
    assert (note in source.notes) if note else source.notes == ()


def test_columns_set_apart_by_blanks(table, shared):
    source, rows = table(shared / "cdnow" / "CDNOW_master.txt")
    assert source.columns == ("customer_id", "date", "number_of_cds", "dollar_value")
    assert rows[0] == ("00001", "19970101", "1", "11.77")
    assert len(rows) == 69_659
    source, rows = table(shared / "cdnow" / "CDNOW_sample.txt")
    assert source.columns == tuple(f"column_{place}" for place in range(1, 6))
    assert rows[0] == ("00004", "0001", "19970101", "2", "29.33")
    assert len(rows) == 6_919


def test_ten_thousand_columns(table, tmp_path):
    names = [f"c{number}" for number in range(10_000)]
    source, rows = table(written(tmp_path, ",".join(names) + "\n" + ",".join("x" * 10_000) + "\n"))
    assert source.columns == tuple(names)
    assert rows == [("x",) * 10_000]


@pytest.mark.parametrize("size", [1_000_000, 5_000_000])
def test_cells_of_megabytes(table, tmp_path, size):
    _, rows = table(written(tmp_path, f'id,note\n1,{"x" * size}\n2,"{"y" * size}"\n3,z\n'))
    assert [(row[0], len(row[1])) for row in rows] == [("1", size), ("2", size), ("3", 1)]


def test_a_row_of_ten_megabytes_in_a_damaged_file_is_rejected_and_the_rest_used(table, tmp_path):
    _, rows = table(written(tmp_path, f"id,note\nshort\n1,{'x' * 10_000_000}\n3,z\n"))
    assert rows == [("3", "z")]


def test_a_file_whose_name_is_a_pattern_is_read_as_it_is(table, tmp_path):
    written(tmp_path, "a\nwrong\n", "log1.csv")
    _, rows = table(written(tmp_path, "a,b\nright,1\n", "log[1].csv"))
    assert rows == [("right", "1")]


# --- several files --------------------------------------------------------------------


def test_files_of_one_layout_are_one_source(table, tmp_path):
    written(tmp_path, "id,v\n1,x\n", "a.csv")
    written(tmp_path, "id;v\r\n2;é\r\n", "b.csv")
    written(tmp_path, "id,v\n3,é\n".encode("cp1252"), "c.csv")
    source, rows = table(str(tmp_path / "*.csv"))
    assert sorted(rows) == [("1", "x"), ("2", "é"), ("3", "é")]
    assert source.notes == (f"{tmp_path / 'c.csv'}: is not UTF-8: read as cp1252",)
    assert len(source.files) == 3
    source, rows = table([tmp_path / "a.csv", str(tmp_path / "b.csv")])
    assert rows == [("1", "x"), ("2", "é")]


def test_files_of_different_layouts_are_several_sources(connection, tmp_path):
    written(tmp_path, "id,v\n1,x\n", "a.csv")
    written(tmp_path, "id,since\n1,2020\n", "b.csv")
    found = open_sources(connection, str(tmp_path / "*.csv"))
    assert [source.columns for source in found] == [("id", "v"), ("id", "since")]
    with pytest.raises(InputError, match=r"different columns \(since, v\)"):
        open_source(connection, str(tmp_path / "*.csv"))


# --- other files ----------------------------------------------------------------------


def test_parquet_keeps_its_types(table, tmp_path):
    held = pa.table({"id": ["007"], "at": [datetime(2024, 1, 2, 3)], "v": [1.5]})
    pq.write_table(held, tmp_path / "x.anything")
    source, rows = table(tmp_path / "x.anything")
    assert source.types == ("VARCHAR", "TIMESTAMP", "DOUBLE")
    assert rows == [("007", datetime(2024, 1, 2, 3), 1.5)]
    assert not source.text


def test_arrow_files_are_read(table, tmp_path):
    pl.DataFrame({"id": ["007"]}).write_ipc(tmp_path / "x.arrow")
    source, rows = table(tmp_path / "x.arrow")
    assert rows == [("007",)]
    assert source.name == str(tmp_path / "x.arrow")


@pytest.mark.parametrize(
    ("text", "columns", "rows", "rejects"),
    [
        ('{"id": "007", "v": 1.50}\n\n{"id": "1e5", "w": {"x": [1]}}\n', ("id", "v", "w", "w.x"), [("007", "1.5", None, None), ("1e5", None, '{"x":[1]}', "[1]")], 0),
        ('[{"id": "007"},\n {"id": null}]', ("id",), [("007",), (None,)], 0),
        ('{"data": [{"id": 1}, {"id": 2}], "next": null}', ("id",), [("1",), ("2",)], 0),
        ('{"id": 1}\n{"id":\n{"id": 2}\n[3]\n{"id": 4, "id": 5}\n', ("id",), [("1",), ("2",)], 3),
        (codecs.BOM_UTF16_LE + '{"id": "é"}\n'.encode("utf-16-le"), ("id",), [("é",)], 0),
    ],
)  # fmt: skip
def test_json(connection, table, tmp_path, text, columns, rows, rejects):
    from reltype.sources.rejects import rejected

    source, found = table(written(tmp_path, text, "x.json"))
    assert (source.columns, found) == (columns, rows)
    assert rejected(connection, source).read_all().num_rows == rejects


def test_rejected_json_lines_have_their_numbers(connection, tmp_path):
    from reltype.sources.rejects import by, rejected

    text = '{"id": 1}\n\n{"id":\n{"id": 2}\n'
    source = open_source(connection, written(tmp_path, text, "x.jsonl"))
    found = rejected(connection, source, by("CASE WHEN id = '2' THEN 'id: is two' END")).read_all()
    assert [(row["line"], row["column"], row["reason"]) for row in found.to_pylist()] == [
        (3, "", "is not JSON"),
        (4, "id", "is two"),
    ]


@pytest.fixture
def workbook(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Orders"
    for row in [
        ["id", "day", "v"],
        ["007", datetime(2024, 1, 2), 1.0],
        [8, datetime(2024, 1, 2, 3, 4), None],
    ]:
        sheet.append(row)
    book.create_sheet("Empty")
    book.save(tmp_path / "one.xlsx")
    book.create_sheet("People").append(["id", "name"])
    book.save(tmp_path / "two.xlsx")
    return tmp_path


def test_a_workbook_is_read_by_its_sheet(table, workbook):
    source, rows = table(workbook / "one.xlsx")
    assert rows == [("007", "2024-01-02", "1"), ("8", "2024-01-02 03:04:00", None)]
    assert source.notes == ("read sheet 'Orders'",)
    assert table(workbook / "two.xlsx", table="Orders")[1] == rows
    with pytest.raises(
        InputError, match=r"several sheets \(Orders, People\). Choose one with --table"
    ):
        table(workbook / "two.xlsx")
    with pytest.raises(InputError, match=r"no sheet 'people'. Did you mean 'People'"):
        table(workbook / "two.xlsx", table="people")


# --- what cannot be read --------------------------------------------------------------


def zipped(**members):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, text in members.items():
            archive.writestr(zipfile.ZipInfo(name.replace("_", ".")), text)
    return held.getvalue()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (codecs.BOM_UTF8, "is empty"),
        (codecs.BOM_UTF16_LE, "is empty"),
        (b"\n \r\n\n", "is empty"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "is a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "old Excel .* Save it as .xlsx or CSV"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is a picture"),
        (zipped(a_csv="id\n"), "is a zip archive. Unpack it and give a file in it: a.csv"),
        (zipped(content_xml="x"), "OpenDocument"),
        (zipped(a_csv="id\n")[:20], "damaged or cut off"),
        (b"PAR1" + bytes(50), "Parquet file that is damaged or cut off"),
        (b"ARROW1\0\0" + bytes(50), "Arrow file that is damaged or cut off"),
        (b"SQLite format 3\0" + bytes(80), "cannot be read"),
        (b"<!DOCTYPE html>\n<html><body>Sign in</body></html>", "is a web page"),
        (bytes(range(256)) * 20, "is not a text file"),
        (b"\x80\x04\x95\x10\0\0\0", "pickle"),
        (b'[{"id": 1}, {"id": ', "is not JSON that can be read"),
        (b"[1, 2]", "is JSON, but not a list of objects"),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_files_that_are_no_table_are_refused_with_what_to_do(table, tmp_path, data, says):
    path = written(tmp_path, data, "x.json" if data[:1] == b"[" else "x.csv")
    with pytest.raises(InputError, match=says) as caught:
        table(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_told_with_its_neighbours(table, tmp_path):
    written(tmp_path, "a,b\n")
    with pytest.raises(InputError, match=r"no such file. Did you mean 'orders.csv'"):
        table(tmp_path / "order.csv")
    with pytest.raises(InputError, match=r"Nor is there a folder"):
        table(tmp_path / "missing" / "orders.csv")
    with pytest.raises(InputError, match=r"no file is called like this"):
        table(str(tmp_path / "*.tsv"))


def test_a_folder_without_data_is_refused(table, tmp_path):
    (tmp_path / "_SUCCESS").touch()
    (tmp_path / "readme.md").write_text("no data")
    with pytest.raises(InputError, match=r"is a folder that holds no file of data"):
        table(tmp_path)


@pytest.fixture
def closed(tmp_path):
    path = written(tmp_path, "a,b\n1,2\n")
    path.chmod(0)
    return path


@pytest.fixture
def nobody():
    """Makes this process somebody who is not root while the test runs."""
    if not hasattr(os, "geteuid"):
        pytest.skip("this system has no users to become")
    before = os.geteuid()
    if before == 0:
        os.seteuid(65_534)
    yield
    os.seteuid(before)


def test_a_file_that_may_not_be_read_is_refused(table, closed, nobody):
    with pytest.raises(InputError, match=r"orders.csv: may not be read"):
        table(closed)


@pytest.mark.parametrize(
    "thing", [42, None, [1, 2], object(), [], "https://example.org/x.csv", "mysql://h/d"]
)
def test_things_that_are_no_input_are_refused(table, thing):
    with pytest.raises(UsageError):
        table(thing)


# --- memory ---------------------------------------------------------------------------


class Stream:
    """Anything with an Arrow stream."""

    def __arrow_c_stream__(self, requested_schema=None):
        return pa.table({"id": ["007"], "v": [1.5]}).__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize(
    ("made", "name"),
    [
        (lambda: pd.DataFrame({"id": ["007"], "v": [1.5]}), "<DataFrame>"),
        (lambda: pd.DataFrame({"id": ["007"], "v": [1.5]}).set_index("id"), "<DataFrame>"),
        (lambda: pl.DataFrame({"id": ["007"], "v": [1.5]}), "<DataFrame>"),
        (lambda: pl.LazyFrame({"id": ["007"], "v": [1.5]}), "<LazyFrame>"),
        (lambda: pa.table({"id": ["007"], "v": [1.5]}), "<Table>"),
        (lambda: pa.record_batch({"id": ["007"], "v": [1.5]}), "<RecordBatch>"),
        (lambda: pa.table({"id": ["007"], "v": [1.5]}).to_reader(), "<RecordBatchReader>"),
        (lambda: [{"id": "007", "v": 1.5}], "<list>"),
        (lambda: ({"id": "007", "v": 1.5},), "<tuple>"),
        (lambda: {"id": ["007"], "v": [1.5]}, "<dict>"),
        (Stream, "<Stream>"),
        (
            lambda: duckdb.connect().sql("SELECT '007' AS id, 1.5::DOUBLE AS v"),
            "<DuckDBPyRelation>",
        ),
    ],
)
def test_tables_in_memory(table, made, name):
    source, rows = table(made())
    assert (source.name, source.columns, source.types) == (name, ("id", "v"), ("VARCHAR", "DOUBLE"))
    assert rows == [("007", 1.5)]
    assert source.files == ()
    assert not source.text


def test_a_relation_of_the_same_connection(connection, table):
    _, rows = table(connection.sql("SELECT '007' AS id"))
    assert rows == [("007",)]


def test_a_stream_can_be_scanned_twice(connection):
    source = open_source(connection, pa.table({"id": [1, 2]}).to_reader())
    for _ in range(2):
        assert connection.sql(f"SELECT sum(id) FROM {source.relation}").fetchall() == [(3,)]


def test_columns_of_several_types_become_text(table):
    _, rows = table(pd.DataFrame({"id": [1, "x", None]}))
    assert rows == [("1",), ("x",), (None,)]
    _, rows = table([{"id": 1}, {"id": "x", "more": 2}, {}])
    assert rows == [("1", None), ("x", 2), (None, None)]


def test_a_column_of_nothing_is_text(table):
    source, _ = table([{"id": "a", "v": None}])
    assert source.types == ("VARCHAR", "VARCHAR")


def test_names_of_frames_are_made_unique(table):
    source, _ = table(pa.table([[1], [2], [3]], names=["id", "ID", ""]))
    assert source.columns == ("id", "ID_2", "column_3")
    assert len(source.notes) == 2


def test_a_frame_is_not_changed(connection):
    frame = pd.DataFrame({" id ": [1, "x"]}, index=pd.Index([1, 2], name="k"))
    before = frame.copy(deep=True)
    open_source(connection, frame)
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize("thing", [pd.DataFrame(), pl.DataFrame(), [{}], pa.table({})])
def test_tables_without_columns_are_refused(table, thing):
    with pytest.raises(InputError, match=r"has no columns"):
        table(thing)


def test_a_stream_that_breaks_is_told_and_leaves_nothing(connection):
    def batches():
        yield pa.record_batch({"id": [1]})
        raise OSError("the line went dead")

    schema = pa.schema({"id": pa.int64()})
    before = connection.execute("SELECT count(*) FROM duckdb_tables()").fetchall()
    with pytest.raises(InputError, match=r"the line went dead"):
        open_source(connection, pa.RecordBatchReader.from_batches(schema, batches()))
    assert connection.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == before


# --- samples --------------------------------------------------------------------------


def test_a_sample_of_a_small_source_is_all_of_it(connection, tmp_path):
    source = open_source(connection, written(tmp_path, "id,v\n1,x\n2,\n"))
    assert sample(connection, source).to_pylist() == [{"id": "1", "v": "x"}, {"id": "2", "v": None}]


@pytest.mark.parametrize("rows", [20_000, 2_000_000])
def test_a_sample_is_spread_over_the_source(connection, tmp_path, rows):
    text = "id,v\n" + "".join(f"{number},a b c d e\n" for number in range(rows))
    source = open_source(connection, written(tmp_path, text))
    found = [int(one) for one in sample(connection, source, 2000)["id"].to_pylist()]
    assert found[0] == 0
    assert 1000 <= len(found) <= 2000
    assert max(found) > 0.9 * rows
    assert any(0.3 * rows < one < 0.7 * rows for one in found)


# --- standard input -------------------------------------------------------------------


@pytest.mark.parametrize("data", ["id,v\n1,é\n".encode(), "id,v\n1,é\n".encode("utf-16")])
def test_standard_input_is_kept_to_be_read_twice(data):
    program = (
        "from reltype.engines.duckdb import connect\n"
        "from reltype.sources import open_source\n"
        "connection = connect()\n"
        "source = open_source(connection, '-')\n"
        "for _ in range(2):\n"
        "    rows = connection.sql(f'SELECT * FROM {source.relation}').fetchall()\n"
        "print(source.name, ascii(rows))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=data, capture_output=True, check=True
    )
    assert done.stdout.decode().strip() == r"- [('1', '\xe9')]"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_kept_to_be_read_twice(connection, tmp_path):
    from threading import Thread

    os.mkfifo(tmp_path / "pipe")
    writer = Thread(target=(tmp_path / "pipe").write_text, args=["id,v\n1,x\n"])
    writer.start()
    source = open_source(connection, tmp_path / "pipe")
    writer.join()
    for _ in range(2):
        assert connection.sql(f"SELECT * FROM {source.relation}").fetchall() == [("1", "x")]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such names")
def test_a_file_whose_name_is_no_text_is_read(connection, tmp_path):
    from reltype.sources.rejects import rejected

    path = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.csv")
    with open(path, "w", encoding="utf-8") as out:  # noqa: PTH123 - a Path would be the same
        out.write("id,v\n1,x\nshort\n")
    source = open_source(connection, path)
    assert source.name == f"{tmp_path}/caf\ufffd.csv"
    (row,) = rejected(connection, source).read_all().to_pylist()
    assert row["file"] == source.name


@pytest.mark.skipif(sys.platform == "win32", reason="this system does not limit files")
def test_a_copy_that_cannot_be_written_is_told(tmp_path):
    path = written(tmp_path, "id,v\n1,é\n".encode("utf-16") * 9_000)
    program = (
        "import resource\n"
        "from reltype.engines.duckdb import connect\n"
        "from reltype.sources import open_source\n"
        "connection = connect()\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))\n"
        "try:\n"
        f"    open_source(connection, {str(path)!r})\n"
        "except Exception as error:\n"
        "    print(type(error).__name__, error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"InputError {path}: cannot be read: File too large.\n"


# --- the lock -------------------------------------------------------------------------


@pytest.fixture
def locked(tmp_path):
    written(tmp_path, "id,v\n1,x\n", "a.csv")
    written(tmp_path, "id,v\n2,é\n".encode("utf-16"), "b.csv")
    written(tmp_path, "id,v\n3,z\n", "c[1].csv")
    written(tmp_path, '{"id": 4, "w": 1}\n', "d.json")
    pq.write_table(pa.table({"id": [5]}), tmp_path / "e.parquet")
    written(tmp_path, "id,v\nsecret,x\n", "other.csv")
    with connect(threads=2) as connection:
        things = [
            str(tmp_path / "[abc]*.csv"),
            tmp_path / "d.json",
            tmp_path / "e.parquet",
            [{"id": 6}],
        ]
        sources = [open_source(connection, thing) for thing in things]
        lock(connection, [file for source in sources for file in source.files])
        yield connection, sources, tmp_path


def test_a_locked_connection_reads_its_inputs_as_often_as_need_be(locked):
    connection, sources, _ = locked
    for _ in range(2):
        found = [
            str(row[0])
            for source in sources
            for row in connection.sql(f"SELECT id FROM {source.relation} ORDER BY id").fetchall()
        ]
        assert found == ["1", "2", "3", "4", "5", "6"]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM '{folder}/other.csv'",
        "SELECT * FROM read_csv('{folder}/*.csv')",
        "SELECT * FROM read_text('{folder}/other.csv')",
        "SELECT * FROM read_blob('/etc/hostname')",
        "SELECT * FROM glob('{folder}/*')",
        "COPY (SELECT 1) TO '{folder}/new.csv'",
        "COPY (SELECT 1) TO '{folder}/a.csv'",
        "EXPORT DATABASE '{folder}/new'",
        "ATTACH '{folder}/new.duckdb'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SELECT * FROM read_csv('https://example.org/x.csv')",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "SET allowed_paths = ['/etc/hostname']",
        "SET threads = 1",
        "SET memory_limit = '1GB'",
        "RESET temp_directory",
    ],
)
def test_a_locked_connection_does_nothing_else(locked, query):
    connection, _, folder = locked
    before = sorted(folder.iterdir())
    with pytest.raises(duckdb.Error):
        connection.execute(query.format(folder=folder)).fetchall()
    assert sorted(folder.iterdir()) == before
    assert (folder / "a.csv").read_text() == "id,v\n1,x\n"


def test_a_locked_connection_sees_no_variable_of_python(locked):
    connection, _, _ = locked
    frame = pl.DataFrame({"secret": [1]})
    assert len(frame) == 1
    with pytest.raises(duckdb.Error):
        connection.execute("SELECT * FROM frame")


def test_a_locked_connection_can_spill():
    with connect(threads=1, memory_limit="60MB") as connection:
        lock(connection, [])
        rows = connection.execute(
            "SELECT count(*) FROM (SELECT i, md5(i::VARCHAR) AS h FROM range(1500000) AS t(i) ORDER BY h)"
        ).fetchall()
        assert rows == [(1_500_000,)]


def test_a_connection_has_the_threads_and_memory_it_was_asked_for():
    with connect(threads=1, memory_limit="123MB") as connection:
        told = connection.execute(
            "SELECT current_setting('threads'), current_setting('memory_limit'), current_setting('TimeZone')"
        ).fetchall()
    assert told == [(1, "117.3 MiB", "UTC")]


@pytest.mark.parametrize("size", ["much", "", "-1GB", "1XB"])
def test_a_memory_limit_that_is_no_size_is_refused(size):
    with pytest.raises(UsageError, match=r"memory limit .* Write a number and a unit"):
        connect(memory_limit=size)


@pytest.mark.parametrize("threads", [0, -1])
def test_threads_below_one_are_refused(threads):
    with pytest.raises(UsageError, match=r"threads must be at least 1"):
        connect(threads=threads)


def _clock(i):
    return datetime(2024, 1, i + 1)


def _frames():
    import decimal

    import numpy as np
    import pandas as pd
    import polars as pl
    import pyarrow.dataset as ds

    base = pd.DataFrame(
        {
            "customer_id": ["a", "b"] * 4,
            "timestamp": pd.date_range("2024-01-01", periods=8),
            "value": [1.5] * 8,
        }
    )
    tall = pl.DataFrame(
        {"customer_id": ["a", "b"] * 4, "timestamp": [*map(_clock, range(8))], "value": [1.5] * 8}
    )
    arrow = tall.to_arrow()
    wide = pa.array([decimal.Decimal("1.5")] * 8, pa.decimal256(50, 2))
    rows = [{"customer_id": id_, "value": 1} for id_ in ("a", "b")]
    return {
        "float16": base.assign(x=np.float16(1)),
        "sparse": base.assign(x=pd.arrays.SparseArray([0, 1] * 4)),
        "large": base.assign(x=[2**70] * 8),
        "complex": base.assign(x=np.arange(8) * 1j),
        "interval": base.assign(x=pd.interval_range(0, 8)),
        "sets": base.assign(x=[{1}] * 8),
        "period": base.assign(timestamp=pd.period_range("2024-01", periods=8, freq="M")),
        "int128": tall.with_columns(x=pl.Series([1] * 8, dtype=pl.Int128)),
        "lazy": tall.lazy(),
        "decimal256": arrow.append_column("x", wide),
        "dataset": ds.dataset(arrow),
        "scanner": ds.dataset(arrow).scanner(),
        "generator": iter(rows),
        "batches": iter(arrow.to_batches()),
        "pandas series": base["customer_id"],
        "polars series": tall["customer_id"],
    }


@pytest.mark.parametrize("name", sorted(_frames()))
def test_every_frame_is_read_whatever_its_types(table, name):
    source, rows = table(_frames()[name])
    assert "customer_id" in source.columns
    assert rows


def test_7_and_7_0_are_one_id_among_words(connection):
    import pandas as pd

    frame = pd.DataFrame({"customer_id": [7, "b", None, 7.0]})
    rows = [{"customer_id": id_} for id_ in (7, "b", None, 7.0)]
    for thing in (frame, rows):
        source = open_source(connection, thing)
        found = connection.sql(f"SELECT customer_id FROM {source.relation}").fetchall()
        assert [row[0] for row in found] == ["7", "b", None, "7"]


def test_a_time_of_a_frame_keeps_the_hour_of_its_zone(connection):
    import pandas as pd

    times = pd.date_range("2024-01-01 08:15", periods=2, tz="Australia/Sydney")
    source = open_source(connection, pd.DataFrame({"at": times}))
    found = connection.sql(f'SELECT "at" FROM {source.relation}').fetchall()
    assert found[0][0] == datetime(2024, 1, 1, 8, 15)


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_the_folders_of_a_partitioned_table_are_columns(connection, tmp_path, ending):
    import pandas as pd

    for country in ("DE", "FR"):
        folder = tmp_path / f"country={country}"
        folder.mkdir()
        frame = pd.DataFrame({"customer_id": [country.lower()], "value": [1.5]})
        path = folder / f"part-0.{ending}"
        if ending == "parquet":
            frame.to_parquet(path)
        elif ending == "csv":
            frame.to_csv(path, index=False)
        else:
            frame.to_json(path, orient="records", lines=True)
    (tmp_path / "_SUCCESS").touch()
    source = open_source(connection, tmp_path)
    found = connection.sql(
        f"SELECT customer_id, country FROM {source.relation} ORDER BY 1"
    ).fetchall()
    assert found == [("de", "DE"), ("fr", "FR")]


@pytest.mark.parametrize("formula", ["=B2*2", "=SUM(B2:B3)", '=IF(B2>1,"x","y")'])
def test_a_formula_without_a_stored_result_is_named_with_its_column_and_cell(tmp_path, formula):
    import openpyxl

    from reltype.engines.duckdb import DuckDB
    from reltype.sources import open_source

    book = openpyxl.Workbook()
    book.active.append(["id", "price", "amount"])
    for number in range(3):
        book.active.append([f"c{number}", number, formula])
    book.save(tmp_path / "f.xlsx")
    notes = open_source(DuckDB.connect().reader, str(tmp_path / "f.xlsx")).notes
    assert any("'amount' (C2)" in note and "no result is stored" in note for note in notes)
    plain = openpyxl.Workbook()
    plain.active.append(["id", "price"])
    plain.active.append(["c", 1])
    plain.save(tmp_path / "p.xlsx")
    notes = open_source(DuckDB.connect().reader, str(tmp_path / "p.xlsx")).notes
    assert not any("formula" in note for note in notes)

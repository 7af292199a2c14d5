"""Every row of an input is used or stands in the rejects, with the line on which it starts."""

import csv
import gzip
import io
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reltype.engines.duckdb import connect, lock
from reltype.engines.quoting import identifier
from reltype.errors import ReltypeError
from reltype.sources import open_source, recheck
from reltype.sources.rejects import by, rejected


@pytest.fixture(scope="module")
def connection():
    opened = connect(threads=2)
    yield opened
    opened.close()


def rows_of(connection, source):
    columns = ", ".join(map(identifier, source.columns))
    return connection.sql(f"SELECT {columns} FROM {source.relation}").fetchall()


def rejects_of(connection, source, reason=None):
    return rejected(connection, source, reason and by(reason)).read_all().to_pylist()


def written(tmp_path, data):
    path = tmp_path / "orders.csv"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("data", "used", "wrong"),
    [
        # ragged
        (b"a,b\n1,2\n3\n4,5\n", 2, [(3, "has 1 cell where the header has 2", "3")]),
        (b"a,b\n1,2\n3,4,5\n", 1, [(3, "has 3 cells where the header has 2", "3,4,5")]),
        # a delimiter too many at the end is no cell
        (b"a,b\n1,2,\n3,4\n5\n", 2, [(4, "has 1 cell where the header has 2", "5")]),
        # quotes
        (b'a,b\n"1,2\n3,4\n', 1, [(2, "a quote is opened and not closed", '"1,2')]),
        (
            b'a,b\n1,"x "y" z"\n3,4\n',
            1,
            [(2, "a quoted cell goes on after its closing quote", '1,"x "y" z"')],
        ),
        (b'a,b\n1,"2\n3,4\n5,"6"\n', 2, [(2, "a quote is opened and not closed", '1,"2')]),
        # after cells of several lines and blank lines the line is still the file's
        (b'a,b\n1,"x\ny"\n\n3\n4,5\n', 2, [(5, "has 1 cell where the header has 2", "3")]),
        (b'a,b\r\n1,"x\ny"\r\n3\r\n4,5\n', 2, [(4, "has 1 cell where the header has 2", "3")]),
        # damaged characters among sound ones
        (
            b"a,b\n1,\xc3\xa9\n2,\xff\n3,\xc3\xa9\n",
            2,
            [(3, "is not valid UTF-8", "2,�")],
        ),
        # a row of nothing but delimiters is a row, a line of nothing but blanks is none
        (b"a,b\n,\n   \n1,2\n", 2, []),
        (b"a,b\n1,2\n\n\n", 1, []),
    ],
)
def test_what_cannot_be_cut_is_rejected_with_line_and_reason(
    connection, tmp_path, data, used, wrong
):
    source = open_source(connection, written(tmp_path, data))
    assert len(rows_of(connection, source)) == used
    found = rejects_of(connection, source)
    assert [(row["line"], row["reason"], row["text"]) for row in found] == wrong
    assert {row["file"] for row in found} <= {str(tmp_path / "orders.csv")}


@pytest.mark.parametrize(
    "data",
    [
        b"id,v\n1,x\n2,y\n3,z\n",
        b'id,v\n1,"x\n\nx"\n2,y\n3,z',
        b"id,v\n\n1,x\n\n\n2,y\n3,z\n\n\n",
        b"id,v\r1,x\r2,y\r3,z\r",
        b'"i\nd",v\r\n1,x\r\n2,y\r\n3,z\r\n',
        b"sep=,\nid,v\n1,x\n2,y\n3,z\n",
        b"id,v\n1,x\nshort\n2,y\n3,z\n",
        "id,v\n1,é\n2,y\n3,z\n".encode("utf-16"),
        b"Report of May\n\nid,v,w\n1,x,x\n2,y,y\n3,z,z\n",
    ],
)
def test_a_row_that_does_not_fit_is_told_with_the_line_it_starts_on(connection, tmp_path, data):
    source = open_source(connection, written(tmp_path, data))
    column = identifier(source.columns[0])
    reason = f"CASE WHEN {column} = '2' THEN 'id: is two' END"
    (row,) = [one for one in rejects_of(connection, source, reason) if one["column"]]
    lines = re.split("\r\n|\r|\n", data.decode("utf-16" if data[:2] == b"\xff\xfe" else "utf-8"))
    assert (row["column"], row["reason"]) == ("id", "is two")
    assert lines[row["line"] - 1].startswith("2,y")
    assert row["text"] == lines[row["line"] - 1]


def test_rejects_of_several_files_name_the_file(connection, tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text(f"id,v\n1,{name}\n\n,{name}\n2\n")
    source = open_source(connection, str(tmp_path / "*.csv"))
    found = rejects_of(connection, source, "CASE WHEN id IS NULL THEN 'id: is empty' END")
    assert [(row["file"][-5:], row["line"], row["column"], row["text"]) for row in found] == [
        ("a.csv", 4, "id", ",a"),
        ("a.csv", 5, "", "2"),
        ("b.csv", 4, "id", ",b"),
        ("b.csv", 5, "", "2"),
    ]


def test_rows_of_a_frame_are_numbered_from_one(connection):
    source = open_source(connection, [{"id": "a"}, {"id": None}, {"id": "c"}])
    (row,) = rejects_of(connection, source, "CASE WHEN id IS NULL THEN 'id: is empty' END")
    assert (row["file"], row["line"]) == ("<list>", 2)


def test_rejects_of_parquet_name_the_row(connection, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"id": list(range(10))}), tmp_path / "x.parquet")
    source = open_source(connection, tmp_path / "x.parquet")
    (row,) = rejects_of(connection, source, "CASE WHEN id = 7 THEN 'id: is seven' END")
    assert (row["line"], row["text"]) == (8, "7")


def test_a_cell_is_quoted_anew_in_the_text(connection, tmp_path):
    source = open_source(connection, written(tmp_path, b'a;b\n"1;2";"x ""y"""\n'))
    (row,) = rejects_of(connection, source, "'no'")
    assert row["text"] == '"1;2";"x ""y"""'
    assert (row["column"], row["reason"]) == ("", "no")


def large(tmp_path, damage=b""):
    """A file above the size that is checked at once, with damage in its middle."""
    row = b"C-%07d,2024-01-01 10:00:00,purchase," + b"x" * 200 + b"\n"
    path = tmp_path / "large.csv"
    with path.open("wb") as out:
        out.write(b"customer_id,timestamp,kind,note\n")
        for number in range(160_000):
            out.write(row % number)
            if number == 80_000:
                out.write(damage)
    return path


def test_a_large_sound_file_is_left_alone(connection, tmp_path):
    source = open_source(connection, large(tmp_path))
    assert connection.sql(f"SELECT count(*) FROM {source.relation}").fetchall() == [(160_000,)]
    assert recheck(connection, source) is source
    (row,) = rejects_of(connection, source, "CASE WHEN customer_id = 'C-0159999' THEN 'x' END")
    assert row["line"] == 160_001


@pytest.mark.parametrize("damage", [b"ragged\n", b'C-1,"never closed,x,y\n', b"C-3,a,b,c\r\nC-4\n"])
def test_a_large_damaged_file_is_settled_after_the_first_pass_even_if_locked(tmp_path, damage):
    import duckdb

    with connect(threads=2) as connection:
        source = open_source(connection, large(tmp_path, damage))
        lock(connection, source.files)
        failed = False
        try:
            connection.sql(f"SELECT count(*), max(note) FROM {source.relation}").fetchall()
        except duckdb.Error:
            failed = True
        rechecked = recheck(connection, source, failed=failed)
        extra = b"C-3" in damage
        ((used,),) = connection.sql(f"SELECT count(*) FROM {rechecked.relation}").fetchall()
        assert used == 160_000 + extra
        (row,) = rejects_of(connection, rechecked)
        assert row["line"] == 80_003 + extra
        assert recheck(connection, rechecked) is rechecked


CELLS = st.text(st.sampled_from("ab é1,;\t\"'\n\r x–"), max_size=8)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=12),
    ending=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_sound_files_are_cut_as_python_cuts_them(
    connection, tmp_path_factory, rows, ending, quoting
):
    """Whatever the cells hold: the same cells, and the lines that `csv.reader` counts."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=ending, quoting=quoting)
    writer.writerow(["id", "name", "what"])
    # A lone return is quoted by csv.writer only where it ends lines.
    rows = [
        [f"C-{n}", *(c if quoting == csv.QUOTE_ALL else c.replace("\r", "") for c in row[1:])]
        for n, row in enumerate(rows)
    ]
    if ending == "\r" and quoting == csv.QUOTE_MINIMAL:
        rows = [[c.replace("\n", "") for c in row] for row in rows]
    writer.writerows(rows)
    path = tmp_path_factory.mktemp("sound") / "x.csv"
    path.write_bytes(text.getvalue().encode())
    reader = csv.reader(io.StringIO(text.getvalue(), newline=""))
    starts, wanted = [], []
    line = 1
    for cells in reader:
        starts.append(line)
        line = reader.line_num + 1
        wanted.append(tuple(cell or None for cell in cells))
    source = open_source(connection, path)
    assert rows_of(connection, source) == wanted[1:]
    found = rejects_of(connection, source, "'all'")
    assert [row["line"] for row in found] == starts[1:]


@st.composite
def hostile_files(draw):  # noqa: C901 - a line for each kind of hostility
    """A true table and the bytes of a file that holds it, some rows damaged beyond use."""
    width = draw(st.integers(2, 5))
    kinds = draw(
        st.lists(st.sampled_from(["short", "long", "quote", "bytes"]), max_size=3, unique=True)
    )
    number = draw(st.integers(8, 20))
    simple = bool(kinds)  # what a stray quote swallows is only certain among simple cells
    cell = st.text(st.sampled_from("abé 1x" if simple else 'abé 1,;"\nx|'), max_size=6)
    delimiter = draw(st.sampled_from(",;\t|"))
    ending = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    encoding = draw(
        st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252"])
    )
    if encoding != "utf-8":
        kinds = [kind for kind in kinds if kind != "bytes"]
    quoting = draw(st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]))
    blank = draw(st.booleans())
    nuls = draw(st.booleans())
    damaged = dict(zip(draw(st.permutations(range(number)))[: len(kinds)], kinds, strict=True))

    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=ending, quoting=quoting)
    if draw(st.booleans()):
        out.write(f"sep={delimiter}{ending}")
    writer.writerow([f"näme_{place}" for place in range(width)])
    good, bad = [], []
    for place in range(number):
        row = [f"C-{place:03}", *draw(st.lists(cell, min_size=width - 1, max_size=width - 1))]
        if ending == "\r":
            row = [one.replace("\n", " ") for one in row]
        if blank and place % 5 == 4:
            out.write(ending)
        line = len(re.findall("\r\n|\r|\n", out.getvalue())) + 1
        match damaged.get(place):
            case None:
                good.append(tuple(one or None for one in row))
                writer.writerow([one + "\0" * (nuls and place % 3 == 0) for one in row])
                continue
            case "short":
                writer.writerow(row[:-1])
            case "long":
                writer.writerow([*row, "more", "and more"])
            case "quote":
                out.write('"' + delimiter.join(row) + ending)
            case "bytes":
                writer.writerow([row[0] + "\udcff", *row[1:]])
        bad.append(line)
    text = out.getvalue()
    if draw(st.booleans()):
        text = text.removesuffix(ending)
    data = text.encode(encoding, "surrogateescape" if encoding == "utf-8" else "strict")
    if draw(st.booleans()):
        data = gzip.compress(data)
    return good, bad, data


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(hostile_files())
def test_used_and_rejected_rows_are_the_rows_written(connection, tmp_path_factory, made):
    good, bad, data = made
    path = tmp_path_factory.mktemp("hostile") / "x.csv"
    path.write_bytes(data)
    source = open_source(connection, path)
    assert rows_of(connection, source) == good
    assert [row["line"] for row in rejects_of(connection, source)] == bad


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.one_of(
        st.binary(max_size=300),
        st.lists(
            st.sampled_from(
                [
                    b"a",
                    b",",
                    b";",
                    b'"',
                    b"\n",
                    b"\r",
                    b"\0",
                    b"\xff",
                    b"{",
                    b"[",
                    b"1",
                    b"\xef\xbb\xbf",
                    b"\xff\xfe",
                    b"\\",
                    b"'",
                    b"\t",
                    b" ",
                ]
            ),
            max_size=60,
        ).map(b"".join),
    )
)
def test_any_bytes_give_a_table_or_an_error_for_people(connection, tmp_path_factory, data):
    path = tmp_path_factory.mktemp("any") / "x.csv"
    path.write_bytes(data)
    try:
        source = open_source(connection, path)
    except ReltypeError as error:
        assert str(path) in str(error)  # noqa: PT017 - both outcomes are right
        return
    rows = rows_of(connection, source)
    assert len(rejects_of(connection, source, "'all'")) >= len(rows)


@pytest.mark.parametrize("command", ["classify", "facts"])
@pytest.mark.parametrize("beside", [True, False], ids=["beside the output", "where asked"])
def test_where_no_row_can_be_used_the_rejects_say_why(command, beside, tmp_path, capfd):
    from reltype import cli

    log = tmp_path / "log.csv"
    log.write_text("customer,date,amount\nA,soon,5\nB,later,6\n")
    made = ["-o", str(tmp_path / "out.csv")] if beside else ["--rejects", str(tmp_path / "r.csv")]
    asked = ["--map", "timestamp=to_time(date, '%Y')", "-f", "csv", *made]
    assert cli.run([command, str(log), *asked]) == 4
    found = (tmp_path / ("out.rejects.csv" if beside else "r.csv")).read_text()
    assert "not a time" in found
    assert "A,soon,5" in found
    assert not (tmp_path / "out.csv").exists()
    assert capfd.readouterr().out == ""

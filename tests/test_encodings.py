"""Whatever bytes a text file is written in, the same table comes out."""

import bz2
import codecs
import gzip
import lzma
from pathlib import Path

import pyarrow as pa
import pytest

from reltype.engines.duckdb import connect
from reltype.engines.quoting import identifier
from reltype.errors import InputError, UsageError
from reltype.sources import open_source
from reltype.sources.encodings import eight_bit, survey


@pytest.fixture
def connection():
    opened = connect(threads=2)
    yield opened
    opened.close()


@pytest.fixture
def table(connection, tmp_path):
    """Opens bytes as a file; gives its columns, its rows and the notes."""

    def opened(data, name="orders.csv", **options):
        path = tmp_path / name
        path.write_bytes(data)
        source = open_source(connection, path, **options)
        columns = ", ".join(map(identifier, source.columns))
        rows = connection.sql(f"SELECT {columns} FROM {source.relation}").fetchall()
        return source, rows

    return opened


TEXT = 'id,name,note\n007,Zoë,"a, ""b""\nc"\n1e5,Łukasz €,\n'
ROWS = [("007", "Zoë", 'a, "b"\nc'), ("1e5", "Łukasz €", None)]


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (codecs.BOM_UTF8 + TEXT.encode(), "utf-8"),
        (codecs.BOM_UTF8 * 2 + TEXT.encode(), "utf-8"),
        (codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), "utf-16-le"),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "utf-16-be"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (TEXT.encode("utf-16-be"), "utf-16-be"),
        (codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"), "utf-32-le"),
        (codecs.BOM_UTF32_BE + TEXT.encode("utf-32-be"), "utf-32-be"),
        (TEXT.encode("utf-32-le"), "utf-32-le"),
        (gzip.compress(TEXT.encode(), mtime=0), "utf-8"),
        (
            gzip.compress(TEXT[:20].encode(), mtime=0) + gzip.compress(TEXT[20:].encode(), mtime=0),
            "utf-8",
        ),
        (gzip.compress(TEXT.encode("utf-16"), mtime=0), "utf-16-le"),
        (bz2.compress(TEXT.encode()), "utf-8"),
        (lzma.compress(TEXT.encode()), "utf-8"),
        (pa.compress(TEXT.encode(), codec="zstd", asbytes=True), "utf-8"),
    ],
)
def test_unicode_is_seen_from_the_bytes(table, data, encoding):
    source, rows = table(data)
    assert source.encoding == encoding
    assert source.columns == ("id", "name", "note")
    assert rows == ROWS
    assert source.text


@pytest.mark.parametrize(
    ("data", "encoding", "name"),
    [
        ("id,name\n1,Zoë – €5\n".encode("cp1252"), "cp1252", "Zoë – €5"),
        (b"id,name\n1,Zo\xeb\x81\n", "latin-1", "Zoë\x81"),
        # a single odd byte far behind plain text decides too
        (b"id,name\n" + b"1,x\n" * 600_000 + b"2,Zo\xeb\n", "cp1252", "Zoë"),
    ],
)
def test_what_is_not_utf8_is_read_as_windows_or_latin_text_and_said(table, data, encoding, name):
    source, rows = table(data)
    assert source.encoding == encoding
    assert rows[-1][1] == name
    assert source.notes == (f"is not UTF-8: read as {encoding}",)


def test_an_encoding_that_the_user_names_is_believed(table):
    source, rows = table("id,name\n1,Юлия\n".encode("cp1251"), encoding="cp1251")
    assert rows == [("1", "Юлия")]
    assert source.notes == ("read as cp1251",)


def test_an_encoding_that_nobody_knows_is_refused(table):
    with pytest.raises(UsageError, match=r"there is no encoding 'klingon'"):
        table(b"id,v\n1,2\n", encoding="klingon")
    with pytest.raises(InputError, match=r"its bytes are not shift_jis text"):
        table(b"id,v\n1,\xff\n", encoding="shift_jis")


def test_characters_that_stand_on_a_blocks_edge_are_whole(table):
    head = b"id,name\n"
    data = head + b"1," + b"x" * ((1 << 20) - len(head) - 3) + "é\r\n2,é\r\n".encode()
    source, rows = table(data)
    assert source.encoding == "utf-8"
    assert [row[0] for row in rows] == ["1", "2"]
    assert rows[1][1] == "é"


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_lines_may_end_in_any_way(table, ending, last):
    text = ending.join(["id,v", "1,x", "2,y"]) + ending * last
    _, rows = table(text.encode())
    assert rows == [("1", "x"), ("2", "y")]


def test_lines_may_end_in_several_ways_in_one_file(table):
    _, rows = table(b"id,v\r\n1,x\n2,y\r3,z\r\n")
    assert rows == [("1", "x"), ("2", "y"), ("3", "z")]
    _, rows = table(b'id,v\r\n1,"x\ny"\r\n2,"p\rq"\n3,z')
    assert rows == [("1", "x\ny"), ("2", "p\rq"), ("3", "z")]


def test_nul_characters_are_left_out_and_counted(table):
    source, rows = table(b"id,v\n1,x\0\n\0\0\0\0\0\n2,y\n" + b"3,z\n" * 99)
    assert rows[:2] == [("1", "x"), ("2", "y")]
    assert source.notes == ("6 NUL characters left out",)


def test_a_copy_lives_in_the_private_folder_only_as_long_as_the_connection(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes("id,v\n1,é\n".encode("utf-16"))
    connection = connect()
    (copy,) = open_source(connection, path).files
    assert Path(copy).read_text(encoding="utf-8") == "id,v\n1,é\n"
    connection.close()
    del connection
    assert not Path(copy).exists()
    assert [one.name for one in tmp_path.iterdir()] == ["x.csv"]


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfe" + "id,v\n1,x\n".encode("utf-32-le"),
        b"\xfe\xff" + "id,v\n1,x\n".encode("utf-32-be"),
        b"\xff\xfe" + b"i\0d\0,",
    ],
)
def test_a_byte_order_mark_that_lies_is_refused(table, data):
    with pytest.raises(
        InputError, match=r"its byte-order mark says UTF-16, but .* Save it as UTF-8"
    ):
        table(data)


@pytest.mark.parametrize(
    "data", [gzip.compress(TEXT.encode() * 99, mtime=0)[:-20], b"\x1f\x8bnothing"]
)
def test_a_compressed_file_that_is_cut_off_is_refused(table, data):
    with pytest.raises(InputError, match=r"damaged or cut off"):
        table(data, "orders.csv.gz")


def test_newlines_and_quotes_are_surveyed(tmp_path):
    def found(data):
        path = tmp_path / "x"
        path.write_bytes(data)
        text = survey(path)
        return text.newline, text.quotes

    assert found(b"a\nb\n") == ("\n", False)
    assert found(b'a\r\n"b"\r\n') == ("\r\n", True)
    assert found(b"a\rb\r") == ("\r", False)
    assert found(b"a\r\nb\n") == ("mixed", False)
    assert found(b"x" * ((1 << 20) - 1) + b"\r\ny\r\n") == ("\r\n", False)


@pytest.mark.parametrize(
    ("name", "delimiter", "rows"),
    [
        ("csvtext.csv", ",", 2),
        ("csvtext_BOM_UTF8.csv", ",", 2),
        ("csvtext_BOM_UTF16LE.csv", ",", 2),
        ("csvtext_BOM_UTF16BE.csv", ",", 2),
        ("csvSeparator.csv", ",", 2),
        ("csvEscapedQuotes.csv", ",", 2),
        ("accountData.csv", ",", 423),
    ],
)
def test_quirks_of_real_files(connection, shared, name, delimiter, rows):
    source = open_source(connection, shared / "csv-quirks-dataloader" / name)
    assert source.delimiter == delimiter
    assert connection.sql(f"SELECT count(*) FROM {source.relation}").fetchall() == [(rows,)]


def test_the_same_table_in_four_encodings(connection, shared):
    folder = shared / "csv-quirks-dataloader"
    names = ["", "_BOM_UTF8", "_BOM_UTF16LE", "_BOM_UTF16BE"]
    sources = [open_source(connection, folder / f"csvtext{name}.csv") for name in names]
    tables = [connection.sql(f"SELECT * FROM {source.relation}").fetchall() for source in sources]
    assert {source.columns for source in sources} == {("column1", "column2", "column3")}
    assert tables[1:] == tables[2:3] * 3


def test_the_two_encodings_of_one_campaign_hold_the_same_values(connection, shared):
    tab = open_source(connection, shared / "marketing-campaign" / "marketing_campaign.csv")
    comma = open_source(
        connection, shared / "marketing-campaign" / "marketing_campaign_recoded.csv"
    )
    assert (tab.delimiter, comma.delimiter) == ("\t", ",")
    same = [
        name for name in tab.columns if name.startswith(("ID", "Year", "Mnt", "Num", "Recency"))
    ]
    cells = ", ".join(map(identifier, same))
    assert len(same) == 14
    assert connection.sql(f"SELECT {cells} FROM {tab.relation} ORDER BY ID").fetchall() == (
        connection.sql(f"SELECT {cells} FROM {comma.relation} ORDER BY ID").fetchall()
    )


LETTERS = {
    "cp1250": [
        "Łukasz Żółć, dziękuję",
        "Jiří Dvořák, částka",
        "Őry Gyöngyvér, összeg",
        "Ştefan Ţepeş, sumă",
    ],
    "iso8859_2": ["Łukasz Żółć, świetna źródło ą"],
    "cp1251": ["Иванов Пётр, сумма", "Їжакевич, клієнт"],
    "koi8_r": ["Иванов Пётр, сумма"],
    "cp1253": ["Γιώργος, ημερομηνία"],
    "cp1254": ["Çağlar Işık, müşteri"],
    "cp1257": ["Žydrūnas Ąžuolas, klientų"],
    "cp1252": [
        "Müller, Straße, 12,50 €",
        "Hélène à l’été",
        "Søren Ærø, beløb",
        "£12.50 – “really”",
        "Muñoz, años",
    ],
    "gb18030": ["王小明在北京的订单"],
    "cp949": ["김철수의 주문 금액"],
}


@pytest.mark.parametrize(
    ("encoding", "text"),
    [(encoding, text) for encoding, texts in LETTERS.items() for text in texts],
)
def test_an_eight_bit_encoding_is_told_by_the_letters_of_a_language(encoding, text):
    sample = "\n".join([text] * 8).encode(encoding)
    found = eight_bit(sample) or "cp1252"
    assert sample.decode(found) == sample.decode(encoding)

"""Files that were damaged or forged on their way: a sentence with the file's name, never a bug."""

import bz2
import gzip
import io
import itertools
import lzma
import random
import sqlite3
import zipfile
from contextlib import redirect_stderr, redirect_stdout

import duckdb
import pyarrow as pa
import pytest
from pyarrow import parquet

from reltype import cli
from reltype.errors import InputError
from tests.attacks.conftest import ALL, family

ROWS = [
    {
        "customer_id": f"C-{i % 7}",
        "timestamp": f"2024-0{1 + i % 9}-1{i % 9}",
        "kind": "purchase",
        "value": i * 1.5,
    }
    for i in range(300)
]


def table():
    return pa.Table.from_pylist(ROWS)


def csv_bytes():
    return ("customer_id,timestamp,kind,value\n" + "\n".join(
        ",".join(str(v) for v in row.values()) for row in ROWS
    )).encode()  # fmt: skip


def xlsx_bytes():
    from reltype.formats.xlsx import write

    out = io.BytesIO()
    write(table().schema, table().to_batches(), out)
    return out.getvalue()


def openpyxl_bytes():
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(list(ROWS[0]))
    for row in ROWS:
        book.active.append(list(row.values()))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def parquet_bytes():
    out = io.BytesIO()
    parquet.write_table(table(), out)
    return out.getvalue()


def arrow_bytes():
    out = io.BytesIO()
    with pa.ipc.new_file(out, table().schema) as writer:
        writer.write_table(table())
    return out.getvalue()


def duckdb_bytes(folder):
    path = folder / "made.duckdb"
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as held:
        made = table()
        held.register("made", made)
        held.execute("CREATE TABLE orders AS SELECT * FROM made")
    return path.read_bytes()


def sqlite_bytes(folder):
    path = folder / "made.db"
    path.unlink(missing_ok=True)
    held = sqlite3.connect(path)
    held.execute("CREATE TABLE orders (customer_id TEXT, timestamp TEXT, kind TEXT, value REAL)")
    held.executemany("INSERT INTO orders VALUES (?, ?, ?, ?)", [tuple(r.values()) for r in ROWS])
    held.commit()
    held.close()
    return path.read_bytes()


KINDS = {
    "xlsx": lambda _: xlsx_bytes(),
    "openpyxl.xlsx": lambda _: openpyxl_bytes(),
    "parquet": lambda _: parquet_bytes(),
    "arrow": lambda _: arrow_bytes(),
    "duckdb": duckdb_bytes,
    "db": sqlite_bytes,
    "csv.gz": lambda _: gzip.compress(csv_bytes()),
    "csv.bz2": lambda _: bz2.compress(csv_bytes()),
    "csv.xz": lambda _: lzma.compress(csv_bytes()),
    "json": lambda _: str(ROWS).replace("'", '"').encode(),
}


def classified(*args):
    said = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    shown = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with redirect_stderr(said), redirect_stdout(shown):
        code = cli.run(["classify", *map(str, args), "--timeout", "20"])
    said.seek(0)
    words = said.read()
    assert code != 70, words
    assert "Traceback" not in words
    return code, words


@pytest.mark.parametrize("kind", KINDS)
def test_flipped_bits_and_cuts_end_with_a_sentence(kind, tmp_path):
    whole = KINDS[kind](tmp_path)
    chosen = random.Random(kind)
    path = tmp_path / f"orders.{kind}"
    for number in range(120 if ALL else 6):
        data = bytearray(whole)
        if number % 4 == 3:
            data = data[: chosen.randrange(len(data))]
        for _ in range(1 + number % 3):
            if data:
                data[chosen.randrange(len(data))] ^= 1 << chosen.randrange(8)
        path.write_bytes(data)
        code, words = classified(path, "-o", tmp_path / "out.csv")
        assert code in {0, 4}, words
        if code == 4:
            assert words.count("Error:") == 1
            assert "orders." in words, words


@pytest.mark.parametrize("kind", ["csv.gz", "csv.bz2", "csv.xz"])
def test_what_is_packed_again_and_again_is_refused(kind, tmp_path):
    pack = {"csv.gz": gzip.compress, "csv.bz2": bz2.compress, "csv.xz": lzma.compress}[kind]
    data = csv_bytes()
    for _ in range(1200 if kind == "csv.gz" else 60):
        data = pack(data)
    path = tmp_path / f"orders.{kind}"
    path.write_bytes(data)
    code, words = classified(path)
    assert code == 4
    assert "packed" in words


def test_what_was_packed_twice_by_mistake_is_read(tmp_path):
    path = tmp_path / "orders.csv.gz"
    path.write_bytes(gzip.compress(gzip.compress(csv_bytes())))
    assert classified(path)[0] == 0


def sheet(dimension, cells=None):
    """A workbook whose sheet says *dimension* of itself."""
    out = io.BytesIO()
    rows = "".join(
        f'<row r="{i}">'
        + "".join(
            f'<c r="{c}{i}" t="inlineStr"><is><t>{v}</t></is></c>'
            for c, v in zip("ABCD", row, strict=True)
        )
        + "</row>"
        for i, row in enumerate([tuple(ROWS[0]), *(tuple(r.values()) for r in ROWS[:60])], start=1)
    )
    rows += cells or ""
    space = "http://schemas.openxmlformats.org"
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{space}/package/2006/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-'
            'officedocument.spreadsheetml.sheet.main+xml"/><Override '
            'PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-'
            'officedocument.spreadsheetml.worksheet+xml"/></Types>',
        )
        book.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{space}/package/2006/relationships"><Relationship Id="r1" '
            f'Type="{space}/officeDocument/2006/relationships/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
        )
        book.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{space}/spreadsheetml/2006/main" '
            f'xmlns:r="{space}/officeDocument/2006/relationships"><sheets><sheet name="S" '
            'sheetId="1" r:id="r1"/></sheets></workbook>',
        )
        book.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{space}/package/2006/relationships"><Relationship Id="r1" '
            f'Type="{space}/officeDocument/2006/relationships/worksheet" '
            'Target="worksheets/sheet1.xml"/></Relationships>',
        )
        book.writestr(
            "xl/worksheets/sheet1.xml",
            f'<worksheet xmlns="{space}/spreadsheetml/2006/main">'
            + (f'<dimension ref="{dimension}"/>' if dimension else "")
            + f"<sheetData>{rows}</sheetData></worksheet>",
        )
    return out.getvalue()


@pytest.mark.parametrize(
    "dimension",
    ["A1:D11", "A1", "A1:A1", "B2:C3", "A1:XFD1048576", "A1:D1048576", "C5", "A61:D61", None, ""],
)
def test_every_row_of_a_sheet_is_read_whatever_it_says_of_its_size(dimension, tmp_path):
    path = tmp_path / "orders.xlsx"
    path.write_bytes(sheet(dimension))
    code, words = classified(path, "-o", tmp_path / "out.csv")
    assert code == 0, words
    assert "60 rows read, 60 used" in words


@pytest.mark.parametrize(
    "cells",
    [
        '<row r="1048576"><c r="XFD1048576"><v></v></c></row>',
        '<row r="1048576"><c r="A1048576" s="0"/></row>',
        '<row r="70"><c r="XFD70"/></row>',
    ],
)
def test_a_stray_format_far_away_costs_nothing(cells, tmp_path):
    path = tmp_path / "orders.xlsx"
    path.write_bytes(sheet("A1:D61", cells))
    code, words = classified(path, "-o", tmp_path / "out.csv")
    assert code == 0, words
    assert "60 rows read, 60 used" in words


def test_a_workbook_that_unpacks_to_too_much_is_refused(tmp_path):
    path = tmp_path / "orders.xlsx"
    path.write_bytes(sheet(None))
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as book,
        book.open("xl/sharedStrings.xml", "w", force_zip64=True) as out,
    ):
        block = b" " * (1 << 22)
        for _ in range(300):
            out.write(block)
    code, words = classified(path)
    assert code == 4
    assert "would unpack to" in words


def test_xml_that_expands_is_refused(tmp_path):
    bomb = (
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
        + "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
        + "]>"
    )
    source, out = io.BytesIO(sheet(None)), io.BytesIO()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            text = old.read(name).decode()
            if name.endswith("sheet1.xml"):
                text = bomb + text.replace("purchase", "&j;")
            new.writestr(name, text)
    path = tmp_path / "orders.xlsx"
    path.write_bytes(out.getvalue())
    code, words = classified(path)
    assert code == 4, words


TYPED = {
    "far dates": "DATE '290000-01-01'",
    "before Christ": "DATE '4000-01-01 (BC)'",
    "infinite dates": "'infinity'::DATE",
    "infinite times": "'-infinity'::TIMESTAMP",
    "far times": "TIMESTAMP '290000-01-01'",
    "times with a zone": "'infinity'::TIMESTAMPTZ",
    "times in nanoseconds": "TIMESTAMP_NS '2262-04-10'",
    "infinite times in nanoseconds": "'infinity'::TIMESTAMP_NS",
    "times in seconds": "'infinity'::TIMESTAMP_S",
    "far times in milliseconds": "TIMESTAMP_MS '290000-01-01'",
    "year 0": "TIMESTAMP '0001-01-01'",
    "year 9999": "TIMESTAMP '9999-12-31'",
}


@pytest.mark.parametrize(
    ("what", "where", "role"),
    family(itertools.product(TYPED, ["one", "all"], ["log", "customers"]), 11),
)
def test_days_that_cannot_be_are_rejected_rows_or_no_facts(what, where, role, tmp_path):
    path = tmp_path / "typed.parquet"
    time = "since" if role == "customers" else "timestamp"
    odd = TYPED[what]
    kind = odd.rsplit("::", 1)[-1] if "::" in odd else odd.split(" ", 1)[0]
    good = f"CAST(TIMESTAMP '2024-01-01' + INTERVAL 1 DAY * i::INTEGER AS {kind})"
    value = odd if where == "all" else f"CASE WHEN i = 3 THEN {odd} ELSE {good} END"
    who = "i" if role == "customers" else "i % 5"
    duckdb.sql(
        f"COPY (SELECT 'C-' || ({who}) AS customer_id, {value} AS \"{time}\", 3.5 AS nps "
        f"FROM range(40) t(i)) TO '{path}'"
    )
    code, words = classified(path, "-o", tmp_path / "out.csv")
    assert code in {0, 4}, words
    if where == "one":
        assert code == 0, words
        assert "as of 99" not in words
        assert "as of 2024-02" in words or "as of 19" in words or role == "customers", words


TYPES = [
    "DOUBLE",
    "FLOAT",
    "DECIMAL(38, 0)",
    "HUGEINT",
    "BIGINT",
    "UUID",
    "BLOB",
    "BIT",
    "DATE[]",
    "STRUCT(a INTEGER)",
    "INTERVAL",
    "TIME",
    "JSON",
    "ENUM('a', 'b')",
]


@pytest.mark.parametrize(
    ("type_", "column"),
    family(itertools.product(TYPES, ["customer_id", "value", "timestamp", "kind"]), 11),
)
def test_columns_of_any_type_with_the_ends_of_their_range_are_read_or_told(type_, column, tmp_path):
    values = {
        "DOUBLE": ["1e300", "'inf'", "'-inf'", "'nan'", "-0.0", "1e-320"],
        "FLOAT": ["3e38", "'inf'", "'nan'"],
        "DECIMAL(38, 0)": ["99999999999999999999999999999999999999"],
        "HUGEINT": ["170141183460469231731687303715884105727", "-1"],
        "BIGINT": ["9223372036854775807", "-9223372036854775808"],
        "UUID": ["gen_random_uuid()"], "BLOB": ["'\\x00\\xFF'"], "BIT": ["'0101'"],
        "DATE[]": ["[DATE '2024-01-01']"], "STRUCT(a INTEGER)": ["{'a': 1}"],
        "INTERVAL": ["INTERVAL 1000 YEAR"], "TIME": ["TIME '23:59:59'"], "JSON": ["'{\"a\": 1}'"],
        "ENUM('a', 'b')": ["'a'", "'b'"],
    }[type_]  # fmt: skip
    path = tmp_path / "typed.parquet"
    plain = {
        "customer_id": "'C-' || (i % 5)", "timestamp": "TIMESTAMP '2024-01-01' + INTERVAL 1 DAY * i",
        "kind": "'purchase'", "value": "i * 1.5",
    }  # fmt: skip
    cases = " ".join(f"WHEN {i} THEN {v}" for i, v in enumerate(values))
    plain[column] = f"CAST(CASE i % {len(values)} {cases} END AS {type_})"
    columns = ", ".join(f'{sql} AS "{name}"' for name, sql in plain.items())
    duckdb.sql(f"COPY (SELECT {columns} FROM range(30) t(i)) TO '{path}'")
    code, words = classified(path, "-o", tmp_path / "out.csv")
    assert code in {0, 4}, words


@pytest.mark.parametrize(
    ("value", "customers"),
    family(itertools.product(["inf", "-inf", "nan", "1e308", "1e999", "-1e308"], [1, 3, 50]), 7),
)
def test_one_number_that_is_none_in_a_customer_table(value, customers, tmp_path):
    path = tmp_path / "customers.csv"
    lines = [f"C-{i},{value if i == 0 else i % 10},{i * 30},{i % 2}" for i in range(customers)]
    path.write_text("customer_id,nps,tenure_days,referrals\n" + "\n".join(lines) + "\n")
    code, words = classified(path, "-o", tmp_path / "out.csv")
    assert code in {0, 4}, words
    typed = tmp_path / "customers.parquet"
    duckdb.sql(
        f"COPY (SELECT customer_id, CAST(nps AS DOUBLE) AS nps, CAST(CASE WHEN nps IN ('{value}') "
        f"THEN nps ELSE '5' END AS DOUBLE) AS tenure_days FROM read_csv('{path}', all_varchar=true)"
        f") TO '{typed}'"
    )
    code, words = classified(typed, "-o", tmp_path / "out.csv")
    assert code in {0, 4}, words


@pytest.mark.parametrize("kind", ["csv", "semicolons", "parquet", "frame", "json"])
def test_a_table_of_too_many_columns_is_refused_early_and_briefly(kind, tmp_path):
    names = [f"column {i}" for i in range(20_000)]
    path = tmp_path / f"wide.{kind}"
    if kind == "frame":
        import reltype

        with pytest.raises(InputError, match="20,000 columns") as caught:
            reltype.classify({name: [1] for name in names})
        assert len(str(caught.value)) < 500
        return
    if kind == "parquet":
        parquet.write_table(pa.table({name: [1] for name in names}), path)
    elif kind == "json":
        import json

        path.write_text(json.dumps([dict.fromkeys(names, 1)]))
    else:
        sign = ";" if kind == "semicolons" else ","
        path.write_text(sign.join(names) + "\n" + sign.join("1" for _ in names) + "\n")
    code, words = classified(path)
    assert code == 4
    assert "columns" in words or "not a list of objects" in words
    assert len(words) < 1000

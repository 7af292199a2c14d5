"""XLSX: sheets of a workbook; texts are texts, never formulas; equal bytes for an equal table.

XlsxWriter makes the workbook; the rows of a sheet are made column by column, in Arrow, since a call
for each of two million cells takes longer than everything else that a run does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
import xlsxwriter
from attrs import field, frozen
from xlsxwriter.worksheet import Worksheet

from reltype.engines.folders import temporary_folder
from reltype.errors import OutputError
from reltype.formats import flat

MOST_ROWS = 1_048_575
MOST_COLUMNS = 16_384
LONGEST = 32_000
"""Letters of a cell; a sheet holds 32,767 units of UTF-16."""

ROWS = 8192
"""Rows that are made at a time."""

_CREATED = dt.datetime(2000, 1, 1)  # noqa: DTZ001  a workbook knows no zones
_ILLEGAL = "[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]"
_EPOCH = dt.date(1899, 12, 30)


@frozen
class Links:
    """Where the cells of a column lead.

    Attributes:
        by: The column whose text decides; of several texts (`a; b`) the first.
        targets: Text → a place in the workbook, such as `'definitions'!A5`.
    """

    by: str
    targets: Mapping[str, str]


@frozen
class Sheet:
    r"""A sheet to write.

    Attributes:
        name: Its tab; at most 31 letters, none of `[]:*?/\\`.
        schema: The columns; a list becomes text joined by `; `.
        batches: The rows; read once.
        widths: Widths of the first columns, in letters; the others are as wide as their heads.
        late: Whether its rows are asked for after those of all sheets that are not.
        styles: Column → `percent`, `decimal`, `wrap` or `link`.
        links: Column → where its cells lead, in the first `LINKED` rows.
        colours: Column → text of a cell → its background.
        sorted_by_reader: Whether the head has filters.
    """

    name: str
    schema: pa.Schema
    batches: Iterable[pa.RecordBatch]
    widths: Sequence[float] = ()
    late: bool = False
    styles: Mapping[str, str] = field(factory=dict)
    links: Mapping[str, Links] = field(factory=dict)
    colours: Mapping[str, Mapping[str, str]] = field(factory=dict)
    sorted_by_reader: bool = True


LINKED = 20_000
"""Rows of a sheet whose cells may lead somewhere; a spreadsheet takes 65,530 links of a sheet."""


def write(schema: pa.Schema, batches: Iterable[pa.RecordBatch], stream: IO[bytes]) -> None:
    """Write a header and a row per customer, in one sheet.

    Raises:
        OutputError: More rows or columns than a sheet holds.
    """
    write_sheets([Sheet("relationships", schema, batches)], stream)


def write_sheets(sheets: Iterable[Sheet], stream: IO[bytes]) -> None:
    """Write a workbook: each sheet with a bold head that stays in sight and can be filtered by.

    Raises:
        OutputError: More rows or columns than a sheet holds.
    """
    with temporary_folder() as folder:
        path = folder / "book.xlsx"
        options = {"constant_memory": False, "tmpdir": str(folder)}
        book = xlsxwriter.Workbook(str(path), options)
        book.set_properties({"created": _CREATED})
        styles = {
            "head": book.add_format({"bold": True, "text_wrap": False}),
            "date": book.add_format({"num_format": "yyyy-mm-dd"}),
            "time": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            "percent": book.add_format({"num_format": "0%"}),
            "decimal": book.add_format({"num_format": "0.0"}),
            "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
            "link": book.add_format({"font_color": "#0b5394", "underline": 1}),
        }
        made = [(sheet, book.add_worksheet(sheet.name, Rows)) for sheet in sheets]
        # A style has its number once it was asked for, in this order.
        numbers = {name: style._get_xf_index() for name, style in styles.items()}  # noqa: SLF001
        for place, (sheet, rows) in enumerate(sorted(made, key=lambda pair: pair[0].late)):
            _fill(book, sheet, rows, folder / f"rows-{place}.xml", numbers)
        book.close()
        with path.open("rb") as written:
            while block := written.read(1 << 20):
                stream.write(block)


def _fill(book: Any, sheet: Sheet, made: Any, rows: Any, numbers: dict[str, int]) -> None:  # noqa: ANN401
    """Give a sheet its rows, made beforehand in a file."""
    schema = flat.schema(sheet.schema)
    if len(schema) > MOST_COLUMNS:
        raise OutputError(f"A sheet holds {MOST_COLUMNS} columns; write CSV or Parquet instead.")
    with (
        rows.open("w", encoding="utf-8", newline="") as out,
        rows.with_suffix(".links").open("w", encoding="utf-8", newline="") as links,
    ):
        out.write(_head(schema.names, numbers["head"]))
        count = 0
        for batch in sheet.batches:
            count += batch.num_rows
            if count > MOST_ROWS:
                raise OutputError(f"A sheet holds {MOST_ROWS} rows; write CSV or Parquet instead.")
            first = count - batch.num_rows + 2
            written = flat.batch(batch)
            for text in _rows(written, first, numbers, sheet.styles):
                out.write(text)
            if sheet.links and first < LINKED:
                links.writelines(_links(written, first, sheet.links))
    made.rows = rows
    made.dim_rowmin, made.dim_rowmax = 0, count
    made.dim_colmin, made.dim_colmax = 0, max(0, len(schema) - 1)
    made.freeze_panes(1, 1)
    if schema.names and sheet.sorted_by_reader:
        made.autofilter(0, 0, count, len(schema) - 1)
    for place, name in enumerate(schema.names):
        width = sheet.widths[place] if place < len(sheet.widths) else min(40, len(name) + 4)
        made.set_column(place, place, width)
        for text, colour in sheet.colours.get(name, {}).items():
            paint = book.add_format({"bg_color": colour, "font_color": "#1b1b1b"})
            rule = {"type": "cell", "criteria": "==", "value": f'"{text}"', "format": paint}
            made.conditional_format(1, place, max(count, 1), place, rule)


class Rows(Worksheet):  # type: ignore[misc]
    """A sheet whose rows stand in a file, and its links in one beside it."""

    rows: Any = None

    def _write_sheet_data(self) -> None:
        self._copy("sheetData", self.rows)

    def _write_hyperlinks(self) -> None:
        links = self.rows.with_suffix(".links")
        if links.stat().st_size:
            self._copy("hyperlinks", links)

    def _copy(self, tag: str, path: Any) -> None:  # noqa: ANN401
        self.fh.write(f"<{tag}>")
        with path.open(encoding="utf-8", newline="") as made:
            while block := made.read(1 << 20):
                self.fh.write(block)
        self.fh.write(f"</{tag}>")


def _links(batch: pa.RecordBatch, first: int, links: Mapping[str, Links]) -> Iterator[str]:
    """The XML of where the cells of a batch lead, of which the first stands in row *first*."""
    part = batch.slice(0, max(0, LINKED + 2 - first))
    rows = pa.array(range(first, first + part.num_rows)).cast(pa.string())
    for name, link in links.items():
        place = column(part.schema.get_field_index(name))
        by = pc.replace_substring_regex(part.column(link.by), r"(?s); .*", "")
        found = pc.index_in(by, value_set=pa.array(list(link.targets), pa.string()))
        where = pa.array(list(link.targets.values()), pa.string()).take(found)
        made = pc.binary_join_element_wise(
            f'<hyperlink ref="{place}', rows, '" location="', _escaped(where), '"/>', ""
        )
        yield "".join(made.drop_null().to_pylist())


def _head(names: Sequence[str], style: int) -> str:
    texts = _escaped(flat.neutral(pa.array(names, pa.string()))).to_pylist()
    cells = "".join(
        f'<c r="{column(place)}1" s="{style}" t="inlineStr"><is>{_opened(text)}{text}</t></is></c>'
        for place, text in enumerate(texts)
    )
    return f'<row r="1">{cells}</row>'


def _opened(text: str) -> str:
    return '<t xml:space="preserve">' if text != text.strip() else "<t>"


def column(place: int) -> str:
    """A column's letters: 0 is A."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _rows(
    batch: pa.RecordBatch, first: int, numbers: dict[str, int], styles: Mapping[str, str]
) -> Iterator[str]:
    """The XML of the rows of a batch, of which the first stands in row *first*."""
    for start in range(0, batch.num_rows, ROWS):
        part = batch.slice(start, ROWS)
        rows = pa.array(range(first + start, first + start + part.num_rows)).cast(pa.string())
        cells = [
            _cells(part.column(place), f'<c r="{column(place)}', rows, numbers, styles.get(name))
            for place, name in enumerate(part.schema.names)
        ]
        row = pc.binary_join_element_wise('<row r="', rows, '">', *cells, "</row>", "")
        yield "".join(row.to_pylist())


def _cells(
    values: pa.Array, opening: str, rows: pa.Array, numbers: dict[str, int], styled: str | None
) -> pa.Array:
    """The XML of a column's cells, empty where a value is null."""
    kind, style, text = "", f' s="{numbers[styled]}"' if styled else "", values
    if pa.types.is_boolean(values.type):
        kind, text = ' t="b"', pc.if_else(values, "1", "0")
    elif pa.types.is_date(values.type) or pa.types.is_timestamp(values.type):
        style = f' s="{numbers["date" if pa.types.is_date(values.type) else "time"]}"'
        text = _serial(values).cast(pa.string())
    elif pa.types.is_floating(values.type):
        number = values.cast(pa.float64())
        text = pc.if_else(pc.is_finite(number), number, pa.scalar(None, pa.float64()))
        text = text.cast(pa.string())
    elif pa.types.is_integer(values.type):
        text = values.cast(pa.string())
    else:
        kind = ' t="inlineStr"'
        text = _escaped(flat.neutral(values.cast(pa.string())))
        text = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
        spaced = pc.match_substring_regex(text, r"^\s|\s$")
        before = pc.if_else(spaced, '<is><t xml:space="preserve">', "<is><t>")
        made = pc.binary_join_element_wise(
            opening, rows, f'"{style}{kind}>', before, text, "</t></is></c>", ""
        )
        return pc.fill_null(made, "")
    made = pc.binary_join_element_wise(
        opening, rows, f'"{style}{kind}><v>', text, "</v></c>", "", null_handling="emit_null"
    )
    return pc.fill_null(made, "")


def _serial(values: pa.Array) -> pa.Array:
    """Days since the day 0 of spreadsheets; null where they know no such day."""
    if pa.types.is_date(values.type):
        days = values.cast(pa.date32()).cast(pa.int32()).cast(pa.float64())
    else:
        micros = values.cast(pa.timestamp("us", tz=values.type.tz)).cast(pa.int64())
        days = pc.divide(micros.cast(pa.float64()), 86_400_000_000.0)
    serial = pc.add(days, float((dt.date(1970, 1, 1) - _EPOCH).days))
    known = pc.and_(pc.greater_equal(serial, 61.0), pc.less(serial, 2_958_466.0))
    return pc.if_else(known, serial, pa.scalar(None, pa.float64()))


def _escaped(texts: pa.Array) -> pa.Array:
    """Texts as XML holds them; letters that it cannot hold are left out."""
    texts = pc.utf8_slice_codeunits(texts, 0, LONGEST)
    if pc.any(pc.match_substring_regex(texts, _ILLEGAL)).as_py():
        texts = pc.replace_substring_regex(texts, _ILLEGAL, "")
    # Spreadsheets read _x0041_ as the letter with that number.
    texts = pc.replace_substring_regex(texts, "_(x[0-9A-Fa-f]{4}_)", r"_x005F_\1")
    for letter, written in (
        ("&", "&amp;"),
        ("<", "&lt;"),
        (">", "&gt;"),
        ("\r", "_x000D_"),
    ):
        texts = pc.replace_substring(texts, letter, written)
    return texts

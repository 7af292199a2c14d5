"""What a file is by its first bytes, whatever its name says, and which are no tables for us."""

from __future__ import annotations

from reltype.errors import InputError

MAGIC_BYTES = {
    b"PAR1": "parquet",
    b"SQLite format 3\x00": "sqlite",
    b"ARROW1": "arrow",
}

_ADVICE = {
    b"%PDF": ("a PDF", "Export the table as CSV from where the PDF was made."),
    b"\xd0\xcf\x11\xe0": ("an old Excel (.xls) or Office file", "Save it as .xlsx or CSV."),
    b"{\\rtf": ("a rich-text document", "Export the table as CSV."),
    b"\x89PNG": ("a picture", "Export the table as CSV."),
    b"\xff\xd8\xff": ("a picture", "Export the table as CSV."),
    b"GIF8": ("a picture", "Export the table as CSV."),
    b"7z\xbc\xaf\x27\x1c": ("a 7z archive", "Unpack it and give the file in it."),
    b"Rar!": ("a RAR archive", "Unpack it and give the file in it."),
    b"\x7fELF": ("a program", "Give the exported table."),
    b"Obj\x01": ("an Avro file", "Convert it to Parquet or CSV."),
    b"ORC": ("an ORC file", "Convert it to Parquet or CSV."),
    b"\x80\x04\x95": (
        "a Python pickle",
        "Save the table as Parquet or CSV; pickles are never opened.",
    ),
}


def kind(head: bytes) -> str | None:
    """Which format a file begins like: parquet, sqlite, arrow, duckdb, zip; None for text."""
    if head[8:12] == b"DUCK":
        return "duckdb"
    if head.startswith(b"PK\x03\x04"):
        return "zip"
    return next((name for magic, name in MAGIC_BYTES.items() if head.startswith(magic)), None)


def refuse(name: str, head: bytes) -> None:
    """Stop at a file that is certainly no table, saying what it is and what to do.

    Raises:
        InputError: It is one.
    """
    for magic, (what, advice) in _ADVICE.items():
        if head.startswith(magic) and (magic != b"ORC" or b"\x00" in head):
            raise InputError(f"{name}: is {what}, not a table. {advice}")

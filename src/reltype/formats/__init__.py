"""Formats: one writer a file. What is written appears whole or not at all."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from itertools import chain
from json import dumps  # `json` is a writer of ours here, once it has been asked for
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias

from attrs import frozen

from reltype.errors import OutputError, UsageError, did_you_mean
from reltype.formats.printing import clean

if TYPE_CHECKING:
    import pyarrow as pa

Writer: TypeAlias = Callable[["pa.Schema", "Iterable[pa.RecordBatch]", IO[bytes]], None]
"""Writes a schema's batches to a binary stream, batch by batch."""


@frozen
class Format:
    """A way out.

    Attributes:
        name: As `--format` takes it.
        suffixes: File endings that choose it, with the dot.
        write: The writer; imports what it needs when it is called.
    """

    name: str
    suffixes: tuple[str, ...]
    write: Writer


def _lazy(module: str) -> Writer:
    def write(schema: pa.Schema, batches: Iterable[pa.RecordBatch], stream: IO[bytes]) -> None:
        import_module(f"reltype.formats.{module}").write(schema, batches, stream)

    return write


BUILTIN = (
    Format("csv", (".csv",), _lazy("csv")),
    Format("json", (".json",), _lazy("json")),
    Format("jsonl", (".jsonl", ".ndjson"), _lazy("jsonl")),
    Format("markdown", (".md",), _lazy("markdown")),
    Format("parquet", (".parquet", ".pq"), _lazy("parquet")),
    Format("table", (".txt",), _lazy("table")),
    Format("xlsx", (".xlsx",), _lazy("xlsx")),
)
"""The formats that come with reltype."""


def choose(
    path: Path | str | None, name: str | None, formats: Iterable[Format] = BUILTIN
) -> Format:
    """The format called *name*, or that of *path*'s ending.

    The built-in ones are asked first: what *formats* gives besides, one by one, may cost plugins.

    Raises:
        UsageError: There is none; the text names those there are.
    """
    known: dict[str, Format] = {}
    ending = Path(path or "").suffix.lower()
    for made in chain(BUILTIN, formats):
        known.setdefault(made.name, made)
        if made.name == name or (name is None and ending in made.suffixes):
            return known[made.name]
    if name is not None:
        raise UsageError(f"No format is called {name!r}.{did_you_mean(name, known)}")
    endings = ", ".join(s for f in known.values() for s in f.suffixes)
    raise UsageError(f"{path}: no format has this ending. Use one of {endings}, or --format.")


def write(
    schema: pa.Schema,
    batches: Iterable[pa.RecordBatch],
    path: Path | str,
    format: str | None = None,  # noqa: A002
    formats: Iterable[Format] = BUILTIN,
) -> None:
    """Write *batches* to *path*, or to standard output for `-`.

    Raises:
        UsageError: No format has that name or ending.
        OutputError: The place cannot be written, or the disk is full.
    """
    chosen = choose(path, format, formats)
    with destination(path) as stream:
        chosen.write(schema, batches, stream)


def write_words(path: Path | str, text: str) -> None:
    """Write *text* for people to *path*, or to standard output for `-`; cleaned for a terminal.

    Raises:
        OutputError: The place cannot be written, or the disk is full.
    """
    with destination(path) as stream:
        stream.write(f"{clean(text)}\n".encode("utf-8", "replace"))


def write_text(path: Path | str, text: str) -> None:
    """Write *text* as it is to *path*, or to standard output for `-`; whole or not at all.

    Raises:
        OutputError: The place cannot be written, or the disk is full.
    """
    with destination(path) as stream:
        stream.write(text.encode("utf-8", "replace"))


def write_document(path: Path | str, document: Mapping[str, Any]) -> None:
    """Write *document* as JSON to *path*, or to standard output for `-`; whole or not at all.

    Raises:
        OutputError: The place cannot be written, or the disk is full.
    """
    with destination(path) as stream:
        stream.write((dumps(document, ensure_ascii=False, indent=2) + "\n").encode())


@contextmanager
def destination(path: Path | str) -> Iterator[IO[bytes]]:
    """A binary stream that becomes *path* when all went well; `-` is standard output.

    The bytes go to a file beside it that takes its name at the end, so that a run that is killed
    leaves the old file or none.
    """
    if str(path) == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(path)
    if path.is_dir():
        raise OutputError(f"{path}: is a directory; name a file in it.")
    try:
        if path.exists() and not path.is_file():  # a device or a pipe cannot be replaced
            with path.open("wb") as stream:
                yield stream
        else:
            with _replacing(path.resolve()) as stream:  # a link stays a link
                yield stream
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise OutputError(f"{path}: cannot be written ({_why(error)}).") from error


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
        Path(name).chmod(_mode(path))
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def _mode(path: Path) -> int:
    """The permissions of the file that is replaced, or those of a new one."""
    if path.exists():
        return stat.S_IMODE(path.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _why(error: OSError) -> str:
    return (error.strerror or str(error)).lower()

"""Compressed files: known by their first bytes, unpacked a block at a time."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, cast

import pyarrow as pa

from reltype.engines import limits
from reltype.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

BLOCK = 1 << 20

COMPRESSIONS = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
}


def compression(head: bytes) -> str | None:
    """How a file is compressed, by its first bytes and not by its name."""
    return next((name for magic, name in COMPRESSIONS.items() if head.startswith(magic)), None)


def decompress(name: str, path: Path, kind: str, target: Path) -> None:
    """Write the decompressed file to `target`, a block at a time.

    Raises:
        InputError: The file is damaged or cut off.
    """
    import lzma
    import zlib

    try:
        with _decompressed(path, kind) as stream, target.open("wb") as out:
            while block := stream.read(BLOCK):
                limits.check()
                out.write(block)
    except InputError:
        raise
    except (EOFError, zlib.error, lzma.LZMAError, OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno is not None and error.filename is None:
            raise InputError(f"{name}: cannot be unpacked: {error.strerror}.") from error
        raise InputError(
            f"{name}: is {kind} data that is damaged or cut off. Fetch or export the file again."
        ) from error


def _decompressed(path: Path, kind: str) -> IO[bytes]:
    if kind == "zstd":
        return cast("IO[bytes]", pa.input_stream(str(path), compression="zstd"))
    import bz2
    import gzip
    import lzma

    if kind == "gzip":
        return cast("IO[bytes]", gzip.open(path, "rb"))
    if kind == "bzip2":
        return cast("IO[bytes]", bz2.open(path, "rb"))
    return cast("IO[bytes]", lzma.open(path, "rb"))

"""Archive: a zip of known members, written the same way every time and read with suspicion."""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING

from attrs import frozen

from reltype.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every member: the first that a zip can hold."""

CHUNK = 1 << 20


@frozen
class Limits:
    """What an archive may hold; anything else is refused before it is unpacked.

    Attributes:
        members: How many.
        member: Bytes of one, unpacked.
        total: Bytes of all, unpacked.
        names: A regular expression that every name must match in full.
    """

    members: int
    member: int
    total: int
    names: str


def pack(members: Mapping[str, bytes], *, compress: bool = True) -> bytes:
    """A zip of *members*, in order of their names, at a fixed time: equal bytes for equal input."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, EPOCH)
            info.create_system = 3
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
            archive.writestr(info, members[name], compresslevel=6)
    return stream.getvalue()


def unpack(data: bytes, limits: Limits, what: str) -> dict[str, bytes]:
    """The members of a zip, none of them run, written or looked into.

    Raises:
        InputError: It is damaged or truncated, or goes beyond *limits*: too many members, too
            large, twice the same name, a name that was not expected (so no path leads out of
            anywhere), encrypted, or a compression that nobody needs.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            _inspected(entries, limits, what)
            return _contents(archive, entries, limits, what)
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        EOFError,
        OSError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        UnicodeError,
    ) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"{what}: is damaged or no model ({error or type(error).__name__})."
        ) from error
    except Exception as error:
        # zlib has an error of its own, outside of all of these.
        raise InputError(f"{what}: is damaged ({error}).") from error


def _inspected(entries: list[zipfile.ZipInfo], limits: Limits, what: str) -> None:
    seen: set[str] = set()
    for entry in entries:
        name = entry.filename
        if not re.fullmatch(limits.names, name):
            raise InputError(f"{what}: holds {name!r}, which no model has; refused.")
        if name in seen:
            raise InputError(f"{what}: holds {name!r} twice; refused.")
        seen.add(name)
        if len(seen) > limits.members:
            raise InputError(f"{what}: holds {len(entries)} members, too many; refused.")
        if entry.flag_bits & 0x1:
            raise InputError(f"{what}: {name!r} is encrypted; refused.")
        if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise InputError(f"{what}: {name!r} is compressed in an unknown way; refused.")
        if entry.file_size > limits.member:
            raise InputError(
                f"{what}: {name!r} would unpack to {entry.file_size:,} bytes; refused."
            )


def _contents(
    archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], limits: Limits, what: str
) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    total = 0
    for entry in entries:
        parts = []
        with archive.open(entry) as stream:
            # What the directory says of sizes is a claim: count what comes.
            while part := stream.read(CHUNK):
                total += len(part)
                parts.append(part)
                if total > limits.total:
                    raise InputError(
                        f"{what}: unpacks to more than {limits.total:,} bytes; refused."
                    )
        found[entry.filename] = b"".join(parts)
    return found

"""Journal: what was planned, wanted, missed and achieved, a line each, only ever added to.

A line of `journal.jsonl` is a JSON object with `entry`: `plan`, `standard`, `deviation` or `outcome`.
Lines are added whole or not at all, one writer at a time; a line that is broken stays where it is,
is passed over, and is told of.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from reltype.errors import InputError, OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ENTRIES = ("plan", "standard", "deviation", "outcome")
LARGEST = 1 << 28
"""Bytes of a journal; ten thousand plans of a thousand customers."""


@frozen
class Journal:
    """What a journal holds.

    Attributes:
        entries: In the order in which they were added.
        notes: Lines that are broken, with their numbers.
    """

    entries: tuple[Mapping[str, Any], ...]
    notes: tuple[str, ...]

    def of(self, entry: str) -> list[Mapping[str, Any]]:
        """The entries of one sort."""
        return [one for one in self.entries if one["entry"] == entry]


def read(path: str | Path, *, missing: bool = False) -> Journal:
    """The journal in a file.

    Args:
        path: Of the file.
        missing: Whether a file that is not there is an empty journal.

    Raises:
        InputError: It cannot be read, or is larger than any journal.
    """
    file = Path(path)
    try:
        with file.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except FileNotFoundError as error:
        if missing:
            return Journal((), ())
        raise InputError(f"{file}: there is no such journal.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{file}: cannot be read ({str(reason).lower()}).") from error
    if len(data) > LARGEST:
        raise InputError(f"{file}: is larger than {LARGEST:,} bytes, as no journal is.")
    entries, notes = [], []
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        found = _parsed(line)
        if found is None:
            notes.append(
                f"{file}, line {number}: is broken, and passed over; it stays as it is: "
                "mend it by hand, or leave it"
            )
        else:
            entries.append(found)
    return Journal(tuple(entries), tuple(notes))


def _parsed(line: bytes) -> Mapping[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and found.get("entry") in ENTRIES else None


def append(path: str | Path, entries: Sequence[Mapping[str, Any]]) -> None:
    """Add entries to a journal, all of them or none; other writers wait.

    What stands there is never changed: where the last line was left without its end, by a writer
    that was killed, the end is added and the line stays.

    Raises:
        OutputError: It cannot be written, or the disk is full.
    """
    lines = "".join(
        json.dumps(entry, ensure_ascii=False, allow_nan=False, separators=(", ", ": ")) + "\n"
        for entry in entries
    ).encode("utf-8", "replace")
    if not lines:
        return
    try:
        with _locked(Path(path)) as descriptor:
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                lines = b"\n" + lines
            try:
                written = os.write(descriptor, lines)
                while written < len(lines):
                    written += os.write(descriptor, lines[written:])
                os.fsync(descriptor)
            except OSError:
                with suppress(OSError):
                    os.ftruncate(descriptor, size)
                raise
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputError(f"{path}: cannot be written ({reason}).") from error


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """The file, opened for adding, while nobody else adds to it."""
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        try:
            import fcntl
        except ImportError:  # Windows: a line is written in one call, which appends as a whole
            pass
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)

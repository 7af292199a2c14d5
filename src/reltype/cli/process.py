"""The process: what reaches a terminal, what ends it, how much it may hold."""

from __future__ import annotations

import os
import re
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from reltype.errors import OutputError
from reltype.formats.printing import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADROOM = 3 << 29
"""Bytes that the process may hold beside the engine: batches, models, the output."""


class Words:
    """A text stream of the process through which no stranger's text commands the terminal.

    Bytes that are written to its `buffer` are data, and pass as they are unless they go to a
    terminal.
    """

    def __init__(self, stream: Any) -> None:  # noqa: ANN401
        self._stream = stream

    def write(self, text: str) -> int:
        """Write *text*, cleaned."""
        self._stream.write(clean(text))
        return len(text)

    def writelines(self, lines: Any) -> None:  # noqa: ANN401
        """Write each of *lines*."""
        for line in lines:
            self.write(line)

    @property
    def buffer(self) -> Any:  # noqa: ANN401
        """Where bytes go."""
        if self._stream.isatty():
            return _Terminal(self)
        return self._stream.buffer

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._stream, name)


class _Terminal:
    """Bytes for a terminal: the text that they are, cleaned."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def write(self, data: bytes) -> int:
        self._words.write(bytes(data).decode("utf-8", "replace"))
        return len(data)

    def writable(self) -> bool:
        return True

    @property
    def closed(self) -> bool:
        return False

    def flush(self) -> None:
        self._words.flush()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._words._stream.buffer, name)  # noqa: SLF001


class _Closed:
    """Standard output where there is none."""

    encoding = "utf-8"
    errors = "strict"
    closed = False

    def write(self, _: object) -> int:
        raise OutputError("standard output is closed: nothing can be written there. Name a file.")

    @property
    def buffer(self) -> _Closed:
        return self

    def isatty(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def flush(self) -> None:
        """Nothing was written."""

    def fileno(self) -> int:
        raise OSError("there is none")


@contextmanager
def streams() -> Iterator[None]:
    """Standard output and error without escape sequences, for as long as the block lasts."""
    before = sys.stdout, sys.stderr
    for stream in before:
        # A console of cp1252 has no place for every letter of a customer's name.
        if hasattr(stream, "reconfigure"):
            with suppress(ValueError, OSError):
                stream.reconfigure(errors="replace")
    sys.stdout = _Closed() if before[0] is None else Words(before[0])
    # Words for nobody are no failure: a job of the night may have no standard error.
    nowhere = open(os.devnull, "w", encoding="utf-8") if before[1] is None else None  # noqa: PTH123, SIM115
    sys.stderr = Words(nowhere if before[1] is None else before[1])
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        if nowhere is not None:
            nowhere.close()


def raw(stream: Any) -> TextIO:  # noqa: ANN401
    """The stream behind *stream*, for what is ours and moves the cursor: the progress bar."""
    found: TextIO = getattr(stream, "_stream", stream)
    return found


def reserve() -> None:
    """Hold the places of streams that are closed, so that no file of ours gets their number."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            with suppress(OSError):
                os.open(os.devnull, os.O_RDONLY if descriptor == 0 else os.O_WRONLY)


def ask_for_room() -> None:
    """See whether the shell grants the addresses that a small run takes, before any is taken.

    Raises:
        MemoryError: It does not. Near such a limit the C library, and what numpy calculates with,
            end a process whose new thread finds no room, without a word of ours.
    """
    if not sys.platform.startswith("linux"):
        return
    import resource

    addresses, _ = resource.getrlimit(resource.RLIMIT_AS)
    if addresses != resource.RLIM_INFINITY and addresses < HEADROOM:
        raise MemoryError


def bound(memory_limit: str | None) -> None:
    """Let the process hold no more than the engine may, and `HEADROOM` beside it.

    The engine keeps its own books, in which the texts of a query do not stand; where the system
    refuses memory, the command ends with a sentence and the machine lives. Only on systems that
    count a process's data (Linux); a limit that somebody set is kept where it is lower.
    """
    if not sys.platform.startswith("linux"):
        return
    import resource

    engine = size(memory_limit) if memory_limit else int(0.8 * _memory())
    if engine is None:
        return  # it is told where the engine is opened
    wanted = min(_held() + engine + HEADROOM, 1 << 60)
    low, high = resource.getrlimit(resource.RLIMIT_DATA)
    if high != resource.RLIM_INFINITY:
        wanted = min(wanted, high)
    if low == resource.RLIM_INFINITY or wanted < low:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_DATA, (wanted, high))


def size(text: str) -> int | None:
    """Bytes of `2GB`, `500 MiB`, `80%`; None where it is none of these."""
    match = re.fullmatch(r"\s*([\d.]+)\s*([a-z%]*)\s*", text.lower())
    if match is None:
        return None
    try:
        number = float(match[1])
    except ValueError:
        return None
    powers = {"": 0, "b": 0, "k": 1, "m": 2, "g": 3, "t": 4}
    unit = match[2]
    if unit == "%":
        return int(number / 100 * _memory())
    binary = "i" in unit
    power = powers.get(unit.replace("ib", "").rstrip("b"))
    return None if power is None else int(number * (1024 if binary else 1000) ** power)


def _memory() -> int:
    """Bytes of the machine, or of the container."""
    found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        with suppress(OSError, ValueError):
            found = min(found, int(Path("/sys/fs/cgroup", name).read_text("ascii")))
    return found


def _held() -> int:
    """Bytes of data that the process holds already."""
    with suppress(OSError, ValueError, IndexError):
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[5])
        return pages * os.sysconf("SC_PAGE_SIZE")
    return 1 << 29

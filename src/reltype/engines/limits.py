"""Limits: how long one step on somebody's data may take, and how much the process may hold."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from reltype.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyConnection

TIMEOUT = 600.0
"""Seconds that one step may take where nobody says otherwise."""

_AGAIN = 0.2
"""Seconds between two interruptions: the first may fall between two statements of a step."""

_ends: ContextVar[tuple[float, str] | None] = ContextVar("ends", default=None)


class TimeLimitError(InputError):
    """A step took longer than `--timeout` allows."""


@contextmanager
def within(connection: DuckDBPyConnection, seconds: float | None, what: str) -> Iterator[None]:
    """Interrupt what *connection* runs in this block once *seconds* have passed.

    Args:
        connection: An engine's; None of its cursors.
        seconds: None or 0: no limit.
        what: What is done, for the complaint: `reading orders.csv`.

    Raises:
        TimeLimitError: The block was interrupted.
    """
    if not seconds:
        yield
        return
    done, late = threading.Event(), threading.Event()
    told = (
        f"{what} took longer than {seconds:g} seconds, and was stopped. Where the data is as large "
        "as that, give more with --timeout SECONDS."
    )

    def watch() -> None:
        wait = seconds
        while not done.wait(wait):
            late.set()
            connection.interrupt()
            wait = _AGAIN

    watcher = threading.Thread(target=watch, name="reltype-timeout", daemon=True)
    watcher.start()
    token = _ends.set((time.monotonic() + seconds, told))
    try:
        yield
    except TimeLimitError:
        raise
    except Exception as error:
        if late.is_set():
            raise TimeLimitError(told) from error
        raise
    finally:
        _ends.reset(token)
        done.set()
        watcher.join()


def left() -> float | None:
    """Seconds that the step at hand may still take; None: no limit."""
    ends = _ends.get()
    return None if ends is None else max(0.001, ends[0] - time.monotonic())


def expired() -> bool:
    """Whether the time of the step at hand is up."""
    ends = _ends.get()
    return ends is not None and time.monotonic() > ends[0]


def check() -> None:
    """To be called now and then by what the engine does not run. Raises TimeLimitError."""
    ends = _ends.get()
    if ends is not None and time.monotonic() > ends[0]:
        raise TimeLimitError(ends[1])

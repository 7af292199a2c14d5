"""The process: `python -m reltype`, and what `reltype` starts."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from typing import NoReturn

from reltype.cli import run
from reltype.cli.process import reserve
from reltype.engines.folders import drop_folders

ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Signals that end the process as Ctrl-C does: what `docker stop`, systemd and Airflow send."""

PATIENCE = 5.0
"""Seconds that the command has to end by itself once it was asked to."""


def main() -> NoReturn:
    """Run the command line and end the process with its code."""
    # What a command imports lives until its end: walking through it again and again is a good part
    # of the time until the first row is read.
    gc.set_threshold(100_000, 20, 100)
    reserve()
    ended = _until_ended()
    code = run()
    _end(128 + ended[0] if ended else code)


def _until_ended() -> list[int]:
    """Take the signals that end the process; the list holds the one that came, if one did."""
    came: list[int] = []

    def ask(number: int, _: object) -> None:
        if not came:
            came.append(number)
            raise KeyboardInterrupt

    if os.name != "posix" or threading.current_thread() is not threading.main_thread():
        return came
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            signal.signal(number, ask)
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)

    def watch() -> None:
        while number := os.read(reading, 1):
            if number[0] in ENDING:
                # A library that does not listen must not keep the rows of the customers here.
                time.sleep(PATIENCE)
                drop_folders()
                os._exit(128 + number[0])

    threading.Thread(target=watch, name="reltype-ending", daemon=True).start()
    return came


def _end(code: int) -> NoReturn:
    """End at once, tidied up but not taken apart.

    Freeing a million customers, and every module, takes a third of a second that nobody needs.
    """
    if os.name != "posix":  # elsewhere, folders go only when the files in them are closed
        sys.exit(code)
    atexit._run_exitfuncs()  # noqa: SLF001  as multiprocessing ends its processes
    drop_folders()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    main()

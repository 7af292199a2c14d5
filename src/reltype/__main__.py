"""The process: `python -m reltype`, and what `reltype` starts."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from contextlib import suppress
from typing import NoReturn

from reltype.cli import run


def main() -> NoReturn:
    """Run the command line and end the process with its code."""
    # What a command imports lives until its end: walking through it again and again is a good part
    # of the time until the first row is read.
    gc.set_threshold(100_000, 20, 100)
    _end(run())


def _end(code: int) -> NoReturn:
    """End at once, tidied up but not taken apart.

    Freeing a million customers, and every module, takes a third of a second that nobody needs.
    """
    if os.name != "posix":  # elsewhere, folders go only when the files in them are closed
        sys.exit(code)
    atexit._run_exitfuncs()  # noqa: SLF001  as multiprocessing ends its processes
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    main()

"""Stream: result batches on their way to a file, counted as they pass; the progress bar."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from reltype.cli.process import raw

if TYPE_CHECKING:
    import pyarrow as pa

    from reltype.reporting.summary import Tally


def watched(
    batches: Iterable[pa.RecordBatch], tally: Tally, step: Callable[[int], None]
) -> Iterator[pa.RecordBatch]:
    """*batches*, each counted by *tally* and told to *step* as it passes."""
    for batch in batches:
        tally.add(batch)
        yield batch
        step(batch.num_rows)


def streams_to_terminal(output: str | None) -> bool:
    """Whether rows run over the terminal on which a bar would be drawn: they would share its line."""
    return output in (None, "-") and sys.stdout.isatty()


@contextmanager
def progress(total: int, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """A bar on standard error, on a terminal only; what to call with each step's size."""
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    bar_stream = raw(sys.stderr)
    with click.progressbar(length=total, label="Reading relationships", file=bar_stream) as bar:
        yield bar.update

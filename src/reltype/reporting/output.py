"""Output: a result, with the columns that were asked for, to where it was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from reltype.errors import UsageError, did_you_mean
from reltype.formats import BUILTIN, choose, destination
from reltype.formats import write as write_table
from reltype.reporting.layout import CHOICES, Carried, Layout
from reltype.reporting.summary import Tally, summarise

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from reltype.scoring.run import Run


def write(
    run: Run,
    batches: Iterable[pa.RecordBatch],
    path: Path | str,
    format: str | None = None,  # noqa: A002
    *,
    columns: str | None = None,
    carry: str | Sequence[str] = (),
) -> tuple[str, ...]:
    """Write the result of *run*, whole or not at all.

    Args:
        run: What was asked of whom.
        batches: Its result; read once.
        path: Where to; `-` is standard output.
        format: In place of the path's ending.
        columns: `people`: what people read; `all`: what programs read. None: `people` for a
            workbook, else `all`.
        carry: Columns of the customer tables, to stand behind the id.

    Returns:
        Sentences on what was carried: what was renamed, and who has several values.

    Raises:
        UsageError: No format, choice or column is called so.
        OutputError: The place cannot be written, or the disk is full.
    """
    chosen = choose(path, format, run.formats)
    if columns is not None and columns not in CHOICES:
        hint = did_you_mean(columns, CHOICES)
        raise UsageError(f"columns = {columns!r}: use {' or '.join(CHOICES)}.{hint}")
    book = chosen in BUILTIN and chosen.name == "xlsx"
    choice = columns or ("people" if book else "all")
    schema = run.result.schema
    extra = Carried.of(run, carry, schema.names) if carry else None
    layout = Layout(schema, choice, extra)
    if not (book and choice == "people"):
        write_table(layout.schema, layout.batches(batches), path, format, run.formats)
        return extra.notes if extra else ()
    from reltype.reporting.workbook import write as write_workbook

    tally = Tally()

    def counted() -> Iterable[pa.RecordBatch]:
        for batch in batches:
            tally.add(batch)
            yield batch

    everything = Layout(schema, "all", extra).batches(counted())
    with destination(path) as stream:
        write_workbook(layout, everything, lambda: summarise(run, tally), run.plan, stream)
    return extra.notes if extra else ()

"""Inspection: what a file would be read as, why, what it holds, and what would make it better."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from reltype.reporting.data_warnings import data_warnings
from reltype.reporting.summary import Tally, summarise

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reltype.inputs.input import Input
    from reltype.mapping.guess import Guess
    from reltype.reporting.opened import Opened
    from reltype.reporting.summary import Summary

SHOWN_KINDS = 1000


@frozen
class Inspected:
    """One file.

    Attributes:
        path: Its name as given.
        guess: What it was understood as.
        columns: All its columns, in order.
        rows: How many rows it has, those that cannot be used among them.
        kinds: Their word → (rows, our kind), the most frequent first.
        encoding: Of a text file.
        delimiter: Of a delimited one.
        span: The first and the last moment of a log; None if it has none.
        summary: What a run over this file alone would find; None where it cannot be run.
        notes: What is odd in it, and what was assumed.
        returns: It names orders of another file that came back.
    """

    path: str
    guess: Guess
    columns: tuple[str, ...]
    rows: int
    kinds: Mapping[str, tuple[int, str]] = field(factory=dict)
    encoding: str | None = None
    delimiter: str | None = None
    span: tuple[dt.datetime, dt.datetime] | None = None
    summary: Summary | None = None
    notes: tuple[str, ...] = ()
    returns: bool = False

    @property
    def warnings(self) -> tuple[str, ...]:
        """Everything that a person should read: what stops it, what is odd, what would help."""
        return (*self.guess.problems, *self.notes, *self.guess.wishes)

    def document(self) -> dict[str, Any]:
        """The fixed form of `reltype inspect --format json`."""
        return {
            "path": self.path,
            "role": self.guess.role,
            "rows": self.rows,
            "columns": dict(self.guess.sources),
            "kinds": {word: kind for word, (_, kind) in self.kinds.items()},
            "warnings": list(self.warnings),
        }


def inspect(opened: Opened) -> list[Inspected]:
    """What each file would be read as.

    Raises:
        InputError: A file cannot be read to its end.
    """
    found = []
    for one in opened.per_file():
        item = one.inputs.items[0]
        found.append(_inspected(one, item))
        if (back := item.returns) is not None and back.read is not None:
            notes = tuple(note for note in item.notes if note.startswith(back.file))
            found.append(
                Inspected(back.file, back.read, back.columns, back.rows, returns=True, notes=notes)
            )
    return found


def _inspected(opened: Opened, item: Input) -> Inspected:
    source, guess = item.source, item.guess
    notes = (*source.notes, *item.notes, *guess.doubts)
    if guess.problems:
        sql = f"SELECT count(*) FROM {item.relation}"
        rows = int(opened.engine.rows(sql)[0][0]) + opened.inputs.malformed_rows()
        return Inspected(
            path=source.name,
            guess=guess,
            columns=source.columns,
            rows=rows,
            kinds=dict(guess.kinds),
            encoding=source.encoding,
            delimiter=source.delimiter,
            notes=notes,
        )
    population = opened.population()
    item = opened.inputs.items[0]  # rechecked by now
    run = opened.run_on(population)
    counts = run.counts
    usable = counts.used > 0
    odd = data_warnings(population, opened.inputs, counts, thorough=True) if usable else ()
    return Inspected(
        path=source.name,
        guess=guess,
        columns=source.columns,
        rows=counts.rows,
        kinds=_kinds(opened, item),
        encoding=source.encoding,
        delimiter=source.delimiter,
        span=_span(opened, item),
        summary=summarise(run, Tally(customers=population.size)) if usable else None,
        notes=(*notes, *odd),
    )


def _kinds(opened: Opened, item: Input) -> dict[str, tuple[int, str]]:
    """Every word for a kind, with its rows."""
    if item.guess.role != "interactions" or "kind" not in item.guess.mapping.columns:
        return dict(item.guess.kinds)
    found = opened.engine.rows(
        f"""SELECT kind_as_written, count(*) AS n, mode(kind) FROM ({item.select()})
            WHERE kind_as_written IS NOT NULL GROUP BY 1 ORDER BY n DESC, 1 LIMIT {SHOWN_KINDS}"""
    )
    return {str(word): (int(n), str(kind)) for word, n, kind in found}


def _span(opened: Opened, item: Input) -> tuple[dt.datetime, dt.datetime] | None:
    if item.guess.role != "interactions":
        return None
    first, last = opened.engine.rows(
        f"SELECT min(timestamp), max(timestamp) FROM ({item.select()}) WHERE reject IS NULL"
    )[0]
    return None if first is None else (first, last)

"""Tickets: the rows of an input that hold what a customer wrote, with whatever else is known of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from reltype import sources
from reltype.analyses.issues.personal import masked
from reltype.arrow import doubles
from reltype.errors import InputError, did_you_mean
from reltype.expressions import quote
from reltype.mapping import Mapping
from reltype.mapping.columns import columns_of
from reltype.mapping.conversion_choice import choose_conversion
from reltype.mapping.named_columns import NamedColumns

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from reltype.api import Opened
    from reltype.inputs.input import Input

_CLOSED = re.compile(
    r"(closed|resolved|solved|completed|resolution|close|solved_?at|geschlossen|erledigt|gelöst|"
    r"clos|résolu|cerrado|resuelto)(.?(at|on|date|time|am|le|el))?",
    re.IGNORECASE,
)
_STATUS = re.compile(r"(ticket.?)?(status|state|stage|estado|statut|zustand)", re.IGNORECASE)
_DONE = (
    "closed", "resolved", "solved", "done", "fixed", "completed", "complete", "answered",
    "geschlossen", "erledigt", "gelöst", "fermé", "résolu", "cerrado", "resuelto", "gesloten",
    "opgelost", "chiuso", "risolto",
)  # fmt: skip
_WORDS = 3
"""Words that a cell must have on average for its column to pass for text when nobody names one."""

ROW = "reltype_row"


@frozen(eq=False)
class Tickets:
    """One entry for each row of the input, in its order.

    Attributes:
        name: The input.
        columns: Where the texts stand.
        texts: What was written, personal data masked; null where nothing was, or we wrote it.
        customer: Who wrote; None where no column says so.
        day: (rows,) days since 1970-01-01, NaN where unknown.
        resolved: (rows,) 1 or 0, NaN where nothing tells.
        took: (rows,) days until it was resolved, NaN where unknown.
        notes: What was assumed.
    """

    name: str
    columns: tuple[str, ...]
    texts: pa.Array
    customer: pa.Array | None
    day: NDArray[np.float64]
    resolved: NDArray[np.float64]
    took: NDArray[np.float64]
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.texts)


def read(
    opened: Opened,
    text: Sequence[str] = (),
    *,
    status: str | None = None,
    closed: str | None = None,
) -> Tickets:
    """The tickets of the one input that has the columns *text*.

    Args:
        opened: The inputs.
        text: Columns whose texts are read one after the other; none: found by their look.
        status: The column that says whether a ticket is done; None: found by its name.
        closed: The column of the day on which it was; None: found by its name.

    Raises:
        InputError: No input has such columns, or none looks like text.
    """
    item, columns = _holding(opened, text)
    notes = [] if text else [f"read {', '.join(map(repr, columns))} as the text (--text names it)"]
    mapped = item.guess.mapping.columns
    known = {n: mapped[n] for n in ("customer_id", "timestamp", "direction") if n in mapped}
    if "customer_id" not in known:
        notes.append("no column says who wrote (--map customer_id=COLUMN), so nobody is counted")
    status = _named(item, status, "--status") or _found(item, _STATUS, columns)
    closed = _named(item, closed, "--closed") or _found(item, _CLOSED, (*columns, status or ""))
    asked = [*columns, *([status] if status else [])]
    keep = [ROW, *(f"{ROW}_{i}" for i in range(len(asked)))]
    added = "".join(f", {quote(name)} AS {ROW}_{i}" for i, name in enumerate(asked))
    rows = f"(SELECT row_number() OVER () AS {ROW}{added}, * FROM {item.relation})"
    types = {ROW: "BIGINT", **dict.fromkeys(keep[1:], "VARCHAR"), **item.types}
    sql = Mapping("interactions", known).select(rows, types, keep=keep)
    ended = _time_of(opened, item, closed)
    if ended is not None:
        sql = (
            f"SELECT s.*, closed.timestamp AS closed_at FROM ({sql}) s JOIN "
            f"({ended.select(rows, types, keep=[ROW])}) closed USING ({ROW})"
        )
    else:
        sql = f"SELECT *, CAST(NULL AS TIMESTAMP) AS closed_at FROM ({sql})"
    cells = [f"nullif(trim(CAST({name} AS VARCHAR)), '')" for name in keep[1:]]
    written = ", ".join(cells[: len(columns)])
    state = f"lower({cells[-1]})" if status else "NULL"
    table = opened.engine.table(
        f"""SELECT customer_id, epoch(timestamp) / 86400 AS day,
          CASE WHEN direction IS DISTINCT FROM 'outbound'
            THEN nullif(concat_ws('\n', {written}), '') END AS written,
          CAST({state} AS VARCHAR) AS state, epoch(closed_at) / 86400 AS closed
        FROM ({sql}) ORDER BY {ROW}"""
    )
    day, end = doubles(table.column("day")), doubles(table.column("closed"))
    resolved = np.full(len(day), np.nan)
    if status:
        resolved = _done(table.column("state").to_pylist())
    elif closed and np.isfinite(end).any():
        resolved = np.isfinite(end).astype(float)
    if status or closed:
        at = " and ".join(repr(name) for name in (status, closed) if name)
        notes.append(f"whether and when a ticket was resolved is read from {at}")
    took = np.where(end >= np.floor(day), np.maximum(end - day, 0), np.nan)
    has_customer = "customer_id" in known
    customer = table.column("customer_id").combine_chunks() if has_customer else None
    return Tickets(
        item.source.name,
        columns,
        masked(table.column("written").combine_chunks()),
        customer,
        np.floor(day),
        resolved,
        took,
        tuple(notes),
    )


def _holding(opened: Opened, text: Sequence[str]) -> tuple[Input, tuple[str, ...]]:
    """The input with the text, and its columns as they are written there."""
    for item in opened.inputs.items:
        if text and all(_match(item, name) for name in text):
            return item, tuple(_match(item, name) or name for name in text)
    if text:
        known = [name for item in opened.inputs.items for name in item.source.columns]
        missing = next((n for n in text if n.casefold() not in {k.casefold() for k in known}), None)
        if missing is None:
            raise InputError(f"--text {','.join(text)}: no one file has all of these columns.")
        raise InputError(
            f"--text: there is no column {missing!r}.{did_you_mean(missing, known)} "
            f"There are {', '.join(map(repr, known[:12]))}."
        )
    worded = [
        (words, item, name)
        for item in opened.inputs.items
        for name, words in _words(opened, item).items()
        if words >= _WORDS
    ]
    if not worded:
        raise InputError("No column looks like text that people wrote: name it with --text COLUMN.")
    _, item, name = max(worded, key=lambda found: found[0])
    return item, (name,)


def _words(opened: Opened, item: Input) -> dict[str, float]:
    """Column → different words a cell on average, over a sample; 0 where cells repeat."""
    sample = sources.sample(opened.engine.reader, item.source, 400)
    found: dict[str, float] = {}
    for name in sample.column_names:
        cells = [c for c in sample.column(name).to_pylist() if isinstance(c, str) and c.strip()]
        lengths = [len(set(cell.split())) for cell in cells]
        varied = len(set(cells)) > len(cells) / 10
        found[name] = float(np.mean(lengths)) if cells and varied else 0.0
    return found


def _match(item: Input, name: str) -> str | None:
    """The column called *name*: as written, else whatever the case of its letters."""
    if name in item.source.columns:
        return name
    alike = [c for c in item.source.columns if c.strip().casefold() == name.strip().casefold()]
    return alike[0] if len(alike) == 1 else None


def _named(item: Input, name: str | None, flag: str) -> str | None:
    if name is None:
        return None
    found = _match(item, name)
    if found is None:
        raise InputError(
            f"{flag}: {item.source.name} has no column {name!r}."
            f"{did_you_mean(name, item.source.columns)}"
        )
    return found


def _found(item: Input, pattern: re.Pattern[str], without: Sequence[str]) -> str | None:
    return next(
        (
            name
            for name in item.source.columns
            if name not in without and pattern.fullmatch(name.strip().replace(" ", "_"))
        ),
        None,
    )


def _time_of(opened: Opened, item: Input, column: str | None) -> Mapping | None:
    """How *column* is read as a time; None where there is no such column."""
    if column is None:
        return None
    source = item.source
    sample = sources.sample(opened.engine.reader, source)
    table = NamedColumns.of(source.name, columns_of(source.columns, source.types, sample))
    found = next(one for one in table.columns if one.name == column)
    conversion = choose_conversion("timestamp", found, table.names[column], "TIMESTAMP")
    text = found.quoted if conversion is None else conversion.expression
    return Mapping("interactions", {"timestamp": text})


def _done(states: Sequence[str | None]) -> NDArray[np.float64]:
    """1 where a state says that the matter is closed, 0 where another stands, NaN where none."""
    return np.array(
        [np.nan if not state else float(any(w in _DONE for w in re.findall(r"\w+", state)))
         for state in states],
        float,
    )  # fmt: skip

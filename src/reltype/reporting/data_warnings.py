"""Data warnings: what a stray export does to the numbers, told in sentences; nothing is mended."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from reltype.engines import first
from reltype.expressions import literal, quote
from reltype.formats.printing import counted
from reltype.mapping.canonical import LEFT_OUT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reltype.engines import Engine
    from reltype.inputs import Inputs
    from reltype.inputs.input import Input
    from reltype.scoring.population import Counts, Population

DOMINANT = 0.4
"""A customer with a larger share of the rows is hardly one person."""

LOOKED_AT = 2_000_000
"""Rows up to which a log is read once more to look for duplicates and half days."""

EARLY_HOURS = 3
"""A last day that ends so much earlier than days usually do, and has less than half of their rows,
was still going on."""

_WIDE = 300
_MIDNIGHTS = 0.9


def data_warnings(
    population: Population, inputs: Inputs, counts: Counts, *, thorough: bool = False
) -> list[str]:
    """Sentences about rows that would bend the result.

    Args:
        population: The customers, grouped.
        inputs: What they were read from.
        counts: What became of the rows.
        thorough: Look through large logs, too.
    """
    told = list(_grouped(population, inputs, counts))
    logs = [item for item in inputs.items if item.guess.role == "interactions"]
    small = counts.rows <= LOOKED_AT
    for item in inputs.items:
        where = f"{item.source.name}: " if len(inputs.items) > 1 else ""
        if small or thorough:
            if counts.rejected or counts.left_out or counts.unread:
                told += [where + text for text in _unread(population.engine, inputs, item)]
            if item in logs:
                told += [where + text for text in _log(population, inputs, item)]
    if logs and not (small or thorough):
        told.append(
            f"more than {LOOKED_AT:,} rows: not looked through for duplicated rows or a half last "
            "day; reltype inspect does."
        )
    return told


def _grouped(population: Population, inputs: Inputs, counts: Counts) -> Iterator[str]:
    """What the grouped customers show, whatever their number."""
    if counts.repeated:
        yield (
            f"{counted(counts.repeated, 'customer')} in several rows of a customer table: "
            "the largest value of each fact was taken."
        )
    if counts.late and population.as_of is None:
        yield (
            f"{counted(counts.late, 'row')} after today ({population.until}): not used. "
            "--as-of DAY reads the relationships as of another day."
        )
    if not inputs.logs:
        return
    most = population.first(
        "SELECT arg_max(customer_id, log_rows) AS who, max(log_rows) AS most,"
        f" CAST(sum(log_rows) AS BIGINT) AS all_rows, count(*) AS customers FROM {population.facts}"
        " WHERE customer_id IS NOT NULL"
    )
    if most["customers"] > 2 and most["most"] > 20 and most["most"] >= DOMINANT * most["all_rows"]:
        yield (
            f"customer {most['who']!r} has {most['most'] / most['all_rows']:.0%} of the rows. If it "
            "is a collective account (guest, cash, test), leave it out with where in reltype.toml."
        )


def _log(population: Population, inputs: Inputs, item: Input) -> Iterator[str]:
    """What only the rows of a log show: duplicates, money paid back, a half last day."""
    engine = population.engine
    if len(item.types) <= _WIDE:
        every = ", ".join(quote(name) for name in item.types)
        row = first(
            engine,
            f"SELECT count(*) - count(DISTINCT hash({every})) AS again FROM {item.relation}",
        )
        if row["again"]:
            yield (
                f"{counted(row['again'], 'row')} the same as another in every column. All were used,"
                " since two equal purchases look so, too. To drop them, write in reltype.toml"
                ' from = { log = "FILE" } and sql = "SELECT DISTINCT * FROM log".'
            )
    refunds = "net" if inputs.refunds == "raise" else inputs.refunds
    canonical = population.looked_at(item.select(refunds=refunds))
    yield from _paid_back(engine, inputs, item, canonical)
    yield from _paid_events(engine, item, canonical)
    yield from _half_day(population, canonical)


def _paid_back(engine: Engine, inputs: Inputs, item: Input, canonical: str) -> Iterator[str]:
    if "value" not in item.guess.mapping.columns or inputs.refunds != "net":
        return
    row = first(
        engine,
        f"SELECT count_if(kind = 'refund') AS back FROM ({canonical}) WHERE reject IS NULL",
    )
    if row["back"]:
        yield (
            f"{counted(row['back'], 'row')} of money paid back, which counts against purchases "
            "(--refunds net; drop leaves them out, raise stops at the first)."
        )


def _paid_events(engine: Engine, item: Input, canonical: str) -> Iterator[str]:
    """Words that stand for an event, or for nothing known, though their rows carry money."""
    if not {"kind", "value"} <= set(item.guess.mapping.columns) or "state" in item.guess.sources:
        return
    rows = engine.rows(
        f"SELECT kind_as_written, kind, count(*) AS n, sum(value) FROM ({canonical}) WHERE reject IS NULL"
        " AND kind IN ('event', 'other') AND value > 0 GROUP BY ALL ORDER BY n DESC, 1 LIMIT 6"
    )
    if rows:
        told = [
            f"{word!r} ({counted(int(n), 'row')}, {paid:,.2f} in all)"
            for word, _, n, paid in rows[:5]
        ]
        more = " and others" if len(rows) > 5 else ""
        yield (
            f"kind: {', '.join(told)}{more} carry money and count as no purchase; if one is, write "
            f'in reltype.toml under [kinds]: "{rows[0][0]}" = "purchase".'
        )


def _half_day(population: Population, canonical: str) -> Iterator[str]:
    """Whether the log ends in the middle of a day."""
    last = population.usual.as_of
    row = first(
        population.engine,
        f"""WITH moments AS (SELECT timestamp AS moment, timestamp::DATE AS day FROM ({canonical})
              WHERE reject IS NULL AND timestamp < {literal(str(last))}::DATE + INTERVAL 1 DAY),
            days AS (SELECT day, max(epoch(moment - day::TIMESTAMP)) / 3600 AS ends, count(*) AS n
              FROM moments GROUP BY day),
            usual AS (SELECT median(ends) AS ends, median(n) AS n FROM
              (FROM days WHERE day < {literal(str(last))}::DATE ORDER BY day DESC LIMIT 30))
            SELECT usual.ends AS usually, usual.n AS rows, days.ends, days.n,
              (SELECT avg((moment = day::TIMESTAMP)::INTEGER) FROM moments) AS midnights
            FROM days, usual WHERE day = {literal(str(last))}::DATE""",
    )
    if not row or row["usually"] is None or row["midnights"] > _MIDNIGHTS:
        return
    if row["ends"] < row["usually"] - EARLY_HOURS and row["n"] < row["rows"] / 2:
        yield (
            f"the log ends on {last} at {_clock(row['ends'])}, in the middle of a day (others go "
            f"on to about {_clock(row['usually'])}). --as-of {_before(last)} leaves that day out."
        )


def _unread(engine: Engine, inputs: Inputs, item: Input) -> Iterator[str]:
    """Why rows were rejected, and which cells could not be read, by column."""
    canonical = item.select(refunds=inputs.refunds, features=inputs.features)
    found = engine.rows(
        f"SELECT reject, count(*) AS n FROM ({canonical}) WHERE reject IS NOT NULL "
        "GROUP BY reject ORDER BY n DESC, reject LIMIT 5"
    )
    for reject, n in found:
        column, _, reason = reject.partition(": ")
        if column == LEFT_OUT:
            yield f"{counted(n, 'row')} left out: {reason}."
        else:
            yield f"{counted(n, 'row')} rejected: {reason} ({column})."
    listed = ", ".join(map(literal, item.guess.mapping.columns))
    cells = engine.rows(
        f"""SELECT split_part(cell, ': ', 1) AS name, count(*) AS n, min(cell) AS example FROM
            (SELECT unnest(string_split(unread, '; ')) AS cell FROM ({canonical})
             WHERE unread IS NOT NULL AND reject IS NULL)
            WHERE name IN ({listed}) GROUP BY name ORDER BY n DESC, name"""
    )
    for name, n, example in cells:
        shown = example.partition(": ")[2]
        yield (
            f"{counted(n, 'cell')} of {name} could not be read, such as {shown}, and "
            f"count{'s' * (n == 1)} as not seen."
        )


def _clock(hours: float) -> str:
    return f"{int(hours):02d}:{int(hours % 1 * 60):02d}"


def _before(day: dt.date) -> dt.date:
    return day - dt.timedelta(days=1)

"""Meetings: whether the sides of a run name the same customers, and which spellings keep them apart."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from reltype.engines import first
from reltype.expressions import parse, quote
from reltype.formats.printing import counted
from reltype.mapping.spellings import SPELLINGS, Spelling, normalized

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reltype.engines import Engine
    from reltype.inputs import Inputs
    from reltype.inputs.input import Input
    from reltype.scoring.population import Population

LEAST = 0.5
"""Share of the smaller side that should be found on the other."""

_OFTEN = 0.3
"""Share of the ids in two spellings from which on a bold guess is told."""


def meetings(population: Population, inputs: Inputs) -> list[str]:
    """Sentences about who is on which side of a run, and about ids that are spelled in two ways.

    What hardly meets comes first.
    """
    engine = population.engine
    told: list[str] = []
    if population.facts and population.customers:
        told += _sides(engine, population, inputs)
        told += [*_too_early(engine, population), *_too_late(engine, population)]
    if not any("hardly speak" in text for text in told):
        told += _spelled(engine, population, inputs)
    return told


def _ids(table: str) -> str:
    return f"(SELECT customer_id AS id FROM {table} WHERE customer_id IS NOT NULL)"


def _sides(engine: Engine, population: Population, inputs: Inputs) -> Iterator[str]:
    """How many of the log are in the customer table, and the other way round."""
    log, table = _ids(population.facts), _ids(population.customers)
    seen = first(
        engine,
        f"SELECT (SELECT count(*) FROM {log}) AS log, (SELECT count(*) FROM {table}) AS listed,"
        f" (SELECT count(*) FROM {log} l JOIN {table} t ON l.id = t.id) AS met",
    )
    logs = _names(inputs.with_role("interactions"))
    tables = _names(inputs.with_role("customers"))
    n, listed, met = (int(seen[name]) for name in ("log", "listed", "met"))
    if min(n, listed) == 0:
        return
    if met >= LEAST * min(n, listed):
        yield (
            f"{tables}: {counted(listed, 'customer')}, of whom {met:,} are in the log; {n - met:,} of "
            f"the log's {n:,} are not in it."
        )
        return
    examples = first(
        engine,
        f"SELECT (SELECT min(id) FROM {log} WHERE id NOT IN (SELECT id FROM {table})) AS log,"
        f" (SELECT min(id) FROM {table} WHERE id NOT IN (SELECT id FROM {log})) AS listed",
    )
    text = (
        f"{logs} and {tables} hardly speak of the same customers: of {n:,} and {listed:,} only {met:,} "
        f"are in both. One says {examples['log']!r}, the other {examples['listed']!r}"
    )
    best, meet, way = None, met, ""
    if (folded := _met_by(engine, normalized("id"), log, table)) > met:
        best, meet, way = "letter case or signs that nobody sees", folded, "--normalize-ids"
    for spelling in SPELLINGS:
        found = _met_by(engine, _sql(spelling), log, table)
        if found > meet:
            best, meet = spelling.description, found
            way = _way(engine, spelling, inputs, population)
    if best is None:
        yield f"{text}. Nothing that exports usually do to ids makes them meet: see which column is which."
        return
    yield f"{text}: they differ by {best}. {counted(meet, 'customer')} would meet with {way}"


def _too_early(engine: Engine, population: Population) -> Iterator[str]:
    """Customers of whom the log knows before the table says that they became customers."""
    if "since_day" not in population.given:
        return
    row = first(
        engine,
        f"""SELECT count(*) AS n, count_if(f.log_first_day < t.given_since_day - 1) AS early,
            arg_min(f.customer_id, f.log_first_day - t.given_since_day) AS who,
            min(f.log_first_day - t.given_since_day) AS days
            FROM {population.facts} f JOIN {population.customers} t ON f.customer_id = t.customer_id
            WHERE t.given_since_day IS NOT NULL""",
    )
    if row["early"]:
        yield (
            f"{row['early']:,} of {counted(int(row['n']), 'customer')} did something before the day on "
            f"which the table says that they became customers ({row['who']!r}: {-int(row['days']):,} days "
            "before): one of the two is not what it is called. The log goes first."
        )


def _too_late(engine: Engine, population: Population) -> Iterator[str]:
    """Customers who bought after the day on which the table says that they left."""
    if "left_day" not in population.given:
        return
    row = first(
        engine,
        f"""SELECT count(*) AS n, count_if(f.log_last_day > t.given_left_day + 1) AS late,
            arg_max(f.customer_id, f.log_last_day - t.given_left_day) AS who,
            max(f.log_last_day - t.given_left_day) AS days
            FROM {population.facts} f JOIN {population.customers} t ON f.customer_id = t.customer_id
            WHERE t.given_left_day IS NOT NULL""",
    )
    if row["late"]:
        yield (
            f"{row['late']:,} of {counted(int(row['n']), 'customer')} did something after the day on "
            f"which the table says that they left ({row['who']!r}: {int(row['days']):,} days after): one "
            "of the two is not what it is called. The table goes first."
        )


def _met_by(engine: Engine, sql: str, log: str, table: str) -> int:
    """How many customers meet under a spelling; 0 where it makes one of many."""
    row = first(
        engine,
        f"""WITH l AS (SELECT DISTINCT {sql} AS id FROM {log}),
            t AS (SELECT DISTINCT {sql} AS id FROM {table})
            SELECT (SELECT count(*) FROM l) AS logs, (SELECT count(*) FROM t) AS listed,
              (SELECT count(*) FROM l JOIN t ON l.id = t.id WHERE l.id <> '') AS met,
              (SELECT count(*) FROM {log}) AS all_logs, (SELECT count(*) FROM {table}) AS all_listed""",
    )
    kept = row["logs"] >= 0.9 * row["all_logs"] and row["listed"] >= 0.9 * row["all_listed"]
    return int(row["met"]) if kept else 0


def _sql(spelling: Spelling) -> str:
    return parse(spelling.expression("id"), where="spelling", columns={"id": "text"}).sql()


def _way(engine: Engine, spelling: Spelling, inputs: Inputs, population: Population) -> str:
    """What to write, so that the customers of all inputs meet."""
    sql = _sql(spelling)
    sides = (("interactions", population.facts), ("customers", population.customers))
    changed: list[Input] = []
    for role, table in sides:
        differs = f"SELECT count_if({sql} <> id) AS n FROM {_ids(table)}"
        if table and first(engine, differs)["n"]:
            changed += inputs.with_role(role)  # type: ignore[arg-type]
    columns = {item.guess.sources.get("customer_id") for item in changed}
    if len(columns) == 1 and (column := columns.pop()) is not None:
        text = spelling.expression(_reference(column))
        plain = not set(text) & set('"`\\')
        return (
            f'--map customer_id="{text}"'
            if plain
            else "--map " + shlex.quote(f"customer_id={text}")
        )
    lines = " and ".join(
        f'[{item.guess.role}] from = "{item.source.name}", customer_id = '
        f"{_toml(spelling.expression(_reference(str(item.guess.sources.get('customer_id')))))}"
        for item in changed
    )
    return f"these lines of reltype.toml: {lines}"


def _reference(column: str) -> str:
    return column if column.isidentifier() and column.islower() else quote(column)


def _toml(text: str) -> str:
    return "'''" + text + "'''" if '"' in text or "\\" in text else f'"{text}"'


def _spelled(engine: Engine, population: Population, inputs: Inputs) -> Iterator[str]:
    """Customers who stand there in two spellings."""
    parts = [_ids(table) for table in (population.facts, population.customers) if table]
    if not parts:
        return
    union = " UNION ".join(f"SELECT id FROM {part}" for part in parts)
    every = f"({union})"
    unseen = "letter case, the composition of accents or signs that nobody sees"
    ways: list[tuple[str, str, float, Spelling | None]] = [(unseen, normalized("id"), 0.0, None)]
    ways += [(s.description, _sql(s), 0.0 if s.safe else _OFTEN, s) for s in SPELLINGS[:5]]
    size = int(first(engine, f"SELECT count(*) AS n FROM {every}")["n"])
    for told, sql, least, spelling in ways:
        row = first(engine, _twice(every, sql))
        n = int(row["people"] or 0)
        if n == 0 or 2 * n < least * size:
            continue
        how = "--normalize-ids joins them."
        if spelling is not None:
            how = f"To join them: {_way(engine, spelling, inputs, population)}"
        yield (
            f"{counted(n, 'customer')} in several spellings that differ in {told} only, such as "
            f"{row['one']!r} and {row['other']!r}. {how}"
        )
        return


def _twice(ids: str, sql: str) -> str:
    """Counts ids that only a spelling keeps apart: those that it changes, and whom they meet."""
    return f"""WITH every AS (SELECT id, {sql} AS folded FROM {ids}),
        changed AS (SELECT DISTINCT folded FROM every WHERE id <> folded),
        met AS (SELECT folded, min(id) AS one, max(id) AS other, count(*) AS n FROM every
          WHERE folded IN (SELECT folded FROM changed) AND folded <> '' GROUP BY folded
          HAVING count(*) > 1)
        SELECT count(*) AS people, arg_min(one, folded) AS one, arg_min(other, folded) AS other
        FROM met"""


def _names(items: Iterator[Input]) -> str:
    return " and ".join(item.source.name for item in items)

"""Periods: facts of a customer up to each of several days, from one pass over the log.

What was counted of a customer in one period merges with what was counted in the next: sums and
counts add, extremes compare, a mean is a sum and a count, and a gap between two days belongs to the
later of them. So the rows are grouped once by customer and period, and that small table is grouped
again for each day. Aggregates that do not merge (a median, distinct values) are counted from the
rows for each day.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from attrs import field, frozen

from reltype.expressions import literal, quote
from reltype.scoring import columns as col
from reltype.scoring import query
from reltype.scoring.nulls import Nulls

if TYPE_CHECKING:
    from reltype.scoring.plan import Plan

_MERGED = {
    "COUNT": "CAST(sum({}) AS BIGINT)",
    "SUM": "sum({})",
    "MIN": "min({})",
    "MAX": "max({})",
    "BOOL_OR": "bool_or({})",
    "BOOL_AND": "bool_and({})",
}
"""Aggregate → what merges its values of several periods."""

_CALL = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\b([A-Z_]+)\(")
_OTHERS = re.compile(
    r"\b(STDDEV\w*|VAR\w*|MEDIAN|QUANTILE\w*|PERCENTILE\w*|CORR\w*|ARG_\w+|MODE|LIST|DISTINCT)\b"
)


@frozen
class Merging:
    """Aggregates taken apart.

    Attributes:
        parts: Column → SQL of an aggregate over the rows of one period.
        merged: Column → SQL of the same over the rows of all periods, from the parts.
        whole: Feature → its SQL over *merged*.
        apart: Feature → SQL over rows, of what does not merge.
    """

    parts: Mapping[str, str] = field(factory=dict)
    merged: Mapping[str, str] = field(factory=dict)
    whole: Mapping[str, str] = field(factory=dict)
    apart: Mapping[str, str] = field(factory=dict)


def merging(aggregates: Mapping[str, str]) -> Merging:
    """Take aggregates apart into what merges.

    Args:
        aggregates: Feature → SQL as an expression writes it: capital letters for functions.

    Example:
        >>> found = merging({"spend": 'SUM("value")', "usual": 'AVG("value")'})
        >>> list(found.parts.values())
        ['SUM("value")', 'COUNT("value")']
        >>> found.whole["usual"]
        '("part_0" / nullif("part_1", 0))'
    """
    parts: dict[str, str] = {}
    names: dict[str, str] = {}
    merged: dict[str, str] = {}
    whole: dict[str, str] = {}
    apart: dict[str, str] = {}

    def part(function: str, argument: str) -> str:
        sql = f"{function}({argument})"
        if sql not in names:
            name = names[sql] = f"part_{len(names)}"
            parts[name] = sql
            merged[name] = _MERGED[function].format(quote(name))
        return quote(names[sql])

    for feature, sql in aggregates.items():
        if _OTHERS.search(_unquoted(sql)):
            apart[feature] = sql
            continue
        made, place = [], 0
        for call in _CALL.finditer(sql):
            function = call[1]
            if call.start() < place or not (function in _MERGED or function == "AVG"):
                continue
            end = _closing(sql, call.end())
            argument = sql[call.end() : end]
            made.append(sql[place : call.start()])
            if function == "AVG":
                total, count = part("SUM", argument), part("COUNT", argument)
                made.append(f"({total} / nullif({count}, 0))")
            else:
                made.append(part(function, argument))
            place = end + 1
        whole[feature] = "".join([*made, sql[place:]])
    return Merging(parts, merged, whole, apart)


def _unquoted(sql: str) -> str:
    return _CALL.sub(lambda call: call[0] if call[1] else "''", sql)


def _closing(sql: str, start: int) -> int:
    """Where the bracket that is open at *start* is closed."""
    depth, place = 1, start
    while depth:
        if sql[place] in "'\"":
            place = sql.index(sql[place], place + 1)
        depth += {"(": 1, ")": -1}.get(sql[place], 0)
        place += 1
    return place - 1


@frozen
class Periods:
    """How facts are counted per period, and merged.

    Attributes:
        parts: SQL of a row per customer and period, `period` counted from 0, with the parts.
        days: The last day of each period, in days since 1970-01-01.
        rows: SQL of the rows themselves, for what does not merge.
        taken: The aggregates, taken apart.
    """

    parts: str
    days: tuple[int, ...]
    rows: str
    taken: Merging

    def merged(self, table: str, window: int | None = None) -> str:
        """SQL of the facts up to each day: `customer_id`, `as_of_day` (DOUBLE) and `fact_…`.

        A customer has a row for each day up to which anything is known of them.

        Args:
            table: The engine's table of `parts`.
            window: How many periods count, the one that ends on the day the last; None: all.
        """
        listed = ", ".join(f"({i}, {float(n)!r})" for i, n in enumerate(self.days))
        begins = [
            -(10**9) if window is None or i < window else self.days[i - window]
            for i in range(len(self.days))
        ]
        starts = ", ".join(f"({i}, {n})" for i, n in enumerate(begins))
        since = "" if window is None else f" AND p.period > d.period - {window}"
        merged = "".join(f", {sql} AS {quote(n)}" for n, sql in self.taken.merged.items())
        whole = "".join(f", {sql} AS {quote(col.fact(n))}" for n, sql in self.taken.whole.items())
        base = f"""
            WITH days(period, as_of_day) AS (VALUES {listed}),
            merged AS (
              SELECT customer_id, d.as_of_day{merged}
              FROM {table} p JOIN days d ON p.period <= d.period{since}
              GROUP BY customer_id, d.as_of_day)"""
        if not self.taken.apart:
            return f"{base} SELECT customer_id, as_of_day{whole} FROM merged"
        apart = "".join(f", {sql} AS {quote(col.fact(n))}" for n, sql in self.taken.apart.items())
        return f"""{base},
            starts(period, begins) AS (VALUES {starts}),
            apart AS (
              SELECT customer_id, as_of_day{apart}
              FROM ({self.rows}) r JOIN (days JOIN starts USING (period)) d
                ON r.day <= d.as_of_day AND r.day > d.begins
              WHERE customer_id IS NOT NULL GROUP BY ALL)
            SELECT m.customer_id, m.as_of_day{whole}, a.* EXCLUDE (customer_id, as_of_day)
            FROM merged m JOIN apart a USING (customer_id, as_of_day)"""


def periods(
    plan: Plan,
    selects: Sequence[str],
    days: Sequence[dt.date],
    *,
    absent: Collection[str] = (),
    orders: bool = False,
    nulls: Nulls = query.NO_NULLS,
    without: Sequence[str] = (),
) -> Periods:
    """What counts the facts of `query.facts` in the periods that end on *days*, ascending.

    Args:
        plan: What is asked.
        selects: One SELECT of canonical columns for each log.
        days: As-of days; the first period is all that lies before the first.
        absent: Columns that are null in all logs.
        orders: The selects have a row per order.
        nulls: What is null everywhere.
        without: Ids that are no customers.
    """
    asked = query.aggregates(plan, nulls)
    needs = {name for expression in asked.values() for name in expression.needs}
    taken = merging({name: expression.sql() for name, expression in asked.items()})
    until = f"DATE '{days[-1]}'"
    rows = query.interactions(selects, needs, until=until, absent=absent, orders=orders)
    if without:
        rows = (
            f"SELECT * FROM ({rows}) WHERE customer_id NOT IN ({', '.join(map(literal, without))})"
        )
    numbers = tuple((day - dt.date(1970, 1, 1)).days for day in days)
    cases = " ".join(f"WHEN day <= {n} THEN {i}" for i, n in enumerate(numbers))
    parts = "".join(f", {sql} AS {quote(name)}" for name, sql in taken.parts.items())
    counted = f"""
        SELECT customer_id, CAST(CASE {cases} END AS SMALLINT) AS period{parts} FROM ({rows})
        WHERE customer_id IS NOT NULL GROUP BY ALL"""
    return Periods(counted, numbers, rows, taken)

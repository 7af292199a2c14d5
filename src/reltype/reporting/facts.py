"""Facts: what was counted of each customer, before anything is judged.

A fact is a feature of the catalogue: counts, sums, days and what follows from them. `table` gives a
row per customer with every fact by its name, `sheet` one customer's for people.
"""

from __future__ import annotations

import datetime as dt
from itertools import chain
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from reltype.errors import InputError
from reltype.expressions import literal, quote
from reltype.formats.printing import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reltype.definitions.features import Feature
    from reltype.scoring.population import Population

ENDED = "ended"
"""The fact that says that somebody left: the day as ISO text, or `yes` where it is not known."""


def batches(population: Population, customer_id: str | None = None) -> Iterator[pa.RecordBatch]:
    """Every fact of every customer, sorted by customer; in the engine, batch by batch.

    Columns: `customer_id`, then each feature by its name. Days are dates, counts from a log whole
    numbers, yes or no a truth, all else doubles; null is not seen. `ended` is text: see `ENDED`.

    Args:
        population: The customers; its plan measures everything.
        customer_id: Only this one.

    Raises:
        InputError: There is no such customer.
    """
    where = "true" if customer_id is None else f"customer_id = {literal(customer_id)}"
    sql = f"SELECT {_columns(population)} FROM ({population.features(where)})"
    none = True
    for batch in population.engine.batches(f"{sql} ORDER BY customer_id"):
        none = False
        yield batch
    if none and customer_id is not None:
        raise InputError(f"There is no customer {customer_id!r} in this input.")


def table(population: Population, customer_id: str | None = None) -> pa.Table:
    """The same as one table. Raises InputError if there is no such customer."""
    names, found = opened(population, customer_id)
    return pa.Table.from_batches(found, names)


def opened(
    population: Population, customer_id: str | None = None
) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """The names and types of `batches`, and these. Raises InputError if there is no such customer."""
    found = batches(population, customer_id)
    first = next(found, None)
    if first is not None:
        return first.schema, chain([first], found)
    sql = f"SELECT {_columns(population)} FROM ({population.features('false')})"
    return population.engine.table(sql).schema, found


def _columns(population: Population) -> str:
    asked = population.plan.catalogue.features.values()
    return ", ".join(
        ["customer_id", *(f"{_as_fact(f, population)} AS {quote(f.name)}" for f in asked)]
    )


def _as_fact(feature: Feature, population: Population) -> str:
    """SQL of a feature as a person writes it."""
    name = quote(feature.name)
    if feature.name == ENDED:
        day = "strftime(DATE '1970-01-01' + CAST(ended_day AS INTEGER), '%Y-%m-%d')"
        return f"CASE WHEN {name} THEN coalesce({day}, 'yes') END"
    if feature.unit == "day":
        return f"DATE '1970-01-01' + CAST(floor({name}) AS INTEGER)"
    if feature.unit == "yes or no":
        return f"CAST({name} AS BOOLEAN)"
    if feature.unit == "money" and population.logs:
        return f"round(CAST({name} AS DOUBLE), {_DIGITS})"
    whole = feature.unit == "count" and feature.of.startswith("count(")
    return f"CAST({name} AS {'BIGINT' if whole and feature.name not in population.given else 'DOUBLE'})"


# Each amount lies within half a millionth of what was written (see `query.GRID`), so that the sum of
# n lies within n / 2 millionths: as many digits as that leaves are those of the file.
_DIGITS = "CASE WHEN log_rows > 1000 THEN 2 WHEN log_rows > 100 THEN 3 ELSE 4 END"


def weekdays(population: Population, customer_id: str) -> dict[int, int]:
    """On which days of the week a customer took steps: 1 (Monday) … 7 (Sunday) → how many.

    Reads the log once more, for this customer only; empty without a log.
    """
    if not population.logs:
        return {}
    rows = population.interactions(["weekday"])
    found = population.engine.rows(
        f"SELECT CAST(weekday AS INTEGER), count(*) FROM ({rows}) WHERE organic"
        f" AND customer_id = {literal(customer_id)} GROUP BY 1 ORDER BY 1"
    )
    return {int(day): int(n) for day, n in found}


_HIDDEN = {"", "1", "days²", "day²"}
"""Units of what only serves other facts, and says nothing to people."""


def sheet(population: Population, customer_id: str) -> str:
    """One customer's facts for people: a sentence of what counts, then all that was counted.

    Raises:
        InputError: There is no such customer.
    """
    facts = table(population, customer_id).to_pylist()[0]
    told = sentence(facts, weekdays(population, customer_id))
    lines = [f"{printable(customer_id)}: {told}", ""]
    units = {f.name: f.unit for f in population.plan.catalogue.features.values()}
    seen = {
        name: value
        for name, value in facts.items()
        if value not in (None, 0) and units.get(name, "") not in _HIDDEN and name != "day_sum"
    }
    width = max(map(len, seen), default=0)
    for name, value in seen.items():
        bare = units[name] in {"count", "day", "yes or no", "money"}
        lines.append(f"  {name:<{width}}  {_shown(value)}{'' if bare else f' {units[name]}'}")
    return "\n".join(lines)


def sentence(facts: Mapping[str, Any], weekdays: Mapping[int, int] | None = None) -> str:
    """What was counted, as a person would tell it.

    Args:
        facts: A row of `table`.
        weekdays: As the function of this name gives them; left out where it is not known.

    >>> import datetime as dt
    >>> day = dt.date(2024, 1, 5)
    >>> sentence({"purchases": 1, "spend": 10.0, "first_step_day": day, "last_step_day": day})
    '1 purchase on 5 January 2024, 10 in all.'
    """
    parts = [text for text in (_bought(facts), *_others(facts)) if text]
    if facts.get("first_day") is None:
        parts = [text for text in (_known(facts), *parts) if text]
    parts += [text for text in (_seen(facts), _when(weekdays or {}), _left(facts)) if text]
    if not parts:
        parts = ["nothing was seen"]
    return "; ".join(parts) + "."


def _bought(facts: Mapping[str, Any]) -> str:
    n, renewals = _whole(facts, "purchases"), _whole(facts, "renewals")
    counted = [_count(n, "purchase")] if n else []
    counted += [_count(renewals, "renewal")] if renewals else []
    first, last = facts.get("first_step_day"), facts.get("last_step_day")
    if not counted:
        first, last = facts.get("first_day"), facts.get("last_day")
        spent = facts.get("spend") if first is None else None
        return _span("seen", first, last) if first else f"{_money(spent)} spent" if spent else ""
    told = " and ".join(counted)
    if _whole(facts, "interactions") <= n:
        told = _span(told, first, last)
    spend, mean = facts.get("spend"), facts.get("value_mean")
    if spend is not None:
        told += f", {_money(spend)} in all"
        told += f", {_money(mean)} each" if n > 1 and mean is not None else ""
    return told


def _seen(facts: Mapping[str, Any]) -> str:
    """From when to when, where more than payments was seen."""
    n = _whole(facts, "purchases")
    paid = n + _whole(facts, "renewals")
    apart = paid and _whole(facts, "interactions") > n
    return _span("seen", facts.get("first_day"), facts.get("last_day")) if apart else ""


def _span(what: str, first: dt.date | None, last: dt.date | None) -> str:
    if first is None or last is None:
        return what
    if first == last:
        return f"{what} on {_day(first)}"
    return f"{what} from {_day(first)} to {_day(last)}"


_OTHERS = (
    ("visits", "visit"),
    ("messages", "message"),
    ("supports", "request for help"),
    ("complaints", "complaint"),
    ("reviews", "review or survey"),
    ("referrals", "referral"),
    ("responses", "answer to our mailings"),
    ("unpaid_orders", "order that was never paid"),
)
_PLURALS = {
    "request for help": "requests for help",
    "review or survey": "reviews and surveys",
    "answer to our mailings": "answers to our mailings",
    "order that was never paid": "orders that were never paid",
}


def _others(facts: Mapping[str, Any]) -> Iterator[str]:
    refunds, back = _whole(facts, "refunds"), facts.get("refunded")
    if refunds:
        yield _count(refunds, "refund") + (f" of {_money(back)}" if back else "")
    for name, noun in _OTHERS:
        if n := _whole(facts, name):
            yield _count(n, noun)


_WEEK = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")


def _when(weekdays: Mapping[int, int]) -> str:
    """The days of the week on which nearly all happens, if these are few."""
    steps = sum(weekdays.values())
    if steps < 4:
        return ""
    usual = [day for day, n in sorted(weekdays.items()) if n >= 0.2 * steps]
    if sum(weekdays[day] for day in usual) >= 0.8 * steps and len(usual) <= 2:
        return " and ".join(_WEEK[day - 1] for day in usual)
    weekend = weekdays.get(6, 0) + weekdays.get(7, 0)
    return "never on a weekend" if weekend == 0 else f"{weekend} of {steps} on a weekend"


def _left(facts: Mapping[str, Any]) -> str:
    ended = facts.get(ENDED)
    if ended is None:
        return ""
    return "left" if ended == "yes" else f"left on {_day(dt.date.fromisoformat(ended))}"


def _known(facts: Mapping[str, Any]) -> str:
    """Of somebody in a customer table only."""
    told = []
    if (since := facts.get("since_day")) is not None:
        told.append(f"a customer since {_day(since)}")
    elif (tenure := facts.get("tenure_days")) is not None:
        told.append(f"a customer for {tenure:,.0f} days")
    if (score := facts.get("nps")) is not None:
        told.append(f"NPS {score:g}")
    if (score := facts.get("satisfaction")) is not None:
        told.append(f"satisfaction {score:+.2f} on −1…1")
    return "; ".join(told)


def _whole(facts: Mapping[str, Any], name: str) -> int:
    return int(facts.get(name) or 0)


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun if n == 1 else _PLURALS.get(noun, noun + 's')}"


def _money(value: float) -> str:
    return f"{value:,.2f}".removesuffix(".00")


def _day(day: dt.date) -> str:
    return f"{day.day} {day:%B %Y}"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)

"""Course: how an issue goes over time, and what becomes of the customers who raise it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
from attrs import frozen

from reltype.arrow import doubles
from reltype.scoring.population import EPOCH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reltype.analyses.issues.tickets import Tickets
    from reltype.api import Opened

Every = Literal["week", "month", "quarter"]
EVERY: dict[str, float] = {"week": 7.0, "month": 365.25 / 12, "quarter": 365.25 / 4}
"""Step → its mean length in days."""

AFTER = 90
"""Days after a ticket in which affect and silence are looked at."""

ENOUGH = 10
"""Customers on either side below which a difference is not told."""

PERIODS = 4
"""Whole periods below which a trend is not told."""

Z = 1.959964
"""Half-width of a 95 % interval, in standard errors."""


@frozen
class Trend:
    """By which factor an issue's share of all tickets changes per period.

    Attributes:
        every: The period.
        factor: 1 where it stays as it is; None where it cannot be told.
        low, high: 95 % interval.
        says: `rising`, `falling`, `steady` (the interval lies within a tenth of 1) or
            `cannot tell`.
        counts: (period's first day, tickets of the issue, all tickets).
    """

    every: str
    factor: float | None
    low: float | None
    high: float | None
    says: str
    counts: tuple[tuple[dt.date, int, int], ...]


@frozen
class Difference:
    """A mean after an issue against that after all other issues, with a 95 % interval."""

    here: float
    elsewhere: float
    low: float
    high: float
    customers: int

    @property
    def says(self) -> str:
        """`more`, `less`, or `cannot tell` where the interval holds 0."""
        if self.low > 0:
            return "more"
        return "less" if self.high < 0 else "cannot tell"


def periods(day: NDArray[np.float64], every: str) -> NDArray[np.int64]:
    """(n,) index of the week, month or quarter that a day lies in; −1 where it is NaN."""
    known = np.isfinite(day)
    days = np.where(known, day, 0).astype("int64").astype("datetime64[D]")
    if every == "week":
        index = (days.astype("int64") + 3) // 7
    else:
        index = days.astype("datetime64[M]").astype("int64")
        index = index // 3 if every == "quarter" else index
    return np.where(known, index, -(10**9))


def starts(index: int, every: str) -> dt.date:
    """The first day of a period."""
    if every == "week":
        return EPOCH + dt.timedelta(days=index * 7 - 3)
    months = index * 3 if every == "quarter" else index
    return dt.date(1970 + months // 12, months % 12 + 1, 1)


def trend(mine: NDArray[np.bool_], day: NDArray[np.float64], every: str) -> Trend:
    """The trend of an issue's share, by quasi-Poisson regression on the period.

    log E[tickets of the issue] = log(all tickets) + a + b · period; the interval is widened by the
    dispersion (McCullagh & Nelder 1989, ch. 6). The first and the last period, of which only part
    may have been seen, count as they are: it is a share.
    """
    index = periods(day, every)
    seen = index > -(10**9)
    if not seen.any():
        return Trend(every, None, None, None, "cannot tell", ())
    first = index[seen].min()
    at = (index - first)[seen]
    total = np.bincount(at).astype(float)
    count = np.bincount(at[mine[seen]], minlength=len(total)).astype(float)
    told = tuple(
        (starts(int(first) + i, every), int(c), int(n))
        for i, (c, n) in enumerate(zip(count, total, strict=True))
    )
    used = total > 0
    if used.sum() < PERIODS or count.sum() < PERIODS:
        return Trend(every, None, None, None, "cannot tell", told)
    slope, error = _poisson(np.arange(len(total))[used].astype(float), count[used], total[used])
    factor, low, high = (float(np.exp(slope + z * error)) for z in (0, -Z, Z))
    steady = low > 1 / 1.1 and high < 1.1
    says = "rising" if low > 1 else "falling" if high < 1 else "steady" if steady else "cannot tell"
    return Trend(every, factor, low, high, says, told)


def _poisson(
    x: NDArray[np.float64], count: NDArray[np.float64], total: NDArray[np.float64]
) -> tuple[float, float]:
    """Slope and its standard error, by iteratively reweighted least squares."""
    centred = x - np.average(x, weights=total)
    design = np.column_stack([np.ones_like(x), centred])
    beta = np.array([np.log(count.sum() / total.sum()), 0.0])
    for _ in range(50):
        mean = total * np.exp(np.clip(design @ beta, -50, 5))
        step = np.linalg.lstsq((design.T * mean) @ design, design.T @ (count - mean), rcond=None)[0]
        beta = beta + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-10:
            break
    mean = total * np.exp(np.clip(design @ beta, -50, 5))
    spread = ((count - mean) ** 2 / np.maximum(mean, 1e-9)).sum() / max(len(x) - 2, 1)
    covariance = np.linalg.pinv((design.T * mean) @ design) * max(spread, 1.0)
    return float(beta[1]), float(np.sqrt(covariance[1, 1]))


@frozen(eq=False)
class After:
    """What followed each ticket within `AFTER` days.

    Attributes:
        affect: (tickets,) mean sentiment or rating −1…1; NaN where none was seen.
        silent: (tickets,) 1 where the customer took no further step, 0 where they did; NaN where
            the log ends too soon.
    """

    affect: NDArray[np.float64]
    silent: NDArray[np.float64]


def after(opened: Opened, tickets: Tickets) -> After | None:
    """What followed, by all logs of the input; None where there is no log with customers."""
    logs = [
        item.select() for item in opened.inputs.with_role("interactions") if not item.guess.problems
    ]
    if not logs or tickets.customer is None:
        return None
    asked = pa.table(
        {
            "ticket": np.arange(len(tickets)),
            "customer_id": tickets.customer,
            "day": pa.array(tickets.day, mask=~np.isfinite(tickets.day)),
        }
    )
    kept = opened.engine.materialise(asked, "asked")
    try:
        found = opened.engine.table(
            f"""WITH steps AS (
              SELECT customer_id, floor(epoch(timestamp) / 86400) AS step_day,
                coalesce(sentiment, rating) AS felt,
                kind NOT IN ('renewal', 'outreach', 'resolution', 'refund')
                  AND coalesce(direction, '') <> 'outbound' AS stepped
              FROM ({" UNION ALL ".join(f"({log})" for log in logs)})
              WHERE reject IS NULL),
            ends AS (SELECT max(step_day) AS last FROM steps)
            SELECT ticket, avg(felt) AS affect,
              CASE WHEN any_value(day) + {AFTER} <= any_value(last)
                THEN CAST(count(CASE WHEN stepped THEN 1 END) = 0 AS DOUBLE) END AS silent
            FROM {kept} a CROSS JOIN ends LEFT JOIN steps s
              ON s.customer_id = a.customer_id AND s.step_day > a.day AND s.step_day <= a.day + {AFTER}
            GROUP BY ticket ORDER BY ticket"""
        )
    finally:
        opened.engine.drop(kept)

    return After(doubles(found.column("affect")), doubles(found.column("silent")))


def difference(
    value: NDArray[np.float64], mine: NDArray[np.bool_], who: NDArray[np.int64]
) -> Difference | None:
    """The mean of *value* among customers with the issue less that among all others (Welch).

    Each customer counts once, with the mean over their tickets; one with tickets on both sides
    counts as having the issue.

    Args:
        value: (tickets,), NaN where unknown.
        mine: (tickets,) whether a ticket is of the issue.
        who: (tickets,) customer; −1 for nobody.
    """
    known = np.isfinite(value) & (who >= 0)
    if not known.any():
        return None
    count = int(who.max()) + 1
    inside = np.bincount(who[known & mine], minlength=count) > 0
    side = np.where(inside[np.maximum(who, 0)], mine, True) & known
    weight = np.bincount(who[side], minlength=count)
    means = np.bincount(who[side], value[side], minlength=count)[weight > 0] / weight[weight > 0]
    here, there = means[inside[weight > 0]], means[~inside[weight > 0]]
    if min(len(here), len(there)) < ENOUGH:
        return None
    gap = float(here.mean() - there.mean())
    error = float(np.sqrt(here.var(ddof=1) / len(here) + there.var(ddof=1) / len(there)))
    return Difference(
        float(here.mean()), float(there.mean()), gap - Z * error, gap + Z * error, len(here)
    )

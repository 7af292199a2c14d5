"""Days: on which days a review looks at everybody."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from reltype.analyses.tracking.days import back
from reltype.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reltype.definitions.standards import Standard
    from reltype.scoring.population import Scales

QUARTERS = 4
"""Quarters before the as-of day at which a standard is measured too, to see if it was ever reached."""


def step_back(one: Standard, day: dt.date, steps: int = 1) -> dt.date:
    """The day a step of the standard before *day*. Raises ConfigError where there is no such step."""
    try:
        return back(day, one.every, steps)
    except UsageError as error:
        raise one.complain("every", str(error).replace("--every", "every")) from error


def earlier(scales: Scales, *, log: bool) -> list[dt.date]:
    """The ends of the quarters before the as-of day, of which at least half a quarter was seen."""
    days = [back(scales.as_of, "quarter", n) for n in range(1, QUARTERS + 1)] if log else []
    first = scales.log_start + dt.timedelta(days=45)
    return sorted(day for day in days if day >= first)


def held_days(one: Standard, day: dt.date) -> list[dt.date]:
    """The days at which somebody must be something to have been it for longer than was allowed."""
    return [day - dt.timedelta(days=n) for n in (one.days, one.days // 2, 0)]


def days_of(wanted: Sequence[Standard], scales: Scales, *, log: bool) -> list[dt.date]:
    """All days that the standards ask for, ascending; the as-of day alone without a log."""
    day = scales.as_of
    if not log:
        return [day]
    days = {day, *earlier(scales, log=log)}
    for one in wanted:
        if one.kind == "moves":
            days |= {step_back(one, day, n) for n in range(1, QUARTERS + 1)}
        if one.kind == "none":
            days |= set(held_days(one, day))
    return sorted(d for d in days if d > scales.log_start or d == day)

"""Days: the as-of days of a track, equal steps apart."""

from __future__ import annotations

import datetime as dt
import re

from reltype.errors import UsageError, did_you_mean

_STEPS = {"week": 7, "month": 1, "quarter": 3, "year": 12}
MOST = 120
"""As-of days above which a step is refused as too small."""


def as_of_days(every: str, first: dt.date, last: dt.date) -> tuple[dt.date, ...]:
    """The days from *last* back to *first*, a step apart, ascending; *last* is always among them.

    Months are calendar months: from the 31st the day before is the 30th, or the last of February.

    Args:
        every: `week`, `month`, `quarter`, `year`, or days such as `90d`.
        first: No day lies before it.
        last: The last day.

    Raises:
        UsageError: There is no such step, or there would be more than 120 days.

    Example:
        >>> [str(day) for day in as_of_days("quarter", dt.date(2024, 5, 1), dt.date(2024, 12, 31))]
        ['2024-06-30', '2024-09-30', '2024-12-31']
    """
    days: list[dt.date] = []
    while len(days) <= MOST:
        day = back(last, every, len(days))
        if day < first and days:
            return tuple(reversed(days))
        days.append(day)
    raise UsageError(
        f"--every {every}: from {first} to {last} that is more than {MOST} days; take a larger "
        "step, or --from a later day."
    )


def back(last: dt.date, every: str, steps: int) -> dt.date:
    """The day so many *steps* before *last*. Raises UsageError where there is no such step."""
    if match := re.fullmatch(r"(\d{1,4})\s*d(ays?)?", every):
        if int(match[1]) == 0:
            raise UsageError("--every 0d: a step has at least one day.")
        return last - dt.timedelta(days=int(match[1]) * steps)
    if every == "week":
        return last - dt.timedelta(days=7 * steps)
    if every not in _STEPS:
        raise UsageError(
            f"--every {every!r}: write week, month, quarter, year, or days such as 90d."
            f"{did_you_mean(every, _STEPS)}"
        )
    month = last.year * 12 + last.month - 1 - _STEPS[every] * steps
    begin = dt.date(month // 12, month % 12 + 1, 1)
    after = dt.date((month + 1) // 12, (month + 1) % 12 + 1, 1)
    at_end = (last + dt.timedelta(days=1)).day == 1
    length = (after - begin).days
    return begin.replace(day=length if at_end else min(last.day, length))

"""People: what a page tells of one customer: a waterfall that adds up, and what happened when."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from attrs import frozen

from reltype.reporting.page import formatting

if TYPE_CHECKING:
    from reltype.reporting.page.subject import Subject

REST = "everything else that was seen, and how common each is"


@frozen
class Step:
    """One bar of a waterfall, in hundredths of log-odds.

    Attributes:
        text: What it tells.
        amount: What it adds.
        begin: Where the bar begins, in per cent of the width.
        width: How wide it is.
    """

    text: str
    amount: int
    begin: float
    width: float

    @property
    def figure(self) -> str:
        """With its sign, as the page writes it."""
        return f"{self.amount / 100:+.2f}".replace("-", "−")


@frozen
class Waterfall:
    """Why one archetype rather than the next, adding up.

    Attributes:
        first: The likeliest archetype.
        second: The next.
        steps: What each fact adds, the rest last.
        total: Their sum.
        zero: Where nothing is, in per cent of the width.
    """

    first: str
    second: str
    steps: tuple[Step, ...]
    total: Step
    zero: float

    @property
    def odds(self) -> str:
        """The total as people bet."""
        return odds(self.total.amount / 100)


def odds(log: float) -> str:
    """Log-odds as `44 to 1`."""
    ratio = math.exp(min(log, 20.0))
    if ratio >= 1000:
        return "over 1,000 to 1"
    return f"{ratio:.0f} to 1" if ratio >= 10 else f"{ratio:.1f} to 1"


def waterfall(subject: Subject, place: int, row: dict[str, Any]) -> Waterfall | None:
    """Of the customer at *place*, whose row of the result is *row*.

    What the reasons and what speaks against add is told; all else together is the rest, so that it
    adds up to the logarithm of p(likeliest) / p(next). None where no contributions are known, or there
    is but one archetype.
    """
    first, second = subject.likeliest[place].tolist()
    given = [*row["reasons"], *row["against"]]
    if first == second or any(one["contribution"] is None for one in given):
        return None
    total = round(float(subject.odds[place]) * 100)
    parts = [(subject.names.ours(one["text"]), round(one["contribution"] * 100)) for one in given]
    parts.append((REST, total - sum(amount for _, amount in parts)))
    sums = [0]
    for _, amount in parts:
        sums.append(sums[-1] + amount)
    low, high = min(sums), max(*sums, 1)
    scale = 100 / (high - low)

    def step(text: str, begin: int, end: int) -> Step:
        left, right = sorted(((begin - low) * scale, (end - low) * scale))
        return Step(text, end - begin, round(left, 1), round(max(right - left, 0.6), 1))

    steps = tuple(
        step(text, before, before + amount)
        for (text, amount), before in zip(parts, sums, strict=False)
    )
    names = [subject.names.archetype(subject.kinds[i]) for i in (first, second)]
    return Waterfall(names[0], names[1], steps, step("", 0, total), round(-low * scale, 1))


@frozen
class Lane:
    """One sort of contact over time.

    Attributes:
        name: Which.
        counts: How often in each stretch.
        bars: (place, height) of each stretch in which something happened, in a box 10 high, a stretch wide each.
        busiest: In words: how often in all, and when most.
    """

    name: str
    counts: tuple[int, ...]
    bars: tuple[tuple[int, float], ...]
    busiest: str

    @property
    def total(self) -> int:
        """How often in all."""
        return sum(self.counts)


@frozen
class Course:
    """What happened when with one customer.

    Attributes:
        start: The first day of the log, in words.
        end: The as-of day.
        edges: First day of each stretch.
        lanes: Those in which something happened.
    """

    start: str
    end: str
    edges: tuple[str, ...]
    lanes: tuple[Lane, ...]


def course(subject: Subject, place: int) -> Course | None:
    """Of the customer at *place*; None without a log, or where nothing happened."""
    found = subject.timelines
    if found is None:
        return None
    edges = found.edges
    lanes = [
        _lane(name, counts.tolist(), edges)
        for name, counts in zip(found.lanes, found.counts[place], strict=True)
        if counts.any()
    ]
    if not lanes:
        return None
    firsts = tuple(formatting.brief_day(edge) for edge in edges[:-1])
    return Course(formatting.day(found.start), formatting.day(found.end), firsts, tuple(lanes))


def _lane(name: str, counts: Sequence[int], edges: Sequence[dt.date]) -> Lane:
    most = max(counts)
    bars = tuple((i, round(10 * n / most, 1)) for i, n in enumerate(counts) if n)
    when = counts.index(most)
    times = "once" if sum(counts) == 1 else f"{sum(counts):,} times"
    last = edges[when + 1] - dt.timedelta(days=1)
    busiest = f"{name}: {times} in all"
    if sum(counts) > 1:
        busiest += (
            f", most between {formatting.day(edges[when])} and {formatting.day(last)} ({most:,})"
        )
    return Lane(name, tuple(counts), bars, busiest)

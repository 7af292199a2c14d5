"""Compared: each measure of those acted on against those held out, as values."""

from __future__ import annotations

import datetime as dt
from typing import Any

from attrs import asdict, field, frozen

BETTER, WORSE, UNKNOWN = "more", "less", "cannot tell"


@frozen
class Comparison:
    """One measure of those acted on against those held out.

    Attributes:
        benefit: Whose customers; empty: all.
        measure: `came back`, `spend`, `complaints`, `answered`, `reading` or `label`.
        share: Whether it is a share; else a mean.
        acted, held_out: What it is in each group; None where there is nobody of whom it is known.
        n_acted, n_held_out: Of how many.
        difference: Acted on less held out; None likewise.
        low, high: Its interval at *level*; None where it has no end.
        level: At which it is judged, so that all together find something by chance in 5 of 100 at most.
        verdict: `more` or `less` where the interval excludes 0, else `cannot tell`.
        more: Customers that it would take in addition, in each group, to find the difference that
            was seen, or a rise by ten points where none was; None where it was found, or of means.
    """

    benefit: str
    measure: str
    share: bool
    acted: float | None
    held_out: float | None
    n_acted: int
    n_held_out: int
    difference: float | None
    low: float | None
    high: float | None
    level: float
    verdict: str
    more: int | None


@frozen(eq=False)
class Compared:
    """What became of a plan, as values: `Outcome` says what each attribute is."""

    since: dt.date
    as_of: dt.date
    acted: int
    held_out: int
    comparisons: tuple[Comparison, ...]
    benefits: tuple[str, ...] = ()
    plan: str = ""
    notes: tuple[str, ...] = field(default=(), repr=False)

    @property
    def found(self) -> tuple[Comparison, ...]:
        """The comparisons in which more than chance was found."""
        return tuple(one for one in self.comparisons if one.verdict != UNKNOWN)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """A dict for each comparison."""
        return [asdict(one) for one in self.comparisons]

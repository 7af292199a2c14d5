"""Chance: what a map would show if it meant nothing.

Two nulls. Groups: the labels are dealt out anew, every tie stays. Places: each keeps as many ties as
they have, and who is at the other end is drawn anew (Maslov & Sneppen 2002). And for what was seen,
an interval by drawing people, each with all their ties (Snijders & Borgatti 1999).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reltype.arrow import Ints

SWAPS = 12
"""Rounds of swaps between two maps of chance; in each, every tie is once in a pair that may swap."""
WORK = 200_000_000
"""Steps that one null may take."""


@frozen
class ByChance:
    """A figure beside what chance gives.

    Attributes:
        observed: On this map; None where it has none.
        expected: The mean by chance.
        sd: The standard deviation by chance.
        low: The 2.5th percentile by chance.
        high: The 97.5th.
        interval: Where the figure would be with other people of the same sort, 95 %; None: not drawn.
    """

    observed: float | None
    expected: float | None
    sd: float | None
    low: float | None
    high: float | None
    interval: tuple[float, float] | None = None

    @property
    def says(self) -> str:
        """`more` or `less` than chance, `as chance`, or `cannot tell`."""
        if self.observed is None or self.low is None or self.high is None:
            return "cannot tell"
        if self.observed > self.high:
            return "more"
        return "less" if self.observed < self.low else "as chance"

    def to_dict(self) -> dict[str, object]:
        """What JSON says of it."""
        return {
            "observed": self.observed,
            "expected": self.expected,
            "sd": self.sd,
            "low": self.low,
            "high": self.high,
            "interval": None if self.interval is None else list(self.interval),
        }


def beside(
    observed: float, drawn: NDArray[np.float64], interval: tuple[float, float] | None = None
) -> ByChance:
    """A figure beside what was drawn; figures that are NaN are none."""
    drawn = drawn[np.isfinite(drawn)]
    seen = float(observed) if np.isfinite(observed) else None
    if len(drawn) < 2:
        return ByChance(seen, None, None, None, None, interval)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return ByChance(
        seen, float(drawn.mean()), float(drawn.std()), float(low), float(high), interval
    )


def rounds(most: int, ties: int, fewest: int = 20) -> int:
    """How often a null is drawn, so that it ends in time."""
    return int(np.clip(WORK // max(ties, 1), fewest, most))


def permuted(labels: Ints, times: int, rng: np.random.Generator) -> Iterator[Ints]:
    """The labels dealt out anew among those who have one; −1 stays where it is."""
    known = np.flatnonzero(labels >= 0)
    for _ in range(times):
        dealt = labels.copy()
        dealt[known] = rng.permutation(labels[known])
        yield dealt


def rewired(
    source: Ints,
    target: Ints,
    people: int,
    times: int,
    rng: np.random.Generator,
    *,
    directed: bool,
) -> Iterator[tuple[Ints, Ints]]:
    """Maps in which everybody has as many ties, in and out, as here; no tie to oneself or twice.

    A chain of swaps (a→b, c→d become a→d, c→b), many at once: two swaps of one round never touch
    the same tie, and a swap that would make a tie which is there, or which another of the round
    makes, is not done.
    """
    a, b = source.copy(), target.copy()
    for _ in range(4):
        _swap(a, b, people, rng, directed=directed)
    for _ in range(times):
        for _ in range(SWAPS):
            _swap(a, b, people, rng, directed=directed)
        yield a, b


def _swap(a: Ints, b: Ints, people: int, rng: np.random.Generator, *, directed: bool) -> None:
    """One round of swaps, in place."""
    order = rng.permutation(len(a))
    half = len(a) // 2
    if half == 0:
        return
    i, j = order[:half], order[half : 2 * half]
    a1, b1, a2, b2 = a[i], b[i], a[j], b[j]
    if not directed:  # which end of a pair comes first means nothing
        turn = rng.random(half) < 0.5
        a2, b2 = np.where(turn, b2, a2), np.where(turn, a2, b2)
    new = np.concatenate([_keys(a1, b2, people, directed), _keys(a2, b1, people, directed)])
    old = np.sort(_keys(a, b, people, directed))
    place = np.minimum(np.searchsorted(old, new), len(old) - 1)
    taken = old[place] == new
    _, inverse, counts = np.unique(new, return_inverse=True, return_counts=True)
    taken |= counts[inverse] > 1
    bad = taken[:half] | taken[half:] | (a1 == b2) | (a2 == b1)
    done = ~bad
    b[i[done]] = b2[done]
    a[j[done]], b[j[done]] = a2[done], b1[done]


def _keys(a: Ints, b: Ints, people: int, directed: bool) -> Ints:
    if directed:
        return a * people + b
    return np.minimum(a, b) * people + np.maximum(a, b)


def drawn_people(
    people: int, times: int, rng: np.random.Generator
) -> Iterator[NDArray[np.float64]]:
    """How often each person is drawn, again and again: the bootstrap over people."""
    for _ in range(times):
        yield np.bincount(rng.integers(0, people, people), minlength=people).astype(np.float64)


def percentiles(drawn: NDArray[np.float64]) -> tuple[float, float] | None:
    """The middle 95 %; None where hardly anything was drawn."""
    drawn = drawn[np.isfinite(drawn)]
    if len(drawn) < 20:
        return None
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)

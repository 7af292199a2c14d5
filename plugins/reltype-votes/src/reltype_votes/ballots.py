"""Ballots: the distinct rows of votes, in an order of their own, and how often each occurs."""

from __future__ import annotations

from typing import TypeAlias

import attrs
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]


@attrs.frozen(eq=False)
class Ballots:
    """Rows of votes and how often each occurs.

    Attributes:
        votes: (n, rules), −1 abstains, else a class.
        times: (n,), how often the row occurs, a whole number.
        classes: Number of classes.
        cast: (n, rules x classes) sparse, 1 where a voter names a class; by voter, then class.
    """

    votes: Ints
    times: Floats
    classes: int
    cast: csr_array = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        n, rules = self.votes.shape
        rows, voters = np.nonzero(self.votes >= 0)
        cells = voters * self.classes + self.votes[rows, voters]
        ends = np.searchsorted(rows, np.arange(n + 1))
        shape = (n, rules * self.classes)
        object.__setattr__(self, "cast", csr_array((np.ones(len(rows)), cells, ends), shape=shape))

    def total(self) -> float:
        """Number of rows, each as often as it occurs."""
        return float(self.times.sum())

    def tally(self, weights: Floats) -> Floats:
        """The weight of the votes for each class, (n, classes)."""
        found: Floats = self.cast @ np.kron(weights[:, None], np.eye(self.classes))
        return found

    def shares(self, weights: Floats) -> Floats:
        """Share of each class in the votes of a row, (n, classes).

        A row without votes gets the mean share; one part in ten of it is mixed into each row, so
        that no class starts at nought.
        """
        tally = self.tally(weights)
        cast = tally.sum(axis=1, keepdims=True)
        share = tally / np.where(cast > 0, cast, 1)
        seen = self.times * (cast[:, 0] > 0)
        uniform = np.full(self.classes, 1 / self.classes)
        mean = seen @ share / seen.sum() if seen.any() else uniform
        return 0.9 * np.where(cast > 0, share, mean) + 0.1 * mean

    def count(self, posterior: Floats) -> Floats:
        """Expected rows by voter, true class and class named, (rules, classes, classes)."""
        found: Floats = self.cast.T @ (posterior * self.times[:, None])
        return found.reshape(-1, self.classes, self.classes).transpose(0, 2, 1)

    def named(self) -> Floats:
        """How often each voter names each class, (rules, classes)."""
        found: Floats = self.cast.T @ self.times
        return found.reshape(-1, self.classes)

    def accuracy(self, posterior: Floats) -> Floats:
        """Expected share of right votes, (rules,); NaN for a voter that never votes."""
        count = self.count(posterior)
        cast = count.sum(axis=(1, 2))
        right = np.trace(count, axis1=1, axis2=2)
        share: Floats = np.where(cast > 0, right / np.where(cast > 0, cast, 1), np.nan)
        return share

    def take(self, times: Floats) -> Ballots:
        """The rows whose `times` (n,) is above 0, so often."""
        kept = np.flatnonzero(times > 0)
        return Ballots(self.votes[kept], times[kept], self.classes)

    def sample(self, rows: int) -> Ballots:
        """At most so many rows, at even steps through all rows as often as they occur."""
        if len(self.votes) <= rows:
            return self
        ends = np.cumsum(self.times)
        drawn = np.searchsorted(ends, (np.arange(rows) + 0.5) * ends[-1] / rows)
        return self.take(np.bincount(drawn, minlength=len(self.votes)).astype(float))

    def fold(self, number: int, of: int) -> tuple[Ballots, Ballots]:
        """Every `of`-th row from `number` on, and the rest; equal rows go into different folds."""
        ends = np.cumsum(self.times)

        def before(row: Floats) -> Floats:
            share: Floats = np.ceil((row - number) / of)
            return share

        drawn = before(ends) - before(ends - self.times)
        return self.take(drawn), self.take(self.times - drawn)


def distinct(votes: Ints, classes: int) -> Ballots:
    """The distinct rows, in an order that does not depend on that of rows, voters or classes."""
    key = np.zeros(len(votes), np.uint64)
    for column, factor in zip(votes.T, odd_factors(votes.shape[1]), strict=True):
        key += (column + 1).astype(np.uint64) * factor
    _, first, times = np.unique(key, return_index=True, return_counts=True)
    ballots = Ballots(votes[first].astype(np.int64), times.astype(float), classes)
    return Ballots(*in_order(ballots), classes)


def odd_factors(number: int) -> NDArray[np.uint64]:
    """So many odd 64-bit factors, always the same; sums of votes times factors tell rows apart."""
    draws = np.random.default_rng(0).integers(1, 2**62, size=number).astype(np.uint64)
    return draws * np.uint64(2) + np.uint64(1)


def in_order(ballots: Ballots) -> tuple[Ints, Floats]:
    """Votes and times sorted by a mark that a row keeps when rows, voters or classes change places.

    A voter is known by how far it goes with the others, a class by how often it is named, in all and
    by each voter: two classes are now and then named equally often in all.
    """
    shares = ballots.shares(np.ones(ballots.votes.shape[1]))
    agreed = np.trace(ballots.count(shares), axis1=1, axis2=2)[:, None]
    by_voter = ballots.named()
    named = by_voter.sum(axis=0) + np.sin(1.3 * by_voter).sum(axis=0)
    mark = np.sin(1.7 * agreed) * np.cos(0.3 * named + 0.1) + np.sin(0.37 * agreed + named)
    marks = (ballots.cast @ mark.ravel()).round(8)
    order = np.argsort(marks, kind="stable")
    return ballots.votes[order], ballots.times[order]

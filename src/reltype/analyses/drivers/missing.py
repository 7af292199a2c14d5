"""Missing answers: left out list-wise, allowed for by maximum likelihood (EM), or imputed many times.

EM takes answers as missing at random and the columns as jointly normal (Dempster, Laird & Rubin
1977; Little & Rubin 2002, chapter 11). Never pairwise: covariances of different rows need not fit
together, and then R² is above 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from attrs import evolve, frozen

from reltype.analyses.drivers.moments import (
    SEED,
    Sample,
    Sums,
    covariance,
    draws,
    replicate_sums,
    unit_sums,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Treatment: TypeAlias = Literal["listwise", "em", "multiple"]
TREATMENTS: tuple[Treatment, ...] = ("listwise", "em", "multiple")

LOST = 0.05
"""Share of the rows that list-wise may lose before EM is the default."""
IMPUTATIONS = 20
_RIDGE = 1e-11
"""Added to variances of 1 before they are inverted, so that copies do no harm."""
_STEPS = 1000
_WILD = 25.0
"""Variance, where that of the answers is 1, from which an estimate has run away."""
_CLOSE = 1e-11
_CLOSE_ROWS = 1e-9
_CLOSE_REPLICATE = 1e-5
_SOLVES = 24_000
"""How many patterns times replicates are estimated; more would take minutes."""
_CELLS = 1 << 24
_MANY = 400
"""Patterns from which rows are gone through one by one, and replicates take one step."""


@frozen(eq=False)
class Moments:
    """What is known of all columns together, the outcome last.

    Attributes:
        treatment: What was done about missing answers.
        rows: How many rows were used.
        size: Kish's effective number of them.
        covariances: (m, m, k) whose shares are averaged: one, or one for each imputation.
        means: (m,) in the sample's units, 0…1.
        replicates: (m, m, copies) of the same when respondents are drawn anew.
        replicate_means: (m, copies).
        one_step: Replicates took one step of EM, so that intervals are a little too narrow.
    """

    treatment: Treatment
    rows: int
    size: float
    covariances: NDArray[np.float64]
    means: NDArray[np.float64]
    replicates: NDArray[np.float64]
    replicate_means: NDArray[np.float64]
    one_step: bool = False


def moments(sample: Sample, treatment: Treatment, copies: int) -> Moments:
    """The moments of a sample, and of *copies* replicates of it (fewer, where EM would take minutes)."""
    if treatment == "listwise" or sample.complete.all():
        return _complete(sample.rows(sample.complete), treatment, copies)
    if treatment == "em":
        return _by_likelihood(sample, copies)
    return _by_imputation(sample, copies)


def _complete(sample: Sample, treatment: Treatment, copies: int) -> Moments:
    sums = Sums.of(sample)
    counts = draws(len(sums.products), copies)
    return Moments(
        treatment,
        len(sample),
        sample.size,
        sums.covariances()[..., None],
        sums.means(),
        sums.covariances(counts),
        sums.means(counts),
    )


def _by_likelihood(sample: Sample, copies: int) -> Moments:
    if _patterns(sample) > _MANY:
        return _by_rows(sample, copies)
    patterns = Patterns.of(sample)
    units = int(sample.units.max()) + 1
    copies = min(copies, max(50, _SOLVES // len(patterns.masks)))
    start = patterns.begin()
    means, covariances = patterns.likeliest(np.ones((1, units)), start, _CLOSE)
    counts = draws(units, copies)
    found = patterns.likeliest(counts, (means, covariances), _CLOSE_REPLICATE)
    scale = patterns.scale
    both = scale[:, None] * scale[None, :]
    return Moments(
        "em",
        len(sample),
        sample.size,
        np.moveaxis(covariances * both, 0, -1),
        patterns.centre + means[0] * scale,
        np.moveaxis(found[1] * both, 0, -1),
        (patterns.centre + found[0] * scale).T,
    )


def _by_rows(sample: Sample, copies: int) -> Moments:
    """The same where there are as many patterns as rows, nearly: replicates take one step of EM."""
    rows = Rows.of(sample)
    means, covariances = rows.likeliest()
    sums = rows.expected(means, covariances, units=sample.units)
    counts = draws(len(sums), copies)
    drawn = replicate_sums(sums, counts)
    both = rows.scale[:, None] * rows.scale[None, :]
    return Moments(
        "em",
        len(sample),
        sample.size,
        (covariances * both)[..., None],
        rows.centre + means * rows.scale,
        covariance(drawn) * both[..., None],
        (rows.centre + (drawn[1:, 0] / drawn[0, 0]).T * rows.scale).T,
        one_step=True,
    )


def _by_imputation(sample: Sample, copies: int) -> Moments:
    """The means over completed samples; replicates are drawn from each (Schomaker & Heumann 2018)."""
    units = int(sample.units.max()) + 1
    rows = Rows.of(sample)
    # Each imputation has parameters of its own, those of a replicate: what is not known about
    # them must show in the intervals (Honaker & King 2010).
    drawn = draws(units, IMPUTATIONS, seed=1)
    if _patterns(sample) > _MANY:
        known = rows.expected(*rows.likeliest(), units=sample.units)
        total = replicate_sums(known, drawn)
        means = (total[1:, 0] / total[0, 0]).T
        covariances = np.moveaxis(covariance(total), -1, 0)
    else:
        patterns = Patterns.of(sample)
        estimate = patterns.likeliest(np.ones((1, units)), patterns.begin(), _CLOSE)
        means, covariances = patterns.likeliest(drawn, estimate, _CLOSE_REPLICATE)
    each = -(-copies // IMPUTATIONS)
    parts = []
    for number in range(IMPUTATIONS):
        rng = np.random.default_rng([SEED, 2, number])
        values = rows.completed(means[number], covariances[number], rng)
        sums = Sums.of(evolve(sample, values=values))
        counts = draws(len(sums.products), each, seed=3 + number)
        parts.append(
            (sums.covariances(), sums.means(), sums.covariances(counts), sums.means(counts))
        )
    return Moments(
        "multiple",
        len(sample),
        sample.size,
        np.stack([part[0] for part in parts], axis=-1),
        np.mean([part[1] for part in parts], axis=0),
        np.concatenate([part[2] for part in parts], axis=-1),
        np.concatenate([part[3] for part in parts], axis=-1),
    )


@frozen(eq=False)
class Patterns:
    """Rows by which answers are missing, and what they sum to.

    Columns are centred and scaled by what was observed of them.

    Attributes:
        masks: For each pattern (m,) True where there is an answer.
        rows: For each pattern its rows.
        units: For each pattern the units that it has rows of.
        sums: For each pattern (units of it, o + 1, o + 1) weighted sums of products, ones first.
        centre: (m,) the columns' observed means.
        scale: (m,) the columns' observed deviations.
    """

    masks: Sequence[NDArray[np.bool_]]
    rows: Sequence[NDArray[np.int64]]
    units: Sequence[NDArray[np.int64]]
    sums: Sequence[NDArray[np.float64]]
    centre: NDArray[np.float64]
    scale: NDArray[np.float64]

    @classmethod
    def of(cls, sample: Sample) -> Patterns:
        """The patterns of a sample."""
        known = ~np.isnan(sample.values)
        centre, scale = _observed(sample)
        scaled = (sample.values - centre) / scale
        codes = np.unique(np.packbits(known, axis=1), axis=0, return_inverse=True)[1].ravel()
        order = np.lexsort([sample.units, codes])
        starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
        rows = np.split(order, starts[1:])
        masks, units, sums = [], [], []
        for chosen in rows:
            mask = known[chosen[0]]
            root = np.sqrt(sample.weights[chosen])[:, None]
            cells = np.concatenate([root, root * scaled[chosen][:, mask]], axis=1)
            unit, first = np.unique(sample.units[chosen], return_index=True)
            masks.append(mask)
            units.append(unit)
            sums.append(unit_sums(cells, first))
        return cls(masks, rows, units, sums, centre, scale)

    def begin(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Where to begin: (1, m) means and (1, m, m) covariances of unrelated columns."""
        side = len(self.centre)
        return np.zeros((1, side)), np.eye(side)[None]

    def likeliest(
        self,
        counts: NDArray[np.float64],
        start: tuple[NDArray[np.float64], NDArray[np.float64]],
        close: float,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Means (copies, m) and covariances (copies, m, m) by EM, until no value moves by *close*."""
        side = len(self.centre)
        block = max(1, _CELLS // (len(self.masks) * (side + 1) ** 2))
        found = [
            self._likeliest(counts[begin : begin + block], start, close)
            for begin in range(0, len(counts), block)
        ]
        return np.concatenate([f[0] for f in found]), np.concatenate([f[1] for f in found])

    def _likeliest(
        self,
        counts: NDArray[np.float64],
        start: tuple[NDArray[np.float64], NDArray[np.float64]],
        close: float,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        copies, side = len(counts), len(self.centre)
        drawn = []
        for units, sums in zip(self.units, self.sums, strict=True):
            o = sums.shape[1]
            drawn.append((counts[:, units] @ sums.reshape(len(sums), -1)).reshape(copies, o, o))
        seen = np.zeros((copies, side + 1, side + 1))  # what needs no expectation, in any step
        for mask, sums in zip(self.masks, drawn, strict=True):
            at = np.flatnonzero(np.concatenate([[True], mask]))
            seen[:, at[:, None], at[None, :]] += sums
        means = np.broadcast_to(start[0], (copies, side))
        covariances = np.broadcast_to(start[1], (copies, side, side))
        for _ in range(_STEPS):
            total = self._expected(seen.copy(), drawn, means, covariances)
            sums = np.moveaxis(total, 0, -1)
            new_means = (sums[1:, 0] / sums[0, 0]).T
            new = np.moveaxis(covariance(sums), -1, 0)
            # A replicate of few rows may have no likeliest covariance: it stays where it was.
            wild = np.diagonal(new, axis1=1, axis2=2).max(axis=1) > _WILD
            new_means = np.where(wild[:, None], means, new_means)
            new = np.where(wild[:, None, None], covariances, new)
            moved = max(np.abs(new_means - means).max(), np.abs(new - covariances).max())
            means, covariances = new_means, new
            if moved < close:
                break
        return means, covariances

    def _expected(
        self,
        total: NDArray[np.float64],
        drawn: Sequence[NDArray[np.float64]],
        means: NDArray[np.float64],
        covariances: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """(copies, m + 1, m + 1): the sums of what was seen, *total*, with what is expected of the rest."""
        precision = _inverse(covariances + _RIDGE * np.eye(means.shape[1]))
        for mask, sums in zip(self.masks, drawn, strict=True):
            if mask.all():
                continue
            fill, rest = _regression(mask, means, precision)
            seen = np.flatnonzero(np.concatenate([[True], mask]))
            gone = np.flatnonzero(~mask) + 1
            cross = fill @ sums
            total[:, gone[:, None], seen[None, :]] += cross
            total[:, seen[:, None], gone[None, :]] += cross.transpose(0, 2, 1)
            total[:, gone[:, None], gone[None, :]] += (
                cross @ fill.transpose(0, 2, 1) + rest * sums[:, :1, :1]
            )
        return total


@frozen(eq=False)
class Rows:
    """Rows one by one, those with as many gaps together: for any number of patterns.

    Attributes:
        values: (n, m) centred and scaled by what was observed; NaN where there is no answer.
        weights: (n,).
        gaps: For each number of gaps from 1 the rows, and (rows, gaps) the columns that they lack.
        centre: (m,) the columns' observed means.
        scale: (m,) the columns' observed deviations.
    """

    values: NDArray[np.float64]
    weights: NDArray[np.float64]
    gaps: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]]
    centre: NDArray[np.float64]
    scale: NDArray[np.float64]

    @classmethod
    def of(cls, sample: Sample) -> Rows:
        """The rows of a sample."""
        centre, scale = _observed(sample)
        absent = np.isnan(sample.values)
        many = absent.sum(axis=1)
        gaps = []
        for count in range(1, int(many.max(initial=0)) + 1):
            rows = np.flatnonzero(many == count)
            if len(rows):
                gaps.append((rows, np.nonzero(absent[rows])[1].reshape(-1, count)))
        return cls((sample.values - centre) / scale, sample.weights, gaps, centre, scale)

    def likeliest(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(m,) means and (m, m) covariance by EM."""
        side = len(self.centre)
        means, covariances = np.zeros(side), np.eye(side)
        for _ in range(_STEPS):
            sums = self.expected(means, covariances)
            new_means, new = sums[1:, 0] / sums[0, 0], covariance(sums)
            if np.diag(new).max() > _WILD:
                break
            moved = max(np.abs(new_means - means).max(), np.abs(new - covariances).max())
            means, covariances = new_means, new
            if moved < _CLOSE_ROWS:
                break
        return means, covariances

    def expected(
        self,
        means: NDArray[np.float64],
        covariances: NDArray[np.float64],
        units: NDArray[np.int64] | None = None,
    ) -> NDArray[np.float64]:
        """(m + 1, m + 1) sums of products that are expected; with *units*, one for each of them."""
        filled, spreads = self._filled(means, covariances)
        side, groups = len(means), 1 if units is None else int(units.max()) + 1
        of = np.zeros(len(filled), np.int64) if units is None else units
        rest = np.zeros(groups * side * side)
        for (rows, columns), spread in zip(self.gaps, spreads, strict=True):
            cells = (of[rows][:, None, None] * side + columns[:, :, None]) * side + columns[:, None]
            weighted = spread * self.weights[rows][:, None, None]
            rest += np.bincount(cells.ravel(), weighted.ravel(), minlength=len(rest))
        root = np.sqrt(self.weights)[:, None]
        cells = np.concatenate([root, root * filled], axis=1)
        if units is None:
            total = (cells.T @ cells)[None]
        else:
            order = np.argsort(units, kind="stable")
            starts = np.flatnonzero(np.diff(units[order], prepend=-1))
            total = np.stack([part.T @ part for part in np.split(cells[order], starts[1:])])
        total[:, 1:, 1:] += rest.reshape(groups, side, side)
        made: NDArray[np.float64] = total[0] if units is None else total
        return made

    def completed(
        self,
        means: NDArray[np.float64],
        covariances: NDArray[np.float64],
        rng: np.random.Generator,
    ) -> NDArray[np.float64]:
        """(n, m) the sample's values with a draw for each missing one, given the answers of its row."""
        filled, spreads = self._filled(means, covariances)
        for (rows, columns), spread in zip(self.gaps, spreads, strict=True):
            lengths, axes = np.linalg.eigh(spread)
            root = axes * np.sqrt(np.maximum(lengths, 0.0))[:, None, :]
            noise = (root @ rng.standard_normal((*columns.shape, 1)))[..., 0]
            filled[rows[:, None], columns] += noise
        made: NDArray[np.float64] = filled * self.scale + self.centre
        return made

    def _filled(
        self, means: NDArray[np.float64], covariances: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], list[NDArray[np.float64]]]:
        """The values with what is expected of the missing ones, and how far those may lie off it."""
        precision = _inverse(covariances + _RIDGE * np.eye(len(means)))
        off = np.where(np.isnan(self.values), 0.0, self.values - means)
        filled = off + means
        pull = off @ precision
        spreads = []
        for rows, columns in self.gaps:
            spread = _inverse(precision[columns[:, :, None], columns[:, None, :]])
            moved = (spread @ pull[rows[:, None], columns][..., None])[..., 0]
            filled[rows[:, None], columns] = means[columns] - moved
            spreads.append(spread)
        return filled, spreads


def _observed(sample: Sample) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(m,) means and (m,) deviations of what was answered."""
    known = ~np.isnan(sample.values)
    weights = np.where(known, sample.weights[:, None], 0.0)
    total = weights.sum(axis=0)
    filled = np.where(known, sample.values, 0.0)
    centre = (weights * filled).sum(axis=0) / total
    spread = np.sqrt((weights * (filled - centre) ** 2).sum(axis=0) / total)
    return centre, np.where(spread > 0, spread, 1.0)


def _patterns(sample: Sample) -> int:
    """In how many ways answers are missing."""
    return len(np.unique(np.packbits(np.isnan(sample.values), axis=1), axis=0))


def _inverse(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.linalg.inv(matrices).astype(np.float64)


def _regression(
    mask: NDArray[np.bool_], means: NDArray[np.float64], precision: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of what is missing on what is not: (copies, missing, 1 + seen) and (copies, missing, missing)."""
    gone, seen = np.flatnonzero(~mask), np.flatnonzero(mask)
    rest = _inverse(precision[:, gone[:, None], gone[None, :]])
    slope = -rest @ precision[:, gone[:, None], seen[None, :]]
    first = means[:, gone] - (slope @ means[:, seen, None])[..., 0]
    return np.concatenate([first[..., None], slope], axis=2), rest

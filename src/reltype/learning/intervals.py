"""Intervals: of shares, means and differences of customers, who are drawn one by one; corrections."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

NORMAL = NormalDist()
RESAMPLES = 1999
ENDLESS = 1e9
SMALL = 2000
"""Customers up to whom a mean's interval is resampled; beyond, the normal law holds well enough."""


def wilson(hits: float, count: float, level: float) -> tuple[float, float]:
    """The score interval of a share (Wilson 1927); 0 and 1 where nobody was asked.

    Args:
        hits: How many are it, which may be an expectation.
        count: Of how many.
        level: Of the interval, 0…1.

    Example:
        >>> [round(end, 3) for end in wilson(8, 10, 0.95)]
        [0.49, 0.943]
    """
    if count <= 0:
        return 0.0, 1.0
    z = NORMAL.inv_cdf((1 + level) / 2)
    share = hits / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * np.sqrt(share * (1 - share) / count + z * z / (4 * count**2))
    # At the ends rounding would leave a trace of what the formula makes exactly 0 or 1.
    low = 0.0 if hits <= 0 else max(0.0, middle - half)
    high = 1.0 if hits >= count else min(1.0, middle + half)
    return float(low), float(high)


def mean(values: NDArray[np.float64], level: float) -> tuple[float, float]:
    """An interval of the mean: the studentised bootstrap over customers, which skewness misleads less.

    Beyond `SMALL` customers Student's. Fewer than two, or values that are all one, say nothing of
    how far they vary: without an end.

    Args:
        values: (n,) one a customer; none is NaN.
        level: Of the interval, 0…1.
    """
    from scipy.special import stdtrit

    count = len(values)
    spread = float(values.std(ddof=1)) if count > 1 else 0.0
    if spread == 0:
        return -np.inf, np.inf
    middle, error = float(values.mean()), spread / np.sqrt(count)
    if count > SMALL:
        z = float(stdtrit(count - 1, (1 + level) / 2))
        return middle - z * error, middle + z * error
    rng = np.random.default_rng(0)
    drawn = np.empty(RESAMPLES)
    rows = max(1, 2_000_000 // count)
    for start in range(0, RESAMPLES, rows):
        again = values[rng.integers(0, count, (min(rows, RESAMPLES - start), count))]
        own = again.std(axis=1, ddof=1) / np.sqrt(count)
        with np.errstate(divide="ignore", invalid="ignore"):
            drawn[start : start + len(again)] = (again.mean(axis=1) - middle) / own
    # A resample of one customer many times over has no spread: it says "anything".
    drawn = np.nan_to_num(drawn, nan=0.0, posinf=ENDLESS, neginf=-ENDLESS)
    below, above = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    if max(-below, above) > 0.001 * ENDLESS:
        return -np.inf, np.inf
    return float(middle - above * error), float(middle - below * error)


def difference_of_shares(
    hits: float, count: float, others: float, of: float, level: float
) -> tuple[float, float]:
    """An interval of the difference of two shares (Newcombe 1998, method 10); −1 and 1 without both.

    Args:
        hits: How many of the first are it.
        count: How many the first are.
        others: How many of the second are it.
        of: How many the second are.
        level: Of the interval, 0…1.
    """
    if count <= 0 or of <= 0:
        return -1.0, 1.0
    one, two = hits / count, others / of
    low_one, high_one = wilson(hits, count, level)
    low_two, high_two = wilson(others, of, level)
    gap = one - two
    low = gap - np.sqrt((one - low_one) ** 2 + (high_two - two) ** 2)
    high = gap + np.sqrt((high_one - one) ** 2 + (two - low_two) ** 2)
    return float(low), float(high)


def difference_of_means(
    first: NDArray[np.float64], second: NDArray[np.float64], level: float
) -> tuple[float, float]:
    """Welch's interval of the difference of two means; without an end where one has fewer than two."""
    from scipy.special import stdtrit

    counts = len(first), len(second)
    if min(counts) < 2:
        return -np.inf, np.inf
    parts = [float(v.var(ddof=1)) / len(v) for v in (first, second)]
    total = sum(parts)
    gap = float(first.mean() - second.mean())
    if total == 0:
        return -np.inf, np.inf
    freedom = total**2 / sum(p**2 / (n - 1) for p, n in zip(parts, counts, strict=True))
    z = float(stdtrit(freedom, (1 + level) / 2))
    return gap - z * np.sqrt(total), gap + z * np.sqrt(total)


def detectable(
    share: float, first: int, second: int, *, level: float = 0.95, power: float = 0.8
) -> float | None:
    """The smallest rise of a share that a comparison of two groups finds with that power.

    By bisection on the normal law of two shares; None where no rise up to 1 is.

    Args:
        share: Of the second group, 0…1.
        first: Customers in the first group.
        second: Customers in the second.
        level: Of the interval, 0…1.
        power: How often the rise is found, 0…1.
    """
    if min(first, second) < 2:
        return None
    low, high = 0.0, 1.0 - share
    if power_of(share, share + high, first, second, level=level) < power:
        return None
    for _ in range(60):
        middle = (low + high) / 2
        found = power_of(share, share + middle, first, second, level=level)
        low, high = (low, middle) if found >= power else (middle, high)
    return high


def power_of(share: float, other: float, first: int, second: int, *, level: float = 0.95) -> float:
    """How often a comparison of *second* customers with *share* and *first* with *other* finds it."""
    z = NORMAL.inv_cdf((1 + level) / 2)
    pooled = (first * other + second * share) / (first + second)
    none = np.sqrt(max(pooled * (1 - pooled), 1e-9) * (1 / first + 1 / second))
    each = np.sqrt(max(other * (1 - other) / first + share * (1 - share) / second, 1e-12))
    return NORMAL.cdf((abs(other - share) - z * none) / each)


def needed(share: float, other: float, *, level: float = 0.95, power: float = 0.8) -> int | None:
    """Customers in each of two equal groups that would find a difference of shares; None for none."""
    if share == other:
        return None
    low, high = 2, 4
    while power_of(share, other, high, high, level=level) < power:
        high *= 2
        if high > 1 << 40:
            return None
    while low < high:
        middle = (low + high) // 2
        if power_of(share, other, middle, middle, level=level) >= power:
            high = middle
        else:
            low = middle + 1
    return high


def holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Holm's (1979) correction for many comparisons; NaN stays.

    Example:
        >>> import numpy as np
        >>> holm(np.array([0.01, 0.04, 0.03])).round(2).tolist()
        [0.03, 0.06, 0.06]
    """
    return _corrected(p, step_up=False)


def benjamini_hochberg(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Benjamini & Hochberg's (1995) correction: of what is told, so much is false; NaN stays.

    Example:
        >>> import numpy as np
        >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03])).round(2).tolist()
        [0.03, 0.04, 0.04]
    """
    return _corrected(p, step_up=True)


def _corrected(p: NDArray[np.float64], *, step_up: bool) -> NDArray[np.float64]:
    made = np.full(len(p), np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    count = len(order)
    if count == 0:
        return made
    if step_up:
        raised = p[order] * count / np.arange(1, count + 1)
        made[order] = np.minimum(1, np.minimum.accumulate(raised[::-1])[::-1])
    else:
        raised = p[order] * (count - np.arange(count))
        made[order] = np.minimum(1, np.maximum.accumulate(raised))
    return made

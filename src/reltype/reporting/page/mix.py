"""Mix: how many customers are of each kind, within what bounds, and how surely."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

if TYPE_CHECKING:
    from reltype.reporting.page.subject import Subject

NORMAL = 1.959963984540054
"""The 97.5th percentile of the normal distribution: intervals are of 95 %."""


@frozen
class Share:
    """One kind of relationship among some customers.

    Attributes:
        kind: The archetype's name, or `unclassified`.
        count: Customers who are called so.
        share: Of all of them, 0…1.
        low: The lower bound of the share's 95 % interval.
        high: The upper bound.
        likely: The mean of the probabilities, 0…1: the share, were nobody called by one name.
        certainty: Of those called so, how many are `sure`, `likely` … in the order of the levels.
    """

    kind: str
    count: int
    share: float
    low: float
    high: float
    likely: float
    certainty: tuple[int, ...]


def wilson(count: float, of: float, width: float = NORMAL) -> tuple[float, float]:
    """The interval of a share (Wilson 1927): customers like these, were others drawn.

    Examples:
        >>> tuple(round(bound, 3) for bound in wilson(5, 20))
        (0.112, 0.469)
    """
    if not of:
        return 0.0, 1.0
    share, square = count / of, width * width
    centre = (share + square / (2 * of)) / (1 + square / of)
    reach = width / (1 + square / of)
    reach *= float(np.sqrt(share * (1 - share) / of + square / (4 * of * of)))
    return max(0.0, centre - reach), min(1.0, centre + reach)


def mix(subject: Subject) -> tuple[Share, ...]:
    """Every kind in the typology's order, `unclassified` last."""
    n = max(len(subject), 1)
    made = []
    for i, kind in enumerate(subject.kinds):
        mine = subject.named == i
        count = int(mine.sum())
        low, high = wilson(count, n)
        levels = np.bincount(subject.certainty[mine], minlength=len(subject.levels) + 1)
        likely = float(subject.posterior[:, i].mean()) if len(subject) else 0.0
        sure = tuple(map(int, levels[: len(subject.levels)]))
        made.append(Share(kind, count, count / n, low, high, likely, sure))
    return tuple(made)

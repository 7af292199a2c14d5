"""Mix: how many customers are of each kind, within what bounds, and how surely."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from reltype.learning.evaluation.comparison import wilson

if TYPE_CHECKING:
    from reltype.reporting.page.subject import Subject


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

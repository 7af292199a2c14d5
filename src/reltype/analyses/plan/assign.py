"""Assign: who gets which team, so that nobody gets two and no team gets more than it can do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

if TYPE_CHECKING:
    from numpy.typing import NDArray


@frozen(eq=False)
class Offers:
    """What could be done for whom; an offer a row.

    Attributes:
        customer: (n,) place of the customer; equal scores go by it.
        team: (n,) place of the team whose benefit it is.
        benefit: (n,) place of the benefit.
        score: (n,) what it is worth, ≥ 0.
    """

    customer: NDArray[np.int64]
    team: NDArray[np.int64]
    benefit: NDArray[np.int64]
    score: NDArray[np.float64]

    def where(self, kept: NDArray[np.bool_]) -> Offers:
        """Those of them that are *kept*."""
        return Offers(self.customer[kept], self.team[kept], self.benefit[kept], self.score[kept])


def assign(offers: Offers, capacity: NDArray[np.int64]) -> NDArray[np.int64]:
    """The offers that are taken, the best first: at most one a customer, at most so many a team.

    Greedy by score: the best offer of all is taken, then the best of those that are still possible.
    Worked out for all at once: each customer asks for their best offer, each team keeps the best
    that it can do, and whoever was turned down asks for their next (deferred acceptance, Gale &
    Shapley 1962); as both sides go by one score, what comes out is the same.

    Args:
        offers: An offer a row; of one customer and team there may be several.
        capacity: (teams,) how many each can do.

    Example:
        >>> import numpy as np
        >>> two = Offers(np.array([0, 0, 1]), np.array([0, 1, 0]), np.arange(3), np.array([3.0, 1.0, 2.0]))
        >>> assign(two, np.array([1, 1])).tolist()
        [0]
    """
    count = len(offers.score)
    order = np.lexsort((np.arange(count), offers.customer, -offers.score))
    rank = np.empty(count, np.int64)
    rank[order] = np.arange(count)
    by_customer = np.lexsort((rank, offers.customer))
    sorted_customers = offers.customer[by_customer]
    starts = np.flatnonzero(np.r_[True, sorted_customers[1:] != sorted_customers[:-1]])
    ends = np.r_[starts[1:], count] if count else starts
    asking = starts.copy()
    while True:
        open_ = asking < ends
        asked = by_customer[asking[open_]]
        teams = offers.team[asked]
        by_team = np.lexsort((rank[asked], teams))
        sizes = np.bincount(teams, minlength=len(capacity))
        place = np.arange(len(asked)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        turned_down = by_team[place >= np.repeat(capacity, sizes)]
        if not len(turned_down):
            return np.asarray(asked[np.argsort(rank[asked])], np.int64)
        asking[np.flatnonzero(open_)[turned_down]] += 1

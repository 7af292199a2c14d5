"""How far voters repeat each other beyond what their reliability explains.

Two voters that both know the truth agree often, and that is no redundancy. What counts is
agreement beyond what the votes of all *other* voters lead one to expect of the two. A voter that
copies another in a share ρ of the rows has excess agreement ρ; m voters that repeat each other so
are worth m / (1 + (m − 1) ρ) voters (the design effect: Kish 1965, Survey Sampling).
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import attrs
import numpy as np

from reltype_votes.ballots import odd_factors
from reltype_votes.reliability import Design, Reliability, Table, learn, softmax

if TYPE_CHECKING:
    from reltype_votes.ballots import Ballots, Floats, Ints

ROWS = 2000  # rows that are looked at, for up to 140 voters
FEWEST = 1000  # and for more
MEETINGS = 20_000_000  # pairs x rows between the two
CELLS = 2_000_000  # rows x rules x classes that are looked at
SAME = 50  # least number of votes from which two voters that always say the same are one
OVERLAP = 20  # least number of rows in which two voters must both vote
WITNESSES = 2  # least number of other votes in such a row: skill and copying look alike without
SIGMAS = 4.0  # least excess in standard errors: above chance for thousands of pairs
EXCESS = 0.15  # excess agreement below this is left alone
CONFIRMED = 2.0  # standard errors by which others must side with the weighted majority
EQUAL = 1e-9  # difference of two sums of weights below which they are the same
PAIRS = 10  # from so many pairs on, the median pair's excess is taken for a trait of the rows


def redundancy(ballots: Ballots, design: Design) -> Floats:
    """In which share of the rows one voter repeats the other, (rules, rules), symmetric.

    Many copies make the posterior follow them, and would then look reliable. So the excess is
    measured under the `majority` table first, and under `confusion` with the suspects damped;
    the smaller stands, since what looks like copying may be a shared bias for a class.
    """
    rules = ballots.votes.shape[1]
    by_pairs = max(FEWEST, MEETINGS // max(1, rules * (rules - 1) // 2))
    by_cells = max(FEWEST // 5, CELLS // (rules * ballots.classes))
    sample = ballots.sample(min(ROWS, by_pairs, by_cells))
    found = np.zeros((rules, rules))
    tables: tuple[Table, ...] = ("majority", "confusion")
    for table in tables:
        now = attrs.evolve(design, weights=voter_weights(found))
        excess = excess_agreement(sample, learn(sample, table, now, rounds=20), now)
        found = excess if table == "majority" else np.minimum(found, excess)
        if not found.any():
            break
    return found


def same_votes(votes: Ints) -> tuple[Ints, Ints]:
    """The voters that differ, and for each voter its place among them: (different,), (rules,).

    Voters that say the same in all rows, abstentions included, count as one if they vote in at
    least `SAME` rows; below that it may be by chance, or because both are never wrong.
    """
    mark = (votes + 2).astype(np.uint64).T @ odd_factors(len(votes))
    seldom = (votes >= 0).sum(axis=0) < SAME
    key = np.stack([mark, np.where(seldom, np.arange(1, 1 + len(mark)), 0).astype(np.uint64)])
    _, first, same = np.unique(key, axis=1, return_index=True, return_inverse=True)
    place = np.argsort(np.argsort(first))
    return np.sort(first), place[same.reshape(-1)]


def voter_weights(repeats: Floats) -> Floats:
    """(rules,) 1 / (1 + a voter's summed redundancy)."""
    weights: Floats = 1 / (1 + repeats.sum(axis=1))
    return weights


def borne_out(ballots: Ballots, weights: Floats, repeats: Floats) -> float:
    """Standard errors by which voters who repeat nobody side with the weighted majority of the others.

    Each such voter's votes are held out, and looked at in the rows where the majority of the others,
    weighted by `weights` (rules,), differs from that of one vote each; rows are taken as wholes.
    What looks like copying may be skill: then they side against the weights. 0 without such rows.
    """
    apart = np.flatnonzero(repeats.max(axis=1, initial=0) == 0)
    weighted, plain = ballots.tally(weights), ballots.tally(np.ones(len(weights)))
    gain = np.zeros(len(ballots.votes))
    for voter in apart:
        rows = np.flatnonzero(ballots.votes[:, voter] >= 0)
        named = ballots.votes[rows, voter]
        gain[rows] += _agrees(weighted[rows], named, weights[voter])
        gain[rows] -= _agrees(plain[rows], named, 1.0)
    spread = np.sqrt(ballots.times @ gain**2)
    return float(ballots.times @ gain / spread) if spread > 0 else 0.0


def _agrees(tally: Floats, named: Ints, own: float) -> Floats:
    """(n,) whether the class named has most votes of the others; shared among equals."""
    at = np.arange(len(named))
    others = tally.copy()
    others[at, named] -= own
    most = others >= others.max(axis=1, keepdims=True) - EQUAL
    share: Floats = most[at, named] / most.sum(axis=1)
    return share


@attrs.frozen(eq=False)
class Meetings:
    """What is needed to measure a pair of voters.

    Attributes:
        ballots: The rows.
        design: Which voters are one-sided.
        own: (n, rules, classes) what each voter adds to each row's log-posterior.
        total: (n, classes) the log-posterior.
        votes: (rules, classes, classes) P(named | class), given a vote unless one-sided.
        both: (rules, rules) number of rows in which both vote.
    """

    ballots: Ballots
    design: Design
    own: Floats
    total: Floats
    votes: Floats
    both: Floats

    def measure(self, a: int, b: int) -> tuple[float, float] | None:
        """Excess agreement of two voters as a share of what is possible, and its standard error.

        None where they meet too seldom, or one is one-sided and the other is not.
        """
        one_sided = self.design.one_sided
        if self.both[a, b] < OVERLAP or one_sided[a] != one_sided[b]:
            return None
        if one_sided[a] and self.design.side[a] != self.design.side[b]:
            return None
        rows = slice(None) if one_sided[a] else self.shared_rows(a, b)
        times = self.ballots.times[rows]
        most = max(self.both[a, a], self.both[b, b]) if one_sided[a] else times.sum()
        if most < OVERLAP:
            return None
        votes = self.ballots.votes[rows]
        agree = times @ ((votes[:, a] == votes[:, b]) & (votes[:, a] >= 0))
        others = softmax(self.total[rows] - self.own[rows, a] - self.own[rows, b])
        chance = others @ (self.votes[a] * self.votes[b]).sum(axis=0)
        mean = times @ chance
        error = np.sqrt(times @ (chance * (1 - chance)) + 0.25)
        room = max(most - mean, 1.0)
        return float((agree - mean) / room), float(error / room)

    def shared_rows(self, a: int, b: int) -> Ints:
        """Rows in which both vote and enough others do."""
        cast = self.ballots.votes >= 0
        return np.flatnonzero(cast[:, a] & cast[:, b] & (cast.sum(axis=1) >= 2 + WITNESSES))


def excess_agreement(ballots: Ballots, learned: Reliability, design: Design) -> Floats:
    """Excess agreement of each pair over the median pair's, (rules, rules); 0 if by chance."""
    rules = ballots.votes.shape[1]
    own = learned.counts[np.arange(rules), 1 + ballots.votes]
    named = np.exp(learned.says[:, 1:])
    voting = named.sum(axis=1, keepdims=True)
    side = np.arange(ballots.classes) == design.side[:, None]
    given = np.where(design.one_sided[:, None, None], named * side[:, :, None], named / voting)
    cast = (ballots.votes >= 0).astype(float)
    both = (cast * ballots.times[:, None]).T @ cast
    total = np.log(learned.balance) + own.sum(axis=1)
    meetings = Meetings(ballots, design, own, total, given, both)
    found = np.zeros((rules, rules))
    measured = [
        (a, b, m) for a, b in combinations(range(rules), 2) if (m := meetings.measure(a, b))
    ]
    if not measured:
        return found
    first, second, sizes = zip(*measured, strict=True)
    excess, error = np.array(sizes).T
    usual = max(float(np.median(excess)), 0.0) if len(sizes) >= PAIRS else 0.0
    share = np.clip((excess - usual) / max(1 - usual, EXCESS), 0, 1)
    share[(excess - usual < SIGMAS * error) | (share < EXCESS)] = 0
    found[first, second] = found[second, first] = share
    return found

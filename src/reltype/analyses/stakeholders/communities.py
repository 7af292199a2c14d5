"""Communities: who keeps together, where many runs agree on it.

Louvain (Blondel et al. 2008) from several seeds; people are together who were so in most runs
(consensus: Strehl & Ghosh 2002, Lancichinetti & Fortunato 2012).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from attrs import field, frozen

from reltype.analyses.stakeholders.chance import ByChance, beside, rewired
from reltype.analyses.stakeholders.measures import Pairs, graph

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reltype.arrow import Floats, Ints

RUNS = 25
SETTLED = 0.8
"""Share of the runs that must have somebody with their own, for it to be settled."""
DENSE = 3000
"""People up to whom every two are compared; beyond, the run that agrees most with the others is taken."""
FEWEST = 3
"""People from whom on it is a community."""


@frozen(eq=False)
class Communities:
    """Who keeps together.

    Attributes:
        labels: (people,) place of the community, the largest first; −1: with nobody.
        settled: (people,) share of the runs in which each was with the others of their community.
        runs: How many there were.
        agreement: Mean adjusted Rand index of two runs, ≤ 1.
        modularity: Of the mean run, against maps on which everybody has as many ties.
    """

    labels: Ints = field(repr=False)
    settled: Floats = field(repr=False)
    runs: int
    agreement: float
    modularity: ByChance

    @property
    def not_settled(self) -> NDArray[np.bool_]:
        """(people,) on whom the runs disagree."""
        return np.asarray((self.labels >= 0) & (self.settled < SETTLED))

    @property
    def sizes(self) -> list[int]:
        """People in each community."""
        counts: list[int] = np.bincount(self.labels[self.labels >= 0]).tolist()
        return counts


def communities(pairs: Pairs, rng: np.random.Generator, runs: int = RUNS) -> Communities:
    """The communities of a map."""
    seeds = rng.integers(0, 2**31, runs).tolist()
    whole = graph(pairs)
    found, scores = [], []
    for seed in seeds:
        labels, score = _louvain(whole, pairs.people, seed)
        found.append(labels)
        scores.append(score)
    table = np.array(found)
    chance = []
    for a, b in rewired(pairs.a, pairs.b, pairs.people, 10, rng, directed=False):
        weight = rng.permutation(pairs.weight)
        again = Pairs(pairs.people, a, b, weight)
        chance.append(_louvain(graph(again), pairs.people, seeds[0])[1])
    labels, settled = _consensus(table)
    alone = np.bincount(np.concatenate([pairs.a, pairs.b]), minlength=pairs.people) == 0
    labels, settled = _numbered(np.where(alone, -1, labels), settled)
    return Communities(
        labels,
        settled,
        runs,
        _agreement(table),
        beside(float(np.mean(scores)), np.array(chance)),
    )


def _louvain(whole: object, people: int, seed: int) -> tuple[Ints, float]:
    import networkx as nx

    parts: Sequence[set[int]] = nx.community.louvain_communities(whole, seed=seed)
    labels = np.zeros(people, np.int64)
    for i, part in enumerate(parts):
        labels[list(part)] = i
    return labels, float(nx.community.modularity(whole, parts))


def _consensus(table: Ints) -> tuple[Ints, Floats]:
    """Labels on which the runs agree, and how far they do of each person."""
    runs, people = table.shape
    if people < 2:
        return np.zeros(people, np.int64), np.ones(people)
    if people > DENSE:
        labels = table[_most_like_the_others(table)]
        together = np.zeros(people)
        for other in table:
            pair = labels * (other.max() + 1) + other
            sizes = np.bincount(pair)[pair] - 1
            with np.errstate(invalid="ignore", divide="ignore"):
                together += sizes / (np.bincount(labels)[labels] - 1)
        return labels, np.nan_to_num(together / runs, nan=1.0)
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    share = np.zeros((people, people), np.float32)
    for labels in table:
        share += labels[:, None] == labels[None, :]
    share /= runs
    tree = linkage(squareform(1 - share, checks=False), "average")
    labels = np.asarray(fcluster(tree, 0.5, "distance"), np.int64) - 1
    same = labels[:, None] == labels[None, :]
    np.fill_diagonal(same, val=False)
    count = same.sum(axis=1)
    held = np.divide((share * same).sum(axis=1), count, out=np.ones(people), where=count > 0)
    return labels, held


def _most_like_the_others(table: Ints) -> int:
    from sklearn.metrics import adjusted_rand_score

    few = table[: min(len(table), 10)]
    like = [sum(adjusted_rand_score(one, other) for other in few) for one in few]
    return int(np.argmax(like))


def _agreement(table: Ints) -> float:
    from sklearn.metrics import adjusted_rand_score

    few = table[: min(len(table), 10)]
    scores = [
        adjusted_rand_score(few[i], few[j]) for i in range(len(few)) for j in range(i + 1, len(few))
    ]
    return float(np.mean(scores)) if scores else 1.0


def _numbered(labels: Ints, settled: Floats) -> tuple[Ints, Floats]:
    """Communities by size, then by their first member; fewer than `FEWEST` together are with nobody."""
    made = np.full(len(labels), -1, np.int64)
    known = labels >= 0
    if not known.any():
        return made, np.where(made < 0, np.nan, settled)
    names, first, counts = np.unique(labels[known], return_index=True, return_counts=True)
    order = sorted(range(len(names)), key=lambda i: (-counts[i], first[i]))
    for place, i in enumerate(i for i in order if counts[i] >= FEWEST):
        made[labels == names[i]] = place
    return made, np.where(made < 0, np.nan, settled)

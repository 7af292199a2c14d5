"""Measures of a map: reciprocity, openness of groups, who is between others, who is needed.

Vectorised over people and over draws; each is checked against networkx in the tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen

from reltype.analyses.stakeholders.chance import (
    ByChance,
    beside,
    drawn_people,
    percentiles,
    permuted,
    rewired,
    rounds,
)
from reltype.learning.intervals import benjamini_hochberg, holm

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reltype.arrow import Floats, Ints

STEPS = 30
"""Longest way that word takes from one to another."""
DRAWS = 1000
MAPS = 60
"""Maps of chance that are drawn at most."""
WAYS = 100
"""People from whom ways are counted on each map of chance, or all where there are fewer."""


@frozen(eq=False)
class Pairs:
    """The map without directions.

    Attributes:
        people: How many there are.
        a: (pairs,) one end, the lower place.
        b: (pairs,) the other.
        weight: (pairs,) both ways together.
    """

    people: int
    a: Ints
    b: Ints
    weight: Floats

    @classmethod
    def of(cls, source: Ints, target: Ints, weight: Floats, people: int) -> Pairs:
        """The pairs that ties make."""
        key = np.minimum(source, target) * people + np.maximum(source, target)
        keys, place = np.unique(key, return_inverse=True)
        both = np.bincount(place, weight, len(keys)).astype(np.float64)
        return cls(people, keys // people, keys % people, both)

    def matrix(self, weight: Floats | None = None) -> Any:  # noqa: ANN401  scipy's
        """(people, people) sparse and symmetric."""
        from scipy.sparse import csr_array

        w = np.ones(len(self.a)) if weight is None else weight
        rows, columns = np.concatenate([self.a, self.b]), np.concatenate([self.b, self.a])
        shape = (self.people, self.people)
        return csr_array((np.concatenate([w, w]), (rows, columns)), shape=shape)


@frozen(eq=False)
class Groups:
    """How open the groups are.

    Attributes:
        ei: (external − internal) / all ties of the whole map (Krackhardt & Stern 1988), −1…1; a tie
            counts once in each direction that it has, whatever its weight.
        each: The same of each group's ties.
        p: (groups,) how often chance is as inward, corrected for many groups (Holm).
        between: (groups, groups) ties from one to the other, and
        expected: (groups, groups) by chance, and
        rarer: (groups, groups) how often chance has as few, corrected.
    """

    ei: ByChance
    each: tuple[ByChance, ...]
    p: Floats
    between: Floats
    expected: Floats
    rarer: Floats


def reciprocity(
    source: Ints, target: Ints, people: int, rng: np.random.Generator, maps: int = MAPS
) -> tuple[ByChance, Floats]:
    """Share of ties that are answered, and of each person the share of their contacts with whom it goes both ways.

    Chance is maps in which everybody has as many ties in and out.
    """
    answered = np.isin(target * people + source, source * people + target)
    times = rounds(maps, len(source) * 150)
    drawn = np.array(
        [
            np.isin(b * people + a, a * people + b).mean()
            for a, b in rewired(source, target, people, times, rng, directed=True)
        ]
    )
    again = []
    for count in drawn_people(people, rounds(300, len(source) * 10), rng):
        weight = count[source] * count[target]
        total = weight.sum()
        again.append((weight * answered).sum() / total if total else np.nan)
    out = np.bincount(source, minlength=people) + np.bincount(target, minlength=people)
    both = np.bincount(source[answered], minlength=people)
    contacts = out - both
    with np.errstate(invalid="ignore", divide="ignore"):
        own = np.where(contacts > 0, both / contacts, np.nan)
    return beside(float(answered.mean()), drawn, percentiles(np.array(again))), own


def openness(
    source: Ints,
    target: Ints,
    group: Ints,
    groups: int,
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> Groups | None:
    """How open groups are, against labels dealt out anew; None where fewer than two groups have ties."""
    from scipy.stats import norm

    told = (group[source] >= 0) & (group[target] >= 0)
    a, b = source[told], target[told]
    if groups < 2 or len(a) == 0:
        return None

    def between(labels: Ints, weight: Floats | None = None) -> NDArray[np.float64]:
        cell = labels[a] * groups + labels[b]
        made = np.bincount(cell, weight, groups * groups).astype(np.float64)
        return made.reshape(groups, groups)

    seen = between(group)
    times = rounds(max(draws, 40 * groups), len(a) * 3, 100)
    drawn = np.array([between(labels) for labels in permuted(group, times, rng)])
    again = [
        _ei(between(group, count[a] * count[b]))
        for count in drawn_people(len(group), rounds(500, len(a) * 6), rng)
    ]
    whole = beside(_ei(seen), np.array([_ei(m) for m in drawn]), percentiles(np.array(again)))
    each, p = [], []
    for i in range(groups):
        chance = _own_ei(drawn, i)
        own = float(_own_ei(seen[None], i)[0])
        each.append(beside(own, chance))
        known = chance[np.isfinite(chance)]
        p.append(np.nan if not np.isfinite(own) else _share(known <= own))
    middle, spread = drawn.mean(axis=0), drawn.std(axis=0)
    # The normal law: there are too many pairs for draws to tell how rare each is. Where chance has
    # fewer than five ties, none at all would mean nothing.
    enough = ~np.eye(groups, dtype=bool) & (middle >= 5) & (spread > 0)
    corrected = np.full((groups, groups), np.nan)
    corrected[enough] = benjamini_hochberg(norm.cdf((seen - middle)[enough] / spread[enough]))
    return Groups(whole, tuple(each), holm(np.array(p)), seen, drawn.mean(axis=0), corrected)


def _share(hits: NDArray[np.bool_]) -> float:
    return float((1 + hits.sum()) / (1 + len(hits)))


def _ei(between: NDArray[np.float64]) -> float:
    total, inside = float(between.sum()), float(np.trace(between))
    return (total - 2 * inside) / total if total else np.nan


def _own_ei(between: NDArray[np.float64], i: int) -> NDArray[np.float64]:
    """Of the ties that a group has, in and out; an inner one counts once."""
    inside = between[:, i, i]
    total = between[:, i].sum(axis=1) + between[:, :, i].sum(axis=1) - inside
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > 0, (total - 2 * inside) / total, np.nan)


def betweenness(
    pairs: Pairs, rng: np.random.Generator | None = None, most: int | None = None
) -> NDArray[np.float64]:
    """(people,) share of the shortest ways between others that lead over each (Freeman 1977), 0…1.

    Brandes' (2001) sums for many starts at once; ways of more than `STEPS` steps are left out.

    Args:
        pairs: The map.
        rng: Draws the starts, where *most* is less than all.
        most: Starts; None: everybody.
    """
    n = pairs.people
    if n < 3:
        return np.zeros(n)
    starts = np.arange(n)
    if most is not None and most < n and rng is not None:
        starts = np.sort(rng.choice(n, most, replace=False))
    matrix = pairs.matrix()
    made = np.zeros(n)
    step = max(1, 4_000_000 // n)
    for begin in range(0, len(starts), step):
        made += _dependencies(matrix, starts[begin : begin + step])
    # A way counts from both of its ends; where only some start, the others' are as many.
    made *= n / len(starts)
    return np.asarray(made / ((n - 1) * (n - 2)), np.float64)


def _dependencies(matrix: Any, starts: Ints) -> NDArray[np.float64]:  # noqa: ANN401
    n, k = matrix.shape[0], len(starts)
    ways = np.zeros((n, k))
    far = np.full((n, k), -1, np.int8)
    ways[starts, np.arange(k)] = 1
    far[starts, np.arange(k)] = 0
    front, depth = ways.copy(), 0
    while depth < STEPS:
        front = matrix @ front
        front[far >= 0] = 0
        reached = front > 0
        if not reached.any():
            break
        depth += 1
        far[reached] = depth
        ways += front
    share = np.zeros((n, k))
    for level in range(depth, 0, -1):
        here = far == level
        ratio = np.divide(1 + share, ways, out=np.zeros((n, k)), where=here)
        share += np.where(far == level - 1, ways * (matrix @ ratio), 0)
    share[starts, np.arange(k)] = 0
    return np.asarray(share.sum(axis=1), np.float64)


def constraint(pairs: Pairs, weight: Floats | None = None) -> NDArray[np.float64]:
    """(people,) how far each one's contacts are each other's too (Burt 1992); NaN without contacts.

    Near 0 for a broker between people who do not know each other.
    """
    from scipy.sparse import diags_array

    matrix = pairs.matrix(pairs.weight if weight is None else weight)
    total = np.asarray(matrix.sum(axis=1), np.float64)
    scale = np.divide(1, total, out=np.zeros_like(total), where=total > 0)
    share = (diags_array(scale) @ matrix).tocsr()
    both = (share + share @ share).multiply(matrix > 0)
    made = np.asarray(both.multiply(both).sum(axis=1), np.float64)
    made[total == 0] = np.nan
    return made


@frozen(eq=False)
class Brokers:
    """Who is between others.

    Attributes:
        betweenness: (people,) 0…1, and by chance
        expected: (people,) the mean for somebody with as many ties, and
        low: (people,) the 2.5th percentile, and
        high: (people,) the 97.5th.
        p: (people,) how often chance has somebody so far above their mean, corrected.
        constraint: (people,) Burt's, and by chance
        constraint_expected: (people,) the mean.
        critical: (people,) share of the maps of chance on which they would be a cut point.
        cut_points: How many there are, against chance.
    """

    betweenness: Floats
    expected: Floats
    low: Floats
    high: Floats
    p: Floats
    constraint: Floats
    constraint_expected: Floats
    critical: Floats
    cut_points: ByChance


def brokers(pairs: Pairs, rng: np.random.Generator, maps: int = MAPS) -> Brokers:
    """Who is between others more than somebody with as many ties would be by chance."""
    n = pairs.people
    starts = min(n, WAYS)
    seen = betweenness(pairs, rng, None if n <= 3000 else 1000)
    times = rounds(maps, len(pairs.a) * starts * 2, 10)
    drawn, tight, cut = [], [], []
    for a, b in rewired(pairs.a, pairs.b, n, times, rng, directed=False):
        again = Pairs(n, a, b, pairs.weight)
        drawn.append(betweenness(again, rng, starts))
        tight.append(constraint(again))
        cut.append(cut_points(again))
    ways, held, points = np.array(drawn), np.array(tight), np.array(cut)
    middle, spread = ways.mean(axis=0), ways.std(axis=0)
    low, high = np.quantile(ways, [0.025, 0.975], axis=0)
    # What chance has of somebody so far out is asked of everybody's draws together: there are too
    # few of each. Each draw is held against the others of the same person, as the map is.
    rest = (ways.sum(axis=0) - ways) / (times - 1)
    square = ((ways**2).sum(axis=0) - ways**2) / (times - 1) - rest**2
    null = np.sort(((ways - rest) / np.sqrt(np.maximum(square, 1e-18))).ravel())
    spread = np.maximum(spread, 1e-9)
    out = (seen - middle) / spread
    above = len(null) - np.searchsorted(null, out, side="left")
    p = np.where(seen > high, (1 + above) / (1 + len(null)), 1.0)
    own = cut_points(pairs)
    known = np.isfinite(held).sum(axis=0)
    usual = np.divide(np.nansum(held, axis=0), known, out=np.full(n, np.nan), where=known > 0)
    return Brokers(
        seen,
        middle,
        low,
        high,
        benjamini_hochberg(p),
        constraint(pairs),
        usual,
        points.mean(axis=0),
        beside(float(own.sum()), points.sum(axis=1).astype(np.float64)),
    )


def cut_points(pairs: Pairs) -> NDArray[np.bool_]:
    """(people,) without whom somebody would lose the connection to somebody else."""
    import networkx as nx

    made = np.zeros(pairs.people, bool)
    made[list(nx.articulation_points(graph(pairs)))] = True
    return made


def graph(pairs: Pairs) -> Any:  # noqa: ANN401  networkx'
    """The map as networkx has it: everybody, and the pairs with their weights."""
    import networkx as nx

    made = nx.Graph()
    made.add_nodes_from(range(pairs.people))
    ends = zip(pairs.a.tolist(), pairs.b.tolist(), pairs.weight.tolist(), strict=True)
    made.add_weighted_edges_from(ends)
    return made


def needed_by(pairs: Pairs, customers: tuple[int, ...]) -> NDArray[np.int64]:
    """(people,) how many others would lose every connection to a customer without them.

    Without a customer: how many would be cut off from the largest part that is left. A customer is
    needed by nobody: their outcome is what it is for.
    """
    import networkx as nx

    made = np.zeros(pairs.people, np.int64)
    whole = graph(pairs)
    if customers:
        outcome = pairs.people  # stands for all customers' outcomes
        whole.add_edges_from((outcome, customer) for customer in customers)
        tree = nx.immediate_dominators(whole.to_directed(), outcome)
        far = nx.single_source_shortest_path_length(whole, outcome)
        for node in sorted(far, key=lambda one: -far[one]):
            above = tree.get(node)
            if node != outcome and above is not None and above not in (outcome, node):
                made[above] += made[node] + 1
        made[list(customers)] = 0
        return made
    for node, cut in _cut_off(whole).items():
        made[node] = cut
    return made


def _cut_off(whole: Any) -> dict[int, int]:  # noqa: ANN401
    """Cut point → people outside the largest part once they are gone: sums over the tree of blocks."""
    import networkx as nx

    found: dict[int, int] = {}
    for part in nx.connected_components(whole):
        blocks = list(nx.biconnected_components(whole.subgraph(part)))
        at: dict[int, list[int]] = {}
        for i, block in enumerate(blocks):
            for node in block:
                at.setdefault(node, []).append(i)
        points = {node for node, of in at.items() if len(of) > 1}
        tree = nx.Graph()
        tree.add_nodes_from(("block", i) for i in range(len(blocks)))
        tree.add_edges_from((("point", p), ("block", i)) for p in points for i in at[p])
        if not points:
            continue
        root = ("block", 0)
        order = list(nx.dfs_postorder_nodes(tree, root))
        parent = {child: up for up, child in nx.dfs_edges(tree, root)}
        own = {
            **{("block", i): len(block - points) for i, block in enumerate(blocks)},
            **{("point", p): 1 for p in points},
        }
        below = dict(own)
        for node in order:
            if node != root:
                below[parent[node]] += below[node]
        for p in points:
            node = ("point", p)
            sizes = [below[child] for child in tree[node] if child != parent[node]]
            sizes.append(len(part) - below[node])
            found[p] = len(part) - 1 - max(sizes)
    return found


def parts(pairs: Pairs) -> Ints:
    """(people,) which connected part each is in; 0 is the largest."""
    from scipy.sparse.csgraph import connected_components

    _, label = connected_components(pairs.matrix(), directed=False)
    counts = np.bincount(label)
    order = np.argsort(-counts, kind="stable")
    place = np.empty(len(counts), np.int64)
    place[order] = np.arange(len(counts))
    return np.asarray(place[label], np.int64)

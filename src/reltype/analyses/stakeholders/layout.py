"""Layout: where each stands on the drawing; the same map, the same places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reltype.analyses.stakeholders.measures import Pairs, graph, parts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reltype.arrow import Ints

SEED = 7
SPRUNG = 60
"""People up to whom every distance on the map is one on the drawing (Kamada & Kawai 1989)."""


def places(pairs: Pairs, apart: float) -> NDArray[np.float64]:
    """(people, 2) where each stands, no two nearer than *apart*, the lowest at 0, 0.

    Each connected part is laid out by itself; the parts stand beside each other, the largest first.
    """
    label = parts(pairs)
    made = np.zeros((pairs.people, 2))
    boxes = []
    for i in range(int(label.max(initial=-1)) + 1):
        own = np.flatnonzero(label == i)
        if len(own) == 1:
            continue
        at = _spread(_laid(pairs, own), apart)
        at -= at.min(axis=0)
        boxes.append((own, at))
    alone = np.flatnonzero(np.bincount(label)[label] == 1)
    if len(alone):
        across = max(1, round(np.sqrt(len(alone) * 2.2)))
        grid = np.column_stack([np.arange(len(alone)) % across, np.arange(len(alone)) // across])
        boxes.append((alone, grid * apart * np.array([2.2, 1.0])))
    _packed(boxes, made, apart * 2.5)
    return made


def _laid(pairs: Pairs, own: Ints) -> NDArray[np.float64]:
    import networkx as nx

    part = graph(pairs).subgraph(own.tolist())
    ordered = nx.Graph()  # a subgraph goes through its nodes as a set does
    ordered.add_nodes_from(own.tolist())
    ordered.add_edges_from(sorted((min(e), max(e)) for e in part.edges))
    around = nx.circular_layout(ordered)
    if len(own) <= SPRUNG:
        found = nx.kamada_kawai_layout(ordered, pos=around)
    else:
        found = nx.spring_layout(
            ordered, seed=SEED, iterations=120, k=2.2 / np.sqrt(len(own)), method="force"
        )
    at = np.array([found[node] for node in own.tolist()], np.float64)
    # A line of figures that a processor rounds its own way would be another drawing there.
    return np.asarray(_lying(np.round(at, 6)), np.float64)


def _lying(at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turned so that it is wider than high: pages are."""
    at = at - at.mean(axis=0)
    spread = np.ptp(at, axis=0)
    return at[:, ::-1] if spread[1] > spread[0] else at


def _spread(at: NDArray[np.float64], apart: float) -> NDArray[np.float64]:
    """As wide as so many people need, and then pushed apart until no two stand nearer than *apart*."""
    from scipy.spatial import cKDTree

    count = len(at)
    wide = apart * np.sqrt(count) * 1.5
    at = at * (wide / max(float(np.ptp(at, axis=0).max()), 1e-9))
    at = at + np.column_stack([np.arange(count) % 7, np.arange(count) % 5]) * 1e-3
    for _ in range(200):
        pairs = cKDTree(at).query_pairs(apart, output_type="ndarray")
        if len(pairs) == 0:
            break
        pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
        gap = at[pairs[:, 1]] - at[pairs[:, 0]]
        far = np.maximum(np.hypot(gap[:, 0], gap[:, 1]), 1e-6)
        push = gap / far[:, None] * ((apart - far) * 0.52)[:, None]
        moved = np.zeros_like(at)
        np.add.at(moved, pairs[:, 1], push)
        np.add.at(moved, pairs[:, 0], -push)
        at = at + moved
    return np.asarray(np.round(at, 2), np.float64)


def _packed(
    boxes: list[tuple[Ints, NDArray[np.float64]]], made: NDArray[np.float64], gap: float
) -> None:
    """Parts beside each other in rows as wide as the widest."""
    if not boxes:
        return
    width = max(float(at[:, 0].max()) for _, at in boxes)
    x = y = high = 0.0
    for own, at in boxes:
        wide, tall = at.max(axis=0)
        if x > 0 and x + wide > width:
            x, y, high = 0.0, y + high + gap, 0.0
        made[own] = at + np.array([x, y])
        x, high = x + wide + gap, max(high, float(tall))

"""Changes: what a mover did in one window and in the one before it, in facts that can be counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reltype.analyses.tracking.moves import WINDOW
from reltype.arrow import doubles
from reltype.expressions import quote
from reltype.scoring.population import EPOCH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from reltype.analyses.tracking.moves import Moves
    from reltype.scoring.population import History

FACTS = 3
"""Changes that are told of a mover."""

_COUNTS = {
    "purchases": ("purchase", "purchases"),
    "visits": ("visit", "visits"),
    "renewals": ("renewal", "renewals"),
    "messages": ("message", "messages"),
    "complaints": ("complaint", "complaints"),
    "supports": ("request for help", "requests for help"),
    "reviews": ("review or survey", "reviews and surveys"),
    "referrals": ("person brought along", "people brought along"),
    "discounted": ("purchase at a reduced price", "purchases at a reduced price"),
}
"""Count → one, many."""

_STEPS = ("purchases", "visits", "messages", "reviews", "referrals")
"""Counts that rise in a courtship and fall where a relationship cools."""


def because(history: History, ids: pa.Array, found: Moves, names: Sequence[str]) -> pa.Array:
    """A sentence for each mover, in the order of customers and days; a null at the end."""
    who, day = np.nonzero(found.moved)
    if not len(who):
        return pa.array([None], pa.string())
    measured = _measured(history)
    counts = [name for name in _COUNTS if name in measured]
    extra = [name for name in ("responses", "outreaches") if name in measured]
    asked = pa.table({
        "customer_id": ids.take(pa.array(who)),
        "number": np.arange(len(who)),
        "now": [float((history.days[d] - EPOCH).days) for d in day],
        "then": [float((history.days[d - WINDOW] - EPOCH).days) for d in day],
    })  # fmt: skip
    columns = "".join(
        f", {side}.{quote(name)} AS {quote(side + '_' + name)}"
        for name in [*counts, *extra]
        for side in ("a", "b")
    )
    population = history.population
    with (
        population.kept(asked, "movers") as movers,
        population.kept(history.features(WINDOW), "windows") as windows,
    ):
        table = population.engine.table(
            f"SELECT m.number{columns} FROM {movers} m"
            f" LEFT JOIN {windows} a ON a.customer_id = m.customer_id AND a.as_of_day = m.now"
            f" LEFT JOIN {windows} b ON b.customer_id = m.customer_id AND b.as_of_day = m.then"
            " ORDER BY m.number"
        )
    texts: list[NDArray[np.object_]] = []
    worth: list[NDArray[np.float64]] = []
    steps = {side: np.zeros(len(who)) for side in "ab"}
    for name in counts:
        now, then = (np.nan_to_num(doubles(table.column(f"{s}_{name}"))) for s in "ab")
        if name in _STEPS:
            steps["a"] += now
            steps["b"] += then
        told, weight = _count(name, now, then)
        texts.append(told)
        worth.append(weight)
    if len(extra) == 2:
        told, weight = _answers(table)
        texts.append(told)
        worth.append(weight)
    titles = np.array(names, dtype=object)
    way = _way(steps["a"], steps["b"])
    moved = _add(way, titles[found.before[who, day]], " to ", titles[found.after[who, day]])
    made = _most(moved, texts, worth)
    return pc.if_else(pa.array([True] * len(made) + [False]), pa.array([*made, None]), None)


def _way(now: NDArray[np.float64], then: NDArray[np.float64]) -> NDArray[np.object_]:
    """Courtship or cooling, where the steps of two windows differ by more than chance explains."""
    clear = np.abs(now - then) > 2 * np.sqrt(np.maximum(now + then, 1.0))
    rising = np.where(now > then, "courtship, from ", "cooling, from ")
    return np.where(clear, rising, "from ").astype(object)


def _measured(history: History) -> set[str]:
    """Facts that the plan counts and that are not null everywhere."""
    of = history.population
    return {f.name for f in of.plan.features if f.name not in of.nulls.features}


def _count(
    name: str, now: NDArray[np.float64], then: NDArray[np.float64]
) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    one, many = _COUNTS[name]
    word = np.where(now == 1, one, many).astype(object)
    text = _add(_whole(now), " ", word, " instead of ", _whole(then))
    return text, np.abs(now - then) / np.sqrt(np.maximum(now + then, 1.0))


def _answers(table: pa.Table) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    value = {
        f"{side}_{name}": np.nan_to_num(doubles(table.column(f"{side}_{name}")))
        for side in "ab"
        for name in ("responses", "outreaches")
    }
    now, sent = value["a_responses"], value["a_outreaches"]
    then, sent_then = value["b_responses"], value["b_outreaches"]
    told = _add(
        "answered ", _whole(now), " of ", _whole(sent), " mailings (", _whole(then), " of ",
        _whole(sent_then), " before)",
    )  # fmt: skip
    both = (sent > 0) & (sent_then > 0)
    share = (now + then) / np.maximum(sent + sent_then, 1)
    error = np.sqrt(np.maximum(share * (1 - share), 0.01) * (
        1 / np.maximum(sent, 1) + 1 / np.maximum(sent_then, 1)
    ))  # fmt: skip
    gap = np.abs(now / np.maximum(sent, 1) - then / np.maximum(sent_then, 1))
    return told, np.where(both, gap / error, 0.0)


def _most(
    moved: NDArray[np.object_],
    texts: Sequence[NDArray[np.object_]],
    worth: Sequence[NDArray[np.float64]],
) -> list[str]:
    """Each mover's sentence with the changes that chance explains least, if it explains them badly."""
    if not texts:
        return list(moved)
    told, weight = np.array(texts, dtype=object), np.array(worth)
    order = np.argsort(-weight, axis=0, kind="stable")[:FACTS]
    made = moved
    for rank in range(len(order)):
        pick = order[rank]
        at = np.arange(len(moved))
        use = weight[pick, at] >= 1.0
        joint = ": " if rank == 0 else ", "
        made = np.where(use, _add(made, joint, told[pick, at]), made)
    return list(made)


def _add(*parts: NDArray[np.object_] | str) -> NDArray[np.object_]:
    made: NDArray[np.object_] | str = ""
    for part in parts:
        made = made + part
    return np.asarray(made, dtype=object)


def _whole(values: NDArray[np.float64]) -> NDArray[np.object_]:
    return np.char.mod("%d", values).astype(object)

"""States: what each customer is at each day, as arrays: an archetype, or one of what else one may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

from reltype.arrow import doubles
from reltype.scoring import columns as col
from reltype.scoring.unclassified import reasons

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from reltype.scoring.plan import Plan

NEW, ENDED, DORMANT, LITTLE, UNSURE = "new", "ended", "dormant", "too little seen", "cannot be told"
STATES = (NEW, ENDED, DORMANT, LITTLE, UNSURE)
"""What a customer may be at a day besides an archetype, in this order behind them.

`new`: not yet there; `ended`: has left; of those who are not named: `dormant`, `too little seen` (or
known, or too early), else `cannot be told`.
"""


@frozen(eq=False)
class Seen:
    """What was concluded, as arrays over (customers, days); NaN, −1 where nobody was there yet."""

    ids: pa.Array
    place: NDArray[np.int64]
    there: NDArray[np.bool_]
    state: NDArray[np.int64]
    named: NDArray[np.int64]
    posterior: NDArray[np.float64]


def seen_at(table: pa.Table, plan: Plan, days: int) -> Seen:
    """What each customer was at each day, from result rows with their `as_of`.

    Args:
        table: Rows of the result; those of the last of the *days* are among them.
        plan: Whose archetypes are told apart; states are their names, then `STATES`.
        days: How many days there are; on the first nobody may have been there.
    """
    names = [a.name for a in plan.archetypes]
    states = (*names, *STATES)
    little = [text for text, why in reasons(plan).items() if why.too_little]
    ids = pc.unique(table.column("customer_id")).sort()
    who = codes(table.column("customer_id"), ids)
    stamps = pc.unique(table.column("as_of")).sort()
    place = who * days + (codes(table.column("as_of"), stamps) + days - len(stamps))
    named = codes(table.column("archetype"), pa.array(names))
    named = np.where(named < 0, len(names), named)
    because, status = (
        np.asarray(table.column(c).fill_null("").to_numpy(zero_copy_only=False), str)
        for c in ("unclassified_because", "status")
    )
    at = {state: i for i, state in enumerate(states)}
    state = np.where(np.isin(because, little), at[LITTLE], at[UNSURE])
    state = np.where(status == DORMANT, at[DORMANT], state)
    state = np.where(named < len(names), named, state)
    state = np.where(status == ENDED, at[ENDED], state)
    shape = (len(ids), days)
    posterior = np.full((*shape, len(names)), np.nan)
    for i, column in enumerate(col.posteriors(table.column_names)):
        posterior.reshape(-1, len(names))[place, i] = table.column(column).to_numpy()
    posterior /= posterior.sum(axis=2, keepdims=True)
    return Seen(
        ids,
        place,
        _spread(np.ones(len(place), bool), place, shape, False),
        _spread(state, place, shape, at[NEW]),
        _spread(named, place, shape, -1),
        posterior,
    )


def codes(column: pa.Array | pa.ChunkedArray, among: pa.Array) -> NDArray[np.int64]:
    """(n,) the place of each value in *among*, −1 where it is not there."""
    found = pc.index_in(column, among)
    return doubles(found.fill_null(-1)).astype(np.int64)


def _spread(
    values: NDArray[Any],
    place: NDArray[np.int64],
    shape: tuple[int, int],
    otherwise: Any,  # noqa: ANN401
) -> NDArray[Any]:
    made = np.full(shape, otherwise, values.dtype)
    made.ravel()[place] = values
    return made


def weights_of(seen: Seen, states: Sequence[str], archetypes: int) -> NDArray[np.float64]:
    """(customers, days, states) probability of each: those who are no archetype are it for sure.

    Of somebody of whom it cannot be told, the posterior says which archetype they may be.
    """
    weights = np.zeros((*seen.state.shape, len(states)))
    unsure = states.index(UNSURE)
    open_ = (seen.state < archetypes) | (seen.state == unsure)
    np.put_along_axis(weights, seen.state[..., None], 1.0, axis=2)
    weights[open_] = 0.0
    weights[..., :archetypes] = np.where(
        open_[..., None], np.nan_to_num(seen.posterior), weights[..., :archetypes]
    )
    lost = weights.sum(axis=2) == 0
    weights[lost, unsure] = 1.0
    return weights

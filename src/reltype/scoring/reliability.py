"""Reliability: how far a signal repeats itself, measured on the data at hand.

Each day of the log falls to one of two halves as if by a coin, the same for everybody, and each
signal is read in both. Where customers differ, the halves agree: their correlation r over customers,
stepped up to the whole log by Spearman and Brown's formula (1910), is the reliability
2r / (1 + r). Where interactions fall to customers by chance there is nothing to agree on, however
sure each reading looks by itself. A coin for each day thins counts as it does gaps, so that a rate that
differs by chance alone repeats itself no more than a mean does.

Halves of whom much was seen agree on whatever grows with the number of interactions: more of them
span more time by chance alone. So reliability is also measured beyond that number. Where nothing
repeats itself beyond it, customers differ in one fact only, how often they were seen, and only what
goes beyond it is evidence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from reltype.arrow import doubles
from reltype.scoring import columns as col

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from reltype.definitions.dimensions import Signal

FEWEST = 30
"""Customers seen in both halves without whom reliability is not measured: it would be off by more
than 0.18."""

ENOUGH = 0.5
"""The reliability from which on a signal is trusted in full: what the weights were set on."""

LEAST = 0.25
"""The reliability up to which a signal is not trusted at all: rates over few rows reach 0.2, and
once 0.37, where customers differ by chance alone (benchmarks/chance.py)."""

ONE_FACT, MORE = 0.15, 0.35
"""The share of all reliability that lies beyond the number of interactions: up to the first, that
number is all there is; from the second on, it is one fact among others and does no harm. Real logs
have 0.5 and more, logs dealt to customers at random below 0.1 (docs/validation.md)."""

KNOTS = 12


def reliability(table: pa.Table, signals: Mapping[int, str]) -> dict[str, float]:
    """Signal → its reliability, 0…1, less what chance alone may have added.

    One standard error of r (1/√n over n customers) is taken off before it is stepped up: of
    thirty customers 0.2 means nothing.

    Args:
        table: Columns `customer_id`, `half`, `log_rows` and, for each signal, `signal_i` and the
            observations behind it, `n_i`; sorted by the first two.
        signals: Number i → name of the signal.
    """
    if not table.num_rows:
        return {}
    code = pc.dictionary_encode(table.column("customer_id").combine_chunks()).indices
    customer = doubles(code)
    first = np.flatnonzero(customer[:-1] == customer[1:])
    pair = np.stack([first, first + 1])
    often = np.log(doubles(table.column("log_rows").combine_chunks())[pair])
    plain: dict[str, float] = {}
    beyond: dict[str, float] = {}
    for i, name in signals.items():
        values = doubles(table.column(col.signal(i)).combine_chunks())[pair]
        weight = doubles(table.column(col.observed(i)).combine_chunks())[pair].min(axis=0)
        both = ~np.isnan(values).any(axis=0) & (weight > 0)
        if both.sum() >= FEWEST:
            values, weight = values[:, both], weight[both] / weight[both].sum()
            plain[name] = _stepped_up(values, weight)
            beyond[name] = _stepped_up(_residuals(often[:, both], values, weight), weight)
    share = sum(beyond.values()) / (sum(plain.values()) or 1.0)
    more = min(1.0, max(0.0, (share - ONE_FACT) / (MORE - ONE_FACT)))
    return {
        name: round(more * max(plain[name], beyond[name]) + (1 - more) * beyond[name], 6)
        for name in plain
    }


def trust(reliability: float | None) -> float:
    """How far evidence counts, 0…1, between `LEAST` and `ENOUGH`; in full where unmeasured."""
    if reliability is None:
        return 1.0
    return round(min(1.0, max(0.0, (reliability - LEAST) / (ENOUGH - LEAST))), 6)


def trusts(signals: Sequence[Signal], measured: Mapping[str, float]) -> dict[str, float]:
    """Signal → how far its evidence counts, 0…1.

    One for what is *alike* counts as far as the other signals of its dimension do not, where that
    is at least half: where customers differ, they are compared with each other; where they do not,
    only what all of them do can be told.
    """
    made = {s.name: trust(measured.get(s.name)) for s in signals if not s.alike}
    for signal in signals:
        if signal.alike:
            mine = [s for s in signals if s.dimension == signal.dimension and s.name in measured]
            mine = [s for s in mine if not s.alike]
            weight = sum(s.weight for s in mine)
            missing = sum(s.weight * (1 - made[s.name]) for s in mine)
            lacking = missing / weight if weight else 0.0
            made[signal.name] = round(lacking, 6) if lacking >= ENOUGH else 0.0
    return made


def _residuals(
    often: NDArray[np.float64], values: NDArray[np.float64], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(2, n) *values* less what follows from *often*, by one broken line for both halves."""
    x = often.ravel()
    knots = np.unique(np.quantile(x, np.linspace(0, 1, KNOTS)[1:-1]))
    lines = np.column_stack([np.ones_like(x), x, np.maximum(0.0, x[:, None] - knots)])
    root = np.sqrt(np.tile(weight, 2))
    fitted = np.linalg.lstsq(lines * root[:, None], values.ravel() * root, rcond=None)[0]
    return np.asarray(values - (lines @ fitted).reshape(values.shape))


def _stepped_up(values: NDArray[np.float64], weight: NDArray[np.float64]) -> float:
    """The reliability of (2, n) *values*: customers count by *weight*, which sums to 1."""
    one, other = values - (values @ weight)[:, None]
    spread = float(np.sqrt((weight @ one**2) * (weight @ other**2)))
    correlation = float((weight * one) @ other) / spread if spread > 1e-9 else 0.0
    sure = max(0.0, correlation - float(np.sqrt(weight @ weight)))
    return 2 * sure / (1 + sure)

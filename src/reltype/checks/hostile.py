"""Hostile: batches and columns that code written for the ordinary case fails on."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from reltype.definitions.archetypes import UNCLASSIFIED
from reltype.learning.model.learned import whole
from reltype.scoring import columns as col
from reltype.scoring.classifiers import Batch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from reltype.arrow import Floats, Ints
    from reltype.expressions.functions import Kind
    from reltype.scoring.plan import Plan

ROWS = 24
EXAMPLES = 90
_TEXTS = (
    "",
    " ",
    "Great service, thank you!",
    "not good at all",
    "schön 👋🏽 это 很好",
    "=1+1",
    "a\n\tb\x07",
    "x" * 5000,
    "007",
    None,
)
_NUMBERS = (0.0, -0.0, 1.0, -1.0, 0.5, 1e-300, 1e300, -1e300, 123456789.0, None)
_BOOLS = (True, False, None)


def batches(plan: Plan, features: Iterable[str] = (), seed: int = 0) -> dict[str, Batch]:
    """Batches by what is hostile about them.

    They are: `no rows`, `one row`, `nothing seen`, `half seen`, `extremes`, `wrong order` and
    `extra columns`.

    Args:
        plan: Gives the dimensions and the rules.
        features: Which features the batches' tables hold besides.
        seed: Chooses the numbers.
    """
    rng = np.random.default_rng(seed)
    names = tuple(dict.fromkeys((*plan.mentioned, *plan.extra_features, *features)))
    usual = _batch(plan, names, _readings(rng, ROWS, len(plan.dimensions)), rng)
    holes = np.where(rng.random(usual.readings.shape) < 0.5, np.nan, usual.readings)
    ends = rng.integers(0, 2, usual.readings.shape).astype(float)
    nothing = np.full_like(usual.readings, np.nan)
    return {
        "no rows": take(usual, np.arange(0)),
        "one row": take(usual, np.arange(1)),
        "nothing seen": _batch(plan, names, nothing, None),
        "half seen": _batch(plan, names, holes, rng, nulls=0.5),
        "extremes": _batch(plan, names, ends, rng),
        "wrong order": take(usual, rng.permutation(ROWS)),
        "extra columns": _with_extra(usual),
    }


def examples(plan: Plan, seed: int = 0) -> dict[str, tuple[Floats, Ints, tuple[str, ...]]]:
    """What a recipe learns from (X, y and the columns' names) by what is hostile about it.

    They are: `usual`, `much unseen`, `extremes`, `constant columns`, `nothing seen`, `two classes`
    and `a rare class`. In the usual ones the first column tells the classes apart.
    """
    rng = np.random.default_rng(seed)
    names = whole(plan, plan.inputs)
    y = np.arange(EXAMPLES, dtype=np.int64) % 3
    usual = rng.random((EXAMPLES, len(names)))
    usual[:, 0] = (y + rng.random(EXAMPLES) * 0.9) / 3
    holes = np.where(rng.random(usual.shape) < 0.7, np.nan, usual)
    ends = np.where(usual < 0.5, -1e300, 1e300)
    constant = np.where(np.arange(len(names)) == 0, usual, 1.0)
    rare = np.where(np.arange(EXAMPLES) == 0, 2, y % 2)
    made = {
        "usual": (usual, y),
        "much unseen": (holes, y),
        "extremes": (ends, y),
        "constant columns": (constant, y),
        "nothing seen": (np.full_like(usual, np.nan), y),
        "two classes": (usual, y % 2),
        "a rare class": (usual, rare),
    }
    return {what: (given, classes, names) for what, (given, classes) in made.items()}


def columns(kinds: Iterable[Kind]) -> list[pa.Array]:
    """One Arrow array per kind, of one length, that together hold awkward values in many pairs."""
    times = (
        dt.datetime(1970, 1, 1),  # noqa: DTZ001  expressions know no zones
        dt.datetime(2024, 2, 29, 23, 59, 59, 999999),  # noqa: DTZ001
        dt.datetime(1, 1, 1),  # noqa: DTZ001
        dt.datetime(9999, 12, 31),  # noqa: DTZ001
        None,
    )
    values: Mapping[Kind, tuple[Any, ...]] = {
        "text": _TEXTS,
        "number": _NUMBERS,
        "bool": _BOOLS,
        "time": times,
    }
    types = {
        "text": pa.string(),
        "number": pa.float64(),
        "bool": pa.bool_(),
        "time": pa.timestamp("us"),
    }
    made = []
    for position, kind in enumerate(kinds):
        listed = values[kind]
        picked = [listed[(row * (position + 1)) % len(listed)] for row in range(60)]
        made.append(pa.array(picked, types[kind]))
    return made


def take(batch: Batch, rows: NDArray[np.int64]) -> Batch:
    """The rows of *batch* with these indices, in this order."""
    return Batch(
        batch.table.take(rows), batch.readings[rows], batch.evidence[rows], batch.fired[rows]
    )


def _readings(rng: np.random.Generator, rows: int, count: int) -> NDArray[np.float64]:
    made = rng.random((rows, count))
    made[rng.random((rows, count)) < 0.2] = np.nan
    return made


def _batch(
    plan: Plan,
    features: Iterable[str],
    readings: NDArray[np.float64],
    rng: np.random.Generator | None,
    *,
    nulls: float = 0.1,
) -> Batch:
    """A batch; where *rng* is None nothing at all is known."""
    n = len(readings)
    known = rng.random(readings.shape) if rng else np.zeros(readings.shape)
    evidence = np.where(np.isnan(readings), 0.0, known)
    table: dict[str, pa.Array] = {"customer_id": pa.array([f"{i:03}" for i in range(n)])}
    for k, dimension in enumerate(plan.dimensions):
        table[col.reading(dimension.name)] = pa.array(readings[:, k], from_pandas=True)
        table[col.evidence(dimension.name)] = pa.array(evidence[:, k])
    fired = np.full((n, len(plan.rules)), np.nan)
    rules = {col.rule(i): i for i in range(len(plan.rules))}
    for name in plan.conditions:
        held = rng.choice([0.0, 1.0, np.nan], n) if rng else np.full(n, np.nan)
        mask = np.isnan(held)
        table[name] = pa.array(np.nan_to_num(held).astype(bool), mask=mask)
        if name in rules:
            fired[:, rules[name]] = held
    for name in features:
        values = rng.normal(10, 30, n) if rng else np.zeros(n)
        mask = rng.random(n) < nulls if rng else np.ones(n, bool)
        table[name] = pa.array(values, mask=mask)
    return Batch(pa.table(table), readings, evidence, fired)


def _with_extra(batch: Batch) -> Batch:
    n = len(batch)
    table = batch.table
    table = table.add_column(0, "an unknown column", pa.array(["?"] * n))
    table = table.append_column(col.posterior(UNCLASSIFIED), pa.nulls(n, pa.float64()))
    return Batch(table, batch.readings, batch.evidence, batch.fired)

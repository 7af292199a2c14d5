"""Hold-out: who is left alone, so that it can be seen what acting did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from reltype.arrow import doubles
from reltype.expressions import literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from reltype.engines import Engine
    from reltype.scoring.population import Population


def held_out(
    population: Population,
    customers: pa.Array,
    strata: Sequence[NDArray[np.int64]],
    share: float,
    salt: str,
) -> NDArray[np.bool_]:
    """(n,) who is held out: a share of each stratum, drawn by a hash of salt and id.

    Within a stratum they stand in the order of the hash, the strata behind one another, and every
    (1/share)-th is taken, so that shares differ by less than one customer from stratum to stratum.
    The same salt draws the same customers; another salt others.

    Args:
        population: Whose engine hashes.
        customers: (n,) ids, each once.
        strata: (n,) codes, the coarsest first: team, benefit, archetype.
        share: Of each stratum, 0…1.
        salt: What makes this draw another than the next.
    """
    count = len(customers)
    if not count or not share:
        return np.zeros(count, bool)
    place = hashed(population.engine, customers, salt, population)
    order = np.lexsort((place, *reversed(strata)))
    begin = float(int.from_bytes(salt.encode()[:4].ljust(4, b"\1"), "big") % 997) / 997
    steps = np.floor(begin + share * np.arange(count + 1))
    made = np.zeros(count, bool)
    made[order] = np.diff(steps) > 0
    return made


def hashed(
    engine: Engine, customers: pa.Array, salt: str, population: Population
) -> NDArray[np.int64]:
    """(n,) the place of each customer in the order of a hash of *salt* and id."""
    table = pa.table({"customer_id": customers, "row": np.arange(len(customers))})
    with population.kept(table, "drawn") as name:
        key = f"md5({literal(salt + chr(31))} || customer_id)"
        found = engine.table(f"SELECT row FROM {name} ORDER BY {key}, customer_id")
    place = np.empty(len(customers), np.int64)
    place[doubles(found.column("row")).astype(np.int64)] = np.arange(len(customers))
    return place

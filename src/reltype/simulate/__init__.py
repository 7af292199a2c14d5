"""Makes interaction logs whose true relationships are known: for the demo, tests and validation.

A log is made from behaviour (needs, excitement, failures, contracts, calendars), not from what the
classifiers read: see `personas` for causes, `lives` and `contacts` for mechanisms,
`worlds` for businesses, `bookkeeping` for what they write down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

from reltype.errors import UsageError
from reltype.simulate.bookkeeping import LOG_END, accounts_of, facts_of, stamps
from reltype.simulate.contacts import aftermath, campaigns, farewells, gatherings, talk
from reltype.simulate.lives import CODE, joined_up, populate, promotions, purchases
from reltype.simulate.personas import ARCHETYPES
from reltype.simulate.worlds import ALL_KINDS, BUSINESSES, Business, random_world, world

if TYPE_CHECKING:
    from numpy.random import Generator

    from reltype.simulate.lives import Events, Floats, Population

__all__ = ["BUSINESSES", "LOG_END", "Business", "Simulation", "random_world", "simulate", "world"]


@frozen(eq=False, kw_only=True)
class Simulation:
    """A simulated log with its truth.

    Attributes:
        interactions: Canonical columns, by timestamp.
        customers: A customer table, by customer_id, or None where the business has none.
        truth: customer_id, archetype; by customer_id; exactly the customers of the log.
        business: Where they are customers.
    """

    interactions: pa.Table
    customers: pa.Table | None
    truth: pa.Table
    business: Business


def simulate(
    business: Business | str,
    *,
    customers: int = 3000,
    seed: int = 1,
    facts: Literal["all", "purchases"] = "all",
) -> Simulation:
    """A log of so many customers of a business, the same for the same arguments.

    Args:
        business: A business, or the name of one in `BUSINESSES`.
        customers: How many.
        seed: Chooses the run.
        facts: "purchases" leaves of the same run only who paid when and how much: no kinds, no
            refunds, no customer table.

    Raises:
        UsageError: An unknown name, fewer than one customer, or other `facts`.
    """
    if customers < 1:
        raise UsageError(f"{customers} customers cannot be simulated; ask for at least 1.")
    if facts not in ("all", "purchases"):
        raise UsageError(f"There are no facts {facts!r} to simulate; write 'all' or 'purchases'.")
    if isinstance(business, str):
        business = world(business)
    rng = np.random.default_rng(seed)
    population = populate(business, customers, rng)
    promos = promotions(business, rng)
    population, bought = purchases(business, population, promos, rng)
    log = joined_up(
        [
            bought,
            *aftermath(business, population, bought, rng),
            *talk(business, population, rng),
            *campaigns(business, population, rng),
            *gatherings(business, population, rng),
            *farewells(business, population, rng),
        ]
    )
    recorded = np.isin(log.kind, [CODE[kind] for kind in business.kinds])
    log = log[recorded & (log.time >= 0) & (log.time < business.span)]
    return _told(business, population, log, promos=promos, facts=facts, rng=rng)


def _told(
    business: Business,
    population: Population,
    log: Events,
    *,
    promos: Floats,
    facts: str,
    rng: Generator,
) -> Simulation:
    """The events as tables."""
    n = len(population.joined)
    number = rng.permutation(n)
    digits = pc.utf8_lpad(pa.array(np.arange(n)).cast(pa.string()), max(6, len(str(n))), "0")
    names = pc.binary_join_element_wise("C", digits, "-")
    stamp = stamps(business, log, rng)
    columns = facts_of(business, population, log, promos, rng)
    order = np.argsort(stamp, kind="stable")
    if facts == "purchases":
        paid = np.isin(log.kind, [CODE["purchase"], CODE["renewal"]])
        order = order[paid[order]]
        columns = {"value": columns["value"]} if "value" in columns else {}
    ids = names.take(pa.array(number[log.owner[order]]))
    table = {
        "customer_id": ids,
        "timestamp": pa.array(stamp[order].astype("datetime64[s]")).cast("timestamp[us]"),
    }
    if facts == "all":
        table["kind"] = pa.array(ALL_KINDS).take(pa.array(log.kind[order]))
    table |= {name: column.take(pa.array(order)) for name, column in columns.items()}
    by_id = np.argsort(number)
    truth = pa.table(
        {
            "customer_id": names,
            "archetype": pa.array(ARCHETYPES).take(pa.array(population.archetype[by_id])),
        }
    )
    accounts = None
    if facts == "all" and business.customers:
        facts_known = accounts_of(business, population, log, rng)
        accounts = pa.table(
            {"customer_id": names}
            | {name: facts_known[name].take(pa.array(by_id)) for name in business.customers}
        )
    return Simulation(
        interactions=pa.table(table), customers=accounts, truth=truth, business=business
    )

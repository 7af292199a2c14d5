"""The lives of simulated customers: when they join, buy, are let down and leave.

Every process runs for all customers at once, its events as an owner and a time each. Times are
days since the log's first midnight, negative before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import attrs
import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from reltype.simulate.personas import ARCHETYPES, PERSONAS, Persona
from reltype.simulate.worlds import ALL_KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.random import Generator

    from reltype.simulate.worlds import Business

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]

CODE: Final = {kind: code for code, kind in enumerate(ALL_KINDS)}


@frozen(eq=False, kw_only=True)
class Population:
    """All customers of a business, one element each.

    Attributes:
        archetype: Index into `ARCHETYPES`.
        causes: By name, what `Persona` calls causes.
        contracted: Whether they pay on a contract.
        joined: The first day.
        leaves: The last day, perhaps after the log's end.
        spell: Days for which the new excites them.
        again: The day on which the excitement comes back, or infinity.
    """

    archetype: Ints
    causes: dict[str, Floats]
    contracted: Bools
    joined: Floats
    leaves: Floats
    spell: Floats
    again: Floats


@frozen(eq=False)
class Events:
    """Interactions as they happen, one element each.

    Attributes:
        owner: Index of the customer.
        time: The day.
        kind: Index into `ALL_KINDS`.
        sting: How much a failure hurt: 0 there was none, 0.4 it was made good, 1 it was not.
    """

    owner: Ints
    time: Floats
    kind: NDArray[np.int8]
    sting: Floats

    def __getitem__(self, keep: Bools | Ints) -> Events:
        """The chosen events."""
        return Events(self.owner[keep], self.time[keep], self.kind[keep], self.sting[keep])


def events_of(owner: Ints, time: Floats, kind: str) -> Events:
    """Events of one kind, none of which went wrong."""
    return Events(owner, time, np.full(len(owner), CODE[kind], np.int8), np.zeros(len(owner)))


def joined_up(parts: Sequence[Events]) -> Events:
    """All the parts' events, by owner and time."""
    owner, time, kind, sting = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("owner", "time", "kind", "sting")
    )
    order = np.argsort(owner * (np.abs(time).max() + 1.0) + time, kind="stable")
    return Events(owner, time, kind, sting)[order]


def _drawn(business: Business, who: Ints, rng: Generator) -> dict[str, Floats]:
    """Each cause of each customer, around their persona's median; some causes are borrowed."""
    n = len(who)
    sources: dict[str, Ints] = {}
    causes: dict[str, Floats] = {}
    for cause in attrs.fields(Persona):
        if "link" not in cause.metadata:
            continue
        group = cause.metadata["group"]
        if group not in sources:
            # Whoever borrowed how long it lasts would in truth be of another archetype.
            borrows = rng.random(n) < (0.0 if group == "life" else business.muddle)
            sources[group] = np.where(borrows, rng.permutation(who), who)
        median = np.array([getattr(persona, cause.name) for persona in PERSONAS])
        noise = business.noise * rng.standard_normal(n)
        if group == "spend":
            median = median**business.price_gap if cause.name == "spend" else median
        match cause.metadata["link"]:
            case "log":
                causes[cause.name] = median[sources[group]] * np.exp(0.35 * noise)
            case "logit":
                odds = (median / (1 - median))[sources[group]] * np.exp(0.55 * noise)
                causes[cause.name] = odds / (1 + odds)
            case _:
                causes[cause.name] = median[sources[group]] + 0.18 * noise
    return causes


def populate(business: Business, customers: int, rng: Generator) -> Population:
    """Customers with their causes, ties and first and last days."""
    shares = np.array([business.shares[ARCHETYPES.index(p.archetype)] * p.share for p in PERSONAS])
    who = rng.choice(len(PERSONAS), size=customers, p=shares / shares.sum())
    causes = _drawn(business, who, rng)
    spell = business.spell * np.exp(0.35 * business.noise * rng.standard_normal(customers))
    # A hazard of leaving that grows (Weibull): few relationships end in their first days.
    life = np.where(causes["burst"] > 1, spell, business.life) * causes["life"]
    life = life * rng.weibull(1.8, customers) / 0.889
    # Of a short relationship from before the log only the end would be seen.
    before = np.minimum(business.age, np.where(causes["burst"] > 1, 0.25, 1.0) * life)
    joined = rng.random(customers) * (before + 0.9 * business.span) - before
    again = np.where(
        rng.random(customers) < causes["again"],
        joined + rng.uniform(0.2, 0.8, customers) * (business.span - np.maximum(joined, 0)),
        np.inf,
    )
    leaves = np.where(
        np.isfinite(again), np.maximum(joined + life, again + 2.5 * spell), joined + life
    )
    tied = causes["contract"] / (1 - causes["contract"]) * np.exp(business.tie)
    contracted = rng.random(customers) < tied / (1 + tied)
    population = Population(
        archetype=np.array([ARCHETYPES.index(p.archetype) for p in PERSONAS])[who],
        causes=causes,
        contracted=contracted,
        joined=joined,
        leaves=leaves,
        spell=spell,
        again=again,
    )
    return attrs.evolve(population, leaves=_end_of_term(business, population, leaves))


def _end_of_term(business: Business, population: Population, leaves: Floats) -> Floats:
    """The day on which those who want to leave can: at once, or when the contract's term ends."""
    terms = np.ceil(np.maximum(leaves - population.joined, 1.0) / business.term)
    return np.where(population.contracted, population.joined + terms * business.term, leaves)


def ragged(counts: Ints) -> tuple[Ints, Ints]:
    """The owner of each of `counts` events, and its ordinal (from 0) within its owner."""
    owner = np.repeat(np.arange(len(counts)), counts)
    ordinal = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    return owner, ordinal


def within(business: Business, population: Population, events: Events) -> Events:
    """The events that fall into the log and into their owner's relationship."""
    start = np.maximum(population.joined, 0.0)[events.owner]
    end = np.minimum(population.leaves, business.span)[events.owner]
    return events[(events.time >= start) & (events.time < end)]


def _needs(business: Business, population: Population, rng: Generator) -> Events:
    """Purchases out of need: a renewal process with gamma gaps, thinned in the low season."""
    causes = population.causes
    rate = causes["rate"] / business.cadence
    rate = rate * np.where(population.contracted, business.addons, 1.0)
    shape = causes["steadiness"]
    start = np.maximum(population.joined, 0.0)
    expected = rate * np.maximum(np.minimum(population.leaves, business.span) - start, 0.0)
    counts = np.ceil(expected + 4 * np.sqrt(expected / shape) + 4).astype(np.int64)
    owner, ordinal = ragged(counts)
    gaps = rng.standard_gamma(shape[owner]) / (shape * rate)[owner]
    # Of a customer from before the log the first gap is met in its middle.
    gaps = np.where(
        (ordinal == 0) & (population.joined < 0)[owner], gaps * rng.random(len(gaps)), gaps
    )
    total = np.cumsum(gaps)
    first = np.cumsum(counts) - counts
    time = start[owner] + total - np.repeat((total - gaps)[first], counts)
    low = np.cos(2 * np.pi * (time / 365.25 + rng.random()))
    kept = rng.random(len(time)) < 1 - business.season * (1 + low) / 2
    return within(business, population, events_of(owner, time, "purchase")[kept])


def excited(population: Population, owner: Ints, rng: Generator) -> Floats:
    """Times within the excitement of the new, which fades exponentially and may come back once."""
    second = (rng.random(len(owner)) < 0.5) & np.isfinite(population.again)[owner]
    start = np.where(second, population.again[owner], population.joined[owner])
    return start + population.spell[owner] * rng.standard_exponential(len(owner))


def _bursts(business: Business, population: Population, rng: Generator) -> Events:
    """Purchases out of excitement."""
    owner, _ = ragged(rng.poisson(population.causes["burst"]))
    events = events_of(owner, excited(population, owner, rng), "purchase")
    return within(business, population, events)


def _bills(business: Business, population: Population, rng: Generator) -> Events:
    """Payments on contract, one a billing period; the first of a further term is a renewal."""
    end = np.minimum(population.leaves, business.span)
    skipped = np.ceil(np.maximum(-population.joined, 0.0) / business.bill)
    periods = np.ceil(np.maximum(end - population.joined, 0.0) / business.bill) - skipped
    counts = np.where(population.contracted, np.maximum(periods, 0), 0).astype(np.int64)
    owner, ordinal = ragged(counts)
    period = ordinal + skipped[owner]
    time = population.joined[owner] + period * business.bill + 0.5 * rng.random(len(owner))
    events = events_of(owner, time, "purchase")
    renews = (period > 0) & (period % round(business.term / business.bill) == 0)
    code = CODE["renewal" if "renewal" in business.kinds else "purchase"]
    kind = np.where(renews, np.int8(code), events.kind)
    return within(business, population, attrs.evolve(events, kind=kind))


def _firsts(
    business: Business, population: Population, seen: Sequence[Events], rng: Generator
) -> Events:
    """The purchase with which one joins; one for those who joined earlier and have none."""
    joins = population.joined >= 0
    bought = np.zeros(len(joins), np.bool_)
    for events in seen:
        bought[events.owner] = True
    end = np.minimum(population.leaves, business.span * (1 - 1e-9))
    time = np.where(joins, population.joined, rng.random(len(joins)) * np.maximum(end, 0.0))
    owner = np.flatnonzero(joins & ~population.contracted | ~bought)
    return events_of(owner, time[owner], "purchase")


def promotions(business: Business, rng: Generator) -> Floats:
    """The first days of the promotions, in order."""
    count = round(business.promos * business.span / 365)
    return np.sort((np.arange(count) + rng.random(count)) * business.span / max(count, 1))


def _wait_for_deals(
    business: Business, population: Population, events: Events, promos: Floats, rng: Generator
) -> Events:
    """The purchases, some of them put off until the next promotion, if that is not too far away."""
    if not len(promos):
        return events
    upcoming = np.append(promos, np.inf)[np.searchsorted(promos, events.time)]
    patience = np.maximum(2.0 * business.cadence, business.promo_days)
    waits = rng.random(len(events.time)) < population.causes["deal"][events.owner]
    waits &= upcoming - events.time < patience * rng.standard_exponential(len(waits))
    later = upcoming + business.promo_days * rng.random(len(waits))
    last = np.minimum(population.leaves, business.span)[events.owner]
    return attrs.evolve(events, time=np.where(waits & (later < last), later, events.time))


def purchases(
    business: Business, population: Population, promos: Floats, rng: Generator
) -> tuple[Population, Events]:
    """Everything bought or paid, and the population without those whom a failure drove away."""
    free = joined_up([_needs(business, population, rng), _bursts(business, population, rng)])
    free = _wait_for_deals(business, population, free, promos, rng)
    bills = _bills(business, population, rng)
    events = joined_up([free, bills, _firsts(business, population, [free, bills], rng)])
    weeks = np.where(rng.random(business.span // 7 + 2) < 0.06, 3.0, 1.0)
    hazard = business.failure * weeks[(events.time // 7).astype(np.int64)]
    failed = rng.random(len(hazard)) < hazard
    healed = rng.random(len(hazard)) < business.recovery
    sting = np.where(failed, np.where(healed, 0.4, 1.0), 0.0)
    fatal = rng.random(len(hazard)) < sting * population.causes["exit"][events.owner]
    lost, first = np.unique(events.owner[fatal], return_index=True)
    leaves = population.leaves.copy()
    leaves[lost] = np.minimum(leaves[lost], events.time[fatal][first] + 1e-6)
    population = attrs.evolve(population, leaves=_end_of_term(business, population, leaves))
    events = attrs.evolve(events, sting=sting)
    return population, events[events.time < np.maximum(population.leaves, 1e-6)[events.owner]]

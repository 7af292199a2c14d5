"""What simulated customers do beside buying: complain, visit, speak, answer, come, say goodbye."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from reltype.simulate.lives import CODE, events_of, excited, ragged, within

if TYPE_CHECKING:
    from numpy.random import Generator

    from reltype.simulate.lives import Events, Floats, Population
    from reltype.simulate.worlds import Business


def aftermath(
    business: Business, population: Population, bought: Events, rng: Generator
) -> list[Events]:
    """What follows from purchases: complaints, resolutions, refunds, visits."""
    causes = population.causes
    failed = bought[bought.sting > 0]
    voiced = failed[rng.random(len(failed.time)) < causes["voice"][failed.owner]]
    complaint = events_of(
        voiced.owner, voiced.time + 1.5 * rng.standard_exponential(len(voiced.time)), "complaint"
    )
    healed = voiced.sting < 1
    resolution = events_of(
        voiced.owner[healed],
        complaint.time[healed] + 4 * rng.standard_exponential(healed.sum()),
        "resolution",
    )
    again = ~healed & (rng.random(len(healed)) < causes["repeat"][voiced.owner])
    repeats = 1 + rng.poisson(0.5, int(again.sum()))
    owner = np.repeat(voiced.owner[again], repeats)
    since = np.repeat(complaint.time[again], repeats)
    repeated = events_of(owner, since + 10 * rng.standard_exponential(len(owner)), "complaint")
    returns = rng.random(len(bought.time)) < np.where(bought.sting > 0, 0.3, 0.015)
    refund = events_of(
        bought.owner[returns],
        bought.time[returns] + 6 * rng.standard_exponential(returns.sum()),
        "refund",
    )
    looks = np.repeat(np.arange(len(bought.time)), rng.poisson(causes["visit"][bought.owner]))
    pause = 0.5 * business.cadence * rng.standard_normal(len(looks))
    visit = events_of(bought.owner[looks], bought.time[looks] + pause, "visit")
    return [complaint, resolution, repeated, refund, within(business, population, visit)]


def talk(business: Business, population: Population, rng: Generator) -> list[Events]:
    """What customers say unasked, over their time with the business or in their excitement."""
    start = np.maximum(population.joined, 0.0)
    stay = np.maximum(np.minimum(population.leaves, business.span) - start, 0.0)
    brief = population.causes["burst"] > 1
    exposure = np.where(brief, 1.0, stay / min(business.span, business.life))
    said = []
    for kind in ("message", "support", "review", "referral"):
        owner, _ = ragged(rng.poisson(business.talk * population.causes[kind] * exposure))
        steady = start[owner] + stay[owner] * rng.random(len(owner))
        time = np.where(brief[owner], excited(population, owner, rng), steady)
        said.append(within(business, population, events_of(owner, time, kind)))
    return said


def _calendar(per_year: float, business: Business, rng: Generator) -> Floats:
    """The days of something that happens so often a year, in order."""
    return np.sort(rng.random(round(per_year * business.span / 365)) * business.span)


def campaigns(business: Business, population: Population, rng: Generator) -> list[Events]:
    """Outreach to whom the business still knows, and their answers or filled-in surveys."""
    days = _calendar(business.campaigns, business, rng)
    if not len(days):
        return []
    asks = rng.random(len(days)) < business.surveys
    n = len(population.joined)
    owner, _ = ragged(rng.binomial(len(days), business.reach, n))
    once = np.unique(owner * len(days) + rng.integers(len(days), size=len(owner)))
    owner, campaign = once // len(days), once % len(days)
    time = days[campaign]
    known = (time > population.joined[owner]) & ~(
        population.contracted[owner] & (time > population.leaves[owner])
    )
    owner, campaign, time = owner[known], campaign[known], time[known]
    there = np.where(time < population.leaves[owner], 1.0, 0.08)
    answers = rng.random(len(owner)) < population.causes["respond"][owner] * there
    replied = time[answers] + 2 * rng.standard_exponential(answers.sum())
    reply = events_of(owner[answers], replied, "response")
    kind = np.where(asks[campaign[answers]], np.int8(CODE["survey"]), reply.kind)
    return [events_of(owner, time, "outreach"), attrs.evolve(reply, kind=kind)]


def gatherings(business: Business, population: Population, rng: Generator) -> list[Events]:
    """Who came to which of the business's events."""
    days = _calendar(business.events, business, rng)
    if not len(days):
        return []
    owner, _ = ragged(rng.binomial(len(days), population.causes["attend"]))
    came = np.unique(owner * len(days) + rng.integers(len(days), size=len(owner)))
    events = events_of(came // len(days), days[came % len(days)], "event")
    return [within(business, population, events)]


def farewells(business: Business, population: Population, rng: Generator) -> list[Events]:
    """Cancellations: most contracts end by word, other relationships just stop."""
    told = population.contracted & (rng.random(len(population.leaves)) < 0.85)
    owner = np.flatnonzero(told & (population.leaves < business.span) & (population.leaves > 0))
    return [events_of(owner, population.leaves[owner], "cancellation")]

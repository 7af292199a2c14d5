"""What a business writes down of simulated lives: times, money, feelings, a customer table."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from reltype.simulate.lives import CODE
from reltype.simulate.worlds import ALL_KINDS

if TYPE_CHECKING:
    from numpy.random import Generator

    from reltype.simulate.lives import Bools, Events, Floats, Ints, Population
    from reltype.simulate.worlds import Business

LOG_END: Final = date(2025, 1, 1)
"""The day after the last day of every simulated log."""

_SPOKEN: Final = ("message", "support", "complaint", "review", "survey", "response", "cancellation")
_RATED: Final = ("review", "survey")
_PAID: Final = ("purchase", "renewal", "refund")
# What somebody says depends on why they speak, not only on what they feel.
_TONE: Final = {"complaint": -0.6, "support": -0.2, "cancellation": -0.3, "response": 0.1}


def stamps(business: Business, log: Events, rng: Generator) -> Ints:
    """Seconds since 1970, on an open day in opening hours, near the customer's usual hour."""
    start = (LOG_END - date(1970, 1, 1)).days - business.span
    day = np.floor(log.time).astype(np.int64) + start
    weekday = (day + 3) % 7  # 1970-01-01 was a Thursday
    ahead = np.array([min((d - w) % 7 for d in business.weekdays) for w in range(7)])
    behind = np.array([min((w - d) % 7 for d in business.weekdays) for w in range(7)])
    shifted = day + ahead[weekday]
    day = np.where(shifted < start + business.span, shifted, day - behind[weekday])
    usual = rng.beta(2, 2, int(log.owner.max()) + 1)[log.owner]
    swing = np.abs(usual + 0.15 * rng.standard_normal(len(usual))) % 2
    opening, closing = business.hours
    hour = opening + (closing - opening) * np.where(swing > 1, 2 - swing, swing)
    second = np.minimum((hour * 3600).astype(np.int64), int(closing * 3600) - 1)
    seconds: Ints = day * 86400 + second
    return seconds


def _moods(business: Business, population: Population, log: Events) -> Floats:
    """What the customer feels then: their mood, the new that wears off, failures that fade."""
    rows = np.arange(len(log.owner))
    last = np.maximum.accumulate(np.where(log.sting > 0, rows, -1))
    hurt = (last >= 0) & (log.owner[last] == log.owner)
    since = log.time - log.time[last]
    mood = population.causes["mood"][log.owner]
    mood = mood - np.where(hurt, 0.8 * log.sting[last] * np.exp(-since / business.memory), 0.0)
    age = (log.time - population.joined[log.owner]) / population.spell[log.owner]
    brief = (population.causes["burst"] > 1)[log.owner]
    return np.where(brief, mood - 0.4 * (1 - np.exp(-np.maximum(age, 0.0) / 4)), mood)


def _discounts(
    business: Business, population: Population, log: Events, promos: Floats, rng: Generator
) -> Floats:
    """The share of the list price taken off: in promotions, and now and then by a coupon."""
    n = len(log.owner)
    begun = np.searchsorted(promos, log.time, side="right") - 1
    running = np.append(promos, -np.inf)[begun]
    in_promo = log.time - running <= business.promo_days
    taken = rng.random(n) < 0.35 + 0.65 * population.causes["deal"][log.owner]
    depth = np.minimum(business.promo_depth * rng.uniform(0.7, 1.3, n), 0.9)
    coupon = np.where(rng.random(n) < 0.03, 0.1, 0.0)
    return np.where(in_promo & taken, depth, coupon).round(2).astype(np.float64)


def _categories(business: Business, population: Population, log: Events, rng: Generator) -> Ints:
    """What was bought: the customer's favourite, or something else that is popular."""
    n, kinds = len(log.owner), len(business.categories)
    popular = 1 / np.arange(1, kinds + 1)
    popular = np.cumsum(popular / popular.sum())
    favourite = np.searchsorted(popular, rng.random(len(population.joined)))[log.owner]
    other = np.searchsorted(popular, rng.random(n))
    explores = rng.random(n) < population.causes["explore"][log.owner]
    return np.minimum(np.where(explores, other, favourite), kinds - 1)


def _amounts(
    business: Business, population: Population, log: Events, discount: Floats, rng: Generator
) -> Floats:
    """Money paid, negative for refunds: log-normal baskets, nearly the same on a contract."""
    rows = np.arange(len(log.owner))
    spend = population.causes["spend"][log.owner]
    drift = business.price_gap * population.causes["growth"][log.owner] + 0.0001
    drift = drift * (log.time - population.joined[log.owner]) / business.life
    spread = business.price_spread * rng.standard_normal(len(rows))
    fixed = population.contracted[log.owner]
    basket = (
        business.price
        * spend
        * np.exp(np.clip(drift, -1, 1) + np.where(fixed, 0.2 * spread, spread))
    )
    paid = np.round(basket * (1 - discount), 2)
    buys = np.isin(log.kind, [CODE["purchase"], CODE["renewal"]])
    last = np.maximum.accumulate(np.where(buys, rows, 0))
    return np.where(log.kind == CODE["refund"], -paid[last], paid)


def facts_of(
    business: Business, population: Population, log: Events, promos: Floats, rng: Generator
) -> dict[str, pa.Array]:
    """The optional columns that this business records, null where a fact was not seen."""
    n = len(log.owner)

    def rows_of(kinds: tuple[str, ...]) -> Bools:
        return np.isin(log.kind, [CODE[kind] for kind in kinds])

    discount = _discounts(business, population, log, promos, rng)
    mood = _moods(business, population, log)
    tone = np.array([_TONE.get(kind, 0.0) for kind in ALL_KINDS])[log.kind]
    sentiment = np.clip(mood + tone + business.sentiment_noise * rng.standard_normal(n), -1, 1)
    low, high = business.rating_scale
    # Ratings lean to the friendly end of the scale.
    share = np.clip((mood + 0.3 + 0.3 * rng.standard_normal(n) + 1) / 2, 0, 1)
    usual = rng.integers(len(business.channels), size=len(population.joined))[log.owner]
    first_choice = rng.random(n) < 0.7
    channel = np.where(first_choice, usual, rng.integers(len(business.channels), size=n))
    outbound = rows_of(("outreach", "resolution"))
    made = {
        "value": (_amounts(business, population, log, discount, rng), rows_of(_PAID)),
        "sentiment": (np.round(sentiment, 2), rows_of(_SPOKEN)),
        "rating": (np.round(low + (high - low) * share), rows_of(_RATED)),
        "discount": (discount, rows_of(("purchase",))),
        "channel": (channel, ~rows_of(("renewal", "referral"))),
        "category": (_categories(business, population, log, rng), rows_of(_PAID)),
        "direction": (outbound.astype(np.int64), ~rows_of(("renewal",))),
    }
    words = {
        "channel": business.channels,
        "category": business.categories,
        "direction": ("inbound", "outbound"),
    }
    columns = {}
    for name, (values, sensible) in made.items():
        missing = ~(sensible & (rng.random(n) < business.seen.get(name, 0.0)))
        if name in business.seen:
            column = pa.array(values, mask=missing)
            columns[name] = pa.array(words[name]).take(column) if name in words else column
    return columns


def accounts_of(
    business: Business, population: Population, log: Events, rng: Generator
) -> dict[str, pa.Array]:
    """What a customer table may know, by column, one element per customer."""
    n = len(population.joined)
    start = np.datetime64(LOG_END) - np.timedelta64(business.span, "D")
    mood = population.causes["mood"] + 0.25 * rng.standard_normal(n)
    answered = rng.random(n) < 0.15 + 0.5 * population.causes["respond"]
    bought = log.owner[np.isin(log.kind, [CODE["purchase"]])]
    breadth = 1 + population.causes["explore"] * np.log1p(np.bincount(bought, minlength=n))
    causes = population.causes
    # What deals and curiosity lead elsewhere is lost to others.
    wallet = causes["rate"] / (causes["rate"] + 0.8 * causes["deal"] + 0.5 * causes["explore"])
    wallet = wallet + 0.15 * rng.standard_normal(n)
    return {
        "since": pa.array(start + np.floor(population.joined).astype("timedelta64[D]")),
        "contract_days": pa.array(np.where(population.contracted, round(business.term), 0)),
        "auto_renew": pa.array(population.contracted & (rng.random(n) < 0.8)),
        "nps": pa.array(np.round(np.clip(6.5 + 4 * mood, 0, 10)), mask=~answered),
        "satisfaction": pa.array(np.round(np.clip(mood, -1, 1), 2), mask=~answered),
        "share_of_wallet": pa.array(np.round(np.clip(wallet, 0, 1), 2), mask=rng.random(n) > 0.3),
        "products": pa.array(np.minimum(breadth.astype(np.int64), len(business.categories))),
    }

"""The businesses in which simulated customers live: cadence, contracts, calendars, records."""

from __future__ import annotations

from typing import Final

import attrs
import numpy as np
from attrs import frozen

from reltype.errors import UsageError, did_you_mean

ALL_KINDS: Final = (
    "purchase", "refund", "renewal", "cancellation", "visit", "message", "outreach", "response",
    "support", "complaint", "resolution", "review", "survey", "referral", "event",
)  # fmt: skip
FACTS: Final = ("value", "sentiment", "rating", "discount", "channel", "category", "direction")


@frozen(kw_only=True)
class Business:
    """A business and what it records. Times are in days, shares and probabilities in 0 … 1.

    Attributes:
        name: What it is.
        cadence: Days between the purchases of a steady customer.
        span: Days that the log covers.
        age: Days that the business existed before the log begins: who joined then is left-censored.
        life: Days that a lasting customer stays, about.
        spell: Days for which something new stays exciting, about.
        shares: Share of each archetype, in the order of `personas.ARCHETYPES`.
        noise: How much people differ within a persona; 1 is ordinary.
        muddle: Probability that a group of causes is somebody else's.
        tie: Log-odds of a contract, on top of a persona's own.
        bill: Days between payments on contract.
        term: Days of a contract.
        addons: Rate of free purchases beside a contract, as a factor.
        weekdays: Open days, 0 is Monday.
        hours: Opening and closing hour.
        season: Depth of the low season, 0 … 1.
        promos: Promotions a year; each lasts `promo_days` and gives about `promo_depth` off.
        promo_days: Days of a promotion.
        promo_depth: Share of the list price that a promotion takes off.
        campaigns: Outreach campaigns a year.
        reach: Share of customers whom a campaign reaches.
        surveys: Share of the campaigns that are surveys.
        events: Events a year to which customers may come.
        failure: Probability that a purchase goes wrong; three times that in bad weeks.
        recovery: Probability that a complaint is resolved.
        memory: Days after which a failure weighs a third.
        talk: How much customers say, on the whole; 4 is little, 16 is much.
        price: Median basket.
        price_spread: Log standard deviation of a basket.
        price_gap: How much archetypes differ in spending: 0 not, 1 as their personas say.
        sentiment_noise: Standard deviation of the sentiment that is read around the true mood.
        rating_scale: Lowest and highest rating.
        categories: What is sold.
        channels: Where contacts happen, the most usual first.
        kinds: The kinds of interaction that are recorded.
        seen: By optional fact, the share of rows that have it where it makes sense; a fact that is
            not named has no column.
        customers: Columns of the customer table beside `customer_id`; none means no table.
    """

    name: str
    cadence: float
    span: int
    age: float
    life: float
    spell: float
    shares: tuple[float, ...] = (0.35, 0.25, 0.15, 0.25)
    noise: float = 1.0
    muddle: float = 0.02
    tie: float = -9.0
    bill: float = 30.0
    term: float = 360.0
    addons: float = 0.3
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    hours: tuple[float, float] = (8.0, 20.0)
    season: float = 0.2
    promos: float = 6.0
    promo_days: float = 7.0
    promo_depth: float = 0.2
    campaigns: float = 6.0
    reach: float = 0.4
    surveys: float = 0.3
    events: float = 2.0
    failure: float = 0.05
    recovery: float = 0.6
    memory: float = 60.0
    talk: float = 9.0
    price: float = 20.0
    price_spread: float = 0.5
    price_gap: float = 1.0
    sentiment_noise: float = 0.25
    rating_scale: tuple[int, int] = (1, 5)
    categories: tuple[str, ...] = ("basic", "plus", "service", "gift")
    channels: tuple[str, ...] = ("store", "web", "app", "phone")
    kinds: tuple[str, ...] = ALL_KINDS
    seen: dict[str, float] = attrs.field(
        factory=lambda: {
            "value": 0.99,
            "sentiment": 0.8,
            "rating": 0.9,
            "discount": 0.9,
            "channel": 0.95,
            "category": 0.9,
            "direction": 0.95,
        }
    )
    customers: tuple[str, ...] = ()


def _but(*kinds: str) -> tuple[str, ...]:
    """All kinds but these."""
    return tuple(kind for kind in ALL_KINDS if kind not in kinds)


_YEAR = 365
_BUSINESSES: Final = (
    Business(
        name="coffee bar", cadence=4, span=540, age=700, life=700, spell=18,
        weekdays=(0, 1, 2, 3, 4, 5), hours=(7, 18), price=6.5, promos=10, failure=0.02,
        memory=20, kinds=_but("renewal", "cancellation"),
        categories=("coffee", "tea", "cake", "lunch", "beans", "cups"),
    ),
    Business(
        name="software subscription", cadence=30, span=3 * _YEAR, age=3 * _YEAR, life=900, spell=60,
        tie=0.6, talk=13, bill=30, term=360, addons=0.35, hours=(0, 24), season=0.05, promos=4,
        failure=0.08,
        price=49, price_spread=0.3, categories=("seats", "storage", "training", "analytics", "api"),
        channels=("app", "web", "email", "phone"), rating_scale=(0, 10), memory=50,
        customers=("since", "contract_days", "auto_renew", "nps"),
    ),
    Business(
        name="insurer", cadence=_YEAR / 2, span=10 * _YEAR, age=12 * _YEAR, life=9 * _YEAR,
        spell=200,
        tie=0.5, bill=_YEAR, term=_YEAR, addons=0.5, weekdays=(0, 1, 2, 3, 4), hours=(8, 18),
        talk=18, reach=0.6,
        season=0.1, promos=1, promo_days=45, campaigns=3, events=0.3, failure=0.08, price=320,
        memory=300, categories=("home", "car", "travel", "health", "life", "legal"),
        channels=("phone", "agent", "web", "letter"), kinds=_but("visit"),
        customers=("since", "contract_days", "auto_renew", "products"),
    ),
    Business(
        name="charity", cadence=60, span=5 * _YEAR, age=6 * _YEAR, life=5 * _YEAR, spell=90,
        tie=-0.8, bill=30, term=360, addons=0.5, hours=(0, 24), season=0.4, promos=0, campaigns=5,
        reach=0.6, events=3, failure=0.02, price=35, price_spread=0.8,
        categories=("general", "emergency", "children", "water"), channels=("web", "letter",
        "street"),
        kinds=_but("refund", "visit"),
    ),
    Business(
        name="grocery", cadence=6, span=_YEAR, age=900, life=1200, spell=25,
        weekdays=(0, 1, 2, 3, 4, 5), hours=(7, 22), season=0.1, promos=26, promo_days=6,
        failure=0.02,
        price=38, price_spread=0.7, memory=20, talk=8, campaigns=10, events=1,
        categories=("fresh", "dry", "frozen", "household", "drinks", "bakery", "pets"),
        kinds=_but("renewal", "cancellation", "visit"),
    ),
    Business(
        name="hotel", cadence=75, span=6 * _YEAR, age=6 * _YEAR, life=5 * _YEAR, spell=120,
        season=0.5, promos=4, talk=12, promo_days=21, campaigns=4, events=1, failure=0.08,
        price=180, memory=150, hours=(0, 24), categories=("room", "suite", "spa", "dinner",
        "conference"),
        channels=("web", "phone", "agency", "desk"), kinds=_but("renewal"), rating_scale=(0, 10),
    ),
    Business(
        name="telecom", cadence=30, span=4 * _YEAR, age=6 * _YEAR, life=1400, spell=70,
        tie=1.2, bill=30, term=720, addons=0.3, hours=(8, 21), season=0.05, promos=3, promo_days=14,
        failure=0.06, recovery=0.5, price=29, price_spread=0.25, price_gap=0.6, memory=60,
        events=0.5,
        categories=("mobile", "internet", "tv", "device"), channels=("app", "shop", "phone"),
        customers=("since", "contract_days", "auto_renew", "satisfaction"),
    ),
    Business(
        name="bank", cadence=14, span=3 * _YEAR, age=10 * _YEAR, life=6 * _YEAR, spell=60,
        tie=0.3, bill=30, term=360, addons=0.6, weekdays=(0, 1, 2, 3, 4), hours=(9, 17),
        season=0.05,
        promos=1, promo_days=30, failure=0.03, price=90, price_spread=1.0, memory=60,
        categories=("account", "card", "loan", "savings", "advice"),
        channels=("app", "branch", "phone", "web"), rating_scale=(0, 10),
        customers=("since", "products", "nps", "share_of_wallet"),
    ),
    Business(
        name="museum", cadence=45, span=4 * _YEAR, age=5 * _YEAR, life=4 * _YEAR, spell=60,
        tie=-1.0, bill=360, term=360, addons=0.8, weekdays=(1, 2, 3, 4, 5, 6), hours=(10, 18),
        season=0.3, promos=4, events=8, failure=0.03, price=18, price_spread=0.4, memory=120,
        categories=("ticket", "exhibition", "shop", "tour", "workshop"),
    ),
    Business(
        name="fashion shop", cadence=30, span=912, age=3 * _YEAR, life=900, spell=40,
        hours=(0, 24), talk=11, season=0.3, promos=12, promo_days=5, promo_depth=0.3, campaigns=20,
        reach=0.5,
        failure=0.07, price=65, price_spread=0.7, memory=60,
        categories=("shoes", "dresses", "shirts", "coats", "bags", "sports"),
        channels=("web", "app", "store"), kinds=_but("renewal", "cancellation", "event"),
    ),
    Business(
        name="gym", cadence=5, span=548, age=3 * _YEAR, life=700, spell=25,
        tie=0.8, bill=30, term=360, addons=0.8, hours=(6, 23), season=0.3, promos=3, failure=0.02,
        price=12, price_spread=0.6, memory=25, categories=("class", "trainer", "drinks", "towel"),
        channels=("desk", "app"), customers=("since", "contract_days", "auto_renew"),
    ),
)  # fmt: skip

BUSINESSES: Final = {business.name: business for business in _BUSINESSES}
"""The businesses that the simulator knows, by name, before a seed varies them."""


def _shares(rng: np.random.Generator, evenness: float) -> tuple[float, ...]:
    """Shares of the archetypes, each at least 0.05, the more equal the greater the evenness."""
    free = rng.dirichlet(np.full(4, evenness)) * 0.8 + 0.05
    return tuple(float(share) for share in free)


def _varied(business: Business, rng: np.random.Generator, width: float) -> Business:
    """The business with its numbers moved at random, a little (0.5) or widely (1)."""

    def factor(log_width: float) -> float:
        return float(np.exp(rng.uniform(-log_width, log_width) * width))

    return attrs.evolve(
        business,
        cadence=business.cadence * factor(0.4),
        span=round(business.span * factor(0.7)),
        age=business.age * factor(0.8),
        life=business.life * factor(0.4),
        spell=business.spell * factor(0.5),
        shares=_shares(rng, evenness=float(np.exp(rng.uniform(-0.7, 3.0))) / width),
        noise=business.noise * factor(0.25),
        muddle=business.muddle * factor(0.7),
        tie=business.tie + float(rng.uniform(-0.7, 0.7)) * width,
        season=min(0.9, business.season * factor(0.7)),
        promos=business.promos * factor(0.7),
        promo_depth=min(0.6, business.promo_depth * factor(0.5)),
        campaigns=business.campaigns * factor(0.7),
        reach=min(0.9, business.reach * factor(0.5)),
        failure=min(0.3, business.failure * factor(0.7)),
        recovery=min(0.95, business.recovery * factor(0.3)),
        talk=business.talk * factor(0.5),
        price=business.price * factor(1.0),
        price_spread=business.price_spread * factor(0.3),
        price_gap=business.price_gap * float(rng.uniform(1 - width, 1 + width)),
        sentiment_noise=business.sentiment_noise * factor(0.4),
        seen={fact: share ** (1 / factor(1.0)) for fact, share in business.seen.items()},
    )


def world(name: str, seed: int | None = None) -> Business:
    """The business of that name; a seed varies its numbers a little, as two coffee bars differ.

    Raises:
        UsageError: No business has that name.
    """
    if name not in BUSINESSES:
        raise UsageError(
            f"There is no business {name!r} to simulate.{did_you_mean(name, BUSINESSES)}"
        )
    business = BUSINESSES[name]
    return business if seed is None else _varied(business, np.random.default_rng(seed), width=0.5)


def random_world(seed: int) -> Business:
    """A business drawn at random and varied widely; half of them lack the columns of some facts."""
    rng = np.random.default_rng(seed)
    business = _varied(_BUSINESSES[rng.integers(len(_BUSINESSES))], rng, width=1.0)
    if rng.random() < 0.5:
        optional = [fact for fact in FACTS if fact != "value"]
        lost = set(rng.choice(optional, size=rng.integers(1, 4), replace=False).tolist())
        kept = {fact: share for fact, share in business.seen.items() if fact not in lost}
        business = attrs.evolve(business, seen=kept)
    return business

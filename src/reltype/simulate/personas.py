"""The people of a simulated log: how customers of each archetype behave, and why.

A persona holds the medians of behavioural causes (how often a need arises, what a service failure
does, who waits for a promotion …), not of what a classifier reads. A simulated customer draws each
cause around its persona's median, and a few causes from somebody else's persona, so that nobody is
pure. The directions follow Fournier (1998) for the four archetypes, Bendapudi and Berry (1997) for
ties, Dowling and Uncles (1997) for repertoire buying and Aaker, Fournier and Brasel (2004) for
failures; the numbers are ours.
"""

from __future__ import annotations

from typing import Final

import attrs
from attrs import field, frozen

ARCHETYPES: Final = (
    "casual friendship",
    "committed partnership",
    "fling",
    "marriage of convenience",
)


def _cause(group: str, link: str, default: float) -> float:
    """A field with the group it is drawn with and the scale on which people differ."""
    cause: float = field(default=default, metadata={"group": group, "link": link})
    return cause


@frozen(kw_only=True)
class Persona:
    """One sort of customer within an archetype: medians of the causes of their behaviour.

    Attributes:
        name: What a practitioner would call them.
        archetype: One of `ARCHETYPES`.
        share: Their share within the archetype; the shares of an archetype sum to 1.
        rate: Purchases that arise from need, per cadence of the business.
        steadiness: Shape of the gamma-distributed gaps: 1 has no memory, more is habit.
        burst: Purchases out of the excitement of the new; above 1 the relationship ends with it.
        again: Probability that the excitement comes back once.
        life: How long they stay, in the business's lives (in its spells where `burst` is above 1).
        contract: Probability of a contract where contracts are as common as not.
        exit: Probability that a service failure ends the relationship.
        voice: Probability that a failure is complained about.
        repeat: Probability that an unresolved complaint is made again.
        mood: What they feel on a day without failure, −1 … 1.
        deal: Probability that a purchase waits for the next promotion.
        explore: Probability that a purchase is not of the favourite category.
        spend: Basket, as a factor on the business's price.
        growth: Log growth of the basket over the life.
        message: Messages and ideas sent unasked, per relationship and unit of the business's talk.
        support: Requests for support, likewise.
        review: Reviews, likewise.
        referral: Referrals, likewise.
        respond: Probability of answering a campaign or a survey.
        attend: Probability of coming to an event.
        visit: Visits without a purchase, per purchase.
    """

    name: str
    archetype: str
    share: float
    rate: float = _cause("rhythm", "log", 1.0)
    steadiness: float = _cause("rhythm", "log", 1.0)
    burst: float = _cause("life", "log", 0.01)
    again: float = _cause("life", "logit", 0.02)
    life: float = _cause("life", "log", 1.0)
    contract: float = _cause("tie", "logit", 0.3)
    exit: float = _cause("failure", "logit", 0.1)
    voice: float = _cause("failure", "logit", 0.3)
    repeat: float = _cause("failure", "logit", 0.2)
    mood: float = _cause("mood", "identity", 0.0)
    deal: float = _cause("deal", "logit", 0.2)
    explore: float = _cause("breadth", "logit", 0.3)
    spend: float = _cause("spend", "log", 1.0)
    growth: float = _cause("spend", "identity", 0.0)
    message: float = _cause("giving", "log", 0.2)
    support: float = _cause("failure", "log", 0.5)
    review: float = _cause("giving", "log", 0.1)
    referral: float = _cause("giving", "log", 0.05)
    respond: float = _cause("giving", "logit", 0.1)
    attend: float = _cause("giving", "logit", 0.05)
    visit: float = _cause("rhythm", "log", 0.2)


_CASUAL = Persona(
    name="drops in",
    archetype="casual friendship",
    share=0.5,
    rate=0.35,
    steadiness=0.8,
    life=1.2,
    contract=0.1,
    exit=0.1,
    voice=0.2,
    repeat=0.1,
    mood=0.15,
    deal=0.4,
    explore=0.45,
    spend=0.85,
    message=0.15,
    support=0.3,
    review=0.08,
    referral=0.05,
    respond=0.07,
    attend=0.04,
    visit=0.15,
)
_COMMITTED = Persona(
    name="devoted",
    archetype="committed partnership",
    share=0.45,
    rate=1.1,
    steadiness=2.2,
    life=3.0,
    contract=0.45,
    exit=0.01,
    voice=0.6,
    repeat=0.15,
    mood=0.6,
    deal=0.15,
    explore=0.45,
    spend=1.2,
    growth=0.35,
    message=1.1,
    support=0.6,
    review=0.5,
    referral=0.35,
    respond=0.45,
    attend=0.3,
    visit=0.35,
)
_FLING = Persona(
    name="whirlwind",
    archetype="fling",
    share=0.6,
    rate=0.4,
    steadiness=0.8,
    burst=10.0,
    life=3.0,
    contract=0.15,
    exit=0.3,
    voice=0.3,
    repeat=0.1,
    mood=0.6,
    deal=0.25,
    explore=0.6,
    spend=1.15,
    growth=-0.1,
    message=0.7,
    support=0.3,
    review=0.4,
    referral=0.1,
    respond=0.12,
    attend=0.12,
    visit=0.6,
)
_CONVENIENCE = Persona(
    name="bound",
    archetype="marriage of convenience",
    share=0.5,
    rate=0.9,
    steadiness=5.0,
    life=2.2,
    contract=0.85,
    exit=0.02,
    voice=0.25,
    repeat=0.4,
    mood=-0.25,
    deal=0.1,
    explore=0.08,
    spend=0.9,
    growth=-0.05,
    message=0.12,
    support=0.9,
    review=0.06,
    referral=0.03,
    respond=0.06,
    attend=0.02,
    visit=0.08,
)

PERSONAS: Final = (
    _CASUAL,
    attrs.evolve(_CASUAL, name="hunts deals", share=0.25, rate=0.45, deal=0.75, respond=0.15),
    attrs.evolve(_CASUAL, name="heavy regular", share=0.25, rate=0.75, steadiness=1.0, mood=0.2),
    _COMMITTED,
    attrs.evolve(
        _COMMITTED, name="advocate", share=0.25, rate=0.9, message=2.0, review=1.0, referral=0.9
    ),
    attrs.evolve(
        _COMMITTED,
        name="quiet",
        share=0.2,
        mood=0.5,
        message=0.4,
        review=0.2,
        referral=0.15,
        respond=0.3,
    ),
    attrs.evolve(_COMMITTED, name="lapsed", share=0.1, life=0.35),
    _FLING,
    attrs.evolve(_FLING, name="rekindled", share=0.2, burst=13.0, again=0.8),
    attrs.evolve(_FLING, name="slow fade", share=0.2, rate=0.8, burst=6.0, life=4.5, mood=0.5),
    _CONVENIENCE,
    attrs.evolve(_CONVENIENCE, name="no alternative", share=0.3, contract=0.3, mood=-0.15),
    attrs.evolve(
        _CONVENIENCE, name="grumbler", share=0.2, voice=0.75, repeat=0.6, mood=-0.45, support=1.5
    ),
)
"""Everyone, in the order of `ARCHETYPES`."""

"""Topics: which relational benefit, and which kind of it, a survey item speaks of.

Bollen & Emes find three kinds of drivers in public services: functional (delivery, timeliness),
socio-emotional (respect, dignity) and clinical or technical ones (pain control).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from reltype.analyses.drivers.intervals import interval
from reltype.definitions.benefits import BENEFIT_KINDS
from reltype.errors import ConfigError, did_you_mean
from reltype.expressions.words import data
from reltype.formats.toml import quoted
from reltype.mapping.kinds import plain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reltype.definitions.benefits import Benefit

NONE = "none"
"""What `[benefits_of]` says of an attribute that speaks of no benefit."""
_SHORT = 4
"""Letters up to which a word must stand as a whole, or with a plural's s."""
LEAST, MOST = 0.5, 2.0
"""What measured importance may multiply a benefit's priority by."""


@frozen
class Topic:
    """What an attribute speaks of.

    Attributes:
        benefit: A benefit's name; empty for what is delivered rather than related.
        kind: One of KINDS; empty where nobody said.
        because: What it was seen by.
    """

    benefit: str
    kind: str
    because: str


@frozen
class Bundle:
    """What the attributes of one benefit, or of one kind, stand for together.

    Attributes:
        name: The benefit or the kind.
        attributes: Those that speak of it.
        share: Their part of all that is explained, 0…1.
        low: Where its 95 % interval begins.
        high: Where it ends.
        weight: What a benefit's priority is multiplied by, from ½ to 2; 1 is no change.
        reported: Whether one of them is told from noise.
    """

    name: str
    attributes: tuple[str, ...]
    share: float
    low: float
    high: float
    weight: float
    reported: bool


def topics_of(
    names: Sequence[str],
    texts: Mapping[str, str],
    said: Mapping[str, str],
    benefits: Mapping[str, Benefit],
    place: str = "[benefits_of]",
    answered: Collection[str] | None = None,
) -> dict[str, Topic]:
    """Attribute → what it speaks of, for those of which something is known.

    Args:
        names: The attributes.
        texts: Attribute → the question as it was asked, as far as that is known.
        said: Attribute → a benefit, a kind or `none`: goes before any guess.
        benefits: Those that are known.
        place: Where *said* was written, for errors.
        answered: Those that are answers on a scale, of which alone a guess is made; None: all.

    Raises:
        ConfigError: *said* names no benefit and no kind.
    """
    made = {}
    known = {b.casefold(): b for b in (*benefits, *BENEFIT_KINDS, NONE)}
    for attribute, target in said.items():
        if target.casefold() not in known:
            hint = did_you_mean(target, known.values())
            raise ConfigError(
                f"{place} {attribute!r}: there is no benefit or kind {target!r}.{hint}"
            )
    for name in names:
        if name in said:
            target = known[said[name].casefold()]
            if target == NONE:
                continue
            benefit = "" if target in BENEFIT_KINDS else target
            kind = target if target in BENEFIT_KINDS else benefits[target].kind
            made[name] = Topic(benefit, kind, f"{place} says so")
        elif (answered is None or name in answered) and (
            topic := _guess(f"{name} {texts.get(name, '')}", benefits)
        ):
            made[name] = topic
    return made


def _guess(text: str, benefits: Mapping[str, Benefit]) -> Topic | None:
    """What the words of an item speak of: the longest phrase of them, else the first."""
    words = plain(text).split()
    best: tuple[int, int, int] | None = None
    found: Topic | None = None
    for benefit, kind, phrases in _phrases():
        if benefit and benefit not in benefits:
            continue
        for phrase in phrases:
            at = _place(phrase, words)
            if at < 0:
                continue
            rank = (len(phrase), -at, len("".join(phrase)))
            if best is None or rank > best:
                of = benefits[benefit].kind if benefit else kind
                best, found = rank, Topic(benefit, of, f"it speaks of {' '.join(phrase)!r}")
    return found


def _place(phrase: Sequence[str], words: Sequence[str]) -> int:
    """Where a phrase begins; −1 where it does not stand."""
    for at in range(len(words) - len(phrase) + 1):
        if all(_begins(word, part) for word, part in zip(words[at:], phrase, strict=False)):
            return at
    return -1


def _begins(word: str, part: str) -> bool:
    return word in {part, f"{part}s"} if len(part) <= _SHORT else word.startswith(part)


@cache
def _phrases() -> list[tuple[str, str, list[list[str]]]]:
    return [
        (t["benefit"], t.get("kind", ""), [word.split() for word in t["words"]])
        for t in data("topics.toml")["topics"]
    ]


def bundles(
    of: Mapping[str, str],
    names: Sequence[str],
    shares: NDArray[np.float64],
    replicates: NDArray[np.float64],
    reported: Collection[str],
) -> dict[str, Bundle]:
    """What each benefit, or kind, stands for; the greatest first.

    A weight is 1 + λ·(share·count − 1), between ½ and 2: the share against an even one, shrunk by
    λ, the part of the variance among benefits that is not the replicates' own (empirical Bayes).

    Args:
        of: Attribute → the benefit or kind.
        names: The attributes.
        shares: (attributes,).
        replicates: (attributes, copies).
        reported: Attributes that are told from noise.
    """
    members: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        if of.get(name):
            members.setdefault(of[name], []).append(place)
    if not members:
        return {}
    total, totals = max(shares.sum(), 1e-300), np.maximum(replicates.sum(axis=0), 1e-300)
    part = {b: float(shares[at].sum() / total) for b, at in members.items()}
    drawn = {b: replicates[at].sum(axis=0) / totals for b, at in members.items()}
    whole = max(sum(part.values()), 1e-300)
    ratio = {b: share / whole * len(part) for b, share in part.items()}
    errors = [drawn[b].var() * (len(part) / whole) ** 2 for b in part]
    spread = np.var(list(ratio.values()))
    trust = max(0.0, 1.0 - float(np.mean(errors)) / float(spread)) if spread > 0 else 0.0
    trust = trust if reported else 0.0
    made = {}
    for benefit in sorted(part, key=lambda b: (-part[b], b)):
        low, high = interval(drawn[benefit]).tolist()
        attributes = tuple(names[i] for i in members[benefit])
        made[benefit] = Bundle(
            name=benefit,
            attributes=attributes,
            share=part[benefit],
            low=low,
            high=high,
            weight=float(np.clip(1.0 + trust * (ratio[benefit] - 1.0), LEAST, MOST)),
            reported=any(name in reported for name in attributes),
        )
    return made


def draft(names: Sequence[str], topics: Mapping[str, Topic]) -> str:
    """`[benefits_of]` as a config has it, with each guess as a comment beside it."""
    lines = ["[benefits_of]"]
    for name in names:
        topic = topics.get(name)
        key = quoted(name)
        if topic is None:
            lines.append(f'# {key} = ""  # nothing found: a benefit, a kind, or "{NONE}"')
        else:
            value = quoted(topic.benefit or topic.kind)
            lines.append(f"{key} = {value}  # {topic.because}")
    return "\n".join(lines)

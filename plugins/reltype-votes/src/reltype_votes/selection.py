"""How far to go beyond a majority: what votes that were held out say for it, and what speaks against."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from reltype_votes.redundancy import voter_weights
from reltype_votes.reliability import TABLES, Design, Table, learn, predictive

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reltype_votes.ballots import Ballots, Floats

FOLDS = 3
SCORED_CELLS = 2_000_000  # rows x rules x classes on which a fold is scored
COPY = 0.5  # redundancy from which a pair is taken for copies
ASSIGNED = 0.25  # variance of the number of votes a row, over that of independent abstentions
BETTER = 1.0  # standard errors by which a richer model must predict better than a simpler one

# What a learned model must show before it breaks the ties of the majority; on each number, see the
# page on what was measured. Standard errors are those of its gain on the majority, on votes held out.
TIES = 5.0
SUSPECT = 0.4  # redundancy from which copies may be what predicts so well
AGAINST = 0.25  # share of votes by voters that it takes for worse than guessers
WITNESSES = 2  # voters that name each class: a class of one voter is never confirmed

# And before it may overrule the majority: no redundancy at all, no one-sided rules, and these.
OVERRULES = 10.0
OVERRULED = 0.3  # share of rows in which it would


@attrs.frozen
class Verdict:
    """What may be said beyond a majority.

    Attributes:
        rival: The learned model that predicts votes held out best, `majority` if none does.
        errors: Standard errors by which it beats the majority there.
        scores: Held-out log pseudo-likelihood of each model.
    """

    rival: str
    errors: float
    scores: dict[str, float]


def design_of(ballots: Ballots, balance: Floats | None) -> Design:
    """Which voters are one-sided, and whether abstaining can tell anything.

    Voters count as one-sided only where such voters cast most votes: among many workers, some name
    one class by chance. Where each row has nearly the same number of votes, rows were handed out,
    and who abstains tells nothing about the class.
    """
    n = ballots.total()
    cast = ballots.named()
    votes = cast.sum(axis=1)
    one_sided = (votes > 0) & (cast.max(axis=1) == votes)
    one_sided &= votes[one_sided].sum() > 0.5 * votes.sum()
    in_row = np.diff(ballots.cast.indptr)
    spread = ballots.times @ (in_row - ballots.times @ in_row / n) ** 2 / n
    free = float((votes / n * (1 - votes / n)).sum())
    assigned = spread <= ASSIGNED * free
    abstention = bool(one_sided.any() or not assigned)
    return Design(one_sided, cast.argmax(axis=1), np.ones(len(cast)), abstention, False, balance)


def models(design: Design, repeats: Floats) -> Iterator[tuple[str, tuple[Table, Design]]]:
    """The models that are compared, the simplest first, by name."""
    copies = np.where(repeats > COPY, repeats, 0.0)
    dampings = {"": copies, "+damped": repeats}
    if (copies == repeats).all():
        del dampings["+damped"]
    for silence in (False, True) if design.abstention else (False,):
        for damped, damping in dampings.items():
            weighted = attrs.evolve(design, silence=silence, weights=voter_weights(damping))
            suffix = "+silence" * silence + damped
            for table in TABLES:
                yield f"{table}{suffix}", (table, weighted)


def compare(ballots: Ballots, design: Design, repeats: Floats) -> Verdict:
    """Held-out score of each model, and which is the best."""
    folds = [ballots.fold(number, FOLDS) for number in range(FOLDS)]
    rows = max(1, SCORED_CELLS // (ballots.votes.shape[1] * ballots.classes))
    parts = [
        (rest, held.sample(rows)) for held, rest in folds if len(held.votes) and len(rest.votes)
    ]
    if not parts:
        return Verdict("majority", 0.0, {})
    times = np.concatenate([held.times for _, held in parts])
    weights = voter_weights(repeats)
    scores: dict[str, Floats] = {}
    best = "majority"
    for name, (table, model) in models(design, repeats):
        learned = [learn(rest, table, model, rounds=25) for rest, _ in parts]
        held_out = zip(parts, learned, strict=True)
        scores[name] = np.concatenate(
            [predictive(held, m, repeats, weights) for (_, held), m in held_out]
        )
        gain = scores[name] - scores[best]
        if times @ gain > 1 and errors_above(gain, times) > BETTER:
            best = name
    errors = errors_above(scores[best] - scores["majority"], times)
    return Verdict(best, errors, {name: float(times @ score) for name, score in scores.items()})


def errors_above(gain: Floats, times: Floats) -> float:
    """By how many standard errors the mean of gains (n,) is above nought; 0 where all are 0."""
    n = times.sum()
    mean = times @ gain / n
    error = np.sqrt(times @ (gain - mean) ** 2) / n
    return float(mean / error) if error > 0 else 0.0


def may_break_ties(verdict: Verdict, ballots: Ballots, repeats: Floats, accuracy: Floats) -> bool:
    """Whether the rival may say which of the classes wins that have most votes, or of all in silence.

    Args:
        verdict: The rival, and by how much it predicts better.
        ballots: The rows.
        repeats: (rules, rules) redundancy.
        accuracy: (rules,) of the voters, as the rival sees them.
    """
    named = ballots.named()
    cast = named.sum(axis=1)
    against = cast[accuracy < 1 / ballots.classes].sum()
    return bool(
        verdict.rival != "majority"
        and verdict.errors > TIES
        and repeats.max(initial=0) <= SUSPECT
        and against <= AGAINST * cast.sum()
        and ((named > 0).sum(axis=0)[named.any(axis=0)] >= WITNESSES).all()
    )


def may_overrule(verdict: Verdict, design: Design, repeats: Floats, overruled: float) -> bool:
    """Whether a rival that may break ties may also contradict the majority.

    Args:
        verdict: The rival, and by how much it predicts better.
        design: Which voters are one-sided.
        repeats: (rules, rules) redundancy.
        overruled: The share of rows in which it would.
    """
    return bool(
        verdict.errors > OVERRULES
        and overruled <= OVERRULED
        and not repeats.any()
        and not design.one_sided.any()
    )

"""Which model of the voters to trust: what predicts held-out voters best, or the simplest."""

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
UNDAMPED = "+undamped"
SCORED_CELLS = 2_000_000  # rows x rules x classes on which a fold is scored
COPY = 0.5  # redundancy from which a pair is damped unless that predicts worse
ASSIGNED = 0.25  # variance of the number of votes a row, over that of independent abstentions
CLEARLY = 1.0  # standard errors by which a richer model must win
BEYOND_DOUBT = 5.0  # and one that takes for skill what looks like copying


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
    dampings = {"": copies, UNDAMPED: 0.0 * repeats, "+damped": repeats}
    if (copies == repeats).all():
        del dampings["+damped"]
    if not copies.any():
        del dampings[UNDAMPED]
    for silence in (False, True) if design.abstention else (False,):
        for damped, damping in dampings.items():
            weighted = attrs.evolve(design, silence=silence, weights=voter_weights(damping))
            suffix = "+silence" * silence + damped
            for table in TABLES:
                yield f"{table}{suffix}", (table, weighted)


def compare(ballots: Ballots, design: Design, repeats: Floats) -> tuple[dict[str, float], str]:
    """Held-out score of each model, and the name of the one that is chosen."""
    folds = [ballots.fold(number, FOLDS) for number in range(FOLDS)]
    rows = max(1, SCORED_CELLS // (ballots.votes.shape[1] * ballots.classes))
    parts = [
        (rest, held.sample(rows)) for held, rest in folds if len(held.votes) and len(rest.votes)
    ]
    if not parts:
        return {}, "majority"
    times = np.concatenate([held.times for _, held in parts])
    weights = voter_weights(repeats)
    scores: dict[str, float] = {}
    chosen, best = "", np.zeros(0)
    for name, (table, model) in models(design, repeats):
        learned = [learn(rest, table, model, rounds=25) for rest, _ in parts]
        held_out = zip(parts, learned, strict=True)
        score = np.concatenate([predictive(held, m, repeats, weights) for (_, held), m in held_out])
        scores[name] = float(times @ score)
        bold = UNDAMPED in name and UNDAMPED not in chosen
        if not chosen or above(score - best, times, BEYOND_DOUBT if bold else CLEARLY):
            chosen, best = name, score
    return scores, chosen


def above(gain: Floats, times: Floats, errors: float) -> bool:
    """Whether the mean of gains (n,) is so many standard errors above nought."""
    n = times.sum()
    mean = times @ gain / n
    error = np.sqrt(times @ (gain - mean) ** 2) / n
    return bool(n * mean > CLEARLY and mean > errors * error)

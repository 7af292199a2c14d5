"""How reliable each voter is: what it says in each class, learned from votes alone.

A voter is a rule, a worker or a model that names a class or abstains. Dawid & Skene (1979, Applied
Statistics 28: 20–28) describe it by a table P(says | class); the tables here differ in how much
of it they learn:

- `majority`: all voters share one accuracy, so that the posterior is a (weighted) majority vote;
- `one-coin`: each voter has its own accuracy, and errs evenly;
- `confusion`: each voter has its own table.

Each is drawn towards a typical one by pseudo-votes, the more the less the voters scatter about it.
No vote of a one-sided voter speaks against the class that it names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reltype_votes.ballots import Ballots, Floats, Ints


Table: TypeAlias = Literal["majority", "one-coin", "confusion"]
TABLES: tuple[Table, ...] = ("majority", "one-coin", "confusion")

PSEUDO_VOTES = 4.0  # with which a voter's accuracy is drawn to that of all voters
PSEUDO_POOL = 10.0  # with which a row of the table of all voters is drawn to one accuracy
ALIKE = (1.0, 100.0)  # least and most pseudo-votes with which a row of a voter's table is drawn
PSEUDO_CLASS = 2.0  # rows that are added to each class in the class balance
KEPT_SHARES = (
    0.3  # rows of vote shares that are added per row in the class balance of one-sided rules
)
PRIOR_ACCURACY = 0.7  # before any vote is seen
ABOVE_CHANCE = 0.02  # least by which the accuracy of all voters exceeds guessing
LEAST = 1e-6  # least probability of anything that a voter may say
MOST = 0.98  # highest probability that a voter votes at all
MAJORITY_ROUNDS = 100
STILL = 1e-4  # the largest change of a posterior at which learning stops


@attrs.frozen(eq=False)
class Design:
    """What is fixed before reliabilities are learned.

    Attributes:
        one_sided: (rules,) True where a voter names one class only: its abstention speaks too.
        side: (rules,) The class that a one-sided voter names.
        weights: (rules,) in (0, 1]; below 1 where a voter repeats others.
        abstention: Whether P(abstains) is modelled; not where votes were assigned by hand.
        silence: Whether an abstention counts in the posterior.
        balance: (classes,) Given class balance, or None to learn it.
    """

    one_sided: NDArray[np.bool_]
    side: Ints
    weights: Floats
    abstention: bool
    silence: bool
    balance: Floats | None


@attrs.frozen(eq=False)
class Reliability:
    """Learned tables of all voters.

    Attributes:
        says: (rules, 1 + classes, classes) log P(says | class): abstains, or names a class.
        counts: Same shape: what each adds to the log-posterior (`contributions`).
        balance: (classes,) learned or given class balance.
        posterior: (n, classes) of the ballots that it was learned from.
    """

    says: Floats
    counts: Floats
    balance: Floats
    posterior: Floats


def softmax(logits: Floats) -> Floats:
    """Probabilities along the last axis."""
    odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: Floats = odds / odds.sum(axis=-1, keepdims=True)
    return shares


def learn(ballots: Ballots, table: Table, design: Design, rounds: int = 50) -> Reliability:
    """Reliabilities and posterior by expectation-maximisation, from the weighted vote shares on."""
    posterior = ballots.shares(design.weights)
    for _ in range(rounds):
        before = posterior
        balance = class_balance(ballots, posterior, design)
        says = log_tables(ballots, posterior, table, design, balance)
        counts = contributions(says, design)
        posterior = softmax(log_posterior(ballots, counts, balance))
        if np.abs(posterior - before).max() < STILL:
            break
    return Reliability(says, counts, balance, posterior)


def majority(ballots: Ballots, weights: Floats, balance: Floats | None) -> Reliability:
    """One accuracy for all voters, by expectation-maximisation: a (weighted) majority and no more.

    Args:
        ballots: The rows.
        weights: (rules,) What each vote is worth.
        balance: (classes,) Given class balance; None is even.
    """
    k = ballots.classes
    balance = np.full(k, 1 / k) if balance is None else balance
    tally = ballots.tally(weights)
    accuracy = PRIOR_ACCURACY
    for _ in range(MAJORITY_ROUNDS):
        table = np.log(coin(np.array(accuracy), k))
        posterior = softmax(np.log(balance) + tally * (table[0, 0] - table[0, -1]))
        before = accuracy
        right = ballots.times @ (tally * posterior).sum(axis=1)
        cast = ballots.times @ tally.sum(axis=1)
        accuracy = min(pooled_accuracy(float(right), float(cast), k), MOST)
        if abs(accuracy - before) < STILL:
            break
    says = np.concatenate([np.zeros((1, k)), table])
    counts = says * weights[:, None, None]
    return Reliability(np.tile(says, (len(weights), 1, 1)), counts, balance, posterior)


def class_balance(ballots: Ballots, posterior: Floats, design: Design) -> Floats:
    """(classes,) given, or the mean posterior.

    One-sided rules alone do not pin the balance down: a class may swallow all rows. So the rows
    that have votes are held near their vote shares; those that have none are free.
    """
    if design.balance is not None:
        return design.balance
    found: Floats = ballots.times @ posterior + PSEUDO_CLASS
    if design.one_sided.any():
        voted = (ballots.votes.max(axis=1) >= 0)[:, None]
        kept = np.where(voted, ballots.shares(design.weights), posterior)
        found += KEPT_SHARES * (ballots.times @ kept)
    found /= found.sum()
    return found


def log_tables(
    ballots: Ballots, posterior: Floats, table: Table, design: Design, balance: Floats
) -> Floats:
    """The M-step: log P(says | class) under the posterior, (rules, 1 + classes, classes)."""
    count = ballots.count(posterior)
    named = np.clip(named_when_voting(count, table, design), LEAST, 1)
    log_named = np.log(named).transpose(0, 2, 1)
    if not design.abstention:
        return np.concatenate([np.zeros_like(log_named[:, :1]), log_named], axis=1)
    in_class = ballots.times @ posterior
    rate = voting_rate(count, in_class, table, design)
    one = design.one_sided
    precision = precision_of_one_sided(count[one], table, design, balance)
    rate[one] = count[one].sum(axis=(1, 2))[:, None] / in_class.sum() * precision / balance
    log_named[one, design.side[one]] = 0.0
    rate = np.clip(rate, LEAST, MOST)[:, None, :]
    return np.concatenate([np.log1p(-rate), np.log(rate) + log_named], axis=1)


def named_when_voting(count: Floats, table: Table, design: Design) -> Floats:
    """P(named | class, votes) of voters that name several classes, (rules, class, named)."""
    k = count.shape[1]
    free = design.weights * ~design.one_sided
    pooled = np.tensordot(free, count, 1)
    mean = pooled_accuracy(np.trace(pooled), pooled.sum(), k)
    if table == "majority":
        return np.broadcast_to(coin(np.array(mean), k), count.shape)
    if table == "one-coin":
        right = np.trace(count, axis1=1, axis2=2)
        return coin(drawn(right, count.sum(axis=(1, 2)), mean)[:, None, None], k)
    pool = pooled + PSEUDO_POOL * coin(np.array(mean), k)
    pool /= pool.sum(axis=1, keepdims=True)
    prior = pool_by_skill(pool, count)
    confusion: Floats = count + likeness(count, prior) * prior
    confusion /= confusion.sum(axis=2, keepdims=True)
    return confusion


def pool_by_skill(pool: Floats, count: Floats) -> Floats:
    """The table of all voters, with the odds of being right that each voter's skill makes of it.

    Skill is the mean of a voter's accuracies by class, not its share of right votes: where one class
    is most of the rows, whoever always names it has many right votes and no skill. The errors of
    all go towards the same classes.
    """
    hit = np.diag(pool)
    right = np.diagonal(count, axis1=1, axis2=2)
    skill = drawn(right, count.sum(axis=2), hit).mean(axis=1)
    better = skill / (1 - skill) * (1 - hit.mean()) / hit.mean()
    odds = better[:, None] * hit / (1 - hit)
    known = odds / (1 + odds)
    wrong = (1 - known)[:, :, None] * (pool / (1 - hit)[:, None])
    table: Floats = np.where(np.eye(len(pool)) > 0, known[:, :, None], wrong)
    return table


def likeness(count: Floats, expected: Floats) -> float:
    """Pseudo-votes that the expected shares are worth: many where voters scatter little about them.

    The counts (…, classes) are taken for Dirichlet-multinomial: a row of n votes scatters
    1 + (n − 1) ρ times as much as n independent ones. ρ by moments, pseudo-votes 1/ρ − 1 (Mosimann
    1962, Biometrika 49: 65–82).
    """
    cast = count.sum(axis=-1)
    single = 1 - (expected**2).sum(axis=-1)
    scatter = ((count - cast[..., None] * expected) ** 2).sum() - (cast * single).sum()
    most = (np.maximum(cast * (cast - 1), 0) * single).sum()
    fewest, highest = ALIKE
    return float(np.clip(most / max(scatter, most / (1 + highest), LEAST) - 1, fewest, highest))


def coin(accuracy: Floats, classes: int) -> Floats:
    """A table that errs evenly, (…, classes, classes)."""
    table: Floats = np.where(np.eye(classes) > 0, accuracy, (1 - accuracy) / (classes - 1))
    return table


def pooled_accuracy(right: float, cast: float, classes: int) -> float:
    """Accuracy of all voters together, above guessing."""
    mean = (right + PSEUDO_VOTES * PRIOR_ACCURACY) / (cast + PSEUDO_VOTES)
    return max(float(mean), 1 / classes + ABOVE_CHANCE)


def drawn(right: Floats, cast: Floats, mean: float | Floats) -> Floats:
    """Accuracy with `PSEUDO_VOTES` of the mean accuracy added."""
    accuracy: Floats = (right + PSEUDO_VOTES * mean) / (cast + PSEUDO_VOTES)
    return accuracy


def voting_rate(count: Floats, in_class: Floats, table: Table, design: Design) -> Floats:
    """P(votes | class), (rules, classes); the same in all classes unless abstentions count."""
    overall = count.sum(axis=(1, 2)) / in_class.sum()
    if not design.silence or table == "majority":
        return np.repeat(overall[:, None], len(in_class), axis=1)
    rate: Floats = count.sum(axis=2) + PSEUDO_VOTES * overall[:, None]
    rate /= in_class + PSEUDO_VOTES
    return rate


def precision_of_one_sided(count: Floats, table: Table, design: Design, balance: Floats) -> Floats:
    """(one-sided rules, classes) P(class | votes) of voters that name one class only."""
    side, weights = design.side[design.one_sided], design.weights[design.one_sided]
    voters = np.arange(len(side))
    fires = count[voters, :, side]
    right, cast = fires[voters, side], fires.sum(axis=1)
    own = np.arange(len(balance)) == side[:, None]
    rest = np.where(own, 0, balance)
    rest /= rest.sum(axis=1, keepdims=True)
    mean = pooled_accuracy(float(weights @ right), float(weights @ cast), len(balance))
    if table == "confusion":
        prior = np.where(own, mean, (1 - mean) * rest)
        by_class: Floats = fires + PSEUDO_VOTES * prior
        by_class /= (cast + PSEUDO_VOTES)[:, None]
        return by_class
    known = np.full(len(side), mean) if table == "majority" else drawn(right, cast, mean)
    precision: Floats = np.where(own, known[:, None], (1 - known[:, None]) * rest)
    return precision


def contributions(says: Floats, design: Design) -> Floats:
    """(rules, 1 + classes, classes): what each symbol adds to the log-posterior.

    A one-sided voter's vote may favour another class no more than the one it names, compared with
    its abstention: nothing but its side says what it means, so one that looks worse than guessing
    loses its voice, and is not turned round.
    """
    counts = says * design.weights[:, None, None]
    if not design.silence:
        counts[:, 0] = 0.0
    named, one = np.arange(says.shape[2]), design.one_sided
    ceiling = counts[:, 1 + named, named] - counts[:, 0, named]
    capped = np.minimum(counts[:, 1:], ceiling[:, :, None] + counts[:, :1])
    counts[one, 1:] = capped[one]
    return counts


def log_posterior(ballots: Ballots, counts: Floats, balance: Floats) -> Floats:
    """(n, classes) log-posterior but for a constant a row."""
    spoken = (counts[:, 1:] - counts[:, :1]).reshape(-1, ballots.classes)
    summed: Floats = np.log(balance) + counts[:, 0].sum(axis=0) + ballots.cast @ spoken
    return summed


def predictive(ballots: Ballots, learned: Reliability, repeats: Floats, weights: Floats) -> Floats:
    """Log-probability of what each voter says given the others, summed with weights (rules,): (n,).

    This pseudo-likelihood (Besag 1975, The Statistician 24: 179–195) asks that the others' votes
    tell what a voter will say, which is what a shared truth brings about. Copying does so too:
    hence the others' votes count less by their redundancy `repeats` (rules, rules) with the voter.
    """
    voters = np.arange(ballots.votes.shape[1])
    own = learned.counts[voters, 1 + ballots.votes]
    total = np.log(learned.balance) + own.sum(axis=1)
    left_out = own
    if repeats.any():
        left_out = own + np.einsum("jk,nkc->njc", repeats, own, optimize=True)
    others = softmax(total[:, None] - left_out)
    said = np.exp(learned.says[voters, 1 + ballots.votes])
    score: Floats = np.log(np.maximum((others * said).sum(axis=2), LEAST)) @ weights
    return score

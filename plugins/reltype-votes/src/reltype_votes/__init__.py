"""VoteModel: what voters who abstain, err and copy each other say together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from reltype.errors import UsageError

from reltype_votes.ballots import Floats, Ints, checked_votes, distinct
from reltype_votes.redundancy import redundancy, same_votes
from reltype_votes.reliability import learn
from reltype_votes.selection import compare, design_of, models

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

SELECT_ROWS = 10_000  # distinct rows on which models are compared
SELECT_VOTES = 400_000  # and votes in them
FIT_ROWS = 50_000  # distinct rows from which the chosen one learns
CHUNK = 100_000  # rows whose posterior is made at once
EVEN = 0.5 + 1e-6  # least probability of a class that all voters of a row agree on


class VoteModel:
    """Combines votes that may abstain into class probabilities, learning who is reliable.

    Three tables of reliability (`reltype_votes.reliability`) times "does an abstention count?" times "how
    much is redundancy damped?" are compared by how well they predict each held-out voter from the
    others of its row. A richer one must win by a standard error; so where nothing can be learned,
    what is left is a weighted majority vote. One that takes for skill what looks like copying must
    win by five.

    Args:
        n_classes: Number of classes, at least 2.
        class_balance: (n_classes,) positive, sum 1; None learns it from the votes.

    Attributes:
        method_: The model that was chosen: `majority`, `one-coin` or `confusion`; then `+silence`
            where abstentions count; then `+damped` where redundancy short of copying is damped
            too, or `+undamped` where only rules that always say the same are.
        scores_: Held-out log pseudo-likelihood of each model.
        class_balance_: (n_classes,) given or learned.
        accuracy_: (rules,) expected share of right votes; NaN for a rule that never votes.
        redundancy_: (rules, rules) share of rows in which one rule repeats another; 0 if by chance.
        correlated_pairs_: Pairs of rules (i, j), i < j, whose redundancy is above 0, highest first.
        weights_: (rules,) in (0, 1], what each rule's vote is worth after redundancy.
        n_rules_: Number of rules.
    """

    method_: str
    scores_: dict[str, float]
    class_balance_: Floats
    accuracy_: Floats
    redundancy_: Floats
    correlated_pairs_: list[tuple[int, int]]
    weights_: Floats
    n_rules_: int

    def __init__(self, n_classes: int, *, class_balance: Sequence[float] | None = None) -> None:
        self.n_classes = n_classes
        self.class_balance = class_balance

    def fit(self, votes: ArrayLike, y: object = None) -> Self:  # noqa: ARG002 - as scikit-learn calls it
        """Learns from votes (n, rules): −1 abstains, else a class from 0; `y` is not looked at.

        Raises:
            UsageError: The votes or the arguments of the model cannot be used.
        """
        classes = checked_classes(self.n_classes)
        balance = checked_balance(self.class_balance, classes)
        table = checked_votes(votes, classes)
        if not table.size:
            raise UsageError(
                f"There are no votes to learn from: the array is {len(table)} x {table.shape[1]}; "
                "give at least one row and one rule."
            )
        first, same = same_votes(table)
        ballots = distinct(table[:, first], classes)
        design = design_of(ballots, balance)
        per_row = max(1, ballots.cast.nnz // len(ballots.votes))
        few = ballots.sample(min(SELECT_ROWS, SELECT_VOTES // per_row))
        repeats = redundancy(few, design)
        self.scores_, self.method_ = compare(few, design, repeats)
        kind, design = dict(models(design, repeats))[self.method_]
        many = ballots.sample(FIT_ROWS)
        learned = learn(many, kind, design)
        shared_by = np.bincount(same)[same]
        self._counts = learned.counts[same] / shared_by[:, None, None]
        self.weights_ = design.weights[same] / shared_by
        self.accuracy_ = many.accuracy(learned.posterior)[same]
        self.class_balance_ = learned.balance
        self.n_rules_ = table.shape[1]
        twins = (same[:, None] == same) & ~np.eye(self.n_rules_, dtype=bool)
        self.redundancy_ = np.where(twins, 1.0, repeats[np.ix_(same, same)])
        pairs = np.argwhere(np.triu(self.redundancy_) > 0)
        order = np.argsort(-self.redundancy_[pairs[:, 0], pairs[:, 1]], kind="stable")
        self.correlated_pairs_ = [(int(i), int(j)) for i, j in pairs[order]]
        return self

    def predict_proba(self, votes: ArrayLike) -> Floats:
        """Posterior (n, n_classes) of each row of votes (n, rules); rows sum to 1.

        A class that all voters of a row agree on gets at least ½; a row without votes gets the
        class balance, and what the silence of the rules tells where it counts (`method_`).

        Raises:
            UsageError: The model is not fitted, or the votes do not fit it.
        """
        if not hasattr(self, "_counts"):
            raise UsageError(
                "This VoteModel has not learned yet: call fit(votes) before it predicts."
            )
        table = checked_votes(votes, len(self.class_balance_))
        if table.shape[1] != self.n_rules_:
            raise UsageError(
                f"The votes have {table.shape[1]} columns, but the model learned from "
                f"{self.n_rules_} rules: give the same rules in the same order."
            )
        found = np.empty((len(table), len(self.class_balance_)))
        for start in range(0, len(table), CHUNK):
            rows = slice(start, start + CHUNK)
            found[rows] = posterior(table[rows], self._counts, self.class_balance_)
        return found

    def predict(self, votes: ArrayLike) -> Ints:
        """The most probable class of each row (n,); the lowest of equals."""
        classes: Ints = self.predict_proba(votes).argmax(axis=1)
        return classes

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002 - as scikit-learn calls it
        """The arguments of the model by name."""
        return {"n_classes": self.n_classes, "class_balance": self.class_balance}

    def set_params(self, **params: object) -> Self:
        """Sets arguments of the model by name; call `fit` afterwards."""
        for name, value in params.items():
            if name not in self.get_params():
                raise UsageError(
                    f"VoteModel has no parameter {name!r}; it has n_classes and class_balance."
                )
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        return f"VoteModel({self.n_classes!r}, class_balance={self.class_balance!r})"


def posterior(votes: Ints, counts: Floats, balance: Floats) -> Floats:
    """Balance and contributions added up, at least even odds for the unanimous: (n, classes)."""
    logits = np.tile(np.log(balance), (len(votes), 1))
    for column, count in zip(votes.T, counts, strict=True):
        logits += count[1 + column]
    logits -= logits.max(axis=1, keepdims=True, initial=-np.inf)
    found: Floats = np.exp(logits)
    found /= found.sum(axis=1, keepdims=True)
    highest = votes.max(axis=1)
    lowest = np.where(votes < 0, highest[:, None], votes).min(axis=1)
    rows = np.flatnonzero((highest == lowest) & (highest >= 0))
    rows = rows[found[rows, highest[rows]] < EVEN]
    named = highest[rows]
    found[rows] *= ((1 - EVEN) / (1 - found[rows, named]))[:, None]
    found[rows, named] = EVEN
    return found


def checked_classes(n_classes: object) -> int:
    """The number of classes, or an error."""
    if isinstance(n_classes, bool) or not isinstance(n_classes, int | np.integer) or n_classes < 2:
        raise UsageError(f"n_classes must be a whole number of at least 2, not {n_classes!r}.")
    return int(n_classes)


def checked_balance(balance: Sequence[float] | None, classes: int) -> Floats | None:
    """The class balance as an array that sums to 1, or an error."""
    if balance is None:
        return None
    try:
        given = np.asarray(balance, dtype=float)
    except (TypeError, ValueError):
        raise UsageError(f"class_balance must be {classes} numbers, not {balance!r}.") from None
    if given.shape != (classes,) or not (given > 0).all() or abs(given.sum() - 1) > 1e-6:
        raise UsageError(
            f"class_balance must be {classes} positive numbers, one per class, that sum to 1, "
            f"not {balance!r}."
        )
    shares: Floats = given / given.sum()
    return shares

"""VoteModel: what voters who abstain, err and copy each other say together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from reltype.errors import UsageError
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets, unique_labels
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from reltype_votes.ballots import Ballots, Floats, Ints, distinct
from reltype_votes.labels import balance_of, classes_of, coded, is_null, table_of
from reltype_votes.redundancy import (
    CONFIRMED,
    EQUAL,
    borne_out,
    redundancy,
    same_votes,
    voter_weights,
)
from reltype_votes.reliability import learn, majority
from reltype_votes.selection import (
    COPY,
    Verdict,
    compare,
    design_of,
    may_break_ties,
    may_overrule,
    models,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray
    from sklearn.utils import Tags

    from reltype_votes.reliability import Design, Reliability

__all__ = ["VoteModel"]

SELECT_ROWS = 10_000  # distinct rows on which models are compared
SELECT_VOTES = 400_000  # and votes in them
FIT_ROWS = 50_000  # distinct rows from which the chosen one learns
CHUNK = 100_000  # rows whose posterior is made at once
DIGITS = 11  # of a log-posterior: sums of equal votes in another order are equal
EVEN = 0.5 + 1e-6  # least probability of a class that the majority names, where it decides


class VoteModel(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is not typed
    """A classifier of votes: a weighted majority, and what can be learned beyond it.

    A row is what some voters (rules, workers, models) say of one case: each names a class, or abstains.
    The class with most votes wins. Voters that say the same thing over and over share one vote, if
    other voters bear that out. Who is reliable is learned from the votes alone, and used only where it
    predicts votes that were held out clearly better (`reltype_votes.selection`): then it breaks the
    ties of the majority, and, on still clearer grounds, may overrule it.

    Args:
        classes: The labels in order; or a number k, for 0 … k − 1; None takes those in the votes (and in
            `y`), sorted.
        class_balance: How frequent each class is: k positive numbers that sum to 1, in the order of
            `classes_`, or a mapping label → number. It decides where votes are equal or absent. None: all
            alike, unless a learned model breaks ties.
        abstain: The label that means no vote; null (None, NaN, a masked cell) always does. None: only null.

    Attributes:
        classes_: (k,) the labels.
        method_: `majority`, or the learned model that may overrule it: `one-coin` or `confusion`; then
            `+silence` where abstentions count; then `+damped` where redundancy short of copying is damped.
        ties_: What breaks ties and answers for rows without votes: `class balance`, or a learned model.
        scores_: Model → log pseudo-likelihood of the votes held out.
        errors_: Standard errors by which the best learned model beats the majority there; 0 if none does.
        class_balance_: (k,) given, learned, or even.
        accuracy_: (voters,) expected share of right votes, in [0, 1]; NaN for a voter that never votes.
        redundancy_: (voters, voters) share of rows in which one voter repeats another; 0 if by chance.
        correlated_pairs_: Pairs of voters (i, j), i < j, whose redundancy is above 0, highest first.
        weights_: (voters,) in (0, 1], what each voter's vote is worth in the majority.
        n_features_in_: Number of voters.
        feature_names_in_: Their names, if the votes had any.

    Example:
        >>> votes = [["spam", "spam", None], ["ham", None, "spam"], [None, "ham", "ham"]]
        >>> VoteModel().fit(votes).predict([["spam", None, "spam"]]).tolist()
        ['spam']
    """

    classes_: NDArray[Any]
    method_: str
    ties_: str
    scores_: dict[str, float]
    errors_: float
    class_balance_: Floats
    accuracy_: Floats
    redundancy_: Floats
    correlated_pairs_: list[tuple[int, int]]
    weights_: Floats
    n_features_in_: int

    def __init__(
        self,
        classes: int | Sequence[object] | None = None,
        *,
        class_balance: Sequence[float] | Mapping[object, float] | None = None,
        abstain: object = -1,
    ) -> None:
        self.classes = classes
        self.class_balance = class_balance
        self.abstain = abstain

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:  # noqa: N803 - as scikit-learn calls it
        """Learns from votes (rows, voters): labels, or null where a voter abstains.

        Args:
            X: The votes; an array, a masked array, a frame of pandas or polars, or lists.
            y: Not learned from: its labels are added to the classes, and nothing else is looked at.

        Raises:
            UsageError: The votes or the arguments of the model cannot be used.
        """
        table = table_of(X)
        validate_data(self, X if hasattr(X, "columns") else table, skip_check_array=True)
        if not table.size:
            what = "sample(s)" if not len(table) else "feature(s)"
            raise UsageError(
                f"There are no votes to learn from: 0 {what} (shape={table.shape}) while a minimum "
                "of 1 is required."
            )
        named = None if y is None else _labels_of(y, len(table))
        self.classes_ = classes_of(self.classes, table, named, self.abstain)
        balance = balance_of(self.class_balance, self.classes_)
        self._learn(coded(table, self.classes_, self.abstain), balance)
        return self

    def _learn(self, votes: Ints, balance: Floats | None) -> None:
        """Sets what is learned of votes (rows, voters), places among the classes or −1."""
        k = len(self.classes_)
        first, same = same_votes(votes)
        ballots = distinct(votes[:, first], k)
        design = design_of(ballots, balance)
        per_row = max(1, ballots.cast.nnz // len(ballots.votes))
        few = ballots.sample(min(SELECT_ROWS, SELECT_VOTES // per_row))
        repeats = redundancy(few, design)
        if borne_out(few, voter_weights(repeats), repeats) < -CONFIRMED:
            repeats = np.zeros_like(repeats)  # what looked like copying is skill
        weights = voter_weights(np.where(repeats > COPY, repeats, 0.0))
        if borne_out(few, weights, repeats) <= CONFIRMED:
            weights = np.ones(len(first))
        verdict = compare(few, design, repeats)
        self.scores_, self.errors_ = verdict.scores, verdict.errors
        many = ballots.sample(FIT_ROWS)
        learned = self._choose(many, design, repeats, weights, verdict)
        shared_by = np.bincount(same)[same]
        self._counts = learned.counts[same] / shared_by[:, None, None]
        self.class_balance_ = learned.balance
        self.weights_ = weights[same] / shared_by
        self.accuracy_ = many.accuracy(learned.posterior)[same]
        twins = (same[:, None] == same) & ~np.eye(len(same), dtype=bool)
        self.redundancy_ = np.where(twins, 1.0, repeats[np.ix_(same, same)])
        pairs = np.argwhere(np.triu(self.redundancy_) > 0)
        order = np.argsort(-self.redundancy_[pairs[:, 0], pairs[:, 1]], kind="stable")
        self.correlated_pairs_ = [(int(i), int(j)) for i, j in pairs[order]]

    def _choose(
        self, ballots: Ballots, design: Design, repeats: Floats, weights: Floats, verdict: Verdict
    ) -> Reliability:
        """The tables of the model that is used; sets `method_` and `ties_`."""
        self.method_, self.ties_ = "majority", "class balance"
        if verdict.rival != "majority":
            table, rival = dict(models(design, repeats))[verdict.rival]
            learned = learn(ballots, table, rival)
            if may_break_ties(verdict, ballots, repeats, ballots.accuracy(learned.posterior)):
                self.ties_ = verdict.rival
                most = leaders(ballots.votes, weights, ballots.classes)
                overruled = ~most[np.arange(len(most)), learned.posterior.argmax(axis=1)]
                share = ballots.times @ (overruled & (ballots.votes >= 0).any(axis=1))
                if may_overrule(verdict, design, repeats, float(share / ballots.total())):
                    self.method_ = verdict.rival
                return learned
        return majority(ballots, weights, design.balance)

    def predict_proba(self, X: ArrayLike) -> Floats:  # noqa: N803 - as scikit-learn calls it
        """Posterior (rows, classes) of each row of votes; rows sum to 1.

        A class that all voters of a row name, or most (where the majority decides, `method_`), gets at
        least ½. A row without votes gets the class balance, and what silence tells, where it counts (`ties_`).

        Raises:
            NotFittedError: The model is not fitted.
            UsageError: A vote is none of the classes.
            ValueError: There are more or fewer voters than the model learned from.
        """
        check_is_fitted(self, "weights_")
        table = table_of(X)
        validate_data(
            self, X if hasattr(X, "columns") else table, reset=False, skip_check_array=True
        )
        votes = coded(table, self.classes_, self.abstain)
        found = np.empty((len(votes), len(self.classes_)))
        for start in range(0, len(votes), CHUNK):
            rows = slice(start, start + CHUNK)
            found[rows] = self._posterior(votes[rows])
        return found

    def predict(self, X: ArrayLike) -> NDArray[Any]:  # noqa: N803 - as scikit-learn calls it
        """The most probable class of each row (rows,); the first of equals."""
        places = self.predict_proba(X).argmax(axis=1)
        labels: NDArray[Any] = self.classes_[places]
        return labels

    def _posterior(self, votes: Ints) -> Floats:
        """Balance and contributions added up, then at least even odds for whom the voters decide on."""
        found = posterior(votes, self._counts, self.class_balance_)
        most = leaders(votes, self.weights_, len(self.classes_))
        highest = votes.max(axis=1)
        lowest = np.where(votes < 0, highest[:, None], votes).min(axis=1)
        unanimous = (highest == lowest) & (highest >= 0)
        first = np.where(most, found, -1).argmax(axis=1)
        leads = found[np.arange(len(found)), first]
        lifted = unanimous & (leads < EVEN)
        if self.method_ == "majority":
            lifted |= leads < found.max(axis=1)
        rows = np.flatnonzero(lifted & (highest >= 0))
        found[rows] *= ((1 - EVEN) / (1 - leads[rows]))[:, None]
        found[rows, first[rows]] = EVEN
        return found

    def __sklearn_tags__(self) -> Tags:
        """What scikit-learn asks: votes are labels, some of them null; truth is not needed."""
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.input_tags.allow_nan = True
        tags.target_tags.required = False
        tags.classifier_tags.poor_score = True  # it does not look at y
        return tags


def leaders(votes: Ints, weights: Floats, classes: int) -> NDArray[np.bool_]:
    """(rows, classes) where a class has most votes, weighted (voters,); all are in a silent row."""
    tally = np.zeros((len(votes), classes))
    rows = np.arange(len(votes))
    for column, weight in zip(votes.T, weights, strict=True):
        cast = column >= 0
        tally[rows[cast], column[cast]] += weight
    most: NDArray[np.bool_] = tally >= tally.max(axis=1, keepdims=True, initial=0) - EQUAL
    return most


def posterior(votes: Ints, counts: Floats, balance: Floats) -> Floats:
    """Balance and contributions added up: (rows, classes)."""
    logits = np.tile(np.log(balance), (len(votes), 1))
    for column, count in zip(votes.T, counts, strict=True):
        logits += count[1 + column]
    logits -= logits.max(axis=1, keepdims=True, initial=-np.inf)
    found: Floats = np.exp(logits.round(DIGITS))
    found /= found.sum(axis=1, keepdims=True)
    return found


def _labels_of(y: ArrayLike, rows: int) -> NDArray[Any]:
    """The labels in y, or an error."""
    given = column_or_1d(y, warn=True)
    if len(given) != rows:
        raise UsageError(
            f"Found inconsistent numbers of samples: {rows} rows of votes, {len(given)} in y."
        )
    endless = given.dtype.kind == "f" and not np.isfinite(given).all()
    if endless or is_null(np.asarray(given)).any():
        raise UsageError(
            "Input y contains NaN, infinity or another null: leave y out, nothing is learned from it."
        )
    check_classification_targets(given)
    labels: NDArray[Any] = unique_labels(given)
    return labels

"""ArchetypeClassifier: prototypes learned from labelled rows, as a scikit-learn estimator.

It imports scikit-learn, so the package loads it only when the name is asked for.
"""

# ruff: noqa: N803, N806 - a matrix is called X in scikit-learn, and callers pass it by name

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeAlias

import numpy as np
from scipy.special import gammaln, stdtr
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.utils import gen_batches
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from reltype.errors import UsageError, did_you_mean
from reltype.learning.estimators.moments import (
    Floats,
    blocks,
    correlations,
    first_seen,
    gram,
    redundancy,
    row_weights,
    spread_within,
)
from reltype.learning.estimators.prototypes import Labels, Prior, joint_classes, places, prototypes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

Table: TypeAlias = Any  # an array, a list of lists, a pandas or a polars frame
Series: TypeAlias = Any

# Rows x classes x columns that are worked on at once: 32 MB in float64.
BATCH_CELLS = 1 << 22


class ArchetypeClassifier(ClassifierMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Tells classes apart by a prototype, a value and a tolerance, on each column.

    Each column speaks by how much likelier its value is within the class than at large, in
    log-odds, damped where columns repeat each other; a class's score is the log of its base rate
    plus what the columns say (naive Bayes). NaN means "not seen" and says nothing, in learning
    and in use alike. All that is learned follows from sums over rows, so learning in chunks gives
    what learning at once gives, and a row of weight 2 counts as two rows.

    Values that are learned are averages of what is known before and what is seen: the prior
    counts as `prior_strength` rows. Likelihoods are Student's t, the posterior predictive of a
    normal with unknown mean and variance (Gelman et al., Bayesian Data Analysis, 3rd ed., §3.3):
    few rows give wide tails, many rows a normal.

    The sums take (2 × columns)² numbers per class: meant for up to some hundred columns.

    Args:
        prior: What prototypes are like before any row: class → column → (value, tolerance), or
            archetypes of a typology. Columns are known by the names of the frame's columns (of an
            array: `x0`, `x1` …). Its classes are told apart even if no row has them. Without it,
            or where it is silent, a tolerance starts from the columns' spread within classes.
        prior_strength: How many rows per class the prior counts as; above 0.
        damping: 0 takes columns as independent; 1 divides a column's word by the sum of its
            redundancies with the columns seen beside it, so that a copy changes little. (D columns
            that correlate by r tell as much as D / (1 + (D - 1) r) independent ones: Kish's design
            effect.)
        bounds: (low, high) that all values lie within, to which likelihoods are truncated:
            (0, 1) for readings. None for columns without bounds.
        class_prior: Base rates in the order of `classes_`. None learns them from the rows.

    Attributes:
        classes_ (K,): The labels, sorted.
        theta_ (K, D): The prototypes' values; NaN where a class was never seen with the column.
        tolerance_ (K, D): The standard deviations around them; NaN likewise.
        redundancy_ (D, D): How far columns repeat each other in telling classes apart, 0…1.
        intercept_ (K,): Log base rates.
        class_count_ (K,): Sum of the rows' weights.
        n_features_in_, feature_names_in_: D, and the columns' names if X had any.
    """

    def __init__(
        self,
        *,
        prior: Prior = None,
        prior_strength: float = 5.0,
        damping: float = 1.0,
        bounds: tuple[float, float] | None = None,
        class_prior: ArrayLike | None = None,
    ) -> None:
        self.prior = prior
        self.prior_strength = prior_strength
        self.damping = damping
        self.bounds = bounds
        self.class_prior = class_prior

    def fit(self, X: Table, y: Series, sample_weight: ArrayLike | None = None) -> Self:
        """Learns from X (N, D) and labels y (N,), and forgets what it learned before.

        Raises:
            UsageError: A parameter, a weight or the prior does not fit the data (a ValueError).
        """
        X, y = self._checked(X, y, reset=True)
        self._begin(X, y)
        return self._learn(X, y, sample_weight)

    def partial_fit(
        self,
        X: Table,
        y: Series,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Learns from more rows. The first call names all `classes`, unless a prior does."""
        first = not hasattr(self, "_gram")
        if first and classes is None and self.prior is None:
            raise UsageError("The first call of partial_fit needs `classes`: every label to come.")
        X, y = self._checked(X, y, reset=first)
        if first:
            self._begin(X, np.empty(0) if classes is None else np.asarray(classes))
        elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise UsageError(f"`classes` differs from the first call's, {self.classes_.tolist()}.")
        return self._learn(X, y, sample_weight)

    def predict(self, X: Table) -> Labels:
        """The likeliest class of each row (N,)."""
        best = self._scores(X).argmax(axis=1)
        return np.asarray(self.classes_[best])

    def predict_proba(self, X: Table) -> Floats:
        """Probabilities (N, K), each row summing to 1."""
        return np.exp(self.predict_log_proba(X))

    def predict_log_proba(self, X: Table) -> Floats:
        """Logarithms of the probabilities (N, K)."""
        scores = self._scores(X)
        return np.asarray(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))

    def decision_function(self, X: Table) -> Floats:
        """Scores (N, K); of two classes the second's lead (N,), as scikit-learn has it."""
        scores = self._scores(X)
        return scores[:, 1] - scores[:, 0] if scores.shape[1] == 2 else scores

    def transform(self, X: Table) -> Floats:
        """Scores (N, K) for a next step: `intercept_ + contributions(X).sum(axis=2)`."""
        return self._scores(X)

    def get_feature_names_out(self, input_features: object = None) -> Labels:  # noqa: ARG002
        """`score_<class>` for each column that transform gives."""
        check_is_fitted(self, "theta_")
        return np.array([f"score_{label}" for label in self.classes_], dtype=object)

    def contributions(self, X: Table) -> Floats:
        """What each column says for each class (N, K, D), in log-odds against the crowd.

        0 says nothing, and so does NaN. They add up: with `intercept_` they make the scores.
        """
        check_is_fitted(self, "theta_")
        X = self._checked(X, reset=False)
        return np.asarray(np.concatenate([self._contributions(rows) for rows in self._batches(X)]))

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401 - scikit-learn is untyped
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _checked(self, X: Table, y: Series = "no_validation", *, reset: bool) -> Table:
        """X as float64, and y if given, or scikit-learn's words on what is wrong with them."""
        if reset:
            self._check_parameters()
        checked = validate_data(
            self, X, y, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan"
        )
        outside = self._outside(checked[0] if isinstance(checked, tuple) else checked).any(axis=0)
        if outside.any():
            names = ", ".join(self._columns()[outside])
            raise UsageError(f"Values outside of bounds={self.bounds} in column {names}.")
        return checked

    def _outside(self, values: Floats) -> NDArray[np.bool_]:
        low, high = self.bounds or (-np.inf, np.inf)
        return np.asarray((values < low) | (values > high))

    def _columns(self) -> Labels:
        default = np.array([f"x{i}" for i in range(self.n_features_in_)], dtype=object)
        return np.asarray(getattr(self, "feature_names_in_", default))

    def _begin(self, X: Floats, labels: Labels) -> None:
        """Empty sums for the classes of these labels and of the prior."""
        if len(labels):
            check_classification_targets(labels)
        prior = prototypes(self.prior)
        self.classes_ = joint_classes(labels, list(prior))
        columns = self._columns().tolist()
        self._prior_value, self._prior_tolerance = places(prior, self.classes_, columns)
        if self._outside(self._prior_value).any():
            raise UsageError(f"The prior has values outside of bounds={self.bounds}.")
        self._origin = first_seen(X)
        # Laplace's rule without a prior: one row more per class, so that none is impossible.
        known = [label in prior for label in self.classes_.tolist()]
        self._pseudo_count = np.where(known, self.prior_strength, 1.0)
        self._prior_rows = self.prior_strength * len(prior)
        self.class_count_ = np.zeros(len(self.classes_))
        self._gram = np.zeros((len(self.classes_), 2 * X.shape[1], 2 * X.shape[1]))

    def _check_parameters(self) -> None:
        if not (self.prior_strength > 0 and self.damping >= 0):
            raise UsageError("`prior_strength` must be above 0 and `damping` at least 0.")
        if self.bounds is not None and not self.bounds[0] < self.bounds[1]:
            raise UsageError(f"`bounds` must be (low, high), not {self.bounds}.")

    def _learn(self, X: Floats, y: Labels, sample_weight: ArrayLike | None) -> Self:
        unknown = ~np.isin(y, self.classes_)
        if unknown.any():
            label = str(y[unknown][0])
            known = did_you_mean(label, map(str, self.classes_))
            raise UsageError(f"The class {label!r} in y was not announced in `classes`.{known}")
        weight = row_weights(sample_weight, len(X))
        index = np.searchsorted(self.classes_, y)
        self._gram += gram(X - self._origin, index, weight, len(self.classes_))
        self.class_count_ += np.bincount(index, weight, minlength=len(self.classes_))
        self._set_fitted()
        return self

    def _set_fitted(self) -> None:
        """Base rates, prototypes and column weights from the sums."""
        self.intercept_ = np.log(self._base_rates())
        self._set_prototypes()
        self.redundancy_ = self._redundancy()

    def _base_rates(self) -> Floats:
        if self.class_prior is None:
            count = self.class_count_ + self._pseudo_count
            return np.asarray(count / count.sum())
        given = np.asarray(self.class_prior, dtype=np.float64)
        if given.shape != self.classes_.shape or not (given > 0).all():
            raise UsageError(
                f"`class_prior` needs a number above 0 for each of {self.classes_.tolist()}."
            )
        return np.asarray(given / given.sum())

    @np.errstate(divide="ignore", invalid="ignore")
    def _set_prototypes(self) -> None:
        """Posterior means under the conjugate prior: κ₀ = ν₀ = strength in the class's source."""
        count, total, square = (
            np.diagonal(block, axis1=1, axis2=2) for block in blocks(self._gram)
        )
        mean = total / count
        within = np.where(count > 0, np.maximum(square - total * mean, 0), 0)
        strength = np.where(np.isnan(self._prior_value), 0, self.prior_strength)
        prior_mean = np.where(strength > 0, self._prior_value - self._origin, mean)
        mean = np.where(count > 0, mean, prior_mean)
        drift = np.where(count > 0, strength * count / (strength + count), 0)
        spread = np.where(
            strength > 0, self._prior_tolerance**2, spread_within(count, total, square)
        )
        self._freedom = self.prior_strength + count
        variance = self.prior_strength * spread + within + drift * (mean - prior_mean) ** 2
        variance = variance / self._freedom
        theta = (strength * prior_mean + count * mean) / (strength + count)
        # What rounding leaves of squares is no variance.
        known = np.isfinite(theta) & (variance > 1e-14 * theta**2)
        self.theta_ = np.where(known, theta + self._origin, np.nan)
        self.tolerance_ = np.where(known, np.sqrt(variance), np.nan)
        self._scale = self.tolerance_ * np.sqrt(1 + 1 / (strength + count))

    @np.errstate(divide="ignore", invalid="ignore")
    def _redundancy(self) -> Floats:
        share = np.exp(self.intercept_)
        known = share[:, None] * ~np.isnan(self.theta_)
        known /= known.sum(axis=0)
        theta, tolerance = np.nan_to_num(self.theta_ - self._origin), np.nan_to_num(self.tolerance_)
        deviation = np.sqrt((known * tolerance**2).sum(axis=0))
        means = np.where(known > 0, (theta - (known * theta).sum(axis=0)) / deviation, 0)
        within = correlations(*blocks(self._gram), self._prior_rows)
        rows = self.class_count_.sum() + self._prior_rows
        return redundancy(within, means, share, rows)

    def _scores(self, X: Table) -> Floats:
        check_is_fitted(self, "theta_")
        X = self._checked(X, reset=False)
        said = [self._contributions(rows).sum(axis=2) for rows in self._batches(X)]
        return np.asarray(self.intercept_ + np.concatenate(said))

    def _batches(self, X: Floats) -> Iterator[Floats]:
        return (X[rows] for rows in gen_batches(len(X), max(1, BATCH_CELLS // self.theta_.size)))

    @np.errstate(divide="ignore", invalid="ignore")
    def _contributions(self, X: Floats) -> Floats:
        """Weighted log of the likelihood within the class over that at large, the mixture's."""
        likelihood = self._log_likelihood(X)
        share = np.exp(self.intercept_) @ ~np.isnan(self.theta_)
        joint = np.where(np.isnan(likelihood), -np.inf, likelihood + self.intercept_[:, None])
        at_large = np.logaddexp.reduce(joint, axis=1, keepdims=True) - np.log(share)
        repeated = np.asarray(~np.isnan(X), dtype=np.float64) @ self.redundancy_
        weight = np.maximum(repeated, 1.0) ** -self.damping
        return np.asarray(np.nan_to_num(weight[:, None, :] * (likelihood - at_large)))

    def _log_likelihood(self, X: Floats) -> Floats:
        """Log of Student's t at each value (N, K, D), truncated to the bounds; NaN if not seen."""
        nu, scale = self._freedom, self._scale
        z = np.clip((X[:, None, :] - self.theta_) / scale, -1e150, 1e150)
        constant = gammaln((nu + 1) / 2) - gammaln(nu / 2) - np.log(scale * np.sqrt(nu * np.pi))
        if self.bounds is not None:
            low, high = (stdtr(nu, (end - self.theta_) / scale) for end in self.bounds)
            constant = constant - np.log(high - low)
        return np.asarray(constant - (nu + 1) / 2 * np.log1p(z**2 / nu))

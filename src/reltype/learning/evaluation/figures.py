"""Figures: how far what was concluded agrees with what people say, as numbers with intervals."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define, field, frozen

from reltype.learning import metrics
from reltype.learning.evaluation.comparison import Against, Group

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reltype.arrow import Floats, Ints

THRESHOLDS = np.array([0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95])


@frozen
class RuleRecord:
    """How often a rule fired on labelled customers, and how often it was right.

    Attributes:
        name: The rule's.
        archetype: For which it speaks.
        fired: Labelled customers on whom it fired.
        right: Those who are of its archetype.
        low: Lower end of the 95 % interval of the share right (Wilson).
        high: Upper end.
        base: Share of the archetype among all labelled: what a rule that knows nothing gets.
    """

    name: str
    archetype: str
    fired: int
    right: int
    low: float
    high: float
    base: float


@define(frozen=True, slots=False, eq=False)
class Figures:
    """Figures of an evaluation: `Evaluation` says what each attribute is."""

    archetypes: tuple[str, ...]
    truth: Ints = field(repr=False)
    named: Ints = field(repr=False)
    posterior: Floats = field(repr=False)
    withheld: NDArray[np.bool_] = field(repr=False)
    rules: tuple[RuleRecord, ...] = ()
    against: Against | None = None
    groups: tuple[Group, ...] = ()
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.truth)

    @cached_property
    def confusion(self) -> Ints:
        """(K, K + 1) customers by what they are and what they were named, unclassified last."""
        return metrics.confusion(self.truth, self.named, len(self.archetypes))

    @cached_property
    def macro_f1(self) -> float:
        """Mean F1 of the classes that occur."""
        return float(metrics.macro(metrics.scores(self.confusion)[2]))

    @cached_property
    def macro_f1_interval(self) -> tuple[float, float]:
        """95 % bootstrap interval of the macro-F1."""
        low, high = metrics.interval(metrics.macro(self._resampled[2]))
        return float(low), float(high)

    @cached_property
    def per_class(self) -> dict[str, dict[str, Any]]:
        """Class → precision, recall, f1, each with its 95 % bootstrap interval, and customers."""
        names = ("precision", "recall", "f1")
        values = metrics.scores(self.confusion)
        ends = [metrics.interval(made) for made in self._resampled]
        return {
            archetype: {
                "customers": int(self.confusion[i].sum()),
                **{n: _number(v[i]) for n, v in zip(names, values, strict=True)},
                **{
                    f"{n}_interval": [_number(low[i]), _number(high[i])]
                    for n, (low, high) in zip(names, ends, strict=True)
                },
            }
            for i, archetype in enumerate(self.archetypes)
        }

    @cached_property
    def accuracy(self) -> float:
        """Share named right; the unclassified are wrong."""
        return float((self.truth == self.named).mean())

    @cached_property
    def coverage(self) -> float:
        """Share that was named something."""
        return float((self.named < len(self.archetypes)).mean())

    @cached_property
    def log_loss(self) -> float:
        """Mean −log p(truth), in nats, of the probabilities given that some archetype fits."""
        return metrics.log_loss(metrics.given_one(self.posterior), self.truth)

    @cached_property
    def brier(self) -> float:
        """Brier score, 0 … 2, of the same probabilities."""
        return metrics.brier(metrics.given_one(self.posterior), self.truth)

    @cached_property
    def calibration_error(self) -> float:
        """Expected calibration error of the confidence of those who were named."""
        return metrics.calibration_error(*self._stated)

    @cached_property
    def reliability(self) -> Floats:
        """(10, 4) of those named: customers, stated confidence, share right, lower edge."""
        return metrics.reliability(*self._stated)

    @cached_property
    def coverage_risk(self) -> Floats:
        """(thresholds, 4): min_confidence, coverage, share wrong of those named, macro-F1."""
        return metrics.coverage_risk(self.posterior, self.truth, THRESHOLDS, self.withheld)

    @cached_property
    def _stated(self) -> tuple[Floats, NDArray[np.bool_]]:
        told = self.named < len(self.archetypes)
        stated = self.posterior[np.arange(len(self)), self.named]
        return stated[told], (self.named == self.truth)[told]

    @cached_property
    def _resampled(self) -> tuple[Floats, Floats, Floats]:
        drawn = metrics.resampled(self.truth, self.named, len(self.archetypes))
        return metrics.scores(drawn)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)

"""Metrics: how far what was concluded agrees with what people say. Plain numpy, no state.

Classes are indices 0 … K−1; a prediction of K is *unclassified*, which is right about nobody.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reltype.arrow import Floats, Ints

BOOTSTRAPS = 1000
BINS = 10
TINY = 1e-15


def confusion(truth: Ints, named: Ints, classes: int) -> Ints:
    """(classes, classes + 1) customers by what they are and what they were named."""
    flat = np.bincount(truth * (classes + 1) + named, minlength=classes * (classes + 1))
    return np.asarray(flat.reshape(classes, classes + 1))


def scores(table: NDArray[np.integer] | Floats) -> tuple[Floats, Floats, Floats]:
    """Precision, recall and F1 per class of confusion tables (…, K, K + 1), each (…, K).

    Precision is NaN for a class that nobody was named; recall and F1 for one that nobody is.
    """
    count = table.shape[-2]
    right = np.diagonal(table[..., :count], axis1=-2, axis2=-1).astype(np.float64)
    named = table[..., :count].sum(axis=-2)
    truly = table.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision, recall = right / named, right / truly
        f1 = np.where(truly > 0, 2 * right / (named + truly), np.nan)
    return precision, recall, f1


def macro(values: Floats) -> Floats:
    """Mean over the last axis of what is not NaN; NaN where all are."""
    seen = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(seen, values, 0.0).sum(axis=-1) / seen.sum(axis=-1))


def resampled(truth: Ints, named: Ints, classes: int, *, seed: int = 0) -> Ints:
    """(BOOTSTRAPS, K, K + 1) confusion tables of customers drawn with replacement.

    The cells of such a table are multinomial with the observed shares, so nobody is drawn.
    """
    table = confusion(truth, named, classes)
    total = int(table.sum())
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(total, table.ravel() / max(total, 1), size=BOOTSTRAPS)
    return np.asarray(drawn.reshape(BOOTSTRAPS, *table.shape))


def interval(values: Floats, level: float = 0.95) -> tuple[Floats, Floats]:
    """The percentile interval over the first axis, NaN left out (NaN where all are)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a class that no resample holds
        low, high = np.nanquantile(values, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high


def given_one(posterior: Floats) -> Floats:
    """(n, K) probabilities given that some archetype fits, of (n, K + 1), unclassified last."""
    kept = np.maximum(posterior[:, :-1], TINY)
    return np.asarray(kept / kept.sum(axis=1, keepdims=True))


def log_loss(probability: Floats, truth: Ints) -> float:
    """Mean of −log p(truth), in nats."""
    picked = probability[np.arange(len(truth)), truth]
    return float(-np.log(np.maximum(picked, TINY)).mean())


def brier(probability: Floats, truth: Ints) -> float:
    """Mean squared distance of the probabilities from what was true, 0 … 2 (Brier 1950)."""
    hit = np.zeros_like(probability)
    hit[np.arange(len(truth)), truth] = 1.0
    return float(((probability - hit) ** 2).sum(axis=1).mean())


def reliability(confidence: Floats, right: NDArray[np.bool_], bins: int = BINS) -> Floats:
    """(bins, 4): customers, mean confidence, share right, lower edge, of equally wide bins."""
    edges = np.arange(bins) / bins
    into = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    count = np.bincount(into, minlength=bins).astype(np.float64)
    with np.errstate(invalid="ignore"):
        stated = np.bincount(into, confidence, minlength=bins) / count
        share = np.bincount(into, right.astype(np.float64), minlength=bins) / count
    return np.column_stack([count, stated, share, edges])


def calibration_error(confidence: Floats, right: NDArray[np.bool_], bins: int = BINS) -> float:
    """Expected calibration error (Guo et al. 2017): mean |stated − right|; NaN of none."""
    if len(confidence) == 0:
        return float("nan")
    table = reliability(confidence, right, bins)
    off = np.nan_to_num(np.abs(table[:, 1] - table[:, 2]))
    return float((table[:, 0] * off).sum() / table[:, 0].sum())


def coverage_risk(
    posterior: Floats, truth: Ints, thresholds: Floats, withheld: NDArray[np.bool_]
) -> Floats:
    """(thresholds, 4): threshold, coverage, risk (share wrong of those named), macro-F1.

    Args:
        posterior: (n, K + 1), `unclassified` last.
        truth: (n,).
        thresholds: Candidates for `min_confidence`.
        withheld: (n,) those who stay unclassified whatever the threshold.
    """
    classes = posterior.shape[1] - 1
    best, sure = posterior.argmax(axis=1), posterior.max(axis=1)
    made = np.empty((len(thresholds), 4))
    for i, threshold in enumerate(thresholds):
        named = np.where((sure < threshold) | withheld, classes, best)
        told = named < classes
        wrong = float((named[told] != truth[told]).mean()) if told.any() else float("nan")
        f1 = macro(scores(confusion(truth, named, classes))[2])
        made[i] = threshold, told.mean() if len(told) else 0.0, wrong, float(f1)
    return made

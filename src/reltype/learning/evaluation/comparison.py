"""Comparison: our archetypes against a segmentation in use, and between groups of customers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from reltype.errors import InputError
from reltype.learning import metrics

if TYPE_CHECKING:
    from reltype.arrow import Floats, Ints

SMALLEST = 10
"""Smaller groups are not shown: their figures would be noise, and might tell who they are."""

FOLDS = 5


@frozen
class Against:
    """Another segmentation of the labelled customers.

    Attributes:
        column: Where it stands.
        customers: Labelled customers that it knows.
        segments: How many there are.
        shared: Adjusted mutual information of segments and labels; 0 by chance, 1 the same
            (Vinh, Epps & Bailey 2010).
        ours: That of archetypes (and unclassified) and labels, of the same customers.
        macro_f1: Of naming each segment after the archetype that is most frequent in it, by
            cross-validation.
        ours_macro_f1: Of our names, of the same customers.
    """

    column: str
    customers: int
    segments: int
    shared: float
    ours: float
    macro_f1: float
    ours_macro_f1: float


@frozen
class Group:
    """How the customers of one group fared; figures are None where there are too few.

    Attributes:
        value: The group's.
        customers: Labelled ones.
        macro_f1: Over the classes that occur in it.
        interval: Its interval, at a level that allows for the number of groups.
        unclassified: Share that was named nothing.
        gap: Macro-F1 less that of all other customers.
        gap_interval: Its interval, likewise; it is a gap worth looking at where it leaves out 0.
        unclassified_gap: Share unclassified less that of all others.
        unclassified_gap_interval: Likewise.
    """

    value: str
    customers: int
    macro_f1: float | None = None
    interval: tuple[float, float] | None = None
    unclassified: float | None = None
    gap: float | None = None
    gap_interval: tuple[float, float] | None = None
    unclassified_gap: float | None = None
    unclassified_gap_interval: tuple[float, float] | None = None

    @property
    def flags(self) -> tuple[str, ...]:
        """What differs from the other customers by more than chance."""
        made = []
        if self.gap_interval and self.gap_interval[1] < 0:
            made.append("read worse than the others")
        if self.unclassified_gap_interval and self.unclassified_gap_interval[0] > 0:
            made.append("more often unclassified")
        return tuple(made)


def compared(
    column: str, segments: Sequence[str | None], truth: Ints, named: Ints, classes: int
) -> Against:
    """The segmentation in *column* beside ours, on the customers of whom it says something."""
    from sklearn.metrics import adjusted_mutual_info_score

    seen = np.array([s is not None and s.strip() != "" for s in segments], bool)
    if not seen.any():
        raise InputError(f"The column {column!r} says nothing of any labelled customer.")
    values, code = np.unique(np.array([s or "" for s in segments])[seen], return_inverse=True)
    truth, named = truth[seen], named[seen]
    f1 = metrics.macro(metrics.scores(metrics.confusion(truth, named, classes))[2])
    theirs = _translated(code, truth, len(values), classes)
    their_f1 = metrics.macro(metrics.scores(metrics.confusion(truth, theirs, classes))[2])
    return Against(
        column=column,
        customers=len(truth),
        segments=len(values),
        shared=float(adjusted_mutual_info_score(truth, code)),
        ours=float(adjusted_mutual_info_score(truth, named)),
        macro_f1=float(their_f1),
        ours_macro_f1=float(f1),
    )


def _translated(code: Ints, truth: Ints, segments: int, classes: int) -> Ints:
    """Each customer named after what is most frequent in their segment in the other folds."""
    fold = np.random.default_rng(0).permutation(len(truth)) % FOLDS
    made = np.empty_like(truth)
    for f in range(FOLDS):
        learn = fold != f
        flat = np.bincount(code[learn] * classes + truth[learn], minlength=segments * classes)
        counts = flat.reshape(segments, classes)
        name = np.where(counts.sum(axis=1) > 0, counts.argmax(axis=1), counts.sum(axis=0).argmax())
        made[fold == f] = name[code[fold == f]]
    return made


def grouped(
    groups: Sequence[str | None], truth: Ints, named: Ints, classes: int
) -> tuple[Group, ...]:
    """The figures of each group, the largest first; intervals allow for the number of groups."""
    values = np.array([g if g is not None and g.strip() else "(none)" for g in groups])
    names, counts = np.unique(values, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    shown = int((counts >= SMALLEST).sum())
    level = 1 - 0.05 / max(shown, 1)
    made = []
    for i in order:
        inside = values == names[i]
        if counts[i] < SMALLEST:
            made.append(Group(str(names[i]), int(counts[i])))
            continue
        made.append(_group(str(names[i]), inside, truth, named, classes=classes, level=level))
    return tuple(made)


def _group(
    value: str, inside: Ints, truth: Ints, named: Ints, *, classes: int, level: float
) -> Group:
    mine, drawn = _figures(truth[inside], named[inside], classes, seed=1)
    alone = inside.all()
    others, redrawn = _figures(truth[~inside], named[~inside], classes, seed=2)

    def ends(values: Floats) -> tuple[float, float]:
        low, high = metrics.interval(values, level)
        return float(low), float(high)

    return Group(
        value,
        int(inside.sum()),
        macro_f1=float(mine[0]),
        interval=ends(drawn[0]),
        unclassified=float(mine[1]),
        gap=None if alone else float(mine[0] - others[0]),
        gap_interval=None if alone else ends(drawn[0] - redrawn[0]),
        unclassified_gap=None if alone else float(mine[1] - others[1]),
        unclassified_gap_interval=None if alone else ends(drawn[1] - redrawn[1]),
    )


def _figures(truth: Ints, named: Ints, classes: int, *, seed: int) -> tuple[Floats, Floats]:
    """(2,) macro-F1 and share unclassified, and (2, BOOTSTRAPS) of resampled customers."""
    table = metrics.confusion(truth, named, classes)
    drawn = metrics.resampled(truth, named, classes, seed=seed)
    both = []
    for t in (table, drawn):
        with np.errstate(invalid="ignore"):
            unclassified = t[..., -1].sum(axis=-1) / t.sum(axis=(-1, -2))
        both.append(np.stack([metrics.macro(metrics.scores(t)[2]), unclassified]))
    return both[0], both[1]


def wilson(right: int, count: int, z: float = 1.96) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927); (0, 1) of nobody."""
    if count == 0:
        return 0.0, 1.0
    share, square = right / count, z * z
    middle = (share + square / (2 * count)) / (1 + square / count)
    half = z / (1 + square / count) * np.sqrt(share * (1 - share) / count + square / (4 * count**2))
    # The share itself lies within, whatever the last bit says.
    return float(min(share, max(0.0, middle - half))), float(max(share, min(1.0, middle + half)))

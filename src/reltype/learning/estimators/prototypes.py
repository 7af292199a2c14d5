"""Prototypes: what is known of classes before any row, as arrays for an estimator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from reltype.errors import UsageError

Labels: TypeAlias = NDArray[Any]
Prior: TypeAlias = Mapping[Any, Mapping[str, Any]] | Iterable[Any] | None


def prototypes(prior: Prior) -> dict[Any, Mapping[str, Any]]:
    """Class → column → place, of a mapping or of archetypes (anything with name and prototype)."""
    if prior is None or isinstance(prior, Mapping):
        return dict(prior or {})
    return {archetype.name: archetype.prototype for archetype in prior}


def places(
    prior: Mapping[Any, Mapping[str, Any]], classes: Labels, columns: list[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The prior's values and tolerances (K, D), NaN where it says nothing.

    Raises:
        UsageError: It speaks of none of the columns, or a tolerance is not above 0.
    """
    spoken = {column for prototype in prior.values() for column in prototype}
    if spoken and spoken.isdisjoint(columns):
        raise UsageError(
            f"The prior speaks of {', '.join(sorted(spoken))}, and X has none of these columns. "
            "Give X as a frame with column names; in a pipeline, set_output(transform='pandas')."
        )
    found = np.full((2, len(classes), len(columns)), np.nan)
    for a, label in enumerate(classes.tolist()):
        for k, column in enumerate(columns):
            if (place := prior.get(label, {}).get(column)) is not None:
                found[:, a, k] = (
                    place if isinstance(place, Sequence) else (place.value, place.tolerance)
                )
                if not found[1, a, k] > 0:
                    raise UsageError(f"The tolerance of {label!r} on {column!r} is not above 0.")
    return found[0], found[1]


def joint_classes(labels: Labels, known: list[Any]) -> Labels:
    """The labels and the prior's classes, each once, sorted."""
    if len(labels) and known and isinstance(known[0], str) != isinstance(labels.tolist()[0], str):
        raise UsageError(
            f"The labels are like {labels.tolist()[0]!r}, the prior's classes like {known[0]!r}. "
            "Key the prior as y is; some meta-estimators, stacking for one, number the classes."
        )
    both = [part for part in (labels, np.asarray(known, dtype=object)) if len(part)]
    return np.asarray(np.unique(labels if not known else np.concatenate(both)))

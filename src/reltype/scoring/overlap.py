"""Overlap: how far rules for one archetype repeat each other, and what they say together.

Rules share features, so they fire together, and a plain sum would count one observation twice.
Take the weights of evidence of rules i for one archetype as squared distances δ_i² = w_i on axes
whose correlation is S_ij, the share of customers (Jaccard) of either rule on whom both fire.
Fisher's linear discriminant then says of the rules F that fired on a customer

    w_F = max over x ≥ 0 of 2 δ'x − x'Sx,   of which rule i contributes δ_i x_i.

One rule says w_i; rules that never meet say their sum; rules that always meet say what the
strongest says; a rule more never makes it less. S is positive semi-definite (Jaccard's index is a
kernel, Gower 1971), and depends on the population alone: what is said of a customer depends on that
customer and S.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Overlap: TypeAlias = Mapping[str, Mapping[str, float]]
"""Rule → other rule → share of either's customers on whom both fire; 0 is left out."""

OWN = 0.01
"""Share of a rule's firing that is taken to be its own, so that copies share alike: the price is
that two copies say 1/2 % more than one."""

_ROUNDS = 2000


def overlap(
    names: Sequence[str], archetypes: Sequence[str], fired: Mapping[tuple[int, int], int]
) -> dict[str, dict[str, float]]:
    """How far rules for one archetype fire on the same customers.

    Args:
        names: The rules' names.
        archetypes: The archetype that each speaks for.
        fired: (i, j) → customers on whom both fire, for i ≤ j of the same archetype.
    """
    found: dict[str, dict[str, float]] = {}
    for (i, j), both in sorted(fired.items()):
        if i != j and both and archetypes[i] == archetypes[j]:
            share = both / (fired[i, i] + fired[j, j] - both)
            found.setdefault(names[i], {})[names[j]] = share
            found.setdefault(names[j], {})[names[i]] = share
    return found


def matrix(names: Sequence[str], measured: Overlap) -> NDArray[np.float64]:
    """(rules, rules) S with ones on the diagonal; 0 for pairs that were not measured."""
    made = np.eye(len(names))
    for i, name in enumerate(names):
        for j, other in enumerate(names):
            if i != j:
                made[i, j] = measured.get(name, {}).get(other, 0.0)
    return made


def shared(weight: NDArray[np.float64], among: NDArray[np.float64]) -> NDArray[np.float64]:
    """(k,) what each of k rules that fired contributes; they add up to what all say together.

    Args:
        weight: (k,) weights of evidence, each rule on its own; above 0.
        among: (k, k) their overlap S.
    """
    if len(weight) == 1:
        return weight
    distance = np.sqrt(weight)
    correlation = np.where(np.eye(len(weight), dtype=bool), 1.0, among * (1 - OWN))
    x = np.linalg.solve(correlation, distance)
    if (x < 0).any():
        x = _non_negative(correlation, distance)
    return np.asarray(distance * x)


def _non_negative(matrix: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """The x ≥ 0 that maximises 2·target'x − x'Mx, by cyclic coordinate ascent; M is definite."""
    x = np.zeros(len(matrix))
    for _ in range(_ROUNDS):
        before = x.copy()
        for i in range(len(x)):
            x[i] = max(0.0, x[i] + (target[i] - matrix[i] @ x) / matrix[i, i])
        if np.abs(x - before).max() < 1e-12:
            break
    return x

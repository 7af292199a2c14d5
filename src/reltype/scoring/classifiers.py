"""Classifier: anything that gives log-odds per archetype for a batch of customers.

Log-odds are against the hypothesis that no archetype fits, in nats; 0 is no opinion. What all
classifiers say is added up (`pool`), so an explanation is the list of what was added.
"""

from __future__ import annotations

from math import erf
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
from attrs import field, frozen

from reltype.arrow import doubles
from reltype.scoring import columns as col
from reltype.scoring.overlap import Overlap, matrix, shared

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from reltype.scoring.plan import Plan

COUNTABLE = 16
"""Rules of which every pattern has a place in a table; beyond, patterns are found by sorting."""

_SIDES = {"below": -1, "": 0, "above": 1}
_SQRT2 = 2.0**0.5
_SQRT2PI = (2.0 * np.pi) ** 0.5


@frozen(eq=False)
class Batch:
    """What is known of some customers.

    Attributes:
        table: A row per customer; `customer_id`, the features that the plan needs.
        readings: (n, dimensions) in [0, 1]; NaN where not seen.
        evidence: (n, dimensions) in [0, 1]: how much of the reading was seen.
        fired: (n, rules): 1 where the rule's condition holds, 0 where not, NaN where unknown.
    """

    table: pa.RecordBatch | pa.Table
    readings: NDArray[np.float64]
    evidence: NDArray[np.float64]
    fired: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.readings)

    def column(self, name: str) -> pa.Array:
        """A feature by its name, or a reading by its dimension's."""
        reading = col.reading(name)
        return self.table.column(reading if reading in self.table.schema.names else name)

    def holds(self, condition: str) -> NDArray[np.float64]:
        """(n,) 1 where the condition of this column holds, 0 where not, NaN where unknown.

        What was not asked of this batch is unknown, too.
        """
        if condition not in self.table.schema.names:
            return np.full(len(self), np.nan)
        return doubles(self.table.column(condition))

    def first(self, kind: str, count: int) -> NDArray[np.int64]:
        """(n,) index of the first condition of a *kind* that holds, −1 where none does."""
        first = np.full(len(self), -1, np.int64)
        for i in reversed(range(count)):
            first = np.where(self.holds(col.flag(kind, i)) == 1, i, first)
        return first


@runtime_checkable
class Classifier(Protocol):
    """Speaks of every archetype of one typology.

    One that reads more than the readings has an attribute `features`: their names. They are then
    columns of the batch's table.
    """

    @property
    def name(self) -> str:
        """What explanations call it."""

    def score(self, batch: Batch) -> NDArray[np.float64]:
        """Log-odds, (n, archetypes), finite; 0 where it has no opinion.

        A row depends on that row of *batch* alone; *batch* is not changed.
        """


@runtime_checkable
class Itemised(Classifier, Protocol):
    """A classifier that can say what its score is made of."""

    @property
    def items(self) -> tuple[str, ...]:
        """What the parts are called: a dimension, a rule."""

    def parts(self, batch: Batch) -> NDArray[np.float64]:
        """(n, archetypes, items); they add up to `score` over the last axis."""


@frozen(eq=False)
class Prototype:
    """How well the readings suit each archetype's prototype.

    c_ak = w_k · e_k · log((1 − ε) · f_ak(d_k) + ε), where the uniform density 1 is the background:
    what a reading is like when no archetype fits. ε, the typology's contamination, bounds what one
    strange reading can say against an archetype. f is the normal density N(μ_ak, τ_ak) over [0, 1];
    where the prototype is open below or above, it stays as high as at μ on that side.

    Attributes:
        items: The dimensions.
        value: (archetypes, dimensions) μ; NaN where the prototype says nothing.
        tolerance: (archetypes, dimensions) τ.
        weight: (dimensions,) w.
        contamination: ε.
        open: (archetypes, dimensions) −1 where it is open below, 1 above, 0 where neither.
    """

    items: tuple[str, ...]
    value: NDArray[np.float64]
    tolerance: NDArray[np.float64]
    weight: NDArray[np.float64]
    contamination: float
    open: NDArray[np.int64]
    name: str = "prototype"
    _log_norm: NDArray[np.float64] = field(init=False)
    _lowest: NDArray[np.float64] = field(init=False)
    _highest: NDArray[np.float64] = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Work out once how far each density goes, and what it is divided by."""
        spread = self.tolerance * _SQRT2PI
        below = spread * (0.5 - _normal_cdf(-self.value / self.tolerance))
        above = spread * (_normal_cdf((1 - self.value) / self.tolerance) - 0.5)
        area = np.where(self.open < 0, self.value, below)
        area += np.where(self.open > 0, 1 - self.value, above)
        object.__setattr__(self, "_log_norm", np.log(area))
        object.__setattr__(self, "_lowest", np.where(self.open < 0, self.value, 0.0))
        object.__setattr__(self, "_highest", np.where(self.open > 0, self.value, 1.0))

    @classmethod
    def of(cls, plan: Plan) -> Prototype:
        """The prototypes of *plan*'s typology."""
        places = [[a.prototype.get(d.name) for d in plan.dimensions] for a in plan.archetypes]
        nan = float("nan")
        return cls(
            items=tuple(d.name for d in plan.dimensions),
            value=np.array([[p.value if p else nan for p in row] for row in places]),
            tolerance=np.array([[p.tolerance if p else nan for p in row] for row in places]),
            weight=np.array([d.weight for d in plan.dimensions]),
            contamination=plan.typology.contamination,
            open=np.array([[_SIDES[p.open] if p else 0 for p in row] for row in places]),
        )

    def parts(self, batch: Batch) -> NDArray[np.float64]:
        """(n, archetypes, dimensions): 0 where the reading or the prototype is not there."""
        archetypes, dimensions = self.value.shape
        made = blank(len(batch), archetypes, dimensions)
        for k in range(dimensions):
            seen = ~np.isnan(batch.readings[:, k])
            reading = np.where(seen, batch.readings[:, k], 0.0)
            evidence = np.where(seen, batch.evidence[:, k] * self.weight[k], 0.0)
            for a in np.flatnonzero(~np.isnan(self.value[:, k])):
                # In place: on a batch, a new array costs more than what is put into it.
                fit = np.clip(reading, self._lowest[a, k], self._highest[a, k])
                fit -= self.value[a, k]
                fit /= self.tolerance[a, k]
                fit *= fit
                fit *= -0.5
                fit -= self._log_norm[a, k]
                np.exp(fit, out=fit)
                fit *= 1 - self.contamination
                fit += self.contamination
                np.log(fit, out=fit)
                np.multiply(fit, evidence, out=made[:, a, k])
        return made

    def score(self, batch: Batch) -> NDArray[np.float64]:
        """The sum of `parts` over dimensions."""
        return add_up(self.parts(batch))


@frozen(eq=False)
class Rules:
    """What the fired rules say: each its weight, less what others that fired said already.

    Attributes:
        items: The rules' names.
        archetype: (rules,) index of the archetype that each speaks for.
        weight: (rules,) log-odds of each on its own.
        count: How many archetypes there are.
        among: (rules, rules) how far they fire on the same customers; see `overlap`.
    """

    items: tuple[str, ...]
    archetype: NDArray[np.int64]
    weight: NDArray[np.float64]
    count: int
    among: NDArray[np.float64]
    name: str = "rules"

    @classmethod
    def of(cls, plan: Plan, measured: Overlap) -> Rules:
        """The rules of *plan*, with the overlap that was *measured*; 0 where none was."""
        index = {a.name: i for i, a in enumerate(plan.archetypes)}
        names = tuple(r.name for r in plan.rules)
        return cls(
            items=names,
            archetype=np.array([index[r.archetype] for r in plan.rules], np.int64),
            weight=np.array([r.weight for r in plan.rules], np.float64),
            count=len(plan.archetypes),
            among=matrix(names, measured),
        )

    def parts(self, batch: Batch) -> NDArray[np.float64]:
        """(n, archetypes, rules): what a rule that fired adds to its archetype, else 0."""
        made = blank(len(batch), self.count, len(self.items))
        for a in range(self.count):
            mine = np.flatnonzero(self.archetype == a)
            patterns, which = _patterns(batch.fired[:, mine] == 1)
            says = np.zeros(patterns.shape)
            for row, pattern in enumerate(patterns):
                at = mine[pattern]
                if len(at):
                    says[row, pattern] = shared(self.weight[at], self.among[np.ix_(at, at)])
            for i, rule in enumerate(mine):
                made[:, a, rule] = says[:, i][which]
        return made

    def score(self, batch: Batch) -> NDArray[np.float64]:
        """The sum of `parts` over rules."""
        return add_up(self.parts(batch))


def blank(customers: int, *shape: int) -> NDArray[np.float64]:
    """(customers, *shape) zeros, laid out so that each column's customers lie side by side."""
    return np.moveaxis(np.zeros((*shape, customers)), -1, 0)


def usable(scores: object, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Scores as float64. Raises ValueError where they are not finite, or not of this shape."""
    made = np.asarray(scores, dtype=np.float64)
    if made.shape != shape:
        raise ValueError(f"it gave scores of shape {made.shape} where {shape} was due")
    if not np.isfinite(made).all():
        raise ValueError("it gave a score that is not a finite number; 0 is no opinion")
    return made


def _patterns(fired: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """The different rows, and which of them each row is."""
    if fired.shape[1] > 62:  # more than an integer holds
        rows, which = np.unique(fired, axis=0, return_inverse=True)
        return rows, which.ravel()
    coded = np.zeros(len(fired), np.int64)
    for i in range(fired.shape[1]):
        coded |= fired[:, i].astype(np.int64) << i
    if fired.shape[1] > COUNTABLE:
        _, first, which = np.unique(coded, return_index=True, return_inverse=True)
        return fired[first], which
    found = np.flatnonzero(np.bincount(coded, minlength=1 << fired.shape[1]))
    place = np.zeros(1 << fired.shape[1], np.int64)
    place[found] = np.arange(len(found))
    return (found[:, None] >> np.arange(fired.shape[1]) & 1).astype(bool), place[coded]


def add_up(parts: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sum over the last axis, in order, so that the batch's size cannot change a bit of it."""
    total = np.zeros_like(parts[..., 0]) if parts.shape[-1] else np.zeros(parts.shape[:-1])
    for i in range(parts.shape[-1]):
        total += parts[..., i]
    return total


def _normal_cdf(z: NDArray[np.float64]) -> NDArray[np.float64]:
    cdf = np.vectorize(lambda v: 0.5 * (1 + erf(v / _SQRT2)), otypes=[float])
    return np.asarray(cdf(z))

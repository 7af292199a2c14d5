"""Analysis: what the rules do on given customers, after Snorkel's table of labelling functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reltype.learning.evaluation.labels import Labels
    from reltype.scoring.run import Run


@frozen
class RuleReport:
    """What one rule does on some customers.

    Attributes:
        rule: Its name.
        archetype: What it speaks for.
        coverage: Share of all customers on whom it fires.
        unknown: Share of all customers of whom an input was not seen, so that it has no opinion.
        overlap: Share of all customers on whom it fires together with another rule.
        conflict: Share of all customers on whom it fires, and a rule for another archetype too.
        weight: Its weight of evidence on its own, in log-odds.
        counts: Share of that weight that it adds where it fires, on average: 1 where no other rule
            for its archetype repeats it; None where it never fires.
        labelled: Customers with a label on whom it fires.
        accuracy: Share of those that are of its archetype; None where there are none.
    """

    rule: str
    archetype: str
    coverage: float
    unknown: float
    overlap: float
    conflict: float
    weight: float
    counts: float | None
    labelled: int
    accuracy: float | None


def rule_reports(run: Run, labels: Labels | None = None) -> tuple[RuleReport, ...]:
    """What each rule of *run*'s typology does on its customers, in the order of the rules."""
    plan = run.plan
    rules = next(c for c in run.classifiers if c.name == "rules")
    speaks_for = np.array([[a.name == r.archetype for a in plan.archetypes] for r in plan.rules])
    speaks_for = speaks_for.reshape(len(plan.rules), len(plan.archetypes))
    total = 0
    sums = np.zeros((6, len(plan.rules)))
    said = np.zeros(len(plan.rules))
    for batch in run.population.batches():
        fired = batch.fired == 1
        total += len(batch)
        voices = fired @ speaks_for.astype(np.int64)
        own = voices @ speaks_for.T
        others = fired.sum(axis=1, keepdims=True) - own
        truth = _truth(batch.table.column("customer_id"), labels)
        labelled = fired & (truth >= 0)[:, None]
        right = labelled & (truth[:, None] == speaks_for.argmax(axis=1)[None, :])
        seen = (fired, np.isnan(batch.fired), fired & (own + others > 1), fired & (others > 0))
        sums += np.array([made.sum(axis=0) for made in (*seen, labelled, right)])
        said += rules.parts(batch).sum(axis=(0, 1))  # type: ignore[attr-defined]
    shares = sums[:4] / max(total, 1)
    return tuple(
        RuleReport(
            rule=rule.name,
            archetype=rule.archetype,
            coverage=float(shares[0, r]),
            unknown=float(shares[1, r]),
            overlap=float(shares[2, r]),
            conflict=float(shares[3, r]),
            weight=rule.weight,
            counts=_over(said[r], rule.weight * sums[0, r]),
            labelled=int(sums[4, r]),
            accuracy=_over(sums[5, r], sums[4, r]),
        )
        for r, rule in enumerate(plan.rules)
    )


def _truth(customers: pa.Array, labels: Labels | None) -> NDArray[np.int64]:
    """(n,) index of each customer's labelled archetype, −1 where there is no label."""
    if labels is None:
        return np.full(len(customers), -1)
    at = pc.index_in(customers, pa.array(labels.customers, customers.type))
    found = np.asarray(pc.fill_null(at, -1).to_numpy(zero_copy_only=False))
    return np.where(found < 0, -1, labels.classes[found])


def _over(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None

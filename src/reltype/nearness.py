"""Nearness: inputs that were missing, and rules that nearly fired."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from reltype.explanation import NearMiss
from reltype.expressions import literal, quote

if TYPE_CHECKING:
    from reltype.classifiers import Batch
    from reltype.plan import Plan
    from reltype.run import Run


def missing(plan: Plan, features: Mapping[str, float | None]) -> dict[str, str]:
    """Input that was not seen → the signals and rules that therefore say nothing."""
    silent: dict[str, list[str]] = {}
    for signal in plan.signals:
        for name in sorted(signal.expression(plan.catalogue.functions).needs):
            if name in features and features[name] is None:
                silent.setdefault(name, []).append(f"{signal.dimension} ({signal.name})")
    for rule in plan.rules:
        for name in sorted(rule.expression(plan.catalogue.functions).needs):
            if name in features and features[name] is None:
                silent.setdefault(name, []).append(f"rule {rule.name!r}")
    return {name: ", ".join(what) for name, what in silent.items()}


def near_misses(run: Run, relation: str, batch: Batch) -> tuple[NearMiss, ...]:
    """Rules of which all but one part held, and that part is a comparison; the nearest first.

    Args:
        run: Gives rules and scales.
        relation: SQL of the customer's features.
        batch: The customer's batch of one.
    """
    plan, population = run.plan, run.population
    known = {name: literal(value) for name, value in run.scales.constants.items()}
    readings = {d.name: quote(f"d_{d.name}") for d in plan.dimensions}
    columns = {**known, **readings}
    judged = population.judged(relation)
    found = []
    for r, rule in enumerate(plan.rules):
        if batch.fired[0, r] != 0:
            continue
        clauses = rule.expression(plan.catalogue.functions).clauses()
        asked = {f"h{i}": c.expression.sql(columns=columns) for i, c in enumerate(clauses)}
        for i, clause in enumerate(clauses):
            if clause.left is not None and clause.right is not None:
                asked[f"l{i}"] = f"({clause.left.sql(columns=columns)})::DOUBLE"
                asked[f"r{i}"] = f"({clause.right.sql(columns=columns)})::DOUBLE"
        got = population.first(f"SELECT {', '.join(f'{s} AS {n}' for n, s in asked.items())} FROM ({judged})")
        failed = [i for i in range(len(clauses)) if got[f"h{i}"] is False]
        if len(failed) != 1 or got.get(f"l{failed[0]}") is None or got[f"r{failed[0]}"] is None:
            continue
        i = failed[0]
        value, bound = float(got[f"l{i}"]), float(got[f"r{i}"])
        clause = clauses[i]
        text = f"{clause.left.text} {value:.3g}, needs {clause.operator} {bound:.3g}"
        found.append(NearMiss(rule.name, clause.expression.text, value, bound, abs(value - bound), text))
    return tuple(sorted(found, key=lambda m: m.margin / (abs(m.bound) or 1.0)))

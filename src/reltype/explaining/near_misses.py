"""Near misses: inputs that were missing, and rules that nearly fired."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from reltype.definitions.phrases import describe_value
from reltype.explaining.explanation import NearMiss
from reltype.expressions import literal, quote
from reltype.scoring import columns as col

if TYPE_CHECKING:
    from reltype.expressions import Clause
    from reltype.scoring.classifiers import Batch
    from reltype.scoring.plan import Plan
    from reltype.scoring.run import Run


def missing(plan: Plan, features: Mapping[str, float | None]) -> dict[str, str]:
    """Input that was not seen → the signals and rules that therefore say nothing."""
    silent: dict[str, list[str]] = {}
    for signal in plan.signals:
        for name in sorted(signal.expression(plan.catalogue.functions).needs):
            if name in features and features[name] is None:
                silent.setdefault(name, []).append(f"signal {signal.name!r}")
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
    readings = {d.name: quote(col.reading(d.name)) for d in plan.dimensions}
    columns = {**known, **readings}
    functions = plan.catalogue.functions
    unfired = [r for r in range(len(plan.rules)) if batch.fired[0, r] == 0]
    clauses = {r: plan.rules[r].expression(functions).clauses() for r in unfired}
    asked: dict[str, str] = {"one": "1"}
    for r, parts in clauses.items():
        for i, clause in enumerate(parts):
            asked[f"h{r}_{i}"] = clause.expression.sql(columns=columns)
            if clause.left is not None and clause.right is not None:
                asked[f"l{r}_{i}"] = f"TRY_CAST({clause.left.sql(columns=columns)} AS DOUBLE)"
                asked[f"r{r}_{i}"] = f"TRY_CAST({clause.right.sql(columns=columns)} AS DOUBLE)"
    listed = ", ".join(f"{sql} AS {name}" for name, sql in asked.items())
    got = population.first(f"SELECT {listed} FROM ({population.judged(relation)})")
    found: list[NearMiss] = []
    for r, parts in clauses.items():
        failed = [i for i in range(len(parts)) if got[f"h{r}_{i}"] is not True]
        if len(failed) == 1 and got[f"h{r}_{failed[0]}"] is False:
            near = _near(run, plan.rules[r].name, parts[failed[0]], got, f"{r}_{failed[0]}", batch)
            found += near
    return tuple(sorted(found, key=lambda m: m.margin / (abs(m.bound) or 1.0)))


ASKED = {">": "more than", ">=": "at least", "<": "less than", "<=": "at most", "=": "just"}
"""A comparison in words."""

FORMS = {"days": "span", "money": "money", "day": "date", "share": "percent"}
"""Unit of a feature → how it is told."""


def _near(
    run: Run,
    rule: str,
    clause: Clause,
    got: Mapping[str, float | None],
    i: str,
    batch: Batch,
) -> list[NearMiss]:
    """The near miss of a rule of which only *clause* failed; none if that is no comparison."""
    value, bound = got.get(f"l{i}"), got.get(f"r{i}")
    if clause.left is None or value is None or bound is None:
        return []
    name = clause.left.text.strip()
    dimensions = {d.name: d for d in run.plan.dimensions}
    if name in dimensions:
        high = clause.operator in {">", ">="}
        pole = dimensions[name].high if high else dimensions[name].low
        fact = run.result.reasons.main_fact(batch, name)
        text = f"not {pole} enough" + (f": {fact}" if fact else "")
    else:
        feature = run.plan.catalogue.features.get(name)
        form = FORMS.get(feature.unit, ",.4g") if feature else ",.3g"
        words = ASKED.get(clause.operator or "", clause.operator)
        called = name.replace("_", " ")
        text = f"{called} {describe_value(value, form)}; {words} {describe_value(bound, form)} is asked for"
    return [NearMiss(rule, clause.expression.text, value, bound, abs(value - bound), text)]

"""One customer, explained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reltype.definitions.archetypes import UNCLASSIFIED
from reltype.errors import InputError
from reltype.explaining.alarms import alarms
from reltype.explaining.counterfactual import counterfactual
from reltype.explaining.explanation import Explanation, contributions
from reltype.explaining.near_misses import missing, near_misses
from reltype.explaining.reasons import Reasons

if TYPE_CHECKING:
    from reltype.scoring.run import Run


def explain(run: Run, customer_id: str) -> Explanation:
    """Why the customer is what they are.

    Raises:
        InputError: There is no such customer.
    """
    plan, population = run.plan, run.population
    with population.kept(population.one(customer_id), "chosen") as name:
        one = f"SELECT * FROM {name}"
        batch = next(population.judge(one), None)
        if batch is None:
            raise InputError(f"There is no customer {customer_id!r} in this input.")
        pooled = run.score_batch(batch)
        named = int(run.result.named(pooled)[0])
        names = [*(a.name for a in plan.archetypes), UNCLASSIFIED]
        reasons = Reasons(plan, run.scales.constants, run.inputs.units)
        features = population.values(one, plan.inputs)
        told = contributions(plan, batch, pooled, reasons)
        return Explanation(
            customer_id=customer_id,
            archetype=names[named],
            scores=dict(zip(names, map(float, pooled.scores[0]), strict=True)),
            posterior=dict(zip(names, map(float, pooled.posterior[0]), strict=True)),
            contributions=told,
            missing=missing(plan, features),
            near_misses=near_misses(run, one, batch),
            counterfactual=counterfactual(run, one, named),
            features=features,
            alarms=alarms(plan, batch, features, told, run.inputs.units),
        )

"""Portrait: what is known of one customer, for somebody who is to say what they are.

It leaves out what the model thinks: who is told an answer tends to give it back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reltype.explaining.wording import level
from reltype.formats.printing import printable

if TYPE_CHECKING:
    from reltype.learning.labelling import Labelling

FACTS = 24
"""Features shown at most."""


def portrait(questions: Labelling, customer: str) -> str:
    """Readings in words, and the measured facts, of a customer among the candidates."""
    people = questions.candidates
    plan = questions.run.plan
    i = people.ids.index(customer)
    readings = people.batch.readings[i]
    lines = [printable(customer), ""]
    width = max(len(d.name) for d in plan.dimensions)
    for k, dimension in enumerate(plan.dimensions):
        seen = not np.isnan(readings[k])
        bar = _bar(readings[k]) if seen else " " * 11
        words = level(dimension, float(readings[k])) if seen else "not seen"
        lines.append(f"  {dimension.name:<{width}}  {bar}  {words}")
    lines.append("")
    lines += _facts(questions, i)
    return "\n".join(lines)


def _bar(reading: float) -> str:
    """Eleven columns with a mark where the reading is: low on the left."""
    place = round(10 * min(max(reading, 0.0), 1.0))
    return "·" * place + "●" + "·" * (10 - place)


def _facts(questions: Labelling, row: int) -> list[str]:
    plan = questions.run.plan
    table = questions.candidates.batch.table
    told = []
    for name in plan.also:
        value = table.column(name)[row].as_py()
        if value is None or value == 0:
            continue
        feature = plan.catalogue.features[name]
        shown = (
            f"{value:,.4g}"
            if isinstance(value, float | int) and not isinstance(value, bool)
            else value
        )
        unit = "" if feature.unit in {"count", "1", "share", ""} else f" {feature.unit}"
        told.append(f"{name.replace('_', ' ')} {shown}{unit}")
    half = (min(len(told), FACTS) + 1) // 2
    left, right = told[:half], told[half:FACTS]
    right += [""] * (len(left) - len(right))
    return [f"  {a:<42}{b}".rstrip() for a, b in zip(left, right, strict=True)]

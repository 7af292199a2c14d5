"""Warnings: what was assumed of the input, and what in it bends the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reltype.reporting.data_warnings import data_warnings
from reltype.reporting.meetings import meetings

if TYPE_CHECKING:
    from reltype.scoring.run import Run


def warnings(run: Run) -> list[str]:
    """Sentences about the input of a run, for people."""
    met = meetings(run.population, run.inputs)
    changed = [f"{one.text}." for one in run.knowledge.catalogue.overrides]
    normed = [
        f"{name} is {value:.4g} by [norms], not what these customers show."
        for name, value in run.population.normed.items()
    ]
    found = data_warnings(run.population, run.inputs, run.counts)
    return [*met, *changed, *normed, *run.inputs.notes, *found]

"""What copies of a rule do to posteriors: reltype's way of adding up beside a plain sum.

python benchmarks/redundancy.py [customers]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

from reltype.api import open_run
from reltype.scoring.classifiers import Rules
from reltype.simulate import simulate

RULE = """
[[rules]]
name = "stays and is pleased {number}"
when = "endurance > 0.4 and affect > {affect}"
archetype = "committed partnership"
weight = 1.0
"""
COPIES = (1, 2, 3, 5, 10)
NEAR = 0.005
"""How far apart the thresholds of near copies are."""


def posteriors(log, copies, apart, *, plain):
    """(customers, archetypes + 1) with so many copies of the rule."""
    with tempfile.TemporaryDirectory() as folder:
        pack = Path(folder) / "copies.toml"
        pack.write_text(
            "".join(RULE.format(number=i, affect=0.55 + i * apart) for i in range(copies))
        )
        run = open_run(log, rules=[pack], no_plugin=[])
    if plain:
        run.classifiers = tuple(  # a cached property: set before it is asked for
            Rules.of(run.plan, {}) if c.name == "rules" else c for c in run.classifiers
        )
    return np.vstack([run.score_batch(b).posterior for b in run.population.batches()])


def main(customers):
    log = simulate("coffee bar", customers=customers, seed=1).interactions
    print(f"{customers} simulated customers of a coffee bar; against the run with one such rule\n")
    print("| copies | kind | way | largest change | mean change | other archetype |")
    print("|---|---|---|---|---|---|")
    for kind, apart in (("exact", 0.0), ("near", NEAR)):
        for plain in (False, True):
            base = posteriors(log, 1, apart, plain=plain)
            for copies in COPIES[1:]:
                made = posteriors(log, copies, apart, plain=plain)
                change = np.abs(made - base).max(axis=1)
                moved = (made.argmax(axis=1) != base.argmax(axis=1)).mean()
                way = "plain sum" if plain else "reltype"
                print(
                    f"| {copies} | {kind} | {way} | {change.max():.3f} | {change.mean():.4f} "
                    f"| {moved:.1%} |"
                )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)

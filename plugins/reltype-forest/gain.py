"""What the forest adds to reltype's own learner: macro-F1 on simulated logs, with it and without.

python gain.py [WORLDS [DRAWS]]
"""

from __future__ import annotations

import sys
import time

import numpy as np
import reltype
from reltype.simulate import random_world, simulate

WORLDS, DRAWS = 6, 3
COUNTS = (300, 1000)


def measured(world, labels, unseen, without):
    """Macro-F1 on those whose label was not used, and the seconds that fit and classify took."""
    start = time.perf_counter()
    model = reltype.fit(world.interactions, labels=labels, no_plugin=without)
    fitted = time.perf_counter()
    found = reltype.classify(world.interactions, model=model, no_plugin=without)
    scored = time.perf_counter()
    return found.evaluate(unseen).macro_f1, fitted - start, scored - fitted


def main(worlds=WORLDS, draws=DRAWS):
    """Print a line per number of labels, and what it is made of."""
    for count in COUNTS:
        rows = []
        for seed in range(1, worlds + 1):
            world = simulate(random_world(seed), customers=3000, seed=seed)
            for draw in range(draws):
                order = np.random.default_rng(draw).permutation(world.truth.num_rows)
                labels, unseen = (world.truth.take(p) for p in (order[:count], order[count:]))
                own = measured(world, labels, unseen, ["forest"])
                both = measured(world, labels, unseen, [])
                rows.append((own, both))
                print(count, seed, draw, *(f"{x:.4f}" for x in (*own, *both)), flush=True)
        own, both = np.array(rows).transpose(1, 2, 0)
        gain = both[0] - own[0]
        times = np.median(both[1:] / own[1:], axis=1)
        print(
            f"{count} labels: {own[0].mean():.3f} without, {both[0].mean():.3f} with; gain "
            f"{gain.mean():+.4f} ({gain.min():+.4f} … {gain.max():+.4f}), better in "
            f"{(gain > 0).sum()} of {len(gain)}; fit takes {times[0]:.1f} times as long, classify "
            f"{times[1]:.1f} times",
            flush=True,
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

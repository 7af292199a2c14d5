"""Maps of stakeholders against what is published, and against maps that mean nothing.

python benchmarks/stakeholders.py ../shared/data/email-departments     # 30 seconds of processor time
"""

import sys
from pathlib import Path

import numpy as np

import reltype
from reltype.analyses.stakeholders import measures


def published(folder):
    """What SNAP's email-Eu-core gives; the reference figures are in its SOURCE.md."""
    found = reltype.stakeholders(
        folder / "edges.txt", people=folder / "departments.txt", groups="department"
    )
    for name, one in (("E–I index", found.ei), ("reciprocity", found.reciprocity)):
        print(f"{name}: {one.observed:.3f}, by chance {one.expected:.3f} ± {one.sd:.3f}")
    print(f"ties {len(found.ties.source):,}, groups put together {found.who.merged}")
    print(f"two runs agree to {found.communities.agreement:.2f} (adjusted Rand index)")
    print(f"silos {sum(silo.silo for silo in found.silos)} of {len(found.silos)}")


def at_random(maps=200):
    """Of maps in which nobody keeps to their group, how many are told to have a silo or a broker."""
    silos = brokers = 0
    for seed in range(maps):
        rng = np.random.default_rng(seed)
        a, b = rng.integers(0, 60, (2, 240))
        keep = a != b
        key = np.unique(a[keep] * 60 + b[keep])
        a, b = key // 60, key % 60
        opened = measures.openness(a, b, np.arange(60) % 4, 4, rng, draws=500)
        silos += bool((opened.p < 0.05).any())
        pairs = measures.Pairs.of(a, b, np.ones(len(a)), 60)
        if seed < maps // 2:
            brokers += bool((measures.brokers(pairs, rng, 40).p < 0.05).any())
    print(f"maps at random with a silo: {silos} of {maps}; with a broker: {brokers} of {maps // 2}")


if __name__ == "__main__":
    published(Path(sys.argv[1]))
    at_random()

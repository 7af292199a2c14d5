"""How well issues match intents that people gave: python benchmarks/issues.py FILE [text] [category] [vectors] [size].

With `vectors`, the name of what a plugin places texts by, these are taken (`none`: words alone); with `size` only draws of as many
texts, of all intents.

FILE is a CSV of texts with the intent that somebody gave each, such as BANKING77's b77_train.csv.
"""

import csv
import sys
import time
from pathlib import Path

import numpy as np
from sklearn.metrics import normalized_mutual_info_score

from reltype import plugins
from reltype.analyses.issues.grouping import group
from reltype.analyses.issues.placing import placing
from reltype.plugins.knowledge import Knowledge


def main(path, text="text", category="category", vectors="none", draw=""):
    placed, _ = placing(Knowledge.of(plugins.load()), vectors)
    if placed is not None:
        placed = remembered(placed)
    with Path(path).open(encoding="utf-8") as stream:
        rows = [(row[text], row[category]) for row in csv.DictReader(stream)]
    intents = sorted({intent for _, intent in rows})
    print("intents tickets seed | issues settled  alone   NMI   kept  seconds")
    for count in [len(intents)] if draw else (7, 15, 40, len(intents)):
        for size in [int(draw)] if draw else (300, 1000, 3000, len(rows)):
            for seed in range(3):
                rng = np.random.default_rng(seed)
                chosen = set(rng.choice(intents, min(count, len(intents)), replace=False).tolist())
                mine = [row for row in rows if row[1] in chosen]
                if len(mine) < size and size != len(rows):
                    continue
                picked = [mine[i] for i in rng.permutation(len(mine))[:size]]
                show(picked, count, seed, placed)
                if size == len(rows):
                    break


def remembered(placed):
    """The same function, which places a text once."""
    known = {}

    def again(texts):
        new = sorted({text for text in texts if text not in known})
        known.update(zip(new, placed(new), strict=True) if new else ())
        return np.array([known[text] for text in texts])

    return again


def show(picked, count, seed, placed):
    texts, truth = zip(*picked, strict=True)
    begun = time.perf_counter()
    found = group(texts, placed)
    took = time.perf_counter() - begun
    first = len(texts) * 10 // 11
    before, after = group(texts[:first], placed).labels, found.labels[:first]
    kept = sum(np.bincount(after[before == i] + 1).max() for i in np.unique(before)) / first
    # A ticket that is one of its kind is a group of its own.
    alone = found.labels < 0
    labels = np.where(alone, len(found.settled) + np.arange(len(texts)), found.labels)
    print(
        f"{count:7} {len(texts):7} {seed:4} | {len(found.settled):6} {found.settled.sum():7} "
        f"{alone.mean():6.1%} {normalized_mutual_info_score(truth, labels):5.3f} {kept:6.1%} "
        f"{took:8.1f}",
        flush=True,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])

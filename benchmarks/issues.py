"""How well issues match intents that people gave: python benchmarks/issues.py FILE [text] [category].

FILE is a CSV of texts with the intent that somebody gave each, such as BANKING77's b77_train.csv.
"""

import csv
import sys
import time
from pathlib import Path

import numpy as np
from sklearn.metrics import normalized_mutual_info_score

from reltype.analyses.issues.grouping import group


def main(path, text="text", category="category"):
    with Path(path).open(encoding="utf-8") as stream:
        rows = [(row[text], row[category]) for row in csv.DictReader(stream)]
    intents = sorted({intent for _, intent in rows})
    print("intents tickets seed | issues settled  alone   NMI   kept  seconds")
    for count in (7, 15, 40, len(intents)):
        for size in (300, 1000, 3000, len(rows)):
            for seed in range(3):
                rng = np.random.default_rng(seed)
                chosen = set(rng.choice(intents, min(count, len(intents)), replace=False).tolist())
                mine = [row for row in rows if row[1] in chosen]
                if len(mine) < size and size != len(rows):
                    continue
                picked = [mine[i] for i in rng.permutation(len(mine))[:size]]
                show(picked, count, seed)
                if size == len(rows):
                    break


def show(picked, count, seed):
    texts, truth = zip(*picked, strict=True)
    begun = time.perf_counter()
    found = group(texts)
    took = time.perf_counter() - begun
    first = len(texts) * 10 // 11
    before, after = group(texts[:first]).labels, found.labels[:first]
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

"""What norms are worth, and what they cost where they are wrong by a fifth.

    python benchmarks/norms.py [--worlds 100 104] [--customers 600]

Simulated businesses of half casual friends, which shifts what is usual. The norms are what the committed partners of the log
do (how often they buy, how long they stay, what they spend in a month), each right or a fifth too high or too low at random.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np
from attrs import evolve
from sklearn.metrics import f1_score
from tabulate import tabulate
from validation import NAMES, likeliest

import reltype
from reltype.simulate import random_world, simulate

if TYPE_CHECKING:
    import pandas as pd

SKEWED = (0.55, 0.15, 0.15, 0.15)
MONTH = 30.4375


def norms(log: pd.DataFrame, loyal: set[str]) -> dict[str, float]:
    """What loyal customers do: days between days with a purchase, days they stay, money a month."""
    bought = log[log.customer_id.isin(loyal)]
    if "kind" in log:
        bought = bought[bought.kind.isin(["purchase", "renewal"])]
    days = bought.assign(day=bought.timestamp.dt.normalize()).groupby("customer_id")
    span = days.day.agg(lambda d: (d.max() - d.min()).days)
    gaps = span / (days.day.nunique() - 1).clip(lower=1)
    spent = days.value.sum() / (span.clip(lower=MONTH) / MONTH)
    return {
        "loyal_customer_comes_every": float(gaps[gaps > 0].median()),
        "loyal_customer_stays": float(span[span > 0].median()),
        "loyal_customer_spends": float(spent.median()),
    }


def f1(log: pd.DataFrame, truth: pd.DataFrame, said: dict[str, float]) -> float:
    """Macro-F1 of the likeliest under these norms."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "reltype.toml"
        lines = [f"{name} = {value:.6g}" for name, value in said.items()]
        config.write_text("\n".join(["[norms]", *lines, ""]))
        found = reltype.classify(log, config=config).to_pandas()
    both = truth.merge(found, on="customer_id", suffixes=("_true", ""))
    return float(f1_score(both.archetype_true, likeliest(both), labels=NAMES, average="macro"))


@click.command()
@click.option("--worlds", nargs=2, type=int, default=(100, 104), show_default=True)
@click.option("--customers", default=600, show_default=True)
def main(worlds: tuple[int, int], customers: int) -> None:
    """Print the figures of docs/validation.md."""
    rows = []
    for seed in range(*worlds):
        business = evolve(random_world(seed), shares=SKEWED)
        for facts in ("all", "purchases"):
            made = simulate(business, customers=customers, seed=seed, facts=facts)
            log, truth = made.interactions.to_pandas(), made.truth.to_pandas()
            truth = truth[truth.archetype.isin(NAMES)]
            loyal = set(truth.customer_id[truth.archetype == NAMES[1]])
            right = norms(log, loyal)
            rng = np.random.default_rng(seed)
            wrong = [{n: v * rng.choice([0.8, 1.2]) for n, v in right.items()} for _ in range(2)]
            figures = [f1(log, truth, said) for said in ({}, right, *wrong)]
            rows.append([f"{seed}, {facts}", *figures[:2], float(np.mean(figures[2:]))])
            click.echo(rows[-1], err=True)
    for facts in ("all", "purchases"):
        mine = np.array([row[1:] for row in rows if row[0].endswith(facts)])
        rows.append([f"mean, {facts}", *mine.mean(axis=0)])
    head = ["log", "no norms", "norms", "norms wrong by a fifth"]
    click.echo(tabulate(rows, head, tablefmt="github", floatfmt=".3f"))


if __name__ == "__main__":
    main()

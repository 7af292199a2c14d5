"""Who is named where nothing but chance tells customers apart.

    python benchmarks/chance.py [--noise 200] [DATA]    DATA: a folder with cdnow and online-retail, whose orders are dealt anew

Noise: customers, rows, kinds, amounts and feelings drawn at random, alike for all; logs are small, so that two hundred take
minutes. Dealt: the customers of a log's rows
are put in another order, so that each keeps how many rows they have and nothing else.
"""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np
import pandas as pd
from validation import LOGS

import reltype
from reltype.simulate import random_world, simulate

TOLD = "Nothing here tells customers apart"
QUIET = 0.05


def noise(seed: int) -> pd.DataFrame:
    """A log in which customers differ by chance alone."""
    rng = np.random.default_rng(seed)
    rows, customers = int(rng.integers(200, 3000)), int(rng.integers(30, 250))
    kinds = ["purchase", "visit", "message", "complaint", "review", "outreach", "response"]
    log = pd.DataFrame(
        {
            "customer_id": rng.integers(customers, size=rows).astype(str),
            "timestamp": pd.Timestamp("2022-01-01")
            + pd.to_timedelta(rng.integers(0, 900 * 1440, rows), "min"),
            "kind": rng.choice(kinds[: int(rng.integers(1, 8))], rows),
            "value": rng.gamma(2, 20, rows).round(2),
        }
    )
    return log.assign(sentiment=rng.uniform(-1, 1, rows)) if seed % 2 else log


def named(log: pd.DataFrame) -> tuple[float, bool]:
    """The share of customers who are named, and whether the summary says that nothing tells."""
    summary = reltype.classify(log).summary()
    told = any(TOLD in text for text in summary.findings)
    return 1 - summary.archetypes["unclassified"], told


@click.command()
@click.argument("data", type=click.Path(exists=True, path_type=Path), required=False)
@click.option("--noise", "count", default=200, show_default=True)
def main(data: Path | None, count: int) -> None:
    """Print the figures of docs/validation.md."""
    found = []
    for seed in range(count):
        found.append(named(noise(seed)))
        if found[-1][0] > QUIET:
            click.echo(f"noise, seed {seed}: {found[-1][0]:.1%} named", err=True)
    quiet = np.mean([share <= QUIET for share, _ in found])
    told = np.mean([said for _, said in found])
    click.echo(
        f"noise: in {quiet:.1%} of {count} logs at most one in twenty is named (most: "
        f"{max(share for share, _ in found):.1%}); told in {told:.1%}"
    )
    for seed in range(4):
        made = simulate(random_world(seed), customers=300, seed=seed).interactions.to_pandas()
        deal(f"simulated, {seed}", made)
    for name, sql in LOGS.items() if data else ():
        import duckdb

        deal(name, duckdb.sql(sql.format(data)).df())


def deal(name: str, log: pd.DataFrame) -> None:
    """Print who is named in a log as it is, and dealt."""
    rng = np.random.default_rng(0)
    as_it_is, _ = named(log)
    dealt, told = named(log.assign(customer_id=rng.permutation(log.customer_id.to_numpy())))
    click.echo(f"{name}: named {as_it_is:.1%}; dealt at random {dealt:.1%}, told: {told}")


if __name__ == "__main__":
    main()

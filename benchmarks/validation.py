"""How right the built-in typology is on simulated logs, and how useful on two real ones.

python benchmarks/validation.py                 simulated logs
python benchmarks/validation.py DATA            the logs in DATA/cdnow and DATA/online-retail
python benchmarks/validation.py --worlds 100 116    the seeds of the simulated businesses
python benchmarks/validation.py --log FOLDER …      logs of yours: all.csv, purchases.csv, truth.csv
"""

from __future__ import annotations

from pathlib import Path

import click
import duckdb
import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.metrics import f1_score, mutual_info_score
from sklearn.preprocessing import StandardScaler
from tabulate import tabulate

import reltype
from reltype.simulate import random_world, simulate

NAMES = ["casual friendship", "committed partnership", "fling", "marriage of convenience"]

LOGS = {
    "cdnow": """
        SELECT split_part(line, ' ', 1) AS customer_id,
          CAST(strptime(split_part(line, ' ', 2), '%Y%m%d') AS TIMESTAMP) AS timestamp,
          CAST(split_part(line, ' ', 4) AS DOUBLE) AS value
        FROM (SELECT regexp_replace(trim(column0), '\\s+', ' ', 'g') AS line
              FROM read_csv('{}/cdnow/CDNOW_master.txt', header=true, delim='|', all_varchar=true,
                            names=['column0']))""",
    "online-retail": """
        SELECT CustomerID AS customer_id, min(CAST(InvoiceDate AS TIMESTAMP)) AS timestamp,
          sum(CAST(Quantity AS DOUBLE) * CAST(UnitPrice AS DOUBLE)) AS value,
          CASE WHEN InvoiceNo LIKE 'C%' THEN 'refund' ELSE 'purchase' END AS kind
        FROM read_csv('{}/online-retail/online_retail.csv.gz', all_varchar=true)
        WHERE CustomerID IS NOT NULL GROUP BY CustomerID, InvoiceNo""",
}


@click.command()
@click.argument("data", type=click.Path(exists=True, path_type=Path), required=False)
@click.option("--worlds", nargs=2, type=int, default=(100, 116), show_default=True)
@click.option("--customers", default=3000, show_default=True, help="Of each business.")
@click.option("--log", "logs", type=click.Path(exists=True, path_type=Path), multiple=True)
@click.option("--resamples", default=500, show_default=True)
def main(
    data: Path | None,
    worlds: tuple[int, int],
    customers: int,
    logs: tuple[Path, ...],
    resamples: int,
) -> None:
    """Print the tables of docs/validation.md."""
    if logs:
        told(logs)
    elif data:
        real(data, resamples)
    else:
        simulated(range(*worlds), customers)


def simulated(seeds: range, customers: int) -> None:
    """Macro-F1 and calibration on random businesses."""
    rows = []
    for seed in seeds:
        business = random_world(seed)
        row: list[object] = [seed, business.name, " ".join(f"{s:.2f}" for s in business.shares)]
        for facts in ("all", "purchases"):
            made = simulate(business, customers=customers, seed=seed, facts=facts)
            row += scored(
                made.interactions,
                made.truth.to_pandas(),
                made.customers if facts == "all" else None,
            )
        rows.append(row)
        click.echo(f"seed {seed}: {row[3]:.3f} {row[8]:.3f}", err=True)
    show(["seed", "business", "shares"], rows)


def told(folders: tuple[Path, ...]) -> None:
    """The same for logs in files, with the truth beside them."""
    rows = []
    for folder in folders:
        truth = pd.read_csv(folder / "truth.csv", dtype=str)
        row: list[object] = [f"{folder.parent.name}, {folder.name}"]
        table = folder / "customers.csv"
        row += scored(folder / "all.csv", truth, table if table.exists() else None)
        row += scored(folder / "purchases.csv", truth)
        rows.append(row)
    show(["log"], rows)


def scored(log: object, truth: pd.DataFrame, customers: object = None) -> list[object]:
    """Macro-F1 of the likeliest archetype; of the named: calibration error, share, share right.

    The last two are the shares right of those who are `sure` and `likely`.
    """
    found = reltype.classify(log, customers=customers).to_pandas()
    truth = truth[truth.archetype.isin(NAMES)]
    both = truth.merge(found, on="customer_id", suffixes=("_true", ""))
    f1 = f1_score(both.archetype_true, likeliest(both), labels=NAMES, average="macro")
    named = both[both.archetype.isin(NAMES)]
    right = named.archetype == named.archetype_true
    degrees = [right[named.certainty == degree].mean() for degree in ("sure", "likely")]
    return [f1, calibration(named.confidence, right), len(named) / len(both), *degrees]


def likeliest(found: pd.DataFrame) -> np.ndarray:
    """The archetype with the largest of the four `p_…`, named or not."""
    columns = [f"p_{name.replace(' ', '_')}" for name in NAMES]
    return np.array(NAMES)[found[columns].to_numpy(float).argmax(axis=1)]


def show(first: list[str], rows: list[list[object]]) -> None:
    """A table of what was scored, with mean, least and greatest."""
    blank = [""] * (len(first) - 1)
    figures = np.array([row[len(first) :] for row in rows], float)
    spread = [
        [name, *blank, *statistic(figures, axis=0)]
        for name, statistic in (("mean", np.nanmean), ("least", np.nanmin), ("most", np.nanmax))
    ]
    one = ["ECE", "named", "sure right", "likely right"]
    head = [*first, "F1 all", *one, "F1 purchases", *one]
    click.echo(tabulate([*rows, *spread], head, tablefmt="github", floatfmt=".3f"))


def calibration(confidence: pd.Series, right: pd.Series, bins: int = 10) -> float:
    """Expected calibration error: mean |confidence − share right| over equal bins of confidence."""
    c, ok = confidence.to_numpy(float), right.to_numpy(float)
    part = np.minimum((c * bins).astype(int), bins - 1)
    return float(
        sum(abs(c[part == i].mean() - ok[part == i].mean()) * np.mean(part == i) for i in set(part))
    )


def real(data: Path, resamples: int) -> None:
    """Who comes back: information in the archetypes and in RFM clusters of the log's first half."""
    rows = []
    for name, sql in LOGS.items():
        log = duckdb.sql(sql.format(data)).df()
        log["timestamp"] = pd.to_datetime(log.timestamp)
        if "kind" not in log:
            log["kind"] = "purchase"
        middle = log.timestamp.min() + (log.timestamp.max() - log.timestamp.min()) / 2
        middle = middle.normalize()
        early, late = log[log.timestamp < middle], log[log.timestamp >= middle]
        found = reltype.classify(early).to_pandas().set_index("customer_id")
        bought = late[late.kind == "purchase"]
        visits = bought.groupby("customer_id").timestamp.agg(lambda t: t.dt.normalize().nunique())
        future = visits.reindex(found.index).fillna(0).clip(upper=2).to_numpy(int)
        named = found.archetype.to_numpy(str)
        between = found.unclassified_because.fillna("").str.startswith("between").to_numpy()
        labels = np.where(between, likeliest(found), named)
        k = len(set(labels))
        clusters = rfm(early, found.index, middle, k)
        ours, theirs = mutual_info_score(labels, future), mutual_info_score(clusters, future)
        rng = np.random.default_rng(0)
        ratios = []
        for _ in range(resamples):
            i = rng.integers(len(future), size=len(future))
            theirs_too = mutual_info_score(clusters[i], future[i])
            ratios.append(mutual_info_score(labels[i], future[i]) / theirs_too)
        low, high = np.quantile(ratios, [0.05, 0.95])
        shares = " ".join(f"{a}: {n}" for a, n in found.archetype.value_counts().items())
        rows.append(
            [name, len(found), k, ours, theirs, ours / theirs, f"{low:.2f} to {high:.2f}", shares]
        )
        click.echo(pd.crosstab(labels, future, normalize="index").round(2).to_string(), err=True)
        flips(name, log, middle)
    head = [
        "log",
        "customers",
        "groups",
        "archetypes",
        "RFM + k-means",
        "ratio",
        "90 % interval",
        "who",
    ]
    click.echo("\nMutual information (nats) with visits in the second half, 0 / 1 / 2+:\n")
    click.echo(tabulate(rows, head, tablefmt="github", floatfmt=".4f"))


def flips(name: str, log: pd.DataFrame, day: pd.Timestamp) -> None:
    """Of those named on *day*, who has another name 90 days later, by certainty."""
    then, later = (
        reltype.classify(log[log.timestamp < until]).to_pandas().set_index("customer_id")
        for until in (day, day + pd.Timedelta(days=90))
    )
    both = then.join(later[["archetype"]], rsuffix="_later")
    both = both[both.archetype.isin(NAMES) & both.archetype_later.isin(NAMES)]
    changed = (both.archetype != both.archetype_later).groupby(both.certainty)
    click.echo(f"{name}: other names after 90 days, by certainty:\n", err=True)
    click.echo(changed.agg(["mean", "size"]).round(3).to_string() + "\n", err=True)


def rfm(log: pd.DataFrame, customers: pd.Index, day: pd.Timestamp, k: int) -> np.ndarray:
    """k-means on the logs of recency, number of purchase days and money, standardised."""
    bought = log[log.kind == "purchase"]
    grouped = bought.groupby("customer_id").timestamp
    facts = pd.DataFrame(
        {
            "recency": (day - grouped.max()).dt.days,
            "frequency": grouped.agg(lambda t: t.dt.normalize().nunique()),
            "money": log.groupby("customer_id").value.sum().clip(lower=0),
        }
    ).reindex(customers)
    facts = np.log1p(facts.fillna({"recency": (day - log.timestamp.min()).days}).fillna(0))
    made = KMeans(k, n_init=10, random_state=0).fit_predict(StandardScaler().fit_transform(facts))
    return np.asarray(made)


if __name__ == "__main__":
    main()

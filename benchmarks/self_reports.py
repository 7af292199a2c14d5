"""What people say of their own ties beside what reltype reads from other columns; no label is used.

    python benchmarks/self_reports.py DATA    folders `switching`, `couples-hcmst`, `corp-rep`, `airline-satisfaction-oddjob`

Each figure is the area under the curve (AUC) of one posterior or reading for what people said, with the interval that holds 90 % of
500 resamples. 0.5 is chance. Nobody has to be named: the posteriors p_… are taken as they are.
"""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score
from tabulate import tabulate

import reltype

RESAMPLES = 500


def share(items: pd.DataFrame, low: float, high: float) -> pd.Series:
    """The mean of some items, from −1 to 1."""
    return (items.mean(axis=1) - low) / (high - low) * 2 - 1


def read(**columns: pd.Series) -> pd.DataFrame:
    """The readings of a table of these columns."""
    table = pd.DataFrame(columns).reset_index(drop=True)
    table.insert(0, "customer_id", [f"{i:05d}" for i in range(len(table))])
    return reltype.classify(table).to_pandas()


def auc(said: pd.Series, score: pd.Series) -> tuple[float, str]:
    """The area under the curve, and its 90 % interval."""
    y, s = np.asarray(said, bool), np.asarray(score, float)
    y, s = y[~np.isnan(s)], s[~np.isnan(s)]
    rng = np.random.default_rng(0)
    drawn = [rng.integers(len(y), size=len(y)) for _ in range(RESAMPLES)]
    found = [roc_auc_score(y[i], s[i]) for i in drawn if 0 < y[i].sum() < len(i)]
    return roc_auc_score(y, s), f"{np.quantile(found, 0.05):.2f} to {np.quantile(found, 0.95):.2f}"


def switching(folder: Path) -> list[tuple[object, ...]]:
    log = pd.read_csv(folder / "switching.csv")
    satisfied = share(log[["SAT1", "SAT2", "SAT3"]], 1, 5)
    found = read(satisfaction=satisfied)
    leave = log[["INT1", "INT2"]].mean(axis=1)
    stays = ((satisfied < satisfied.quantile(0.4)) & (leave <= 2)).to_numpy()
    goes = ((satisfied < satisfied.quantile(0.4)) & (leave >= 4)).to_numpy()
    both = stays | goes
    return [
        (
            "switching",
            "of the least satisfied, who do not mean to leave",
            int(stays.sum()),
            int(goes.sum()),
            "p_marriage_of_convenience",
            *auc(stays[both], found.p_marriage_of_convenience[both]),
        )
    ]


def couples(folder: Path) -> list[tuple[object, ...]]:
    log = pd.read_csv(folder / "hcmst.csv").dropna(subset=["relationship_quality"])
    flirts = log.flirts_with_partner.astype("category")
    order = ["never", "less_than_once_a_month", "1_to_3_times_a_month", "once_a_week"]
    order += ["a_few_times_a_week", "every_day"]
    warm = flirts.map({word: i for i, word in enumerate(order)}).astype(float) / 5 * 2 - 1
    fights = log.fights_with_partner.str.extract(r"^(\d+)", expand=False).astype(float)
    found = read(
        tenure_days=log.relationship_duration * 365.25,
        satisfaction=warm,
        complaints=fights,
        contract_days=np.where(log.married == "married", 3650, 0),
        active=True,
    )
    poor = log.relationship_quality.isin(["fair", "poor", "very_poor"]).to_numpy()
    rows = []
    for who, chosen in (("all", np.full(len(log), True)), ("married", (log.married == "married"))):
        k = np.asarray(chosen)
        for score in ("p_marriage_of_convenience", "p_committed_partnership"):
            sign = 1 if "convenience" in score else -1
            rows.append(
                (
                    "couples-hcmst",
                    f"fair or worse, {who}",
                    int(poor[k].sum()),
                    int((~poor[k]).sum()),
                    score if sign > 0 else f"less {score}",
                    *auc(poor[k], sign * found[score][k]),
                )
            )
    return rows


def reputation(folder: Path) -> list[tuple[object, ...]]:
    log = pd.read_csv(folder / "corp_rep.csv").replace(-99, np.nan)
    liking = share(log[["like_1", "like_2", "like_3"]], 1, 7)
    found = read(
        satisfaction=liking, contract_days=np.where(log.servicetype == 2, 730, 0), active=True
    )
    costs = log[["switch_1", "switch_2", "switch_3", "switch_4"]].mean(axis=1)
    loyal = log[["cusl_1", "cusl_2", "cusl_3"]].mean(axis=1)
    rows = []
    for said, score in (
        (costs > costs.median(), "p_marriage_of_convenience"),
        (loyal > loyal.median(), "p_committed_partnership"),
        ((costs > costs.median()) & (loyal <= loyal.median()), "p_marriage_of_convenience"),
    ):
        name = {0: "leaving is costly (above the median)", 1: "loyal (above the median)"}
        told = name.get(len(rows), "leaving is costly, and not loyal")
        n = int(said.sum())
        rows.append(("corp-rep", told, n, len(said) - n, score, *auc(said, found[score])))
    return rows


def airline(folder: Path) -> list[tuple[object, ...]]:
    log = pd.read_csv(folder / "airlinesat.csv")
    items = [f"s{i}" for i in range(1, 24)]
    found = read(
        satisfaction=share(log[items], 1, 100),
        nps=(log.nps - 1).clip(0, 10),
        purchases=log.nflights,
        tenure_days=pd.Series(365.0, log.index),
    )
    commitment = log[["com1", "com2", "com3"]].mean(axis=1)
    said = commitment > commitment.median()
    n = int(said.sum())
    return [
        (
            "airline",
            "committed by three items (above the median)",
            n,
            len(said) - n,
            score,
            *auc(said, found[score]),
        )
        for score in ("p_committed_partnership", "d_affect", "d_intensity")
    ]


@click.command()
@click.argument("data", type=click.Path(exists=True, path_type=Path))
def main(data: Path) -> None:
    """Print the table of docs/validation.md."""
    rows = [
        *switching(data / "switching"),
        *couples(data / "couples-hcmst"),
        *reputation(data / "corp-rep"),
        *airline(data / "airline-satisfaction-oddjob"),
    ]
    head = ["data", "what people said", "yes", "no", "by", "AUC", "90 % interval"]
    click.echo(tabulate(rows, head, tablefmt="github", floatfmt=".2f", disable_numparse=False))


if __name__ == "__main__":
    main()

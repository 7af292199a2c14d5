"""Drivers: how fast, how right, how quiet; on made surveys, and on real ones in a folder of yours.

python benchmarks/drivers.py speed            12, 16, 20 and 23 attributes × 130,000 rows, each part timed
python benchmarks/drivers.py coverage         how often the intervals hold the true share
python benchmarks/drivers.py noise            how often something is reported where there is nothing
python benchmarks/drivers.py sampled          what drawing orders costs in precision, against all subsets
python benchmarks/drivers.py real FOLDER      the surveys that docs/drivers.md speaks of, where they are
"""

import sys
import time
from pathlib import Path

import numpy as np

import reltype
from reltype.analyses.drivers.intervals import interval
from reltype.analyses.drivers.measure import Answers, measure
from reltype.analyses.drivers.missing import moments
from reltype.analyses.drivers.moments import Sample
from reltype.analyses.drivers.shares import replicated, shares
from reltype.analyses.drivers.subsets import additions, orders, shapley

ROWS = 130_000


def made(rows, columns, seed=0, noise=5.0):
    rng = np.random.default_rng(seed)
    answers = rng.normal(size=(rows, columns)) + rng.normal(size=(rows, 1))
    return np.c_[answers, answers @ rng.normal(size=columns) + noise * rng.normal(size=rows)]


def table(values):
    return Answers(values, "y", {f"a{i:02}": (i,) for i in range(values.shape[1] - 1)})


def speed():
    import pyarrow as pa

    reltype.drivers([{"a": i % 5, "y": i % 7} for i in range(100)], "y")  # imports are not timed
    for columns in (12, 16, 20, 23):
        values = made(ROWS, columns)
        whole = np.corrcoef(values.T)
        begin = time.perf_counter()
        shapley(whole, [[i] for i in range(columns)])
        exact = time.perf_counter() - begin
        begin = time.perf_counter()
        measure(table(values), name="made")
        everything = time.perf_counter() - begin
        frame = pa.table({f"a{i:02}": values[:, i] for i in range(columns + 1)})
        begin, used = time.perf_counter(), time.process_time()
        reltype.drivers(frame, f"a{columns:02}")
        public, used = time.perf_counter() - begin, time.process_time() - used
        print(
            f"{columns} attributes × {ROWS:,} rows: all subsets {exact:.2f} s, with moments, intervals and "
            f"noise {everything:.2f} s, reltype.drivers of a frame {public:.2f} s ({used:.2f} s of processor time)"
        )


def coverage(runs=200):
    rng = np.random.default_rng(3)
    players = [[i] for i in range(6)]
    for r2 in (0.1, 0.3, 0.6):
        for rows in (150, 600):
            related = 0.4 * np.ones((6, 6)) + 0.6 * np.eye(6)
            slopes = np.array([1, 0.7, 0.5, 0.3, 0.1, 0.0])
            explained = slopes @ related @ slopes
            rest = explained * (1 - r2) / r2
            true = np.zeros((7, 7))
            true[:6, :6], true[6, 6] = related, explained + rest
            true[:6, 6] = true[6, :6] = related @ slopes
            expected = shares(true, players).lmg
            root = np.linalg.cholesky(related)
            held = np.zeros(6)
            for _ in range(runs):
                answers = rng.normal(size=(rows, 6)) @ root.T
                outcome = answers @ slopes + rng.normal(size=rows) * np.sqrt(rest)
                known = moments(Sample.of(np.c_[answers, outcome]), "listwise", 400)
                lmg = shares(known.covariances[..., 0], players).lmg
                drawn = replicated(known.covariances, known.replicates, players, [], lmg)
                spread = interval(drawn)
                held += (spread[:, 0] <= expected) & (expected <= spread[:, 1])
            told = ", ".join(f"{h / runs:.2f}" for h in held)
            print(
                f"R² {r2}, {rows} rows: 95 % intervals hold the true share in {told} of {runs} runs"
            )


def noise(runs=200):
    rng = np.random.default_rng(11)
    kinds = {
        "normal": lambda n, p: rng.normal(size=(n, p)),
        "related": lambda n, p: (
            rng.normal(size=(n, p)) + np.r_[np.ones(p - 1), 0] * rng.normal(size=(n, 1))
        ),
        "answers 1 to 5": lambda n, p: rng.integers(1, 6, (n, p)).astype(float),
        "skewed": lambda n, p: np.exp(rng.normal(size=(n, p))),
        "rare yes": lambda n, p: (rng.random((n, p)) < 0.05) * 1.0,
    }
    for name, draw in kinds.items():
        for rows, columns in (
            ((60, 5), (300, 12)) if name != "rare yes" else ((300, 12), (1000, 12))
        ):
            found = [
                measure(table(draw(rows, columns + 1)), name="made", replicates=100)
                for _ in range(runs)
            ]
            told = sum(bool(f.reported) for f in found) / runs
            above = sum(max(d.share for d in f.drivers.values()) > f.noise for f in found) / runs
            print(
                f"{name}, {rows} × {columns}: something reported in {told:.1%}, above the line in {above:.1%}"
            )


def sampled():
    for columns in (12, 20):
        whole = np.corrcoef(made(2000, columns).T)
        exact = shapley(whole, [[i] for i in range(columns)])
        for count in (256, 1024, 4096):
            chosen = orders(columns, count, np.random.default_rng(1))
            drawn = additions(whole[..., None], [[i] for i in range(columns)], chosen)[..., 0].mean(
                axis=1
            )
            print(
                f"{columns} attributes, {count} orders: largest error {np.abs(drawn - exact).max():.1e}"
            )


def real(folder):
    folder = Path(folder)

    def show(title, path, *args, **options):
        file = folder / path
        print(f"\n=== {title}\n")
        if not file.exists():
            print(f"({file} is not there)")
            return None
        begin = time.perf_counter()
        found = reltype.drivers(file, *args, **options)
        print(found.text())
        print(f"({time.perf_counter() - begin:.1f} s)")
        return found

    airline = "airline-satisfaction-oddjob/airlinesat.csv"
    show(
        "airline, 12 attributes, complete rows",
        airline,
        "overall_sat",
        attributes="s1..s12",
        missing="listwise",
    )
    show("airline, 23 attributes, EM", airline, "overall_sat", attributes="s1..s23")
    show("airline, commitment", airline, "com1", attributes="s1..s23", by="flight_class")
    groups = {"quality": [f"PERQ{i}" for i in range(1, 8)], "value": ["PERV1", "PERV2"]}
    groups |= {
        "image": [f"IMAG{i}" for i in range(1, 6)],
        "expectations": ["CUEX1", "CUEX2", "CUEX3"],
    }
    show("mobile operators", "ecsi-mobi/mobi.csv", "CUSA1", groups=groups, attributes="CUSCO")
    parts = {
        "quality": [f"qual_{i}" for i in range(1, 9)], "performance": [f"perf_{i}" for i in range(1, 6)],
        "responsibility": [f"csor_{i}" for i in range(1, 6)], "attractiveness": [f"attr_{i}" for i in range(1, 4)],
        "likeability": [f"like_{i}" for i in range(1, 4)], "competence": [f"comp_{i}" for i in range(1, 4)],
        "switching costs": [f"switch_{i}" for i in range(1, 5)],
    }  # fmt: skip
    show(
        "corporate reputation: satisfaction", "corp-rep/corp_rep.csv", "cusa",
        attributes=[], groups=parts, dont_know="-99", by="servicetype",
    )  # fmt: skip
    couples(folder / "couples-ims/ims.csv")
    show(
        "organisations of the US survey of patients",
        "cms-patient-experience/cms_patient_experience.csv",
        "CAHPS for MIPS SSM: Patient's Rating of Provider",
        long=["org_pac_id", "measure_title", "prf_rate"],
    )


def couples(file):
    """The investment model: commitment by satisfaction, investment and alternatives, as scale means."""
    import pyarrow.csv as pc

    print("\n=== couples: commitment\n")
    if not file.exists():
        print(f"({file} is not there)")
        return
    held = pc.read_csv(file)
    for who in ("f", "m"):
        scales = {
            "satisfaction": [f"sat.g{i}_{who}" for i in range(1, 6)],
            "alternatives": [f"qalt.g{i}_{who}" for i in range(1, 6)],
            "investment": [f"invest.g{i}_{who}" for i in range(1, 6)],
            "commitment": [f"com{i}_{who}" for i in range(1, 6)],
        }
        means = {
            name: np.mean([held.column(c).to_pandas().to_numpy(float) for c in columns], axis=0)
            for name, columns in scales.items()
        }
        rows = [
            dict(zip(means, row, strict=True))
            for row in zip(*(m.tolist() for m in means.values()), strict=True)
        ]
        print("women" if who == "f" else "men")
        print(reltype.drivers(rows, "commitment", missing="listwise").text(), end="\n\n")


if __name__ == "__main__":
    what, *rest = sys.argv[1:] or ["speed"]
    {"speed": speed, "coverage": coverage, "noise": noise, "sampled": sampled, "real": real}[what](
        *rest
    )

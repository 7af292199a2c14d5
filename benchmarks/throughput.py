"""How long a run takes beside DuckDB's bare GROUP BY over the same file with the same aggregates.

    python benchmarks/throughput.py [--rows 10000000] [--customers 1000000] [--runs 3] [--file FILE]

Each run is a process of its own, DuckDB and reltype in turn, so that both meet the same machine. The
file is made once: a log of purchases, visits, messages and reviews, no simulator's archetypes in it.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BARE = """
import sys, duckdb
from reltype import plugins, query
from reltype.plugins.knowledge import Knowledge
from reltype.plan import Plan
catalogue = Knowledge.of(plugins.load(only=())).catalogue
plan = Plan(catalogue, catalogue.typology("customer"))
typed = (
    "SELECT customer_id, timestamp, kind, value, sentiment, NULL::DOUBLE AS rating, "
    "discount, channel, NULL::VARCHAR AS category, NULL::VARCHAR AS direction, NULL::VARCHAR AS text, "
    "NULL::VARCHAR AS reject, NULL::VARCHAR AS unread "
    f"FROM read_csv('{sys.argv[1]}', types = {{'customer_id': 'VARCHAR', 'timestamp': 'TIMESTAMP'}})"
)
sql = query.facts(plan, [typed], until=None).replace("ORDER BY customer_id", "")
import time
duckdb.execute("SET enable_progress_bar = false")
start = time.perf_counter()
duckdb.execute(f"CREATE TABLE facts AS {sql}")
print(time.perf_counter() - start)
"""


def make(path: Path, rows: int, customers: int) -> None:
    import duckdb

    duckdb.execute(f"""
        COPY (SELECT 'C-' || lpad((hash(i) % {customers})::VARCHAR, 7, '0') AS customer_id,
          TIMESTAMP '2022-01-01' + to_seconds((hash(i + 7) % (86400 * 1000))::BIGINT) AS timestamp,
          CASE WHEN hash(i + 3) % 10 < 7 THEN 'purchase' WHEN hash(i + 3) % 10 = 7 THEN 'visit'
            WHEN hash(i + 3) % 10 = 8 THEN 'message' ELSE 'review' END AS kind,
          round((hash(i + 5) % 10000) / 100.0, 2) AS value,
          CASE WHEN hash(i + 9) % 5 = 0 THEN round((hash(i + 11) % 200) / 100.0 - 1, 2) END AS sentiment,
          CASE WHEN hash(i + 13) % 4 = 0 THEN 0.1 ELSE 0 END AS discount,
          CASE WHEN hash(i + 15) % 2 = 0 THEN 'web' ELSE 'shop' END AS channel
        FROM range({rows}) t(i)) TO '{path}' (HEADER)""")


def timed(command: list[str]) -> tuple[float, float, str]:
    """Wall seconds, peak memory in GB, and what was printed."""
    start = time.perf_counter()
    done = subprocess.run(
        ["/usr/bin/env", "time", "-f", "%M", *command], capture_output=True, text=True, check=True
    )
    seconds = time.perf_counter() - start
    return seconds, int(done.stderr.strip().splitlines()[-1]) / 1e6, done.stdout


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--rows", type=int, default=10_000_000)
    options.add_argument("--customers", type=int, default=1_000_000)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--file", type=Path)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = given.file or Path(folder) / "log.csv"
        if not path.exists():
            make(path, given.rows, given.customers)
        out = Path(folder) / "out.parquet"
        ratios, walls, peaks = [], [], []
        for run in range(given.runs):
            bare = float(timed([sys.executable, "-c", BARE, str(path)])[2])
            wall, peak, _ = timed(
                [sys.executable, "-m", "reltype", "classify", str(path), "-o", str(out), "--quiet"]
            )
            ratios.append(wall / bare)
            walls.append(wall)
            peaks.append(peak)
            print(
                f"run {run + 1}: DuckDB alone {bare:.2f} s, reltype {wall:.2f} s, "
                f"ratio {wall / bare:.2f}, peak {peak:.2f} GB",
                flush=True,
            )
        print(
            f"ratio: median {statistics.median(ratios):.2f}, {min(ratios):.2f} … {max(ratios):.2f}; "
            f"wall median {statistics.median(walls):.2f} s; peak {max(peaks):.2f} GB"
        )


if __name__ == "__main__":
    main()

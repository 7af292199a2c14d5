"""How long a run takes beside DuckDB's bare GROUP BY over the same file with the same aggregates.

    python benchmarks/throughput.py [--rows 10000000] [--customers 1000000] [--runs 3] [--file FILE]

The bare query is plain SQL: the aggregates as the pack writes them, over a file that DuckDB reads
itself. It looks at no cell that cannot be read, rounds nothing and sorts nothing. Beside it stands
what DuckDB needs for the facts as reltype writes them for the engine, from typed columns. Each run
is a process of its own, in turn, so that all meet the same machine. The file is made once: a log of
purchases, visits, messages and reviews, no simulator's archetypes in it.
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
import sys, time, duckdb
from reltype import plugins
from reltype.scoring import query
from reltype.plugins.knowledge import Knowledge
from reltype.scoring.plan import Plan
catalogue = Knowledge.of(plugins.load(only=())).catalogue
plan = Plan(catalogue, catalogue.typology("customer"))
aggregates = {f.name: f.of for f in plan.features if f.of and plan.feature(f).aggregate}
asked = ", ".join(f"{of} AS {name}" for name, of in aggregates.items())
rows = f'''
    SELECT customer_id, kind, value, sentiment, NULL::DOUBLE AS rating, discount,
      epoch(timestamp) // 86400 AS day, isodow(timestamp) AS weekday,
      kind NOT IN ('renewal', 'cancellation', 'outreach', 'resolution', 'refund') AS organic,
      CASE WHEN kind = 'purchase' AND value > 0 THEN ln(value) END AS amount_log
    FROM read_csv('{sys.argv[2]}')'''
gaps = "day - lag(day) OVER (PARTITION BY customer_id, organic ORDER BY day)"
rows = f"SELECT *, nullif(CASE WHEN organic THEN {gaps} END, 0) AS gap_days FROM ({rows})"
plain = f"SELECT customer_id, {asked} FROM ({rows}) GROUP BY customer_id"
typed = (
    "SELECT customer_id, timestamp, kind, value, sentiment, NULL::DOUBLE AS rating, "
    "discount, channel, NULL::VARCHAR AS category, NULL::VARCHAR AS direction, "
    "NULL::VARCHAR AS text, NULL::VARCHAR AS reject, NULL::VARCHAR AS unread "
    f"FROM read_csv('{sys.argv[2]}')"
)
absent = {"rating", "category", "direction", "text"}
ours = query.facts(plan, [typed], until=None, absent=absent).replace("ORDER BY customer_id", "")
duckdb.execute("SET enable_progress_bar = false")
start = time.perf_counter()
duckdb.execute(f"CREATE TABLE facts AS {dict(plain=plain, ours=ours)[sys.argv[1]]}")
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
        ratios, others, walls, peaks = [], [], [], []
        for run in range(given.runs):
            plain, facts = (
                float(timed([sys.executable, "-c", BARE, which, str(path)])[2])
                for which in ("plain", "ours")
            )
            wall, peak, _ = timed(
                [sys.executable, "-m", "reltype", "classify", str(path), "-o", str(out), "--quiet"]
            )
            ratios.append(wall / plain)
            others.append(wall / facts)
            walls.append(wall)
            peaks.append(peak)
            print(
                f"run {run + 1}: DuckDB alone {plain:.2f} s, with reltype's SQL {facts:.2f} s, "
                f"reltype {wall:.2f} s, ratio {wall / plain:.2f} ({wall / facts:.2f}), "
                f"peak {peak:.2f} GB",
                flush=True,
            )
        print(
            f"ratio: median {statistics.median(ratios):.2f}, {min(ratios):.2f} … {max(ratios):.2f} "
            f"(with reltype's SQL {statistics.median(others):.2f}, "
            f"{min(others):.2f} … {max(others):.2f}); "
            f"wall median {statistics.median(walls):.2f} s; peak {max(peaks):.2f} GB"
        )


if __name__ == "__main__":
    main()

"""How well `vader(text)` agrees with the stars that the same people gave.

python agreement.py reviews.jsonl …    # JSON lines with reviewerID, reviewText and overall (1…5)
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from reltype.engines.duckdb import DuckDB
from reltype.plugins import load
from reltype.plugins.knowledge import Knowledge
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

import reltype_sentiment

if TYPE_CHECKING:
    import duckdb
    import numpy as np

READ = "columns={reviewerID: 'VARCHAR', reviewText: 'VARCHAR', overall: 'DOUBLE'}"
LEAST = 3


def scored(path: str) -> tuple[duckdb.DuckDBPyConnection, float]:
    """The file's reviews, each with its score, in a table `reviews`; and the seconds it took."""
    engine = DuckDB.connect(threads=1)
    knowledge = Knowledge.of(load(reltype_sentiment, only=()))
    engine.register(knowledge.functions, knowledge.plugins)
    connection = engine.reader
    rows = f"read_json('{path}', format='newline_delimited', {READ})"
    connection.execute(f"CREATE TABLE raw AS SELECT DISTINCT * FROM {rows}")
    start = time.perf_counter()
    connection.execute("CREATE TABLE reviews AS SELECT *, vader(reviewText) AS v FROM raw")
    return connection, time.perf_counter() - start


def agreement(path: str) -> dict[str, float]:
    """Counts, correlations and areas under the curve for one file."""
    connection, seconds = scored(path)

    def columns(sql: str) -> list[np.ndarray]:
        return list(connection.execute(sql).fetchnumpy().values())

    total = connection.execute("SELECT count(*), count(reviewText) FROM reviews").fetchall()[0]
    stars, mood = columns("SELECT overall, v FROM reviews WHERE v IS NOT NULL")
    clear = stars != 3
    felt, said = columns(
        "SELECT avg(v) AS v, avg(overall) AS o FROM reviews GROUP BY reviewerID "
        f"HAVING count(v) >= {LEAST}"
    )
    made = {
        "reviews": total[0],
        "with a feeling": len(mood),
        "Spearman, per review": spearmanr(mood, stars).statistic,
        "AUC, 4-5 against 1-2 stars": roc_auc_score(stars[clear] > 3, mood[clear]),
        f"customers with {LEAST} or more": len(felt),
        "Spearman, per customer": spearmanr(felt, said).statistic,
        "texts per second": total[1] / seconds,
    }
    for star in range(1, 6):
        made[f"mean at {star} stars"] = mood[stars == star].mean()
    return made


if __name__ == "__main__":
    for path in sys.argv[1:]:
        print(path)
        for name, value in agreement(path).items():
            print(f"  {name:<28}{value:>10,.3f}")

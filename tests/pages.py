"""Pages that the report's tests read: of the coffee bar, and of strangers with hostile names."""

import datetime as dt
from pathlib import Path

import pyarrow as pa

import reltype
from reltype.definitions.sections import Section

COFFEE = Path(__file__).parents[1] / "examples" / "coffee-bar.csv"

HOSTILE = (
    "</script><script>window.hacked=1</script>",
    "<img src=x onerror=window.hacked=1>",
    "\u202egpj.exe",
    "=cmd|' /C calc'!A0",
    "bell\x07and\x1b[31mred",
    "{{ 7 * 7 }}{% raw %}",
    "\"quoted\" & 'apostrophe'",
    "007",
    "--><svg onload=window.hacked=1>",
    "javascript:window.hacked=1",
    "Ωμέγα עברית 客户",
)
"""Ids of customers that a page must show as text, and never run."""

REGIONS = ("<b>North</b>", "South & East", "=1+1", "</table>", "\u202eWest")


def hostile_log():
    """A log of customers so called: enough of each that they are read."""
    rows = []
    for i, name in enumerate(HOSTILE):
        for k in range(6 + i):
            day = dt.datetime(2024, 1, 3, tzinfo=dt.UTC) + dt.timedelta(days=(7 + i) * k)
            rows.append(
                {"customer_id": name, "timestamp": day, "kind": "purchase", "value": 5.0 + i}
            )
            if (i + k) % 3 == 0:
                rows.append(
                    {
                        "customer_id": name,
                        "timestamp": day,
                        "kind": "review",
                        "rating": 1 + (i + k) % 5,
                    }
                )
        rows.append({"customer_id": name, "timestamp": day, "kind": "complaint"})
    return pa.Table.from_pylist(
        rows,
        schema=pa.schema(
            [
                ("customer_id", pa.string()),
                ("timestamp", pa.timestamp("us")),
                ("kind", pa.string()),
                ("value", pa.float64()),
                ("rating", pa.int64()),
            ]
        ),
    )


def hostile_table():
    """Where they live: a customer table with a column that reltype has no word for."""
    return pa.table(
        {
            "customer_id": list(HOSTILE),
            "since": [dt.date(2023, 1, 1)] * len(HOSTILE),
            "<i>region</i>": [REGIONS[i % len(REGIONS)] for i in range(len(HOSTILE))],
        }
    )


def hostile_sections():
    """What a stranger's plugin says."""
    table = pa.table({"<u>head</u>": [HOSTILE[0], None, "=2+2"], "n": [1.5, 2.0, None]})
    return [Section("<h1>Found</h1>", "First <b>bold</b>.\n\nThen " + HOSTILE[1], table)]


def hostile():
    """Their relationships."""
    return reltype.classify(hostile_log(), customers=hostile_table())


def write(found, folder, name, **options):
    """A page as a file."""
    path = Path(folder, name)
    found.report(path, **options)
    return path

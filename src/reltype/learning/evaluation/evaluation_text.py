"""Evaluation in words and tables, and as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import pyarrow as pa

from reltype.definitions.archetypes import UNCLASSIFIED
from reltype.formats.printing import folded
from reltype.formats.table import aligned as aligned_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reltype.learning.evaluation.figures import Figures

RELIABLE = ("customers", "stated", "right", "from")
RISK = ("min_confidence", "coverage", "risk", "macro_f1")


WIDTH = 80


def text(made: Figures) -> str:
    """Everything in words and tables, for a terminal of eighty columns."""
    parts = [*_parts(made), *(f"Note: {note}" for note in made.notes)]
    return "\n\n".join(part if "\n" in part else "\n".join(folded(part, WIDTH)) for part in parts)


def aligned(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table that fits a terminal."""
    return aligned_table(head, rows, width=WIDTH)


def _parts(made: Figures) -> list[str]:
    low, high = made.macro_f1_interval
    parts = [
        (
            f"macro-F1 {made.macro_f1:.3f} ({low:.3f} … {high:.3f}) on {len(made):,} labelled "
            f"customers; {made.coverage:.1%} were named something, {made.accuracy:.1%} the right "
            "thing."
        ),
        _per_class(made),
        _confusion(made),
        (
            f"Probabilities: log-loss {made.log_loss:.3f}, Brier {made.brier:.3f}, "
            f"expected calibration error {_figure(made.calibration_error)}."
        ),
        aligned(
            ("stated confidence", "customers", "mean stated", "share right"),
            [
                (f"{edge:.1f} … {edge + 0.1:.1f}", int(n), _figure(stated), _figure(right))
                for n, stated, right, edge in made.reliability
                if n
            ],
        ),
        "What --min-confidence would give:",
        aligned(
            ("min_confidence", "named", "wrong of those", "macro-F1"),
            [
                (f"{t:.2f}", f"{c:.1%}", _percent(r), _figure(f))
                for t, c, r, f in made.coverage_risk
            ],
        ),
    ]
    return parts + _rules(made) + _against(made) + _groups(made)


def table(made: Figures) -> pa.Table:
    """A row per archetype: `customers`, and each figure with the ends of its 95 % interval.

    Null where a figure has no meaning, as precision has none where nobody was named so.
    """
    rows = []
    for name, row in made.per_class.items():
        flat: dict[str, Any] = {"archetype": name, "customers": row["customers"]}
        for figure in ("precision", "recall", "f1"):
            low, high = row[f"{figure}_interval"]
            flat |= {figure: row[figure], f"{figure}_low": low, f"{figure}_high": high}
        rows.append(flat)
    types = {"archetype": pa.string(), "customers": pa.int64()}
    return pa.Table.from_pylist(
        rows, schema=pa.schema([(c, types.get(c, pa.float64())) for c in rows[0]])
    )


def plain(made: Figures) -> dict[str, Any]:
    """Everything as plain numbers, lists and dicts; null where a figure has no meaning."""
    return {
        "customers": len(made),
        "macro_f1": _plain(made.macro_f1),
        "macro_f1_interval": [_plain(x) for x in made.macro_f1_interval],
        "accuracy": made.accuracy,
        "coverage": made.coverage,
        "log_loss": made.log_loss,
        "brier": made.brier,
        "calibration_error": _plain(made.calibration_error),
        "per_class": made.per_class,
        "confusion": {
            name: dict(zip([*made.archetypes, UNCLASSIFIED], map(int, row), strict=True))
            for name, row in zip(made.archetypes, made.confusion, strict=True)
        },
        "reliability": _rows(RELIABLE, made.reliability),
        "coverage_risk": _rows(RISK, made.coverage_risk),
        "rules": [attrs.asdict(rule) for rule in made.rules],
        "against": attrs.asdict(made.against) if made.against else None,
        "groups": [{**attrs.asdict(g), "flags": list(g.flags)} for g in made.groups],
        "notes": list(made.notes),
    }


def _per_class(made: Figures) -> str:
    def with_ends(row: dict[str, Any], name: str) -> str:
        low, high = row[f"{name}_interval"]
        if row[name] is None or low is None:
            return "-"
        return f"{row[name]:.2f} ({low:.2f}–{high:.2f})"

    return aligned(
        ("archetype", "customers", "precision", "recall", "F1"),
        [
            (name, row["customers"], *(with_ends(row, n) for n in ("precision", "recall", "f1")))
            for name, row in made.per_class.items()
        ],
    )


def _confusion(made: Figures) -> str:
    return aligned(
        ("is \\ was named", *made.archetypes, UNCLASSIFIED),
        [(name, *map(int, row)) for name, row in zip(made.archetypes, made.confusion, strict=True)],
    )


def _rules(made: Figures) -> list[str]:
    rows = [
        (
            r.name,
            r.archetype,
            r.fired,
            f"{r.right / r.fired:.2f} ({r.low:.2f}–{r.high:.2f})",
            f"{r.base:.2f}",
        )
        for r in made.rules
        if r.fired
    ]
    silent = [r.name for r in made.rules if not r.fired]
    told = [aligned(("rule", "for", "fired on", "right", "by chance"), rows)] if rows else []
    return told + (
        [f"Rules that fired on no labelled customer: {', '.join(silent)}."] if silent else []
    )


def _against(made: Figures) -> list[str]:
    if (a := made.against) is None:
        return []
    return [
        f"Against {a.column!r} ({a.segments} segments, {a.customers:,} customers):",
        aligned(
            ("", a.column, "reltype"),
            [
                ("adjusted mutual information with the labels", _figure(a.shared), _figure(a.ours)),
                (
                    "macro-F1 (segments named after their majority, cross-validated)",
                    _figure(a.macro_f1),
                    _figure(a.ours_macro_f1),
                ),
            ],
        ),
    ]


def _groups(made: Figures) -> list[str]:
    if not made.groups:
        return []
    rows = []
    for g in made.groups:
        if g.macro_f1 is None:
            rows.append((g.value, "fewer than 10", "", "", "", ""))
            continue
        low, high = g.interval or (np.nan, np.nan)
        rows.append(
            (
                g.value,
                f"{g.customers}",
                f"{_figure(g.macro_f1)} ({_figure(low)}–{_figure(high)})",
                _figure(g.gap, "+.2f"),
                _percent(g.unclassified),
                "; ".join(g.flags),
            )
        )
    header = ("group", "customers", "macro-F1", "against the others", UNCLASSIFIED, "look at")
    return [aligned(header, rows)]


def _rows(names: Sequence[str], table: Iterable[Iterable[float]]) -> list[dict[str, float | None]]:
    return [dict(zip(names, map(_plain, row), strict=True)) for row in table]


def _figure(value: float | None, form: str = ".3f") -> str:
    return "-" if value is None or np.isnan(value) else format(value, form)


def _percent(value: float | None) -> str:
    return _figure(value, ".1%")


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else float(value)

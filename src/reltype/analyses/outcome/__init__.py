"""Outcome: what became of those who were acted on, against those who were left alone.

They differ by a draw alone, so what they differ in by more than chance is what acting did.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from attrs import evolve, frozen

from reltype.analyses.everybody import needing
from reltype.analyses.journal import append
from reltype.analyses.outcome.compared import BETTER, UNKNOWN, WORSE, Compared, Comparison
from reltype.analyses.outcome.measures import FEATURES, Measure, measures, parts
from reltype.analyses.outcome.page import page
from reltype.analyses.outcome.planned import Planned, planned
from reltype.api import open_inputs
from reltype.errors import InputError
from reltype.formats import BUILTIN, Format, write
from reltype.learning.intervals import difference_of_means, difference_of_shares, needed

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

FIRST = "came back"
ALPHA, FIRST_ALPHA = 0.04, 0.03
"""How often anything at all is found where nothing is (intervals of few customers err by a little, so
that 5 in 100 are kept to), and how much of that goes to the first
comparison: who came back, over all benefits. The others share what is left evenly, and all of it
where the first finds something (a fallback procedure, Wiens 2003)."""
PERMUTATIONS = 1999
LEAST = 2
"""Customers in a group below which nothing is compared."""
POINTS = 0.1
"""The rise of a share for which it is told how many customers it would take."""


@frozen(eq=False)
class Outcome(Compared):
    """What became of a plan.

    Attributes:
        since: The plan's day.
        as_of: The day up to which was looked.
        acted, held_out: Customers of each group who are compared.
        comparisons: All benefits together first, then each.
        benefits: Those of the plan whose customers are compared.
        plan: What the plan is called in a journal; empty where its rows do not say it.
        notes: What was left out, or cannot be said.
    """

    def to_arrow(self) -> pa.Table:
        """A row for each comparison."""
        number, count = pa.float64(), pa.int64()
        types = dict.fromkeys(("acted", "held_out", "difference", "low", "high", "level"), number)
        types |= dict.fromkeys(("n_acted", "n_held_out", "more"), count) | {"share": pa.bool_()}
        names = [a.name for a in Comparison.__attrs_attrs__]
        schema = pa.schema([(name, types.get(name, pa.string())) for name in names])
        return pa.Table.from_pylist(self.rows, schema=schema)

    def to_pandas(self) -> Any:  # noqa: ANN401  a pandas DataFrame
        """A row for each comparison as a pandas DataFrame; needs `reltype[pandas]`."""
        return self.to_arrow().to_pandas()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def __str__(self) -> str:
        return page(self)

    def to_dict(self) -> dict[str, Any]:
        """What `--format json` prints."""
        return {
            "since": self.since.isoformat(),
            "as_of": self.as_of.isoformat(),
            "plan": self.plan or None,
            "acted": self.acted,
            "held_out": self.held_out,
            "comparisons": self.rows,
            "notes": list(self.notes),
        }

    def write(
        self,
        path: str | Path,
        format: str | None = None,  # noqa: A002
        formats: Iterable[Format] = BUILTIN,
    ) -> None:
        """Write a row for each comparison, whole or not at all."""
        table = self.to_arrow()
        write(table.schema, table.to_batches(), path, format, formats)


def outcome(
    plan: Any,  # noqa: ANN401  what `plan` gave, a path, a frame or a list of dicts
    data: object = None,
    *,
    journal: str | Path | None = None,
    **options: Any,  # noqa: ANN401
) -> Outcome:
    """What became of those acted on, against those held out, since the plan's day.

    Args:
        plan: What `reltype.plan` gave, or the file that `reltype plan -o` wrote.
        data: What `reltype.classify` takes: a log that reaches beyond the plan's day.
        journal: A `journal.jsonl` to which the outcome is added: the next plan that is given it
            weighs its benefits by what was measured.
        options: Further options of `reltype.classify`.

    Raises:
        InputError: The plan or the data cannot be read or understood, or the data end before the
            plan's day.

    Example:
        >>> import reltype
        >>> from reltype.simulate import simulate
        >>> log = simulate("coffee bar", customers=200).interactions
        >>> made = reltype.plan(log, capacity={"service": 40}, holdout=0.3, as_of="2024-09-30")
        >>> reltype.outcome(made, log).comparisons[0].verdict
        'cannot tell'
    """
    made = planned(plan)
    opened = open_inputs(data, **options)
    known = opened.plan.catalogue.features
    opened = needing(opened, [("", name) for name in FEATURES if name in known])
    run = opened.run()
    if not run.population.logs:
        raise InputError(
            "An outcome needs a log: a customer table does not say what was done since."
        )
    last = run.scales.as_of
    if last <= made.day:
        raise InputError(
            f"The plan is of {made.day}, and the data end on {last}: there is nothing to see yet."
        )
    if made.day <= run.scales.log_start:
        raise InputError(
            f"The plan is of {made.day}, and the data begin on {run.scales.log_start}: give the log "
            "that the plan was made from, too."
        )
    found = compared(made, measures(run, made), last)
    if journal is not None:
        append(journal, [entry(found)])
    return found


def compared(made: Planned, looked: list[Measure], last: dt.date) -> Outcome:
    """Compare the groups of a plan by what was looked at."""
    notes = []
    there = np.zeros(len(made.customers), bool)
    for one in looked:
        there |= np.isfinite(one.values)
    if not there.all():
        notes.append(
            f"{int((~there).sum()):,} customers of the plan are not in the data, and are not compared"
        )
    drawn = ~made.gate & there
    if (made.gate & there).any():
        notes.append(
            f"{int((made.gate & there).sum()):,} customers had something broken; nobody of them could be "
            "held out, and they are not compared"
        )
    acted, aside = drawn & ~made.held_out, drawn & made.held_out
    if not aside.any():
        notes.append(
            "nobody was held out: what acting did cannot be told from what would have been anyway; "
            "plan with --holdout 10%"
        )
    names = sorted({b for b, mine in zip(made.benefits, drawn, strict=True) if mine})
    pairs = [
        (benefit, mine, one)
        for benefit, mine in parts(made, names).items()
        for one in looked
        if not (benefit and len(names) == 1)
    ]
    others = max(len(pairs) - 1, 1)
    first = next((p for p in pairs if not p[0] and p[2].name == FIRST), None)
    made_first = None
    if first is not None:
        made_first = _comparison("", first[2], acted, aside, 1 - FIRST_ALPHA)
    passed_on = made_first is not None and made_first.verdict != UNKNOWN
    level = 1 - (ALPHA if passed_on else ALPHA - FIRST_ALPHA) / others
    comparisons = tuple(
        made_first
        if made_first is not None and not benefit and one.name == FIRST
        else _comparison(benefit, one, acted & mine, aside & mine, level)
        for benefit, mine, one in pairs
    )
    return Outcome(
        made.day,
        last,
        int(acted.sum()),
        int(aside.sum()),
        comparisons,
        tuple(names),
        made.id,
        tuple(notes),
    )


def _comparison(
    benefit: str,
    one: Measure,
    acted: NDArray[np.bool_],
    aside: NDArray[np.bool_],
    level: float,
) -> Comparison:
    first, second = (one.values[group & np.isfinite(one.values)] for group in (acted, aside))
    counts = len(first), len(second)
    mean, other = (float(v.mean()) if len(v) else None for v in (first, second))
    made = Comparison(
        benefit, one.name, one.share, mean, other, *counts, None, None, None, level, UNKNOWN, None
    )
    if min(counts) < LEAST or mean is None or other is None:
        return made
    if one.share:
        low, high = difference_of_shares(
            float(first.sum()), counts[0], float(second.sum()), counts[1], level
        )
        likely = True
    else:
        low, high = difference_of_means(first, second, level)
        likely = bool(low > 0 or high < 0) and _permuted(first, second) <= 1 - level
    found = BETTER if low > 0 else WORSE if high < 0 else UNKNOWN
    told = found if likely else UNKNOWN
    gap = mean - other
    more = None
    if told == UNKNOWN and one.share:
        then = mean if abs(gap) >= 0.005 else min(other + POINTS, 1.0)
        wanted = needed(other, then, level=level)
        more = None if wanted is None else max(wanted - min(counts), 1)
    return evolve(
        made,
        difference=gap,
        low=low if np.isfinite(low) else None,
        high=high if np.isfinite(high) else None,
        verdict=told,
        more=more,
    )


def _permuted(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """How often a draw alone makes the means differ as much: groups of few and skewed numbers."""
    rng = np.random.default_rng(0)
    both = np.concatenate([first, second])
    seen = abs(first.mean() - second.mean()) - 1e-12
    total, few = both.sum(), min(len(first), len(second))
    as_far = 0
    for _ in range(PERMUTATIONS):
        part = rng.permutation(both)[:few].sum()
        as_far += abs(part / few - (total - part) / (len(both) - few)) >= seen
    return (1 + as_far) / (1 + PERMUTATIONS)


def entry(found: Outcome) -> dict[str, Any]:
    """What a journal keeps of an outcome: who came back, for each benefit with both groups."""
    kept = []
    only = found.benefits[0] if len(found.benefits) == 1 else ""
    for one in found.comparisons:
        if one.measure != FIRST or one.difference is None:
            continue
        shares = [
            ((one.acted or 0) * one.n_acted + 1, one.n_acted + 2),
            ((one.held_out or 0) * one.n_held_out + 1, one.n_held_out + 2),
        ]
        error = np.sqrt(sum(k / n * (1 - k / n) / n for k, n in shares))
        kept.append({
            "benefit": only or one.benefit, "acted": one.n_acted, "held_out": one.n_held_out,
            "came_back_acted": one.acted, "came_back_held_out": one.held_out,
            "difference": one.difference, "error": round(float(error), 9),
            "low": one.low, "high": one.high, "level": one.level, "verdict": one.verdict,
        })  # fmt: skip
    return {
        "entry": "outcome",
        "plan": found.plan,
        "since": found.since.isoformat(),
        "as_of": found.as_of.isoformat(),
        "acted": found.acted,
        "held_out": found.held_out,
        "benefits": kept,
    }


__all__ = ["Comparison", "Outcome", "outcome"]

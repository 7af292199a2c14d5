"""Page: a track in at most forty lines of eighty columns."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from reltype.analyses.tracking import FEW
from reltype.formats.printing import columns, printable

if TYPE_CHECKING:
    from reltype.analyses.tracking import Track
    from reltype.analyses.tracking.matrices import Matrix

WIDTH = 80
SHOWN = 6
DAYS = 5


def page(found: Track) -> str:
    """The mix day by day, where each state leads, and who moved."""
    lines = [*_mix(found), "", *_leads(found), "", *_movers(found)]
    return "\n".join(_fitting(line) for line in lines)


def _fitting(line: str) -> str:
    """A line, cut with an ellipsis where it is too long."""
    return line.rstrip() if columns(line) <= WIDTH else f"{line[: WIDTH - 1].rstrip()}…"


def _mix(found: Track) -> list[str]:
    days = found.days[-DAYS:]
    rows = [
        (state, [found.mix[day][state] for day in days])
        for state in found.mix[days[-1]]
        if state != "new" and any(found.mix[day][state] for day in days)
    ]
    total = [max(sum(counts[i] for _, counts in rows), 1) for i in range(len(days))]
    head = f"{'Share of customers as of':26}" + "".join(f"{f'{day:%d %b %y}':>10}" for day in days)
    return [
        head,
        *(
            f"  {state:24}" + "".join(f"{n / total[i]:>10.1%}" for i, n in enumerate(counts))
            for state, counts in rows
        ),
        f"  {'customers':24}" + "".join(f"{n:>10,}" for n in total),
    ]


def _leads(found: Track) -> list[str]:
    labelled, true = found.matrices["labelled"], found.matrices["corrected"]
    lines = ["Of those in a state, how many are there a step later (90 % interval):"]
    lines.append(f"  {'':24}{'as labelled':>18}{'corrected':>18}   half-life, next")
    for i, state in enumerate(labelled.states):
        if labelled.steps[i] >= FEW and state != "new":
            life, then = true.half_life(state), true.next(state)
            more = "" if life is None else f"   {_steps(life)}"
            more += f", {then}" if more and then and true.shares[i].max() < 0.995 else ""
            lines.append(f"  {state:24}{_cell(labelled, i):>18}{_cell(true, i):>18}{more}")
    if len(lines) == 2:
        return ["Too few steps to say where any state leads."]
    return [
        *lines,
        "Corrected: what labels would show if they did not err; errors by the posterior.",
    ]


def _steps(life: float) -> str:
    if life < 1:
        return "under 1 step"
    return f"{life:.0f} steps" if life < 100 else "100+ steps"


def _cell(matrix: Matrix, i: int) -> str:
    share, low, high = matrix.shares[i, i], matrix.low[i, i], matrix.high[i, i]
    if np.isnan(share):
        return ""
    return f"{share:.0%} ({low:.0%}–{high:.0%})"


def _movers(found: Track) -> list[str]:
    movers = found.movers.sort_by([("as_of", "descending"), ("customer_id", "ascending")])
    if not movers.num_rows:
        return ["Nobody moved by more than the noise of the readings explains."]
    lines = [f"{movers.num_rows:,} moves beyond what noise explains; the latest:"]
    for row in movers.slice(0, SHOWN).to_pylist():
        told = f"{printable(row['customer_id'])}, by {row['as_of']:%-d %b %Y}: {row['because']}."
        lines += textwrap.wrap(told, WIDTH - 2, initial_indent="  ", subsequent_indent="    ")[:2]
    return lines

"""Conversations: whom to talk to first, why, about what, and who should."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc
from attrs import frozen

from reltype.arrow import doubles, numbers, text
from reltype.reporting.attention import ENDED, first_priority, order

if TYPE_CHECKING:
    from reltype.arrow import Floats
    from reltype.reporting.page.subject import Subject

MOST = 12
"""How many are named: what one person can do in a week."""


@frozen
class Conversation:
    """One customer to talk to.

    Attributes:
        place: In the result.
        kind: The archetype, or `unclassified`.
        certainty: Of that; empty where nobody is named.
        status: `active`, `lapsing`, …; empty where nobody can tell.
        fact: What speaks most for the archetype; empty where nothing is told.
        why: Alarms, and why this benefit.
        benefit: What to cultivate.
        action: The first thing to do for it.
        question: What to ask.
        role: Who owns it.
    """

    place: int
    kind: str
    certainty: str
    status: str
    fact: str
    why: str
    benefit: str
    action: str
    question: str
    role: str


def conversations(subject: Subject, most: int = MOST) -> tuple[Conversation, ...]:
    """Whom `attention` puts first; nobody who has left, nor of whom there is nothing to say.

    Of the unclassified only those with an alarm or a broken must-be.
    """
    ranked = order(subject.table)
    urgent = urgency(subject)[ranked]
    named = subject.named[ranked] < len(subject.plan.archetypes)
    chosen = ranked[(urgent > 0) & (named | (urgent >= 1))][:most]
    known = {one.name: one for one in subject.plan.benefits}
    made = []
    wanted = ["archetype", "certainty", "status", "alarms", "reasons", "benefits"]
    rows = subject.table.select(wanted).take(numbers(chosen.astype(np.int64))).to_pylist()
    because = {flag.name: flag.because for flag in subject.plan.typology.alarms}
    for place, row in zip(chosen.tolist(), rows, strict=True):
        best = row["benefits"][0] if row["benefits"] else None
        benefit = known.get(best["name"]) if best else None
        reasons = [
            f"alarm: {name}" + (f" ({because[name]})" if _plain(because.get(name, "")) else "")
            for name in row["alarms"]
        ]
        reasons += [best["because"]] if best and best["because"] else []
        made.append(
            Conversation(
                place,
                row["archetype"],
                row["certainty"] or "",
                row["status"] or "",
                row["reasons"][0]["text"] if row["reasons"] else "",
                "; ".join(reasons),
                best["name"] if best else "",
                benefit.actions[0] if benefit and benefit.actions else "",
                benefit.questions[0] if benefit and benefit.questions else "",
                benefit.role if benefit else "",
            )
        )
    return tuple(made)


def urgency(subject: Subject) -> Floats:
    """(n,) the priority of the first benefit, and 1 more for an alarm; 0 for who has left.

    A benefit whose must-be is broken has 1 more of its own (see `scoring.priorities`).
    """
    made = np.nan_to_num(first_priority(subject.table.column("benefits").combine_chunks()))
    alarms = subject.table.column("alarms").combine_chunks()
    made += np.nan_to_num(doubles(pc.list_value_length(alarms))) > 0
    status = subject.table.column("status").combine_chunks()
    return np.where(doubles(pc.equal(status, text(ENDED))) == 1, 0.0, made)


def _plain(because: str) -> bool:
    return bool(because) and "{" not in because

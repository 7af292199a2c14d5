"""Notebook: what a notebook shows of a result and of one relationship."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reltype.formats.html import listed, paragraph, table
from reltype.reporting.summary_text import head, spoken, standing_out

if TYPE_CHECKING:
    from reltype.reporting.pictures import Picture
    from reltype.reporting.summary import Summary

SHOWN = 10
"""Customers of a result that a notebook shows."""


def of_result(summary: Summary, picture: Picture, rows: list[dict[str, Any]], count: int) -> str:
    """A result: the mix, what stands out, the first customers.

    Args:
        summary: What was found.
        picture: The mix.
        rows: The first rows of the result.
        count: How many there are.
    """
    summary = spoken(summary)
    cells = [
        [
            row["customer_id"],
            row["archetype"],
            row["certainty"] or row["unclassified_because"],
            f"{row['confidence']:.0%}",
            row["status"],
            "; ".join(reason["text"] for reason in row["reasons"][:2]),
            "; ".join(benefit["name"] for benefit in row["benefits"][:2]),
            "; ".join(row["alarms"]),
        ]
        for row in rows
    ]
    heads = ["customer", "archetype", "certainty", "confidence", "status", "reasons", "cultivate"]
    more = f"… and {count - len(rows):,} more." if count > len(rows) else ""
    return "".join(
        [
            paragraph(" ".join(head(summary))),
            picture.draw(False),
            listed(standing_out(summary)[:6]),
            table([*heads, "alarms"], cells),
            paragraph(more),
        ]
    )


def of_one(one: Any) -> str:  # noqa: ANN401  a Relationship: a room above
    """One relationship: its name, why, what speaks against, what to cultivate, the readings."""
    named = f"{one.archetype} ({one.confidence:.0%}{f', {one.certainty}' if one.certainty else ''})"
    facts = [
        ["archetype", named],
        *([["no name because", one.unclassified_because]] if one.unclassified_because else []),
        *([["status", one.status]] if one.status else []),
        *([["alarms", "; ".join(one.alarms)]] if one.alarms else []),
        *(["why" if not i else "", reason.text] for i, reason in enumerate(one.reasons)),
        *(["against" if not i else "", reason.text] for i, reason in enumerate(one.against)),
        *(
            ["cultivate" if not i else "", f"{benefit.name}: {benefit.because}"]
            for i, benefit in enumerate(one.benefits)
        ),
    ]
    readings = [
        [name, "not seen" if value is None else f"{value:.2f}", f"{one.evidence[name]:.0%}"]
        for name, value in one.readings.items()
    ]
    return table(["customer", one.customer_id], facts) + table(
        ["dimension", "reading, 0 to 1", "how much was seen"], readings
    )

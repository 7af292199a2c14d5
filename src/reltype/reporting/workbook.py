"""Workbook: a result for people: summary, customers, a list for each team, definitions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
from attrs import define, field

from reltype.arrow import numbers
from reltype.definitions.archetypes import UNCLASSIFIED
from reltype.formats.xlsx import Links, Sheet, write_sheets
from reltype.reporting.attention import first_benefit, order, worth_a_look
from reltype.reporting.summary_text import head, spoken, standing_out

if TYPE_CHECKING:
    from reltype.reporting.layout import Layout
    from reltype.reporting.summary import Summary
    from reltype.scoring.plan import Plan

MONDAY = 100
"""Customers on the list of a team."""

COLOURS = {"sure": "#cfe6f5", "likely": "#e3edcf", "tentative": "#f8e3c8"}
"""Certainty → background; the cell names it too."""

WIDTHS = {
    "customer_id": 18,
    "archetype": 26,
    "certainty": 11,
    "confidence": 11,
    "reasons": 70,
    "against": 40,
    "benefits": 46,
    "status": 10,
    "unclassified_because": 30,
    "alarms": 18,
    "rank": 6,
    "benefit": 32,
    "why": 50,
    "action": 60,
    "question": 50,
    "fact": 60,
}
"""Widths of columns in letters; others are as wide as their heads."""

CUSTOMERS_SHEET = "customers"
"""The sheet of a row per customer, among those of a workbook."""


def write(
    layout: Layout,
    batches: Iterable[pa.RecordBatch],
    summary: Callable[[], Summary],
    plan: Plan,
    stream: IO[bytes],
) -> None:
    """Write a result as a workbook.

    Args:
        layout: The columns of the customers' sheet.
        batches: The result with all its columns and those carried along; read once.
        summary: Gives the summary once all batches were read.
        plan: What was known: owners of benefits, definitions.
        stream: Where to.

    Raises:
        OutputError: More rows or columns than a sheet holds.
    """
    rows = list(definitions(plan))
    places = {row["name"]: f"'definitions'!B{i}" for i, row in enumerate(rows, 2)}
    teams = Teams(plan, tuple(f.name for f in layout.carry.fields) if layout.carry else ())
    schema = layout.schema
    by_archetype = {name: Links("archetype", places) for name in ("archetype", "reasons")}
    customers = Sheet(
        CUSTOMERS_SHEET,
        schema,
        (batch.select(schema.names) for batch in teams.watched(batches)),
        _widths(schema),
        styles={"confidence": "percent", **dict.fromkeys((*by_archetype, "benefits"), "link")},
        links={**by_archetype, "benefits": Links("benefits", places)},
        colours={"certainty": COLOURS},
    )
    write_sheets(
        [
            _summary(summary, plan),
            customers,
            *(_team(teams, role, places) for role in teams.roles),
            Sheet(
                "definitions",
                _DEFINED,
                [pa.RecordBatch.from_pylist(rows, _DEFINED)],
                (14, 34, 80, 50, 14, 16, 60, 60),
                styles=dict.fromkeys(("definition", "source", "actions", "questions"), "wrap"),
            ),
        ],
        stream,
    )


@define
class Teams:
    """Who is first on the list of each team: the owner of a customer's first benefit."""

    plan: Plan
    carried: tuple[str, ...] = ()
    first: dict[str, pa.Table] = field(factory=dict)
    counts: dict[str, int] = field(factory=dict)

    @property
    def roles(self) -> list[str]:
        """The teams, in the order of their benefits."""
        return list(dict.fromkeys(benefit.role for benefit in self.plan.benefits))

    def watched(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """*batches*, each looked at as it passes."""
        for batch in batches:
            self.add(batch)
            yield batch

    def add(self, batch: pa.RecordBatch) -> None:
        """Keep those of a batch who come first on a list."""
        owners = {benefit.name: benefit.role for benefit in self.plan.benefits}
        table = pa.Table.from_batches([batch])
        table = table.append_column("benefit", first_benefit(batch.column("benefits")))
        table = table.filter(pc.and_(worth_a_look(batch), pc.is_valid(table.column("benefit"))))
        for role in self.roles:
            mine = pa.array([name for name, owner in owners.items() if owner == role], pa.string())
            theirs = table.filter(pc.is_in(table.column("benefit"), value_set=mine))
            self.counts[role] = self.counts.get(role, 0) + theirs.num_rows
            kept = [self.first[role]] if role in self.first else []
            both = pa.concat_tables([*kept, theirs.take(numbers(order(theirs)[:MONDAY]))])
            self.first[role] = both.take(numbers(order(both)[:MONDAY]))

    def rows(self, role: str) -> list[dict[str, Any]]:
        """The list of a team."""
        known = {benefit.name: benefit for benefit in self.plan.benefits}
        found = self.first[role].to_pylist() if role in self.first else []
        made = []
        for rank, row in enumerate(found, 1):
            benefit = known[row["benefit"]]
            made.append(
                {
                    "rank": rank,
                    "customer_id": row["customer_id"],
                    **{name: row[name] for name in self.carried},
                    "benefit": benefit.name,
                    "why": row["benefits"][0]["because"],
                    "action": benefit.actions[0] if benefit.actions else "",
                    "question": benefit.questions[0] if benefit.questions else "",
                    "archetype": row["archetype"],
                    "certainty": row["certainty"],
                    "status": row["status"],
                    "alarms": "; ".join(row["alarms"]),
                    "fact": row["reasons"][0]["text"] if row["reasons"] else "",
                }
            )
        return made


def _team(teams: Teams, role: str, places: Mapping[str, str]) -> Sheet:
    names = [*_TEAM[:2], *teams.carried, *_TEAM[2:]]
    schema = pa.schema([(name, pa.int64() if name == "rank" else pa.string()) for name in names])

    def batches() -> Iterator[pa.RecordBatch]:
        rows = [
            {
                name: value if name == "rank" or value is None else str(value)
                for name, value in row.items()
            }
            for row in teams.rows(role)
        ]
        yield pa.RecordBatch.from_pylist(rows, schema)
        more = teams.counts.get(role, 0) - len(rows)
        if more > 0:
            told = {"customer_id": f"… {more:,} more, in the sheet customers"}
            yield pa.RecordBatch.from_pylist([told], schema)
        elif not rows:
            told = {"customer_id": "nobody has a first benefit that this team owns"}
            yield pa.RecordBatch.from_pylist([told], schema)

    return Sheet(
        role,
        schema,
        batches(),
        _widths(schema),
        late=True,
        styles={"benefit": "link", "archetype": "link"},
        links={"benefit": Links("benefit", places), "archetype": Links("archetype", places)},
        colours={"certainty": COLOURS},
    )


_TEAM = (
    "rank",
    "customer_id",
    "benefit",
    "why",
    "action",
    "question",
    "archetype",
    "certainty",
    "status",
    "alarms",
    "fact",
)


def _summary(summary: Callable[[], Summary], plan: Plan) -> Sheet:
    levels = sorted(plan.typology.certainty, key=lambda level: -level.at_least)
    shares = ["share", "from", "to", *(level.name for level in levels)]
    schema = pa.schema([("summary", pa.string()), *((name, pa.float64()) for name in shares)])

    def batches() -> Iterator[pa.RecordBatch]:
        rows = list(summary_rows(summary()))
        yield pa.RecordBatch.from_pylist(
            [{name: row.get(name) for name in schema.names} for row in rows], schema
        )

    return Sheet(
        "summary",
        schema,
        batches(),
        (90, *(9.0 for _ in shares)),
        late=True,
        styles={"summary": "wrap", **dict.fromkeys(shares, "percent")},
        sorted_by_reader=False,
    )


def summary_rows(found: Summary) -> Iterator[dict[str, Any]]:
    """What the words beside a run say, a sentence or an archetype a row."""
    found = spoken(found)
    yield {"summary": " ".join(head(found))}
    for name, share in found.archetypes.items():
        low, high = found.intervals.get(name, (None, None))
        held = found.certainty.get(name, {})
        yield {"summary": name, "share": share, "from": low, "to": high, **held}
    for reason, share in found.unclassified.items():
        yield {"summary": f"{UNCLASSIFIED}: {reason}", "share": share}
    yield {"summary": "from … to: 95 % interval, were these a random sample of many (Wilson 1927)"}
    yield from _said("What stands out", standing_out(found))
    yield from _said(
        "What to do",
        [
            f"{one.benefit} ({one.owner}), first for {one.customers:,}: {one.action}"
            for one in found.advice
        ],
    )
    yield from _said("What is odd about the input", found.warnings)


def _said(heading: str, sentences: Sequence[str]) -> Iterator[dict[str, Any]]:
    if sentences:
        yield {}
        yield {"summary": heading}
        yield from ({"summary": sentence} for sentence in sentences)


_DEFINED = pa.schema(
    [
        (name, pa.string())
        for name in (
            "what",
            "name",
            "definition",
            "source",
            "owner",
            "horizon",
            "actions",
            "questions",
        )
    ]
)


def definitions(plan: Plan) -> Iterator[dict[str, str]]:
    """What every name in the workbook means."""
    for archetype in plan.archetypes:
        yield {
            "what": "archetype",
            "name": archetype.name,
            "definition": archetype.summary,
            "source": archetype.source,
        }
    nobody = "Nobody is named: too little was seen, none fits, or two cannot be told apart."
    yield {"what": "archetype", "name": UNCLASSIFIED, "definition": nobody}
    for level in sorted(plan.typology.certainty, key=lambda level: -level.at_least):
        told = f"The name's posterior is {level.at_least:.0%} or more."
        yield {"what": "certainty", "name": level.name, "definition": told}
    for flag in plan.typology.alarms:
        yield {"what": "alarm", "name": flag.name, "definition": flag.because or flag.when}
    for flag in plan.typology.status:
        yield {"what": "status", "name": flag.name, "definition": flag.because or flag.when}
    for dimension in plan.dimensions:
        yield {
            "what": "dimension",
            "name": dimension.name,
            "definition": f"From {dimension.low} to {dimension.high}. {dimension.summary}",
            "source": dimension.source,
        }
    for benefit in plan.benefits:
        yield {
            "what": "benefit",
            "name": benefit.name,
            "definition": benefit.definition,
            "source": benefit.source,
            "owner": benefit.role,
            "horizon": benefit.horizon,
            "actions": "\n".join(benefit.actions),
            "questions": "\n".join(benefit.questions),
        }


def _widths(schema: pa.Schema) -> list[float]:
    return [WIDTHS.get(name, min(40, len(name) + 6)) for name in schema.names]

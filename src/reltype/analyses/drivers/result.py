"""Result: what drives an outcome, as values, as the JSON that other programs read, and in words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from reltype.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from reltype.analyses.drivers.codes import Proposal
    from reltype.analyses.drivers.intervals import Difference
    from reltype.analyses.drivers.performance import Cross, Performance
    from reltype.analyses.drivers.topics import Bundle, Topic
    from reltype.definitions.sections import Section

NO_CAUSE = (
    "A share says what goes with the outcome among those who answered, not what would follow if "
    "something were changed."
)
CHANCE = 0.05
"""Probability of so great an R² by chance from which nothing is reported."""


@frozen
class Driver:
    """What an attribute, or a group of them, stands for.

    Attributes:
        name: As the survey calls it.
        share: Its LMG share of R², ≥ 0; all shares sum to R² (less what always stays in).
        low: Where the 95 % interval of `share` begins.
        high: Where it ends.
        error: Standard error of `share` where orders were drawn, beyond 23 attributes; else 0.
        relative_weight: Johnson's relative weight.
        first: R² of it alone.
        last: What R² loses without it.
        pratt: Pratt's β·r.
        car: Its squared CAR score.
        correlation: With the outcome, −1…1; None for a group.
        likely_first: In what share of the replicates it has the most.
        line: What noise of as many columns would get; a share below is not told from noise.
        performance: How well it does; None where it has no scale.
    """

    name: str
    share: float
    low: float
    high: float
    error: float
    relative_weight: float
    first: float
    last: float
    pratt: float
    car: float
    correlation: float | None
    likely_first: float
    line: float
    performance: Performance | None = None

    @property
    def sign(self) -> str:
        """`+` or `-`, of the raw correlation; empty for a group."""
        if self.correlation is None or self.correlation == 0:
            return ""
        return "+" if self.correlation > 0 else "-"


@frozen
class Drivers:
    """What drives an outcome.

    Attributes:
        outcome: What was asked about.
        rows: How many rows were used.
        rows_read: How many there are.
        complete: How many have every answer.
        treatment: `listwise`, `em` or `multiple`: what was done about missing answers.
        weighted: Whether rows have weights.
        size: Kish's effective number of rows.
        r2: R² of everything, 0…1.
        low: Where its 95 % interval begins.
        high: Where it ends.
        adjusted: R² less what chance gives; None where there are too few rows.
        always: What always stays in → R² of it alone.
        drivers: Name → what it stands for, in the order of the question.
        noise: The share that the greatest of as many columns of noise passes in 1 of 50 cases.
        chance: The probability of so great an R² where nothing has to do with the outcome.
        differences: Every pair of shares, the greater first.
        alike: Runs, in the order of shares, of which no two can be told apart.
        weak: Why the evidence is weak; empty where it is not.
        cross: Mean share and mean level, where the quadrants meet; None without levels.
        replicates: How often respondents were drawn anew.
        notes: What was assumed or left out, in sentences.
        codes: Numbers that may mean no answer.
        by: Value of a column → the same of its rows alone.
        small: Values whose rows are too few, with their number.
        topics: Attribute → the relational benefit, or kind of one, that it speaks of.
        benefits: Benefit → what its attributes stand for together, the greatest first.
        kinds: The same of functional, socio-emotional and clinical or technical ones.
        causal_warning: Why none of this is a cause.
    """

    outcome: str
    rows: int
    rows_read: int
    complete: int
    treatment: str
    weighted: bool
    size: float
    r2: float
    low: float
    high: float
    adjusted: float | None
    always: Mapping[str, float]
    drivers: Mapping[str, Driver]
    noise: float
    chance: float
    differences: tuple[Difference, ...] = field(repr=False)
    alike: tuple[tuple[str, ...], ...]
    weak: tuple[str, ...]
    cross: Cross | None
    replicates: int
    notes: tuple[str, ...] = ()
    codes: tuple[Proposal, ...] = ()
    by: Mapping[str, Drivers] = field(factory=dict, repr=False)
    small: Mapping[str, int] = field(factory=dict)
    topics: Mapping[str, Topic] = field(factory=dict)
    benefits: Mapping[str, Bundle] = field(factory=dict)
    kinds: Mapping[str, Bundle] = field(factory=dict)
    causal_warning: str = NO_CAUSE

    def __getitem__(self, name: str) -> Driver:
        return self.drivers[name]

    @property
    def ranked(self) -> list[Driver]:
        """The drivers, the greatest first."""
        return sorted(self.drivers.values(), key=lambda d: (-d.share, d.name))

    @property
    def reported(self) -> list[Driver]:
        """Those that are told from noise, the greatest first; none where R² itself may be chance."""
        if self.chance >= CHANCE:
            return []
        return [driver for driver in self.ranked if driver.share > driver.line]

    def section(self) -> Section:
        """As a part of the report: `found.report(path, sections=[…])`."""
        from reltype.analyses.sections import of_document

        return of_document(self.document())

    def document(self) -> dict[str, Any]:
        """The result as JSON has it: a contract, see docs/drivers.md."""
        each = self.drivers
        return {
            "outcome": self.outcome,
            "r2": self.r2,
            "rows": self.rows,
            "lmg": {name: d.share for name, d in each.items()},
            "relative_weights": {name: d.relative_weight for name, d in each.items()},
            "first": {name: d.first for name, d in each.items()},
            "last": {name: d.last for name, d in each.items()},
            "noise": self.noise,
            "intervals": {name: [d.low, d.high] for name, d in each.items()},
            "pratt": {name: d.pratt for name, d in each.items()},
            "car": {name: d.car for name, d in each.items()},
            "correlations": {name: d.correlation for name, d in each.items()},
            "signs": {name: d.sign for name, d in each.items()},
            "standard_errors": {name: d.error for name, d in each.items()},
            "first_probability": {name: d.likely_first for name, d in each.items()},
            "reported": [d.name for d in self.reported],
            "alike": [list(run) for run in self.alike],
            "differences": [
                {
                    "first": d.first,
                    "second": d.second,
                    "difference": d.value,
                    "interval": [d.low, d.high],
                }
                for d in self.differences
            ],
            "r2_interval": [self.low, self.high],
            "r2_adjusted": self.adjusted,
            "chance": self.chance,
            "always": dict(self.always),
            "weak": bool(self.weak),
            "weak_because": list(self.weak),
            "missing": self.treatment,
            "rows_read": self.rows_read,
            "rows_complete": self.complete,
            "effective_rows": self.size,
            "replicates": self.replicates,
            "performance": {
                name: {
                    "mean": d.performance.mean,
                    "scale": list(d.performance.scale),
                    "level": d.performance.level,
                    "interval": [d.performance.low, d.performance.high],
                    "quadrant": d.performance.quadrant,
                    "probability": d.performance.sure,
                }
                for name, d in each.items()
                if d.performance is not None
            },
            "lines": None
            if self.cross is None
            else {"importance": self.cross.importance, "level": self.cross.level},
            "benefits_of": {name: t.benefit or t.kind for name, t in self.topics.items()},
            "benefits": {name: _bundle(bundle) for name, bundle in self.benefits.items()},
            "kinds": {name: _bundle(bundle) for name, bundle in self.kinds.items()},
            "dont_know": [
                {"code": c.code, "columns": list(c.columns), "count": c.count, "take": c.taken}
                for c in self.codes
            ],
            "notes": list(self.notes),
            "warning": self.causal_warning,
            **(
                {"by": {value: one.document() for value, one in self.by.items()}} if self.by else {}
            ),
            **({"too_few": dict(self.small)} if self.small else {}),
        }

    def table(self) -> pa.Table:
        """A row for each driver of the whole and of each part, the greatest first."""
        import pyarrow as pa

        parts = {"": self, **self.by}
        rows = [
            {
                **({"part": value} if self.by else {}),
                "attribute": d.name,
                "share": d.share,
                "low": d.low,
                "high": d.high,
                "share_of_explained": d.share / one.r2 if one.r2 else None,
                "relative_weight": d.relative_weight,
                "first": d.first,
                "last": d.last,
                "pratt": d.pratt,
                "car": d.car,
                "correlation": d.correlation,
                "first_probability": d.likely_first,
                "noise": d.line,
                "reported": d in one.reported,
                "mean": d.performance.mean if d.performance else None,
                "level": d.performance.level if d.performance else None,
                "quadrant": d.performance.quadrant if d.performance else None,
                "benefit": self.topics[d.name].benefit if d.name in self.topics else None,
            }
            for value, one in parts.items()
            for d in one.ranked
        ]
        return pa.Table.from_pylist(rows)

    def to_pandas(self) -> pd.DataFrame:
        """The table as a pandas DataFrame; needs `reltype[pandas]`."""
        return self.table().to_pandas()

    def text(self) -> str:
        """The result in words and a table, at most 80 columns wide."""
        from reltype.analyses.drivers.words import text

        return text(self)

    def svg(self, part: str | None = None) -> str:
        """The quadrants as an SVG picture: importance upwards, performance to the right.

        Args:
            part: One of `by`; None: the whole.

        Raises:
            UsageError: There is no such part, or no attribute has a level.
        """
        from reltype.analyses.drivers.plot import svg

        if part is not None and part not in self.by:
            raise UsageError(f"there is no part {part!r}; there are: {', '.join(self.by)}.")
        return svg(self if part is None else self.by[part], part)

    def draw(self, path: str | Path) -> list[Path]:
        """Write the picture there, and that of each part beside it, its name before the ending.

        Raises:
            UsageError: No attribute has a level.
        """
        from reltype import formats

        first = Path(path)
        made = {first: self.svg()}
        for part, one in self.by.items():
            if one.cross is not None:
                name = re.sub(r"[^\w.-]+", "-", part).strip("-.") or "part"
                beside = first.with_name(f"{first.stem}-{name}{first.suffix}")
                while beside in made:
                    beside = beside.with_name(f"{beside.stem}-2{beside.suffix}")
                made[beside] = self.svg(part)
        for file, text in made.items():
            with formats.destination(file) as stream:
                stream.write(text.encode())
        return list(made)

    def write(self, path: str | Path, format: str | None = None) -> None:  # noqa: A002
        """Write it whole or not at all: `.json` the document, `.svg` the picture, else the table.

        Raises:
            UsageError: No format has that ending or name.
        """
        from reltype import formats

        ending = (format or Path(path).suffix.removeprefix(".")).lower()
        if ending in {"json", "svg"}:
            made = self.svg() if ending == "svg" else json.dumps(self.document(), indent=2)
            with formats.destination(path) as stream:
                stream.write(f"{made}\n".encode())
            return
        table = self.table()
        formats.write(table.schema, table.to_batches(), path, format)


def _bundle(bundle: Bundle) -> dict[str, Any]:
    return {
        "share": bundle.share,
        "interval": [bundle.low, bundle.high],
        "attributes": list(bundle.attributes),
        "weight": bundle.weight,
        "reported": bundle.reported,
    }

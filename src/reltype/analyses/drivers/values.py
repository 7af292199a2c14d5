"""Shares as values: what each attribute stands for, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from attrs import field, frozen

if TYPE_CHECKING:
    from reltype.analyses.drivers.codes import Proposal
    from reltype.analyses.drivers.intervals import Difference
    from reltype.analyses.drivers.performance import Cross, Performance
    from reltype.analyses.drivers.topics import Bundle, Topic

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
class Shares:
    """What drives an outcome, as values: `Drivers` says what each attribute is."""

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
    by: Mapping[str, Shares] = field(factory=dict, repr=False)
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


def _bundle(bundle: Bundle) -> dict[str, Any]:
    return {
        "share": bundle.share,
        "interval": [bundle.low, bundle.high],
        "attributes": list(bundle.attributes),
        "weight": bundle.weight,
        "reported": bundle.reported,
    }

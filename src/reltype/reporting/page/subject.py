"""Subject: what a page speaks of, as arrays: a result, and what is known of it besides."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from attrs import define, field

from reltype.arrow import doubles
from reltype.definitions.archetypes import UNCLASSIFIED
from reltype.definitions.phrases import PLAIN, Units, slots
from reltype.reporting.page.formatting import readable
from reltype.reporting.page.packing import encoded
from reltype.scoring import columns as col

if TYPE_CHECKING:
    from reltype.arrow import Floats, Ints
    from reltype.definitions.sections import Section
    from reltype.reporting.page.names import Names
    from reltype.reporting.page.timelines import Timelines
    from reltype.reporting.rules import RuleReport
    from reltype.reporting.summary import Summary
    from reltype.scoring.plan import Plan


@define(frozen=True, slots=False)
class Subject:
    """A result, and what is known of it besides.

    Attributes:
        table: The result, sorted by customer.
        plan: The typology, its dimensions and benefits.
        names: What archetypes and customers are called here.
        as_of: The day of the relationships; None where the result does not say.
        summary: Rows, warnings, what would help; None for a result of which the data are not at hand.
        facts: A row per customer as in *table*, every feature by its name; None likewise.
        timelines: How much happened when; None likewise, and without a log.
        rules: What each rule does; empty likewise.
        groups: Column of the customers' table → the text in it, a row per customer as in *table*.
        sections: What others say: analyses and plugins.
        units: Currency and the scales of ratings.
    """

    table: pa.Table = field(repr=False)
    plan: Plan = field(repr=False)
    names: Names = field(repr=False)
    as_of: dt.date | None = None
    summary: Summary | None = None
    facts: pa.Table | None = field(default=None, repr=False)
    timelines: Timelines | None = field(default=None, repr=False)
    rules: tuple[RuleReport, ...] = ()
    groups: Mapping[str, pa.Array] = field(factory=dict, repr=False)
    sections: tuple[Section, ...] = ()
    units: Units = PLAIN

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """The archetypes' names, `unclassified` last."""
        return (*(one.name for one in self.plan.archetypes), UNCLASSIFIED)

    @cached_property
    def named(self) -> Ints:
        """(n,) which of `kinds` each customer is."""
        phrases, codes = encoded(self.table.column("archetype"))
        at = {name: i for i, name in enumerate(self.kinds)}
        return np.array([at.get(p, len(at) - 1) for p in phrases], np.int64)[codes]

    @cached_property
    def posterior(self) -> Floats:
        """(n, kinds) how likely each customer is each."""
        return self._matrix([col.posterior(kind) for kind in self.kinds])

    @cached_property
    def likeliest(self) -> Ints:
        """(n, 2) the likeliest archetype and the next, named or not; twice the same of one."""
        order = np.argsort(-self.posterior[:, :-1], axis=1, kind="stable")
        return np.stack([order[:, 0], order[:, min(1, order.shape[1] - 1)]], axis=1)

    @cached_property
    def odds(self) -> Floats:
        """(n,) log of how much likelier the likeliest archetype is than the next."""
        best = np.take_along_axis(self.posterior, self.likeliest, 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.log(best[:, 0]) - np.log(best[:, 1])
        return np.asarray(np.clip(np.nan_to_num(found, posinf=99.0), 0.0, 99.0))

    @cached_property
    def readings(self) -> Floats:
        """(n, dimensions) readings, 0…1; NaN where not seen."""
        return self._matrix([col.reading(one.name) for one in self.plan.dimensions])

    @cached_property
    def evidence(self) -> Floats:
        """(n, dimensions) how much of each was seen, 0…1."""
        return self._matrix([col.evidence(one.name) for one in self.plan.dimensions])

    @cached_property
    def confidence(self) -> Floats:
        """(n,) how likely the name is, 0…1."""
        return doubles(self.table.column("confidence"))

    @cached_property
    def levels(self) -> tuple[str, ...]:
        """Degrees of certainty, the highest first."""
        known = sorted(self.plan.typology.certainty, key=lambda level: -level.at_least)
        return tuple(level.name for level in known)

    @cached_property
    def certainty(self) -> Ints:
        """(n,) which of `levels` each name has; their number where there is none."""
        phrases, codes = encoded(self.table.column("certainty"))
        at = {name: i for i, name in enumerate(self.levels)}
        return np.array([at.get(p, len(at)) for p in phrases], np.int64)[codes]

    @cached_property
    def spoken(self) -> frozenset[str]:
        """The facts that say something to people: those of which sentences to people speak.

        A log gives a hundred figures; most are terms of sums.
        """
        plan = self.plan
        sentences = [rule.because for rule in plan.rules]
        sentences += [flag.because for flag in plan.typology.alarms]
        named = {name for signal in plan.signals for said in signal.says for name in said.mentions}
        named |= {name for sentence in sentences for name in slots(sentence)}
        features = plan.catalogue.features
        return frozenset(n for n in named if n in features and readable(features[n]))

    def fact(self, name: str) -> Floats:
        """(n,) a feature as numbers: days from 1970, truths as 0 and 1; NaN where not seen."""
        assert self.facts is not None  # noqa: S101  who asks has looked
        column = self.facts.column(name)
        if pa.types.is_date(column.type):
            column = column.cast(pa.int32())
        if pa.types.is_string(column.type):  # `ended`: a day or yes
            said = column.is_valid().combine_chunks()
            return doubles(said)
        return doubles(column)

    def _matrix(self, columns: list[str]) -> Floats:
        if not columns:
            return np.empty((len(self), 0))
        return np.stack([doubles(self.table.column(name)) for name in columns], axis=1)

"""Standards: what was wanted of relationships, held against what they are.

Control, as the sources have it: set standards, measure, compare, determine deviations, correct; on
valid and achievable criteria, with somebody who owns outcome and process.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from attrs import evolve, field, frozen

from reltype.analyses.everybody import day_of, everybody, needing, vocabulary
from reltype.analyses.journal import append
from reltype.analyses.sections import of_document
from reltype.analyses.standards.actions import Action, actions
from reltype.analyses.standards.days import days_of, step_back
from reltype.analyses.standards.finding import Finding
from reltype.analyses.standards.measure import LEVEL, Measure, Measured, verdict
from reltype.analyses.standards.page import page
from reltype.analyses.standards.reach import Reach, reach
from reltype.api import open_inputs
from reltype.definitions.archetypes import UNCLASSIFIED
from reltype.definitions.standards import Standard
from reltype.definitions.standards import standards as read_standards
from reltype.errors import UsageError, did_you_mean
from reltype.expressions import parse
from reltype.formats import BUILTIN, Format, write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from reltype.analyses.everybody import Everybody
    from reltype.api import Opened
    from reltype.definitions.sections import Section
    from reltype.scoring.run import Run

MET, MISSED, UNKNOWN = "met", "missed", "cannot tell"


@frozen(eq=False)
class Review:
    """All standards, and how things stand with them.

    Attributes:
        as_of: The day on which everybody was read; None where nothing says one.
        findings: In the order of the standards.
        level: Of each interval, so that all together are right in 95 of 100 reviews.
        notes: What was assumed, or cannot be said.
        formats: The ways out that `write` knows.
    """

    as_of: dt.date | None
    findings: tuple[Finding, ...]
    level: float
    notes: tuple[str, ...] = field(default=(), repr=False)
    formats: Iterable[Format] = field(default=BUILTIN, repr=False)

    @property
    def missed(self) -> tuple[Finding, ...]:
        """The standards that are missed for sure."""
        return tuple(found for found in self.findings if found.verdict == MISSED)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """A dict for each standard, flat enough for a table."""
        made = []
        for found in self.findings:
            row = found.to_dict()
            row["of"], row["tell"] = " to ".join(row["of"]), "; ".join(row["tell"])
            row["actions"] = "; ".join(f"{a.benefit} ({a.role})" for a in found.actions)
            row["achievable"] = None if found.reach is None else found.reach.told
            made.append({"as_of": self.as_of, **row})
        return made

    def to_arrow(self) -> pa.Table:
        """A row for each standard."""
        number = {"value", "low", "high", "deviation", "at_least", "at_most"}
        types = dict.fromkeys(number, pa.float64())
        types |= {"as_of": pa.date32(), "customers": pa.int64()}
        fields = [(name, types.get(name, pa.string())) for name in self.rows[0]]
        return pa.Table.from_pylist(self.rows, schema=pa.schema(fields))

    def to_pandas(self) -> Any:  # noqa: ANN401  a pandas DataFrame
        """A row for each standard as a pandas DataFrame; needs `reltype[pandas]`."""
        return self.to_arrow().to_pandas()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def __str__(self) -> str:
        return page(self.as_of, self.findings)

    def to_dict(self) -> dict[str, Any]:
        """What `--format json` prints."""
        return {
            "as_of": None if self.as_of is None else self.as_of.isoformat(),
            "level": self.level,
            "standards": [found.to_dict() for found in self.findings],
            "notes": list(self.notes),
        }

    def section(self) -> Section:
        """As a part of the report: `found.report(path, sections=[…])`."""
        return of_document(self.to_dict())

    def write(self, path: str | Path, format: str | None = None) -> None:  # noqa: A002
        """Write a row for each standard, whole or not at all."""
        table = self.to_arrow()
        write(table.schema, table.to_batches(), path, format, self.formats)


def review(
    data: object = None,
    *,
    standards: Sequence[Mapping[str, Any] | Standard] | None = None,
    journal: str | Path | None = None,
    **options: Any,  # noqa: ANN401
) -> Review:
    """Hold the customers in *data* against standards, and propose what would correct deviations.

    Args:
        data: What `reltype.classify` takes.
        standards: Each a dict with the keys of `[[standards]]`; None: those of the config.
        journal: A `journal.jsonl` to which standards and deviations are added; None: none.
        options: Further options of `reltype.classify`.

    Raises:
        ConfigError: A standard has an unknown key, or speaks of what is not there.
        InputError: The data cannot be read or understood.
        UsageError: There is no standard.

    Example:
        >>> import reltype
        >>> from reltype.simulate import simulate
        >>> log = simulate("coffee bar", customers=60).interactions
        >>> asked = [{"share": "committed partnership", "at_least": 0.9}]
        >>> reltype.review(log, standards=asked).findings[0].verdict
        'missed'
    """
    opened = open_inputs(data, **options)
    wanted = (
        read_standards(standards) if standards is not None else opened.settings.config.standards
    )
    cut = opened.plan.cut
    kept = tuple(
        one
        for one in wanted
        if (not cut.roles or one.owner in cut.roles)
        and (not cut.horizons or one.horizon in cut.horizons)
    )
    if wanted and not kept:
        raise UsageError(f"None of the {len(wanted)} standards is owned by {cut}.")
    wanted = kept
    if not wanted:
        place = opened.settings.config.path or "reltype.toml"
        raise UsageError(
            f"{place} has no [[standards]]; write one, such as share = "
            '"committed partnership", at_least = 0.4 (docs/standards.md).'
        )
    opened = needing(
        opened,
        [
            (one.complain(key, "").args[0].removesuffix(": "), text)
            for one in wanted
            for key, text in _expressions(one)
        ],
    )
    for one in wanted:
        _known(one, opened)
    found = reviewed(opened.run(), wanted)
    if journal is not None:
        append(journal, [entry(one, found.as_of) for one in found.findings])
    return found


def _expressions(one: Standard) -> list[tuple[str, str]]:
    """The expressions of a standard, each with its key."""
    found = [("where", one.where)] if one.where else []
    return [*found, ("mean", one.what[0])] if one.kind == "mean" else found


def reviewed(run: Run, wanted: Sequence[Standard]) -> Review:
    """The review of a run whose plan measures all of which *wanted* speak."""
    days = days_of(wanted, run.scales, log=bool(run.population.logs))
    level = 1 - (1 - LEVEL) / len(wanted)
    texts = [text for one in wanted for _, text in _expressions(one)]
    with everybody(run, days, texts) as people:
        measure = Measure.of(people, wanted, level)
        findings = tuple(_finding(people, measure, one) for one in wanted)
    notes = []
    if len(wanted) > 1:
        notes.append(
            f"each interval is at {level:.4g}, so that all {len(wanted)} standards together are "
            "judged rightly in 95 of 100 reviews (Bonferroni)"
        )
    if not run.population.logs:
        notes.append(
            "a customer table alone has no history: nothing is said of moves, or of before"
        )
    return Review(day_of(run), findings, level, tuple(notes), run.formats)


def _finding(people: Everybody, measure: Measure, one: Standard) -> Finding:
    day = people.run.scales.as_of
    found = measure.at(one, day)
    told = verdict(one, found)
    made = Finding(
        one,
        found.value,
        found.low,
        found.high,
        found.customers,
        told,
        _deviation(one, found),
        found.note,
    )
    if told == MET or not found.customers:
        return made
    # What may be kept, and looks so, asks for nothing to be done.
    proposed = actions(people.run.plan, one, measure.state_of(one, day)) if made.deviation else ()
    reached = None if one.kind == "none" else reach(measure, one, day)
    return evolve(made, actions=proposed, reach=reached)


def _deviation(one: Standard, found: Measured) -> float | None:
    if found.value is None:
        return None
    low = 0.0 if one.kind == "none" else one.at_least
    high = 0.0 if one.kind == "none" else one.at_most
    if low is not None and found.value < low:
        return found.value - low
    if high is not None and found.value > high:
        return found.value - high
    return 0.0


def _known(one: Standard, opened: Opened) -> None:
    """Raise ConfigError where a standard speaks of what is not there."""
    plan = opened.plan
    functions, kinds = plan.catalogue.functions, vocabulary(plan, opened.inputs)
    if one.where:
        where = one.complain("where", "where").args[0]
        parse(one.where, where=where, columns=kinds, functions=functions, gives="bool")
    if one.kind == "mean":
        where = one.complain("mean", "mean").args[0]
        parse(one.what[0], where=where, columns=kinds, functions=functions, gives="number")
        return
    archetypes = [a.name for a in plan.archetypes]
    flags = [flag.name for flag in (*plan.typology.status, *plan.typology.alarms)]
    others = [] if one.kind == "moves" else [*flags, UNCLASSIFIED]
    for name in one.what:
        if name not in {*archetypes, *others}:
            kind = "archetype" if one.kind == "moves" else "archetype, status or alarm"
            hint = did_you_mean(name, [*archetypes, *others])
            raise one.complain(one.kind, f"{name!r} is no {kind} of {plan.typology.name}.{hint}")
    if one.kind == "moves":
        step_back(one, dt.date(2000, 1, 1))


def entry(found: Finding, day: dt.date | None) -> dict[str, Any]:
    """What a journal keeps of a finding."""
    told = found.to_dict()
    kept = [
        "name",
        "kind",
        "of",
        "where",
        "at_least",
        "at_most",
        "value",
        "low",
        "high",
        "customers",
        "verdict",
        "deviation",
        "owner",
        "horizon",
        "tell",
    ]
    kind = "deviation" if found.verdict == MISSED else "standard"
    return {
        "entry": kind,
        "as_of": None if day is None else day.isoformat(),
        **{key: told[key] for key in kept},
    }


__all__ = ["Action", "Finding", "Reach", "Review", "review"]

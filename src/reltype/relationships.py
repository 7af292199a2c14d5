"""Relationships: what was read of all customers. Relationship: of one, for a person to read."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

from attrs import define, field, frozen

from reltype.definitions.archetypes import UNCLASSIFIED
from reltype.definitions.sections import section_of
from reltype.errors import InputError, UsageError, did_you_mean
from reltype.explaining.customer import explain
from reltype.formats import write_text
from reltype.learning.evaluation import evaluate
from reltype.reporting import facts, grouping, notebook, output, pictures
from reltype.reporting.by_group import CORRECTIONS
from reltype.reporting.carried import check
from reltype.reporting.layout import Carried, Layout
from reltype.reporting.page import html
from reltype.reporting.page.gathering import of_result, of_run
from reltype.reporting.summary import Tally, summarise
from reltype.scoring import columns as col

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from reltype.definitions.sections import Section, Sectioned
    from reltype.explaining.explanation import Explanation
    from reltype.learning.evaluation import Evaluation
    from reltype.learning.evaluation.labels import Given
    from reltype.reporting.by_group import ByGroup, Correction
    from reltype.reporting.page.subject import Subject
    from reltype.reporting.pictures import Picture
    from reltype.reporting.summary import Summary
    from reltype.scoring.run import Run


@frozen
class Reason:
    """A fact that spoke for the archetype, or against it.

    Attributes:
        text: The fact, with its unit, and what is usual here.
        contribution: What it adds to the log-odds of the likeliest archetype over the next one:
            above 0 for it, below 0 against it. All facts and the base rates together make
            log(p of the likeliest / p of the next).
    """

    text: str
    contribution: float


@frozen
class Suggestion:
    """A benefit to cultivate with this customer, and why; `priority` ranks within a run."""

    name: str
    priority: float
    because: str


@frozen
class Relationship:
    """What was read of one customer.

    Attributes:
        customer_id: As in the input.
        archetype: A name of the typology, or `unclassified`.
        confidence: Its posterior, 0…1.
        scores: Posterior by archetype, `unclassified` last; they sum to 1.
        readings: Dimension → reading 0…1; None where not seen.
        evidence: Dimension → how much of it was seen, 0…1.
        reasons: What spoke for it against the next likeliest, the strongest first.
        against: What spoke for the next likeliest, if it is more than a trifle.
        benefits: What to cultivate, the most promising first.
        status: `active`, `lapsing`, `dormant`; None where nobody can tell.
        unclassified_because: Why there is no archetype; None where there is one.
        alarms: What somebody should look at.
        certainty: How far the name can be trusted: `tentative`, `likely` or `sure`; None where
            there is none.
    """

    customer_id: str
    archetype: str
    confidence: float
    scores: Mapping[str, float]
    readings: Mapping[str, float | None]
    evidence: Mapping[str, float]
    reasons: tuple[Reason, ...]
    against: tuple[Reason, ...]
    benefits: tuple[Suggestion, ...]
    status: str | None
    unclassified_because: str | None
    alarms: tuple[str, ...]
    certainty: str | None

    def _repr_html_(self) -> str:
        return notebook.of_one(self)


@frozen
class Plots:
    """Pictures of a result: a notebook shows them, `save` writes SVG, PNG or PDF.

    Attributes:
        found: The result.
    """

    found: Relationships

    def mix(self, *, slide: bool = False, title: str = "", alias: bool = False) -> Picture:
        """Shares of the archetypes, with 95 % intervals and how sure the names are.

        Args:
            slide: 16 to 9, with large letters.
            title: What stands above.
            alias: Call archetypes by their neutral names.
        """
        return pictures.mix(self._subject(alias), slide=slide, title=title)

    def map(self, x: str = "", y: str = "", *, title: str = "", alias: bool = False) -> Picture:
        """Customers on two dimensions: those that tell most, or *x* to the right and *y* upwards.

        Raises:
            UsageError: There is no such dimension, or no two were seen.
        """
        return pictures.map_of(self._subject(alias), x, y, title=title)

    def profile(self, who: str, *, title: str = "", alias: bool = False) -> Picture:
        """An archetype, or a customer, on every dimension, beside all customers.

        Raises:
            UsageError: *who* is neither.
        """
        return pictures.profile(self._subject(alias), who, title=title)

    def waterfall(self, customer_id: str, *, title: str = "") -> Picture:
        """What one customer's score is made of: contributions that add up.

        Raises:
            UsageError: There is no such customer.
        """
        subject = self._subject(alias=False)
        return pictures.waterfall(subject, customer_id, self.found.run, title=title)

    def timeline(self, customer_id: str, *, title: str = "") -> Picture:
        """One customer's contacts by day.

        Raises:
            UsageError: No log was read.
            InputError: It holds nothing of such a customer.
        """
        return pictures.timeline(self.found.run, customer_id, title=title)

    def _subject(self, alias: bool) -> Subject:
        return of_result(self.found.run, self.found.table, alias=alias)


@define(slots=False)
class Relationships:
    """The result table of a run, and the run itself for questions about one customer.

    It has `len`, iterates over `Relationship`s, and speaks the Arrow C stream protocol, so that
    polars, pandas, DuckDB and others read it as it is.
    """

    table: pa.Table = field(repr=False)
    run: Run = field(repr=False)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __iter__(self) -> Iterator[Relationship]:
        for batch in self.table.to_batches():
            for row in batch.to_pylist():
                yield self._relationship(row)

    def __contains__(self, customer_id: object) -> bool:
        return customer_id in self._rows

    def __getitem__(self, customer_id: str) -> Relationship:
        """The relationship with one customer. Raises InputError if there is no such customer."""
        return self._relationship(self.table.slice(self._row(customer_id), 1).to_pylist()[0])

    def __repr__(self) -> str:
        return f"<Relationships: {len(self)} customers as of {self.run.scales.as_of}>"

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)

    def summary(self) -> Summary:
        """Shares per archetype, rows used and rejected, what each signal saw, warnings."""
        tally = Tally()
        for batch in self.table.to_batches():
            tally.add(batch)
        return summarise(self.run, tally)

    def explain(self, customer_id: str) -> Explanation:
        """Contributions that add up, missing inputs, near misses, and what would flip it.

        Raises:
            InputError: There is no such customer.
        """
        self._row(customer_id)

        return explain(self.run, customer_id)

    @overload
    def facts(self) -> pa.Table: ...

    @overload
    def facts(self, customer_id: str) -> dict[str, Any]: ...

    def facts(self, customer_id: str | None = None) -> pa.Table | dict[str, Any]:
        """What was counted, before anything was judged: of one customer, or of all.

        Args:
            customer_id: Whose; None: a table with a row per customer, sorted as the result is.

        Returns:
            Every feature by its name: days as dates, counts as whole numbers, None (null) where
            it was not seen.

        Raises:
            InputError: There is no such customer.
        """
        if customer_id is None:
            return self._facts
        row: dict[str, Any] = self._facts.slice(self._row(customer_id), 1).to_pylist()[0]
        return row

    @cached_property
    def _facts(self) -> pa.Table:
        # The log is grouped once more, as a run measures only what its typology asks for.
        return facts.table(self.run.population.measuring_all)

    def evaluate(
        self,
        labels: Any,  # noqa: ANN401  a path, a frame or a dict
        *,
        against: str | None = None,
        by: str | None = None,
    ) -> Evaluation:
        """How far this agrees with what people say of some customers.

        Args:
            labels: A file, a frame or a dict with `customer_id` and `archetype`.
            against: A column of the labels that holds a segmentation to compare with.
            by: A column of the labels to break the figures down by.

        Raises:
            InputError: The labels cannot be used, or speak of nobody here.
        """
        return evaluate(self, labels, against=against, by=by)

    def to_arrow(self) -> pa.Table:
        """The result as a pyarrow Table, sorted by customer."""
        return self.table

    def to_pandas(self) -> pd.DataFrame:
        """The result as a pandas DataFrame; needs `reltype[pandas]`."""
        try:
            import pandas as pd  # noqa: F401
        except ImportError as error:
            raise UsageError("pandas is not there: pip install 'reltype[pandas]'.") from error
        return self.table.to_pandas()

    def to_polars(self) -> pl.DataFrame:
        """The result as a polars DataFrame; needs `reltype[polars]`."""
        try:
            import polars as pl
        except ImportError as error:
            raise UsageError("polars is not there: pip install 'reltype[polars]'.") from error
        return pl.DataFrame(self.table)

    def write(
        self,
        path: Path | str,
        format: str | None = None,  # noqa: A002
        *,
        columns: str | None = None,
        carry: str | Sequence[str] = (),
    ) -> None:
        """Write the result whole or not at all, in the format of the ending or of *format*.

        Args:
            path: Where to.
            format: In place of the path's ending.
            columns: `people`: the columns that people read; `all`: those that programs read. None:
                `people` for XLSX, which is then a workbook with a summary, the customers, a list
                for each team, and definitions; `all` for all else.
            carry: Columns of the customers' table (or of a log) to put behind the id, such as `["region"]`.

        Raises:
            UsageError: No format, choice or column is called so, or the path is a file that was
                read.
        """
        self._apart(path)
        output.write(self.run, self.table.to_batches(), path, format, columns=columns, carry=carry)

    @property
    def plot(self) -> Plots:
        """Pictures to show in a notebook and to save: `mix`, `map`, `profile`, `waterfall`, `timeline`."""
        return Plots(self)

    def _repr_html_(self) -> str:
        rows = self.table.slice(0, notebook.SHOWN).to_pylist()
        return notebook.of_result(self.summary(), self.plot.mix(), rows, len(self))

    def report(
        self,
        path: Path | str,
        *,
        by: str | Sequence[str] = (),
        sections: Iterable[Section | Sectioned] = (),
        title: str = "",
        alias: bool = False,
        redact: bool = False,
    ) -> None:
        """Write a page of HTML for people: one file that opens offline and asks nothing of anybody.

        Needs `reltype[report]`. The same result gives the same bytes.

        Args:
            path: Where to; `-` is standard output.
            by: Columns of the customers' table (or of a log) to break the mix down by.
            sections: What else to show: a `Section`, or what an analysis found (`track`, `review`,
                `drivers`, `issues`), which makes one.
            title: What stands above.
            alias: Call archetypes by their neutral names.
            redact: Show no customer's id, and quote nothing of the data.

        Raises:
            UsageError: No input has a column named in *by*; jinja2 is not there; or the path is a
                file that was read.
            PluginError: A plugin that adds a section failed.
        """
        self._apart(path)
        subject = of_run(
            self.run,
            self.table,
            self.summary(),
            by=(by,) if isinstance(by, str) else tuple(by),
            sections=[*map(section_of, sections), *self.run.knowledge.sections(self)],
            alias=alias,
            redact=redact,
        )
        write_text(path, html(subject, title))

    def by(
        self, *columns: str, labels: Given = None, correction: Correction = "holm"
    ) -> tuple[ByGroup, ...]:
        """Every figure of the result for each value of a column, against all other customers.

        Kinds of relationship, how many are named and how surely, alarms, what to cultivate first,
        readings. Groups of fewer than five customers are put together.

        Args:
            columns: Of the customers' table, or of a log.
            labels: What people say of some customers, as `evaluate` takes it: how many of each group
                are named so.
            correction: For many comparisons: `holm` (Holm 1979) or `bh` (Benjamini & Hochberg 1995).

        Raises:
            UsageError: No input has such a column, or there is no such correction.
            InputError: The labels cannot be used.
        """
        if correction not in CORRECTIONS:
            raise UsageError(f"correction {correction!r}: use {' or '.join(CORRECTIONS)}.")
        check(self.run.inputs, columns)
        return grouping.of_run(self.run, self.table, columns, labels, correction)

    def _apart(self, path: Path | str) -> None:
        """Raise UsageError where *path* is a file that was read."""
        for name in self.run.inputs.files:
            if os.path.exists(path) and os.path.exists(name) and os.path.samefile(path, name):  # noqa: PTH110, PTH121
                raise UsageError(f"{path}: was read to make this result. Name another file.")

    def carrying(self, *columns: str) -> pa.Table:
        """The result with *columns* of the customers' table (or of a log) behind the id.

        Raises:
            UsageError: No input has such a column.
        """
        schema = self.run.result.schema
        layout = Layout(schema, "all", Carried.of(self.run, columns, schema.names))
        return layout.table(self.table)

    def _row(self, customer_id: str) -> int:
        try:
            return self._rows[customer_id]
        except (KeyError, TypeError):
            hint = did_you_mean(str(customer_id), list(self._rows)[:100_000])
            raise InputError(f"There is no customer {customer_id!r}.{hint}") from None

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.table.column("customer_id").to_pylist())}

    def _relationship(self, row: dict[str, Any]) -> Relationship:
        plan = self.run.plan
        names = [a.name for a in plan.archetypes]
        columns = [col.posterior(a.name) for a in plan.archetypes]
        scores = dict(zip(names, (row[c] for c in columns), strict=True))
        return Relationship(
            customer_id=row["customer_id"],
            archetype=row["archetype"],
            confidence=row["confidence"],
            scores={**scores, UNCLASSIFIED: row[col.posterior(UNCLASSIFIED)]},
            readings={d.name: row[col.reading(d.name)] for d in plan.dimensions},
            evidence={d.name: row[col.evidence(d.name)] for d in plan.dimensions},
            reasons=tuple(Reason(**r) for r in row["reasons"]),
            against=tuple(Reason(**r) for r in row["against"]),
            benefits=tuple(Suggestion(**b) for b in row["benefits"]),
            status=row["status"],
            unclassified_because=row["unclassified_because"],
            alarms=tuple(row["alarms"]),
            certainty=row["certainty"],
        )

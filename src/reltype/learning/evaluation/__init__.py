"""Evaluation: how far what was concluded agrees with what people say, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa
from attrs import define, evolve

from reltype.definitions.archetypes import UNCLASSIFIED, snake
from reltype.errors import InputError, UsageError, did_you_mean
from reltype.learning.evaluation import evaluation_text
from reltype.learning.evaluation.comparison import compared, grouped, wilson
from reltype.learning.evaluation.figures import Figures, RuleRecord
from reltype.learning.evaluation.labels import Labels
from reltype.scoring import columns as col
from reltype.scoring.unclassified import undecided

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reltype.arrow import Ints
    from reltype.learning.evaluation.labels import Given
    from reltype.scoring.run import Run


@define(frozen=True, slots=False, eq=False)
class Evaluation(Figures):
    """What was concluded of customers whose archetype is known.

    Customers that people could not tell are left out; those that were named nothing count as
    wrong. A class that no labelled customer is of is left out of the macro-F1.

    Attributes:
        archetypes: The K classes.
        truth: (n,) index of what each is.
        named: (n,) index of what each was named; K for unclassified.
        posterior: (n, K + 1), `unclassified` last.
        withheld: (n,) those who stay unclassified whatever the confidence.
        rules: What became of each rule.
        against: Another segmentation of the same customers.
        groups: The same figures per group.
        notes: Sentences about labels that were not used.
    """

    def text(self) -> str:
        """Everything in words and tables, for a terminal."""
        return evaluation_text.text(self)

    def table(self) -> pa.Table:
        """A row per archetype: customers, precision, recall and F1 with their intervals."""
        return evaluation_text.table(self)

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain numbers, lists and dicts; null where a figure has no meaning."""
        return evaluation_text.plain(self)


def agreement(result: Any, truth: Any) -> Evaluation:  # noqa: ANN401  anything with Arrow columns
    """How a result table agrees with a table of `customer_id` and `archetype`.

    Args:
        result: A table with `customer_id`, `archetype` and the `p_…` columns.
        truth: A table with `customer_id` and `archetype`.

    Raises:
        InputError: They have no customer in common.
    """
    result, truth = pa.table(result), pa.table(truth)
    said = dict(
        zip(*(truth.column(c).to_pylist() for c in ("customer_id", "archetype")), strict=True)
    )
    known = {*said.values(), *result.column("archetype").unique().to_pylist()} - {
        UNCLASSIFIED,
        None,
    }
    written = {col.posterior(name): name for name in sorted(known)}
    columns = col.posteriors(result.column_names)
    archetypes = tuple(written.get(c, col.archetype_of(c)) for c in columns)
    index = {name: i for i, name in enumerate([*archetypes, UNCLASSIFIED])}
    for name in sorted(known - set(index)):
        raise InputError(f"The result knows no archetype {name!r}.{did_you_mean(name, index)}")
    classes = [index[said[c]] for c in said]
    labels = Labels(tuple(said), np.array(classes, np.int64), name="the truth")
    return _evaluation(result, archetypes, labels)


class Found(Protocol):
    """What was classified: `reltype.Relationships` is it."""

    @property
    def table(self) -> pa.Table:
        """A row per customer, with the columns of a result."""

    @property
    def run(self) -> Run:
        """The run that gave it."""


def evaluate(
    found: Found,
    labels: Given,
    *,
    against: str | None = None,
    by: str | None = None,
    columns: Mapping[str, Mapping[str, str | None]] | None = None,
) -> Evaluation:
    """How *found* agrees with what people say of some of its customers.

    Args:
        found: What was classified.
        labels: A file, frame or dict with `customer_id` and `archetype`.
        against: A column that holds a segmentation to compare with.
        by: A column to break the figures down by.
        columns: Column → customer → value, for columns that are not in the labels.

    Raises:
        InputError: The labels cannot be used, or speak of no customer of *found*.
        UsageError: There is no column of that name.
    """
    plan = found.run.plan
    read = Labels.of(labels, plan.archetypes)
    names = tuple(a.name for a in plan.archetypes)
    made = _evaluation(found.table, names, read)
    used = _used(found.table, read)
    ids = [read.customers[i] for i in used[0]]

    def column(name: str) -> list[str | None]:
        known = [*read.extra, *(columns or {})]
        called = _as_called(name, known)
        if called in read.extra:
            return [read.extra[called][i] for i in used[0]]
        if columns and called in columns:
            return [columns[called].get(customer) for customer in ids]
        raise UsageError(
            f"There is no column {name!r} in the labels or the customer table."
            f"{did_you_mean(name, known)}"
        )

    if against is not None:
        made = evolve(
            made, against=compared(against, column(against), made.truth, made.named, len(names))
        )
    if by is not None:
        made = evolve(made, groups=grouped(column(by), made.truth, made.named, len(names)))
    return evolve(made, rules=_rules(found, ids, made.truth))


def _as_called(name: str, known: Sequence[str]) -> str:
    """The column that a person means: as written, else whatever the case, where that is one only."""
    if name in known:
        return name
    near = {one for one in known if one.strip().casefold() == name.strip().casefold()}
    return near.pop() if len(near) == 1 else name


def _used(table: pa.Table, labels: Labels) -> tuple[Ints, Ints]:
    """Indices into the labels and the table of customers in both whom people could tell apart."""
    rows = {c: i for i, c in enumerate(table.column("customer_id").to_pylist())}
    row = np.array([rows.get(c, -1) for c in labels.customers], np.int64)
    clear = labels.classes < len(col.posteriors(table.column_names))
    which = np.nonzero((row >= 0) & clear)[0]
    if not (row >= 0).any():
        raise InputError(unknown_customers(labels, list(rows)))
    if len(which) == 0:
        raise InputError(
            f"{labels.name}: every customer is labelled {UNCLASSIFIED!r}; there is nothing to "
            "compare with."
        )
    return which, row[which]


def _evaluation(table: pa.Table, archetypes: Sequence[str], labels: Labels) -> Evaluation:
    which, row = _used(table, labels)
    rows = table.take(row)
    index = {name: i for i, name in enumerate([*archetypes, UNCLASSIFIED])}
    posterior = np.column_stack(
        [rows.column(col.posterior(name)).to_numpy() for name in [*archetypes, UNCLASSIFIED]]
    )
    why = rows.column("unclassified_because").to_pylist()
    # An archetype that nobody is named by is known by its column alone.
    free = {snake(text) for text in undecided(archetypes)}
    return Evaluation(
        archetypes=tuple(archetypes),
        truth=labels.classes[which],
        named=np.array([index[name] for name in rows.column("archetype").to_pylist()], np.int64),
        posterior=posterior,
        withheld=np.array([text is not None and snake(text) not in free for text in why], bool),
        notes=(
            *labels.notes,
            *left_out(labels, set(table.column("customer_id").to_pylist()), len(archetypes)),
        ),
    )


def unknown_customers(labels: Labels, known: Sequence[str]) -> str:
    """The sentence for labels that speak of nobody who is there."""
    first = labels.customers[0]
    hint = did_you_mean(first, known[:100_000]) if known else ""
    example = (
        f" Ids look like {known[0]!r} there, and like {first!r} in the labels." if known else ""
    )
    count = len(labels)
    return f"{labels.name}: none of the {count} labelled customers is in the data.{example}{hint}"


def left_out(labels: Labels, known: set[str], classes: int) -> list[str]:
    """Sentences about labels that cannot be used: unknown customers, and what nobody could tell."""
    made = []
    strangers = [c for c in labels.customers if c not in known]
    if strangers:
        shown = ", ".join(map(repr, strangers[:3])) + (" …" if len(strangers) > 3 else "")
        made.append(
            f"{labels.name}: {len(strangers)} of {len(labels)} labelled customers are not in the "
            f"data ({shown}) and were left out."
        )
    unclear = int((labels.classes >= classes).sum())
    if unclear:
        made.append(
            f"{labels.name}: {unclear} customers that people could not tell ({UNCLASSIFIED}) are "
            "not counted."
        )
    return made


def _rules(found: Found, ids: Sequence[str], truth: Ints) -> tuple[RuleRecord, ...]:
    plan = found.run.plan
    if not plan.rules:
        return ()
    fired = np.zeros((len(ids), len(plan.rules)))
    place = {customer: i for i, customer in enumerate(ids)}
    for batch in found.run.population.batches():
        mine = [place.get(c, -1) for c in batch.table.column("customer_id").to_pylist()]
        here = np.array(mine, np.int64)
        fired[here[here >= 0]] = batch.fired[here >= 0]
    index = {a.name: i for i, a in enumerate(plan.archetypes)}
    made = []
    for r, rule in enumerate(plan.rules):
        on = fired[:, r] == 1
        hit = truth == index[rule.archetype]
        count, right = int(on.sum()), int((on & hit).sum())
        made.append(
            RuleRecord(
                rule.name, rule.archetype, count, right, *wilson(right, count), float(hit.mean())
            )
        )
    return tuple(made)

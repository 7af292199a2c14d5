"""Data: what the page's script reads: the list of customers, and what is told of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import evolve, frozen

from reltype.arrow import doubles, numbers, texts
from reltype.reporting.page import formatting
from reltype.reporting.page.conversations import urgency
from reltype.reporting.page.packing import Pack
from reltype.reporting.page.portraits import readable
from reltype.reporting.page.timelines import PERIODS

if TYPE_CHECKING:
    from reltype.arrow import Floats, Ints
    from reltype.definitions.features import Feature
    from reltype.reporting.page.subject import Subject

MOST = 100_000
"""Customers that a page holds; of more it holds a sample."""

SIZE = 5_600_000
"""Letters of base64 that the data of a page take at most, so that with all else it stays below 6 MB."""

_PROBE = 5_000
"""Customers by whom is guessed how large all would be."""


@frozen
class Detail:
    """How much is told of one customer, and how finely.

    Attributes:
        facts: How many facts at most.
        periods: Into how many stretches the timeline is cut.
        exact: Whether contributions are told in hundredths, counts of the timeline as they are, and the
            probability of every kind; else that of the two likeliest.
        reading: Step of readings, in per cent.
        seen: Step of what was seen of a reading, in per cent.
        reasons: How many reasons at most.
    """

    facts: int
    periods: int = PERIODS
    exact: bool = False
    reading: int = 2
    seen: int = 10
    reasons: int = 4


DETAILS = (
    Detail(40, exact=True, reading=1, seen=1),
    Detail(24),
    Detail(12, periods=12),
    Detail(8, periods=8, reading=5, seen=25),
    Detail(4, periods=6, reading=10, seen=50, reasons=3),
    Detail(2, periods=4, reading=10, seen=50, reasons=2),
    Detail(0, periods=0, reading=10, seen=50, reasons=2),
)
"""From the most to the least; a page has the first that fits."""

UNSEEN = 255


def chosen(subject: Subject) -> Ints:
    """Places in the result of the customers that the page holds, in its order.

    Of more than `MOST` every n-th in the order of the page, and so a sample by id, or, redacted, by
    digest.
    """
    order, n = subject.names.order, len(subject)
    if n <= MOST:
        return order
    return order[np.arange(MOST) * n // MOST]


def data(subject: Subject, rows: Ints) -> tuple[str, Detail]:
    """All that the script reads, as base64, and in how much detail: as much as fits.

    Args:
        subject: Of whom.
        rows: Places in the result of the customers in it.
    """
    probe = rows[:: max(1, len(rows) // _PROBE)]
    for detail in DETAILS[:-1]:
        if len(rows) > len(probe):
            guessed = len(_packed(subject, probe, detail)) * len(rows) / len(probe)
            if guessed > SIZE * 1.1:
                continue
        made = _packed(subject, rows, detail)
        if len(made) <= SIZE:
            return made, detail
    return _packed(subject, rows, DETAILS[-1]), DETAILS[-1]


def _packed(subject: Subject, rows: Ints, detail: Detail) -> str:
    pack = Pack(len(rows), lambda text: subject.names.ours(text) if text else "")
    _listing(subject, rows, pack)
    _details(subject, rows, pack, detail)
    _facts(subject, rows, readable(subject, detail.facts), pack)
    _timelines(subject, rows, pack, detail)
    return pack.base64()


def _listing(subject: Subject, rows: Ints, pack: Pack) -> None:
    """What is searched, sorted and filtered."""
    taken = numbers(rows)
    pack.labels("customers", subject.names.customers.take(taken).to_pylist())
    typology = subject.plan.typology
    pack.labels("nouns", [typology.noun, typology.plural])
    pack.labels("kinds", [subject.names.archetype(kind) for kind in subject.kinds])
    pack.labels("levels", [*subject.levels, ""])
    pack.numbers("kind", subject.named[rows])
    pack.numbers("certainty", subject.certainty[rows])
    pack.numbers("confidence", np.rint(subject.confidence[rows] * 100))
    pack.numbers("urgency", np.rint(urgency(subject)[rows] * 20))
    table = subject.table.select(["status", "alarms", "benefits", "unclassified_because"])
    table = table.take(taken)
    pack.texts("status", table.column("status"))
    pack.texts("because", table.column("unclassified_because"))
    pack.texts("alarms", _joined(table.column("alarms")))


def _details(subject: Subject, rows: Ints, pack: Pack, detail: Detail) -> None:
    """What is told of one customer."""
    taken = numbers(rows)
    scale = 100 if detail.exact else 10
    pack.labels("scale", [str(scale)])
    percent = np.rint(np.nan_to_num(subject.posterior[rows]) * 100)
    if detail.exact:
        for k in range(len(subject.kinds)):
            pack.numbers(f"p.{k}", percent[:, k])
    else:  # with the odds that gives the next one's, too
        pack.numbers("p", np.take_along_axis(percent, subject.likeliest[rows, :1], 1)[:, 0])
    pack.labels("dimensions", [one.name for one in subject.plan.dimensions])
    pack.labels("low", [one.low for one in subject.plan.dimensions])
    pack.labels("high", [one.high for one in subject.plan.dimensions])
    for k in range(len(subject.plan.dimensions)):
        pack.numbers(f"d.{k}", _hundredths(subject.readings[rows, k], detail.reading))
        seen = np.where(np.isnan(subject.readings[rows, k]), np.nan, subject.evidence[rows, k])
        pack.numbers(f"e.{k}", _hundredths(seen, detail.seen))
    pack.numbers("likeliest", subject.likeliest[rows, 0])
    pack.numbers("next", subject.likeliest[rows, 1])
    pack.numbers("odds", np.rint(subject.odds[rows] * scale))
    table = subject.table.select(["reasons", "against", "benefits"]).take(taken)
    for name in ("reasons", "against"):
        column = _cut(table.column(name).combine_chunks(), detail.reasons)
        pack.numbers(f"{name}.count", _lengths(column))
        items = _flat(column)
        pack.sentences(name, _field(items, "text"))
        adds = doubles(_field(items, "contribution"))
        if not np.isnan(adds).any():
            pack.numbers(f"{name}.adds", np.rint(adds * scale))
    column = table.column("benefits").combine_chunks()
    pack.numbers("benefits.count", _lengths(column))
    items = _flat(column)
    pack.texts("benefits", _field(items, "name"))
    pack.sentences("benefits.because", _field(items, "because"))


def _facts(subject: Subject, rows: Ints, facts: tuple[Feature, ...], pack: Pack) -> None:
    """Each fact in the words in which it is told: as many different ones as there are figures."""
    pack.labels(
        "facts", [pack.shown_as(formatting.label(feature, subject.units)) for feature in facts]
    )
    for i, feature in enumerate(facts):
        values, code = np.unique(
            formatting.kept(feature, subject.fact(feature.name)[rows]), return_inverse=True
        )
        words = formatting.values(feature, values, subject.units)
        pack.phrases(f"f.{i}", words, code.astype(np.int64))


def _timelines(subject: Subject, rows: Ints, pack: Pack, detail: Detail) -> None:
    found = subject.timelines
    if found is None or not detail.periods:
        return
    found = evolve(found, counts=found.counts[rows])
    if not detail.exact:
        found = found.coarser(detail.periods)
    pack.labels("lanes", found.lanes)
    edges = [*found.edges[:-1], found.end]
    pack.labels("edges", [formatting.brief_day(edge) for edge in edges])
    pack.numbers("timeline", found.counts.reshape(-1))


def _hundredths(values: Floats, step: int) -> Ints:
    """0…100 in steps; `UNSEEN` where nothing was seen."""
    made = np.rint(np.nan_to_num(values) * 100 / step) * step
    return np.where(np.isnan(values), UNSEEN, made).astype(np.int64)


def _cut(column: pa.Array, most: int) -> pa.Array:
    """The first items of each list."""
    return pc.list_slice(column, 0, most, return_fixed_size_list=False)


def _lengths(column: pa.Array) -> Ints:
    return np.nan_to_num(doubles(pc.list_value_length(column))).astype(np.int64)


def _flat(column: pa.Array) -> pa.Array:
    return pc.list_flatten(column)


def _field(items: pa.Array, name: str) -> pa.Array:
    return pc.struct_field(items, name)


def _joined(column: pa.ChunkedArray) -> pa.Array:
    return pc.binary_join(column.combine_chunks(), texts(["; "])[0])

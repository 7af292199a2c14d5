"""Data: what the page's script reads: the list of customers, and what is told of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reltype.arrow import doubles, numbers, texts
from reltype.reporting.page import formatting
from reltype.reporting.page.conversations import urgency
from reltype.reporting.page.packing import Pack

if TYPE_CHECKING:
    import pyarrow as pa

    from reltype.arrow import Floats, Ints
    from reltype.definitions.features import Feature
    from reltype.reporting.page.subject import Subject

MOST = 100_000
"""Customers that a page holds; of more it holds a sample."""

EXACT = 10_000
"""Customers up to which contributions are told in hundredths, and evidence in steps of 1 %."""

FACTS, FEW_FACTS = 40, 10
"""Facts told of a customer, where they are few and where they are many."""

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


def data(subject: Subject, rows: Ints, facts: tuple[Feature, ...]) -> str:
    """All that the script reads, as base64.

    Args:
        subject: Of whom.
        rows: Places in the result of the customers in it.
        facts: What is told of one customer.
    """
    pack = Pack(len(rows), lambda text: subject.names.text(text) if text else "")
    _listing(subject, rows, pack)
    _details(subject, rows, pack)
    _facts(subject, rows, facts, pack)
    _timelines(subject, rows, pack)
    return pack.base64()


def _listing(subject: Subject, rows: Ints, pack: Pack) -> None:
    """What is searched, sorted and filtered."""
    taken = numbers(rows)
    pack.labels("customers", subject.names.customers.take(taken).to_pylist())
    pack.labels("kinds", [subject.names.archetype(kind) for kind in subject.kinds])
    pack.labels("levels", [*subject.levels, ""])
    pack.numbers("kind", subject.named[rows])
    pack.numbers("certainty", subject.certainty[rows])
    pack.numbers("confidence", np.rint(subject.confidence[rows] * 100))
    pack.numbers("urgency", np.rint(urgency(subject)[rows] * 100))
    table = subject.table.select(["status", "alarms", "benefits", "unclassified_because"])
    table = table.take(taken)
    pack.texts("status", table.column("status"))
    pack.texts("because", table.column("unclassified_because"))
    pack.texts("alarms", _joined(table.column("alarms")))


def _details(subject: Subject, rows: Ints, pack: Pack) -> None:
    """What is told of one customer."""
    exact = len(rows) <= EXACT
    taken = numbers(rows)
    scale = 100 if exact else 10
    pack.labels("scale", [str(scale)])
    for k in range(len(subject.kinds)):
        pack.numbers(f"p.{k}", np.rint(np.nan_to_num(subject.posterior[rows, k]) * 100))
    pack.labels("dimensions", [one.name for one in subject.plan.dimensions])
    pack.labels("low", [one.low for one in subject.plan.dimensions])
    pack.labels("high", [one.high for one in subject.plan.dimensions])
    for k in range(len(subject.plan.dimensions)):
        pack.numbers(f"d.{k}", _hundredths(subject.readings[rows, k], 1 if exact else 2))
        seen = np.where(np.isnan(subject.readings[rows, k]), np.nan, subject.evidence[rows, k])
        pack.numbers(f"e.{k}", _hundredths(seen, 1 if exact else 10))
    pack.numbers("likeliest", subject.likeliest[rows, 0])
    pack.numbers("next", subject.likeliest[rows, 1])
    pack.numbers("odds", np.rint(subject.odds[rows] * scale))
    table = subject.table.select(["reasons", "against", "benefits"]).take(taken)
    for name in ("reasons", "against"):
        column = table.column(name).combine_chunks()
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
    pack.labels("facts", [formatting.label(feature, subject.units) for feature in facts])
    for i, feature in enumerate(facts):
        values, code = np.unique(
            formatting.kept(feature, subject.fact(feature.name)[rows]), return_inverse=True
        )
        words = formatting.values(feature, values, subject.units)
        pack.phrases(f"f.{i}", words, code.astype(np.int64))


def _timelines(subject: Subject, rows: Ints, pack: Pack) -> None:
    found = subject.timelines
    if found is None:
        return
    pack.labels("lanes", found.lanes)
    pack.labels("edges", [formatting.brief_day(edge) for edge in found.edges])
    counts = found.counts[rows]
    if len(rows) > EXACT:
        counts = _coarse(counts)
    pack.numbers("timeline", counts.reshape(-1))


def _coarse(counts: Ints) -> Ints:
    """Counts to two figures at most: up to 10 as they are, then in steps of a quarter."""
    size = np.maximum(counts, 1)
    step = np.where(size > 10, 2.0 ** np.floor(np.log2(size / 5)), 1.0)
    return (np.rint(counts / step) * step).astype(np.int64).clip(0, 255)


def _hundredths(values: Floats, step: int) -> Ints:
    """0…100 in steps; `UNSEEN` where nothing was seen."""
    made = np.rint(np.nan_to_num(values) * 100 / step) * step
    return np.where(np.isnan(values), UNSEEN, made).astype(np.int64)


def _lengths(column: pa.Array) -> Ints:
    import pyarrow.compute as pc

    return np.nan_to_num(doubles(pc.list_value_length(column))).astype(np.int64)


def _flat(column: pa.Array) -> pa.Array:
    import pyarrow.compute as pc

    return pc.list_flatten(column)


def _field(items: pa.Array, name: str) -> pa.Array:
    import pyarrow.compute as pc

    return pc.struct_field(items, name)


def _joined(column: pa.ChunkedArray) -> pa.Array:
    import pyarrow.compute as pc

    return pc.binary_join(column.combine_chunks(), texts(["; "])[0])

"""Issues: what crops up time and again in what customers write, and what becomes of those who do.

Nobody has to say how many issues there are or what they are called; whoever knows better renames,
merges and moves, in a file that next month's run applies.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from attrs import evolve, field, frozen

from reltype.analyses.issues.course import (
    AFTER,
    EVERY,
    Difference,
    Every,
    Trend,
    after,
    difference,
    trend,
)
from reltype.analyses.issues.grouping import FEWEST, Grouping, Vectors, group
from reltype.analyses.issues.names import Named, Names
from reltype.analyses.issues.placing import placing
from reltype.analyses.issues.tickets import Tickets, read
from reltype.analyses.results import named_customers
from reltype.analyses.sections import of_document
from reltype.api import open_inputs
from reltype.errors import ReltypeError, UsageError, did_you_mean
from reltype.formats import BUILTIN, Format, write
from reltype.scoring.population import EPOCH

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from reltype.api import Opened
    from reltype.definitions.sections import Section

EXAMPLES = 3
KEPT = 7
"""Tickets that stand for an issue in the file of names."""


@frozen
class Issue:
    """What many tickets are about.

    Attributes:
        name: What a person called it, else its most telling words.
        tickets: How many.
        share: Of all tickets, 0…1.
        customers: How many raised it; None where nobody knows who wrote.
        customer_share: Of all customers who wrote, 0…1.
        trend: How its share goes.
        resolved: Share of its tickets that are done, 0…1; None where nothing tells.
        days: Median days until they were; None likewise.
        affect: Mean sentiment or rating (−1…1) in the 90 days after, against all other tickets.
        silence: Share of customers who took no further step in 90 days, against all others.
        archetypes: Archetype → (share of this issue's customers, share of all who wrote).
        examples: Up to three tickets nearest its centre, personal data masked.
        settled: Whether it was found again in halves of the data; only then is it shown.
        overlap: How far it was, 0…1: the mean Jaccard overlap.
    """

    name: str
    tickets: int
    share: float
    customers: int | None
    customer_share: float | None
    trend: Trend
    resolved: float | None
    days: float | None
    affect: Difference | None
    silence: Difference | None
    archetypes: Mapping[str, tuple[float, float]]
    examples: tuple[str, ...]
    settled: bool
    overlap: float


@frozen(eq=False)
class Issues:
    """What `issues` found.

    Attributes:
        found: Every issue, the most frequent first.
        tickets: A row for each row of the input: `row` from 1, and `issue`, empty for a ticket that
            is one of its kind and for a row without a text.
        names: What to keep for the next export.
        written: Rows with a text.
        alone: Of these, the ones that are one of their kind.
        customers: Who wrote them; None where nobody knows.
        days: The first and the last day; None without times.
        notes: What was assumed or left out.
        formats: The ways out that `write` knows.
    """

    found: tuple[Issue, ...]
    tickets: pa.Table = field(repr=False)
    names: Names = field(repr=False)
    written: int
    alone: int
    customers: int | None
    days: tuple[dt.date, dt.date] | None
    notes: tuple[str, ...]
    formats: Iterable[Format] = field(default=BUILTIN, repr=False)

    @property
    def shown(self) -> tuple[Issue, ...]:
        """The issues that were found again in halves of the data."""
        return tuple(issue for issue in self.found if issue.settled)

    def to_dict(self) -> dict[str, Any]:
        """What `--format json` prints."""
        return {
            "tickets": self.written,
            "one_of_its_kind": self.alone,
            "customers": self.customers,
            "unsettled": len(self.found) - len(self.shown),
            "issues": [_as_dict(issue) for issue in self.shown],
            "notes": list(self.notes),
        }

    def section(self) -> Section:
        """As a part of the report: `found.report(path, sections=[…])`."""
        return of_document(self.to_dict())

    def write(self, path: str | Path, format: str | None = None) -> None:  # noqa: A002
        """Write the issue of every ticket, whole or not at all."""
        write(self.tickets.schema, self.tickets.to_batches(), path, format, self.formats)


def issues(
    data: object,
    *,
    text: str | Sequence[str] = (),
    every: Every = "month",
    names: str | Path | None = None,
    relationships: Any = None,  # noqa: ANN401  a path, a frame or Relationships
    status: str | None = None,
    closed: str | None = None,
    vectors: Vectors | str | None = None,
    **options: Any,  # noqa: ANN401
) -> Issues:
    """Which issues crop up time and again in the texts of *data*.

    Args:
        data: What `reltype.classify` takes; one of the inputs holds the texts, the others may tell
            what followed and what kind of relationship the customers have.
        text: The column, or columns, that customers wrote in; none: found by its look.
        every: The step of the trend: week, month or quarter.
        names: A file of names, merges and moves; applied where it is there. It is not written: see
            `Issues.names`.
        relationships: What `classify` gave, for the shares by archetype; None: it is asked here
            where the data allow it.
        status: The column that says whether a ticket is done; None: found by its name.
        closed: The column of the day on which it was; None: found by its name.
        vectors: Texts → (texts, dimensions) vectors, in place of tf-idf; or the name of a plugin's way to
            place texts, or `none` for words alone. None: what a plugin gives, where one does.
        options: Further options of `reltype.classify`.

    Raises:
        InputError: No input has the columns, or none looks like text.
        ConfigError: The file of names cannot be used.
        UsageError: An option makes no sense.
        PluginError: The vectors of a plugin cannot be used.

    Example:
        >>> import reltype
        >>> said = ["my card has not arrived", "how do I change my PIN"] * 20
        >>> found = reltype.issues([{"text": f"{s} {i % 7}"} for i, s in enumerate(said)])
        >>> len(found.shown)
        2
    """
    if every not in EVERY:
        raise UsageError(f"every = {every!r}: use {', '.join(EVERY)}.{did_you_mean(every, EVERY)}")
    columns = [text] if isinstance(text, str) else list(text)
    known = Names.read(names) if names is not None else Names()
    opened = open_inputs(data, **options)
    placed, told = placing(opened.knowledge, vectors)
    tickets = read(opened, columns, status=status, closed=closed)
    labels, likeness, grouped, called, said = _labelled(tickets, known, placed)
    notes = [*tickets.notes, *told]
    archetypes = _archetypes(opened, relationships, tickets, notes)
    made = _described(opened, tickets, labels, likeness, grouped, called, every, archetypes, said)

    titles = np.array([*called, ""], dtype=object)
    table = pa.table(
        {
            "row": pa.array(np.arange(1, len(labels) + 1)),
            "issue": pa.array(titles[labels], pa.string()),
        }
    )
    written = int(sum(t is not None for t in said))
    if written < FEWEST:
        notes.append(f"{written} tickets are too few for anything to crop up")
    elif not made:
        notes.append("no two halves of these texts agree on any issue: nothing crops up")
    day = tickets.day[np.isfinite(tickets.day)]
    who = _who(tickets)
    return Issues(
        made,
        table,
        _kept(known, made, labels, likeness, called, said),
        written,
        written - int((labels >= 0).sum()),
        None if tickets.customer is None else int(who.max(initial=-1)) + 1,
        None if not len(day) else (_date(day.min()), _date(day.max())),
        tuple(notes),
        opened.knowledge.formats(),
    )


def _labelled(
    tickets: Tickets, known: Names, vectors: Vectors | None
) -> tuple[NDArray[np.int64], NDArray[np.float64], Grouping, list[str], list[str | None]]:
    """The issue of each ticket after what people said, and what the issues are called."""
    said: list[str | None] = tickets.texts.to_pylist()
    like = [text for issue in known.issues for text in issue.like]
    texts = [*(text or "" for text in said), *like]
    grouped = group(texts, vectors)
    labels, likeness = grouped.labels[: len(said)].copy(), grouped.likeness[: len(said)].copy()
    given = known.matched(texts, grouped.labels, len(grouped.terms))
    called = _called(grouped.terms, given, {issue.name for issue in known.issues})
    final = [known.final(name) if name in given else name for name in called]
    wanted = list(dict.fromkeys([*final, *(known.final(to) for to in known.moves.values())]))
    into = np.array([*(wanted.index(name) for name in final), -1], np.int64)
    labels = into[labels]
    for text, name in known.moves.items():
        moved = np.array([t == text for t in said], bool)
        labels[moved] = wanted.index(known.final(name))
        likeness[moved] = 0.0
    first = {name: final.index(name) for name in wanted if name in final}
    by_people = np.array([name in {known.final(n) for n in given if n} for name in wanted], bool)
    settled = np.array([n not in first or bool(grouped.settled[first[n]]) for n in wanted], bool)
    overlap = np.array([grouped.overlap[first[n]] if n in first else 1.0 for n in wanted])
    terms = tuple(grouped.terms[first[n]] if n in first else () for n in wanted)
    merged = evolve(
        grouped, labels=labels, settled=settled | by_people, overlap=overlap, terms=terms
    )
    return labels, likeness, merged, wanted, said


def _called(terms: Sequence[Sequence[str]], given: Sequence[str], taken: set[str]) -> list[str]:
    """A name for each issue, no two alike: what people called it, else its telling words."""
    used, called = set(taken), []
    for words, name in zip(terms, given, strict=True):
        if name:
            called.append(name)
            continue
        plain = ", ".join(words) or "no telling words"
        made, number = plain, 2
        while made in used:
            made, number = f"{plain} ({number})", number + 1
        used.add(made)
        called.append(made)
    return called


def _described(
    opened: Opened,
    tickets: Tickets,
    labels: NDArray[np.int64],
    likeness: NDArray[np.float64],
    grouped: Grouping,
    called: Sequence[str],
    every: str,
    archetypes: NDArray[np.str_] | None,
    said: Sequence[str | None],
) -> tuple[Issue, ...]:
    """Each issue that has a ticket, the most frequent first."""
    who = _who(tickets)
    written = np.array([text is not None for text in said], bool)
    followed = after(opened, tickets)
    everybody = len(np.unique(who[written & (who >= 0)]))
    day = np.where(written, tickets.day, np.nan)
    found = []
    for i, name in enumerate(called):
        mine = labels == i
        count = int(mine.sum())
        if count == 0:
            continue
        own = np.unique(who[mine & (who >= 0)])
        done = tickets.resolved[mine & np.isfinite(tickets.resolved)]
        took = tickets.took[mine & np.isfinite(tickets.took)]
        affect = None if followed is None else difference(followed.affect, mine, who)
        silence = None if followed is None else difference(followed.silent, mine, who)
        found.append(
            Issue(
                name,
                count,
                count / int(written.sum()),
                None if tickets.customer is None else len(own),
                None if tickets.customer is None or not everybody else len(own) / everybody,
                trend(mine, day, every),
                float(done.mean()) if len(done) else None,
                float(np.median(took)) if len(took) else None,
                affect,
                silence,
                _shares(archetypes, who, mine, written),
                _examples(said, mine, likeness, EXAMPLES),
                bool(grouped.settled[i]),
                float(grouped.overlap[i]),
            )
        )
    return tuple(sorted(found, key=lambda issue: (-issue.tickets, issue.name)))


def _nearest(mine: NDArray[np.bool_], likeness: NDArray[np.float64]) -> list[int]:
    """The tickets of an issue, those nearest its centre first."""
    at = np.nonzero(mine)[0]
    found: list[int] = at[np.argsort(-likeness[at], kind="stable")].tolist()
    return found


def _examples(
    said: Sequence[str | None], mine: NDArray[np.bool_], likeness: NDArray[np.float64], most: int
) -> tuple[str, ...]:
    """Different tickets nearest the centre, the nearest first."""
    kept: dict[str, None] = {}
    for i in _nearest(mine, likeness):
        kept.setdefault(" ".join((said[i] or "").split()))
        if len(kept) == most:
            break
    return tuple(kept)


def _kept(
    known: Names,
    made: Sequence[Issue],
    labels: NDArray[np.int64],
    likeness: NDArray[np.float64],
    called: Sequence[str],
    said: Sequence[str | None],
) -> Names:
    """The file of names after this run: what was there, and what is new."""
    before = {issue.name for issue in known.issues}
    new = [
        Named(issue.name, _like(said, labels == called.index(issue.name), likeness))
        for issue in made
        if issue.name not in before
    ]
    return Names((*known.issues, *new), known.moves)


def _like(
    said: Sequence[str | None], mine: NDArray[np.bool_], likeness: NDArray[np.float64]
) -> tuple[str, ...]:
    return tuple(dict.fromkeys(said[i] or "" for i in _nearest(mine, likeness)))[:KEPT]


def _who(tickets: Tickets) -> NDArray[np.int64]:
    """(tickets,) a number for each customer, −1 where nobody is named or nothing was written."""
    if tickets.customer is None:
        return np.full(len(tickets), -1, np.int64)

    named = pc.if_else(pc.is_valid(tickets.texts), tickets.customer, None)
    codes = named.dictionary_encode().indices
    return np.asarray(codes.fill_null(-1).to_numpy(zero_copy_only=False), np.int64)


def _archetypes(
    opened: Opened,
    relationships: Any,  # noqa: ANN401
    tickets: Tickets,
    notes: list[str],
) -> NDArray[np.str_] | None:
    """The archetype of the customer of each ticket; None where none is known."""
    if tickets.customer is None:
        return None
    if relationships is None:
        if not any(item.guess.role == "interactions" for item in opened.inputs.items):
            return None
        try:
            run = opened.run()
            table = pa.Table.from_batches(run.batches(), run.result.schema)
        except ReltypeError as error:
            notes.append(f"no archetypes: {error}")
            return None
    else:
        table = named_customers(relationships)
    place = pc.index_in(tickets.customer, table.column("customer_id").combine_chunks())
    named = table.column("archetype").combine_chunks().take(place)
    return np.asarray(named.fill_null("").to_numpy(zero_copy_only=False), str)


def _shares(
    archetypes: NDArray[np.str_] | None,
    who: NDArray[np.int64],
    mine: NDArray[np.bool_],
    written: NDArray[np.bool_],
) -> dict[str, tuple[float, float]]:
    if archetypes is None:
        return {}
    usable = written & (who >= 0) & (archetypes != "")
    _, first = np.unique(np.where(usable, who, -1), return_index=True)
    everybody = first[usable[first]]
    inside = np.unique(who[usable & mine])
    among = everybody[np.isin(who[everybody], inside)]
    return {
        str(name): (
            float((archetypes[among] == name).mean()) if len(among) else 0.0,
            float((archetypes[everybody] == name).mean()),
        )
        for name in np.unique(archetypes[everybody])
    }


def _as_dict(issue: Issue) -> dict[str, Any]:
    def between(found: Difference | None) -> dict[str, Any] | None:
        if found is None:
            return None
        return {"here": found.here, "elsewhere": found.elsewhere, "low": found.low,
                "high": found.high, "says": found.says}  # fmt: skip

    return {
        "name": issue.name,
        "tickets": issue.tickets,
        "share": issue.share,
        "customers": issue.customers,
        "customer_share": issue.customer_share,
        "trend": {
            "every": issue.trend.every,
            "factor": issue.trend.factor,
            "low": issue.trend.low,
            "high": issue.trend.high,
            "says": issue.trend.says,
            "counts": [
                {"from": day.isoformat(), "tickets": count, "of": total}
                for day, count, total in issue.trend.counts
            ],
        },
        "resolved": issue.resolved,
        "days_to_resolve": issue.days,
        "affect_after": between(issue.affect),
        "silence_after": between(issue.silence),
        "archetypes": {
            name: {"share": here, "of_all": usual}
            for name, (here, usual) in issue.archetypes.items()
        },
        "examples": list(issue.examples),
        "overlap": issue.overlap,
    }


def _date(day: float) -> dt.date:
    return EPOCH + dt.timedelta(days=int(day))


__all__ = ["AFTER", "Issue", "Issues", "Names", "issues"]

"""Drivers: which answers of a survey, or facts of a log, go with an outcome, and how surely."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen

from reltype import plugins
from reltype.analyses.drivers import codes, groups
from reltype.analyses.drivers.log import QUARTER, drivers_of_log
from reltype.analyses.drivers.measure import REPLICATES, Answers, measure
from reltype.analyses.drivers.missing import TREATMENTS
from reltype.analyses.drivers.parts import by_part
from reltype.analyses.drivers.survey import Survey
from reltype.analyses.drivers.topics import topics_of
from reltype.analyses.results import named_customers
from reltype.api import classify
from reltype.config import settings
from reltype.engines import limits
from reltype.errors import InputError, UsageError, did_you_mean
from reltype.plugins.knowledge import Knowledge

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from reltype.analyses.drivers.missing import Treatment
    from reltype.analyses.drivers.result import Drivers
    from reltype.analyses.drivers.survey import Item
    from reltype.analyses.drivers.topics import Topic
    from reltype.config import Config, Settings


_CIRCLE = (
    "archetypes were read from this very data: where the outcome is among the facts that they rest on, it "
    "varies less within a kind, and so do shares. --relationships takes them from elsewhere."
)


def drivers(
    data: object,
    outcome: str,
    *,
    attributes: Sequence[str] | str | None = None,
    weights: str | None = None,
    by: str | None = None,
    groups: Mapping[str, Sequence[str]] | str | Path | None = None,
    always: Sequence[str] | str = (),
    missing: str | None = None,
    dont_know: Sequence[str | float] | str | float = (),
    respondent: str | None = None,
    relationships: object = None,
    long: Sequence[str] | None = None,
    from_log: bool = False,
    quarter: int = QUARTER,
    as_of: dt.date | str | None = None,
    items: Mapping[str, str] | str | Path | None = None,
    benefits_of: Mapping[str, str] | None = None,
    config: str | Path | Config | None = None,
    table: str | None = None,
    encoding: str | None = None,
    replicates: int = REPLICATES,
    threads: int | None = None,
    memory_limit: str | None = None,
    timeout: float | None = None,
) -> Drivers:
    """What an outcome of a survey follows: shares of R² (LMG, the Shapley value), with intervals.

    Exact up to 23 attributes or groups; beyond, orders are drawn, and a standard error is told.

    Args:
        data: What `classify` takes: a path, a frame, a list of dicts …; a row is a respondent.
        outcome: The column that is to be explained: numbers, or answers in words.
        attributes: The columns that explain: names, `s*`, `s1..s12`, as a list or with commas
            between; None: all that are numbers or answers in words, but identifiers and times.
        weights: A column of weights, ≥ 0; rows of weight 0 or none are left out.
        by: A column, for shares of each of its values alone; `archetype`: of *relationships*, or as
            `classify` reads this very data, where no column is called so.
        groups: Name → attributes that enter as one; or a file: TOML, or a table of `attribute` and
            `group`.
        always: Columns that stay in whatever else is there (words are taken as categories).
        missing: `listwise`, `em` or `multiple`; None: list-wise, or EM where that would lose more
            than 5 % of the rows.
        dont_know: Numbers that mean no answer: `-99`, or `s3=8` for one column.
        respondent: A column that says who answers, where somebody does so more than once.
        relationships: What `classify` wrote, or gave, for `by="archetype"`.
        long: Columns of who answers, of the item and of the answer, where each answer is a row.
        from_log: *data* is a log of interactions: which facts of one quarter go with an outcome of
            the next: `returns` (they come back), a dimension (`affect`, `resilience` …) or a fact.
        quarter: Days of a quarter, for *from_log*.
        as_of: The day on which the last quarter ends, for *from_log*; None: the log's last.
        items: Attribute → the question as it was asked, or a table of `attribute` and `text`.
        benefits_of: Attribute → the relational benefit (or `functional`, `socio-emotional`,
            `clinical/technical`, `none`) that it speaks of; goes before what the config says under
            `[benefits_of]`, and that before a guess from names and questions.
        config: A `reltype.toml`; None: `RELTYPE_CONFIG`, or the one in this folder, if any.
        table: Which table of a database, or sheet of a workbook.
        encoding: What a text file is written in.
        replicates: How often respondents are drawn anew, from 100.
        threads: How many threads the engine may use.
        memory_limit: What the engine may hold, such as `2GB`.
        timeout: Seconds that reading may take before it is stopped; 0: no limit; None: 600.

    Raises:
        UsageError: An option makes no sense.
        InputError: The data cannot be read, or are too few.

    Example:
        >>> answers = [{"ease": i % 5, "price": i % 7, "sat": i % 5 + i % 3} for i in range(210)]
        >>> found = drivers(answers, "sat")
        >>> round(found["ease"].share, 3), found.reported[0].name
        (0.75, 'ease')
    """
    if missing is not None and missing not in TREATMENTS:
        raise UsageError(f"there is no treatment {missing!r}.{did_you_mean(missing, TREATMENTS)}")
    if replicates < 100:
        raise UsageError(f"replicates must be at least 100, not {replicates}.")
    treatment: Treatment | None = next((t for t in TREATMENTS if t == missing), None)
    if from_log:
        return drivers_of_log(
            data, outcome, attributes=_listed(attributes), by=by, missing=treatment,
            quarter=quarter, replicates=replicates, table=table, encoding=encoding, config=config,
            as_of=as_of, threads=threads, memory_limit=memory_limit, timeout=timeout,
        )  # fmt: skip
    chosen = settings(config, threads=threads, memory_limit=memory_limit, timeout=timeout)
    survey = Survey.open(
        data, table=table, encoding=encoding, long=long, threads=chosen.threads,
        memory_limit=chosen.memory_limit, timeout=chosen.timeout,
    )  # fmt: skip
    with limits.within(survey.engine.reader, chosen.timeout, f"reading {survey.name}"):
        question = _Question.of(
            survey,
            outcome=outcome,
            attributes=_listed(attributes),
            weights=weights,
            always=_listed(always) or [],
            grouped=_groups(groups),
            respondent=respondent,
            by=by,
        )
        read = _read(survey, question, dont_know)
        labels = read.labels
        told = (*survey.notes, *question.notes, *read.notes)
        if by is not None and labels is None:
            result = relationships
            if result is None:
                result = classify(
                    data, config=config, table=table, encoding=encoding, threads=chosen.threads,
                    memory_limit=chosen.memory_limit, timeout=chosen.timeout,
                )  # fmt: skip
            labels = _archetypes(survey, result, read)
            if relationships is None:
                told = (*told, _CIRCLE)
    known = Knowledge.of(plugins.load(without=chosen.no_plugin), chosen.rules)
    topics = _topics(read.table, items, benefits_of, chosen, known)
    asked = evolve(
        read.table,
        benefits={name: t.benefit for name, t in topics.items() if t.benefit},
        kinds={name: t.kind for name, t in topics.items() if t.kind},
    )
    found = measure(asked, name=survey.name, treatment=treatment, replicates=replicates)
    parts: dict[str, Drivers] = {}
    small: dict[str, int] = {}
    if labels is not None:
        parts, small = by_part(asked, labels, survey.name, treatment, replicates)
    return evolve(
        found,
        notes=(*told, *found.notes),
        codes=tuple(read.codes),
        by=parts,
        small=small,
        topics=topics,
        formats=known.formats(),
    )


def _topics(
    table: Answers,
    items: Mapping[str, str] | str | Path | None,
    said: Mapping[str, str] | None,
    chosen: Settings,
    known: Knowledge,
) -> dict[str, Topic]:
    """What each attribute speaks of, as far as somebody said so or its words tell."""
    if items is not None and not isinstance(items, Mapping):
        items = groups.pairs(items, "attribute", "text")
    benefits = known.catalogue.benefits
    place = f"{chosen.config.path}: [benefits_of]" if chosen.config.path else "[benefits_of]"
    both = {**chosen.config.benefits_of, **(said or {})}
    # An amount, an age or a yes is a fact, and no opinion of something that was given.
    answered = {
        name for name, columns in table.players.items() if all(map(table.is_answer, columns))
    }
    return topics_of(list(table.players), items or {}, both, benefits, place, answered)


@frozen(eq=False)
class _Question:
    """Which columns play which part."""

    outcome: str
    attributes: tuple[str, ...]
    weights: str | None
    always: tuple[str, ...]
    groups: Mapping[str, tuple[str, ...]]
    respondent: str | None
    by: str | None
    notes: tuple[str, ...]

    @classmethod
    def of(
        cls,
        survey: Survey,
        *,
        outcome: str,
        attributes: Sequence[str] | None,
        weights: str | None,
        always: Sequence[str],
        grouped: Mapping[str, Sequence[str]],
        respondent: str | None,
        by: str | None,
    ) -> _Question:
        """The question, every column found. Raises UsageError where two parts are one column."""
        notes = []
        out = survey.column(outcome)
        weight = None if weights is None else survey.column(weights)
        stay = survey.chosen(always)
        group = {name: tuple(survey.chosen(columns)) for name, columns in grouped.items()}
        part = _part(survey, by)
        who = survey.respondent() if respondent is None else survey.column(respondent)
        if who is not None and respondent is None:
            notes.append(f"rows of one {who!r} are drawn together, as one respondent.")
        besides = {out, weight, part, who, *stay}
        if attributes is None:
            wanted, left = survey.numeric({name for name in besides if name})
            if left:
                notes.append(f"left out: {', '.join(left)}. --attributes chooses otherwise.")
        else:
            wanted = survey.chosen(attributes)
            if out in wanted and not any(sign in a for a in attributes for sign in "*?[."):
                raise UsageError(
                    f"{out!r} is the outcome, and cannot be one of the attributes that explain it."
                )
            for name, what in (
                (weight, "the weights"),
                *((s, "what always stays in") for s in stay),
            ):
                if name in wanted and name in attributes:
                    raise UsageError(f"{name!r} is {what}, and cannot be an attribute, too.")
            said = {survey.column(a) for a in attributes if a in survey.columns}
            besides = {out, weight, *stay, *({part, who} - said)}
            wanted = [name for name in wanted if name not in besides]
        members = [name for columns in group.values() for name in columns]
        for name in group:
            if name in wanted and name not in members:
                raise UsageError(
                    f"the group {name!r} is called like an attribute. Call it otherwise."
                )
        wanted = list(dict.fromkeys([*wanted, *members]))
        _once(out, weight, stay, group)
        if not wanted:
            raise InputError(
                f"{survey.name}: no column can explain {out!r}: none is numbers or answers in words."
            )
        return cls(out, tuple(wanted), weight, tuple(stay), group, who, part, tuple(notes))


def _once(
    outcome: str, weights: str | None, always: Sequence[str], groups: Mapping[str, Sequence[str]]
) -> None:
    """Raise UsageError where a column plays two parts."""
    taken: dict[str | None, str] = {outcome: "the outcome"}
    if weights is not None and weights == outcome:
        raise UsageError(f"{outcome!r} cannot be both the outcome and the weights.")
    taken |= {weights: "the weights"} if weights is not None else {}
    for name in always:
        if name in taken:
            raise UsageError(f"{name!r} is {taken[name]}, and cannot stay in always, too.")
        taken[name] = "what always stays in"
    for group, members in groups.items():
        if not members:
            raise UsageError(f"the group {group!r} has no attributes.")
        for name in members:
            if name in taken:
                raise UsageError(f"{name!r} is in {taken[name]}, and cannot be in {group!r}, too.")
            taken[name] = f"{group!r}"


def _part(survey: Survey, by: str | None) -> str | None:
    """The column that *by* names; None where archetypes have to be read first."""
    if by is None:
        return None
    if by.casefold() == "archetype":
        return next((n for n in survey.columns if n.casefold() == "archetype"), None)
    return survey.column(by)


@frozen(eq=False)
class _Read:
    """What was read."""

    table: Answers
    labels: NDArray[np.object_] | None
    who: pa.Array | None
    notes: tuple[str, ...]
    codes: list[codes.Proposal]


def _read(
    survey: Survey, question: _Question, dont_know: Sequence[str | float] | str | float
) -> _Read:
    """The numbers of all rows, and what had to be said of them."""
    q = question
    names = [*q.attributes, *q.always, q.outcome]
    named = {*q.always, *q.attributes}
    items = survey.items(names, categories=named)
    if q.weights is not None:
        items += survey.items([q.weights])
    labels = [name for name in (q.by, q.respondent) if name is not None]
    answers, unread = survey.read(items, labels)
    notes = [item.description for item in items if item.description]
    count = len(names)
    given = [dont_know] if isinstance(dont_know, str | float | int) else list(dont_know)
    taken = codes.parsed([str(code) for code in given], names)
    values, cleared = codes.cleared(names, answers.values[:, :count], taken)
    if taken:
        notes.append(f"{cleared:,} answers were taken for no answer, as --dont-know says.")
    scaled = [i for i in range(count) if not items[i].categories]
    proposed = codes.proposals([names[i] for i in scaled], values[:, scaled])
    columns, places = _columns(values, items[:count])
    players, always = _players(q, places)
    weights = answers.values[:, count] if q.weights is not None else None
    if weights is not None:
        notes += _checked(weights, survey.name, str(q.weights))
        weights = np.nan_to_num(weights)
    who = answers.labels[q.respondent] if q.respondent else None
    rated = {
        name
        for name, item in zip(names, items, strict=False)
        if name in players and len(places[name]) == 1 and not item.categories
    }
    order = [c for p in (*players.values(), *always.values()) for c in p]
    moved = {column: number for number, column in enumerate(order)}
    table = Answers(
        columns[:, [*order, *places[q.outcome]]],
        q.outcome,
        {name: tuple(moved[c] for c in held) for name, held in players.items()},
        {name: tuple(moved[c] for c in held) for name, held in always.items()},
        weights,
        None if who is None else _coded(who),
        frozenset(rated),
    )
    parts = _texts(answers.labels[q.by]) if q.by else None
    return _Read(table, parts, who, (*notes, *unread), proposed)


def _checked(weights: NDArray[np.float64], name: str, column: str) -> list[str]:
    """What to say of weights. Raises InputError for one below 0, or where none is above."""
    bad = np.flatnonzero(weights < 0)
    if bad.size:
        raise InputError(
            f"{name}: row {bad[0] + 1:,} has the weight {weights[bad[0]]:g} in {column!r}. A weight "
            "is at least 0."
        )
    if not (np.nan_to_num(weights) > 0).any():
        raise InputError(f"{name}: no row has a weight above 0 in {column!r}.")
    out = int((~(weights > 0)).sum())
    rows = "row has" if out == 1 else "rows have"
    return [f"{out:,} {rows} no weight in {column!r}, or 0: left out."] if out else []


def _columns(
    values: NDArray[np.float64], items: Sequence[Item]
) -> tuple[NDArray[np.float64], dict[str, tuple[int, ...]]]:
    """The columns of numbers, those of categories spread out; and where each item's are."""
    made: list[NDArray[np.float64]] = []
    places: dict[str, tuple[int, ...]] = {}
    for i, item in enumerate(items):
        column = values[:, i]
        spread = [column]
        if item.categories:
            gaps = np.where(np.isnan(column), np.nan, 0.0)
            spread = [(column == place) + gaps for place in range(1, len(item.categories))]
        places[item.name] = tuple(range(len(made), len(made) + len(spread)))
        made += spread
    return np.stack(made, axis=1), places


def _players(
    question: _Question, places: Mapping[str, tuple[int, ...]]
) -> tuple[dict[str, tuple[int, ...]], dict[str, tuple[int, ...]]]:
    """What enters as one, groups at the place of their first attribute; and what always stays in."""
    group_of = {name: group for group, members in question.groups.items() for name in members}
    players: dict[str, tuple[int, ...]] = {}
    for name in question.attributes:
        player = group_of.get(name, name)
        players[player] = (*players.get(player, ()), *places[name])
    return players, {name: places[name] for name in question.always}


def _archetypes(survey: Survey, result: object, read: _Read) -> NDArray[np.object_]:
    """(n,) the archetype of each row's respondent by a *result*; None where there is none."""
    table = named_customers(result)
    archetype = table.column("archetype").to_pylist()
    ids = table.column("customer_id").to_pylist()
    of = dict(zip(ids, archetype, strict=True))
    column = next(
        (
            n
            for n in survey.columns
            if n.casefold().replace(" ", "_") in {"customer_id", "respondent_id"}
        ),
        None,
    )
    if column is None and read.who is None:
        raise InputError(
            f"{survey.name}: it has no column 'customer_id' by which its rows could be joined to "
            "archetypes. Name the one that says who answers with --respondent."
        )
    who = read.who
    if column is not None:
        who = survey.read([], [column])[0].labels[column]
    assert who is not None  # noqa: S101 - seen to above
    joined = np.array([of.get(name) for name in _texts(who).tolist()], dtype=object)
    if all(label is None for label in joined.tolist()):
        raise InputError(f"{survey.name}: no respondent is among those who were classified.")
    return joined


def _groups(given: Mapping[str, Sequence[str]] | str | Path | None) -> Mapping[str, Sequence[str]]:
    if given is None:
        return {}
    return given if isinstance(given, Mapping) else groups.load(given)


def _listed(given: Sequence[str] | str | None) -> list[str] | None:
    if given is None:
        return None
    several = given.split(",") if isinstance(given, str) else list(given)
    return [text.strip() for text in several if text.strip()]


def _coded(column: pa.Array) -> NDArray[np.int64]:
    """(n,) a code for each text; each null is somebody else."""
    texts = _texts(column)
    known: dict[str, int] = {}
    return np.array(
        [
            len(texts) + i if t is None else known.setdefault(t, len(known))
            for i, t in enumerate(texts.tolist())
        ],
        np.int64,
    )


def _texts(column: pa.Array) -> NDArray[np.object_]:
    return np.array(column.to_pylist(), dtype=object)

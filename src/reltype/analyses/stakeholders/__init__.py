"""Stakeholders: the map of who is tied to whom around a customer's outcome, beside what chance gives."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from attrs import frozen

from reltype import formats
from reltype.analyses.sections import of_document
from reltype.analyses.stakeholders.chance import ByChance
from reltype.analyses.stakeholders.communities import RUNS, Communities, communities
from reltype.analyses.stakeholders.drawn import drawn
from reltype.analyses.stakeholders.mapped import LEVEL, Distance, Mapped, Silo
from reltype.analyses.stakeholders.measures import (
    Brokers,
    Groups,
    Pairs,
    brokers,
    needed_by,
    openness,
    parts,
    reciprocity,
)
from reltype.analyses.stakeholders.page import page
from reltype.analyses.stakeholders.people import FLOOR, People
from reltype.analyses.stakeholders.people import read as read_people
from reltype.analyses.stakeholders.ties import BROADCAST, Ties
from reltype.analyses.stakeholders.ties import read as read_ties
from reltype.analyses.table import Table
from reltype.arrow import numbers, texts
from reltype.engines import limits
from reltype.errors import UsageError
from reltype.mapping.kinds import plain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reltype.arrow import Floats
    from reltype.definitions.sections import Section

MOST = 200_000
"""People of the largest map that is drawn up."""


@frozen(eq=False)
class Stakeholders(Mapped):
    """The map.

    Attributes:
        people: A row a person, by id: what `docs/stakeholders.md` lists.
        ties: Who is tied to whom, without what was left out.
        who: Who is on the map.
        ei: How open the groups are; None without two groups.
        reciprocity: Share of ties that are answered.
        silos: Every group, the most inward against chance first.
        distances: Pairs of groups with fewer ties than chance, the rarest first.
        cut_points: How many people are needed to hold the map together, against chance.
        communities: Who keeps together.
        notes: What was assumed.
    """

    def to_dict(self) -> dict[str, Any]:
        """What `--format json` prints."""
        ei = None if self.ei is None else self.ei.to_dict()
        held = self.communities
        return {
            "ties": len(self.ties.source),
            "rows": self.ties.rows,
            "left_out": [
                {"rule": one.rule, "ties": one.rows, "people": one.people}
                for one in self.ties.left_out
            ],
            "customers": list(self.customers),
            "groups": self.who.column or None,
            "merged_groups": self.who.merged,
            "ei": ei,
            "reciprocity": self.reciprocity.observed,
            "reciprocity_by_chance": self.reciprocity.to_dict(),
            "critical": [row["person"] for row in self.critical],
            "cut_points": self.cut_points.to_dict(),
            "communities": {
                "sizes": held.sizes,
                "runs": held.runs,
                "agreement": held.agreement,
                "modularity": held.modularity.to_dict(),
                "not_settled": int(held.not_settled.sum()),
            },
            "silos": [silo.to_dict() for silo in self.silos],
            "distances": [
                {
                    "from": d.sender,
                    "to": d.recipient,
                    "ties": d.ties,
                    "expected": d.expected,
                    "p": d.p,
                }
                for d in self.distances
            ],
            "people": self.people.to_pylist(),
            "notes": list(self.notes),
        }

    def text(self, *, names: bool | None = None) -> str:
        """The map in words, for a terminal.

        Args:
            names: Whether those who are cut off are named; None: in a list of up to 100 people that
                somebody wrote, not in a log of messages.
        """
        wrote = not self.ties.log and len(self.who.ids) <= 100
        return page(self, names=wrote if names is None else names)

    def svg(self, *, paper: bool = False) -> str:
        """The map as a drawing: people, or groups where there are more than 500 people.

        Args:
            paper: With a white sheet of its own, for a file.
        """
        return drawn(self, self._pairs, paper=paper)

    def graphml(self) -> str:
        """The map as GraphML (Gephi, yEd, Cytoscape, igraph): everybody with what was measured."""
        import networkx as nx

        made = nx.DiGraph()
        for row in self.people.to_pylist():
            known = {k: v for k, v in row.items() if v is not None}
            made.add_node(known.pop("person"), **known)
        ids = self.who.ids
        ends = zip(*(end.tolist() for end in self._ends), self.ties.weight.tolist(), strict=True)
        made.add_weighted_edges_from((ids[a], ids[b], weight) for a, b, weight in ends)
        return "\n".join(nx.generate_graphml(made)) + "\n"

    def section(self) -> Section:
        """The map as a section of the report: nobody is named but who is critical."""
        return of_document(self.to_dict())

    def write(self, path: str | Path, format: str | None = None) -> None:  # noqa: A002
        """Write the map to *path*, whole or not at all; the ending tells what.

        `.svg` the drawing, `.graphml` the map for other programs, `.json` everything, and any other
        ending of a table a row a person.

        Raises:
            UsageError: No format has that name or ending.
            OutputError: The place cannot be written.
        """
        kind = format or Path(path).suffix.lower().removeprefix(".")
        if kind in ("svg", "graphml"):
            text = self.svg(paper=True) if kind == "svg" else self.graphml()
            with formats.destination(path) as stream:
                stream.write(text.encode())
        elif kind == "json":
            formats.write_document(path, self.to_dict())
        else:
            formats.write(self.people.schema, self.people.to_batches(), path, format)


def stakeholders(
    data: object,
    *,
    people: object = None,
    groups: str | None = None,
    customers: Iterable[str] = (),
    sender: str | None = None,
    recipients: Iterable[str] = (),
    weight: str | None = None,
    undirected: bool = False,
    keep_all: bool = False,
    broadcast: int = BROADCAST,
    runs: int = RUNS,
    seed: int = 0,
    table: str | None = None,
    encoding: str | None = None,
    threads: int | None = None,
    memory_limit: str | None = None,
    timeout: float | None = limits.TIMEOUT,
) -> Stakeholders:
    """The map of *data*: who is critical, who is cut off, who brokers, where the silos are.

    Args:
        data: What `reltype.classify` takes: a row a tie (from, to, weight), a message (sender,
            recipients, time), or a person with their ties in one cell.
        people: A list of people: the column that holds the names in the ties is found. None: *data*
            itself where it has a row a person.
        groups: The list's column of groups; those of fewer than five people are told together.
            None: found by its name.
        customers: Whose outcome the others work for; empty: those whose role is customer, patient …
        sender: The column of whom a tie comes from; None: found by its name.
        recipients: The columns of whom it goes to; empty: likewise.
        weight: The column of how strong it is; None: likewise, else rows are counted.
        undirected: Ties mean no direction.
        keep_all: Broadcasts and robots in a log are ties too.
        broadcast: Recipients up to whom a message is none to everybody.
        runs: How many seeded runs find communities, 20 or more.
        seed: Of all draws: the same seed, the same figures.
        table: Which table of a database, or sheet of a workbook.
        encoding: What a text file is written in.
        threads: How many threads the engine may use.
        memory_limit: What the engine may hold, such as `2GB`.
        timeout: Seconds that reading may take; None or 0: no limit.

    Raises:
        InputError: Nothing tells who is tied to whom, or nobody is.
        UsageError: An option makes no sense, or networkx is not installed.

    Example:
        >>> import reltype
        >>> ties = [{"from": a, "to": b} for a, b in ["ab", "ba", "bc", "cb", "cd"]]
        >>> found = reltype.stakeholders(ties)
        >>> [row["person"] for row in found.critical], round(found.reciprocity.observed, 2)
        (['b', 'c'], 0.8)
    """
    if find_spec("networkx") is None:
        raise UsageError("Maps of stakeholders need networkx: pip install 'reltype[stakeholders]'.")
    if runs < 20:
        raise UsageError(f"runs = {runs}: communities need 20 runs or more to agree on.")
    opened = Table.opened(
        data,
        table=table,
        encoding=encoding,
        threads=threads,
        memory_limit=memory_limit,
        timeout=timeout,
        empty="Nobody is tied to anybody.",
    )
    with limits.within(opened.engine.reader, timeout, f"reading {opened.name}"):
        ties = read_ties(
            opened,
            sender=sender,
            recipients=[recipients] if isinstance(recipients, str) else recipients,
            weight=weight,
            undirected=undirected,
            keep_all=keep_all,
            broadcast=broadcast,
        )
        wanted = [customers] if isinstance(customers, str) else customers
        listed = None
        if people is not None:
            listed = Table.opened(people, threads=threads, memory_limit=memory_limit)
        elif ties.listed:
            listed = opened
        who = read_people(ties.names, listed, groups=groups, customers=wanted)
    if len(who.ids) > MOST:
        raise UsageError(
            f"{opened.name}: {len(who.ids):,} people are more than a map holds ({MOST:,}). Give the "
            "ties of a part of them."
        )
    return _measured(ties, who, runs, seed)


def _measured(ties: Ties, who: People, runs: int, seed: int) -> Stakeholders:
    place = {name: i for i, name in enumerate(who.ids)}
    at = np.array([place[name] for name in ties.names], np.int64)
    source, target = at[ties.source], at[ties.target]
    people = len(who.ids)
    pairs = Pairs.of(source, target, ties.weight, people)
    # A stream of draws for each measure: a new one moves none of the others.
    first, second, third, fourth = (
        np.random.default_rng(one) for one in np.random.SeedSequence(seed).spawn(4)
    )
    answered, own = reciprocity(source, target, people, first)
    if ties.undirected:  # who meant no direction answered nobody
        answered, own = ByChance(None, None, None, None, None), np.full(people, np.nan)
    opened = openness(source, target, who.group, len(who.groups), second)
    between = brokers(pairs, third)
    together = communities(pairs, fourth, runs)
    silos, distances = _silos(opened, who)
    notes = [*ties.notes, *who.notes]
    if who.groups and opened is None:
        notes.append(
            f"Groups of fewer than {FLOOR} people are told together, and only one group was left: "
            "nothing tells how open they are."
        )
    return Stakeholders(
        _table(ties, who, (source, target), pairs, own, between, together),
        ties,
        who,
        None if opened is None else opened.ei,
        answered,
        silos,
        distances,
        between.cut_points,
        together,
        tuple(notes),
        pairs,
        (source, target),
    )


def _silos(opened: Groups | None, who: People) -> tuple[tuple[Silo, ...], tuple[Distance, ...]]:
    if opened is None:
        return (), ()
    sizes = np.bincount(who.group[who.group >= 0], minlength=len(who.groups))
    silos = [
        Silo(name, int(sizes[i]), opened.each[i], _known(opened.p[i]))
        for i, name in enumerate(who.groups)
    ]
    rare = np.argwhere(np.nan_to_num(opened.rarer, nan=1.0) < LEVEL)
    distances = [
        Distance(
            who.groups[a],
            who.groups[b],
            int(opened.between[a, b]),
            float(opened.expected[a, b]),
            float(opened.rarer[a, b]),
        )
        for a, b in rare.tolist()
    ]
    return (
        tuple(sorted(silos, key=_inwardness)),
        tuple(sorted(distances, key=lambda d: (d.p, d.ties - d.expected, d.sender, d.recipient))),
    )


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _inwardness(silo: Silo) -> tuple[bool, float, str]:
    """The most inward against chance first, those without ties last."""
    ei = silo.ei
    if ei.observed is None or ei.expected is None or not ei.sd:
        return (True, 0.0, silo.group)
    return (not silo.silo, (ei.observed - ei.expected) / ei.sd, silo.group)


def _table(
    ties: Ties,
    who: People,
    ends: tuple[NDArray[np.int64], NDArray[np.int64]],
    pairs: Pairs,
    mutual: Floats,
    between: Brokers,
    together: Communities,
) -> pa.Table:
    people = len(who.ids)
    source, target = ends
    needed = needed_by(pairs, who.customers)
    part = parts(pairs)
    degree = np.bincount(np.concatenate([pairs.a, pairs.b]), minlength=people)
    reached = set(part[list(who.customers)].tolist()) if who.customers else {0}
    connected = np.isin(part, sorted(reached)) & ((degree > 0) | _is(who.customers, people))
    labels = together.labels
    named = [
        None if label < 0 else "not settled" if unsure else str(label + 1)
        for label, unsure in zip(labels.tolist(), together.not_settled.tolist(), strict=True)
    ]
    columns: dict[str, pa.Array] = {
        "person": texts(who.ids),
        "name": texts(who.names),
        "group": texts([who.groups[g] if g >= 0 else None for g in who.group.tolist()]),
        "role": texts([role or None for role in who.roles or ("",) * people]),
        "sent": numbers(np.bincount(source, ties.weight, people)),
        "received": numbers(np.bincount(target, ties.weight, people)),
        "strength": numbers(np.bincount(np.concatenate(ends), np.tile(ties.weight, 2), people)),
        "contacts": numbers(degree.astype(np.int64)),
        "reciprocity": numbers(mutual),
        "betweenness": numbers(between.betweenness),
        "betweenness_by_chance": numbers(between.expected),
        "betweenness_low": numbers(between.low),
        "betweenness_high": numbers(between.high),
        "broker": pa.array((between.p < LEVEL).tolist(), pa.bool_()),
        "constraint": numbers(between.constraint),
        "constraint_by_chance": numbers(between.constraint_expected),
        "needed_by": numbers(needed),
        "critical": pa.array((needed > 0).tolist(), pa.bool_()),
        "critical_by_chance": numbers(between.critical),
        "connected": pa.array(connected.tolist(), pa.bool_()),
        "community": texts(named),
        "settled": numbers(together.settled),
    }
    if not ties.log:
        for name, cells in who.facts.items():
            ours = plain(name).replace(" ", "_")
            if name != who.column and ours not in columns:
                columns[ours] = texts([cell or None for cell in cells])
    return pa.table(columns)


def _is(places: Iterable[int], count: int) -> NDArray[np.bool_]:
    made = np.zeros(count, bool)
    made[list(places)] = True
    return made


__all__ = ["Distance", "Silo", "Stakeholders", "stakeholders"]

"""Drawn: what of a map is drawn, and how it is told to who cannot see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reltype.analyses.stakeholders.measures import Pairs
from reltype.analyses.stakeholders.page import page
from reltype.analyses.stakeholders.picture import MANY, Mark, draw

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reltype.analyses.stakeholders.mapped import Mapped

KINDS = 8
"""Groups that get a colour: the largest; the others are grey."""


def drawn(found: Mapped, pairs: Pairs, *, paper: bool) -> str:
    """The map as SVG."""
    people = len(found.who.ids)
    if people > MANY:
        return _groups(found, pairs, paper=paper)
    return _people(found, pairs, paper=paper)


def _people(found: Mapped, pairs: Pairs, *, paper: bool) -> str:
    rows = found.people.to_pylist()
    what, codes, called = _kinds(found)
    strength = np.array([row["strength"] for row in rows])
    needed = np.array([row["needed_by"] for row in rows])
    between = np.array([row["betweenness"] for row in rows])
    names = [str(row["name"]) for row in rows]
    tips = [_tip(row) for row in rows]
    scale = np.sqrt(strength / max(float(strength.max(initial=0)), 1e-9))
    rank = needed / max(int(needed.max(initial=0)), 1) * 4 + between * 3 + scale
    rank += np.where(needed > 0, 10, 0)
    rank[list(found.who.customers)] += 100
    mark = Mark(pairs, names, tips, codes, called, scale, needed > 0, rank)
    around = f" around {', '.join(found.customers[:3])}" if found.customers else ""
    title = f"Map of {len(rows):,} people{around}"
    told = f"Colour and shape: {what}. The larger a mark, the stronger its ties; so with lines."
    notes = [told]
    if (needed > 0).any():
        lost = (
            f"connection to {', '.join(found.customers[:3])}" if found.customers else "connection"
        )
        notes.append(f"Ringed: critical; without them others lose every {lost}.")
    return draw(mark, title=title, description=_said(found), notes=notes, paper=paper)


def _kinds(found: Mapped) -> tuple[str, NDArray[np.int64], list[str]]:
    """What colours tell: groups, else roles, else communities."""
    who = found.who
    if len(who.groups) > 1:
        return f"{who.column}", *_largest(who.group, list(who.groups))
    roles = sorted({role for role in who.roles if role})
    if len(roles) > 1:
        codes = np.array([roles.index(role) if role else -1 for role in who.roles], np.int64)
        return "role", *_largest(codes, roles)
    labels = np.where(found.communities.not_settled, -1, found.communities.labels)
    called = [f"community {i + 1}" for i in range(len(found.communities.sizes))]
    return "who keeps together (grey: not settled, or with nobody)", *_largest(labels, called)


def _largest(codes: NDArray[np.int64], names: list[str]) -> tuple[NDArray[np.int64], list[str]]:
    """The largest kinds, each with its number; the others are −1."""
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    order = sorted(range(len(names)), key=lambda i: (-counts[i], names[i]))[:KINDS]
    place = np.full(len(names) + 1, -1, np.int64)
    place[order] = np.arange(len(order))
    return place[codes], [f"{names[i]} ({counts[i]:,})" for i in order]


def _tip(row: dict[str, object]) -> str:
    role = f", {row['role']}" if row["role"] else ""
    needed = f", needed by {row['needed_by']}" if row["needed_by"] else ""
    return f"{row['name']}{role}: {row['contacts']} contacts{needed}"


def _groups(found: Mapped, pairs: Pairs, *, paper: bool) -> str:
    """Groups, or communities where there are none, as marks."""
    who = found.who
    if len(who.groups) > 1:
        codes, names, what = who.group, list(who.groups), f"{who.column} or group"
    else:
        codes = found.communities.labels
        names = [f"community {i + 1}" for i in range(len(found.communities.sizes))]
        what = "community"
    known = (codes[pairs.a] >= 0) & (codes[pairs.b] >= 0)
    a, b = codes[pairs.a[known]], codes[pairs.b[known]]
    across = a != b
    sizes = np.bincount(codes[codes >= 0], minlength=len(names))
    inner = np.bincount(a[~across], minlength=len(names))
    outer = np.bincount(a[across], minlength=len(names)) + np.bincount(
        b[across], minlength=len(names)
    )
    ties = np.ones(int(across.sum()))
    merged = Pairs.of(a[across], b[across], ties, len(names))
    silo = {one.group: one.silo for one in found.silos}
    code = np.array([0 if silo.get(name) else 1 for name in names], np.int64)
    called = ["keeps to itself more than chance", "as open as chance"]
    scale = np.sqrt(sizes / max(int(sizes.max(initial=0)), 1))
    tips = [
        f"{name}: {sizes[i]:,} people, {inner[i]:,} pairs within, {outer[i]:,} with others"
        for i, name in enumerate(names)
    ]
    none = np.zeros(len(names), bool)
    if not found.silos:
        code, called = np.full(len(names), -1), []
    mark = Mark(merged, names, tips, code, called, scale, none, scale)
    notes = [f"A mark is a {what}, the larger the more people; a line, pairs who have a tie."]
    title = f"Map of {len(who.ids):,} people in {len(names)} groups"
    return draw(mark, title=title, description=_said(found), notes=notes, paper=paper)


def _said(found: Mapped) -> str:
    """The map in words, without line breaks."""
    return " ".join(page(found, names=False).split())

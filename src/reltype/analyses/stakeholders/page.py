"""Page: the map in words, for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from reltype.formats.printing import printable
from reltype.formats.table import text as as_table

if TYPE_CHECKING:
    from reltype.analyses.stakeholders.chance import ByChance
    from reltype.analyses.stakeholders.mapped import Mapped

WIDTH, MOST = 80, 7


def page(found: Mapped, *, names: bool) -> str:
    """The map: what it is, whom it needs, who is cut off, who brokers, where it is siloed."""
    blocks = [_filled(_head(found)), _filled(_left_out(found))]
    blocks += [_filled(_reciprocity(found)), _filled(_openness(found)), _silo_table(found)]
    blocks += [_filled(_distance(found)), _filled(_critical(found)), _critical_table(found)]
    blocks += [_filled(_brokers(found)), _filled(_cut_off(found, names=names))]
    blocks += [_filled(_communities(found))]
    return "\n".join(block for block in blocks if block)


def _filled(text: str) -> str:
    return textwrap.fill(printable(text), WIDTH, subsequent_indent="  ")


def _head(found: Mapped) -> str:
    kind = "a log" if found.ties.log else "a list"
    around = f", around {_listed(found.customers)}" if found.customers else ""
    groups = f", {len(found.who.groups)} groups of {found.who.column}" if found.who.groups else ""
    merged = (
        f" ({found.who.merged} of fewer than 5 people are told together)"
        if found.who.merged
        else ""
    )
    return (
        f"{len(found.who.ids):,} people and {len(found.ties.source):,} ties of {kind}{around}"
        f"{groups}{merged}."
    )


def _left_out(found: Mapped) -> str:
    told = "; ".join(f"{one.rows:,} {one.rule}" for one in found.ties.left_out)
    return f"Left out: {told}." if told else ""


def _reciprocity(found: Mapped) -> str:
    if found.ties.undirected:
        return ""
    return f"Reciprocity, the share of ties that are answered: {_beside(found.reciprocity)}."


def _openness(found: Mapped) -> str:
    ei = found.ei
    if ei is None:
        return ""
    verdict = {
        "less": "siloed: ties stay within groups more than chance would have them",
        "more": "more open than chance",
        "as chance": "as open as chance",
    }.get(ei.says, "cannot tell")
    if ei.says == "less" and ei.sd and ei.observed is not None and ei.expected is not None:
        strongly = (ei.expected - ei.observed) / ei.sd > 10 and ei.expected - ei.observed > 0.2
        verdict = f"strongly {verdict}" if strongly else verdict
    return f"E–I index of {found.who.column}: {_beside(ei)}: {verdict}."


def _beside(one: ByChance) -> str:
    if one.observed is None:
        return "none"
    seen = f"{one.observed:.3f}"
    if one.interval is not None:
        seen += f" ({one.interval[0]:.2f} to {one.interval[1]:.2f})"
    if one.expected is None or one.sd is None:
        return seen
    return f"{seen}, by chance {one.expected:.3f} ± {one.sd:.3f}"


def _silo_table(found: Mapped) -> str:
    shown = [silo for silo in found.silos if silo.silo][:MOST]
    if not shown:
        return ""
    rows = [
        {
            "silo": one.group,
            "people": f"{one.people:,}",
            "E–I": f"{one.ei.observed:.2f}",
            "by chance": f"{one.ei.low:.2f} to {one.ei.high:.2f}",
            "p (Holm)": f"{one.p:.3f}",
        }
        for one in shown
    ]
    count = sum(silo.silo for silo in found.silos)
    more = f"{count} of {len(found.silos)} groups keep to themselves more than by chance"
    more += f"; the {len(shown)} furthest from it:" if count > len(shown) else ":"
    return f"{more}\n{_table(rows)}"


def _distance(found: Mapped) -> str:
    if not found.distances:
        return ""
    told = "; ".join(
        f"{d.sender} to {d.recipient} ({d.ties}, by chance {d.expected:.0f})"
        for d in found.distances[:3]
    )
    return f"Fewer ties than chance from {told}" + (
        f"; {len(found.distances)} such pairs in all." if len(found.distances) > 3 else "."
    )


def _critical(found: Mapped) -> str:
    what = f"to {_listed(found.customers)}" if found.customers else "to the others"
    chance = found.cut_points
    beside = (
        f"{chance.expected:.0f} ± {chance.sd:.0f}" if chance.expected is not None else "unknown"
    )
    points = (
        f"People who hold parts of the map together: {chance.observed:.0f} (by chance {beside})"
    )
    if not found.critical:
        return f"Nobody is critical: without any one person, everybody keeps a connection {what}. {points}."
    who = (
        "One is critical: without them"
        if len(found.critical) == 1
        else (f"{len(found.critical)} are critical: without one of them")
    )
    return f"{who} others lose every connection {what}. {points}."


def _critical_rows(found: Mapped) -> list[dict[str, str]]:
    carries = [n for n in ("role", "stake") if any(row.get(n) for row in found.critical)]
    return [
        {
            "critical": str(row["name"]),
            "needed by": f"{row['needed_by']:,}",
            "as often by chance": f"{row['critical_by_chance']:.0%}",
            **{n: str(row.get(n) or "") for n in carries},
        }
        for row in found.critical[:MOST]
    ]


def _critical_table(found: Mapped) -> str:
    rows = _critical_rows(found)
    if not rows:
        return ""
    room = WIDTH - 36
    for row in rows:
        row["critical"] = _short(row["critical"], 24)
        if "stake" in row:
            row["stake"] = _short(row["stake"], room - (16 if "role" in row else 0) - 6)
        if "role" in row:
            row["role"] = _short(row["role"], 14)
        row["chance"] = row.pop("as often by chance")
    order = ["critical", "needed by", "chance", "role", "stake"]
    return _table([{n: row[n] for n in order if n in row} for row in rows])


def _brokers(found: Mapped) -> str:
    shown = found.brokers
    if not shown:
        return (
            "No brokers: nobody is between others more than somebody with as many ties by chance."
        )
    told = "; ".join(
        f"{row['name']} ({row['betweenness']:.1%} of the shortest ways, by chance "
        f"{row['betweenness_low']:.1%} to {row['betweenness_high']:.1%})"
        for row in shown[:3]
    )
    more = f"; {len(shown)} in all" if len(shown) > 3 else ""
    return f"Brokers: {told}{more}."


def _cut_off(found: Mapped, *, names: bool) -> str:
    shown = found.cut_off
    if not shown:
        return "Nobody is cut off."
    what = f"no connection to {_listed(found.customers)}" if found.customers else "none to the rest"
    if names:
        return f"Cut off ({what}): {_listed([str(row['name']) for row in shown], 12)}."
    return f"Cut off ({what}): {len(shown):,} people; --names names them."


def _communities(found: Mapped) -> str:
    held = found.communities
    if not held.sizes:
        return "No communities: no three people keep together."
    chance = held.modularity
    if chance.says != "more":
        return (
            f"Communities: none to speak of; modularity {chance.observed or 0:.2f} is what chance "
            f"gives ({chance.expected or 0:.2f} ± {chance.sd or 0:.2f})."
        )
    unsure = int(held.not_settled.sum())
    doubt = f"; {unsure:,} people are not settled" if unsure else "; all are settled"
    return (
        f"Communities: {len(held.sizes)} ({_listed([f'{n:,}' for n in held.sizes], 10)} people) by "
        f"consensus of {held.runs} runs, of which two agree to {held.agreement:.2f} (Rand, adjusted)"
        f"{doubt}. Modularity {chance.observed:.2f}, by chance {chance.expected:.2f} ± {chance.sd:.2f}."
    )


def _listed(names: Sequence[str], most: int = 3) -> str:
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _short(text: str, room: int) -> str:
    return text if len(text) <= room else text[: max(room - 1, 1)].rstrip() + "…"


def _table(rows: list[dict[str, Any]]) -> str:
    made = as_table(list(rows[0]), rows)
    return "\n".join(_lines(made))


def _lines(made: str) -> Iterator[str]:
    for line in made.splitlines():
        yield f"  {line}".rstrip()

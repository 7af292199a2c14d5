"""Summary text: what a run found, for a person: shares, what stands out, whom to look at, what to do.

At most 80 columns wide, and as many lines as there is room for: what does not fit is counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from attrs import define, evolve

from reltype.definitions.archetypes import UNCLASSIFIED
from reltype.definitions.phrases import spoken_of
from reltype.formats.printing import columns, counted, cut, folded, padded
from reltype.reporting.attention import LAPSING

if TYPE_CHECKING:
    from reltype.reporting.attention import Watched
    from reltype.reporting.summary import Advice, Summary

WIDTH, LINES = 80, 40
"""A terminal as narrow and as low as they come."""

NAME, BAR, ID = 26, 30, 20
"""Columns of an archetype's name, of a bar, of a customer's id."""

WEAK = 0.25
"""A reliability below which a signal counts for less than half, and is told."""

BLOCKS = "█▓▒░"
"""Bars by certainty, the surest first."""

MORE = "… {count:,} more: --verbose"


@define
class Section:
    """A heading and items of some lines each, of which the last may be left out.

    Attributes:
        heading: A line; empty for none.
        items: Lines of each.
        left_out: Items that there was no room for.
    """

    heading: str
    items: list[list[str]]
    left_out: int = 0

    @property
    def lines(self) -> list[str]:
        """All of them, a blank one first."""
        if not self.items:
            return []
        made = [line for item in self.items for line in item]
        more = [f"  {MORE.format(count=self.left_out)}"] if self.left_out else []
        return ["", *filter(None, [self.heading]), *made, *more]


def text(summary: Summary, room: int = LINES) -> list[str]:
    """What a person reads first, in at most *room* lines.

    Args:
        summary: What was found.
        room: Lines that may be used; at least 20.
    """
    summary = spoken(summary)
    first = head(summary)
    sections = [
        Section("", [_shares(summary)]),
        Section("What stands out", [_item(line) for line in standing_out(summary)]),
        Section("Whom to look at first", [_watched(one) for one in summary.first]),
        Section("What to do", _to_do(summary)),
    ]
    return [*first, *fitted(sections, room - len(first))]


def spoken(summary: Summary) -> Summary:
    """The same with its sentences on those whose relationships were read: employees, say."""
    noun, plural = summary.noun, summary.plural
    if noun == "customer":
        return summary

    def said(sentences: Iterable[str]) -> tuple[str, ...]:
        return tuple(spoken_of(sentence, noun, plural) for sentence in sentences)

    return evolve(
        summary,
        findings=said(summary.findings),
        warnings=said(summary.warnings),
        alarm_means=dict(zip(summary.alarm_means, said(summary.alarm_means.values()), strict=True)),
        advice=tuple(
            evolve(one, action=action)
            for one, action in zip(
                summary.advice, said(one.action for one in summary.advice), strict=True
            )
        ),
    )


def fitted(sections: Sequence[Section], room: int) -> list[str]:
    """The lines of *sections*, of which the longest lose their last items until there is room.

    Each keeps one, if that can be; then the last sections with a heading go.
    """
    while sum(len(section.lines) for section in sections) > room:
        longest = max(
            (section for section in sections if len(section.items) > 1),
            key=lambda section: len(section.lines),
            default=None,
        ) or next((one for one in reversed(sections) if one.heading and one.items), None)
        if longest is None:
            break
        longest.items.pop()
        longest.left_out += 1
    return [line for section in sections for line in section.lines]


def details(summary: Summary) -> Iterator[str]:
    """What is behind it, for `--verbose`: what was and was not seen, scales, how steady signals are."""
    summary = spoken(summary)
    yield from _block("What stands out, in full", standing_out(summary))
    everybody = [
        f"{one.customer_id}: {'; '.join(filter(None, [*_facts(one), one.reason, one.benefit]))}"
        for one in summary.first
    ]
    yield from _block("Whom to look at first", everybody)
    todo = [
        f"{one.benefit} ({one.owner}), first for {one.customers:,}: {one.action}"
        for one in summary.advice
    ]
    yield from _block("What to do", todo)
    unseen = [name for name, share in summary.signals.items() if share == 0]
    yield from _block("Not seen in this input", [", ".join(unseen)] if unseen else [])
    pairs = [f"{p.first} from {p.second} (d' = {p.distance:.1f})" for p in summary.alike]
    yield from _block("These columns cannot tell", pairs)
    yield from _block("What would help, the best first", [one.text for one in summary.helps])
    rates = [
        f"{name} ({share:.0%} of {summary.plural})" for name, share in summary.base_rates.items()
    ]
    yield from _block("Base rates that were shifted", rates)
    weak = [name for name, value in summary.reliability.items() if value < WEAK]
    yield from _block(
        "Hardly repeats itself here, and counts accordingly less",
        [", ".join(weak)] if weak else [],
    )
    measured = {k: v for k, v in summary.scales.items() if k not in summary.assumed}
    assumed = {k: v for k, v in summary.scales.items() if k in summary.assumed}
    yield from _block("Scales, measured here", _numbers(measured))
    yield from _block(
        "Scales that nothing here tells, and what is taken instead", _numbers(assumed)
    )


def rows_read(rows: Mapping[str, int]) -> str:
    """What became of the rows: `read`, `used`, `rejected`, `left_out`, `late`, in a sentence."""
    told = f"{counted(rows['read'], 'row')} read, {rows['used']:,} used"
    told += f", {rows['rejected']:,} rejected" if rows["rejected"] else ""
    told += f", {rows['left_out']:,} left out" if rows["left_out"] else ""
    told += f", {rows['late']:,} after the as-of day" if rows["late"] else ""
    return told + "."


def head(summary: Summary) -> list[str]:
    """How many, as of when, from how many rows."""
    # A customer table without a day is read as of the first day that computers know.
    day = f" as of {summary.as_of}" if summary.as_of.year > 1970 else ""
    told = f"{_people(summary, summary.customers)}{day}. {rows_read(summary.rows)}"
    return folded(told, WIDTH)


def _shares(summary: Summary) -> list[str]:
    """A line for each archetype: share, interval, a bar by certainty; then why some have none."""
    levels = _levels(summary)
    marks = dict(zip(levels, BLOCKS, strict=False))
    legend = "  ".join(f"{mark} {level}" for level, mark in marks.items())
    shown = _largest(summary.archetypes)
    most = max([0.01, *shown.values()])
    lines = [f"  {'':{NAME}} share    95 %   {legend}".rstrip()]
    for name, share in shown.items():
        low, high = summary.intervals.get(name, (0.0, 1.0))
        told = f"{share:>6.1%}  {f'{low * 100:.0f}–{high * 100:.0f} %':>7}"
        if name not in summary.archetypes:
            told = f"{share:>6.1%}  {'':7}"
        bar = _bar(summary.certainty.get(name, {}), share, marks, BAR / most)
        lines.append(f"  {padded(cut(name, NAME - 1), NAME)}{told}   {bar}".rstrip())
    return [*lines, *_sure(summary, levels), *_unnamed(summary)]


def _bar(
    certainty: Mapping[str, float], share: float, marks: Mapping[str, str], scale: float
) -> str:
    """A cell for each part of a share, by certainty; dots for what has none."""
    bar, reached = "", 0.0
    for level, mark in marks.items():
        reached += certainty.get(level, 0.0)
        bar += mark * (round(reached * scale) - len(bar))
    return bar + "·" * (round(share * scale) - len(bar))


def _levels(summary: Summary) -> list[str]:
    """Degrees of certainty, the surest first."""
    return list(dict.fromkeys(level for held in summary.certainty.values() for level in held))


def _largest(shares: Mapping[str, float], most: int = 9) -> dict[str, float]:
    """The shares in their order; the smallest beyond *most* as one."""
    if len(shares) <= most + 1:
        return dict(shares)
    kept = sorted((name for name in shares if name != UNCLASSIFIED), key=lambda n: -shares[n])
    kept = kept[: most - 1]
    made = {name: share for name, share in shares.items() if name in kept}
    others = [share for name, share in shares.items() if name not in {*kept, UNCLASSIFIED}]
    made[f"{len(others)} others"] = sum(others)
    if UNCLASSIFIED in shares:
        made[UNCLASSIFIED] = shares[UNCLASSIFIED]
    return made


def _sure(summary: Summary, levels: Sequence[str]) -> list[str]:
    named = 1 - summary.archetypes.get(UNCLASSIFIED, 0.0)
    if not named or not levels:
        return []
    shares = {
        level: sum(held.get(level, 0.0) for held in summary.certainty.values()) / named
        for level in levels
    }
    told = ", ".join(f"{share:.0%} {level}" for level, share in shares.items())
    return _item(f"Of the names, {told}.")


def _unnamed(summary: Summary) -> list[str]:
    """Why some have no name, the most frequent reasons."""
    reasons = [f"{why} {share:.1%}" for why, share in summary.unclassified.items()]
    if not reasons:
        return []
    more = [f"{len(reasons) - 3} other reasons"] if len(reasons) > 4 else []
    shown = reasons[:3] if more else reasons
    return _item(f"{UNCLASSIFIED.capitalize()}: {', '.join([*shown, *more])}.")


def standing_out(summary: Summary) -> list[str]:
    """Sentences, what matters most first."""
    made = list(summary.findings)
    for name, count in sorted(summary.alarms.items(), key=lambda item: (-item[1], item[0])):
        means = summary.alarm_means.get(name, "")
        made.append(f"Alarm {name}: {_people(summary, count)}{f', {means}' if means else ''}.")
    made += _statuses(summary)
    if summary.alike:
        pairs = [f"{pair.first} from {pair.second}" for pair in summary.alike]
        more = f" (and {counted(len(pairs) - 1, 'other pair')})" if len(pairs) > 1 else ""
        made.append(f"These columns cannot tell {pairs[0]}{more}.")
    if summary.helps and summary.advice:
        made.append(f"What would help most: {summary.helps[0].text}")
    return made


def _statuses(summary: Summary) -> list[str]:
    """How many are lapsing, dormant …, and of which archetype the largest part lapses."""
    total: dict[str, int] = {}
    for held in summary.standing.values():
        for status, count in held.items():
            total[status] = total.get(status, 0) + count
    if not total:
        return []
    ranked = sorted(total.items(), key=lambda item: (item[0] == LAPSING, -item[1], item[0]))
    told = ", ".join(f"{count:,} {status}" for status, count in ranked)
    lapsing = {
        name: held[LAPSING]
        for name, held in summary.standing.items()
        if held.get(LAPSING, 0) >= 3 and name != UNCLASSIFIED
    }
    if not lapsing:
        return [f"Status: {told}."]
    most = max(sorted(lapsing), key=lambda name: lapsing[name])
    return [f"Status: {told} (most often {most}, {lapsing[most]:,})."]


def _watched(one: Watched) -> list[str]:
    """Who, in a line; below it the strongest reason, and what to cultivate."""
    told = "; ".join(_facts(one))
    lines = [f"  {padded(cut(one.customer_id, ID), ID)}  {cut(told, WIDTH - ID - 4)}"]
    benefit = f" → {cut(one.benefit, 34)}" if one.benefit else ""
    if one.reason or benefit:
        reason = cut(one.reason, WIDTH - 4 - columns(benefit))
        lines.append(f"    {f'{reason}{benefit}'.strip()}")
    return lines


def _facts(one: Watched) -> list[str]:
    alarms = [f"alarm: {', '.join(one.alarms)}"] if one.alarms else []
    name = f"{one.archetype}, {one.certainty}" if one.certainty else one.archetype
    return [name, *([one.status] if one.status else []), *alarms]


def _to_do(summary: Summary) -> list[list[str]]:
    """What to cultivate; where nobody is named, what would let somebody be."""
    if summary.advice:
        return [_advice(summary, one) for one in summary.advice]
    wanted = [f"Get {summary.helps[0].text}"] if summary.helps else []
    labels = "Say of 20 of them what they are (reltype label), then reltype fit --labels."
    return [_item(sentence) for sentence in [*wanted, labels]]


def _advice(summary: Summary, one: Advice) -> list[str]:
    who = f"{one.benefit} ({one.owner}), first for {_people(summary, one.customers)}:"
    return [f"  {cut(who, WIDTH - 2)}", *_item(one.action, most=2, indent=4)]


def _block(heading: str, sentences: Sequence[str]) -> Iterator[str]:
    if sentences:
        yield ""
        yield f"{heading}:"
        for sentence in sentences:
            yield from folded(sentence, WIDTH - 2, indent="  ", after="    ")


def _numbers(scales: Mapping[str, float]) -> list[str]:
    return [", ".join(f"{name} {value:.4g}" for name, value in scales.items())] if scales else []


def _item(sentence: str, *, most: int = 3, indent: int = 2) -> list[str]:
    return [f"{' ' * indent}{line}" for line in clipped(sentence, WIDTH - indent, most)]


def clipped(sentence: str, width: int, most: int) -> list[str]:
    """*sentence* in at most *most* lines; the last is cut where more would follow."""
    lines = folded(sentence, width)
    if len(lines) > most:
        lines = [*lines[: most - 1], cut(" ".join(lines[most - 1 :]), width)]
    return lines


def _people(summary: Summary, number: int) -> str:
    return f"{number:,} {summary.noun if number == 1 else summary.plural}"

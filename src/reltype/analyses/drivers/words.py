"""Words: what drives an outcome, told to people in 80 columns."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from reltype.analyses.drivers.performance import ADVICE, CANNOT_TELL, QUADRANTS
from reltype.formats.printing import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reltype.analyses.drivers.values import Driver, Shares

WIDTH = 80
_NAME = 25
_SHOWN = 25
"""Attributes that the table shows; the others are in the file."""
_TREATMENTS = {
    "listwise": "rows with a gap left out",
    "em": "gaps allowed for by maximum likelihood (EM)",
    "multiple": "gaps imputed 20 times",
}


def text(found: Shares) -> str:
    """Lines of at most 80 columns: the whole, each part, notes, and what it is no proof of."""
    blocks = [_block(found, "")]
    blocks += [_block(one, value) for value, one in found.by.items()]
    if found.small:
        listed = [f"{value} ({count:,})" for value, count in found.small.items()]
        few = ", ".join(listed[:10]) + (
            f" and {len(listed) - 10:,} more" if len(listed) > 10 else ""
        )
        blocks.append(_wrapped(f"Too few rows for shares of their own: {few}."))
    closing = [_wrapped(f"Note: {note}") for note in found.notes]
    closing.append(_wrapped(found.causal_warning))
    return "\n\n".join([*blocks, "\n".join(closing)])


def _block(found: Shares, part: str) -> str:
    return "\n".join(line for piece in _pieces(found, part) for line in piece.splitlines() or [""])


def _pieces(found: Shares, part: str) -> Iterator[str]:
    head = f"{part}: w" if part else "W"
    gaps = "" if found.complete == found.rows_read else f", {_TREATMENTS[found.treatment]}"
    weights = f", weighted (worth {found.size:,.0f} equal rows)" if found.weighted else ""
    yield _wrapped(
        f"{head}hat {found.outcome} follows. {found.rows:,} of {found.rows_read:,} rows used{gaps}{weights}."
    )
    yield _wrapped(
        f"R² {_digits(found.r2)} (95 % interval {_digits(found.low)} to {_digits(found.high)}"
        + (f"; adjusted {_digits(found.adjusted)}" if found.adjusted is not None else "")
        + ")."
    )
    for name, r2 in found.always.items():
        yield _wrapped(
            f"{name} always stays in, R² {_digits(r2)}; the shares are of what that leaves."
        )
    reported = found.reported
    if not reported:
        yield _wrapped(
            "Nothing here can be told from noise"
            + (
                f" (R² as great comes by chance in {found.chance:.0%} of cases)."
                if found.chance >= 0.05
                else "."
            )
        )
    if found.weak:
        yield _wrapped(f"Weak evidence: {'; '.join(found.weak)}.")
    yield from (_wrapped(f"Check: {code.description}") for code in found.codes)
    names = shown_names(found)
    yield ""
    yield _table(found, reported, names)
    below = list(_below(found, reported, names))
    yield from ["", *below] if below else []


def _below(found: Shares, reported: list[Driver], names: Mapping[str, str]) -> Iterator[str]:
    """What stands below the table."""
    if any(d not in reported for d in found.ranked):
        yield _wrapped(
            f"· not told from noise: of as many columns of noise, the greatest passes "
            f"{_digits(found.noise)} in 1 of 50 cases."
        )
    if any(d.error for d in found.ranked):
        worst = max(d.error for d in found.ranked)
        yield _wrapped(
            f"More than 23 attributes: orders were drawn, the standard error is at most {worst:.2g}."
        )
    yield from _runs(found, reported, names)
    yield from _quadrants(found, reported, names)
    yield from _benefits(found, names)


def _table(found: Shares, reported: list[Driver], names: Mapping[str, str]) -> str:
    levels = any(d.performance for d in found.ranked)
    wide = min(_NAME, max(map(len, names.values())))
    head = f"  {'':<{wide}} {'share':>5} {'95 % interval':>13} {'r':>5} {'first':>5}"
    lines = [head + (f" {'level':>5}  so" if levels else "")]
    for d in found.ranked[:_SHOWN]:
        mark = " " if d in reported else "·"
        related = "" if d.correlation is None else f"{d.correlation:+.2f}"
        spread = f"{_digits(d.low)} to {_digits(d.high)}"
        line = (
            f"{mark} {_cut(names[d.name], wide):<{wide}} {_digits(d.share):>5} {spread:>13} "
            f"{related:>5} {d.likely_first:>5.0%}"
        )
        if levels and (p := d.performance):
            so = (
                p.quadrant
                if d in reported or (reported and p.quadrant not in QUADRANTS[:2])
                else ""
            )
            line += f" {p.level:>5.0%}  {so}"
        lines.append(line.rstrip())
    if len(found.drivers) > _SHOWN:
        lines.append(f"  … and {len(found.drivers) - _SHOWN} more: -o FILE writes all.")
    return "\n".join(lines)


def _runs(found: Shares, reported: list[Driver], names: Mapping[str, str]) -> Iterator[str]:
    known = {d.name for d in reported}
    runs = [[names[n] for n in run if n in known] for run in found.alike]
    for run in runs:
        if len(run) > 1:
            yield _wrapped(f"Cannot be told apart: {', '.join(run)}.")


def _quadrants(found: Shares, reported: list[Driver], names: Mapping[str, str]) -> Iterator[str]:
    if not reported or found.cross is None:
        return
    known = {d.name for d in reported}
    for quadrant in QUADRANTS:
        placed = [
            names[d.name]
            for d in found.ranked
            if d.performance is not None
            and d.performance.quadrant == quadrant
            # What matters by chance only is no reason for effort.
            and (d.name in known or quadrant not in QUADRANTS[:2])
        ]
        if placed:
            yield _wrapped(f"{quadrant.capitalize()} ({ADVICE[quadrant]}): {', '.join(placed)}.")
    if all(d.performance is None or d.performance.quadrant == CANNOT_TELL for d in found.ranked):
        yield _wrapped("No quadrant can be told: every interval crosses a line.")


def _benefits(found: Shares, names: Mapping[str, str]) -> Iterator[str]:
    """What benefits, and the three kinds of them, stand for."""
    for held, what in ((found.benefits, "benefit"), (found.kinds, "kind of benefit")):
        if not any(b.reported for b in held.values()):
            continue
        yield ""
        yield f"By {what}, of all that is explained:"
        wide = max(len(b.name) for b in held.values())
        for b in held.values():
            spread = f"{b.low:.0%} to {b.high:.0%}"
            line = f"  {printable(b.name):<{wide}} {b.share:>4.0%}  {spread:<12}"
            items = ", ".join(names[a] for a in b.attributes)
            room = WIDTH - len(line) - 2
            yield (
                line + (f"  {_cut(items, room)}" if what == "benefit" and room > 9 else "")
            ).rstrip()


def shown_names(found: Shares) -> dict[str, str]:
    """Names as people see them: without what all begin with, up to a colon or an underscore."""
    names = {name: printable(name) for name in found.drivers}
    first, last = min(names.values()), max(names.values())
    same = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), 0)
    common = first[:same] if len(names) > 1 else ""
    cut = max(common.rfind(": "), common.rfind(" - "), -1)
    begin = cut + 2 if cut >= 0 else 0
    return {name: shown[begin:].strip() or shown for name, shown in names.items()}


def _digits(number: float) -> str:
    """`.107`, `1.00`, `-.012`: three digits behind the point."""
    text = f"{number:.3f}"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def _cut(name: str, width: int) -> str:
    return name if len(name) <= width else name[: width - 1] + "…"


def _wrapped(sentence: str) -> str:
    return textwrap.fill(printable(sentence), WIDTH, break_long_words=False, break_on_hyphens=False)

"""Waterfall: contributions that add up to a score, each beginning where the one before ended."""

from __future__ import annotations

from collections.abc import Sequence

from reltype.reporting.plots.drawing import Axis, Drawing, wrapped

WIDTH, EDGE, SIZE, TEXT = 760, 16, 12, 370
MOST = 14
"""Contributions drawn each; the smallest beyond are one bar."""

FOR, AGAINST, TOTAL = "#0072b2", "#c8560a", "#808080"


def waterfall(
    texts: Sequence[str],
    amounts: Sequence[float],
    *,
    total: str = "in all",
    unit: str = "log-odds",
    title: str = "What the score is made of",
    note: str = "",
    most: int = MOST,
    paper: bool = False,
) -> str:
    """Bars that add up, as SVG.

    Args:
        texts: What each contribution is, in the order in which they are added.
        amounts: What each adds: to the right where above 0, to the left where below.
        total: What the last bar, their sum, is called.
        unit: In what is counted.
        title: What is said above.
        note: What is said below.
        most: Contributions drawn each; the smallest beyond them are one bar, and still add up.
        paper: With a white sheet of its own, for a file.

    Example:
        >>> from reltype.reporting import plots
        >>> "+1.50" in plots.waterfall(["came often", "wrote ill of us"], [2.0, -0.5])
        True
    """
    rows = _rows(texts, amounts, most)
    sums = [0.0]
    for _, amount in rows:
        sums.append(sums[-1] + amount)
    lines = [wrapped(text, TEXT - 24, SIZE, 2) for text, _ in rows]
    heights = [34.0 if len(told) > 1 else 26.0 for told in lines]
    notes = wrapped(note, WIDTH - 2 * EDGE, 12) if note else []
    top = EDGE + 40
    height = top + sum(heights) + 34 + 24 + 18 * len(notes) + EDGE
    told_all = "; ".join(f"{text}: {amount:+.2f}" for text, amount in rows)
    picture = Drawing(
        "waterfall",
        WIDTH,
        height,
        title,
        f"{told_all}. {total}: {sums[-1]:+.2f} ({unit}). {note}".strip(),
    )
    picture.text(EDGE, EDGE + 16, title, size=16, bold=True, room=WIDTH - 2 * EDGE)
    x = Axis(min(sums), max(sums), TEXT, WIDTH - EDGE - 62, room=0)
    x.low, x.high = (min(sums), max(sums)) if min(sums) < max(sums) else (0.0, 1.0)
    end = top + sum(heights)
    picture.line(x(0), top - 6, x(0), end + 30, faint=0.6)
    y = float(top)
    for (_, amount), told, before, high in zip(rows, lines, sums[:-1], heights, strict=True):
        after = before + amount
        middle = y + high / 2
        for j, line in enumerate(told):
            shift = 4.0 if len(told) == 1 else (-3.0 if j == 0 else 11.0)
            picture.text(TEXT - 14, middle + shift, line, size=SIZE, anchor="end")
        a, b = sorted((x(before), x(after)))
        picture.bar(
            a,
            middle - 8,
            max(b - a, 0.8),
            16,
            FOR if amount >= 0 else AGAINST,
            pattern="none" if amount >= 0 else "/",
        )
        picture.text(b + 6, middle + 4, f"{amount:+.2f}", size=SIZE)
        picture.line(x(after), middle + 8, x(after), middle + high, faint=0.4)
        y += high
    middle = end + 17
    picture.text(TEXT - 14, middle + 4, total, size=SIZE, anchor="end", bold=True, room=TEXT - 24)
    a, b = sorted((x(0), x(sums[-1])))
    picture.bar(a, middle - 8, max(b - a, 0.8), 16, TOTAL)
    picture.text(b + 6, middle + 4, f"{sums[-1]:+.2f}", size=SIZE, bold=True)
    picture.text(
        WIDTH - EDGE,
        end + 52,
        f"Bars to the right speak for it, hatched ones against ({unit}).",
        size=12,
        faint=0.85,
        anchor="end",
    )
    for j, line in enumerate(notes):
        picture.text(EDGE, end + 52 + 18 * (j + 1), line, size=12, faint=0.85)
    return picture.svg(paper=paper)


def _rows(texts: Sequence[str], amounts: Sequence[float], most: int) -> list[tuple[str, float]]:
    rows = [(text, float(amount)) for text, amount in zip(texts, amounts, strict=True)]
    if len(rows) <= most:
        return rows
    large = sorted(range(len(rows)), key=lambda i: (-abs(rows[i][1]), i))[: most - 1]
    rest = sum(rows[i][1] for i in range(len(rows)) if i not in set(large))
    kept = [rows[i] for i in sorted(large)]
    return [*kept, (f"{len(rows) - len(kept)} others together", rest)]

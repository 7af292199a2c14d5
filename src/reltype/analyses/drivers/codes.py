"""Codes: numbers such as −99 or 8 on a scale to 7, which may say `don't know`. Proposed, never taken."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from reltype.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NEGATIVE = (*range(-9, 0), -66, -77, -88, -97, -98, -99, -666, -777, -888, -997, -998, -999, -9999)
_POSITIVE = (66, 77, 88, 97, 98, 99, 666, 777, 888, 997, 998, 999, 9997, 9998, 9999, 99999)
_TOPS = (5.0, 7.0, 10.0)
"""Where scales end that are followed by a code or two for no answer."""
_STEPS = 130
"""A column of more different numbers is no scale."""


@frozen
class Proposal:
    """A number that may mean no answer.

    Attributes:
        code: The number.
        columns: Where it stands.
        count: How often.
        because: What makes it odd.
        taken: What to write so that it is taken for no answer.
    """

    code: float
    columns: tuple[str, ...]
    count: int
    because: str
    taken: str

    @property
    def description(self) -> str:
        """A sentence: where the number stands, how often, and why it may be no answer."""
        where = ", ".join(self.columns[:5]) + (" …" if len(self.columns) > 5 else "")
        return (
            f"{self.code:g} stands {self.count:,} time{'s' * (self.count != 1)} in {where}: {self.because}. It was taken as "
            f"a number. If it means no answer, add {self.taken}."
        )


def proposals(names: Sequence[str], values: NDArray[np.float64]) -> list[Proposal]:
    """Codes that look like no answer.

    Args:
        names: Of the columns.
        values: (n, columns); NaN where nothing stands.
    """
    counts = [_counts(values[:, i]) for i in range(len(names))]
    tops = [_end(c) for c in counts]
    stems = [re.sub(r"[\d_.\s-]+$", "", name) for name in names]
    found: dict[tuple[float, str], list[int]] = {}
    for place, steps in enumerate(counts):
        beside = {i: top for i, top in enumerate(tops) if i != place and top is not None}
        kin = [top for i, top in beside.items() if stems[i] == stems[place]]
        others = Counter(kin if len(kin) > 1 else beside.values())
        for code, because in _odd(steps, others):
            found.setdefault((code, because), []).append(place)
    made = []
    for (code, because), places in sorted(found.items(), key=lambda item: item[0]):
        columns = tuple(names[i] for i in places)
        elsewhere = any(code in counts[i] for i in range(len(names)) if i not in places)
        told = ",".join(f"{name}={code:g}" for name in columns) if elsewhere else f"{code:g}"
        count = sum(counts[i][code] for i in places)
        made.append(Proposal(code, columns, count, because, f"--dont-know {_quoted(told)}"))
    return made


def _counts(column: NDArray[np.float64]) -> dict[float, int]:
    """Answer → how often it stands; of a column that is no scale only what may be codes, and its ends."""
    values, counts = np.unique(column[~np.isnan(column)], return_counts=True)
    if len(values) > _STEPS:
        low = int((values < 0).sum())
        if not 0 < low <= 3:
            return {}
        ends = [low, low + 1, len(values) - 1]
        kept = [*range(low), *ends]
        values, counts = values[kept], counts[kept]
    return dict(zip(values.tolist(), counts.tolist(), strict=True))


def _end(steps: Mapping[float, int]) -> float | None:
    """Where a scale of whole numbers ends; None if it is none."""
    if not steps or len(steps) > 12 or any(v != int(v) for v in steps) or min(steps) not in (0, 1):
        return None
    return max(steps)


def _odd(steps: Mapping[float, int], others: Mapping[float, int]) -> list[tuple[float, str]]:
    if len(steps) < 3:
        return []
    made = [*_below(steps), *_far(steps)]
    known = {code for code, _ in made}
    rest = {value: count for value, count in steps.items() if value not in known}
    return made + _beyond(rest, others)


def _below(steps: Mapping[float, int]) -> list[tuple[float, str]]:
    low = sorted(value for value in steps if value < 0)
    rest = sorted(value for value in steps if value >= 0)
    if not 0 < len(low) <= 3 or len(rest) < 2 or any(value not in _NEGATIVE for value in low):
        return []
    # −2…2 is a scale; −2 beside 0…10 is none, nor is −99 beside 0…100.
    step = float(np.median(np.diff(rest)))
    if max(rest) > -2 * low[0] or rest[0] - low[-1] >= max(2.0, 5 * step):
        return [(value, "all other answers are at least 0") for value in low]
    return []


def _far(steps: Mapping[float, int]) -> list[tuple[float, str]]:
    values = sorted(value for value in steps if value >= 0)
    for count in range(1, min(4, len(values) - 1)):
        high, rest = values[-count:], values[:-count]
        gap = high[0] - rest[-1]
        if any(value not in _POSITIVE for value in high):
            return []
        if gap >= max(2.0, 0.5 * (rest[-1] - rest[0])):
            return [(value, f"all other answers are at most {rest[-1]:g}") for value in high]
    return []


def _beyond(steps: Mapping[float, int], others: Mapping[float, int]) -> list[tuple[float, str]]:
    """One or two steps beyond where scales of this survey, or of any, end."""
    top = _end(steps)
    if top is None:
        return []
    most = sum(others.values()) * 2 / 3
    usual = [end for end, count in others.items() if end in _TOPS and count >= most]
    for end in usual:
        odd = [value for value in steps if end < value <= end + 2]
        if odd and max(odd) == top and len(steps) > len(odd) + 1:
            return [(value, f"most other scales here end at {end:g}") for value in odd]
    below = sorted(steps)[:-1]
    if top in (8.0, 9.0) and below[-1] in (5.0, 7.0) and len(below) >= below[-1] - min(below):
        return [(top, f"scales end at {below[-1]:g} more often than at {top:g}")]
    return []


def _quoted(text: str) -> str:
    return f"'{text}'" if any(sign in text for sign in " '\"$`\\*?&;()<>|") else text


def parsed(texts: Sequence[str], names: Sequence[str]) -> dict[str | None, set[float]]:
    """Column → the codes that mean no answer there; None: in every column.

    Args:
        texts: `-99,99` or `s3=8`.
        names: Of the columns.

    Raises:
        UsageError: One is no number, or speaks of a column that is not read.
    """
    made: dict[str | None, set[float]] = {}
    for text in texts:
        for part in filter(None, map(str.strip, text.split(","))):
            name, sign, code = part.rpartition("=")
            if sign and name not in names:
                raise UsageError(
                    f"--dont-know {part!r}: {name!r} is none of the columns that are read."
                )
            try:
                number = float(code)
            except ValueError:
                raise UsageError(
                    f"--dont-know {part!r}: write a number, such as -99, or COLUMN=8."
                ) from None
            made.setdefault(name if sign else None, set()).add(number)
    return made


def cleared(
    names: Sequence[str], values: NDArray[np.float64], codes: Mapping[str | None, set[float]]
) -> tuple[NDArray[np.float64], int]:
    """The values without these codes, and how many cells they were."""
    made = values.copy()
    for place, name in enumerate(names):
        for code in codes.get(name, set()) | codes.get(None, set()):
            made[values[:, place] == code, place] = np.nan
    return made, int((np.isnan(made) & ~np.isnan(values)).sum())

"""Answers in words: `strongly agree`, `4 - good`, `never`; and what stands for no answer at all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from reltype.mapping.conversions import units
from reltype.mapping.kinds import plain
from reltype.mapping.ratings import rating
from reltype.mapping.vocabulary import Name

if TYPE_CHECKING:
    from reltype.mapping.columns import Column

NOTHING = frozenset(
    {
        *("dont know", "don t know", "do not know", "dk", "no answer", "not answered", "refused"),
        *("prefer not to say", "not applicable", "n a", "na", "no opinion", "cannot say", "unsure"),
        *(
            "not sure",
            "can t say",
            "cant say",
            "no experience",
            "not used",
            "did not use",
            "missing",
        ),
        *("weiss nicht", "keine angabe", "k a", "trifft nicht zu", "keine antwort"),
        *("ne sait pas", "sans reponse", "sans objet", "no sabe", "no contesta", "ns nc"),
        *("non so", "nao sei", "weet niet", "nie wiem", "vet ej"),
    }
)
"""Words for no answer, in plain form."""

_POLES: Mapping[str, float] = {
    **dict.fromkeys(("agree", "satisfied", "likely", "happy", "important", "pleased"), 0.6),
    **dict.fromkeys(("good", "positive", "easy", "clear", "helpful", "true", "interested"), 0.6),
    **dict.fromkeys(("disagree", "dissatisfied", "unsatisfied", "unlikely", "unhappy"), -0.6),
    **dict.fromkeys(("bad", "poor", "negative", "difficult", "unclear", "unhelpful"), -0.6),
    **dict.fromkeys(("unimportant", "displeased", "untrue", "hard", "false"), -0.6),
}
_DEGREES: Mapping[str, float] = {
    **dict.fromkeys(("strongly", "very", "extremely", "completely", "totally", "fully"), 1 / 0.6),
    **dict.fromkeys(("highly", "definitely", "entirely", "most"), 1 / 0.6),
    **dict.fromkeys(("somewhat", "slightly", "fairly", "rather", "partly", "moderately"), 0.5),
    **dict.fromkeys(("quite", "a little", "a bit", "tend to", "probably", "mostly"), 0.5),
}
_LADDERS: tuple[tuple[tuple[str, ...], ...], ...] = (
    (("never",), ("rarely", "seldom"), ("sometimes", "occasionally"), ("often", "usually"), ("always",)),
    (("never",), ("sometimes",), ("usually",), ("always",)),
    (("poor",), ("fair",), ("good",), ("very good",), ("excellent",)),
    (("not at all",), ("a little", "slightly"), ("somewhat", "moderately"), ("very much", "a lot", "very"), ("completely", "extremely")),
    (("low",), ("medium", "middle"), ("high",)),
    (("definitely not",), ("probably not",), ("maybe", "perhaps"), ("probably",), ("definitely",)),
    (("definitely no",), ("probably no",), ("probably yes",), ("definitely yes",)),
    (("no", "n", "nein", "non"), ("yes", "y", "ja", "oui", "si")),
)  # fmt: skip
_NEUTRAL = re.compile(r"neither|neutral|undecided|indifferent|so so")
_NUMBERED = re.compile(r"\s*([-+]?\d{1,3})(?:\s*[-–—:.)=]\s*|\s+\(?)(?=\D)[^\d]*$")


def answers(column: Column) -> dict[str, float] | None:
    """Cell → number, of a column of words; None if most are no answers on a scale.

    Raises nothing; a cell that is not in it has no number.
    """
    cells = [cell for cell in column.counts if plain(cell) not in NOTHING]
    if not cells or len(cells) > 60:
        return None
    best: dict[str, float] = {}
    for found in (
        _numbered(cells),
        _degrees(cells),
        *(_ladder(cells, ladder) for ladder in _LADDERS),
        _known(column, cells),
    ):
        if _covered(column, found) > _covered(column, best):
            best = found
    whole = sum(column.counts[cell] for cell in cells)
    return best if _covered(column, best) >= 0.8 * whole and len(set(best.values())) > 1 else None


def _covered(column: Column, found: Mapping[str, float]) -> int:
    return sum(column.counts[cell] for cell in found)


def _numbered(cells: list[str]) -> dict[str, float]:
    """`7 (very satisfied)`, `4 - good`, and plain numbers beside them."""
    found = {cell: float(match[1]) for cell in cells if (match := _NUMBERED.match(cell))}
    if not found:
        return {}
    return found | {cell: float(cell) for cell in cells if re.fullmatch(r"[-+]?\d+(\.0)?", cell)}


def _degrees(cells: list[str]) -> dict[str, float]:
    found = {}
    for cell in cells:
        words = plain(cell)
        if _NEUTRAL.search(words):
            found[cell] = 0.0
            continue
        *rest, pole = words.split() or [""]
        degree, turned = " ".join(rest), 1.0
        if degree.startswith("not"):
            degree, turned = degree.removeprefix("not").strip(), -1.0
            degree = degree.removeprefix("at all").strip()
        if pole in _POLES and (not degree or degree in _DEGREES):
            found[cell] = turned * _POLES[pole] * _DEGREES.get(degree, 1.0)
    return found


def _ladder(cells: list[str], ladder: tuple[tuple[str, ...], ...]) -> dict[str, float]:
    steps = {
        word: 2 * i / (len(ladder) - 1) - 1 for i, words in enumerate(ladder) for word in words
    }
    return {cell: steps[plain(cell)] for cell in cells if plain(cell) in steps}


def _known(column: Column, cells: list[str]) -> dict[str, float]:
    """Words that reltype reads as a rating elsewhere."""
    if rating(column, Name.of(column.name)) is None:
        return {}
    words = units("pleased")
    return {cell: words[plain(cell)] for cell in cells if plain(cell) in words}

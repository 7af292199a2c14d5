"""Feelings in texts, by VADER: a function `vader(text)`, and what it says of affect."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from reltype.plugin import ScalarFunction, hookimpl

if TYPE_CHECKING:
    import pyarrow as pa
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

reltype_api = 1

PACK = Path(__file__).with_name("sentiment.toml")
"""Features and signals that call `vader`."""

REMEMBERED = 1 << 16
"""So many texts are scored once, however often they are asked for: many say the same."""

LONGEST = 5_000
"""Letters of a text that are read: the rest of a pasted thread changes little and costs much."""


def vader(texts: pa.Array) -> pa.Array:
    """How pleased each text sounds, −1…1: VADER's compound score (Hutto & Gilbert 2014).

    Null where the text is, and where it holds no word, emoji or sign that VADER knows a feeling
    for: a text in another language, or a plain fact, is not a neutral feeling.
    """
    import pyarrow as pa

    coded = texts.dictionary_encode()
    scores = pa.array([_compound(text) for text in coded.dictionary.to_pylist()], pa.float64())
    return scores.take(coded.indices)


@lru_cache(maxsize=REMEMBERED)
def _compound(text: str) -> float | None:
    made = _analyser().polarity_scores(text[:LONGEST])
    return made["compound"] if made["pos"] or made["neg"] else None


@cache
def _analyser() -> SentimentIntensityAnalyzer:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()


@hookimpl
def reltype_functions() -> list[ScalarFunction]:
    """Return `vader(text)`."""
    summary = "How pleased an English text sounds, −1…1; null where it shows no feeling."
    return [ScalarFunction("vader", vader, ("text",), "number", summary)]


@hookimpl
def reltype_definitions() -> list[Path]:
    """Return the pack."""
    return [PACK]

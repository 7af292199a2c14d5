"""Loaded: a learned classifier made of parts that a file gave, each checked first."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from reltype.errors import InputError
from reltype.model.learned import Learned
from reltype.model.ranks import Ranks
from reltype.model.trees import NODES, Trees

if TYPE_CHECKING:
    from collections.abc import Callable

    from reltype.metrics import Floats


@attrs.frozen(eq=False)
class Loaded:
    """Containers, numbers and words from a file.

    Attributes:
        made: What was loaded.
        what: What messages call the file.
    """

    made: Any
    what: str

    def learned(self) -> Learned:
        """The classifier. Raises InputError for a part of the wrong type, shape or range."""
        if type(self.made) is not dict:
            raise self.wrong("it")
        signals, dimensions = self.words("signals"), self.words("dimensions")
        features, rules = self.words("features"), self.words("rules")
        if len(signals) != len(dimensions):
            raise self.wrong("dimensions")
        intercept = self.made["intercept"]
        classes = len(intercept) if type(intercept) is np.ndarray else 0
        facts = len(signals) + len(features)
        grown = self.made["trees"]
        trees = _trees(grown, facts, classes, self.wrong) if grown else None
        width = 2 * facts + len(rules) + (classes if trees is not None else 0)
        return Learned(
            signals=signals,
            dimensions=dimensions,
            features=features,
            rules=rules,
            ranks=self.ranks(facts),
            usual=self.numbers(self.made["usual"], len(rules)),
            weights=self.numbers(self.made["weights"], width, classes),
            intercept=self.numbers(intercept, classes),
            trees=trees,
        )

    def ranks(self, count: int) -> Ranks:
        """The ranks of *count* columns."""
        held = self.made["ranks"]
        sizes = held["sizes"]
        if type(sizes) is not list or len(sizes) != count:
            raise self.wrong("ranks")
        if not all(type(size) is int and size >= 0 for size in sizes):
            raise self.wrong("ranks")
        ends = np.cumsum([0, *sizes])
        knots, scores = (
            tuple(flat[a:b] for a, b in pairwise(ends))
            for flat in (self.numbers(held[k], sum(sizes)) for k in ("knots", "scores"))
        )
        if any((np.diff(k) <= 0).any() for k in knots):
            raise self.wrong("ranks")
        return Ranks(knots, scores, self.numbers(held["nulls"], count))

    def words(self, part: str) -> tuple[str, ...]:
        """A list of words."""
        value = self.made[part]
        if type(value) is not list or not all(type(v) is str for v in value):
            raise self.wrong(part)
        return tuple(value)

    def numbers(self, value: Any, *shape: int) -> Floats:  # noqa: ANN401
        """A finite array of this shape."""
        if type(value) is not np.ndarray or value.dtype != np.float64 or value.shape != shape:
            raise self.wrong("an array")
        if not np.isfinite(value).all():
            raise self.wrong("a number")
        return value

    def wrong(self, part: str) -> InputError:
        """The error for a part that does not fit."""
        return InputError(f"{self.what}: {part} is not what a model has there; refused.")


def _trees(made: Any, columns: int, classes: int, wrong: Callable[[str], InputError]) -> Trees:  # noqa: ANN401
    """The trees of a loaded dict: every index within its table."""
    whole = {"present": classes, "column": columns, "left": NODES, "right": NODES, "nulls_left": 2}
    names = {a.name for a in attrs.fields(Trees)}
    if type(made) is not dict or set(made) != names:
        raise wrong("trees")
    for name, value in made.items():
        kind = np.int64 if name in whole else np.float64
        if type(value) is not np.ndarray or value.dtype != kind:
            raise wrong(f"trees: {name}")
        if name in whole and ((value < 0) | (value >= whole[name])).any():
            raise wrong(f"trees: {name}")
        # A threshold may be infinite: everything but null goes left.
        if np.isnan(value).any() if name == "threshold" else not np.isfinite(value).all():
            raise wrong(f"trees: {name}")
    count = len(made["value"])
    known = len(made["present"])
    flat = {"present": (known,), "base": (1 if known == 2 else known,)}
    for name, value in made.items():
        if value.shape != flat.get(name, (count, NODES)) or known < 2:
            raise wrong(f"trees: {name}")
    return Trees(**made)

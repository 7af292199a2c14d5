"""Loaded: a learned classifier made of parts that a file gave, each checked first."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from reltype.definitions.recipes import kept
from reltype.errors import InputError
from reltype.learning.model.fitted_recipe import FittedRecipe
from reltype.learning.model.learned import Learned
from reltype.learning.model.ranks import Ranks

LARGEST = 1e9
"""No weight that was learned is as large."""

if TYPE_CHECKING:
    from reltype.arrow import Floats


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
        held = self.made["taught"]
        if type(held) is not list:
            raise self.wrong("taught")
        fitted_recipes = tuple(self.fitted_recipe(one, classes) for one in held)
        width = 2 * facts + len(rules) + classes * len(fitted_recipes)
        return Learned(
            signals=signals,
            dimensions=dimensions,
            features=features,
            rules=rules,
            ranks=self.ranks(facts),
            usual=self.numbers(self.made["usual"], len(rules)),
            weights=self.numbers(self.made["weights"], width, classes),
            intercept=self.numbers(intercept, classes),
            fitted_recipes=fitted_recipes,
        )

    def fitted_recipe(self, held: Any, classes: int) -> FittedRecipe:  # noqa: ANN401
        """What a recipe learned; what its numbers mean, the recipe finds out when it is `bound`."""
        if type(held) is not dict or set(held) != {"name", "plugin", "present", "state"}:
            raise self.wrong("taught")
        name, plugin, present = held["name"], held["plugin"], held["present"]
        if type(name) is not str or type(plugin) is not str or type(held["state"]) is not dict:
            raise self.wrong("taught")
        if type(present) is not np.ndarray or present.dtype != np.int64 or present.ndim != 1:
            raise self.wrong("taught: present")
        if len(present) < 2 or (np.diff(present) <= 0).any():
            raise self.wrong("taught: present")
        if present[0] < 0 or present[-1] >= classes:
            raise self.wrong("taught: present")
        if not all(type(array) is np.ndarray for array in held["state"].values()):
            raise self.wrong("taught: state")
        try:
            return FittedRecipe(name, plugin, present, kept(held["state"]))
        except ValueError as error:
            raise self.wrong("taught: state") from error

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
        if not (np.abs(value) <= LARGEST).all():  # nor NaN
            raise self.wrong("a number")
        return value

    def wrong(self, part: str) -> InputError:
        """The error for a part that does not fit."""
        return InputError(f"{self.what}: {part} is not what a model has there; refused.")

"""Fitted recipe: what a recipe learned, and the recipe that can say it."""

# ruff: noqa: N803 - a matrix is called X in scikit-learn

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen

from reltype.errors import ConfigError, InputError, PluginError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reltype.arrow import Floats, Ints
    from reltype.definitions.recipes import State
    from reltype.plugins.guard import GuardedRecipe

_FLOOR = 1e-3
"""No recipe is surer than this: what it holds for impossible still happens."""


@frozen(eq=False)
class FittedRecipe:
    """What one recipe learned.

    Attributes:
        name: The recipe's.
        plugin: Whose it is.
        present: (C,) index of the archetype of each class that it tells apart, ascending.
        state: What it keeps.
        recipe: Who can read the state; None where it was loaded, until `bound`.
    """

    name: str
    plugin: str
    present: Ints
    state: State
    recipe: GuardedRecipe | None = None

    @classmethod
    def by(
        cls, recipe: GuardedRecipe, X: Floats, labels: Ints, columns: tuple[str, ...]
    ) -> FittedRecipe:
        """What *recipe* learns of *labels* (n,), indices of archetypes, two of them at least."""
        present = np.unique(labels)
        state = recipe.fit(X, np.searchsorted(present, labels), columns)
        return cls(recipe.name, recipe.plugin, present, state, recipe)

    def odds(self, X: Floats, classes: int) -> Floats:
        """(n, classes) log-probabilities less their mean; 0 for classes that it does not know."""
        if self.recipe is None:
            raise RuntimeError(f"{self.name} was loaded and not bound to a recipe")
        likely = self.recipe.predict_proba(self.state, X, len(self.present))
        told = np.log(np.maximum(likely, _FLOOR))
        made = np.zeros((len(X), classes))
        made[:, self.present] = told - told.mean(axis=1, keepdims=True)
        return made

    def bound(self, recipes: Iterable[GuardedRecipe], columns: int, version: str) -> FittedRecipe:
        """The same, with the one of *recipes* that it was learned by, asked of nobody once.

        Args:
            recipes: Those that there are.
            columns: How many X has.
            version: Of the plugin, when it learned.

        Raises:
            ConfigError: The recipe is not there.
            PluginError: It cannot read the state.
            InputError: The state is none that a recipe of ours writes.
        """
        mine = [r for r in recipes if (r.plugin, r.name) == (self.plugin, self.name)]
        if not mine:
            raise ConfigError(
                f"The model was taught by the recipe {self.name!r} of the plugin {self.plugin!r} "
                f"({version}), which the installed one does not bring. Install that version, or "
                "fit again."
            )
        try:
            mine[0].predict_proba(self.state, np.empty((0, columns)), len(self.present))
        except PluginError as error:
            raise mine[0].unfit(
                f"its recipe {self.name!r} cannot use what version {version} taught the model: "
                f"{error.__cause__ or error}. Install that version, or fit again."
            ) from error
        except Exception as error:
            raise InputError(
                f"The model's {self.name} are not what a model has there ({error}); refused."
            ) from error
        return evolve(self, recipe=mine[0])

"""Learning: from no labels to a few. `fitting` makes a `model`, `evaluation` says how good it is."""

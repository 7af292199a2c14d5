"""What a person writes: features, dimensions, archetypes, rules, benefits, functions, learners.

`packs` reads them from TOML, `catalogue` holds those of all plugins and packs, `references` checks
that they fit each other.
"""

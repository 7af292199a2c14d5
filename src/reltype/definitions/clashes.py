"""Clashes: what is wrong with a definition, and whose it is."""

from __future__ import annotations

from reltype.errors import ConfigError


class DefinitionError(ConfigError):
    """A definition that clashes with another, or speaks of what is not there.

    Attributes:
        who: The plugin or file that defines it.
    """

    def __init__(self, text: str, who: str) -> None:
        super().__init__(text)
        self.who = who

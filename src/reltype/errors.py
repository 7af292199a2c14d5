"""What can go wrong, told to the person who can mend it.

Every error says what is wrong, where, and what to do next. The command line shows the text alone and ends with
the class's `exit_code`; a traceback appears only with `--debug`.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class ReltypeError(Exception):
    """Something that the user can act on; its text is written for them."""

    exit_code = 70


class UsageError(ReltypeError, ValueError):
    """A call or a command that asks for something impossible."""

    exit_code = 2


class ConfigError(ReltypeError, ValueError):
    """A config, a pack or an expression that cannot be used."""

    exit_code = 3


class InputError(ReltypeError, ValueError):
    """An input that cannot be read or understood."""

    exit_code = 4


class OutputError(ReltypeError, OSError):
    """An output that cannot be written; what stood there before still stands."""

    exit_code = 4


class PluginError(ReltypeError):
    """A plugin that did not load, raised, or gave something unusable.

    Attributes:
        plugin: The plugin's name, as `--no-plugin` takes it.
    """

    exit_code = 5

    def __init__(self, text: str, plugin: str, label: str = "") -> None:
        super().__init__(f"Plugin {label or plugin}: {text}")
        self.plugin = plugin


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A sentence that offers the nearest known names, or says which there are; empty if there are none."""
    names = sorted(known)
    near = get_close_matches(word.lower(), [name.lower() for name in names], n=1, cutoff=0.6)
    if near:
        name = next(name for name in names if name.lower() == near[0])
        return f" Did you mean {name!r}?"
    return f" There are: {', '.join(names)}." if 0 < len(names) <= 20 else ""

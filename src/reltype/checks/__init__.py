"""Checks: laws for plugin authors, as named checks that a test suite runs one by one.

>>> import reltype.checks
>>> from reltype import builtin
>>> names = [str(check) for check in reltype.checks.checks_of(builtin)]
>>> names[:2]
['plugin: it loads', 'definitions: they are usable together with the built-in ones']

Nothing is imported before it is asked for, since pytest imports `reltype.checks.pytest_plugin` at
every start, wherever reltype is installed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reltype.checks.laws import Broken
    from reltype.checks.suite import Check, Outcome, checks_of, of, outcomes

_HOMES = {
    "Broken": "laws",
    "Check": "suite",
    "Outcome": "suite",
    "checks_of": "suite",
    "of": "suite",
    "outcomes": "suite",
}

__all__ = ["Broken", "Check", "Outcome", "checks_of", "of", "outcomes"]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name in _HOMES:
        return getattr(import_module(f"reltype.checks.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'reltype.checks' has no attribute {name!r}")

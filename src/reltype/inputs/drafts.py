"""Draft: guesses as an editable `reltype.toml`, each with its reason beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reltype.formats.toml import quoted
from reltype.mapping.canonical import CUSTOMERS, INTERACTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reltype.mapping.guess import Guess

_HEAD = """\
# How reltype reads these files. Every line is a guess until you have looked at it.
# On the right of = stands a column, or an expression over the file's columns.

typology = "customer"
# as_of = 2025-01-31            # the last day of the log, unless you say otherwise
"""
_WORTHWHILE = {
    "interactions": ("kind", "value", "sentiment", "rating", "discount", "direction", "text"),
    "customers": ("since", "tenure_days", "contract_days", "nps", "satisfaction", "referrals"),
}
"""What is worth a line even where nothing was found."""


def draft(guesses: Sequence[Guess]) -> str:
    """The text of a `reltype.toml` that says what was guessed of these files."""
    parts = [_HEAD]
    for role in ("interactions", "customers"):
        mine = [guess for guess in guesses if guess.role == role]
        for guess in mine:
            title = f"[[{role}]]" if len(mine) > 1 else f"[{role}]"
            parts.append("\n".join([title, *_block(guess)]) + "\n")
    kinds = list(_kinds(guesses))
    if kinds:
        parts.append("\n".join(["[kinds]", *kinds]) + "\n")
    return "\n".join(parts)


def _block(guess: Guess) -> Iterator[str]:
    yield f"from = {text(guess.name)}"
    yield f"# {guess.role}, because {guess.role_because}"
    for problem in guess.problems:
        yield f"# TO DO: {_one_line(problem)}"
    order = INTERACTIONS if guess.role == "interactions" else CUSTOMERS
    names = [*filter(guess.mapping.columns.__contains__, order)]
    names += [name for name in guess.mapping.columns if name not in order]
    for name in names:
        written = f"{name} = {text(_plainest(guess, name))}"
        reason = guess.reasons.get(name, "")
        others = guess.alternatives.get(name, ())
        reason += f"; or: {', '.join(others)}" if others else ""
        yield f"{written:<38s}  # {_one_line(reason)}"
    for name in _WORTHWHILE[guess.role]:
        if name not in guess.mapping.columns:
            yield f"{f'# {name} = ':<38s}  # nothing found"
    if guess.mapping.where is not None:
        yield f"where = {text(guess.mapping.where)}"
    for doubt in guess.doubts:
        yield f"# check: {_one_line(doubt)}"


def _plainest(guess: Guess, name: str) -> str:
    """The column's name where a plain column will do, else the expression."""
    expression, source = guess.mapping.columns[name], guess.sources.get(name, "")
    return source if expression == '"' + source.replace('"', '""') + '"' else expression


def _kinds(guesses: Sequence[Guess]) -> Iterator[str]:
    written: set[str] = set()
    for guess in guesses:
        for word, (count, kind) in guess.kinds.items():
            if word in written or guess.role != "interactions":
                continue
            written.add(word)
            line = f"{quoted(word)} = {text(kind)}"
            unknown = kind == "other"
            line = f"# {line}" if unknown else line
            told = f"{count} of the sampled rows" + ("; unknown" if unknown else "")
            yield f"{line:<38s}  # {told}"
    for guess in guesses:
        for word, kind in guess.mapping.kinds.items():
            if word not in written:
                written.add(word)
                yield f"{quoted(word)} = {text(kind)}"


def text(value: str) -> str:
    """A text as TOML writes it: in single quotes if that spares escapes."""
    plain = all(sign.isprintable() for sign in value)
    if '"' in value and "'" not in value and plain:
        return f"'{value}'"
    return quoted(value)


def _one_line(words: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in words)

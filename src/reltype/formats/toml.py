"""TOML that a stranger wrote: bounded before it is parsed.

A parser takes time that grows with the square of a dotted key's parts, recurses for every bracket,
and works out every digit of a number. Nobody writes such things by hand.
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from reltype.errors import ConfigError

LARGEST = 1 << 22
"""Bytes of a file."""
MOST_PARTS = 16
"""Parts of a dotted key."""
MOST_BRACKETS = 24
"""Brackets inside one another."""
MOST_DIGITS = 400
"""Digits of a number."""

_SPECIAL = re.compile(r"\"\"\"|'''|[\"'#\[\]{}\n.]|[0-9a-fA-F_]{401,}")


def load(path: Path | str) -> dict[str, Any]:
    """The document in a file.

    Raises:
        ConfigError: It cannot be read, is no TOML, or is more than anybody writes.
    """
    file = Path(path)
    try:
        with file.open("rb") as stream:
            data = stream.read(LARGEST + 1)
        text = data.decode("utf-8-sig")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ConfigError(f"{file}: cannot be read ({reason}).") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: is not TOML: {error}.") from error
    except ValueError as error:
        raise ConfigError(f"{str(file)!r}: no file is called like this.") from error
    return loads(text, str(file))


def loads(text: str, what: str) -> dict[str, Any]:
    """The document in *text*; *what* is what messages call it. Raises as `load` does."""
    if len(text) > LARGEST:
        raise ConfigError(f"{what}: is larger than {LARGEST:,} bytes, as no such file is.")
    _bounded(text, what)
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{what}: is not TOML: {str(error)[:300]}.") from error


def quoted(text: str) -> str:
    """A basic string: JSON's escapes are TOML's, but for the one control that JSON leaves."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _bounded(text: str, what: str) -> None:
    """Raise ConfigError for what takes a parser for ever, with the line where it stands."""
    at = line = depth = dots = 0
    last = 0
    while match := _SPECIAL.search(text, at):
        sign, at = match[0], match.end()
        line += text.count("\n", last, match.start())
        last = match.start()
        reason = ""
        if sign in {'"""', "'''", '"', "'"}:
            at = _closed(text, at, sign)
        elif sign == "#":
            at = text.find("\n", at)
            at = len(text) if at < 0 else at
        elif sign == "\n":
            dots = 0
        elif sign == ".":
            dots += 1
            # A key stands alone on its line, or in a table that is written in one.
            reason = "a key of too many parts" if dots > 40 * MOST_PARTS else reason
            reason = "a key of too many parts" if _chained(text, match.start()) else reason
        elif sign in "[{":
            depth += 1
            reason = "too many brackets inside one another" if depth > MOST_BRACKETS else ""
        elif sign in "]}":
            depth = max(0, depth - 1)
        else:
            reason = f"a number of more than {MOST_DIGITS} digits"
        if reason:
            raise ConfigError(f"{what}: line {line + 1}: holds {reason}.")


_PARTS = re.compile(
    r"(?:\s*\.\s*(?:[A-Za-z0-9_-]+|\"[^\"\n]{0,200}\"|'[^'\n]{0,200}')){%d}" % MOST_PARTS  # noqa: UP031
)


def _chained(text: str, at: int) -> bool:
    """Whether a dot begins so many parts of a key that no key has them."""
    return _PARTS.match(text, at) is not None


def _closed(text: str, at: int, quote: str) -> int:
    """Where a text that began before *at* has ended."""
    while True:
        end = text.find(quote, at)
        if end < 0:
            return len(text)
        if len(quote) == 1 and (line := text.find("\n", at, end)) >= 0:
            return line  # not closed: the parser will say so
        if quote[0] == '"' and _escaped(text, end, at):
            at = end + 1
            continue
        return end + len(quote)


def _escaped(text: str, at: int, start: int) -> bool:
    back = at
    while back > start and text[back - 1] == "\\":
        back -= 1
    return (at - back) % 2 == 1

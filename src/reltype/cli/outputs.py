"""Outputs: no file that a command reads is written over, and no two outputs are one place."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reltype.errors import ReltypeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

OUTPUTS = {"output": "-o", "rejects": "--rejects"}
"""Parameters that name what a command writes, and what people call them."""


def apart(command: str, parameters: Iterable[click.Parameter], given: Mapping[str, Any]) -> None:
    """Check what a command is to write against what it reads.

    Files are compared as what they are, whatever they are called: by resolved path, and by inode.

    Raises:
        UsageError: An output is an input, or another output.
    """
    written = _written(given)
    if command == "init" and not given.get("force"):
        return  # it writes over nothing at all
    if not written:
        return
    taken: dict[object, str] = {}
    for name in _inputs(parameters, given):
        for identity in _identities(name):
            taken.setdefault(identity, f"{_shown(name)} is read")
    for word, path in written.items():
        for identity in _identities(path):
            if identity in taken:
                raise UsageError(
                    f"{word} {_shown(path)} would replace what this command reads or writes: "
                    f"{taken[identity]}. Name another file."
                )
        for identity in _identities(path):
            taken[identity] = f"{word} {_shown(path)} is written"


def _written(given: Mapping[str, Any]) -> dict[str, str]:
    """What people call each output → where it goes."""
    written = {
        word: str(given[name]) for name, word in OUTPUTS.items() if given.get(name) is not None
    }
    if "--rejects" in written:
        return {"-o": "-", **written}  # which is where the result goes
    output = written.get("-o", "-")
    if "rejects" in given and output != "-" and not _special(Path(output)):
        written["the rejects beside -o"] = str(Path(output).with_suffix(".rejects.csv"))
    return written


def _shown(name: str) -> str:
    return "standard output" if name == "-" else os.fsencode(name).decode("utf-8", "replace")


def _inputs(parameters: Iterable[click.Parameter], given: Mapping[str, Any]) -> Iterator[str]:
    """Everything that a command reads by name, the config and what it names included."""
    for parameter in parameters:
        value = given.get(parameter.name or "")
        if parameter.name in OUTPUTS or value is None:
            continue
        file = isinstance(parameter.type, click.Path) or parameter.name in {"labels", "data"}
        for one in value if isinstance(value, tuple) else (value,):
            if file and isinstance(one, str | os.PathLike):
                yield from _files(os.fspath(one))
    if "config" in given:
        yield from _configured(given["config"], named=bool(given.get("data")))


def _files(name: str | bytes) -> Iterator[str]:
    from reltype.sources import databases, files

    name = os.fsdecode(name)
    if name == "-":
        yield "/dev/stdin"
    elif databases.is_url(name):
        yield from databases.paths(name)
    else:
        try:
            yield from (str(Path(one).expanduser()) for one in files.expanded(name))
        except (ReltypeError, OSError, RuntimeError, ValueError):
            yield name


def _configured(config: str | None, *, named: bool) -> Iterator[str]:
    from reltype.config import settings

    try:
        held = settings(config)
    except ReltypeError:
        return  # it is told where it is read
    if held.config.path is not None:
        yield str(held.config.path)
    yield from held.rules
    if held.model:
        yield held.model
    for block in held.config.blocks:
        # With files of the command line, a table of customers beside them may be read still.
        if not named or block.role == "customers" or len(block.origins) > 1:
            for origin in block.origins.values():
                yield from _files(origin.path)


def _special(path: Path) -> bool:
    """Whether a path is a device or a pipe, which cannot be replaced."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def _identities(name: str) -> Iterator[object]:
    """What a file is known by; nothing for devices and pipes."""
    if name == "-":
        yield "-"
        return
    path = Path(name)
    try:
        found = os.fstat(0) if name == "/dev/stdin" else path.stat()
    except (OSError, ValueError):
        found = None
    if found is not None and not stat.S_ISREG(found.st_mode):
        return
    if found is not None:
        yield (found.st_dev, found.st_ino)
    if name != "/dev/stdin":
        try:
            yield str(path.resolve())
        except (OSError, RuntimeError, ValueError):
            yield str(path.absolute())

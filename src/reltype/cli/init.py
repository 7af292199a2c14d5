"""`reltype init`: a config to edit, drafted from files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from attrs import evolve

from reltype.cli import options
from reltype.errors import ConfigError, UsageError
from reltype.formats import destination

if TYPE_CHECKING:
    from collections.abc import Mapping


@click.command(name="init")
@click.argument("data", type=options.FILE, nargs=-1, required=True, metavar="FILE...")
@options.reading
@click.option(
    "-o", "--output", default="reltype.toml", show_default=True, metavar="FILE",
    help="Where to write the config; - is standard output.",
)  # fmt: skip
@click.option(
    "--ask", is_flag=True, help="Ask six questions about what is usual here, for [norms]."
)
@click.option("--force", is_flag=True, help="Overwrite it.")
def command(output: str, force: bool, ask: bool, **given: Any) -> None:  # noqa: ANN401
    """Draft a reltype.toml from FILEs: each guess as a line to keep or to change.

    \b
    reltype init orders.csv accounts.csv
    """
    from reltype.config import Config
    from reltype.inputs.drafts import draft

    if output != "-" and Path(output).exists() and not force:
        raise UsageError(f"{output} is there already. Write elsewhere with -o, or --force.")
    opened = options.opened(**given, config=Config())
    folder = Path() if output == "-" else Path(output).parent
    guesses = [
        evolve(item.guess, name=_from(folder, part.name))
        for item in opened.inputs.items
        for part in item.source.parts
    ]
    text = draft(guesses) + (_norms() if ask else "")
    with destination(output) as stream:
        stream.write(text.encode())
    if output == "-":
        return
    then = "" if output == "reltype.toml" else f" --config {output}"
    click.echo(f"{output} says how these files are read. Look it through, then:", err=True)
    click.echo(f"  reltype classify{then}", err=True)
    for item in opened.inputs.items:
        for problem in item.guess.problems:
            click.echo(f"To do: {item.source.name}: {problem}", err=True)


def _norms() -> str:
    """The table `[norms]`, of what was answered; empty answers are left out."""
    from reltype.definitions.norms import QUESTIONS, norm

    lines = []
    for name, (_, question) in QUESTIONS.items():
        while answer := click.prompt(question, default="", show_default=False, err=True).strip():
            try:
                value = norm(name, answer, "[norms]").value
            except ConfigError as error:
                click.echo(str(error), err=True)
                continue
            lines.append(f"{name} = {_toml(name, value)}")
            break
    return "\n[norms]\n" + "\n".join(lines) + "\n" if lines else ""


def _toml(name: str, value: float | Mapping[str, float]) -> str:
    if isinstance(value, float):
        return str(bool(value)).lower() if name == "leaving_is_free" else f"{value:g}"
    return (
        "{ " + ", ".join(f'"{archetype}" = {share:g}' for archetype, share in value.items()) + " }"
    )


def _from(folder: Path, name: str) -> str:
    """A file's name as a config in *folder* calls it; what is no file keeps its name."""
    path = Path(name)
    if path.is_absolute() or not path.exists():
        return name
    return os.path.relpath(path, folder)

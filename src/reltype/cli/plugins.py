"""`reltype plugins`: who is there, a new one, and whether one keeps the laws."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
from attrs import asdict

from reltype.errors import PluginError
from reltype.formats.table import aligned

if TYPE_CHECKING:
    from reltype.plugins.inventory import Item

FEW = 3
"""So many names are written out."""


@click.group(name="plugins")
def command() -> None:
    """List the plugins, begin a new one, or check one."""


@command.command(name="list")
@click.option(
    "-f",
    "--format",
    "format_",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="For people or for programs.",
)
@click.option(
    "--no-plugin", multiple=True, metavar="NAME", help="Leave a plugin out; may be given again."
)
@click.option(
    "--config",
    metavar="FILE",
    help="A reltype.toml.  [default: the one in this folder, if any]",
)
def list_(format_: str, no_plugin: tuple[str, ...], config: str | None) -> None:
    """Say what each installed plugin contributes, and from which version.

    One that does not work is listed with what is wrong; it is not an error to list it.
    """
    from reltype.config import settings
    from reltype.plugins.inventory import inventory

    items = inventory(settings(config, no_plugin=no_plugin).no_plugin)
    for item in items:
        if item.error:
            click.echo(f"Warning: {item.error}", err=True)
    if format_ == "json":
        click.echo(json.dumps([asdict(item) for item in items], indent=2, ensure_ascii=False))
        return
    rows = [(i.name, f"{i.distribution} {i.version}".strip(), _gives(i)) for i in items]
    click.echo(aligned(("plugin", "package", "gives"), rows))


def _gives(item: Item) -> str:
    """`3 rules, 1 function (vader)`, or why there is nothing."""
    if item.error:
        return "nothing: it does not work"
    if item.left_out:
        return f"left out {item.left_out}"
    return ", ".join(_told(kind, names) for kind, names in item.gives.items())


def _told(kind: str, names: tuple[str, ...]) -> str:
    few = f" ({', '.join(names)})" if len(names) <= FEW else ""
    plural = {"typology": "typologies", "columns": "columns"}.get(kind, f"{kind}s")
    return f"{len(names)} {kind if len(names) == 1 else plural}{few}"


@command.command(name="new")
@click.argument("name")
def new(name: str) -> None:
    """Write the folder `reltype-NAME` here: a package that installs and passes its own tests.

    \b
    reltype plugins new coffee
    cd reltype-coffee && pip install -e ".[test]" && pytest
    """
    from reltype.plugins.scaffold import scaffold

    folder = scaffold(name)
    click.echo(
        f"{folder} is there. Next:\n\n"
        f'  cd {folder} && pip install -e ".[test]"\n'
        f"  pytest && reltype plugins check {name}\n"
    )


@command.command(name="check")
@click.argument("name")
@click.option(
    "--beside",
    multiple=True,
    metavar="NAME",
    help="Another plugin that it builds on; may be given again.",
)
def check(name: str, beside: tuple[str, ...]) -> int:
    """Run every law of reltype on the plugin NAME; exit 5 if it breaks one.

    The laws are those that its author gets in pytest from `reltype.checks`. What was skipped is
    told with the reason.
    """
    from reltype import checks, plugins

    plugins.check_names([name, *beside], "plugins check")
    found = list(checks.outcomes(checks.checks_of(name, beside)))
    for outcome in found:
        if outcome.result != "kept":
            click.echo(f"{outcome.result:<8}{outcome.check}: {outcome.reason}")
    counts = {r: sum(o.result == r for o in found) for r in ("kept", "broken", "skipped")}
    click.echo(
        f"{name}: {len(found)} laws: {counts['kept']} kept, {counts['broken']} broken, "
        f"{counts['skipped']} skipped."
    )
    return PluginError.exit_code if counts["broken"] else 0

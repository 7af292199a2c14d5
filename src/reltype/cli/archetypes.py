"""`reltype archetypes`: what is told apart."""

from __future__ import annotations

import click

from reltype.cli import options

_OPEN = {"": "", "below": " or less", "above": " or more"}


@click.command(name="archetypes")
@click.argument("name", required=False)
@options.knowledge
@options.output
def command(
    name: str | None,
    typology: str | None,
    rules: tuple[str, ...],
    no_plugin: tuple[str, ...],
    config: str | None,
    output: str | None,
    format_: str | None,
) -> None:
    """List the archetypes of a typology; with NAME, one of them in full.

    \b
    reltype archetypes
    reltype archetypes fling
    """
    plan = options.plan(typology, rules, no_plugin, config)
    if name is None:
        listed = [
            {"archetype": a.name, "alias": a.alias, "summary": a.summary, "source": a.source}
            for a in plan.archetypes
        ]
        options.emit(options.rows(listed), output, format_)
        return
    archetype = options.one("archetype", name, {a.name: a for a in plan.archetypes})
    known = (
        (d, archetype.prototype[d.name]) for d in plan.dimensions if d.name in archetype.prototype
    )
    places = [
        {
            "dimension": f"{d.name} ({d.low} … {d.high})",
            "value": f"{place.value:.2f}{_OPEN[place.open]}",
            "tolerance": f"{place.tolerance:.2f}",
            "status": place.status,
            "source": place.source,
        }
        for d, place in known
    ]
    click.echo(f"{archetype.name}: {archetype.summary}\n({archetype.source})\n", err=True)
    options.emit(options.rows(places), output, format_)

"""`reltype features`: what is measured, and what it speaks of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reltype.cli import options

if TYPE_CHECKING:
    from reltype.definitions.features import Feature, Scale


@click.command(name="features")
@options.knowledge
@options.output
def command(
    typology: str | None,
    rules: tuple[str, ...],
    no_plugin: tuple[str, ...],
    config: str | None,
    output: str | None,
    format_: str | None,
) -> None:
    """List every feature with its unit and its SQL, and the signals that read it."""
    plan = options.plan(typology, rules, no_plugin, config)
    functions = plan.catalogue.functions
    readers: dict[str, list[str]] = {}
    for signal in plan.signals:
        for need in sorted(signal.expression(functions).needs):
            readers.setdefault(need, []).append(f"{signal.dimension} ({signal.name})")
    measured: list[Feature | Scale] = [*plan.catalogue.features.values()]
    measured += plan.catalogue.scales.values()
    listed = [
        {
            "feature": f.name,
            "unit": f.unit,
            "of": " ".join(f.of.split()) or "(customer table only)",
            "summary": f.summary,
            "speaks of": ", ".join(readers.get(f.name, [])),
        }
        for f in measured
    ]
    options.emit(options.rows(listed), output, format_)

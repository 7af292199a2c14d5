"""`reltype fit`: what a population, and labels of some of it, teach, as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from reltype.cli import options

if TYPE_CHECKING:
    from reltype.learning.model import Model


@click.command(name="fit")
@click.argument("data", type=options.FILE, nargs=-1)
@click.option("-o", "--output", required=True, metavar="MODEL", help="Where to write the model.")
@click.option(
    "--labels",
    metavar="FILE",
    help="What people say of some customers: columns customer_id and archetype.",
)
@options.data
@options.knowledge
@click.option("-q", "--quiet", is_flag=True, help="No words on standard error.")
def command(output: str, labels: str | None, quiet: bool, **given: Any) -> None:  # noqa: ANN401
    """Learn from DATA what is usual here, and from labels what tells its customers apart.

    Without labels, the model holds the scales and which rules repeat each other, so that
    tomorrow's customers are read on today's scale.

    \b
    reltype fit orders.csv -o shop.reltype
    reltype fit orders.csv --labels labels.csv -o shop.reltype
    reltype classify orders.csv --model shop.reltype
    """
    from reltype.learning.fitting import fit_run

    model = fit_run(options.run(**given), labels)
    model.save(output)
    if not quiet:
        for line in describe_model(model, output):
            click.echo(line, err=True)


def describe_model(model: Model, output: str) -> list[str]:
    """What was learned, in words."""
    lines = [f"Read as of {model.scales.as_of}; the scales and the overlap of rules are kept."]
    record = model.record
    if record is not None and record.used and record.accuracy is not None:
        lines.append(
            f"{record.labels} labels: on labels held out, {record.accuracy:.1%} right against "
            f"{record.accuracy_before:.1%} without labels (log-loss {record.loss:.3f} against "
            f"{record.loss_before:.3f})."
        )
    if model.learned is not None and model.learned.fitted_recipes:
        names = ", ".join(_whose(t.name, t.plugin, model) for t in model.learned.fitted_recipes)
        lines.append(f"Stacked with what these learned: {names}.")
    lines += [f"Note: {note}" for note in model.notes]
    return [*lines, f"Next:  reltype classify … --model {output}"]


def _whose(name: str, plugin: str, model: Model) -> str:
    version = model.plugins.get(plugin)
    return f"{name} (plugin {plugin} {version})" if version else name

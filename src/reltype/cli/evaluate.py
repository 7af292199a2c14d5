"""`reltype evaluate`: how far the result agrees with what people say of some customers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reltype.cli import options
from reltype.formats import write_document, write_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reltype.scoring.run import Run


@click.command(name="evaluate")
@click.argument("data", nargs=-1)
@click.option(
    "--labels",
    required=True,
    metavar="FILE",
    help="What people say of some customers: columns customer_id and archetype.",
)
@click.option(
    "--against",
    metavar="COLUMN",
    help="Compare with the segmentation in this column of the customer table or the labels.",
)
@click.option(
    "--by",
    metavar="COLUMN",
    help="Repeat it for each group in this column, and flag gaps between groups.",
)
@click.option(
    "--fail-under",
    type=click.FloatRange(0, 1),
    metavar="MACRO_F1",
    help="Exit 1 where the macro-F1 is smaller.",
)
@options.scored
@options.data
@options.knowledge
@click.option("-o", "--output", metavar="FILE", help="Write there instead of standard output.")
@click.option(
    "-f",
    "--format",
    "format_",
    type=click.Choice(["table", "json"]),
    default=None,
    help="For people or for programs.  [default: by the ending of FILE, else table]",
)
def command(
    labels: str,
    against: str | None,
    by: str | None,
    fail_under: float | None,
    output: str | None,
    format_: str | None,
    **given: Any,  # noqa: ANN401
) -> int:
    """Compare what DATA is classified as with labels: F1, calibration, coverage against risk.

    Customers that were used to fit a model are judged too kindly: label others.

    \b
    reltype evaluate orders.csv --labels labels.csv
    reltype evaluate orders.csv --labels labels.csv --model shop.reltype --fail-under 0.8
    reltype evaluate orders.csv --customers accounts.csv --labels labels.csv --by region
    """
    import pyarrow as pa

    from reltype.learning.evaluation import evaluate
    from reltype.relationships import Relationships

    run = options.run(**given)
    found = Relationships(pa.Table.from_batches(run.batches(), run.result.schema), run)
    wanted = [name for name in (against, by) if name is not None]
    made = evaluate(found, labels, against=against, by=by, columns=_columns(run, wanted))
    ending = Path(output or "").suffix.lower()
    if format_ == "json" or (format_ is None and ending == ".json"):
        write_document(output or "-", made.as_dict())
    elif format_ == "table" or (format_ is None and (output in (None, "-") or ending == ".txt")):
        write_words(output or "-", made.text())
    else:
        options.emit(made.table(), output, format_, run.formats)
    if fail_under is not None and not made.macro_f1 >= fail_under:
        click.echo(
            f"--fail-under: the macro-F1 is {made.macro_f1:.3f}, less than {fail_under:.3f}.",
            err=True,
        )
        return 1
    return 0


def _columns(run: Run, names: list[str]) -> Mapping[str, Mapping[str, str | None]]:
    """Columns of the customer tables as they were written: name → customer → value."""
    from reltype.expressions import quote

    found: dict[str, dict[str, str | None]] = {}
    wanted = {name.strip().casefold() for name in names}  # whatever the case: see `evaluate`
    for item in run.inputs.items if names else ():
        if item.guess.role != "customers":
            continue
        source = item.source
        rows = item.select(keep=source.columns)
        for name in source.columns:
            if name.strip().casefold() not in wanted:
                found.setdefault(name, {})
                continue
            asked = (
                f"SELECT customer_id, CAST({quote(name)} AS VARCHAR) FROM ({rows})"
                " WHERE customer_id IS NOT NULL"
            )
            found.setdefault(name, {}).update(run.population.engine.rows(asked))
    return found

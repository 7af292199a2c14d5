"""`reltype classify`: a log or a customer table in, relationships and benefits out."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import click
from attrs import evolve

from reltype.cli import options
from reltype.cli.stream import progress, streams_to_terminal, watched
from reltype.definitions.archetypes import UNCLASSIFIED
from reltype.errors import UsageError

if TYPE_CHECKING:
    from reltype.reporting.summary import Summary


@click.command(name="classify")
@click.argument("data", type=options.FILE, nargs=-1)
@options.scored
@options.cut
@options.data
@options.knowledge
@options.output
@click.option(
    "--rejects",
    type=options.FILE,
    metavar="FILE",
    help="Where rows go that cannot be used.  [default: beside the output]",
)
@click.option("--strict", is_flag=True, help="Exit 1 where a row was rejected.")
@click.option(
    "--fail-under",
    type=click.FloatRange(0, 1),
    metavar="SHARE",
    help="Exit 1 where a smaller share gets an archetype.",
)
@options.columns
@options.verbose
@click.option("-q", "--quiet", is_flag=True, help="No words on standard error.")
def command(
    *,
    rejects: str | None,
    strict: bool,
    fail_under: float | None,
    quiet: bool,
    verbose: bool,
    columns: str | None,
    carry: tuple[str, ...],
    output: str | None,
    format_: str | None,
    **given: Any,  # noqa: ANN401
) -> int:
    """Read the relationship of every customer in DATA: files, `-`, or a database's URL.

    Without DATA, the files that reltype.toml names are read. What was found is told in words: the
    mix, what stands out, whom to look at first, what to do. With -o or --format every customer is
    written, and the words go to standard error.

    \b
    reltype classify orders.csv
    reltype classify orders.csv --customers accounts.csv -o relationships.xlsx
    reltype classify orders.csv --format csv > relationships.csv
    reltype classify sqlite:///crm.db --table orders --map timestamp="Created Date"
    """
    from reltype.cli.print_summary import print_guesses, print_summary
    from reltype.definitions.phrases import spoken_of
    from reltype.reporting.output import write
    from reltype.reporting.summary import Tally, summarise

    opened = options.opened(**given)
    noun, plural = opened.plan.typology.noun, opened.plan.typology.plural
    guesses = [spoken_of(line, noun, plural) for line in opened.inputs.guesses]
    used = 0 if quiet else print_guesses(guesses, verbose=verbose)
    run = opened.run()
    tally = Tally()
    people = output is None and format_ is None
    if people and (carry or columns):
        raise UsageError("--carry and --columns are for what is written: say -o FILE or --format.")
    said: tuple[str, ...] = ()
    shown = not quiet and not (streams_to_terminal(output) and not people)
    with (
        options.rejecting(run, rejects, output),
        progress(run.population.size, quiet=not shown) as step,
    ):
        batches = watched(run.batches(), tally, step)
        if people:
            deque(batches, maxlen=0)
        else:
            chosen = options.chosen(output, format_)
            said = write(run, batches, output or "-", chosen, columns=columns, carry=carry)
    summary = summarise(run, tally)
    written = run.write_rejects(rejects, beside=output)
    if used or not (people or quiet):
        click.echo(err=True)
        used += 1
    if said:
        summary = evolve(summary, warnings=(*said, *summary.warnings))
    print_summary(summary, err=not people, verbose=verbose, quiet=quiet, used=used + bool(written))
    if written and not quiet:
        click.echo(f"The rejected rows, each with its reason, are in {written}.", err=True)
    if strict and opened.inputs.lacking:
        click.echo(options.lacking(opened.inputs.lacking), err=True)
        return 1
    return _gate(summary, strict=strict, fail_under=fail_under)


def _gate(summary: Summary, *, strict: bool, fail_under: float | None) -> int:
    """1 where a gate that was asked for failed, else 0."""
    named = 1 - summary.archetypes[UNCLASSIFIED]
    if strict and summary.rows["rejected"]:
        click.echo(f"--strict: {summary.rows['rejected']:,} rows were rejected.", err=True)
        return 1
    if fail_under is not None and named < fail_under:
        click.echo(
            f"--fail-under: {named:.1%} got an archetype, less than {fail_under:.1%}.", err=True
        )
        return 1
    return 0

"""`reltype drivers`: which answers of a survey go with an outcome, and how surely."""

from __future__ import annotations

from typing import Any

import click

from reltype.cli import options
from reltype.formats import write_words


@click.command(name="drivers")
@click.argument("survey", type=options.FILE, metavar="SURVEY...", nargs=-1, required=True)
@click.option(
    "--outcome",
    required=True,
    metavar="COLUMN",
    help="What is to be explained: overall satisfaction …",
)
@click.option(
    "--attributes",
    metavar="A,B…",
    help="What explains it: names, s*, s1..s12.  [default: all numbers and answers in words]",
)
@click.option("--weights", metavar="COLUMN", help="Weights of the rows.")
@click.option(
    "--by",
    metavar="COLUMN",
    help="Shares for each of its values alone; `archetype`: for each kind of relationship.",
)
@click.option(
    "--relationships",
    type=options.FILE,
    metavar="FILE",
    help="What `reltype classify` wrote, for --by archetype.  [default: SURVEY is classified]",
)
@click.option(
    "--groups",
    type=options.FILE,
    metavar="FILE",
    help='Attributes that enter as one: TOML (comfort = ["s1", "s2"]), or a table attribute, group.',
)
@click.option(
    "--always",
    multiple=True,
    metavar="COLUMN",
    help="Stays in whatever else is there; may be given again.",
)
@click.option(
    "--missing",
    metavar="listwise|em|multiple",
    help="What to do about missing answers.  [default: listwise; em where that loses over 5 % of the rows]",
)
@click.option(
    "--dont-know",
    multiple=True,
    metavar="CODE",
    help="A number that means no answer: -99, or s3=8; may be given again.",
)
@click.option(
    "--respondent", metavar="COLUMN", help="Who answers, where somebody has several rows."
)
@click.option(
    "--long",
    nargs=3,
    metavar="WHO ITEM ANSWER",
    help="The columns of a survey in which each answer is a row.",
)
@click.option(
    "--from-log",
    is_flag=True,
    help="SURVEY is a log: which facts of one quarter go with OUTCOME (returns, affect, resilience …) of the next.",
)
@click.option(
    "--quarter",
    type=click.IntRange(1),
    default=91,
    show_default=True,
    metavar="DAYS",
    help="Days of a quarter, for --from-log.",
)
@click.option(
    "--as-of", metavar="DAY", help="Where the last quarter ends.  [default: the log's last day]"
)
@click.option(
    "--items",
    type=options.FILE,
    metavar="FILE",
    help="The questions as they were asked: a table attribute, text. Benefits are guessed from them.",
)
@click.option(
    "--config",
    type=options.FILE,
    metavar="FILE",
    help="A reltype.toml, for [benefits_of].  [default: the one in this folder, if any]",
)
@click.option(
    "--draft-benefits",
    is_flag=True,
    help="Print [benefits_of] as guessed, to be edited in reltype.toml, and nothing else.",
)
@click.option(
    "--replicates",
    type=click.IntRange(100, 100_000),
    default=500,
    show_default=True,
    help="How often respondents are drawn anew, for the intervals.",
)
@click.option(
    "--plot",
    type=options.FILE,
    metavar="FILE",
    help="Draw importance and performance there, as SVG.",
)
@options.opening
@options.output
def command(
    survey: tuple[str, ...],
    *,
    plot: str | None,
    draft_benefits: bool,
    output: str | None,
    format_: str | None,
    always: tuple[str, ...],
    **given: Any,  # noqa: ANN401
) -> None:
    """Tell what the OUTCOME of a SURVEY follows, how surely, and what to fix or keep.

    Each attribute gets its share of R² (LMG, the Shapley value), with the interval that other
    respondents would have given, and a line for what noise would get. A row is a respondent. The
    JSON also has relative weights, first, last, Pratt's and CAR's measures.

    \b
    reltype drivers survey.csv --outcome overall_sat --attributes s1..s12
    reltype drivers survey.csv --outcome overall_sat --by segment --weights w -o drivers.json
    reltype drivers survey.csv --outcome overall_sat --plot quadrants.svg
    reltype drivers orders.csv --from-log --outcome returns
    """
    from reltype.analyses.drivers import drivers

    data = survey[0] if len(survey) == 1 else list(survey)
    found = drivers(data, always=[n for one in always for n in one.split(",")], **given)
    if draft_benefits:
        from reltype.analyses.drivers.topics import draft

        text = draft(list(found.drivers), found.topics)
        write_words(output or "-", text)
    elif output is None and format_ in (None, "table"):
        write_words("-", found.text())
    else:
        found.write(output or "-", format_)
    if plot is not None:
        for path in found.draw(plot):
            click.echo(f"The quadrants are drawn in {path}.", err=True)

"""`reltype plot`: one picture, as SVG, PNG or PDF."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from reltype.cli import options
from reltype.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from reltype.reporting.page.subject import Subject
    from reltype.reporting.pictures import Picture
    from reltype.scoring.run import Run

KINDS = ("mix", "map", "profile", "flow", "waterfall", "timeline")


@click.command(name="plot")
@click.argument("kind", metavar="|".join(KINDS))
@click.argument("data", type=options.FILE, nargs=-1)
@click.option(
    "-o",
    "--output",
    type=options.FILE,
    metavar="FILE",
    required=True,
    help="Where the picture goes: .svg, .png or .pdf.",
)
@click.option("-c", "--customer", metavar="ID", help="Whom a profile, waterfall or timeline shows.")
@click.option("--archetype", metavar="NAME", help="Which archetype a profile shows.")
@click.option("--slide", is_flag=True, help="A mix of 16 to 9, with large letters.")
@click.option("-x", metavar="DIMENSION", default="", help="What a map shows to the right.")
@click.option("-y", metavar="DIMENSION", default="", help="What a map shows upwards.")
@click.option(
    "--every", metavar="STEP", default="quarter", show_default=True, help="The step of a flow."
)
@click.option("--title", metavar="TEXT", default="", help="What stands above.")
@click.option("--alias", is_flag=True, help="Call archetypes by their neutral names.")
@options.scored
@options.data
@options.knowledge
def command(
    *,
    kind: str,
    data: tuple[str, ...],
    output: str,
    customer: str | None,
    archetype: str | None,
    slide: bool,
    x: str,
    y: str,
    every: str,
    title: str,
    alias: bool,
    **given: Any,  # noqa: ANN401
) -> None:
    """Draw one picture of DATA, or of a result that classify (for a flow: track) wrote.

    mix: shares, with intervals and certainty. map: customers on the two dimensions that tell most.
    profile: an archetype or a customer on all of them. flow: who went where. waterfall: what a score
    is made of. timeline: one customer's contacts. PNG and PDF need reltype[report].

    \b
    reltype plot mix orders.csv --slide -o mix.png
    reltype plot map relationships.parquet -o map.svg
    reltype plot profile orders.csv --archetype fling -o fling.pdf
    reltype plot flow orders.csv --every quarter -o flow.svg
    reltype plot waterfall orders.csv --customer C-1042 -o why.svg
    """
    from reltype.reporting import pictures
    from reltype.reporting.plots.converting import ending_of

    if kind not in KINDS:
        hint = did_you_mean(kind, KINDS)
        raise UsageError(f"No picture is called {kind!r}: use {', '.join(KINDS)}.{hint}")
    _fitting(kind, customer=customer, archetype=archetype, slide=slide, x=x, y=y)
    ending_of(output)  # before anything is counted
    if kind == "flow":
        made = pictures.flow(_track(data, every=every, **given), title=title)
    else:
        subject, run = _subject(data, alias=alias, **given)
        made = _drawn(kind, subject, run, customer, archetype, slide=slide, x=x, y=y, title=title)
    made.save(output)


_TAKES = {
    "customer": ("profile", "waterfall", "timeline"),
    "archetype": ("profile",),
    "slide": ("mix",),
    "x": ("map",),
    "y": ("map",),
}


def _fitting(kind: str, **given: object) -> None:
    """Raise UsageError for an option that the picture does not take, and for one that it lacks."""
    for name, value in given.items():
        if value and kind not in _TAKES[name]:
            said = f"-{name}" if len(name) == 1 else f"--{name}"
            raise UsageError(f"{said} is for {' and '.join(_TAKES[name])}, not for {kind}.")
    if kind in {"waterfall", "timeline"} and not given["customer"]:
        raise UsageError(f"a {kind} shows one customer: say --customer ID.")
    if kind == "profile" and bool(given["customer"]) == bool(given["archetype"]):
        raise UsageError("a profile shows one: say --archetype NAME or --customer ID.")


def _drawn(
    kind: str,
    subject: Subject,
    run: Run | None,
    customer: str | None,
    archetype: str | None,
    *,
    slide: bool,
    x: str,
    y: str,
    title: str,
) -> Picture:
    from reltype.reporting import pictures

    if kind == "mix":
        return pictures.mix(subject, slide=slide, title=title)
    if kind == "map":
        return pictures.map_of(subject, x, y, title=title)
    if kind == "profile":
        if archetype:
            options.one("archetype", archetype, dict.fromkeys(subject.kinds))
        return pictures.profile(subject, archetype or customer or "", title=title)
    if kind == "waterfall":
        return pictures.waterfall(subject, customer or "", run, title=title)
    if run is None:
        raise UsageError("a timeline needs the log; a result tells nothing of single contacts.")
    return pictures.timeline(run, customer or "", title=title)


def _subject(data: tuple[str, ...], *, alias: bool, **given: Any) -> tuple[Subject, Run | None]:  # noqa: ANN401
    """What is drawn; and the run, unless it is a stored result."""
    import pyarrow as pa

    from reltype.reporting import stored
    from reltype.reporting.page.gathering import of_result, of_stored

    if stored.is_result(data):
        known = options.known(given["rules"], given["no_plugin"], given["config"], strict=True)
        table = stored.read(data[0])
        plan = stored.plan_of(table, known.catalogue, given["typology"] or "")
        return of_stored(table, plan, alias=alias), None
    run = options.opened(data=data, **given).run()
    with options.rejecting(run, None, None):
        table = pa.Table.from_batches(run.batches(), run.result.schema)
    return of_result(run, table, alias=alias), run


def _track(data: tuple[str, ...], *, every: str, **given: Any) -> Any:  # noqa: ANN401  a table
    """The rows of a track: as it was written, or of a log that is tracked now."""
    from reltype.analyses.tracking import track
    from reltype.reporting.stored import track_rows

    held = track_rows(data)
    if held is not None:
        return held
    until, map_ = given.pop("as_of"), given.pop("map_")
    return track(
        list(data) or None, every=every, until=until, map=options.pairs(map_), **given
    ).table

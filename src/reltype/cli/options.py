"""Options that several commands share."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import reduce
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reltype.arrow import texts
from reltype.cli.process import ask_for_room, bound
from reltype.definitions.benefits import FOCUSES, ROLES
from reltype.errors import InputError, UsageError, did_you_mean
from reltype.formats import Format, write
from reltype.formats.printing import note
from reltype.formats.table import text as table_text

if TYPE_CHECKING:
    import pyarrow as pa

    from reltype.api import Opened
    from reltype.plugins.knowledge import Knowledge
    from reltype.plugins.plugin import Plugins
    from reltype.scoring.plan import Plan
    from reltype.scoring.run import Run

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

FILE = click.Path(readable=False)
"""A file, which a shell can complete; whether it can be read is found out, and told, by opening it."""


def _one_of(*names: str) -> Callable[..., list[str]]:
    """Completes one of *names*."""
    return lambda _context, _parameter, begun: [name for name in names if name.startswith(begun)]


_FORMATS = ("table", "csv", "json", "jsonl", "parquet", "markdown", "xlsx")

_OUTPUT = (
    click.option(
        "-o", "--output", type=FILE, metavar="FILE", help="Write there; the ending is the format."
    ),
    click.option(
        "-f",
        "--format",
        "format_",
        metavar="NAME",
        shell_complete=_one_of(*_FORMATS),
        help="table, csv, json, jsonl, parquet, markdown or xlsx.",
    ),
)
_KNOWLEDGE = (
    click.option(
        "--typology", metavar="NAME", help="Which archetypes to tell apart.  [default: customer]"
    ),
    click.option(
        "--rules",
        multiple=True,
        type=FILE,
        metavar="FILE",
        help="A pack with more knowledge; may be given again.",
    ),
    click.option(
        "--no-plugin", multiple=True, metavar="NAME", help="Leave a plugin out; may be given again."
    ),
    click.option(
        "--config",
        type=FILE,
        metavar="FILE",
        help="A reltype.toml.  [default: the one in this folder, if any]",
    ),
)
_OPENING = (
    click.option(
        "--table", metavar="NAME", help="Which table of a database, or sheet of a workbook."
    ),
    click.option(
        "--encoding",
        metavar="NAME",
        help="What text files are written in.  [default: seen from their bytes]",
    ),
    click.option(
        "--threads", type=click.IntRange(1), metavar="N", help="How many threads may work."
    ),
    click.option(
        "--memory-limit",
        metavar="SIZE",
        help="What the engine may hold, such as 2GB; it spills beyond.",
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(0),
        metavar="SECONDS",
        help="How long one step on the data may take; 0: without end.  [default: 600]",
    ),
)
_READING = (
    click.option(
        "--map",
        "map_",
        multiple=True,
        metavar="OURS=THEIRS",
        help="Which column is which; may be given again.",
    ),
    _OPENING[0],
    click.option(
        "--timezone",
        metavar="NAME",
        help="Where times in UTC are told, such as Europe/Berlin.",
    ),
    click.option(
        "--id-from-row/--no-id-from-row",
        default=None,
        help="A row of a file that names no customer is one.",
    ),
    *_OPENING[1:],
)
_DATA = (
    click.option("--customers", type=FILE, metavar="FILE", help="A customer table."),
    click.option(
        "--as-of",
        metavar="DAY",
        help="Read the relationships as of this day.  [default: the log's last]",
    ),
    click.option(
        "--refunds",
        metavar="net|drop|raise",
        shell_complete=_one_of("net", "drop", "raise"),
        help="What to do with money paid back.  [default: net]",
    ),
    click.option(
        "--normalize-ids",
        is_flag=True,
        default=None,
        help="Ids that differ only in case, accents' composition or blanks are one customer's.",
    ),
    *_READING,
)

_SCORED = (
    click.option("--model", type=FILE, metavar="FILE", help="A model that `reltype fit` saved."),
    click.option(
        "--drivers",
        type=FILE,
        metavar="FILE",
        help="JSON that `reltype drivers` wrote: what it measured weighs the benefits' priority.",
    ),
    click.option(
        "--min-confidence",
        type=click.FloatRange(0, 1),
        metavar="P",
        help="The posterior below which nobody is named.",
    ),
)


def _with(options: Iterable[Callable[[F], F]]) -> Callable[[F], F]:
    return lambda command: reduce(
        lambda made, option: option(made), reversed(tuple(options)), command
    )


output = _with(_OUTPUT)
"""-o and --format."""
columns = _with(
    (
        click.option(
            "--columns",
            metavar="people|all",
            shell_complete=_one_of("people", "all"),
            help="What people read, or what programs read.  [default: people for xlsx, else all]",
        ),
        click.option(
            "--carry",
            multiple=True,
            metavar="COLUMN,…",
            help="Columns of the customer table to write beside the id; may be given again.",
        ),
    )
)
"""Which columns of a result are written."""
verbose = click.option(
    "-v", "--verbose", is_flag=True, help="All that can be told, and what is behind it."
)
"""-v."""
knowledge = _with(_KNOWLEDGE)
"""What is known: typology, packs, plugins, config."""
reading = _with(_READING)
"""How a file is opened."""
opening = _with(_OPENING)
"""How a table is opened of which no column has to be one of ours."""
data = _with(_DATA)
"""How the input is read."""
scored = _with(_SCORED)
"""How the result is concluded."""
cut = _with(
    [
        click.option(
            "--role",
            multiple=True,
            metavar="NAME",
            shell_complete=_one_of(*ROLES),
            help="Only what this role owns: work-flow, service, consultation, advisory, audit, liaison; "
            "may be given again.",
        ),
        click.option(
            "--focus",
            metavar="external|internal",
            shell_complete=_one_of(*FOCUSES),
            help="Only what is done with customers, or among ourselves.",
        ),
        click.option(
            "--horizon",
            multiple=True,
            metavar="short|long|new",
            shell_complete=_one_of("short", "long", "new"),
            help="Only what pays soon, late, or is a new approach; may be given again.",
        ),
    ]
)
"""Which of the benefits are spoken of."""
journal = _with(
    [
        click.option(
            "--journal",
            type=FILE,
            metavar="FILE",
            help="A journal.jsonl, to which what was found is added.",
        )
    ]
)
"""Where plans, standards, deviations and outcomes are kept."""


def emit(
    table: pa.Table,
    path: str | None,
    format_: str | None,
    formats: Iterable[Format] | None = None,
) -> None:
    """Write a table where and how the user asked: a file, or standard output.

    Without a format, a terminal gets a table and a pipe gets CSV.

    Args:
        table: What to write.
        path: Where to; None or `-`: standard output.
        format_: The name of a format; None: that of the file's ending.
        formats: Those that are known; None: those of the plugins that the command line allows.
    """
    name = chosen(path, format_)
    if name == "table" and path in (None, "-"):
        click.echo(table_text(table.column_names, table.to_pylist(), width=80))
        return
    write(
        table.schema,
        table.to_batches(),
        path or "-",
        name,
        plugin_formats() if formats is None else formats,
    )


def wants_rows(output: str | None, format_: str | None) -> bool:
    """Whether a command that has a page for people was asked for a file, or for another form."""
    return output not in (None, "-") or format_ not in (None, "table")


def shows_page(output: str | None, format_: str | None) -> bool:
    """Whether standard output is free for the page, and nothing else was asked for there."""
    return output not in (None, "-") or format_ in (None, "table")


def tell(notes: Iterable[str], *, quiet: bool = False) -> None:
    """Print notes on standard error, a line each."""
    if not quiet:
        for sentence in notes:
            click.echo(note(sentence), err=True)


def plugin_formats() -> Iterator[Format]:
    """The formats of plugins, which are loaded when the first is asked for."""
    given = click.get_current_context().params
    rules, without = given.get("rules") or (), given.get("no_plugin") or ()
    yield from known(rules, without, given.get("config"), strict=False).formats()


def chosen(path: str | None, format_: str | None) -> str | None:
    """The format's name; None where the file's ending decides."""
    if format_ is None and path in (None, "-"):
        return "table" if sys.stdout.isatty() else "csv"
    return format_


@contextmanager
def rejecting(run: Run, path: str | None, beside: str | None) -> Iterator[None]:
    """Where no row can be used, the rejects are what tells why: they are written all the same."""
    try:
        yield
    except InputError:
        if run.counts.rejected and (written := run.write_rejects(path, beside=beside)):
            click.echo(f"The rejected rows, each with its reason, are in {written}.", err=True)
        for unmet in run.inputs.unmet:
            click.echo(f"Note: {unmet}", err=True)
        raise


def run(**given: Any) -> Run:  # noqa: ANN401
    """An opened run for the options of `data`, `knowledge` and `scored`."""
    made: Run = opened(**given).run()
    return made


def opened(*, data: Sequence[str], map_: Sequence[str] = (), **given: Any) -> Opened:  # noqa: ANN401
    """Inputs opened for the options of `data`, `knowledge` and `scored`."""
    ask_for_room()
    from reltype import plugins
    from reltype.api import open_inputs
    from reltype.config import settings

    plugins.check_names(given.get("no_plugin") or ())
    bound(settings(given.get("config"), memory_limit=given.get("memory_limit")).memory_limit)
    return open_inputs(list(data), map=pairs(map_), **given)


def lacking(columns: list[str]) -> str:
    """What --strict has against columns that the model's data had."""
    return f"--strict: the model's data had columns that are not here: {'; '.join(columns)}."


def rows(made: list[dict[str, Any]]) -> pa.Table:
    """A table of what a command lists, every cell text as a person reads it."""
    import pyarrow as pa

    # Not `from_pylist`, which imports pandas where that is installed.
    names = list(made[0]) if made else []
    return pa.table({name: texts(str(row[name]) for row in made) for name in names})


def pairs(given: Iterable[str]) -> dict[str, str]:
    """`ours=theirs` options as a dict. Raises click.UsageError for one without `=`."""
    made = {}
    for text in given:
        ours, sign, theirs = text.partition("=")
        if not sign or not ours.strip():
            raise click.UsageError(
                f'--map {text!r}: write ours=theirs, such as timestamp="Created Date".'
            )
        made[ours.strip()] = theirs
    return made


def plan(
    typology: str | None, rules: Iterable[str], no_plugin: Iterable[str], config: str | None
) -> Plan:
    """What a listing command speaks of. A plugin that does not work is told of, and left out."""
    from reltype.config import settings
    from reltype.scoring.plan import Plan

    catalogue = known(rules, no_plugin, config, strict=False).catalogue
    return Plan(catalogue, catalogue.typology(settings(config, typology=typology).typology))


def known(
    rules: Iterable[str], no_plugin: Iterable[str], config: str | None, *, strict: bool
) -> Knowledge:
    """All that is known. Unless *strict*, a plugin that does not work is told of, and left out."""
    from reltype import plugins
    from reltype.config import settings
    from reltype.plugins.knowledge import Knowledge

    plugins.check_names(no_plugin)
    chosen = settings(config, no_plugin=no_plugin, rules=rules)
    found = plugins.load(without=chosen.no_plugin, strict=strict)
    made = Knowledge.of(found, chosen.rules)
    warn(found)
    return made


def warn(found: Plugins) -> None:
    """Tell of the plugins that were left out because they do not work."""
    for error in found.broken.values():
        click.echo(f"Warning: {error}", err=True)


def one(kind: str, name: str, known: Mapping[str, T]) -> T:
    """The thing called *name*. Raises UsageError, with the nearest name, if there is none."""
    if name not in known:
        raise UsageError(f"No {kind} is called {name!r}.{did_you_mean(name, known)}")
    return known[name]

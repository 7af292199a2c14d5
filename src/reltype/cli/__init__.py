"""The command line: options → one library call → one write. A command a file."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

import click

from reltype.cli import process
from reltype.cli.outputs import OUTPUTS, apart
from reltype.errors import OutputError, ReltypeError, did_you_mean

COMMANDS = {
    "archetypes": "archetypes",
    "benefits": "benefits",
    "classify": "classify",
    "demo": "demo",
    "doctor": "doctor",
    "drivers": "drivers",
    "evaluate": "evaluate",
    "explain": "explain",
    "facts": "facts",
    "features": "features",
    "fit": "fit",
    "groups": "groups",
    "init": "init",
    "issues": "issues",
    "inspect": "inspect",
    "label": "label",
    "outcome": "outcome",
    "plan": "plan",
    "plot": "plot",
    "plugins": "plugins",
    "review": "review",
    "report": "report",
    "rules": "rules",
    "stakeholders": "stakeholders",
    "track": "track",
    "sql": "sql",
}
"""Command → its module here. A module is imported when its command is asked for."""

BUG = 70
INTERRUPTED = 130


class Cli(click.Group):
    """Finds commands when they are asked for: ours first, plugins' only for a name that is not ours."""

    asked = False
    """Whether the plugins have been asked for their commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, plugins' too; a broken plugin is told of, and the rest go on."""
        self._ask_plugins()
        return sorted({*COMMANDS, *super().list_commands(ctx)})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command called so; None where there is none."""
        if cmd_name in COMMANDS:
            module = import_module(f"reltype.cli.{COMMANDS[cmd_name]}")
            made: click.Command = module.command
            return _guarded(made)
        self._ask_plugins()
        return super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does; an unknown command gets the nearest name."""
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            hint = did_you_mean(name, self.list_commands(ctx))
            ctx.fail(f"No command is called {name!r}.{hint}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401
        """As click does, which would leave without a word where the output is closed."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise OutputError("the reader of the output closed it before the end.") from error

    def _ask_plugins(self) -> None:
        """Let plugins add their commands, once; those that fail are told of."""
        from reltype import plugins
        from reltype.config import settings

        if self.asked:
            return
        self.asked = True
        try:
            without = settings().no_plugin
            found = plugins.commands(self, COMMANDS, without)
            broken: list[ReltypeError] = [*found.broken.values()]
        except ReltypeError as error:
            broken = [error]
        for why in broken:
            click.echo(f"Warning: {why}", err=True)


def _guarded(command: click.Command) -> click.Command:
    """The command, which before it does anything looks that it writes over nothing it reads."""
    invoke = command.invoke
    if getattr(invoke, "guarded", False):
        return command

    def checked(ctx: click.Context) -> Any:  # noqa: ANN401

        if any(ctx.params.get(name) is not None for name in OUTPUTS):
            apart(command.name or "", command.params, ctx.params)
        return invoke(ctx)

    checked.guarded = True  # type: ignore[attr-defined]
    command.invoke = checked  # type: ignore[method-assign]
    return command


def _version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return

    from reltype import __version__

    click.echo(f"reltype {__version__}")
    for point in sorted(entry_points(group="reltype"), key=lambda p: p.name):
        click.echo(f"  {point.name} ({point.dist.name} {point.dist.version})" if point.dist else "")
    ctx.exit()


@click.group(cls=Cli, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show a traceback where something goes wrong.")
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show the version, and those of the plugins.",
)
@click.pass_context
def cli(ctx: click.Context, debug: bool) -> None:
    """Reads what kind of relationship each customer has with you, and what to cultivate.

    Start with `reltype demo`, or with your own export: `reltype classify export.csv`.
    """
    ctx.obj = debug


def run(args: list[str] | None = None) -> int:
    """The exit code of `reltype` with *args*; words about failures are on standard error."""
    given = sys.argv[1:] if args is None else args
    with process.streams():
        return _run(given)


def _run(given: list[str]) -> int:
    try:
        code: Any = cli.main(args=given, prog_name="reltype", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _interrupted()
    except Exception as error:  # noqa: BLE001  the one place where bugs become an exit code
        return _failed(error, debug="--debug" in given)
    return code if isinstance(code, int) else 0


def _interrupted() -> int:
    click.echo("Interrupted; nothing was written.", err=True)
    return INTERRUPTED


def _failed(error: Exception, *, debug: bool) -> int:
    if debug:
        traceback.print_exception(error)
    if "Query interrupted" in str(error):  # what the engine makes of Ctrl-C
        return _interrupted()
    if isinstance(error.__cause__ or error, BrokenPipeError):
        # Python flushes standard output once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(error, ReltypeError):
        click.echo(f"Error: {brief(str(error))}", err=True)
        return error.exit_code
    if _of_memory(error):
        click.echo(
            "Error: the memory did not suffice. Give more with --memory-limit, use --threads 1, or "
            "let the process hold more (ulimit, container).",
            err=True,
        )
        return 4
    if isinstance(error, OSError) and error.filename is None:
        click.echo(f"Error: the output cannot be written ({error.strerror}).", err=True)
        return OutputError.exit_code
    click.echo(
        f"This is a bug in reltype ({type(error).__name__}: {brief(str(error))}). "
        "Please report it with what --debug prints.",
        err=True,
    )
    return BUG


_NO_MEMORY = (
    "Out of Memory",
    "failed to map segment",
    "annot allocate memory",
    "can't start new thread",
    "bad allocation",
    "bad_alloc",
)


def _of_memory(error: BaseException | None) -> bool:
    """Whether something failed since the system gave no memory: few libraries say so in one way."""
    seen = 0
    while error is not None and seen < 10:
        if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
            return True
        if any(word in str(error) for word in _NO_MEMORY):
            return True
        error, seen = error.__cause__ or error.__context__, seen + 1
    return False


LONGEST = 4000
"""Letters of a complaint; a file of a million columns would make one of megabytes."""


def brief(text: str) -> str:
    """*text*, its middle left out where nobody would read it."""
    if len(text) <= LONGEST:
        return text
    half = LONGEST // 2
    return f"{text[:half]} … {len(text) - LONGEST:,} letters more … {text[-half:]}"

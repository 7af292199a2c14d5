"""`reltype label`: shows the customer whose label would teach most, and takes one key."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reltype.cli import options
from reltype.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reltype.learning.labelling import LabelFile, Labelling

QUIT, BACK, SKIP, CANNOT_TELL = "q", "b", "s", "u"
ABORTS = {"\x03", "\x04", ""}
"""Ctrl-C, Ctrl-D, and a terminal that has gone."""


@click.command(name="label")
@click.argument("data", type=options.FILE, nargs=-1)
@click.option(
    "-o",
    "--output",
    default="labels.csv",
    show_default=True,
    metavar="FILE",
    help="Where the labels are kept; a file that is there already is gone on with.",
)
@click.option("-n", "--count", type=click.IntRange(1), metavar="N", help="Stop after so many.")
@options.data
@options.knowledge
def command(output: str, count: int | None, **given: Any) -> None:  # noqa: ANN401
    """Label customers of DATA one by one: whom to ask about next is worked out as you go.

    A number names an archetype; u: cannot tell; s: skip; b: back; q: quit. Every answer is written
    at once, so the loop can be left and taken up again.

    \b
    reltype label orders.csv
    reltype label orders.csv -o labels.csv --count 40
    reltype fit orders.csv --labels labels.csv -o shop.reltype
    """
    from reltype.learning.labelling import LabelFile, Labelling, choices

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "label asks for one key at a time and needs a terminal. Elsewhere, write a file with "
            "the columns customer_id and archetype yourself."
        )
    run = options.run(**given)
    file = LabelFile(Path(output), choices(run))
    file.check()
    held = file.read(run)
    if held:
        click.echo(f"Going on with {len(held)} labels in {output}.")
    with _keys() as read:
        made = _asked(Labelling(run, held), file, count, read)
    click.echo(f"\n{made} labelled now, {len(held)} in all, in {output}.")
    if held:
        click.echo(f"Next:  reltype fit … --labels {output} -o shop.reltype")


def _asked(
    questions: Labelling, file: LabelFile, count: int | None, read: Callable[[], str]
) -> int:
    """How many customers were labelled until somebody quit."""
    history: list[str] = []
    made = 0
    customer: str | None = ""
    with suppress(KeyboardInterrupt):  # as good as quitting: every answer is on disk
        customer = questions.next()
        while customer is not None and (count is None or made < count):
            _shown(questions, file, customer, made)
            key = _key(len(file.names) - 1, read)
            if key == QUIT:
                break
            if key == BACK:
                if not history:
                    click.echo("There is nothing to go back to.")
                    continue
                customer = history.pop()
                made -= questions.labels.pop(customer, None) is not None
                questions.skipped.discard(customer)
                file.write(questions.labels)
                continue
            history.append(customer)
            if key == SKIP:
                questions.skipped.add(customer)
            else:
                last = len(file.names) - 1
                questions.labels[customer] = last if key == CANNOT_TELL else int(key) - 1
                file.write(questions.labels)
                made += 1
            customer = questions.next()
    if customer is None:
        click.echo("Every customer has been asked about.")
    return made


def _key(archetypes: int, read: Callable[[], str]) -> str:
    """One key that means something."""
    known = {str(i + 1) for i in range(min(archetypes, 9))} | {QUIT, BACK, SKIP, CANNOT_TELL}
    while True:
        key = read().lower()
        if key in ABORTS:
            return QUIT
        if key in known:
            click.echo(key)
            return key
        if key.isprintable():
            click.echo(f"(no {key!r}: a number, u, s, b or q) ", nl=False)


@contextmanager
def _keys() -> Iterator[Callable[[], str]]:
    """Reads one key at a time for as long as it lasts; what is typed ahead is not lost.

    `click.getchar` throws away what came before it was called, which a quick hand would notice.
    """
    try:
        import termios
        import tty
    except ImportError:  # Windows
        yield click.getchar
        return
    stdin = sys.stdin.fileno()
    before = termios.tcgetattr(stdin)
    tty.setcbreak(stdin, termios.TCSADRAIN)
    try:
        yield lambda: _byte(stdin)
    finally:
        termios.tcsetattr(stdin, termios.TCSADRAIN, before)


def _byte(stdin: int) -> str:
    """The next key; a key that sends several bytes, such as an arrow, is one that means nothing."""
    from select import select

    try:
        key = os.read(stdin, 1)
    except KeyboardInterrupt:
        return QUIT
    if key == b"\x1b" or key > b"\x7f":
        while select([stdin], [], [], 0.02)[0]:
            os.read(stdin, 1)
        return "\x1b"
    return key.decode()


def _shown(questions: Labelling, file: LabelFile, customer: str, made: int) -> None:
    from reltype.explaining.customer_card import customer_card

    click.echo(f"\n── {made + 1} ── {customer_card(questions.run, customer)}\n")
    for i, name in enumerate(file.names[:-1][:9], 1):
        click.echo(f"  {i}  {name}")
    click.echo("  u  cannot tell   s  skip   b  back   q  quit")
    click.echo("> ", nl=False)

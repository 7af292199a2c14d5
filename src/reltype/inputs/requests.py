"""Input requests: what a run is to read, from what was given and from what the config names."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from reltype.errors import UsageError

if TYPE_CHECKING:
    from reltype.config import Config
    from reltype.config.blocks import Block
    from reltype.mapping import Role


@frozen
class InputRequest:
    """One thing to read, and what a person said about it.

    Attributes:
        thing: A path, a glob, a URL, `-`, a frame, a relation, a list of dicts; None: what `block`
            names.
        role: A log or a customer table, where that was said.
        columns: Our name → their column or an expression, as far as it was said; of several things,
            it holds for those that have the columns.
        kinds: Their word → our kind, as far as it was said.
        table: Which table of a database, or sheet of a workbook.
        block: The table of the config that speaks of this thing.
        blocks: Tables of the config that hold for it if it has their columns.
        likely: What it is unless it cannot be: beside a customer table, the rest is logs.
        fitted: The words for kinds that a model knows; empty: no model speaks of any.
    """

    thing: object
    role: Role | None = None
    columns: Mapping[str, str] = field(factory=dict)
    kinds: Mapping[str, str] = field(factory=dict)
    table: str | None = None
    block: Block | None = None
    blocks: tuple[Block, ...] = ()
    likely: Role | None = None
    fitted: frozenset[str] = frozenset()


def input_requests(
    data: object,
    customers: object,
    config: Config,
    *,
    columns: Mapping[str, str] | None = None,
    table: str | None = None,
    fitted: Sequence[Block] = (),
    kinds: Mapping[str, str] | None = None,
) -> list[InputRequest]:
    """All that is to be read: what was given, or else what the config names.

    A file that the config names is read as its table says. Another file is read so, too, if it has
    all the columns that the table speaks of: next month's export under a new name. Where an
    `[interactions]` table was used and no customer table was given, that of the config is read.

    Args:
        data: As `classify` takes it.
        customers: A customer table.
        config: What it says of files.
        columns: Our name → their column, as a flag says it; goes first.
        table: Which table of a database.
        fitted: How a model's data was read: holds for what was given and the config is silent on.
        kinds: Their word → our kind, as the model's data was read; each request carries these words.

    Raises:
        UsageError: Nothing was given, and the config names nothing.
    """
    met = dict(kinds or {})
    made = _requested(
        data, customers, config, columns or {}, {**met, **config.kinds}, table, fitted
    )
    return [evolve(request, fitted=frozenset(met)) for request in made]


def _requested(
    data: object,
    customers: object,
    config: Config,
    said: Mapping[str, str],
    kinds: Mapping[str, str],
    table: str | None,
    fitted: Sequence[Block],
) -> list[InputRequest]:
    things = _several(data)
    if not things:
        if not config.blocks:
            place = f"; {config.path} names no file under [interactions]" if config.path else ""
            raise UsageError(f"nothing was given to read{place}. Name a file.")
        made = [_named(block, kinds, said) for block in config.blocks]
        if customers is None:
            return made
        kept = [request for request in made if request.role != "customers"]
        return [*kept, InputRequest(customers, "customers", said, kinds)]
    known = [*config.blocks, *fitted]
    made = [_given(thing, None, known, kinds, said, table) for thing in things]
    if customers is not None:
        made = [
            evolve(request, likely="interactions") if request.role is None else request
            for request in made
        ]
        return [*made, _given(customers, "customers", known, kinds, said, None)]
    used = {request.block.place for request in made if request.block is not None}
    logs = any(
        request.block is not None and request.block.role == "interactions" for request in made
    )
    beside = [b for b in config.blocks if b.role == "customers" and b.place not in used]
    return [*made, *(_named(block, kinds, said) for block in beside if logs)]


def _several(data: object) -> list[object]:
    if data is None:
        return []
    several = isinstance(data, Sequence) and not isinstance(data, str | bytes)
    if several and all(isinstance(one, Mapping) for one in data) and data:  # type: ignore[attr-defined]
        return [data]
    return list(data) if several else [data]  # type: ignore[call-overload]


def _named(block: Block, kinds: Mapping[str, str], said: Mapping[str, str]) -> InputRequest:
    return InputRequest(None, block.role, said, kinds, block=block)


def _given(
    thing: object,
    role: Role | None,
    known: Sequence[Block],
    kinds: Mapping[str, str],
    said: Mapping[str, str],
    table: str | None,
) -> InputRequest:
    blocks = [block for block in known if role in (None, block.role)]
    block = _of(thing, blocks)
    if block is not None:
        return InputRequest(thing, block.role, said, kinds, table, block)
    free = tuple(block for block in blocks if block.sql is None and block.columns)
    return InputRequest(thing, role, said, kinds, table, blocks=free)


def _of(thing: object, blocks: Sequence[Block]) -> Block | None:
    """The block that names this very file."""
    if not isinstance(thing, str | os.PathLike) or os.fspath(thing) == "-":
        return None
    path = os.path.realpath(thing)
    for block in blocks:
        main = next(iter(block.origins.values()), None)
        if main is not None and block.sql is None and os.path.realpath(main.path) == path:
            return block
    return None


def name_of(block: Block) -> str:
    """How people find a block in its config."""
    place, _, table = block.place.partition(": ")
    return f"{table} of {Path(place).name}" if table else place

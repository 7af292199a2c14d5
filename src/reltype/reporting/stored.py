"""Stored: a result that `classify -o` wrote, read again as the table that it was."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import ArrowInvalid, csv, parquet
from pyarrow import json as arrow_json

from reltype.arrow import doubles, numbers, text, texts
from reltype.definitions.archetypes import UNCLASSIFIED
from reltype.errors import InputError
from reltype.scoring import columns as col
from reltype.scoring.plan import Plan

if TYPE_CHECKING:
    from reltype.definitions.catalogue import Catalogue

ENDINGS = (".parquet", ".pq", ".csv", ".json", ".jsonl", ".ndjson")
"""Of files that hold a result whole, or as a table."""

TEXTS = ("customer_id", "archetype", "certainty", "status", "unclassified_because")
LISTS = {
    "reasons": ("text", "contribution"),
    "against": ("text", "contribution"),
    "benefits": ("name", "priority", "because"),
}
_ALWAYS = {"customer_id", "archetype", "confidence", col.posterior(UNCLASSIFIED), "benefits"}
_HEAD = 1 << 16


def is_result(data: Sequence[object]) -> bool:
    """Whether *data* is one file with the columns of a result; other files are data."""
    if len(data) != 1 or not isinstance(data[0], str | Path):
        return False
    path = Path(data[0])
    if path.suffix.lower() not in ENDINGS or not path.is_file():
        return False
    with path.open("rb") as file:
        if path.suffix.lower() in {".parquet", ".pq"}:
            try:
                return set(parquet.read_schema(file).names) >= _ALWAYS
            except ArrowInvalid:
                return False
        head = file.read(_HEAD).split(b"\n", 2 if path.suffix.lower() == ".json" else 1)
    first = b"".join(head[:2] if path.suffix.lower() == ".json" else head[:1])
    return all(name.encode() in first for name in _ALWAYS)


def read(path: str | Path) -> pa.Table:
    """The result in *path*: lists as lists, what a CSV does not hold as nulls; sorted by customer.

    Raises:
        InputError: It cannot be read, or lacks a column.
    """
    try:
        table = _read(Path(path))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as a result ({error}).") from error
    missing = sorted((_ALWAYS | set(TEXTS) | set(LISTS) | {"alarms"}) - set(table.column_names))
    if missing:
        raise InputError(f"{path}: is no result of classify: it has no column {missing[0]!r}.")
    for name, fields in LISTS.items():
        table = _set(table, name, _structs(table.column(name), fields))
    table = _set(table, "alarms", _split(table.column("alarms")))
    for name in TEXTS:
        table = _set(table, name, table.column(name).cast(pa.string()))
    for name in ("certainty", "status", "unclassified_because"):
        table = _set(table, name, _emptied(table.column(name)))
    return table.sort_by("customer_id")


TRACK = {"customer_id", "as_of", "archetype", "previous"}
"""Columns of what `track -o` wrote that a flow is drawn of."""


def track_rows(data: Sequence[object]) -> pa.Table | None:
    """The rows of a track, if *data* is one file that holds one; None for all else."""
    if len(data) != 1 or not isinstance(data[0], str | Path):
        return None
    path = Path(data[0])
    if path.suffix.lower() not in {".parquet", ".pq", ".csv"} or not path.is_file():
        return None
    try:
        if path.suffix.lower() == ".csv":
            with path.open("rb") as file:
                head = file.readline(_HEAD)
            if not all(name.encode() in head for name in TRACK):
                return None
            types = {"customer_id": pa.string(), "as_of": pa.date32(), "previous": pa.string()}
            table = csv.read_csv(
                path,
                parse_options=csv.ParseOptions(newlines_in_values=True),
                convert_options=csv.ConvertOptions(column_types=types, strings_can_be_null=False),
            )
            return _set(table, "previous", _emptied(table.column("previous")))
        return parquet.read_table(path) if set(parquet.read_schema(path).names) >= TRACK else None
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as a track ({error}).") from error


def plan_of(table: pa.Table, catalogue: Catalogue, name: str = "") -> Plan:
    """The typology that the columns of a result speak of.

    Args:
        table: As `read` gives it.
        catalogue: What is defined.
        name: Which typology; empty: the one with these archetypes.

    Raises:
        InputError: None of those that are known has these archetypes.
    """
    wanted = {n for n in table.column_names if n.startswith(col.POSTERIOR)}
    for typology in catalogue.typologies.values():
        plan = Plan(catalogue, typology)
        kinds = {*(one.name for one in plan.archetypes), UNCLASSIFIED}
        if {col.posterior(kind) for kind in kinds} == wanted and name in ("", typology.name):
            return plan
    told = ", ".join(sorted(one.removeprefix(col.POSTERIOR) for one in wanted))
    raise InputError(
        f"The result tells {told} apart, and no typology here does. Name the packs that it was made "
        "with (--rules), or install their plugin."
    )


def as_cut(table: pa.Table, plan: Plan) -> pa.Table:
    """The result with no other benefits than those of which *plan* speaks."""
    held = table.column("benefits").combine_chunks()
    flat = held.flatten()
    known = texts(benefit.name for benefit in plan.benefits)
    kept = pc.is_in(flat.field("name"), value_set=known)
    before = np.concatenate([[0], np.cumsum(doubles(kept))]).astype(np.int32)
    starts = doubles(held.offsets).astype(np.int64)
    offsets = numbers(before[starts - starts[0]])
    return _set(table, "benefits", pa.ListArray.from_arrays(offsets, flat.filter(kept)))


def columns_carried(table: pa.Table, plan: Plan) -> list[str]:
    """Columns that a result carries along from the customers' table."""
    own = {*TEXTS, *LISTS, "alarms", "confidence"}
    own |= {col.posterior(one.name) for one in plan.archetypes} | {col.posterior(UNCLASSIFIED)}
    for one in plan.dimensions:
        own |= {col.reading(one.name), col.evidence(one.name)}
    return [name for name in table.column_names if name not in own]


def _read(path: Path) -> pa.Table:
    ending = path.suffix.lower()
    if ending in {".parquet", ".pq"}:
        return parquet.read_table(path)
    if ending == ".csv":
        types = dict.fromkeys((*TEXTS, *LISTS, "alarms"), pa.string())
        options = csv.ConvertOptions(column_types=types, strings_can_be_null=False)
        parsing = csv.ParseOptions(newlines_in_values=True)
        return csv.read_csv(path, parse_options=parsing, convert_options=options)

    if ending == ".json":
        return pa.Table.from_pylist(json.loads(path.read_text(encoding="utf-8")))
    return arrow_json.read_json(path)


def _set(table: pa.Table, name: str, column: pa.Array | pa.ChunkedArray) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, column)


def _emptied(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(pc.equal(column, text("")), pa.scalar(None, pa.string()), column)


def _split(column: pa.ChunkedArray) -> pa.Array:
    """Lists of texts: as they are, or where a CSV holds them joined, cut."""
    held = column.combine_chunks()
    if pa.types.is_list(held.type):
        return held.cast(pa.list_(pa.string()))
    filled = pc.fill_null(held.cast(pa.string()), text(""))
    made = pc.split_pattern(filled, "; ")
    none = pa.scalar([], made.type)
    return pc.if_else(pc.equal(filled, text("")), none, made)


def _structs(column: pa.ChunkedArray, fields: Sequence[str]) -> pa.Array:
    """Lists of structs; of a CSV with the first field alone, the others null."""
    held = column.combine_chunks()
    types = {"contribution": pa.float64(), "priority": pa.float64()}
    wanted = pa.list_(pa.struct([(name, types.get(name, pa.string())) for name in fields]))
    if pa.types.is_list(held.type) and pa.types.is_struct(held.type.value_type):
        return held.cast(wanted)
    lists = _split(column)
    values = lists.flatten()
    arrays = [
        values if place == 0 else pa.nulls(len(values), types.get(name, pa.string()))
        for place, name in enumerate(fields)
    ]
    made = pa.StructArray.from_arrays(arrays, names=list(fields))
    return pa.ListArray.from_arrays(lists.offsets, made)

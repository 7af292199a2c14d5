"""Serialization: a learned classifier as bytes, by skops and without pickle, and back with suspicion.

Whoever can write a model file can forge its hashes, so safety rests on this module alone: before
skops looks at anything, every node must be of a kind that we write ourselves, and every array must
be plain numbers that are really there. After it, every part must have its type, shape and range.
"""

from __future__ import annotations

import io
import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from reltype.errors import InputError
from reltype.learning.model.archive import Limits, pack, unpack
from reltype.learning.model.loaded import Loaded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reltype.learning.model.learned import Learned
    from reltype.learning.model.ranks import Ranks

SCHEMA = "schema.json"
LIMITS = Limits(members=200, member=1 << 25, total=1 << 27, names=r"schema\.json|[0-9]{1,20}\.npy")
DEEPEST = 60

TRUSTED: tuple[str, ...] = ()
"""Types beyond skops's own that a model file may hold: none."""

NODE_TYPES = frozenset(
    {
        ("DictNode", "builtins", "dict"),
        ("ListNode", "builtins", "list"),
        ("JsonNode", "builtins", "str"),
        ("NdArrayNode", "numpy", "ndarray"),
        ("TypeNode", "builtins", "str"),
    }
)
"""Every (loader, module, class) that our own files hold: containers, numbers and words. Functions,
methods, operators and objects are not among them, so nothing in a file can be called."""


def dumps(learned: Learned) -> bytes:
    """*learned* as a skops file; equal bytes for an equal classifier."""
    import skops.io

    return _canonical(skops.io.dumps(_plain(learned)))


def loads(data: bytes, what: str) -> Learned:
    """The classifier in *data*; nothing in it is run.

    Raises:
        InputError: It is no such file, or holds anything that we would not have written.
    """
    import skops.io

    members = unpack(data, LIMITS, what)
    _checked_schema(_parsed(members, what), members, what)
    for name, content in members.items():
        if name != SCHEMA:
            _checked_array(content, f"{what}: {name}")
    try:
        # skops refuses whatever is not trusted, a second time.
        made = skops.io.loads(data, trusted=list(TRUSTED))
        return Loaded(made, what).learned()
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{what}: is damaged ({type(error).__name__}: {error}).") from error


def _plain(learned: Learned) -> dict[str, Any]:
    return {
        "signals": list(learned.signals),
        "dimensions": list(learned.dimensions),
        "features": list(learned.features),
        "rules": list(learned.rules),
        "ranks": _plain_ranks(learned.ranks),
        "usual": learned.usual,
        "weights": learned.weights,
        "intercept": learned.intercept,
        "taught": [
            {"name": t.name, "plugin": t.plugin, "present": t.present, "state": dict(t.state)}
            for t in learned.fitted_recipes
        ],
    }


def _plain_ranks(ranks: Ranks) -> dict[str, Any]:
    return {
        "sizes": [len(k) for k in ranks.knots],
        "knots": np.concatenate([*ranks.knots, np.empty(0)]),
        "scores": np.concatenate([*ranks.scores, np.empty(0)]),
        "nulls": ranks.nulls,
    }


def _canonical(data: bytes) -> bytes:
    """The file with nodes and members numbered by their order; skops does by place in memory."""
    members = unpack(data, LIMITS, "the learner")
    schema = json.loads(members.pop(SCHEMA))
    numbers: dict[int, int] = {}
    renamed: dict[str, bytes] = {}
    for node in _nodes(schema):
        if "__id__" in node:
            node["__id__"] = numbers.setdefault(node["__id__"], len(numbers) + 1)
        if "file" in node:
            number = int(node["file"].removesuffix(".npy"))
            name = f"{numbers.setdefault(number, len(numbers) + 1)}.npy"
            renamed[name] = members[node["file"]]
            node["file"] = name
    text = json.dumps(schema, sort_keys=True, separators=(",", ":"))
    return pack({SCHEMA: text.encode(), **renamed}, compress=False)


def _nodes(schema: Any, depth: int = 0) -> Iterator[dict[str, Any]]:  # noqa: ANN401
    """Every node of a schema, parents first, dicts in the order of their keys."""
    if depth > DEEPEST:
        raise InputError("the learner is nested too deeply; refused.")
    if isinstance(schema, dict):
        if "__loader__" in schema or "__class__" in schema:
            yield schema
        for key in sorted(schema):
            yield from _nodes(schema[key], depth + 1)
    elif isinstance(schema, list):
        for item in schema:
            yield from _nodes(item, depth + 1)


def _parsed(members: dict[str, bytes], what: str) -> Any:  # noqa: ANN401
    if SCHEMA not in members:
        raise InputError(f"{what}: has no {SCHEMA}; it is no learner.")
    try:
        return json.loads(members[SCHEMA])
    except (ValueError, RecursionError) as error:
        raise InputError(f"{what}: {SCHEMA} is damaged.") from error


def _checked_schema(schema: Any, members: dict[str, bytes], what: str) -> None:  # noqa: ANN401
    found = list(_nodes(schema))
    if not isinstance(schema, dict) or not found:
        raise InputError(f"{what}: {SCHEMA} is no learner.")
    for node in found:
        kind = tuple(node.get(key) for key in ("__loader__", "__module__", "__class__"))
        if kind not in NODE_TYPES:
            shown = ".".join(str(k) for k in kind[1:])
            raise InputError(f"{what}: holds {shown} ({kind[0]}), which no model has; refused.")
        if "file" in node and node["file"] not in members:
            raise InputError(f"{what}: a member is missing.")


def _checked_array(content: bytes, what: str) -> None:
    """Raise InputError unless *content* is an array of plain numbers, as long as it says."""
    stream = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(stream)
        shape, _, dtype = np.lib.format.read_array_header_1_0(stream, max_header_size=10_000)
    except Exception as error:
        raise InputError(f"{what}: is no array.") from error
    if version != (1, 0):
        raise InputError(f"{what}: is an array of another version; refused.")
    if dtype.hasobject:
        raise InputError(f"{what}: holds Python objects, which could run code; refused.")
    left = len(content) - stream.tell()
    if len(shape) > 3 or math.prod(shape) * dtype.itemsize != left:
        raise InputError(f"{what}: claims the shape {shape}, and {left} bytes are there; refused.")

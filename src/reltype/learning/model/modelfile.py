"""Model file: one zip of a manifest, TOML and a skops file; no pickle anywhere.

See `archive` and `serialization` for what is refused.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attrs import asdict, field, frozen

from reltype.config.blocks import ROLES
from reltype.errors import ConfigError, InputError
from reltype.formats import toml
from reltype.learning.model.archive import Limits, pack, unpack
from reltype.learning.model.serialization import TRUSTED, dumps, loads
from reltype.learning.model.toml import written
from reltype.mapping.canonical import EARLIEST, LATEST
from reltype.scoring.population import Scales

if TYPE_CHECKING:
    from reltype.learning.model.learned import Learned

FORMAT = 1
MANIFEST, SCALES, POOL, MAPPING, LEARNER = (
    "manifest.json",
    "scales.toml",
    "pool.toml",
    "mapping.toml",
    "learner.skops",
)
LIMITS = Limits(
    members=5,
    member=1 << 26,
    total=1 << 27,
    names=r"manifest\.json|scales\.toml|pool\.toml|mapping\.toml|learner\.skops",
)
LARGEST = 1 << 26
"""Bytes of a model file: some hundred times what one has."""


@frozen
class Record:
    """How learning from labels went, measured on labels that were held out in turn.

    Attributes:
        labels: How many told an archetype.
        used: Whether what they taught is in the model.
        loss: Mean log-loss with what was learned, in nats; None where nothing could be.
        loss_before: That of the model without labels.
        accuracy: Share right with what was learned.
        accuracy_before: That of the model without labels.
        penalty: How strongly the weights were held back.
    """

    labels: int
    used: bool = False
    loss: float | None = None
    loss_before: float | None = None
    accuracy: float | None = None
    accuracy_before: float | None = None
    penalty: float | None = None


@frozen(eq=False)
class Contents:
    """What a model file holds: `reltype.Model` says what each attribute is."""

    typology: str
    archetypes: tuple[str, ...]
    scales: Scales
    temperature: float
    priors: Mapping[str, float] = field(factory=dict)
    learned: Learned | None = field(default=None, repr=False)
    min_confidence: float | None = None
    mappings: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    plugins: Mapping[str, str] = field(factory=dict)
    knowledge: str = field(default="", repr=False)
    data: Mapping[str, Any] = field(factory=dict)
    record: Record | None = None
    notes: tuple[str, ...] = ()
    version: str = ""


def packed(model: Contents) -> bytes:
    """The content of the file of *model*; equal bytes for an equal model."""
    members = {
        SCALES: written(_scales_table(model.scales)).encode(),
        POOL: written(_pool_table(model)).encode(),
        MAPPING: written({"mappings": [dict(m) for m in model.mappings]}).encode(),
    }
    if model.learned is not None:
        members[LEARNER] = dumps(model.learned)
    manifest = {
        "format": FORMAT,
        "reltype": model.version,
        "as_of": model.scales.as_of.isoformat(),
        "typology": model.typology,
        "plugins": dict(model.plugins),
        "knowledge": model.knowledge,
        "data": dict(model.data),
        "record": None if model.record is None else asdict(model.record),
        "notes": list(model.notes),
        "trusted": list(TRUSTED),
        "members": {name: hashlib.sha256(members[name]).hexdigest() for name in sorted(members)},
    }
    text = json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    return pack({MANIFEST: text.encode(), **members})


def unpacked(data: bytes, what: str) -> dict[str, Any]:
    """The attributes of the model in *data*; *what* is what messages call it.

    Raises:
        InputError: It is no model, is damaged, or holds what no model has.
        ConfigError: It was written by a newer reltype.
    """
    members = unpack(data, LIMITS, what)
    manifest = _manifest(members, what)
    try:
        scales, pool, mapping = (
            _toml(members[name], f"{what}: {name}") for name in (SCALES, POOL, MAPPING)
        )
        learned = None
        if LEARNER in members:
            learned = loads(members[LEARNER], f"{what}: {LEARNER}")
        made: dict[str, Any] = {
            "typology": _text(manifest["typology"]),
            "archetypes": tuple(_text(a) for a in pool["archetypes"]),
            "scales": Scales(
                _day(scales["as_of"]),
                _day(scales["log_start"]),
                {_text(k): _number(v) for k, v in scales["values"].items()},
                {
                    k: {_text(o): _within(s, 0, 1) for o, s in v.items()}
                    for k, v in scales["overlap"].items()
                },
                {_text(k): _number(v) for k, v in scales.get("reliability", {}).items()},
                _number(scales.get("known", 1.0)),
            ),
            "temperature": _within(pool["temperature"], 0.01, 100),
            "priors": {_text(k): _within(v, 1e-9, 1e9) for k, v in pool["priors"].items()},
            "learned": learned,
            "min_confidence": _within(pool["min_confidence"], 0, 1)
            if "min_confidence" in pool
            else None,
            "mappings": tuple(_mapping(m) for m in mapping["mappings"]),
            "plugins": {_text(k): _text(v) for k, v in manifest["plugins"].items()},
            "knowledge": _text(manifest["knowledge"]),
            "data": manifest["data"],
            "record": None if manifest["record"] is None else Record(**manifest["record"]),
            "notes": tuple(_text(n) for n in manifest["notes"]),
            "version": _text(manifest["reltype"]),
        }
    except (InputError, ConfigError):
        raise
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise InputError(f"{what}: is damaged ({type(error).__name__}: {error}).") from error
    if learned is not None and len(learned.intercept) != len(made["archetypes"]):
        raise InputError(f"{what}: the learner is for other archetypes; refused.")
    return made


def _toml(data: bytes, what: str) -> dict[str, Any]:
    try:
        return toml.loads(data.decode(), what)
    except ConfigError as error:
        raise InputError(f"{what} is damaged: {str(error).removeprefix(what + ': ')}") from error


def _manifest(members: Mapping[str, bytes], what: str) -> dict[str, Any]:
    if MANIFEST not in members:
        raise InputError(f"{what}: is no model: it has no {MANIFEST}.")
    try:
        manifest = json.loads(members[MANIFEST])
        version = manifest["format"]
        listed = manifest["members"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"{what}: {MANIFEST} is damaged.") from error
    if type(version) is not int or version < 1:
        raise InputError(f"{what}: {MANIFEST} is damaged: format {version!r}.")
    if version > FORMAT:
        raise ConfigError(
            f"{what}: was written by a newer reltype ({manifest.get('reltype')}, format {version}; "
            f"this one reads {FORMAT}). Upgrade reltype, or fit again."
        )
    if not isinstance(listed, dict) or set(listed) != set(members) - {MANIFEST}:
        raise InputError(
            f"{what}: holds other members than its {MANIFEST} lists; it was tampered with."
        )
    for name, wanted in listed.items():
        if hashlib.sha256(members[name]).hexdigest() != wanted:
            raise InputError(
                f"{what}: {name} is not what was saved; it is damaged or was tampered with."
            )
    for name in (SCALES, POOL, MAPPING):
        if name not in members:
            raise InputError(f"{what}: {name} is missing.")
    return manifest  # type: ignore[no-any-return]


def _scales_table(scales: Scales) -> dict[str, Any]:
    return {
        "as_of": scales.as_of,
        "log_start": scales.log_start,
        "values": dict(scales.values),
        "overlap": {rule: dict(others) for rule, others in scales.overlap.items()},
        "reliability": dict(scales.reliability),
        "known": scales.known,
    }


def _pool_table(model: Contents) -> dict[str, Any]:
    table: dict[str, Any] = {
        "archetypes": list(model.archetypes),
        "temperature": model.temperature,
        "priors": dict(model.priors),
    }
    if model.min_confidence is not None:
        table["min_confidence"] = model.min_confidence
    return table


def _mapping(found: Any) -> dict[str, Any]:  # noqa: ANN401
    """How one input was read; its expressions are parsed when a file is read so again."""
    if found["role"] not in ROLES:
        raise ValueError(f"{found['role']!r} is neither a log nor a customer table")
    tables = ("columns", "kinds")
    made = {t: {_text(k): _text(v) for k, v in found[t].items()} for t in tables}
    where = {"where": _text(found["where"])} if "where" in found else {}
    return {"role": found["role"], **made, **where}


def _text(value: object) -> str:
    if type(value) is not str:
        raise TypeError(f"{value!r} is not text")
    return value


def _number(value: object) -> float:
    if type(value) not in {int, float} or not math.isfinite(value):  # type: ignore[arg-type]
        raise TypeError(f"{value!r} is not a number")
    return float(value)  # type: ignore[arg-type]


def _within(value: object, low: float, high: float) -> float:
    number = _number(value)
    if not low <= number <= high:
        raise ValueError(f"{number} is not between {low} and {high}")
    return number


def _day(value: object) -> dt.date:
    if type(value) is not dt.date:
        raise TypeError(f"{value!r} is not a day")
    if not EARLIEST <= value.isoformat() <= LATEST:
        raise ValueError(f"{value} is no day of anybody's")
    return value

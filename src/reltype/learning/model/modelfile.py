"""Model file: one zip of a manifest, TOML and a skops file; no pickle anywhere.

See `archive` and `serialization` for what is refused.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attrs import asdict, field, fields, frozen, validators

from reltype.config.blocks import INPUT_ROLES
from reltype.errors import ConfigError, InputError
from reltype.formats import toml
from reltype.formats.structure import structured
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


def _anybodys(_: object, attribute: Any, day: dt.date) -> None:  # noqa: ANN401
    if not EARLIEST <= day.isoformat() <= LATEST:
        raise ValueError(f"{attribute.name} = {day} is no day of anybody's")


def _temperature(_: object, __: object, value: float) -> None:
    if not 0.01 <= value <= 100:
        raise ValueError(f"the temperature {value} is not between 0.01 and 100")


def _shares(_: object, attribute: Any, overlap: Mapping[str, Mapping[str, float]]) -> None:  # noqa: ANN401
    if not all(0 <= share <= 1 for others in overlap.values() for share in others.values()):
        raise ValueError(f"{attribute.name}: a share is not between 0 and 1")


def _rates(_: object, attribute: Any, priors: Mapping[str, float]) -> None:  # noqa: ANN401
    if not all(1e-9 <= prior <= 1e9 for prior in priors.values()):
        raise ValueError(f"{attribute.name}: a base rate is not between 1e-9 and 1e9")


@frozen
class _Scales:
    """`scales.toml`."""

    as_of: dt.date = field(validator=_anybodys)
    log_start: dt.date = field(validator=_anybodys)
    values: dict[str, float]
    overlap: dict[str, dict[str, float]] = field(validator=_shares)
    reliability: dict[str, float] = field(factory=dict)
    known: float = 1.0
    dimensions: int | None = None


@frozen
class _Pool:
    """`pool.toml`."""

    archetypes: tuple[str, ...]
    temperature: float = field(validator=_temperature)
    priors: dict[str, float] = field(validator=_rates)
    min_confidence: float | None = field(
        default=None, validator=validators.optional([validators.ge(0), validators.le(1)])
    )


@frozen
class _Mapping:
    """How one input was read; its expressions are parsed when a file is read so again."""

    role: str = field(validator=validators.in_(INPUT_ROLES))
    columns: dict[str, str]
    kinds: dict[str, str]
    where: str | None = None


@frozen
class _Mappings:
    """`mapping.toml`."""

    mappings: tuple[_Mapping, ...]


@frozen
class _Population:
    """Whose fit it was."""

    customers: int | None = None
    fingerprint: str | None = None


@frozen
class _Manifest:
    """`manifest.json`; what it says of members was held against them before."""

    reltype: str
    typology: str
    plugins: dict[str, str]
    knowledge: str
    notes: tuple[str, ...]
    record: Record | None
    data: _Population


def _given(_: object, value: object) -> bool:
    return value is not None


def unpacked(data: bytes, what: str) -> dict[str, Any]:
    """The attributes of the model in *data*; *what* is what messages call it.

    Raises:
        InputError: It is no model, is damaged, or holds what no model has.
        ConfigError: It was written by a newer reltype.
    """
    members = unpack(data, LIMITS, what)
    said = _manifest(members, what)
    learned = None
    if LEARNER in members:
        learned = loads(members[LEARNER], f"{what}: {LEARNER}")
    try:
        tables = {name: _toml(members[name], f"{what}: {name}") for name in (SCALES, POOL, MAPPING)}
        own = {a.name for a in fields(_Manifest)}
        manifest = structured({k: v for k, v in said.items() if k in own}, _Manifest)
        scales = structured(tables[SCALES], _Scales)
        pool = structured(tables[POOL], _Pool)
        read = structured(tables[MAPPING], _Mappings).mappings
    except (ValueError, RecursionError) as error:
        raise InputError(f"{what}: is damaged ({error}).") from error
    if learned is not None and len(learned.intercept) != len(pool.archetypes):
        raise InputError(f"{what}: the learner is for other archetypes; refused.")
    return {
        "typology": manifest.typology,
        "archetypes": pool.archetypes,
        "scales": Scales(**{a.name: getattr(scales, a.name) for a in fields(_Scales)}),
        "temperature": pool.temperature,
        "priors": pool.priors,
        "learned": learned,
        "min_confidence": pool.min_confidence,
        "mappings": tuple(asdict(m, filter=_given) for m in read),
        "plugins": manifest.plugins,
        "knowledge": manifest.knowledge,
        "data": asdict(manifest.data, filter=_given),
        "record": manifest.record,
        "notes": manifest.notes,
        "version": manifest.reltype,
    }


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
        **({} if scales.dimensions is None else {"dimensions": scales.dimensions}),
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

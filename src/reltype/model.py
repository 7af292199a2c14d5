"""Model: what a fit learned, as one file. No pickle anywhere; see `safekeeping` for what is refused."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from reltype.archive import Limits, pack, unpack
from reltype.errors import ConfigError, InputError
from reltype.population import Scales
from reltype.toml import written

if TYPE_CHECKING:
    from reltype.catalogue import Catalogue
    from reltype.classifiers import Classifier
    from reltype.learned import Learned
    from reltype.plan import Plan
    from reltype.run import Run

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
class Model:
    """What a fit learned.

    Attributes:
        typology: The name of the typology that it was fitted for.
        archetypes: Its archetypes, in order.
        scales: What is usual, as of when, and how far rules repeat each other.
        temperature: The pool's.
        priors: Archetype → base rate, where they were learned; empty: the pack's.
        learned: What labels taught; None where there were none.
        min_confidence: The posterior below which nobody is named; None: the typology's.
        mappings: How the columns of the data were read: tables for a config.
        plugins: Plugin → version, of those that took part.
        knowledge: SHA-256 of the definitions that it was fitted with.
        data: `customers`, and `fingerprint`: SHA-256 of their ids and readings.
        record: How learning went; None without labels.
        notes: Sentences about labels that could not be used.
        version: The reltype that fitted it.
    """

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

    @classmethod
    def of(cls, run: Run) -> Model:
        """What a run teaches without labels: its scales, and how far its rules repeat each other."""
        from reltype import __version__

        plan = run.plan
        loaded = run.knowledge.plugins.loaded.values()
        return cls(
            typology=plan.typology.name,
            archetypes=tuple(a.name for a in plan.archetypes),
            scales=run.scales,
            temperature=plan.typology.temperature,
            min_confidence=run.min_confidence,
            mappings=tuple(_mapping(item) for item in run.inputs.items),
            plugins={p.name: p.version for p in loaded if p.name != "built-in"},
            knowledge=digest(plan),
            version=__version__,
        )

    @property
    def features(self) -> tuple[str, ...]:
        """The features that its learner reads besides the readings: for `Plan.also`."""
        return self.learned.features if self.learned else ()

    def apply(self, catalogue: Catalogue) -> Catalogue:
        """*catalogue* with the base rates and the temperature that were learned."""
        changed = catalogue.with_prior(self.typology, self.priors)
        typology = evolve(catalogue.typology(self.typology), temperature=self.temperature)
        return evolve(changed, typologies={**changed.typologies, self.typology: typology})

    def classifiers(self, plan: Plan) -> list[Classifier]:
        """The classifiers that it adds.

        Args:
            plan: What is asked, of a catalogue that `apply` gave, with `also=features`.

        Raises:
            ConfigError: It was fitted for other archetypes, dimensions, features or rules.
        """
        self.check(plan)
        return [self.learned] if self.learned else []

    def check(self, plan: Plan, plugins: Collection[str] | None = None) -> None:
        """Raise ConfigError where it does not fit *plan*, or a plugin that took part is missing."""
        again = "Fit again, or give the packs and plugins that it was fitted with."
        if plan.typology.name != self.typology:
            raise ConfigError(
                f"The model was fitted for the typology {self.typology!r}, not {plan.typology.name!r}."
            )
        if tuple(a.name for a in plan.archetypes) != self.archetypes:
            raise ConfigError(
                f"The model was fitted for the archetypes {', '.join(self.archetypes)}. {again}"
            )
        for name in self.plugins if plugins is not None else ():
            if name not in (plugins or ()):
                raise ConfigError(
                    f"The model was fitted with the plugin {name!r} ({self.plugins[name]}), which is not there. Install it, or fit again."
                )
        missing = [s.name for s in plan.scales if s.name not in self.scales.values]
        if missing:
            raise ConfigError(
                f"The model knows no scale {missing[0]!r}: it was fitted with other definitions. {again}"
            )
        # Scales alone mean the same whatever is computed from them; weights do not.
        if self.learned and digest(plan) != self.knowledge:
            raise ConfigError(
                f"The model was fitted with other features, signals, prototypes or rules (reltype {self.version}). {again}"
            )

    def save(self, path: Path | str) -> None:
        """Write it to *path*, whole or not at all; equal bytes for an equal model.

        Raises:
            OutputError: The place cannot be written.
        """
        from reltype.formats import destination

        with destination(path) as stream:
            stream.write(self.to_bytes())

    def to_bytes(self) -> bytes:
        """The file's content."""
        from reltype.safekeeping import TRUSTED, dumps

        members = {
            SCALES: written(_scales_table(self.scales)).encode(),
            POOL: written(_pool_table(self)).encode(),
            MAPPING: written({"mappings": [dict(m) for m in self.mappings]}).encode(),
        }
        if self.learned is not None:
            members[LEARNER] = dumps(self.learned)
        manifest = {
            "format": FORMAT,
            "reltype": self.version,
            "as_of": self.scales.as_of.isoformat(),
            "typology": self.typology,
            "plugins": dict(self.plugins),
            "knowledge": self.knowledge,
            "data": dict(self.data),
            "record": None if self.record is None else _asdict(self.record),
            "notes": list(self.notes),
            "trusted": list(TRUSTED),
            "members": {
                name: hashlib.sha256(members[name]).hexdigest() for name in sorted(members)
            },
        }
        text = json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        return pack({MANIFEST: text.encode(), **members})


def load(path: Path | str) -> Model:
    """The model in the file *path*. Nothing in the file is run, whoever wrote it.

    Raises:
        InputError: It cannot be read, is no model, is damaged, or holds what no model has.
        ConfigError: It was written by a newer reltype.
    """
    path = Path(path)
    what = str(path)
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except OSError as error:
        raise InputError(
            f"{what}: cannot be read ({(error.strerror or str(error)).lower()})."
        ) from error
    if len(data) > LARGEST:
        raise InputError(f"{what}: is larger than any model; refused.")
    return from_bytes(data, what)


def from_bytes(data: bytes, what: str) -> Model:
    """The model in *data*; *what* is what messages call it. Raises as `load` does."""
    members = unpack(data, LIMITS, what)
    manifest = _manifest(members, what)
    try:
        scales = tomllib.loads(members[SCALES].decode())
        pool = tomllib.loads(members[POOL].decode())
        mapping = tomllib.loads(members[MAPPING].decode())
        learned = None
        if LEARNER in members:
            from reltype.safekeeping import loads

            learned = loads(members[LEARNER], f"{what}: {LEARNER}")
        made = Model(
            typology=_text(manifest["typology"]),
            archetypes=tuple(_text(a) for a in pool["archetypes"]),
            scales=Scales(
                _day(scales["as_of"]),
                _day(scales["log_start"]),
                {_text(k): _number(v) for k, v in scales["values"].items()},
                {
                    k: {_text(o): _number(s) for o, s in v.items()}
                    for k, v in scales["overlap"].items()
                },
            ),
            temperature=_positive(pool["temperature"]),
            priors={_text(k): _positive(v) for k, v in pool["priors"].items()},
            learned=learned,
            min_confidence=_number(pool["min_confidence"]) if "min_confidence" in pool else None,
            mappings=tuple(mapping["mappings"]),
            plugins={_text(k): _text(v) for k, v in manifest["plugins"].items()},
            knowledge=_text(manifest["knowledge"]),
            data=manifest["data"],
            record=None if manifest["record"] is None else Record(**manifest["record"]),
            notes=tuple(_text(n) for n in manifest["notes"]),
            version=_text(manifest["reltype"]),
        )
    except (InputError, ConfigError):
        raise
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise InputError(f"{what}: is damaged ({type(error).__name__}: {error}).") from error
    if learned is not None and len(learned.intercept) != len(made.archetypes):
        raise InputError(f"{what}: the learner is for other archetypes; refused.")
    return made


def digest(plan: Plan) -> str:
    """SHA-256 of what scores depend on: dimensions, signals, features, scales, prototypes, rules.

    Base rates and the temperature are left out: a model has its own.
    """
    archetypes = [(a.name, sorted(a.prototype.items())) for a in plan.archetypes]
    typology = plan.typology
    parts: list[Any] = [typology.name, typology.dimensions, typology.contamination]
    parts += [archetypes, plan.signals, plan.features, plan.scales]
    parts += [[(r.name, r.when, r.archetype, r.weight) for r in plan.rules]]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


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
            f"{what}: was written by a newer reltype ({manifest.get('reltype')}, format {version}; this "
            f"one reads {FORMAT}). Upgrade reltype, or fit again."
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
    }


def _pool_table(model: Model) -> dict[str, Any]:
    table: dict[str, Any] = {
        "archetypes": list(model.archetypes),
        "temperature": model.temperature,
        "priors": dict(model.priors),
    }
    if model.min_confidence is not None:
        table["min_confidence"] = model.min_confidence
    return table


def _mapping(item: Any) -> dict[str, Any]:  # noqa: ANN401
    mapping = item.guess.sure()
    table = {
        "role": mapping.role,
        "columns": dict(mapping.columns),
        "kinds": dict(mapping.kinds),
    }
    return table | ({"where": mapping.where} if mapping.where is not None else {})


def _asdict(record: Record) -> dict[str, Any]:
    import attrs

    return attrs.asdict(record)


def _text(value: object) -> str:
    if type(value) is not str:
        raise TypeError(f"{value!r} is not text")
    return value


def _number(value: object) -> float:
    import math

    if type(value) not in {int, float} or not math.isfinite(value):  # type: ignore[arg-type]
        raise TypeError(f"{value!r} is not a number")
    return float(value)  # type: ignore[arg-type]


def _positive(value: object) -> float:
    number = _number(value)
    if number <= 0:
        raise ValueError(f"{number} is not above 0")
    return number


def _day(value: object) -> dt.date:
    if type(value) is not dt.date:
        raise TypeError(f"{value!r} is not a day")
    return value

"""Model: what a fit learned, to be saved and scored with."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from reltype import __version__
from reltype.config.blocks import Block
from reltype.errors import ConfigError, InputError
from reltype.formats import destination
from reltype.learning.model.modelfile import LARGEST, Contents, packed, unpacked

if TYPE_CHECKING:
    from reltype.definitions.catalogue import Catalogue
    from reltype.plugins.guard import GuardedRecipe
    from reltype.scoring.classifiers import Classifier
    from reltype.scoring.plan import Plan
    from reltype.scoring.run import Run


@frozen(eq=False)
class Model(Contents):
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

    @classmethod
    def of(cls, run: Run) -> Model:
        """What a run teaches without labels: scales, and how far its rules repeat each other."""
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
        """The features that its learner reads besides the readings: for `Plan.extra_features`."""
        return self.learned.features if self.learned else ()

    @property
    def kinds(self) -> dict[str, str]:
        """Their word → our kind, as the data was read."""
        return {theirs: ours for m in self.mappings for theirs, ours in m["kinds"].items()}

    @property
    def blocks(self) -> tuple[Block, ...]:
        """How the data was read, for files that have its columns: next month's export."""
        return tuple(
            Block(m["role"], "the model", {}, m["columns"], m.get("where")) for m in self.mappings
        )

    def apply(self, catalogue: Catalogue) -> Catalogue:
        """*catalogue* with the base rates and the temperature that were learned."""
        changed = catalogue.with_prior(self.typology, self.priors)
        typology = evolve(catalogue.typology(self.typology), temperature=self.temperature)
        return evolve(changed, typologies={**changed.typologies, self.typology: typology})

    def classifiers(self, plan: Plan, recipes: Iterable[GuardedRecipe]) -> list[Classifier]:
        """The classifiers that it adds.

        Args:
            plan: What is asked, of a catalogue that `apply` gave, with `extra_features=features`.
            recipes: Those of the plugins that are there: they read what they once learned.

        Raises:
            ConfigError: It was fitted for other archetypes, dimensions, features or rules, or a
                recipe that taught it is not there.
            PluginError: A plugin cannot read what an earlier version of it learned.
            InputError: The file holds what no recipe of ours learns.
        """
        self.check(plan)
        if self.learned is None:
            return []
        return [self.learned.bound(recipes, self.plugins).at_home(plan)]

    def check(self, plan: Plan, plugins: Collection[str] | None = None) -> None:
        """Raise ConfigError where it does not fit *plan*, or a plugin that took part is missing."""
        again = "Fit again, or give the packs and plugins that it was fitted with."
        if plan.typology.name != self.typology:
            raise ConfigError(
                f"The model was fitted for the typology {self.typology!r}, not "
                f"{plan.typology.name!r}."
            )
        if tuple(a.name for a in plan.archetypes) != self.archetypes:
            raise ConfigError(
                f"The model was fitted for the archetypes {', '.join(self.archetypes)}. {again}"
            )
        for name in self.plugins if plugins is not None else ():
            if name not in (plugins or ()):
                raise ConfigError(
                    f"The model was fitted with the plugin {name!r} ({self.plugins[name]}), which is "
                    "not there. Install it, do not leave it out, or fit again."
                )
        missing = [s.name for s in plan.scales if s.name not in self.scales.values]
        if missing:
            raise ConfigError(
                f"The model knows no scale {missing[0]!r}: it was fitted with other definitions. "
                f"{again}"
            )
        # Scales alone mean the same whatever is computed from them; weights do not.
        if self.learned and digest(plan) != self.knowledge:
            raise ConfigError(
                f"The model was fitted with other features, signals, prototypes or rules "
                f"(reltype {self.version}). {again}"
            )

    def save(self, path: Path | str) -> None:
        """Write it to *path*, whole or not at all; equal bytes for an equal model.

        Raises:
            OutputError: The place cannot be written.
        """
        with destination(path) as stream:
            stream.write(self.to_bytes())

    def to_bytes(self) -> bytes:
        """The content of the file that `save` writes; equal bytes for an equal model."""
        return packed(self)


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
            size = os.fstat(stream.fileno()).st_size
            data = stream.read(min(size, LARGEST) + 1)
    except OSError as error:
        raise InputError(
            f"{what}: cannot be read ({(error.strerror or str(error)).lower()})."
        ) from error
    if len(data) > LARGEST:
        raise InputError(f"{what}: is larger than any model; refused.")
    return from_bytes(data, what)


def from_bytes(data: bytes, what: str) -> Model:
    """The model in *data*; *what* is what messages call it. Raises as `load` does."""
    return Model(**unpacked(data, what))


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


def _mapping(item: Any) -> dict[str, Any]:  # noqa: ANN401
    mapping = item.guess.sure()
    # Which orders came back is another file's to say, and next month another's again.
    passing = {"state", "refunded_amount"} if item.returns is not None else set()
    table = {
        "role": mapping.role,
        "columns": {n: text for n, text in mapping.columns.items() if n not in passing},
        "kinds": dict(mapping.kinds),
    }
    return table | ({"where": mapping.where} if mapping.where is not None else {})

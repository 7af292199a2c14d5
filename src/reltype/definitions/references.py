"""References: the names by which one definition speaks of another, all checked."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reltype.definitions.archetypes import UNCLASSIFIED
from reltype.definitions.clashes import DefinitionError
from reltype.definitions.features import AFTER, BEFORE, DAY_COLUMNS, INTERACTION_COLUMNS
from reltype.definitions.phrases import misread, slots
from reltype.errors import ConfigError, did_you_mean
from reltype.expressions import Expression, parse

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from reltype.definitions.archetypes import Typology
    from reltype.definitions.catalogue import Catalogue


def check(catalogue: Catalogue) -> None:
    """Raise DefinitionError for the first name in *catalogue* that nothing defines."""
    names = _Names(catalogue)
    names.columns()
    names.features()
    names.headers()
    names.archetypes()
    names.rules()
    names.benefits()


OWN_COLUMNS = (
    *INTERACTION_COLUMNS,
    *("since", "tenure_days", "contract_days", "auto_renew", "nps", "satisfaction"),
    *("share_of_wallet", "referrals", "products", "active"),
)
"""Our own columns of logs and customer tables, which headers may be declared for."""

PREFIX = "reltype_"
"""No name of anybody's begins so."""
INSIDE = frozenset(
    [
        "customer_id",
        "half",
        "log_rows",
        "log_orders",
        "log_scattered",
        "log_varying",
        "log_back_rows",
        "log_back_states",
        "log_first_day",
        "log_last_day",
        "log_kept",
        "log_left_out",
        "log_rejects",
        "log_late",
        "log_unread",
        "table_rows",
        "table_unread",
        "p_unclassified",
    ]
)
"""Columns that a run makes beside the features."""
NUMBERED = frozenset(
    [
        "raw",
        "n",
        "signal",
        "seen",
        "saw",
        "says",
        "mass",
        "rule",
        "reason",
        "rate",
        "needs",
        "broken",
        "status",
        "alarm",
        "c",
        "s",
        "e",
        "k",
        "r",
    ]
)
"""Columns that a run numbers: `signal_7`."""
_PLAIN = re.compile(r"[a-z][a-z0-9_]{0,62}")


class _Names:
    """The names that there are, and who may speak of which."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.measured = {*catalogue.features, *catalogue.scales, *DAY_COLUMNS}
        self.readings = {*self.measured, *catalogue.dimensions}
        self.archetype_names = {name for _, name in catalogue.archetypes}
        self.archetype_columns = {a.column for a in catalogue.archetypes.values()}

    def columns(self) -> None:
        """Names that become columns: plain, nobody else's, none that we use inside."""
        for kind in ("feature", "scale", "dimension"):
            for name in getattr(self.catalogue, f"{kind}s"):
                with self._of(kind, name):
                    if not _PLAIN.fullmatch(name):
                        raise ConfigError(
                            "a name is lower-case letters, digits and underscores, begins with a "
                            "letter and has at most 63"
                        )
                    if self._reserved(name):
                        raise ConfigError("this name is used inside; choose another")
        columns: dict[tuple[str, str], str] = {}
        for (of, name), archetype in self.catalogue.archetypes.items():
            with self._of("archetype", str((of, name)), name):
                if not archetype.column or archetype.column == UNCLASSIFIED:
                    raise ConfigError("this name is used inside, or has no letters; choose another")
                other = columns.setdefault((of, archetype.column), name)
                if other != name:
                    raise ConfigError(
                        f"its column p_{archetype.column} is also that of {other!r}; rename one"
                    )

    def _reserved(self, name: str) -> bool:
        """Whether a name is, or may be, one of the columns that a run makes itself."""
        before, _, after = name.partition("_")
        return (
            name in INSIDE
            or name.startswith(PREFIX)
            or ((before in NUMBERED or len(before) == 1) and after.replace("_", "").isdecimal())
            or (before in {"fact", "given"} and bool(after) and after in self.catalogue.features)
            or (len(before) == 1 and after in self.catalogue.dimensions)
            or (before == "p" and after in self.archetype_columns)
        )

    def features(self) -> None:
        functions = self.catalogue.functions
        for feature in self.catalogue.features.values():
            with self._of("feature", feature.name) as where:
                if (expression := feature.expression(functions)) is not None:
                    known = INTERACTION_COLUMNS if expression.aggregate else self.measured
                    self._known(expression, where, known)
                for name, expression in feature.moved(functions).items():
                    self._known(expression, where, {*self.measured, AFTER})
                    self._named("feature", [name], self.catalogue.features)
                self._named("feature", slots(feature.change), {*self.measured, AFTER, BEFORE})
        for scale in self.catalogue.scales.values():
            with self._of("scale", scale.name) as where:
                self._known(scale.expression(functions), where, self.measured)
        for signal in self.catalogue.signals.values():
            with self._of("signal", signal.name):
                self._named("dimension", [signal.dimension], self.catalogue.dimensions)
                self._named("typology", _given(signal.typology), self.catalogue.typologies)
                self._known(signal.expression(functions), f"signal {signal.name!r}", self.measured)
                if (observed := signal.observed(functions)) is not None:
                    self._known(observed, f"signal {signal.name!r}", self.measured)
                for sentence in signal.says:
                    where = f"signal {signal.name!r}"
                    if (condition := sentence.condition(where, functions)) is not None:
                        self._known(condition, where, self.readings)
                    self._named("feature", sentence.mentions, self.measured)

    def headers(self) -> None:
        """Columns are read as facts that a customer table may give, or as our own."""
        for (of, name), columns in self.catalogue.columns.items():
            with self._of("columns", str((of, name)), name):
                self._named("typology", [of], self.catalogue.typologies)
                if columns.reads:
                    self._named("feature", [name], self.catalogue.features)
                elif name not in OWN_COLUMNS:
                    hint = did_you_mean(name, OWN_COLUMNS)
                    raise ConfigError(
                        f"say with reads how {name!r} is read; it is none of ours.{hint}"
                    )

    def archetypes(self) -> None:
        for typology in self.catalogue.typologies.values():
            with self._of("typology", typology.name) as where:
                self._once("dimension", typology.dimensions)
                self._typology(typology, where)
        for (of, name), archetype in self.catalogue.archetypes.items():
            with self._of("archetype", str((of, name)), name):
                self._named("typology", [of], self.catalogue.typologies)
                self._named("dimension", archetype.prototype, self.catalogue.dimensions)

    def rules(self) -> None:
        for rule in self.catalogue.rules.values():
            with self._of("rule", rule.name) as where:
                self._named("typology", _given(rule.typology), self.catalogue.typologies)
                among = self.archetype_names
                if rule.typology:
                    among = {a.name for a in self.catalogue.archetypes_of(rule.typology)}
                self._named("archetype", [rule.archetype], among)
                self._known(rule.expression(self.catalogue.functions), where, self.readings)
                self._sentence(rule.because)

    def benefits(self) -> None:
        for benefit in self.catalogue.benefits.values():
            with self._of("benefit", benefit.name) as where:
                self._named("typology", _given(benefit.typology), self.catalogue.typologies)
                self._named("archetype", [*benefit.suits, *benefit.not_for], self.archetype_names)
                self._named("dimension", benefit.raises, self.catalogue.dimensions)
                self._condition(benefit.when, where)
                self._sentence(benefit.because)

    def _typology(self, typology: Typology, where: str) -> None:
        self._named("dimension", typology.dimensions, self.catalogue.dimensions)
        for flag in (*typology.unclassified_when, *typology.status, *typology.alarms):
            self._condition(flag.when, f"{where}, {flag.name!r}")
            self._sentence(flag.because)
        if not self.catalogue.archetypes_of(typology.name):
            raise ConfigError("it has no archetype: add [[archetypes]] that name it")

    @staticmethod
    def _once(kind: str, names: Iterable[str]) -> None:
        seen: set[str] = set()
        for name in names:
            if name in seen:
                raise ConfigError(f"the {kind} {name!r} is named twice")
            seen.add(name)

    def _sentence(self, because: str) -> None:
        """Check the slots of a sentence."""
        for one in misread(because):
            raise ConfigError(f"because: {one[:60]} is no slot: write {{name}} or {{name:.1f}}")
        self._named("feature or reading", slots(because), self.readings)

    def _condition(self, text: str, where: str) -> None:
        if text:
            functions = self.catalogue.functions
            self._known(parse(text, where=where, functions=functions), where, self.readings)

    def _known(self, expression: Expression, where: str, columns: Collection[str]) -> None:
        """Check that *expression* speaks only of *columns* and of functions that plugins give."""
        functions = frozenset(self.catalogue.functions)
        if expression.needs <= frozenset(columns) and expression.calls <= functions:
            return
        parse(
            expression.text,
            where=where,
            aggregates=expression.aggregate,
            columns=frozenset(columns),
            functions=self.catalogue.functions,
        )

    def _named(self, kind: str, names: Iterable[str], known: Iterable[str]) -> None:
        there = set(known)
        for name in names:
            if name not in there:
                hint = did_you_mean(name, there).rstrip(".")
                raise ConfigError(f"no {kind} is called {name!r}.{hint}")

    @contextmanager
    def _of(self, kind: str, key: str, name: str = "") -> Iterator[str]:
        """What the check of one definition raises says whose definition it is."""
        where = f"{kind} {name or key!r}"
        who = self.catalogue.owners.get((kind, key), "")
        try:
            yield where
        except ConfigError as error:
            told = str(error).removeprefix(f"{where}: ").rstrip(".")
            stop = "" if "\n" in told else "."
            by = f" ({who})" if who else ""
            raise DefinitionError(f"{where}{by}: {told}{stop}", who) from error


def _given(name: str) -> tuple[str, ...]:
    return (name,) if name else ()

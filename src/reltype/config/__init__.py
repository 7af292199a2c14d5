"""Config: what `reltype.toml` or `[tool.reltype]` of pyproject.toml says, and what precedes it."""

from __future__ import annotations

import os
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from reltype.config.blocks import INPUT_ROLES, Block, read
from reltype.config.options import SETTINGS
from reltype.definitions.norms import norm
from reltype.definitions.standards import Standard, lines, standards
from reltype.engines.limits import TIMEOUT
from reltype.errors import ConfigError, UsageError, did_you_mean
from reltype.formats import toml
from reltype.mapping.kinds import checked

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

    from reltype.mapping.canonical import Refunds

TABLES = (
    "typology",
    "as_of",
    "interactions",
    "customers",
    "kinds",
    "norms",
    "benefits_of",
    "standards",
    "plugins",
    "options",
)
"""What may stand at the top of a config."""
OPTIONS = (
    "min_confidence",
    "refunds",
    "timezone",
    "id_from_row",
    "normalize_ids",
    "threads",
    "memory_limit",
    "rules",
    "model",
    "engine",
    "timeout",
    "drivers",
)
"""What may stand under [options]."""
ADD_UP = ("no_plugin",)
"""Settings of which everything holds that is said anywhere."""


@frozen
class Config:
    """What a config file says; empty where there is none.

    Attributes:
        path: The file; None where there is none.
        blocks: The logs and customer tables that it names.
        kinds: Their word → our kind.
        norms: What is usual here: name → a number in the norm's unit, or a mix.
        standards: What is wanted of relationships; `reltype review` holds the customers against it.
        benefits_of: An attribute of their survey → the benefit, or the kind of one, that it speaks of.
        options: Every other setting that it makes, by the name that `Settings` has for it.
    """

    path: Path | None = None
    blocks: tuple[Block, ...] = ()
    kinds: Mapping[str, str] = field(factory=dict)
    options: Mapping[str, Any] = field(factory=dict)
    benefits_of: Mapping[str, str] = field(factory=dict)
    norms: Mapping[str, float | Mapping[str, float]] = field(factory=dict)
    standards: tuple[Standard, ...] = ()


@frozen
class Settings:
    """What holds in a run: a flag, else `RELTYPE_…` of the environment, else the config, else this.

    Only plugins to leave out add up: those that any of the three names.

    Attributes:
        typology: Which archetypes to tell apart.
        as_of: The as-of day; None: the last day of the log.
        min_confidence: The posterior below which nobody is named; None: the typology's own.
        refunds: `net`, `drop` or `raise`.
        timezone: Where the days and hours of times in UTC are told; None: in UTC.
        id_from_row: A row of a file that names no customer is one.
        normalize_ids: Ids that differ only in letter case, in how accents are composed, or in what
            nobody sees, are one customer's.
        threads: How many threads may work; None: as many as there are processors.
        memory_limit: What the engine may hold, such as `2GB`; None: its default.
        rules: Packs with more knowledge.
        no_plugin: Plugins to leave out.
        model: A model to score with.
        engine: What runs the query: `duckdb`, or what a plugin brings.
        timeout: Seconds that one step on the data may take; 0: as many as it takes.
        drivers: What `reltype drivers` wrote as JSON: it weighs the priority of benefits.
        config: The config, for what it says of inputs and kinds.
    """

    typology: str = "customer"
    as_of: dt.date | None = None
    min_confidence: float | None = None
    refunds: Refunds = "net"
    timezone: str | None = None
    id_from_row: bool = False
    normalize_ids: bool = False
    threads: int | None = None
    memory_limit: str | None = None
    rules: tuple[str, ...] = ()
    no_plugin: tuple[str, ...] = ()
    model: str | None = None
    engine: str = "duckdb"
    timeout: float = TIMEOUT
    drivers: str | None = None
    config: Config = field(factory=Config)


def settings(config: str | Path | Config | None = None, **flags: Any) -> Settings:  # noqa: ANN401
    """The settings of a run.

    Args:
        config: The config file; None: the one that `RELTYPE_CONFIG` names, else the one in this
            folder, if any; a Config stands for itself.
        flags: What was asked for in so many words, by the names of `Settings`; None and empty
            collections ask for nothing.

    Raises:
        ConfigError: The config or the environment says something that cannot be used.
        UsageError: A flag does.
    """
    found = config if isinstance(config, Config) else load(config)
    for name in flags:
        if name not in SETTINGS:
            raise UsageError(f"there is no setting {name!r}.{did_you_mean(name, SETTINGS)}")
    said = {name: values for name in SETTINGS if (values := list(_said(name, flags, found)))}
    held = {name: values[0] for name, values in said.items()}
    # Naming one plugin to leave out must not bring back another that was left out for a reason.
    held |= {name: tuple(dict.fromkeys(chain(*said[name]))) for name in ADD_UP if name in said}
    return Settings(**held, config=found)


def _said(name: str, flags: Mapping[str, Any], config: Config) -> Iterator[Any]:
    """What is said of a setting: by a flag, then by the environment, then by the config."""
    flag, variable = flags.get(name), f"RELTYPE_{name.upper()}"
    if flag is not None and flag not in ((), []):
        yield _read(name, flag, f"--{name.replace('_', '-')}", UsageError)
    if os.environ.get(variable):
        yield _read(name, os.environ[variable], variable, ConfigError)
    if name in config.options:
        yield config.options[name]


def load(path: str | Path | None = None) -> Config:
    """The config in a file; without one, that of `RELTYPE_CONFIG` or of this folder, if any.

    Raises:
        ConfigError: It cannot be read, is not TOML, or says something unknown or unusable; the text
            names file, table and key.
    """
    named = path or os.environ.get("RELTYPE_CONFIG") or None
    file = Path(named) if named else _here()
    if file is None:
        return Config()
    document = toml.load(file)
    if file.name == "pyproject.toml":
        document = document.get("tool", {}).get("reltype", {})
    return parse(document, file)


def _here() -> Path | None:
    if Path("reltype.toml").exists():
        return Path("reltype.toml")
    project = Path("pyproject.toml")
    return (
        project
        if project.exists() and "tool.reltype" in project.read_text("utf-8", "replace")
        else None
    )


def parse(document: Mapping[str, Any], file: Path) -> Config:
    """The config that a parsed TOML document says; *file* is where it stands."""
    _known(document, TABLES, f"{file}")
    blocks = [
        read(role, table, f"{file}: [{role}]{number}", file.parent)
        for role in INPUT_ROLES
        for number, table in _numbered(document.get(role, []))
    ]
    kinds = _table(document, "kinds", file)
    plugins = _table(document, "plugins", file)
    _known(plugins, ("disable",), f"{file}: [plugins]")
    options = _table(document, "options", file)
    _known(options, OPTIONS, f"{file}: [options]")
    said = {key: document[key] for key in ("typology", "as_of") if key in document} | options
    said |= {"no_plugin": plugins["disable"]} if "disable" in plugins else {}
    read_options = {
        name: _read(name, value, f"{file}: {_PLACES.get(name, f'[options] {name}')}", ConfigError)
        for name, value in said.items()
    }
    if "rules" in read_options:
        read_options["rules"] = tuple(str(file.parent / rule) for rule in read_options["rules"])
    for name in ("model", "drivers"):
        if name in read_options:
            read_options[name] = str(file.parent / read_options[name])
    words = {word: checked(kind, f"{file}: [kinds] {word!r}") for word, kind in kinds.items()}
    return Config(
        file,
        tuple(blocks),
        MappingProxyType(words),
        MappingProxyType(read_options),
        _benefits_of(document, file),
        {
            name: norm(name, said, f"{file}: [norms]").value
            for name, said in _table(document, "norms", file).items()
        },
        _standards(document, file),
    )


def _standards(document: Mapping[str, Any], file: Path) -> tuple[Standard, ...]:
    """What `[[standards]]` says, with the lines where it does; what it speaks of is known later."""
    if "standards" not in document:
        return ()
    try:
        text = file.read_text("utf-8", "replace")
    except (OSError, ValueError):
        text = ""
    return standards(document["standards"], lambda number: lines(text, str(file), number))


def _benefits_of(document: Mapping[str, Any], file: Path) -> Mapping[str, str]:
    """What `[benefits_of]` says; which benefits there are is known later."""
    table = _table(document, "benefits_of", file)
    for attribute, benefit in table.items():
        if not isinstance(benefit, str):
            raise ConfigError(
                f"{file}: [benefits_of] {attribute!r}: must be a benefit's name, not {benefit!r}."
            )
    return MappingProxyType({a: b for a, b in table.items() if b.strip()})


_PLACES = {"typology": "typology", "as_of": "as_of", "no_plugin": "[plugins] disable"}


def _numbered(tables: Any) -> list[tuple[str, Any]]:  # noqa: ANN401
    if not isinstance(tables, list):
        return [("", tables)]
    return [(f" no. {number}", table) for number, table in enumerate(tables, 1)]


def _table(document: Mapping[str, Any], name: str, file: Path) -> dict[str, Any]:
    table = document.get(name, {})
    if not isinstance(table, dict):
        raise ConfigError(f"{file}: [{name}] must be a table.")
    return table


def _known(table: Mapping[str, Any], known: tuple[str, ...], place: str) -> None:
    for key in table:
        if key not in known:
            raise ConfigError(f"{place}: {key!r} is not known.{did_you_mean(key, known)}")


def _read(name: str, value: Any, place: str, error: type[ConfigError | UsageError]) -> Any:  # noqa: ANN401
    """A setting's value, from whatever it was written as."""
    try:
        return SETTINGS[name](value)
    except (TypeError, ValueError) as problem:
        raise error(f"{place} = {value!r}: {problem}.") from problem

"""`reltype doctor`: is everything there that reltype needs, and does it work?"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version

import click

NEEDED = (
    "duckdb",
    "pyarrow",
    "sqlglot",
    "numpy",
    "scikit-learn",
    "skops",
    "pluggy",
    "attrs",
    "cattrs",
    "click",
    "tabulate",
    "xlsxwriter",
)
OPTIONAL = {
    "pandas": "to_pandas()",
    "polars": "to_polars()",
    "openpyxl": "XLSX files",
    "jinja2": "reports",
    "adbc-driver-sqlite": "sqlite:/// inputs",
    "adbc-driver-postgresql": "postgresql:// inputs",
}


@click.command(name="doctor")
def command() -> int:
    """Check the installation: versions, plugins, and a run from a log to a result.

    Exit code 1 where something is wrong.
    """
    failed = 0
    for name, check in _checks():
        try:
            click.echo(f"ok    {name}: {check()}")
        except Exception as error:  # noqa: BLE001  the doctor reports whatever is wrong
            failed += 1
            click.echo(f"WRONG {name}: {error}")
    return 1 if failed else 0


def _checks() -> Iterator[tuple[str, Callable[[], str]]]:
    yield "python", lambda: f"{sys.version.split()[0]} on {sys.platform}"
    for name in NEEDED:
        yield name, lambda name=name: version(name)  # type: ignore[misc]
    for name, use in OPTIONAL.items():
        yield name, lambda name=name, use=use: _optional(name, use)  # type: ignore[misc]
    yield "plugins", _plugins
    yield "knowledge", _knowledge
    yield "a run", _run


def _optional(name: str, use: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return f"not installed; only needed for {use}"


def _plugins() -> str:
    from reltype import plugins

    return ", ".join(p.label for p in plugins.load().loaded.values())


def _knowledge() -> str:
    from reltype import plugins
    from reltype.plugins.knowledge import Knowledge

    catalogue = Knowledge.of(plugins.load()).catalogue
    return (
        f"{len(catalogue.typologies)} typologies, {len(catalogue.archetypes)} archetypes, "
        f"{len(catalogue.features)} features, {len(catalogue.rules)} rules, "
        f"{len(catalogue.benefits)} benefits"
    )


def _run() -> str:
    from reltype.api import classify
    from reltype.simulate import simulate

    found = classify(simulate("coffee bar", customers=50).interactions)
    return f"{len(found)} simulated customers classified"

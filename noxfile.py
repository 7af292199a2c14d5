"""What is checked, one session each: `nox` runs all, `nox -s tests` one."""

from pathlib import Path

import nox

nox.options.default_venv_backend = "venv"
nox.options.reuse_existing_virtualenvs = True
WITH_PLUGINS = ("model", "plugins", "packs", "rules", "checks")
PLUGINS = sorted(p.parent for p in Path("plugins").glob("*/pyproject.toml"))


@nox.session
def tests(session):
    """Everything under tests/ and the code in docs/ and README.md."""
    session.install("-e", ".[dev]")
    session.run("pytest", *session.posargs)


@nox.session
def lint(session):
    """Style, and the layers: a module imports only from those above it."""
    session.install("-e", ".[dev]")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports")


@nox.session
def types(session):
    """Strict types."""
    session.install("-e", ".[dev]")
    session.run("mypy")


@nox.session
def plugins(session):
    """Each package under plugins/, installed beside this reltype, with its own tests."""
    session.install("-e", ".[dev]")
    for folder in PLUGINS:
        session.install("-e", str(folder))
    for folder in PLUGINS:
        with session.chdir(folder):
            session.run("pytest", "-q", "-n", "0")
            session.run("ruff", "check", ".")
    # The tests that other people's knowledge could upset, with all of it loaded.
    session.run(
        "pytest", "-q", *(f"tests/test_{name}.py" for name in WITH_PLUGINS),
        env={"TEST_WITH_PLUGINS": "1"},
    )  # fmt: skip

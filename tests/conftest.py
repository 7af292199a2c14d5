"""What several test files need."""

import json
import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from reltype import cli

settings.register_profile(
    "laws",
    max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "40")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)  # how fast a machine is today is no law
settings.load_profile("laws")


def pytest_configure():
    """Plugins that happen to be installed take no part, unless TEST_WITH_PLUGINS=1 asks for them."""
    if not os.environ.get("TEST_WITH_PLUGINS"):
        os.environ.setdefault("RELTYPE_PLUGINS", "")


@pytest.fixture(scope="session")
def shared():
    """The folder of real data sets beside the project, which not everybody has."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the real data sets are not here: {folder}")
    return folder


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder on the path, as site-packages is."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.delenv("RELTYPE_PLUGINS", raising=False)
    monkeypatch.syspath_prepend(str(folder))
    yield folder
    for name in [name for name in sys.modules if name.endswith("_module")]:
        del sys.modules[name]


@pytest.fixture
def counted(tmp_path, monkeypatch, capsys):
    """Write files, run `reltype facts` over them, and give (customer → facts, what was said)."""

    def run(files, *args, code=0):
        monkeypatch.chdir(tmp_path)
        for name, text in files.items():
            Path(name).write_text(text, encoding="utf-8")
        given = args or tuple(files)
        assert cli.run(["facts", *given, "--format", "json"]) == code
        out, err = capsys.readouterr()
        rows = json.loads(out) if code == 0 else []
        return {row["customer_id"]: row for row in rows}, err

    return run

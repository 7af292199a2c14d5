"""What several test files need."""

import sys
from pathlib import Path

import pytest


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
    monkeypatch.syspath_prepend(str(folder))
    yield folder
    for name in [name for name in sys.modules if name.endswith("_module")]:
        del sys.modules[name]

"""Where the real data sets are, and the README's Python as tests."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared():
    """The folder of real data sets beside the project, which not everybody has."""
    folder = Path(__file__).parents[4] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the real data sets are not here: {folder}")
    return folder

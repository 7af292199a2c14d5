"""For authors of plugins who use pytest: their laws as tests, and hostile batches as a fixture.

It costs nothing where it is not used: nothing of reltype is imported before a test asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from reltype.checks import Check
    from reltype.scoring.classifiers import Batch


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers", "reltype(plugin, beside=()): give `reltype_check` every check of that plugin"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test per check, where a test asks for `reltype_check` and is marked with a plugin."""
    if "reltype_check" not in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker("reltype")
    if marker is None:
        raise pytest.UsageError(
            f"{metafunc.definition.nodeid}: mark it with @pytest.mark.reltype('your plugin')"
        )
    from reltype.checks import checks_of

    metafunc.parametrize("reltype_check", checks_of(*marker.args, **marker.kwargs), ids=str)


@pytest.fixture
def reltype_check(request: pytest.FixtureRequest) -> Check:
    """One check of the plugin that the test is marked with: call it."""
    check: Check = request.param
    return check


@pytest.fixture
def reltype_batches() -> Callable[..., dict[str, Batch]]:
    """Makes hostile batches by name: `reltype_batches("customer", features=["nps"])`."""

    def make(typology: str = "customer", features: tuple[str, ...] = ()) -> dict[str, Batch]:
        from reltype import plugins
        from reltype.checks import hostile
        from reltype.plugins.knowledge import Knowledge
        from reltype.scoring.plan import Plan

        catalogue = Knowledge.of(plugins.load()).catalogue
        return hostile.batches(Plan(catalogue, catalogue.typology(typology)), features)

    return make

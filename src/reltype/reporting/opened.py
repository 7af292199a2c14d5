"""What reports are made of before anybody is scored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reltype.engines import Engine
    from reltype.inputs import Inputs
    from reltype.scoring.population import Population
    from reltype.scoring.run import Run


class Opened(Protocol):
    """Inputs that were opened: `reltype.api.Opened` is it."""

    @property
    def engine(self) -> Engine:
        """What runs the queries."""

    @property
    def inputs(self) -> Inputs:
        """What is read."""

    def population(self) -> Population:
        """The customers, grouped."""

    def run_on(self, population: Population) -> Run:
        """The run over a population that was grouped."""

    def per_file(self) -> Iterator[Self]:
        """One of each file alone, as if it were the only one."""

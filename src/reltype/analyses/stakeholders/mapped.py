"""Mapped: who is tied to whom, beside what chance gives, as values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import field, frozen

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from reltype.analyses.stakeholders.chance import ByChance
    from reltype.analyses.stakeholders.communities import Communities
    from reltype.analyses.stakeholders.measures import Pairs
    from reltype.analyses.stakeholders.people import People
    from reltype.analyses.stakeholders.ties import Ties

LEVEL = 0.05
"""Beyond what chance gives in so few cases, after the correction for many comparisons."""


@frozen
class Silo:
    """A group beside chance.

    Attributes:
        group: Its name.
        people: How many are in it.
        ei: (external − internal) / all of its ties, −1…1, beside labels dealt out anew.
        p: How often chance is as inward, corrected for many groups (Holm); None without ties.
    """

    group: str
    people: int
    ei: ByChance
    p: float | None

    @property
    def silo(self) -> bool:
        """Whether it keeps to itself more than chance would have it."""
        return self.p is not None and self.p < LEVEL

    def to_dict(self) -> dict[str, Any]:
        """What JSON says of it."""
        chance = self.ei.to_dict()
        chance.pop("interval")
        ei = chance.pop("observed")
        return {
            "group": self.group,
            "people": self.people,
            "ei": ei,
            **chance,
            "p": self.p,
            "silo": self.silo,
        }


@frozen
class Distance:
    """Two groups between which there are fewer ties than chance would have.

    Attributes:
        sender: Whom the ties come from.
        recipient: Whom they go to.
        ties: How many there are.
        expected: By chance.
        p: How often chance has as few, corrected for many pairs (Benjamini & Hochberg).
    """

    sender: str
    recipient: str
    ties: int
    expected: float
    p: float


@frozen(eq=False)
class Mapped:
    """The map, as values: `Stakeholders` says what each attribute is."""

    people: pa.Table = field(repr=False)
    ties: Ties = field(repr=False)
    who: People = field(repr=False)
    ei: ByChance | None
    reciprocity: ByChance
    silos: tuple[Silo, ...] = field(repr=False)
    distances: tuple[Distance, ...] = field(repr=False)
    cut_points: ByChance
    communities: Communities = field(repr=False)
    notes: tuple[str, ...] = field(repr=False)
    _pairs: Pairs = field(repr=False)
    _ends: tuple[NDArray[np.int64], NDArray[np.int64]] = field(repr=False)

    @property
    def customers(self) -> tuple[str, ...]:
        """Whose outcome the others work for."""
        return tuple(self.who.names[i] for i in self.who.customers)

    @property
    def critical(self) -> tuple[dict[str, Any], ...]:
        """Those without whom others lose the connection, whom most need first."""
        rows = [row for row in self.people.to_pylist() if row["critical"]]
        return tuple(sorted(rows, key=lambda row: (-row["needed_by"], row["name"])))

    @property
    def brokers(self) -> tuple[dict[str, Any], ...]:
        """Those between others more than somebody with as many ties by chance, the most so first."""
        rows = [row for row in self.people.to_pylist() if row["broker"]]
        return tuple(sorted(rows, key=lambda row: (-row["betweenness"], row["name"])))

    @property
    def cut_off(self) -> tuple[dict[str, Any], ...]:
        """Those who are not connected to a customer, or without one to the largest part; by name."""
        rows = [row for row in self.people.to_pylist() if not row["connected"]]
        return tuple(sorted(rows, key=lambda row: str(row["name"])))

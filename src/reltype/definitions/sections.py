"""Section: a part of the report that an analysis or a plugin adds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from attrs import field, frozen, validators

from reltype.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa


class Relationships(Protocol):
    """What a section speaks of: `reltype.Relationships` is it, whose page says more."""

    @property
    def table(self) -> pa.Table:
        """A row per customer, sorted by `customer_id`; the columns of the result."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Any]: ...

    def __getitem__(self, customer_id: str) -> Any:  # noqa: ANN401
        """One customer. Raises InputError where there is no such id."""

    def summary(self) -> Any:  # noqa: ANN401
        """Shares, coverage of each signal, warnings."""


@frozen(eq=False)
class Section:
    """A heading, words under it, and a table.

    Attributes:
        title: One line.
        text: Plain text; an empty line begins a paragraph. It is shown as it is, never as HTML.
        table: Shown under the text, cell by cell as text; None: no table.
        plugin: Who added it; the host writes it.
    """

    title: str = field(validator=validators.min_len(1))
    text: str = ""
    table: pa.Table | None = None
    plugin: str = ""


@runtime_checkable
class Sectioned(Protocol):
    """What tells itself as a section: what an analysis found."""

    def section(self) -> Section:
        """What to show of it."""


def section_of(thing: object) -> Section:
    """*thing* as a section.

    Raises:
        UsageError: It is none, and makes none.
    """
    if isinstance(thing, Section):
        return thing
    if isinstance(thing, Sectioned):
        return thing.section()
    raise UsageError(f"A {type(thing).__name__} is no section of a report, and makes none.")

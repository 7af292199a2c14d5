"""Section: a part of the report that a plugin adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen, validators

if TYPE_CHECKING:
    import pyarrow as pa


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

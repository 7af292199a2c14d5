"""Result: what drives an outcome, as values, as the JSON that other programs read, and in words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import field, frozen

from reltype.analyses.drivers import plot, words
from reltype.analyses.drivers.values import Shares
from reltype.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd


@frozen
class Drivers(Shares):
    """What drives an outcome; all its figures are attributes of `Shares`."""

    by: Mapping[str, Drivers] = field(factory=dict, repr=False)

    def to_pandas(self) -> pd.DataFrame:
        """The table as a pandas DataFrame; needs `reltype[pandas]`."""
        return self.table().to_pandas()

    def text(self) -> str:
        """The result in words and a table, at most 80 columns wide."""
        return words.text(self)

    def svg(self, part: str | None = None) -> str:
        """The quadrants as an SVG picture: importance upwards, performance to the right.

        Args:
            part: One of `by`; None: the whole.

        Raises:
            UsageError: There is no such part, or no attribute has a level.
        """
        if part is not None and part not in self.by:
            raise UsageError(f"there is no part {part!r}; there are: {', '.join(self.by)}.")
        return plot.svg(self if part is None else self.by[part], part)

    def draw(self, path: str | Path) -> list[Path]:
        """Write the picture there, and that of each part beside it, its name before the ending.

        Raises:
            UsageError: No attribute has a level.
        """
        from reltype import formats

        first = Path(path)
        made = {first: self.svg()}
        for part, one in self.by.items():
            if one.cross is not None:
                name = re.sub(r"[^\w.-]+", "-", part).strip("-.") or "part"
                beside = first.with_name(f"{first.stem}-{name}{first.suffix}")
                while beside in made:
                    beside = beside.with_name(f"{beside.stem}-2{beside.suffix}")
                made[beside] = self.svg(part)
        for file, text in made.items():
            with formats.destination(file) as stream:
                stream.write(text.encode())
        return list(made)

    def write(self, path: str | Path, format: str | None = None) -> None:  # noqa: A002
        """Write it whole or not at all: `.json` the document, `.svg` the picture, else the table.

        Raises:
            UsageError: No format has that ending or name.
        """
        from reltype import formats

        ending = (format or Path(path).suffix.removeprefix(".")).lower()
        if ending in {"json", "svg"}:
            made = self.svg() if ending == "svg" else json.dumps(self.document(), indent=2)
            with formats.destination(path) as stream:
                stream.write(f"{made}\n".encode())
            return
        table = self.table()
        formats.write(table.schema, table.to_batches(), path, format)

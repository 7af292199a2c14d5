"""Result: what drives an outcome, as values, as the JSON that other programs read, and in words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import field, frozen

from reltype import formats
from reltype.analyses.drivers import plot, words
from reltype.analyses.drivers.values import Shares
from reltype.analyses.sections import of_document
from reltype.errors import UsageError
from reltype.formats import BUILTIN, Format

if TYPE_CHECKING:
    import pandas as pd

    from reltype.definitions.sections import Section


@frozen
class Drivers(Shares):
    """What drives an outcome.

    Attributes:
        outcome: What was asked about.
        rows: How many rows were used.
        rows_read: How many there are.
        complete: How many have every answer.
        treatment: `listwise`, `em` or `multiple`: what was done about missing answers.
        weighted: Whether rows have weights.
        size: Kish's effective number of rows.
        r2: R² of everything, 0…1.
        low: Where its 95 % interval begins.
        high: Where it ends.
        adjusted: R² less what chance gives; None where there are too few rows.
        always: What always stays in → R² of it alone.
        drivers: Name → what it stands for, in the order of the question.
        noise: The share that the greatest of as many columns of noise passes in 1 of 50 cases.
        chance: The probability of so great an R² where nothing has to do with the outcome.
        differences: Every pair of shares, the greater first.
        alike: Runs, in the order of shares, of which no two can be told apart.
        weak: Why the evidence is weak; empty where it is not.
        cross: Mean share and mean level, where the quadrants meet; None without levels.
        replicates: How often respondents were drawn anew.
        notes: What was assumed or left out, in sentences.
        codes: Numbers that may mean no answer.
        by: Value of a column → the same of its rows alone.
        small: Values whose rows are too few, with their number.
        topics: Attribute → the relational benefit, or kind of one, that it speaks of.
        benefits: Benefit → what its attributes stand for together, the greatest first.
        kinds: The same of functional, socio-emotional and clinical or technical ones.
        formats: The ways out that `write` knows.
        causal_warning: Why none of this is a cause.
    """

    by: Mapping[str, Drivers] = field(factory=dict, repr=False)
    formats: Iterable[Format] = field(default=BUILTIN, repr=False)

    def to_pandas(self) -> pd.DataFrame:
        """The table as a pandas DataFrame; needs `reltype[pandas]`."""
        return self.table().to_pandas()

    def section(self) -> Section:
        """As a part of the report: `found.report(path, sections=[…])`."""
        return of_document(self.document())

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
        ending = (format or Path(path).suffix.removeprefix(".")).lower()
        if ending in {"json", "svg"}:
            made = self.svg() if ending == "svg" else json.dumps(self.document(), indent=2)
            with formats.destination(path) as stream:
                stream.write(f"{made}\n".encode())
            return
        table = self.table()
        formats.write(table.schema, table.to_batches(), path, format, self.formats)

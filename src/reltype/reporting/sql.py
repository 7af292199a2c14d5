"""The compiled query of opened inputs: see `reltype.scoring.compiled`."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TYPE_CHECKING

from reltype.scoring import compiled

if TYPE_CHECKING:
    from reltype.reporting.opened import Opened


def sql(opened: Opened, dialect: str = "duckdb") -> str:
    """The query in a dialect; each file's rows are a step that has the file's name.

    Raises:
        UsageError: There is no such dialect, or an input is none that another program can name.
        ConfigError: The dialect cannot express it.
    """
    compiled.check_dialect(dialect)
    population = opened.population()
    names: dict[str, str] = {}
    for item in opened.inputs.items:
        stem = re.sub(r"\W+", "_", PurePath(item.source.name).stem).strip("_") or "rows"
        number, name = 1, stem
        while name in {*names.values(), *compiled.TAKEN}:
            number += 1
            name = f"{stem}_{number}"
        names[item.relation] = name
    return compiled.text(population, names, dialect)

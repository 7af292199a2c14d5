"""Plots: pictures of relationships as SVG text, from plain values.

Each function takes names and numbers and returns a whole `<svg>` with a title and a description in
words and figures as its text alternative. Drawn in the colour of the text around it, readable in
light and dark; `paper=True` gives a sheet of its own, for a file. Same values, same bytes.
"""

from reltype.reporting.plots.customers import map_of as map  # noqa: A004  as people call it
from reltype.reporting.plots.flow import flow
from reltype.reporting.plots.mix import mix
from reltype.reporting.plots.profile import profile
from reltype.reporting.plots.timeline import timeline
from reltype.reporting.plots.waterfall import waterfall

__all__ = ["flow", "map", "mix", "profile", "timeline", "waterfall"]

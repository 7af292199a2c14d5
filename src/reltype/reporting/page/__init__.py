"""Page: a result as one HTML file that people read, offline: `reltype report`, `found.report`.

`subject` holds what is known as arrays; `mix`, `groups`, `portraits` and `conversations` work out what
is told; `view` puts it into words; `rendering` into HTML. `data` packs what the page's script searches
and looks up (`packing` says how), `names` what archetypes and customers are called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reltype.reporting.page.rendering import needed, page
from reltype.reporting.page.view import view

if TYPE_CHECKING:
    from reltype.reporting.page.subject import Subject


def html(subject: Subject, title: str = "") -> str:
    """The page. The same subject gives the same text.

    Raises:
        UsageError: jinja2 is not installed.
    """
    return page(view(subject, title))


__all__ = ["html", "needed"]

"""Rendering: values into one HTML file that asks nothing of anybody.

The content security policy allows nothing (`default-src 'none'`) but this style sheet and this script,
each by the SHA-256 of its text: no style attribute, no handler in an attribute, no request. Texts are
escaped by jinja2; what the template marks as safe is our own style sheet, our script and our drawings,
which escape their texts themselves.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from reltype.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import jinja2

FOLDER = "templates"


def page(view: Mapping[str, Any]) -> str:
    """The page for what `view` holds.

    Raises:
        UsageError: jinja2 is not installed.
    """
    made = _environment()
    style, script = _text("page.css"), _text("page.js")
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    template = made.get_template("page.html.j2")
    return template.render(**view, policy=policy, style=style, script=script)


def needed() -> None:
    """Look whether what a page needs is installed, before anything is counted.

    Raises:
        UsageError: jinja2 is not installed.
    """
    if find_spec("jinja2") is None:
        raise UsageError("A report needs jinja2: pip install 'reltype[report]'.")


def _environment() -> jinja2.Environment:
    needed()
    import jinja2

    return jinja2.Environment(
        loader=jinja2.PackageLoader("reltype.reporting.page", FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@cache
def _text(name: str) -> str:
    file = resources.files("reltype.reporting.page") / FOLDER / name
    return file.read_text(encoding="utf-8").replace("\r\n", "\n")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"

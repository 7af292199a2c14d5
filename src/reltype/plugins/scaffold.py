"""Scaffold: the folder of a new plugin, which installs, passes its tests and lint at once."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

from reltype.errors import OutputError, UsageError

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_FILES = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    "pack.toml": "src/reltype_<module>/pack.toml",
    "init.py": "src/reltype_<module>/__init__.py",
    "test.py": "tests/test_<module>.py",
}


def scaffold(name: str, where: Path | str = ".") -> Path:
    """Write the folder `reltype-NAME` in *where*, and return its path.

    Args:
        name: The plugin's, as `--no-plugin` will take it: lower-case words joined by `-`.
        where: A folder.

    Raises:
        UsageError: The name cannot be that of a package, or is taken.
        OutputError: The folder is there already, or cannot be written.
    """
    if name.startswith("reltype-"):
        raise UsageError(f"{name!r}: leave out the `reltype-`; it is put before the name.")
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot name a plugin: write lower-case letters and digits, joined by '-'."
        )
    if name == "built-in":
        raise UsageError("'built-in' is what reltype calls its own knowledge; take another name.")
    folder = Path(where) / f"reltype-{name}"
    names = {"<name>": name, "<module>": name.replace("-", "_")}
    try:
        folder.mkdir()
        for template, target in _FILES.items():
            path = folder / _filled(target, names)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_filled(_template(template), names), "utf-8")
        (folder / _filled("src/reltype_<module>/py.typed", names)).touch()
    except FileExistsError as error:
        raise OutputError(f"{folder} is there already; nothing was written.") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputError(f"{folder}: cannot be written ({reason}).") from error
    return folder


def _template(name: str) -> str:
    return resources.files("reltype").joinpath(f"builtin/template/{name}.tmpl").read_text("utf-8")


def _filled(text: str, names: dict[str, str]) -> str:
    for slot, word in names.items():
        text = text.replace(slot, word)
    return text

"""The house: files import each other in no circle, and inside functions only what is heavy."""

import ast
import json
import re
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import reltype

ROOT = Path(reltype.__file__).parents[1]


def modules():
    found = {}
    for path in sorted((ROOT / "reltype").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(tree, known):
    """(module that is imported, when) for each import: `function NAME`, `types` or `start`."""

    def visit(node, when):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from ((alias.name, when) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                for alias in child.names:
                    whole = f"{child.module}.{alias.name}"
                    # The version is there before the front page imports anything.
                    if whole != "reltype.__version__":
                        yield (whole if whole in known else child.module), when
            then = when
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                then = f"function {child.name}"
            elif isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
                then = "types"
            yield from visit(child, then)

    return list(visit(tree, "start"))


@pytest.fixture(scope="module")
def files():
    known = modules()
    return {
        name: imports(ast.parse(path.read_text("utf-8")), known) for name, path in known.items()
    }


def test_no_file_needs_itself_by_way_of_others_types_and_functions_among_them(files):
    needs = {
        name: {what for what, _ in found if what in files and what != name}
        for name, found in files.items()
    }
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        pytest.fail(f"a circle of files: {' ← '.join(error.args[1])}")


LISTINGS = """
import json, sys
from click.testing import CliRunner
from reltype.cli import cli
for command in (["--help"], ["archetypes", "--format", "table"], ["plugins", "list"]):
    assert CliRunner().invoke(cli, command).exit_code == 0, command
print(json.dumps([name for name in sys.modules if name.split(".")[0] == "reltype"]))
"""


@pytest.fixture(scope="module")
def listed():
    """What is loaded when nothing is read: help and listings, and every command's own file."""
    found = subprocess.run(
        [sys.executable, "-c", LISTINGS], capture_output=True, text=True, check=True
    )
    commands = [name for name in modules() if name.startswith("reltype.cli")]
    return {*json.loads(found.stdout.splitlines()[-1]), *commands}


def heavy():
    """The lines of the table of docs/architecture.md: sets of names."""
    page = (ROOT.parent / "docs" / "architecture.md").read_text("utf-8")
    part = page.partition("## Imports inside functions")[2].partition("\n## ")[0]
    lines = [line.split("|")[1] for line in part.splitlines() if line.startswith("| `")]
    return [set(re.findall(r"`(\w+)`", line)) for line in lines]


def test_imports_stand_in_functions_only_where_they_spare_a_start(files, listed):
    listing, *others, absent = heavy()
    spared = set().union(*others)
    brings = {name: closure(name, files) for name in files}
    for name, found in files.items():
        for what, when in found:
            if not when.startswith("function"):
                continue
            where = f"{name}, {when}: {what}"
            ours, first = what.startswith("reltype"), what.split(".")[0]
            if ours and (name.startswith("reltype.cli.") or name == "reltype.cli"):
                continue
            if ours and name == "reltype.checks.pytest_plugin":
                continue
            new = (brings[what] if ours else {first}) - brings[name]
            assert new & (spared | absent | (listing if name in listed else set())), where


def closure(name, files):
    """The packages of others that a file brings, itself and by way of ours, outside of functions."""
    seen, waiting, found = set(), [name], set()
    while waiting:
        one = waiting.pop()
        if one in files and one not in seen:
            seen.add(one)
            waiting += [what for what, when in files[one] if when == "start"]
            if one.count(".") > 1:
                waiting.append(one.rpartition(".")[0])
        elif one not in files:
            found.add(one.split(".")[0])
    return found

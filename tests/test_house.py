"""The house: files import each other in no circle, and inside functions only what is heavy."""

import ast
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
    """(module that is imported, the function in which, or None) for each import of a file."""

    def visit(node, inside):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from ((alias.name, inside) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                for alias in child.names:
                    whole = f"{child.module}.{alias.name}"
                    # The version is there before the front page imports anything.
                    if whole != "reltype.__version__":
                        yield (whole if whole in known else child.module), inside
            function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
            yield from visit(child, child.name if function else inside)

    return list(visit(tree, None))


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

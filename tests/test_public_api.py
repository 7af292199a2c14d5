"""What is public: typed, spelled out, told when it is not there, and on the reference page."""

import importlib
import inspect
import re
import subprocess
import sys
import types
from pathlib import Path

import attrs
import pytest

import reltype
import reltype.errors
import reltype.plugin
from reltype.api import RunOptions

ROOT = Path(__file__).parents[1]
ENTRIES = ["classify", "fit", "load"]


@pytest.mark.parametrize("name", ENTRIES)
def test_every_option_is_spelled_out_and_typed(name):
    function = getattr(reltype, name)
    for parameter in inspect.signature(function).parameters.values():
        assert parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
        assert parameter.annotation not in (parameter.empty, "Any")


@pytest.mark.parametrize("name", ["classify", "fit"])
def test_options_are_those_of_a_run_with_the_same_types_and_defaults(name):
    parameters = dict(inspect.signature(getattr(reltype, name)).parameters)
    parameters.pop("data")
    parameters.pop("labels", None)
    fields = {field.name: (field.type, field.default) for field in attrs.fields(RunOptions)}
    if name == "fit":
        for name_of in (
            "drivers",
            "role",
            "focus",
            "horizon",
        ):  # of benefits, which a model does not hold
            del fields[name_of]
    assert {n: (p.annotation, p.default) for n, p in parameters.items()} == fields
    assert all(p.kind is p.KEYWORD_ONLY for p in parameters.values())


@pytest.mark.parametrize("name", ["classify", "fit"])
@pytest.mark.parametrize("wrong", ["min_confidnce", "asof", "customer", "_as_of"])
def test_a_mistyped_option_is_a_type_error_that_names_the_function(name, wrong):
    with pytest.raises(TypeError, match=rf"{name}\(\).*{wrong}"):
        getattr(reltype, name)("x.csv", **{wrong: 0.5})


def test_options_are_frozen():
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        RunOptions().threads = 3


CHECKERS = {
    "mypy": (["--strict"], r":(\d+): error:"),
    "pyright": (["--pythonpath", sys.executable], r":(\d+):\d+ - error:"),
}


@pytest.mark.parametrize("checker", CHECKERS)
def test_a_type_checker_finds_a_mistyped_option(tmp_path, checker):
    pytest.importorskip(checker)
    options, line = CHECKERS[checker]
    code = tmp_path / "use.py"
    code.write_text(
        "import reltype\n"
        "found = reltype.classify('x', min_confidence=0.5)\n"
        "reltype.classify('x', min_confidnce=0.5)\n"
        "reltype.fit('x', threads='many')\n"
        "found['a'].archetype.upper()\n"
        "found['a'].archetypes\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", checker, *options, str(code)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    if checker == "pyright" and done.returncode > 1:  # it fetches itself when it is first run
        pytest.skip("pyright could not be started")
    assert set(re.findall(line, done.stdout)) == {"3", "4", "6"}, done.stdout


def test_what_is_not_there_is_no_attribute():
    with pytest.raises(AttributeError, match="has no attribute 'clasify'"):
        _ = reltype.clasify
    assert not hasattr(reltype, "nothing_of_the_kind")


@pytest.mark.parametrize("place", ["module", "package"])
def test_a_dependency_that_is_missing_inside_a_module_is_told_as_such(monkeypatch, tmp_path, place):
    if place == "module":
        (tmp_path / "lacking.py").write_text("import not_installed_anywhere\n")
    else:
        (tmp_path / "lacking").mkdir()
        (tmp_path / "lacking" / "__init__.py").write_text("import not_installed_anywhere.deep\n")
    monkeypatch.setattr(reltype, "__path__", [*reltype.__path__, str(tmp_path)])
    importlib.invalidate_caches()
    with pytest.raises(ModuleNotFoundError, match="not_installed_anywhere"):
        _ = reltype.lacking
    sys.modules.pop("reltype.lacking", None)


@pytest.mark.parametrize("module", [reltype, reltype.plugin, reltype.errors])
def test_every_public_name_is_there_and_says_what_it_is(module):
    names = getattr(module, "__all__", None) or [
        n for n, t in vars(module).items() if inspect.isclass(t) and t.__module__ == module.__name__
    ]
    for name in names:
        thing = getattr(module, name)
        described = inspect.isclass(thing) or isinstance(thing, types.FunctionType)
        assert not described or (thing.__doc__ or "").strip(), name
        assert name in dir(module)


def test_lazy_names_are_those_that_type_checkers_see():
    for module in (reltype, reltype.plugin):
        assert set(module._HOMES) == set(module.__all__)
        tree = Path(module.__file__).read_text(encoding="utf-8")
        for name, home in module._HOMES.items():
            assert f"from reltype.{home} import" in tree, name


def test_importing_reltype_or_listing_a_plugin_imports_nothing_heavy():
    code = (
        "import sys, reltype, reltype.plugin; from reltype.plugin import hookimpl; "
        "print(sorted({'numpy', 'duckdb', 'pyarrow', 'sklearn', 'sqlglot'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_reference_page_is_what_the_code_says():
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "reference.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_every_import_is_a_declared_dependency():
    """Of the plain install or of an extra; what only a plugin or the standard library brings, not."""
    import ast
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [one for some in project["optional-dependencies"].values() for one in some]
    declared = {
        re.split(r"[<>=\[ ]", text)[0].replace("-", "_")
        for text in [*project["dependencies"], *extras]
    }
    called = {"scikit_learn": "sklearn", "adbc_driver_sqlite": "adbc_driver_sqlite"}
    known = {called.get(name, name) for name in declared} | {"reltype", "adbc_driver_manager"}
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            for name in {n.split(".")[0] for n in names}:
                assert name in known or name in sys.stdlib_module_names, (path, name)

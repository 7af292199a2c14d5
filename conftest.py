"""Runs what README.md and docs/ show: Python blocks, and console blocks with what they print."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser, SkipParser

HERE = Path(__file__).parent
EXAMPLES = HERE / "examples"
WITH = {"employees": "organisation"}
"""Page → the plugin that it takes for installed."""
REAL = HERE.parent / "shared" / "data"
"""Real data sets, which not everybody has."""


def told(expected: str) -> re.Pattern[str]:
    """What a console block expects, as a pattern: `…` stands for anything, a line of it for lines."""
    lines = [
        re.escape(line.rstrip()).replace("…", ".*?") for line in expected.strip("\n").splitlines()
    ]
    text = "\n".join("(?:.*\n)*?.*" if line == ".*?" else line for line in lines)
    return re.compile(text + r"\s*\Z")


def installed(name, folder):
    """Where Python finds a plugin of plugins/ as if it were installed; *folder* gets its entry point."""
    site = folder / "site"
    info = site / f"reltype_{name}-0.1.0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: reltype-{name}\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text(f"[reltype]\n{name} = reltype_{name}\n")
    return [str(site), str(HERE / "plugins" / f"reltype-{name}" / "src"), *filter(None, sys.path)]


def console(example):
    """Run each `$ command` of a block in the document's folder; compare what it prints."""
    folder = example.namespace["folder"]
    commands = re.split(r"^\$ ", str(example.parsed), flags=re.MULTILINE)[1:]
    for command in commands:
        line, _, expected = command.partition("\n")
        while line.endswith("\\"):
            more, _, expected = expected.partition("\n")
            line = line[:-1] + more.strip()
        env = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
               "COLUMNS": "100", "NO_COLOR": "1"}  # fmt: skip
        if Path(example.path).stem in WITH:
            plugin = WITH[Path(example.path).stem]
            env["PYTHONPATH"] = os.pathsep.join(installed(plugin, folder))
            env["RELTYPE_PLUGINS"] = plugin
        done = subprocess.run(  # noqa: S602  the documents are ours
            line,
            shell=True,
            cwd=folder,
            env=env,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        got = "\n".join(part.rstrip() for part in (done.stdout + done.stderr).splitlines())
        if expected.strip() and not told(expected).match(got):
            raise AssertionError(f"$ {line}\nprinted:\n{got}\nbut the page says:\n{expected}")
        if not expected.strip() and done.returncode:
            raise AssertionError(f"$ {line}\nended with {done.returncode}:\n{got}")


class TomlParser(CodeBlockParser):
    """A ```toml block whose first line is `# FILE` writes that file into the document's folder."""

    language = "toml"

    def evaluate(self, example):
        text = str(example.parsed)
        if match := re.match(r"# (\S+\.toml)\n", text):
            (example.namespace["folder"] / match[1]).write_text(text, encoding="utf-8")


class ConsoleParser(CodeBlockParser):
    language = "console"

    def evaluate(self, example):
        console(example)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An empty folder with the examples in it, where a document's commands run."""
    made = tmp_path_factory.mktemp("document")
    shutil.copytree(EXAMPLES, made / "examples")
    if REAL.is_dir():  # blocks that read it skip without
        (made / "data").symlink_to(REAL)
    before = Path.cwd()
    os.chdir(made)
    yield made
    os.chdir(before)


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), ConsoleParser(), TomlParser(), SkipParser()],
    patterns=["README.md", "docs/*.md"],
    excludes=["docs/write-a-plugin.md"],  # it writes packages: docs/conftest.py runs it
    fixtures=["folder"],
).pytest()

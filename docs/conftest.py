"""Runs what the pages say: files are written, commands are run, Python is executed."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import mkdtemp

from sybil import Sybil
from sybil.parsers.markdown import CodeBlockParser

TITLE = re.compile(r"# (?P<how>file|more of): (?P<path>\S+)\n")


class Files(CodeBlockParser):
    """A block that begins with `# file: PATH` is written there; `# more of: PATH` adds to it."""

    def evaluate(self, example):
        """Write the file, or execute Python that is no file."""
        text = example.parsed
        title = TITLE.match(text)
        if title is None:
            if self.language == "python":
                exec(compile(text, example.path, "exec"), example.namespace)
            return
        path = example.namespace["folder"] / title["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w" if title["how"] == "file" else "a", encoding="utf-8") as file:
            file.write(("\n\n" if title["how"] == "more of" else "") + text[title.end() :])


class Console(CodeBlockParser):
    """Lines after `$ ` are run; each line below must stand somewhere in what was printed."""

    language = "console"

    def evaluate(self, example):
        """Run the commands."""
        for command, *expected in re.findall(
            r"^\$ (.*)\n((?:(?!\$ ).*\n?)*)", example.parsed, re.MULTILINE
        ):
            printed = run(command, example.namespace["folder"])
            for line in filter(None, "".join(expected).splitlines()):
                if line.strip() not in " ".join(printed.split("\n")):
                    return f"$ {command}\nprinted no {line!r}, but:\n{printed}"
        return None


def run(command, folder):
    """What a command prints, on both streams; it must end well."""
    site, tools = folder / "site", folder / "bin"
    python = f"exec {sys.executable} -m"
    scripts = {
        "reltype": f"{python} reltype",
        "ruff": f"{python} ruff",
        "pip": f"{python} pip install -q --no-deps --no-build-isolation -U --target {site} .",
    }
    tools.mkdir(exist_ok=True)
    for name, script in scripts.items():
        arguments = "" if name == "pip" else ' "$@"'
        (tools / name).write_text(f"#!/bin/sh\n{script}{arguments}\n")
        (tools / name).chmod(0o755)
    env = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("RELTYPE_", "PYTEST_"))},
        "PATH": f"{tools}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join([str(site), *filter(None, sys.path)]),
    }
    made = subprocess.run(
        ["/bin/sh", "-c", command], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    printed = made.stdout + made.stderr
    assert made.returncode == 0, f"$ {command}\nended with {made.returncode}:\n{printed}"
    return printed


def begin(namespace):
    """A folder of its own for each page."""
    namespace["folder"] = Path(mkdtemp(prefix="reltype-docs-"))


def end(namespace):
    """Away with it."""
    shutil.rmtree(namespace["folder"], ignore_errors=True)


pytest_collect_file = Sybil(
    parsers=[
        Console(),
        *(Files(language=language) for language in ("toml", "text", "python")),
    ],
    pattern="write-a-plugin.md",
    setup=begin,
    teardown=end,
).pytest()

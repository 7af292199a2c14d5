"""A process of its own, watched from outside: what it took, what it left, what it touched."""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import attrs
import pytest

ALL = bool(os.environ.get("ATTACK_ALL"))
"""Whether whole families are tried, and not a sample of each: ATTACK_ALL=1."""


def family(members, sample=12):
    """The members of a family to try: all of them with ATTACK_ALL=1, else some, evenly spread."""
    members = list(members)
    if ALL or len(members) <= sample:
        return members
    step = len(members) / sample
    return [members[int(i * step)] for i in range(sample)]


@attrs.frozen
class Done:
    """How a run of the command line ended."""

    code: int
    out: bytes
    err: str
    seconds: float
    peak: int
    """Bytes of memory held at most."""

    @property
    def words(self):
        return self.out.decode("utf-8", "replace") + self.err


@pytest.fixture
def attack(tmp_path):
    """Runs `reltype` in a process of its own; a canary beside the inputs must stay as it was."""
    home = tmp_path / "inputs"
    home.mkdir()
    outside = tmp_path / "outside"
    outside.mkdir()
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    canary = outside / "canary.csv"
    canary.write_text("customer_id,timestamp,secret\nCANARY-ID,2024-01-01,CANARY-SECRET\n")
    before = canary.read_bytes()

    def run(*args, seconds=60, megabytes=1500, codes=None, env=None, stdin=subprocess.DEVNULL):
        started = time.monotonic()
        environment = {k: v for k, v in os.environ.items() if not k.startswith("RELTYPE_")}
        environment |= {"TMPDIR": str(temporary), "RELTYPE_PLUGINS": "", **(env or {})}
        process = subprocess.Popen(
            [sys.executable, "-m", "reltype", *map(str, args)],
            cwd=home, env=environment, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise AssertionError(f"took more than {seconds} seconds: {args}") from None
        usage = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
        done = Done(
            process.returncode, out, err.decode("utf-8", "replace"),
            time.monotonic() - started, usage,
        )  # fmt: skip
        assert "Traceback" not in done.err, done.err
        assert done.code != 70, done.err
        assert done.code >= 0, (done.code, done.err)
        if codes is not None:
            assert done.code in codes, (done.code, done.words)
        assert done.peak < megabytes << 20, (done.peak >> 20, args)
        assert canary.read_bytes() == before, "the canary was changed"
        assert sorted(p.name for p in outside.iterdir()) == ["canary.csv"]
        assert "CANARY-SECRET" not in done.words, "the canary was read"
        assert list(temporary.iterdir()) == [], "something was left in the temporary folder"
        return done

    run.home, run.canary, run.outside, run.temporary = home, canary, outside, temporary
    return run


@pytest.fixture
def orders(attack):
    """A log of its own among the inputs."""
    path = Path(attack.home, "orders.csv")
    rows = "\n".join(f"C-{i % 7},2024-0{1 + i % 9}-1{i % 9},purchase,{i}.5" for i in range(60))
    path.write_text(f"customer_id,timestamp,kind,value\n{rows}\n")
    return path

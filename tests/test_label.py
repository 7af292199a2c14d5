"""The labelling loop, in a real pseudo-terminal, and whom it asks about."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

import numpy as np
import pyarrow.csv as pc
import pytest

from reltype.api import open_run
from reltype.cli import run
from reltype.errors import InputError, UsageError
from reltype.learning.labelling import LabelFile, Labelling, choices
from reltype.simulate import simulate

PATIENCE = 60


@pytest.fixture(scope="module")
def world():
    return simulate("coffee bar", customers=120, seed=2)


@pytest.fixture
def folder(world, tmp_path):
    pc.write_csv(world.interactions, tmp_path / "log.csv")
    return tmp_path


class Terminal:
    """`reltype label` in a pseudo-terminal, as somebody at a keyboard sees it."""

    def __init__(self, folder, *arguments):
        self.outer, inner = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "reltype", "label", "log.csv", *arguments],
            cwd=folder,
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
            env=os.environ | {"TERM": "xterm"},
        )
        os.close(inner)
        self.screen = ""

    def wait_for(self, text, times=1):
        end = time.monotonic() + PATIENCE
        while self.screen.count(text) < times and time.monotonic() < end:
            if not self._read(1.0) and self.process.poll() is not None:
                break
        assert self.screen.count(text) >= times, self.screen

    def press(self, keys):
        os.write(self.outer, keys.encode())

    def finish(self):
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None and time.monotonic() < end:
            self._read(0.2)
        while self._read(0.1):
            pass
        if self.process.poll() is None:
            self.process.kill()
        code = self.process.wait()
        os.close(self.outer)
        return code

    def customers(self):
        return re.findall(r"── \d+ ── (\S+)", self.screen)

    def _read(self, seconds):
        ready, _, _ = select.select([self.outer], [], [], seconds)
        if not ready:
            return False
        try:
            got = os.read(self.outer, 65536)
        except OSError:
            return False
        self.screen += got.decode(errors="replace")
        return bool(got)


def lines(folder, name="labels.csv"):
    return (folder / name).read_text().splitlines()


def test_keys_become_labels_and_the_loop_can_be_taken_up_again(folder):
    first = Terminal(folder)
    first.wait_for("\n> ")
    first.press("1")
    first.wait_for("── 2 ──")
    assert len(lines(folder)) == 2, "an answer is on disk before the next question"
    first.press("x3")  # x means nothing
    first.wait_for("── 3 ──")
    first.press("u")
    first.wait_for("── 4 ──")
    first.press("s")
    first.wait_for("── 4 ──", 2)
    first.press("q")
    assert first.finish() == 0
    asked = first.customers()
    assert len(set(asked)) == 5
    assert lines(folder) == [
        "customer_id,archetype",
        f"{asked[0]},casual friendship",
        f"{asked[1]},fling",
        f"{asked[2]},unclassified",
    ]
    assert "no 'x'" in first.screen
    assert "cannot tell" in first.screen
    assert "3 labelled now, 3 in all" in first.screen

    second = Terminal(folder, "--count", "1")
    second.wait_for("Going on with 3 labels")
    second.wait_for("\n> ")
    second.press("2")
    assert second.finish() == 0
    assert second.customers()[0] not in asked[:3]
    assert len(lines(folder)) == 5


def test_back_takes_the_last_answer_away(folder):
    terminal = Terminal(folder, "-o", "mine.csv")
    terminal.wait_for("\n> ")
    terminal.press("b")
    terminal.wait_for("nothing to go back to")
    terminal.press("1")
    terminal.wait_for("── 2 ──")
    terminal.press("b")
    terminal.wait_for("── 1 ──", 3)
    assert lines(folder, "mine.csv") == ["customer_id,archetype"]
    terminal.press("4")
    terminal.wait_for("── 2 ──", 2)
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.finish() == 0
    asked = terminal.customers()
    assert asked[0] == asked[1] == asked[3]
    assert lines(folder, "mine.csv")[1:] == [f"{asked[0]},marriage of convenience"]


def test_without_a_terminal_it_says_so(folder, capsys):
    assert run(["label", str(folder / "log.csv")]) == UsageError.exit_code
    assert "needs a terminal" in capsys.readouterr().err


@pytest.fixture
def opened(world):
    return open_run(world.interactions)


def test_it_asks_about_everybody_once_and_then_stops(world):
    few = simulate("coffee bar", customers=12, seed=1)
    questions = Labelling(open_run(few.interactions))
    asked = []
    while (customer := questions.next()) is not None:
        asked.append(customer)
        questions.labels[customer] = 0
    told = questions.candidates.known.sum()
    assert len(asked) == len(set(asked)) == told > 6


def test_it_asks_the_same_in_the_same_order(world):
    def first_five():
        questions = Labelling(open_run(world.interactions))
        asked = []
        for _ in range(5):
            asked.append(questions.next())
            questions.labels[asked[-1]] = len(asked) % 4
        return asked

    assert first_five() == first_five()


def test_it_asks_about_the_undecided_and_the_unlike(opened):
    questions = Labelling(opened)
    undecided = questions._undecided
    picked = questions.candidates.ids.index(questions.next())
    assert undecided[picked] > np.quantile(undecided, 0.75)
    twin = questions.candidates.ids[picked]
    questions.labels[twin] = 0
    assert questions._unlike[picked] == 0


def test_a_file_with_more_columns_is_not_overwritten(opened, tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("customer_id,archetype,note\nC-000001,fling,dear\n")
    with pytest.raises(InputError, match="which would be lost"):
        LabelFile(path, choices(opened)).read(opened)


@pytest.mark.parametrize("text", ["", "customer_id,archetype\n"])
def test_a_file_without_labels_is_a_start(opened, tmp_path, text):
    path = tmp_path / "labels.csv"
    path.write_text(text)
    assert LabelFile(path, choices(opened)).read(opened) == {}

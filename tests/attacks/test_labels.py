"""Two people label into one file at once: nobody's answer is lost."""

from multiprocessing import get_context
from pathlib import Path

import pytest

from reltype.learning.labelling import LabelFile

NAMES = ("fling", "casual friendship", "unclassified")


def labelled(path, who, count):
    file, labels = LabelFile(Path(path), NAMES), {}
    for i in range(count):
        labels[f"{who}-{i}"] = i % 3
        file.write(labels)


def read(path):
    return dict(line.split(",") for line in Path(path).read_text().splitlines()[1:])


def test_the_answers_of_two_are_all_kept(tmp_path):
    path = tmp_path / "labels.csv"
    workers = [get_context("spawn").Process(target=labelled, args=(path, w, 30)) for w in "ab"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    found = read(path)
    assert len(found) == 60
    assert found["a-4"] == "casual friendship"
    assert [p.name for p in tmp_path.iterdir()] == ["labels.csv"]


def test_what_is_taken_back_goes_and_what_others_wrote_stays(tmp_path):
    path = tmp_path / "labels.csv"
    mine, theirs = LabelFile(path, NAMES), LabelFile(path, NAMES)
    mine.write({"x": 0, "y": 1})
    theirs.write({"z": 2})
    mine.write({"x": 0})
    assert read(path) == {"x": "fling", "z": "unclassified"}
    theirs.write({"z": 0})
    assert read(path) == {"x": "fling", "z": "fling"}


@pytest.mark.parametrize(
    "text", ["", "customer_id,archetype\n", "\ufeffcustomer_id,archetype\na,fling\n"]
)
def test_a_file_that_is_there_is_gone_on_with(tmp_path, text):
    path = tmp_path / "labels.csv"
    path.write_text(text, "utf-8")
    LabelFile(path, NAMES).write({"x": 0})
    assert read(path)["x"] == "fling"
    assert ("a" in read(path)) == ("a,fling" in text)

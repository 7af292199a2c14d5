"""A small log is read once for several looks; a large one is not kept."""

import reltype
from reltype.scoring import population as populations
from reltype.simulate import simulate


def looks(monkeypatch, most):
    monkeypatch.setattr(populations, "SAMPLED_ROWS", most)
    log = simulate("coffee bar", customers=15, seed=2).interactions
    found = reltype.classify(log)
    held = found.run.population
    return found, [held.looked_at(rows) == rows for rows in held.logs], found.summary().warnings


def test_what_is_read_once_gives_what_is_read_anew(monkeypatch):
    once, kept, told = looks(monkeypatch, 10**6)
    anew, again, said = looks(monkeypatch, 10)
    assert kept == [False]
    assert again == [True]
    assert once.table.column_names == anew.table.column_names
    assert told == said
    # Of a large log fewer customers are halved, so that evidence may differ; features must not.
    assert once.facts("C-000003") == anew.facts("C-000003")

"""What rules do on given customers."""

import numpy as np
import pytest

from reltype.api import open_run
from reltype.learning.evaluation.labels import Labels
from reltype.reporting.rules import rule_reports

ROWS = [
    {"customer_id": "a", "share_of_wallet": 0.9, "contract_days": 900},
    {"customer_id": "b", "share_of_wallet": 0.9, "contract_days": 10},
    {"customer_id": "c", "share_of_wallet": 0.2, "contract_days": 900},
    {"customer_id": "d", "share_of_wallet": None, "contract_days": 900},
]
PACK = """
[[rules]]
name = "keen"
when = "share_of_wallet > 0.8"
archetype = "fling"
weight = 2.0
[[rules]]
name = "keen, again"
when = "share_of_wallet > 0.7"
archetype = "fling"
weight = 2.0
[[rules]]
name = "long"
when = "contract_days > 700"
archetype = "committed partnership"
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Four customers, three rules."""
    path = tmp_path_factory.mktemp("pack") / "my.toml"
    path.write_text(PACK)
    return open_run(ROWS, rules=[path])


def test_coverage_overlap_conflict_and_accuracy_are_counted(run):
    labels = Labels.of(
        {"a": "fling", "b": "casual friendship", "c": "committed partnership"}, run.plan.archetypes
    )
    made = {
        r.rule: r for r in rule_reports(run, labels) if r.rule in ("keen", "keen, again", "long")
    }
    keen, again, long_ = made["keen"], made["keen, again"], made["long"]
    assert (keen.coverage, keen.unknown, keen.overlap) == (0.5, 0.25, 0.5)
    assert (keen.conflict, keen.labelled, keen.accuracy) == (0.25, 2, 0.5)
    assert (long_.coverage, long_.unknown, long_.overlap, long_.conflict) == (0.75, 0.0, 0.25, 0.25)
    assert (long_.labelled, long_.accuracy) == (2, 0.5)
    assert [keen.counts, again.counts] == pytest.approx([0.5, 0.5], abs=0.01)
    assert long_.counts == 1.0


def test_without_labels_no_accuracy_is_told(run):
    assert all(r.accuracy is None and r.labelled == 0 for r in rule_reports(run))


def test_a_copy_of_a_rule_leaves_every_posterior_nearly_as_it_was(run, tmp_path):
    """The pack's second rule is a copy on these customers: without it they are judged the same."""
    path = tmp_path / "one.toml"
    path.write_text(
        "[[rules]]".join(part for part in PACK.split("[[rules]]") if "again" not in part)
    )
    single = open_run(ROWS, rules=[path])

    def posterior(of):
        return of.score_batch(next(of.population.batches())).posterior

    assert np.abs(posterior(run) - posterior(single)).max() < 0.005

"""vader(text) keeps reltype's laws, agrees with stars, and is heard where there are texts."""

import numpy as np
import pyarrow as pa
import pytest
import reltype
import reltype.checks
from agreement import agreement
from reltype import plugins

import reltype_sentiment


@pytest.mark.parametrize("check", reltype.checks.checks_of(reltype_sentiment), ids=str)
def test_it_keeps_the_law(check):
    check()


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("I love this shop, everybody is so kind!", 0.6, 1.0),
        ("I do not love this shop.", -0.8, 0.0),
        ("Horrible service, I hate waiting.", -1.0, -0.6),
        ("😍", 0.2, 1.0),
        ("It was good, but the delivery was terrible.", -0.9, 0.0),
    ],
)
def test_feelings_are_heard(text, low, high):
    assert low <= reltype_sentiment.vader(pa.array([text]))[0].as_py() <= high


@pytest.mark.parametrize(
    "text", [None, "", "The parcel is 20 by 30 cm.", "Паровоз прибыл", "12345"]
)
def test_where_no_feeling_is_shown_none_is_made_up(text):
    assert reltype_sentiment.vader(pa.array([text], pa.string())).to_pylist() == [None]


def test_equal_texts_are_equal_however_often_they_come():
    texts = pa.array(["Great!", None, "Awful!", "Great!"])
    made = reltype_sentiment.vader(texts).to_pylist()
    assert made[0] == made[3]
    assert made[3] > 0 > made[2]
    assert made[1] is None


def affect_of(rows):
    """Reading and evidence of affect by customer, from a log with texts, on the usual path."""
    if "sentiment" not in {point.name for point in plugins.installed()}:
        pytest.skip("reltype-sentiment is not installed: pip install -e .")
    found = reltype.classify(rows)
    return {r.customer_id: (r.readings["affect"], r.evidence["affect"]) for r in found}


def test_texts_move_affect_and_more_of_them_count_more():
    days = [f"2024-0{m}-11" for m in range(1, 7)]
    rows = []
    for customer, text, count in [
        ("glad", "Wonderful, thank you!", 6),
        ("cross", "This is awful.", 6),
        ("once", "Wonderful, thank you!", 1),
        ("mute", None, 0),
    ]:
        said = [("purchase", None, day) for day in days]
        said += [("message", text, day) for day in days[:count]]
        rows += [
            {"customer_id": customer, "kind": kind, "text": words, "timestamp": day}
            for kind, words, day in said
        ]
    made = affect_of(rows)
    assert made["glad"][0] > 0.65
    assert made["cross"][0] < 0.35
    assert made["glad"][1] > made["once"][1] > made["mute"][1]
    assert np.isclose(made["glad"][1], made["cross"][1])


@pytest.mark.parametrize(("name", "auc"), [("All_Beauty_5", 0.75), ("AMAZON_FASHION_5", 0.85)])
def test_it_agrees_with_the_stars_that_the_same_people_gave(shared, name, auc):
    made = agreement(str(shared / "amazon-reviews" / f"{name}.jsonl"))
    assert made["AUC, 4-5 against 1-2 stars"] > auc
    assert made["mean at 1 stars"] < made["mean at 3 stars"] < made["mean at 5 stars"]

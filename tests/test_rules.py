"""Reasons in words: names and number formats, and nothing else."""

import pytest

from reltype.definitions.phrases import fill, slots


@pytest.mark.parametrize(
    ("sentence", "values", "told"),
    [
        ("with us {days:.0f} days", {"days": 901.4}, "with us 901 days"),
        ("{share:.0%} at full price", {"share": 0.256}, "26% at full price"),
        ("{n} times", {"n": 3}, "3 times"),
        ("pleased {affect:.2f}", {"affect": None}, "pleased ?"),
        ("pleased {affect:.2f}", {}, "pleased ?"),
        ("by {channel}", {"channel": "web"}, "by web"),
        ("nothing to fill", {}, "nothing to fill"),
        # what str.format would run
        ("{days.__class__}", {"days": 1.0}, "{days.__class__}"),
        ("{days[0]}", {"days": [1]}, "{days[0]}"),
        ("{0}", {"0": "x"}, "x"),
        ("{days!r}", {"days": 1.0}, "{days!r}"),
        ("{days:>99999999}", {"days": 1.0}, "{days:>99999999}"),
        # a format that does not suit is left out
        ("{days:d} days", {"days": 1.5}, "1.5 days"),
    ],
)
def test_a_sentence_is_filled_by_name_and_number_format_only(sentence, values, told):
    assert fill(sentence, values) == told


def test_slots_are_named_once_in_order():
    assert slots("{b:.1f} and {a}, {b}") == ("b", "a")

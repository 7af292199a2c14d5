"""Which plugin says where texts lie, and what is told where that cannot be used."""

import numpy as np
import pytest

from reltype.analyses.issues import issues
from reltype.analyses.issues.placing import placing
from reltype.definitions.functions import TextVectors
from reltype.errors import PluginError, UsageError
from reltype.plugins import load
from reltype.plugins.hookspecs import hookimpl
from reltype.plugins.knowledge import Knowledge


def knowledge(*made):
    """Knowledge in which a plugin places texts by each of these."""

    class Plugin:
        __name__ = "placer"

        @hookimpl
        def reltype_vectors(self):
            return [TextVectors(name, call, "for a test") for name, call in made]

    return Knowledge.of(load(Plugin(), only=()))


def lengths(texts):
    return np.array([[len(text), 1.0] for text in texts])


def test_the_only_plugin_that_places_texts_is_taken_and_told():
    placed, told = placing(knowledge(("lengths", lengths)), None)
    assert placed(["abc"]).tolist() == [[3, 1]]
    assert "'lengths'" in told[0]
    assert "--vectors none" in told[0]


def test_none_takes_words_alone():
    assert placing(knowledge(("lengths", lengths)), "none") == (None, [])
    assert placing(knowledge(), None) == (None, [])


def test_of_several_one_must_be_chosen():
    known = knowledge(("one", lengths), ("two", lengths))
    with pytest.raises(UsageError, match="one, two or none"):
        placing(known, None)
    assert placing(known, "two")[0] is not None


def test_a_name_that_nobody_gives_is_an_error_with_the_nearest():
    with pytest.raises(UsageError, match="lengths"):
        placing(knowledge(("lengths", lengths)), "lenghts")


@pytest.mark.parametrize(
    "call",
    [
        lambda texts: np.full((len(texts), 2), np.nan),
        lambda texts: np.ones((len(texts) + 1, 2)),
        lambda texts: np.ones(len(texts)),
        lambda texts: texts / 0,
    ],
)
def test_vectors_that_cannot_be_used_name_the_plugin(call):
    placed, _ = placing(knowledge(("bad", call)), "bad")
    with pytest.raises(PluginError, match="bad"):
        placed(["a", "b"])


def test_a_function_places_texts_as_it_stands():
    said = ["my card has not arrived", "how do I change my PIN"] * 20
    asked = []

    def where(texts):
        asked.extend(texts)
        noise = [sum(map(ord, text)) % 97 / 970 for text in texts]
        return np.array(
            [[1.0, n] if "card" in t else [n, 1.0] for t, n in zip(texts, noise, strict=True)]
        )

    found = issues([{"text": f"{text} {i}"} for i, text in enumerate(said)], vectors=where)
    assert set(asked) >= {f"{text} {i}".casefold() for i, text in enumerate(said)}
    named = found.tickets.column("issue").to_pylist()
    assert not {n for n, t in zip(named, said, strict=True) if "card" in t and n} & {
        n for n, t in zip(named, said, strict=True) if "PIN" in t and n
    }

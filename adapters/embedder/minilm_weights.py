"""The weights of all-MiniLM-L6-v2 by their place in the network."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
from attrs import frozen
from safetensors.numpy import load_file

Floats = npt.NDArray[np.float32]

LAYERS, HEADS, DIMENSIONS, MAX_TOKENS = 6, 12, 384, 256


@frozen
class Dense:
    """A matrix of shape (inputs, outputs) and the bias that follows it."""

    name: str
    matrix: Floats
    bias: Floats


@frozen
class Norm:
    """The scale and shift that follow a layer normalisation."""

    name: str
    scale: Floats
    shift: Floats


@frozen
class Layer:
    """One layer of the encoder: attention, and two dense steps."""

    query_key_value: Dense
    after_attention: Dense
    attention_norm: Norm
    widening: Dense
    narrowing: Dense
    output_norm: Norm


@frozen
class Weights:
    """All tensors, by the names that their publisher gave them."""

    tensors: Mapping[str, Floats]

    @property
    def words(self) -> Floats:
        """Give one row for each token of the vocabulary."""
        return self.tensors["embeddings.word_embeddings.weight"]

    @property
    def places(self) -> Floats:
        """Give one row for each place in a text; that it is the first of a pair's texts is added already."""
        places = self.tensors["embeddings.position_embeddings.weight"][:MAX_TOKENS]
        summed: Floats = places + self.tensors["embeddings.token_type_embeddings.weight"][0]
        return summed

    @property
    def embedding_norm(self) -> Norm:
        """Give the normalisation in front of the first layer."""
        return self._norm("embeddings.LayerNorm")

    def layer(self, number: int) -> Layer:
        """Give the weights of layer *number*, counted from 0."""
        name = f"encoder.layer.{number}"
        return Layer(
            query_key_value=self._query_key_value(f"{name}.attention.self"),
            after_attention=self._dense(f"{name}.attention.output.dense"),
            attention_norm=self._norm(f"{name}.attention.output.LayerNorm"),
            widening=self._dense(f"{name}.intermediate.dense"),
            narrowing=self._dense(f"{name}.output.dense"),
            output_norm=self._norm(f"{name}.output.LayerNorm"),
        )

    def _query_key_value(self, name: str) -> Dense:
        parts = [self._dense(f"{name}.{part}") for part in ("query", "key", "value")]
        matrix = np.concatenate([part.matrix for part in parts], axis=1)
        return Dense(name, matrix, np.concatenate([part.bias for part in parts]))

    def _dense(self, name: str) -> Dense:
        return Dense(name, self.tensors[f"{name}.weight"].T, self.tensors[f"{name}.bias"])

    def _norm(self, name: str) -> Norm:
        return Norm(name, self.tensors[f"{name}.weight"], self.tensors[f"{name}.bias"])


def read_weights(path: Path) -> Weights:
    """Read the publisher's ``model.safetensors``."""
    return Weights(load_file(path))

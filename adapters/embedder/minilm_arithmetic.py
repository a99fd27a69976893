"""How the steps of MiniLM are computed: in float32, or in int8 with a scale for each column."""

from abc import abstractmethod
from typing import Protocol

import numpy as np
import numpy.typing as npt
from attrs import frozen

from adapters.embedder.minilm_weights import HEADS, Dense, Floats, Norm, Weights
from adapters.embedder.onnx_graph import TOKENS, GraphWriter

EPSILON = 1e-12
"""What the publisher's layer normalisation adds to the variance."""

BLOCK = 128
"""Numbers of an embedding that share one scale; a power of two, as the operator wants it."""

BYTE = 127
"""Weights become -127 to 127, symmetric around 0."""


class Arithmetic(Protocol):
    """The steps of the network; each takes and gives the names of values in a graph."""

    @abstractmethod
    def embed(self, weights: Weights) -> str:
        """Look the tokens up, add their places, normalise."""

    @abstractmethod
    def attend(self, x: str, dense: Dense) -> str:
        """Let each token look at all others."""

    @abstractmethod
    def widen(self, x: str, dense: Dense) -> str:
        """Apply *dense*, then GELU."""

    @abstractmethod
    def add(self, x: str, y: str, dense: Dense, norm: Norm) -> str:
        """Apply *dense* to *y*, add *x*, normalise."""


@frozen
class FullPrecision(Arithmetic):
    """Float32, in onnxruntime's fused operators: equal to the original but for rounding."""

    graph: GraphWriter

    def embed(self, weights: Weights) -> str:
        """Do all of it in one node."""
        words, places = self.graph.constant("words", weights.words), self.graph.constant("places", weights.places)
        norm = self._norm(weights.embedding_norm)
        inputs = (TOKENS, "", words, places, "", *norm)
        return self.graph.nodes(2, "EmbedLayerNormalization", *inputs, epsilon=EPSILON)[0]

    def attend(self, x: str, dense: Dense) -> str:
        """Multiply and attend in one node."""
        return self.graph.node("Attention", x, self._matrix(dense), self._bias(dense), num_heads=HEADS)

    def widen(self, x: str, dense: Dense) -> str:
        """Leave the bias to GELU's node."""
        return self.graph.node("BiasGelu", self._product(x, dense), self._bias(dense))

    def add(self, x: str, y: str, dense: Dense, norm: Norm) -> str:
        """Leave the bias to the normalisation's node."""
        inputs = (self._product(y, dense), x, *self._norm(norm), self._bias(dense))
        return self.graph.node("SkipLayerNormalization", *inputs, epsilon=EPSILON)

    def _product(self, x: str, dense: Dense) -> str:
        return self.graph.node("MatMul", x, self._matrix(dense))

    def _matrix(self, dense: Dense) -> str:
        return self.graph.constant(f"{dense.name}.matrix", dense.matrix)

    def _bias(self, dense: Dense) -> str:
        return self.graph.constant(f"{dense.name}.bias", dense.bias)

    def _norm(self, norm: Norm) -> tuple[str, str]:
        scale = self.graph.constant(f"{norm.name}.scale", norm.scale)
        return scale, self.graph.constant(f"{norm.name}.shift", norm.shift)


@frozen
class EightBit(Arithmetic):
    """
    Weights in int8, a scale for each column; what they are multiplied with is quantised as it comes.

    A scale for a whole matrix distorts similarities. Normalisation is written out: with AVX2 only, the whole model
    is a tenth faster so than with SkipLayerNormalization.
    """

    graph: GraphWriter

    def embed(self, weights: Weights) -> str:
        """Look up in int8, which takes a quarter of the memory, then go on in float32."""
        table, scales = quantise_rows(weights.words)
        inputs = (self.graph.constant("words", table), TOKENS, self.graph.constant("words.scales", scales))
        words = self.graph.node(
            "GatherBlockQuantized", *inputs, bits=8, block_size=BLOCK, gather_axis=0, quantize_axis=1
        )
        return self._normalised(words, self._places(weights), weights.embedding_norm)

    def attend(self, x: str, dense: Dense) -> str:
        """Multiply in int8, attend in float32."""
        parts = self.graph.nodes(3, "Split", self._product(x, dense), axis=-1, num_outputs=3)
        return self.graph.node("MultiHeadAttention", *parts, num_heads=HEADS)

    def widen(self, x: str, dense: Dense) -> str:
        """Multiply in int8, take the exact GELU in float32."""
        return self.graph.node("Gelu", self._product(x, dense))

    def add(self, x: str, y: str, dense: Dense, norm: Norm) -> str:
        """Multiply in int8, add and normalise in float32."""
        return self._normalised(self._product(y, dense), x, norm)

    def _product(self, x: str, dense: Dense) -> str:
        matrix, scales = quantise_columns(dense.matrix)
        columns = self.graph.constant(f"{dense.name}.matrix", matrix)
        column_scales = self.graph.constant(f"{dense.name}.scales", scales)
        bias = self.graph.constant(f"{dense.name}.bias", dense.bias)
        return self.graph.node("DynamicQuantizeMatMul", x, columns, column_scales, "", bias)

    def _places(self, weights: Weights) -> str:
        count = self.graph.node("Shape", TOKENS, start=1, end=2)
        start = self.graph.constant("start", np.array([0], np.int64))
        return self.graph.node("Slice", self.graph.constant("places", weights.places), start, count)

    def _normalised(self, x: str, y: str, norm: Norm) -> str:
        total = self.graph.node("Add", x, y)
        even = self.graph.node("MeanVarianceNormalization", total, axes=[-1])
        scaled = self.graph.node("Mul", even, self.graph.constant(f"{norm.name}.scale", norm.scale))
        return self.graph.node("Add", scaled, self.graph.constant(f"{norm.name}.shift", norm.shift))


def quantise_columns(matrix: Floats) -> tuple[npt.NDArray[np.int8], Floats]:
    """Give *matrix* in int8, and one scale for each column."""
    scales = np.abs(matrix).max(axis=0) / np.float32(BYTE)
    return np.rint(matrix / scales).astype(np.int8), scales


def quantise_rows(table: Floats) -> tuple[npt.NDArray[np.uint8], Floats]:
    """Give *table* in uint8 around 128, and one scale for each block of a row."""
    blocks = table.reshape(len(table), -1, BLOCK)
    scales = np.abs(blocks).max(axis=-1) / np.float32(BYTE)
    return (np.rint(blocks / scales[..., None]) + BYTE + 1).astype(np.uint8).reshape(table.shape), scales

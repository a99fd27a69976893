"""all-MiniLM-L6-v2 as an ONNX graph, made from its weights; preparation needs this, the service does not."""

from pathlib import Path

import numpy as np

from adapters.embedder.minilm_arithmetic import Arithmetic, EightBit, FullPrecision
from adapters.embedder.minilm_weights import DIMENSIONS, LAYERS, Layer, Weights, read_weights
from adapters.embedder.onnx_graph import GraphWriter
from adapters.embedder.prepared_model import Precision

_ARITHMETIC: dict[Precision, type[FullPrecision | EightBit]] = {
    Precision.FP32: FullPrecision,
    Precision.INT8: EightBit,
}


def build_graph(weights: Path, precision: Precision) -> bytes:
    """
    Give the content of an ONNX file that turns tokens into unit vectors.

    Rows of a batch must be equally long: there is no padding, hence no mask, in any of its steps.
    """
    graph = GraphWriter()
    encoded = _encode(_ARITHMETIC[precision](graph), read_weights(weights))
    return graph.finish("all-MiniLM-L6-v2", _pool(graph, encoded), DIMENSIONS)


def _encode(arithmetic: Arithmetic, weights: Weights) -> str:
    x = arithmetic.embed(weights)
    for number in range(LAYERS):
        x = _apply(arithmetic, x, weights.layer(number))
    return x


def _apply(arithmetic: Arithmetic, x: str, layer: Layer) -> str:
    attended = arithmetic.attend(x, layer.query_key_value)
    x = arithmetic.add(x, attended, layer.after_attention, layer.attention_norm)
    widened = arithmetic.widen(x, layer.widening)
    return arithmetic.add(x, widened, layer.narrowing, layer.output_norm)


def _pool(graph: GraphWriter, encoded: str) -> str:
    """Take the mean over all tokens and bring it to length 1."""
    over_tokens = graph.constant("over_tokens", np.array([1], np.int64))
    mean = graph.node("ReduceMean", encoded, over_tokens, keepdims=0)
    return graph.node("LpNormalization", mean, axis=-1, p=2)

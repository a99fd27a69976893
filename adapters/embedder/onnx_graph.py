"""Writes ONNX graphs node by node; the same calls always give the same bytes."""

from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import NodeProto, TensorProto, checker, helper, numpy_helper

FUSED = frozenset(
    {
        "Attention",
        "BiasGelu",
        "DynamicQuantizeMatMul",
        "EmbedLayerNormalization",
        "GatherBlockQuantized",
        "Gelu",
        "MultiHeadAttention",
        "SkipLayerNormalization",
    }
)
"""Operators that onnxruntime adds to the standard ones."""

FUSED_DOMAIN = "com.microsoft"
OPSET, FUSED_OPSET, IR_VERSION = 18, 1, 9

TOKENS, EMBEDDING = "tokens", "embedding"
"""The graph's input, int32 of shape (texts, tokens), and its output, float32 of shape (texts, dimensions)."""


class GraphWriter:
    """Collects constants and nodes. Values are known by name; an empty name is an input left out."""

    def __init__(self) -> None:
        self._constants: list[TensorProto] = []
        self._nodes: list[NodeProto] = []

    def constant(self, name: str, values: npt.NDArray[np.generic]) -> str:
        """Store *values* under *name* and give the name."""
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Apply *operator* and give the name of its result."""
        return self.nodes(1, operator, *inputs, **attributes)[0]

    def nodes(self, count: int, operator: str, *inputs: str, **attributes: Any) -> list[str]:
        """Apply *operator* and give the names of its *count* results."""
        name = f"{operator}.{len(self._nodes)}"
        results = [f"{name}.{number}" for number in range(count)]
        domain = FUSED_DOMAIN if operator in FUSED else ""
        self._nodes.append(helper.make_node(operator, inputs, results, name, domain=domain, **attributes))
        return results

    def finish(self, name: str, result: str, dimensions: int) -> bytes:
        """Declare *result* to be the embedding and give the file's content."""
        self._nodes.append(helper.make_node("Identity", [result], [EMBEDDING], EMBEDDING))
        tokens = helper.make_tensor_value_info(TOKENS, TensorProto.INT32, ["texts", "tokens"])
        embedding = helper.make_tensor_value_info(EMBEDDING, TensorProto.FLOAT, ["texts", dimensions])
        graph = helper.make_graph(self._nodes, name, [tokens], [embedding], self._constants)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(FUSED_DOMAIN, FUSED_OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
        checker.check_model(model)
        return bytes(model.SerializeToString(deterministic=True))

"""Makes .onnx files with onnx.helper."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper, shape_inference

OPSET = 17


@dataclass
class Network:
    """A model in the making: nodes and constants are appended, `model` is the whole."""

    opset: int = OPSET
    inputs: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    nodes: list[NodeProto] = field(default_factory=list)
    constants: list[TensorProto] = field(default_factory=list)

    def input(self, *shape: Any) -> str:
        self.inputs.append((f"in{len(self.inputs)}", shape))
        return self.inputs[-1][0]

    def constant(self, data: Any, dtype: Any = np.float32) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(data, dtype), name))
        return name

    def integers(self, *values: int) -> str:
        return self.constant(values, np.int64)

    def add(self, op: str, *inputs: str, outputs: int = 1, **attributes: Any) -> Any:
        """Name of the node's output, or names if there are several."""
        names = [f"v{len(self.nodes)}_{index}" for index in range(outputs)]
        self.nodes.append(helper.make_node(op, list(inputs), names, f"{op}{len(self.nodes)}", **attributes))
        return names[0] if outputs == 1 else names

    def model(self) -> ModelProto:
        inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in self.inputs]
        outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in self.outputs]
        graph = helper.make_graph(self.nodes, "net", inputs, outputs, self.constants)
        imports = [helper.make_opsetid("", self.opset)]
        made = helper.make_model(graph, opset_imports=imports, ir_version=10)
        with contextlib.suppress(shape_inference.InferenceError):  # tests of impossible models
            made = shape_inference.infer_shapes(made)
        for output in made.graph.output:
            output.type.tensor_type.shape.SetInParent()
        return made

    def save(self, path: Path) -> Path:
        path.write_bytes(self.model().SerializeToString())
        return path


def small_cnn(rng: np.random.Generator) -> Network:
    """Convolutions of all kinds, a residual add, pools, a linear layer, softmax."""
    net = Network()
    x = net.input(1, 3, 12, 10)

    def conv(source: str, out_c: int, in_c: int, kernel: int, **attributes: Any) -> str:
        spread = 1.0 / np.sqrt(in_c * kernel * kernel)
        weights = net.constant(rng.normal(0, spread, (out_c, in_c, kernel, kernel)))
        made = net.add("Conv", source, weights, net.constant(rng.normal(0, 0.1, out_c)), **attributes)
        return str(made)

    first = net.add("Relu", conv(x, 8, 3, 3, pads=[1, 1, 1, 1]))
    depthwise = net.add("Relu", conv(first, 8, 1, 3, group=8, pads=[1, 1, 1, 1]))
    joined = net.add("Add", first, conv(depthwise, 8, 8, 1))
    pooled = net.add("MaxPool", joined, kernel_shape=[2, 2], strides=[2, 2])
    flat = net.add("Flatten", net.add("GlobalAveragePool", conv(pooled, 16, 8, 3, strides=[2, 2])))
    logits = net.add("Gemm", flat, net.constant(rng.normal(0, 0.3, (5, 16))), net.constant(np.zeros(5)), transB=1)
    net.outputs.append(net.add("Softmax", logits))
    return net

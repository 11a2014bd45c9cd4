"""Nodes on values without a batch of 1 in front, such as the [time, batch, channels] inside an exported attention: the
graph holds such a value with a batch of 1 before all its axes, and a node's axes move with it (OnnxCall.behind)."""

from __future__ import annotations

from edgeq.frontend.onnx import fold
from edgeq.frontend.onnx.call import OnnxCall

#: operators whose import functions take their axes and shapes from OnnxCall's methods, or have none
MOVABLE = frozenset(
    (
        "Abs", "Add", "And", "Cast", "Clip", "Concat", "Cos", "CumSum", "Div", "Einsum", "Elu", "Equal", "Erf",
        "Exp", "Expand", "Flatten", "Floor", "GRU", "Gather", "Gelu", "Gemm", "Greater", "GreaterOrEqual",
        "HardSigmoid", "HardSwish", "Identity", "LSTM", "LayerNormalization", "LeakyRelu", "Less",
        "LessOrEqual", "Log", "LogSoftmax", "MatMul", "Max", "Mean", "Min", "Mul", "Neg", "Not", "Or", "Pow",
        "RMSNormalization", "Reciprocal", "ReduceL1", "ReduceL2", "ReduceMax", "ReduceMean", "ReduceMin",
        "ReduceSum", "ReduceSumSquare", "Relu", "Reshape", "Round", "Selu", "Sigmoid", "Sign", "Sin", "Slice",
        "Softmax", "Softplus", "Softsign", "Split", "Sqrt", "Squeeze", "Sub", "Sum", "Swish", "Tanh", "Tile",
        "TopK", "Transpose", "Unsqueeze", "Where", "Xor",
    )
)  # fmt: skip


def leaves(call: OnnxCall) -> bool:
    """Whether a node on values with a batch of 1 in front makes one without."""
    op, shape = call.node.op, call.model_shape(0)
    if op in ("GRU", "LSTM"):  # their results have the time, or layers and directions, in front
        return True
    if op == "Transpose":
        return call.permutation()[0] != 0
    if op == "Reshape":
        return call.target_shape()[:1] != (1,)
    if op == "Flatten":
        return call.attribute("axis", 1) > 1 and shape[: call.attribute("axis", 1)] != (1,) * call.attribute("axis", 1)
    if op == "Squeeze":
        return fold.squeezed(shape, call.axes(1))[:1] != (1,)
    if op == "Concat":
        return call.axis(0) == 0
    if op == "Gather" and call.constant(0) is None:
        return call.axis(0) == 0
    return False

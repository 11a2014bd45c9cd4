"""reshape: another shape over the same bytes; costs nothing. Attribute shape is that of one sample, batch included."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.frontend.onnx import fold as onnx_fold
from edgeq.ir.graph import Node, Tensor
from edgeq.ops.base import KeepsScale, Shape

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall
    from edgeq.frontend.tflite.program import TfliteCall
    from edgeq.train.tape import Tape


def import_torch(importer: Importer, args: Mapping[str, Any]) -> str:
    """Any of torch's reshapes; the result's shape is known from the export."""
    return importer.reshape(args["self"] if "self" in args else args["input"], importer.result_shape())


def import_tflite(importer: Importer, call: TfliteCall) -> str:
    """RESHAPE, SQUEEZE and EXPAND_DIMS: the file states the result's shape."""
    return importer.reshape(call.input(0), call.output_shape())


def import_onnx(importer: Importer, call: OnnxCall) -> str:
    """Reshape, Flatten, Squeeze and Unsqueeze."""
    return importer.reshape(call.activation(), call.stored(_onnx_shape(importer, call)))


def _onnx_shape(importer: Importer, call: OnnxCall) -> tuple[int, ...]:
    """The result's shape as ONNX has it."""
    shape = call.model_shape()
    if call.node.op == "Flatten":
        axis = call.attribute("axis", 1)
        if not -len(shape) <= axis <= len(shape):
            raise importer.unsupported(f"a flatten at axis {axis} of {shape}", "an axis that is there")
        axis += len(shape) if axis < 0 else 0
        return (math.prod(shape[:axis]), math.prod(shape[axis:]))
    if call.node.op == "Reshape":
        return call.target_shape()
    if call.node.op == "Unsqueeze":
        return onnx_fold.unsqueezed(shape, call.axes(1) or ())
    return onnx_fold.squeezed(shape, call.axes(1))


class Reshape(KeepsScale):
    name = "reshape"
    takes_int16 = takes_float = True
    is_view = True
    torch_targets = dict.fromkeys(
        (
            "aten.view.default",
            "aten.reshape.default",
            "aten._unsafe_view.default",
            "aten.flatten.using_ints",
            "aten.unflatten.int",
            "aten.squeeze.dim",
            "aten.squeeze.dims",
            "aten.squeeze.default",
            "aten.unsqueeze.default",
        ),
        import_torch,
    )

    tflite_targets = dict.fromkeys(("RESHAPE", "SQUEEZE", "EXPAND_DIMS"), import_tflite)

    onnx_targets = dict.fromkeys(("Reshape", "Flatten", "Squeeze", "Unsqueeze"), import_onnx)

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [tuple(node.attributes["shape"])]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [inputs[0].reshape(inputs[0].shape[0], *node.attributes["shape"][1:])]

    def gradient(self, tape: Tape, node: Node, gradient: str) -> None:
        x = node.inputs[0]
        tape.give(x, tape.view(gradient, tape.shape(x), node, "igrad"), node)


OP = Reshape()
